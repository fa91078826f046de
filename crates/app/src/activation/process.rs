//! The process of the chamber: confined, then opened, then answering one order after the other until its pipe closes.

use super::{ANSWER, Message, read, write};
use crate::clock;
use crate::worker::point;
use crate::worker::sandbox::{close_calls, close_files, close_memory_for_good};
use lionrock_activation::{Answer, Chamber};
use lionrock_crypto::random::System;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use std::io::{stdin, stdout};
use std::process::exit;

/// How the process ended, as its exit code.
pub mod code {
    /// The keeper's pipe closed.
    pub const ORPHAN: i32 = 71;
    /// A message of no known form arrived.
    pub const GARBLED: i32 = 72;
    /// It could not start.
    pub const CANNOT_START: i32 = 78;
}

/// Runs a chamber on standard input and output until it ends.
pub fn run(strict: bool) -> ! {
    // A panic ends the process without a word: a message could quote what it was reading.
    std::panic::set_hook(Box::new(|_| exit(70)));
    let mut protections = close_memory_for_good();
    // Generator and curves prepare themselves on first use; that may look at files, so it happens now.
    drop(SigningKey::generate(Algorithm::Es256).and_then(|key| key.sign(b"")));
    let _ = clock::now();
    protections.extend(close_files());
    protections.extend(close_calls());
    if strict && protections.iter().any(|protection| !protection.held) {
        exit(code::CANNOT_START);
    }
    let (mut from, mut to) = (stdin().lock(), stdout().lock());
    let chamber = match read(&mut from) {
        Ok(Some(Message::Opening(opening))) => Chamber::open(&opening, clock::now().0),
        _ => exit(code::GARBLED),
    };
    let Ok(mut chamber) = chamber else { exit(code::CANNOT_START) };
    let held = protections.into_iter().map(|protection| (protection.name, protection.held)).collect();
    say(&mut to, &Answer::Ready(held));
    loop {
        match read(&mut from) {
            Ok(Some(Message::Order(order))) => {
                let _ = point::reach("activation-asked");
                let answer = chamber.answer(&order, clock::now().0, &System);
                let _ = point::reach("activation-signed");
                say(&mut to, &answer);
            }
            Ok(None) => exit(code::ORPHAN),
            _ => exit(code::GARBLED),
        }
    }
}

fn say(to: &mut impl std::io::Write, answer: &Answer) {
    if write(to, ANSWER, answer).is_err() {
        exit(code::ORPHAN);
    }
}
