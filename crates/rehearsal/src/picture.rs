//! Pixels: sampling between them, laying colour over them, softening, spoiling and packing them.

use image::{GrayImage, ImageEncoder, Rgb, RgbImage, codecs::jpeg::JpegEncoder};

use crate::dice::Dice;

/// The colour at a place between pixels, by its four neighbours; outside, the nearest edge.
#[must_use]
pub fn sample(picture: &RgbImage, x: f32, y: f32) -> [f32; 3] {
    let (width, height) = picture.dimensions();
    if width == 0 || height == 0 {
        return [0.0; 3];
    }
    let (x, y) = (x.clamp(0.0, (width - 1) as f32), y.clamp(0.0, (height - 1) as f32));
    let (left, top) = (x as u32, y as u32);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (across, down) = (x - left as f32, y - top as f32);
    let Rgb(a) = *picture.get_pixel(left, top);
    let Rgb(b) = *picture.get_pixel(right, top);
    let Rgb(c) = *picture.get_pixel(left, bottom);
    let Rgb(d) = *picture.get_pixel(right, bottom);
    let mix = |[a, b, c, d]: [u8; 4]| {
        let upper = f32::from(a) + (f32::from(b) - f32::from(a)) * across;
        let lower = f32::from(c) + (f32::from(d) - f32::from(c)) * across;
        upper + (lower - upper) * down
    };
    let ([a0, a1, a2], [b0, b1, b2], [c0, c1, c2], [d0, d1, d2]) = (a, b, c, d);
    [mix([a0, b0, c0, d0]), mix([a1, b1, c1, d1]), mix([a2, b2, c2, d2])]
}

/// A colour from numbers that may be out of bounds.
#[must_use]
pub fn colour(values: [f32; 3]) -> Rgb<u8> {
    Rgb(values.map(|value| (value + 0.5).clamp(0.0, 255.0) as u8))
}

/// The brightness of a colour, 0 to 255 (ITU-R BT.601).
#[must_use]
pub fn brightness([red, green, blue]: [f32; 3]) -> f32 {
    0.299 * red + 0.587 * green + 0.114 * blue
}

/// Lays a colour over a pixel as thickly as `cover` says, 0 to 1. Pixels outside are left alone.
pub fn lay(picture: &mut RgbImage, x: i32, y: i32, over: [f32; 3], cover: f32) {
    let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
    if let Some(pixel) = picture.get_pixel_mut_checked(x, y) {
        *pixel = colour(blend(pixel.0.map(f32::from), over, cover));
    }
}

/// Between two colours: `share` of the second.
#[must_use]
pub fn blend([a, b, c]: [f32; 3], [d, e, f]: [f32; 3], share: f32) -> [f32; 3] {
    [a + (d - a) * share, b + (e - b) * share, c + (f - c) * share]
}

/// Softens as an unsharp lens does: three passes of a box, close to a Gaussian of this deviation in pixels.
#[must_use]
pub fn soften(picture: &RgbImage, deviation: f32) -> RgbImage {
    if deviation < 0.25 {
        return picture.clone();
    }
    if deviation < 1.0 {
        let centre = 1.0 - 0.62 * deviation;
        return weigh(&weigh(picture, centre, true), centre, false);
    }
    // A box of radius r has variance r(r+1)/3; three of them add up.
    let radius = ((0.25 + deviation * deviation).sqrt() - 0.5).round().max(1.0) as usize;
    (0..3).fold(picture.clone(), |soft, _| slide(&slide(&soft, radius, true), radius, false))
}

/// One pass of three taps along rows or columns.
fn weigh(picture: &RgbImage, centre: f32, rows: bool) -> RgbImage {
    let (width, height) = picture.dimensions();
    let side = (1.0 - centre) / 2.0;
    RgbImage::from_fn(width, height, |x, y| {
        let (before, after) = if rows {
            ((x.saturating_sub(1), y), ((x + 1).min(width - 1), y))
        } else {
            ((x, y.saturating_sub(1)), (x, (y + 1).min(height - 1)))
        };
        let (Rgb([a, b, c]), Rgb([d, e, f]), Rgb([g, h, i])) =
            (*picture.get_pixel(before.0, before.1), *picture.get_pixel(x, y), *picture.get_pixel(after.0, after.1));
        let mix = |p: u8, q: u8, r: u8| (f32::from(p) + f32::from(r)) * side + f32::from(q) * centre;
        colour([mix(a, d, g), mix(b, e, h), mix(c, f, i)])
    })
}

/// One pass of a sliding mean along rows or columns.
fn slide(picture: &RgbImage, radius: usize, rows: bool) -> RgbImage {
    let (width, height) = picture.dimensions();
    let mut out = RgbImage::new(width, height);
    let (lines, length) = if rows { (height, width) } else { (width, height) };
    let last = i64::from(length) - 1;
    let span = 2 * radius as u32 + 1;
    for line in 0..lines {
        let at = |place: i64| {
            let place = place.clamp(0, last) as u32;
            let Rgb(value) = if rows { *picture.get_pixel(place, line) } else { *picture.get_pixel(line, place) };
            value.map(u32::from)
        };
        let reach = radius as i64;
        let mut sum = (-reach..=reach).map(at).fold([0u32; 3], |[a, b, c], [d, e, f]| [a + d, b + e, c + f]);
        for place in 0..=last {
            let mean = Rgb(sum.map(|total| ((total + span / 2) / span) as u8));
            if rows {
                out.put_pixel(place as u32, line, mean)
            } else {
                out.put_pixel(line, place as u32, mean)
            }
            let ([a, b, c], [d, e, f], [g, h, i]) = (sum, at(place + reach + 1), at(place - reach));
            sum = [a + d - g, b + e - h, c + f - i];
        }
    }
    out
}

/// Adds the grain of a sensor: brightness noise of this deviation and a third of it in colour.
pub fn grain(picture: &mut RgbImage, deviation: f32, dice: &mut Dice) {
    if deviation <= 0.0 {
        return;
    }
    for pixel in picture.pixels_mut() {
        let (common, word) = (dice.normal() * deviation, dice.word());
        let tint = |shift: u32| (((word >> shift) & 0xff) as f32 / 127.5 - 1.0) * deviation * 0.58;
        let [red, green, blue] = pixel.0.map(f32::from);
        *pixel = colour([red + common + tint(0), green + common + tint(8), blue + common + tint(16)]);
    }
}

/// The picture as JPEG of a quality from 1 to 100. An encoder that writes to memory has no cause to fail; if it did,
/// nothing would come out.
#[must_use]
pub fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (width, height) = picture.dimensions();
    let written = JpegEncoder::new_with_quality(&mut bytes, quality).write_image(
        picture.as_raw(),
        width,
        height,
        image::ExtendedColorType::Rgb8,
    );
    if written.is_err() {
        bytes.clear();
    }
    bytes
}

/// The picture in grey, still with three colours.
#[must_use]
pub fn without_colour(picture: &RgbImage) -> RgbImage {
    let grey: GrayImage = image::DynamicImage::ImageRgb8(picture.clone()).into_luma8();
    image::DynamicImage::ImageLuma8(grey).into_rgb8()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softening_keeps_the_brightness_and_lessens_the_contrast() {
        let stripes = RgbImage::from_fn(64, 64, |x, _| if x % 8 < 4 { Rgb([0; 3]) } else { Rgb([200; 3]) });
        let spread = |picture: &RgbImage| {
            let mean = picture.pixels().map(|p| f32::from(p.0[0])).sum::<f32>() / 4096.0;
            (mean, picture.pixels().map(|p| (f32::from(p.0[0]) - mean).powi(2)).sum::<f32>() / 4096.0)
        };
        let mut last = spread(&stripes);
        for deviation in [0.6, 1.2, 2.0, 4.0] {
            let now = spread(&soften(&stripes, deviation));
            assert!((now.0 - 100.0).abs() < 2.0, "{deviation}: {now:?}");
            assert!(now.1 < last.1, "{deviation}: {now:?} after {last:?}");
            last = now;
        }
    }

    #[test]
    fn sampling_reads_between_and_stays_inside() {
        let picture = RgbImage::from_fn(2, 1, |x, _| Rgb([if x == 0 { 0 } else { 100 }; 3]));
        assert_eq!(sample(&picture, 0.5, 0.0), [50.0; 3]);
        assert_eq!(sample(&picture, 9.0, -3.0), [100.0; 3]);
    }
}
