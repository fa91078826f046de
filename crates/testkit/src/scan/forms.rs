//! The forms in which software keeps a value.

use std::collections::BTreeSet;

/// The bytes as they are, as UTF-16, escaped, as hexadecimal, and as base64 beginning at each of the three places of a group.
///
/// # Panics
/// When there are too few bytes to be told from chance.
#[must_use]
pub fn of_bytes(canary: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    assert!(canary.len() >= super::LEAST, "a canary of fewer than 6 bytes is found by chance");
    let mut forms = vec![
        ("raw", canary.to_vec()),
        ("hex", canary.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()),
        ("hex capitals", canary.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect()),
    ];
    if let Ok(text) = std::str::from_utf8(canary) {
        forms.push(("utf-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
        forms.push(("percent", percent(text)));
        forms.push(("json", escaped(text)));
    }
    for shift in 0..3 {
        forms.push(("base64", base64(canary, shift, b"+/")));
        forms.push(("base64url", base64(canary, shift, b"-_")));
    }
    // Plain letters look the same in several encodings: the first name is enough.
    let mut seen = BTreeSet::new();
    forms.retain(|(_, bytes)| seen.insert(bytes.clone()));
    forms
}

/// Neighbouring numbers as f32, f64, f16 and bf16, little-endian as memory holds them, and the first as hexadecimal and
/// base64 too.
///
/// # Panics
/// When there are too few numbers to be told from chance.
#[must_use]
pub fn of_floats(numbers: &[f32]) -> Vec<(&'static str, Vec<u8>)> {
    let single: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    let mut forms: Vec<(&'static str, Vec<u8>)> = vec![
        ("f32", single.clone()),
        ("f64", numbers.iter().flat_map(|number| f64::from(*number).to_le_bytes()).collect()),
        ("f16", numbers.iter().flat_map(|number| half(*number).to_le_bytes()).collect()),
        ("bf16", numbers.iter().flat_map(|number| brain(*number).to_le_bytes()).collect()),
    ];
    let text = of_bytes(&single).into_iter().skip(1);
    forms.extend(text.map(|(form, bytes)| (if form.starts_with("hex") { "f32 hex" } else { "f32 base64" }, bytes)));
    forms
}

/// IEEE 754 binary16, rounded to nearest, ties to even; numbers beyond its range become infinite.
fn half(number: f32) -> u16 {
    let bits = number.to_bits();
    let sign = (bits >> 16 & 0x8000) as u16;
    let exponent = (bits >> 23 & 0xFF) as i32 - 127 + 15;
    let fraction = bits & 0x007F_FFFF;
    if exponent >= 31 {
        return sign | 0x7C00;
    }
    // Below the smallest normal number the leading one is written out and the fraction moves right.
    let (whole, shift) =
        if exponent <= 0 { (fraction | 0x0080_0000, 14 - exponent) } else { ((exponent as u32) << 23 | fraction, 13) };
    if shift > 24 {
        return sign;
    }
    let (kept, rest, middle) = (whole >> shift, whole & ((1 << shift) - 1), 1_u32 << (shift - 1));
    let up = rest > middle || rest == middle && kept & 1 == 1;
    sign | (kept + u32::from(up)) as u16
}

/// The upper half of a binary32, rounded to nearest, ties to even.
fn brain(number: f32) -> u16 {
    let bits = number.to_bits();
    (bits.wrapping_add(0x7FFF + (bits >> 16 & 1)) >> 16) as u16
}

/// URL encoding of everything that is not a letter or digit.
fn percent(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(byte);
        } else {
            out.extend(format!("%{byte:02X}").bytes());
        }
    }
    out
}

/// JSON with `\uXXXX` for everything outside ASCII.
fn escaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => out.push(byte),
            _ => out.extend(format!("\\u{unit:04x}").bytes()),
        }
    }
    out
}

/// The letters that depend on the canary alone when `shift` other bytes stand before it in its base64 group.
fn base64(canary: &[u8], shift: usize, last: &[u8; 2]) -> Vec<u8> {
    let alphabet: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(*last).collect();
    let bit = |position: usize| -> Option<u8> {
        let byte = (position / 8).checked_sub(shift).and_then(|index| canary.get(index))?;
        Some((byte >> (7 - position % 8)) & 1)
    };
    (0..(canary.len() + shift) * 8 / 6)
        .filter_map(|letter| (0..6).map(|place| bit(letter * 6 + place)).try_fold(0, |sum, bit| Some(sum << 1 | bit?)))
        .filter_map(|index: u8| alphabet.get(usize::from(index)).copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_numbers_are_those_of_the_standards() {
        // From IEEE 754 tables and another implementation (numpy's float16).
        let halves = [(1.0, 0x3C00), (-2.0, 0xC000), (0.1, 0x2E66), (65504.0, 0x7BFF), (1e6, 0x7C00), (6e-8, 0x0001)];
        for (number, expected) in halves {
            assert_eq!(half(number), expected, "{number}");
        }
        assert_eq!(half(2049.0), half(2048.0), "a tie goes to the even one");
        assert_eq!(half(1e-4), 0x068E);
        for (number, expected) in [(1.0, 0x3F80), (0.1, 0x3DCD), (-0.087, 0xBDB2), (f32::MAX, 0x7F80)] {
            assert_eq!(brain(number), expected, "{number}");
        }
    }
}
