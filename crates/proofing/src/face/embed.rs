//! SFace: an aligned face as 128 numbers, and how alike two such faces are.

use zeroize::Zeroize;

use super::detect::Face;
use crate::geometry::{Point, Similarity};
use crate::models::{Network, floats, wipe};
use crate::picture::Picture;

/// Side of the aligned face, in pixels.
const SIDE: usize = 112;

/// Where the five landmarks belong in the aligned face.
const PLACES: [Point; 5] = [
    Point::new(38.2946, 51.6963),
    Point::new(73.5318, 51.5014),
    Point::new(56.0252, 71.7366),
    Point::new(41.5493, 92.3655),
    Point::new(70.7299, 92.2041),
];

/// A face as a direction in 128 dimensions. Biometric data: cannot be cloned or printed, wiped when it goes.
pub(crate) struct Embedding(Vec<f32>);

impl Drop for Embedding {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Embedding {
    /// The numbers themselves, for searches that must find none of them.
    #[cfg(feature = "measured")]
    pub fn numbers(&self) -> &[f32] {
        &self.0
    }

    /// Cosine of the angle to another face, −1 to 1.
    pub fn likeness(&self, other: &Self) -> f32 {
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }
}

/// `None` when the landmarks are degenerate or the network fails.
pub(crate) fn embed(network: &Network, picture: &Picture, face: &Face) -> Option<Embedding> {
    let mut numbers = said(network, aligned(picture, face)?)?;
    let length = numbers.iter().map(|n| n * n).sum::<f32>().sqrt();
    if numbers.len() != 128 || !length.is_normal() {
        numbers.zeroize();
        return None;
    }
    for number in &mut numbers {
        *number /= length;
    }
    Some(Embedding(numbers))
}

/// What the network says of an aligned face, before it is made a direction; nothing else keeps it.
pub(crate) fn said(network: &Network, planes: Vec<f32>) -> Option<Vec<f32>> {
    let outputs = network.run(planes, SIDE, SIDE);
    let numbers = outputs.first().map(|output| floats(output).1);
    wipe(outputs);
    numbers
}

/// The face turned and scaled to its place, as three planes of numbers, 0 to 255.
pub(crate) fn aligned(picture: &Picture, face: &Face) -> Option<Vec<f32>> {
    let to_picture = Similarity::fit(&face.points, &PLACES)?.inverse()?;
    let plane = SIDE * SIDE;
    let mut planes = vec![0.0_f32; plane * 3];
    let (red, rest) = planes.split_at_mut(plane);
    let (green, blue) = rest.split_at_mut(plane);
    for (index, ((r, g), b)) in red.iter_mut().zip(green).zip(blue).enumerate() {
        let place = Point::new((index % SIDE) as f32, (index / SIDE) as f32);
        [*r, *g, *b] = picture.blended(to_picture.apply(place)).map(f32::from);
    }
    Some(planes)
}
