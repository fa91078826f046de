//! The approval, and everything that follows from it: the signature, its time-stamp, the status at that moment, the evidence and the
//! ledger's entry. All of it is kept in one transaction, or nothing; what could not be made leaves the request as it was shown.

use super::evidence::{self, Parts};
use super::file::{self, File};
use super::make::{self, Made, Signer};
use super::sealed::{self, Approval, Body};
use super::{InForce, csc, in_force, may, person, request};
use crate::audit::{self, Event};
use crate::authority::{self, Chain, Judged};
use crate::ceremony::{self, settle};
use crate::letter::{self, News};
use crate::port::document::Letters;
use crate::{Caller, Error, Fault, Platform, status, timestamp, vault};
use lionrock_activation::{Activation, Sign, record, text};
use lionrock_crypto::digest::{Kind as Hash, sha256};
use lionrock_crypto::sign::Algorithm;
use lionrock_model::credential::{Credential, PasskeyRefusal};
use lionrock_model::id::{ResidentId, SignatureId, SigningRequestId};
use lionrock_model::signing::{DELIVERY, Form, SigningRefusal, State};
use lionrock_pki::algorithm::Digest;
use lionrock_store::signing_request::{self, Kind, Request};
use lionrock_store::{Tx, failpoint, signature, signing_key};
use lionrock_wire::webauthn::json::{AuthenticationResponse, Base64Url};
use serde_json::json;
use std::sync::Arc;

/// A signature that was made.
#[derive(Clone, Debug)]
pub struct Approved {
    /// Its id, in the person's history.
    pub signature: SignatureId,
    /// Where the browser goes back to, if anywhere.
    pub location: Option<String>,
}

/// What the approval stands on.
struct Grounds {
    row: Request,
    body: Body,
    approval: Approval,
    who: ResidentId,
    found: InForce,
    guard: Credential,
}

/// Takes the passkey's answer and signs.
///
/// # Errors
/// As [`person::options`]; of the passkey; [`SigningRefusal::CertificateNotGood`], [`SigningRefusal::ProofUnavailable`],
/// [`SigningRefusal::SoleControlUnavailable`], [`SigningRefusal::SoleControlRefused`]; faults. Whatever is refused, nothing is signed.
pub async fn approve(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    handle: &str,
    answer: AuthenticationResponse,
) -> Result<Approved, Error<SigningRefusal>> {
    let chain = authority::chain(platform).await?.ok_or(Error::Refuse(SigningRefusal::NoAuthority))?;
    let grounds = {
        let (owned, caller, answer) = (Arc::clone(platform), caller.clone(), answer.clone());
        let (cookie, handle) = (cookie.to_owned(), handle.to_owned());
        settle(platform.store.write(move |tx| taken(tx, &owned, &caller, &cookie, &handle, &answer)).await)?
    };
    let row = grounds.row.clone();
    match carry_out(platform, caller, &chain, grounds, answer).await {
        Ok(approved) => Ok(approved),
        Err(error) => {
            let (owned, who) = (Arc::clone(platform), caller.clone());
            let back = platform.store.write(move |tx| give_back(tx, &owned, &who, &row)).await;
            if let Err(fault) = back {
                tracing::error!(error = %fault, "a request stays approved although nothing was signed; it is shown again soon");
            }
            Err(error)
        }
    }
}

/// Checks the answer as the platform sees it, and takes the request for one signature.
fn taken(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
    handle: &str,
    answer: &AuthenticationResponse,
) -> super::Refused<Grounds> {
    let current = match may(tx, platform, caller, cookie)? {
        Ok(current) => current,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let who = current.resident.id;
    let row = request::by_handle(tx, platform, handle)?
        .filter(|row| row.expires > caller.now && row.resident == Some(who) && !row.state.is_over());
    let Some(row) = row else { return Ok(Err(SigningRefusal::RequestGone)) };
    if row.state != State::Shown {
        return Ok(Err(SigningRefusal::WrongStep));
    }
    let body = sealed::open(platform, &row)?;
    let Some(approval) = body.approval.clone() else { return Ok(Err(SigningRefusal::WrongStep)) };
    let found = match in_force(tx, platform, caller, who)? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let challenge = sha256(approval.text.as_bytes());
    if answer.claimed_challenge().as_deref() != Some(&challenge[..]) {
        return Ok(Err(PasskeyRefusal::ShownChanged.into()));
    }
    let proof = match ceremony::prove(tx, platform, caller, &challenge, Some(who), answer)? {
        Ok(proof) => proof,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    if proof.credential.id != found.key.credential || proof.credential.backup_eligible {
        return Ok(Err(SigningRefusal::NotDeviceBound));
    }
    if !request::is_complete(&row) {
        return Ok(Err(SigningRefusal::DocumentIncomplete));
    }
    let next = Request {
        version: row.version + 1,
        state: State::Approved,
        sealed_body: sealed::seal(platform, caller, row.id, row.version + 1, &body)?,
        changed: caller.now,
        ..row.clone()
    };
    if !signing_request::step(tx, &row, &next)? {
        return Ok(Err(SigningRefusal::WrongStep));
    }
    Ok(Ok(Grounds { row: next, body, approval, who, found, guard: proof.credential }))
}

/// Nothing was signed: the request is as it was shown, and wants a new approval.
fn give_back(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, row: &Request) -> Result<(), Fault> {
    let body = Body { approval: None, ..sealed::open(platform, row)? };
    let next = Request {
        version: row.version + 1,
        state: State::Shown,
        sealed_body: sealed::seal(platform, caller, row.id, row.version + 1, &body)?,
        changed: caller.now,
        ..row.clone()
    };
    signing_request::step(tx, row, &next)?;
    Ok(())
}

async fn carry_out(
    platform: &Arc<Platform>,
    caller: &Caller,
    chain: &Arc<Chain>,
    grounds: Grounds,
    answer: AuthenticationResponse,
) -> Result<Approved, Error<SigningRefusal>> {
    let algorithm = record::algorithm(&grounds.found.key.algorithm);
    let algorithm = algorithm.ok_or_else(|| Fault::stored_data("signing_key.algorithm"))?;
    let work = Work { chain: Arc::clone(chain), algorithm, platform: Arc::clone(platform) };
    let (grounds, items) = prepared(&work, grounds).await?;
    let asked: Activation = text::read(grounds.approval.text.as_bytes())
        .ok_or_else(|| Fault::stored_data("the text of an approval is not canonical"))?;
    if asked.documents.iter().ne(items.iter().map(|item| &item.document)) {
        return Err(Fault::bug("a document is prepared in two ways").into());
    }
    failpoint::reach("signing-approved");
    let order = Sign {
        messages: items.iter().map(|item| Base64Url(item.message.clone())).collect(),
        passkey: super::enrol::passkey(&answer),
        record: Base64Url(grounds.found.key.sealed_record.clone()),
        text: Base64Url(grounds.approval.text.clone().into_bytes()),
    };
    let signed = platform.ports.activation.sign(order).await;
    let signed = signed.map_err(|error| Error::Refuse(super::enrol::told(caller, &error)))?;
    failpoint::reach("signing-signed");
    let made = {
        let signer = work.signer(&grounds);
        let pairs = items.into_iter().zip(signed.signatures);
        pairs.map(|(item, signature)| make::signed(item, signature.0, &signer)).collect::<Result<Vec<Made>, Fault>>()?
    };
    let mut tokens = Vec::with_capacity(made.len());
    for one in &made {
        let hash = sha256(&one.stamped);
        let token = timestamp::stamp(platform, caller, Digest::Sha256, &hash).await;
        tokens.push(token.map_err(|error| unavailable(caller, &error))?);
    }
    let proof = status::evidence(platform, caller, &grounds.found.certificate).await;
    let proof = proof.map_err(|error| unavailable(caller, &error))?;
    failpoint::reach("signing-proved");
    let id = SignatureId::new(caller.now, caller.random());
    let evidence = evidence::make(
        platform,
        &Parts {
            id,
            at: caller.now,
            request: &grounds.row,
            approval: &grounds.approval,
            answer: &answer,
            guard: &grounds.guard,
            made: &made,
            tokens: &tokens,
            proof: &proof,
            signer: &work.signer(&grounds),
        },
    )?;
    let (grounds, result, digest) = finished(&work, grounds, (made, tokens, proof)).await?;
    let request = grounds.row.id;
    let beside = grounds.row.form != Form::Pdf;
    let whole = Whole { id, grounds, evidence, result, digest, record: signed.record.0 };
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform.store.write(move |tx| keep(tx, &owned, &caller, &whole)).await;
    let location = settle(outcome)?;
    platform.ledger.ring();
    if beside {
        // The document itself is not part of what the service gets: the rest of a large one goes now.
        let clear = move |tx: &mut Tx<'_>| signing_request::clear_kind(tx, request, Kind::Document);
        while platform.store.write(clear).await.map_err(Fault::from)? >= u64::from(signing_request::ROUND) {}
    }
    Ok(Approved { signature: id, location })
}

/// What stays the same while one signature is made.
#[derive(Clone)]
struct Work {
    platform: Arc<Platform>,
    chain: Arc<Chain>,
    algorithm: Algorithm,
}

impl Work {
    fn signer<'a>(&'a self, grounds: &'a Grounds) -> Signer<'a> {
        let letters: Letters = self.platform.ports.documents.letters();
        Signer {
            certificate: &grounds.found.certificate,
            chain: &self.chain,
            algorithm: self.algorithm,
            claimed: grounds.approval.claimed,
            letters,
            issuer: &self.platform.settings.issuer,
        }
    }
}

fn unavailable(caller: &Caller, error: &dyn std::fmt::Display) -> Error<SigningRefusal> {
    tracing::warn!(trace = %caller.trace, %error, "no proof of time or status: nothing is signed");
    Error::Refuse(SigningRefusal::ProofUnavailable)
}

async fn prepared(work: &Work, grounds: Grounds) -> Result<(Grounds, Vec<make::Item>), Error<SigningRefusal>> {
    let (work, document) = (work.clone(), File::document(&work.platform, &grounds.row));
    let joined = tokio::task::spawn_blocking(move || {
        let items = make::items(grounds.row.form, &grounds.body, &document, &work.signer(&grounds));
        (grounds, items)
    });
    let (grounds, items) = joined.await.map_err(|error| Fault::bug(error.to_string()))?;
    Ok((grounds, items?.map_err(Error::Refuse)?))
}

/// What is kept of the result, and SHA-256 of the whole.
async fn finished(
    work: &Work,
    grounds: Grounds,
    (made, tokens, proof): (Vec<Made>, Vec<Vec<u8>>, status::Evidence),
) -> Result<(Grounds, Vec<u8>, Vec<u8>), Fault> {
    let (work, document) = (work.clone(), File::document(&work.platform, &grounds.row));
    let joined = tokio::task::spawn_blocking(move || {
        let form = grounds.row.form;
        let result = make::result(form, &document, made, &tokens, &proof, &work.signer(&grounds))?;
        let digest = if form == Form::Pdf {
            file::digest(&document, &result, Hash::Sha256).map_err(|error| Fault::stored_data(error.to_string()))?
        } else {
            sha256(&result).to_vec()
        };
        Ok((grounds, result, digest))
    });
    joined.await.map_err(|error| Fault::bug(error.to_string()))?
}

/// Everything that is kept of one signature.
struct Whole {
    id: SignatureId,
    grounds: Grounds,
    evidence: Vec<u8>,
    /// What is put behind a PDF; all of it for the others.
    result: Vec<u8>,
    /// SHA-256 of what the service gets.
    digest: Vec<u8>,
    record: Vec<u8>,
}

/// Keeps all parts in one transaction. The certificate is looked at once more: what was revoked since the approval signs nothing.
fn keep(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, whole: &Whole) -> super::Refused<Option<String>> {
    failpoint::reach("signing-keeping");
    let Whole { id, grounds, evidence, result, digest, record } = whole;
    let who = grounds.who;
    if authority::standing(tx, platform, &grounds.found.key.serial, caller.now)? != Judged::Good {
        return Ok(Err(SigningRefusal::CertificateNotGood));
    }
    let key = signing_key::of_resident(tx, who)?.into_iter().find(|key| key.id == grounds.found.key.id);
    let Some(key) = key else { return Ok(Err(SigningRefusal::NoCertificate)) };
    if !signing_key::advance(tx, key.id, key.version, record)? {
        return Err(lionrock_store::Error::Busy.into());
    }
    let body = json!({
        "evidence": super::evidence::digest(evidence),
        "key": key.id.to_string(),
        "request": grounds.row.id.to_string(),
        "result": authority::hex(digest),
        "service": grounds.row.service,
        "signature": id.to_string(),
    });
    let event = audit::append(tx, platform, caller, &Event::new("document.signed", Some(who), body))?;
    let own = vault::sealing_key(tx, platform, who)?;
    let with_event = evidence::with_event(evidence, &event)?;
    let row = signature::Signature {
        id: *id,
        resident: who,
        request: grounds.row.id,
        service: grounds.row.service.clone(),
        key: key.id,
        event,
        sealed_evidence: sealed::seal_evidence(platform, caller, (who, &own), *id, &with_event)?,
        created: caller.now,
    };
    signature::insert(tx, &row)?;
    let request: SigningRequestId = grounds.row.id;
    if grounds.row.form != Form::Pdf {
        signing_request::clear_kind(tx, request, Kind::Document)?;
    }
    signing_request::cut(tx, request, Kind::Result, 0)?;
    signing_request::cut(tx, request, Kind::Evidence, 0)?;
    sealed::keep(tx, platform, caller, request, Kind::Result, 0, result)?;
    sealed::keep(tx, platform, caller, request, Kind::Evidence, 0, &with_event)?;
    let mut body = Body { approval: None, ..grounds.body.clone() };
    if body.csc.is_none() {
        body.documents = Vec::new();
    }
    let next = Request {
        version: grounds.row.version + 1,
        state: State::Signed,
        sealed_body: sealed::seal(platform, caller, request, grounds.row.version + 1, &body)?,
        changed: caller.now,
        expires: caller.now.after(DELIVERY),
        ..grounds.row.clone()
    };
    if !signing_request::step(tx, &grounds.row, &next)? {
        return Ok(Err(SigningRefusal::WrongStep));
    }
    letter::post(tx, platform, caller, who, News::DocumentSigned)?;
    if let Some(csc) = &body.csc {
        return csc::granted(tx, platform, caller, csc, (&next, who), (&grounds.guard, &grounds.approval.text));
    }
    Ok(Ok(person::location(platform, &next, &body, "signed")))
}
