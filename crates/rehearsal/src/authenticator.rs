//! A software authenticator: passkeys that live in a file instead of a phone. ES256, attestation `none`, or `packed` when a maker
//! vouches for it.
//!
//! It plays the person's device in demos and tests, in the Level 3 JSON forms, and can misbehave on purpose. It is no
//! protection of anything.

use crate::maker::Maker;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::digest::sha256;
use lionrock_crypto::random::Entropy;
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};
use minicbor::Encoder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use thiserror::Error;

/// A device with its passkeys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Authenticator {
    passkeys: Vec<Passkey>,
}

/// One passkey, with its private key.
#[derive(Clone, Serialize, Deserialize)]
pub struct Passkey {
    /// Credential id, base64url.
    pub id: String,
    /// WebAuthn user handle, base64url.
    pub user_handle: String,
    /// Relying party.
    pub rp_id: String,
    /// PKCS#8, base64url.
    private_key: String,
    /// The same, read once.
    #[serde(skip)]
    ready: OnceLock<Arc<SigningKey>>,
    /// Signatures so far.
    pub sign_count: u32,
}

impl Passkey {
    fn key(&self) -> Result<Arc<SigningKey>, DeviceError> {
        if let Some(key) = self.ready.get() {
            return Ok(Arc::clone(key));
        }
        let own = URL_SAFE_NO_PAD.decode(&self.private_key).map_err(|_| DeviceError::Options("private key"))?;
        let key = Arc::new(SigningKey::from_pkcs8(Algorithm::Es256, &own)?);
        Ok(Arc::clone(self.ready.get_or_init(|| key)))
    }
}

impl std::fmt::Debug for Passkey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Passkey({}, {})", self.rp_id, self.id)
    }
}

/// How the device behaves; the default behaves well.
#[derive(Clone, Debug)]
pub struct Manner {
    /// The origin the client claims, instead of the one it was asked from.
    pub origin: Option<String>,
    /// Whether a person touched the device.
    pub present: bool,
    /// Whether the device verified the person.
    pub verified: bool,
    /// Whether passkeys are synced (backup eligible and backed up).
    pub synced: bool,
    /// A counter to claim instead of the device's own: a clone.
    pub counter: Option<u32>,
    /// Whether the page claims to be framed by another origin.
    pub cross_origin: bool,
    /// Whether to sign with another key than the credential's.
    pub wrong_key: bool,
    /// Who vouches for new passkeys; nobody does for most.
    pub maker: Option<Arc<Maker>>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            origin: None,
            present: true,
            verified: true,
            synced: false,
            counter: None,
            cross_origin: false,
            wrong_key: false,
            maker: None,
        }
    }
}

/// Why the device does nothing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DeviceError {
    /// The options lack something, or hold it in another form.
    #[error("the passkey options have no usable {0}")]
    Options(&'static str),
    /// No passkey for this relying party, or none of those allowed.
    #[error("this device has no passkey for it")]
    NoPasskey,
    /// A passkey of the same account is here already.
    #[error("this device has a passkey of this account already")]
    Excluded,
    /// The library refused.
    #[error("the software authenticator failed: {0}")]
    Key(#[from] lionrock_crypto::Error),
}

impl Authenticator {
    /// The passkeys on this device.
    #[must_use]
    pub fn passkeys(&self) -> &[Passkey] {
        &self.passkeys
    }

    /// Answers `navigator.credentials.create` (`PublicKeyCredentialCreationOptionsJSON` to `RegistrationResponseJSON`).
    ///
    /// # Errors
    /// As [`DeviceError`] says.
    pub fn create(
        &mut self,
        options: &Value,
        origin: &str,
        manner: &Manner,
        entropy: &dyn Entropy,
    ) -> Result<Value, DeviceError> {
        let options = options.get("publicKey").unwrap_or(options);
        let challenge = text(options, "/challenge", "challenge")?;
        let rp_id = text(options, "/rp/id", "rp.id")?;
        let user_handle = text(options, "/user/id", "user.id")?;
        let algorithms = options.pointer("/pubKeyCredParams").and_then(Value::as_array);
        let es256 = |list: &Vec<Value>| list.iter().any(|p| p.get("alg").and_then(Value::as_i64) == Some(-7));
        if !algorithms.is_some_and(es256) {
            return Err(DeviceError::Options("pubKeyCredParams: ES256 is all this device speaks"));
        }
        let excluded = ids(options, "excludeCredentials");
        if self.passkeys.iter().any(|key| key.rp_id == rp_id && excluded.contains(&key.id)) {
            return Err(DeviceError::Excluded);
        }
        let key = SigningKey::generate(Algorithm::Es256)?;
        let id: [u8; 32] = entropy.array();
        let mut auth_data = authenticator_data(rp_id, manner, manner.counter.unwrap_or(0), true);
        auth_data.extend(manner.maker.as_ref().map_or([0; 16], |maker| maker.model));
        auth_data.extend(u16::try_from(id.len()).unwrap_or(0).to_be_bytes());
        auth_data.extend(id);
        auth_data.extend(cose_key(&key.public()?)?);
        let client_data = client_data("webauthn.create", challenge, origin, manner);
        let object = match &manner.maker {
            None => attestation(&auth_data)?,
            Some(maker) => {
                let message = [&auth_data[..], &sha256(client_data.as_bytes())].concat();
                packed(&auth_data, &ecdsa_der(&maker.sign(&message)?), &maker.batch())?
            }
        };
        let passkey = Passkey {
            id: b64(&id),
            user_handle: user_handle.to_owned(),
            rp_id: rp_id.to_owned(),
            private_key: b64(&key.to_pkcs8()?),
            ready: OnceLock::new(),
            sign_count: 0,
        };
        let answer = json!({
            "id": passkey.id,
            "rawId": passkey.id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": b64(client_data.as_bytes()),
                "attestationObject": b64(&object),
                "transports": ["internal"],
            },
        });
        self.passkeys.push(passkey);
        Ok(answer)
    }

    /// Answers `navigator.credentials.get` (`PublicKeyCredentialRequestOptionsJSON` to `AuthenticationResponseJSON`).
    ///
    /// # Errors
    /// As [`DeviceError`] says.
    pub fn get(&mut self, options: &Value, origin: &str, manner: &Manner) -> Result<Value, DeviceError> {
        let options = options.get("publicKey").unwrap_or(options);
        let challenge = text(options, "/challenge", "challenge")?;
        let rp_id = text(options, "/rpId", "rpId")?;
        let allowed = ids(options, "allowCredentials");
        let fits = |key: &&mut Passkey| key.rp_id == rp_id && (allowed.is_empty() || allowed.contains(&key.id));
        let passkey = self.passkeys.iter_mut().rev().find(fits).ok_or(DeviceError::NoPasskey)?;
        passkey.sign_count += 1;
        let count = manner.counter.unwrap_or(passkey.sign_count);
        let auth_data = authenticator_data(rp_id, manner, count, false);
        let client_data = client_data("webauthn.get", challenge, origin, manner);
        let message = [&auth_data[..], &sha256(client_data.as_bytes())].concat();
        let key = if manner.wrong_key { Arc::new(SigningKey::generate(Algorithm::Es256)?) } else { passkey.key()? };
        Ok(json!({
            "id": passkey.id,
            "rawId": passkey.id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": b64(client_data.as_bytes()),
                "authenticatorData": b64(&auth_data),
                "signature": b64(&ecdsa_der(&key.sign(&message)?)),
                "userHandle": passkey.user_handle,
            },
        }))
    }
}

fn text<'v>(options: &'v Value, pointer: &str, name: &'static str) -> Result<&'v str, DeviceError> {
    options.pointer(pointer).and_then(Value::as_str).ok_or(DeviceError::Options(name))
}

fn ids(options: &Value, member: &str) -> Vec<String> {
    let list = options.get(member).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|entry| entry.get("id").and_then(Value::as_str).map(str::to_owned)).collect()
}

fn client_data(kind: &str, challenge: &str, origin: &str, manner: &Manner) -> String {
    let origin = manner.origin.as_deref().unwrap_or(origin);
    json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": manner.cross_origin}).to_string()
}

/// WebAuthn L3 section 6.1, without extensions; the attested credential data follows when `attested`.
fn authenticator_data(rp_id: &str, manner: &Manner, count: u32, attested: bool) -> Vec<u8> {
    let backup = if manner.synced { 0x08 | 0x10 } else { 0 };
    let flags = u8::from(manner.present) | u8::from(manner.verified) << 2 | backup | u8::from(attested) << 6;
    let mut data = sha256(rp_id.as_bytes()).to_vec();
    data.push(flags);
    data.extend(count.to_be_bytes());
    data
}

/// RFC 9053 section 7.1.1: a P-256 key for ES256.
fn cose_key(key: &PublicKey) -> Result<Vec<u8>, DeviceError> {
    let PublicKey::P256 { x, y } = key else { return Err(DeviceError::Options("P-256 key")) };
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    let written = encoder
        .map(5)
        .and_then(|e| e.u8(1)?.u8(2)?.u8(3)?.i8(-7)?.i8(-1)?.u8(1)?.i8(-2)?.bytes(x)?.i8(-3)?.bytes(y))
        .is_ok();
    if written { Ok(out) } else { Err(DeviceError::Options("COSE key")) }
}

/// An attestation object of format `none`.
fn attestation(auth_data: &[u8]) -> Result<Vec<u8>, DeviceError> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    let written = encoder
        .map(3)
        .and_then(|e| e.str("fmt")?.str("none")?.str("attStmt")?.map(0)?.str("authData")?.bytes(auth_data))
        .is_ok();
    if written { Ok(out) } else { Err(DeviceError::Options("attestation object")) }
}

/// An attestation object of format `packed` (section 8.2), with one certificate.
fn packed(auth_data: &[u8], signature: &[u8], batch: &[u8]) -> Result<Vec<u8>, DeviceError> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    let written = encoder
        .map(3)
        .and_then(|e| e.str("fmt")?.str("packed")?.str("attStmt")?.map(3)?.str("alg")?.i8(-7))
        .and_then(|e| e.str("sig")?.bytes(signature)?.str("x5c")?.array(1)?.bytes(batch))
        .and_then(|e| e.str("authData")?.bytes(auth_data))
        .is_ok();
    if written { Ok(out) } else { Err(DeviceError::Options("attestation object")) }
}

/// `r ‖ s` to the ASN.1 form that WebAuthn uses (RFC 3279 section 2.2.3).
fn ecdsa_der(fixed: &[u8]) -> Vec<u8> {
    let (r, s) = fixed.split_at(fixed.len() / 2);
    let body = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(body.len()).unwrap_or(0)], &body[..]].concat()
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len().saturating_sub(1));
    let digits = bytes.get(first..).unwrap_or_default();
    let sign: &[u8] = if digits.first().is_some_and(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
    let length = u8::try_from(sign.len() + digits.len()).unwrap_or(0);
    [&[0x02, length], sign, digits].concat()
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lionrock_crypto::random::System;

    fn creation() -> Value {
        json!({
            "challenge": b64(&[7; 32]), "rp": {"id": "localhost", "name": "x"},
            "user": {"id": b64(&[1; 64]), "name": "n", "displayName": "n"},
            "pubKeyCredParams": [{"type": "public-key", "alg": -8}, {"type": "public-key", "alg": -7}],
        })
    }

    #[test]
    fn a_passkey_is_made_and_signs() {
        let mut device = Authenticator::default();
        let made = device.create(&creation(), "https://localhost:8443", &Manner::default(), &System).unwrap();
        let request = json!({"challenge": b64(&[9; 32]), "rpId": "localhost", "allowCredentials": [{"type": "public-key", "id": made["id"]}]});
        let answer = device.get(&request, "https://localhost:8443", &Manner::default()).unwrap();
        assert_eq!(answer["id"], made["id"]);
        assert_eq!(device.passkeys()[0].sign_count, 1);
        let elsewhere = json!({"challenge": b64(&[9; 32]), "rpId": "example.com"});
        assert_eq!(device.get(&elsewhere, "https://example.com", &Manner::default()), Err(DeviceError::NoPasskey));
    }

    #[test]
    fn an_excluded_passkey_is_not_made_twice() {
        let mut device = Authenticator::default();
        let made = device.create(&creation(), "https://localhost:8443", &Manner::default(), &System).unwrap();
        let mut again = creation();
        again["excludeCredentials"] = json!([{"type": "public-key", "id": made["id"]}]);
        let second = device.create(&again, "https://localhost:8443", &Manner::default(), &System);
        assert_eq!(second, Err(DeviceError::Excluded));
    }

    #[test]
    fn der_integers_keep_their_sign() {
        assert_eq!(integer(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(integer(&[0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(integer(&[0, 0]), [2, 1, 0]);
    }
}
