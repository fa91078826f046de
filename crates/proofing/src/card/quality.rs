//! Whether the picture of a card is good enough, measured on the straightened card.

use lionrock_model::proofing::Reason;

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
    if !dark && card.saturation() < policy.card_saturation {
        reasons.push(Reason::CardGrey);
    }
    reasons
}
