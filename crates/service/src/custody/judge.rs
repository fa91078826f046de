//! Judging: once, in the background of the request, to the end whatever the browser does.

use super::receive::{lost, receiving};
use super::{Ending, close};
use crate::port::{Judged, ProofingError};
use crate::register::{check, facts_slot};
use crate::vault::Profile;
use crate::{Caller, Error, Fault, Platform};
use lionrock_crypto::ring::Domain;
use lionrock_model::custody::{CloseReason, State};
use lionrock_model::id::RegistrationId;
use lionrock_model::person::CardFacts;
use lionrock_model::proofing::{Challenge, Reason, Verdict};
use lionrock_model::register::{self, Aim, RegisterRefusal, Step};
use lionrock_store::custody::{self, Custody};
use lionrock_store::failpoint;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;
use zeroize::Zeroizing;

/// Begins the judgement of what has arrived. It goes on by itself; `register::standing` tells how far it is. Asked
/// again while it runs, it changes nothing.
///
/// # Errors
/// `CustodyOver`, `OutOfOrder`; `PictureUnknown` when no picture has arrived.
pub async fn judge(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<(), Error<RegisterRefusal>> {
    let (shared, secret, now) = (Arc::clone(platform), cookie.to_owned(), caller.now);
    let begun = platform
        .store
        .write(move |tx| {
            let mut registration = crate::register::require(tx, &shared, &secret, now)?;
            if registration.step == Step::Judging {
                return Ok(None);
            }
            let (_, row) = receiving(tx, &shared, &secret, now)?;
            if row.state == State::Opened {
                return Err(Error::Refuse(RegisterRefusal::PictureUnknown));
            }
            let challenge = registration.challenge.as_ref().map(|asked| asked.challenge.clone());
            let challenge = challenge.ok_or(Error::Refuse(RegisterRefusal::ChallengeOver))?;
            if !custody::judging(tx, row.id)? {
                return Err(Error::Refuse(RegisterRefusal::OutOfOrder));
            }
            registration.step = Step::Judging;
            super::open::step(tx, &shared, &registration)?;
            Ok::<_, Error<RegisterRefusal>>(Some(((registration.id, registration.aim), row, challenge)))
        })
        .await?;
    if let Some((registration, row, challenge)) = begun {
        let (platform, caller) = (Arc::clone(platform), caller.clone());
        tokio::spawn(async move {
            if let Err(fault) = finish(&platform, &caller, registration, row.clone(), challenge).await {
                tracing::error!(trace = %caller.trace, %fault, "a judgement could not be written down");
                resolve(&platform, &caller, row).await;
            }
        });
    }
    Ok(())
}

/// After a commit that failed or whose fate is unknown: verdict and receipt are in the store together, or neither is and
/// the custody is closed without them. Tried until the store answers, for a while; then reconciliation goes on with it.
async fn resolve(platform: &Arc<Platform>, caller: &Caller, row: Custody) {
    for seconds in [1, 2, 4, 8, 16, 32] {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let later = Caller { now: caller.now.after(Duration::from_secs(seconds)), ..caller.clone() };
        if lost(platform, &later, row.clone(), ProofingError::NotHeld).await.is_ok() {
            return;
        }
    }
}

async fn finish(
    platform: &Arc<Platform>,
    caller: &Caller,
    (registration, aim): (RegistrationId, Aim),
    row: Custody,
    challenge: Challenge,
) -> Result<(), Fault> {
    let (progress, mut stages) = unbounded_channel();
    let (shared, id) = (Arc::clone(platform), row.id);
    let noting = tokio::spawn(async move {
        while let Some(stage) = stages.recv().await {
            // A stage that cannot be shown delays nothing.
            let _ = shared.store.write(move |tx| custody::stage(tx, id, stage)).await;
        }
    });
    let today = caller.now.hong_kong_date().to_string();
    failpoint::reach("custody-judging");
    let judged = platform.ports.proofing.judge(row.id, challenge, today, progress).await;
    failpoint::reach("custody-judged");
    let _ = noting.await;
    match judged {
        Ok(judged) => {
            let after = Caller { now: caller.now.after(judged.took), ..caller.clone() };
            let accepted = commit(platform, &after, (registration, aim), row, judged).await?;
            failpoint::reach("custody-closed");
            if accepted {
                check::confirm(platform, &after, registration).await?;
            }
            Ok(())
        }
        Err(error) => {
            if !matches!(error, ProofingError::Lost(_)) {
                tracing::warn!(trace = %caller.trace, %error, "a judgement was not possible");
            }
            lost(platform, caller, row, error).await
        }
    }
}

/// Verdict, receipt, leaf and the registration's next step, in one transaction; true when the registry is to be asked.
async fn commit(
    platform: &Arc<Platform>,
    caller: &Caller,
    (registration, aim): (RegistrationId, Aim),
    row: Custody,
    judged: Judged,
) -> Result<bool, Fault> {
    let decision = decide(platform, caller, &judged, aim);
    let ending = Ending {
        reason: if decision.facts.is_some() { CloseReason::Verified } else { CloseReason::Refused },
        pictures: judged.pictures,
        bytes: judged.bytes,
        judged: Some(caller.now.before(judged.verdict_to_zeroise)),
        zeroise: Some(judged.verdict_to_zeroise),
    };
    drop(judged);
    let sealed = match &decision.facts {
        Some(facts) => {
            let plain = Zeroizing::new(serde_json::to_vec(&Profile::from(facts))?);
            let slot = facts_slot(&registration);
            let sealed = platform.keys.seal(Domain::Registration, &slot, None, &plain, &*caller.entropy)?;
            Some(Vec::from(sealed))
        }
        None => None,
    };
    let (shared, who) = (Arc::clone(platform), caller.clone());
    let most = platform.settings.limits.proofing_attempts;
    let (verdict, reasons) = (decision.verdict, decision.reasons);
    platform
        .store
        .write(move |tx| {
            if !close(tx, &shared, &who, &row, ending)? {
                return Ok(false);
            }
            // A registration whose time is over meanwhile has only its receipt.
            let Some(mut own) = crate::register::find(tx, &shared, registration)? else { return Ok(false) };
            own.verdict = Some(verdict);
            own.reasons.clone_from(&reasons);
            own.challenge = None;
            own.sealed_facts.clone_from(&sealed);
            if sealed.is_some() {
                own.step = Step::Registry;
            } else {
                own.attempts += 1;
                let over = verdict == Verdict::Counter || own.attempts >= most;
                own.step = if over { Step::Counter } else { Step::Pictures };
            }
            if crate::register::keep(tx, &shared, &own)? {
                Ok(sealed.is_some())
            } else {
                Err(lionrock_store::Error::Busy.into())
            }
        })
        .await
}

struct Decision {
    verdict: Verdict,
    reasons: Vec<Reason>,
    facts: Option<CardFacts>,
}

/// The provider gives evidence; whether the card belongs in this realm, and to somebody who may register alone, is decided
/// here.
fn decide(platform: &Platform, caller: &Caller, judged: &Judged, aim: Aim) -> Decision {
    let told = &judged.judgement;
    let (Verdict::Accepted, Some(text)) = (told.verdict, &told.card) else {
        // "Accepted" without a card's text would be a provider's mistake, never a pass.
        let verdict = if told.verdict == Verdict::Accepted { Verdict::Counter } else { told.verdict };
        return Decision { verdict, reasons: told.reasons.clone(), facts: None };
    };
    let today = caller.now.hong_kong_date();
    match register::facts(text, &platform.settings.realm, today) {
        Ok(facts) if aim.fits(facts.birth, today) => {
            Decision { verdict: Verdict::Accepted, reasons: Vec::new(), facts: Some(facts) }
        }
        // Whoever is young comes with a guardian later; whoever is too young does not come in at all.
        Ok(_) => Decision { verdict: Verdict::Counter, reasons: vec![Reason::TooYoung], facts: None },
        Err(reason) => Decision { verdict: Verdict::Retake, reasons: vec![reason], facts: None },
    }
}
