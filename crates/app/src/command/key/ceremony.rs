//! `lionrock key ceremony`: a root key that exists for a moment in memory, and then only in its holders' shares.

use crate::clock;
use crate::config::Config;
use crate::root_key;
use anyhow::{Context, Result, bail};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::ring::Root;
use lionrock_crypto::secret::Secret;
use lionrock_crypto::shares::{self, Share};
use lionrock_model::realm::Realm;
use lionrock_model::time::Millis;
use lionrock_service::caller::System;
use lionrock_service::key_ceremony::{self, Ceremony};
use lionrock_store::Store;
use serde_json::{Value, json};
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const TRANSCRIPT: &str = "transcript.json";

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How many shares give the root back, 2 at least.
    #[arg(long)]
    threshold: u8,
    /// How many shares are made.
    #[arg(long)]
    shares: u8,
    /// A new folder for the share files and the transcript.
    #[arg(long)]
    out: PathBuf,
    /// The name of a share's holder; once for each share, in order.
    #[arg(long = "holder", required = true)]
    holders: Vec<String>,
    /// The name of somebody else who was there.
    #[arg(long = "witness")]
    witnesses: Vec<String>,
    /// The configuration of the server these shares are for: its key ring is made now, and the ceremony goes into its ledger.
    #[arg(long, required_unless_present = "realm", conflicts_with = "realm")]
    config: Option<PathBuf>,
    /// The realm the root is for, when there is no configuration yet: `production` or `test-NAME`.
    #[arg(long)]
    realm: Option<String>,
}

/// Makes root, shares and transcript.
///
/// # Errors
/// When the numbers make no sense, the folder exists, or the store has keys already; then no file is left.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let config = arguments.config.as_deref().map(Config::read).transpose()?;
    let realm = match (&config, &arguments.realm) {
        (Some(config), _) => config.realm()?,
        (None, realm) => Realm::parse(realm.as_deref().unwrap_or_default()).context("--realm")?,
    };
    check(arguments, config.as_ref())?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(
            arguments.out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new(".")),
        )
        .and_then(|()| DirBuilder::new().mode(0o700).create(&arguments.out))
        .with_context(|| format!("cannot make {}: it must not exist", arguments.out.display()))?;
    let made = make(arguments, config.as_ref(), &realm).await;
    if made.is_err() {
        // Half a ceremony is none: no share of a root that nobody uses lies around.
        drop(std::fs::remove_dir_all(&arguments.out));
    }
    let ceremony = made?;
    say(arguments, &ceremony);
    Ok(())
}

fn check(arguments: &Arguments, config: Option<&Config>) -> Result<()> {
    let (named, shares) = (arguments.holders.len(), usize::from(arguments.shares));
    if named != shares {
        bail!("{named} holders are named for {shares} shares: give --holder once for each share");
    }
    let Some(config) = config else { return Ok(()) };
    match &config.keys.shares {
        Some(wanted) if wanted.threshold == arguments.threshold => Ok(()),
        Some(wanted) => bail!("the configuration says keys.shares.threshold = {}", wanted.threshold),
        None => bail!("the configuration must say keys = {{ shares = {{ threshold = {} }} }}", arguments.threshold),
    }
}

async fn make(arguments: &Arguments, config: Option<&Config>, realm: &Realm) -> Result<Ceremony> {
    let began = clock::now();
    let root = Secret::random(&System);
    let shares = shares::split(&root, &realm.to_string(), arguments.threshold, arguments.shares, &System)?;
    for share in &shares {
        write(&arguments.out.join(file_name(share)), share.to_text().as_bytes())?;
    }
    try_out(arguments, &root)?;
    let transcript = transcript(arguments, realm, &shares, began)?;
    write(&arguments.out.join(TRANSCRIPT), &transcript)?;
    let ceremony = Ceremony {
        id: shares.first().map(Share::ceremony).unwrap_or_default(),
        threshold: arguments.threshold,
        commitments: shares.iter().map(Share::commitment).collect(),
        transcript: sha256(&transcript),
        people: arguments.holders.len() + arguments.witnesses.len(),
    };
    if let Some(config) = config {
        let root = root_key::with_module(Root::new(root), &config.keys)?;
        std::fs::create_dir_all(&config.data)
            .with_context(|| format!("cannot make the data folder {}", config.data.display()))?;
        let store = Store::open(&config.store()).await?;
        let recorded = key_ceremony::record(&store, &root, realm, &clock::platform_caller(), &ceremony).await;
        store.close().await;
        recorded?;
    }
    Ok(ceremony)
}

/// Reads the files back: a share that cannot be read is found out now, not in the night of a restart.
fn try_out(arguments: &Arguments, root: &Secret<32>) -> Result<()> {
    let read = |number: u8| {
        let path = arguments.out.join(format!("share-{number}.txt"));
        let text = Zeroizing::new(std::fs::read_to_string(&path)?);
        Share::parse(&text).with_context(|| path.display().to_string())
    };
    let all = (1..=arguments.shares).map(read).collect::<Result<Vec<_>>>()?;
    for some in all.windows(usize::from(arguments.threshold)) {
        if shares::join(some)? != *root {
            bail!("the shares do not give the root back: trust none of them, and report this");
        }
    }
    Ok(())
}

/// What happened, as people read it and the ledger's digest proves it. Members in alphabetical order.
fn transcript(arguments: &Arguments, realm: &Realm, shares: &[Share], began: Millis) -> Result<Vec<u8>> {
    let rows: Vec<Value> = shares
        .iter()
        .zip(&arguments.holders)
        .map(|(share, holder)| {
            json!({
                "commitment": hex(&share.commitment()),
                "file": file_name(share),
                "holder": holder,
                "number": share.number(),
            })
        })
        .collect();
    let whole = json!({
        "began": time(began)?,
        "ceremony": shares.first().map(|share| hex(&share.ceremony())),
        "ended": time(clock::now())?,
        "format": "lionrock ceremony transcript v1",
        "program": env!("CARGO_PKG_VERSION"),
        "realm": realm.to_string(),
        "shares": rows,
        "threshold": arguments.threshold,
        "witnesses": arguments.witnesses,
    });
    let mut bytes = serde_json::to_vec_pretty(&whole)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[allow(clippy::print_stdout)]
fn say(arguments: &Arguments, ceremony: &Ceremony) {
    println!("ceremony {}: {} shares, {} unseal", hex(&ceremony.id), arguments.shares, arguments.threshold);
    for (number, (holder, commitment)) in (1..).zip(arguments.holders.iter().zip(&ceremony.commitments)) {
        println!("  share {number}  {holder}  {}", hex(commitment));
    }
    println!("transcript {}  {}", arguments.out.join(TRANSCRIPT).display(), hex(&ceremony.transcript));
    println!("Give each file to its holder alone, and delete it here. The root itself was written nowhere.");
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(|| format!("cannot write {}", path.display()))
}

fn file_name(share: &Share) -> String {
    format!("share-{}.txt", share.number())
}

fn time(at: Millis) -> Result<String> {
    Ok(jiff::Timestamp::from_millisecond(at.0)?.to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
