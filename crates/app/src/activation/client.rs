//! The chamber seen from the server: orders in, answers out, and no key.

use super::{ANSWER, Message, OPENING, ORDER, message};
use crate::worker::codec::{head, parse_head};
use anyhow::{Context, Result, bail};
use lionrock_activation::{Answer, Enrol, Enrolled, Opening, Order, Sign, Signed};
use lionrock_service::port::{Activation, ActivationError, Answering};
use lionrock_store::failpoint;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Longer than the keeper's patience.
const PATIENCE: Duration = Duration::from_secs(30);
/// Orders that wait at one time.
const QUEUE: usize = 256;

/// Gives the key once more, when the root of all keys can be read without people.
pub type Again = Box<dyn Fn() -> Result<Opening> + Send + Sync>;

/// How a chamber is started.
pub struct Launch {
    /// This program.
    pub program: PathBuf,
    /// Production: refuse to work without every protection.
    pub strict: bool,
    /// Where the key comes from when the keeper itself dies.
    pub again: Again,
}

type Ask = (Order, oneshot::Sender<Answer>);

/// The chamber in its own process.
pub struct Chamber {
    orders: Sender<Ask>,
    keeper: Arc<AtomicU32>,
    protections: Vec<(String, bool)>,
}

impl std::fmt::Debug for Chamber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chamber(process {})", self.keeper())
    }
}

impl Chamber {
    /// Starts keeper and chamber and hands the key over.
    ///
    /// # Errors
    /// When they cannot start, or not with every protection that a production realm asks for.
    pub async fn start(opening: Opening, launch: Launch) -> Result<Arc<Self>> {
        let mut pair = Pair::start(&launch.program, launch.strict, &opening).await?;
        drop(opening);
        let protections = pair.ready().await?;
        let keeper = Arc::new(AtomicU32::new(pair.process.id().unwrap_or(0)));
        let (orders, asked) = channel(QUEUE);
        tokio::spawn(serve(pair, launch, asked, Arc::clone(&keeper)));
        Ok(Arc::new(Self { orders, keeper, protections }))
    }

    /// The process number of the keeper that lives now; the chamber is its child.
    #[must_use]
    pub fn keeper(&self) -> u32 {
        self.keeper.load(Ordering::Relaxed)
    }

    /// What the chamber's process cannot do, and whether each holds on this machine.
    #[must_use]
    pub fn protections(&self) -> &[(String, bool)] {
        &self.protections
    }

    async fn ask(&self, order: Order) -> Result<Answer, ActivationError> {
        let (answer, answered) = oneshot::channel();
        self.orders.try_send((order, answer)).map_err(|_| ActivationError::Unavailable)?;
        answered.await.map_err(|_| ActivationError::Unavailable)
    }
}

impl Activation for Chamber {
    fn enrol(&self, order: Enrol) -> Answering<'_, Result<Enrolled, ActivationError>> {
        Box::pin(async move {
            match self.ask(Order::Enrol(Box::new(order))).await? {
                Answer::Enrolled(made) => Ok(*made),
                other => Err(refused(other)),
            }
        })
    }

    fn sign(&self, order: Sign) -> Answering<'_, Result<Signed, ActivationError>> {
        Box::pin(async move {
            match self.ask(Order::Sign(Box::new(order))).await? {
                Answer::Signed(made) => Ok(*made),
                other => Err(refused(other)),
            }
        })
    }
}

fn refused(answer: Answer) -> ActivationError {
    match answer {
        Answer::Refused(word) => ActivationError::Refused(word),
        Answer::Lost => ActivationError::Lost,
        _ => ActivationError::Unavailable,
    }
}

/// The keeper's process and its pipes.
struct Pair {
    process: Child,
    to: ChildStdin,
    from: ChildStdout,
}

impl Pair {
    async fn start(program: &Path, strict: bool, opening: &Opening) -> Result<Self> {
        let mut command = Command::new(program);
        // Nothing of the parent's environment goes in, but a test's plan of where to die.
        command.arg("activation").env_clear().envs(failpoint::plan()).current_dir("/");
        if strict {
            command.arg("--strict");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut process = command.spawn().context("the activation process cannot be started")?;
        let (Some(to), Some(from)) = (process.stdin.take(), process.stdout.take()) else { bail!("no pipes") };
        let mut pair = Self { process, to, from };
        pair.tell(OPENING, opening).await.context("the activation process ended")?;
        Ok(pair)
    }

    async fn ready(&mut self) -> Result<Vec<(String, bool)>> {
        match timeout(PATIENCE, self.hear()).await {
            Ok(Ok(Answer::Ready(protections))) => Ok(protections),
            _ => bail!("the activation process does not start: does this system give every protection?"),
        }
    }

    async fn tell<T: serde::Serialize>(&mut self, kind: u8, value: &T) -> std::io::Result<()> {
        let body = Zeroizing::new(serde_json::to_vec(value)?);
        self.to.write_all(&head(kind, &body)?).await?;
        self.to.write_all(&body).await?;
        self.to.flush().await
    }

    async fn hear(&mut self) -> std::io::Result<Answer> {
        let mut start = [0; 5];
        self.from.read_exact(&mut start).await?;
        let (length, kind) = parse_head(start)?;
        let mut body = Zeroizing::new(vec![0; length]);
        self.from.read_exact(&mut body).await?;
        match message(kind, &body)? {
            Message::Answer(answer) if kind == ANSWER => Ok(answer),
            _ => Err(std::io::ErrorKind::InvalidData.into()),
        }
    }

    /// One order, one answer; a chamber that was started again in between says so first.
    async fn ask(&mut self, order: &Order) -> Option<Answer> {
        let asking = async {
            self.tell(ORDER, order).await?;
            loop {
                match self.hear().await? {
                    Answer::Ready(_) => {}
                    other => return Ok::<_, std::io::Error>(other),
                }
            }
        };
        timeout(PATIENCE, asking).await.ok()?.ok()
    }
}

async fn serve(mut pair: Pair, launch: Launch, mut asked: Receiver<Ask>, keeper: Arc<AtomicU32>) {
    while let Some((order, answer)) = asked.recv().await {
        if let Some(said) = pair.ask(&order).await {
            let _ = answer.send(said);
            continue;
        }
        let _ = answer.send(Answer::Lost);
        let _ = pair.process.start_kill();
        let _ = pair.process.wait().await;
        tracing::error!("the keeper of the activation process died");
        match again(&launch).await {
            Ok(next) => pair = next,
            Err(error) => {
                tracing::error!(%error, "signing is off until this server is started again");
                keeper.store(0, Ordering::Relaxed);
                return;
            }
        }
        keeper.store(pair.process.id().unwrap_or(0), Ordering::Relaxed);
    }
}

async fn again(launch: &Launch) -> Result<Pair> {
    let opening = (launch.again)()?;
    let mut pair = Pair::start(&launch.program, launch.strict, &opening).await?;
    pair.ready().await?;
    Ok(pair)
}
