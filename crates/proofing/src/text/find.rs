//! PP-OCRv5 detection: lines of text as tilted boxes.

use imageproc::geometry::convex_hull;
use imageproc::point::Point as Pixel;

use crate::geometry::Point;
use crate::models::{Network, floats};
use crate::picture::Picture;

/// A pixel belongs to text above this probability.
const TEXT: f32 = 0.3;
/// A region is text when its pixels reach this on average.
const REGION: f32 = 0.5;
/// How far boxes grow beyond the detected core: area × this / perimeter on each side.
const UNCLIP: f32 = 1.6;
/// Cores thinner than this many network pixels are dust.
const THINNEST: f32 = 3.0;

/// A line of text: its middle, the direction it runs in, and its size, in pixels of the picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub middle: Point,
    /// Unit vector along the line, left to right.
    pub along: Point,
    pub length: f32,
    pub height: f32,
}

impl Line {
    pub fn left(&self) -> Point {
        self.end(-0.5)
    }

    pub fn right(&self) -> Point {
        self.end(0.5)
    }

    fn end(&self, share: f32) -> Point {
        Point::new(
            self.along.x.mul_add(self.length * share, self.middle.x),
            self.along.y.mul_add(self.length * share, self.middle.y),
        )
    }

    /// The place at (u, v), each 0 to 1 from the line's top left corner.
    pub fn place(&self, u: f32, v: f32) -> Point {
        let (across, down) = ((u - 0.5) * self.length, (v - 0.5) * self.height);
        Point::new(
            self.middle.x + self.along.x * across - self.along.y * down,
            self.middle.y + self.along.y * across + self.along.x * down,
        )
    }
}

/// Every line, in no particular order, looking with the longer side at `longest` pixels at most.
pub(crate) fn lines(network: &Network, picture: &Picture, longest: u32) -> Vec<Line> {
    let scale = (longest as f32 / picture.width().max(picture.height()).max(1) as f32).min(1.0);
    let fit = |side: u32| (((side as f32 * scale) / 32.0).round() as u32).max(1) * 32;
    let (width, height) = (fit(picture.width()), fit(picture.height()));
    let small = picture.resized(width, height);
    let plane = (width * height) as usize;
    let mut planes = vec![0.0_f32; plane * 3];
    let (first, rest) = planes.split_at_mut(plane);
    let (second, third) = rest.split_at_mut(plane);
    for (pixel, ((b, g), r)) in small.rgb().pixels().zip(first.iter_mut().zip(second).zip(third)) {
        let [red, green, blue] = pixel.0.map(|value| f32::from(value) / 255.0);
        *b = (blue - 0.485) / 0.229;
        *g = (green - 0.456) / 0.224;
        *r = (red - 0.406) / 0.225;
    }
    let outputs = network.run(planes, height as usize, width as usize);
    let Some(output) = outputs.first() else { return Vec::new() };
    let (shape, map) = floats(output);
    if shape != [1, 1, height as usize, width as usize] {
        return Vec::new();
    }
    let (sx, sy) = (picture.width() as f32 / width as f32, picture.height() as f32 / height as f32);
    regions(&map, width as usize).iter().filter_map(|outline| boxed(outline, sx, sy)).collect()
}

/// Connected regions of text, each as the left- and rightmost pixels of its rows.
#[allow(clippy::indexing_slicing)] // Every index is a neighbour inside the map, checked against its width and length.
fn regions(map: &[f32], width: usize) -> Vec<Vec<Pixel<i32>>> {
    let mut seen = vec![false; map.len()];
    let mut found = Vec::new();
    let mut stack = Vec::new();
    for start in 0..map.len() {
        if seen[start] || map[start] <= TEXT {
            continue;
        }
        let (mut sum, mut count) = (0.0_f64, 0_u32);
        let mut rows: std::collections::BTreeMap<usize, (usize, usize)> = std::collections::BTreeMap::new();
        seen[start] = true;
        stack.push(start);
        while let Some(index) = stack.pop() {
            sum += f64::from(map[index]);
            count += 1;
            let (x, y) = (index % width, index / width);
            let row = rows.entry(y).or_insert((x, x));
            *row = (row.0.min(x), row.1.max(x));
            for ny in y.saturating_sub(1)..=y + 1 {
                for nx in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                    let next = ny * width + nx;
                    if next < map.len() && !seen[next] && map[next] > TEXT {
                        seen[next] = true;
                        stack.push(next);
                    }
                }
            }
        }
        if sum / f64::from(count) >= f64::from(REGION) {
            let outline = rows.iter().flat_map(|(y, (left, right))| {
                // Outer edges of the pixels, so that a row of one pixel still has a height.
                [(*left, *y), (*left, *y + 1), (*right + 1, *y), (*right + 1, *y + 1)]
                    .map(|(x, y)| Pixel::new(x as i32, y as i32))
            });
            found.push(outline.collect());
        }
    }
    found
}

/// The smallest rectangle around an outline, grown, in pixels of the picture.
fn boxed(outline: &[Pixel<i32>], sx: f32, sy: f32) -> Option<Line> {
    let hull: Vec<Point> = convex_hull(outline).iter().map(|p| Point::new(p.x as f32, p.y as f32)).collect();
    let mut best: Option<(f32, Line)> = None;
    for (a, b) in hull.iter().zip(hull.iter().cycle().skip(1)) {
        let length = a.distance(*b);
        if length < 1e-3 {
            continue;
        }
        let along = Point::new((b.x - a.x) / length, (b.y - a.y) / length);
        let (mut u0, mut u1, mut v0, mut v1) = (f32::MAX, f32::MIN, f32::MAX, f32::MIN);
        for p in &hull {
            let (u, v) = (p.x * along.x + p.y * along.y, p.y * along.x - p.x * along.y);
            (u0, u1, v0, v1) = (u0.min(u), u1.max(u), v0.min(v), v1.max(v));
        }
        let area = (u1 - u0) * (v1 - v0);
        if best.as_ref().is_none_or(|(least, _)| area < *least) {
            let (u, v) = ((u0 + u1) / 2.0, (v0 + v1) / 2.0);
            let middle = Point::new(u * along.x - v * along.y, u * along.y + v * along.x);
            best = Some((area, Line { middle, along, length: u1 - u0, height: v1 - v0 }));
        }
    }
    let (_, mut line) = best?;
    // The long side is the line's direction; a line reads left to right.
    if line.height > line.length {
        line =
            Line { along: Point::new(-line.along.y, line.along.x), length: line.height, height: line.length, ..line };
    }
    if line.along.x < 0.0 {
        line.along = Point::new(-line.along.x, -line.along.y);
    }
    if line.height < THINNEST {
        return None;
    }
    let grow = line.length * line.height * UNCLIP / (2.0 * (line.length + line.height));
    line.length += 2.0 * grow;
    line.height += 2.0 * grow;
    // Back to the picture; its two scales differ by less than the rounding to 32, so the box stays a box.
    let (left, right) = (line.left(), line.right());
    let (left, right) = (Point::new(left.x * sx, left.y * sy), Point::new(right.x * sx, right.y * sy));
    let length = left.distance(right).max(1e-3);
    Some(Line {
        middle: left.middle(right),
        along: Point::new((right.x - left.x) / length, (right.y - left.y) / length),
        length,
        height: line.height * (line.along.x.abs() * sy + line.along.y.abs() * sx),
    })
}
