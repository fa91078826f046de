//! Compact JWS (RFC 7515 section 7.1) and JWT (RFC 7519): one way to sign, one way to verify.

use super::{Error, JwkSet, LARGEST, algorithm, decode, encode, json};
use lionrock_crypto::sign::{Algorithm, SigningKey};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Signs `claims` as a compact JWT with `alg`, `kid` and `typ` in its header.
///
/// # Errors
/// [`Error::Signing`] when the claims are no JSON or the key fails.
pub fn sign(key: &SigningKey, kid: &str, typ: &str, claims: &impl Serialize) -> Result<String, Error> {
    let header = json!({"alg": key.algorithm().name(), "kid": kid, "typ": typ}).to_string();
    let claims = serde_json::to_vec(claims).map_err(|_| Error::Signing)?;
    let mut token = format!("{}.{}", encode(header.as_bytes()), encode(&claims));
    let signature = key.sign(token.as_bytes()).map_err(|_| Error::Signing)?;
    token.push('.');
    token.push_str(&encode(&signature));
    Ok(token)
}

/// A token whose shape and header were read and whose signature was **not** checked yet. It shows nothing of its payload,
/// except [`Compact::claimed_issuer`], which is needed to find the key.
#[derive(Debug, Clone)]
pub struct Compact<'a> {
    algorithm: Algorithm,
    kid: Option<String>,
    payload: Vec<u8>,
    signature: Vec<u8>,
    signed: &'a [u8],
    typ: Option<String>,
}

/// What the place that verifies accepts.
#[derive(Debug, Clone, Copy)]
pub struct Accepted<'a> {
    /// The algorithms; a token with another one is refused whatever its key says.
    pub algorithms: &'a [Algorithm],
    /// Media types of `typ`, without `application/`, compared without case (RFC 7515 section 4.1.9).
    pub types: &'a [&'a str],
    /// Whether a token without `typ` passes (older formats: ID Token, client assertion).
    pub untyped: bool,
}

impl<'a> Compact<'a> {
    /// Reads the three parts and the header.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Malformed`], [`Error::DuplicateMember`], [`Error::Algorithm`], and [`Error::Header`]
    /// for every member that would choose the key or change the meaning (`crit`, `jku`, `x5u`, `jwk`, `x5c`, `b64`, `zip`).
    pub fn parse(token: &'a str) -> Result<Self, Error> {
        if token.len() > LARGEST {
            return Err(Error::TooLarge);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Error::Malformed("token"))?;
        let (header, payload) = signed.split_once('.').ok_or(Error::Malformed("token"))?;
        if payload.contains('.') {
            return Err(Error::Malformed("token"));
        }
        let header = json::object(&decode(header, "header")?)?;
        for member in STEERING {
            if header.contains_key(member) {
                return Err(Error::Header(member));
            }
        }
        let alg = json::text(&header, "alg").map_err(|_| Error::Algorithm)?;
        Ok(Self {
            algorithm: alg.and_then(algorithm).ok_or(Error::Algorithm)?,
            kid: json::text(&header, "kid").map_err(|_| Error::Header("kid"))?.map(str::to_owned),
            payload: decode(payload, "payload")?,
            signature: decode(signature, "signature")?,
            signed: signed.as_bytes(),
            typ: json::text(&header, "typ").map_err(|_| Error::Header("typ"))?.map(str::to_owned),
        })
    }

    /// The key the header asks for.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The algorithm the header names.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Who the token says it is from: good for finding keys, for nothing else before [`Compact::verify`].
    ///
    /// # Errors
    /// [`Error::Claim`] when it names nobody, and the errors of [`json::object`].
    pub fn claimed_issuer(&self) -> Result<String, Error> {
        json::text(&json::object(&self.payload)?, "iss")?.map(str::to_owned).ok_or(Error::Claim("iss"))
    }

    /// Checks type, algorithm, key and signature, and hands out the bytes that were signed.
    ///
    /// # Errors
    /// [`Error::Type`], [`Error::Algorithm`], [`Error::UnknownKey`], [`Error::Signature`].
    pub fn verify(self, keys: &JwkSet, accepted: &Accepted<'_>) -> Result<Vec<u8>, Error> {
        if !self.type_fits(accepted) {
            return Err(Error::Type);
        }
        if !accepted.algorithms.contains(&self.algorithm) {
            return Err(Error::Algorithm);
        }
        let jwk = keys.find(self.kid.as_deref(), self.algorithm)?;
        jwk.key.verify(self.algorithm, self.signed, &self.signature).map_err(|_| Error::Signature)?;
        Ok(self.payload)
    }

    /// As [`Compact::verify`], for a payload that is a set of claims.
    ///
    /// # Errors
    /// As [`Compact::verify`] and [`json::object`].
    pub fn claims(self, keys: &JwkSet, accepted: &Accepted<'_>) -> Result<Map<String, Value>, Error> {
        json::object(&self.verify(keys, accepted)?)
    }

    fn type_fits(&self, accepted: &Accepted<'_>) -> bool {
        let Some(typ) = &self.typ else {
            return accepted.untyped;
        };
        let short = match typ.split_at_checked(12) {
            Some((start, rest)) if start.eq_ignore_ascii_case("application/") => rest,
            _ => typ,
        };
        accepted.types.iter().any(|wanted| wanted.eq_ignore_ascii_case(short))
    }
}

/// Header members that choose a key, change what is signed, or must be understood.
const STEERING: [&str; 7] = ["b64", "crit", "jku", "jwk", "x5c", "x5u", "zip"];
