//! Text and dates as PDF writes them (ISO 32000-2 sections 7.9.2 and 7.9.4).

use super::object::Object;

/// Text for people: plain ASCII as it is, everything else in UTF-16 with its mark.
#[must_use]
pub fn text(text: &str) -> Object {
    if text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Object::String(text.as_bytes().to_vec());
    }
    let mut bytes = vec![0xfe, 0xff];
    bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    Object::String(bytes)
}

/// Reads text for people: UTF-16 or UTF-8 by its mark, else Latin letters as they are.
#[must_use]
pub fn read_text(bytes: &[u8]) -> String {
    if let Some(rest) = bytes.strip_prefix(&[0xfe, 0xff]) {
        let units = rest.chunks_exact(2).map(|pair| pair.iter().fold(0_u16, |all, byte| (all << 8) | u16::from(*byte)));
        return char::decode_utf16(units).map(|one| one.unwrap_or('\u{fffd}')).collect();
    }
    if let Some(rest) = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]) {
        return String::from_utf8_lossy(rest).into_owned();
    }
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// A moment, Unix seconds, in UTC: `D:20261123174100+00'00'`.
#[must_use]
pub fn date(seconds: u64) -> Object {
    let written = crate::certificate::date(seconds).map_or_else(
        |_| String::new(),
        |moment| {
            format!(
                "D:{:04}{:02}{:02}{:02}{:02}{:02}+00'00'",
                moment.year(),
                moment.month(),
                moment.day(),
                moment.hour(),
                moment.minutes(),
                moment.seconds()
            )
        },
    );
    Object::String(written.into_bytes())
}

/// Reads a moment, Unix seconds. Parts that are left out are the earliest.
#[must_use]
pub fn read_date(bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_prefix("D:").unwrap_or(text);
    let part = |from: usize, count: usize, default: u64| match text.get(from..from + count) {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        _ => (text.len() <= from).then_some(default),
    };
    let year = u16::try_from(part(0, 4, 0)?).ok()?;
    let month = u8::try_from(part(4, 2, 1)?).ok()?;
    let day = u8::try_from(part(6, 2, 1)?).ok()?;
    let (hour, minute, second) = (part(8, 2, 0)?, part(10, 2, 0)?, part(12, 2, 0)?);
    let midnight = der::DateTime::new(year, month, day, 0, 0, 0).ok()?.unix_duration().as_secs();
    let local = midnight + hour * 3600 + minute * 60 + second;
    let zone = text.get(14..).unwrap_or_default();
    let mut numbers = zone.get(1..).unwrap_or_default().split('\'').map(|digits| digits.parse::<u64>().unwrap_or(0));
    let offset = numbers.next().unwrap_or(0) * 3600 + numbers.next().unwrap_or(0) * 60;
    match zone.as_bytes().first() {
        Some(b'+') => local.checked_sub(offset),
        Some(b'-') => local.checked_add(offset),
        _ => Some(local),
    }
}
