//! The support bundle: a closed list of members, none of them about a person.

use super::{count, standing};
use crate::config::{Config, Mail};
use crate::gate::{self, Build};
use anyhow::Result;
use lionrock_model::realm::Realm;
use lionrock_service::platform::Limits;
use lionrock_store::{Store, census};
use serde_json::{Map, Value, json};

/// Gathers the bundle. A store that cannot be opened beside a running server is said to be so; the rest is there all the same.
///
/// # Errors
/// When the configuration names no realm.
pub async fn gather(config: &Config) -> Result<Value> {
    let realm = config.realm()?;
    let mut verdict = gate::run(config, &realm, &Limits::default()).await;
    let mut rows = Value::Null;
    let mut engine = Value::Null;
    if let Some(store) = gate::untouched(config).await {
        verdict.checks.extend(gate::universe::checks(&store, config, &realm).await);
        rows = counted(&store).await;
        engine = store.engine_name().into();
        store.close().await;
    }
    let checks: Map<_, _> =
        verdict.checks.iter().map(|check| (check.name.to_owned(), json!(check.outcome.word()))).collect();
    let schema = Store::inspect(&config.store()).await.ok();
    Ok(json!({
        "build": build(),
        "configuration": configuration(config, &realm),
        "format": FORMAT,
        "gate": checks,
        "rows": rows,
        "schema": schema.map(|it| json!({ "found": it.found, "known": it.known })),
        "standing": standing::read(&config.data).map(|note| noted(&note)),
        "store": engine,
    }))
}

/// First member of a bundle.
pub const FORMAT: &str = "lionrock support bundle v1";

/// What this program is.
#[must_use]
pub fn build() -> Value {
    let Build { debug, rehearsal } = Build::this();
    json!({ "debug": debug, "rehearsal": rehearsal, "version": env!("CARGO_PKG_VERSION") })
}

/// Rows of each table; null when they cannot be counted.
pub async fn counted(store: &Store) -> Value {
    let rows = store.read(census::rows).await;
    let Ok(rows) = rows.map_err(|_: lionrock_store::Error| ()) else { return Value::Null };
    rows.into_iter()
        .map(|(table, rows)| (table.to_owned(), count(u64::try_from(rows).unwrap_or(0))))
        .collect::<Map<_, _>>()
        .into()
}

/// The configuration by kinds and numbers: no name, host, path or text somebody chose.
fn configuration(config: &Config, realm: &Realm) -> Value {
    let keys = &config.keys;
    let root = [
        ("file", keys.root_file.is_some()),
        ("passphrase", keys.passphrase_file.is_some()),
        ("module", keys.root_token().is_some()),
        ("shares", keys.shares.is_some()),
    ];
    json!({
        "backup": config.backup.folder.is_some(),
        "changes_per_minute": config.limits.changes_per_minute,
        "deviations": config.deviations.len(),
        "listen_port": config.listen.port(),
        "mail": if matches!(config.mail, Mail::Mailbox) { "mailbox" } else { "smtp" },
        "officers": config.officers.len(),
        "proofing_places": config.proofing.places,
        "realm": if realm.is_test() { "test" } else { "production" },
        "registry_tls": config.registry.url.starts_with("https://"),
        "requests_per_second": config.limits.requests_per_second,
        "root_key": root.into_iter().find(|(_, given)| *given).map(|(kind, _)| kind),
        "services": config.services.is_some(),
        "site_certificates": config.site.certificates.len(),
        "time_servers": config.clock.sources.len(),
        "tls12": config.tls.tls12,
    })
}

fn noted(note: &standing::Standing) -> Value {
    let counts = |all: &std::collections::BTreeMap<String, u64>| -> Map<_, _> {
        all.iter().map(|(key, number)| (key.clone(), count(*number))).collect()
    };
    let at = jiff::Timestamp::from_millisecond(note.at).map(|at| at.to_string()).unwrap_or_default();
    json!({
        "at": at,
        "failing_jobs": counts(&note.failing_jobs),
        "ledger_entries": count(note.ledger_entries),
        "ledger_well": note.ledger_well,
        "log": counts(&note.log),
        "metrics": note.metrics.iter().map(|line| figure(line)).collect::<Vec<_>>(),
        "ready": note.ready,
        "up_seconds": count(note.up),
    })
}

/// A figure with its number in thousands when it is large.
fn figure(line: &str) -> String {
    let Some((name, number)) = line.rsplit_once(' ') else { return String::new() };
    match number.parse::<u64>() {
        Ok(whole) if whole >= 10_000_000 => format!("{name} {}k", whole / 1000),
        _ => line.to_owned(),
    }
}
