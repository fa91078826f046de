//! Points, boxes and the two fits that everything else stands on: similarity (faces) and homography (cards).

/// A place in a picture, in pixels from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub x: f32,
    pub y: f32,
}

impl Point {
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    pub fn middle(self, other: Self) -> Self {
        Self::new((self.x + other.x) / 2.0, (self.y + other.y) / 2.0)
    }
}

/// An upright rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Rect {
    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    pub fn height(&self) -> f32 {
        self.bottom - self.top
    }

    pub fn centre(&self) -> Point {
        Point::new((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0)
    }

    pub fn holds(&self, point: Point) -> bool {
        point.x >= self.left && point.x <= self.right && point.y >= self.top && point.y <= self.bottom
    }

    fn area(&self) -> f32 {
        self.width().max(0.0) * self.height().max(0.0)
    }

    fn shared(&self, other: &Self) -> f32 {
        let across = self.right.min(other.right) - self.left.max(other.left);
        let down = self.bottom.min(other.bottom) - self.top.max(other.top);
        across.max(0.0) * down.max(0.0)
    }

    /// Shared area over joint area.
    pub fn overlap(&self, other: &Self) -> f32 {
        let shared = self.shared(other);
        let joint = self.area() + other.area() - shared;
        if joint > 0.0 { shared / joint } else { 0.0 }
    }
}

/// Four corners: top left, top right, bottom right, bottom left.
pub(crate) type Quad = [Point; 4];

/// Area of a polygon by the shoelace formula, without sign.
pub(crate) fn area(corners: &[Point]) -> f32 {
    let next = corners.iter().cycle().skip(1);
    let twice: f32 = corners.iter().zip(next).map(|(a, b)| a.x * b.y - b.x * a.y).sum();
    twice.abs() / 2.0
}

/// Turn, scale and shift: x' = ax − by + tx, y' = bx + ay + ty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Similarity {
    a: f32,
    b: f32,
    tx: f32,
    ty: f32,
}

impl Similarity {
    /// Closed-form least squares over point pairs; `None` for fewer than two distinct points.
    pub fn fit(from: &[Point], to: &[Point]) -> Option<Self> {
        let count = from.len().min(to.len()) as f32;
        if count < 2.0 {
            return None;
        }
        let mean = |points: &[Point]| {
            let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.x, y + p.y));
            Point::new(x / count, y / count)
        };
        let (mf, mt) = (mean(from), mean(to));
        let (mut dot, mut cross, mut norm) = (0.0, 0.0, 0.0);
        for (p, q) in from.iter().zip(to) {
            let (px, py) = (p.x - mf.x, p.y - mf.y);
            let (qx, qy) = (q.x - mt.x, q.y - mt.y);
            dot += px * qx + py * qy;
            cross += px * qy - py * qx;
            norm += px * px + py * py;
        }
        if norm <= f32::EPSILON {
            return None;
        }
        let (a, b) = (dot / norm, cross / norm);
        Some(Self { a, b, tx: mt.x - (a * mf.x - b * mf.y), ty: mt.y - (b * mf.x + a * mf.y) })
    }

    /// The way back; `None` if everything falls on one point.
    pub fn inverse(&self) -> Option<Self> {
        let size = self.a * self.a + self.b * self.b;
        if size <= f32::EPSILON {
            return None;
        }
        let (a, b) = (self.a / size, -self.b / size);
        Some(Self { a, b, tx: -(a * self.tx - b * self.ty), ty: -(b * self.tx + a * self.ty) })
    }

    pub fn apply(&self, p: Point) -> Point {
        Point::new(self.a * p.x - self.b * p.y + self.tx, self.b * p.x + self.a * p.y + self.ty)
    }
}

/// A plane seen in perspective, row by row; the last element is 1 up to scale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Homography([f64; 9]);

impl Homography {
    pub fn apply(&self, p: Point) -> Point {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        let (x, y) = (f64::from(p.x), f64::from(p.y));
        let w = g * x + h * y + i;
        let w = if w.abs() < 1e-12 { 1e-12 } else { w };
        Point::new(((a * x + b * y + c) / w) as f32, ((d * x + e * y + f) / w) as f32)
    }

    /// First `self`, then `next`.
    pub fn then(&self, next: &Self) -> Self {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        let row = |x: f64, y: f64, z: f64| [x * a + y * d + z * g, x * b + y * e + z * h, x * c + y * f + z * i];
        let [p, q, r, s, t, u, v, w, z] = next.0;
        let ([m0, m1, m2], [m3, m4, m5], [m6, m7, m8]) = (row(p, q, r), row(s, t, u), row(v, w, z));
        Self([m0, m1, m2, m3, m4, m5, m6, m7, m8])
    }

    pub fn scaling(x: f32, y: f32) -> Self {
        Self([f64::from(x), 0.0, 0.0, 0.0, f64::from(y), 0.0, 0.0, 0.0, 1.0])
    }

    /// First `self`, then a shift by `by`.
    pub fn shifted(&self, by: Point) -> Self {
        self.then(&Self([1.0, 0.0, f64::from(by.x), 0.0, 1.0, f64::from(by.y), 0.0, 0.0, 1.0]))
    }

    /// The way back; `None` when the map is degenerate.
    pub fn inverse(&self) -> Option<Self> {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        let determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
        if determinant.abs() < 1e-18 {
            return None;
        }
        Some(Self(
            [
                e * i - f * h,
                c * h - b * i,
                b * f - c * e,
                f * g - d * i,
                a * i - c * g,
                c * d - a * f,
                d * h - e * g,
                b * g - a * h,
                a * e - b * d,
            ]
            .map(|value| value / determinant),
        ))
    }

    /// Least squares over at least four pairs.
    pub fn fit(from: &[Point], to: &[Point]) -> Option<Self> {
        Self::fit_where(from, to, &vec![true; from.len()])
    }

    /// Least squares (Hartley's normalisation, then the 8 normal equations) where some pairs bind the height only:
    /// `across` tells which bind both axes. At least eight equations are needed.
    pub fn fit_where(from: &[Point], to: &[Point], across: &[bool]) -> Option<Self> {
        let pairs = from.len().min(to.len());
        if pairs + across.iter().filter(|both| **both).count() < 8 {
            return None;
        }
        let (shrink_from, _) = normaliser(from)?;
        let (shrink_to, grow_to) = normaliser(to)?;
        let mut normal = [[0.0_f64; 9]; 8];
        for ((p, q), across) in from.iter().zip(to).zip(across) {
            let (p, q) = (shrink_from.apply(*p), shrink_to.apply(*q));
            let (x, y) = (f64::from(p.x), f64::from(p.y));
            let (u, v) = (f64::from(q.x), f64::from(q.y));
            let rows = [[0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, v], [x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, u]];
            for row in rows.into_iter().take(if *across { 2 } else { 1 }) {
                for (line, left) in normal.iter_mut().zip(row) {
                    for (slot, right) in line.iter_mut().zip(row) {
                        *slot += left * right;
                    }
                }
            }
        }
        let [a, b, c, d, e, f, g, h] = solve(normal)?;
        let middle = Self([a, b, c, d, e, f, g, h, 1.0]);
        Some(shrink_from.then(&middle).then(&grow_to))
    }
}

/// Moves points around the origin at a mean distance of √2, and back.
fn normaliser(points: &[Point]) -> Option<(Homography, Homography)> {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + f64::from(p.x), y + f64::from(p.y)));
    let (x, y) = (x / count, y / count);
    let spread = points.iter().map(|p| (f64::from(p.x) - x).hypot(f64::from(p.y) - y)).sum::<f64>() / count;
    if spread < 1e-6 {
        return None;
    }
    let s = std::f64::consts::SQRT_2 / spread;
    Some((
        Homography([s, 0.0, -s * x, 0.0, s, -s * y, 0.0, 0.0, 1.0]),
        Homography([1.0 / s, 0.0, x, 0.0, 1.0 / s, y, 0.0, 0.0, 1.0]),
    ))
}

/// Gauss with partial pivoting over eight equations, right-hand side in the last column.
#[allow(clippy::indexing_slicing)] // Every index runs over the fixed sizes 8 and 9 of the array.
fn solve(mut m: [[f64; 9]; 8]) -> Option<[f64; 8]> {
    for column in 0..8 {
        let pivot = (column..8).max_by(|a, b| m[*a][column].abs().total_cmp(&m[*b][column].abs()))?;
        m.swap(column, pivot);
        if m[column][column].abs() < 1e-12 {
            return None;
        }
        for row in 0..8 {
            if row != column {
                let factor = m[row][column] / m[column][column];
                let above = m[column];
                for (value, above) in m[row].iter_mut().zip(above).skip(column) {
                    *value -= factor * above;
                }
            }
        }
    }
    let mut out = [0.0; 8];
    for (index, slot) in out.iter_mut().enumerate() {
        *slot = m[index][8] / m[index][index];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_homography_is_found_again_and_inverts() {
        let from =
            [(0.0, 0.0), (1011.0, 0.0), (1011.0, 638.0), (0.0, 638.0), (300.0, 200.0)].map(|(x, y)| Point::new(x, y));
        let truth = Homography([0.9, 0.1, 30.0, -0.08, 1.1, 12.0, 1e-4, -5e-5, 1.0]);
        let to = from.map(|p| truth.apply(p));
        let found = Homography::fit(&from, &to).unwrap();
        let back = found.inverse().unwrap();
        for (p, q) in from.iter().zip(to) {
            assert!(found.apply(*p).distance(q) < 0.01);
            assert!(back.apply(q).distance(*p) < 0.01);
            assert!(found.then(&back).apply(*p).distance(*p) < 0.01);
        }
    }

    #[test]
    fn points_on_a_line_have_no_homography() {
        let line = [1.0, 2.0, 3.0, 4.0].map(|x| Point::new(x, 2.0 * x));
        assert!(Homography::fit(&line, &line).is_none());
    }

    #[test]
    fn a_similarity_is_found_again_and_inverts() {
        let from = [(38.0, 51.0), (73.0, 51.0), (56.0, 71.0)].map(|(x, y)| Point::new(x, y));
        let truth = Similarity { a: 1.5, b: 0.4, tx: 7.0, ty: -3.0 };
        let to = from.map(|p| truth.apply(p));
        let found = Similarity::fit(&from, &to).unwrap();
        for (p, q) in from.iter().zip(to) {
            assert!(found.apply(*p).distance(q) < 1e-3);
            assert!(found.inverse().unwrap().apply(q).distance(*p) < 1e-3);
        }
    }
}
