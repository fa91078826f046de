//! What the start gate found, in the ledger; and what the running server still has to mind: exceptions that end, and conditions that
//! were good at the start and may be good no longer.

use crate::audit::{self, Event};
use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::KeyRing;
use lionrock_model::deviation::Deviation;
use lionrock_model::realm::Realm;
use lionrock_model::time::Millis;
use lionrock_store::Store;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// One check of the gate and what came of it, as the ledger keeps it: words of this program, no paths, no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Name of the check.
    pub check: &'static str,
    /// `passed`, `warned`, `excused` or `refused`.
    pub outcome: &'static str,
}

/// What the running server minds; shared by jobs, probes and pages. `Watch::default()` minds nothing.
#[derive(Debug)]
pub struct Watch {
    deviations: Mutex<Vec<Deviation>>,
    /// Checks that were good at the start and are not now.
    lapsed: Mutex<Vec<&'static str>>,
    /// Whether nobody knows what time it is.
    clock_in_doubt: AtomicBool,
    end: watch::Sender<Option<String>>,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            deviations: Mutex::default(),
            lapsed: Mutex::default(),
            clock_in_doubt: AtomicBool::new(false),
            end: watch::Sender::new(None),
        }
    }
}

impl Watch {
    /// With the deviations the gate accepted.
    #[must_use]
    pub fn new(deviations: Vec<Deviation>) -> Self {
        Self { deviations: deviations.into(), ..Self::default() }
    }

    /// Notes whether the clock can be believed, as the last look at the time servers found.
    pub fn doubt_clock(&self, doubtful: bool) {
        if self.clock_in_doubt.swap(doubtful, Ordering::SeqCst) != doubtful {
            tracing::warn!(doubtful, "whether the clock can be believed has changed; a doubtful one stamps no time");
        }
    }

    /// Whether the clock is in doubt.
    #[must_use]
    pub fn clock_is_doubtful(&self) -> bool {
        self.clock_in_doubt.load(Ordering::SeqCst)
    }

    /// The deviations that hold now.
    #[must_use]
    pub fn standing(&self, now: Millis) -> Vec<Deviation> {
        let all = self.deviations.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|deviation| deviation.span.from <= now && now < deviation.span.until).cloned().collect()
    }

    /// How long until the next deviation ends; nothing when none stands.
    #[must_use]
    pub fn until_next_end(&self, now: Millis) -> Option<Duration> {
        let all = self.deviations.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|deviation| deviation.span.until.since(now)).min()
    }

    /// Checks that are not good any more; empty when all is well.
    #[must_use]
    pub fn lapsed(&self) -> Vec<&'static str> {
        self.lapsed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether work may be accepted: nothing has lapsed and the server is not being stopped.
    #[must_use]
    pub fn open(&self) -> bool {
        self.lapsed().is_empty() && self.end.borrow().is_none()
    }

    /// Turns to a reason when the server must stop.
    #[must_use]
    pub fn end(&self) -> watch::Receiver<Option<String>> {
        self.end.subscribe()
    }
}

/// Writes down that the gate opened: each check and its outcome, and each accepted deviation as a leaf of its own.
///
/// # Errors
/// Of the store.
pub async fn passed(platform: &Arc<Platform>, caller: &Caller, findings: Vec<Finding>) -> Result<(), Fault> {
    let (shared, caller) = (Arc::clone(platform), caller.clone());
    let accepted = platform.gate.standing(caller.now);
    platform
        .store
        .write(move |tx| {
            for deviation in &accepted {
                let body = json!({
                    "check": deviation.check.word(),
                    "id": deviation.id,
                    "until": deviation.span.until.0,
                });
                audit::append(tx, &shared, &caller, &Event::new("deviation.accepted", None, body))?;
            }
            audit::append(
                tx,
                &shared,
                &caller,
                &Event::new("gate.passed", None, body(&shared.settings.realm, &findings)),
            )?;
            Ok(())
        })
        .await
}

/// Writes down that the gate stayed shut.
///
/// # Errors
/// Of the store.
pub async fn refused(
    store: &Store,
    keys: KeyRing,
    realm: &Realm,
    caller: &Caller,
    findings: Vec<Finding>,
) -> Result<(), Fault> {
    let event = Event::new("gate.refused", None, body(realm, &findings));
    let (caller, id) = (caller.clone(), caller.random());
    store.write(move |tx| audit::append_with(tx, &keys, &caller, id, &event)).await
}

fn body(realm: &Realm, findings: &[Finding]) -> Value {
    let checks: serde_json::Map<_, _> =
        findings.iter().map(|finding| (finding.check.to_owned(), json!(finding.outcome))).collect();
    json!({ "checks": checks, "realm": realm.to_string() })
}

/// Ends deviations whose time is over: each end is a leaf. When what was excused cannot be taken back while the server runs, the
/// server stops accepting work and stops. Answers how many ended.
///
/// # Errors
/// Of the store.
pub async fn expire(platform: &Arc<Platform>, caller: &Caller) -> Result<usize, Fault> {
    let all = || platform.gate.deviations.lock().unwrap_or_else(PoisonError::into_inner);
    let over: Vec<_> = all().iter().filter(|deviation| deviation.span.until <= caller.now).cloned().collect();
    if over.is_empty() {
        return Ok(0);
    }
    let covered = platform.gate.standing(caller.now);
    // Another one may have been approved in time.
    let bare = over.iter().filter(|deviation| !covered.iter().any(|other| other.check == deviation.check));
    for deviation in bare {
        let check = deviation.check.word();
        if deviation.check.stops() {
            let why = format!("deviation {} has expired: {check} is excused no longer", deviation.id);
            tracing::error!(deviation = deviation.id, check, "a deviation has expired; the server stops");
            platform.gate.end.send_replace(Some(why));
        } else {
            note_lapse(platform, check);
        }
    }
    let (shared, caller, written) = (Arc::clone(platform), caller.clone(), over.clone());
    platform
        .store
        .write(move |tx| {
            for deviation in &written {
                let body = json!({"check": deviation.check.word(), "id": deviation.id});
                audit::append(tx, &shared, &caller, &Event::new("deviation.expired", None, body))?;
            }
            Ok::<_, Fault>(())
        })
        .await?;
    // Forgotten only when it is written down: until then each round tries again.
    all().retain(|deviation| !over.contains(deviation));
    Ok(over.len())
}

/// Takes in what a later look at the machine found: the checks that failed, without those excused. Each change is a leaf; while
/// anything has lapsed, `/readyz` says so.
///
/// # Errors
/// Of the store.
pub async fn looked_again(platform: &Arc<Platform>, caller: &Caller, failed: Vec<&'static str>) -> Result<(), Fault> {
    let before = platform.gate.lapsed();
    if before == failed {
        return Ok(());
    }
    for check in failed.iter().filter(|check| !before.contains(check)) {
        tracing::error!(
            check,
            "a condition of the start gate holds no longer; this server reports itself as not ready"
        );
    }
    for check in before.iter().filter(|check| !failed.contains(check)) {
        tracing::info!(check, "a condition of the start gate holds again");
    }
    *platform.gate.lapsed.lock().unwrap_or_else(PoisonError::into_inner) = failed.clone();
    let (shared, caller) = (Arc::clone(platform), caller.clone());
    let write = move |tx: &mut lionrock_store::Tx<'_>| {
        let body = json!({ "lapsed": failed });
        audit::append(tx, &shared, &caller, &Event::new("gate.looked", None, body)).map(drop)
    };
    platform.store.write(write).await
}

fn note_lapse(platform: &Platform, check: &'static str) {
    let mut lapsed = platform.gate.lapsed.lock().unwrap_or_else(PoisonError::into_inner);
    if !lapsed.contains(&check) {
        tracing::error!(check, "a deviation has expired; this server reports itself as not ready");
        lapsed.push(check);
    }
}
