//! Where and when this runs: the clock, the network, the machine, and the sites of store and backup.

use super::{Check, Outcome, Setting};
use crate::config::{Config, oversight};
use anyhow::{Context, Result};
use lionrock_gateway::clock::Reading;
use lionrock_model::realm::Realm;
use lionrock_model::site::{Endpoint, Holding, SiteCertificate};
use lionrock_model::time::Millis;
use lionrock_service::statement::{Signed, SiteClaims};
use lionrock_store::Address;
use std::path::{Path, PathBuf};

pub(super) fn checks(at: &Setting<'_>) -> [Check; 6] {
    let around = at.around;
    let broken = around.host.iter().filter(|condition| !condition.held);
    let cloud = around.cloud.map(|address| {
        format!("a metadata service of a cloud answers at {address}; production runs in a data centre of its own")
    });
    [
        trusted_clock(at.config, at.realm, around.clock),
        at.production_all("no-cloud-metadata", || cloud.into_iter().collect()),
        at.production_all("host-conditions", || {
            broken.map(|condition| format!("{}: {}; {}", condition.name, condition.found, condition.mend)).collect()
        }),
        at.production_all("store-at-an-allowed-site", || {
            let endpoints = store_endpoints(&at.config.store()).unwrap_or_default();
            not_vouched(at.config, at.realm, around.now, Holding::Store, &endpoints)
        }),
        at.production_all("store-over-tls", || {
            let clear = in_clear(&at.config.store());
            let say = |endpoint: Endpoint| {
                format!("the store at {endpoint} would be reached over a network without TLS; add sslmode=verify-full&sslrootcert=FILE to `store`")
            };
            clear.into_iter().map(say).collect()
        }),
        at.production_all("backup-at-an-allowed-site", || {
            not_vouched(at.config, at.realm, around.now, Holding::Backup, &backup_endpoints(at.config))
        }),
    ]
}

/// The check of the clock.
pub(super) const CLOCK: &str = "trusted-clock";

/// How far the clock may be from the time servers' median, in milliseconds.
const OFF_MS: u64 = 1000;

fn trusted_clock(config: &Config, realm: &Realm, reading: Option<Reading>) -> Check {
    let sources = &config.clock.sources;
    let wrong = match reading {
        Some(reading) if reading.behind_ms.unsigned_abs() <= OFF_MS => None,
        Some(reading) => Some(format!(
            "this clock is {} ms {} the time of {} servers; set it, and let a time service keep it",
            reading.behind_ms.unsigned_abs(),
            if reading.behind_ms > 0 { "behind" } else { "ahead of" },
            reading.answers
        )),
        None if sources.is_empty() => {
            Some("no time server is named; name an odd number of them under clock.sources".to_owned())
        }
        None => Some(format!("none of the {} time servers under clock.sources answers", sources.len())),
    };
    let outcome = match wrong {
        None => Outcome::Passed,
        // Somebody who tries things out on one machine needs no time server.
        Some(_) if realm.is_test() && sources.is_empty() => Outcome::Passed,
        Some(text) if realm.is_test() => Outcome::Warned(text),
        Some(text) => Outcome::Refused(text),
    };
    Check { name: CLOCK, outcome }
}

/// Where the store is, as a site certificate would name it.
///
/// # Errors
/// When the address is no store's.
pub fn store_endpoints(address: &str) -> Result<Vec<Endpoint>> {
    match Address::parse(address)? {
        Address::Sqlite(file, _) => Ok(vec![folder_of(&file)]),
        Address::Postgres(server) => Ok(server.endpoints()),
    }
}

/// The machines of a store that are reached without protection.
fn in_clear(address: &str) -> Vec<Endpoint> {
    match Address::parse(address) {
        Ok(Address::Postgres(server)) => server.in_clear(),
        _ => Vec::new(),
    }
}

/// The folder a file lies in, links followed: what it is called must not decide where it is.
fn folder_of(file: &Path) -> Endpoint {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    real_folder(folder)
}

/// A folder by its real path.
#[must_use]
pub fn real_folder(folder: &Path) -> Endpoint {
    let real = std::fs::canonicalize(folder).or_else(|_| std::path::absolute(folder));
    Endpoint::Folder(real.unwrap_or_else(|_| PathBuf::from(folder)).display().to_string())
}

/// Where backups go.
fn backup_endpoints(config: &Config) -> Vec<Endpoint> {
    config.backup.folder.iter().map(|folder| real_folder(folder)).collect()
}

/// Whether a site certificate vouches for keeping this here, now.
///
/// # Errors
/// What is missing, and what to do. Test realms are not asked.
pub fn vouched(config: &Config, realm: &Realm, now: Millis, holding: Holding, endpoint: &Endpoint) -> Result<()> {
    if realm.is_test() {
        return Ok(());
    }
    let wrong = not_vouched(config, realm, now, holding, std::slice::from_ref(endpoint));
    if wrong.is_empty() { Ok(()) } else { Err(anyhow::anyhow!(wrong.join("; "))) }
}

/// For each endpoint that no certificate covers: which, and why the certificates given do not help.
fn not_vouched(config: &Config, realm: &Realm, now: Millis, holding: Holding, endpoints: &[Endpoint]) -> Vec<String> {
    let read: Vec<_> = config.site.certificates.iter().map(|file| (file, read(file, config, realm, now))).collect();
    let covered =
        |endpoint: &&Endpoint| read.iter().any(|(_, it)| it.as_ref().is_ok_and(|it| it.vouches(holding, endpoint)));
    let bare: Vec<_> = endpoints.iter().filter(|endpoint| !covered(endpoint)).collect();
    if bare.is_empty() {
        return Vec::new();
    }
    let missing = bare.iter().map(|endpoint| {
        format!(
            "no site certificate vouches for the {} at {endpoint}; have one signed and name it under site.certificates",
            holding.word()
        )
    });
    let spoilt = read.iter().filter_map(|(file, it)| Some(format!("{}: {:#}", file.display(), it.as_ref().err()?)));
    missing.chain(spoilt).collect()
}

fn read(file: &Path, config: &Config, realm: &Realm, now: Millis) -> Result<SiteCertificate> {
    let officers = oversight::officers(&config.officers, realm)?;
    let bytes = std::fs::read(file).context("it cannot be read")?;
    let certificate = Signed::<SiteClaims>::parse(&bytes)?.open(&officers)?;
    certificate.judge(realm, now, &config.site.allowed)?;
    Ok(certificate)
}

/// Checks that must go on holding while the server runs; the names of those that do not.
#[must_use]
pub(super) fn running(at: &Setting<'_>) -> Vec<Check> {
    let looked: Vec<_> = checks(at).into_iter().filter(|check| check.name != "host-conditions").collect();
    debug_assert_eq!(looked.len(), 5);
    looked
}
