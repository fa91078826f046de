//! The authority's job: another server's chain is taken up, responders and time-stampers are certified anew before their end, the list
//! is made when it is due, and residents hear of the end of their certificates.

use super::establish::{certify, keep_own, keep_row};
use super::{chain, profile_of};
use crate::letter::{self, News};
use crate::{Caller, Fault, Platform, status};
use lionrock_crypto::ring::Signer;
use lionrock_model::time::Millis;
use lionrock_store::{authority, certificate};
use std::sync::Arc;
use std::time::Duration;

/// So long before its end a resident hears of it.
const NOTICE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Letters a round.
const ROUND: u32 = 50;

/// One round; safe to run in several servers at a time.
///
/// # Errors
/// Of the store and the keys: the next round goes on.
pub async fn attend(platform: &Arc<Platform>, caller: &Caller) -> Result<(), Fault> {
    let Some(chain) = chain::reload(platform).await? else { return Ok(()) };
    for signer in [Signer::Ocsp, Signer::Tsa, Signer::TsaRsa] {
        let now = match signer {
            Signer::Ocsp => &chain.ocsp,
            other => &chain.stamping(other).cloned(),
        };
        if now.as_ref().is_none_or(|one| is_late(one.certificate.validity(), caller.now)) {
            certify_anew(platform, caller, &chain, signer).await?;
        }
    }
    status::list(platform, caller, super::ISSUING).await?;
    tell_of_ends(platform, caller).await
}

/// Whether half of a validity is over.
fn is_late((first, last): (u64, u64), now: Millis) -> bool {
    u64::try_from(now.seconds()).is_ok_and(|now| now > first + (last - first) / 2)
}

async fn certify_anew(
    platform: &Arc<Platform>,
    caller: &Caller,
    chain: &Arc<chain::Chain>,
    signer: Signer,
) -> Result<(), Fault> {
    let Ok((epoch, key)) = platform.keys.signer(signer) else { return Ok(()) };
    let profile = profile_of(signer).ok_or_else(|| Fault::bug("a signer of the authority"))?;
    if !chain.stands(caller.now) {
        return Ok(());
    }
    let issuing = &chain.issuing;
    let made = certify(platform, caller, (profile, &*key), &issuing.certificate, &issuing.key)?;
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    platform
        .store
        .write(move |tx| {
            let late = authority::all(tx)?
                .iter()
                .filter(|one| one.purpose == signer.word() && one.epoch == epoch)
                .all(|one| one.created.after(Duration::from_secs(60)) < caller.now);
            if late {
                keep_own(tx, &caller, signer.word(), epoch, &made)?;
                keep_row(tx, &owned, &caller, signer, &made)?;
            }
            Ok::<_, Fault>(())
        })
        .await?;
    chain::reload(platform).await.map(drop)
}

async fn tell_of_ends(platform: &Arc<Platform>, caller: &Caller) -> Result<(), Fault> {
    let now = caller.now;
    let ending = platform.store.glance(move |tx| certificate::ending(tx, now, now.after(NOTICE), ROUND)).await?;
    for one in ending {
        let Some(resident) = one.resident else { continue };
        let (owned, caller) = (Arc::clone(platform), caller.clone());
        platform
            .store
            .write(move |tx| {
                if certificate::noticed(tx, &one.serial, caller.now)? {
                    letter::post(tx, &owned, &caller, resident, News::CertificateEnding)?;
                }
                Ok::<_, Fault>(())
            })
            .await?;
    }
    Ok(())
}
