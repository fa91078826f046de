//! From a photograph to a straightened card: the outline first, then the text, and the whole picture if need be.

use super::anchors::{self, Fit};
use super::find;
use super::template::{CARD, Template};
use crate::face::detect::{self, Face};
use crate::geometry::{Homography, Point};
use crate::models::Models;
use crate::picture::Picture;
use crate::text::find::{Line, lines};
use crate::text::read::{Reading, read};

/// The text of a straightened card is sought with its longer side at this many pixels.
const CARD_TEXT: u32 = 736;
/// The text of a whole picture is sought at this many.
const PICTURE_TEXT: u32 = 1216;
/// A portrait is sought with the longer side of the card at this many.
const PORTRAIT: u32 = 320;
/// Faces are sought in a whole picture at this many.
const PICTURE_FACE: u32 = 640;
/// A card has at least this many lines of text.
const FEWEST_LINES: usize = 6;
/// A line of a straightened card that is not a field and longer than this, in pixels, is not worth reading.
const LONG: f32 = 560.0;
/// More lines than this are a page, not a card; the longest are kept.
const MOST_LINES: usize = 40;

/// A guess at where the card lies: a straightened picture, and whether a portrait was seen in its place.
pub(crate) struct Guess {
    pub card: Picture,
    /// Straightened card → picture.
    to_picture: Homography,
    pub portrait_seen: bool,
}

/// A card whose text lies where a template wants it.
pub(crate) struct Placed {
    /// Straightened, 1011 × 638.
    pub card: Picture,
    /// Its text, in pixels of `card`.
    pub lines: Vec<(Line, Reading)>,
    /// Index into the models' templates.
    pub template: usize,
}

/// The outline, straightened both ways round; the way that shows a portrait on the left comes first, alone.
pub(crate) fn guesses(models: &Models, picture: &Picture) -> Vec<Guess> {
    let Some(quad) = find::outline(picture) else { return Vec::new() };
    let guess = |quad| {
        let to_picture = find::straighten(&quad)?;
        let card = picture.warped(&to_picture, CARD.0, CARD.1);
        let portrait = portrait(models, &card);
        Some((portrait.map_or(0.0, |face| face.score), Guess { card, to_picture, portrait_seen: false }))
    };
    let mut both: Vec<(f32, Guess)> = [quad, find::upside_down(&quad)].into_iter().filter_map(guess).collect();
    both.sort_by(|a, b| b.0.total_cmp(&a.0));
    let seen = both.first().is_some_and(|(score, _)| *score > 0.0);
    if seen {
        both.truncate(1);
    }
    both.into_iter().map(|(_, guess)| Guess { portrait_seen: seen, ..guess }).collect()
}

/// The best face in the portrait's place of any template.
pub(crate) fn portrait(models: &Models, card: &Picture) -> Option<Face> {
    let zones: Vec<_> = models.templates.iter().map(|template| template.portrait).collect();
    detect::faces_at(&models.face_detector, card, PORTRAIT)
        .into_iter()
        .find(|face| zones.iter().any(|zone| zone.holds(face.area.centre()) && zone.holds(face.nose())))
}

/// Places a card by its text, from the guesses and, when they fail, from the whole picture.
pub(crate) fn place(models: &Models, picture: &Picture, guesses: Vec<Guess>) -> Option<Placed> {
    for guess in guesses {
        let (wanted, rest): (Vec<Line>, Vec<Line>) = text_of(models, &guess.card, CARD_TEXT)
            .into_iter()
            .partition(|line| models.templates.iter().any(|template| template.expects(line)));
        if wanted.len() < FEWEST_LINES {
            continue;
        }
        // Mostly the outline is right and titles, labels and whatever else is printed need not be read.
        let mut found = read_all(models, &guess.card, wanted);
        let straight = models.templates.iter().position(|template| anchors::lies_straight(template, &found));
        if let Some(template) = straight {
            return Some(Placed { card: guess.card, lines: found, template });
        }
        // The longest, the English title among them, cost most and tell least.
        let rest = rest.into_iter().filter(|line| line.length < LONG).collect();
        found.extend(read_all(models, &guess.card, rest));
        let Some((template, fit)) = best_fit(&models.templates, &found) else { continue };
        let to_picture = fit.to_card.inverse()?.then(&guess.to_picture);
        return Some(settle(picture, &to_picture, &fit, found, template));
    }
    place_by_text(models, picture)
}

/// The whole picture, turned so that a face in it stands upright.
fn place_by_text(models: &Models, picture: &Picture) -> Option<Placed> {
    for quarters in upright(models, picture) {
        let turned = picture.turned(quarters);
        let lines = text_of(models, &turned, PICTURE_TEXT);
        if lines.len() < FEWEST_LINES {
            continue;
        }
        let found = read_all(models, &turned, lines);
        if let Some((template, fit)) = best_fit(&models.templates, &found) {
            let to_picture = fit.to_card.inverse()?;
            return Some(settle(&turned, &to_picture, &fit, found, template));
        }
    }
    None
}

/// By how many quarters the picture has to be turned for its surest face to stand upright; without a face, upright
/// and upside down are worth a try.
fn upright(models: &Models, picture: &Picture) -> Vec<u8> {
    let (small, _) = picture.shrunk(PICTURE_FACE);
    let surest = |quarters: u8| {
        let faces = detect::faces_at(&models.face_detector, &small.turned(quarters), PICTURE_FACE);
        faces.iter().filter(|face| stands(face)).map(|face| face.score).fold(0.0, f32::max)
    };
    let best = (0..4).map(|quarters| (quarters, surest(quarters))).max_by(|a, b| a.1.total_cmp(&b.1));
    match best {
        Some((quarters, score)) if score > 0.0 => vec![quarters],
        _ => vec![0, 2],
    }
}

/// Whether the eyes are above the mouth, and more above than beside it.
fn stands(face: &Face) -> bool {
    let (right, left) = face.eyes();
    let (eyes, mouth) = (right.middle(left), face.mouth());
    mouth.y - eyes.y > (mouth.x - eyes.x).abs()
}

fn settle(
    picture: &Picture,
    to_picture: &Homography,
    fit: &Fit,
    found: Vec<(Line, Reading)>,
    template: usize,
) -> Placed {
    let card = picture.warped(to_picture, CARD.0, CARD.1);
    let lines = found.into_iter().map(|(line, reading)| (moved(&line, &fit.to_card), reading)).collect();
    Placed { card, lines, template }
}

/// A line as it lies after a map.
fn moved(line: &Line, map: &Homography) -> Line {
    let (left, right) = (map.apply(line.left()), map.apply(line.right()));
    let (top, bottom) = (map.apply(line.place(0.5, 0.0)), map.apply(line.place(0.5, 1.0)));
    let length = left.distance(right).max(1e-3);
    Line {
        middle: left.middle(right),
        along: Point::new((right.x - left.x) / length, (right.y - left.y) / length),
        length,
        height: top.distance(bottom),
    }
}

/// The lines of a picture, the longest first, no more than a card can have.
fn text_of(models: &Models, picture: &Picture, longest: u32) -> Vec<Line> {
    let mut found = lines(&models.text_detector, picture, longest);
    found.sort_by(|a, b| b.length.total_cmp(&a.length));
    found.truncate(MOST_LINES);
    found
}

fn read_all(models: &Models, picture: &Picture, lines: Vec<Line>) -> Vec<(Line, Reading)> {
    lines.into_iter().map(|line| (line, read(&models.text_reader, &models.keys, picture, &line))).collect()
}

fn best_fit(templates: &[Template], found: &[(Line, Reading)]) -> Option<(usize, Fit)> {
    templates
        .iter()
        .enumerate()
        .filter_map(|(index, template)| Some((index, anchors::fit(template, found)?)))
        .min_by(|a, b| a.1.residual.total_cmp(&b.1.residual))
}
