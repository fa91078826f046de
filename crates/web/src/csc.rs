//! The Cloud Signature Consortium's API 2.0 over HTTP: JSON in, JSON out, errors as `{"error", "error_description"}` (section 10.2).
//! The names are the specification's; `hash` and `hashAlgo`, as version 1 has them, mean the same.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use lionrock_model::signing::Form;
use lionrock_service::Error;
use lionrock_service::oidc::Rejected;
use lionrock_service::signing::csc::credential::{self, Certificates, Wish};
use lionrock_service::signing::csc::document::{self, MOST_BYTES};
use lionrock_service::signing::csc::redeem::{self, Hashes, Proof};
use lionrock_service::signing::csc::{info, stamp};
use lionrock_wire::oauth::{Code, Problem, credential as header_of};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::oauth::machine;
use crate::{AppState, Visit};

/// Longest body of a call that carries a document, in bytes.
pub const LONGEST_BODY: usize = MOST_BYTES.div_ceil(3) * 4 + 64 * 1024;

type Asked<T> = Result<T, Error<Rejected>>;

const fn wrong(description: &'static str) -> Error<Rejected> {
    Error::Refuse(Rejected(Problem::new(Code::InvalidRequest, description)))
}

/// `POST /csc/v2/info`
pub async fn info(State(state): State<AppState>, visit: Visit) -> Response {
    match info::info(&state.platform, visit.caller.language).await {
        Ok(said) => answer(StatusCode::OK, said),
        Err(fault) => machine::failed(&visit, &fault),
    }
}

#[derive(Deserialize)]
struct CredentialBody {
    #[serde(rename = "credentialID")]
    credential: Option<String>,
    #[serde(rename = "userID")]
    user: Option<String>,
    #[serde(default, rename = "credentialInfo")]
    with_infos: bool,
    certificates: Option<String>,
    #[serde(default, rename = "certInfo")]
    described: bool,
    #[serde(default, rename = "onlyValid")]
    only_valid: bool,
}

impl CredentialBody {
    fn wish(&self) -> Asked<Wish> {
        let certificates = match self.certificates.as_deref() {
            None => Certificates::default(),
            Some(word) => Certificates::from_word(word).ok_or(wrong("Invalid parameter certificates"))?,
        };
        Ok(Wish { certificates, described: self.described, only_valid: self.only_valid })
    }
}

/// `POST /csc/v2/credentials/list`
pub async fn list(State(state): State<AppState>, visit: Visit, headers: HeaderMap, body: Bytes) -> Response {
    let work = async {
        let token = token(&headers)?;
        let asked: CredentialBody = read(&headers, &body)?;
        if asked.user.is_some() {
            return Err(wrong("userID parameter MUST be null"));
        }
        credential::list(&state.platform, &visit.caller, token, asked.wish()?, asked.with_infos).await
    };
    said(&visit, work.await)
}

/// `POST /csc/v2/credentials/info`
pub async fn look(State(state): State<AppState>, visit: Visit, headers: HeaderMap, body: Bytes) -> Response {
    let work = async {
        let token = token(&headers)?;
        let asked: CredentialBody = read(&headers, &body)?;
        let wish = asked.wish()?;
        credential::look(&state.platform, &visit.caller, token, &named(asked.credential)?, wish).await
    };
    said(&visit, work.await)
}

/// `POST /csc/v2/credentials/authorize`: credentials here are of the mode `oauth2code`, for which the method is not made (section 11.6).
pub async fn authorize(visit: Visit) -> Response {
    said(
        &visit,
        Err(wrong("auth/mode is oauth2code: authorize by oauth2/authorize, on whose page the person approves")),
    )
}

#[derive(Deserialize)]
struct HashBody {
    #[serde(rename = "credentialID")]
    credential: Option<String>,
    #[serde(rename = "SAD")]
    sad: Option<String>,
    #[serde(alias = "hash")]
    hashes: Option<Vec<String>>,
    #[serde(rename = "hashAlgorithmOID", alias = "hashAlgo")]
    hash_algorithm: Option<String>,
    #[serde(rename = "signAlgo")]
    algorithm: Option<String>,
    #[serde(rename = "signAlgoParams")]
    parameters: Option<String>,
    #[serde(rename = "operationMode")]
    mode: Option<String>,
}

/// `POST /csc/v2/signatures/signHash`
pub async fn sign_hash(State(state): State<AppState>, visit: Visit, headers: HeaderMap, body: Bytes) -> Response {
    let work = async {
        let token = token(&headers)?.to_owned();
        let asked: HashBody = read(&headers, &body)?;
        synchronous(asked.mode.as_deref())?;
        let proof = Proof { token, sad: asked.sad, credential: named(asked.credential)? };
        let hashes = asked.hashes.ok_or(wrong("Missing (or invalid type) array parameter hashes"))?;
        let wanted = Hashes {
            hashes: decoded(&hashes, wrong("Invalid Base64 hash string parameter"))?,
            hash: asked.hash_algorithm,
            signature: algorithm(asked.algorithm, asked.parameters.as_deref())?,
        };
        let signatures = redeem::hashes(&state.platform, &visit.caller, proof, wanted).await?;
        Ok(json!({"signatures": encoded(signatures)}))
    };
    said(&visit, work.await)
}

#[derive(Deserialize)]
struct DocumentBody {
    #[serde(rename = "credentialID")]
    credential: Option<String>,
    #[serde(rename = "SAD")]
    sad: Option<String>,
    #[serde(rename = "documentDigests")]
    digests: Option<Vec<DigestEntry>>,
    documents: Option<Vec<DocumentEntry>>,
    #[serde(rename = "operationMode")]
    mode: Option<String>,
    #[serde(default, rename = "returnValidationInfo")]
    proofs: bool,
}

#[derive(Deserialize)]
struct Shape {
    signature_format: Option<String>,
    conformance_level: Option<String>,
    #[serde(rename = "signAlgo")]
    algorithm: Option<String>,
    #[serde(rename = "signAlgoParams")]
    parameters: Option<String>,
    #[serde(default)]
    signed_props: Vec<Value>,
    signed_envelope_property: Option<String>,
}

#[derive(Deserialize)]
struct DigestEntry {
    hashes: Vec<String>,
    #[serde(rename = "hashAlgorithmOID")]
    hash_algorithm: Option<String>,
    #[serde(flatten)]
    shape: Shape,
}

#[derive(Deserialize)]
struct DocumentEntry {
    document: String,
    #[serde(flatten)]
    shape: Shape,
}

impl Shape {
    /// The form and the signature algorithm, where this server makes that.
    fn read(self, seen: bool) -> Asked<(Form, String)> {
        let format =
            self.signature_format.ok_or(wrong("Missing (or invalid type) string parameter signature_format"))?;
        let envelope = self.signed_envelope_property.as_deref();
        let form = match (format.as_str(), envelope) {
            // A signature that certifies is none that a second person can join.
            ("P", None | Some("Revision")) => Form::Pdf,
            ("C", Some("Detached")) => Form::Cms,
            ("P" | "C", _) => return Err(wrong("Invalid parameter signed_envelope_property")),
            _ => return Err(wrong("Invalid parameter signature_format")),
        };
        let level = self.conformance_level.unwrap_or_else(|| "AdES-B-B".to_owned()).to_ascii_lowercase();
        // What is seen gets everything that proves it; a signature over a digest gets a time-stamp.
        let known: &[&str] = if seen { &["ades-b-b", "ades-b-t", "ades-b-lt"] } else { &["ades-b-b", "ades-b-t"] };
        if !known.contains(&level.as_str()) {
            return Err(wrong("Invalid parameter conformance_level"));
        }
        if !self.signed_props.is_empty() {
            return Err(wrong("Invalid parameter signed_props"));
        }
        Ok((form, algorithm(self.algorithm, self.parameters.as_deref())?))
    }
}

/// `POST /csc/v2/signatures/signDoc`: without signature activation data a document is taken in, to be shown to its person (202); with it,
/// what they signed is handed out.
pub async fn sign_doc(State(state): State<AppState>, visit: Visit, headers: HeaderMap, body: Bytes) -> Response {
    let work = async {
        let token = token(&headers)?.to_owned();
        let asked: DocumentBody = read(&headers, &body)?;
        synchronous(asked.mode.as_deref())?;
        if asked.proofs {
            return Err(wrong("returnValidationInfo is not supported: signed documents hold what proves them"));
        }
        let credential = named(asked.credential)?;
        let by = Proof { token: token.clone(), sad: asked.sad, credential: credential.clone() };
        match (asked.digests, asked.documents) {
            (Some(_), Some(_)) => Err(wrong("Both documentDigests and documents parameters passed")),
            (Some(digests), None) => {
                let wanted = digested(digests)?;
                let made = redeem::digests(&state.platform, &visit.caller, by, wanted).await?;
                Ok((StatusCode::OK, json!({"SignatureObject": encoded(made)})))
            }
            (None, Some(documents)) => {
                let [one] = <[DocumentEntry; 1]>::try_from(documents)
                    .map_err(|_| wrong("documents holds one document: one authorization, one document that is seen"))?;
                let bytes = STANDARD.decode(&one.document);
                let bytes = bytes.map_err(|_| wrong("Invalid Base64 documents string parameter"))?;
                let (form, algorithm) = one.shape.read(true)?;
                if by.sad.is_none() && !redeem::signs(&state.platform, &visit.caller, &token).await? {
                    let (platform, caller) = (&state.platform, &visit.caller);
                    let waits = document::deposit(platform, caller, &token, &credential, (bytes, form)).await?;
                    return Ok((StatusCode::ACCEPTED, json!({"handle": waits.to_string()})));
                }
                let signed = redeem::documents(&state.platform, &visit.caller, by, (bytes, form), algorithm).await?;
                let name = if form == Form::Pdf { "DocumentWithSignature" } else { "SignatureObject" };
                Ok((StatusCode::OK, json!({name: encoded(vec![signed])})))
            }
            (None, None) => Err(wrong("Empty documentDigests and documents objects")),
        }
    };
    match work.await {
        Ok((status, value)) => answer(status, value),
        Err(error) => said(&visit, Err(error)),
    }
}

/// All hashes of all entries, which must be of one kind.
fn digested(entries: Vec<DigestEntry>) -> Asked<Hashes> {
    let mut all = Vec::new();
    let mut kind: Option<(Option<String>, (Form, String))> = None;
    for entry in entries {
        all.extend(decoded(&entry.hashes, wrong("Invalid Base64 hashes string parameter"))?);
        let own = (entry.hash_algorithm, entry.shape.read(false)?);
        if kind.as_ref().is_some_and(|known| *known != own) {
            return Err(wrong("Invalid object parameter documentDigests: all must be of one kind"));
        }
        kind = Some(own);
    }
    let (hash, (_, signature)) = kind.ok_or(wrong("Empty documentDigests and documents objects"))?;
    Ok(Hashes { hashes: all, hash, signature })
}

#[derive(Deserialize)]
struct StampBody {
    hash: Option<String>,
    #[serde(rename = "hashAlgo", alias = "hashAlgorithmOID")]
    algorithm: Option<String>,
    nonce: Option<String>,
}

/// `POST /csc/v2/signatures/timestamp`
pub async fn timestamp(State(state): State<AppState>, visit: Visit, headers: HeaderMap, body: Bytes) -> Response {
    let work = async {
        let token = token(&headers)?;
        let asked: StampBody = read(&headers, &body)?;
        let hash = asked.hash.ok_or(wrong("Missing (or invalid type) string parameter hash"))?;
        let hash = STANDARD.decode(hash).map_err(|_| wrong("Invalid Base64 hash string parameter"))?;
        let algorithm = asked.algorithm.ok_or(wrong("Missing (or invalid type) string parameter hashAlgo"))?;
        let nonce = asked.nonce.map(|nonce| unhex(&nonce).ok_or(wrong("Invalid parameter nonce"))).transpose()?;
        let stamped = stamp::stamp(&state.platform, &visit.caller, token, (&algorithm, hash), nonce).await?;
        Ok(json!({"timestamp": STANDARD.encode(stamped)}))
    };
    said(&visit, work.await)
}

/// A positive number in hexadecimal, as the bytes of a DER integer.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let even = if text.len().is_multiple_of(2) { text.to_owned() } else { format!("0{text}") };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = even.as_bytes().chunks(2);
    let bytes =
        pairs.map(|two| Some(digit(*two.first()?)? << 4 | digit(*two.get(1)?)?)).collect::<Option<Vec<u8>>>()?;
    let bytes: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    match bytes.first() {
        None => None,
        Some(first) if *first >= 0x80 => Some([&[0], bytes.as_slice()].concat()),
        Some(_) => Some(bytes),
    }
}

fn token(headers: &HeaderMap) -> Asked<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Error::Refuse(Rejected(Problem::new(Code::InvalidToken, "send the access token in the header"))));
    };
    let found = header_of::bearer(value.to_str().ok()).ok().flatten();
    found.ok_or(wrong("Malformed authorization header"))
}

fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Asked<T> {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if !kind.eq_ignore_ascii_case(b"application/json") {
        return Err(wrong("send the body as application/json"));
    }
    serde_json::from_slice(body)
        .map_err(|_| wrong("the body is not the JSON object of this method, or a parameter has another type"))
}

fn named(credential: Option<String>) -> Asked<String> {
    credential.ok_or(wrong("Missing (or invalid type) string parameter credentialID"))
}

fn synchronous(mode: Option<&str>) -> Asked<()> {
    if mode.is_none_or(|mode| mode == "S") { Ok(()) } else { Err(wrong("Invalid parameter operationMode")) }
}

/// `signAlgo`; none of ours has parameters but the empty ones of RSA.
fn algorithm(name: Option<String>, parameters: Option<&str>) -> Asked<String> {
    if parameters.is_some_and(|parameters| parameters != "BQA=") {
        return Err(wrong("Invalid parameter signAlgoParams"));
    }
    name.ok_or(wrong("Missing (or invalid type) string parameter signAlgo"))
}

fn decoded(texts: &[String], otherwise: Error<Rejected>) -> Asked<Vec<Vec<u8>>> {
    texts.iter().map(|text| STANDARD.decode(text)).collect::<Result<_, _>>().map_err(|_| otherwise)
}

fn encoded(all: Vec<Vec<u8>>) -> Vec<String> {
    all.into_iter().map(|one| STANDARD.encode(one)).collect()
}

fn said(visit: &Visit, outcome: Asked<Value>) -> Response {
    match outcome {
        Ok(value) => answer(StatusCode::OK, value),
        Err(error) => machine::resource_refused(visit, error),
    }
}

fn answer(status: StatusCode, value: Value) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(value)).into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::unhex;

    #[test]
    fn a_nonce_is_a_positive_number() {
        assert_eq!(unhex("7f").unwrap(), [0x7f]);
        assert_eq!(unhex("80").unwrap(), [0, 0x80]);
        assert_eq!(unhex("00fff").unwrap(), [0x0f, 0xff]);
        for bad in ["", "0", "x", "-1", "é"] {
            assert!(unhex(bad).is_none(), "{bad}");
        }
    }
}
