//! The picture of a signature: the person's name in the scripts of the certificate, a seal, and when.
//!
//! Letters are drawn as outlines, so no font is embedded and every reader shows the same. The words stand beside them for those who do
//! not see the picture.

use super::Drawing;
use crate::Error;
use crate::pdf::put;
use ab_glyph::{Font, FontRef, GlyphId, OutlineCurve, Point};

/// Width and height, in points.
const SIZE: [u16; 2] = [220, 64];
/// Where the text begins, and how wide it may be.
const LEFT: f32 = 66.0;
const WIDTH: f32 = 150.0;
/// Most letters of a line.
const LONGEST: usize = 64;
/// Harbour green.
const INK: &str = "0.043 0.365 0.322";

/// What is written beside the seal.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    /// The name, as in the certificate; both scripts when there are two.
    pub name: &'a str,
    /// What stands under it: when and by which platform, say.
    pub lines: &'a [&'a str],
}

/// Draws a seal. Each letter is taken from the first font that has it.
///
/// # Errors
/// [`Error::Refused`] when a font cannot be read or none has a letter of the name: a name is never shown with a letter missing.
pub fn seal(words: &Words<'_>, fonts: &[&[u8]]) -> Result<Drawing, Error> {
    let unreadable = |_| Error::Refused("a font cannot be read");
    let fonts = fonts
        .iter()
        .map(|bytes| FontRef::try_from_slice_and_index(bytes, 0).map_err(unreadable))
        .collect::<Result<Vec<_>, _>>()?;
    let mut operators = Vec::new();
    mark(&mut operators);
    put(&mut operators, format_args!("0.07 0.125 0.114 rg\n"));
    // Latin letters first, the other script below them.
    let (latin, other): (Vec<&str>, Vec<&str>) = words.name.split_whitespace().partition(|part| part.is_ascii());
    let rows: Vec<String> = [latin.join(" "), other.join(" ")].into_iter().filter(|row| !row.is_empty()).collect();
    let mut down = 50.0 - if rows.len() > 1 { 0.0 } else { 8.0 };
    for row in &rows {
        write(&mut operators, &fonts, row, 13.0, down)?;
        down -= 16.0;
    }
    for line in words.lines.iter().take(2) {
        write(&mut operators, &fonts, line, 7.0, down + 4.0)?;
        down -= 9.0;
    }
    let all = std::iter::once(words.name).chain(words.lines.iter().copied()).collect::<Vec<_>>().join(", ");
    Ok(Drawing { size: SIZE, operators, words: all })
}

/// The seal: two rings around the ridge of the mark.
fn mark(to: &mut Vec<u8>) {
    put(to, format_args!("q {INK} RG 1.6 w\n"));
    for radius in [27.0_f32, 23.0] {
        ring(to, 32.0, 32.0, radius);
    }
    let ridge = [
        (14.0, 26.0),
        (22.0, 36.0),
        (26.0, 34.0),
        (31.0, 45.0),
        (36.0, 47.0),
        (39.0, 44.0),
        (42.0, 36.0),
        (50.0, 26.0),
    ];
    for (index, (across, up)) in ridge.into_iter().enumerate() {
        put(to, format_args!("{across:.1} {up:.1} {}\n", if index == 0 { 'm' } else { 'l' }));
    }
    put(to, format_args!("S 16 21 m 48 21 l S Q\n"));
}

/// A circle of four curves.
fn ring(to: &mut Vec<u8>, x: f32, y: f32, radius: f32) {
    let bend = radius * 0.552_3;
    put(to, format_args!("{:.2} {y:.2} m\n", x + radius));
    for (a, b, c, d) in [(1.0, 0.0, 0.0, 1.0), (0.0, 1.0, -1.0, 0.0), (-1.0, 0.0, 0.0, -1.0), (0.0, -1.0, 1.0, 0.0)] {
        let (fx, fy, tx, ty): (f32, f32, f32, f32) = (a, b, c, d);
        put(
            to,
            format_args!(
                "{:.2} {:.2} {:.2} {:.2} {:.2} {:.2} c\n",
                x + radius * fx + bend * tx,
                y + radius * fy + bend * ty,
                x + radius * tx + bend * fx,
                y + radius * ty + bend * fy,
                x + radius * tx,
                y + radius * ty
            ),
        );
    }
    put(to, format_args!("s\n"));
}

/// One line of text, made narrower when it is too wide.
fn write(to: &mut Vec<u8>, fonts: &[FontRef<'_>], text: &str, size: f32, up: f32) -> Result<(), Error> {
    let missing = Error::Refused("no font at hand has a letter of this name");
    if text.chars().count() > LONGEST {
        return Err(Error::Refused("a line of the seal is too long"));
    }
    let mut letters: Vec<(&FontRef<'_>, GlyphId, f32)> = Vec::new();
    let mut width = 0.0;
    for letter in text.chars() {
        let font = fonts.iter().find(|font| font.glyph_id(letter).0 != 0).ok_or_else(|| missing.clone())?;
        let id = font.glyph_id(letter);
        let em = font.units_per_em().ok_or_else(|| missing.clone())?;
        letters.push((font, id, size / em));
        width += font.h_advance_unscaled(id) * size / em;
    }
    let squeeze = if width > WIDTH { WIDTH / width } else { 1.0 };
    let mut across = LEFT;
    for (font, id, scale) in letters {
        let scale = scale * squeeze;
        if let Some(outline) = font.outline(id) {
            draw(to, &outline.curves, scale, across, up);
        }
        across += font.h_advance_unscaled(id) * scale;
    }
    Ok(())
}

fn draw(to: &mut Vec<u8>, curves: &[OutlineCurve], scale: f32, across: f32, up: f32) {
    let place = |point: Point| (across + point.x * scale, up + point.y * scale);
    let mut last: Option<Point> = None;
    for curve in curves {
        let (OutlineCurve::Line(start, _) | OutlineCurve::Quad(start, ..) | OutlineCurve::Cubic(start, ..)) = curve;
        if last != Some(*start) {
            let (x, y) = place(*start);
            put(to, format_args!("{}{x:.2} {y:.2} m\n", if last.is_some() { "h " } else { "" }));
        }
        last = Some(match curve {
            OutlineCurve::Line(_, end) => {
                let (x, y) = place(*end);
                put(to, format_args!("{x:.2} {y:.2} l\n"));
                *end
            }
            OutlineCurve::Quad(start, bend, end) => {
                // A curve of second degree as one of third.
                let third =
                    |a: Point, b: Point| Point { x: a.x + (b.x - a.x) * 2.0 / 3.0, y: a.y + (b.y - a.y) * 2.0 / 3.0 };
                cubic(to, place(third(*start, *bend)), place(third(*end, *bend)), place(*end));
                *end
            }
            OutlineCurve::Cubic(_, first, second, end) => {
                cubic(to, place(*first), place(*second), place(*end));
                *end
            }
        });
    }
    if last.is_some() {
        put(to, format_args!("h f\n"));
    }
}

fn cubic(to: &mut Vec<u8>, first: (f32, f32), second: (f32, f32), end: (f32, f32)) {
    put(
        to,
        format_args!("{:.2} {:.2} {:.2} {:.2} {:.2} {:.2} c\n", first.0, first.1, second.0, second.1, end.0, end.1),
    );
}
