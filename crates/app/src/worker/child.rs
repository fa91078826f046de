//! The worker itself: one process, one custody, from key to oblivion.
//!
//! Order of starting: memory locked and never dumped; models read and their digests compared; files, network and
//! capabilities given up; threads started; system calls listed; key pair made and its public half reported. Only then
//! can a picture reach it. It ends after one verdict, when told to, when its pipe closes, or at its deadline.

#![allow(clippy::disallowed_methods, reason = "the worker measures how long overwriting took")]

use super::codec::{read_frame, write_frame};
use super::message::{Answer, NotTaken, Order};
use super::models;
use super::point;
use super::sandbox::{Protection, close_calls, close_files, close_memory};
use lionrock_crypto::hpke::KeyPair;
use lionrock_model::custody::{CUSTODY_BYTES, Label, PICTURE_BYTES, Part, SEAL_BYTES, seal_info};
use lionrock_model::id::CustodyId;
use lionrock_model::proofing::{Challenge, Judgement, Reason, Stage, Verdict};
use lionrock_proofing::{Capture, Frame, Models, judge};
use std::collections::BTreeMap;
use std::io::{Write, stdin, stdout};
use std::path::Path;
use std::process::exit;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use zeroize::{Zeroize, Zeroizing};

/// How a worker ended, as its exit code: the parent and the tests tell these apart.
pub mod code {
    /// After a verdict, or told to go.
    pub const DONE: i32 = 0;
    /// The parent's pipe closed.
    pub const ORPHAN: i32 = 71;
    /// The watchdog died: nobody could end this worker in time any more.
    pub const UNWATCHED: i32 = 76;
    /// A message of no known form arrived.
    pub const GARBLED: i32 = 72;
    /// The worker's own deadline passed.
    pub const DEADLINE: i32 = 75;
    /// The worker could not start; its last message says why.
    pub const CANNOT_START: i32 = 78;
}

/// Time a worker grants itself beyond the parent's deadline, so that the parent's watchdog is the one that strikes.
const GRACE: Duration = Duration::from_secs(2);

/// How a worker is to behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Production: refuse to start unless every protection holds.
    pub strict: bool,
    /// Standard error is the watchdog's heartbeat: end when it ends.
    pub watched: bool,
}

/// Runs a worker on standard input and output until it ends.
pub fn run(models_folder: &Path, Manner { strict, watched }: Manner) -> ! {
    // A panic ends the worker without a word: a message could quote what it was reading.
    std::panic::set_hook(Box::new(|_| exit(70)));
    let mut protections = close_memory();
    let conditions = super::host::conditions(Path::new("/"));
    protections.extend(conditions.iter().map(super::host::Condition::protection));
    let files = models::read(models_folder).unwrap_or_else(|why| cannot_start(&why.to_string()));
    protections.extend(close_files());
    let models = Models::from_bytes(files).unwrap_or_else(|why| cannot_start(&why.to_string()));
    // The generator and the curve prepare themselves on first use; that may look at files, so it happens now.
    drop(KeyPair::generate());
    let orders = listen();
    let alarm = alarm();
    if watched {
        heed();
    }
    protections.extend(close_calls());
    if let Some(missing) = protections.iter().find(|protection| strict && !protection.held) {
        cannot_start(&format!("this system does not give the protection {}", missing.name));
    }
    serve(&models, &orders, &alarm, protections)
}

fn cannot_start(why: &str) -> ! {
    say(&Answer::CannotStart(why.to_owned()));
    exit(code::CANNOT_START)
}

/// A thread reads the pipe, so that a closed pipe ends the worker even in the middle of a judgement.
fn listen() -> Receiver<Order> {
    let (to, from) = channel();
    std::thread::spawn(move || {
        let mut pipe = stdin().lock();
        loop {
            match read_frame(&mut pipe) {
                Ok(Some((kind, body))) => match Order::from_frame(kind, &body) {
                    Some(order) => drop(to.send(order)),
                    None => exit(code::GARBLED),
                },
                Ok(None) => exit(code::ORPHAN),
                Err(_) => exit(code::GARBLED),
            }
        }
    });
    from
}

/// A thread that ends the process when the watchdog is gone, even in the middle of a judgement.
fn heed() {
    std::thread::spawn(|| {
        let mut byte = [0; 1];
        // Nothing is ever written there; whatever makes the read return is the end.
        let _ = rustix::io::retry_on_intr(|| rustix::io::read(rustix::stdio::stderr(), &mut byte));
        exit(code::UNWATCHED);
    });
}

/// A thread that ends the process when the time it is told has passed.
fn alarm() -> Sender<Duration> {
    let (to, from) = channel::<Duration>();
    std::thread::spawn(move || {
        if let Ok(limit) = from.recv() {
            std::thread::sleep(limit);
            exit(code::DEADLINE);
        }
        // The sender lives as long as the process; without it there is nothing to guard.
    });
    to
}

fn serve(models: &Models, orders: &Receiver<Order>, alarm: &Sender<Duration>, protections: Vec<Protection>) -> ! {
    let Ok(key) = KeyPair::generate() else { cannot_start("no key pair could be made") };
    say(&Answer::Ready { seal_key: *key.public(), protections });
    let mut holding = Holding { key: Some(key), custody: None, deadline: Duration::ZERO, held: BTreeMap::new() };
    for order in orders {
        match order {
            Order::Begin { custody, deadline_ms } if holding.custody.is_none() => {
                holding.custody = Some(custody);
                holding.deadline = Duration::from_millis(deadline_ms.into());
            }
            Order::Begin { .. } => exit(code::GARBLED),
            Order::Picture { label, sealed } => {
                if holding.held.is_empty() {
                    let _ = alarm.send(holding.deadline + GRACE);
                }
                say(&match holding.take(label, &sealed) {
                    Ok(bytes) => Answer::Taken { bytes },
                    Err(why) => Answer::NotTaken(why),
                });
            }
            Order::Judge { challenge, today } => holding.judge(models, &challenge, &today),
            Order::Abandon => {
                let (pictures, bytes) = holding.count();
                holding.overwrite();
                say(&Answer::Abandoned { pictures, bytes });
                exit(code::DONE)
            }
        }
    }
    exit(code::ORPHAN)
}

/// What a worker holds for its one custody.
struct Holding {
    key: Option<KeyPair>,
    custody: Option<CustodyId>,
    deadline: Duration,
    held: BTreeMap<Part, (Label, Zeroizing<Vec<u8>>)>,
}

impl Holding {
    /// Unseals one picture and keeps it; a part sent again replaces the earlier one.
    fn take(&mut self, label: Label, sealed: &[u8]) -> Result<u32, NotTaken> {
        let custody = self.custody.ok_or(NotTaken::OutOfOrder)?;
        let others: usize =
            self.held.iter().filter(|(part, _)| **part != label.part).map(|(_, (_, picture))| picture.len()).sum();
        if sealed.len() > PICTURE_BYTES + SEAL_BYTES || others + sealed.len() > CUSTODY_BYTES {
            return Err(NotTaken::TooLarge);
        }
        let key = self.key.as_ref().ok_or(NotTaken::OutOfOrder)?;
        let bound = label.associated_data(custody);
        let picture = key.open(&seal_info(custody), bound.as_bytes(), sealed).map_err(|_| NotTaken::Unsealable)?;
        let bytes = u32::try_from(picture.len()).map_err(|_| NotTaken::TooLarge)?;
        self.held.insert(label.part, (label, picture));
        Ok(bytes)
    }

    fn count(&self) -> (u32, u64) {
        let bytes = self.held.values().map(|(_, picture)| picture.len() as u64).sum();
        (u32::try_from(self.held.len()).unwrap_or(u32::MAX), bytes)
    }

    /// Judges, overwrites, answers and ends the process.
    fn judge(mut self, models: &Models, challenge: &Challenge, today: &str) -> ! {
        let (pictures, bytes) = self.count();
        if point::reach("worker-unsealed") {
            self.leak();
        }
        let mut last = None;
        let mut told = |stage: Stage| {
            // A stage is told once, however many pictures it takes in.
            if last.replace(stage) != Some(stage) {
                say(&Answer::Stage(stage));
            }
            let _ = point::reach(place(stage));
        };
        let judgement = match (self.capture(), today.parse()) {
            (Some(capture), Ok(today)) => judge(models, capture, challenge, today, &mut told),
            _ => Judgement { verdict: Verdict::Retake, reasons: vec![Reason::PictureMissing], card: None },
        };
        let judged = Instant::now();
        say(&Answer::Stage(Stage::Destroy));
        let _ = point::reach("worker-judged");
        self.overwrite();
        let _ = point::reach("worker-overwritten");
        let overwritten_us = u64::try_from(judged.elapsed().as_micros()).unwrap_or(u64::MAX);
        say(&Answer::Verdict { judgement, pictures, bytes, overwritten_us });
        exit(code::DONE)
    }

    /// A planted fault of debug builds: says a picture aloud, as a careless error message would.
    fn leak(&self) {
        for (_, picture) in self.held.values() {
            let hex: String = picture.iter().take(256).map(|byte| format!("{byte:02x}")).collect();
            say(&Answer::CannotStart(hex));
        }
    }

    /// Moves the pictures out, in the order of the numbers; `None` when the card or the first face is missing.
    fn capture(&mut self) -> Option<Capture> {
        let (_, mut card) = self.held.remove(&Part::Card)?;
        if !self.held.contains_key(&Part::Face(0)) {
            return None;
        }
        let frames = std::mem::take(&mut self.held).into_values();
        let frames = frames.map(|(label, mut picture)| Frame {
            action: label.action,
            at_ms: label.at_ms,
            picture: std::mem::take(&mut *picture),
        });
        Some(Capture { card: std::mem::take(&mut *card), frames: frames.collect() })
    }

    /// Overwrites every picture; the private key overwrites itself when dropped.
    fn overwrite(&mut self) {
        for (_, picture) in self.held.values_mut() {
            picture.zeroize();
        }
        self.held.clear();
        self.key = None;
    }
}

/// Sends one answer; without a parent to hear it there is nothing left to do.
fn say(answer: &Answer) {
    let (kind, body) = answer.to_frame();
    let mut pipe = stdout().lock();
    if write_frame(&mut pipe, kind, &body).and_then(|()| pipe.flush()).is_err() {
        exit(code::ORPHAN);
    }
}

/// The fail point at the beginning of a stage.
const fn place(stage: Stage) -> &'static str {
    match stage {
        Stage::Decode => "worker-decode",
        Stage::FindCard => "worker-find-card",
        Stage::ReadCard => "worker-read-card",
        Stage::FindFace => "worker-find-face",
        Stage::Compare => "worker-compare",
        Stage::Presence => "worker-presence",
        Stage::Destroy => "worker-destroy",
    }
}
