//! Finding the outline of a card: edges, contours, the four longest sides of a hull.

use imageproc::contours::{BorderType, find_contours};
use imageproc::distance_transform::Norm;
use imageproc::geometry::convex_hull;
use imageproc::point::Point as Pixel;

use super::template::CARD;
use crate::geometry::{Homography, Point, Quad, area};
use crate::picture::{Picture, Shade};

/// Edges are sought with the longer side at this many pixels.
const SIDE: u32 = 640;
/// Canny thresholds, from the faintest border to the boldest.
const THRESHOLDS: [(f32, f32); 4] = [(15.0, 40.0), (30.0, 80.0), (60.0, 140.0), (100.0, 220.0)];
/// Width over height of the card.
const ASPECT: f32 = 1.586;
/// How far from it an outline seen in perspective may be.
const ASPECT_SLACK: f32 = 0.25;
/// The hull fills at least this share of its four-sided outline.
const FILL: f32 = 0.85;
/// The card covers at least this share of the picture.
const COVER: f32 = 0.10;
/// Dilation pushes the outline out by about this many pixels.
const OUTWARD: f32 = 1.0;
/// Outlines whose corners are all nearer than this, in pixels, are one.
const SAME: f32 = 8.0;
/// No more outlines than this are looked into.
const MOST: usize = 4;
/// Points this near to a side, in pixels, belong to it.
const NEAR: f32 = 3.0;

/// The likeliest outlines, best first; in each the first side is a long one and corners run clockwise. Which long
/// side is the top is not known yet.
pub(crate) fn outlines(picture: &Picture) -> Vec<Quad> {
    let (small, scale) = picture.shrunk(SIDE);
    let whole = (small.width() * small.height()) as f32;
    let shade = small.shade();
    let soft = Shade::new(imageproc::filter::gaussian_blur_f32(shade.grey(), 1.2));
    let mut found: Vec<(f32, Quad)> = Vec::new();
    for (low, high) in THRESHOLDS {
        let edges = Shade::new(imageproc::edges::canny(soft.grey(), low, high));
        let thick = Shade::new(imageproc::morphology::dilate(edges.grey(), Norm::LInf, 1));
        for contour in find_contours::<i32>(thick.grey()) {
            if contour.points.len() < 80 {
                continue;
            }
            // Print around the card runs into its edge from outside, so the edge's inner side is looked at as well.
            let outward = if contour.border_type == BorderType::Outer { OUTWARD } else { -OUTWARD };
            found.extend(four_sided(&contour.points, whole, outward));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut kept: Vec<Quad> = Vec::new();
    for (_, quad) in found {
        let same = |other: &Quad| quad.iter().all(|corner| other.iter().any(|p| p.distance(*corner) < SAME));
        if !kept.iter().any(same) {
            kept.push(quad);
        }
    }
    kept.truncate(MOST);
    // From pixel middles of the small picture to those of the large one.
    let grown = |p: Point| Point::new((p.x + 0.5) / scale - 0.5, (p.y + 0.5) / scale - 0.5);
    kept.into_iter().map(|quad| quad.map(grown)).collect()
}

/// Straightened card → picture, for an outline whose first corner is the card's top left.
pub(crate) fn straighten(quad: &Quad) -> Option<Homography> {
    let (right, bottom) = (CARD.0 as f32 - 1.0, CARD.1 as f32 - 1.0);
    let corners = [Point::new(0.0, 0.0), Point::new(right, 0.0), Point::new(right, bottom), Point::new(0.0, bottom)];
    Homography::fit(&corners, quad)
}

/// The same outline seen with the other long side on top.
pub(crate) fn upside_down(quad: &Quad) -> Quad {
    let [a, b, c, d] = *quad;
    [c, d, a, b]
}

fn four_sided(contour: &[Pixel<i32>], whole: f32, outward: f32) -> Option<(f32, Quad)> {
    let points = |pixels: &[Pixel<i32>]| pixels.iter().map(|p| Point::new(p.x as f32, p.y as f32)).collect::<Vec<_>>();
    let mut hull = points(&convex_hull(contour));
    let hull_area = area(&hull);
    if hull_area < COVER * whole || hull_area > 0.985 * whole {
        return None;
    }
    if signed(&hull) < 0.0 {
        hull.reverse();
    }
    let rough = cornered(hull)?;
    let quad = tightened(&rough, &points(contour), outward)?;
    let quad_area = area(&quad);
    let fill = hull_area / quad_area.max(1.0);
    let [a, b, c, d] = quad;
    let (across, down) = ((a.distance(b) + c.distance(d)) / 2.0, (b.distance(c) + d.distance(a)) / 2.0);
    let quad = if across >= down { quad } else { [b, c, d, a] };
    let aspect = across.max(down) / across.min(down).max(1.0);
    let fits = (aspect / ASPECT - 1.0).abs() <= ASPECT_SLACK && (FILL..=1.1).contains(&fill);
    // A larger outline wins, unless its shape is clearly worse.
    fits.then(|| (hull_area / whole * fill * (1.0 - (aspect / ASPECT - 1.0).abs()), quad))
}

/// Takes sides away from a convex outline, always the one whose neighbours then add the least area, until four are
/// left: rounded corners and jags go first.
#[allow(clippy::indexing_slicing)] // Every index is taken modulo the length.
fn cornered(mut hull: Vec<Point>) -> Option<Quad> {
    while hull.len() > 4 {
        let count = hull.len();
        let mut least: Option<(f32, usize, Point)> = None;
        for side in 0..count {
            let [before, from, to, after] = [count - 1, 0, 1, 2].map(|step| hull[(side + step) % count]);
            let Some(tip) = crossing((before, from), (to, after)) else { continue };
            // The tip has to lie outside the side, or the neighbours run apart.
            if signed(&[from, tip, to]) <= 0.0 {
                continue;
            }
            let added = area(&[from, tip, to]);
            if least.as_ref().is_none_or(|(area, ..)| added < *area) {
                least = Some((added, side, tip));
            }
        }
        let (_, side, tip) = least?;
        let to = (side + 1) % count;
        hull[side] = tip;
        hull.remove(to);
    }
    Quad::try_from(hull).ok()
}

/// Each side laid through the outline's own points along it, then moved in by what blurring and dilation pushed it out.
fn tightened(rough: &Quad, outline: &[Point], pushed: f32) -> Option<Quad> {
    let [a, b, c, d] = *rough;
    let mut sides = [(a, b), (b, c), (c, d), (d, a)];
    for (from, to) in &mut sides {
        let length = from.distance(*to).max(1.0);
        let (ux, uy) = ((to.x - from.x) / length, (to.y - from.y) / length);
        // Along the side, and outwards from it (corners run clockwise).
        let along = |p: &Point| (p.x - from.x) * ux + (p.y - from.y) * uy;
        let outward = |p: &Point| (p.x - from.x) * uy - (p.y - from.y) * ux;
        let near: Vec<(f32, f32)> = outline
            .iter()
            .map(|p| (along(p), outward(p)))
            .filter(|(along, outward)| (0.1 * length..0.9 * length).contains(along) && outward.abs() <= NEAR)
            .collect();
        let count = near.len() as f32;
        if count < 0.2 * length {
            continue;
        }
        let (t, v) = near.iter().fold((0.0, 0.0), |(t, v), (along, outward)| (t + along / count, v + outward / count));
        let (mut tv, mut tt) = (0.0, 1e-6);
        for (along, outward) in &near {
            tv += (along - t) * (outward - v);
            tt += (along - t) * (along - t);
        }
        let slope = tv / tt;
        let at = |along: f32| {
            let out = v + slope * (along - t) - pushed;
            Point::new(from.x + along * ux + out * uy, from.y + along * uy - out * ux)
        };
        (*from, *to) = (at(0.0), at(length));
    }
    let [one, two, three, four] = sides;
    Some([crossing(four, one)?, crossing(one, two)?, crossing(two, three)?, crossing(three, four)?])
}

/// Twice the signed area; positive when the corners run clockwise on a screen.
fn signed(corners: &[Point]) -> f32 {
    corners.iter().zip(corners.iter().cycle().skip(1)).map(|(a, b)| a.x * b.y - b.x * a.y).sum()
}

/// Where two lines, each through two points, cross.
fn crossing((a, b): (Point, Point), (c, d): (Point, Point)) -> Option<Point> {
    let (ux, uy) = (b.x - a.x, b.y - a.y);
    let (vx, vy) = (d.x - c.x, d.y - c.y);
    let turn = ux * vy - uy * vx;
    if turn.abs() < 1e-3 * ux.hypot(uy) * vx.hypot(vy) {
        return None;
    }
    let t = ((c.x - a.x) * vy - (c.y - a.y) * vx) / turn;
    Some(Point::new(a.x + t * ux, a.y + t * uy))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use image::{Rgb, RgbImage};

    #[test]
    fn a_tilted_card_is_outlined() {
        let truth = [(300.0, 200.0), (1280.0, 330.0), (1200.0, 950.0), (220.0, 820.0)].map(|(x, y)| Point::new(x, y));
        let from = straighten(&truth).unwrap().inverse().unwrap();
        let picture = Picture::new(RgbImage::from_fn(1600, 1200, |x, y| {
            let p = from.apply(Point::new(x as f32, y as f32));
            let inside = p.x > 0.0 && p.y > 0.0 && p.x < 1010.0 && p.y < 637.0;
            if inside { Rgb([210, 220, 215]) } else { Rgb([90, 80, 70]) }
        }));
        let found = outlines(&picture)[0];
        for corner in truth {
            assert!(found.iter().any(|p| p.distance(corner) < 12.0), "{corner:?} {found:?}");
        }
    }

    #[test]
    fn a_plain_picture_has_no_outline() {
        assert!(outlines(&Picture::new(RgbImage::from_pixel(800, 600, Rgb([120, 120, 120])))).is_empty());
    }
}
