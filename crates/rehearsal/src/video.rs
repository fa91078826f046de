//! Films for a browser's fake camera: a person does what a list of actions asks, in the rhythm of the registration page.
//!
//! Chromium plays such a file with `--use-fake-device-for-media-stream --use-file-for-fake-video-capture=FILE.mjpeg`, at
//! 30 pictures a second, from the beginning whenever the camera is opened, and again from the beginning at its end.
//! Films are never mirrored: a camera sees a person's left at the picture's right.

use lionrock_model::proofing::Action;

use crate::dice::Dice;
use crate::face::{Camera, Pose, peak};
use crate::people::Person;
use crate::picture::jpeg;

/// Pictures a second, as Chromium plays MJPEG files.
pub const RATE: u32 = 30;
/// Each picture is shown this often in a row; heads move slowly enough.
const REPEATS: u32 = 3;

/// The rhythm in which a page asks and takes pictures, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// From the opened camera to the picture looking straight ahead.
    pub settle: u32,
    /// From an instruction to its first picture.
    pub react: u32,
    /// From one picture to the next.
    pub pace: u32,
    /// Pictures of each action.
    pub pictures: u32,
    /// What asking the server and taking a picture cost beyond that, for each action.
    pub slack: u32,
}

impl Default for Rhythm {
    /// The registration page's.
    fn default() -> Self {
        Self { settle: 1600, react: 1300, pace: 450, pictures: 3, slack: 90 }
    }
}

impl Rhythm {
    /// How long one action takes.
    const fn action(&self) -> u32 {
        self.react + self.pace * self.pictures + self.slack
    }

    /// How long the whole film is.
    #[must_use]
    pub const fn length(&self, actions: u32) -> u32 {
        self.settle + self.slack * 4 + self.action() * actions + 1500
    }

    /// The head at a moment.
    fn pose(&self, actions: &[Action], at_ms: u32) -> Pose {
        let begin = self.settle + self.slack * 3;
        let Some(since) = at_ms.checked_sub(begin) else { return Pose::default() };
        let (turn, within) = (since / self.action(), since % self.action());
        let Some(action) = actions.get(turn as usize) else { return Pose::default() };
        // Out within the time to react, a little further while pictures are taken, back before the next instruction.
        let (react, whole) = (self.react as f32, self.action() as f32);
        let within = within as f32;
        let share = if within < react * 0.3 {
            0.0
        } else if within < react {
            0.72 * ease((within - react * 0.3) / (react * 0.7))
        } else if within < whole - 180.0 {
            0.72 + 0.28 * (within - react) / (whole - 180.0 - react)
        } else {
            ease((whole - within) / 180.0)
        };
        Pose::default().towards(peak(*action), share)
    }
}

fn ease(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A film as MJPEG: JPEG pictures one after the other, [`RATE`] of them a second. Empty for a person without a face.
#[must_use]
pub fn film(person: &Person, actions: &[Action], rhythm: Rhythm, seed: u64) -> Vec<u8> {
    let Some(camera) = Camera::before(person) else { return Vec::new() };
    let mut dice = Dice::of(seed, &person.slug, 4);
    let length = rhythm.length(u32::try_from(actions.len()).unwrap_or(0));
    let mut pictures = Vec::new();
    for shown in 0..length * RATE / 1000 / REPEATS {
        let at_ms = shown * REPEATS * 1000 / RATE;
        let picture = jpeg(&camera.see(rhythm.pose(actions, at_ms), &mut dice), 85);
        (0..REPEATS).for_each(|_| pictures.extend_from_slice(&picture));
    }
    pictures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_where_the_page_takes_its_pictures() {
        let rhythm = Rhythm::default();
        let actions = [Action::TurnLeft, Action::LookUp];
        assert_eq!(rhythm.pose(&actions, rhythm.settle), Pose::default());
        let mut at = rhythm.settle + 250;
        for action in actions {
            at += rhythm.react;
            for _ in 0..rhythm.pictures {
                let pose = rhythm.pose(&actions, at);
                let (there, wanted) = (pose.left + pose.down, peak(action).left + peak(action).down);
                assert!(there * wanted > 0.6, "{action:?} at {at}: {there}");
                at += rhythm.pace + 20;
            }
        }
        assert_eq!(rhythm.pose(&actions, rhythm.length(2) - 100), Pose::default());
    }
}
