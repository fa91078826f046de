//! The replay kit: the shape of a deployment instead of its data. Schema, versions, counts, timings; and a recipe after which a
//! contractor's test build makes as many synthetic people.

use super::{bundle, standing};
use crate::config::Config;
use crate::gate;
use anyhow::{Context, Result, bail};
use lionrock_store::{MIGRATIONS, Store};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// Most synthetic people one kit asks for.
pub const MOST: u64 = 10_000;
/// What a kit's people are made from, unless somebody says otherwise.
pub const SEED: u64 = 1;

/// The files of a kit: name and text.
///
/// # Errors
/// When the store cannot be looked at.
pub async fn kit(config: &Config) -> Result<Vec<(&'static str, String)>> {
    let Some(store) = gate::untouched(config).await else {
        bail!("the store cannot be looked at: start from the configuration of a deployment of this version");
    };
    let rows = bundle::counted(&store).await;
    let engine = store.engine_name();
    store.close().await;
    let standing = Store::inspect(&config.store()).await?;
    let versions = json!({
        "build": bundle::build(),
        "engine": engine,
        "format": "lionrock replay kit v1",
        "schema": { "found": standing.found, "known": standing.known },
    });
    let timings: Vec<_> = standing::read(&config.data).map(|note| note.metrics).unwrap_or_default();
    let timings = timings.into_iter().filter(|line| line.contains("_seconds_"));
    Ok(vec![
        ("schema.sql", schema()),
        ("versions.json", text(&versions)?),
        ("counts.json", text(&rows)?),
        ("timings.txt", timings.fold(String::new(), |all, line| all + &line + "\n")),
        ("recipe.json", text(&recipe(&rows))?),
    ])
}

/// How to make the equivalent: as many residents as there are, from one seed.
fn recipe(rows: &Value) -> Value {
    let counted = |table: &str| match rows.get(table) {
        Some(Value::Number(number)) => number.as_u64().unwrap_or(0),
        // Counted in thousands.
        Some(Value::String(text)) => text.trim_end_matches('k').parse::<u64>().unwrap_or(0).saturating_mul(1000),
        _ => 0,
    };
    let residents = counted("resident");
    json!({
        "command": format!("lionrock replay-kit --make DIR --residents {} --seed {SEED}", residents.min(MOST)),
        "realm": "test-replay",
        "residents": residents.min(MOST),
        "residents_here": super::count(residents),
        "seed": SEED,
    })
}

fn schema() -> String {
    MIGRATIONS.iter().fold(String::new(), |mut all, step| {
        let _ = writeln!(all, "-- {} {}\n{}", step.version, step.name, step.sql);
        all
    })
}

fn text(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// Writes a kit into a new folder. Everything is searched before the first file is written.
///
/// # Errors
/// As [`super::write`].
pub fn write(folder: &Path, files: &[(&str, String)], canaries: &[String]) -> Result<()> {
    for (name, content) in files {
        if let Some(found) = super::scan::personal(content, canaries).first() {
            bail!("{name} would hold something personal, {} in line {}: nothing is written", found.kind, found.line);
        }
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    files.iter().try_for_each(|(name, content)| super::write(&folder.join(name), content, canaries))
}

/// Makes the equivalent: a store of a test realm with so many synthetic residents, with their passkeys and their entries in the ledger.
///
/// # Errors
/// What keeps it from being made.
#[cfg(feature = "rehearsal")]
pub async fn make(folder: &Path, residents: usize, seed: u64) -> Result<u64> {
    use crate::demo::people;
    use lionrock_rehearsal::people as synthetic;
    use lionrock_service::caller::System;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    crate::root_key::init(&folder.join("root.key"), &System)?;
    let file = folder.join("lionrock.toml");
    std::fs::write(&file, CONFIGURATION).with_context(|| format!("cannot write {}", file.display()))?;
    let config = Config::read(&file)?;
    Store::open(&config.store()).await?.close().await;
    let platform = crate::start::beside(&config).await?;
    let mut made = 0;
    for person in synthetic::sample(seed, residents)? {
        made += u64::from(people::enrol_one(&platform, &person, &config.issuer).await?.is_some());
    }
    platform.store.close().await;
    Ok(made)
}

/// What the equivalent runs with. A certificate is the contractor's own affair.
#[cfg(feature = "rehearsal")]
const CONFIGURATION: &str = "realm = \"test-replay\"\nissuer = \"https://localhost:8443\"\ndata = \".\"\n\
    keys = { root_file = \"root.key\" }\ntls = { chain = \"tls.pem\", key = \"tls.key\" }\n\
    registry = { url = \"http://127.0.0.1:9000/confirm\" }\nmail = { kind = \"mailbox\" }\n";
