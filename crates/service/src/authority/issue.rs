//! Issuing: one certificate, in the transaction of whoever asks for it.

use super::chain;
use super::setup::is_of;
use super::{hex, subject};
use crate::audit::Event;
use crate::freshness::{self, Mark};
use crate::letter::{self, News};
use crate::vault::{self, Grant};
use crate::{Caller, Error, Fault, Platform};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::ring::{Domain, Slot};
use lionrock_model::certificate::{By, CertificateRefusal, Ground, Standing};
use lionrock_model::id::{ResidentId, ServiceId};
use lionrock_model::time::Millis;
use lionrock_pki::certificate::{Certificate, Order};
use lionrock_pki::profile::Profile;
use lionrock_pki::{Error as PkiError, name, request};
use lionrock_store::{Tx, certificate};
use serde_json::{Value, json};

/// Whom it is about.
#[derive(Debug)]
pub enum Holder<'a> {
    /// A resident, by a grant over both of their names.
    Resident(&'a Grant<'a>),
    /// An online service.
    Service(&'a ServiceId),
    /// Servers of the deployment, by their host names.
    Host(&'a [String]),
    /// An officer, by the word that signatures call them by.
    Officer(&'a str),
}

/// What is asked for.
#[derive(Debug)]
pub struct Request<'a> {
    /// What for.
    pub profile: Profile,
    /// About whom.
    pub holder: Holder<'a>,
    /// Their request (PKCS#10, DER): it proves that they hold the key. Its common name is the holder's: a resident's
    /// [`reference`](super::reference), a service's or officer's id, the first host. It asks for nothing else.
    pub request: &'a [u8],
    /// Days it is valid; the deployment's rule when absent.
    pub days: Option<u32>,
}

/// A certificate that was issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// It.
    pub certificate: Certificate,
    /// The ledger entry.
    pub event: [u8; 16],
}

/// Where a certificate is sealed.
pub(super) const fn slot<'a>(serial: &'a [u8], resident: &'a [u8; 16]) -> Slot<'a> {
    Slot { table: "certificate", column: "sealed_certificate", row: serial, resident, schema: 1, version: 1 }
}

/// Issues a certificate: the lint of its profile comes before the signature, the ledger's leaf and the owner's letter come with it.
///
/// # Errors
/// A [`CertificateRefusal`], with the reasons in the log; faults.
pub fn issue(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    asked: &Request<'_>,
) -> Result<Issued, Error<CertificateRefusal>> {
    let refuse = |refusal| Error::Refuse(refusal);
    let chain = chain::within(tx, platform)?.filter(|chain| chain.stands(caller.now));
    let chain = chain.ok_or(refuse(CertificateRefusal::NoAuthority))?;
    let fits = matches!(
        (&asked.holder, asked.profile),
        (Holder::Resident(_), Profile::ResidentSigning)
            | (Holder::Service(_), Profile::ServiceEncipherment)
            | (Holder::Host(_), Profile::InternalTls)
            | (Holder::Officer(_), Profile::Officer)
    );
    if !fits {
        return Err(refuse(CertificateRefusal::NotIssued));
    }
    let proved = request::read(asked.request).map_err(|error| told(&error, CertificateRefusal::BadRequest))?;
    if name::common_name(&proved.subject) != Some(subject::claimed(platform, &asked.holder)?) {
        return Err(refuse(CertificateRefusal::BadRequest));
    }
    let resident = match asked.holder {
        Holder::Resident(grant) => Some(grant.row()?.id),
        _ => None,
    };
    let key_digest = lionrock_pki::algorithm::key_digest(&proved.key)
        .map_err(|error| told(&error, CertificateRefusal::BadRequest))?;
    let own = [&chain.root, &chain.issuing.certificate];
    if own.iter().any(|own| own.key().is_ok_and(|key| key == proved.key)) {
        return Err(refuse(CertificateRefusal::KeyTaken));
    }
    let before = certificate::of_key(tx, &key_digest)?;
    let compromised = |one: &certificate::Certificate| one.standing.ground() == Some(Ground::KeyCompromise);
    // A key of nobody's any more was somebody's.
    if before.iter().any(|one| one.resident != resident || compromised(one) || one.profile != asked.profile.word()) {
        return Err(refuse(CertificateRefusal::KeyTaken));
    }
    let setup = &platform.settings.authority;
    let (from, until) = span(platform, caller.now, asked, &chain.issuing.certificate)?;
    let order = Order {
        profile: asked.profile,
        subject: subject::of(platform, setup, &asked.holder)?,
        key: proved.key,
        serial: caller.random(),
        from,
        until,
        policies: setup.policies(asked.profile)?,
        hosts: if let Holder::Host(hosts) = asked.holder { hosts.to_vec() } else { Vec::new() },
        places: setup.places(Profile::Issuing),
    };
    let made = lionrock_pki::certificate::issue(&order, Some(&chain.issuing.certificate), &*chain.issuing.key)
        .map_err(|error| told(&error, CertificateRefusal::NotIssued))?;
    if !is_of(&platform.settings.realm, &made) {
        return Err(Fault::bug("a certificate of another realm was made").into());
    }
    let event = keep(tx, platform, caller, (asked.profile, resident), &made, key_digest)?;
    Ok(Issued { certificate: made, event })
}

/// First and last second.
fn span(
    platform: &Platform,
    now: Millis,
    asked: &Request<'_>,
    issuer: &Certificate,
) -> Result<(u64, u64), Error<CertificateRefusal>> {
    const DAY: u64 = 24 * 60 * 60;
    let longest = asked.profile.longest();
    let rule = match asked.profile {
        Profile::ResidentSigning => u64::from(platform.settings.authority.resident_days) * DAY,
        Profile::Ocsp => longest,
        _ => longest.min(365 * DAY),
    };
    let span = asked.days.map_or(rule, |days| u64::from(days) * DAY);
    let from = u64::try_from(now.seconds()).map_err(|_| Fault::bug("a time before 1970"))?;
    if span == 0 || span > longest {
        return Err(Error::Refuse(CertificateRefusal::NotIssued));
    }
    Ok((from, (from + span - 1).min(issuer.validity().1)))
}

/// Writes a certificate down: row, leaf, and for a resident their history and the alarm.
pub(super) fn keep(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    (profile, resident): (Profile, Option<ResidentId>),
    made: &Certificate,
    key_digest: [u8; 32],
) -> Result<[u8; 16], Fault> {
    let key = resident.map(|id| vault::sealing_key(tx, platform, id)).transpose()?;
    let place = resident.map_or(crate::audit::NOBODY, |id| *id.as_bytes());
    let slot = slot(made.serial(), &place);
    let sealed = platform.keys.seal(Domain::Profile, &slot, key.as_ref(), made.der(), &*caller.entropy)?;
    let (first, last) = made.validity();
    let millis = |seconds: u64| Millis(i64::try_from(seconds).unwrap_or(i64::MAX / 1000).saturating_mul(1000));
    let row = certificate::Certificate {
        serial: made.serial().to_vec(),
        version: 1,
        profile: profile.word().to_owned(),
        resident,
        digest: sha256(made.der()),
        key_digest,
        standing: Standing::Good,
        by: By::Platform,
        not_before: millis(first),
        not_after: millis(last),
        sealed_certificate: Some(sealed.into()),
        created: caller.now,
    };
    certificate::insert(tx, &row)?;
    let body = json!({
        "certificate": said(&row),
        // What a restore needs to know of a certificate that no backup holds.
        "made": {"key": lionrock_wire::jose::encode(&key_digest), "not_before": row.not_before.seconds()},
    });
    let event = Event::new("certificate.issued", resident, body);
    let event = freshness::append(tx, platform, caller, Mark::Certificate(&row.serial, 1), &event)?;
    // The person's history shows the entry; the letter comes without being asked for.
    if let Some(id) = resident {
        letter::post(tx, platform, caller, id, News::CertificateIssued)?;
    }
    Ok(event)
}

/// What the ledger keeps of a row.
pub(super) fn said(row: &certificate::Certificate) -> Value {
    json!({
        "by": row.by.word(),
        "digest": lionrock_wire::jose::encode(&row.digest),
        "not_after": row.not_after.seconds(),
        "profile": row.profile,
        "reason": row.standing.ground().map(Ground::word),
        "serial": hex(&row.serial),
        "since": match row.standing { Standing::Good => None, Standing::Held(at) | Standing::Revoked(at, _) => Some(at.0) },
        "state": row.standing.state().word(),
        "version": row.version,
    })
}

/// Logs why, in words without anybody's name, and refuses; faults of keys stay faults.
fn told(error: &PkiError, refusal: CertificateRefusal) -> Error<CertificateRefusal> {
    match error {
        PkiError::Key(key) => Error::Fault((*key).into()),
        other => {
            tracing::warn!(reason = %other, "a certificate is not issued");
            Error::Refuse(refusal)
        }
    }
}
