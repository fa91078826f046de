//! Signatures of data in JSON (ETSI TS 119 182-1, on RFC 7515): levels B-B and B-T.
//!
//! The flattened form with the content inside. The protected header names algorithm, kind of content, claimed time, chain, and the
//! certificate by its digest; the time-stamp over the signature value stands in `etsiU`.

use crate::Error;
use crate::algorithm::Digest;
use crate::certificate::Certificate;
use crate::validation::{Evidence, Judged, Sub, Trust, Verdict, weigh};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::sign::Algorithm;
use serde_json::{Value, json};

/// Longest signature that is read, in bytes.
pub const LONGEST: usize = 16 * 1024 * 1024;
/// Members of a protected header that are read; any other is refused, `crit` among them.
const KNOWN: [&str; 6] = ["alg", "cty", "iat", "typ", "x5c", "x5t#S256"];
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
        Ok(Signature { protected: self.protected, payload: self.payload, signature, stamp: None })
    }
}

/// A signature, made or read; nothing of it is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    protected: String,
    payload: String,
    signature: String,
    stamp: Option<Vec<u8>>,
}

impl Signature {
    /// What a time-stamp over it covers: the signature value as it is written.
    #[must_use]
    pub fn stamped(&self) -> &[u8] {
        self.signature.as_bytes()
    }

    /// The same with a time-stamp token (B-T).
    #[must_use]
    pub fn with_timestamp(self, token: &[u8]) -> Self {
        Self { stamp: Some(token.to_vec()), ..self }
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut whole = json!({"payload": self.payload, "protected": self.protected, "signature": self.signature});
        if let (Some(token), Some(map)) = (&self.stamp, whole.as_object_mut()) {
            let stamp = json!({"sigTst": {"tstTokens": [{"val": STANDARD.encode(token)}]}});
            map.insert("header".to_owned(), json!({"etsiU": [URL_SAFE_NO_PAD.encode(stamp.to_string())]}));
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
        let stamp = map.get("header").map(|header| read_stamp(header).ok_or_else(wrong)).transpose()?;
        Ok(Self { protected: text("protected")?, payload: text("payload")?, signature: text("signature")?, stamp })
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
        weigh(&own, claimed, self.stamp.clone(), self.stamped(), pool, trust, None)
    }
}

fn read_stamp(header: &Value) -> Option<Vec<u8>> {
    let all = header.as_object().filter(|map| map.len() == 1)?.get("etsiU")?.as_array()?;
    let [only] = all.as_slice() else { return None };
    let inner: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(only.as_str()?).ok()?).ok()?;
    let tokens = inner.get("sigTst")?.get("tstTokens")?.as_array()?;
    let [token] = tokens.as_slice() else { return None };
    STANDARD.decode(token.get("val")?.as_str()?).ok()
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
