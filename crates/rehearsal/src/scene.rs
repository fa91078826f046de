//! A card photographed: on a desk, on cloth or on a printed page, at an angle, in uneven light, by a camera with faults.

mod background;
mod exif;
mod plane;

use image::{Rgb, RgbImage, imageops};

use crate::card::{self, HEIGHT, WIDTH};
use crate::dice::Dice;
use crate::picture::{blend, colour, grain, jpeg, sample, soften, without_colour};
use background::Background;
use plane::Plane;

/// Width and height of a photograph.
pub const PHOTOGRAPH: (u32, u32) = (1600, 1200);

/// How a card is photographed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// As people do it, from 0 (careful: nearly straight, sharp, evenly lit) to 3 (turned by up to 19°, from the side,
    /// light from one corner, some noise, strong compression). Higher numbers count as 3.
    Ordinary(u8),
    /// Turned by a quarter, without a note about it in the file.
    Quarter,
    /// Turned by half.
    UpsideDown,
    /// Stored on its side with EXIF orientation 6, as phones held upright do.
    ExifQuarter,
    /// Stored upside down with EXIF orientation 3.
    ExifHalf,
    /// Out of focus: words can still be read.
    Blurred,
    /// Far out of focus.
    VeryBlurred,
    /// A lamp mirrored in a small spot.
    SmallGlare,
    /// A lamp mirrored in a large spot.
    LargeGlare,
    /// About an eighth of the light.
    Dark,
    /// A photocopy.
    GreyCopy,
    /// A picture 480 pixels wide.
    Small,
    /// Only one half of the card can be seen.
    HalfCard,
    /// The card's stock with nothing printed on it.
    BlankCard,
    /// The background alone.
    NoCard,
}

impl Condition {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Ordinary(0),
        Self::Ordinary(1),
        Self::Ordinary(2),
        Self::Ordinary(3),
        Self::Quarter,
        Self::UpsideDown,
        Self::ExifQuarter,
        Self::ExifHalf,
        Self::Blurred,
        Self::VeryBlurred,
        Self::SmallGlare,
        Self::LargeGlare,
        Self::Dark,
        Self::GreyCopy,
        Self::Small,
        Self::HalfCard,
        Self::BlankCard,
        Self::NoCard,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ordinary(0) => "ordinary-0",
            Self::Ordinary(1) => "ordinary-1",
            Self::Ordinary(2) => "ordinary-2",
            Self::Ordinary(_) => "ordinary-3",
            Self::Quarter => "quarter",
            Self::UpsideDown => "upside-down",
            Self::ExifQuarter => "exif-quarter",
            Self::ExifHalf => "exif-half",
            Self::Blurred => "blurred",
            Self::VeryBlurred => "very-blurred",
            Self::SmallGlare => "small-glare",
            Self::LargeGlare => "large-glare",
            Self::Dark => "dark",
            Self::GreyCopy => "grey-copy",
            Self::Small => "small",
            Self::HalfCard => "half-card",
            Self::BlankCard => "blank-card",
            Self::NoCard => "no-card",
        }
    }

    /// The condition of a stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|condition| condition.name() == name)
    }

    /// Whether the picture is one that registration should be able to use.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Ordinary(_) | Self::Quarter | Self::ExifQuarter | Self::ExifHalf | Self::UpsideDown)
    }

    const fn severity(self) -> f32 {
        match self {
            Self::Ordinary(0) => 0.0,
            Self::Ordinary(1) => 1.0,
            Self::Ordinary(2) => 2.0,
            Self::Ordinary(_) => 3.0,
            _ => 0.6,
        }
    }
}

/// A photograph and the truth about it.
#[derive(Clone, Debug)]
pub struct Shot {
    /// The file.
    pub jpeg: Vec<u8>,
    /// Where the card's corners lie in the upright picture, in pixels: upper left, upper right, lower right and lower
    /// left of the card itself. Meaningless for [`Condition::NoCard`].
    pub corners: [(f32, f32); 4],
}

/// Photographs a card; the same card, condition and seed give the same file.
#[must_use]
pub fn photograph(card: &RgbImage, condition: Condition, seed: u64) -> Vec<u8> {
    shoot(card, condition, seed).jpeg
}

/// Photographs a card and tells where it lies.
#[must_use]
pub fn shoot(card: &RgbImage, condition: Condition, seed: u64) -> Shot {
    let mut dice = Dice::of(seed, condition.name(), 1);
    let severity = condition.severity();
    let corners = pose(condition, severity, &mut dice);
    let surface = match condition {
        Condition::GreyCopy => without_colour(card),
        Condition::BlankCard => card::blank(seed),
        _ => card.clone(),
    };
    let mut picture = compose(&surface, condition, corners, severity, &mut dice);
    if condition == Condition::GreyCopy {
        picture = without_colour(&picture);
    }
    let blur = match condition {
        Condition::Blurred => dice.between(2.0, 2.6),
        Condition::VeryBlurred => dice.between(6.0, 8.0),
        _ => 0.25 + 0.2 * severity * dice.unit(),
    };
    picture = soften(&picture, blur);
    grain(&mut picture, 1.2 + 1.6 * severity * dice.between(0.5, 1.0), &mut dice);
    if condition == Condition::GreyCopy {
        picture = without_colour(&picture);
    }
    pack(picture, condition, corners, (92.0 - 10.6 * severity) as u8)
}

/// Turns, shrinks and packs the upright picture.
fn pack(picture: RgbImage, condition: Condition, corners: [(f32, f32); 4], quality: u8) -> Shot {
    let (width, height) = (PHOTOGRAPH.0 as f32, PHOTOGRAPH.1 as f32);
    let moved = |to: fn((f32, f32), f32, f32) -> (f32, f32)| corners.map(|corner| to(corner, width, height));
    match condition {
        Condition::Quarter => Shot {
            jpeg: jpeg(&imageops::rotate90(&picture), quality),
            corners: moved(|(x, y), _, height| (height - y, x)),
        },
        Condition::UpsideDown => Shot {
            jpeg: jpeg(&imageops::rotate180(&picture), quality),
            corners: moved(|(x, y), width, height| (width - x, height - y)),
        },
        Condition::ExifQuarter => {
            Shot { jpeg: exif::with_orientation(&jpeg(&imageops::rotate270(&picture), quality), 6), corners }
        }
        Condition::ExifHalf => {
            Shot { jpeg: exif::with_orientation(&jpeg(&imageops::rotate180(&picture), quality), 3), corners }
        }
        Condition::Small => {
            let small = imageops::resize(&picture, 480, 360, imageops::FilterType::Triangle);
            Shot { jpeg: jpeg(&small, quality), corners: moved(|(x, y), _, _| (x * 0.3, y * 0.3)) }
        }
        _ => Shot { jpeg: jpeg(&picture, quality), corners },
    }
}

/// Where the corners lie: size, turn, place and perspective.
fn pose(condition: Condition, severity: f32, dice: &mut Dice) -> [(f32, f32); 4] {
    let wide = dice.between(1080.0, 1180.0) - 25.0 * severity;
    let tall = wide * HEIGHT as f32 / WIDTH as f32;
    let most = if condition == Condition::Ordinary(0) { 2.0 } else { 1.0 + 6.0 * severity };
    let turn = dice.between(-most, most).to_radians();
    let centre = (800.0 + dice.between(-30.0, 30.0), 600.0 + dice.between(-20.0, 20.0));
    let lean = 0.004 + 0.013 * severity;
    [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)].map(|(x, y): (f32, f32)| {
        let (x, y) = (x * wide + dice.between(-lean, lean) * wide, y * tall + dice.between(-lean, lean) * wide);
        (centre.0 + x * turn.cos() - y * turn.sin(), centre.1 + x * turn.sin() + y * turn.cos())
    })
}

/// Card, its shadow, the background and the light, still without the camera's faults.
fn compose(
    card: &RgbImage,
    condition: Condition,
    corners: [(f32, f32); 4],
    severity: f32,
    dice: &mut Dice,
) -> RgbImage {
    let ground = Background::any(dice).paint(PHOTOGRAPH, dice);
    let plane = Plane::onto(corners);
    let (wide, tall) = (WIDTH as f32, HEIGHT as f32);
    let light = Light::any(condition, severity, dice);
    let left_half = dice.below(2) == 0;
    let shadow = (dice.between(-10.0, 10.0), dice.between(4.0, 14.0));
    let lamp = Lamp::any(condition, dice);
    let shows = |x: f32| match condition {
        Condition::NoCard => false,
        Condition::HalfCard => (x < 0.5 * wide) == left_half,
        _ => true,
    };
    RgbImage::from_fn(PHOTOGRAPH.0, PHOTOGRAPH.1, |px, py| {
        let (x, y) = (px as f32, py as f32);
        let Rgb(under) = *ground.get_pixel(px, py);
        let mut seen = under.map(f32::from);
        let (u, v) = plane.back(x, y);
        let (u, v) = (u * wide, v * tall);
        if shows(u) && u > -40.0 && v > -40.0 && u < wide + 40.0 && v < tall + 40.0 {
            let shade = rounded(u - shadow.0, v - shadow.1, 30.0);
            seen = blend(seen, [18.0, 16.0, 20.0], 0.42 * (0.5 - shade / 36.0).clamp(0.0, 1.0));
            let cover = (0.5 - rounded(u, v, 37.0)).clamp(0.0, 1.0);
            if cover > 0.0 {
                seen = blend(seen, sample(card, u - 0.5, v - 0.5), cover);
                seen = lamp.mirrored(seen, u, v, cover);
            }
        }
        colour(light.on(seen, x, y))
    })
}

/// How far a place lies outside the card with its rounded corners, in pixels of the card; negative inside.
fn rounded(u: f32, v: f32, radius: f32) -> f32 {
    let (half_wide, half_tall) = (WIDTH as f32 / 2.0, HEIGHT as f32 / 2.0);
    let (x, y) = ((u - half_wide).abs() - half_wide + radius, (v - half_tall).abs() - half_tall + radius);
    x.max(0.0).hypot(y.max(0.0)) + x.max(y).min(0.0) - radius
}

/// Light that falls unevenly.
struct Light {
    level: f32,
    slope: (f32, f32),
    tint: [f32; 3],
}

impl Light {
    fn any(condition: Condition, severity: f32, dice: &mut Dice) -> Self {
        let strength = 0.03 + 0.085 * severity * dice.between(0.6, 1.0);
        let towards = dice.between(0.0, std::f32::consts::TAU);
        let warm = dice.between(-0.02, 0.025);
        Self {
            level: if condition == Condition::Dark { 0.13 } else { dice.between(0.93, 1.0) - 0.03 * severity },
            slope: (strength * towards.cos(), strength * towards.sin()),
            tint: [1.0 + warm, 1.0, 1.0 - warm],
        }
    }

    fn on(&self, [red, green, blue]: [f32; 3], x: f32, y: f32) -> [f32; 3] {
        let (x, y) = (x / 800.0 - 1.0, y / 600.0 - 1.0);
        let level = self.level * (1.0 + x * self.slope.0 + y * self.slope.1) * (1.0 - 0.03 * (x * x + y * y));
        let [a, b, c] = self.tint;
        [red * level * a, green * level * b, blue * level * c]
    }
}

/// A lamp mirrored in the card's surface.
struct Lamp {
    centre: (f32, f32),
    /// Half axes of the spot; zero without a lamp.
    size: (f32, f32),
}

impl Lamp {
    fn any(condition: Condition, dice: &mut Dice) -> Self {
        let size = match condition {
            Condition::SmallGlare => (72.0, 60.0),
            Condition::LargeGlare => (190.0, 130.0),
            _ => (0.0, 0.0),
        };
        Self { centre: (dice.between(300.0, 760.0), dice.between(200.0, 440.0)), size }
    }

    fn mirrored(&self, seen: [f32; 3], u: f32, v: f32, cover: f32) -> [f32; 3] {
        if self.size.0 <= 0.0 {
            return seen;
        }
        let distance = ((u - self.centre.0) / self.size.0).hypot((v - self.centre.1) / self.size.1);
        let bright = if distance < 1.0 { 1.0 } else { (-(distance - 1.0).powi(2) * 3.0).exp() };
        // Brighter than white, so that uneven light does not bring the spot's middle back.
        blend(seen, [330.0; 3], bright * cover)
    }
}
