//! How a certificate stands, and changes of it. What the row says is believed when the ledger says the same.

use super::issue::{said, slot};
use super::{ISSUING, chain};
use crate::audit::{self, Event};
use crate::freshness::{self, Mark};
use crate::letter::{self, News};
use crate::vault::Grant;
use crate::{Caller, Error, Fault, Platform};
use lionrock_crypto::ring::Domain;
use lionrock_model::certificate::{CertificateRefusal, Ground, Standing};
use lionrock_model::id::ResidentId;
use lionrock_model::policy::Field;
use lionrock_model::time::Millis;
use lionrock_pki::certificate::Certificate;
use lionrock_store::{Tx, authority, certificate, leaf};
use serde_json::{Value, json};

pub use lionrock_model::certificate::By;

/// What is to happen to a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It ends for good. Not for [`Ground::CertificateHold`].
    Revoke(Ground),
    /// It is suspended.
    Hold,
    /// A suspension ends.
    Resume,
}

/// How a certificate stands at a moment, its validity included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// In force.
    Good,
    /// Suspended since.
    Held(Millis),
    /// Revoked since, and why.
    Revoked(Millis, Ground),
    /// Not yet valid.
    NotYet,
    /// Valid no more.
    Over,
    /// Not one of this authority's.
    Unknown,
}

/// How the certificate of a serial number stands at a moment. In a transaction that signs or releases it is asked in that transaction:
/// a revocation that was answered before is seen.
///
/// # Errors
/// Of the store; `RolledBack` when the row is not what the ledger says.
pub fn standing(tx: &mut Tx<'_>, platform: &Platform, serial: &[u8], at: Millis) -> Result<Judged, Fault> {
    let Some(row) = certificate::find(tx, serial)? else { return Ok(Judged::Unknown) };
    compare(tx, platform, &row)?;
    Ok(match row.standing {
        Standing::Revoked(since, ground) if since <= at => Judged::Revoked(since, ground),
        Standing::Held(since) if since <= at => Judged::Held(since),
        _ if at < row.not_before => Judged::NotYet,
        _ if at > row.not_after => Judged::Over,
        _ => Judged::Good,
    })
}

/// Compares a row with the ledger.
///
/// # Errors
/// `RolledBack` when the row is behind it or is not what was committed to it; an alarm is raised. `Store` when it changed since it was read.
pub(crate) fn compare(tx: &mut Tx<'_>, platform: &Platform, row: &certificate::Certificate) -> Result<(), Fault> {
    let here = Mark::Certificate(&row.serial, row.version).event(platform)?;
    let next = Mark::Certificate(&row.serial, row.version.saturating_add(1)).event(platform)?;
    let found = leaf::marks(tx, [here, next, here, next])?;
    let refused = |what| Err(freshness::refused(platform, row.resident, what));
    if found.iter().any(|mark| mark.event == next) {
        let again = certificate::find(tx, &row.serial)?;
        if again.is_some_and(|again| again.version != row.version) {
            return Err(lionrock_store::Error::Busy.into());
        }
        return refused("certificate-behind");
    }
    let Some(mark) = found.iter().find(|mark| mark.event == here) else { return refused("certificate-unknown") };
    let sealed =
        mark.sealed_body.as_deref().ok_or_else(|| Fault::stored_data("the entry of a certificate has no body"))?;
    let (_, canonical) = audit::open_body(platform, &here, sealed)?;
    let body: Value = serde_json::from_slice(&canonical)?;
    if body.pointer("/body/certificate") != Some(&said(row)) {
        return refused("certificate-differs");
    }
    Ok(())
}

/// Changes how a certificate stands.
///
/// # Errors
/// A [`CertificateRefusal`]; faults.
pub fn change(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    serial: &[u8],
    act: Act,
    by: By,
) -> Result<(), Error<CertificateRefusal>> {
    let row = certificate::find(tx, serial)?.ok_or(Error::Refuse(CertificateRefusal::NotFound))?;
    step(tx, platform, caller, &row, act, by)?;
    let Some(id) = row.resident else { return Ok(()) };
    let news = match act {
        Act::Revoke(_) => News::CertificateRevoked,
        Act::Hold => News::CertificateHeld,
        Act::Resume => News::CertificateResumed,
    };
    Ok(letter::post(tx, platform, caller, id, news)?)
}

/// Ends all certificates of a resident for good; returns how many. The letter is the caller's: of the closing, or of the lost phone.
///
/// # Errors
/// Of the store.
pub fn end_all(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    resident: ResidentId,
    ground: Ground,
    by: By,
) -> Result<u64, Fault> {
    let mut ended = 0;
    for row in certificate::of_resident(tx, resident)? {
        match step(tx, platform, caller, &row, Act::Revoke(ground), by) {
            Ok(()) => ended += 1,
            Err(Error::Refuse(_)) => {}
            Err(Error::Fault(fault)) => return Err(fault),
        }
    }
    Ok(ended)
}

/// How a certificate would stand after an act at a moment, when it may follow.
pub(super) fn may(
    row: &certificate::Certificate,
    act: Act,
    by: By,
    now: Millis,
) -> Result<Standing, CertificateRefusal> {
    if matches!(row.standing, Standing::Revoked(..)) {
        return Err(CertificateRefusal::IsRevoked);
    }
    if now > row.not_after {
        return Err(CertificateRefusal::IsOver);
    }
    let since = match row.standing {
        Standing::Held(at) | Standing::Revoked(at, _) => now.max(at),
        Standing::Good => now,
    };
    let next = match act {
        Act::Revoke(Ground::CertificateHold) => return Err(CertificateRefusal::NoChange),
        // What was suspended and then revoked was of no use in between (RFC 5280 section 5.3.1).
        Act::Revoke(ground) => match row.standing {
            Standing::Held(at) => Standing::Revoked(at, ground),
            _ => Standing::Revoked(since, ground),
        },
        Act::Hold => Standing::Held(since),
        Act::Resume if row.by == By::Officer && by == By::Resident => return Err(CertificateRefusal::HeldByOfficer),
        Act::Resume => Standing::Good,
    };
    if next.state() == row.standing.state() {
        return Err(CertificateRefusal::NoChange);
    }
    Ok(next)
}

fn step(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &certificate::Certificate,
    act: Act,
    by: By,
) -> Result<(), Error<CertificateRefusal>> {
    compare(tx, platform, row)?;
    let next = may(row, act, by, caller.now).map_err(Error::Refuse)?;
    // A clock that was set back does not make a change earlier than the one before.
    let since = match row.standing {
        Standing::Held(at) | Standing::Revoked(at, _) => caller.now.max(at),
        Standing::Good => caller.now,
    };
    let at = match next {
        Standing::Good => since,
        Standing::Held(at) | Standing::Revoked(at, _) => at,
    };
    if !certificate::step(tx, row, next, by, at)? {
        return Err(lionrock_store::Error::Busy.into());
    }
    let after = certificate::Certificate { version: row.version + 1, standing: next, by, ..row.clone() };
    let kind = match act {
        Act::Revoke(_) => "certificate.revoked",
        Act::Hold => "certificate.held",
        Act::Resume => "certificate.resumed",
    };
    let event = Event::new(kind, row.resident, json!({"certificate": said(&after)}));
    freshness::append(tx, platform, caller, Mark::Certificate(&row.serial, after.version), &event)?;
    authority::turn(tx, ISSUING)?;
    Ok(())
}

/// The certificate of a row, opened by a grant over both names of its owner; those of services, servers and officers by none.
///
/// # Errors
/// `Bug` when the names were not decided on; `Key` when it does not open; `StoredData` when it was cleared.
pub fn open(
    platform: &Platform,
    grant: Option<&Grant<'_>>,
    row: &certificate::Certificate,
) -> Result<Certificate, Fault> {
    let sealed = row.sealed_certificate.as_deref().ok_or_else(|| Fault::stored_data("the certificate was cleared"))?;
    let place = row.resident.map_or(audit::NOBODY, |id| *id.as_bytes());
    let slot = slot(&row.serial, &place);
    let der = match (row.resident, grant) {
        (Some(_), Some(grant)) => {
            // It holds both names: whoever may see one of them alone may not see it.
            grant.requires(Field::ChineseName)?;
            grant.open(Field::EnglishName, Domain::Profile, &slot, sealed)?
        }
        (Some(_), None) => return Err(Fault::bug("a resident's certificate opens by a grant alone")),
        (None, _) => platform.keys.open_sealed(Domain::Profile, &slot, None, sealed)?,
    };
    Certificate::from_der(&der).map_err(|error| Fault::stored_data(format!("a stored certificate: {error}")))
}

/// Rows of a resident's certificates, newest first, as far as the ledger confirms them.
///
/// # Errors
/// Of the store; `RolledBack`.
pub fn kept(
    tx: &mut Tx<'_>,
    platform: &Platform,
    resident: ResidentId,
) -> Result<Vec<certificate::Certificate>, Fault> {
    let rows = certificate::of_resident(tx, resident)?;
    rows.iter().try_for_each(|row| compare(tx, platform, row))?;
    Ok(rows)
}

/// Whether this platform can issue at all, within a transaction.
///
/// # Errors
/// As [`chain::chain`].
pub fn is_there(tx: &mut Tx<'_>, platform: &Platform, now: Millis) -> Result<bool, Fault> {
    Ok(chain::within(tx, platform)?.is_some_and(|chain| chain.stands(now)))
}
