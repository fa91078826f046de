//! From a photograph to a straightened card: the outline first, then the text, and the whole picture if need be.

use super::anchors::{self, Fit};
use super::find;
use super::template::{CARD, Template};
use crate::face::detect::{self, Face};
use crate::geometry::{Homography, Point, Similarity};
use crate::models::Models;
use crate::picture::Picture;
use crate::text::find::{Line, lines};
use crate::text::read::{Reading, read};

/// The text of a straightened card is sought with its longer side at this many pixels.
const CARD_TEXT: u32 = 736;
/// The text of a card whose place is uncertain is sought at this many.
const VIEW_TEXT: u32 = 896;
/// A portrait is sought with the longer side of the card at this many.
const PORTRAIT: u32 = 320;
/// Faces are sought in a whole picture at this many.
const PICTURE_FACE: u32 = 640;
/// A card has at least this many lines of text.
const FEWEST_LINES: usize = 6;
/// A line of a straightened card that is not a field and longer than this, in pixels, is not worth reading.
const LONG: f32 = 560.0;
/// Only so many lines are read when it is not known which of them matter.
const MOST_LINES: usize = 24;
/// So many lines are read before it is tried whether they suffice.
const HANDFUL: usize = 9;
/// With so many anchors no more lines are read.
const SETTLED: usize = 14;
/// A line whose end is further from the middle than this share of the card's side is not on the card.
const OFF_CARD: f32 = 0.56;
/// A card guessed from its portrait may be larger than guessed by this much.
const MARGIN: f32 = 1.2;

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

/// The outline that shows a portrait in its place, straightened; otherwise the likeliest outline, if there is one.
pub(crate) fn guess(models: &Models, picture: &Picture) -> Option<Guess> {
    let quads = find::outlines(picture);
    let (small, scale) = picture.shrunk(PICTURE_FACE);
    let surest = quads
        .iter()
        .flat_map(|quad| [*quad, find::upside_down(quad)])
        .filter_map(|quad| {
            // A small version is enough to see whether a portrait is where it belongs.
            let (wide, tall) = (PORTRAIT, PORTRAIT * CARD.1 / CARD.0);
            let grown = CARD.0 as f32 / wide as f32;
            let to_card = Homography::scaling(grown, CARD.1 as f32 / tall as f32);
            let to_small = to_card.then(&find::straighten(&quad)?).then(&Homography::scaling(scale, scale));
            let seen = detect::faces_at(&models.face_detector, &small.warped(&to_small, wide, tall), PORTRAIT);
            let fitting = seen.iter().filter(|face| models.templates.iter().any(|t| t.suits(face, grown)));
            Some((fitting.map(|face| face.score).fold(0.0, f32::max), quad))
        })
        .filter(|(score, _)| *score > 0.0)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let (quad, portrait_seen) = match surest {
        Some((_, quad)) => (quad, true),
        None => (*quads.first()?, false),
    };
    let to_picture = find::straighten(&quad)?;
    let card = picture.warped(&to_picture, CARD.0, CARD.1);
    Some(Guess { card, to_picture, portrait_seen })
}

/// The best face in the portrait's place of any template.
pub(crate) fn portrait(models: &Models, card: &Picture) -> Option<Face> {
    let zones: Vec<_> = models.templates.iter().map(|template| template.portrait).collect();
    detect::faces_at(&models.face_detector, card, PORTRAIT)
        .into_iter()
        .find(|face| zones.iter().any(|zone| zone.holds(face.area.centre()) && zone.holds(face.nose())))
}

/// Places a card by its text: from the guess, or from where its portrait would have it. A card without a portrait that
/// can be seen is not looked for any further: it could not be accepted.
pub(crate) fn place(models: &Models, picture: &Picture, guess: Option<&Guess>) -> Option<Placed> {
    if let Some(guess) = guess.filter(|guess| guess.portrait_seen) {
        let askew = match look(models, &guess.card) {
            Ok(placed) => return Some(placed),
            Err(askew) => askew,
        };
        // What was read often tells already where the card lies; seeking its text anew costs as much as a whole look.
        let told = best_fit(&models.templates, &askew)
            .and_then(|(_, fit)| Some(fit.to_card.inverse()?.then(&guess.to_picture)))
            .and_then(|to_picture| look(models, &picture.warped(&to_picture, CARD.0, CARD.1)).ok());
        let again = || {
            let (card, _) = by_text(models, picture, &guess.card, &guess.to_picture, 1.0)?;
            look(models, &card).ok()
        };
        let placed = told.or_else(again);
        if placed.is_some() {
            return placed;
        }
    }
    let (quarters, face) = upright(models, picture)?;
    let turned = picture.turned(quarters);
    models.templates.iter().find_map(|template| {
        let to_picture = by_portrait(template, &face)?;
        let card = turned.warped(&to_picture, CARD.0, CARD.1);
        let (card, to_picture) = by_text(models, &turned, &card, &to_picture, MARGIN)?;
        // Few anchors close together leave the far side of the card askew: once more from where it lies now.
        look(models, &card).ok().or_else(|| look(models, &by_text(models, &turned, &card, &to_picture, 1.0)?.0).ok())
    })
}

/// Reads the fields of a card that is already straight; titles, labels and whatever else is printed need not be read. What
/// was read comes back when the card is not straight.
fn look(models: &Models, card: &Picture) -> Result<Placed, Vec<(Line, Reading)>> {
    let mut wanted = lines(&models.text_detector, card, CARD_TEXT);
    wanted.retain(|line| models.templates.iter().any(|template| template.expects(line)));
    if wanted.len() < FEWEST_LINES {
        return Err(Vec::new());
    }
    let found = read_all(models, card, wanted);
    match models.templates.iter().position(|template| anchors::lies_straight(template, &found)) {
        Some(template) => Ok(Placed { card: Picture::new(card.rgb().clone()), lines: found, template }),
        None => Err(found),
    }
}

/// Straightens by the anchors among the text of a view. In the view the card may be `room` times larger than guessed.
fn by_text(
    models: &Models,
    picture: &Picture,
    view: &Picture,
    to_picture: &Homography,
    room: f32,
) -> Option<(Picture, Homography)> {
    let mut found = lines(&models.text_detector, view, VIEW_TEXT);
    let (wide, tall) = (CARD.0 as f32, CARD.1 as f32);
    let on_card = |p: Point| {
        let (u, v) = ((p.x / wide - 0.5) * room, (p.y / tall - 0.5) * room);
        u.abs() < OFF_CARD && v.abs() < OFF_CARD
    };
    // The longest lines cost most and tell least, the shortest are dust.
    found.retain(|line| line.length * room < LONG && on_card(line.left()) && on_card(line.right()));
    found.sort_by(|a, b| b.length.total_cmp(&a.length));
    found.truncate(MOST_LINES);
    if found.len() < FEWEST_LINES {
        return None;
    }
    // A handful of lines often settles it; more are read only while they do not.
    let mut known = Vec::new();
    let mut fit = None;
    for handful in found.chunks(HANDFUL) {
        known.extend(read_all(models, view, handful.to_vec()));
        fit = best_fit(&models.templates, &known).or(fit);
        if fit.as_ref().is_some_and(|(_, fit)| fit.anchors >= SETTLED) {
            break;
        }
    }
    let (_, fit) = fit?;
    let to_picture = fit.to_card.inverse()?.then(to_picture);
    Some((picture.warped(&to_picture, CARD.0, CARD.1), to_picture))
}

/// Where the card would lie, judging by its portrait: straightened card → picture, with room around it.
fn by_portrait(template: &Template, face: &Face) -> Option<Homography> {
    let (right, left) = template.eyes;
    let (seen_right, seen_left) = face.eyes();
    let to_picture = Similarity::fit(&[right, left], &[seen_right, seen_left])?;
    let (wide, tall) = (CARD.0 as f32, CARD.1 as f32);
    let place = |u: f32, v: f32| {
        let around = |share: f32, side: f32| ((share - 0.5) * MARGIN + 0.5) * side;
        to_picture.apply(Point::new(around(u, wide), around(v, tall)))
    };
    find::straighten(&[place(0.0, 0.0), place(1.0, 0.0), place(1.0, 1.0), place(0.0, 1.0)])
}

/// By how many quarters the picture has to be turned for its surest face to stand upright, and that face.
fn upright(models: &Models, picture: &Picture) -> Option<(u8, Face)> {
    let (small, scale) = picture.shrunk(PICTURE_FACE);
    let surest = |quarters: u8| {
        let found = detect::faces_at(&models.face_detector, &small.turned(quarters), PICTURE_FACE);
        found.into_iter().find(stands).map(|face| (quarters, face.scaled(1.0 / scale)))
    };
    (0..4).filter_map(surest).max_by(|a, b| a.1.score.total_cmp(&b.1.score))
}

/// Whether the eyes are above the mouth, and more above than beside it.
fn stands(face: &Face) -> bool {
    let (right, left) = face.eyes();
    let (eyes, mouth) = (right.middle(left), face.mouth());
    mouth.y - eyes.y > (mouth.x - eyes.x).abs()
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
