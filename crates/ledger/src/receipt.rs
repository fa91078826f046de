//! A receipt that needs no server to be checked: a signed statement, and the proof that the log holds its digest.
//!
//! One JSON file (`docs/formats/receipt.md`). Trust begins with one thing only, the log's verifier key: the log vouches for
//! the digest of the statement, so nobody can add a statement later, and the platform cannot take one back.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::sign::{Algorithm, PublicKey};
use serde_json::{Map, Value, json};

use crate::bundle::{self, Bundle};
use crate::checkpoint::Checkpoint;
use crate::leaf::{self, Leaf};
use crate::note::{self, Verifier};

/// `format` of the file.
pub const FORMAT: &str = "lionrock receipt v1";
/// `typ` of the statement's header.
pub const TYPE: &str = "receipt+jwt";
/// Largest file in bytes.
pub const LARGEST: usize = 256 * 1024;

/// A receipt as handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The statement: compact JWS (RFC 7515), EdDSA, type [`TYPE`].
    pub statement: String,
    /// Ed25519 public key that signed the statement.
    pub key: [u8; 32],
    /// The entry's bytes as published.
    pub entry: Vec<u8>,
    /// The event the entry commits to, byte for byte; its `body.receipt` is the digest of the statement.
    pub event: String,
    /// The event's own key, which opens the commitment.
    pub event_key: [u8; 32],
    /// Inclusion of the entry under a signed checkpoint.
    pub proof: Bundle,
    /// The verifier key of the log, for convenience: whoever checks should have it from elsewhere.
    pub log: String,
}

/// What a good receipt says.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The statement's claims.
    pub claims: Map<String, Value>,
    /// The public entry.
    pub leaf: Leaf,
    /// Which entry.
    pub index: u64,
    /// The checkpoint that proves it.
    pub checkpoint: Checkpoint,
}

impl Receipt {
    /// Reads the file.
    pub fn parse(file: &[u8]) -> Result<Receipt, Error> {
        if file.len() > LARGEST {
            return Err(Error::TooLarge);
        }
        let file: Map<String, Value> = serde_json::from_slice(file).map_err(|_| Error::NotJson)?;
        if text(&file, "format")? != FORMAT {
            return Err(Error::Member("format"));
        }
        Ok(Receipt {
            statement: text(&file, "statement")?.to_owned(),
            key: key(file.get("key")).ok_or(Error::Member("key"))?,
            entry: STANDARD.decode(text(&file, "entry")?).map_err(|_| Error::Member("entry"))?,
            event: text(&file, "event")?.to_owned(),
            event_key: url(text(&file, "event_key")?).ok_or(Error::Member("event_key"))?,
            proof: Bundle::parse(text(&file, "proof")?)?,
            log: text(&file, "log")?.to_owned(),
        })
    }

    /// The file as JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "format": FORMAT,
            "statement": self.statement,
            "key": {"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(self.key)},
            "entry": STANDARD.encode(&self.entry),
            "event": self.event,
            "event_key": URL_SAFE_NO_PAD.encode(self.event_key),
            "proof": self.proof.to_string(),
            "log": self.log,
        })
    }

    /// The receipt for a sheet of paper: of the checkpoint's signatures only the log's own Ed25519 one, which is enough to check it.
    /// Cosignatures, of several kilobytes each, are in the file.
    pub fn on_paper(&self) -> Result<Receipt, Error> {
        let checkpoint = note::shortened(&self.proof.checkpoint, &[self.named_log()?]).map_err(Error::Log)?;
        Ok(Receipt { proof: Bundle { checkpoint, ..self.proof.clone() }, ..self.clone() })
    }

    /// The verifier key the file names: to be shown and compared, not to be trusted for being there.
    pub fn named_log(&self) -> Result<Verifier, Error> {
        Verifier::parse(&self.log).map_err(Error::Log)
    }

    /// Checks everything against the log of `known` keys: signature, entry, event, digest, inclusion, checkpoint.
    /// The origin is the name of the first key.
    pub fn check(&self, known: &[Verifier]) -> Result<Statement, Error> {
        let origin = known.first().ok_or(Error::NoKey)?.name();
        let claims = self.claims()?;
        let leaf = Leaf::decode(&self.entry)?;
        if !leaf.opens(&self.event_key, self.event.as_bytes()) {
            return Err(Error::Event);
        }
        let event: Value = serde_json::from_str(&self.event).map_err(|_| Error::Event)?;
        if event.pointer("/body/receipt").and_then(Value::as_str) != Some(&digest(&self.statement)) {
            return Err(Error::Digest);
        }
        let checkpoint = self.proof.check(&self.entry, origin, known)?;
        Ok(Statement { claims, leaf, index: self.proof.index, checkpoint })
    }

    fn claims(&self) -> Result<Map<String, Value>, Error> {
        let (signed, signature) = self.statement.rsplit_once('.').ok_or(Error::Statement)?;
        let (header, payload) = signed.split_once('.').ok_or(Error::Statement)?;
        let header = object(header)?;
        let right = header.get("alg") == Some(&json!("EdDSA")) && header.get("typ") == Some(&json!(TYPE));
        if !right || header.contains_key("crit") {
            return Err(Error::Statement);
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Error::Statement)?;
        let key = PublicKey::Ed25519(self.key);
        key.verify(Algorithm::EdDsa, signed.as_bytes(), &signature).map_err(|_| Error::Signature)?;
        object(payload)
    }
}

/// What an event's `body.receipt` holds: SHA-256 of the statement as sent, base64url without padding.
pub fn digest(statement: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(statement.as_bytes()))
}

/// Why a receipt proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The log holds another digest.
    #[error("the log holds the digest of another statement")]
    Digest,
    /// The entry commits to something else.
    #[error("the entry of the log does not commit to this event")]
    Event,
    /// The entry.
    #[error("the entry: {0}")]
    Leaf(#[from] leaf::Error),
    /// The verifier key in the file.
    #[error("the log's key in the file: {0}")]
    Log(note::Error),
    /// A member of the file is missing or misshapen.
    #[error("the member \"{0}\" is missing or not what it should be")]
    Member(&'static str),
    /// No key was given.
    #[error("no key of the log was given")]
    NoKey,
    /// Not a JSON object.
    #[error("this is not a receipt: it is not a JSON object")]
    NotJson,
    /// The proof.
    #[error(transparent)]
    Proof(#[from] bundle::Error),
    /// The statement's signature does not hold.
    #[error("the signature of the statement does not hold")]
    Signature,
    /// Not a compact JWS of our kind.
    #[error("the statement is not a compact JWS signed with EdDSA of type receipt+jwt")]
    Statement,
    /// Over our limit.
    #[error("the file is larger than 256 KiB")]
    TooLarge,
}

fn text<'a>(file: &'a Map<String, Value>, member: &'static str) -> Result<&'a str, Error> {
    file.get(member).and_then(Value::as_str).ok_or(Error::Member(member))
}

fn object(part: &str) -> Result<Map<String, Value>, Error> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Error::Statement)?;
    serde_json::from_slice(&bytes).map_err(|_| Error::Statement)
}

fn key(jwk: Option<&Value>) -> Option<[u8; 32]> {
    let jwk = jwk?;
    let right = jwk.get("kty") == Some(&json!("OKP")) && jwk.get("crv") == Some(&json!("Ed25519"));
    right.then(|| url(jwk.get("x")?.as_str()?)).flatten()
}

fn url(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}
