//! `lionrock doctor`: checks a set-up without changing it, and says what to mend.

use crate::config::{Config, Keys};
use crate::gate::{self, Outcome};
use crate::worker::host;
use crate::worker::pool::Pool;
use crate::worker::session::{Host, Launch};
use crate::{services, start};
use anyhow::{Result, bail};
use clap::Args;
use lionrock_service::platform::Limits;
use lionrock_store::Store;
use lionrock_web::listen::Certificate;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What to check.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Configuration, TOML.
    #[arg(long)]
    config: PathBuf,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

struct Finding {
    name: String,
    outcome: Result<String, String>,
}

/// Runs the command.
///
/// # Errors
/// When something must be mended.
#[allow(clippy::print_stdout)]
pub async fn run(arguments: &Arguments) -> Result<()> {
    let mut findings = Vec::new();
    match Config::read(&arguments.config) {
        Ok(config) => inspect(&config, &mut findings).await,
        Err(error) => note(&mut findings, "configuration", Err::<String, _>(error)),
    }
    let wrong = findings.iter().filter(|finding| finding.outcome.is_err()).count();
    if arguments.json {
        let list: Vec<_> = findings
            .iter()
            .map(|f| json!({"check": f.name, "ok": f.outcome.is_ok(), "detail": match &f.outcome { Ok(t) | Err(t) => t }}))
            .collect();
        println!("{}", json!({"ok": wrong == 0, "checks": list}));
    } else {
        for finding in &findings {
            match &finding.outcome {
                Ok(detail) => println!("✓ {:<22} {detail}", finding.name),
                Err(mend) => println!("✗ {:<22} {mend}", finding.name),
            }
        }
    }
    if wrong == 0 { Ok(()) } else { bail!("{wrong} of {} checks need mending", findings.len()) }
}

fn note<E: std::fmt::Display>(findings: &mut Vec<Finding>, name: &str, outcome: Result<impl Into<String>, E>) {
    let outcome = outcome.map(Into::into).map_err(|error| format!("{error:#}"));
    findings.push(Finding { name: name.to_owned(), outcome });
}

async fn inspect(config: &Config, findings: &mut Vec<Finding>) {
    note(findings, "configuration", Ok::<_, String>(format!("realm {}, issuer {}", config.realm, config.issuer)));
    let Ok(realm) = config.realm() else { return };
    let mut verdict = gate::run(config, &realm, &Limits::default()).await;
    if let Some(store) = gate::untouched(config).await {
        verdict.checks.extend(gate::universe::checks(&store, config, &realm).await);
        store.close().await;
    }
    for check in verdict.checks {
        let refused = matches!(check.outcome, Outcome::Refused(_));
        note(findings, check.name, if refused { Err(check.outcome.text()) } else { Ok(check.outcome.text()) });
    }
    let root = match &config.keys {
        Keys { passphrase_file: Some(_), .. } => Ok("a passphrase file"),
        Keys { shares: Some(_), .. } => Ok("shares: the server starts sealed and waits for them"),
        keys if keys.root_token().is_some() => {
            start::root(config).map(|_| "a key in a module that does not let it out")
        }
        _ => start::root(config).map(|_| "a root key file that only its owner reads"),
    };
    note(findings, "root key", root);
    let tls = Certificate::from_files(&config.tls.chain, &config.tls.key, config.tls.tls12);
    note(findings, "server certificate", tls.map(|_| "chain and key belong together"));
    note(findings, "store", store(&config.store()).await);
    if let Some(file) = &config.services {
        note(findings, "services", services::read(file, &realm).map(|list| format!("{} registered", list.len())));
    }
    if let Some(ca) = &config.registry.ca {
        note(
            findings,
            "registry authority",
            start::certificates(ca).map(|list| format!("{} certificates", list.len())),
        );
    }
    for condition in host::conditions(Path::new("/")) {
        note(findings, condition.name, custody(&condition, !realm.is_test()));
    }
    note(findings, "models and worker", worker(config, !realm.is_test()).await);
}

async fn store(address: &str) -> Result<String> {
    if address.strip_prefix("sqlite:").is_some_and(|path| !Path::new(path).exists()) {
        return Ok("will be made at the first start".to_owned());
    }
    let standing = Store::inspect(address).await?;
    Ok(format!("schema version {} of {}", standing.found, standing.known))
}

/// A condition of custody as a finding: production must fulfil it; a test realm is told what production would refuse.
fn custody(condition: &host::Condition, required: bool) -> Result<String, String> {
    let host::Condition { held, found, mend, .. } = condition;
    match (held, required) {
        (true, _) => Ok(found.clone()),
        (false, true) => Err(format!("{found}: no custody of pictures opens on this host; {mend}")),
        (false, false) => Ok(format!("{found}: allowed in a test realm, refused in production; {mend}")),
    }
}

/// Starts one proofing worker and reports which protections hold on this machine.
async fn worker(config: &Config, strict: bool) -> Result<String> {
    let launch = Launch {
        program: std::env::current_exe()?,
        models: std::path::absolute(&config.models)?,
        strict,
        deadline: Duration::from_secs(20),
        idle: Duration::from_secs(20),
        host: Host::this(strict),
    };
    let pool = Pool::start(launch, 1, 0).await?;
    let protections = pool.protections().await;
    pool.close().await;
    let words = protections.iter().map(|p| format!("{} {}", p.name, if p.held { "holds" } else { "DOES NOT HOLD" }));
    Ok(words.collect::<Vec<_>>().join(", "))
}
