//! HKDF-SHA-256 (RFC 5869).

use crate::Error;
use aws_lc_rs::hkdf;

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Derives `N` bytes from keying material, bound to `info`.
///
/// # Errors
/// [`Error::Library`] when `N` exceeds 255 × 32.
pub fn hkdf_sha256<const N: usize>(material: &[u8], salt: &[u8], info: &[&[u8]]) -> Result<[u8; N], Error> {
    let mut out = [0; N];
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(material).expand(info, Length(N))?.fill(&mut out)?;
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rfc_5869_test_case_1() {
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let out: [u8; 42] = hkdf_sha256(&[0x0b; 22], &salt, &[&info]).unwrap();
        assert_eq!(&out[..8], &[0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a]);
        assert_eq!(&out[38..], &[0x87, 0x18, 0x58, 0x65]);
    }
}
