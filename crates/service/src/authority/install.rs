//! What an offline root signed comes home: everything is checked before anything is kept.

use super::chain;
use super::establish::{keep_own, keep_row, seconds};
use super::setup::is_of;
use super::{ROOT, hex, profile_of};
use crate::audit::{self, Event};
use crate::{Caller, Fault, Platform};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::ring::Signer;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::crl;
use lionrock_pki::{lint, profile::Profile};
use lionrock_store::authority::{self, List};
use serde_json::json;
use std::sync::Arc;

/// What came from the ceremony.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The root.
    pub root: Certificate,
    /// What it signed: the issuing authority, and perhaps responders and time-stampers.
    pub signed: Vec<Certificate>,
    /// Its list, DER.
    pub list: Vec<u8>,
    /// SHA-256 of the transcript, when one came along.
    pub transcript: Option<[u8; 32]>,
}

/// What was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Signers that have a certificate now.
    pub signers: Vec<&'static str>,
}

/// Why nothing was kept.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// What came is not usable here, and why.
    #[error("{0}")]
    Refused(String),
    /// It could not be done.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<lionrock_store::Error> for InstallError {
    fn from(error: lionrock_store::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// Checks and keeps a chain. An authority that has one already may get newer certificates of the same root.
///
/// # Errors
/// [`InstallError::Refused`] with the reason; faults.
pub async fn install(platform: &Arc<Platform>, caller: &Caller, parts: Parts) -> Result<Installed, InstallError> {
    let kept = check(platform, caller, &parts)?;
    let signers = kept.iter().map(|(signer, ..)| signer.word()).collect();
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let write = platform.store.write(move |tx| {
        let before = authority::all(tx)?;
        let root = before.iter().find(|one| one.purpose == ROOT);
        match root {
            Some(known) if known.certificate != parts.root.der() => {
                return Err(refused("this deployment has another root: what it signed would lose its chain"));
            }
            Some(_) => {}
            None => keep_own(tx, &caller, ROOT, 0, &parts.root)?,
        }
        if root.is_none() && !kept.iter().any(|(signer, ..)| *signer == Signer::CaIssuing) {
            return Err(refused("no certificate of the issuing authority is among them"));
        }
        for (signer, epoch, certificate) in &kept {
            if before.iter().any(|one| one.serial == certificate.serial()) {
                continue;
            }
            keep_own(tx, &caller, signer.word(), *epoch, certificate)?;
            keep_row(tx, &owned, &caller, *signer, certificate)?;
        }
        let number = |der: &[u8]| crl::check(der, &parts.root, seconds(caller.now)?).map_err(super::establish::pki);
        let read = number(&parts.list)?;
        let list = List {
            number: read.number.and_then(|n| i64::try_from(n).ok()).unwrap_or(1),
            turn: 1,
            made_in: 1,
            list: parts.list.clone(),
            made: caller.now,
            next: lionrock_model::time::Millis(
                i64::try_from(read.next).unwrap_or(i64::MAX / 1000).saturating_mul(1000),
            ),
        };
        authority::keep_list(tx, ROOT, &list)?;
        let body = json!({
            "how": "offline-root",
            "root": hex(&sha256(parts.root.der())),
            "signed": kept.iter().map(|(_, _, one)| hex(one.serial())).collect::<Vec<_>>(),
            "transcript": parts.transcript.map(|digest| hex(&digest)),
        });
        audit::append(tx, &owned, &caller, &Event::new("authority.established", None, body))?;
        Ok(())
    });
    write.await?;
    chain::reload(platform).await?;
    Ok(Installed { signers })
}

fn refused(why: &str) -> InstallError {
    InstallError::Refused(why.to_owned())
}

/// Everything that must be true of what came: signatures, realm, validity, and that each key is the ring's.
fn check(platform: &Platform, caller: &Caller, parts: &Parts) -> Result<Vec<(Signer, u32, Certificate)>, InstallError> {
    let now = seconds(caller.now)?;
    let root_key = parts.root.key().map_err(|error| refused(&format!("the root: {error}")))?;
    if parts.root.subject() != parts.root.issuer() || parts.root.verify(&root_key).is_err() {
        return Err(refused("the root did not sign itself"));
    }
    let realm = &platform.settings.realm;
    for one in std::iter::once(&parts.root).chain(&parts.signed) {
        if !is_of(realm, one) {
            return Err(refused(&format!(
                "a certificate is not of realm {realm}: what a test realm's root signed says TEST, and nothing of production does"
            )));
        }
        let (first, last) = one.validity();
        if !(first..=last).contains(&now) {
            return Err(refused("a certificate is not valid now: look at the clock, or at the ceremony's"));
        }
    }
    let read =
        crl::check(&parts.list, &parts.root, now).map_err(|error| refused(&format!("the root's list: {error}")))?;
    let mut kept = Vec::new();
    for one in &parts.signed {
        if one.issuer() != parts.root.subject() || one.verify(&root_key).is_err() {
            return Err(refused("a certificate was not signed by this root"));
        }
        if read.entries.iter().any(|(serial, ..)| serial == one.serial()) {
            return Err(refused("a certificate is revoked by the root's own list"));
        }
        let public = one.key().map_err(|error| refused(&error.to_string()))?;
        let found = Signer::AUTHORITY.into_iter().find_map(|signer| {
            let mut keys = platform.keys.signers(signer);
            keys.find(|(_, key)| key.public().is_ok_and(|own| own == public)).map(|(epoch, _)| (signer, epoch))
        });
        let (signer, epoch) = found.ok_or_else(|| {
            refused("the ring has no key of one of the certificates: was it made for the requests of this deployment?")
        })?;
        let profile = profile_of(signer).unwrap_or(Profile::Issuing);
        let wrong = lint::received(one, profile);
        if !wrong.is_empty() {
            return Err(refused(&format!("the certificate for {}: {}", signer.word(), wrong.join("; "))));
        }
        kept.push((signer, epoch, one.clone()));
    }
    Ok(kept)
}
