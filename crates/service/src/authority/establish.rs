//! The beginning of an authority. A test realm makes its root at the start, lets it sign once, and forgets its key; elsewhere the root
//! is offline, and this file makes the keys and the requests that are carried to it.

use super::chain::{self, Chain};
use super::setup::Setup;
use super::{ISSUING, ROOT, hex, profile_of};
use crate::audit::{self, Event};
use crate::boot::{entry, wrapped};
use crate::{Caller, Fault, Platform};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::ring::Signer;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_model::time::Millis;
use lionrock_pki::certificate::{self, Certificate, Order};
use lionrock_pki::crl::{self, List};
use lionrock_pki::profile::Profile;
use lionrock_pki::{algorithm, request};
use lionrock_store::authority::{self, Own};
use lionrock_store::{Tx, key_ring, server};
use serde_json::json;
use std::sync::Arc;

/// Days the first list of a test realm's root is good: its key is gone.
const ROOT_LIST_DAYS: u64 = 366;
const DAY: u64 = 24 * 60 * 60;

/// Gives a test realm its authority, when it has none: keys in the ring, a root whose key signs here and is then gone, the chain, and the
/// first lists. A production realm gets nothing: its root is offline.
///
/// # Errors
/// Of the store and the keys.
pub async fn establish(platform: &Arc<Platform>, caller: &Caller) -> Result<Option<Arc<Chain>>, Fault> {
    if let Some(chain) = chain::reload(platform).await? {
        return Ok(Some(chain));
    }
    if !platform.settings.realm.is_test() {
        return Ok(None);
    }
    prepare(platform, caller).await?;
    let made = Made::new(platform, caller)?;
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    platform
        .store
        .write(move |tx| {
            if authority::count(tx)? > 0 {
                // Another server was faster: its chain is everybody's.
                return Ok::<_, Fault>(());
            }
            made.keep(tx, &owned, &caller)
        })
        .await?;
    chain::reload(platform).await
}

/// Makes those keys of the authority that the ring does not have yet.
///
/// # Errors
/// Of the store and the keys.
pub async fn prepare(platform: &Arc<Platform>, caller: &Caller) -> Result<(), Fault> {
    let missing =
        |platform: &Platform| Signer::AUTHORITY.into_iter().any(|signer| platform.keys.signer(signer).is_err());
    if !missing(platform) {
        return Ok(());
    }
    // What another server made is adopted before anything is made here.
    adopt(platform).await?;
    let mut fresh = Vec::new();
    for signer in Signer::AUTHORITY {
        if platform.keys.signer(signer).is_err() {
            let name = format!("signer/{}", signer.word());
            fresh.push(entry(platform.keys.next(&name, &*caller.entropy)?));
        }
    }
    let now = caller.now.0;
    platform
        .store
        .write(move |tx| {
            let stored = key_ring::all(tx)?;
            for one in fresh.iter().filter(|one| stored.iter().all(|other| other.name != one.name)) {
                key_ring::insert(tx, one, now)?;
            }
            server::turn(tx)?;
            Ok::<_, Fault>(())
        })
        .await?;
    adopt(platform).await
}

async fn adopt(platform: &Arc<Platform>) -> Result<(), Fault> {
    let (stored, held) = platform.store.read(|tx| Ok::<_, Fault>((key_ring::all(tx)?, key_ring::held(tx)?))).await?;
    let stored: Vec<_> = stored.into_iter().map(wrapped).collect();
    platform.keys.adopt_holding(&stored, &held)?;
    Ok(())
}

/// The request (PKCS#10, DER) by which a signer asks for its certificate.
///
/// # Errors
/// `Key` when the ring has no such key; `Bug` for a signer that is not the authority's.
pub fn request(platform: &Platform, signer: Signer) -> Result<Vec<u8>, Fault> {
    let profile = profile_of(signer).ok_or_else(|| Fault::bug("this signer has no certificate"))?;
    let (_, key) = platform.keys.signer(signer)?;
    let subject = subject(&platform.settings.authority, platform, profile, &key)?;
    request::make(&subject, &*key).map_err(pki)
}

/// The name of a signer's certificate: a part of its key's digest tells it apart from the ones before.
pub(super) fn subject(
    setup: &Setup,
    platform: &Platform,
    profile: Profile,
    key: &SigningKey,
) -> Result<lionrock_pki::name::Subject, Fault> {
    let digest = algorithm::key_digest(&key.public()?).map_err(pki)?;
    let mark: String = hex(&digest).chars().take(8).collect();
    Ok(setup.own_subject(&platform.settings.realm, profile, &mark))
}

/// Signs the certificate of a signer, by the issuing authority or by a root.
pub(super) fn certify(
    platform: &Platform,
    caller: &Caller,
    (profile, key): (Profile, &SigningKey),
    issuer: &Certificate,
    by: &SigningKey,
) -> Result<Certificate, Fault> {
    let setup = &platform.settings.authority;
    let from = seconds(caller.now)?;
    let is_root = issuer.subject() == issuer.issuer();
    // A responder says of itself that nobody need ask for its status, so it lists no place for it.
    let places = match profile {
        Profile::Ocsp => Default::default(),
        _ => setup.places(if is_root { Profile::Root } else { Profile::Issuing }),
    };
    let order = Order {
        profile,
        subject: subject(setup, platform, profile, key)?,
        key: key.public()?,
        serial: caller.random(),
        from,
        until: (from + profile.longest() - 1).min(issuer.validity().1),
        policies: setup.policies(profile)?,
        hosts: Vec::new(),
        places,
    };
    certificate::issue(&order, Some(issuer), by).map_err(pki)
}

/// Everything an authority begins with.
struct Made {
    own: Vec<(Signer, u32, Certificate)>,
    root: Certificate,
    lists: [(&'static str, Vec<u8>, Millis); 2],
}

impl Made {
    fn new(platform: &Platform, caller: &Caller) -> Result<Self, Fault> {
        let setup = &platform.settings.authority;
        let now = seconds(caller.now)?;
        let root_key = SigningKey::generate(Algorithm::Es384)?;
        let order = Order {
            profile: Profile::Root,
            subject: subject(setup, platform, Profile::Root, &root_key)?,
            key: root_key.public()?,
            serial: caller.random(),
            from: now,
            until: now + 20 * 365 * DAY,
            policies: Vec::new(),
            hosts: Vec::new(),
            places: Default::default(),
        };
        let root = certificate::issue(&order, None, &root_key).map_err(pki)?;
        let (epoch, issuing_key) = platform.keys.signer(Signer::CaIssuing)?;
        let issuing = certify(platform, caller, (Profile::Issuing, &*issuing_key), &root, &root_key)?;
        let mut own = vec![(Signer::CaIssuing, epoch, issuing.clone())];
        for signer in [Signer::Ocsp, Signer::Tsa, Signer::TsaRsa] {
            let (epoch, key) = platform.keys.signer(signer)?;
            let profile = profile_of(signer).ok_or_else(|| Fault::bug("a signer of the authority"))?;
            own.push((signer, epoch, certify(platform, caller, (profile, &*key), &issuing, &issuing_key)?));
        }
        let list = |issuer: &Certificate, key: &SigningKey, span: u64| {
            crl::sign(&List { number: 1, now, next: now + span, entries: Vec::new() }, issuer, key).map_err(pki)
        };
        let until = |span: u64| Millis(i64::try_from(now + span).unwrap_or(i64::MAX / 1000) * 1000);
        let (long, short) = (ROOT_LIST_DAYS * DAY, crate::status::LIST_SECONDS);
        Ok(Self {
            lists: [
                (ROOT, list(&root, &root_key, long)?, until(long)),
                (ISSUING, list(&issuing, &issuing_key, short)?, until(short)),
            ],
            own,
            root,
        })
    }

    fn keep(&self, tx: &mut Tx<'_>, platform: &Platform, caller: &Caller) -> Result<(), Fault> {
        keep_own(tx, caller, ROOT, 0, &self.root)?;
        for (signer, epoch, certificate) in &self.own {
            keep_own(tx, caller, signer.word(), *epoch, certificate)?;
            keep_row(tx, platform, caller, *signer, certificate)?;
        }
        for (issuer, der, next) in &self.lists {
            let list =
                authority::List { number: 1, turn: 1, made_in: 1, list: der.clone(), made: caller.now, next: *next };
            authority::keep_list(tx, issuer, &list)?;
        }
        let body = json!({"how": "root-made-and-forgotten", "root": hex(&sha256(self.root.der()))});
        audit::append(tx, platform, caller, &Event::new("authority.established", None, body)).map(drop)
    }
}

/// Keeps a certificate of the authority itself.
pub(super) fn keep_own(
    tx: &mut Tx<'_>,
    caller: &Caller,
    purpose: &str,
    epoch: u32,
    certificate: &Certificate,
) -> Result<(), Fault> {
    let own = Own {
        serial: certificate.serial().to_vec(),
        purpose: purpose.to_owned(),
        epoch,
        certificate: certificate.der().to_vec(),
        not_after: Millis(i64::try_from(certificate.validity().1).unwrap_or(i64::MAX / 1000).saturating_mul(1000)),
        created: caller.now,
    };
    Ok(authority::add(tx, &own)?)
}

/// What the issuing authority issued to the platform itself is in the table and the ledger like everything else it issues; what the root
/// issued is in the ledger, and its status in the root's list.
pub(super) fn keep_row(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    signer: Signer,
    certificate: &Certificate,
) -> Result<(), Fault> {
    let profile = profile_of(signer).ok_or_else(|| Fault::bug("a signer of the authority"))?;
    let key_digest = algorithm::key_digest(&certificate.key().map_err(pki)?).map_err(pki)?;
    if profile == Profile::Issuing || super::establish::is_of_root(tx, certificate)? {
        let body = json!({
            "digest": hex(&sha256(certificate.der())),
            "profile": profile.word(),
            "serial": hex(certificate.serial()),
        });
        return audit::append(tx, platform, caller, &Event::new("authority.certified", None, body)).map(drop);
    }
    super::issue::keep(tx, platform, caller, (profile, None), certificate, key_digest).map(drop)
}

/// Whether the root signed it.
pub(super) fn is_of_root(tx: &mut Tx<'_>, certificate: &Certificate) -> Result<bool, Fault> {
    let root = authority::all(tx)?.into_iter().find(|one| one.purpose == ROOT);
    let Some(root) = root else { return Ok(false) };
    let root = Certificate::from_der(&root.certificate).map_err(pki)?;
    Ok(certificate.issuer() == root.subject())
}

pub(crate) fn seconds(now: Millis) -> Result<u64, Fault> {
    u64::try_from(now.seconds()).map_err(|_| Fault::bug("a time before 1970"))
}

/// An error of the formats, where nothing from outside was read.
pub(crate) fn pki(error: lionrock_pki::Error) -> Fault {
    match error {
        lionrock_pki::Error::Key(key) => key.into(),
        other => Fault::bug(format!("certificates: {other}")),
    }
}
