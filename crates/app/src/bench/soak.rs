//! `lionrock bench soak`: does the store stay as large as it is under steady use?
//!
//! A platform in this process, people who sign in by passkey, requests nobody carries on, and a clock that moves as fast as the work
//! goes: half an hour a turn. What is kept by its rule for longer than a day is kept for a day here, so that every sweeper has work.
//! The first period fills the store; over the second the slope is measured, the ledger apart, which alone may grow.

use super::figures::Figures;
use crate::config::{Config, LogFormat};
use crate::{demo, root_key, start};
use anyhow::{Context, Result, ensure};
use clap::Args;
use lionrock_model::retention::{Limit, TABLE};
use lionrock_model::time::Millis;
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_rehearsal::people;
use lionrock_service::caller::System;
use lionrock_service::platform::Limits;
use lionrock_service::session::{self, SignIn};
use lionrock_service::{Caller, Platform, account, retention};
use lionrock_store::Row;
use lionrock_wire::webauthn::json::AuthenticationResponse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ISSUER: &str = "https://localhost:8443";
/// People who sign in, each once a turn.
const PEOPLE: usize = 4;
/// How far the clock moves each turn.
const TURN: Duration = Duration::from_secs(30 * 60);
/// What longer rules are cut to.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How to measure.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Seconds of work; half of them fill the store, half are measured.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// `postgres://…` (an empty database) instead of a fresh SQLite file.
    #[arg(long)]
    store: Option<String>,
    /// Folder of the card and face models.
    #[arg(long, default_value = "models")]
    models: PathBuf,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Runs the bench.
///
/// # Errors
/// When the platform does not start, a sign-in fails, or the time is too short for two simulated days in each half.
#[allow(clippy::disallowed_methods, reason = "a bench has a folder of its own, for as long as it runs")]
pub async fn run(arguments: &Arguments) -> Result<()> {
    crate::log::start(LogFormat::Text, true);
    let folder = std::env::temp_dir().join(format!("lionrock-soak-{}", std::process::id()));
    let outcome = measure(arguments, &folder).await;
    drop(std::fs::remove_dir_all(&folder));
    outcome?.show(arguments.json);
    Ok(())
}

/// The store at one moment.
struct Look {
    at: Millis,
    signed_in: u64,
    rows: BTreeMap<&'static str, i64>,
    bytes: BTreeMap<String, u64>,
}

async fn measure(arguments: &Arguments, folder: &Path) -> Result<Figures> {
    let config = prepare(arguments, folder)?;
    let limits = Limits { kept_longest: DAY, ..Limits::default() };
    let started = start::platform(&config, Vec::new(), limits).await?;
    let platform = Arc::clone(&started.platform);
    let mut phones = Vec::new();
    for person in people::sample(1, PEOPLE)? {
        let phone = demo::people::enrol_one(&platform, &person, ISSUER).await?;
        phones.push(phone.context("the store is not empty: give an empty database")?);
    }
    let half = Duration::from_secs(arguments.seconds.div_ceil(2));
    let mut now = crate::clock::now();
    let mut signed_in = 0;
    let mut looks = Vec::new();
    for _ in 0..2 {
        work(&platform, &mut phones, &mut now, &mut signed_in, half).await?;
        looks.push(look(&platform, now, signed_in).await?);
    }
    started.pool.close().await;
    platform.store.close().await;
    let mut looks = looks.into_iter();
    let (first, second) = looks.next().zip(looks.next()).context("two looks")?;
    judge(&first, &second)
}

fn prepare(arguments: &Arguments, folder: &Path) -> Result<Config> {
    let files = demo::folder::Folder::open(folder)?;
    let tls = files.tls(demo::TlsKey::Ec)?;
    root_key::init(&files.root_key(), &System)?;
    let folder = files.path();
    let models = std::fs::canonicalize(&arguments.models)
        .with_context(|| format!("no models in {}: give --models DIR", arguments.models.display()))?;
    let store = arguments.store.clone().unwrap_or_else(|| format!("sqlite:{}", folder.join("lionrock.db").display()));
    let text = format!(
        "realm = \"test-soak\"\nissuer = {ISSUER:?}\ndata = {folder:?}\nstore = {store:?}\nmodels = {models:?}\n\
         keys = {{ root_file = {:?} }}\ntls = {{ chain = {:?}, key = {:?} }}\n\
         registry = {{ url = \"http://127.0.0.1:9/\" }}\nmail = {{ kind = \"mailbox\" }}\n\
         proofing = {{ places = 1, keep_warm = 0 }}\n",
        files.root_key(),
        tls.chain,
        tls.key,
    );
    let path = folder.join("soak.toml");
    std::fs::write(&path, text)?;
    Config::read(&path)
}

/// Turns until the time is over: everybody signs in and looks at their account, somebody gives up half-way, and what is over is swept.
#[allow(clippy::disallowed_methods, reason = "a bench reads the clock to measure")]
async fn work(
    platform: &Arc<Platform>,
    phones: &mut [Authenticator],
    now: &mut Millis,
    signed_in: &mut u64,
    span: Duration,
) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < span {
        let caller = Caller::platform(*now, Arc::new(System));
        for phone in phones.iter_mut() {
            let options = session::begin(platform, &caller, "soak").await?;
            let answer = phone.get(&serde_json::to_value(options)?, ISSUER, &Manner::default())?;
            let answer = AuthenticationResponse::from_json(answer.to_string().as_bytes())?;
            let command = SignIn { answer, browser: "soak".to_owned(), earlier: None, agent: None };
            let opened = session::sign_in(platform, &caller, command).await?;
            account::overview::overview(platform, &caller, opened.secret.cookie()).await?;
            session::begin(platform, &caller, "gives up").await?;
            *signed_in += 1;
        }
        *now = now.after(TURN);
        let caller = Caller::platform(*now, Arc::new(System));
        lionrock_service::vault::watch::round(platform, &caller).await?;
        retention::sweep(platform, &caller).await?;
    }
    platform.store.tidy().await?;
    Ok(())
}

async fn look(platform: &Arc<Platform>, at: Millis, signed_in: u64) -> Result<Look> {
    let mut rows = BTreeMap::new();
    for rule in &TABLE {
        // A handful of texts, once a run: they may live as long as it.
        let ask: &'static str = Box::leak(format!("SELECT COUNT(*) FROM {}", rule.table).into_boxed_str());
        let row: Option<Row> = platform.store.read(move |tx| tx.first(ask, &[])).await.map_err(store)?;
        rows.insert(rule.table, row.context("a count")?.int(0).map_err(store)?);
    }
    let bytes = platform.store.sizes().await.map_err(store)?.into_iter().collect();
    Ok(Look { at, signed_in, rows, bytes })
}

fn store(error: lionrock_store::Error) -> anyhow::Error {
    error.into()
}

#[allow(clippy::cast_precision_loss, reason = "counts and bytes of one run")]
fn judge(first: &Look, second: &Look) -> Result<Figures> {
    let days = second.at.since(first.at).as_secs_f64() / DAY.as_secs_f64();
    ensure!(days >= 2.0, "only {days:.1} simulated days were measured: give more --seconds");
    let swept = |rule: &&lionrock_model::retention::Rule| matches!(rule.limit, Limit::After(..));
    let rows = |look: &Look| -> i64 { TABLE.iter().filter(swept).filter_map(|rule| look.rows.get(rule.table)).sum() };
    let bytes = |look: &Look, ledger: bool| -> f64 {
        look.bytes.iter().filter(|(table, _)| (table.as_str() == "leaf") == ledger).map(|(_, size)| *size as f64).sum()
    };
    let logins = (second.signed_in - first.signed_in) as f64;
    let mut figures = Figures::new("soak");
    figures.add("simulated_days", days, "of the measured half");
    figures.add("sign_ins", logins, "of the measured half");
    figures.add("swept_rows_before", rows(first) as f64, "rows of all swept tables when the measured half began");
    figures.add("swept_rows_after", rows(second) as f64, "and when it ended");
    figures.add("rows_slope_per_day", (rows(second) - rows(first)) as f64 / days, "rows of swept tables more a day");
    figures.add("bytes_before", bytes(first, false), "bytes of all tables but the ledger when it began");
    figures.add("bytes_after", bytes(second, false), "and when it ended");
    figures.add(
        "bytes_slope_per_day",
        (bytes(second, false) - bytes(first, false)) / days,
        "bytes of all tables but the ledger more a day",
    );
    figures.add(
        "bytes_per_login_slope",
        (bytes(second, false) - bytes(first, false)) / logins.max(1.0),
        "the same, for each sign-in",
    );
    figures.add(
        "ledger_bytes_per_sign_in",
        (bytes(second, true) - bytes(first, true)) / logins.max(1.0),
        "the ledger grows by so much; it is never shortened",
    );
    Ok(figures)
}
