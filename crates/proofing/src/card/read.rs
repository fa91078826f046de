//! Reading the fields of a placed card.

use jiff::civil::Date;
use lionrock_model::hkid::{Hkid, NotAnHkid};
use lionrock_model::person::{EnglishName, Sex};
use lionrock_model::proofing::{CardText, Reason};

use super::consistency::{self, Dates};
use super::fields;
use super::place::Placed;
use super::template::{Field, Template};
use crate::geometry::{Point, Rect};
use crate::models::Models;
use crate::text::find::Line;
use crate::text::read::{Reading, read};

/// How far from its zone a field's text may begin or end, in pixels of the straightened card.
const MARGIN: f32 = 14.0;
/// A name that begins later than this behind its place, in pixels, has lost a letter.
const LATE: f32 = 8.0;
/// A line belongs to a zone when this share of its height lies in it.
const INSIDE: f32 = 0.5;

/// What a card says, or what keeps it from being believed.
pub(crate) struct Outcome {
    /// As far as it could be read; complete when `reasons` is empty.
    pub text: CardText,
    pub reasons: Vec<Reason>,
}

/// Reads every field and checks them against each other.
pub(crate) fn read_card(models: &Models, placed: &Placed, today: Date) -> Outcome {
    let Some(template) = models.templates.get(placed.template) else {
        return Outcome { text: CardText::default(), reasons: vec![Reason::CardUnreadable] };
    };
    let page = Page { models, placed, template };
    let mut reasons = Vec::new();
    let mut complain = |reason| {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    };
    let mut text = CardText::default();

    let mut wrong_check = false;
    let number = page.parsed(Field::Number, |reading| match fields::number(reading) {
        Ok(number) => Some(number),
        Err(fault) => {
            wrong_check |= fault == NotAnHkid::WrongCheckDigit;
            None
        }
    });
    match &number {
        Some(number) => text.hkid = number.reveal(),
        None if wrong_check => complain(Reason::CheckDigitWrong),
        None => complain(Reason::CardUnreadable),
    }
    if let (Some(number), Some(oval)) = (&number, page.parsed(Field::Oval, |reading| fields::body(&reading.card))) {
        if !same_body(number, &oval) {
            complain(Reason::CardInconsistent);
        }
    } else if number.is_some() {
        complain(Reason::CardUnreadable);
    }

    match page.parsed(Field::EnglishName, fields::english_name) {
        Some(name) => text.english_name = EnglishName::reveal(&name).to_owned(),
        None => complain(Reason::CardUnreadable),
    }
    let codes = page.parsed(Field::Codes, fields::codes).unwrap_or_default();
    let chinese =
        page.parsed(Field::ChineseName, |reading| Some(fields::chinese_name(reading)).filter(|name| !name.is_empty()));
    match models.codes.resolve(chinese.as_deref().unwrap_or_default(), &codes) {
        Some(resolved) => {
            text.chinese_name = resolved.name;
            text.resolved_by_code = resolved.by_code;
            text.commercial_codes = codes.iter().map(|code| format!("{code:04}")).collect::<Vec<_>>().join(" ");
        }
        None => complain(Reason::CardUnreadable),
    }
    match page.parsed(Field::Sex, fields::sex) {
        Some(sex) => text.sex = Sex::letter(sex).to_string(),
        None => complain(Reason::CardUnreadable),
    }

    let birth = page.parsed(Field::Birth, fields::full_date);
    let first_registered = page.parsed(Field::FirstRegistered, fields::month);
    let issued = page.parsed(Field::Issued, fields::short_date);
    let (Some(birth), Some(first_registered), Some(issued)) = (birth, first_registered, issued) else {
        complain(Reason::CardUnreadable);
        return Outcome { text, reasons };
    };
    text.birth = birth.to_string();
    text.issued = issued.to_string();
    match consistency::settle(&Dates { birth, first_registered, issued }, template.issued_from, today) {
        Some(settled) => {
            let (year, month) = settled.first_registered;
            text.first_registered = format!("{year:04}-{month:02}");
            let (stars, letters) =
                page.parsed(Field::Symbols, |reading| Some(fields::symbols(reading))).unwrap_or_default();
            text.symbols = consistency::symbols(stars, &letters, settled.age_at_issue);
            if consistency::outgrown(&settled) {
                complain(Reason::CardInconsistent);
            }
        }
        None => complain(Reason::CardInconsistent),
    }
    Outcome { text, reasons }
}

fn same_body(number: &Hkid, oval: &str) -> bool {
    number.body() == oval
}

struct Page<'a> {
    models: &'a Models,
    placed: &'a Placed,
    template: &'a Template,
}

impl Page<'_> {
    /// A field by its grammar: from the line as already read when it lies in the field's zone alone, otherwise from
    /// the zone cut out and read by itself.
    fn parsed<T>(&self, field: Field, mut grammar: impl FnMut(&Reading) -> Option<T>) -> Option<T> {
        let zone = self.template.zone(field)?;
        let touching: Vec<&(Line, Reading)> = self
            .placed
            .lines
            .iter()
            .filter(|(line, _)| touches(line, &zone) && self.template.nearest(line, field))
            .collect();
        // A name may begin where an outline that was too narrow had cut it off; read it again from its place.
        let late = |line: &Line| is_name(field) && line.left().x > zone.left + LATE;
        if let [(line, reading)] = touching.as_slice()
            && !late(line)
            && let Some(value) = grammar(reading)
        {
            return Some(value);
        }
        if touching.is_empty() {
            return None;
        }
        let line = cut(&touching, &zone, is_name(field))?;
        grammar(&read(&self.models.text_reader, &self.models.keys, &self.placed.card, &line))
    }
}

fn touches(line: &Line, zone: &Rect) -> bool {
    let (top, bottom) = (line.middle.y - line.height / 2.0, line.middle.y + line.height / 2.0);
    let shared = bottom.min(zone.bottom + MARGIN) - top.max(zone.top - MARGIN);
    let across = line.right().x.min(zone.right) - line.left().x.max(zone.left);
    shared >= INSIDE * line.height
        && zone.top - MARGIN < line.middle.y
        && line.middle.y < zone.bottom + MARGIN
        && across > 4.0
}

fn is_name(field: Field) -> bool {
    matches!(field, Field::ChineseName | Field::EnglishName)
}

/// One line over all the text that touches a zone, cut off at the zone's sides; `from_place`: from where the zone begins.
fn cut(touching: &[&(Line, Reading)], zone: &Rect, from_place: bool) -> Option<Line> {
    let first = touching.iter().map(|(line, _)| line.left().x).fold(f32::MAX, f32::min);
    let left = if from_place { first.min(zone.left) } else { first }.max(zone.left - MARGIN);
    let right = touching.iter().map(|(line, _)| line.right().x).fold(f32::MIN, f32::max).min(zone.right + MARGIN);
    let count = touching.len() as f32;
    let height = touching.iter().map(|(line, _)| line.height).sum::<f32>() / count;
    let y = touching.iter().map(|(line, _)| line.middle.y).sum::<f32>() / count;
    (right - left > 8.0).then(|| Line {
        middle: Point::new((left + right) / 2.0, y),
        along: Point::new(1.0, 0.0),
        length: right - left,
        height,
    })
}
