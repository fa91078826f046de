//! Where things are printed, in fractions of the card's width and height (published analysis of the government's
//! specimen of 2018; marks and frame are ours).

use super::{HEIGHT, WIDTH};

/// A rectangle of the card and how a line is set into it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Left edge, fraction of the width.
    pub left: f32,
    /// Upper edge, fraction of the height.
    pub top: f32,
    /// Right edge.
    pub right: f32,
    /// Lower edge.
    pub bottom: f32,
    /// How a line is set.
    pub fit: Fit,
}

/// How a line is set into its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fit {
    /// From the left edge to the right edge.
    Width,
    /// From the left edge, of this size in pixels, smaller if it would go over the right edge.
    Left(f32),
    /// In the middle, as large as it can be.
    Centre,
}

impl Place {
    /// Left, top, right and bottom in pixels.
    #[must_use]
    pub fn pixels(&self) -> (f32, f32, f32, f32) {
        let (width, height) = (WIDTH as f32, HEIGHT as f32);
        (self.left * width, self.top * height, self.right * width, self.bottom * height)
    }
}

const fn place(left: f32, top: f32, right: f32, bottom: f32, fit: Fit) -> Place {
    Place { left, top, right, bottom, fit }
}

/// Title in Chinese.
pub const TITLE: Place = place(0.16, 0.030, 0.79, 0.090, Fit::Centre);
/// Title in English.
pub const ENGLISH_TITLE: Place = place(0.16, 0.108, 0.79, 0.152, Fit::Centre);
/// Name in Chinese.
pub const CHINESE_NAME: Place = place(0.05, 0.21, 0.36, 0.28, Fit::Left(45.0));
/// Name in English.
pub const ENGLISH_NAME: Place = place(0.025, 0.30, 0.66, 0.36, Fit::Left(40.0));
/// The number in its window.
pub const OVAL: Place = place(0.69, 0.20, 0.80, 0.27, Fit::Width);
/// The window's rim.
pub const OVAL_RIM: Place = place(0.672, 0.192, 0.818, 0.278, Fit::Width);
/// Commercial codes.
pub const CODES: Place = place(0.39, 0.38, 0.70, 0.43, Fit::Left(38.0));
/// Label of the date of birth.
pub const BIRTH_LABEL: Place = place(0.39, 0.50, 0.65, 0.56, Fit::Width);
/// Date of birth.
pub const BIRTH: Place = place(0.39, 0.58, 0.62, 0.63, Fit::Width);
/// Sex.
pub const SEX: Place = place(0.64, 0.58, 0.71, 0.63, Fit::Width);
/// Symbols.
pub const SYMBOLS: Place = place(0.40, 0.65, 0.56, 0.70, Fit::Left(38.0));
/// Label of the date of issue.
pub const ISSUE_LABEL: Place = place(0.39, 0.70, 0.62, 0.75, Fit::Width);
/// Month and year of first registration.
pub const FIRST_REGISTERED: Place = place(0.39, 0.77, 0.53, 0.82, Fit::Width);
/// Date of issue.
pub const ISSUED: Place = place(0.40, 0.86, 0.61, 0.93, Fit::Width);
/// Number with its check character.
pub const NUMBER: Place = place(0.68, 0.86, 0.96, 0.93, Fit::Width);
/// Portrait.
pub const PORTRAIT: Place = place(0.06, 0.38, 0.33, 0.91, Fit::Centre);
/// The small, pale second portrait.
pub const GHOST: Place = place(0.74, 0.58, 0.84, 0.78, Fit::Centre);
/// Frame of the specimen's mark.
pub const MARK_FRAME: Place = place(0.735, 0.36, 0.975, 0.52, Fit::Centre);
/// Specimen's mark in English.
pub const MARK: Place = place(0.75, 0.385, 0.96, 0.435, Fit::Centre);
/// Specimen's mark in Chinese.
pub const MARK_CHINESE: Place = place(0.77, 0.445, 0.94, 0.50, Fit::Centre);
/// The line at the foot that says it again.
pub const FOOT: Place = place(0.16, 0.952, 0.84, 0.985, Fit::Centre);
