//! What a search for leaks has to know to find a picture in memory: its pixels as the decoder gives them, and the numbers
//! its face becomes. Only tests that look for leaks turn this on (feature `measured`); no program people install has it.

use crate::face::detect::faces;
use crate::face::embed::embed;
use crate::face::quality::only;
use crate::intake;
use crate::models::Models;

/// Sides of frames at which the judgement looks for faces.
const SIDE: u32 = 320;

/// Width in pixels and the decoded pixels, three bytes each, row by row. None when it is no picture.
#[must_use]
pub fn pixels(picture: &[u8]) -> Option<(u32, Vec<u8>)> {
    let picture = intake::take_in(picture, intake::CARD_BYTES).ok()?;
    Some((picture.width(), picture.rgb().as_raw().clone()))
}

/// The 128 numbers of the one face in a frame. None when there is not exactly one.
#[must_use]
pub fn embedding(models: &Models, frame: &[u8]) -> Option<Vec<f32>> {
    let picture = intake::take_in(frame, intake::FRAME_BYTES).ok()?;
    let found = faces(&models.face_detector, &picture, SIDE);
    let embedding = embed(&models.face_embedder, &picture, only(&found).ok()?)?;
    Some(embedding.numbers().to_vec())
}
