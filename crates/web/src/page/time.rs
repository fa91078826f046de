//! Moments as people write them, in Hong Kong time.

use lionrock_model::time::Millis;

use crate::language::{Language, Say};

/// A moment to the minute: `23 November 2026, 7:04 pm`, `2026年11月23日 下午7:04`.
pub fn moment(say: Say, at: Millis) -> String {
    let between = if say.language == Language::En { ", " } else { " " };
    format!("{}{between}{}", day(say, at), clock(say, at))
}

/// The time of a day: `7:04 pm`, `下午7:04`.
pub fn clock(say: Say, at: Millis) -> String {
    let t = at.hong_kong();
    let (hour, minute) = (t.hour(), t.minute());
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    match say.language {
        Language::En => format!("{twelve}:{minute:02} {}", if hour < 12 { "am" } else { "pm" }),
        _ => format!("{}{twelve}:{minute:02}", if hour < 12 { "上午" } else { "下午" }),
    }
}

/// A day: `23 November 2026`, `2026年11月23日`.
pub fn day(say: Say, at: Millis) -> String {
    let t = at.hong_kong();
    match say.language {
        Language::En => format!(
            "{} {} {}",
            t.day(),
            MONTHS.get(usize::from(t.month().unsigned_abs()).wrapping_sub(1)).unwrap_or(&""),
            t.year()
        ),
        _ => format!("{}年{}月{}日", t.year(), t.month(), t.day()),
    }
}

/// A date that is kept as `1990-02-03`: `3 February 1990`, `1990年2月3日`; unchanged when it is no date.
pub fn date(say: Say, kept: &str) -> String {
    let mut parts = kept.split('-').map(str::parse::<usize>);
    let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return kept.to_owned();
    };
    match (say.language, MONTHS.get(month.wrapping_sub(1))) {
        (Language::En, Some(name)) => format!("{day} {name} {year}"),
        (_, Some(_)) => format!("{year}年{month}月{day}日"),
        (_, None) => kept.to_owned(),
    }
}

/// A moment to the second, for receipts: `2026-11-23 19:04:05 HKT`.
pub fn exact(at: Millis) -> String {
    let t = at.hong_kong();
    format!("{:04}-{:02}-{:02} {:02}:{:02}:{:02} HKT", t.year(), t.month(), t.day(), t.hour(), t.minute(), t.second())
}

/// A moment for the `datetime` attribute: RFC 3339 in UTC+8.
pub fn machine(at: Millis) -> String {
    let t = at.hong_kong();
    format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+08:00", t.year(), t.month(), t.day(), t.hour(), t.minute(), t.second())
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_people_write_them() {
        let at = Millis(1_795_431_845_000); // 2026-11-23T11:04:05Z
        assert_eq!(moment(Say::in_language(Language::En), at), "23 November 2026, 7:04 pm");
        assert_eq!(moment(Say::in_language(Language::ZhHant), at), "2026年11月23日 下午7:04");
        assert_eq!(date(Say::in_language(Language::En), "1990-02-03"), "3 February 1990");
        assert_eq!(date(Say::in_language(Language::ZhHans), "1990-02-03"), "1990年2月3日");
        assert_eq!(date(Say::in_language(Language::En), "1990-13-03"), "1990-13-03");
        assert_eq!(exact(at), "2026-11-23 19:04:05 HKT");
        assert_eq!(machine(at), "2026-11-23T19:04:05+08:00");
    }
}
