//! `lionrock bench ledger`: what writing everything down costs.
//!
//! Entries about many people are appended by the platform's own code, each in a durable transaction of its own, by many writers
//! at once, while the sequencer gives places, covers them with the index, signs and publishes. Then single entries are proved, people's whole
//! histories are made and checked, and a whole log is verified as an auditor would.

mod decision;
mod whole;

use super::figures::{Figures, percentile};
use crate::config::LogFormat;
use crate::{clock, log};
use anyhow::{Context, Result, ensure};
use clap::Args;
use lionrock_crypto::digest::sha256;
use lionrock_crypto::ring::Root;
use lionrock_crypto::secret::Secret;
use lionrock_ledger::source::Directory;
use lionrock_ledger::verify::Log;
use lionrock_model::id::ResidentId;
use lionrock_model::realm::Realm;
use lionrock_service::access::file;
use lionrock_service::audit::{self, Event};
use lionrock_service::ledger::{self, Publisher, witnessed};
use lionrock_service::platform::Limits;
use lionrock_service::{Fault, Platform, Settings, boot};
use lionrock_store::{Store, leaf};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How to measure.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// `postgres://…` (an empty database) instead of a fresh SQLite file.
    #[arg(long)]
    store: Option<String>,
    /// Seconds of appending.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Writers at once.
    #[arg(long, default_value_t = 64)]
    writers: usize,
    /// People the entries are about.
    #[arg(long, default_value_t = 1000)]
    people: usize,
    /// Histories made and checked.
    #[arg(long, default_value_t = 50)]
    histories: usize,
    /// Entries proved to stand in the log, one at a time.
    #[arg(long, default_value_t = 2000)]
    proofs: usize,
    /// Decisions about an opening on a ticket.
    #[arg(long, default_value_t = 1000)]
    decisions: usize,
    /// Also audit a log of so many entries, made for it with the ledger's own files.
    #[arg(long)]
    entries: Option<u64>,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Runs the bench.
///
/// # Errors
/// What kept it from measuring.
#[allow(clippy::disallowed_methods, reason = "a bench has a folder of its own, for as long as it runs")]
pub async fn run(arguments: &Arguments) -> Result<()> {
    log::start(LogFormat::Text, true);
    let folder = std::env::temp_dir().join(format!("lionrock-bench-ledger-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let outcome = measure(arguments, &folder).await;
    drop(std::fs::remove_dir_all(&folder));
    outcome?.show(arguments.json);
    Ok(())
}

#[allow(clippy::cast_precision_loss, clippy::disallowed_methods, reason = "a bench measures by the clock")]
async fn measure(arguments: &Arguments, folder: &Path) -> Result<Figures> {
    let house = decision::House::new()?;
    let platform = opened(arguments, folder, &house).await?;
    let people: Vec<ResidentId> = (0..arguments.people.max(1)).map(|n| person(n as u64)).collect::<Result<_>>()?;
    let mut figures = Figures::new("ledger");
    let written = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let began = Instant::now();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..arguments.writers.max(1) {
        let (platform, people, written, done) =
            (Arc::clone(&platform), people.clone(), Arc::clone(&written), Arc::clone(&done));
        writers.spawn(async move {
            let mut turn = writer;
            while !done.load(Ordering::Relaxed) {
                turn = turn.wrapping_add(17);
                let about = people.get(turn % people.len()).copied();
                append(&platform, about).await?;
                written.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, Fault>(())
        });
    }
    // The sequencer and publisher, as the job runs them, timed: from the call to the checkpoint on the disk.
    let mut publisher = Publisher::new(&platform)?;
    let mut checkpoints = Vec::new();
    while began.elapsed() < Duration::from_secs(arguments.seconds.max(1)) {
        let start = Instant::now();
        ledger::sequence(&platform, &clock::platform_caller()).await?;
        publisher.publish(&platform).await?;
        checkpoints.push(start.elapsed());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let appended = written.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
    done.store(true, Ordering::Relaxed);
    while let Some(one) = writers.join_next().await {
        one??;
    }
    ledger::sequence(&platform, &clock::platform_caller()).await?;
    let size = publisher.publish(&platform).await?;
    checkpoints.sort_unstable();
    figures.add("appends_per_second", appended, "entries about people, each durable, one transaction each");
    figures.add(
        "checkpoint_ms_p99",
        percentile(&checkpoints, 0.99),
        "places, index, signatures, files, checkpoint on disk",
    );
    let proofs = proofs(&platform, arguments.proofs, size).await?;
    figures.add(
        "proof_us_p50",
        percentile(&proofs, 0.5) * 1000.0,
        "one entry: looked up, proved from the published tiles, checkpoint opened",
    );
    figures.add("proof_us_p99", percentile(&proofs, 0.99) * 1000.0, "the slowest but one in a hundred of them");
    let mut histories = Vec::new();
    for who in people.iter().cycle().take(arguments.histories.max(1)) {
        let start = Instant::now();
        let found = witnessed::newest(&platform)?.context("nothing is published")?;
        let made = file::make(&platform, &clock::platform_caller(), *who, found).await?;
        ensure!(made.is_some(), "a person of the bench has no history");
        histories.push(start.elapsed());
    }
    histories.sort_unstable();
    figures.add(
        "history_ms_p99",
        percentile(&histories, 0.99),
        "a person's whole history made, with every index entry of the log, and checked",
    );
    let known = ledger::verifiers(&platform)?;
    let log = Log { source: Directory::new(ledger::folder(&platform)), origin: ledger::origin(&platform), known };
    let start = Instant::now();
    let report = log.verify(None, &mut |_, _| ())?;
    ensure!(report.is_good(), "the log of the bench does not verify: {:?}", report.findings);
    let each = start.elapsed().as_secs_f64() / report.entries.max(1) as f64;
    figures.add("verify_seconds_per_million", each * 1e6, "the whole log read and hashed again, index included");
    figures.add("entries", size as f64, "entries of the log that was verified");
    let decisions = decision::measure(&platform, &house, arguments.decisions).await?;
    figures.add(
        "decision_us_p50",
        percentile(&decisions, 0.5) * 1000.0,
        "an opening on a ticket decided: session, signatures, ledger, clock, monitoring, policy",
    );
    figures.add("decision_us_p99", percentile(&decisions, 0.99) * 1000.0, "the slowest but one in a hundred of them");
    if let Some(entries) = arguments.entries {
        whole::measure(entries, folder, &mut figures)?;
    }
    Ok(figures)
}

/// How long each of so many entries, spread over the log, takes to be proved. Each proof is checked, outside of the time.
#[allow(clippy::disallowed_methods, reason = "a bench measures by the clock")]
async fn proofs(platform: &Arc<Platform>, count: usize, size: u64) -> Result<Vec<Duration>> {
    let (origin, known) = (ledger::origin(platform), ledger::verifiers(platform)?);
    let mut spans = Vec::with_capacity(count);
    for turn in 0..u64::try_from(count)? {
        let place = turn.wrapping_mul(STRIDE) % size.max(1);
        let entry = platform.store.read(move |tx| leaf::from_place(tx, place, 1)).await?;
        let event = entry.first().context("a place of the log is empty")?.event;
        let start = Instant::now();
        let found = ledger::inclusion(platform, event).await?;
        spans.push(start.elapsed());
        let found = found.context("a published entry was not proved")?;
        ensure!(found.proof.index == place, "the proof is of another entry");
        found.proof.check(&found.entry, &origin, &known)?;
    }
    spans.sort_unstable();
    Ok(spans)
}

/// A prime, so that the entries proved lie all over the log.
const STRIDE: u64 = 7_368_787;

async fn append(platform: &Arc<Platform>, about: Option<ResidentId>) -> Result<(), Fault> {
    let (owned, caller) = (Arc::clone(platform), clock::platform_caller());
    let event = Event::new("bench.happened", about, json!({"n": 1}));
    platform.store.write(move |tx| audit::append(tx, &owned, &caller, &event).map(drop)).await
}

fn person(number: u64) -> Result<ResidentId> {
    let digest = sha256(&number.to_be_bytes());
    let random = digest.first_chunk().context("a digest has 32 bytes")?;
    Ok(ResidentId::new(clock::now(), *random))
}

async fn opened(arguments: &Arguments, folder: &Path, house: &decision::House) -> Result<Arc<Platform>> {
    let realm = Realm::parse("test-bench")?;
    let address = arguments.store.clone().unwrap_or_else(|| format!("sqlite:{}", folder.join("bench.db").display()));
    let store = Store::open(&address).await?;
    let root = Root::new(Secret::new([9; 32]));
    let keys = boot::key_ring(&store, &root, &realm, &clock::platform_caller()).await?;
    let settings = Settings {
        realm,
        issuer: "https://localhost:8443".to_owned(),
        rp_id: "localhost".to_owned(),
        rp_name: "Lionrock".to_owned(),
        data: folder.to_path_buf(),
        services: Vec::new(),
        alerts: Vec::new(),
        officers: Vec::new(),
        authority: Default::default(),
        limits: Limits::default(),
        custodian: None,
        staff: Some(house.configured()?),
    };
    Ok(Arc::new(crate::start::platform_of(store, keys, settings, crate::start::idle::ports())))
}
