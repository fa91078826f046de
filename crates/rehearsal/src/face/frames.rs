//! What a camera sees of a person who does what is asked.

use image::RgbImage;
use lionrock_model::proofing::Action;

use super::warp::{Pose, frame};
use super::{Face, Photo};
use crate::dice::Dice;
use crate::people::Person;
use crate::picture::{colour, grain, jpeg};

/// Width and height of a camera frame.
pub const FACE_FRAME: (u32, u32) = (640, 480);

/// One frame of an answer: the action it belongs to (none while looking straight ahead), milliseconds since the
/// beginning, and the picture as JPEG.
pub type Turned = (Option<Action>, u32, Vec<u8>);

/// How far along an action each of its frames is.
const STEPS: [f32; 3] = [0.45, 0.85, 1.0];

/// A person's answer to a challenge: one frame looking straight ahead, then three for each action in its order, about
/// 0.4 s apart. Empty for a person without a face.
#[must_use]
pub fn selfie_frames(person: &Person, actions: &[Action], seed: u64) -> Vec<Turned> {
    let Some(camera) = Camera::before(person) else { return Vec::new() };
    let mut dice = Dice::of(seed, &person.slug, 2);
    let steps = actions.iter().flat_map(|action| STEPS.map(|step| (Some(*action), step)));
    let mut at_ms = 0;
    std::iter::once((None, 0.0))
        .chain(steps)
        .map(|(action, step)| {
            let pose = action.map_or_else(Pose::default, |action| Pose::default().towards(peak(action), step));
            let picture = jpeg(&camera.see(pose, &mut dice), 88);
            let shown = (action, at_ms, picture);
            at_ms += 360 + dice.below(90) as u32;
            shown
        })
        .collect()
}

/// A person's still selfie as JPEG, 640 by 480; nothing for a person without a face.
#[must_use]
pub fn still_selfie(person: &Person, seed: u64) -> Option<Vec<u8>> {
    let camera = Camera::before(person)?;
    Some(jpeg(&camera.see(Pose::default(), &mut Dice::of(seed, &person.slug, 3)), 92))
}

/// The far end of an action.
pub(crate) fn peak(action: Action) -> Pose {
    let mut pose = Pose::default();
    match action {
        Action::TurnLeft => pose.left = 1.0,
        Action::TurnRight => pose.left = -1.0,
        Action::LookDown => pose.down = 1.0,
        Action::LookUp => pose.down = -1.0,
        Action::ComeCloser => pose.near = 1.0,
    }
    pose
}

/// A camera with somebody before it.
pub(crate) struct Camera {
    pixels: RgbImage,
    photo: Photo,
    /// Where only one photograph of a person exists, the camera sees it in other light than the card's engraver.
    dim: bool,
}

impl Camera {
    /// Nothing for a person without a face.
    pub(crate) fn before(person: &Person) -> Option<Self> {
        let face: Face = person.face?;
        let photo = face.for_camera();
        Some(Self { pixels: photo.pixels(), photo, dim: photo == face.for_card() })
    }

    /// One frame: the pose, the small movements of anybody who stands still, and the sensor's grain.
    pub(crate) fn see(&self, mut pose: Pose, dice: &mut Dice) -> RgbImage {
        pose.drift = (pose.drift.0 + dice.between(-2.5, 2.5), pose.drift.1 + dice.between(-2.0, 2.0));
        pose.lean += dice.between(-0.012, 0.012);
        let mut picture = frame(&self.pixels, self.photo, pose, FACE_FRAME);
        if self.dim {
            for pixel in picture.pixels_mut() {
                let [red, green, blue] = pixel.0.map(|value| (f32::from(value) / 255.0).powf(1.25) * 236.0);
                *pixel = colour([red * 1.03, green, blue * 0.93]);
            }
        }
        grain(&mut picture, 2.2, dice);
        picture
    }
}
