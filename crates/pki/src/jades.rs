//! Signatures of data in JSON (ETSI TS 119 182-1, on RFC 7515): levels B-B, B-T, B-LT and B-LTA.
//!
//! The flattened form with the content inside. The protected header names algorithm, kind of content, claimed time, chain, and the
//! certificate by its digest. What is added later stands in `etsiU`, one element after the other, each encoded by itself: the time-stamp
//! over the signature value (`sigTst`), chains and status (`xVals`, `rVals`), and time-stamps over all of it (`arcTst`), the oldest first.

use crate::Error;
use crate::algorithm::Digest;
use crate::certificate::Certificate;
use crate::validation::{Evidence, Judged, Sub, Trust, Verdict, token, weigh};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::sign::Algorithm;
use serde_json::{Value, json};

/// Longest signature that is read, in bytes.
pub const LONGEST: usize = 16 * 1024 * 1024;
/// Members of a protected header that are read; any other is refused, `crit` among them.
const KNOWN: [&str; 6] = ["alg", "cty", "iat", "typ", "x5c", "x5t#S256"];
/// Most elements of `etsiU`.
const MOST_ELEMENTS: usize = 64;
/// Algorithms that are accepted.
const ACCEPTED: [Algorithm; 3] = [Algorithm::Es256, Algorithm::Es384, Algorithm::Rs256];

/// A signature that lacks only its last step.
#[derive(Clone, Debug)]
pub struct Unsigned {
    own: Certificate,
    algorithm: Algorithm,
    protected: String,
    payload: String,
    message: Vec<u8>,
}

impl Unsigned {
    /// Prepares a signature over content of a kind (`application/json`); the signer's certificate is the first of the chain.
    ///
    /// # Errors
    /// [`Error::Refused`] when the chain is empty; [`Error::Algorithm`].
    pub fn new(
        content: &[u8],
        kind: &str,
        chain: &[&Certificate],
        algorithm: Algorithm,
        claimed: u64,
    ) -> Result<Self, Error> {
        let own = (*chain.first().ok_or(Error::Refused("the signer's certificate is missing"))?).clone();
        if !ACCEPTED.contains(&algorithm) {
            return Err(Error::Algorithm(algorithm.name().to_owned()));
        }
        let certificates: Vec<String> = chain.iter().map(|one| STANDARD.encode(one.der())).collect();
        let header = json!({
            "alg": algorithm.name(),
            "cty": kind,
            "iat": claimed,
            "x5c": certificates,
            "x5t#S256": URL_SAFE_NO_PAD.encode(sha256(own.der())),
        });
        let protected = URL_SAFE_NO_PAD.encode(header.to_string());
        let payload = URL_SAFE_NO_PAD.encode(content);
        let message = format!("{protected}.{payload}").into_bytes();
        Ok(Self { own, algorithm, protected, payload, message })
    }

    /// What the key signs, hashing it itself.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Puts the key's signature in (`r ‖ s` for ECDSA), and checks it first.
    ///
    /// # Errors
    /// [`Error::BadSignature`] when it is not the certificate's key that signed this.
    pub fn complete(self, signature: &[u8]) -> Result<Signature, Error> {
        self.own.key()?.verify(self.algorithm, &self.message, signature).map_err(|_| Error::BadSignature)?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Ok(Signature { protected: self.protected, payload: self.payload, signature, later: Vec::new() })
    }
}

/// A signature, made or read; nothing of it is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    protected: String,
    payload: String,
    signature: String,
    /// Elements of `etsiU`, base64url, in their order.
    later: Vec<String>,
}

impl Signature {
    /// What a time-stamp over it covers: the signature value as it is written.
    #[must_use]
    pub fn stamped(&self) -> &[u8] {
        self.signature.as_bytes()
    }

    fn with(mut self, element: &Value) -> Self {
        self.later.push(URL_SAFE_NO_PAD.encode(element.to_string()));
        self
    }

    /// The same with a time-stamp token over the signature value (B-T).
    #[must_use]
    pub fn with_timestamp(self, token: &[u8]) -> Self {
        self.with(&json!({"sigTst": {"tstTokens": [{"val": STANDARD.encode(token)}]}}))
    }

    /// The same with chains and status of all certificates (B-LT).
    #[must_use]
    pub fn with_evidence(self, certificates: &[Certificate], answers: &[Vec<u8>], lists: &[Vec<u8>]) -> Self {
        let values = |all: &[Vec<u8>]| all.iter().map(|der| json!({"val": STANDARD.encode(der)})).collect::<Vec<_>>();
        let chain = certificates.iter().map(|one| json!({"x509Cert": {"val": STANDARD.encode(one.der())}}));
        let status: serde_json::Map<_, _> = [("crlVals", values(lists)), ("ocspVals", values(answers))]
            .into_iter()
            .filter(|(_, all)| !all.is_empty())
            .map(|(key, all)| (key.to_owned(), Value::Array(all)))
            .collect();
        let known = self.with(&json!({"xVals": chain.collect::<Vec<_>>()}));
        if status.is_empty() { known } else { known.with(&json!({"rVals": status})) }
    }

    /// What the next time-stamp over all of it covers (TS 119 182-1 section 5.3.6.3): content, protected header, signature value and every
    /// element there is, as they are written.
    #[must_use]
    pub fn archived(&self) -> Vec<u8> {
        self.up_to(self.later.len())
    }

    fn up_to(&self, count: usize) -> Vec<u8> {
        let mut whole = format!("{}.{}.{}.", self.payload, self.protected, self.signature).into_bytes();
        self.later.iter().take(count).for_each(|one| whole.extend_from_slice(one.as_bytes()));
        whole
    }

    /// The same with a time-stamp token over [`Signature::archived`] (B-LTA); what shows how the authority of the stamp before stood is
    /// added first, by [`Signature::with_evidence`].
    #[must_use]
    pub fn with_archive(self, token: &[u8]) -> Self {
        self.with(&json!({"arcTst": {"tstTokens": [{"val": STANDARD.encode(token)}]}}))
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut whole = json!({"payload": self.payload, "protected": self.protected, "signature": self.signature});
        if let (false, Some(map)) = (self.later.is_empty(), whole.as_object_mut()) {
            map.insert("header".to_owned(), json!({"etsiU": self.later}));
        }
        whole.to_string()
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn read(text: &[u8]) -> Result<Self, Error> {
        let wrong = || Error::Malformed("a signature in JSON");
        if text.len() > LONGEST {
            return Err(Error::Refused("this signature is too large"));
        }
        let whole: Value = serde_json::from_slice(text).map_err(|_| wrong())?;
        let map = whole.as_object().ok_or_else(wrong)?;
        if map.keys().any(|key| !["header", "payload", "protected", "signature"].contains(&key.as_str())) {
            return Err(wrong());
        }
        let text = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned).ok_or_else(wrong);
        let later = map.get("header").map(|header| elements(header).ok_or_else(wrong)).transpose()?.unwrap_or_default();
        Ok(Self { protected: text("protected")?, payload: text("payload")?, signature: text("signature")?, later })
    }

    /// The content.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn content(&self) -> Result<Vec<u8>, Error> {
        URL_SAFE_NO_PAD.decode(&self.payload).map_err(|_| Error::Malformed("the content of a signature"))
    }

    /// Judges the signature, as [`crate::validation::judge`] does.
    ///
    /// # Errors
    /// Never for what is judged; when the library refuses.
    pub fn judge(&self, evidence: &Evidence, trust: &Trust) -> Result<Judged, Error> {
        let refused = |sub, why| Ok(Judged::refused(Verdict::no(sub, why)));
        let Some(Header { algorithm, claimed, own, others }) = Header::read(&self.protected) else {
            return refused(Sub::FormatFailure, "this is no signature that is understood");
        };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(&self.signature) else {
            return refused(Sub::FormatFailure, "this is no signature that is understood");
        };
        let message = format!("{}.{}", self.protected, self.payload);
        let fits = own.key().is_ok_and(|key| key.verify(algorithm, message.as_bytes(), &signature).is_ok());
        if !fits || self.content().is_err() {
            return refused(Sub::CryptoFailure, "the signature does not verify");
        }
        let mut pool = evidence.clone();
        pool.certificates.extend(others);
        let Some(parts) = self.later.iter().map(|one| Part::read(one)).collect::<Option<Vec<_>>>() else {
            return refused(Sub::FormatFailure, "what was added to the signature is not understood");
        };
        let mut stamp = None;
        let mut archives = Vec::new();
        for (count, part) in parts.into_iter().enumerate() {
            match part {
                Part::Stamp(token) if stamp.is_none() => stamp = Some(token),
                Part::Stamp(_) => {
                    return refused(Sub::FormatFailure, "the signature carries two time-stamps of a kind");
                }
                Part::Certificates(all) => pool.certificates.extend(all),
                Part::Status(answers, lists) => {
                    pool.answers.extend(answers);
                    pool.lists.extend(lists);
                }
                Part::Archive(token) => archives.push((count, token)),
            }
        }
        // The newest is judged as of now, each other one as of the one after it.
        let mut later = None;
        for (count, der) in archives.into_iter().rev() {
            let over = self.up_to(count);
            match token(&der, &mut |digest| Ok(digest.of(&over)), &mut pool, trust, later)? {
                Ok(found) if later.is_none_or(|later| found.at <= later) => later = Some(found.at),
                Ok(_) => return refused(Sub::TimestampOrderFailure, "its time-stamps are in another order"),
                Err(why) => return Ok(Judged::refused(why)),
            }
        }
        weigh(&own, claimed, stamp, self.stamped(), pool, trust, later)
    }
}

/// The elements of `etsiU`, which is all that the other header may hold.
fn elements(header: &Value) -> Option<Vec<String>> {
    let all = header.as_object().filter(|map| map.len() == 1)?.get("etsiU")?.as_array()?;
    (!all.is_empty() && all.len() <= MOST_ELEMENTS).then_some(())?;
    all.iter().map(|one| one.as_str().map(str::to_owned)).collect()
}

/// An element of `etsiU`, read.
enum Part {
    Stamp(Vec<u8>),
    Certificates(Vec<Certificate>),
    Status(Vec<Vec<u8>>, Vec<Vec<u8>>),
    Archive(Vec<u8>),
}

impl Part {
    fn read(element: &str) -> Option<Self> {
        let inner: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(element).ok()?).ok()?;
        let (name, value) = inner.as_object().filter(|map| map.len() == 1)?.iter().next()?;
        let der = |one: &Value| STANDARD.decode(one.get("val")?.as_str()?).ok();
        let one_token = || {
            let [token] = value.get("tstTokens")?.as_array()?.as_slice() else { return None };
            der(token)
        };
        let all = |key: &str| match value.get(key) {
            None => Some(Vec::new()),
            Some(list) => list.as_array()?.iter().map(der).collect(),
        };
        Some(match name.as_str() {
            "sigTst" => Self::Stamp(one_token()?),
            "arcTst" => Self::Archive(one_token()?),
            "xVals" => {
                let read = |one: &Value| Certificate::from_der(&der(one.get("x509Cert")?)?).ok();
                Self::Certificates(value.as_array()?.iter().map(read).collect::<Option<_>>()?)
            }
            "rVals" => Self::Status(all("ocspVals")?, all("crlVals")?),
            _ => return None,
        })
    }
}

/// The protected header.
struct Header {
    algorithm: Algorithm,
    claimed: Option<u64>,
    own: Certificate,
    others: Vec<Certificate>,
}

impl Header {
    fn read(protected: &str) -> Option<Self> {
        let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(protected).ok()?).ok()?;
        let map = value.as_object().filter(|map| map.keys().all(|key| KNOWN.contains(&key.as_str())))?;
        let name = map.get("alg")?.as_str()?;
        let algorithm = ACCEPTED.into_iter().find(|one| one.name() == name)?;
        let chain = map.get("x5c")?.as_array().filter(|all| all.len() <= 8)?;
        let read = |one: &Value| Certificate::from_der(&STANDARD.decode(one.as_str()?).ok()?).ok();
        let mut others = chain.iter().map(read).collect::<Option<Vec<_>>>()?.into_iter();
        let own = others.next()?;
        // The certificate is named in what is signed: another one of the same key is another signer.
        let named = map.get("x5t#S256")?.as_str()?;
        (named == URL_SAFE_NO_PAD.encode(Digest::Sha256.of(own.der()))).then_some(())?;
        Some(Self { algorithm, claimed: map.get("iat").and_then(Value::as_u64), own, others: others.collect() })
    }
}
