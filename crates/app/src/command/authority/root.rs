//! `lionrock authority root`: a ceremony with the offline root. Everything it needs and makes lies in one folder: the root, its key (sealed, or
//! the name of a key in a module), its lists, what it signed, and a transcript of each act.

use super::keep::{self, Opening};
use crate::clock;
use crate::config::Pkcs11;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::pkcs11::ModulePair;
use lionrock_crypto::random::{Entropy, System};
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_model::realm::Realm;
use lionrock_pki::certificate::{self, Certificate, Order};
use lionrock_pki::crl::{self, Entry, List, Reason};
use lionrock_pki::profile::Profile;
use lionrock_pki::{algorithm, request, unwrap_pem};
use lionrock_service::authority::Setup;
use serde_json::{Value, json};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

const KEY: &str = "root.key";
const ROOT: &str = "root.pem";
const LIST: &str = "root.crl.pem";
const LABEL: &str = "lionrock authority root";
const DAY: u64 = 24 * 60 * 60;

/// What to do with the root.
#[derive(Debug, Subcommand)]
pub enum Root {
    /// Make a root: its key is sealed under a passphrase or in shares, or stays in a module.
    Init(Init),
    /// Sign the certificate of a request.
    Sign(Sign),
    /// Sign the next revocation list, with what is revoked from now on.
    List(NextList),
}

/// The authority's name.
#[derive(Debug, Args)]
pub struct Named {
    /// Two letters of ISO 3166-1.
    #[arg(long, default_value = "HK")]
    country: String,
    /// The legal name.
    #[arg(long)]
    organisation: String,
    /// Its number in a register: `NTRHK-12345678`.
    #[arg(long)]
    identifier: String,
    /// How the public side is reached: `http://pki.example.gov.hk`.
    #[arg(long)]
    address: String,
    /// The arc under which policies are numbered.
    #[arg(long)]
    policies: String,
}

impl Named {
    fn setup(&self) -> Setup {
        Setup {
            address: self.address.clone(),
            country: self.country.clone(),
            identifier: self.identifier.clone(),
            organisation: self.organisation.clone(),
            policies: self.policies.clone(),
            ..Setup::default()
        }
    }
}

/// The kind of the root's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// ECDSA on P-384.
    Es384,
    /// RSA of 3072 bits, PKCS#1 v1.5.
    Rs256,
}

impl Kind {
    const fn algorithm(self) -> Algorithm {
        match self {
            Self::Es384 => Algorithm::Es384,
            Self::Rs256 => Algorithm::Rs256,
        }
    }
}

/// A new root.
#[derive(Debug, Args)]
pub struct Init {
    /// A new folder for everything of the root.
    #[arg(long)]
    out: PathBuf,
    /// The realm it is for: `production` or `test-NAME`.
    #[arg(long)]
    realm: String,
    #[command(flatten)]
    named: Named,
    /// Its key.
    #[arg(long, value_enum, default_value_t = Kind::Es384)]
    key: Kind,
    /// Years it is valid.
    #[arg(long, default_value_t = 20)]
    years: u64,
    /// Seal its key under the passphrase on the first line of this file.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
    /// Seal its key under a secret in shares: so many give it back.
    #[arg(long, requires = "holders")]
    threshold: Option<u8>,
    /// The name of a share's holder; once for each share.
    #[arg(long = "holder")]
    holders: Vec<String>,
    /// Or keep it in a module: the module's library file.
    #[arg(long, requires_all = ["token", "pin_file"])]
    module: Option<PathBuf>,
    /// The token's label.
    #[arg(long)]
    token: Option<String>,
    /// A file with the PIN on its first line.
    #[arg(long)]
    pin_file: Option<PathBuf>,
    /// The name of somebody else who was there.
    #[arg(long = "witness")]
    witnesses: Vec<String>,
}

/// The root's folder and how its key is opened.
#[derive(Debug, Args)]
pub struct Use {
    /// The folder of the root.
    #[arg(long)]
    folder: PathBuf,
    #[command(flatten)]
    opening: Opening,
    /// A file with the PIN of the module that holds the key.
    #[arg(long)]
    pin_file: Option<PathBuf>,
    /// The name of somebody who was there.
    #[arg(long = "witness")]
    witnesses: Vec<String>,
}

/// What to sign.
#[derive(Debug, Args)]
pub struct Sign {
    #[command(flatten)]
    with: Use,
    #[command(flatten)]
    named: Named,
    /// The request, PEM.
    #[arg(long)]
    request: PathBuf,
    /// `issuing`, `time-stamping` or `ocsp`.
    #[arg(long, default_value = "issuing")]
    profile: String,
    /// Days it is valid; the profile's longest, or the root's end, when absent.
    #[arg(long)]
    days: Option<u64>,
    /// Where to write the certificate, PEM; must not exist.
    #[arg(long)]
    out: PathBuf,
}

/// What is revoked.
#[derive(Debug, Args)]
pub struct NextList {
    #[command(flatten)]
    with: Use,
    /// A serial number and why, `HEX=REASON`; once for each.
    #[arg(long = "revoke")]
    revoked: Vec<String>,
    /// Days until the next list.
    #[arg(long, default_value_t = 180)]
    days: u64,
}

/// Runs the command.
///
/// # Errors
/// What is wrong and what to do.
pub fn run(what: &Root) -> Result<()> {
    match what {
        Root::Init(arguments) => init(arguments),
        Root::Sign(arguments) => sign(arguments),
        Root::List(arguments) => next_list(arguments),
    }
}

fn now() -> Result<u64> {
    u64::try_from(clock::now().seconds()).context("a clock before 1970")
}

#[allow(clippy::print_stdout)]
fn init(arguments: &Init) -> Result<()> {
    let realm = Realm::parse(&arguments.realm).context("--realm")?;
    let setup = arguments.named.setup();
    let wrong = setup.faults(&realm);
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n  "));
    }
    let ways = [arguments.passphrase_file.is_some(), arguments.threshold.is_some(), arguments.module.is_some()];
    if ways.into_iter().filter(|way| *way).count() != 1 {
        bail!("give one of --passphrase-file, --threshold with --holder, and --module");
    }
    DirBuilder::new()
        .mode(0o700)
        .create(&arguments.out)
        .with_context(|| format!("cannot make {}: it must not exist", arguments.out.display()))?;
    let made = make(arguments, &realm, &setup);
    if made.is_err() {
        // Half a ceremony is none.
        drop(std::fs::remove_dir_all(&arguments.out));
    }
    let root = made?;
    println!("{}  SHA-256 {}", arguments.out.join(ROOT).display(), keep::hex(&sha256(root.der())));
    println!("Give each share to its holder alone, and delete it here. Keep the folder offline.");
    Ok(())
}

fn make(arguments: &Init, realm: &Realm, setup: &Setup) -> Result<Certificate> {
    let algorithm = arguments.key.algorithm();
    let (key, kept) = match &arguments.module {
        Some(module) => {
            let token = Pkcs11 {
                module: module.clone(),
                token: arguments.token.clone().unwrap_or_default(),
                pin_file: arguments.pin_file.clone().unwrap_or_default(),
                hold: Vec::new(),
                moving: Vec::new(),
            };
            let label = format!("{LABEL} {realm}");
            let pair = ModulePair::make(&crate::root_key::module(&token)?, &label, algorithm)?;
            let named = json!({"algorithm": algorithm.name(), "label": label, "module": module, "token": token.token});
            (SigningKey::in_module(pair), named.to_string())
        }
        None => {
            let key = SigningKey::generate(algorithm)?;
            let sealed = sealed(arguments, realm, &key)?;
            (key, sealed)
        }
    };
    keep::write(&arguments.out.join(KEY), kept.as_bytes())?;
    let (public, from) = (key.public()?, now()?);
    let mark: String = keep::hex(&algorithm::key_digest(&public)?).chars().take(8).collect();
    let order = Order {
        profile: Profile::Root,
        subject: setup.own_subject(realm, Profile::Root, &mark),
        key: public,
        serial: serial(),
        from,
        until: from + arguments.years.clamp(1, 25) * 365 * DAY - 1,
        policies: Vec::new(),
        hosts: Vec::new(),
        places: Default::default(),
    };
    let root = certificate::issue(&order, None, &key)?;
    keep::write(&arguments.out.join(ROOT), root.to_pem()?.as_bytes())?;
    write_list(
        &arguments.out,
        &root,
        &key,
        &List { number: 1, now: from, next: from + 180 * DAY, entries: Vec::new() },
    )?;
    let what = json!({
        "holders": arguments.holders,
        "root": keep::hex(&sha256(root.der())),
        "threshold": arguments.threshold,
        "what": "root-made",
    });
    transcribe(&arguments.out, realm, &arguments.witnesses, what)?;
    Ok(root)
}

/// The root's key sealed, as its file has it; shares are written beside.
fn sealed(arguments: &Init, realm: &Realm, key: &SigningKey) -> Result<String> {
    let (realm, pkcs8) = (realm.to_string(), key.to_pkcs8()?);
    if let Some(file) = &arguments.passphrase_file {
        let salt = keep::salt();
        return keep::seal(&keep::from_passphrase(file, &salt)?, Some(&salt), &realm, &pkcs8);
    }
    let of = u8::try_from(arguments.holders.len()).context("too many holders")?;
    let (secret, shares) = keep::new_shares(&realm, arguments.threshold.unwrap_or(of), of)?;
    for share in &shares {
        keep::write(&arguments.out.join(format!("share-{}.txt", share.number())), share.to_text().as_bytes())?;
    }
    keep::seal(&secret, None, &realm, &pkcs8)
}

/// Opens the root of a folder: realm, certificate and key.
fn open(with: &Use) -> Result<(Realm, Certificate, SigningKey)> {
    let root = keep::certificate(&with.folder.join(ROOT))?;
    let file = with.folder.join(KEY);
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let (realm, key) = match serde_json::from_str::<Value>(&text) {
        Ok(named) => in_module(with, &named)?,
        Err(_) => {
            let (realm, pkcs8) = keep::open(&file, &with.opening)?;
            let kinds = [Algorithm::Es384, Algorithm::Rs256];
            let key = kinds.into_iter().find_map(|kind| SigningKey::from_pkcs8(kind, &pkcs8).ok());
            (realm, key.context("the root's key cannot be read")?)
        }
    };
    if root.key()? != key.public()? {
        bail!("the key in {} is not the root's", with.folder.display());
    }
    Ok((Realm::parse(&realm).context("the realm of the root")?, root, key))
}

fn in_module(with: &Use, named: &Value) -> Result<(String, SigningKey)> {
    let text = |member: &str| named.get(member).and_then(Value::as_str).context("the root's key file cannot be read");
    let token = Pkcs11 {
        module: PathBuf::from(text("module")?),
        token: text("token")?.to_owned(),
        pin_file: with.pin_file.clone().context("the root's key is in a module: --pin-file")?,
        hold: Vec::new(),
        moving: Vec::new(),
    };
    let (label, name) = (text("label")?, text("algorithm")?);
    let kind = [Algorithm::Es384, Algorithm::Rs256].into_iter().find(|kind| kind.name() == name);
    let pair = ModulePair::open(&crate::root_key::module(&token)?, label, kind.context("the root's key file")?)?;
    let realm = label.rsplit(' ').next().unwrap_or_default().to_owned();
    Ok((realm, SigningKey::in_module(pair)))
}

#[allow(clippy::print_stdout)]
fn sign(arguments: &Sign) -> Result<()> {
    let (realm, root, key) = open(&arguments.with)?;
    let profile =
        Profile::from_word(&arguments.profile).filter(|profile| profile.is_of_root() && *profile != Profile::Root);
    let profile = profile.context("--profile must be issuing, time-stamping or ocsp")?;
    let setup = arguments.named.setup();
    let wrong = setup.faults(&realm);
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n  "));
    }
    let der = unwrap_pem(&std::fs::read(&arguments.request)?, "CERTIFICATE REQUEST")
        .with_context(|| format!("{} holds no request", arguments.request.display()))?;
    let asked = request::read(&der).context("the request does not show that its sender holds the key")?;
    let mark: String = keep::hex(&algorithm::key_digest(&asked.key)?).chars().take(8).collect();
    let from = now()?;
    let span = arguments.days.map_or(profile.longest(), |days| days.saturating_mul(DAY));
    let order = Order {
        profile,
        subject: setup.own_subject(&realm, profile, &mark),
        key: asked.key,
        serial: serial(),
        from,
        until: from.saturating_add(span).saturating_sub(1).min(root.validity().1),
        policies: setup.policies(profile)?,
        hosts: Vec::new(),
        places: if profile == Profile::Ocsp { Default::default() } else { setup.places(Profile::Root) },
    };
    let made = certificate::issue(&order, Some(&root), &key)?;
    keep::write(&arguments.out, made.to_pem()?.as_bytes())?;
    let what = json!({
        "certificate": keep::hex(&sha256(made.der())),
        "profile": profile.word(),
        "request": keep::hex(&sha256(&der)),
        "root": keep::hex(&sha256(root.der())),
        "serial": keep::hex(made.serial()),
        "what": "signed",
    });
    let transcript = transcribe(&arguments.with.folder, &realm, &arguments.with.witnesses, what)?;
    println!("{}  serial {}", arguments.out.display(), keep::hex(made.serial()));
    println!("transcript {}", transcript.display());
    Ok(())
}

#[allow(clippy::print_stdout)]
fn next_list(arguments: &NextList) -> Result<()> {
    let (realm, root, key) = open(&arguments.with)?;
    let now = now()?;
    let before = unwrap_pem(&std::fs::read(arguments.with.folder.join(LIST))?, "X509 CRL")?;
    // A list that is over is still where the next one goes on.
    let read = crl::examine(&before, &root).context("the list in the folder is not this root's")?;
    let mut entries: Vec<Entry> = read
        .entries
        .into_iter()
        .map(|(serial, at, reason)| Entry { serial, at, reason: reason.unwrap_or(Reason::PrivilegeWithdrawn) })
        .collect();
    for one in &arguments.revoked {
        let (serial, reason) = one.split_once('=').context("--revoke HEX=REASON")?;
        let reason = Reason::from_word(reason)
            .with_context(|| format!("{reason:?} is no reason: {}", Reason::ALL.map(Reason::word).join(", ")))?;
        let serial =
            keep::unhex(serial).filter(|serial| !serial.is_empty()).context("a serial number is hexadecimal")?;
        if entries.iter().any(|entry| entry.serial == serial) {
            bail!("{} is revoked already", keep::hex(&serial));
        }
        entries.push(Entry { serial, at: now, reason });
    }
    let number = read.number.unwrap_or(0) + 1;
    let list = List { number, now, next: now + arguments.days.clamp(1, 366) * DAY, entries };
    std::fs::rename(arguments.with.folder.join(LIST), arguments.with.folder.join(format!("{LIST}.{}", number - 1)))?;
    write_list(&arguments.with.folder, &root, &key, &list)?;
    let what = json!({"entries": list.entries.len(), "number": number, "what": "list"});
    transcribe(&arguments.with.folder, &realm, &arguments.with.witnesses, what)?;
    println!("{}  number {number}, {} entries", arguments.with.folder.join(LIST).display(), list.entries.len());
    Ok(())
}

fn write_list(folder: &Path, root: &Certificate, key: &SigningKey, list: &List) -> Result<()> {
    keep::write(&folder.join(LIST), crl::to_pem(&crl::sign(list, root, key)?)?.as_bytes())
}

fn serial() -> [u8; certificate::SERIAL_BYTES] {
    let source: &dyn Entropy = &System;
    source.array()
}

/// Writes down one act, as people read it and the ledger's digest proves it. Members in alphabetical order.
fn transcribe(folder: &Path, realm: &Realm, witnesses: &[String], what: Value) -> Result<PathBuf> {
    let at = jiff::Timestamp::from_millisecond(clock::now().0)?.to_string();
    let whole = json!({
        "act": what,
        "at": at,
        "format": "lionrock authority transcript v1",
        "program": env!("CARGO_PKG_VERSION"),
        "realm": realm.to_string(),
        "witnesses": witnesses,
    });
    let number = (1..1000).find(|number| !folder.join(format!("transcript-{number}.json")).exists());
    let path = folder.join(format!("transcript-{}.json", number.context("too many transcripts")?));
    let mut bytes = serde_json::to_vec_pretty(&whole)?;
    bytes.push(b'\n');
    keep::write(&path, &bytes)?;
    Ok(path)
}
