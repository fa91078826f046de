//! Head movements made from one photograph. A simple relief, a rounded head with a nose on it, is laid under the
//! photograph and turned; what it uncovers is stretched, what it covers disappears, the background stays. So the five
//! landmarks move as they do when a head turns.

use image::RgbImage;

use super::Photo;
use crate::picture::{colour, sample};

/// An attitude of the head, each part from -1 to 1 (0 is straight ahead at the usual distance).
///
/// Left and right are the person's own. Pictures are as a camera sees them, never mirrored: turning left moves the nose
/// to the picture's right. A page that shows its preview mirrored, as people expect of a mirror, still sends the picture
/// unmirrored.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pose {
    /// Turned to the person's own left; negative to the right.
    pub left: f32,
    /// Tilted down; negative up.
    pub down: f32,
    /// Nearer by up to two fifths; not negative.
    pub near: f32,
    /// Moved across the picture, in pixels.
    pub drift: (f32, f32),
    /// Leaning, in radians.
    pub lean: f32,
}

impl Pose {
    /// Between two poses: `share` of the second.
    #[must_use]
    pub fn towards(self, other: Self, share: f32) -> Self {
        let mix = |a: f32, b: f32| a + (b - a) * share;
        Self {
            left: mix(self.left, other.left),
            down: mix(self.down, other.down),
            near: mix(self.near, other.near),
            drift: (mix(self.drift.0, other.drift.0), mix(self.drift.1, other.drift.1)),
            lean: mix(self.lean, other.lean),
        }
    }
}

/// Distance between the eyes in a frame at the usual distance, in pixels.
const EYES: f32 = 86.0;
/// Where the point between the eyes lies in a frame, as a share of its height.
const EYE_LINE: f32 = 0.40;
/// The largest turn and tilts, in radians.
const TURN: f32 = 0.62;
const DOWN: f32 = 0.52;
const UP: f32 = 0.46;

/// The photograph seen through a camera of this size, the head in this pose.
pub(super) fn frame(pixels: &RgbImage, photo: Photo, pose: Pose, (width, height): (u32, u32)) -> RgbImage {
    let features = photo.features();
    let (eyes, distance) = (features.between_eyes(), features.eye_distance());
    let lean = features.lean() + pose.lean;
    let (cos, sin) = (lean.cos(), lean.sin());
    let scale = EYES * (1.0 + 0.4 * pose.near.max(0.0));
    // The window is moved aside rather than showing what lies beyond the photograph.
    let reach = width as f32 / 2.0 / scale * distance;
    let room = (eyes.0 - reach, pixels.width() as f32 - eyes.0 - reach);
    let aside = if room.1 < 0.0 {
        room.1.max(-room.0)
    } else if room.0 < 0.0 {
        -room.0.max(-room.1)
    } else {
        0.0
    };
    let centre =
        (width as f32 / 2.0 - aside / distance * scale + pose.drift.0, height as f32 * EYE_LINE + pose.drift.1);
    let relief = Relief::of(photo);
    let across = |place: f32| (place - centre.0) / scale;
    let down = |place: f32| (place - centre.1) / scale;
    let (further, rise, nod) = answer(photo);
    let turned = Shift::of(width, height, pose.left * TURN * further, |line, place| {
        let (x, y) = (across(place), down(line));
        (x * scale, relief.across(x, y) * scale, relief.inside(x, y))
    });
    let wanted = pose.down + nod * (-pose.left).max(0.0);
    let tilt = if wanted > 0.0 { wanted * DOWN } else { wanted * UP * rise };
    let tilted = Shift::of(height, width, tilt, |line, place| {
        let (x, y) = (across(line), down(place));
        let stands = if tilt > 0.0 { relief.downwards(x, y) } else { relief.upwards(x, y) };
        (y * scale, stands * scale, relief.inside(x, y))
    });
    RgbImage::from_fn(width, height, |px, py| {
        let y = py as f32 + tilted.at(px as f32, py);
        let x = px as f32 + turned.at(y, px);
        let (x, y) = (across(x) * distance, down(y) * distance);
        let (x, y) = (eyes.0 + x * cos - y * sin, eyes.1 + x * sin + y * cos);
        colour(sample(pixels, reflected(x, pixels.width()), reflected(y, pixels.height())))
    })
}

/// The relief fits no head exactly: how much further than usual this one has to turn and to tilt up, and how much it has
/// to nod while it turns to the right so that the detector does not take it to look up.
const fn answer(photo: Photo) -> (f32, f32, f32) {
    match photo {
        Photo::ObamaBlueRoom => (1.1, 1.14, 0.0),
        Photo::Collins => (1.12, 0.95, 0.22),
        _ => (1.05, 1.0, 0.0),
    }
}

/// How far a head stands out of the picture's plane, in eye distances, seen from the point between the eyes.
struct Relief {
    nose: (f32, f32),
}

impl Relief {
    fn of(photo: Photo) -> Self {
        let features = photo.features();
        let (eyes, distance, lean) = (features.between_eyes(), features.eye_distance(), features.lean());
        let (x, y) = (features.nose.0 - eyes.0, features.nose.1 - eyes.1);
        Self { nose: ((x * lean.cos() + y * lean.sin()) / distance, (y * lean.cos() - x * lean.sin()) / distance) }
    }

    /// 1 in the middle of the head, 0 from its outline on.
    fn inside(&self, x: f32, y: f32) -> f32 {
        (1.0 - (x / 1.3).powi(2) - ((y - 0.25) / 1.85).powi(2)).max(0.0)
    }

    /// As a turn sees it: round from ear to ear.
    fn across(&self, x: f32, y: f32) -> f32 {
        1.05 * self.inside(x, y) + 0.12 * self.nose(x, y, 0.2, 0.3, 0.2)
    }

    /// As a tilt down sees it: flat from forehead to chin, so that all features go down together.
    fn downwards(&self, x: f32, y: f32) -> f32 {
        let inside = self.inside(x, y);
        1.15 * inside * (1.8 - 0.8 * inside) + 0.35 * self.nose(x, y, 0.36, 0.36, 0.28)
    }

    /// As a tilt up sees it: rounder, and nose and cheeks rise towards the eyes.
    fn upwards(&self, x: f32, y: f32) -> f32 {
        let inside = self.inside(x, y);
        1.05 * inside * (1.6 - 0.6 * inside) + 0.65 * self.nose(x, y, 0.36, 0.36, 0.3)
    }

    /// The bridge runs up from the tip; below, the nose ends soon.
    fn nose(&self, x: f32, y: f32, wide: f32, above: f32, below: f32) -> f32 {
        let (dx, dy) = (x - self.nose.0, y - self.nose.1);
        let tall = if dy < 0.0 { above } else { below };
        (-(dx * dx) / (2.0 * wide * wide) - (dy * dy) / (2.0 * tall * tall)).exp()
    }
}

/// For each line of a picture (rows for a turn, columns for a tilt), how far along the line that is seen at each pixel
/// lies in the picture of the head at rest.
struct Shift {
    lines: Vec<Vec<f32>>,
}

impl Shift {
    /// Turns every line by an angle. `relief(line, place)` gives the place from the axis, its height and how far inside
    /// the head it lies, all in pixels but the last.
    fn of(length: u32, lines: u32, angle: f32, relief: impl Fn(f32, f32) -> (f32, f32, f32)) -> Self {
        if angle == 0.0 {
            return Self { lines: Vec::new() };
        }
        let (sin, cos) = (angle.sin(), angle.cos());
        let one = |line: u32| {
            let mut seen = vec![0.0; length as usize];
            let mut nearest = vec![f32::MIN; length as usize];
            let mut before: Option<(f32, f32)> = None;
            // Half a pixel at a time; a place is seen unless something nearer covers it.
            for half in 0..length * 2 {
                let place = half as f32 / 2.0;
                let (from_axis, height, inside) = relief(line as f32, place);
                let now = place + from_axis * (cos - 1.0) * inside.min(0.25) * 4.0 + height * sin;
                if let Some((last_place, last)) = before
                    && now > last
                {
                    for pixel in last.ceil().max(0.0) as usize..(now.floor() as usize + 1).min(length as usize) {
                        let share = ((pixel as f32 - last) / (now - last)).clamp(0.0, 1.0);
                        if let (Some(seen), Some(nearest)) = (seen.get_mut(pixel), nearest.get_mut(pixel))
                            && height > *nearest
                        {
                            *nearest = height;
                            *seen = last_place + (place - last_place) * share - pixel as f32;
                        }
                    }
                }
                before = Some((place, now));
            }
            seen
        };
        Self { lines: (0..lines).map(one).collect() }
    }

    /// The shift at a place between two lines.
    fn at(&self, line: f32, place: u32) -> f32 {
        let get = |line: usize| self.lines.get(line).and_then(|seen| seen.get(place as usize)).copied();
        let line = line.clamp(0.0, self.lines.len().saturating_sub(1) as f32);
        let upper = get(line as usize).unwrap_or(0.0);
        let lower = get(line as usize + 1).unwrap_or(upper);
        upper + (lower - upper) * line.fract()
    }
}

/// A place beyond an edge is seen as in a mirror at the edge.
fn reflected(place: f32, length: u32) -> f32 {
    let last = length.saturating_sub(1) as f32;
    let place = place.abs();
    if place > last { (2.0 * last - place).max(0.0) } else { place }
}
