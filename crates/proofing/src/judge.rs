//! The judgement: stage by stage, from sealed-off pictures to a verdict.

use std::time::Duration;

use jiff::civil::Date;
use lionrock_model::proofing::{Action, CardText, Challenge, Judgement, Reason, Stage, Verdict};
use zeroize::Zeroizing;

use crate::card::{place, quality, read};
use crate::face::detect::{Face, faces, faces_at};
use crate::face::embed::{Embedding, embed};
use crate::face::look::Look;
use crate::face::quality as face_quality;
use crate::intake::{self, IntakeError};
use crate::models::Models;
use crate::picture::Picture;
use crate::policy::Policy;
use crate::presence::{self, Moment};

/// Faces are sought with the longer side of a frame at this many pixels.
const FRAME_FACE: u32 = 320;
/// Landmarks wobble with the detector's grid, by more than a small nod moves them. Which way a head looks is therefore
/// the mean of looks at these sizes too.
const LOOK_SIDES: [u32; 3] = [160, 192, 256];
/// A face wider than this share of the picture is not a portrait on a card.
const SELFIE: f32 = 0.2;

/// What the page sent. The encoded pictures are wiped as soon as they are decoded.
pub struct Capture {
    /// The card, JPEG or PNG.
    pub card: Vec<u8>,
    /// The face: first looking straight ahead, then about three frames for each movement, in order.
    pub frames: Vec<Frame>,
}

/// One picture of the face.
pub struct Frame {
    /// The movement it answers; none for looking straight ahead.
    pub action: Option<Action>,
    /// Milliseconds since the page showed the challenge.
    pub at_ms: u32,
    /// JPEG or PNG.
    pub picture: Vec<u8>,
}

/// Judges under the default [`Policy`]. `progress` hears each stage as it begins.
pub fn judge(
    models: &Models,
    capture: Capture,
    challenge: &Challenge,
    today: Date,
    progress: &mut dyn FnMut(Stage),
) -> Judgement {
    judge_under(&Policy::default(), models, capture, challenge, today, progress)
}

/// Judges under a given policy. `progress` hears each stage as it begins, and [`Stage::Decode`] again before each picture;
/// [`Stage::Destroy`] is always the last, and when this returns every picture and embedding has been wiped.
pub fn judge_under(
    policy: &Policy,
    models: &Models,
    capture: Capture,
    challenge: &Challenge,
    today: Date,
    progress: &mut dyn FnMut(Stage),
) -> Judgement {
    progress(Stage::Decode);
    let decoded = Decoded::from(capture, challenge, policy, progress);
    let outcome = match &decoded {
        Ok(decoded) => look_at(policy, models, decoded, challenge, today, progress),
        Err(reasons) => Err(reasons.iter().map(|reason| (*reason, Verdict::Retake)).collect()),
    };
    progress(Stage::Destroy);
    drop(decoded);
    match outcome {
        Ok(card) => Judgement { verdict: Verdict::Accepted, reasons: Vec::new(), card: Some(card) },
        Err(findings) => weigh(&findings),
    }
}

/// A judgement and how long each stage took, by a clock of the caller's.
pub fn judge_timed(
    policy: &Policy,
    models: &Models,
    capture: Capture,
    challenge: &Challenge,
    today: Date,
    clock: &mut dyn FnMut() -> Duration,
) -> (Judgement, Vec<(Stage, Duration)>) {
    let mut began: Vec<(Stage, Duration)> = Vec::new();
    let judgement = judge_under(policy, models, capture, challenge, today, &mut |stage| {
        if began.last().is_none_or(|(last, _)| *last != stage) {
            began.push((stage, clock()));
        }
    });
    let end = clock();
    let ends: Vec<Duration> = began.iter().skip(1).map(|(_, at)| *at).chain([end]).collect();
    let taken = began.into_iter().zip(ends).map(|((stage, at), end)| (stage, end.saturating_sub(at))).collect();
    (judgement, taken)
}

/// Reads a card alone, without a face beside it.
///
/// # Errors
/// What keeps the card from being believed, in the order in which a person should act on it.
pub fn read_card(policy: &Policy, models: &Models, card: Vec<u8>, today: Date) -> Result<CardText, Vec<Reason>> {
    let picture = intake::take_in_and_wipe(card, intake::CARD_BYTES).map_err(|error| vec![broken(error)])?;
    let guess = place::guess(models, &picture);
    let (_, text) = card_text(policy, models, &picture, guess.as_ref(), today)?;
    Ok(text)
}

/// A reason with the verdict it leads to.
type Finding = (Reason, Verdict);

/// Refusal outweighs the counter, the counter outweighs a retake; the reasons shown are those of the verdict.
fn weigh(findings: &[Finding]) -> Judgement {
    let weight = |verdict: &Verdict| match verdict {
        Verdict::Refused => 3,
        Verdict::Counter => 2,
        Verdict::Retake => 1,
        Verdict::Accepted => 0,
    };
    let verdict = findings.iter().map(|(_, verdict)| *verdict).max_by_key(weight).unwrap_or(Verdict::Refused);
    let mut reasons = Vec::new();
    for (reason, leads_to) in findings {
        if *leads_to == verdict && !reasons.contains(reason) {
            reasons.push(*reason);
        }
    }
    Judgement { verdict, reasons, card: None }
}

/// Every picture decoded and upright.
struct Decoded {
    card: Picture,
    frames: Vec<(Option<Action>, u32, Picture)>,
}

impl Decoded {
    fn from(
        capture: Capture,
        challenge: &Challenge,
        policy: &Policy,
        progress: &mut dyn FnMut(Stage),
    ) -> Result<Self, Vec<Reason>> {
        let Capture { card, frames } = capture;
        let card = Zeroizing::new(card);
        let frames: Vec<_> =
            frames.into_iter().map(|frame| (frame.action, frame.at_ms, Zeroizing::new(frame.picture))).collect();
        let mut reasons = Vec::new();
        let (fewest, most) = policy.presence.frames;
        if card.is_empty() || !(fewest..=most).contains(&frames.len()) {
            return Err(vec![Reason::PictureMissing]);
        }
        let labels: Vec<_> = frames.iter().map(|(action, at_ms, _)| (*action, *at_ms)).collect();
        if let Err(reason) = presence::timely(&labels, challenge, &policy.presence) {
            reasons.push(reason);
        }
        let mut take = |bytes: &[u8], most| {
            progress(Stage::Decode);
            match intake::take_in(bytes, most) {
                Ok(picture) => Some(picture),
                Err(error) => {
                    if !reasons.contains(&broken(error)) {
                        reasons.push(broken(error));
                    }
                    None
                }
            }
        };
        let card = take(&card, intake::CARD_BYTES);
        let frames: Vec<_> = frames
            .iter()
            .map_while(|(action, at_ms, bytes)| Some((*action, *at_ms, take(bytes, intake::FRAME_BYTES)?)))
            .collect();
        match (card, reasons.is_empty()) {
            (Some(card), true) => Ok(Self { card, frames }),
            _ => Err(reasons),
        }
    }
}

fn broken(error: IntakeError) -> Reason {
    match error {
        IntakeError::Empty => Reason::PictureMissing,
        IntakeError::TooManyBytes | IntakeError::TooManyPixels => Reason::PictureTooLarge,
        IntakeError::NotAPicture | IntakeError::Damaged | IntakeError::TooFewPixels | IntakeError::MoreThanAPicture => {
            Reason::PictureBroken
        }
    }
}

/// Card, faces, comparison and presence; the card's text when nothing speaks against it.
fn look_at(
    policy: &Policy,
    models: &Models,
    decoded: &Decoded,
    challenge: &Challenge,
    today: Date,
    progress: &mut dyn FnMut(Stage),
) -> Result<CardText, Vec<Finding>> {
    let retake = |reasons: Vec<Reason>| reasons.into_iter().map(|reason| (reason, Verdict::Retake));
    let mut findings: Vec<Finding> = Vec::new();

    progress(Stage::FindCard);
    let guess = place::guess(models, &decoded.card);
    progress(Stage::ReadCard);
    let card = card_text(policy, models, &decoded.card, guess.as_ref(), today).map_err(|reasons| {
        let missing = reasons.contains(&Reason::CardNotFound);
        let swapped = missing && swapped(models, decoded);
        findings.extend(retake(if swapped { vec![Reason::PicturesSwapped] } else { reasons }));
    });

    if findings.iter().any(|(reason, _)| *reason == Reason::PicturesSwapped) {
        // Nothing can be said of a face where a card is.
        return Err(findings);
    }

    progress(Stage::FindFace);
    let portrait = card.as_ref().ok().and_then(|(card, _)| {
        let portrait = place::portrait(models, card).filter(|face| face.area.width() >= policy.portrait_width);
        if portrait.is_none() {
            findings.push((Reason::PortraitMissing, Verdict::Retake));
        }
        portrait
    });
    let seen = see(policy, models, &decoded.frames).map_err(|finding| findings.push(finding));
    let (Ok((card, text)), Some(portrait), Ok(seen)) = (card, portrait, seen) else { return Err(findings) };
    if !findings.is_empty() {
        return Err(findings);
    }

    progress(Stage::Compare);
    let unclear = || vec![(Reason::FaceQuality, Verdict::Retake)];
    let printed = embed(&models.face_embedder, &card, &portrait).ok_or_else(unclear)?;
    let shown: Vec<Embedding> = decoded
        .frames
        .iter()
        .zip(&seen)
        .map(|((_, _, picture), (face, _))| embed(&models.face_embedder, picture, face))
        .collect::<Option<_>>()
        .ok_or_else(unclear)?;
    compare(policy, &printed, &shown).map_err(|finding| vec![finding])?;

    progress(Stage::Presence);
    let mut before: Option<Picture> = None;
    let mut moments = Vec::new();
    for ((action, _, picture), (_, look)) in decoded.frames.iter().zip(&seen) {
        let small = picture.resized(48, 48);
        let change = before.as_ref().map_or(f32::MAX, |before| small.difference(before));
        moments.push(Moment { action: *action, look: *look, change });
        before = Some(small);
    }
    presence::followed(&moments, challenge, &policy.presence).map_err(|reason| {
        let verdict = if reason == Reason::ReplaySuspected { Verdict::Refused } else { Verdict::Retake };
        vec![(reason, verdict)]
    })?;
    Ok(text)
}

/// The straightened card and its text.
fn card_text(
    policy: &Policy,
    models: &Models,
    picture: &Picture,
    guess: Option<&place::Guess>,
    today: Date,
) -> Result<(Picture, CardText), Vec<Reason>> {
    let Some(placed) = place::place(models, picture, guess) else {
        // A picture that shows a large face is no blurred card.
        let why = quality::excuse(picture, guess, policy).filter(|_| !selfie(models, picture));
        return Err(vec![why.unwrap_or(Reason::CardNotFound)]);
    };
    let complaints = quality::complaints(&placed.card, policy);
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let outcome = read::read_card(models, &placed, today);
    if outcome.reasons.is_empty() { Ok((placed.card, outcome.text)) } else { Err(outcome.reasons) }
}

/// Whether the card picture shows a selfie and the first frame none.
fn swapped(models: &Models, decoded: &Decoded) -> bool {
    let first = decoded.frames.first();
    selfie(models, &decoded.card) && first.is_some_and(|(_, _, picture)| !selfie(models, picture))
}

/// Whether a picture shows a face too large to be a portrait on a card.
fn selfie(models: &Models, picture: &Picture) -> bool {
    faces(&models.face_detector, picture, FRAME_FACE)
        .iter()
        .any(|face| face.area.width() >= SELFIE * picture.width() as f32)
}

/// The one face of every frame and the way it looks; the first frame has to be good enough to compare.
fn see(
    policy: &Policy,
    models: &Models,
    frames: &[(Option<Action>, u32, Picture)],
) -> Result<Vec<(Face, Look)>, Finding> {
    let mut seen = Vec::new();
    for (index, (_, _, picture)) in frames.iter().enumerate() {
        let found = faces(&models.face_detector, picture, FRAME_FACE);
        let face = face_quality::only(&found).map_err(|reason| (reason, Verdict::Retake))?;
        if index == 0
            && let Some(reason) = face_quality::complaint(picture, face, policy)
        {
            let verdict = if reason == Reason::ReplaySuspected { Verdict::Refused } else { Verdict::Retake };
            return Err((reason, verdict));
        }
        let look = steady_look(models, picture, face).filter(|_| face.score >= policy.moving_face_score);
        seen.push((face.clone(), look.ok_or((Reason::FaceQuality, Verdict::Retake))?));
    }
    Ok(seen)
}

/// The way a face looks, from its landmarks at several sizes.
fn steady_look(models: &Models, picture: &Picture, face: &Face) -> Option<Look> {
    let again = LOOK_SIDES.into_iter().filter_map(|side| {
        let found = faces_at(&models.face_detector, picture, side);
        let (left, right) = (face.area.left, face.area.right);
        found.into_iter().find(|other| (left..=right).contains(&other.nose().x))
    });
    let looks: Vec<Look> =
        again.chain(std::iter::once(face.clone())).filter_map(|face| Look::of(&face, picture.width())).collect();
    Look::mean(&looks)
}

/// One person in all frames, and that person on the card.
fn compare(policy: &Policy, printed: &Embedding, shown: &[Embedding]) -> Result<(), Finding> {
    let Some((first, rest)) = shown.split_first() else { return Err((Reason::PictureMissing, Verdict::Retake)) };
    if rest.iter().any(|face| face.likeness(first) < policy.one_person) {
        return Err((Reason::NotOnePerson, Verdict::Refused));
    }
    let likeness = printed.likeness(first);
    if likeness > policy.face_copied {
        Err((Reason::ReplaySuspected, Verdict::Refused))
    } else if likeness >= policy.face_accepted {
        Ok(())
    } else if likeness >= policy.face_refused {
        Err((Reason::NotTheSameFace, Verdict::Counter))
    } else {
        Err((Reason::NotTheSameFace, Verdict::Refused))
    }
}
