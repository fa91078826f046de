//! Whether the picture of a card is good enough, measured on the straightened card.

use lionrock_model::proofing::Reason;

use super::place::Guess;
use crate::picture::Picture;
use crate::policy::Policy;

/// Brightness to which a card is scaled before its sharpness is measured, so that a dark picture does not look blurred.
const MEAN: f32 = 170.0;

/// What is wrong with the picture, in the order in which a person should mend it.
pub(crate) fn complaints(card: &Picture, policy: &Policy) -> Vec<Reason> {
    let shade = card.shade();
    let mut reasons = Vec::new();
    let dark = shade.mean() < policy.card_brightness;
    if dark {
        reasons.push(Reason::CardDark);
    }
    if card.glare() > policy.card_glare {
        reasons.push(Reason::CardGlare);
    }
    if !dark && shade.sharpness(MEAN) < policy.card_sharpness {
        reasons.push(Reason::CardBlurred);
    }
    // Light and blur take colour away, so only an otherwise good picture is called a copy.
    if reasons.is_empty() && card.saturation() < policy.card_saturation {
        reasons.push(Reason::CardGrey);
    }
    reasons
}

/// Why no card could be found, where a bad picture explains it: something that may be one is there but cannot be read.
pub(crate) fn excuse(picture: &Picture, guess: Option<&Guess>, policy: &Policy) -> Option<Reason> {
    if picture.shade().mean() < policy.card_brightness {
        return Some(Reason::CardDark);
    }
    let guess = guess?;
    if guess.portrait_seen {
        return complaints(&guess.card, policy).first().copied();
    }
    // A blank card is not blurred: its ground is printed too.
    (guess.card.shade().sharpness(MEAN) < policy.card_sharpness / 4.0).then_some(Reason::CardBlurred)
}
