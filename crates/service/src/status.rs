//! The status of certificates, for whoever relies on one: answers to questions (OCSP) and lists (CRL).
//!
//! Every answer is made from the row as it stands when it is asked for, compared with the ledger; a signed answer is given again only for
//! the same question about a row of the same version, and for minutes. So a revocation is seen by the next question, in every
//! server of the store.

use crate::authority::{self, Chain, ISSUING, ROOT, compare};
use crate::authority::{pki, seconds};
use crate::fault::FaultKind;
use crate::{Caller, Fault, Platform};
use lionrock_model::certificate::{Ground, Standing};
use lionrock_model::time::Millis;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::crl::{self, Entry, Reason};
use lionrock_pki::ocsp::{self, Answer, CertificateId, Reception, Status};
use lionrock_store::authority::List;
use lionrock_store::{Tx, authority as lists, certificate};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Until when a list may be used, from its making.
pub const LIST_SECONDS: u64 = 24 * 60 * 60;
/// A list this old is made anew, although nothing changed.
const LIST_AGE: Duration = Duration::from_secs(60 * 60);
/// Until when an answer may be used, from its making.
const ANSWER_SECONDS: u64 = 60 * 60;
/// So long a signed answer is given again.
const REUSE: Duration = Duration::from_secs(5 * 60);
/// So long whoever keeps answers for others may keep one: the time a revocation may take to be seen behind them.
const CACHED: Duration = Duration::from_secs(60);
/// Most signed answers kept in memory.
const MOST_KEPT: usize = 20_000;

/// A signed answer in memory.
#[derive(Debug)]
pub struct Kept {
    der: Vec<u8>,
    version: i64,
    made: Millis,
}

/// An answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// DER.
    pub der: Vec<u8>,
    /// When it was made and for how long whoever asks may keep it; none for answers to one question alone, and for refusals.
    pub keep: Option<(Millis, Duration)>,
}

/// Answers a status question. Whatever comes in, something comes out: what cannot be answered is refused as RFC 6960 section 2.3 says.
///
/// # Errors
/// `Bug` when the library makes no refusal.
pub async fn answer(platform: &Arc<Platform>, caller: &Caller, question: &[u8]) -> Result<Answered, Fault> {
    let refuse = |reception| Ok(Answered { der: ocsp::refuse(reception).map_err(pki)?, keep: None });
    let asked = match ocsp::read(question) {
        Ok(asked) => asked,
        Err(_) => return refuse(Reception::Malformed),
    };
    match answered(platform, caller, asked).await {
        Ok(Some(answered)) => Ok(answered),
        Ok(None) => refuse(Reception::Unauthorized),
        Err(fault) if fault.is_passing() => refuse(Reception::TryLater),
        Err(fault) => {
            tracing::error!(error = %fault, "a status question was not answered");
            refuse(Reception::InternalError)
        }
    }
}

/// `None` when it is about another authority's certificates.
async fn answered(platform: &Arc<Platform>, caller: &Caller, asked: ocsp::Asked) -> Result<Option<Answered>, Fault> {
    let chain = authority::chain(platform).await?.ok_or_else(|| Fault::outside("there is no authority here"))?;
    if !asked.ids.iter().all(|id| chain.issuer.is_meant(id)) {
        return Ok(None);
    }
    let found = rows(platform, &asked.ids).await?;
    let place = match (asked.ids.as_slice(), found.as_slice(), &asked.nonce) {
        ([id], [Some(row)], None) => Some((id.der().map_err(pki)?, row.version)),
        _ => None,
    };
    if let Some((place, version)) = &place
        && let Some(kept) = kept(platform, caller.now, place, *version)
    {
        return Ok(Some(kept));
    }
    let singles = asked.ids.into_iter().zip(found.iter().map(status)).collect();
    let der = sign(&chain, caller.now, singles, asked.nonce)?;
    let Some((place, version)) = place else { return Ok(Some(Answered { der, keep: None })) };
    let mut all = platform.authority.answers.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= MOST_KEPT {
        all.clear();
    }
    all.insert(place, Arc::new(Kept { der: der.clone(), version, made: caller.now }));
    Ok(Some(Answered { der, keep: Some((caller.now, CACHED)) }))
}

fn kept(platform: &Platform, now: Millis, place: &[u8], version: i64) -> Option<Answered> {
    let all = platform.authority.answers.lock().unwrap_or_else(PoisonError::into_inner);
    let kept =
        all.get(place).filter(|kept| kept.version == version && kept.made <= now && now.since(kept.made) < REUSE)?;
    Some(Answered { der: kept.der.clone(), keep: Some((kept.made, CACHED)) })
}

/// The rows asked about, compared with the ledger.
async fn rows(platform: &Arc<Platform>, ids: &[CertificateId]) -> Result<Vec<Option<certificate::Certificate>>, Fault> {
    let serials: Vec<Vec<u8>> = ids.iter().map(|id| id.serial().to_vec()).collect();
    let mut tries = 0;
    loop {
        let (owned, serials) = (Arc::clone(platform), serials.clone());
        let read = platform
            .store
            .glance(move |tx| serials.iter().map(|serial| find(tx, &owned, serial)).collect::<Result<Vec<_>, Fault>>())
            .await;
        match read {
            // It changed between two look-ups: look again.
            Err(fault) if fault.kind == FaultKind::Store && tries < 3 => tries += 1,
            done => return done,
        }
    }
}

fn find(tx: &mut Tx<'_>, platform: &Platform, serial: &[u8]) -> Result<Option<certificate::Certificate>, Fault> {
    let row = certificate::find(tx, serial)?;
    if let Some(row) = &row {
        compare(tx, platform, row)?;
    }
    Ok(row)
}

fn status(row: &Option<certificate::Certificate>) -> Status {
    let at = |at: Millis| u64::try_from(at.seconds()).unwrap_or(0);
    match row.as_ref().map(|row| row.standing) {
        None => Status::Unknown,
        Some(Standing::Good) => Status::Good,
        Some(Standing::Held(since)) => Status::Revoked(at(since), Reason::Hold),
        Some(Standing::Revoked(since, ground)) => Status::Revoked(at(since), reason(ground)),
    }
}

const fn reason(ground: Ground) -> Reason {
    match ground {
        Ground::KeyCompromise => Reason::KeyCompromise,
        Ground::AffiliationChanged => Reason::AffiliationChanged,
        Ground::Superseded => Reason::Superseded,
        Ground::CessationOfOperation => Reason::CessationOfOperation,
        Ground::CertificateHold => Reason::Hold,
        Ground::PrivilegeWithdrawn => Reason::PrivilegeWithdrawn,
    }
}

fn sign(
    chain: &Chain,
    now: Millis,
    singles: Vec<(CertificateId, Status)>,
    nonce: Option<Vec<u8>>,
) -> Result<Vec<u8>, Fault> {
    let responder = chain.ocsp.as_ref().ok_or_else(|| Fault::outside("nobody answers for this authority yet"))?;
    let now = seconds(now)?;
    let (first, last) = responder.certificate.validity();
    if !(first..=last).contains(&now) {
        return Err(Fault::outside("the certificate of the status service is over"));
    }
    let answer = Answer { singles, nonce, now, next: (now + ANSWER_SECONDS).min(last) };
    ocsp::answer(&answer, &responder.certificate, &*responder.key).map_err(pki)
}

/// A list as it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// DER.
    pub der: Vec<u8>,
    /// When it was made.
    pub made: Millis,
    /// When the next one is due.
    pub next: Millis,
}

/// The list of an issuer, [`ROOT`] or [`ISSUING`]; that of the issuing authority is made anew when something changed since, or it is an
/// hour old.
///
/// # Errors
/// Of the store and the keys.
pub async fn list(platform: &Arc<Platform>, caller: &Caller, issuer: &'static str) -> Result<Option<Listed>, Fault> {
    let now = caller.now;
    for _ in 0..3 {
        let Some(stored) = platform.store.glance(move |tx| lists::list(tx, issuer)).await? else {
            if issuer == ROOT || authority::chain(platform).await?.is_none() {
                return Ok(None);
            }
            make(platform, caller).await?;
            continue;
        };
        let current = stored.made_in == stored.turn && now.since(stored.made) < LIST_AGE;
        if issuer == ROOT || current {
            return Ok(Some(Listed { der: stored.list, made: stored.made, next: stored.next }));
        }
        make(platform, caller).await?;
    }
    Err(lionrock_store::Error::Busy.into())
}

/// Signs and keeps the next list of the issuing authority.
async fn make(platform: &Arc<Platform>, caller: &Caller) -> Result<(), Fault> {
    let chain = authority::chain(platform).await?.ok_or_else(|| Fault::outside("there is no authority here"))?;
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    platform
        .store
        .write(move |tx| {
            let before = lists::list(tx, ISSUING)?;
            let (number, turn) = before.as_ref().map_or((1, 1), |list| (list.number + 1, list.turn));
            // A row that was put back to good is not missing from the list: its version is behind the ledger.
            let mut entries = Vec::new();
            for (serial, ..) in certificate::not_good(tx, caller.now.before(Duration::from_secs(LIST_SECONDS)))? {
                if let Some(row) = find(tx, &owned, &serial)?
                    && let Status::Revoked(at, reason) = status(&Some(row))
                {
                    entries.push(Entry { serial, at, reason });
                }
            }
            let now = seconds(caller.now)?;
            let next = (now + LIST_SECONDS).min(chain.issuing.certificate.validity().1);
            let list = crl::List { number: u64::try_from(number).unwrap_or(1), now, next, entries };
            let der = crl::sign(&list, &chain.issuing.certificate, &*chain.issuing.key).map_err(pki)?;
            let next = Millis(i64::try_from(next).unwrap_or(i64::MAX / 1000).saturating_mul(1000));
            let list = List { number, turn, made_in: turn, list: der, made: caller.now, next };
            lists::keep_list(tx, ISSUING, &list)?;
            Ok::<_, Fault>(())
        })
        .await
}

/// What a published file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A certificate, DER.
    Certificate,
    /// A revocation list, DER.
    List,
    /// Certificates, PEM.
    Pem,
}

/// A file that anybody may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// It.
    pub bytes: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// When it was made, or began to hold.
    pub made: Millis,
    /// How long it may be kept.
    pub keep: Duration,
}

/// A file of the authority: `root.cer`, `issuing.cer`, `root.pem`, `chain.pem`, `root.crl`, `issuing.crl`.
///
/// # Errors
/// Of the store and the keys.
pub async fn published(platform: &Arc<Platform>, caller: &Caller, file: &str) -> Result<Option<Published>, Fault> {
    let issuer = match file {
        "root.crl" => Some(ROOT),
        "issuing.crl" => Some(ISSUING),
        _ => None,
    };
    if let Some(issuer) = issuer {
        let list = list(platform, caller, issuer).await?;
        return Ok(list.map(|Listed { der, made, .. }| Published { bytes: der, kind: Kind::List, made, keep: CACHED }));
    }
    let Some(chain) = authority::chain(platform).await? else { return Ok(None) };
    let (root, issuing) = (&chain.root, &chain.issuing.certificate);
    let (bytes, kind, of) = match file {
        "root.cer" => (root.der().to_vec(), Kind::Certificate, root),
        "issuing.cer" => (issuing.der().to_vec(), Kind::Certificate, issuing),
        "root.pem" => (root.to_pem().map_err(pki)?.into_bytes(), Kind::Pem, root),
        "chain.pem" => {
            let both = [issuing.to_pem().map_err(pki)?, root.to_pem().map_err(pki)?];
            (both.concat().into_bytes(), Kind::Pem, issuing)
        }
        _ => return Ok(None),
    };
    let made = Millis(i64::try_from(of.validity().0).unwrap_or_default().saturating_mul(1000));
    Ok(Some(Published { bytes, kind, made, keep: LIST_AGE }))
}

/// A short mark of bytes, by which caches tell versions apart.
#[must_use]
pub fn mark(bytes: &[u8]) -> String {
    lionrock_crypto::digest::sha256(bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What proves the standing of a certificate at this moment, for keeping beside a signature: answers about it and about whoever stamps
/// time here, the root's list, and the certificates that all of them need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Certificates, DER; the root is the last.
    pub certificates: Vec<Vec<u8>>,
    /// Status answers, DER.
    pub answers: Vec<Vec<u8>>,
    /// Lists, DER.
    pub lists: Vec<Vec<u8>>,
}

/// Gathers the evidence about a certificate of this authority.
///
/// # Errors
/// `Outside` when there is no authority or nobody who answers for it; of the store.
pub async fn evidence(platform: &Arc<Platform>, caller: &Caller, about: &Certificate) -> Result<Evidence, Fault> {
    let chain = authority::chain(platform).await?.ok_or_else(|| Fault::outside("there is no authority here"))?;
    let issuing = &chain.issuing.certificate;
    let mut certificates = vec![issuing.der().to_vec()];
    let mut answers = Vec::new();
    let stampers = [&chain.tsa, &chain.tsa_rsa].into_iter().flatten().map(|one| &one.certificate);
    for one in std::iter::once(about).chain(stampers) {
        if one != about {
            certificates.push(one.der().to_vec());
        }
        if one.issuer() != issuing.subject() {
            continue;
        }
        let id = CertificateId::of(one, issuing).map_err(pki)?;
        let found = rows(platform, std::slice::from_ref(&id)).await?;
        let status = found.first().map_or(Status::Unknown, status);
        answers.push(sign(&chain, caller.now, vec![(id, status)], None)?);
    }
    if let Some(responder) = &chain.ocsp {
        certificates.push(responder.certificate.der().to_vec());
    }
    certificates.push(chain.root.der().to_vec());
    let root = list(platform, caller, ROOT).await?;
    Ok(Evidence { certificates, answers, lists: root.into_iter().map(|list| list.der).collect() })
}
