//! The child: confines itself, answers one question about the document on its standard input, and ends.

use super::distant::Distant;
use super::{Ask, draw, judge};
use crate::worker::sandbox::{close_calls, close_files, close_memory};
use lionrock_pki::pdf;
use lionrock_service::port::document::{Inspection, LARGEST};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::fs::File;
use std::io::{Read, Write};
use std::process::exit;

/// Address space of a child, in bytes.
const ADDRESS_SPACE: u64 = 1 << 30;
/// Processor seconds of a child.
const PROCESSOR_SECONDS: u64 = 15;
/// How a child ended, as its exit code.
const DONE: i32 = 0;
const CANNOT_START: i32 = 78;
const WENT_WRONG: i32 = 70;
/// The argument that says that standard input answers questions, see [`super::distant`].
pub const DISTANT: &str = "--distant";
/// First byte of an answer.
pub const ANSWER: u8 = b'+';
/// First byte of a refusal, with the reason after it.
pub const REFUSAL: u8 = b'-';

/// Turns this process into a child when the arguments ask for it; otherwise returns. Must be called first in `main`.
pub fn take_over_if_asked() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(super::VERB) {
        return;
    }
    // A panic ends the child without a word: a message could quote the document.
    std::panic::set_hook(Box::new(|_| exit(WENT_WRONG)));
    let Some(ask) = arguments.next().and_then(|text| serde_json::from_str(&text).ok()) else { exit(CANNOT_START) };
    let options: Vec<String> = arguments.collect();
    let has = |option: &str| options.iter().any(|one| one == option);
    let (strict, distant) = (has("--strict"), has(DISTANT));
    let Ok(document) = rustix::io::dup(rustix::stdio::stdin()) else { exit(CANNOT_START) };
    // Fonts and tables of the libraries prepare themselves on first use; digests too.
    let _ = lionrock_crypto::digest::sha256(b"");
    let mut held = close_memory();
    held.extend(close_files());
    for (resource, value) in [(Resource::As, ADDRESS_SPACE), (Resource::Cpu, PROCESSOR_SECONDS)] {
        let _ = setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) });
    }
    held.extend(close_calls());
    // Nothing secret is in here: memory that may be swapped is no reason not to read.
    if strict && held.iter().any(|one| !one.held && one.name != "memory-locked") {
        exit(CANNOT_START);
    }
    let document = File::from(document);
    let answered = if distant {
        Distant::open(document).map_err(|error| error.to_string()).and_then(|mut one| answer(&ask, &mut one, true))
    } else {
        let mut document = document;
        answer(&ask, &mut document, false)
    };
    let (first, answer) = match answered {
        Ok(answer) => (ANSWER, answer),
        Err(why) => (REFUSAL, why.into_bytes()),
    };
    let mut out = std::io::stdout().lock();
    let said = out.write_all(&[first]).and_then(|()| out.write_all(&answer)).and_then(|()| out.flush());
    exit(if said.is_ok() { DONE } else { WENT_WRONG })
}

fn answer(ask: &Ask, document: &mut dyn pdf::Source, large: bool) -> Result<Vec<u8>, String> {
    let wrong = |error: lionrock_pki::Error| error.to_string();
    match ask {
        Ask::Inspect => {
            let found = pdf::Document::open(document).and_then(|mut one| one.inspect()).map_err(wrong)?;
            let words = |refused: bool| {
                found
                    .findings
                    .iter()
                    .filter(|one| !refused || one.is_refused())
                    .map(|one| one.word().to_owned())
                    .collect()
            };
            json(&Inspection { pages: found.pages, findings: words(false), refused: words(true) })
        }
        Ask::Draw { page, width } => {
            let (bytes, page) = guarded(document, *page, large)?;
            draw::picture(bytes, page, *width)
        }
        Ask::Text { page } => {
            let (bytes, page) = guarded(document, *page, large)?;
            draw::text(bytes, page).map(String::into_bytes)
        }
        Ask::Judge { signature, anchors } => {
            json(&judge::judge(document, signature.as_deref(), anchors).map_err(|error| error.to_string())?)
        }
        Ask::Misbehave(how) => misbehave(how),
    }
}

/// The whole document in memory, when our own strict reader takes it: nothing that only one of two readers understands is shown. Of a large
/// one the page alone, as a document of its own.
fn guarded(document: &mut dyn pdf::Source, page: u64, large: bool) -> Result<(Vec<u8>, u64), String> {
    let wrong = |error: lionrock_pki::Error| error.to_string();
    if large {
        let taken = pdf::Document::open(document).and_then(|mut one| pdf::excerpt(&mut one, page)).map_err(wrong)?;
        return Ok((taken, 0));
    }
    pdf::Document::open(document).and_then(|mut one| one.pages()).map_err(wrong)?;
    let mut bytes = Vec::new();
    document.rewind().map_err(|error| error.to_string())?;
    document.take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() > LARGEST { Err("the document is too large".to_owned()) } else { Ok((bytes, page)) }
}

fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, String> {
    serde_json::to_vec(value).map_err(|error| error.to_string())
}

/// What a document must not be able to do, done on purpose: debug builds only.
fn misbehave(how: &str) -> Result<Vec<u8>, String> {
    if !cfg!(debug_assertions) {
        return Err("not in this build".to_owned());
    }
    match how {
        "memory" => {
            let mut held = Vec::new();
            loop {
                held.push(vec![1_u8; 64 << 20]);
            }
        }
        "time" => loop {
            std::hint::spin_loop();
        },
        "stack" => Ok(vec![deep(0)]),
        "file" => std::fs::read("/etc/hostname").map_err(|_| "kept out".to_owned()),
        "write" => {
            std::fs::write("/tmp/lionrock-document", b"x").map(|()| Vec::new()).map_err(|_| "kept out".to_owned())
        }
        "network" => std::os::unix::net::UnixDatagram::unbound().map(|_| Vec::new()).map_err(|_| "kept out".to_owned()),
        _ => Err("no such fault".to_owned()),
    }
}

#[allow(unconditional_recursion, reason = "a planted fault")]
fn deep(depth: u64) -> u8 {
    let here = std::hint::black_box([u8::try_from(depth & 0xff).unwrap_or(0); 4096]);
    deep(depth + 1).wrapping_add(here.first().copied().unwrap_or(0))
}
