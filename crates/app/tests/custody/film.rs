//! Pictures that can be recognised wherever they turn up: a random remark inside the file, known pixels, a known face.

use lionrock_app::worker::models;
use lionrock_model::proofing::Action;
use lionrock_proofing::{Models, known};
use lionrock_rehearsal::people::{Person, registers_by_camera};
use lionrock_rehearsal::scene::{Condition, photograph};
use lionrock_rehearsal::{card, face};
use lionrock_testkit::scan::Needles;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

/// A person before a camera.
pub struct Film {
    person: Person,
    remark: Vec<u8>,
    pub needles: Needles,
}

/// A frame of the face: movement, milliseconds, JPEG.
pub type Taken = (Option<Action>, u32, Vec<u8>);

const SEED: u64 = 7;
/// Pixels in a row that are looked for.
const STRETCH: usize = 16;

impl Film {
    pub fn load() -> Self {
        let person = registers_by_camera(1).unwrap().remove(0);
        let remark: Vec<u8> = (0..4_u8).flat_map(|part| RandomState::new().hash_one(part).to_le_bytes()).collect();
        let mut film = Self { person, remark, needles: Needles::default() };
        let card = film.card();
        let (_, _, first) = film.faces(&[Action::LookUp]).remove(0);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        let networks = Models::from_bytes(models::read(&folder).unwrap()).unwrap();
        let face = known::numbers(&networks, &first).expect("one face");
        let mut needles = Needles::default().bytes("remark", &film.remark);
        for (what, picture) in [("card pixels", &card), ("face pixels", &first)] {
            needles = block(needles, what, picture);
        }
        for at in [0, 40, 112] {
            needles = needles.floats("embedding", &face.embedding[at..at + 8]);
            needles = needles.floats("embedding", &face.said[at..at + 8]);
        }
        // The middle of the aligned face, of each colour.
        for plane in 0..3 {
            let middle = plane * 112 * 112 + 56 * 112 + 40;
            needles = needles.floats("aligned face", &face.aligned[middle..middle + 8]);
        }
        film.needles = needles;
        film
    }

    /// The random bytes that stand in every picture.
    pub fn remark(&self) -> &[u8] {
        &self.remark
    }

    pub fn card(&self) -> Vec<u8> {
        self.marked(&photograph(&card::draw(&self.person, SEED), Condition::Ordinary(0), SEED))
    }

    pub fn faces(&self, actions: &[Action]) -> Vec<Taken> {
        let frames = face::selfie_frames(&self.person, actions, SEED);
        frames.into_iter().map(|(action, at, picture)| (action, at, self.marked(&picture))).collect()
    }

    /// The same with a frame that is cut off in the middle.
    pub fn damaged(&self, actions: &[Action]) -> Vec<Taken> {
        let mut faces = self.faces(actions);
        let half = faces[2].2.len() / 2;
        faces[2].2.truncate(half);
        faces
    }

    /// Puts the remark behind the first two bytes of a JPEG (marker COM).
    fn marked(&self, jpeg: &[u8]) -> Vec<u8> {
        let length = u16::try_from(self.remark.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xFF, 0xFE], &length, &self.remark, &jpeg[2..]].concat()
    }
}

/// Neighbouring pixels at a few places: as the decoder lays them, grey, and as numbers of one channel for a network.
fn block(mut needles: Needles, what: &str, picture: &[u8]) -> Needles {
    let (width, pixels) = known::pixels(picture).expect("a picture");
    let (row, rows) = (width as usize * 3, pixels.len() / (width as usize * 3));
    for (across, down) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
        let from = row * (rows * down / 3) + width as usize * across / 3 * 3;
        let stretch = &pixels[from..from + STRETCH * 3];
        let channel = |n: usize| stretch.iter().skip(n).step_by(3).copied();
        let grey = stretch.chunks(3).map(|p| {
            let weighed = 0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2]);
            weighed.round() as u8
        });
        needles = needles.exactly(what, "rgb", stretch.to_vec()).exactly(what, "plane", channel(0).collect()).exactly(
            what,
            "grey",
            grey.collect(),
        );
        for scale in [1.0, 255.0] {
            let numbers: Vec<f32> = channel(1).map(|value| f32::from(value) / scale).collect();
            needles = needles.floats(what, &numbers);
        }
    }
    needles
}
