//! `lionrock key status`: which keys there are and where they lie. Opens none of them.

use crate::config::{Config, Keys};
use crate::sealed::door;
use anyhow::Result;
use lionrock_crypto::ring::{KeyRing, REALM};
use lionrock_service::rotation;
use lionrock_store::{Store, key_ring};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Rotations shown.
const ROTATIONS: u32 = 10;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The configuration of the server.
    #[arg(long)]
    config: PathBuf,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Prints how the keys stand.
///
/// # Errors
/// When the store cannot be read.
#[allow(clippy::print_stdout)]
pub async fn run(arguments: &Arguments) -> Result<()> {
    let config = Config::read(&arguments.config)?;
    let standing = standing(&config).await?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&standing)?);
    } else {
        lines(&standing).iter().for_each(|line| println!("{line}"));
    }
    Ok(())
}

async fn standing(config: &Config) -> Result<Value> {
    let door = match config.keys.shares {
        Some(_) => door::standing(&config.data).await,
        None => None,
    };
    let server = match (&config.keys.shares, &door) {
        (None, _) => "never-sealed",
        (Some(_), None) => "not-running",
        (Some(_), Some(reply)) if reply.sealed => "sealed",
        (Some(_), Some(_)) => "unsealed",
    };
    let missing = door.filter(|reply| reply.sealed).map(|reply| reply.missing);
    let (keys, rotations) = match store(config).await? {
        Some(store) => {
            let read = read(&store).await;
            store.close().await;
            read?
        }
        None => (Vec::new(), Vec::new()),
    };
    Ok(json!({
        "keys": keys,
        "missing": missing,
        "realm": config.realm,
        "root": root(&config.keys),
        "rotations": rotations,
        "server": server,
    }))
}

/// The store, when there is one: looking at it must not make it.
async fn store(config: &Config) -> Result<Option<Store>> {
    let address = config.store();
    let file = address.strip_prefix("sqlite:").map(|rest| rest.split_once('?').map_or(rest, |(path, _)| path));
    if file.is_some_and(|path| !Path::new(path).exists()) {
        return Ok(None);
    }
    Ok(Some(Store::beside(&address).await?))
}

async fn read(store: &Store) -> Result<(Vec<Value>, Vec<Value>)> {
    let mut keys = Vec::new();
    for entry in store.read(key_ring::all).await? {
        let in_module = KeyRing::lies_in_module(&entry.sealed_key)?;
        let by = if entry.name == REALM {
            "root".to_owned()
        } else {
            format!("{REALM} {}", KeyRing::wrapping_epoch(&entry.sealed_key)?)
        };
        keys.push(json!({
            "epoch": entry.epoch,
            "lies": if in_module { "module" } else { "store" },
            "name": entry.name,
            "wrapped-by": by,
        }));
    }
    let rotations = rotation::standing(store, ROTATIONS).await?;
    let rotations = rotations.into_iter().map(|one| {
        json!({
            "epoch": one.epoch,
            "expected": one.expected,
            "records": one.records,
            "state": one.state.word(),
            "trouble": one.trouble,
            "waits-for": one.waits_for,
            "what": one.what,
        })
    });
    Ok((keys, rotations.collect()))
}

fn root(keys: &Keys) -> String {
    match keys {
        Keys { shares: Some(shares), .. } => format!("in shares, {} unseal", shares.threshold),
        Keys { root_file: Some(file), .. } => format!("key file {}", file.display()),
        Keys { passphrase_file: Some(file), .. } => format!("passphrase file {}", file.display()),
        Keys { pkcs11: Some(token), .. } => format!("token {:?} of {}", token.token, token.module.display()),
        _ => "nowhere".to_owned(),
    }
}

fn lines(standing: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let part = |name: &str| text(standing.get(name).unwrap_or(&Value::Null));
    let server = match (part("server").as_str(), standing.get("missing").and_then(Value::as_u64)) {
        ("sealed", Some(missing)) => format!("sealed, {missing} shares missing"),
        ("never-sealed", _) => "starts without waiting for shares".to_owned(),
        ("not-running", _) => "not running; it will start sealed".to_owned(),
        (other, _) => other.to_owned(),
    };
    let mut lines = vec![format!("realm   {}", part("realm")), format!("root    {}", part("root"))];
    lines.push(format!("server  {server}"));
    let rows = |name: &str| standing.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let keys = rows("keys");
    if keys.is_empty() {
        lines.push("keys    none yet: they are made at the first start".to_owned());
    }
    for key in keys {
        let cell = |name: &str| text(key.get(name).unwrap_or(&Value::Null));
        let lies = if cell("lies") == "module" { "in the module" } else { "in the store" };
        let (name, epoch, by) = (cell("name"), cell("epoch"), cell("wrapped-by"));
        lines.push(format!("  {name:<22} epoch {epoch:<4} {lies:<14} under {by}"));
    }
    for rotation in rows("rotations") {
        let cell = |name: &str| text(rotation.get(name).unwrap_or(&Value::Null));
        lines.push(format!(
            "rotation {}: {}, {} of {}",
            cell("what"),
            cell("state"),
            cell("records"),
            cell("expected")
        ));
        let behind = rotation.get("waits-for").and_then(Value::as_array).cloned().unwrap_or_default();
        lines.extend(behind.iter().map(|node| format!("  waits for server {}", text(node))));
        if let Some(trouble) = rotation.get("trouble").and_then(Value::as_str) {
            lines.push(format!("  {trouble}"));
        }
    }
    lines
}
