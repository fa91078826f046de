//! The chamber: decides about each use of a signing key, and remembers only what keeps an approval from being used twice.

use crate::message::{Answer, Authenticator, Enrol, Enrolled, Opening, Order, Passkey, Sign, Signed};
use crate::record::{self, Record};
use crate::text::{self, ACTIVATION, Activation, ENROLMENT, Enrolment, Form, Hex, MOST_DOCUMENTS};
use crate::{attributes, message};
use lionrock_crypto::aead::Key;
use lionrock_crypto::digest::sha256;
use lionrock_crypto::random::Entropy;
use lionrock_crypto::secret::Secret;
use lionrock_crypto::sign::{Algorithm, PublicKey};
use lionrock_pki::name::Subject;
use lionrock_pki::request;
use lionrock_wire::webauthn::json::{AuthenticationResponse, Base64Url};
use lionrock_wire::webauthn::{AssertionExpectation, Failure, Framing, RelyingParty, StoredCredential, assertion};
use std::collections::BTreeMap;
use thiserror::Error;

/// An approval is good for so long, in milliseconds.
pub const WINDOW: i64 = 5 * 60 * 1_000;
/// A clock that shows a text may be ahead of the chamber's by so much, in milliseconds.
pub const AHEAD: i64 = 10 * 1_000;

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// The text is not canonical, of another kind, or names nothing.
    #[error("the text is not one of an approval")]
    Text,
    /// The text is of another realm.
    #[error("the text is of another realm")]
    Realm,
    /// The text is older than its window, or ahead of the clock.
    #[error("the approval is outside its window of time")]
    Window,
    /// The approval was shown before this process began: whether it was used already cannot be known.
    #[error("the approval is from before this process began")]
    BeforeStart,
    /// The approval was used before.
    #[error("the approval was used before")]
    Replayed,
    /// The record does not open here: another key's, another realm's, or changed.
    #[error("the record of the key does not open")]
    Record,
    /// The passkey's answer is not one to this text, by this passkey.
    #[error("the passkey's answer does not hold: {0}")]
    Passkey(Failure),
    /// The passkey's counter did not grow: it may have been copied.
    #[error("the passkey's counter did not grow")]
    Counter,
    /// A message is not the one whose digest was approved.
    #[error("a message is not the approved one")]
    Document,
    /// No such algorithm, or the digest is not of the key's algorithm.
    #[error("another algorithm than the key's")]
    Algorithm,
    /// The library refused.
    #[error("the cryptographic library refused")]
    Library,
}

impl Refusal {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Realm => "realm",
            Self::Window => "window",
            Self::BeforeStart => "before-start",
            Self::Replayed => "replayed",
            Self::Record => "record",
            Self::Passkey(_) => "passkey",
            Self::Counter => "counter",
            Self::Document => "document",
            Self::Algorithm => "algorithm",
            Self::Library => "library",
        }
    }
}

/// What stands between a server and residents' keys.
pub struct Chamber {
    key: Key,
    realm: String,
    rp_id: String,
    origins: Vec<String>,
    began: i64,
    /// Nonces of approvals within their window, and when that ends.
    used: BTreeMap<Hex, i64>,
    /// Counters seen since the start, by credential id: an older record put back does not bring an older counter back.
    counters: BTreeMap<Vec<u8>, u32>,
}

impl std::fmt::Debug for Chamber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chamber({})", self.realm)
    }
}

impl Chamber {
    /// Opens a chamber. `now` is the moment before which no approval is taken.
    ///
    /// # Errors
    /// [`Refusal::Library`] when the key has another length than 32 bytes.
    pub fn open(opening: &Opening, now: i64) -> Result<Self, Refusal> {
        let key = Secret::from_slice(&opening.key.0).map_err(|_| Refusal::Library)?;
        Ok(Self {
            key: Key::new(key),
            realm: opening.realm.clone(),
            rp_id: opening.rp_id.clone(),
            origins: opening.origins.clone(),
            began: now,
            used: BTreeMap::new(),
            counters: BTreeMap::new(),
        })
    }

    /// Does what is ordered, or says why not.
    pub fn answer(&mut self, order: &Order, now: i64, entropy: &dyn Entropy) -> Answer {
        let outcome = match order {
            Order::Enrol(enrol) => self.enrol(enrol, now, entropy).map(|made| Answer::Enrolled(Box::new(made))),
            Order::Sign(sign) => self.sign(sign, now, entropy).map(|made| Answer::Signed(Box::new(made))),
        };
        outcome.unwrap_or_else(|refusal| Answer::Refused(refusal.word().to_owned()))
    }

    /// Makes a signing key that the passkey which answers now shall guard.
    ///
    /// # Errors
    /// As [`Refusal`] says: then no key was made.
    pub fn enrol(&mut self, order: &Enrol, now: i64, entropy: &dyn Entropy) -> Result<Enrolled, Refusal> {
        let asked: Enrolment =
            text::read(&order.text.0).filter(|it: &Enrolment| it.v == ENROLMENT).ok_or(Refusal::Text)?;
        let algorithm = record::algorithm(&asked.algorithm).ok_or(Refusal::Algorithm)?;
        if asked.authenticator != Hex::from(sha256(&order.authenticator.id.0)) {
            return Err(Refusal::Text);
        }
        self.timely(&asked.realm, asked.time, now)?;
        let count = self.prove(&order.text.0, &order.authenticator, &order.passkey)?;
        self.once(asked.nonce, asked.time)?;
        let authenticator = Authenticator { sign_count: count, ..order.authenticator.clone() };
        let record = Record::make(algorithm, &asked.resident, authenticator).map_err(|_| Refusal::Library)?;
        let request = request::make(&subject(&asked.subject), &record.key).map_err(|_| Refusal::Text)?;
        let public = record.key.public().map_err(|_| Refusal::Library)?;
        let sealed = record.seal(&self.key, &self.realm, &asked.key, entropy).map_err(|_| Refusal::Library)?;
        Ok(Enrolled {
            public_key: Base64Url(public_bytes(&public)),
            record: Base64Url(sealed),
            request: Base64Url(request),
        })
    }

    /// Signs exactly what the passkey approved.
    ///
    /// # Errors
    /// As [`Refusal`] says: then nothing was signed.
    pub fn sign(&mut self, order: &Sign, now: i64, entropy: &dyn Entropy) -> Result<Signed, Refusal> {
        let asked: Activation =
            text::read(&order.text.0).filter(|it: &Activation| it.v == ACTIVATION).ok_or(Refusal::Text)?;
        let count = asked.documents.len();
        if !(1..=MOST_DOCUMENTS).contains(&count) || order.messages.len() != count || asked.nonce.0.len() != 32 {
            return Err(Refusal::Text);
        }
        self.timely(&asked.realm, asked.time, now)?;
        let mut record =
            Record::open(&self.key, &self.realm, &asked.key, &order.record.0).map_err(|_| Refusal::Record)?;
        let counter = self.prove(&order.text.0, &record.authenticator, &order.passkey)?;
        for (document, message) in asked.documents.iter().zip(&order.messages) {
            fits(document, &message.0, &asked.certificate, record.key.algorithm())?;
        }
        self.once(asked.nonce, asked.time)?;
        let signatures = asked.documents.iter().zip(&order.messages).map(|(document, message)| {
            let made = match document.form {
                Form::Attributes => record.key.sign(&message.0),
                Form::Exact => record.key.sign_digest(&document.digest.0),
            };
            made.map(Base64Url).map_err(|_| Refusal::Library)
        });
        let signatures = signatures.collect::<Result<_, _>>()?;
        record.authenticator.sign_count = counter;
        let sealed = record.seal(&self.key, &self.realm, &asked.key, entropy).map_err(|_| Refusal::Library)?;
        Ok(Signed { record: Base64Url(sealed), signatures })
    }

    /// Whether a text is of this realm, now.
    fn timely(&mut self, realm: &str, time: i64, now: i64) -> Result<(), Refusal> {
        if realm != self.realm {
            return Err(Refusal::Realm);
        }
        if time > now.saturating_add(AHEAD) || now.saturating_sub(time) > WINDOW {
            return Err(Refusal::Window);
        }
        if time < self.began {
            return Err(Refusal::BeforeStart);
        }
        self.used.retain(|_, until| *until >= now);
        Ok(())
    }

    /// Uses an approval up.
    fn once(&mut self, nonce: Hex, time: i64) -> Result<(), Refusal> {
        match self.used.insert(nonce, time.saturating_add(WINDOW)) {
            None => Ok(()),
            Some(_) => Err(Refusal::Replayed),
        }
    }

    /// Checks the passkey's answer (WebAuthn L3 section 7.2), user verification and a device-bound key included; its counter.
    fn prove(&mut self, text: &[u8], known: &Authenticator, answer: &Passkey) -> Result<u32, Refusal> {
        let challenge = sha256(text);
        let expected = AssertionExpectation {
            party: RelyingParty { id: &self.rp_id, origins: &self.origins, framing: Framing::Never },
            challenge: &challenge,
            user_verification: true,
            allowed: &[],
            person_known: true,
        };
        let floor = self.counters.get(&known.id.0).copied().unwrap_or(0).max(known.sign_count);
        let stored = StoredCredential {
            id: &known.id.0,
            public_key: &known.public_key.0,
            user_handle: &known.user_handle.0,
            sign_count: floor,
            // A passkey that can be copied to another device guards no signature.
            backup_eligible: false,
        };
        let verified = assertion::verify(&response(answer), &expected, &stored).map_err(Refusal::Passkey)?;
        if verified.counter == assertion::Counter::Suspicious {
            return Err(Refusal::Counter);
        }
        self.counters.insert(known.id.0.clone(), verified.sign_count);
        Ok(verified.sign_count)
    }
}

/// Whether a message is the one that was approved.
fn fits(document: &text::Document, message: &[u8], certificate: &Hex, algorithm: Algorithm) -> Result<(), Refusal> {
    let length = if algorithm == Algorithm::Es384 { 48 } else { 32 };
    if document.digest.0.len() != length {
        return Err(Refusal::Algorithm);
    }
    if !message::carries(document.form) {
        return if message.is_empty() { Ok(()) } else { Err(Refusal::Document) };
    }
    let named = attributes::read(message).ok_or(Refusal::Document)?;
    if named.digest == document.digest.0 && named.certificate == certificate.0 {
        Ok(())
    } else {
        Err(Refusal::Document)
    }
}

/// The authority reads nothing of a request but its common name.
fn subject(common_name: &str) -> Subject {
    Subject::Organisation {
        country: "HK".to_owned(),
        organisation: "Lionrock".to_owned(),
        identifier: None,
        unit: None,
        common_name: common_name.to_owned(),
    }
}

fn response(answer: &Passkey) -> AuthenticationResponse {
    AuthenticationResponse {
        id: answer.id.0.clone(),
        client_data_json: answer.client_data.0.clone(),
        authenticator_data: answer.authenticator_data.0.clone(),
        signature: answer.signature.0.clone(),
        user_handle: answer.user_handle.as_ref().map(|handle| handle.0.clone()),
    }
}

/// A public key as an answer carries it.
#[must_use]
pub fn public_bytes(key: &PublicKey) -> Vec<u8> {
    match key {
        PublicKey::P256 { x, y } => [&x[..], y].concat(),
        PublicKey::P384 { x, y } => [&x[..], y].concat(),
        PublicKey::Rsa { n, e } => {
            let length = u32::try_from(n.len()).unwrap_or(0).to_be_bytes();
            [&length[..], n, e].concat()
        }
        PublicKey::Ed25519(key) => key.to_vec(),
        #[allow(unreachable_patterns, reason = "residents have no other keys")]
        _ => Vec::new(),
    }
}

/// Reads [`public_bytes`] of a key for this algorithm.
#[must_use]
pub fn public_key(algorithm: Algorithm, bytes: &[u8]) -> Option<PublicKey> {
    match algorithm {
        Algorithm::Es256 => {
            let (x, y) = bytes.split_at_checked(32)?;
            Some(PublicKey::P256 { x: x.try_into().ok()?, y: y.try_into().ok()? })
        }
        Algorithm::Es384 => {
            let (x, y) = bytes.split_at_checked(48)?;
            Some(PublicKey::P384 { x: x.try_into().ok()?, y: y.try_into().ok()? })
        }
        Algorithm::Rs256 => {
            let (length, rest) = bytes.split_first_chunk::<4>()?;
            let (n, e) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
            Some(PublicKey::Rsa { n: n.to_vec(), e: e.to_vec() })
        }
        _ => None,
    }
}
