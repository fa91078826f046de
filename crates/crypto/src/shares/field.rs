//! GF(2^8) with the polynomial of AES, x⁸ + x⁴ + x³ + x + 1 (FIPS 197 section 4): no branch and no table depends on a value.

/// The product.
pub(super) fn multiply(a: u8, b: u8) -> u8 {
    let (mut a, mut b, mut product) = (a, b, 0);
    for _ in 0..8 {
        product ^= a & mask(b & 1);
        let overflow = mask(a >> 7);
        a = (a << 1) ^ (0x1b & overflow);
        b >>= 1;
    }
    product
}

/// The inverse, a²⁵⁴; 0 for 0.
pub(super) fn invert(a: u8) -> u8 {
    // 254 = 0b1111_1110: the exponent is public, so are the steps.
    let mut power = a;
    let mut inverse = 1;
    for _ in 0..7 {
        power = multiply(power, power);
        inverse = multiply(inverse, power);
    }
    inverse
}

/// All ones for 1, all zeros for 0; the barrier keeps the compiler from making a branch of it.
fn mask(bit: u8) -> u8 {
    std::hint::black_box(bit).wrapping_neg()
}

/// The values at `at` of the polynomials of lowest degree through the points; one polynomial a byte. Coordinates are
/// public, values are not. Points must have different coordinates.
pub(super) fn interpolate<const N: usize>(points: &[(u8, &[u8; N])], at: u8) -> [u8; N] {
    let mut out = [0; N];
    for (index, (x, values)) in points.iter().enumerate() {
        let mut weight = 1;
        for (other, (their_x, _)) in points.iter().enumerate() {
            if other != index {
                weight = multiply(weight, multiply(at ^ their_x, invert(x ^ their_x)));
            }
        }
        out.iter_mut().zip(values.iter()).for_each(|(sum, value)| *sum ^= multiply(weight, *value));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fips_197_products_and_every_inverse() {
        // FIPS 197 sections 4.2 and 4.2.1.
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        assert_eq!(multiply(0x57, 0x13), 0xfe);
        for (by, product) in [(0x02, 0xae), (0x04, 0x47), (0x08, 0x8e), (0x10, 0x07)] {
            assert_eq!(multiply(0x57, by), product);
        }
        assert_eq!(invert(0), 0);
        // FIPS 197 section 5.1.1, example of the S-box: the inverse of 53 is CA.
        assert_eq!(invert(0x53), 0xca);
        for a in 1..=255 {
            assert_eq!(multiply(a, invert(a)), 1);
        }
    }

    #[test]
    fn the_field_keeps_its_laws() {
        for a in 0..=255_u8 {
            for b in 0..=255_u8 {
                assert_eq!(multiply(a, b), multiply(b, a));
                let c = a.rotate_left(3) ^ b;
                assert_eq!(multiply(a, b ^ c), multiply(a, b) ^ multiply(a, c));
                assert_eq!(multiply(a, multiply(b, c)), multiply(multiply(a, b), c));
            }
        }
    }

    /// Three of five shares of a published vector (Blockchain Commons, bc-shamir, `split_secret` 3 of 5): shares lie at 0 to 4,
    /// their secret at 255.
    #[test]
    fn a_published_sharing_opens() {
        let shares: [[u8; 16]; 5] = [
            0x0011_2233_4455_6677_8899_aabb_ccdd_eeff,
            0xd430_99fe_4448_07c4_6921_a4f3_3a2a_798b,
            0xd9ad_4e3b_ec2e_1a74_8569_8823_abf0_5d36,
            0x0d8c_f5f6_ec33_7bc7_64d1_866b_5d07_ca42,
            0x1aa7_fe31_99bc_5092_ef38_16b0_74ca_bdf2,
        ]
        .map(u128::to_be_bytes);
        let secret = 0x0ff7_84df_000c_4380_a5ed_683f_7e6e_3dcf_u128.to_be_bytes();
        let point = |x: u8| (x, &shares[usize::from(x)]);
        for chosen in [[0, 1, 2], [1, 2, 4], [4, 3, 2], [0, 2, 4]] {
            assert_eq!(interpolate(&chosen.map(point), 255), secret);
        }
        assert_ne!(interpolate(&[point(0), point(1)], 255), secret);
        assert_eq!(interpolate(&[point(0), point(1), point(2)], 4), shares[4]);
    }
}
