//! The one thread that writes to SQLite: many jobs, one commit, one fsync (group commit).
//!
//! While a commit waits for the disk, jobs queue up; the next transaction takes them together. A failing job takes nothing of
//! its neighbours with it: when one fails after it has written, the transaction is undone and its jobs run once more, each in
//! a savepoint of its own. Savepoints copy every page a job touches, and hardly any job fails after writing, so they are not
//! set before they are needed. No caller hears of success before the commit.

use crate::engine::{Counters, attempt};
use crate::sqlite::{Link, translate};
use crate::tx::{self, Tx};
use crate::{Error, Row, failpoint};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Jobs in one transaction at most: bounds how long the first waits for the last.
const BATCH: usize = 128;
/// Jobs waiting at most; more callers wait outside, for a while.
pub(crate) const QUEUE: usize = 1024;

/// A closure with its answer, without their types.
pub(crate) trait Job: Send {
    /// Runs the closure; true to keep what it wrote.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Answers the caller once the fate of the whole batch is known.
    fn settle(self: Box<Self>, fate: Result<(), Error>);
}

pub(crate) struct Task<T, E, F> {
    work: F,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Task<T, E, F> {
    pub(crate) const fn new(work: F, answer: oneshot::Sender<Result<T, E>>) -> Self {
        Self { work, outcome: None, answer }
    }
}

impl<T, E, F> Job for Task<T, E, F>
where
    T: Send,
    E: From<Error> + Send,
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let outcome = attempt(tx, &mut self.work);
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn settle(self: Box<Self>, fate: Result<(), Error>) {
        let Self { work, outcome, answer } = *self;
        let said = match (outcome, fate) {
            (Some(Ok(_)) | None, Err(error)) => Err(E::from(error)),
            (Some(outcome), _) => outcome,
            (None, Ok(())) => Err(E::from(Error::unavailable("the work was never run"))),
        };
        // What the caller lent to the work is back in its hands before it hears of the end.
        drop(work);
        // A caller that went away does not want the answer.
        drop(answer.send(said));
    }
}

/// Serves the queue until every sender is gone, then closes the file.
pub(crate) fn serve(link: Link, mut queue: mpsc::Receiver<Box<dyn Job>>, counters: &Arc<Counters>) {
    while let Some(first) = queue.blocking_recv() {
        batch(&link, first, &mut queue, counters);
    }
    link.close();
}

fn batch(link: &Link, first: Box<dyn Job>, queue: &mut mpsc::Receiver<Box<dyn Job>>, counters: &Counters) {
    if let Err(error) = run(link, "BEGIN IMMEDIATE") {
        Counters::add(&counters.failures, 1);
        first.settle(Err(error));
        return;
    }
    let mut done = Vec::new();
    let mut kept = 0;
    let mut fate = Ok(());
    let mut next = Some(first);
    // Once undone, the rest is done with savepoints: nobody can make a transaction run again and again.
    let mut careful = false;
    while let Some(mut job) = next {
        let step = if careful { in_its_savepoint(link, &mut *job) } else { plain(link, &mut *job) };
        done.push(job);
        match step {
            Ok(Step::Kept) => kept += 1,
            Ok(Step::Nothing) => {}
            Ok(Step::ToUndo) => {
                careful = true;
                let again = run(link, "ROLLBACK").and_then(|()| run(link, "BEGIN IMMEDIATE"));
                match again.and_then(|()| each_in_its_savepoint(link, &mut done)) {
                    Ok(count) => kept = count,
                    Err(error) => {
                        fate = Err(error);
                        break;
                    }
                }
            }
            Err(error) => {
                fate = Err(error);
                break;
            }
        }
        next = if done.len() < BATCH { queue.try_recv().ok() } else { None };
    }
    failpoint::reach("sqlite-before-commit");
    fate = fate.and_then(|()| run(link, "COMMIT"));
    failpoint::reach("sqlite-after-commit");
    match &fate {
        Ok(()) if kept > 0 => {
            Counters::add(&counters.fsyncs, 1);
            Counters::add(&counters.writes, kept);
        }
        Ok(()) => {}
        Err(error) => {
            tracing::error!(%error, jobs = done.len(), "a batch of writes was not committed");
            Counters::add(&counters.failures, kept.max(1));
            if !link.is_idle() {
                // The connection must be clean for the next batch; if even this fails, its BEGIN says so.
                drop(run(link, "ROLLBACK"));
            }
        }
    }
    for job in done {
        job.settle(fate.clone());
    }
}

/// How one job went without a savepoint.
enum Step {
    Kept,
    /// It failed before it changed anything.
    Nothing,
    /// It failed after it changed something: that is in the transaction now, among the work of its neighbours.
    ToUndo,
}

/// One job without a savepoint. `Err` when the engine ended the whole transaction, as it does on some full disks.
fn plain(link: &Link, job: &mut dyn Job) -> Result<Step, Error> {
    let before = link.changed();
    match in_transaction(link, job)? {
        true => Ok(Step::Kept),
        false if link.changed() == before => Ok(Step::Nothing),
        false => Ok(Step::ToUndo),
    }
}

/// All jobs of a transaction from the start, each in its savepoint; how many were kept. `Err` as in [`plain`].
fn each_in_its_savepoint(link: &Link, jobs: &mut [Box<dyn Job>]) -> Result<u64, Error> {
    let mut kept = 0;
    for job in jobs {
        kept += u64::from(matches!(in_its_savepoint(link, &mut **job)?, Step::Kept));
    }
    Ok(kept)
}

fn in_its_savepoint(link: &Link, job: &mut dyn Job) -> Result<Step, Error> {
    run(link, "SAVEPOINT job")?;
    let keep = in_transaction(link, job)?;
    if !keep {
        run(link, "ROLLBACK TO job")?;
    }
    run(link, "RELEASE job")?;
    Ok(if keep { Step::Kept } else { Step::Nothing })
}

fn in_transaction(link: &Link, job: &mut dyn Job) -> Result<bool, Error> {
    let mut tx = Tx::new(tx::Link::Sqlite(link));
    let keep = job.run(&mut tx);
    if link.is_idle() {
        let ended = || Error::unavailable("the transaction was ended by the engine");
        return Err(tx.spoiled().cloned().unwrap_or_else(ended));
    }
    Ok(keep)
}

fn run(link: &Link, sql: &'static str) -> Result<(), Error> {
    let rows: Result<Vec<Row>, rusqlite::Error> = link.rows(sql, &[]);
    rows.map(drop).map_err(|error| translate(&error, sql))
}
