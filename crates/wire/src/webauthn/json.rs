//! The JSON forms of options and answers (WebAuthn L3 section 5.1, `PublicKeyCredentialJSON` and friends), both ways.
//!
//! Answers from a browser are read strictly: a member the standard does not have is an error, so nothing else can
//! travel, and each field has a size a passkey needs. Options are written with exactly the members below; a client
//! reading them skips what it does not know.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cose::CoseAlgorithm;
use super::{LONGEST_CREDENTIAL_ID, LONGEST_USER_HANDLE};

/// Longest answer accepted, in bytes of JSON.
pub const LONGEST_ANSWER: usize = 32 * 1024;
const LONGEST_CLIENT_DATA: usize = 4096;
const LONGEST_OBJECT: usize = 16 * 1024;
const LONGEST_SIGNATURE: usize = 1024;

/// Why an answer could not be read. It says nothing of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON of the expected form.
    #[error("not the JSON form of a passkey answer")]
    Form,
    /// Larger than any passkey answer.
    #[error("larger than any passkey answer")]
    TooLarge,
    /// `id` and `rawId` differ.
    #[error("id and rawId differ")]
    IdMismatch,
}

/// Bytes as base64url without padding.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Base64Url(pub Vec<u8>);

impl Serialize for Base64Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        URL_SAFE_NO_PAD.decode(text).map(Self).map_err(|_| serde::de::Error::custom("not base64url"))
    }
}

// --- answers ---

/// `RegistrationResponseJSON`, read and bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationResponse {
    /// Credential id.
    pub id: Vec<u8>,
    /// Client data, the exact bytes that were hashed.
    pub client_data_json: Vec<u8>,
    /// Attestation object.
    pub attestation_object: Vec<u8>,
    /// Known transports, in the order named.
    pub transports: Vec<String>,
    /// `platform` or `cross-platform`, as the client says.
    pub attachment: Option<String>,
}

/// `AuthenticationResponseJSON`, read and bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticationResponse {
    /// Credential id.
    pub id: Vec<u8>,
    /// Client data, the exact bytes that were hashed.
    pub client_data_json: Vec<u8>,
    /// Authenticator data.
    pub authenticator_data: Vec<u8>,
    /// Signature over both.
    pub signature: Vec<u8>,
    /// User handle, present for discoverable credentials.
    pub user_handle: Option<Vec<u8>>,
}

impl RegistrationResponse {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`JsonError`].
    pub fn from_json(json: &[u8]) -> Result<Self, JsonError> {
        let envelope: Envelope<AttestationResponseJson> = read(json)?;
        let id = envelope.id()?;
        let response = envelope.response;
        let client_data_json = bounded(response.client_data_json, LONGEST_CLIENT_DATA)?;
        let attestation_object = bounded(response.attestation_object, LONGEST_OBJECT)?;
        const KNOWN: [&str; 6] = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];
        let named = response.transports.unwrap_or_default();
        let transports = KNOWN.iter().filter(|known| named.iter().any(|n| n == *known)).map(|t| (*t).to_owned());
        Ok(Self {
            id,
            client_data_json,
            attestation_object,
            transports: transports.collect(),
            attachment: envelope.authenticator_attachment,
        })
    }

    /// Writes the JSON form, as a client does.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "id": URL_SAFE_NO_PAD.encode(&self.id),
            "rawId": URL_SAFE_NO_PAD.encode(&self.id),
            "type": "public-key",
            "authenticatorAttachment": self.attachment.as_deref().unwrap_or("platform"),
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(&self.client_data_json),
                "attestationObject": URL_SAFE_NO_PAD.encode(&self.attestation_object),
                "transports": self.transports,
            },
        })
    }
}

impl AuthenticationResponse {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`JsonError`].
    pub fn from_json(json: &[u8]) -> Result<Self, JsonError> {
        let envelope: Envelope<AssertionResponseJson> = read(json)?;
        let id = envelope.id()?;
        let response = envelope.response;
        Ok(Self {
            id,
            client_data_json: bounded(response.client_data_json, LONGEST_CLIENT_DATA)?,
            authenticator_data: bounded(response.authenticator_data, LONGEST_OBJECT)?,
            signature: bounded(response.signature, LONGEST_SIGNATURE)?,
            user_handle: response.user_handle.map(|handle| bounded(handle, LONGEST_USER_HANDLE)).transpose()?,
        })
    }

    /// Writes the JSON form, as a client does.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "id": URL_SAFE_NO_PAD.encode(&self.id),
            "rawId": URL_SAFE_NO_PAD.encode(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(&self.client_data_json),
                "authenticatorData": URL_SAFE_NO_PAD.encode(&self.authenticator_data),
                "signature": URL_SAFE_NO_PAD.encode(&self.signature),
                "userHandle": self.user_handle.as_ref().map(|handle| URL_SAFE_NO_PAD.encode(handle)),
            },
        })
    }

    /// The challenge the client says it signed: how a server finds the ceremony. Verified only by [`super::assertion`].
    #[must_use]
    pub fn claimed_challenge(&self) -> Option<Vec<u8>> {
        super::client_data::ClientData::parse(&self.client_data_json).ok()?.challenge()
    }
}

impl RegistrationResponse {
    /// The challenge the client says it answered: how a server finds the ceremony. Verified only by [`super::registration`].
    #[must_use]
    pub fn claimed_challenge(&self) -> Option<Vec<u8>> {
        super::client_data::ClientData::parse(&self.client_data_json).ok()?.challenge()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Envelope<R> {
    id: Base64Url,
    raw_id: Base64Url,
    #[serde(rename = "type")]
    kind: Kind,
    response: R,
    #[serde(default)]
    authenticator_attachment: Option<String>,
    #[serde(default, rename = "clientExtensionResults")]
    _extensions: ExtensionResults,
}

impl<R> Envelope<R> {
    fn id(&self) -> Result<Vec<u8>, JsonError> {
        let Kind::PublicKey = self.kind;
        if self.id != self.raw_id {
            return Err(JsonError::IdMismatch);
        }
        if self.raw_id.0.len() > LONGEST_CREDENTIAL_ID {
            return Err(JsonError::TooLarge);
        }
        Ok(self.raw_id.0.clone())
    }
}

#[derive(Deserialize)]
enum Kind {
    #[serde(rename = "public-key")]
    PublicKey,
}

/// Extension outputs clients send unasked; read to be refused when unknown, then ignored (step 7.1.28).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExtensionResults {
    #[serde(default, rename = "credProps")]
    _cred_props: Option<CredentialProperties>,
    #[serde(default, rename = "appid")]
    _appid: Option<bool>,
    #[serde(default, rename = "appidExclude")]
    _appid_exclude: Option<bool>,
    #[serde(default, rename = "hmacCreateSecret")]
    _hmac_create_secret: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CredentialProperties {
    #[serde(default, rename = "rk")]
    _rk: Option<bool>,
    #[serde(default, rename = "authenticatorDisplayName")]
    _authenticator_display_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AttestationResponseJson {
    #[serde(rename = "clientDataJSON")]
    client_data_json: Base64Url,
    attestation_object: Base64Url,
    #[serde(default)]
    transports: Option<Vec<String>>,
    // Copies of what the attestation object holds; only the signed ones are read.
    #[serde(default, rename = "authenticatorData")]
    _authenticator_data: Option<Base64Url>,
    #[serde(default, rename = "publicKey")]
    _public_key: Option<Base64Url>,
    #[serde(default, rename = "publicKeyAlgorithm")]
    _public_key_algorithm: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AssertionResponseJson {
    #[serde(rename = "clientDataJSON")]
    client_data_json: Base64Url,
    authenticator_data: Base64Url,
    signature: Base64Url,
    #[serde(default)]
    user_handle: Option<Base64Url>,
    // Present in Level 3 drafts; assertions with attestation are not asked for.
    #[serde(default, rename = "attestationObject")]
    _attestation_object: Option<Base64Url>,
}

fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, JsonError> {
    if json.len() > LONGEST_ANSWER {
        return Err(JsonError::TooLarge);
    }
    serde_json::from_slice(json).map_err(|_| JsonError::Form)
}

fn bounded(bytes: Base64Url, most: usize) -> Result<Vec<u8>, JsonError> {
    if bytes.0.len() > most { Err(JsonError::TooLarge) } else { Ok(bytes.0) }
}

// --- options ---

/// `PublicKeyCredentialCreationOptionsJSON`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreationOptions {
    /// The relying party.
    pub rp: RpEntity,
    /// The account.
    pub user: UserEntity,
    /// Challenge.
    pub challenge: Base64Url,
    /// Algorithms, best first.
    pub pub_key_cred_params: Vec<Parameter>,
    /// Milliseconds the client may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
    /// Credentials of the account, so that an authenticator holds one only.
    #[serde(default)]
    pub exclude_credentials: Vec<Descriptor>,
    /// What the authenticator must be able to do.
    #[serde(default)]
    pub authenticator_selection: Selection,
    /// `none`, `indirect`, `direct` or `enterprise`.
    #[serde(default)]
    pub attestation: String,
    /// Extensions asked for.
    #[serde(default)]
    pub extensions: serde_json::Map<String, serde_json::Value>,
}

/// `PublicKeyCredentialRequestOptionsJSON`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestOptions {
    /// Challenge.
    pub challenge: Base64Url,
    /// Milliseconds the client may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
    /// RP ID.
    pub rp_id: String,
    /// Credentials that may answer; empty for any discoverable one.
    #[serde(default)]
    pub allow_credentials: Vec<Descriptor>,
    /// `required`, `preferred` or `discouraged`.
    #[serde(default)]
    pub user_verification: String,
}

/// `PublicKeyCredentialRpEntity`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RpEntity {
    /// RP ID.
    pub id: String,
    /// Name shown.
    pub name: String,
}

/// `PublicKeyCredentialUserEntityJSON`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserEntity {
    /// User handle, 64 random bytes.
    pub id: Base64Url,
    /// Account name a person tells accounts apart by.
    pub name: String,
    /// Name shown.
    pub display_name: String,
}

/// `PublicKeyCredentialParameters`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Always `public-key`.
    #[serde(rename = "type")]
    pub kind: String,
    /// COSE algorithm number.
    pub alg: i64,
}

/// `PublicKeyCredentialDescriptorJSON`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    /// Credential id.
    pub id: Base64Url,
    /// Always `public-key`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Hints where it lives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<String>,
}

/// `AuthenticatorSelectionCriteria`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Selection {
    /// `required`: the credential names its user by itself.
    #[serde(default)]
    pub resident_key: String,
    /// The Level 1 spelling of the same.
    #[serde(default)]
    pub require_resident_key: bool,
    /// `required`, `preferred` or `discouraged`.
    #[serde(default)]
    pub user_verification: String,
}

impl Descriptor {
    /// A credential by id.
    #[must_use]
    pub fn new(id: Vec<u8>, transports: Vec<String>) -> Self {
        Self { id: Base64Url(id), kind: "public-key".into(), transports }
    }
}

impl CreationOptions {
    /// Options as this platform asks: discoverable, user verified, no attestation wanted.
    #[must_use]
    pub fn new(rp: RpEntity, user: UserEntity, challenge: &[u8], exclude: Vec<Descriptor>, timeout: u32) -> Self {
        let parameter = |a: &CoseAlgorithm| Parameter { kind: "public-key".into(), alg: a.number() };
        let mut extensions = serde_json::Map::new();
        extensions.insert("credProps".into(), true.into());
        Self {
            rp,
            user,
            challenge: Base64Url(challenge.to_vec()),
            pub_key_cred_params: CoseAlgorithm::OFFERED.iter().map(parameter).collect(),
            timeout: Some(timeout),
            exclude_credentials: exclude,
            authenticator_selection: Selection {
                resident_key: "required".into(),
                require_resident_key: true,
                user_verification: "required".into(),
            },
            attestation: "none".into(),
            extensions,
        }
    }
}

impl RequestOptions {
    /// Options as this platform asks: user verified.
    #[must_use]
    pub fn new(rp_id: &str, challenge: &[u8], allow: Vec<Descriptor>, timeout: u32) -> Self {
        Self {
            challenge: Base64Url(challenge.to_vec()),
            timeout: Some(timeout),
            rp_id: rp_id.to_owned(),
            allow_credentials: allow,
            user_verification: "required".into(),
        }
    }
}
