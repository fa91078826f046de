//! Pictures at the door: what is taken in, and what is refused before memory is spent on it.

use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use lionrock_proofing::intake::{CARD_BYTES, FRAME_BYTES, IntakeError, take_in};

fn photo() -> Vec<u8> {
    std::fs::read(crate::stage::faces().join("obama_portrait_2012.jpg")).unwrap()
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, 90]));
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(picture.as_raw(), width, height, ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

fn refused(bytes: &[u8]) -> IntakeError {
    take_in(bytes, CARD_BYTES).err().unwrap()
}

#[test]
fn jpeg_and_png_are_taken_in_and_nothing_else() {
    let jpeg = take_in(&photo(), FRAME_BYTES).unwrap();
    assert_eq!((jpeg.width(), jpeg.height()), (480, 395));
    let png = take_in(&png(300, 200), FRAME_BYTES).unwrap();
    assert_eq!((png.width(), png.height()), (300, 200));
    for other in
        [&b"RIFF\x24\0\0\0WEBPVP8 "[..], b"GIF89a", b"BM", b"%PDF-1.7", b"<svg xmlns=", b"MZ", b"\0\0\0\x18ftypheic"]
    {
        assert_eq!(refused(other), IntakeError::NotAPicture);
    }
    assert_eq!(refused(b""), IntakeError::Empty);
}

#[test]
fn a_picture_on_its_side_is_turned() {
    let bytes = std::fs::read(crate::stage::faces().join("obama_portrait_2012_exif6.jpg")).unwrap();
    let picture = take_in(&bytes, FRAME_BYTES).unwrap();
    assert_eq!((picture.width(), picture.height()), (480, 395));
}

#[test]
fn a_cut_off_picture_is_damaged_wherever_it_is_cut() {
    for whole in [photo(), png(300, 200)] {
        for share in [1, 10, 30, 50, 80, 95, 99] {
            let cut = &whole[..whole.len() * share / 100];
            assert!(matches!(refused(cut), IntakeError::Damaged | IntakeError::NotAPicture), "{share} %");
        }
        assert_eq!(refused(&whole[..whole.len() - 1]), IntakeError::Damaged);
    }
}

#[test]
fn too_many_bytes_are_refused_unread() {
    let mut large = photo();
    large.resize(30 * 1024 * 1024, 0);
    assert_eq!(refused(&large), IntakeError::TooManyBytes);
    assert_eq!(take_in(&large[..FRAME_BYTES + 1], FRAME_BYTES).err().unwrap(), IntakeError::TooManyBytes);
}

#[test]
fn a_header_that_promises_too_many_pixels_is_refused_before_decoding() {
    for (width, height) in [(65_535_u16, 65_535_u16), (50_000, 200), (200, 50_000), (4_097, 4_096)] {
        let mut bytes = photo();
        let frame = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0] || pair == [0xFF, 0xC2]).unwrap();
        bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
        bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
        assert_eq!(refused(&bytes), IntakeError::TooManyPixels, "{width} x {height}");
    }
    let mut bytes = png(300, 200);
    bytes[16..20].copy_from_slice(&50_000_u32.to_be_bytes());
    assert_eq!(refused(&bytes), IntakeError::TooManyPixels);
    assert_eq!(refused(&png(40, 40)), IntakeError::TooFewPixels);
}

#[test]
fn a_second_file_behind_the_first_is_refused_and_padding_is_not() {
    for whole in [photo(), png(300, 200)] {
        for behind in [&b"PK\x03\x04"[..], b"<script>", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n"] {
            assert_eq!(refused(&[&whole[..], behind].concat()), IntakeError::MoreThanAPicture);
        }
        assert_eq!(refused(&[&whole[..], &whole[..]].concat()), IntakeError::MoreThanAPicture);
        assert_eq!(refused(&[&whole[..], &[0; 65]].concat()), IntakeError::MoreThanAPicture);
        assert!(take_in(&[&whole[..], &[0; 16]].concat(), CARD_BYTES).is_ok());
    }
}

#[test]
fn no_bytes_make_it_panic() {
    // Every byte of the headers changed in turn, and the tail cut at every place near it.
    for whole in [photo(), png(300, 200)] {
        for at in 0..whole.len().min(700) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xFF;
            let _ = take_in(&bytes, CARD_BYTES);
        }
    }
}
