//! Three faces from photographs in the public domain (`assets/faces`), and what can be made of them.

mod frames;
mod warp;

use image::{ImageFormat, RgbImage};
use lionrock_model::person::Sex;

pub(crate) use frames::{Camera, peak};
pub use frames::{FACE_FRAME, Turned, selfie_frames, still_selfie};
pub use warp::Pose;

/// A person shown in the photographs. The made-up residents borrow the faces; nothing else of these persons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Three photographs of B. Obama.
    Obama,
    /// Two photographs of J. Biden.
    Biden,
    /// One photograph of E. Collins.
    Collins,
}

impl Face {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Obama, Self::Biden, Self::Collins];

    /// The sex a card of this face shows.
    #[must_use]
    pub const fn sex(self) -> Sex {
        match self {
            Self::Obama | Self::Biden => Sex::Male,
            Self::Collins => Sex::Female,
        }
    }

    /// The photograph the card's portrait is made from.
    #[must_use]
    pub const fn for_card(self) -> Photo {
        match self {
            Self::Obama => Photo::ObamaPortrait2012,
            Self::Biden => Photo::BidenPortrait2013,
            Self::Collins => Photo::Collins,
        }
    }

    /// The photograph that stands before the camera: another one of the same person where there is one.
    #[must_use]
    pub const fn for_camera(self) -> Photo {
        match self {
            Self::Obama => Photo::ObamaBlueRoom,
            Self::Biden => Photo::BidenBlueRoom,
            Self::Collins => Photo::Collins,
        }
    }
}

/// One photograph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Photo {
    /// `biden_blue_room.jpg`
    BidenBlueRoom,
    /// `biden_portrait_2013.jpg`
    BidenPortrait2013,
    /// `collins_nasa_astronaut.jpg`
    Collins,
    /// `obama_blue_room.jpg`
    ObamaBlueRoom,
    /// `obama_congress_2009.jpg`
    ObamaCongress2009,
    /// `obama_portrait_2012.jpg`
    ObamaPortrait2012,
}

impl Photo {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::BidenBlueRoom,
        Self::BidenPortrait2013,
        Self::Collins,
        Self::ObamaBlueRoom,
        Self::ObamaCongress2009,
        Self::ObamaPortrait2012,
    ];

    /// The file as it is.
    #[must_use]
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::BidenBlueRoom => include_bytes!("../assets/faces/biden_blue_room.jpg"),
            Self::BidenPortrait2013 => include_bytes!("../assets/faces/biden_portrait_2013.jpg"),
            Self::Collins => include_bytes!("../assets/faces/collins_nasa_astronaut.jpg"),
            Self::ObamaBlueRoom => include_bytes!("../assets/faces/obama_blue_room.jpg"),
            Self::ObamaCongress2009 => include_bytes!("../assets/faces/obama_congress_2009.jpg"),
            Self::ObamaPortrait2012 => include_bytes!("../assets/faces/obama_portrait_2012.jpg"),
        }
    }

    /// The pixels; a grey square only if the shipped file were broken.
    #[must_use]
    pub fn pixels(self) -> RgbImage {
        image::load_from_memory_with_format(self.bytes(), ImageFormat::Jpeg)
            .map_or_else(|_| RgbImage::from_pixel(480, 480, image::Rgb([128; 3])), |picture| picture.into_rgb8())
    }

    /// Where the features lie, in pixels, as the detector of `models/` found them once.
    #[must_use]
    pub const fn features(self) -> Features {
        let [a, b, c, d, e] = match self {
            Self::BidenBlueRoom => [(259.1, 158.2), (321.1, 166.3), (294.0, 201.3), (253.5, 226.8), (305.8, 234.4)],
            Self::BidenPortrait2013 => [(222.9, 159.0), (306.7, 164.9), (263.8, 210.0), (219.0, 236.2), (300.7, 241.1)],
            Self::Collins => [(211.7, 148.8), (270.9, 153.8), (236.3, 185.2), (208.4, 203.0), (264.0, 206.9)],
            Self::ObamaBlueRoom => [(223.7, 177.4), (278.9, 181.3), (256.3, 212.4), (222.0, 233.5), (272.9, 237.2)],
            Self::ObamaCongress2009 => [(112.0, 171.1), (170.8, 175.2), (128.5, 210.7), (113.2, 241.7), (161.5, 244.1)],
            Self::ObamaPortrait2012 => [(230.9, 109.1), (291.8, 108.4), (260.1, 143.0), (233.2, 167.5), (289.7, 167.2)],
        };
        Features { right_eye: a, left_eye: b, nose: c, right_mouth: d, left_mouth: e }
    }
}

/// The five landmarks of a face in pixels of its picture; right and left are the person's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Features {
    /// Right eye, left in the picture.
    pub right_eye: (f32, f32),
    /// Left eye.
    pub left_eye: (f32, f32),
    /// Tip of the nose.
    pub nose: (f32, f32),
    /// Right corner of the mouth.
    pub right_mouth: (f32, f32),
    /// Left corner of the mouth.
    pub left_mouth: (f32, f32),
}

impl Features {
    /// The point between the eyes.
    #[must_use]
    pub fn between_eyes(&self) -> (f32, f32) {
        middle(self.right_eye, self.left_eye)
    }

    /// The middle of the mouth.
    #[must_use]
    pub fn mouth(&self) -> (f32, f32) {
        middle(self.right_mouth, self.left_mouth)
    }

    /// The distance between the eyes.
    #[must_use]
    pub fn eye_distance(&self) -> f32 {
        (self.left_eye.0 - self.right_eye.0).hypot(self.left_eye.1 - self.right_eye.1)
    }

    /// How far the head leans, in radians: positive when the person's left eye is the lower one.
    #[must_use]
    pub fn lean(&self) -> f32 {
        (self.left_eye.1 - self.right_eye.1).atan2(self.left_eye.0 - self.right_eye.0)
    }
}

fn middle(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {
    ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0)
}
