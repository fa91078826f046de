//! PP-OCRv5 recognition: what one line says.

use zeroize::Zeroize;

use super::find::Line;
use crate::geometry::Point;
use crate::models::{Network, floats};
use crate::picture::Picture;

/// Height the network reads at, in pixels.
const HEIGHT: usize = 48;
/// Narrowest and widest input, in pixels.
const WIDTHS: (usize, usize) = (96, 960);

/// Below this a class of a restricted alphabet counts as not there.
const PRESENT: f32 = 0.02;

/// The characters the network knows; class 0 is the blank of the sequence decoder.
pub(crate) struct Keys {
    all: Vec<char>,
    /// Classes of Latin letters and the marks of a name.
    name: Vec<usize>,
    /// Classes of capitals, digits, brackets and dash.
    card: Vec<usize>,
}

impl Keys {
    /// Line i (from 0) is class i. `None` unless line 0 is the blank and every other line is one character.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        if lines.next() != Some("blank") {
            return None;
        }
        let mut all = vec!['\0'];
        for line in lines {
            // A few keys are a letter with a combining mark; the first character stands for them.
            all.push(line.chars().next()?);
        }
        let classes = |allowed: &dyn Fn(char) -> bool| {
            all.iter().enumerate().skip(1).filter(|(_, key)| allowed(**key)).map(|(class, _)| class).collect()
        };
        let name = classes(&|c| c.is_ascii_alphabetic() || " ,.'-".contains(c));
        let card = classes(&|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "()-".contains(c));
        Some(Self { name, card, all })
    }
}

/// A line as read: once with every character allowed, and again within the alphabets that fields use.
#[derive(Default)]
pub(crate) struct Reading {
    pub text: String,
    /// Latin letters, blanks and the marks of a name only.
    pub name: String,
    /// Capitals, digits, brackets and dashes only.
    pub card: String,
    /// Mean probability of the characters of `text`.
    pub confidence: f32,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.text.zeroize();
        self.name.zeroize();
        self.card.zeroize();
    }
}

/// Reads one line; empty when it cannot be read.
pub(crate) fn read(network: &Network, keys: &Keys, picture: &Picture, line: &Line) -> Reading {
    let natural = (line.length / line.height.max(1.0) * HEIGHT as f32).round() as usize;
    let used = natural.clamp(8, WIDTHS.1);
    let width = used.max(WIDTHS.0).next_multiple_of(8);
    let plane = HEIGHT * width;
    let mut planes = vec![0.0_f32; plane * 3];
    let (blue, rest) = planes.split_at_mut(plane);
    let (green, red) = rest.split_at_mut(plane);
    let rows = blue.chunks_exact_mut(width).zip(green.chunks_exact_mut(width)).zip(red.chunks_exact_mut(width));
    for (y, ((blue, green), red)) in rows.enumerate() {
        let v = (y as f32 + 0.5) / HEIGHT as f32;
        for (x, ((b, g), r)) in blue.iter_mut().zip(green).zip(red).enumerate().take(used) {
            let u = (x as f32 + 0.5) / used as f32;
            let place = line.place(u, v);
            // Places count from pixel corners, samples from pixel middles.
            let place = Point::new(place.x - 0.5, place.y - 0.5);
            [*r, *g, *b] = picture.blended(place).map(|value| f32::from(value) / 127.5 - 1.0);
        }
    }
    let outputs = network.run(planes, HEIGHT, width);
    let Some(output) = outputs.first() else { return Reading::default() };
    let (shape, table) = floats(output);
    decode(&table, shape.last().copied().unwrap_or(0), keys)
}

/// Greedy CTC: the likeliest class at each step, repeats merged, blanks dropped.
fn decode(table: &[f32], classes: usize, keys: &Keys) -> Reading {
    let mut reading = Reading::default();
    if classes != keys.all.len() {
        return reading;
    }
    let (mut sum, mut count) = (0.0, 0.0);
    let (mut last, mut last_name, mut last_card) = (0, 0, 0);
    for step in table.chunks_exact(classes) {
        let likeliest = step.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        let Some((class, probability)) = likeliest.map(|(class, probability)| (class, *probability)) else { continue };
        if class != 0 && class != last {
            sum += probability;
            count += 1.0;
        }
        append(&mut reading.text, class, &mut last, keys);
        append(&mut reading.name, within(step, &keys.name), &mut last_name, keys);
        append(&mut reading.card, within(step, &keys.card), &mut last_card, keys);
    }
    reading.confidence = if count > 0.0 { sum / count } else { 0.0 };
    reading
}

/// The likeliest class of an alphabet, or the blank.
fn within(step: &[f32], alphabet: &[usize]) -> usize {
    let of = |class: usize| step.get(class).copied().unwrap_or(0.0);
    let best = alphabet.iter().copied().max_by(|a, b| of(*a).total_cmp(&of(*b))).unwrap_or(0);
    if of(best) >= PRESENT && of(best) > of(0) { best } else { 0 }
}

fn append(text: &mut String, class: usize, last: &mut usize, keys: &Keys) {
    if class != 0 && class != *last {
        text.extend(keys.all.get(class));
    }
    *last = class;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_blank_separates_equal_characters_and_the_key_file_is_not_shifted() {
        let keys = Keys::parse("blank\nA\n李\n".as_bytes()).unwrap();
        let table = [
            0.0, 0.9, 0.1, // A
            0.0, 0.8, 0.2, // A again: the same letter
            0.9, 0.1, 0.0, // blank
            0.0, 0.7, 0.3, // a second A
            0.1, 0.2, 0.7, // 李; within the Latin alphabet the A goes on
        ];
        let reading = decode(&table, 3, &keys);
        assert_eq!((reading.text.as_str(), reading.name.as_str(), reading.card.as_str()), ("AA李", "AA", "AA"));
    }

    #[test]
    fn a_key_file_without_its_blank_is_refused() {
        assert!(Keys::parse(b"A\nB\n").is_none());
    }
}
