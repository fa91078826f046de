//! Where things are printed, one data file a card design.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use crate::face::detect::Face;
use crate::geometry::{Point, Rect};
use crate::text::find::Line;

/// Size of a straightened card, in pixels: ID-1, 85.60 × 53.98 mm at 300 dots an inch.
pub(crate) const CARD: (u32, u32) = (1011, 638);

/// What is printed in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    ChineseName,
    EnglishName,
    Oval,
    Codes,
    BirthLabel,
    Birth,
    Sex,
    Symbols,
    IssueLabel,
    FirstRegistered,
    Issued,
    Number,
}

/// A card design, in pixels of a straightened card.
pub(crate) struct Template {
    /// The first day on which cards of this design were issued.
    pub issued_from: Date,
    /// Where the middle of the portrait's face lies.
    pub portrait: Rect,
    /// About where the eyes of the portrait lie: the person's right one, then the left one.
    pub eyes: (Point, Point),
    /// Middles of the Chinese and the English title.
    pub titles: (Point, Point),
    zones: BTreeMap<Field, Rect>,
}

impl Template {
    /// Every design known; `None` when a data file is wrong, which the tests exclude.
    pub fn all() -> Option<Vec<Self>> {
        [include_str!("../../templates/card-2018.json")].into_iter().map(Self::parse).collect()
    }

    fn parse(text: &str) -> Option<Self> {
        let sheet: Sheet = serde_json::from_str(text).ok()?;
        let (width, height) = (sheet.width as f32, sheet.height as f32);
        let rect = |[left, top, right, bottom]: [f32; 4]| Rect {
            left: left * width,
            top: top * height,
            right: right * width,
            bottom: bottom * height,
        };
        Some(Self {
            issued_from: sheet.issued_from.parse().ok()?,
            portrait: rect(sheet.portrait),
            eyes: (
                Point::new((sheet.eyes.middle.0 - sheet.eyes.apart / 2.0) * width, sheet.eyes.middle.1 * height),
                Point::new((sheet.eyes.middle.0 + sheet.eyes.apart / 2.0) * width, sheet.eyes.middle.1 * height),
            ),
            titles: (
                Point::new(sheet.title.middle_x * width, sheet.title.chinese_y * height),
                Point::new(sheet.title.middle_x * width, sheet.title.english_y * height),
            ),
            zones: sheet.fields.into_iter().map(|(field, zone)| (field, rect(zone))).collect(),
        })
        .filter(|_| (sheet.width, sheet.height) == CARD)
    }

    /// Where a field is printed.
    pub fn zone(&self, field: Field) -> Option<Rect> {
        self.zones.get(&field).copied()
    }

    /// Whether a face, `scale` times smaller than on a straightened card, is about where and as large as the portrait's.
    pub fn suits(&self, face: &Face, scale: f32) -> bool {
        let face = face.scaled(scale);
        let (right, left) = face.eyes();
        let (middle, apart) = (self.eyes.0.middle(self.eyes.1), self.eyes.0.distance(self.eyes.1));
        let size = right.distance(left) / apart;
        left.x > right.x && right.middle(left).distance(middle) < 0.7 * apart && (0.75..1.35).contains(&size)
    }

    /// Whether a line of a straightened card lies about where a field with a value is printed.
    pub fn expects(&self, line: &Line) -> bool {
        const SLACK: f32 = 24.0;
        let valued = |field: &Field| !matches!(field, Field::BirthLabel | Field::IssueLabel);
        self.zones.iter().any(|(field, zone)| {
            let beside = line.left().x < zone.right && line.right().x > zone.left && line.left().x > zone.left - SLACK;
            valued(field) && beside && self.nearest(line, *field) && (zone.centre().y - line.middle.y).abs() < SLACK
        })
    }

    /// Whether no other zone beside which a line runs lies nearer to it, above or below, than this field's.
    pub fn nearest(&self, line: &Line, field: Field) -> bool {
        let off = |zone: &Rect| (zone.centre().y - line.middle.y).abs();
        let beside = |zone: &Rect| line.left().x.max(zone.left) < line.right().x.min(zone.right);
        self.zone(field).is_some_and(|own| {
            !self.zones.iter().any(|(other, zone)| *other != field && beside(zone) && off(zone) < off(&own))
        })
    }

    /// Where a field's line begins and ends.
    pub fn ends(&self, field: Field) -> Option<(Point, Point)> {
        let zone = self.zone(field)?;
        let y = zone.centre().y;
        Some((Point::new(zone.left, y), Point::new(zone.right, y)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    #[serde(rename = "design")]
    _design: String,
    issued_from: String,
    width: u32,
    height: u32,
    portrait: [f32; 4],
    eyes: Eyes,
    title: Title,
    fields: BTreeMap<Field, [f32; 4]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Eyes {
    middle: (f32, f32),
    apart: f32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Title {
    middle_x: f32,
    chinese_y: f32,
    english_y: f32,
}
