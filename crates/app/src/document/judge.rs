//! What the signatures of a document are worth, in words that commands and pages share.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lionrock_crypto::digest::{Kind, Stream};
use lionrock_pki::algorithm::Digest;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::cms;
use lionrock_pki::pades::{self, Change, Form};
use lionrock_pki::pdf::Source;
use lionrock_pki::validation::{self, Evidence, Signer, Trust, Verdict};
use lionrock_pki::{Error, unwrap_pem};
use lionrock_service::port::document::{Anchors, Judgement, LARGEST_SIGNATURE, Signature};
use std::io::{Read, SeekFrom};

/// Bytes read at once.
const PIECE: usize = 64 * 1024;

/// Judges a PDF, or with `signature` (base64 of CMS, DER or PEM) anything; a CMS that carries its content is judged by itself.
///
/// # Errors
/// When the document cannot be read.
pub fn judge(document: &mut dyn Source, signature: Option<&str>, anchors: &Anchors) -> Result<Judgement, Error> {
    let trust = trust(anchors)?;
    let length = document.seek(SeekFrom::End(0))?;
    if let Some(signature) = signature {
        let bytes = STANDARD.decode(signature).map_err(|_| Error::Malformed("base64"))?;
        return detached(document, length, &der(&bytes), &trust);
    }
    let mut head = Vec::new();
    document.rewind()?;
    document.take(5).read_to_end(&mut head)?;
    if head == b"%PDF-" {
        return pdf(document, &trust);
    }
    let most = LARGEST_SIGNATURE as u64 * 64;
    if length > most {
        return Err(Error::Refused("this is neither a PDF nor a signature"));
    }
    let mut bytes = Vec::new();
    document.rewind()?;
    document.take(most).read_to_end(&mut bytes)?;
    inside(&der(&bytes), length, &trust)
}

fn der(bytes: &[u8]) -> Vec<u8> {
    unwrap_pem(bytes, "CMS").unwrap_or_else(|_| bytes.to_vec())
}

/// Whom to trust, out of bytes.
///
/// # Errors
/// When a certificate or policy cannot be read.
pub fn trust(anchors: &Anchors) -> Result<Trust, Error> {
    let certificates =
        anchors.certificates.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>()?;
    let policies = anchors.policies.iter().map(|policy| policy.parse().map_err(|_| Error::Malformed("a policy")));
    Ok(Trust { anchors: certificates, policies: policies.collect::<Result<Vec<_>, _>>()?, now: anchors.now })
}

fn pdf(document: &mut dyn Source, trust: &Trust) -> Result<Judgement, Error> {
    let report = pades::validate(document, trust)?;
    let verdict = report.verdict();
    let signatures = report.signatures.iter().map(|one| {
        let form = if one.form == Form::Timestamp { "time-stamp" } else { "signature" };
        let mut own = signature(form, one.verdict, one.signer.as_ref(), one.level.word());
        own.changes = one.since.all.iter().map(|change: &Change| change.word().to_owned()).collect();
        own.fields = one.since.fields.clone();
        own.forbidden = one.since.forbidden.map(str::to_owned);
        own.claimed_at = one.claimed;
        own.proved_at = one.proved;
        own.field = Some(one.field.clone());
        own.reason.clone_from(&one.reason);
        own
    });
    Ok(Judgement {
        form: "pdf".to_owned(),
        indication: verdict.indication.word().to_owned(),
        length: report.length,
        pages: Some(report.pages),
        signatures: signatures.collect(),
        sub_indication: verdict.sub.map(|sub| sub.word().to_owned()),
        why: verdict.why.to_owned(),
    })
}

fn detached(document: &mut dyn Source, length: u64, der: &[u8], trust: &Trust) -> Result<Judgement, Error> {
    cms(der, length, trust, &mut |digest| {
        let mut hash = Stream::new(match digest {
            Digest::Sha256 => Kind::Sha256,
            Digest::Sha384 => Kind::Sha384,
            Digest::Sha512 => Kind::Sha512,
        });
        document.rewind()?;
        let mut piece = vec![0; PIECE];
        loop {
            let count = document.read(&mut piece)?;
            if count == 0 {
                return Ok(hash.finish());
            }
            hash.update(piece.get(..count).unwrap_or_default());
        }
    })
}

/// A signature that carries its content.
fn inside(der: &[u8], length: u64, trust: &Trust) -> Result<Judgement, Error> {
    let read = cms::Signature::read(der).map_err(|_| Error::Refused("this is neither a PDF nor a signature"))?;
    let content = read.inside().map(<[u8]>::to_vec);
    let content =
        content.ok_or(Error::Refused("this signature is over a file that is not in it: the file is needed too"))?;
    cms(der, length, trust, &mut |digest| Ok(digest.of(&content)))
}

fn cms(
    der: &[u8],
    length: u64,
    trust: &Trust,
    content: &mut dyn FnMut(Digest) -> Result<Vec<u8>, Error>,
) -> Result<Judgement, Error> {
    let judged = validation::judge(der, content, &Evidence::default(), trust, None)?;
    let mut own = signature("signature", judged.verdict, judged.signer.as_ref(), judged.level.word());
    own.claimed_at = judged.claimed;
    own.proved_at = judged.proved;
    Ok(Judgement {
        form: "cms".to_owned(),
        indication: own.indication.clone(),
        length,
        pages: None,
        sub_indication: own.sub_indication.clone(),
        why: own.why.clone(),
        signatures: vec![own],
    })
}

fn signature(form: &str, verdict: Verdict, signer: Option<&Signer>, level: &str) -> Signature {
    let digest = |signer: &Signer| lionrock_crypto::digest::sha256(signer.certificate.der());
    Signature {
        changes: Vec::new(),
        claimed_at: None,
        field: None,
        fields: Vec::new(),
        forbidden: None,
        form: form.to_owned(),
        indication: verdict.indication.word().to_owned(),
        issuer: signer.map(|signer| signer.issuer.clone()),
        level: level.to_owned(),
        proved_at: None,
        reason: None,
        certificate: signer.map(|signer| digest(signer).iter().map(|byte| format!("{byte:02x}")).collect()),
        signer: signer.map(|signer| signer.name.clone()),
        sub_indication: verdict.sub.map(|sub| sub.word().to_owned()),
        why: verdict.why.to_owned(),
    }
}
