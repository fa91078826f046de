//! Opening a compact JWE (RFC 7516): ECDH-ES on P-256 or RSA-OAEP-256, with A256GCM. Nothing else exists here.

use super::{LARGEST, decode, json};
use lionrock_crypto::aead::{Key, NONCE};
use lionrock_crypto::digest::Sha256;
use lionrock_crypto::recipient::{RecipientKey, RsaNumbers};
use lionrock_crypto::secret::Secret;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// What was inside.
#[derive(Debug)]
pub struct Opened {
    /// The protected header.
    pub header: Map<String, Value>,
    /// The payload.
    pub payload: Zeroizing<Vec<u8>>,
}

/// Why a token does not open. The sender is at fault, or it was meant for another key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Encrypted to another key, or changed on the way.
    #[error("it does not open: encrypted to another key, or changed on the way")]
    DoesNotOpen,
    /// Its shape, header or algorithm.
    #[error(transparent)]
    Form(#[from] super::Error),
}

/// Opens a token with the recipient's key.
///
/// # Errors
/// [`Error::Form`] before anything secret is used; after that [`Error::DoesNotOpen`], whatever is wrong.
pub fn open(token: &str, key: &RecipientKey) -> Result<Opened, Error> {
    use super::Error as Form;
    if token.len() > LARGEST {
        return Err(Form::TooLarge.into());
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [protected, encrypted_key, nonce, ciphertext, tag] = parts.as_slice() else {
        return Err(Form::Malformed("token").into());
    };
    let header = json::object(&decode(protected, "header")?)?;
    if let Some(member) = STEERING.into_iter().find(|member| header.contains_key(*member)) {
        return Err(Form::Header(member).into());
    }
    if json::text(&header, "enc")? != Some(ENC) {
        return Err(Form::Algorithm.into());
    }
    let encrypted_key = decode(encrypted_key, "encrypted key")?;
    let nonce: [u8; NONCE] = decode(nonce, "nonce")?.try_into().map_err(|_| Form::Malformed("nonce"))?;
    let tag: [u8; 16] = decode(tag, "tag")?.try_into().map_err(|_| Form::Malformed("tag"))?;
    let sealed = [&decode(ciphertext, "ciphertext")?[..], &tag].concat();
    let content_key = match (json::text(&header, "alg")?, key.is_rsa()) {
        (Some("RSA-OAEP-256"), true) => key.decrypt_key(&encrypted_key).map_err(|_| Error::DoesNotOpen)?,
        (Some("ECDH-ES"), false) if encrypted_key.is_empty() => agreed(&header, key)?,
        (Some("ECDH-ES"), false) => return Err(Form::Malformed("encrypted key").into()),
        _ => return Err(Form::Algorithm.into()),
    };
    let payload = Key::new(content_key).open(nonce, protected.as_bytes(), &sealed);
    Ok(Opened { header, payload: payload.map_err(|_| Error::DoesNotOpen)? })
}

/// Reads a recipient's private key from a JWK: EC on P-256, or RSA with all its numbers.
///
/// # Errors
/// [`super::Error::Key`] when it is another kind, public only, or does not hold together.
pub fn private_key(jwk: &Map<String, Value>) -> Result<RecipientKey, super::Error> {
    let number = |name: &'static str| -> Result<Zeroizing<Vec<u8>>, super::Error> {
        let text = json::text(jwk, name)?.ok_or(super::Error::Key("a number of the private key is missing"))?;
        Ok(Zeroizing::new(decode(text, "key")?))
    };
    let broken = |_| super::Error::Key("its numbers do not make a private key");
    match (json::text(jwk, "kty")?, json::text(jwk, "crv")?) {
        (Some("EC"), Some("P-256")) => {
            let d = number("d")?;
            let d: &[u8; 32] = d.as_slice().try_into().map_err(|_| super::Error::Key("d is not 32 bytes"))?;
            RecipientKey::from_p256(d).map_err(broken)
        }
        (Some("RSA"), _) => {
            let [n, e, d, p] = [number("n")?, number("e")?, number("d")?, number("p")?];
            let [q, dp, dq, qi] = [number("q")?, number("dp")?, number("dq")?, number("qi")?];
            let numbers = RsaNumbers { n: &n, e: &e, d: &d, p: &p, q: &q, dp: &dp, dq: &dq, qi: &qi };
            RecipientKey::from_rsa(&numbers).map_err(broken)
        }
        _ => Err(super::Error::Key("only EC on P-256 and RSA")),
    }
}

/// The content key of direct agreement (RFC 7518 section 4.6).
fn agreed(header: &Map<String, Value>, key: &RecipientKey) -> Result<Secret<32>, Error> {
    use super::Error as Form;
    let epk = header.get("epk").and_then(Value::as_object).ok_or(Form::Header("epk"))?;
    if epk.contains_key("d") || json::text(epk, "kty")? != Some("EC") || json::text(epk, "crv")? != Some("P-256") {
        return Err(Form::Header("epk").into());
    }
    let number = |name| -> Result<[u8; 32], Form> {
        let text = json::text(epk, name)?.ok_or(Form::Header("epk"))?;
        decode(text, "epk")?.try_into().map_err(|_| Form::Header("epk"))
    };
    let party =
        |name| json::text(header, name)?.map(|text| decode(text, name)).transpose().map(Option::unwrap_or_default);
    let (apu, apv) = (party("apu")?, party("apv")?);
    let shared = key.agree(&number("x")?, &number("y")?).map_err(|_| Error::DoesNotOpen)?;
    Ok(Secret::new(concat_kdf(shared.expose(), ENC, &apu, &apv, 256)))
}

/// One round of Concat KDF with SHA-256 (SP 800-56A section 5.8.2.1, as RFC 7518 section 4.6.2 fills it in): enough for
/// 256 bits.
fn concat_kdf(shared: &[u8; 32], algorithm: &str, apu: &[u8], apv: &[u8], bits: u32) -> [u8; 32] {
    let mut digest = Sha256::default();
    digest.update(&1u32.to_be_bytes());
    digest.update(shared);
    for field in [algorithm.as_bytes(), apu, apv] {
        digest.update(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(field);
    }
    digest.update(&bits.to_be_bytes());
    digest.finish()
}

const ENC: &str = "A256GCM";
/// Members that would choose a key, change the meaning, or hide a decompression bomb.
const STEERING: [&str; 7] = ["b64", "crit", "jku", "jwk", "x5c", "x5u", "zip"];

#[cfg(test)]
mod tests;
