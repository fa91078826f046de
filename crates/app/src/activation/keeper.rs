//! The keeper: holds the activation key beside the chamber, so that a chamber that dies has a successor at once.
//!
//! It reads orders only to pass them on. What was asked of a chamber that died is answered `lost`; the successor takes no
//! approval from before its own start, so nothing can be used twice.

use super::{ANSWER, Message, OPENING, ORDER, read, write};
use crate::worker::sandbox::close_memory_for_good;
use lionrock_activation::{Answer, Opening, Order};
use lionrock_store::failpoint;
use std::io::stdout;
use std::process::{Child, ChildStdin, Command, Stdio, exit};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// A chamber that does not answer for so long is ended: an RSA key takes a second or two.
const PATIENCE: Duration = Duration::from_secs(20);
/// A chamber that lives shorter than this is not started again at once.
const SHORT_LIFE: Duration = Duration::from_secs(1);

enum Heard {
    Order(Order),
    ServerGone,
    Answer(u64, Answer),
    ChamberGone(u64),
}

/// One chamber process, numbered.
struct Lives {
    number: u64,
    process: Child,
    to: ChildStdin,
    since: Instant,
}

/// Keeps a chamber on standard input and output until the server's pipe closes.
pub fn run(strict: bool) -> ! {
    std::panic::set_hook(Box::new(|_| exit(70)));
    let protections = close_memory_for_good();
    if strict && protections.iter().any(|protection| !protection.held) {
        exit(super::process::code::CANNOT_START);
    }
    let Ok(Some(Message::Opening(opening))) = read(&mut std::io::stdin().lock()) else { exit(72) };
    let (tell, heard) = channel();
    let Some(first) = start(&opening, strict, 0, &tell) else { exit(78) };
    listen(tell.clone());
    keep(first, &opening, strict, &tell, &heard);
    exit(71)
}

/// A thread reads the server's orders.
fn listen(tell: Sender<Heard>) {
    std::thread::spawn(move || {
        let mut pipe = std::io::stdin().lock();
        while let Ok(Some(Message::Order(order))) = read(&mut pipe) {
            if tell.send(Heard::Order(order)).is_err() {
                return;
            }
        }
        let _ = tell.send(Heard::ServerGone);
    });
}

fn keep(first: Lives, opening: &Opening, strict: bool, tell: &Sender<Heard>, heard: &Receiver<Heard>) {
    let mut chamber = first;
    let mut asked: Option<Instant> = None;
    loop {
        let wait = asked.map_or(Duration::from_secs(3600), |since| PATIENCE.saturating_sub(since.elapsed()));
        match heard.recv_timeout(wait) {
            Ok(Heard::Order(order)) => {
                asked = Some(Instant::now());
                // A broken pipe shows itself as a chamber that is gone.
                let _ = write(&mut chamber.to, ORDER, &order);
            }
            Ok(Heard::Answer(number, answer)) if number == chamber.number => {
                // A successor that is ready has answered nothing yet.
                if !matches!(answer, Answer::Ready(_)) {
                    asked = None;
                }
                say(&answer);
            }
            Ok(Heard::ChamberGone(number)) if number == chamber.number => {
                let _ = chamber.process.kill();
                let _ = chamber.process.wait();
                if chamber.since.elapsed() < SHORT_LIFE {
                    std::thread::sleep(SHORT_LIFE);
                }
                match start(opening, strict, number + 1, tell) {
                    Some(next) => chamber = next,
                    None => return,
                }
                if asked.take().is_some() {
                    say(&Answer::Lost);
                }
            }
            Ok(Heard::Answer(..) | Heard::ChamberGone(_)) => {}
            Err(RecvTimeoutError::Timeout) => {
                // Its end is heard like any other death.
                let _ = chamber.process.kill();
                asked = asked.map(|_| Instant::now());
            }
            Ok(Heard::ServerGone) | Err(RecvTimeoutError::Disconnected) => {
                let _ = chamber.process.kill();
                let _ = chamber.process.wait();
                return;
            }
        }
    }
}

/// Starts a chamber and hands it the key.
fn start(opening: &Opening, strict: bool, number: u64, tell: &Sender<Heard>) -> Option<Lives> {
    let mut command = Command::new("/proc/self/exe");
    command.args(["activation", "--chamber"]).env_clear().current_dir("/");
    if strict {
        command.arg("--strict");
    }
    command.envs(failpoint::plan());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = command.spawn().ok()?;
    let (mut to, mut from) = (process.stdin.take()?, process.stdout.take()?);
    write(&mut to, OPENING, opening).ok()?;
    let tell = tell.clone();
    std::thread::spawn(move || {
        while let Ok(Some(Message::Answer(answer))) = read(&mut from) {
            if tell.send(Heard::Answer(number, answer)).is_err() {
                return;
            }
        }
        let _ = tell.send(Heard::ChamberGone(number));
    });
    Some(Lives { number, process, to, since: Instant::now() })
}

fn say(answer: &Answer) {
    if write(&mut stdout().lock(), ANSWER, answer).is_err() {
        exit(71);
    }
}
