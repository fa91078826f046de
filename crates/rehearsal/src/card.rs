//! The drawn card: the layout of 2018 by the published places of its fields, plainly marked as a specimen.
//!
//! It can be read like a card and taken for none: both marks are printed in red in two languages, no security feature
//! is imitated, the number lies in the range that no card carries.

pub mod layout;
mod portrait;

use image::RgbImage;

use crate::dice::Dice;
use crate::font::Typeface;
use crate::people::Person;
use crate::picture::{colour, lay};
use layout::{Fit, Place};

/// Width of a card in pixels: ID-1 (85.60 × 53.98 mm) at 300 dots an inch.
pub const WIDTH: u32 = 1011;
/// Height of a card in pixels.
pub const HEIGHT: u32 = 638;

const INK: [f32; 3] = [34.0, 36.0, 58.0];
const MARK: [f32; 3] = [196.0, 40.0, 44.0];

/// Draws a person's card. The seed chooses typeface, pattern and noise, so a person can have many cards.
#[must_use]
pub fn draw(person: &Person, seed: u64) -> RgbImage {
    let mut dice = Dice::of(seed, "card", 0);
    let han = if dice.below(2) == 0 { Typeface::HanSans } else { Typeface::HanSerif };
    let mut card = blank(seed);
    let grey = match person.face {
        Some(face) => portrait::photographed(face, &mut dice),
        None => portrait::drawn(&mut dice),
    };
    portrait::engrave(&mut card, &grey, layout::PORTRAIT, 1.0, &mut dice);
    portrait::engrave(&mut card, &grey, layout::GHOST, 0.5, &mut dice);
    oval(&mut card, layout::OVAL_RIM);
    for (place, runs) in lines(person, han) {
        write(&mut card, place, &runs, INK);
    }
    mark(&mut card, han);
    card
}

/// The card stock without anything on it but the pattern.
#[must_use]
pub fn blank(seed: u64) -> RgbImage {
    let mut dice = Dice::of(seed, "stock", 0);
    let phases: [f32; 4] = std::array::from_fn(|_| dice.between(0.0, std::f32::consts::TAU));
    let [first, second, third, fourth] = phases;
    // Three pastel inks that flow into each other.
    let (green, rose, sand) = ([196.0, 228.0, 218.0], [240.0, 205.0, 216.0], [250.0, 234.0, 198.0]);
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let (x, y) = (x as f32, y as f32);
        let flow = 0.5 + 0.5 * ((x * 0.0042 + first).sin() + (y * 0.0061 + second).cos()) / 2.0;
        let other = 0.5 + 0.5 * ((x * 0.0023 - y * 0.0037) + third).sin();
        let mut ground = crate::picture::blend(crate::picture::blend(green, rose, flow), sand, other * 0.55);
        let wave = (x * 0.013 + fourth).sin() * 26.0 + (x * 0.031 + first).sin() * 9.0;
        let lines = ((y + wave) * 0.48).sin() + 0.7 * ((y * 0.6 - x * 0.35 - wave * 1.4) * 0.41).sin();
        ground = ground.map(|value| value - 3.5 * lines - 2.0);
        colour(ground)
    })
}

/// What stands where: each line with its pieces of text.
fn lines(person: &Person, han: Typeface) -> Vec<(Place, Vec<(Typeface, String)>)> {
    use Typeface::{LatinBold, LatinSans};
    let facts = &person.facts;
    let (title, english_title) = if person.permanent {
        ("香港永久性居民身份證", "HONG KONG PERMANENT IDENTITY CARD")
    } else {
        ("香港身份證", "HONG KONG IDENTITY CARD")
    };
    let (year, month) = person.first_registered;
    let birth = facts.birth;
    let issued = facts.issued;
    let sex = if facts.sex.letter() == 'F' { "女" } else { "男" };
    let codes: Vec<_> = person.codes.iter().map(|code| format!("{code:04}")).collect();
    let mut lines = vec![
        (layout::TITLE, vec![(han, title.to_owned())]),
        (layout::ENGLISH_TITLE, vec![(LatinBold, english_title.to_owned())]),
        (layout::ENGLISH_NAME, vec![(LatinSans, facts.english_name.reveal().to_owned())]),
        (layout::OVAL, vec![(LatinSans, facts.hkid.body().to_owned())]),
        (layout::BIRTH_LABEL, vec![(han, "出生日期".to_owned()), (LatinSans, " Date of Birth".to_owned())]),
        (layout::BIRTH, vec![(LatinSans, format!("{:02}-{:02}-{:04}", birth.day(), birth.month(), birth.year()))]),
        (layout::SEX, vec![(han, sex.to_owned()), (LatinSans, format!(" {}", facts.sex.letter()))]),
        (layout::SYMBOLS, vec![(LatinSans, person.symbols.clone())]),
        (layout::ISSUE_LABEL, vec![(han, "簽發日期".to_owned()), (LatinSans, " Date of Issue".to_owned())]),
        (layout::FIRST_REGISTERED, vec![(LatinSans, format!("({month:02}-{:02})", year.rem_euclid(100)))]),
        (
            layout::ISSUED,
            vec![(
                LatinSans,
                format!("{:02}-{:02}-{:02}", issued.day(), issued.month(), issued.year().rem_euclid(100)),
            )],
        ),
        (layout::NUMBER, vec![(LatinSans, person.printed_number())]),
    ];
    if let Some(name) = &facts.chinese_name {
        lines.push((layout::CHINESE_NAME, vec![(han, name.reveal().to_owned())]));
        lines.push((layout::CODES, vec![(LatinSans, codes.join(" "))]));
    }
    lines
}

/// The marks that no reader can miss.
fn mark(card: &mut RgbImage, han: Typeface) {
    frame(card, layout::MARK_FRAME);
    write(card, layout::MARK, &[(Typeface::LatinBold, "TEST SPECIMEN".to_owned())], MARK);
    write(card, layout::MARK_CHINESE, &[(han, "測試樣本".to_owned())], MARK);
    let foot = [
        (Typeface::LatinBold, "TEST SPECIMEN - NOT AN IDENTITY CARD - ".to_owned()),
        (han, "測試樣本".to_owned()),
        (Typeface::LatinBold, " ".to_owned()),
        (han, "並非身份證".to_owned()),
    ];
    write(card, layout::FOOT, &foot, MARK);
}

/// Sets a line into its place: as wide as the place, unless that would make it higher than the place.
fn write(card: &mut RgbImage, place: Place, runs: &[(Typeface, String)], ink: [f32; 3]) {
    let (left, top, right, bottom) = place.pixels();
    // Advance widths at 100 pixels, from the ink of each run between two bars.
    let widths: Vec<f32> = runs.iter().map(|(face, text)| face.advance(text)).collect();
    let begin = runs.first().map_or(0.0, |(face, text)| face.ink(text).left);
    let inks: Vec<_> = runs.iter().map(|(face, text)| face.ink(text)).collect();
    let (high, low) =
        inks.iter().fold((f32::MAX, f32::MIN), |(high, low), ink| (high.min(ink.top), low.max(ink.bottom)));
    let last = runs.len().saturating_sub(1);
    let end = widths.iter().take(last).sum::<f32>() + inks.last().map_or(0.0, |ink| ink.right);
    let (width, height) = ((end - begin).max(1.0), (low - high).max(1.0));
    let wide = (right - left) / width * 100.0;
    let tall = (bottom - top) / height * 100.0;
    let (size, from) = match place.fit {
        Fit::Width => (wide, left),
        Fit::Left(size) => (size.min(wide), left),
        Fit::Centre => {
            let size = wide.min(tall);
            (size, (left + right - width * size / 100.0) / 2.0)
        }
    };
    let scale = size / 100.0;
    let line_top = (top + bottom - (high + low) * scale) / 2.0;
    let mut across = from - begin * scale;
    for ((face, text), width) in runs.iter().zip(widths) {
        face.draw(text, size, (across, line_top), |x, y, cover| lay(card, x, y, ink, cover * 0.94));
        across += width * scale;
    }
}

/// The rim of the window that shows the number.
fn oval(card: &mut RgbImage, place: Place) {
    let (left, top, right, bottom) = place.pixels();
    let (cx, cy, rx, ry) = ((left + right) / 2.0, (top + bottom) / 2.0, (right - left) / 2.0, (bottom - top) / 2.0);
    for y in top as i32 - 3..bottom as i32 + 4 {
        for x in left as i32 - 3..right as i32 + 4 {
            let distance: f32 = (((x as f32 - cx) / rx).powi(2) + ((y as f32 - cy) / ry).powi(2)).sqrt();
            if distance < 1.0 {
                lay(card, x, y, [250.0, 250.0, 246.0], 0.55);
            }
            let rim: f32 = (distance - 1.0).abs() * ry;
            lay(card, x, y, [150.0, 160.0, 176.0], (1.6 - rim).clamp(0.0, 1.0) * 0.7);
        }
    }
}

/// A red frame around the larger mark.
fn frame(card: &mut RgbImage, place: Place) {
    let (left, top, right, bottom) = place.pixels();
    let (left, top, right, bottom) = (left as i32, top as i32, right as i32, bottom as i32);
    for y in top..=bottom {
        for x in left..=right {
            let edge = (x - left).min(right - x).min(y - top).min(bottom - y);
            if edge < 3 {
                lay(card, x, y, MARK, 0.85);
            }
        }
    }
}
