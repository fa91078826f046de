//! Measurements that may not leave the crate, tested from inside: likeness, detector scores, landmarks.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::disallowed_methods)]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::face::detect::{Face, faces};
use crate::face::embed::{Embedding, embed};
use crate::face::quality::only;
use crate::intake;
use crate::models::{ModelFiles, Models};
use crate::picture::Picture;
use crate::policy::Policy;

static MODELS: LazyLock<Models> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    Models::from_bytes(ModelFiles::gather(|name| std::fs::read(folder.join(name))).unwrap()).unwrap()
});

const NAMES: [&str; 6] = [
    "biden_blue_room",
    "biden_portrait_2013",
    "collins_nasa_astronaut",
    "obama_blue_room",
    "obama_congress_2009",
    "obama_portrait_2012",
];

/// The published upper triangle, row by row.
const LIKENESS: [&[f32]; 5] = [
    &[0.642, 0.208, 0.182, 0.289, 0.116],
    &[0.158, 0.119, 0.224, 0.086],
    &[0.058, 0.063, 0.018],
    &[0.737, 0.779],
    &[0.761],
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rehearsal/assets/faces")
}

fn picture(name: &str) -> Picture {
    let bytes = std::fs::read(folder().join(format!("{name}.jpg"))).unwrap();
    intake::take_in(&bytes, intake::FRAME_BYTES).unwrap()
}

fn face(name: &str) -> (Face, Embedding) {
    let picture = picture(name);
    let found = faces(&MODELS.face_detector, &picture, 640);
    let face = only(&found).unwrap_or_else(|reason| panic!("{name}: {reason:?}"));
    let embedding = embed(&MODELS.face_embedder, &picture, face).unwrap();
    (face.clone(), embedding)
}

#[test]
fn likeness_and_scores_are_the_published_ones() {
    let faces: Vec<_> = NAMES.iter().map(|name| face(name)).collect();
    for (name, (face, _)) in NAMES.iter().zip(&faces) {
        assert!((0.93..0.965).contains(&face.score), "{name}: detector score {}", face.score);
    }
    for (row, expected) in LIKENESS.iter().enumerate() {
        for (offset, expected) in expected.iter().enumerate() {
            let column = row + 1 + offset;
            let found = faces[row].1.likeness(&faces[column].1);
            assert!((found - expected).abs() <= 0.03, "{} and {}: {found} for {expected}", NAMES[row], NAMES[column]);
        }
    }
}

#[test]
fn the_thresholds_part_the_same_from_others() {
    let faces: Vec<_> = NAMES.iter().map(|name| face(name)).collect();
    let policy = Policy::default();
    let person = |name: &str| name.split('_').next().unwrap().to_owned();
    let (mut genuine, mut impostor) = (0, 0);
    for (row, (_, a)) in faces.iter().enumerate() {
        for (column, (_, b)) in faces.iter().enumerate().skip(row + 1) {
            let likeness = a.likeness(b);
            if person(NAMES[row]) == person(NAMES[column]) {
                genuine += 1;
                assert!(
                    likeness >= policy.face_accepted && likeness <= policy.face_copied,
                    "{row} {column} {likeness}"
                );
            } else {
                impostor += 1;
                assert!(likeness < policy.face_refused, "{row} {column} {likeness}");
            }
        }
    }
    assert_eq!((genuine, impostor), (4, 11));
}

#[test]
fn a_picture_stored_on_its_side_is_turned_upright() {
    let (_, upright) = face("obama_portrait_2012");
    let (turned, embedding) = face("obama_portrait_2012_exif6");
    assert!(turned.score > 0.94, "{}", turned.score);
    let likeness = upright.likeness(&embedding);
    assert!(likeness > 0.98, "{likeness}");
    // Without the turn neither the detector's gate nor the comparison holds: the picture really is on its side.
    let bytes = std::fs::read(folder().join("obama_portrait_2012_exif6.jpg")).unwrap();
    let sideways = Picture::new(image::load_from_memory(&bytes).unwrap().into_rgb8());
    let found = faces(&MODELS.face_detector, &sideways, 640);
    assert!(found.first().is_none_or(|face| face.score < Policy::default().face_score));
}
