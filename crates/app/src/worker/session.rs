//! One worker seen from the parent: a process, two pipes, a clock, and the certainty that it ends.

#![allow(clippy::disallowed_methods, reason = "a deadline of a process is kept by the runtime's own clock")]

use super::codec::{head, parse_head};
use super::message::{Answer, Frame, NotTaken, Order};
use super::sandbox::Protection;
use super::watchdog::Watchdog;
use lionrock_model::custody::Label;
use lionrock_model::id::CustodyId;
use lionrock_model::proofing::{Challenge, Judgement, Stage};
use lionrock_store::failpoint;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout_at;
use zeroize::Zeroizing;

/// How workers are started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// This program.
    pub program: PathBuf,
    /// The folder of the models.
    pub models: PathBuf,
    /// Production: refuse to work without every protection.
    pub strict: bool,
    /// From the first byte of a picture to the end, at most.
    pub deadline: Duration,
    /// From the opening of a custody to its first byte, at most.
    pub idle: Duration,
    /// What the machine must fulfil whenever a custody is opened.
    pub host: Host,
}

/// The machine as custody sees it.
#[derive(Clone, Debug)]
pub struct Host {
    /// Where `proc`, `sys` and `etc` are found: `/`, except in tests.
    pub root: PathBuf,
    /// Production: open no custody while a condition is broken.
    pub required: bool,
}

impl Host {
    /// This machine.
    #[must_use]
    pub fn this(required: bool) -> Self {
        Self { root: PathBuf::from("/"), required }
    }
}

/// Time a worker may take to read its models and confine itself.
const START: Duration = Duration::from_secs(30);

/// The watchdog strikes at a deadline; the server itself so long after, should the watchdog hang.
pub const BACKSTOP: Duration = Duration::from_secs(1);

/// A worker that has its key and belongs to nobody yet, or to one custody.
pub struct Worker {
    process: Child,
    to: ChildStdin,
    from: ChildStdout,
    seal_key: [u8; 32],
    protections: Vec<Protection>,
    pid: u32,
    watchdog: Arc<Watchdog>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.watchdog.release(self.pid);
    }
}

/// Why a worker is not there any more, or was never.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Lost {
    /// It could not start; the text says what is missing on this machine.
    #[error("the proofing worker cannot start: {0}")]
    CannotStart(String),
    /// It ended by itself or was killed.
    #[error("the proofing worker ended unexpectedly")]
    Died,
    /// It was ended at its deadline.
    #[error("the proofing worker was ended at its deadline")]
    Deadline,
}

/// The end of a judged custody.
#[derive(Debug)]
pub struct Judged {
    /// What follows from the pictures.
    pub judgement: Judgement,
    /// Pictures destroyed.
    pub pictures: u32,
    /// Bytes of pictures destroyed.
    pub bytes: u64,
    /// From the order to judge to the moment when the worker process was gone.
    pub took: Duration,
    /// The last part of it, from the verdict: when it is over, the kernel has taken back all the worker's memory.
    pub verdict_to_gone: Duration,
}

impl Worker {
    /// Starts a worker and waits until it is confined and has its key.
    ///
    /// # Errors
    /// [`Lost::CannotStart`] with what is missing, or [`Lost::Died`].
    pub async fn start(launch: &Launch, watchdog: &Arc<Watchdog>) -> Result<Self, Lost> {
        let missing = |error: std::io::Error| Lost::CannotStart(error.kind().to_string());
        let mut command = Command::new(&launch.program);
        command.arg("proofing-worker").arg("--models").arg(&launch.models);
        if launch.strict {
            command.arg("--strict");
        }
        // Nothing of the parent's environment goes in: no address, no key reference, no library to preload.
        command.env_clear().env("RTEN_NUM_THREADS", "1").current_dir("/");
        // Except, in a debug build, a test's plan of where to die.
        command.envs(failpoint::plan());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        // The worker's only other descriptor is where it hears that the watchdog is gone.
        command.arg("--watched").stderr(watchdog.heartbeat().map_err(missing)?);
        let mut process = command.spawn().map_err(missing)?;
        let (Some(to), Some(from), Some(pid)) = (process.stdin.take(), process.stdout.take(), process.id()) else {
            return Err(Lost::Died);
        };
        let mut worker =
            Self { process, to, from, seal_key: [0; 32], protections: Vec::new(), pid, watchdog: Arc::clone(watchdog) };
        match worker.hear_until(later(START)).await? {
            Answer::Ready { seal_key, protections } => {
                worker.seal_key = seal_key;
                worker.protections = protections;
                Ok(worker)
            }
            Answer::CannotStart(why) => Err(Lost::CannotStart(why)),
            _ => Err(Lost::Died),
        }
    }

    /// The public key that pictures are sealed to.
    #[must_use]
    pub const fn seal_key(&self) -> [u8; 32] {
        self.seal_key
    }

    /// What the worker cannot do.
    #[must_use]
    pub fn protections(&self) -> &[Protection] {
        &self.protections
    }

    /// The process number.
    #[must_use]
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the process still lives.
    pub fn lives(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Resolves when the process ends by itself; may be dropped and called again.
    pub async fn died(&mut self) {
        let _ = self.process.wait().await;
    }

    /// Has the watchdog end the process so long from now, whatever becomes of this one.
    pub fn guard(&self, within: Duration) {
        self.watchdog.guard(self.pid, within);
    }

    /// How a process that ended without being asked to by us ended: at its deadline when the watchdog struck then, or
    /// when there was no watchdog any more that could have; else for a reason of its own.
    pub async fn ending(&mut self, until: tokio::time::Instant) -> Lost {
        use super::child::code::{DEADLINE, UNWATCHED};
        let code = self.process.wait().await.ok().and_then(|status| status.code());
        let at_deadline = matches!(code, Some(DEADLINE | UNWATCHED)) || tokio::time::Instant::now() >= until;
        if at_deadline { Lost::Deadline } else { Lost::Died }
    }

    /// Gives the worker to a custody.
    ///
    /// # Errors
    /// [`Lost::Died`].
    pub async fn begin(&mut self, custody: CustodyId, deadline: Duration) -> Result<(), Lost> {
        let deadline_ms = u32::try_from(deadline.as_millis()).unwrap_or(u32::MAX);
        self.tell(&Order::Begin { custody, deadline_ms }.to_frame(), later(START)).await
    }

    /// Hands over one sealed picture. `Ok(Err)` when the worker does not take it and goes on.
    ///
    /// # Errors
    /// [`Lost`] when the worker is gone, or was ended because `until` passed.
    pub async fn picture(
        &mut self,
        label: Label,
        sealed: Vec<u8>,
        until: tokio::time::Instant,
    ) -> Result<Result<u32, NotTaken>, Lost> {
        self.tell(&Order::Picture { label, sealed }.to_frame(), until).await?;
        match self.hear_until(until).await? {
            Answer::Taken { bytes } => Ok(Ok(bytes)),
            Answer::NotTaken(why) => Ok(Err(why)),
            _ => self.unexpected().await,
        }
    }

    /// Has everything judged; afterwards the process is gone, whatever comes back.
    ///
    /// # Errors
    /// [`Lost`] when it was gone before a verdict, or was ended because `until` passed.
    pub async fn judge(
        mut self,
        challenge: Challenge,
        today: String,
        until: tokio::time::Instant,
        mut progress: impl FnMut(Stage) + Send,
    ) -> Result<Judged, Lost> {
        let asked = Instant::now();
        self.tell(&Order::Judge { challenge, today }.to_frame(), until).await?;
        let mut judged_at = None;
        loop {
            match self.hear_until(until).await? {
                Answer::Stage(stage) => {
                    // The child says it again for pictures that never came to be judged: the first word counts.
                    if stage == Stage::Destroy && judged_at.replace(judged_at.unwrap_or_else(Instant::now)).is_some() {
                        continue;
                    }
                    progress(stage);
                }
                Answer::Verdict { judgement, pictures, bytes, overwritten_us } => {
                    let told = Instant::now();
                    self.gone(later(Duration::from_secs(5))).await;
                    let overwriting = Duration::from_micros(overwritten_us);
                    let verdict_to_gone = judged_at.map_or(overwriting + told.elapsed(), |at| at.elapsed());
                    return Ok(Judged { judgement, pictures, bytes, took: asked.elapsed(), verdict_to_gone });
                }
                other => {
                    if failpoint::due("worker-unsealed") == Some(failpoint::Action::Leak) {
                        tracing::error!(answer = ?other, "a planted fault: what a worker said is written down");
                    }
                    return self.unexpected().await;
                }
            }
        }
    }

    /// Has everything overwritten without a verdict and waits until the process is gone: pictures and bytes destroyed,
    /// zero when the worker had to be killed and could not count.
    pub async fn abandon(mut self) -> (u32, u64) {
        let until = later(Duration::from_secs(2));
        let mut counted = (0, 0);
        if self.tell(&Order::Abandon.to_frame(), until).await.is_ok()
            && let Ok(Answer::Abandoned { pictures, bytes }) = self.hear_until(until).await
        {
            counted = (pictures, bytes);
        }
        self.gone(until).await;
        counted
    }

    /// Waits for the process to end by itself, and ends it when it does not.
    pub async fn gone(&mut self, until: tokio::time::Instant) {
        if timeout_at(until, self.process.wait()).await.is_err() {
            self.kill().await;
        }
    }

    /// Ends the process and waits until the kernel has taken back its memory.
    pub async fn kill(&mut self) {
        let _ = self.process.start_kill();
        let _ = self.process.wait().await;
    }

    async fn unexpected<T>(&mut self) -> Result<T, Lost> {
        self.kill().await;
        Err(Lost::Died)
    }

    async fn tell(&mut self, (kind, body): &Frame, until: tokio::time::Instant) -> Result<(), Lost> {
        let sending = async {
            self.to.write_all(&head(*kind, body)?).await?;
            self.to.write_all(body).await?;
            self.to.flush().await
        };
        let sent = timeout_at(until + BACKSTOP, sending).await;
        self.settle(sent, until).await
    }

    async fn hear_until(&mut self, until: tokio::time::Instant) -> Result<Answer, Lost> {
        let hearing = async {
            let mut start = [0; 5];
            self.from.read_exact(&mut start).await?;
            let (length, kind) = parse_head(start)?;
            let mut body = Zeroizing::new(vec![0; length]);
            self.from.read_exact(&mut body).await?;
            Answer::from_frame(kind, &body).ok_or_else(|| std::io::ErrorKind::InvalidData.into())
        };
        let heard = timeout_at(until + BACKSTOP, hearing).await;
        self.settle(heard, until).await
    }

    /// Out of time: killed at once. Broken pipe: killed too, in case it only closed its end.
    async fn settle<T>(
        &mut self,
        outcome: Result<std::io::Result<T>, tokio::time::error::Elapsed>,
        until: tokio::time::Instant,
    ) -> Result<T, Lost> {
        if let Ok(Ok(value)) = outcome {
            return Ok(value);
        }
        let _ = self.process.start_kill();
        Err(self.ending(until).await)
    }
}

/// The moment `span` from now by the runtime's clock.
#[must_use]
pub fn later(span: Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + span
}
