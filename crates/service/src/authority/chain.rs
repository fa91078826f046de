//! The authority's own certificates beside their keys, in memory: read once, and again when the store has others.

use super::setup;
use crate::{Fault, Platform};
use lionrock_crypto::ring::Signer;
use lionrock_crypto::sign::SigningKey;
use lionrock_model::time::Millis;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::ocsp;
use lionrock_store::authority::{self, Own};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// A certificate of the authority with its key.
#[derive(Clone, Debug)]
pub struct Signing {
    /// The certificate.
    pub certificate: Certificate,
    /// The ring's key.
    pub key: Arc<SigningKey>,
}

/// The whole chain.
#[derive(Debug)]
pub struct Chain {
    /// The root. Its key is not here.
    pub root: Certificate,
    /// The issuing authority.
    pub issuing: Signing,
    /// Who signs status answers.
    pub ocsp: Option<Signing>,
    /// Who stamps time with ECDSA.
    pub tsa: Option<Signing>,
    /// Who stamps time with RSA.
    pub tsa_rsa: Option<Signing>,
    pub(crate) issuer: ocsp::Issuer,
    serials: Vec<Vec<u8>>,
}

impl Chain {
    /// Who stamps time: by ECDSA, or by RSA.
    #[must_use]
    pub const fn stamping(&self, signer: Signer) -> Option<&Signing> {
        match signer {
            Signer::Tsa => self.tsa.as_ref(),
            Signer::TsaRsa => self.tsa_rsa.as_ref(),
            _ => None,
        }
    }

    /// The certificates between `leaf` and the root, the root aside.
    #[must_use]
    pub fn above(&self, leaf: &Certificate) -> Vec<&Certificate> {
        if leaf.issuer() == self.issuing.certificate.subject() { vec![&self.issuing.certificate] } else { Vec::new() }
    }

    /// Whether the issuing authority can issue at a moment.
    #[must_use]
    pub fn stands(&self, now: Millis) -> bool {
        let within = |certificate: &Certificate| {
            let (first, last) = certificate.validity();
            u64::try_from(now.seconds()).is_ok_and(|now| (first..=last).contains(&now))
        };
        within(&self.root) && within(&self.issuing.certificate)
    }

    fn is_of(&self, own: &[Own]) -> bool {
        self.serials.iter().eq(own.iter().map(|one| &one.serial))
    }
}

/// What a server remembers of the authority while it runs; `Desk::default()` in a new platform.
#[derive(Default)]
pub struct Desk {
    chain: RwLock<Option<Arc<Chain>>>,
    /// Signed answers, by the question's id in DER.
    pub(crate) answers: Mutex<HashMap<Vec<u8>, Arc<crate::status::Kept>>>,
    /// The newest time this server stamped, Unix milliseconds.
    stamped: AtomicI64,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk(…)")
    }
}

impl Desk {
    /// The chain, when it was read.
    #[must_use]
    pub fn chain(&self) -> Option<Arc<Chain>> {
        self.chain.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, chain: Option<Arc<Chain>>) {
        *self.chain.write().unwrap_or_else(PoisonError::into_inner) = chain;
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Notes that time is being stamped; false when this clock was further on before: it was set back, and nobody knows what time it is.
    pub(crate) fn goes_on(&self, now: Millis, tolerance_ms: i64) -> bool {
        let before = self.stamped.fetch_max(now.0, Ordering::SeqCst);
        now.0.saturating_add(tolerance_ms) >= before
    }
}

/// The chain of this platform; `None` when it has no authority.
///
/// # Errors
/// Of the store; `StoredData` when what is stored is no chain of this realm.
pub async fn chain(platform: &Arc<Platform>) -> Result<Option<Arc<Chain>>, Fault> {
    match platform.authority.chain() {
        Some(chain) => Ok(Some(chain)),
        None => reload(platform).await,
    }
}

/// Reads the chain again, when the store has another one.
///
/// # Errors
/// As [`chain`].
pub async fn reload(platform: &Arc<Platform>) -> Result<Option<Arc<Chain>>, Fault> {
    let own = platform.store.glance(authority::all).await?;
    let known = platform.authority.chain();
    if let Some(known) = known.filter(|known| known.is_of(&own)) {
        return Ok(Some(known));
    }
    let read = if own.is_empty() { None } else { Some(Arc::new(read(platform, own)?)) };
    platform.authority.set(read.clone());
    Ok(read)
}

/// The chain, within a transaction that issues.
///
/// # Errors
/// As [`chain`].
pub(super) fn within(tx: &mut lionrock_store::Tx<'_>, platform: &Platform) -> Result<Option<Arc<Chain>>, Fault> {
    if let Some(chain) = platform.authority.chain() {
        return Ok(Some(chain));
    }
    let own = authority::all(tx)?;
    if own.is_empty() { Ok(None) } else { read(platform, own).map(|chain| Some(Arc::new(chain))) }
}

fn read(platform: &Platform, own: Vec<Own>) -> Result<Chain, Fault> {
    let wrong = |what: &str| Fault::stored_data(format!("the authority's certificates: {what}"));
    let parse = |one: &Own| Certificate::from_der(&one.certificate).map_err(|error| wrong(&error.to_string()));
    let root = own.iter().find(|one| one.purpose == super::ROOT).ok_or_else(|| wrong("no root"))?;
    let root = parse(root)?;
    let of = |signer: Signer| -> Result<Option<Signing>, Fault> {
        // The newest whose key the ring has.
        for one in own.iter().filter(|one| one.purpose == signer.word()) {
            let Some((_, key)) = platform.keys.signers(signer).find(|(epoch, _)| *epoch == one.epoch) else { continue };
            let certificate = parse(one)?;
            let is_own = certificate.key().is_ok_and(|public| key.public().is_ok_and(|own| own == public));
            if !is_own {
                return Err(wrong("one is not of the ring's key"));
            }
            if !setup::is_of(&platform.settings.realm, &certificate) {
                return Err(wrong("one is of another realm"));
            }
            return Ok(Some(Signing { certificate, key }));
        }
        Ok(None)
    };
    let issuing = of(Signer::CaIssuing)?.ok_or_else(|| wrong("no issuing authority whose key the ring has"))?;
    Ok(Chain {
        issuer: ocsp::Issuer::of(&issuing.certificate).map_err(|error| wrong(&error.to_string()))?,
        root,
        issuing,
        ocsp: of(Signer::Ocsp)?,
        tsa: of(Signer::Tsa)?,
        tsa_rsa: of(Signer::TsaRsa)?,
        serials: own.iter().map(|one| one.serial.clone()).collect(),
    })
}
