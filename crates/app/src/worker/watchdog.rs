//! The watchdog: a process of its own that ends workers at their deadlines, whatever the server does or cannot do.
//!
//! ```text
//! server ──guard, release──▶ watchdog ──kill──▶ workers
//!                               └──heartbeat (a pipe it alone holds open)──▶ every worker
//! ```
//! A worker that loses the heartbeat ends itself: nobody could end it in time any more. A watchdog that loses the server
//! ends every worker it guards. The server starts a new watchdog when one dies ([`Watchdog::start`]); custodies that were
//! open then are closed as at their deadline.

use super::codec::{Reader, Writer, head, read_frame};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Stdio, exit};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// From server to watchdog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// End this process so many milliseconds from now; replaces an earlier order for it.
    Guard {
        /// The process.
        pid: u32,
        /// Milliseconds.
        within_ms: u32,
    },
    /// This process has ended.
    Release {
        /// The process.
        pid: u32,
    },
}

impl Order {
    fn to_bytes(self) -> std::io::Result<Vec<u8>> {
        let mut body = Writer::default();
        let kind = match self {
            Self::Guard { pid, within_ms } => {
                body.number(pid).number(within_ms);
                1
            }
            Self::Release { pid } => {
                body.number(pid);
                2
            }
        };
        Ok([&head(kind, &body.0)?[..], &body.0[..]].concat())
    }

    fn from_frame(kind: u8, body: &[u8]) -> Option<Self> {
        let mut body = Reader(body);
        let order = match kind {
            1 => Self::Guard { pid: body.number()?, within_ms: body.number()? },
            2 => Self::Release { pid: body.number()? },
            _ => return None,
        };
        body.end().map(|()| order)
    }
}

/// The watchdog process seen from the server, started again whenever it dies.
pub struct Watchdog {
    orders: UnboundedSender<Order>,
    now: Mutex<Standing>,
}

/// The watchdog that lives now.
struct Standing {
    pid: u32,
    /// The end of the heartbeat that workers hold; nothing is ever read from it but its end.
    heartbeat: OwnedFd,
}

/// Pause before a watchdog that died is started again, so that a machine that cannot keep one is not kept busy.
const PAUSE: Duration = Duration::from_millis(200);

impl Watchdog {
    /// Starts the watchdog and whoever starts it again. It ends when the last handle to it is dropped.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn start(program: &Path) -> std::io::Result<Arc<Self>> {
        let (process, standing) = spawn(program)?;
        let (orders, asked) = unbounded_channel();
        let this = Arc::new(Self { orders, now: Mutex::new(standing) });
        tokio::spawn(supervise(Arc::downgrade(&this), program.to_owned(), process, asked));
        Ok(this)
    }

    /// The process number of the watchdog that lives now.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).pid
    }

    /// What a worker holds to notice the watchdog's death.
    ///
    /// # Errors
    /// When this process may hold no more descriptors.
    pub fn heartbeat(&self) -> std::io::Result<Stdio> {
        Ok(self.now.lock().unwrap_or_else(PoisonError::into_inner).heartbeat.try_clone()?.into())
    }

    /// Has a process ended so long from now; replaces an earlier order for it.
    pub fn guard(&self, pid: u32, within: Duration) {
        let within_ms = u32::try_from(within.as_millis()).unwrap_or(u32::MAX);
        let _ = self.orders.send(Order::Guard { pid, within_ms });
    }

    /// Says that a process has ended.
    pub fn release(&self, pid: u32) {
        let _ = self.orders.send(Order::Release { pid });
    }
}

fn spawn(program: &Path) -> std::io::Result<(Child, Standing)> {
    let mut command = Command::new(program);
    command.arg("proofing-watchdog").env_clear().current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = command.spawn()?;
    let gone = || std::io::Error::from(std::io::ErrorKind::NotFound);
    let heartbeat = process.stdout.take().ok_or_else(gone)?.into_owned_fd()?;
    // A worker waits for the end of the heartbeat in a plain blocking read.
    rustix::io::ioctl_fionbio(&heartbeat, false)?;
    let pid = process.id().ok_or_else(gone)?;
    Ok((process, Standing { pid, heartbeat }))
}

/// Hands orders on, and starts the watchdog again when it dies.
async fn supervise(
    whose: std::sync::Weak<Watchdog>,
    program: PathBuf,
    mut process: Child,
    mut asked: UnboundedReceiver<Order>,
) {
    loop {
        let Some(mut pipe) = process.stdin.take() else { return };
        loop {
            tokio::select! {
                order = asked.recv() => {
                    // No handle left: the pipe closes, and the watchdog ends whatever it still guards, and itself.
                    let Some(order) = order else {
                        drop(pipe);
                        let _ = process.wait().await;
                        return;
                    };
                    let Ok(bytes) = order.to_bytes() else { continue };
                    if pipe.write_all(&bytes).await.is_err() {
                        break;
                    }
                }
                _ = process.wait() => break,
            }
        }
        let _ = process.start_kill();
        let _ = process.wait().await;
        drop(pipe);
        loop {
            let Some(whose) = whose.upgrade() else { return };
            tracing::error!(
                "the watchdog of the proofing workers died; it is started again, its workers end themselves"
            );
            match spawn(&program) {
                Ok((again, standing)) => {
                    process = again;
                    *whose.now.lock().unwrap_or_else(PoisonError::into_inner) = standing;
                    break;
                }
                Err(error) => tracing::error!(%error, "the watchdog cannot be started"),
            }
            drop(whose);
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The watchdog itself: keeps the clock of the processes it is told of until its pipe closes.
pub fn run() -> ! {
    std::panic::set_hook(Box::new(|_| exit(70)));
    super::leave_no_core();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut pipe = std::io::stdin().lock();
        while let Ok(Some((kind, body))) = read_frame(&mut pipe) {
            let Some(order) = Order::from_frame(kind, &body) else { break };
            if tell.send(order).is_err() {
                break;
            }
        }
    });
    watch(&told);
    exit(0)
}

/// A process under guard. The descriptor stands for this process alone, even when its number is given to another.
struct Guarded {
    process: OwnedFd,
    until: Instant,
}

fn watch(told: &Receiver<Order>) {
    let mut guarded: HashMap<u32, Guarded> = HashMap::new();
    loop {
        let now = Instant::now();
        guarded.retain(|_, one| {
            let due = one.until <= now;
            if due {
                end(one);
            }
            !due
        });
        let next = guarded.values().map(|one| one.until.saturating_duration_since(now)).min();
        match told.recv_timeout(next.unwrap_or(Duration::from_secs(3600))) {
            Ok(Order::Guard { pid, within_ms }) => {
                let until = Instant::now() + Duration::from_millis(within_ms.into());
                if let Some(one) = guarded.get_mut(&pid) {
                    one.until = until;
                } else if let Some(process) = open(pid) {
                    guarded.insert(pid, Guarded { process, until });
                }
            }
            Ok(Order::Release { pid }) => drop(guarded.remove(&pid)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    guarded.values().for_each(end);
}

fn open(pid: u32) -> Option<OwnedFd> {
    pidfd_open(Pid::from_raw(i32::try_from(pid).ok()?)?, PidfdFlags::empty()).ok()
}

fn end(one: &Guarded) {
    let _ = pidfd_send_signal(&one.process, Signal::KILL);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn orders_survive_the_pipe() {
        for order in [Order::Guard { pid: 7, within_ms: u32::MAX }, Order::Release { pid: 7 }] {
            let bytes = order.to_bytes().unwrap();
            let (kind, body) = read_frame(&mut &bytes[..]).unwrap().unwrap();
            assert_eq!(Order::from_frame(kind, &body), Some(order));
        }
        assert_eq!(Order::from_frame(2, b"long!"), None);
        assert_eq!(Order::from_frame(3, b""), None);
    }
}
