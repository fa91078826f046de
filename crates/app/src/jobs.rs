//! Work that nobody waits for: each job runs again and again until the server stops, and logs what fails.

use crate::clock;
use lionrock_service::{Caller, Fault, Platform};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Starts all jobs; they end when `stop` turns true.
pub fn start(platform: &Arc<Platform>, stop: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    let mut every = |name, pause, job: Job| {
        jobs.spawn(repeat(name, pause, Arc::clone(platform), stop.clone(), job));
    };
    every("outbox", Duration::from_millis(500), |platform, caller| {
        Box::pin(async move { lionrock_service::outbox::deliver(&platform, &caller).await.map(drop) })
    });
    let (platform, mut stop) = (Arc::clone(platform), stop.clone());
    jobs.spawn(async move {
        let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
        lionrock_service::ledger::run(platform, clock::platform_caller, stopped).await;
    });
    jobs
}

type Job = fn(Arc<Platform>, Caller) -> std::pin::Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;

async fn repeat(
    name: &'static str,
    pause: Duration,
    platform: Arc<Platform>,
    mut stop: watch::Receiver<bool>,
    job: Job,
) {
    let mut silent = false;
    while !*stop.borrow() {
        let caller = clock::platform_caller();
        match job(Arc::clone(&platform), caller).await {
            Ok(()) => silent = false,
            // One line a failure that goes on, not one a round.
            Err(fault) if !silent => {
                tracing::error!(job = name, error = %fault, "a job failed; it is tried again by itself");
                silent = true;
            }
            Err(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}
