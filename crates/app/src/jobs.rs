//! Work that nobody waits for: each job runs again and again until the server stops, and logs what fails.

use crate::{budget, clock};
use lionrock_service::counter::guardian;
use lionrock_service::rotation::{self, Seat};
use lionrock_service::{
    Caller, Fault, Platform, access, authority, backup, break_glass, custody, erasure, ledger, outbox, retention,
    signing, staff, ticket, vault,
};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

type Round = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;
type Job = fn(Arc<Platform>, Caller) -> Round;

/// Starts all jobs; they end when `stop` turns true, the ledger's with a last round.
pub fn start(platform: &Arc<Platform>, seat: &Arc<Seat>, stop: &watch::Receiver<bool>) -> JoinSet<()> {
    let rounds: [(&'static str, Duration, Job); 12] = [
        ("signing", Duration::from_secs(30), |platform, caller| {
            Box::pin(async move { signing::sweep::sweep(&platform, &caller).await.map(drop) })
        }),
        ("authority", Duration::from_secs(5), |platform, caller| {
            Box::pin(async move { authority::attend(&platform, &caller).await })
        }),
        ("tickets", Duration::from_secs(5), |platform, caller| {
            Box::pin(async move { ticket::expire(&platform, &caller).await.map(drop) })
        }),
        ("break-glass", Duration::from_secs(5), |platform, caller| {
            Box::pin(async move { break_glass::attend(&platform, &caller).await.map(drop) })
        }),
        ("staff rights", Duration::from_secs(60), |platform, caller| {
            Box::pin(async move { staff::rights::round(&platform, &caller).await.map(drop) })
        }),
        ("outbox", Duration::from_millis(500), |platform, caller| {
            Box::pin(async move { outbox::deliver(&platform, &caller).await.map(drop) })
        }),
        ("custody", Duration::from_secs(5), |platform, caller| {
            Box::pin(async move { custody::reconcile(&platform, &caller).await.map(drop) })
        }),
        ("retention", Duration::from_secs(300), |platform, caller| {
            Box::pin(async move {
                if retention::sweep(&platform, &caller).await?.total() > 0 {
                    platform.store.tidy().await?;
                }
                Ok(())
            })
        }),
        ("receipts", Duration::from_secs(5), |platform, _| {
            Box::pin(async move { ledger::filed::round(&platform).await.map(drop) })
        }),
        ("guardians", Duration::from_secs(3600), |platform, caller| {
            Box::pin(async move { guardian::round(&platform, &caller).await.map(drop) })
        }),
        ("readings", Duration::from_secs(2), |platform, caller| {
            Box::pin(async move { access::notice::round(&platform, &caller).await.map(drop) })
        }),
        ("erasure", Duration::from_secs(2), |platform, caller| {
            Box::pin(async move {
                erasure::resume(&platform, &caller).await?;
                if backup::refresh(&platform, &caller).await? > 0 {
                    erasure::resume(&platform, &caller).await?;
                }
                Ok(())
            })
        }),
    ];
    let mut jobs = JoinSet::new();
    for (name, pause, job) in rounds {
        jobs.spawn(repeat(name, pause, Arc::clone(platform), stop.clone(), job));
    }
    jobs.spawn(watch_custodies(Arc::clone(platform), stop.clone()));
    jobs.spawn(watch_vault(Arc::clone(platform), stop.clone()));
    jobs.spawn(recheck_ledger(Arc::clone(platform), stop.clone()));
    let (turning, seat, mut until) = (Arc::clone(platform), Arc::clone(seat), stop.clone());
    jobs.spawn(async move {
        let stopped = async move { drop(until.wait_for(|stop| *stop).await) };
        rotation::run(turning, seat, clock::platform_caller, stopped).await;
    });
    let (platform, mut stop) = (Arc::clone(platform), stop.clone());
    jobs.spawn(async move {
        let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
        ledger::run(platform, clock::platform_caller, stopped).await;
    });
    jobs
}

async fn repeat(
    name: &'static str,
    pause: Duration,
    platform: Arc<Platform>,
    mut stop: watch::Receiver<bool>,
    job: Job,
) {
    let mut troubled = false;
    while !*stop.borrow() {
        match job(Arc::clone(&platform), clock::platform_caller()).await {
            Ok(()) => troubled = false,
            // One line for a failure that goes on, not one a round.
            Err(fault) if !troubled => {
                tracing::error!(job = name, error = %fault, "a job failed; it is tried again by itself");
                troubled = true;
            }
            Err(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Writes down at once when a custody ends without being asked to.
async fn watch_custodies(platform: Arc<Platform>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            ended = platform.ports.proofing.ended() => {
                let caller = clock::platform_caller();
                // A failure is no loss: the next reconciliation writes it down.
                if let Err(fault) = custody::close_ended(&platform, &caller, ended).await {
                    tracing::warn!(error = %fault, "the end of a custody is not written down yet");
                }
            }
            () = stopped(&mut stop) => return,
        }
    }
}

/// Shares what was opened among servers, writes locks and alarms down: every second, and soon after something happened.
async fn watch_vault(platform: Arc<Platform>, mut stop: watch::Receiver<bool>) {
    let mut troubled = false;
    while !*stop.borrow() {
        match vault::watch::round(&platform, &clock::platform_caller()).await {
            Ok(_) => troubled = false,
            Err(fault) if !troubled => {
                tracing::error!(error = %fault, "the vault's books are not kept; it is tried again by itself");
                troubled = true;
            }
            Err(_) => {}
        }
        if let Err(error) = budget::round(&platform, &clock::platform_caller()).await {
            tracing::warn!(%error, "statements that unlock were not taken up");
        }
        // A bell that never stops does not become a load of its own.
        tokio::time::sleep(Duration::from_millis(100)).await;
        tokio::select! {
            () = platform.vault.rung() => {}
            () = tokio::time::sleep(Duration::from_millis(900)) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Compares stored entries with the published log, 256 a second, for ever.
async fn recheck_ledger(platform: Arc<Platform>, mut stop: watch::Receiver<bool>) {
    let mut recheck = ledger::recheck::Recheck::default();
    let mut lanes = access::lane::Walk::default();
    while !*stop.borrow() {
        let published = platform.ledger.standing().published;
        match lanes.step(&platform, &clock::platform_caller()).await {
            Ok(true) => {}
            Ok(false) => lanes = access::lane::Walk::default(),
            Err(fault) => tracing::warn!(error = %fault, "the counts of entries were not looked at"),
        }
        if let Err(fault) = recheck.step(&platform, published).await {
            tracing::warn!(error = %fault, "stored entries were not compared with the published log");
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            () = stopped(&mut stop) => return,
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}
