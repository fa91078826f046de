//! The camera of a synthetic person: photographs of their card and face, drawn when they are taken.

use super::Pictures;
use crate::people::Person;
use crate::scene::{Condition, photograph};
use crate::{card, face};
use lionrock_model::proofing::Action;

/// Takes pictures of one person.
#[derive(Clone, Debug)]
pub struct Camera(pub Person);

/// What the pictures are drawn from: the same each time.
const SEED: u64 = 7;

impl Pictures for Camera {
    fn card(&self) -> Vec<u8> {
        photograph(&card::draw(&self.0, SEED), Condition::Ordinary(1), SEED)
    }

    fn faces(&self, actions: &[Action]) -> Vec<(Option<Action>, u32, Vec<u8>)> {
        face::selfie_frames(&self.0, actions, SEED)
    }
}
