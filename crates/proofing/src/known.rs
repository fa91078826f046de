//! What a search for leaks has to know to find a picture in memory: its pixels as the decoder gives them, and the numbers
//! its face becomes. Only tests that look for leaks turn this on (feature `measured`); no program people install has it.

use crate::face::detect::faces;
use crate::face::embed;
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

/// What the judgement makes of a face.
#[derive(Debug)]
pub struct Numbers {
    /// The face as the network gets it: three planes of 112 by 112.
    pub aligned: Vec<f32>,
    /// What the network says: 128 numbers.
    pub said: Vec<f32>,
    /// Their direction, which is compared.
    pub embedding: Vec<f32>,
}

/// The numbers of the one face in a frame. None when there is not exactly one.
#[must_use]
pub fn numbers(models: &Models, frame: &[u8]) -> Option<Numbers> {
    let picture = intake::take_in(frame, intake::FRAME_BYTES).ok()?;
    let found = faces(&models.face_detector, &picture, SIDE);
    let face = only(&found).ok()?;
    let aligned = embed::aligned(&picture, face)?;
    let said = embed::said(&models.face_embedder, aligned.clone())?;
    let embedding = embed::embed(&models.face_embedder, &picture, face)?.numbers().to_vec();
    Some(Numbers { aligned, said, embedding })
}
