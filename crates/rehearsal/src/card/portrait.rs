//! The grey portrait and its ghost, as a laser leaves them: no colour, little contrast, fine lines, some noise.

use image::RgbImage;

use super::layout::Place;
use crate::dice::Dice;
use crate::face::{Face, Photo};
use crate::picture::{brightness, lay, sample};

/// A portrait before it is engraved: brightness 0 to 1, 270 by 336 cells.
pub(super) struct Grey {
    cells: Vec<f32>,
}

const COLUMNS: u32 = 270;
const ROWS: u32 = 336;

impl Grey {
    fn from_fn(mut cell: impl FnMut(f32, f32) -> f32) -> Self {
        let places = (0..ROWS).flat_map(|y| (0..COLUMNS).map(move |x| (x, y)));
        Self { cells: places.map(|(x, y)| cell(x as f32 / COLUMNS as f32, y as f32 / ROWS as f32)).collect() }
    }

    /// Brightness at fractions of width and height.
    fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x.clamp(0.0, 0.9999) * COLUMNS as f32 - 0.5, y.clamp(0.0, 0.9999) * ROWS as f32 - 0.5);
        let (x, y) = (x.max(0.0), y.max(0.0));
        let cell = |x: u32, y: u32| {
            let place = y.min(ROWS - 1) * COLUMNS + x.min(COLUMNS - 1);
            self.cells.get(place as usize).copied().unwrap_or(1.0)
        };
        let (left, top, across, down) = (x as u32, y as u32, x.fract(), y.fract());
        let upper = cell(left, top) * (1.0 - across) + cell(left + 1, top) * across;
        let lower = cell(left, top + 1) * (1.0 - across) + cell(left + 1, top + 1) * across;
        upper * (1.0 - down) + lower * down
    }
}

/// The photograph cut to head and shoulders, upright, in grey.
pub(super) fn photographed(face: Face, dice: &mut Dice) -> Grey {
    cut(face.for_card(), dice.between(3.75, 4.05), dice.between(-0.08, 0.08), dice.between(0.9, 1.1))
}

/// Cuts a photograph so that it is `wide` eye distances across, `aside` of them off the middle, with a tone curve.
fn cut(photo: Photo, wide: f32, aside: f32, tone: f32) -> Grey {
    let (pixels, features) = (photo.pixels(), photo.features());
    let (centre, distance, lean) = (features.between_eyes(), features.eye_distance(), features.lean());
    let tall = wide * ROWS as f32 / COLUMNS as f32;
    let mut grey = Grey::from_fn(|x, y| {
        let (across, down) = (((x - 0.5) * wide + aside) * distance, (y * tall - 0.4 * tall) * distance);
        let (turned_x, turned_y) = (across * lean.cos() - down * lean.sin(), across * lean.sin() + down * lean.cos());
        brightness(sample(&pixels, centre.0 + turned_x, centre.1 + turned_y)) / 255.0
    });
    // Stretch between the darkest and the lightest twentieth, then bend.
    let mut sorted = grey.cells.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let share = |part: usize| sorted.get(sorted.len() * part / 100).copied().unwrap_or(0.5);
    let (dark, light) = (share(3), share(96).max(share(3) + 0.05));
    for cell in &mut grey.cells {
        *cell = ((*cell - dark) / (light - dark)).clamp(0.0, 1.0).powf(tone);
    }
    grey
}

/// A plain drawn figure, for residents without a face of their own.
pub(super) fn drawn(dice: &mut Dice) -> Grey {
    let (skin, hair, coat) = (dice.between(0.62, 0.8), dice.between(0.12, 0.4), dice.between(0.2, 0.5));
    let (long, wide) = (dice.below(2) == 0, dice.between(0.17, 0.2));
    let inside =
        |x: f32, y: f32, cx: f32, cy: f32, rx: f32, ry: f32| ((x - cx) / rx).powi(2) + ((y - cy) / ry).powi(2) < 1.0;
    Grey::from_fn(|x, y| {
        let hairline =
            if long { inside(x, y, 0.5, 0.42, wide + 0.07, 0.33) } else { inside(x, y, 0.5, 0.31, wide + 0.03, 0.2) };
        let eye = inside(x, y, 0.42, 0.4, 0.022, 0.014) || inside(x, y, 0.58, 0.4, 0.022, 0.014);
        let mouth = inside(x, y, 0.5, 0.545, 0.055, 0.012);
        let nose = inside(x, y, 0.5, 0.475, 0.018, 0.03);
        if inside(x, y, 0.5, 0.42, wide, 0.21) && y > 0.29 {
            if eye || mouth {
                0.15
            } else if nose {
                skin - 0.1
            } else {
                skin
            }
        } else if hairline {
            hair
        } else if x > 0.43 && x < 0.57 && y > 0.55 && y < 0.72 {
            skin - 0.06
        } else if inside(x, y, 0.5, 1.02, 0.44, 0.34) {
            coat
        } else {
            0.93
        }
    })
}

/// Engraves a portrait into its place. `depth` 1 is the portrait, less is paler.
pub(super) fn engrave(card: &mut RgbImage, grey: &Grey, place: Place, depth: f32, dice: &mut Dice) {
    let (left, top, right, bottom) = place.pixels();
    let (width, height) = (right - left, bottom - top);
    for y in 0..height as i32 {
        for x in 0..width as i32 {
            let (across, down) = (x as f32 / width, y as f32 / height);
            let edge = across.min(1.0 - across).min(down.min(1.0 - down)) * width;
            let lines: f32 = if (top as i32 + y) % 3 == 0 { 0.045 } else { 0.0 };
            let value = (0.27 + 0.60 * grey.at(across, down) - lines + 0.03 * dice.normal()).clamp(0.0, 1.0);
            let cover = (edge / 14.0).clamp(0.0, 1.0) * depth * 0.95;
            lay(card, left as i32 + x, top as i32 + y, [value * 252.0, value * 253.0, value * 255.0], cover);
        }
    }
}
