//! The one EXIF entry that matters: which way up the picture is (EXIF 2.32 section 4.6.4, tag 0x0112).

/// The JPEG with an APP1 segment that states an orientation, right after its start.
pub(super) fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let segment: [u8; 36] = [
        0xff,
        0xe1,
        0,
        34,
        b'E',
        b'x',
        b'i',
        b'f',
        0,
        0, // APP1, its length, what it is
        b'M',
        b'M',
        0,
        42,
        0,
        0,
        0,
        8, // TIFF, big-endian, first directory at 8
        0,
        1,
        0x01,
        0x12,
        0,
        3,
        0,
        0,
        0,
        1,
        0,
        orientation,
        0,
        0, // one entry: orientation, SHORT, one value
        0,
        0,
        0,
        0, // no further directory
    ];
    let (start, rest) = jpeg.split_at(jpeg.len().min(2));
    [start, &segment, rest].concat()
}
