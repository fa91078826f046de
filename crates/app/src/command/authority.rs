//! `lionrock authority`: the certificate authority. The root is made and used elsewhere, offline ([`root`]); the other commands work beside the
//! server that issues.

mod keep;
pub mod root;

use crate::clock;
use crate::config::{Config, oversight};
use crate::start;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::ring::Signer;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_model::certificate::Ground;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::{crl, unwrap_pem};
use lionrock_service::authority::{self, CertificateClaims, Parts};
use lionrock_service::statement::Signed;
use lionrock_service::{Platform, status};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to do.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "read once from the command line")]
pub enum Authority {
    /// The offline root: make it, sign with it, revoke with it. Needs neither store nor network.
    Root {
        /// What with it.
        #[command(subcommand)]
        what: root::Root,
    },
    /// Make the keys of the authority in the ring, and the requests that are carried to the root.
    Request {
        /// Configuration, TOML.
        #[arg(long)]
        config: PathBuf,
        /// A new folder for the requests.
        #[arg(long)]
        out: PathBuf,
    },
    /// Bring home what the root signed.
    Install(Install),
    /// Show the chain and what is not good.
    Show {
        /// Configuration, TOML.
        #[arg(long)]
        config: PathBuf,
    },
    /// Revoke, suspend or resume a certificate: two officers sign on this host.
    Act(Act),
}

/// What came from the root.
#[derive(Debug, Args)]
pub struct Install {
    /// Configuration, TOML.
    #[arg(long)]
    config: PathBuf,
    /// The root, PEM.
    #[arg(long)]
    root: PathBuf,
    /// A certificate it signed, PEM; once for each.
    #[arg(long = "certificate", required = true)]
    certificates: Vec<PathBuf>,
    /// Its revocation list, PEM.
    #[arg(long)]
    list: PathBuf,
    /// The transcript of the ceremony; its digest goes into the ledger.
    #[arg(long)]
    transcript: Option<PathBuf>,
}

/// What is to happen to which certificate.
#[derive(Debug, Args)]
pub struct Act {
    /// Configuration, TOML.
    #[arg(long)]
    config: PathBuf,
    /// Its serial number, hexadecimal.
    #[arg(long)]
    serial: String,
    /// `revoke`, `hold` or `resume`.
    #[arg(long)]
    act: String,
    /// Why, for `revoke`: a reason of RFC 5280 such as `keyCompromise`.
    #[arg(long)]
    ground: Option<String>,
    /// An officer and the file of their private key, `NAME=FILE`; twice.
    #[arg(long = "officer", required = true)]
    officers: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// What is wrong and what to do.
pub async fn run(what: &Authority) -> Result<()> {
    match what {
        Authority::Root { what } => root::run(what),
        Authority::Request { config, out } => request(&Config::read(config)?, out).await,
        Authority::Install(arguments) => install(arguments).await,
        Authority::Show { config } => show(&Config::read(config)?).await,
        Authority::Act(arguments) => act(arguments).await,
    }
}

#[allow(clippy::print_stdout)]
async fn request(config: &Config, out: &Path) -> Result<()> {
    let wrong = config.authority.setup().faults(&config.realm()?);
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n  "));
    }
    std::fs::create_dir(out).with_context(|| format!("cannot make {}: it must not exist", out.display()))?;
    let platform = open(config).await?;
    authority::prepare(&platform, &clock::platform_caller()).await?;
    for signer in Signer::AUTHORITY {
        let file = out.join(format!("{}.csr", signer.word()));
        let der = authority::request(&platform, signer)?;
        std::fs::write(&file, keep::pem("CERTIFICATE REQUEST", &der)?)?;
        println!("{}  SHA-256 {}", file.display(), keep::hex(&sha256(&der)));
    }
    platform.store.close().await;
    println!(
        "Carry ca-issuing.csr to the root; the others are certified by the issuing authority itself, or by the root."
    );
    Ok(())
}

/// The platform of a command: the store may be a new one, since the authority comes before the first start of a production server.
async fn open(config: &Config) -> Result<Arc<Platform>> {
    let address = config.store();
    if address.strip_prefix("sqlite:").is_some_and(|path| !Path::new(path).exists()) {
        std::fs::create_dir_all(&config.data)
            .with_context(|| format!("cannot make the data folder {}", config.data.display()))?;
        lionrock_store::Store::open(&address).await?.close().await;
    }
    start::beside(config).await
}

#[allow(clippy::print_stdout)]
async fn install(arguments: &Install) -> Result<()> {
    let config = Config::read(&arguments.config)?;
    let list = unwrap_pem(&std::fs::read(&arguments.list)?, "X509 CRL");
    let transcript = arguments.transcript.as_deref().map(std::fs::read).transpose()?;
    let parts = Parts {
        root: keep::certificate(&arguments.root)?,
        signed: arguments.certificates.iter().map(|file| keep::certificate(file)).collect::<Result<_>>()?,
        list: list.with_context(|| format!("{} holds no revocation list", arguments.list.display()))?,
        transcript: transcript.map(|text| sha256(&text)),
    };
    let platform = open(&config).await?;
    let caller = clock::platform_caller();
    let installed = authority::install(&platform, &caller, parts).await;
    let done = match installed {
        Ok(installed) => authority::attend(&platform, &caller).await.map(|()| installed).map_err(Into::into),
        Err(error) => Err(anyhow::Error::from(error)),
    };
    platform.store.close().await;
    println!("installed for {}", done?.signers.join(", "));
    Ok(())
}

#[allow(clippy::print_stdout)]
async fn show(config: &Config) -> Result<()> {
    let platform = start::beside(config).await?;
    let chain = authority::chain(&platform).await?.context("there is no certificate authority here yet")?;
    let line = |name: &str, one: &Certificate| {
        let (from, until) = one.validity();
        println!("{name:12} {}  {from} to {until} (Unix seconds)", keep::hex(one.serial()));
    };
    line("root", &chain.root);
    line("ca-issuing", &chain.issuing.certificate);
    for (name, one) in [("ocsp", &chain.ocsp), ("tsa", &chain.tsa), ("tsa-rsa", &chain.tsa_rsa)] {
        if let Some(one) = one {
            line(name, &one.certificate);
        }
    }
    let caller = clock::platform_caller();
    for issuer in [authority::ROOT, authority::ISSUING] {
        let Some(list) = status::list(&platform, &caller, issuer).await? else { continue };
        let of = if issuer == authority::ROOT { &chain.root } else { &chain.issuing.certificate };
        let now = u64::try_from(caller.now.seconds()).unwrap_or_default();
        let read = crl::check(&list.der, of, now)?;
        println!("list of {issuer}: number {}, {} entries", read.number.unwrap_or_default(), read.entries.len());
        for (serial, at, reason) in read.entries {
            println!("  {}  since {at}  {}", keep::hex(&serial), reason.map_or("", |reason| reason.word()));
        }
    }
    platform.store.close().await;
    Ok(())
}

#[allow(clippy::print_stdout)]
async fn act(arguments: &Act) -> Result<()> {
    let config = Config::read(&arguments.config)?;
    if !matches!(arguments.act.as_str(), "revoke" | "hold" | "resume") {
        bail!("--act must be revoke, hold or resume");
    }
    let grounds = || Ground::FINAL.map(Ground::word).join(", ");
    let ground = match (arguments.act.as_str(), arguments.ground.as_deref()) {
        ("revoke", Some(word)) if Ground::from_word(word).is_some_and(|one| Ground::FINAL.contains(&one)) => Some(word),
        ("revoke", _) => bail!("--ground must be one of {}", grounds()),
        (_, None) => None,
        (_, Some(_)) => bail!("--ground goes with --act revoke alone"),
    };
    let mut keys = arguments.officers.iter().map(|officer| key(officer)).collect::<Result<Vec<_>>>()?;
    keys.sort_by(|(one, _), (other, _)| one.cmp(other));
    let platform = start::beside(&config).await?;
    let serial = arguments.serial.to_ascii_lowercase();
    let version =
        authority::version(&platform, &serial).await?.context("there is no certificate with this serial number")?;
    let mut signed = Signed::propose(CertificateClaims {
        act: arguments.act.clone(),
        approved_by: keys.iter().map(|(name, _)| name.clone()).collect(),
        ground: ground.map(str::to_owned),
        realm: config.realm.clone(),
        serial,
        version,
    });
    for (name, key) in &keys {
        signed.sign(name, key)?;
    }
    let officers = oversight::officers(&config.officers, &config.realm()?)?;
    let done = authority::by_officers(&platform, &clock::platform_caller(), signed, &officers).await;
    platform.store.close().await;
    done?;
    println!("done; the ledger has an entry with both signatures, and the next status answer says so");
    Ok(())
}

fn key(officer: &str) -> Result<(String, SigningKey)> {
    let (name, file) = officer.split_once('=').context("--officer NAME=FILE")?;
    let der = PrivateKeyDer::from_pem_file(file).with_context(|| format!("{file} holds no private key"))?;
    let key = SigningKey::from_pkcs8(Algorithm::EdDsa, der.secret_der())
        .with_context(|| format!("{file} is no Ed25519 key"))?;
    Ok((name.to_owned(), key))
}
