//! Which way a head looks, from the five landmarks.

use super::detect::Face;
use crate::geometry::Point;

/// A head's attitude, measured in the face's own axes so that tilting the phone changes nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// How far the nose lies to the picture's right of the middle between the eyes, in eye distances. Grows as the
    /// person turns to their own left.
    pub yaw: f32,
    /// How far the nose lies below the eyes on the way to the mouth, 0 to 1. Shrinks as the person looks up.
    pub pitch: f32,
    /// Distance between the eyes and from eyes to mouth, as shares of the picture's width.
    pub eyes: f32,
    pub height: f32,
}

impl Look {
    /// `None` when the landmarks are degenerate.
    pub fn of(face: &Face, picture_width: u32) -> Option<Self> {
        let (right, left) = face.eyes();
        let distance = right.distance(left);
        let width = picture_width as f32;
        if distance < 1.0 || width < 1.0 {
            return None;
        }
        let along = Point::new((left.x - right.x) / distance, (left.y - right.y) / distance);
        let middle = right.middle(left);
        let across = |p: Point| (p.x - middle.x) * along.x + (p.y - middle.y) * along.y;
        let down = |p: Point| (p.y - middle.y) * along.x - (p.x - middle.x) * along.y;
        let height = down(face.mouth());
        (height >= 1.0).then(|| Self {
            yaw: across(face.nose()) / distance,
            pitch: down(face.nose()) / height,
            eyes: distance / width,
            height: height / width,
        })
    }

    /// The mean of several; `None` of none.
    pub fn mean(looks: &[Self]) -> Option<Self> {
        let count = looks.len() as f32;
        let mean = |part: fn(&Self) -> f32| looks.iter().map(part).sum::<f32>() / count;
        (!looks.is_empty()).then(|| Self {
            yaw: mean(|look| look.yaw),
            pitch: mean(|look| look.pitch),
            eyes: mean(|look| look.eyes),
            height: mean(|look| look.height),
        })
    }

    /// How much larger the face is than in another look. A turn narrows the eyes and a nod shortens the face, so the
    /// measure that shrank less counts.
    pub fn growth(&self, from: &Self) -> f32 {
        (self.eyes / from.eyes).max(self.height / from.height)
    }
}
