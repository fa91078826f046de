//! YuNet: finds faces and five landmarks.

use crate::geometry::{Point, Rect};
use crate::models::{Network, floats};
use crate::picture::Picture;

/// Faces scoring below this are not reported at all.
const REPORTED: f32 = 0.6;
/// Two boxes that share more than this are one face.
const SAME_FACE: f32 = 0.3;

/// One face, in pixels of the picture it was found in.
#[derive(Clone)]
pub(crate) struct Face {
    pub score: f32,
    pub area: Rect,
    /// Right eye, left eye, nose tip, right and left corner of the mouth (the person's right).
    pub points: [Point; 5],
}

impl Face {
    pub fn eyes(&self) -> (Point, Point) {
        let [right, left, ..] = self.points;
        (right, left)
    }

    pub fn nose(&self) -> Point {
        let [_, _, nose, ..] = self.points;
        nose
    }

    pub fn mouth(&self) -> Point {
        let [.., right, left] = self.points;
        right.middle(left)
    }

    /// The same face in a picture `by` times as large.
    pub fn scaled(&self, by: f32) -> Self {
        let grown = |p: Point| Point::new(p.x * by, p.y * by);
        let Rect { left, top, right, bottom } = self.area;
        let area = Rect { left: left * by, top: top * by, right: right * by, bottom: bottom * by };
        Self { score: self.score, area, points: self.points.map(grown) }
    }
}

/// Every face, best first, looking at the picture with its longer side at `side` pixels; when nothing is found it
/// is looked at smaller, because a face that fills the frame is missed at full size.
pub(crate) fn faces(network: &Network, picture: &Picture, side: u32) -> Vec<Face> {
    let mut side = side;
    loop {
        let found = faces_at(network, picture, side);
        if !found.is_empty() || side <= 160 {
            return found;
        }
        side /= 2;
    }
}

/// Every face at one size only; `side` is a multiple of 32.
pub(crate) fn faces_at(network: &Network, picture: &Picture, side: u32) -> Vec<Face> {
    let scale = side as f32 / picture.width().max(picture.height()).max(1) as f32;
    let width = ((picture.width() as f32 * scale).round() as u32).clamp(1, side);
    let height = ((picture.height() as f32 * scale).round() as u32).clamp(1, side);
    let small = picture.resized(width, height);
    // Only as much of the square as the picture needs; the network takes any multiple of 32.
    let (across, down) = (width.next_multiple_of(32), height.next_multiple_of(32));
    let plane = (across * down) as usize;
    let mut planes = vec![0.0_f32; plane * 3];
    let (blue, rest) = planes.split_at_mut(plane);
    let (green, red) = rest.split_at_mut(plane);
    for (y, row) in small.rgb().rows().enumerate() {
        let start = y * across as usize;
        let places = blue.iter_mut().zip(green.iter_mut()).zip(red.iter_mut()).skip(start);
        for (pixel, ((b, g), r)) in row.zip(places) {
            [*r, *g, *b] = pixel.0.map(f32::from);
        }
    }
    let outputs = network.run(planes, down as usize, across as usize);
    let mut found = decode(&outputs.iter().map(|value| floats(value).1).collect::<Vec<_>>(), across, down);
    for face in &mut found {
        *face = face.scaled(1.0 / scale);
    }
    found
}

/// Reads the twelve outputs: class, objectness, box and points, each for strides 8, 16 and 32.
fn decode(outputs: &[Vec<f32>], width: u32, height: u32) -> Vec<Face> {
    let mut found = Vec::new();
    for (level, stride) in [8_u32, 16, 32].into_iter().enumerate() {
        let (Some(class), Some(object), Some(boxes), Some(points)) =
            (outputs.get(level), outputs.get(level + 3), outputs.get(level + 6), outputs.get(level + 9))
        else {
            return Vec::new();
        };
        let columns = width / stride;
        let cells = class.iter().zip(object).zip(boxes.chunks_exact(4)).zip(points.chunks_exact(10));
        for (index, (((class, object), area), points)) in cells.enumerate().take((columns * (height / stride)) as usize)
        {
            let score = (class.clamp(0.0, 1.0) * object.clamp(0.0, 1.0)).sqrt();
            if score < REPORTED {
                continue;
            }
            let step = stride as f32;
            let (column, row) = ((index as u32 % columns) as f32, (index as u32 / columns) as f32);
            let place = |x: f32, y: f32| Point::new((column + x) * step, (row + y) * step);
            let ([x, y, w, h], [x0, y0, x1, y1, x2, y2, x3, y3, x4, y4]) = (area, points) else {
                continue;
            };
            let centre = place(*x, *y);
            let (half_width, half_height) = (w.exp() * step / 2.0, h.exp() * step / 2.0);
            found.push(Face {
                score,
                area: Rect {
                    left: centre.x - half_width,
                    top: centre.y - half_height,
                    right: centre.x + half_width,
                    bottom: centre.y + half_height,
                },
                points: [place(*x0, *y0), place(*x1, *y1), place(*x2, *y2), place(*x3, *y3), place(*x4, *y4)],
            });
        }
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Face> = Vec::new();
    for face in found {
        if kept.iter().all(|better| better.area.overlap(&face.area) <= SAME_FACE) {
            kept.push(face);
        }
    }
    kept
}
