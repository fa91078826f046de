//! The built-in proofing provider: custodies by id, each with its worker, each watched to its end.

#![allow(clippy::disallowed_methods, reason = "a deadline of a process is kept by the runtime's own clock")]

use super::host;
use super::message::NotTaken as WorkerNotTaken;
use super::models;
use super::pool::{NoWorker, Pool, Seat};
use super::session::{BACKSTOP, Judged as WorkerJudged, Lost, later};
use lionrock_model::custody::{CloseReason, Label};
use lionrock_model::id::CustodyId;
use lionrock_model::proofing::{Challenge, Stage};
use lionrock_service::port::{
    Answering, Ended, Judged, NotTaken, Opened, ProofingError, ProofingProvider, ProviderIdentity,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex as AsyncMutex, oneshot};
use tokio::time::Instant;

/// What is asked of the task that owns a worker.
enum Ask {
    Receive {
        label: Label,
        sealed: Vec<u8>,
        answer: oneshot::Sender<Result<Result<u32, NotTaken>, ProofingError>>,
    },
    Judge {
        challenge: Challenge,
        today: String,
        progress: UnboundedSender<Stage>,
        answer: oneshot::Sender<Result<Judged, ProofingError>>,
    },
    Destroy {
        answer: oneshot::Sender<(u32, u64)>,
    },
}

type Live = Arc<Mutex<HashMap<CustodyId, UnboundedSender<Ask>>>>;

/// Judges in worker processes of this program.
pub struct Builtin {
    pool: Arc<Pool>,
    identity: ProviderIdentity,
    live: Live,
    ended: AsyncMutex<UnboundedReceiver<Ended>>,
    tell_ended: UnboundedSender<Ended>,
}

impl Builtin {
    /// A provider over a started pool. `node` names the place this server runs on, `boot` this run of it.
    pub async fn new(pool: Arc<Pool>, node: String, boot: [u8; 16]) -> Arc<Self> {
        let protections = pool.protections().await.into_iter().map(|p| (p.name, p.held)).collect();
        let identity = ProviderIdentity {
            name: "builtin".to_owned(),
            version: format!("{}+{}", env!("CARGO_PKG_VERSION"), models::version()),
            presence_tested: false,
            protections,
            node,
            boot,
        };
        let (tell_ended, ended) = unbounded_channel();
        Arc::new(Self { pool, identity, live: Live::default(), ended: AsyncMutex::new(ended), tell_ended })
    }

    /// The process that holds a custody, for tests that end it.
    #[must_use]
    pub fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    fn task(&self, custody: CustodyId) -> Option<UnboundedSender<Ask>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).get(&custody).cloned()
    }

    async fn open_worker(
        &self,
        custody: CustodyId,
        limit: Option<std::time::Duration>,
    ) -> Result<Opened, ProofingError> {
        let launch = self.pool.launch();
        let deadline = limit.unwrap_or(launch.deadline);
        // The machine may have changed since the server started: swap turned on, a crash reporter installed.
        if launch.host.required {
            let broken = host::broken(&launch.host.root);
            for condition in &broken {
                tracing::error!(
                    condition = condition.name,
                    found = condition.found,
                    mend = condition.mend,
                    "no custody opens on this host"
                );
            }
            if !broken.is_empty() {
                return Err(ProofingError::Unavailable);
            }
        }
        let Seat { mut worker, place } = self.pool.take().await.map_err(|why| match why {
            NoWorker::Busy => ProofingError::Busy,
            NoWorker::Lost(lost) => {
                tracing::error!(error = %lost, "no proofing worker can be started");
                ProofingError::Unavailable
            }
        })?;
        worker.begin(custody, deadline).await.map_err(|_| ProofingError::Unavailable)?;
        worker.guard(launch.idle);
        let opened = Opened {
            seal_key: worker.seal_key(),
            worker: format!("process {}", worker.pid()),
            deadline,
            idle: launch.idle,
        };
        let (asks, from) = unbounded_channel();
        self.live.lock().unwrap_or_else(PoisonError::into_inner).insert(custody, asks);
        let watch = Watch {
            custody,
            live: Arc::clone(&self.live),
            ended: self.tell_ended.clone(),
            deadline,
            idle: launch.idle,
        };
        tokio::spawn(watch.guard(Seat { worker, place }, from));
        Ok(opened)
    }

    async fn ask<T>(&self, custody: CustodyId, make: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Option<T> {
        let (answer, heard) = oneshot::channel();
        self.task(custody)?.send(make(answer)).ok()?;
        heard.await.ok()
    }
}

/// The task that owns one worker.
struct Watch {
    custody: CustodyId,
    live: Live,
    ended: UnboundedSender<Ended>,
    deadline: std::time::Duration,
    idle: std::time::Duration,
}

impl Watch {
    /// Serves asks until the end of the custody, whichever comes first: a verdict, an order to destroy, the death of
    /// the worker, or the deadline. The place in the pool is free again afterwards.
    async fn guard(self, seat: Seat, mut asks: UnboundedReceiver<Ask>) {
        let Seat { worker, place } = seat;
        let reason = self.serve(worker, &mut asks).await;
        self.live.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.custody);
        if let Some(reason) = reason {
            let _ = self.ended.send(Ended { custody: self.custody, reason });
        }
        drop(place);
    }

    /// `Some` when it ended without being asked to.
    async fn serve(
        &self,
        mut worker: super::session::Worker,
        asks: &mut UnboundedReceiver<Ask>,
    ) -> Option<CloseReason> {
        let mut until = later(self.idle);
        let mut first = true;
        loop {
            let ask = tokio::select! {
                ask = asks.recv() => ask,
                () = tokio::time::sleep_until(until + BACKSTOP) => {
                    worker.kill().await;
                    return Some(CloseReason::Deadline);
                }
                () = worker.died() => { let ended = worker.ending(until).await; return Some(reason_of(&ended)); },
            };
            match ask {
                Some(Ask::Receive { label, sealed, answer }) => {
                    if std::mem::take(&mut first) {
                        until = Instant::now() + self.deadline;
                        worker.guard(self.deadline);
                    }
                    let outcome = worker.picture(label, sealed, until).await;
                    let ended = outcome.as_ref().err().map(reason_of);
                    let _ = answer.send(
                        outcome
                            .map(|taken| taken.map_err(not_taken))
                            .map_err(|lost| ProofingError::Lost(reason_of(&lost))),
                    );
                    if ended.is_some() {
                        return ended;
                    }
                }
                Some(Ask::Judge { challenge, today, progress, answer }) => {
                    let judged = worker
                        .judge(challenge, today, until, move |stage| {
                            let _ = progress.send(stage);
                        })
                        .await;
                    let ended = judged.as_ref().err().map(reason_of);
                    let _ = answer.send(judged.map(told).map_err(|lost| ProofingError::Lost(reason_of(&lost))));
                    return ended;
                }
                Some(Ask::Destroy { answer }) => {
                    let _ = answer.send(worker.abandon().await);
                    return None;
                }
                None => {
                    worker.abandon().await;
                    return Some(CloseReason::ProcessLoss);
                }
            }
        }
    }
}

fn reason_of(lost: &Lost) -> CloseReason {
    match lost {
        Lost::Deadline => CloseReason::Deadline,
        Lost::CannotStart(_) | Lost::Died => CloseReason::ProcessLoss,
    }
}

fn not_taken(why: WorkerNotTaken) -> NotTaken {
    match why {
        WorkerNotTaken::TooLarge => NotTaken::TooLarge,
        WorkerNotTaken::Unsealable | WorkerNotTaken::OutOfOrder => NotTaken::Unsealable,
    }
}

fn told(judged: WorkerJudged) -> Judged {
    Judged {
        judgement: judged.judgement,
        pictures: judged.pictures,
        bytes: judged.bytes,
        took: judged.took,
        verdict_to_zeroise: judged.verdict_to_gone,
    }
}

impl ProofingProvider for Builtin {
    fn identity(&self) -> ProviderIdentity {
        self.identity.clone()
    }

    fn open(&self, custody: CustodyId) -> Answering<'_, Result<Opened, ProofingError>> {
        Box::pin(self.open_worker(custody, None))
    }

    fn open_for(&self, custody: CustodyId, limit: std::time::Duration) -> Answering<'_, Result<Opened, ProofingError>> {
        Box::pin(self.open_worker(custody, Some(limit)))
    }

    fn receive(
        &self,
        custody: CustodyId,
        label: Label,
        sealed: Vec<u8>,
    ) -> Answering<'_, Result<Result<u32, NotTaken>, ProofingError>> {
        Box::pin(async move {
            let answer = self.ask(custody, |answer| Ask::Receive { label, sealed, answer }).await;
            answer.unwrap_or(Err(ProofingError::NotHeld))
        })
    }

    fn judge(
        &self,
        custody: CustodyId,
        challenge: Challenge,
        today: String,
        progress: UnboundedSender<Stage>,
    ) -> Answering<'_, Result<Judged, ProofingError>> {
        Box::pin(async move {
            let answer = self.ask(custody, |answer| Ask::Judge { challenge, today, progress, answer }).await;
            answer.unwrap_or(Err(ProofingError::NotHeld))
        })
    }

    fn destroy(&self, custody: CustodyId) -> Answering<'_, (u32, u64)> {
        Box::pin(async move { self.ask(custody, |answer| Ask::Destroy { answer }).await.unwrap_or((0, 0)) })
    }

    fn ended(&self) -> Answering<'_, Ended> {
        Box::pin(async move {
            match self.ended.lock().await.recv().await {
                Some(ended) => ended,
                // This provider holds a sender itself, so the channel cannot close.
                None => std::future::pending().await,
            }
        })
    }
}
