//! What is asked of a person who proves who they are, and what the proofing worker may answer.
//!
//! The answer is a closed enum of verdicts and reasons plus the text of the card. There is no place in it for a
//! picture, an embedding or a score.

use std::fmt;
use zeroize::Zeroize;

/// A movement the page asks for, from the person's own point of view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Move the face nearer to the camera.
    ComeCloser,
    /// Tilt the head down.
    LookDown,
    /// Tilt the head up.
    LookUp,
    /// Turn to one's own left.
    TurnLeft,
    /// Turn to one's own right.
    TurnRight,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::ComeCloser, Self::LookDown, Self::LookUp, Self::TurnLeft, Self::TurnRight];

    /// The stable word used on the wire and in text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ComeCloser => "come-closer",
            Self::LookDown => "look-down",
            Self::LookUp => "look-up",
            Self::TurnLeft => "turn-left",
            Self::TurnRight => "turn-right",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }
}

/// The movements asked for, in order: two or three, chosen by the server at random.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// In the order asked.
    pub actions: Vec<Action>,
}

/// A step of the judgement, in order, for the progress page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The pictures are decoded and their quality is checked.
    Decode,
    /// The card is found and straightened.
    FindCard,
    /// The card is read.
    ReadCard,
    /// The face is found in each picture.
    FindFace,
    /// The portrait is compared with the face.
    Compare,
    /// The movements are checked.
    Presence,
    /// Pictures and keys are overwritten.
    Destroy,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 7] =
        [Self::Decode, Self::FindCard, Self::ReadCard, Self::FindFace, Self::Compare, Self::Presence, Self::Destroy];

    /// The stable word used on the wire and in text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::FindCard => "find-card",
            Self::ReadCard => "read-card",
            Self::FindFace => "find-face",
            Self::Compare => "compare",
            Self::Presence => "presence",
            Self::Destroy => "destroy",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.word() == word)
    }
}

/// What follows from the pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Card and person belong together, as far as pictures can show.
    Accepted,
    /// The pictures cannot decide: a counter can.
    Counter,
    /// Not accepted.
    Refused,
    /// New pictures can help; the reasons say how.
    Retake,
}

impl Verdict {
    /// The stable word used on the wire and in the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Counter => "counter",
            Self::Refused => "refused",
            Self::Retake => "retake",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Accepted, Self::Counter, Self::Refused, Self::Retake].into_iter().find(|v| v.word() == word)
    }
}

macro_rules! reasons {
    ($($(#[$meta:meta])* $variant:ident = $word:literal;)+) => {
        /// Why a verdict fell as it did, in terms a person can act on. Never a score, never which comparison was close.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$meta])* $variant,)+ }

        impl Reason {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word used on the wire, in the store and in text keys (`reason-` followed by it).
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads the stable word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.word() == word)
            }
        }
    };
}

reasons! {
    /// The movements were not the ones asked for, or in another order.
    ActionsNotFollowed = "actions-not-followed";
    /// The card picture is blurred.
    CardBlurred = "card-blurred";
    /// The card picture is too dark.
    CardDark = "card-dark";
    /// Light is reflected from the card.
    CardGlare = "card-glare";
    /// The card picture has no colour: a photocopy.
    CardGrey = "card-grey";
    /// Dates or symbols on the card contradict each other.
    CardInconsistent = "card-inconsistent";
    /// No card, or only a part of one, was found.
    CardNotFound = "card-not-found";
    /// The card was found but not all its fields could be read.
    CardUnreadable = "card-unreadable";
    /// The card is a specimen, or its number does not belong in this realm.
    CardWrongRealm = "card-wrong-realm";
    /// The card number's check character does not match.
    CheckDigitWrong = "check-digit-wrong";
    /// The face picture is blurred, dark, too small or turned away.
    FaceQuality = "face-quality";
    /// No face in a face picture.
    NoFace = "no-face";
    /// The faces in the pictures are not all the same person's.
    NotOnePerson = "not-one-person";
    /// The face is not the card's, as far as pictures can show.
    NotTheSameFace = "not-the-same-face";
    /// A picture could not be decoded: damaged, or not a JPEG or PNG.
    PictureBroken = "picture-broken";
    /// A picture is missing, or there are too many.
    PictureMissing = "picture-missing";
    /// A picture has too many bytes or pixels.
    PictureTooLarge = "picture-too-large";
    /// The card picture shows a face and the face picture a card.
    PicturesSwapped = "pictures-swapped";
    /// The portrait on the card could not be found.
    PortraitMissing = "portrait-missing";
    /// The face pictures are a copy of the card or of one another.
    ReplaySuspected = "replay-suspected";
    /// The movements took too long, or the pictures' times make no sense.
    Timing = "timing";
    /// The person of the card is too young for what the pictures are for.
    TooYoung = "too-young";
    /// More than one face in a picture.
    TwoFaces = "two-faces";
}

/// The text of a card as read. Personal data: neither `Debug` nor `Display` shows it; overwritten on drop.
///
/// Dates are `yyyy-mm-dd`; absent fields are empty.
#[derive(Clone, Default, PartialEq, Eq, Zeroize)]
#[zeroize(drop)]
pub struct CardText {
    /// Card number with check character, `A123456(3)`.
    pub hkid: String,
    /// `SURNAME, Given Names`.
    pub english_name: String,
    /// Chinese name, empty when the card has none.
    pub chinese_name: String,
    /// Commercial codes of the Chinese name, four digits each, separated by blanks.
    pub commercial_codes: String,
    /// Whether a character was taken from its commercial code because it could not be read.
    pub resolved_by_code: bool,
    /// Date of birth.
    pub birth: String,
    /// `F` or `M`.
    pub sex: String,
    /// Symbols as printed.
    pub symbols: String,
    /// Month of first registration, `yyyy-mm`.
    pub first_registered: String,
    /// Date of issue.
    pub issued: String,
}

impl fmt::Debug for CardText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardText(…)")
    }
}

/// All that leaves the proofing worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in the order in which a person should act on them; empty when accepted.
    pub reasons: Vec<Reason>,
    /// The card's text, when it was read and the verdict is `Accepted`.
    pub card: Option<CardText>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        assert!(Action::ALL.into_iter().all(|a| Action::from_word(a.word()) == Some(a)));
        assert!(Stage::ALL.into_iter().all(|s| Stage::from_word(s.word()) == Some(s)));
        assert!(Reason::ALL.iter().all(|r| Reason::from_word(r.word()) == Some(*r)));
    }

    #[test]
    fn debug_shows_no_card_text() {
        let mut text = CardText::default();
        text.hkid.push_str("U123456(0)");
        assert_eq!(format!("{text:?}"), "CardText(…)");
    }
}
