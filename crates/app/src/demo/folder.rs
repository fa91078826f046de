//! The demo's data folder: `keys/`, `tls/`, `people/`, `rehearsal/`, `walk/`, the store and the ledger.

use super::{Running, TlsKey};
use crate::clock;
use crate::command::backup::custodian;
use crate::config::Config;
use crate::config::OfficerEntry;
use crate::config::backup::{self, Backup};
use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use indicatif::{ProgressBar, ProgressStyle};
use lionrock_crypto::backup::Custodian;
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};
use lionrock_model::staff::Role;
use lionrock_rehearsal::authority::Authority;
use lionrock_rehearsal::people::{Person, folder as drawn};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Names the development certificates are good for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The folder.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// Certificate files.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// What clients are to trust.
    pub ca: PathBuf,
    /// The server's chain.
    pub chain: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Folder {
    /// Makes or finds the folder; only its owner can look into it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(path: &Path) -> Result<Self> {
        let make = |folder: &Path| {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))
        };
        ["keys", "tls", "people", "rehearsal", "walk"].iter().try_for_each(|part| make(&path.join(part)))?;
        let path = path.canonicalize().with_context(|| format!("cannot find {}", path.display()))?;
        Ok(Self(path))
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The root key file.
    #[must_use]
    pub fn root_key(&self) -> PathBuf {
        self.0.join("keys/root.key")
    }

    /// What the rehearsal keeps: software passkeys, the demo service's keys.
    #[must_use]
    pub fn rehearsal(&self) -> PathBuf {
        self.0.join("rehearsal")
    }

    /// Cards and faces.
    #[must_use]
    pub fn people(&self) -> PathBuf {
        self.0.join("people")
    }

    /// What a walk leaves behind.
    #[must_use]
    pub fn walk(&self) -> PathBuf {
        self.0.join("walk")
    }

    /// Certificates, made on the first start. The authority's key is not kept: it signs once.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub fn tls(&self, kind: TlsKey) -> Result<TlsFiles> {
        let folder = self.0.join("tls");
        let stem = if kind == TlsKey::Ec { "server" } else { "server-rsa" };
        let files = TlsFiles {
            ca: folder.join(if kind == TlsKey::Ec { "ca.pem" } else { "ca-rsa.pem" }),
            chain: folder.join(format!("{stem}.pem")),
            key: folder.join(format!("{stem}.key")),
        };
        if files.ca.exists() && files.chain.exists() && files.key.exists() {
            return Ok(files);
        }
        let today = clock::now().hong_kong_date();
        let authority = Authority::create(&NAMES, today)?;
        let server = authority.server(&NAMES, kind.into(), today)?;
        private(&files.key, server.key_pem.as_bytes())?;
        std::fs::write(&files.chain, &server.chain_pem)?;
        std::fs::write(&files.ca, authority.certificate_pem())?;
        Ok(files)
    }

    /// Writes cards and faces, unless those of this seed are there.
    ///
    /// # Errors
    /// When they cannot be drawn or written.
    pub fn write_people(&self, people: &[Person], seed: u64) -> Result<()> {
        let mark = self.people().join("seed");
        if std::fs::read_to_string(&mark).is_ok_and(|text| text.trim() == seed.to_string()) {
            return Ok(());
        }
        let bar = ProgressBar::new(u64::try_from(people.len()).unwrap_or(0));
        bar.set_style(ProgressStyle::with_template("drawing synthetic people {bar:24} {pos}/{len}")?);
        drawn::write_people(&self.people(), people, seed, &mut || bar.inc(1))?;
        bar.finish_and_clear();
        Ok(std::fs::write(mark, format!("{seed}\n"))?)
    }

    /// The custodian of the demo's backups, whose key is made on the first start, and where backups go.
    ///
    /// # Errors
    /// When the key cannot be made or read.
    pub fn backup(&self) -> Result<Backup> {
        let file = self.custodian_key();
        if !file.exists() {
            custodian::make_quietly(&file)?;
        }
        let line = backup::write(&Custodian::new(*custodian::read(&file)?.public()));
        Ok(Backup { custodian: Some(line), folder: Some(self.0.join("backups")) })
    }

    /// The key of the backups' custodian. Elsewhere it lies with somebody else.
    #[must_use]
    pub fn custodian_key(&self) -> PathBuf {
        self.0.join("keys/custodian.key")
    }

    /// The configuration of this deployment, for commands beside the running demo.
    #[must_use]
    pub fn configuration(&self) -> PathBuf {
        self.0.join("lionrock.toml")
    }

    /// Writes the configuration for commands.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_configuration(&self, config: &Config) -> Result<()> {
        let text = |value: &dyn std::fmt::Display| toml::Value::String(value.to_string()).to_string();
        let path = |path: &Path| text(&path.display());
        let root = config.keys.root_file.as_deref().map(path).unwrap_or_default();
        let Backup { custodian, folder } = &config.backup;
        let lines = format!(
            "# Written at each start, for commands beside the running demo.\nrealm = {}\nissuer = {}\nname = {}\n\
             data = {}\nstore = {}\nmodels = {}\nkeys = {{ root_file = {root} }}\n\
             tls = {{ chain = {}, key = {} }}\nregistry = {{ url = {} }}\nmail = {{ kind = \"mailbox\" }}\n\
             backup = {{ custodian = {}, folder = {} }}\nauthority = {{ listen = {} }}\n",
            text(&config.realm),
            text(&config.issuer),
            text(&config.name),
            path(&config.data),
            text(&config.store()),
            path(&std::path::absolute(&config.models)?),
            path(&config.tls.chain),
            path(&config.tls.key),
            text(&config.registry.url),
            text(&custodian.as_deref().unwrap_or_default()),
            folder.as_deref().map(path).unwrap_or_default(),
            text(&config.authority.listen.map(|listen| listen.to_string()).unwrap_or_default()),
        );
        let mut lines = lines;
        for officer in &config.officers {
            lines.push_str(&format!(
                "\n[[officer]]\nid = {}\nrole = {}\nkey = {}\n",
                text(&officer.id),
                text(&officer.role),
                text(&officer.key)
            ));
        }
        for witness in &config.witnesses {
            let keys: Vec<_> = witness.keys.iter().map(|key| text(key)).collect();
            lines.push_str(&format!("\n[[witness]]\nurl = {}\nkeys = [{}]\n", text(&witness.url), keys.join(", ")));
        }
        #[derive(serde::Serialize)]
        struct Section<'a> {
            staff: &'a crate::config::staff::Staff,
        }
        let staff = config.staff.as_ref().map(|staff| toml::to_string(&Section { staff })).transpose()?;
        let lines = lines + &staff.unwrap_or_default();
        // A store's address may hold a password.
        private(&self.configuration(), lines.as_bytes())
    }

    /// Two officers whose statements count in this demo, with their private keys in `officers/`; made at the first start.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn officers(&self) -> Result<Vec<OfficerEntry>> {
        let folder = self.0.join("officers");
        std::fs::create_dir_all(&folder)?;
        let roles = [Role::Privacy, Role::Security];
        let made = roles.map(|role| {
            let file = folder.join(format!("{}.pem", role.word()));
            if !file.exists() {
                let key = SigningKey::generate(Algorithm::EdDsa)?;
                let body = STANDARD.encode(&*key.to_pkcs8()?);
                private(&file, format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n").as_bytes())?;
            }
            let der = PrivateKeyDer::from_pem_file(&file).context("an officer's key")?;
            let key = SigningKey::from_pkcs8(Algorithm::EdDsa, der.secret_der())?;
            let PublicKey::Ed25519(public) = key.public()? else { anyhow::bail!("an officer's key is not Ed25519") };
            let (id, key) = (format!("demo-{}", role.word()), URL_SAFE_NO_PAD.encode(public));
            Ok(OfficerEntry { id, role: role.word().to_owned(), key })
        });
        made.into_iter().collect()
    }

    /// Where the platform runs, for a walk in another process.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note_running(&self, running: &Running) -> Result<()> {
        let note = json!({
            "issuer": running.issuer,
            "pid": std::process::id(),
            "pki": running.pki,
            "service": running.service,
            "staff": running.staff,
        });
        Ok(std::fs::write(self.0.join("running.json"), note.to_string())?)
    }

    /// Where the staff house last was over this folder: officers' keys name it.
    #[must_use]
    pub fn last_staff(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.0.join("running.json")).ok()?;
        let note: Value = serde_json::from_str(&text).ok()?;
        Some(note.get("staff")?.as_str()?.to_owned())
    }

    /// Its port.
    #[must_use]
    pub fn last_staff_port(&self) -> Option<u16> {
        self.last_staff()?.rsplit(':').next()?.parse().ok()
    }

    /// The root of the maker of officers' software keys.
    #[must_use]
    pub fn attestation_root(&self) -> PathBuf {
        self.0.join("rehearsal/attestation-root.pem")
    }

    /// The port that certificates of this folder name.
    #[must_use]
    pub fn last_pki_port(&self) -> Option<u16> {
        let text = std::fs::read_to_string(self.0.join("running.json")).ok()?;
        let note: Value = serde_json::from_str(&text).ok()?;
        note.get("pki")?.as_str()?.rsplit(':').next()?.parse().ok()
    }

    /// Where a platform last ran over this folder.
    #[must_use]
    pub fn last_running(&self) -> Option<(String, String)> {
        let text = std::fs::read_to_string(self.0.join("running.json")).ok()?;
        let note: Value = serde_json::from_str(&text).ok()?;
        Some((note.get("issuer")?.as_str()?.to_owned(), note.get("service")?.as_str()?.to_owned()))
    }
}

/// Writes a file only its owner can read.
///
/// # Errors
/// When it cannot be written.
pub fn private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(bytes).with_context(|| format!("cannot write {}", path.display()))
}
