//! `lionrock bench vault`: what keeping records sealed costs.
//!
//! Everything is done by the platform's own code on a fresh store: records sealed and opened by the key ring on one core; the records of
//! a purpose moved to a new key, pages, leaves and commits included; a backup made and restored; accounts closed by their
//! owners' passkeys.

use super::figures::{Figures, percentile};
use crate::config::{Config, LogFormat};
use crate::{clock, demo, root_key, start};
use anyhow::{Context, Result, ensure};
use clap::Args;
use lionrock_crypto::backup::Custodian;
use lionrock_crypto::hpke::KeyPair;
use lionrock_crypto::ring::{Domain, Slot};
use lionrock_model::rotation::State;
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_rehearsal::people;
use lionrock_service::account::close::{self, Close};
use lionrock_service::backup::{self, Order};
use lionrock_service::caller::System;
use lionrock_service::ledger::{self, Publisher};
use lionrock_service::platform::Limits;
use lionrock_service::rotation::{self, Seat, Step, What};
use lionrock_service::session::{self, SignIn};
use lionrock_service::{Error, Platform, boot};
use lionrock_store::Store;
use lionrock_wire::webauthn::json::AuthenticationResponse;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ISSUER: &str = "https://localhost:8443";
/// Bytes of a sealed record: as long as the facts of a card.
const RECORD: usize = 200;
/// Megabytes are counted in tens of powers.
const MEGABYTE: f64 = 1e6;

/// How to measure.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// `postgres://…` (an empty database) instead of a fresh SQLite file. The backup is restored into SQLite.
    #[arg(long)]
    store: Option<String>,
    /// Residents with an account; each is closed in the end.
    #[arg(long, default_value_t = 100)]
    residents: usize,
    /// Sign-ins: two sealed records each, to be moved and backed up.
    #[arg(long, default_value_t = 2000)]
    sign_ins: usize,
    /// Seconds of sealing, and of opening.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
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
    crate::log::start(LogFormat::Text, true);
    let folder = std::env::temp_dir().join(format!("lionrock-bench-vault-{}", std::process::id()));
    let outcome = measure(arguments, &folder).await;
    drop(std::fs::remove_dir_all(&folder));
    outcome?.show(arguments.json);
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "counts of one run")]
async fn measure(arguments: &Arguments, folder: &Path) -> Result<Figures> {
    let config = configuration(arguments, folder)?;
    let platform = opened(&config, Store::open(&config.store()).await?).await?;
    let mut figures = Figures::new("vault");
    let span = Duration::from_secs(arguments.seconds.max(1));
    let (seals, opens) = records(&platform, span)?;
    figures.add("seals_per_second", seals, "records of 200 bytes sealed, on one core");
    figures.add("opens_per_second", opens, "records of 200 bytes opened, on one core");
    let mut phones = people(&platform, arguments).await?;
    let (moved, took) = rotate(&platform).await?;
    figures.add(
        "rotation_records_per_second",
        moved as f64 / took.as_secs_f64(),
        "records moved to a new key, durable",
    );
    let custodian = KeyPair::generate()?;
    let (bytes, took) = back_up(&platform, &custodian, &folder.join("backup")).await?;
    figures.add(
        "backup_mb_per_second",
        bytes as f64 / MEGABYTE / took.as_secs_f64(),
        "sealed, on the disk, in the ledger",
    );
    let (plain, took) = restore(&config, &platform, custodian, folder).await?;
    let speed = plain as f64 / MEGABYTE / took.as_secs_f64();
    figures.add("restore_mb_per_second", speed, "checked, put back, brought up to the ledger");
    let mut spans = Vec::new();
    for phone in &mut phones {
        spans.push(erase(&platform, phone).await?);
    }
    spans.sort_unstable();
    figures.add("erasure_ms_p50", percentile(&spans, 0.5), "half of the accounts are closed quicker");
    figures.add("erasure_ms_p99", percentile(&spans, 0.99), "99 of 100 are closed quicker, receipt signed");
    platform.store.close().await;
    Ok(figures)
}

fn configuration(arguments: &Arguments, folder: &Path) -> Result<Config> {
    let files = demo::folder::Folder::open(folder)?;
    let tls = files.tls(demo::TlsKey::Ec)?;
    root_key::init(&files.root_key(), &System)?;
    let data = files.path();
    let store = arguments.store.clone().unwrap_or_else(|| format!("sqlite:{}", data.join("lionrock.db").display()));
    let text = format!(
        "realm = \"test-bench\"\nissuer = {ISSUER:?}\ndata = {data:?}\nstore = {store:?}\nkeys = {{ root_file = {:?} }}\n\
         tls = {{ chain = {:?}, key = {:?} }}\nregistry = {{ url = \"http://127.0.0.1:9/\" }}\nmail = {{ kind = \"mailbox\" }}\n",
        files.root_key(),
        tls.chain,
        tls.key,
    );
    let path = data.join("bench.toml");
    std::fs::write(&path, text)?;
    Config::read(&path)
}

/// A platform over this store, without sockets and without waiting spans.
async fn opened(config: &Config, store: Store) -> Result<Arc<Platform>> {
    let realm = config.realm()?;
    let keys = boot::key_ring(&store, &start::root(config)?, &realm, &clock::platform_caller()).await?;
    let limits = Limits { rotation_grace: Duration::ZERO, ..Limits::default() };
    let settings = start::settings(config, Vec::new(), limits)?;
    Ok(Arc::new(start::platform_of(store, keys, settings, start::idle::ports())))
}

/// Seals and opens on this one thread.
#[allow(clippy::disallowed_methods, clippy::cast_precision_loss, reason = "a bench reads the clock to measure")]
fn records(platform: &Platform, span: Duration) -> Result<(f64, f64)> {
    let keys = &platform.keys;
    let id = [7; 16];
    let (key, _) = keys.new_resident_key(&id, &System)?;
    let slot = Slot { table: "resident", column: "sealed_profile", row: &id, resident: &id, schema: 1, version: 1 };
    let plain = [0x5a; RECORD];
    let mut sealed = Vec::from(keys.seal(Domain::Profile, &slot, Some(&key), &plain, &System)?);
    let rate = |mut work: Box<dyn FnMut() -> Result<()> + '_>| -> Result<f64> {
        let begun = Instant::now();
        let mut done = 0_u64;
        while begun.elapsed() < span {
            for _ in 0..100 {
                work()?;
            }
            done += 100;
        }
        Ok(done as f64 / begun.elapsed().as_secs_f64())
    };
    let seals = rate(Box::new(|| {
        sealed = keys.seal(Domain::Profile, &slot, Some(&key), &plain, &System)?.into();
        Ok(())
    }))?;
    let opens = rate(Box::new(|| {
        ensure!(
            keys.open_sealed(Domain::Profile, &slot, Some(&key), &sealed)?.len() == RECORD,
            "what was sealed opens"
        );
        Ok(())
    }))?;
    Ok((seals, opens))
}

/// Makes accounts, and signs in with them in turn.
async fn people(platform: &Arc<Platform>, arguments: &Arguments) -> Result<Vec<Authenticator>> {
    let mut phones = Vec::new();
    for person in people::sample(1, arguments.residents.max(1))? {
        let phone = demo::people::enrol_one(platform, &person, ISSUER).await?;
        phones.push(phone.context("the bench store is not empty: give an empty database")?);
    }
    for phone in (0..arguments.sign_ins).map(|turn| turn % arguments.residents.max(1)) {
        sign_in(platform, phones.get_mut(phone).context("a phone")?).await?;
    }
    Ok(phones)
}

async fn sign_in(platform: &Arc<Platform>, phone: &mut Authenticator) -> Result<String> {
    let caller = clock::platform_caller();
    let options = session::begin(platform, &caller, "bench").await.map_err(said)?;
    let answer = phone.get(&serde_json::to_value(options)?, ISSUER, &Manner::default())?;
    let command =
        SignIn { answer: response(&answer)?, browser: "bench".into(), earlier: None, agent: Some("bench".into()) };
    let signed_in = session::sign_in(platform, &clock::platform_caller(), command).await.map_err(said)?;
    Ok(signed_in.secret.cookie().to_owned())
}

/// Moves the records of sessions to a new key; how many, and in what time. The spans in which servers are waited for are not counted.
#[allow(clippy::disallowed_methods, reason = "a bench reads the clock to measure")]
async fn rotate(platform: &Arc<Platform>) -> Result<(u64, Duration)> {
    let seat = Seat::new([1; 16], "bench");
    rotation::join(platform, &clock::platform_caller(), &seat).await?;
    rotation::ask(&platform.store, &clock::platform_caller(), &[What::Domain(Domain::Session)]).await?;
    let mut moving: Option<Instant> = None;
    let mut took = Duration::ZERO;
    loop {
        let caller = clock::platform_caller();
        rotation::attend(platform, &caller, &seat).await?;
        let step = rotation::step(platform, &caller, &seat).await?;
        let standing = rotation::standing(&platform.store, 1).await?;
        let now = standing.first().context("a rotation")?;
        match (now.state, moving) {
            (State::Moving, None) => moving = Some(Instant::now()),
            (State::Counted, Some(begun)) if took.is_zero() => took = begun.elapsed(),
            _ => {}
        }
        if now.finished.is_some() {
            ensure!(now.trouble.is_none() && now.records > 0 && !took.is_zero(), "the rotation moved nothing");
            rotation::leave(platform, &seat).await?;
            return Ok((now.records, took));
        }
        if step == Step::Waiting {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "a bench reads the clock to measure")]
async fn back_up(platform: &Arc<Platform>, custodian: &KeyPair, folder: &Path) -> Result<(u64, Duration)> {
    std::fs::create_dir_all(folder)?;
    let custodian = Custodian::new(*custodian.public());
    publish(platform).await?;
    let begun = Instant::now();
    let made = backup::create(platform, &clock::platform_caller(), custodian, folder, backup::unwatched()).await?;
    let took = begun.elapsed();
    publish(platform).await?;
    Ok((made.bytes, took))
}

/// Puts the backup back into a fresh SQLite file.
#[allow(clippy::disallowed_methods, reason = "a bench reads the clock to measure")]
async fn restore(config: &Config, platform: &Platform, custodian: KeyPair, folder: &Path) -> Result<(u64, Duration)> {
    let place: PathBuf = folder.join("restored");
    std::fs::create_dir_all(&place)?;
    let root = start::root(config)?;
    let ledger = ledger::folder(platform);
    let mut settings = start::settings(config, Vec::new(), Limits::default())?;
    settings.data.clone_from(&place);
    let order = Order {
        from: &folder.join("backup"),
        name: None,
        custodians: vec![custodian],
        ledger: &ledger,
        root: &root,
        realm: config.realm()?.to_string(),
        issuer: config.issuer.clone(),
        store: Store::open(&format!("sqlite:{}", place.join("lionrock.db").display())).await?,
    };
    let make = |store, keys| start::platform_of(store, keys, settings, start::idle::ports());
    let begun = Instant::now();
    let restored = backup::restore(order, &clock::platform_caller(), &backup::unwatched(), make).await?;
    let took = begun.elapsed();
    restored.platform.store.close().await;
    Ok((restored.plain, took))
}

async fn publish(platform: &Arc<Platform>) -> Result<()> {
    ledger::sequence(platform, &clock::platform_caller()).await?;
    Publisher::new(platform)?.publish(platform).await?;
    Ok(())
}

/// Closes an account as its owner does; how long the closing itself took.
#[allow(clippy::disallowed_methods, reason = "a bench reads the clock to measure")]
async fn erase(platform: &Arc<Platform>, phone: &mut Authenticator) -> Result<Duration> {
    let cookie = sign_in(platform, phone).await?;
    let shown = close::look(platform, &clock::platform_caller(), &cookie).await.map_err(said)?.canonical();
    let options = close::begin(platform, &clock::platform_caller(), &cookie, &shown).await.map_err(said)?;
    let answer = phone.get(&serde_json::to_value(options)?, ISSUER, &Manner::default())?;
    let command = Close { cookie, answer: response(&answer)? };
    let begun = Instant::now();
    close::close(platform, &clock::platform_caller(), command).await.map_err(said)?;
    Ok(begun.elapsed())
}

fn response(answer: &serde_json::Value) -> Result<AuthenticationResponse> {
    Ok(AuthenticationResponse::from_json(answer.to_string().as_bytes())?)
}

/// A refusal or a fault, in words.
fn said<R: lionrock_model::refusal::Refusal>(error: Error<R>) -> anyhow::Error {
    match error {
        Error::Refuse(refusal) => anyhow::anyhow!("refused: {}", refusal.code()),
        Error::Fault(fault) => fault.into(),
    }
}
