//! The flat map between a card and its place in a photograph.

/// A homography from a photograph back to the unit square.
pub(super) struct Plane([f32; 9]);

impl Plane {
    /// The plane on which the unit square's corners (upper left, upper right, lower right, lower left) have these places.
    /// Closed form: unit square to quadrilateral, then the adjugate as inverse.
    pub fn onto([(x0, y0), (x1, y1), (x2, y2), (x3, y3)]: [(f32, f32); 4]) -> Self {
        let (dx1, dx2, sx) = (x1 - x2, x3 - x2, x0 - x1 + x2 - x3);
        let (dy1, dy2, sy) = (y1 - y2, y3 - y2, y0 - y1 + y2 - y3);
        let area = dx1 * dy2 - dx2 * dy1;
        let area = if area.abs() < 1e-6 { 1e-6 } else { area };
        let (g, h) = ((sx * dy2 - dx2 * sy) / area, (dx1 * sy - sx * dy1) / area);
        let (a, b, c) = (x1 - x0 + g * x1, x3 - x0 + h * x3, x0);
        let (d, e, f) = (y1 - y0 + g * y1, y3 - y0 + h * y3, y0);
        Self([
            e - f * h,
            c * h - b,
            b * f - c * e,
            f * g - d,
            a - c * g,
            c * d - a * f,
            d * h - e * g,
            b * g - a * h,
            a * e - b * d,
        ])
    }

    /// Where a place of the photograph lies in the unit square.
    pub fn back(&self, x: f32, y: f32) -> (f32, f32) {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        let depth = g * x + h * y + i;
        ((a * x + b * y + c) / depth, (d * x + e * y + f) / depth)
    }
}

#[cfg(test)]
mod tests {
    use super::Plane;

    #[test]
    fn corners_come_back() {
        let corners = [(210.0, 190.0), (1390.0, 260.0), (1330.0, 1010.0), (180.0, 900.0)];
        let plane = Plane::onto(corners);
        for ((x, y), want) in corners.into_iter().zip([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]) {
            let (u, v) = plane.back(x, y);
            assert!((u - want.0).abs() < 1e-3 && (v - want.1).abs() < 1e-3, "{u} {v} for {want:?}");
        }
    }
}
