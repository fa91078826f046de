//! Whether a face picture is good enough to be compared.

use lionrock_model::proofing::Reason;

use super::detect::Face;
use super::look::Look;
use crate::geometry::{Homography, Point};
use crate::picture::Picture;
use crate::policy::Policy;

/// Faces are measured at this size, in pixels.
const SIDE: u32 = 160;
/// Sharpness is measured as if the mean brightness were this.
const MEAN: f32 = 120.0;
/// A second face counts from this share of the first one's width.
const BYSTANDER: f32 = 0.3;
/// A second face counts from this detector score.
const BYSTANDER_SCORE: f32 = 0.80;

/// The one face of a picture, or why there is none.
pub(crate) fn only(faces: &[Face]) -> Result<&Face, Reason> {
    let largest = faces
        .iter()
        .filter(|face| face.score >= BYSTANDER_SCORE)
        .max_by(|a, b| a.area.width().total_cmp(&b.area.width()))
        .or(faces.first())
        .ok_or(Reason::NoFace)?;
    let others = faces
        .iter()
        .filter(|face| face.score >= BYSTANDER_SCORE && face.area.width() >= BYSTANDER * largest.area.width())
        .count();
    if others > 1 { Err(Reason::TwoFaces) } else { Ok(largest) }
}

/// What keeps the first, neutral frame from being compared.
pub(crate) fn complaint(picture: &Picture, face: &Face, policy: &Policy) -> Option<Reason> {
    let small = face.score < policy.face_score || face.area.width() < policy.face_width;
    let turned = Look::of(face, picture.width()).is_none_or(|look| look.yaw.abs() > policy.face_turn);
    let closeup = closeup(picture, face);
    let shade = closeup.shade();
    let (darkest, brightest) = policy.face_brightness;
    let light = !(darkest..=brightest).contains(&shade.mean());
    if small || turned || light || shade.sharpness(MEAN) < policy.face_sharpness {
        return Some(Reason::FaceQuality);
    }
    (closeup.saturation() < policy.face_saturation).then_some(Reason::ReplaySuspected)
}

/// The face's area, scaled to [`SIDE`] pixels.
pub(crate) fn closeup(picture: &Picture, face: &Face) -> Picture {
    let area = face.area;
    let (sx, sy) = (area.width() / SIDE as f32, area.height() / SIDE as f32);
    let scale = Homography::scaling(sx, sy);
    let corner = Point::new(area.left, area.top);
    picture.warped(&scale.shifted(corner), SIDE, SIDE)
}
