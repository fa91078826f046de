//! `lionrock verify access-history FILE`

use super::place::Place;
use super::receipt::read_up_to;
use super::{Outcome, Trust, keys};
use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::Timestamp;
use lionrock_ledger::access::{AccessHistory, LARGEST, Said, Summary};
use lionrock_ledger::cosign::Cosigner;
use lionrock_ledger::note::Verifier;
use lionrock_ledger::source::Source;
use lionrock_ledger::tag;
use lionrock_ledger::verify::Log;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Which history.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The history, as downloaded; `-` reads standard input.
    file: String,
    #[command(flatten)]
    trust: Trust,
    /// The log, folder or address: read whole, it must still contain what the history proves, and nothing more about the person.
    #[arg(long)]
    log: Option<String>,
    /// Verifier keys of a witness (`name+id+key`), or a file with them: the checkpoint must carry its cosignature.
    #[arg(long = "witness")]
    witnesses: Vec<String>,
    /// A history downloaded earlier: this one must continue it.
    #[arg(long)]
    against: Option<String>,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Numbers after the last one that are looked for in a whole log: a platform that skips some hides nothing.
const AHEAD: u64 = 4096;

pub fn run(arguments: &Arguments) -> Result<Outcome> {
    let file = read_up_to(&arguments.file, LARGEST as u64 + 1)?;
    let history = match AccessHistory::parse(&file) {
        Ok(history) => history,
        Err(error) => return Ok(refused(arguments, &error.to_string())),
    };
    let place = arguments.log.as_deref().map(|log| Place::open(log, arguments.trust.ca.as_deref())).transpose()?;
    let trusted = arguments.trust.key.is_some() || place.is_some();
    let known = if trusted {
        keys(&arguments.trust, place.as_ref().map(|place| place as &dyn Source))?.0
    } else {
        match history.named_log() {
            Ok(key) => vec![key],
            Err(error) => return Ok(refused(arguments, &error.to_string())),
        }
    };
    let wanted = cosigners(&arguments.witnesses)?;
    let named = match history.named_witnesses() {
        Ok(named) => named,
        Err(error) => return Ok(refused(arguments, &error.to_string())),
    };
    let asked = if wanted.is_empty() { &named } else { &wanted };
    let said = match history.check(&known, asked) {
        Ok(said) => said,
        Err(error) => return Ok(refused(arguments, &error.to_string())),
    };
    let signed: BTreeSet<&str> = said.cosigned.iter().map(|one| one.name.as_str()).collect();
    if let Some(missing) = wanted.iter().map(Cosigner::name).find(|name| !signed.contains(name)) {
        let why = format!("the witness {missing} did not cosign the checkpoint: the log may show others another one");
        return Ok(refused(arguments, &why));
    }
    let mut lines = vec![('✓', format!("{} entries about {}, none missing", said.entries.len(), said.resident))];
    lines.extend(said.entries.iter().map(|one| (' ', told(one))));
    if said.withheld > 0 {
        lines.push((
            '!',
            format!("{} withheld for now by a legal hold: what they say, not that they exist", said.withheld),
        ));
    }
    lines.push((' ', format!("  mark of this history: {}", said.mark)));
    let size = said.checkpoint.size;
    lines.push(('✓', format!("under a signed checkpoint of {size} entries of {}", said.checkpoint.origin)));
    lines.extend(cosigned(&said));
    if !said.from_the_beginning {
        lines.push((
            '!',
            "it does not begin with the beginning of an account: entries from before this was kept are not in it"
                .into(),
        ));
    }
    if let Some(earlier) = &arguments.against {
        match continues(earlier, &history, &said, &known)? {
            Ok(count) => lines.push(('✓', format!("continues the earlier history of {count} entries"))),
            Err(why) => return Ok(refused(arguments, &why)),
        }
    }
    let mut since = None;
    if let Some(place) = place {
        match whole_log(place, &history, &said, known)? {
            Ok((now, more)) => {
                lines.push(('✓', format!("the whole log was read, now {now} entries: it continues the checkpoint and holds no other entry about the person")));
                if more > 0 {
                    lines.push((' ', format!("  {more} more since this file was made: download a new one")));
                }
                since = Some(more);
            }
            Err(why) => return Ok(refused(arguments, &why)),
        }
    }
    if !trusted {
        lines
            .push(('!', "the log's key came with the file: give --key or --log to hold it to the log you know".into()));
    }
    let json = json!({
        "ok": true,
        "log": said.checkpoint.origin,
        "size": size,
        "root": said.checkpoint.root.to_base64(),
        "resident": said.resident,
        "mark": said.mark,
        "entries": said.entries.iter().map(entry_json).collect::<Vec<_>>(),
        "withheld": said.withheld,
        "from_the_beginning": said.from_the_beginning,
        "cosigned": said.cosigned.iter().map(|one| json!({"name": one.name, "algorithm": one.algorithm, "time": one.time})).collect::<Vec<_>>(),
        "more_since": since,
        "key_given": trusted,
    });
    Ok(Outcome { lines, json: arguments.json.then_some(json), good: true, advice: "" })
}

fn refused(arguments: &Arguments, reason: &str) -> Outcome {
    Outcome {
        lines: vec![('✗', reason.to_owned())],
        json: arguments.json.then(|| json!({"ok": false, "reason": reason})),
        good: false,
        advice: "keep this file and download another one; if that is no better, send both to the privacy officer and to your data-protection authority",
    }
}

fn cosigned(said: &Summary) -> Vec<(char, String)> {
    if said.cosigned.is_empty() {
        return vec![(
            '!',
            "no witness cosigned the checkpoint: nobody outside says that others are shown the same log".into(),
        )];
    }
    let line = |one: &lionrock_ledger::cosign::Cosigned| {
        let at = i64::try_from(one.time).ok().and_then(|time| Timestamp::from_second(time).ok());
        (
            '✓',
            format!(
                "cosigned by {} ({}) at {}",
                one.name,
                one.algorithm,
                at.map(|at| at.to_string()).unwrap_or_default()
            ),
        )
    };
    said.cosigned.iter().map(line).collect()
}

/// The witnesses' keys, as given.
pub(crate) fn cosigners(given: &[String]) -> Result<Vec<Cosigner>> {
    let mut found = Vec::new();
    for one in given {
        let text = if Path::new(one).is_file() { std::fs::read_to_string(one)? } else { one.clone() };
        let before = found.len();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            found.push(Cosigner::parse(line).with_context(|| format!("--witness {one}"))?);
        }
        if found.len() == before {
            bail!("--witness {one}: no verifier key in it");
        }
    }
    Ok(found)
}

/// One entry, as a line.
fn told(one: &Said) -> String {
    let at = |millis: i64| Timestamp::from_millisecond(millis).map(|at| at.to_string()).unwrap_or_default();
    let kind = one.leaf.kind.as_str();
    let Some(event) = &one.event else {
        let why = if one.withheld { "withheld" } else { "kept no more" };
        let hour = i64::try_from(one.leaf.time.seconds()).unwrap_or(0).saturating_mul(1000);
        return format!("{:>5}  {} (hour)  {kind}: {why}", one.number, at(hour));
    };
    let moment = at(event.get("at").and_then(Value::as_i64).unwrap_or_default());
    let text = |place: &str| event.pointer(place).and_then(Value::as_str);
    let mut words = vec![kind.to_owned()];
    if let Some(role) = text("/body/by/role") {
        words.push(format!("by staff: {role} of {}", text("/body/by/unit").unwrap_or("?")));
    } else if let Some(service) = text("/body/by/service") {
        words.push(format!("by the service {service}"));
    } else if event.pointer("/body/by/platform").is_some() {
        words.push("by the platform".to_owned());
    }
    let fields = event.pointer("/body/fields").and_then(Value::as_array).into_iter().flatten();
    let fields: Vec<_> = fields.filter_map(Value::as_str).collect();
    if !fields.is_empty() {
        words.push(fields.join(", "));
    }
    words.extend(text("/body/purpose").map(|purpose| format!("for {purpose}")));
    format!("{:>5}  {moment}  {}", one.number, words.join("; "))
}

fn entry_json(one: &Said) -> Value {
    json!({"number": one.number, "index": one.index, "type": one.leaf.kind.as_str(), "withheld": one.withheld, "event": one.event})
}

/// Does the history continue an earlier one: the same mark, the same entries at the same places, and more behind them?
fn continues(
    earlier: &str,
    history: &AccessHistory,
    said: &Summary,
    known: &[Verifier],
) -> Result<Result<usize, String>> {
    let file = read_up_to(earlier, LARGEST as u64 + 1)?;
    let before = AccessHistory::parse(&file).map_err(|error| error.to_string());
    let before = match before
        .and_then(|before| before.check(known, &[]).map(|said| (before, said)).map_err(|error| error.to_string()))
    {
        Ok(before) => before,
        Err(why) => return Ok(Err(format!("the earlier history: {why}"))),
    };
    if before.1.mark != said.mark || before.1.resident != said.resident {
        return Ok(Err("the earlier history has another mark or account: this one is not its continuation".to_owned()));
    }
    if before.1.checkpoint.size > said.checkpoint.size {
        return Ok(
            Err("the earlier history is the later one: the log was cut, or the files were exchanged".to_owned()),
        );
    }
    let same = before.0.entries.iter().zip(&history.entries);
    let fits = before.0.entries.len() <= history.entries.len()
        && same.into_iter().all(|(old, new)| (&old.entry, old.index) == (&new.entry, new.index));
    Ok(if fits {
        Ok(before.1.entries.len())
    } else {
        Err("entries of the earlier history are missing or others now: the log was forked".to_owned())
    })
}

/// Reads the whole log: it continues the checkpoint, and no entry under it carries another tag of the person.
fn whole_log(
    place: Place,
    history: &AccessHistory,
    said: &Summary,
    known: Vec<Verifier>,
) -> Result<Result<(u64, u64), String>> {
    let origin = known.first().map(|key| key.name().to_owned()).unwrap_or_default();
    let count = said.entries.len() as u64;
    let tags: BTreeMap<tag::Tag, u64> =
        (1..=count + AHEAD).map(|number| (tag::of(&history.history_key, number), number)).collect();
    let (mut hidden, mut more) = (None, 0);
    let size = said.checkpoint.size;
    let log = Log { source: place, origin, known };
    let bar = super::log::bar();
    let report = log.verify_each(
        Some(history.checkpoint.as_bytes()),
        &mut |done, all| super::log::advance(&bar, done, all),
        &mut |index, leaf| {
            let number = leaf.tag.and_then(|tag| tags.get(&tag).copied()).filter(|number| *number > count);
            match number {
                Some(number) if index < size => hidden = Some((index, number)),
                Some(_) => more += 1,
                None => {}
            }
        },
    )?;
    bar.finish_and_clear();
    if let Some(finding) = report.findings.first() {
        return Ok(Err(format!("the log given does not fit: {finding}")));
    }
    if let Some((index, number)) = hidden {
        return Ok(Err(format!(
            "entry {index} of the log is entry {number} of this history, and the file leaves it out"
        )));
    }
    Ok(Ok((report.entries, more)))
}
