//! `lionrock verify receipt FILE`

use super::place::Place;
use super::{Outcome, Trust, keys};
use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::Timestamp;
use lionrock_ledger::receipt::{Receipt, Statement};
use lionrock_ledger::source::Source;
use lionrock_ledger::verify::Log;
use serde_json::{Value, json};
use std::io::Read as _;

/// Which receipt.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The receipt, as downloaded; `-` reads standard input.
    file: String,
    #[command(flatten)]
    trust: Trust,
    /// The log, folder or address: it must still contain what the receipt proves.
    #[arg(long)]
    log: Option<String>,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<Outcome> {
    let file = read(&arguments.file)?;
    let receipt = match Receipt::parse(&file) {
        Ok(receipt) => receipt,
        Err(error) => return Ok(refused(arguments, &error.to_string())),
    };
    let place = arguments.log.as_deref().map(|log| Place::open(log, arguments.trust.ca.as_deref())).transpose()?;
    let trusted = arguments.trust.key.is_some() || place.is_some();
    let known = if trusted {
        keys(&arguments.trust, place.as_ref().map(|place| place as &dyn Source))?.0
    } else {
        match receipt.named_log() {
            Ok(key) => vec![key],
            Err(error) => return Ok(refused(arguments, &error.to_string())),
        }
    };
    let statement = match receipt.check(&known) {
        Ok(statement) => statement,
        Err(error) => return Ok(refused(arguments, &error.to_string())),
    };
    let mut lines = vec![('✓', "the statement is signed, and the log holds its digest".to_owned())];
    lines.extend(facts(&statement));
    let (size, origin) = (statement.checkpoint.size, statement.checkpoint.origin.clone());
    lines.push((
        '✓',
        format!(
            "entry {} ({}) of {origin}, under a signed checkpoint of {size} entries",
            statement.index,
            statement.leaf.kind.as_str()
        ),
    ));
    let mut now = None;
    if let Some(place) = place {
        let log = Log { source: place, origin, known };
        match log.continues(&statement.checkpoint)? {
            Ok(checkpoint) => {
                lines.push(('✓', format!("the log still contains it, now with {} entries", checkpoint.size)));
                now = Some(checkpoint.size);
            }
            Err(finding) => {
                return Ok(refused(
                    arguments,
                    &format!("the log given does not continue the receipt's checkpoint: {finding}"),
                ));
            }
        }
    }
    if !trusted {
        lines
            .push(('!', "the log's key came with the file: give --key or --log to hold it to the log you know".into()));
    }
    let json = json!({
        "ok": true,
        "log": statement.checkpoint.origin,
        "index": statement.index,
        "type": statement.leaf.kind.as_str(),
        "size": size,
        "log_size_now": now,
        "key_given": trusted,
        "statement": statement.claims,
    });
    Ok(Outcome { lines, json: arguments.json.then_some(json), good: true, advice: "" })
}

const LARGEST: u64 = 1024 * 1024;

fn read(file: &str) -> Result<Vec<u8>> {
    read_up_to(file, LARGEST)
}

/// The file, or standard input for `-`, at most so many bytes of it.
pub(super) fn read_up_to(file: &str, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file == "-" {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes).context("cannot read standard input")?;
    } else {
        let opened = std::fs::File::open(file).with_context(|| format!("cannot read {file}"))?;
        opened.take(most).read_to_end(&mut bytes).with_context(|| format!("cannot read {file}"))?;
    }
    if bytes.is_empty() {
        bail!("{file} is empty");
    }
    Ok(bytes)
}

fn refused(arguments: &Arguments, reason: &str) -> Outcome {
    Outcome {
        lines: vec![('✗', reason.to_owned())],
        json: arguments.json.then(|| json!({"ok": false, "reason": reason})),
        good: false,
        advice: "download it again; if that is no better, send both files to the operator and to your data-protection authority",
    }
}

/// The claims, one a line, times as people read them.
fn facts(statement: &Statement) -> Vec<(char, String)> {
    let line = |(name, value): (&String, &Value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => {
                number.as_i64().and_then(|number| time(name, number)).unwrap_or(number.to_string())
            }
            other => other.to_string(),
        };
        (' ', format!("  {name}: {text}"))
    };
    statement.claims.iter().map(line).collect()
}

/// Unix milliseconds (or seconds, in JWT's own claims) as a time; `None` for what is no time.
fn time(name: &str, number: i64) -> Option<String> {
    let seconds = matches!(name, "iat" | "exp" | "nbf");
    let found = if seconds { Timestamp::from_second(number) } else { Timestamp::from_millisecond(number) };
    // Nothing of ours happened before 2001; smaller numbers count something.
    let plausible = seconds || number > 1_000_000_000_000;
    found.ok().filter(|_| plausible).map(|time| format!("{time:.3}"))
}
