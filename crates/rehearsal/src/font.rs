//! Text on pictures, with the fonts that come along (`assets/fonts`).

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};

/// The typefaces at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typeface {
    /// Chinese without serifs.
    HanSans,
    /// Chinese with serifs.
    HanSerif,
    /// Latin without serifs.
    LatinSans,
    /// Latin without serifs, bold.
    LatinBold,
    /// Latin with serifs.
    LatinSerif,
}

/// The files of a Latin and a Han typeface, for seals of signatures.
#[must_use]
pub const fn files() -> [&'static [u8]; 2] {
    [include_bytes!("../assets/fonts/specimen-latin-sans.ttf"), include_bytes!("../assets/fonts/specimen-han-sans.otf")]
}

impl Typeface {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::HanSans, Self::HanSerif, Self::LatinSans, Self::LatinBold, Self::LatinSerif];

    /// The outlines; nothing only if the shipped file were broken.
    fn font(self) -> Option<&'static FontRef<'static>> {
        static FONTS: OnceLock<Vec<Option<FontRef<'static>>>> = OnceLock::new();
        let fonts = FONTS.get_or_init(|| {
            let files: [&'static [u8]; 5] = [
                include_bytes!("../assets/fonts/specimen-han-sans.otf"),
                include_bytes!("../assets/fonts/specimen-han-serif.otf"),
                include_bytes!("../assets/fonts/specimen-latin-sans.ttf"),
                include_bytes!("../assets/fonts/specimen-latin-bold.ttf"),
                include_bytes!("../assets/fonts/specimen-latin-serif.ttf"),
            ];
            files.into_iter().map(|file| FontRef::try_from_slice(file).ok()).collect()
        });
        fonts.get(self as usize)?.as_ref()
    }

    /// Whether the typeface has an outline for a character.
    #[must_use]
    pub fn has(self, character: char) -> bool {
        self.font()
            .is_some_and(|font| font.outline(font.glyph_id(character)).is_some() && font.glyph_id(character).0 != 0)
    }

    /// Width and height of the ink of a text set at 100 pixels, and how far its top lies under the line's top.
    #[must_use]
    pub fn ink(self, text: &str) -> Ink {
        let mut ink = Ink { left: f32::MAX, top: f32::MAX, right: f32::MIN, bottom: f32::MIN };
        self.outlines(text, 100.0, |bounds, _| {
            ink.left = ink.left.min(bounds.min.x);
            ink.top = ink.top.min(bounds.min.y);
            ink.right = ink.right.max(bounds.max.x);
            ink.bottom = ink.bottom.max(bounds.max.y);
        });
        if ink.right < ink.left { Ink { left: 0.0, top: 0.0, right: 0.0, bottom: 0.0 } } else { ink }
    }

    /// How far a text set at 100 pixels moves the pen.
    #[must_use]
    pub fn advance(self, text: &str) -> f32 {
        let Some(font) = self.font() else { return 0.0 };
        let scaled = font.as_scaled(PxScale::from(100.0));
        text.chars().map(|character| scaled.h_advance(font.glyph_id(character))).sum()
    }

    /// Draws a text whose line begins at `(x, y)` (top left) at a size in pixels: `dot(x, y, coverage)` for each pixel
    /// that ink touches, coverage 0 to 1. Pixels may lie outside the picture.
    pub fn draw(self, text: &str, size: f32, (x, y): (f32, f32), mut dot: impl FnMut(i32, i32, f32)) {
        self.outlines(text, size, |_, outline| {
            // Outlines are placed on whole pixels; the remainder goes into the place of the whole text.
            let bounds = outline.px_bounds();
            let (left, top) = ((bounds.min.x + x).round() as i32, (bounds.min.y + y).round() as i32);
            outline.draw(|px, py, coverage| dot(left + px as i32, top + py as i32, coverage.clamp(0.0, 1.0)));
        });
    }

    fn outlines(self, text: &str, size: f32, mut each: impl FnMut(ab_glyph::Rect, &ab_glyph::OutlinedGlyph)) {
        let Some(font) = self.font() else { return };
        let scaled = font.as_scaled(PxScale::from(size));
        let (mut across, mut before) = (0.0, None);
        for character in text.chars() {
            let id = font.glyph_id(character);
            if let Some(before) = before {
                across += scaled.kern(before, id);
            }
            let glyph = id.with_scale_and_position(PxScale::from(size), point(across, scaled.ascent()));
            if let Some(outline) = font.outline_glyph(glyph) {
                each(outline.px_bounds(), &outline);
            }
            across += scaled.h_advance(id);
            before = Some(id);
        }
    }
}

/// The box of a text's ink at 100 pixels, measured from the beginning of the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ink {
    /// Left edge.
    pub left: f32,
    /// Upper edge.
    pub top: f32,
    /// Right edge.
    pub right: f32,
    /// Lower edge.
    pub bottom: f32,
}

impl Ink {
    /// Width of the ink.
    #[must_use]
    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    /// Height of the ink.
    #[must_use]
    pub fn height(&self) -> f32 {
        self.bottom - self.top
    }
}

#[cfg(test)]
mod tests {
    use super::Typeface;

    #[test]
    fn every_typeface_draws() {
        for face in Typeface::ALL {
            let text = if matches!(face, Typeface::HanSans | Typeface::HanSerif) { "香港" } else { "U123456(7)" };
            let mut ink = 0.0;
            face.draw(text, 40.0, (0.0, 0.0), |_, _, coverage| ink += coverage);
            assert!(ink > 200.0, "{face:?} {ink}");
            assert!(!face.has('\u{2603}'));
        }
    }
}
