//! What a card lies on.

use image::{Rgb, RgbImage};

use crate::dice::Dice;
use crate::font::Typeface;
use crate::picture::{colour, lay};

/// Three kinds of ground.
#[derive(Clone, Copy)]
pub(super) enum Background {
    /// A wooden desk.
    Desk,
    /// Woven cloth.
    Cloth,
    /// A printed page.
    Page,
}

impl Background {
    /// One of the three.
    pub fn any(dice: &mut Dice) -> Self {
        match dice.below(3) {
            0 => Self::Desk,
            1 => Self::Cloth,
            _ => Self::Page,
        }
    }

    /// Paints it.
    pub fn paint(self, size: (u32, u32), dice: &mut Dice) -> RgbImage {
        match self {
            Self::Desk => desk(size, dice),
            Self::Cloth => cloth(size, dice),
            Self::Page => page(size, dice),
        }
    }
}

/// Smooth noise between -1 and 1 on a lattice of whole numbers.
struct Cloud(u64);

impl Cloud {
    fn corner(&self, x: i32, y: i32) -> f32 {
        let mut word = self.0 ^ (x as u32 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        word = (word ^ (y as u32 as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        ((word >> 40) as f32 / 8_388_608.0) - 1.0
    }

    fn at(&self, x: f32, y: f32) -> f32 {
        let (column, row) = (x.floor(), y.floor());
        let ease = |t: f32| t * t * (3.0 - 2.0 * t);
        let (across, down) = (ease(x - column), ease(y - row));
        let (column, row) = (column as i32, row as i32);
        let upper = self.corner(column, row) * (1.0 - across) + self.corner(column + 1, row) * across;
        let lower = self.corner(column, row + 1) * (1.0 - across) + self.corner(column + 1, row + 1) * across;
        upper * (1.0 - down) + lower * down
    }
}

fn desk((width, height): (u32, u32), dice: &mut Dice) -> RgbImage {
    let cloud = Cloud(dice.word());
    let base = match dice.below(3) {
        0 => [112.0, 78.0, 52.0],
        1 => [86.0, 62.0, 46.0],
        _ => [146.0, 110.0, 76.0],
    };
    let plank = dice.between(150.0, 420.0);
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32, y as f32);
        let grain = cloud.at(x * 0.004, y * 0.09) * 11.0 + cloud.at(x * 0.02, y * 0.5) * 6.0;
        let ring = ((y * 0.035 + cloud.at(x * 0.0025, y * 0.006) * 5.0).sin()) * 7.0;
        let joint: f32 = if (y + plank) % 420.0 < 3.0 { -26.0 } else { 0.0 };
        colour(base.map(|value| value + grain + ring + joint))
    })
}

fn cloth((width, height): (u32, u32), dice: &mut Dice) -> RgbImage {
    let cloud = Cloud(dice.word());
    let (ground, band) = match dice.below(3) {
        0 => ([58.0, 74.0, 98.0], [92.0, 106.0, 124.0]),
        1 => ([104.0, 40.0, 46.0], [136.0, 76.0, 74.0]),
        _ => ([66.0, 84.0, 70.0], [104.0, 116.0, 92.0]),
    };
    let step = dice.between(90.0, 170.0);
    RgbImage::from_fn(width, height, |x, y| {
        let thread = if (x / 2 + y / 2) % 2 == 0 { 5.0 } else { -5.0 };
        let (x, y) = (x as f32, y as f32);
        let stripes = u8::from(x % step < step * 0.35) + u8::from(y % step < step * 0.35);
        let fold = cloud.at(x * 0.003, y * 0.004) * 10.0;
        colour(crate::picture::blend(ground, band, f32::from(stripes) / 2.0).map(|value| value + thread + fold))
    })
}

/// Words of the printed page. None of them stands on a card.
const WORDS: [&str; 32] = [
    "ferry", "harbour", "morning", "tickets", "between", "island", "weather", "market", "the", "a", "and", "under",
    "bridge", "lantern", "Tuesday", "recipe", "ginger", "noodles", "window", "letter", "tram", "hillside", "of",
    "with", "garden", "umbrella", "library", "Saturday", "reading", "concert", "steam", "to",
];

fn page((width, height): (u32, u32), dice: &mut Dice) -> RgbImage {
    let cloud = Cloud(dice.word());
    let paper = [dice.between(196.0, 214.0), dice.between(190.0, 206.0), dice.between(176.0, 196.0)];
    let mut page = RgbImage::from_fn(width, height, |x, y| {
        let rough = cloud.at(x as f32 * 0.3, y as f32 * 0.3) * 2.5 + cloud.at(x as f32 * 0.004, y as f32 * 0.005) * 5.0;
        let Rgb(pixel) = colour(paper.map(|value| value + rough));
        Rgb(pixel)
    });
    let (size, slant) = (dice.between(24.0, 32.0), dice.between(-0.05, 0.05));
    let leading = size * 1.55;
    for line in -2..(height as f32 / leading) as i32 + 3 {
        let mut text = String::new();
        while text.len() < 130 {
            text.push_str(dice.pick(&WORDS).copied().unwrap_or("the"));
            text.push(' ');
        }
        let start = line as f32 * leading;
        Typeface::LatinSerif.draw(&text, size, (20.0, 0.0), |x, y, cover| {
            let down = y as f32 + start + x as f32 * slant;
            lay(&mut page, x, down as i32, [52.0, 50.0, 54.0], cover * 0.85);
        });
    }
    page
}
