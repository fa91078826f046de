//! Who talks to a module: a thread of its own, so that a module that hangs holds up nobody but itself.
//!
//! Callers wait for an answer for a bounded time. Who got none fails, as when the token is away, and the thread that waits for the module
//! is left to it; the next call begins a new one, with a session of its own. When several of them hang, calls fail at once until one
//! comes back: so a module that answers again is used again, without anybody's help.

use super::Open;
use crate::Error;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a caller waits, the queue included.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Threads that may hang in a module at a time.
const MOST: usize = 4;

type Job = Box<dyn FnOnce(&mut Option<Open>) + Send>;

/// The desk of a module.
#[derive(Default)]
pub(super) struct Desk {
    worker: Mutex<Option<Worker>>,
    /// Threads that were left to the module.
    left: Arc<AtomicUsize>,
    /// Calls under way.
    waiting: AtomicUsize,
}

struct Worker {
    jobs: Sender<Job>,
    number: Arc<()>,
    abandoned: Arc<AtomicBool>,
    ended: Receiver<()>,
}

impl Desk {
    /// Whether somebody is being served.
    pub(super) fn is_busy(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    /// Has work done in the module's session; nothing when the module does not answer in time.
    pub(super) fn serve<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Option<Open>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (told, answer) = mpsc::sync_channel(1);
        let given_up = Arc::new(AtomicBool::new(false));
        let late = Arc::clone(&given_up);
        let job: Job = Box::new(move |open| {
            // What nobody waits for any more is not done behind their back.
            if !late.load(Ordering::SeqCst) {
                drop(told.send(work(open)));
            }
        });
        let worker = self.hand_in(job)?;
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let outcome = answer.recv_timeout(PATIENCE);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        outcome.map_err(|why| {
            given_up.store(true, Ordering::SeqCst);
            if why == RecvTimeoutError::Timeout {
                self.leave(&worker);
            }
            Error::Module
        })
    }

    fn hand_in(&self, job: Job) -> Result<Arc<()>, Error> {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if worker.is_none() {
            if self.left.load(Ordering::SeqCst) >= MOST {
                return Err(Error::Module);
            }
            *worker = Some(Worker::start(Arc::clone(&self.left))?);
        }
        let Some(now) = worker.as_ref() else { return Err(Error::Module) };
        let number = Arc::clone(&now.number);
        if now.jobs.send(job).is_err() {
            // Its thread ended: the next call begins another.
            *worker = None;
            return Err(Error::Module);
        }
        Ok(number)
    }

    /// Leaves a thread to the module; it ends when the module answers.
    fn leave(&self, number: &Arc<()>) {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stuck) = worker.take_if(|worker| Arc::ptr_eq(&worker.number, number)) {
            self.left.fetch_add(1, Ordering::SeqCst);
            stuck.abandoned.store(true, Ordering::SeqCst);
        }
    }
}

impl Worker {
    fn start(left: Arc<AtomicUsize>) -> Result<Self, Error> {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let abandoned = Arc::new(AtomicBool::new(false));
        let mine = Arc::clone(&abandoned);
        let (end, ended) = mpsc::channel();
        let serve = move || {
            let mut open = None;
            for job in inbox {
                job(&mut open);
            }
            drop(open);
            if mine.load(Ordering::SeqCst) {
                left.fetch_sub(1, Ordering::SeqCst);
            }
            drop(end);
        };
        let started = std::thread::Builder::new().name("key-store".to_owned()).spawn(serve);
        started.map_err(|_| Error::Module)?;
        Ok(Self { jobs, number: Arc::default(), abandoned, ended })
    }
}

impl Drop for Desk {
    /// The session is closed before the token is anybody else's; a module that hangs is not waited for long.
    fn drop(&mut self) {
        if let Some(Worker { jobs, ended, .. }) = self.worker.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            drop(jobs);
            let _ = ended.recv_timeout(PATIENCE);
        }
    }
}
