//! `lionrock audit PLACE`: what an auditor checks without trusting anybody here. `lionrock audit --make FILE --config CONFIG` makes
//! what auditors are given beside the public log.

use super::verify::access_history::cosigners;
use super::verify::log::{advance, bar};
use super::verify::place::Place;
use super::verify::{Outcome, Trust, keys};
use crate::config::Config;
use crate::{clock, start};
use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use jiff::Timestamp;
use lionrock_crypto::digest::sha256;
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::cosign;
use lionrock_ledger::leaf::Leaf;
use lionrock_ledger::source::Source as _;
use lionrock_ledger::tile;
use lionrock_ledger::verify::Log;
use lionrock_model::policy::staff::PINNED;
use lionrock_service::access::acts::Acts;
use lionrock_service::access::openings;
use lionrock_service::{Fault, statement};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to audit.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Folder of published files (a platform's data folder will do), or address such as `https://id.example.hk/ledger`.
    #[arg(required_unless_present = "make")]
    place: Option<String>,
    #[command(flatten)]
    trust: Trust,
    /// What auditors were given beside the log: bodies of entries, by `--make`.
    #[arg(long)]
    openings: Option<PathBuf>,
    /// Verifier keys of a witness, or a file with them: the checkpoint must carry its cosignature, not older than `--fresh`.
    #[arg(long = "witness")]
    witnesses: Vec<String>,
    /// Seconds a cosignature may be older than now; nobody asks when absent.
    #[arg(long)]
    fresh: Option<u64>,
    /// A checkpoint kept from before: the log must continue it.
    #[arg(long)]
    against: Option<PathBuf>,
    /// Officers whose signatures stand in entries, as `[[officer]]` lines of a configuration: they are checked again.
    #[arg(long)]
    officers: Option<PathBuf>,
    /// Digest of a policy of an earlier release, as its documents name it: decisions may name it beside that of this program.
    #[arg(long = "policy")]
    policies: Vec<String>,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
    /// Make the auditors' file here; must not exist. No personal data is in it.
    #[arg(long, requires = "config")]
    make: Option<PathBuf>,
    /// Configuration of the platform, for `--make`.
    #[arg(long)]
    config: Option<PathBuf>,
}

/// Runs the command.
pub async fn run(arguments: Arguments) -> ExitCode {
    if let (Some(out), Some(config)) = (&arguments.make, &arguments.config) {
        return match make(out, config).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => super::cannot(&error, "nothing was made"),
        };
    }
    let done = tokio::task::spawn_blocking(move || audit(&arguments));
    match done.await.context("the audit broke off").and_then(|outcome| outcome) {
        Ok(outcome) => outcome.show(),
        Err(error) => super::cannot(&error, "nothing was audited; mend this and run it again"),
    }
}

#[allow(clippy::print_stdout)]
async fn make(out: &Path, config: &Path) -> Result<()> {
    let config = Config::read(config)?;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(out);
    let file = file.with_context(|| format!("cannot make {}: it may exist already", out.display()))?;
    let platform = start::beside(&config).await?;
    let mut file = std::io::BufWriter::new(file);
    let line =
        |line: &Value| writeln!(file, "{line}").map_err(|error| Fault::outside(format!("cannot write: {error}")));
    let count = openings::openings(&platform, &clock::platform_caller(), line).await?;
    file.flush().context("cannot write")?;
    platform.store.close().await;
    println!("{count} openings written to {}; the ledger has an entry that they were made", out.display());
    Ok(())
}

/// Type of the entries that have an officer's signature.
const SIGNED: &str = "staff.act-signed";

/// What is wrong beside the log itself.
struct Wrong {
    code: &'static str,
    text: String,
}

/// What the openings showed.
#[derive(Default)]
struct Seen {
    openings: u64,
    receipts: u64,
    ceremonies: u64,
    signatures: u64,
    /// Each policy that decisions name, with the first and last entry that does.
    policies: BTreeMap<String, (u64, u64)>,
    opened: BTreeMap<String, u64>,
    /// Signatures of officers' keys, and what stands on them.
    acts: Acts,
    /// Legal holds whose signatures nobody checked, for want of officers' keys.
    unchecked: u64,
    wrong: Vec<Wrong>,
}

fn audit(arguments: &Arguments) -> Result<Outcome> {
    let given = arguments.place.as_deref().context("give the folder or address of the log")?;
    let place = Place::open(given, arguments.trust.ca.as_deref())?;
    let kept = arguments
        .against
        .as_ref()
        .map(|file| std::fs::read(file).with_context(|| format!("cannot read {}", file.display())));
    let kept = kept.transpose()?;
    let (known, pinned) = keys(&arguments.trust, Some(&place))?;
    let origin = known.first().map(|key| key.name().to_owned()).unwrap_or_default();
    let witnesses = cosigners(&arguments.witnesses)?;
    // The newest checkpoint that witnesses signed is what is audited, when one is asked for.
    let mut wrong = Vec::new();
    let cosigned = witnessed(&place, &origin, &known, &witnesses, arguments.fresh, &mut wrong)?;
    let openings = arguments.openings.as_deref().map(read_openings).transpose()?.unwrap_or_default();
    let mut leaves: BTreeMap<u64, Leaf> = BTreeMap::new();
    let mut unopened = Vec::new();
    // What came after the openings were made is for the next audit.
    let given = openings.last_key_value().map_or(0, |(index, _)| *index);
    let log = Log { source: place, origin: origin.clone(), known };
    let bar = bar();
    let report = log.verify_each(kept.as_deref(), &mut |done, all| advance(&bar, done, all), &mut |index, leaf| {
        if openings.contains_key(&index) {
            leaves.insert(index, leaf.clone());
        } else if !openings.is_empty() && leaf.kind.as_str() == SIGNED && index < given {
            unopened.push(index);
        }
    })?;
    bar.finish_and_clear();
    let officers = arguments.officers.as_deref().map(officers).transpose()?.unwrap_or_default();
    let mut seen = Seen { wrong, ..Seen::default() };
    for (index, opening) in &openings {
        let outcome = match leaves.get(index) {
            Some(leaf) => seen.opening(*index, leaf, opening, &officers),
            None => Err("the log has no such entry".to_owned()),
        };
        if let Err(text) = outcome {
            seen.wrong.push(Wrong { code: "opening-wrong", text: format!("entry {index}: {text}") });
        }
    }
    for index in unopened {
        let text = format!("entry {index}: the opening of an officer's signature was not handed over");
        seen.wrong.push(Wrong { code: "act-missing", text });
    }
    seen.ends(&openings, &arguments.policies);
    let judged = std::mem::take(&mut seen.acts).judge();
    for wrong in &judged.wrong {
        seen.wrong.push(Wrong { code: wrong.code, text: format!("entry {}: {}", wrong.index, wrong.text) });
    }
    let good = report.is_good() && seen.wrong.is_empty();
    let findings: Vec<_> = report
        .findings
        .iter()
        .map(|finding| (finding.code(), finding.to_string()))
        .chain(seen.wrong.iter().map(|wrong| (wrong.code, wrong.text.clone())))
        .collect();
    let json = json!({
        "ok": good,
        "log": origin,
        "size": report.checkpoint.as_ref().map(|checkpoint| checkpoint.size),
        "entries": report.entries,
        "types": report.kinds,
        "continues": report.continues,
        "cosigned": cosigned.iter().map(|one| json!({"name": one.name, "algorithm": one.algorithm, "time": one.time})).collect::<Vec<_>>(),
        "openings": seen.openings,
        "receipts": seen.receipts,
        "ceremonies": seen.ceremonies,
        "signatures": seen.signatures,
        "acts": judged.signatures,
        "approved": judged.approved,
        "holds_unchecked": seen.unchecked,
        "policies": seen.policies.iter().map(|(hash, (first, last))| json!({"policy": hash, "first": first, "last": last})).collect::<Vec<_>>(),
        "key_given": pinned,
        "findings": findings.iter().map(|(code, text)| json!({"code": code, "text": text})).collect::<Vec<_>>(),
    });
    let mut lines = Vec::new();
    if report.is_good() {
        let index = report.kinds.get(lionrock_ledger::index::KIND).copied().unwrap_or(0);
        lines.push((
            '✓',
            format!(
                "{} entries of {origin}: every hash leads to the signed root, {index} index entries follow from them",
                report.entries
            ),
        ));
    }
    lines.extend(report.continues.map(|size| ('✓', format!("continues the kept checkpoint of {size} entries"))));
    for one in &cosigned {
        let at = i64::try_from(one.time).ok().and_then(|time| Timestamp::from_second(time).ok());
        lines.push((
            '✓',
            format!(
                "cosigned by {} ({}) at {}",
                one.name,
                one.algorithm,
                at.map(|at| at.to_string()).unwrap_or_default()
            ),
        ));
    }
    if seen.openings > 0 {
        lines.push((
            '✓',
            format!(
                "{} openings are what the log committed to: {} receipts, {} ceremonies, {} signatures under statements",
                seen.openings, seen.receipts, seen.ceremonies, seen.signatures
            ),
        ));
    }
    if judged.signatures > 0 {
        lines.push((
            '✓',
            format!(
                "{} signatures of officers' keys hold; {} entries stand on them",
                judged.signatures, judged.approved
            ),
        ));
    }
    if seen.unchecked > 0 {
        lines.push(('!', format!("{} statements of officers were not checked: give --officers", seen.unchecked)));
    }
    for (policy, (first, last)) in &seen.policies {
        lines.push((' ', format!("  policy {policy}: entries {first} to {last}")));
    }
    let lost = report.kinds.get(lionrock_ledger::access::LOST).copied().unwrap_or(0);
    if lost > 0 {
        lines.push((
            '!',
            format!(
                "{lost} entries were deleted from the database before they had their place: the log says so itself"
            ),
        ));
    }
    lines.extend(findings.iter().map(|(code, text)| ('✗', format!("{code:<14} {text}"))));
    if !pinned {
        lines.push((
            '!',
            "the key is the one published beside the log: give --key to hold it to the one you know".into(),
        ));
    }
    Ok(Outcome {
        lines,
        json: arguments.json.then_some(json),
        good,
        advice: "keep this copy, the openings and any checkpoint you have: together they show what was changed, and when",
    })
}

fn witnessed(
    place: &Place,
    origin: &str,
    known: &[lionrock_ledger::note::Verifier],
    witnesses: &[cosign::Cosigner],
    fresh: Option<u64>,
    wrong: &mut Vec<Wrong>,
) -> Result<Vec<cosign::Cosigned>> {
    if witnesses.is_empty() {
        return Ok(Vec::new());
    }
    let mut bytes = place.read(tile::CHECKPOINT)?.unwrap_or_default();
    if cosign::cosigned(&bytes, witnesses).is_ok_and(|found| found.is_empty()) {
        // The newest one may be a second old; the newest with cosignatures stands beside it.
        bytes = place.read(tile::WITNESSED)?.unwrap_or(bytes);
    }
    let note = Checkpoint::open(&bytes, origin, known);
    let found = note
        .map_err(|error| error.to_string())
        .and_then(|_| cosign::cosigned(&bytes, witnesses).map_err(|error| error.to_string()));
    let found = match found {
        Ok(found) => found,
        Err(text) => {
            wrong.push(Wrong { code: "bad-cosignature", text });
            return Ok(Vec::new());
        }
    };
    let now = u64::try_from(clock::now().seconds()).unwrap_or(0);
    for witness in witnesses {
        let mine: Vec<_> = found.iter().filter(|one| one.name == witness.name()).collect();
        if mine.is_empty() {
            let text = format!("{} did not cosign the newest checkpoint", witness.name());
            wrong.push(Wrong { code: "not-witnessed", text });
        } else if fresh.is_some_and(|limit| mine.iter().all(|one| one.time.saturating_add(limit) < now)) {
            let text = format!("the newest cosignature of {} is too old", witness.name());
            wrong.push(Wrong { code: "witness-late", text });
        }
    }
    wrong.dedup_by(|one, other| one.text == other.text);
    Ok(found)
}

/// One line of the auditors' file.
#[derive(Debug)]
struct Opening {
    event: String,
    key: [u8; 32],
    apart: Option<String>,
}

fn read_openings(path: &Path) -> Result<BTreeMap<u64, Opening>> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = BufReader::new(file).lines();
    let head = lines.next().transpose()?.unwrap_or_default();
    let head: Value = serde_json::from_str(&head).unwrap_or_default();
    if head.get("format").and_then(Value::as_str) != Some(openings::FORMAT) {
        bail!("{} does not begin with {:?}", path.display(), openings::FORMAT);
    }
    let mut found = BTreeMap::new();
    for (line, number) in lines.zip(2..) {
        let read = line.ok().as_deref().and_then(opening);
        let Some((index, opening)) = read else { bail!("{}, line {number}: cut off, or no opening", path.display()) };
        found.insert(index, opening);
    }
    Ok(found)
}

fn opening(line: &str) -> Option<(u64, Opening)> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |member: &str| value.get(member).and_then(Value::as_str);
    let key = URL_SAFE_NO_PAD.decode(text("event_key")?).ok()?.try_into().ok()?;
    let apart = text("apart").map(str::to_owned);
    Some((value.get("index")?.as_u64()?, Opening { event: text("event")?.to_owned(), key, apart }))
}

fn officers(path: &Path) -> Result<Vec<statement::Officer>> {
    #[derive(serde::Deserialize)]
    struct File {
        #[serde(default)]
        officer: Vec<crate::config::OfficerEntry>,
        realm: String,
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file: File = toml::from_str(&text).with_context(|| format!("{} has no realm and officers", path.display()))?;
    crate::config::oversight::officers(&file.officer, &lionrock_model::realm::Realm::parse(&file.realm)?)
}

impl Seen {
    fn opening(
        &mut self,
        index: u64,
        leaf: &Leaf,
        opening: &Opening,
        officers: &[statement::Officer],
    ) -> Result<(), String> {
        if !leaf.opens(&opening.key, opening.event.as_bytes()) {
            return Err("the log committed to something else".to_owned());
        }
        let event: Value = serde_json::from_str(&opening.event).map_err(|_| "its event is no JSON".to_owned())?;
        let kind = leaf.kind.as_str();
        if event.get("kind").and_then(Value::as_str) != Some(kind) {
            return Err("its event is of another type".to_owned());
        }
        let bound = event.get("apart").and_then(Value::as_str);
        let digest = opening.apart.as_ref().map(|apart| URL_SAFE_NO_PAD.encode(sha256(apart.as_bytes())));
        if bound != digest.as_deref() {
            return Err("what is kept apart is not what the event names".to_owned());
        }
        let body = event.get("body").cloned().unwrap_or_default();
        self.openings += 1;
        self.receipts += u64::from(body.get("receipt").is_some());
        self.ceremonies += u64::from(kind == "key.ceremony");
        let apart: Option<Value> = opening.apart.as_deref().and_then(|apart| serde_json::from_str(apart).ok());
        let office = apart.as_ref().and_then(|apart| apart.pointer("/apart/office/ticket_policy"));
        let named = ["policy", "ticket_policy"].iter().filter_map(|member| body.get(member)).chain(office);
        for policy in named.filter_map(Value::as_str) {
            self.policies.entry(policy.to_owned()).and_modify(|(_, last)| *last = index).or_insert((index, index));
        }
        self.acts.take(index, &event, apart.as_ref());
        if let Some(custody) = body.get("custody").and_then(Value::as_str) {
            let step = if kind == "custody.opened" { 1 } else { 0 };
            *self.opened.entry(custody.to_owned()).or_insert(0) += step;
            if kind == "custody.closed" {
                self.opened.remove(custody);
            }
        }
        match kind {
            lionrock_service::access::hold::LAID if officers.is_empty() => self.unchecked += 1,
            lionrock_service::access::hold::LAID => self.hold(opening, officers)?,
            _ => {}
        }
        Ok(())
    }

    /// The signatures of a hold, judged again.
    fn hold(&mut self, opening: &Opening, officers: &[statement::Officer]) -> Result<(), String> {
        use lionrock_service::access::hold::HoldClaims;
        let apart: Value =
            opening.apart.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let said = apart.get("apart").cloned().unwrap_or_default();
        let (claims, signatures) = (said.get("claims").cloned(), said.get("signatures").cloned());
        let file =
            json!({"claims": claims, "format": <HoldClaims as statement::Claims>::FORMAT, "signatures": signatures});
        let signed: statement::Signed<HoldClaims> =
            serde_json::from_value(file).map_err(|_| "a hold without its statement".to_owned())?;
        self.signatures += signed.signatures.len() as u64;
        signed.open(officers).map(drop).map_err(|error| format!("a hold: {error}"))
    }

    /// What is only seen when everything was read.
    fn ends(&mut self, openings: &BTreeMap<u64, Opening>, known: &[String]) {
        if openings.is_empty() {
            return;
        }
        for custody in std::mem::take(&mut self.opened).into_iter().filter(|(_, count)| *count > 0) {
            let text = format!("custody {} was opened and never closed", custody.0);
            self.wrong.push(Wrong { code: "custody-open", text });
        }
        for policy in self.policies.keys().filter(|policy| *policy != PINNED && !known.contains(policy)) {
            let text =
                format!("decisions name the policy {policy}, which is neither this program's nor given with --policy");
            self.wrong.push(Wrong { code: "policy-unknown", text });
        }
    }
}
