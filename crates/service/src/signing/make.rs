//! What goes under the key, and what is made of what comes back.

use super::file;
use super::sealed::{Body, Seal};
use crate::Fault;
use crate::authority::Chain;
use crate::port::document::{Letters, Readable, Reading};
use crate::status::Evidence;
use lionrock_activation::{Document, Form as How, Hex};
use lionrock_crypto::digest::Kind as Hash;
use lionrock_crypto::sign::Algorithm;
use lionrock_model::signing::{Form, JSON_BYTES, SigningRefusal};
use lionrock_model::time::Millis;
use lionrock_pki::algorithm::Digest;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::cms::{self, Content, Unsigned};
use lionrock_pki::pades::{self, Drawing, Material, Prepared, Seen, Wish, Words};
use lionrock_pki::pdf::Appended;
use lionrock_pki::{Error as PkiError, jades, name};
use lionrock_wire::webauthn::json::Base64Url;
use serde_json::{Value, json};

/// Something to be signed.
pub(super) struct Item {
    /// As the activation text names it.
    pub document: Document,
    /// What goes under the key; empty for an exact digest.
    pub message: Vec<u8>,
    /// The service's name for it.
    pub id: String,
    work: Work,
}

enum Work {
    Pdf(Box<Prepared>, Box<Unsigned>),
    Cms(Box<Unsigned>),
    Json(Box<jades::Unsigned>),
    Raw,
}

/// Something signed.
pub(super) struct Made {
    pub document: Document,
    pub message: Vec<u8>,
    pub id: String,
    /// As it came from the key: `r ‖ s` for ECDSA.
    pub signature: Vec<u8>,
    /// What a time-stamp is over.
    pub stamped: Vec<u8>,
    /// The signature in CMS, where there is one.
    cms: Option<Vec<u8>>,
    json: Option<jades::Signature>,
    prepared: Option<Box<Prepared>>,
}

/// Who signs and when.
pub(super) struct Signer<'a> {
    pub certificate: &'a Certificate,
    pub chain: &'a Chain,
    pub algorithm: Algorithm,
    /// Unix seconds, claimed.
    pub claimed: u64,
    /// What seals are drawn with.
    pub letters: Letters,
    /// Who vouches for it, under the name on a seal.
    pub issuer: &'a str,
}

/// What is to be signed for a request: the same bytes each time for the same arguments.
///
/// # Errors
/// The inner: what is wrong with the document.
pub(super) fn items(
    form: Form,
    body: &Body,
    document: &dyn Readable,
    signer: &Signer<'_>,
) -> Result<Result<Vec<Item>, SigningRefusal>, Fault> {
    let made = match form {
        Form::Pdf => {
            let drawing = match body.seal.as_ref().map(|_| drawing(signer)).transpose() {
                Ok(drawing) => drawing,
                Err(why) => {
                    tracing::info!(%why, "a seal is not drawn");
                    return Ok(Err(SigningRefusal::SealNotDrawn));
                }
            };
            pdf(body, document, signer, drawing).map(|item| vec![item])
        }
        Form::Cms => {
            let kind = match Digest::of_signature(signer.algorithm) {
                Digest::Sha256 => Hash::Sha256,
                Digest::Sha384 => Hash::Sha384,
                Digest::Sha512 => Hash::Sha512,
            };
            let digest = file::digest(document, &[], kind).map_err(|error| Fault::stored_data(error.to_string()))?;
            attributes(signer, &digest, Some(signer.claimed)).map(|unsigned| {
                let message = unsigned.message().to_vec();
                vec![item(&digest, How::Attributes, message, body.file_name.clone(), Work::Cms(Box::new(unsigned)))]
            })
        }
        Form::PdfDigest => body
            .documents
            .iter()
            .map(|named| {
                let unsigned = attributes(signer, &named.digest.0, None)?;
                let message = unsigned.message().to_vec();
                let work = Work::Cms(Box::new(unsigned));
                Ok(item(&named.digest.0, How::Attributes, message, named.id.clone(), work))
            })
            .collect(),
        Form::Digest => Ok(body
            .documents
            .iter()
            .map(|named| item(&named.digest.0, How::Exact, Vec::new(), named.id.clone(), Work::Raw))
            .collect()),
        Form::Json => json(body, document, signer).map(|item| vec![item]),
    };
    match made {
        Ok(items) => Ok(Ok(items)),
        Err(PkiError::Pdf(why)) => {
            tracing::info!(%why, "a document is not signed");
            Ok(Err(SigningRefusal::DocumentRefused))
        }
        Err(PkiError::Refused(why)) => {
            tracing::info!(%why, "a document is not signed");
            Ok(Err(SigningRefusal::RequestMalformed))
        }
        Err(error) => Err(Fault::bug(error.to_string())),
    }
}

fn item(digest: &[u8], form: How, message: Vec<u8>, id: String, work: Work) -> Item {
    Item { document: Document { digest: Hex(digest.to_vec()), form }, message, id, work }
}

/// The seal: the name in the scripts of the certificate, when, and by whom.
fn drawing(signer: &Signer<'_>) -> Result<Drawing, PkiError> {
    let name = name::common_name(signer.certificate.subject()).unwrap_or_default();
    let claimed = i64::try_from(signer.claimed).unwrap_or(0).saturating_mul(1000);
    let when = Millis(claimed).hong_kong().strftime("%Y-%m-%d %H:%M +08:00").to_string();
    let issuer = signer.issuer.strip_prefix("https://").unwrap_or(signer.issuer);
    let fonts: Vec<&[u8]> = signer.letters.iter().map(Vec::as_slice).collect();
    pades::seal(&Words { name: &name, lines: &[&when, issuer] }, &fonts)
}

fn json(body: &Body, document: &dyn Readable, signer: &Signer<'_>) -> Result<Item, PkiError> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < document.length().min(JSON_BYTES) {
        bytes.extend(document.read_at(bytes.len() as u64, 1 << 20)?);
    }
    let mut chain = vec![signer.certificate];
    chain.extend(signer.chain.above(signer.certificate));
    let kind = if serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok() { "json" } else { "octet-stream" };
    let unsigned = jades::Unsigned::new(&bytes, kind, &chain, signer.algorithm, signer.claimed)?;
    let digest = Digest::of_signature(signer.algorithm).of(unsigned.message());
    Ok(item(&digest, How::Exact, Vec::new(), body.file_name.clone(), Work::Json(Box::new(unsigned))))
}

fn pdf(body: &Body, document: &dyn Readable, signer: &Signer<'_>, drawing: Option<Drawing>) -> Result<Item, PkiError> {
    let digest = Digest::of_signature(signer.algorithm);
    let seen =
        |seal: &Seal| drawing.map(|drawing| Seen { page: seal.page.saturating_sub(1), place: seal.place, drawing });
    let wish = Wish {
        name: name::common_name(signer.certificate.subject()),
        reason: Some(body.title.clone()),
        field: body.seal.as_ref().and_then(|seal| seal.field.clone()),
        seen: body.seal.as_ref().and_then(seen),
        ..Wish::plain(digest, signer.claimed)
    };
    let prepared = pades::prepare(&mut Reading::new(document), &wish)?;
    let unsigned = attributes(signer, prepared.digest(), None)?;
    let message = unsigned.message().to_vec();
    let digest = prepared.digest().to_vec();
    let work = Work::Pdf(Box::new(prepared), Box::new(unsigned));
    Ok(item(&digest, How::Attributes, message, body.file_name.clone(), work))
}

fn attributes(signer: &Signer<'_>, digest: &[u8], claimed: Option<u64>) -> Result<Unsigned, PkiError> {
    let mut chain = vec![signer.certificate];
    chain.extend(signer.chain.above(signer.certificate));
    let content = Content { kind: cms::DATA, digest, inside: None, claimed };
    Unsigned::new(&content, &chain, signer.algorithm)
}

/// Puts what the key gave into its place. What does not verify never leaves.
///
/// # Errors
/// `Bug` when the signature is not the certificate's.
pub(super) fn signed(item: Item, signature: Vec<u8>, signer: &Signer<'_>) -> Result<Made, Fault> {
    let wrong = |error: PkiError| Fault::bug(format!("a signature of a resident's key: {error}"));
    let Item { document, message, id, work } = item;
    let mut json = None;
    let (stamped, cms, prepared) = match work {
        Work::Json(unsigned) => {
            let made = unsigned.complete(&signature).map_err(wrong)?;
            let stamped = made.stamped().to_vec();
            json = Some(made);
            (stamped, None, None)
        }
        Work::Raw => {
            let key = signer.certificate.key().map_err(wrong)?;
            key.verify_digest(signer.algorithm, &document.digest.0, &signature)?;
            (signature.clone(), None, None)
        }
        Work::Cms(unsigned) => {
            let cms = unsigned.complete(&signature).map_err(wrong)?;
            (cms::Signature::read(&cms).map_err(wrong)?.bytes().to_vec(), Some(cms), None)
        }
        Work::Pdf(prepared, unsigned) => {
            let cms = unsigned.complete(&signature).map_err(wrong)?;
            (cms::Signature::read(&cms).map_err(wrong)?.bytes().to_vec(), Some(cms), Some(prepared))
        }
    };
    Ok(Made { document, message, id, signature, stamped, cms, json, prepared })
}

/// What the service gets: what is put behind its PDF, with everything that proves it inside, the CMS beside its file, or signatures in JSON.
///
/// # Errors
/// `Bug` when a part does not fit.
pub(super) fn result(
    form: Form,
    original: &dyn Readable,
    made: Vec<Made>,
    tokens: &[Vec<u8>],
    evidence: &Evidence,
    signer: &Signer<'_>,
) -> Result<Vec<u8>, Fault> {
    let wrong = |error: PkiError| Fault::bug(format!("a signed document: {error}"));
    let parse = |der: &Vec<u8>| Certificate::from_der(der).map_err(wrong);
    let certificates: Vec<Certificate> = evidence.certificates.iter().map(parse).collect::<Result<_, _>>()?;
    let mut list: Vec<Value> = Vec::new();
    for (one, token) in made.into_iter().zip(tokens) {
        let stamped = match &one.cms {
            Some(cms) => {
                let read = cms::Signature::read(cms).map_err(wrong)?;
                Some(read.with_unsigned(cms::TIME_STAMP, token).map_err(wrong)?)
            }
            None => None,
        };
        if let Some(signature) = one.json {
            let whole = signature.with_timestamp(token);
            let whole = whole.with_evidence(&certificates, &evidence.answers, &evidence.lists);
            return Ok(whole.to_json().into_bytes());
        }
        match (form, stamped, one.prepared) {
            (Form::Pdf, Some(cms), Some(prepared)) => {
                let mut tail = pades::complete(*prepared, &cms).map_err(wrong)?;
                let material = Material {
                    certificates,
                    answers: evidence.answers.clone(),
                    lists: evidence.lists.clone(),
                    signatures: vec![cms],
                };
                let mut reading = Reading::new(original);
                let mut signed = Appended::new(&mut reading, &tail).map_err(wrong)?;
                let more = pades::add_dss(&mut signed, &material, signer.claimed).map_err(wrong)?;
                tail.extend(more);
                return Ok(tail);
            }
            (Form::Cms, Some(cms), _) => {
                let read = cms::Signature::read(&cms).map_err(wrong)?;
                return read.with_evidence(&certificates, &evidence.answers, &evidence.lists).map_err(wrong);
            }
            (_, cms, _) => list.push(json!({
                "cms": cms.map(Base64Url),
                "digest": one.document.digest,
                "id": one.id,
                "signature": Base64Url(one.signature),
                "time_stamp": Base64Url(token.clone()),
            })),
        }
    }
    let all = json!({
        "algorithm": signer.algorithm.name(),
        "certificate": Base64Url(signer.certificate.der().to_vec()),
        "signatures": list,
    });
    Ok(serde_json::to_vec(&all)?)
}
