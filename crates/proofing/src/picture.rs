//! Pictures in memory. They cannot be cloned, printed or serialised, and their pixels are wiped when they go.

use image::{GrayImage, RgbImage, imageops};
use zeroize::Zeroize;

use crate::geometry::{Homography, Point};

/// A colour picture, 8 bits a channel, upright.
pub struct Picture(RgbImage);

/// A grey picture, 8 bits.
pub(crate) struct Shade(GrayImage);

impl Drop for Picture {
    fn drop(&mut self) {
        (*self.0).zeroize();
    }
}

impl Drop for Shade {
    fn drop(&mut self) {
        (*self.0).zeroize();
    }
}

impl Picture {
    /// Takes ownership of decoded pixels.
    #[must_use]
    pub fn new(rgb: RgbImage) -> Self {
        Self(rgb)
    }

    /// Pixels across.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.0.width()
    }

    /// Pixels down.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.0.height()
    }

    pub(crate) fn rgb(&self) -> &RgbImage {
        &self.0
    }

    /// The colour at a place, zero outside.
    pub(crate) fn at(&self, x: u32, y: u32) -> [u8; 3] {
        self.0.get_pixel_checked(x, y).map_or([0; 3], |pixel| pixel.0)
    }

    /// Scaled to the given size, averaging when it shrinks.
    pub(crate) fn resized(&self, width: u32, height: u32) -> Self {
        Self(imageops::resize(&self.0, width.max(1), height.max(1), imageops::FilterType::Triangle))
    }

    /// Shrunk so that the longer side is at most `longest`; the scale applied comes with it.
    pub(crate) fn shrunk(&self, longest: u32) -> (Self, f32) {
        let side = self.width().max(self.height());
        if side <= longest {
            return (Self(self.0.clone()), 1.0);
        }
        let scale = longest as f32 / side as f32;
        let width = (self.width() as f32 * scale).round() as u32;
        let height = (self.height() as f32 * scale).round() as u32;
        (self.resized(width, height), scale)
    }

    /// Turned by a number of quarter turns, clockwise.
    pub(crate) fn turned(&self, quarters: u8) -> Self {
        Self(match quarters % 4 {
            1 => imageops::rotate90(&self.0),
            2 => imageops::rotate180(&self.0),
            3 => imageops::rotate270(&self.0),
            _ => self.0.clone(),
        })
    }

    /// A `width` × `height` picture whose pixel (x, y) is this one's at `to_here(x, y)`, bilinear, black outside.
    pub(crate) fn warped(&self, to_here: &Homography, width: u32, height: u32) -> Self {
        let mut out = RgbImage::new(width, height);
        for (x, y, pixel) in out.enumerate_pixels_mut() {
            let from = to_here.apply(Point::new(x as f32, y as f32));
            pixel.0 = self.blended(from);
        }
        Self(out)
    }

    /// Bilinear colour at a fractional place; black outside.
    pub(crate) fn blended(&self, place: Point) -> [u8; 3] {
        let (left, top) = (place.x.floor(), place.y.floor());
        if !(left >= 0.0 && top >= 0.0 && left < self.width() as f32 && top < self.height() as f32) {
            return [0; 3];
        }
        let (across, down) = (place.x - left, place.y - top);
        let (x0, y0) = (left as u32, top as u32);
        let x1 = (x0 + 1).min(self.width().saturating_sub(1));
        let y1 = (y0 + 1).min(self.height().saturating_sub(1));
        let (a, b) = (self.at(x0, y0), self.at(x1, y0));
        let (c, d) = (self.at(x0, y1), self.at(x1, y1));
        let mut out = [0; 3];
        for (channel, slot) in out.iter_mut().enumerate() {
            let value = |p: &[u8; 3]| f32::from(p.get(channel).copied().unwrap_or(0));
            let upper = value(&a).mul_add(1.0 - across, value(&b) * across);
            let lower = value(&c).mul_add(1.0 - across, value(&d) * across);
            *slot = upper.mul_add(1.0 - down, lower * down).round() as u8;
        }
        out
    }

    /// Mean difference to a picture of the same size, in levels of a channel.
    pub(crate) fn difference(&self, other: &Self) -> f32 {
        let pairs = self.0.iter().zip(other.0.iter());
        let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f32 / self.0.len().max(1) as f32
    }

    /// Brightness alone (ITU-R BT.601 weights).
    pub(crate) fn shade(&self) -> Shade {
        let mut out = GrayImage::new(self.width(), self.height());
        for (grey, colour) in out.pixels_mut().zip(self.0.pixels()) {
            let [r, g, b] = colour.0.map(u32::from);
            grey.0 = [((299 * r + 587 * g + 114 * b + 500) / 1000) as u8];
        }
        Shade(out)
    }

    /// Mean saturation, 0 to 1, of pixels bright enough to have a colour.
    pub(crate) fn saturation(&self) -> f32 {
        let (mut sum, mut count) = (0.0_f64, 0_u32);
        for pixel in self.0.pixels() {
            let [r, g, b] = pixel.0;
            let most = r.max(g).max(b);
            if most >= 24 {
                sum += f64::from(most - r.min(g).min(b)) / f64::from(most);
                count += 1;
            }
        }
        if count == 0 { 0.0 } else { (sum / f64::from(count)) as f32 }
    }

    /// The share of pixels that are blown out and colourless.
    pub(crate) fn glare(&self) -> f32 {
        let blown = self
            .0
            .pixels()
            .filter(|pixel| {
                let [r, g, b] = pixel.0;
                let (most, least) = (r.max(g).max(b), r.min(g).min(b));
                most >= 250 && most - least <= 8
            })
            .count();
        blown as f32 / (self.width() * self.height()).max(1) as f32
    }
}

impl Shade {
    pub(crate) fn new(grey: GrayImage) -> Self {
        Self(grey)
    }

    pub(crate) fn grey(&self) -> &GrayImage {
        &self.0
    }

    /// Mean brightness, 0 to 255.
    pub(crate) fn mean(&self) -> f32 {
        let sum: u64 = self.0.pixels().map(|pixel| u64::from(pixel.0[0])).sum();
        sum as f32 / (self.0.width() * self.0.height()).max(1) as f32
    }

    /// Variance of the Laplacian after the brightness is scaled to a mean of `mean`: how sharp the picture is.
    pub(crate) fn sharpness(&self, mean: f32) -> f32 {
        let gain = f64::from(mean / self.mean().max(1.0));
        let (width, height) = self.0.dimensions();
        let (mut sum, mut squares, mut count) = (0.0_f64, 0.0_f64, 0.0_f64);
        let pixels: &[u8] = &self.0;
        let rows: Vec<&[u8]> = pixels.chunks_exact(width.max(1) as usize).collect();
        for triple in rows.windows(3) {
            let [above, here, below] = triple else { continue };
            for ((up, down), three) in above.iter().skip(1).zip(below.iter().skip(1)).zip(here.windows(3)) {
                let [left, centre, right] = three else { continue };
                let value =
                    f64::from(*up) + f64::from(*down) + f64::from(*left) + f64::from(*right) - 4.0 * f64::from(*centre);
                sum += value;
                squares += value * value;
                count += 1.0;
            }
        }
        if count < 1.0 || height < 3 {
            return 0.0;
        }
        let average = sum / count;
        ((squares / count - average * average) * gain * gain) as f32
    }
}
