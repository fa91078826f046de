//! Text as anchors: lines known by their wording or shape tell where the card lies.

use super::template::{Field, Template};
use crate::geometry::{Homography, Point};
use crate::text::find::Line;
use crate::text::read::Reading;

/// An anchor further than this from its place, in pixels of the straightened card, is not believed.
const STRAY: f32 = 14.0;
/// A card needs this many anchors that agree …
const ANCHORS: usize = 9;
/// … this well on average, in pixels of the straightened card.
const RESIDUAL: f32 = 6.0;

/// How a picture's text lies on a template.
pub(crate) struct Fit {
    /// Picture → straightened card.
    pub to_card: Homography,
    /// Mean distance of the anchors from their places.
    pub residual: f32,
    /// How many anchors agree.
    pub anchors: usize,
}

/// One end of a known line: where it is and where it belongs. How far a line runs depends on the typeface and the
/// digits, so right ends bind the height only.
struct Pair {
    seen: Point,
    place: Point,
    across: bool,
}

impl Pair {
    fn off(&self, map: impl Fn(Point) -> Point) -> f32 {
        let at = map(self.seen);
        if self.across { at.distance(self.place) } else { (at.y - self.place.y).abs() }
    }
}

/// Whether the lines of a straightened card already lie where the template wants them.
pub(crate) fn lies_straight(template: &Template, lines: &[(Line, Reading)]) -> bool {
    let pairs = pairs(template, lines);
    let near: Vec<f32> = pairs.iter().map(|pair| pair.off(|p| p)).filter(|off| *off <= STRAY).collect();
    let residual = near.iter().sum::<f32>() / near.len().max(1) as f32;
    near.len() >= ANCHORS && near.len() * 5 >= pairs.len() * 4 && residual <= RESIDUAL
}

/// Places a template by the lines read; `None` when too few agree.
pub(crate) fn fit(template: &Template, lines: &[(Line, Reading)]) -> Option<Fit> {
    let mut pairs = pairs(template, lines);
    let rough = settle(&mut pairs)?;
    // The names have neither wording nor shape, but once the rest is placed their left ends can be told.
    for field in [Field::ChineseName, Field::EnglishName, Field::Codes] {
        let Some(zone) = template.zone(field) else { continue };
        let place = Point::new(zone.left, zone.centre().y);
        let near = |line: &&(Line, Reading)| rough.to_card.apply(line.0.left()).distance(place) <= 2.0 * STRAY;
        pairs.extend(lines.iter().find(near).map(|(line, _)| Pair { seen: line.left(), place, across: true }));
    }
    settle(&mut pairs)
}

/// Least squares, dropping the worst until all are near.
fn settle(pairs: &mut Vec<Pair>) -> Option<Fit> {
    while pairs.len() >= ANCHORS {
        let (seen, places): (Vec<Point>, Vec<Point>) = pairs.iter().map(|pair| (pair.seen, pair.place)).unzip();
        let across: Vec<bool> = pairs.iter().map(|pair| pair.across).collect();
        let to_card = Homography::fit_where(&seen, &places, &across)?;
        let off = |pair: &Pair| pair.off(|p| to_card.apply(p));
        let worst = pairs.iter().enumerate().max_by(|a, b| off(a.1).total_cmp(&off(b.1)));
        let (index, distance) = worst.map(|(index, pair)| (index, off(pair)))?;
        if distance <= STRAY {
            let residual = pairs.iter().map(off).sum::<f32>() / pairs.len() as f32;
            return (residual <= RESIDUAL).then_some(Fit { to_card, residual, anchors: pairs.len() });
        }
        pairs.swap_remove(index);
    }
    None
}

fn pairs(template: &Template, lines: &[(Line, Reading)]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut taken = Vec::new();
    for (line, reading) in lines {
        let mut title = |middle: Point| {
            pairs.push(Pair { seen: line.middle, place: middle, across: true });
            for end in [line.left(), line.right()] {
                pairs.push(Pair { seen: end, place: middle, across: false });
            }
        };
        match Known::of(&reading.text) {
            Some(Known::ChineseTitle) => title(template.titles.0),
            Some(Known::EnglishTitle) => title(template.titles.1),
            Some(Known::Line(field)) if !taken.contains(&field) => {
                taken.push(field);
                if let Some((left, right)) = template.ends(field) {
                    pairs.push(Pair { seen: line.left(), place: left, across: true });
                    pairs.push(Pair { seen: line.right(), place: right, across: false });
                }
            }
            _ => {}
        }
    }
    pairs
}

/// What a line is, by its wording or shape.
#[derive(Debug, PartialEq, Eq)]
enum Known {
    ChineseTitle,
    EnglishTitle,
    Line(Field),
}

impl Known {
    fn of(text: &str) -> Option<Self> {
        let folded = fold(text);
        let has = |part: &str| folded.contains(part);
        if has("SPECIMEN") || has("樣本") || has("NOTAN") {
            return None;
        }
        if has("身份證") || has("身份証") || has("居民身份") {
            return Some(Self::ChineseTitle);
        }
        if has("IDENTITYCARD") || has("HONGKONG") {
            return Some(Self::EnglishTitle);
        }
        if has("出生日期") || has("DATEOFBIRTH") {
            return Some(Self::Line(Field::BirthLabel));
        }
        if has("簽發日期") || has("签发日期") || has("DATEOFISSUE") {
            return Some(Self::Line(Field::IssueLabel));
        }
        let shape: String = folded
            .chars()
            .map(|c| match c {
                '0'..='9' => '9',
                'A'..='Z' => 'A',
                other => other,
            })
            .collect();
        match shape.as_str() {
            "99-99-99" => Some(Self::Line(Field::Issued)),
            "(99-99)" => Some(Self::Line(Field::FirstRegistered)),
            "A999999(9)" | "AA999999(9)" | "A999999(A)" | "AA999999(A)" => Some(Self::Line(Field::Number)),
            "A999999" | "AA999999" => Some(Self::Line(Field::Oval)),
            other if other.starts_with("99-99-9999") => Some(Self::Line(Field::Birth)),
            _ => None,
        }
    }
}

/// Without blanks, in capitals, with full-width forms and the many dashes made plain.
pub(crate) fn fold(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '（' => '(',
            '）' => ')',
            '‐' | '‑' | '‒' | '–' | '—' | '―' | '－' | '−' | '~' | '～' => '-',
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            other => other,
        })
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_known_by_wording_and_shape() {
        for (text, known) in [
            ("香港永久性居民身份證", Some(Known::ChineseTitle)),
            ("HONG KONG IDENTITY CARD", Some(Known::EnglishTitle)),
            ("出生日期 Date of Birth", Some(Known::Line(Field::BirthLabel))),
            ("03–06—1985", Some(Known::Line(Field::Birth))),
            ("03-06-1985 女 F", Some(Known::Line(Field::Birth))),
            ("（06-96）", Some(Known::Line(Field::FirstRegistered))),
            ("26-11-18", Some(Known::Line(Field::Issued))),
            ("Z683365(5)", Some(Known::Line(Field::Number))),
            ("WX123456（A）", Some(Known::Line(Field::Number))),
            ("Z683365", Some(Known::Line(Field::Oval))),
            ("2867 3057 2532", None),
            ("LOK, Wing Ching", None),
        ] {
            assert_eq!(Known::of(text), known, "{text}");
        }
    }
}
