//! Public keys as JSON (RFC 7517, RFC 7518 section 6, RFC 8037) and their thumbprints (RFC 7638).

use super::{Error, LARGEST, algorithm, decode, encode, json};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::sign::{Algorithm, PublicKey};
use serde_json::{Map, Value, json};

/// A public key with what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    /// The only algorithm the key may be used with; by its kind where the document does not say.
    pub algorithm: Option<Algorithm>,
    /// The key itself.
    pub key: PublicKey,
    /// The name headers call it by.
    pub kid: Option<String>,
}

/// Public keys of one party, as found under a `jwks_uri` or in configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

impl Jwk {
    /// One key we publish: named by its thumbprint, for one algorithm.
    #[must_use]
    pub fn ours(key: PublicKey, algorithm: Algorithm) -> Self {
        let mut jwk = Self { algorithm: Some(algorithm), key, kid: None };
        jwk.kid = Some(encode(&jwk.thumbprint()));
        jwk
    }

    /// Reads one public key for signatures.
    ///
    /// # Errors
    /// [`Error::Key`] when it is private, too small, meant for something else or of an unknown kind; [`Error::Claim`]
    /// or [`Error::Malformed`] when a member has the wrong shape.
    pub fn parse(members: &Map<String, Value>) -> Result<Self, Error> {
        if PRIVATE.iter().any(|name| members.contains_key(*name)) {
            return Err(Error::Key("it contains a private or symmetric key"));
        }
        if json::text(members, "use")?.is_some_and(|usage| usage != "sig") {
            return Err(Error::Key("it is not for signatures"));
        }
        if let Some(operations) = members.get("key_ops") {
            let operations = operations.as_array().ok_or(Error::Claim("key_ops"))?;
            if !operations.iter().any(|operation| operation == "verify") {
                return Err(Error::Key("it is not for verifying"));
            }
        }
        let key = material(members)?;
        if !key.is_sound() {
            return Err(Error::Key("it is no point of its curve"));
        }
        let algorithm = match json::text(members, "alg")? {
            Some(name) => Some(algorithm(name).ok_or(Error::Algorithm)?),
            None => None,
        };
        let kid = json::text(members, "kid")?.map(str::to_owned);
        if kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.len() > 256) {
            return Err(Error::Key("its kid is empty or too long"));
        }
        let jwk = Self { algorithm, key, kid };
        if jwk.algorithm.is_some_and(|algorithm| !suits(&jwk.key, algorithm)) {
            return Err(Error::Key("its alg does not suit its kind"));
        }
        Ok(jwk)
    }

    /// Whether the key may verify a signature of `algorithm`.
    #[must_use]
    pub fn serves(&self, algorithm: Algorithm) -> bool {
        suits(&self.key, algorithm) && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// The public members, as published.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut value = required(&self.key);
        if let Value::Object(members) = &mut value {
            members.insert("use".to_owned(), json!("sig"));
            if let Some(algorithm) = self.algorithm {
                members.insert("alg".to_owned(), json!(algorithm.name()));
            }
            if let Some(kid) = &self.kid {
                members.insert("kid".to_owned(), json!(kid));
            }
        }
        value
    }

    /// SHA-256 over the required members in order of their names (RFC 7638 section 3).
    #[must_use]
    pub fn thumbprint(&self) -> [u8; 32] {
        // serde_json keeps members sorted and writes no blanks, which is the form RFC 7638 asks for.
        sha256(required(&self.key).to_string().as_bytes())
    }
}

impl JwkSet {
    /// A set of keys that are known to be good.
    #[must_use]
    pub fn new(keys: Vec<Jwk>) -> Self {
        Self { keys }
    }

    /// Reads a set. Keys of kinds and uses we do not know are passed over (RFC 7517 section 5); everything else that is
    /// wrong refuses the whole set, because a party that publishes a private key must hear of it.
    ///
    /// # Errors
    /// As [`Jwk::parse`]; [`Error::Key`] for two keys of one `kid`, more than 32 keys, or none that can be used.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > LARGEST {
            return Err(Error::TooLarge);
        }
        let document = json::object(bytes)?;
        let listed = document.get("keys").and_then(Value::as_array).ok_or(Error::Claim("keys"))?;
        if listed.len() > 32 {
            return Err(Error::Key("more than 32 keys"));
        }
        let mut keys: Vec<Jwk> = Vec::new();
        for entry in listed {
            let members = entry.as_object().ok_or(Error::Claim("keys"))?;
            if foreign(members) {
                continue;
            }
            let jwk = Jwk::parse(members)?;
            if jwk.kid.is_some() && keys.iter().any(|other| other.kid == jwk.kid) {
                return Err(Error::Key("two keys have one kid"));
            }
            keys.push(jwk);
        }
        if keys.is_empty() {
            return Err(Error::Key("no usable signature key in the set"));
        }
        Ok(Self { keys })
    }

    /// The keys in the order they were given.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The one key a header means: by `kid`, or without one only when a single key serves the algorithm.
    ///
    /// # Errors
    /// [`Error::UnknownKey`].
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&Jwk, Error> {
        let mut fitting = self
            .keys
            .iter()
            .filter(|jwk| jwk.serves(algorithm) && kid.is_none_or(|kid| jwk.kid.as_deref() == Some(kid)));
        match (fitting.next(), fitting.next()) {
            (Some(jwk), None) => Ok(jwk),
            _ => Err(Error::UnknownKey),
        }
    }

    /// `{"keys": […]}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "keys": self.keys.iter().map(Jwk::to_json).collect::<Vec<_>>() })
    }
}

/// Whether the key's kind and the algorithm belong together.
#[must_use]
pub const fn suits(key: &PublicKey, algorithm: Algorithm) -> bool {
    matches!(
        (key, algorithm),
        (PublicKey::P256 { .. }, Algorithm::Es256)
            | (PublicKey::P384 { .. }, Algorithm::Es384)
            | (PublicKey::Ed25519(_), Algorithm::EdDsa)
            | (PublicKey::Rsa { .. }, Algorithm::Ps256 | Algorithm::Rs256)
    )
}

/// A key that is honest but not for us: encipherment, unknown curve or kind.
fn foreign(members: &Map<String, Value>) -> bool {
    let is = |name: &str, values: &[&str]| {
        members.get(name).and_then(Value::as_str).is_some_and(|value| values.contains(&value))
    };
    let unknown = |name: &str, values: &[&str]| members.contains_key(name) && !is(name, values);
    is("use", &["enc"])
        || (members.get("kty").is_some_and(Value::is_string) && unknown("kty", &["EC", "OKP", "RSA", "oct"]))
        || (is("kty", &["EC"]) && unknown("crv", &["P-256", "P-384"]))
        || (is("kty", &["OKP"]) && unknown("crv", &["Ed25519"]))
        || members.get("alg").and_then(Value::as_str).is_some_and(|name| algorithm(name).is_none())
}

fn material(members: &Map<String, Value>) -> Result<PublicKey, Error> {
    let part = |name: &'static str| -> Result<Vec<u8>, Error> {
        decode(json::text(members, name)?.ok_or(Error::Claim(name))?, "key member")
    };
    let kind = json::text(members, "kty")?.ok_or(Error::Claim("kty"))?;
    let curve = json::text(members, "crv")?;
    let wrong_length = |_| Error::Key("a member has the wrong length");
    Ok(match (kind, curve) {
        ("EC", Some("P-256")) => PublicKey::P256 {
            x: part("x")?.try_into().map_err(wrong_length)?,
            y: part("y")?.try_into().map_err(wrong_length)?,
        },
        ("EC", Some("P-384")) => PublicKey::P384 {
            x: part("x")?.try_into().map_err(wrong_length)?,
            y: part("y")?.try_into().map_err(wrong_length)?,
        },
        ("OKP", Some("Ed25519")) => PublicKey::Ed25519(part("x")?.try_into().map_err(wrong_length)?),
        ("RSA", _) => {
            let (n, e) = (part("n")?, part("e")?);
            if n.first().is_none_or(|first| *first == 0) || !(256..=512).contains(&n.len()) {
                return Err(Error::Key("RSA modulus must have 2048 to 4096 bits"));
            }
            // 65537 is what every library makes; small exponents have hurt others.
            if e != [1, 0, 1] {
                return Err(Error::Key("RSA exponent must be 65537"));
            }
            PublicKey::Rsa { n, e }
        }
        _ => return Err(Error::Key("unknown kind or curve")),
    })
}

/// The members a thumbprint covers.
fn required(key: &PublicKey) -> Value {
    match key {
        PublicKey::P256 { x, y } => {
            json!({"crv": "P-256", "kty": "EC", "x": encode(x), "y": encode(y)})
        }
        PublicKey::P384 { x, y } => {
            json!({"crv": "P-384", "kty": "EC", "x": encode(x), "y": encode(y)})
        }
        PublicKey::Ed25519(x) => json!({"crv": "Ed25519", "kty": "OKP", "x": encode(x)}),
        PublicKey::Rsa { n, e } => json!({"e": encode(e), "kty": "RSA", "n": encode(n)}),
    }
}

/// Members that only private or symmetric keys have (RFC 7518 sections 6.2.2, 6.3.2, 6.4.1).
const PRIVATE: [&str; 8] = ["d", "dp", "dq", "k", "oth", "p", "q", "qi"];
