//! Sole control as processes: one that alone holds the activation key, and one that starts it again when it dies.
//!
//! ```text
//! web ──order──▶ client ══ two pipes ══ keeper ══ two pipes ══ chamber (activation key, used approvals; sandboxed)
//! ```
//! The server hands the activation key over once, through the first pipe, and forgets it. The [`keeper`] hands it to the
//! [`process`] of the chamber, and again to its successor when that dies; what was asked of the dead one is answered `lost`, and
//! nothing was signed. When the keeper itself dies the [`client`] starts another, if the root of all keys can be read without
//! people (a file, a module); where it lies in shares, signing waits for the next start.

#![allow(
    clippy::disallowed_methods,
    reason = "processes stand at the edge: they read the clock approvals are measured by"
)]

pub mod client;
pub mod keeper;
pub mod process;

use crate::worker::codec;
use lionrock_activation::{Answer, Opening, Order};
use std::io::{Error, ErrorKind, Read, Result, Write};
use zeroize::Zeroizing;

/// Kinds of frames.
const OPENING: u8 = 1;
const ORDER: u8 = 2;
const ANSWER: u8 = 3;

/// Turns this process into keeper or chamber, when the arguments ask for it (`activation [--strict] [--chamber]`); otherwise
/// returns. Must be called first in `main`, before any thread exists.
pub fn take_over_if_asked() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let strict = arguments.contains(&"--strict");
    match arguments.as_slice() {
        ["activation", "--chamber"] | ["activation", "--chamber", "--strict"] => process::run(strict),
        ["activation"] | ["activation", "--strict"] => keeper::run(strict),
        _ => {}
    }
}

fn write<T: serde::Serialize>(to: &mut impl Write, kind: u8, value: &T) -> Result<()> {
    let body = Zeroizing::new(serde_json::to_vec(value)?);
    codec::write_frame(to, kind, &body)
}

/// One message; `None` when the other side closed the pipe between messages.
fn read(from: &mut impl Read) -> Result<Option<Message>> {
    let Some((kind, body)) = codec::read_frame(from)? else { return Ok(None) };
    message(kind, &body).map(Some)
}

enum Message {
    Opening(Opening),
    Order(Order),
    Answer(Answer),
}

fn message(kind: u8, body: &[u8]) -> Result<Message> {
    let wrong = |_| Error::from(ErrorKind::InvalidData);
    match kind {
        OPENING => serde_json::from_slice(body).map(Message::Opening).map_err(wrong),
        ORDER => serde_json::from_slice(body).map(Message::Order).map_err(wrong),
        ANSWER => serde_json::from_slice(body).map(Message::Answer).map_err(wrong),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}
