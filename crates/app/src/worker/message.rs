//! What parent and worker say to each other, typed.

use super::codec::{Reader, Writer};
use super::sandbox::Protection;
use lionrock_model::custody::{Label, Part};
use lionrock_model::id::CustodyId;
use lionrock_model::proofing::{Action, CardText, Challenge, Judgement, Reason, Stage, Verdict};
use zeroize::Zeroizing;

/// A frame: its kind and its body.
pub type Frame = (u8, Zeroizing<Vec<u8>>);

/// From parent to worker.
#[derive(Debug, PartialEq, Eq)]
pub enum Order {
    /// The worker now belongs to this custody. Sent once.
    Begin {
        /// The custody, bound into every seal.
        custody: CustodyId,
        /// After so many milliseconds from the first picture the worker ends itself.
        deadline_ms: u32,
    },
    /// One sealed picture: encapsulated key (32 bytes), ciphertext, tag.
    Picture {
        /// What it is.
        label: Label,
        /// The sealed bytes.
        sealed: Vec<u8>,
    },
    /// Judge what has arrived.
    Judge {
        /// The movements that were asked for.
        challenge: Challenge,
        /// Today in Hong Kong, `yyyy-mm-dd`.
        today: String,
    },
    /// Overwrite everything and end.
    Abandon,
}

/// From worker to parent.
#[expect(clippy::large_enum_variant, reason = "one lives at a time, and the large one ends the session")]
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The worker is confined and has its key.
    Ready {
        /// The public half, X25519.
        seal_key: [u8; 32],
        /// What it cannot do any more.
        protections: Vec<Protection>,
    },
    /// A picture was unsealed and is held.
    Taken {
        /// Its bytes.
        bytes: u32,
    },
    /// A picture was not taken; nothing changed.
    NotTaken(NotTaken),
    /// A stage of the judgement begins.
    Stage(Stage),
    /// The end: everything is overwritten.
    Verdict {
        /// What follows from the pictures.
        judgement: Judgement,
        /// How many pictures were destroyed.
        pictures: u32,
        /// How many bytes of pictures were destroyed.
        bytes: u64,
        /// Microseconds from verdict to the end of overwriting.
        overwritten_us: u64,
    },
    /// Everything is overwritten without a verdict.
    Abandoned {
        /// How many pictures were destroyed.
        pictures: u32,
        /// How many bytes of pictures were destroyed.
        bytes: u64,
    },
    /// The worker cannot start; a word that says why.
    CannotStart(String),
}

/// Why a picture was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The seal does not open: made for another key, custody or label, or damaged.
    Unsealable,
    /// More bytes than a custody may hold.
    TooLarge,
    /// Not in this state.
    OutOfOrder,
}

impl Order {
    /// As a frame.
    #[must_use]
    pub fn to_frame(&self) -> Frame {
        let mut body = Writer::default();
        let kind = match self {
            Self::Begin { custody, deadline_ms } => {
                body.raw(custody.as_bytes()).number(*deadline_ms);
                1
            }
            Self::Picture { label, sealed } => {
                let action = label.action.map_or("", Action::word);
                body.bytes(label.part.to_string().as_bytes()).number(label.at_ms).bytes(action.as_bytes()).raw(sealed);
                2
            }
            Self::Judge { challenge, today } => {
                body.bytes(today.as_bytes());
                challenge.actions.iter().for_each(|action| {
                    body.bytes(action.word().as_bytes());
                });
                3
            }
            Self::Abandon => 4,
        };
        (kind, body.0)
    }

    /// Reads a frame; `None` when it is of no known form.
    #[must_use]
    pub fn from_frame(kind: u8, body: &[u8]) -> Option<Self> {
        let mut body = Reader(body);
        match kind {
            1 => {
                let custody = CustodyId::from_bytes(&body.array::<16>()?).ok()?;
                let deadline_ms = body.number()?;
                body.end().map(|()| Self::Begin { custody, deadline_ms })
            }
            2 => {
                let part = Part::parse(body.text()?)?;
                let at_ms = body.number()?;
                let action = match body.text()? {
                    "" => None,
                    word => Some(Action::from_word(word)?),
                };
                Some(Self::Picture { label: Label { part, at_ms, action }, sealed: body.0.to_vec() })
            }
            3 => {
                let today = body.text()?.to_owned();
                let mut actions = Vec::new();
                while body.end().is_none() {
                    actions.push(Action::from_word(body.text()?)?);
                }
                Some(Self::Judge { challenge: Challenge { actions }, today })
            }
            4 => body.end().map(|()| Self::Abandon),
            _ => None,
        }
    }
}

impl Answer {
    /// As a frame.
    #[must_use]
    pub fn to_frame(&self) -> Frame {
        let mut body = Writer::default();
        let kind = match self {
            Self::Ready { seal_key, protections } => {
                body.raw(seal_key);
                for protection in protections {
                    body.byte(u8::from(protection.held)).bytes(protection.name.as_bytes());
                }
                1
            }
            Self::Taken { bytes } => {
                body.number(*bytes);
                2
            }
            Self::NotTaken(why) => {
                body.byte(match why {
                    NotTaken::Unsealable => 1,
                    NotTaken::TooLarge => 2,
                    NotTaken::OutOfOrder => 3,
                });
                3
            }
            Self::Stage(stage) => {
                body.bytes(stage.word().as_bytes());
                4
            }
            Self::Verdict { judgement, pictures, bytes, overwritten_us } => {
                body.number(*pictures).long(*bytes).long(*overwritten_us);
                write_judgement(&mut body, judgement);
                5
            }
            Self::Abandoned { pictures, bytes } => {
                body.number(*pictures).long(*bytes);
                6
            }
            Self::CannotStart(why) => {
                body.bytes(why.as_bytes());
                7
            }
        };
        (kind, body.0)
    }

    /// Reads a frame; `None` when it is of no known form.
    #[must_use]
    pub fn from_frame(kind: u8, body: &[u8]) -> Option<Self> {
        let mut body = Reader(body);
        match kind {
            1 => {
                let seal_key = body.array()?;
                let mut protections = Vec::new();
                while body.end().is_none() {
                    let held = body.byte()? == 1;
                    protections.push(Protection { name: body.text()?.to_owned(), held });
                }
                Some(Self::Ready { seal_key, protections })
            }
            2 => body.number().map(|bytes| Self::Taken { bytes }),
            3 => Some(Self::NotTaken(match body.byte()? {
                1 => NotTaken::Unsealable,
                2 => NotTaken::TooLarge,
                3 => NotTaken::OutOfOrder,
                _ => return None,
            })),
            4 => Stage::from_word(body.text()?).map(Self::Stage),
            5 => {
                let (pictures, bytes, overwritten_us) = (body.number()?, body.long()?, body.long()?);
                let judgement = read_judgement(&mut body)?;
                body.end().map(|()| Self::Verdict { judgement, pictures, bytes, overwritten_us })
            }
            6 => Some(Self::Abandoned { pictures: body.number()?, bytes: body.long()? }),
            7 => body.text().map(|why| Self::CannotStart(why.to_owned())),
            _ => None,
        }
    }
}

fn write_judgement(body: &mut Writer, judgement: &Judgement) {
    body.bytes(judgement.verdict.word().as_bytes());
    body.byte(u8::try_from(judgement.reasons.len()).unwrap_or(u8::MAX));
    for reason in judgement.reasons.iter().take(usize::from(u8::MAX)) {
        body.bytes(reason.word().as_bytes());
    }
    body.byte(u8::from(judgement.card.is_some()));
    if let Some(card) = &judgement.card {
        for field in [
            &card.hkid,
            &card.english_name,
            &card.chinese_name,
            &card.commercial_codes,
            &card.birth,
            &card.sex,
            &card.symbols,
            &card.first_registered,
            &card.issued,
        ] {
            body.bytes(field.as_bytes());
        }
        body.byte(u8::from(card.resolved_by_code));
    }
}

fn read_judgement(body: &mut Reader<'_>) -> Option<Judgement> {
    let verdict = Verdict::from_word(body.text()?)?;
    let count = body.byte()?;
    let reasons = (0..count).map(|_| Reason::from_word(body.text()?)).collect::<Option<Vec<_>>>()?;
    let card = match body.byte()? {
        0 => None,
        _ => {
            let mut card = CardText::default();
            for field in [
                &mut card.hkid,
                &mut card.english_name,
                &mut card.chinese_name,
                &mut card.commercial_codes,
                &mut card.birth,
                &mut card.sex,
                &mut card.symbols,
                &mut card.first_registered,
                &mut card.issued,
            ] {
                body.text()?.clone_into(field);
            }
            card.resolved_by_code = body.byte()? == 1;
            Some(card)
        }
    };
    Some(Judgement { verdict, reasons, card })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lionrock_model::time::Millis;

    #[test]
    fn orders_and_answers_read_back() {
        let orders = [
            Order::Begin { custody: CustodyId::new(Millis(7), [9; 10]), deadline_ms: 120_000 },
            Order::Picture {
                label: Label { part: Part::Face(2), at_ms: 5, action: Some(Action::LookUp) },
                sealed: vec![1, 2, 3],
            },
            Order::Picture { label: Label { part: Part::Card, at_ms: 0, action: None }, sealed: vec![] },
            Order::Judge {
                challenge: Challenge { actions: vec![Action::TurnLeft, Action::ComeCloser] },
                today: "2026-11-23".into(),
            },
            Order::Abandon,
        ];
        for order in orders {
            let (kind, body) = order.to_frame();
            assert_eq!(Order::from_frame(kind, &body), Some(order));
        }
        let mut card = CardText::default();
        card.hkid.push_str("U123456(0)");
        card.chinese_name.push('樂');
        card.resolved_by_code = true;
        let judgement = Judgement { verdict: Verdict::Accepted, reasons: vec![], card: Some(card) };
        let retake =
            Judgement { verdict: Verdict::Retake, reasons: vec![Reason::CardGlare, Reason::NoFace], card: None };
        let answers = [
            Answer::Ready {
                seal_key: [4; 32],
                protections: vec![Protection { name: "memory-locked".into(), held: true }],
            },
            Answer::Taken { bytes: 77 },
            Answer::NotTaken(NotTaken::Unsealable),
            Answer::NotTaken(NotTaken::TooLarge),
            Answer::NotTaken(NotTaken::OutOfOrder),
            Answer::Stage(Stage::Compare),
            Answer::Verdict { judgement, pictures: 7, bytes: 1 << 33, overwritten_us: 12 },
            Answer::Verdict { judgement: retake, pictures: 7, bytes: 0, overwritten_us: 12 },
            Answer::Abandoned { pictures: 1, bytes: 5 },
            Answer::CannotStart("models".into()),
        ];
        for answer in answers {
            let (kind, body) = answer.to_frame();
            assert_eq!(Answer::from_frame(kind, &body), Some(answer));
        }
    }

    #[test]
    fn damaged_frames_are_refused_not_guessed() {
        let (kind, body) = Order::Begin { custody: CustodyId::new(Millis(7), [9; 10]), deadline_ms: 1 }.to_frame();
        for cut in 0..body.len() {
            assert_eq!(Order::from_frame(kind, &body[..cut]), None);
        }
        assert_eq!(Order::from_frame(9, &[]), None);
        assert_eq!(Order::from_frame(2, &[255, 255, 255, 255]), None);
        assert_eq!(Answer::from_frame(4, b"\0\0\0\x05bogus"), None);
    }
}
