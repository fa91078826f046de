//! Taking in a picture: what it is, whether it is whole, how large it is, which way up it lies.
//!
//! Nothing here trusts a file name or a declared type. The bytes are walked first, without decoding, so that a
//! picture that is too large, cut off, or carries a second file behind its end is refused before any memory is taken for it.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, Limits};
use zeroize::{Zeroize, Zeroizing};

use crate::picture::Picture;

/// The largest card picture, in bytes.
pub const CARD_BYTES: usize = 8 * 1024 * 1024;
/// The largest face frame, in bytes.
pub const FRAME_BYTES: usize = 2 * 1024 * 1024;
/// The largest width or height, in pixels.
pub const SIDE: u32 = 4096;
/// The smallest width or height worth judging, in pixels.
pub const SIDE_LEAST: u32 = 160;
/// Padding that some cameras leave behind the end of a picture, in bytes. Only zero or 0xFF bytes count as padding.
pub const PADDING: usize = 64;

/// Memory the decoder may take beside the picture itself, in bytes.
const DECODER_BYTES: u64 = 160 * 1024 * 1024;

/// Why a picture was not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// No bytes at all.
    #[error("the picture is empty")]
    Empty,
    /// More bytes than allowed for its kind.
    #[error("the picture has too many bytes")]
    TooManyBytes,
    /// Neither JPEG nor PNG by content.
    #[error("the picture is neither JPEG nor PNG")]
    NotAPicture,
    /// The file ends before the picture does, or its structure is damaged.
    #[error("the picture is cut off or damaged")]
    Damaged,
    /// Wider or higher than [`SIDE`] pixels.
    #[error("the picture has too many pixels")]
    TooManyPixels,
    /// Narrower or lower than [`SIDE_LEAST`] pixels.
    #[error("the picture has too few pixels")]
    TooFewPixels,
    /// Something else follows the end of the picture.
    #[error("the file holds more than one picture")]
    MoreThanAPicture,
}

/// The two formats taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Jpeg,
    Png,
}

/// Decodes `bytes`, turned upright as its EXIF orientation says; every other piece of metadata is dropped.
///
/// # Errors
/// See [`IntakeError`]; the checks run in the order size, format, structure, dimensions, decoding.
pub fn take_in(bytes: &[u8], most: usize) -> Result<Picture, IntakeError> {
    if bytes.is_empty() {
        return Err(IntakeError::Empty);
    }
    if bytes.len() > most {
        return Err(IntakeError::TooManyBytes);
    }
    let format = sniff(bytes).ok_or(IntakeError::NotAPicture)?;
    let (width, height, end) = match format {
        Format::Jpeg => walk_jpeg(bytes)?,
        Format::Png => walk_png(bytes)?,
    };
    let rest = bytes.get(end..).unwrap_or_default();
    if rest.len() > PADDING || rest.iter().any(|byte| *byte != 0 && *byte != 0xFF) {
        return Err(IntakeError::MoreThanAPicture);
    }
    check_sides(width, height)?;
    decode(bytes, format)
}

fn check_sides(width: u32, height: u32) -> Result<(), IntakeError> {
    if width > SIDE || height > SIDE {
        return Err(IntakeError::TooManyPixels);
    }
    if width < SIDE_LEAST || height < SIDE_LEAST {
        return Err(IntakeError::TooFewPixels);
    }
    Ok(())
}

fn decode(bytes: &[u8], format: Format) -> Result<Picture, IntakeError> {
    let image = match format {
        Format::Jpeg => upright(image::codecs::jpeg::JpegDecoder::new(Cursor::new(bytes))),
        Format::Png => upright(image::codecs::png::PngDecoder::with_limits(Cursor::new(bytes), limits())),
    }
    .map_err(|_| IntakeError::Damaged)?;
    // The decoder and the header walk must agree, or one of them was misled.
    check_sides(image.width(), image.height())?;
    Ok(match image {
        DynamicImage::ImageRgb8(rgb) => Picture::new(rgb),
        mut other => {
            let rgb = other.to_rgb8();
            wipe(&mut other);
            Picture::new(rgb)
        }
    })
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(SIDE);
    limits.max_image_height = Some(SIDE);
    limits.max_alloc = Some(DECODER_BYTES);
    limits
}

fn upright<D: ImageDecoder>(decoder: image::ImageResult<D>) -> image::ImageResult<DynamicImage> {
    let mut decoder = decoder?;
    decoder.set_limits(limits())?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// Wipes a picture of any pixel type the two decoders produce.
fn wipe(image: &mut DynamicImage) {
    match image {
        DynamicImage::ImageLuma8(buffer) => buffer.zeroize_pixels(),
        DynamicImage::ImageLumaA8(buffer) => buffer.zeroize_pixels(),
        DynamicImage::ImageRgb8(buffer) => buffer.zeroize_pixels(),
        DynamicImage::ImageRgba8(buffer) => buffer.zeroize_pixels(),
        DynamicImage::ImageLuma16(buffer) => buffer.zeroize_pixels(),
        DynamicImage::ImageLumaA16(buffer) => buffer.zeroize_pixels(),
        DynamicImage::ImageRgb16(buffer) => buffer.zeroize_pixels(),
        DynamicImage::ImageRgba16(buffer) => buffer.zeroize_pixels(),
        _ => {}
    }
}

trait ZeroizePixels {
    fn zeroize_pixels(&mut self);
}

impl<P: image::Pixel> ZeroizePixels for image::ImageBuffer<P, Vec<P::Subpixel>>
where
    P::Subpixel: Zeroize,
{
    fn zeroize_pixels(&mut self) {
        for value in self.iter_mut() {
            value.zeroize();
        }
    }
}

fn sniff(bytes: &[u8]) -> Option<Format> {
    if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        Some(Format::Jpeg)
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(Format::Png)
    } else {
        None
    }
}

/// Walks the markers of a JPEG (ITU T.81 annex B): width, height and the offset behind the end-of-image marker.
fn walk_jpeg(bytes: &[u8]) -> Result<(u32, u32, usize), IntakeError> {
    let mut at = 2;
    let mut sides = None;
    let mut scans = 0_u32;
    loop {
        let marker = next_marker(bytes, &mut at)?;
        match marker {
            // End of image: only after a frame header and at least one scan.
            0xD9 => {
                let (width, height) = sides.ok_or(IntakeError::Damaged)?;
                return if scans > 0 { Ok((width, height, at)) } else { Err(IntakeError::Damaged) };
            }
            // Stand-alone markers carry no length.
            0x01 | 0xD0..=0xD7 => {}
            0xD8 | 0x00 => return Err(IntakeError::Damaged),
            _ => {
                let length = u16_at(bytes, at).ok_or(IntakeError::Damaged)? as usize;
                if length < 2 || at + length > bytes.len() {
                    return Err(IntakeError::Damaged);
                }
                // Frame headers: SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC).
                if (0xC0..=0xCF).contains(&marker) && !matches!(marker, 0xC4 | 0xC8 | 0xCC) {
                    if sides.is_some() {
                        return Err(IntakeError::Damaged);
                    }
                    let height = u16_at(bytes, at + 3).ok_or(IntakeError::Damaged)?;
                    let width = u16_at(bytes, at + 5).ok_or(IntakeError::Damaged)?;
                    if u32::from(width) > SIDE || u32::from(height) > SIDE {
                        return Err(IntakeError::TooManyPixels);
                    }
                    sides = Some((u32::from(width), u32::from(height)));
                }
                at += length;
                if marker == 0xDA {
                    scans += 1;
                    skip_scan(bytes, &mut at)?;
                }
            }
        }
    }
}

/// Reads `0xFF`+ and a marker byte, leaving `at` behind it.
fn next_marker(bytes: &[u8], at: &mut usize) -> Result<u8, IntakeError> {
    if bytes.get(*at) != Some(&0xFF) {
        return Err(IntakeError::Damaged);
    }
    while bytes.get(*at) == Some(&0xFF) {
        *at += 1;
    }
    let marker = *bytes.get(*at).ok_or(IntakeError::Damaged)?;
    *at += 1;
    Ok(marker)
}

/// Moves over entropy-coded data to the next real marker; stuffed zeros and restart markers belong to the data.
fn skip_scan(bytes: &[u8], at: &mut usize) -> Result<(), IntakeError> {
    loop {
        match (bytes.get(*at), bytes.get(*at + 1)) {
            (Some(0xFF), Some(0x00 | 0xD0..=0xD7)) => *at += 2,
            (Some(0xFF), Some(0xFF)) => *at += 1,
            (Some(0xFF), Some(_)) => return Ok(()),
            (Some(_), Some(_)) => *at += 1,
            _ => return Err(IntakeError::Damaged),
        }
    }
}

/// Walks the chunks of a PNG: width, height and the offset behind the IEND chunk.
fn walk_png(bytes: &[u8]) -> Result<(u32, u32, usize), IntakeError> {
    let mut at = 8;
    let mut sides = None;
    loop {
        let length = u32_at(bytes, at).ok_or(IntakeError::Damaged)? as usize;
        let kind = bytes.get(at + 4..at + 8).ok_or(IntakeError::Damaged)?;
        let end = at
            .checked_add(12)
            .and_then(|start| start.checked_add(length))
            .filter(|end| *end <= bytes.len())
            .ok_or(IntakeError::Damaged)?;
        match (kind, sides) {
            (b"IHDR", None) => {
                let width = u32_at(bytes, at + 8).ok_or(IntakeError::Damaged)?;
                let height = u32_at(bytes, at + 12).ok_or(IntakeError::Damaged)?;
                if width > SIDE || height > SIDE {
                    return Err(IntakeError::TooManyPixels);
                }
                sides = Some((width, height));
            }
            (_, None) | (b"IHDR", Some(_)) => return Err(IntakeError::Damaged),
            (b"IEND", Some((width, height))) => return Ok((width, height, end)),
            _ => {}
        }
        at = end;
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at.checked_add(2)?)?;
    pair.try_into().ok().map(u16::from_be_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    four.try_into().ok().map(u32::from_be_bytes)
}

/// Takes in and wipes the encoded bytes, whatever the outcome.
///
/// # Errors
/// As [`take_in`].
pub fn take_in_and_wipe(bytes: Vec<u8>, most: usize) -> Result<Picture, IntakeError> {
    let bytes = Zeroizing::new(bytes);
    take_in(&bytes, most)
}
