//! The configuration file of a server: TOML, every member known, secrets by file only.

use anyhow::{Context, Result, bail};
use lionrock_model::realm::Realm;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub mod authority;
pub mod backup;
pub mod oversight;
pub mod signing;
pub mod staff;
pub use oversight::{Alerting, Clock, OfficerEntry, Site};

/// What `lionrock serve --config FILE` reads. Relative paths count from the folder of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `production` or `test-NAME`.
    pub realm: String,
    /// Scheme, host and port people reach the platform by: `https://id.example.gov.hk`.
    pub issuer: String,
    /// WebAuthn relying-party id; the issuer's host when absent.
    #[serde(default)]
    pub rp_id: Option<String>,
    /// The name in passkey dialogues.
    #[serde(default = "default_name")]
    pub name: String,
    /// Address and port to listen on.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Data folder: ledger files, and the embedded store unless `store` says otherwise.
    pub data: PathBuf,
    /// `sqlite:PATH` or `postgres://…`; `sqlite:DATA/lionrock.db` when absent.
    #[serde(default)]
    pub store: Option<String>,
    /// Folder of the card and face models.
    #[serde(default = "default_models")]
    pub models: PathBuf,
    /// Where the root of all keys comes from.
    pub keys: Keys,
    /// Server certificate.
    pub tls: Tls,
    /// The authority that issued the cards.
    pub registry: Registry,
    /// Outgoing mail.
    pub mail: Mail,
    /// Who shows notices on residents' devices.
    #[serde(default)]
    pub push: Option<Push>,
    /// Registered online services: a TOML file of their own.
    #[serde(default)]
    pub services: Option<PathBuf>,
    /// Limits of the edge.
    #[serde(default)]
    pub limits: Limits,
    /// Proofing workers.
    #[serde(default)]
    pub proofing: Proofing,
    /// `text` or `json` log lines.
    #[serde(default)]
    pub log: LogFormat,
    /// Whose time counts.
    #[serde(default)]
    pub clock: Clock,
    /// Where data may be.
    #[serde(default)]
    pub site: Site,
    /// Who may approve exceptions.
    #[serde(default, rename = "officer")]
    pub officers: Vec<OfficerEntry>,
    /// Who hears of locked budgets and refused rollbacks.
    #[serde(default, rename = "officers")]
    pub alerting: Alerting,
    /// The certificate authority.
    #[serde(default)]
    pub authority: authority::Authority,
    /// Documents that are signed.
    #[serde(default)]
    pub signing: signing::Signing,
    /// Exceptions of the start gate, signed by two officers.
    #[serde(default)]
    pub deviations: Vec<PathBuf>,
    /// Who can open backups, and where they go.
    #[serde(default)]
    pub backup: backup::Backup,
    /// The staff house: officers' own pages. Without it there are no officers.
    #[serde(default)]
    pub staff: Option<staff::Staff>,
    /// Who cosigns the ledger's checkpoints.
    #[serde(default, rename = "witness")]
    pub witnesses: Vec<Witness>,
}

/// Where the root of all keys comes from: exactly one of the four; beside it a module may hold other keys.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// A key file, made by `lionrock key init`.
    #[serde(default)]
    pub root_file: Option<PathBuf>,
    /// A file with a passphrase on its first line.
    #[serde(default)]
    pub passphrase_file: Option<PathBuf>,
    /// Shares of a key: the server starts sealed, and waits for them.
    #[serde(default)]
    pub shares: Option<Shares>,
    /// Keys in a key store module, made by `lionrock key init-module`: the root, unless `hold` says otherwise.
    #[serde(default)]
    pub pkcs11: Option<Pkcs11>,
}

impl Keys {
    /// The token that holds the root, when one does.
    #[must_use]
    pub fn root_token(&self) -> Option<&Pkcs11> {
        self.pkcs11.as_ref().filter(|token| token.hold.contains(&Hold::Root))
    }

    /// Refuses more than one root, and none.
    fn check(&self) -> Result<()> {
        let given = [
            self.root_file.is_some(),
            self.passphrase_file.is_some(),
            self.shares.is_some(),
            self.root_token().is_some(),
        ];
        if given.into_iter().filter(|given| *given).count() != 1 {
            bail!("keys: give one of root_file, passphrase_file, shares, and pkcs11 with \"root\" in hold");
        }
        if self.shares.as_ref().is_some_and(|shares| shares.threshold < 2) {
            bail!("keys.shares.threshold: at least 2 people unseal a server");
        }
        Ok(())
    }
}

/// A root key in shares, made by `lionrock key ceremony`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// How many shares give it back.
    pub threshold: u8,
}

/// A key that can lie in a key store module.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// The root of all keys.
    Root,
    /// The key that finds a card number without storing it.
    BlindIndex,
    /// The key that signs ID Tokens, ES256.
    Token,
    /// The key that signs the ledger's checkpoints, Ed25519.
    Checkpoint,
    /// The key that signs receipts, Ed25519.
    Receipt,
    /// The key of the issuing certificate authority, ES384.
    CaIssuing,
    /// The key that signs status answers, ES256.
    Ocsp,
    /// The key that stamps time, ES256.
    Tsa,
    /// The key that stamps time, RS256.
    TsaRsa,
}

impl Hold {
    /// Whether its first key is made by `lionrock authority request`, and not with the realm.
    #[must_use]
    pub const fn comes_later(self) -> bool {
        matches!(self, Self::CaIssuing | Self::Ocsp | Self::Tsa | Self::TsaRsa)
    }

    /// Its word in the key ring; nothing for the root, which is not in the ring.
    #[must_use]
    pub const fn ring_word(self) -> Option<&'static str> {
        match self {
            Self::Root => None,
            Self::BlindIndex => Some("blind-index"),
            Self::Token => Some("token"),
            Self::Checkpoint => Some("checkpoint"),
            Self::Receipt => Some("receipt"),
            Self::CaIssuing => Some("ca-issuing"),
            Self::Ocsp => Some("ocsp"),
            Self::Tsa => Some("tsa"),
            Self::TsaRsa => Some("tsa-rsa"),
        }
    }
}

fn hold_root() -> Vec<Hold> {
    vec![Hold::Root]
}

/// A token of a key store module (PKCS#11).
#[derive(Clone, Debug, Deserialize, clap::Args)]
#[serde(deny_unknown_fields)]
pub struct Pkcs11 {
    /// The module's library file.
    #[arg(long)]
    pub module: PathBuf,
    /// The token's label.
    #[arg(long)]
    pub token: String,
    /// A file with the PIN on its first line.
    #[arg(long)]
    pub pin_file: PathBuf,
    /// The keys it holds, with commas between them.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "root")]
    #[serde(default = "hold_root")]
    pub hold: Vec<Hold>,
    /// Signing keys that lie in memory as yet and are to be made in it by `lionrock key move`; afterwards they belong to `hold`.
    #[arg(skip)]
    #[serde(default, rename = "move")]
    pub moving: Vec<Hold>,
}

/// Server certificate: PEM, EC or RSA.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Certificate chain, the server's own first.
    pub chain: PathBuf,
    /// Its private key, PKCS#8.
    pub key: PathBuf,
    /// Also speak TLS 1.2; a written deviation.
    #[serde(default)]
    pub tls12: bool,
}

/// The authority that issued the cards.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Where it is asked.
    pub url: String,
    /// The only CA its certificate may come from, PEM; the public ones when absent.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// A file with the token that names us to it.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
}

/// A push service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// Where notices go.
    pub url: String,
    /// The only CA its certificate may come from, PEM.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}

/// A witness of the ledger (C2SP tlog-witness).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// Where it is asked: `/add-checkpoint` is added.
    pub url: String,
    /// Its verifier keys, `name+id+key`: of Ed25519, ML-DSA-44, or both.
    pub keys: Vec<String>,
    /// The only CA its certificate may come from, PEM.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}

/// Outgoing mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "kind")]
pub enum Mail {
    /// A mailbox in memory, shown at `/mailbox`; test realms only.
    Mailbox,
    /// A mail server.
    Smtp {
        /// Host name.
        host: String,
        /// Port, 587 when absent.
        #[serde(default = "default_smtp_port")]
        port: u16,
        /// Sender address.
        from: String,
        /// User name.
        #[serde(default)]
        user: Option<String>,
        /// A file with the password.
        #[serde(default)]
        password_file: Option<PathBuf>,
    },
}

/// Limits of the edge.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests a second one address may keep up.
    #[serde(default)]
    pub requests_per_second: Option<u32>,
    /// State changes a minute one address may keep up.
    #[serde(default)]
    pub changes_per_minute: Option<u32>,
}

/// Proofing workers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proofing {
    /// Custodies at one time.
    pub places: usize,
    /// Workers kept ready.
    pub keep_warm: usize,
}

impl Default for Proofing {
    fn default() -> Self {
        Self { places: 4, keep_warm: 1 }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    #[default]
    Text,
}

fn default_name() -> String {
    "Lionrock".to_owned()
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8443))
}

fn default_models() -> PathBuf {
    PathBuf::from("models")
}

const fn default_smtp_port() -> u16 {
    587
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Names the file, and the line or member to mend.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut config: Self =
            toml::from_str(&text).with_context(|| format!("{} is not a configuration", path.display()))?;
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        config.resolve(folder);
        config.check()?;
        Ok(config)
    }

    fn resolve(&mut self, folder: &Path) {
        let paths = [&mut self.data, &mut self.models, &mut self.tls.chain, &mut self.tls.key];
        let optional = [
            &mut self.keys.root_file,
            &mut self.keys.passphrase_file,
            &mut self.authority.root,
            &mut self.registry.ca,
            &mut self.registry.token_file,
            &mut self.services,
            &mut self.backup.folder,
        ];
        for path in paths.into_iter().chain(optional.into_iter().filter_map(Option::as_mut)) {
            *path = folder.join(&*path);
        }
        for path in self.deviations.iter_mut().chain(&mut self.site.certificates) {
            *path = folder.join(&*path);
        }
        if let Some(path) = self.push.as_mut().and_then(|push| push.ca.as_mut()) {
            *path = folder.join(&*path);
        }
        for path in self.witnesses.iter_mut().filter_map(|witness| witness.ca.as_mut()) {
            *path = folder.join(&*path);
        }
        for path in self.staff.iter_mut().flat_map(|staff| &mut staff.attestation_roots) {
            *path = folder.join(&*path);
        }
        if let Some(pkcs11) = &mut self.keys.pkcs11 {
            pkcs11.pin_file = folder.join(&pkcs11.pin_file);
        }
        if let Mail::Smtp { password_file: Some(path), .. } = &mut self.mail {
            *path = folder.join(&*path);
        }
    }

    /// Checks what the shape alone does not say.
    ///
    /// # Errors
    /// Names the member to mend.
    pub fn check(&self) -> Result<()> {
        self.realm()?;
        self.backup.custodian()?;
        let host = self.issuer_host()?;
        let rp_id = self.rp_id();
        if host != rp_id && !host.ends_with(&format!(".{rp_id}")) {
            bail!("rp_id {rp_id} must be the issuer's host {host} or a parent domain of it");
        }
        self.keys.check()?;
        Ok(())
    }

    /// The addresses that hear of locked budgets and refused rollbacks.
    ///
    /// # Errors
    /// When one is no address, or two are the same.
    pub fn alerts(&self) -> Result<Vec<lionrock_model::person::Email>> {
        oversight::alerts(&self.alerting)
    }

    /// The realm.
    ///
    /// # Errors
    /// When it is neither `production` nor `test-NAME`.
    pub fn realm(&self) -> Result<Realm> {
        Realm::parse(&self.realm).context("realm")
    }

    /// The WebAuthn relying-party id.
    #[must_use]
    pub fn rp_id(&self) -> String {
        self.rp_id.clone().unwrap_or_else(|| self.issuer_host().unwrap_or_default())
    }

    /// The store's address.
    #[must_use]
    pub fn store(&self) -> String {
        self.store.clone().unwrap_or_else(|| format!("sqlite:{}", self.data.join("lionrock.db").display()))
    }

    /// The host of the issuer.
    ///
    /// # Errors
    /// When the issuer is not `https://HOST[:PORT]`.
    pub fn issuer_host(&self) -> Result<String> {
        let rest = self.issuer.strip_prefix("https://").context("issuer must begin with https://")?;
        let host = rest.split_once(':').map_or(rest, |(host, _)| host);
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
        let port_fits = rest.split_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_ok());
        if host.is_empty() || !host.chars().all(fits) || !port_fits {
            bail!(
                "issuer must be https://HOST or https://HOST:PORT in lower case, without a path or a slash at the end"
            );
        }
        Ok(host.to_owned())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
        realm = "test-demo"
        issuer = "https://localhost:8443"
        data = "data"
        keys = { root_file = "root.key" }
        tls = { chain = "tls.pem", key = "tls.key" }
        registry = { url = "http://127.0.0.1:9000/confirm" }
        mail = { kind = "mailbox" }
    "#;

    fn parse(text: &str) -> Result<Config> {
        let config: Config = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    #[test]
    fn a_whole_configuration_reads() {
        let config = parse(WHOLE).unwrap();
        assert_eq!(config.rp_id(), "localhost");
        assert_eq!(config.store(), "sqlite:data/lionrock.db");
    }

    #[test]
    fn the_documented_configuration_reads() {
        let config = parse(include_str!("../../../docs/operate/lionrock.toml")).unwrap();
        assert_eq!(config.realm().unwrap().to_string(), "test-example");
    }

    #[test]
    fn wrong_members_are_named() {
        for (from, to, says) in [
            ("realm = \"test-demo\"", "realm = \"demo\"", "realm"),
            ("https://localhost:8443", "http://localhost:8443", "https://"),
            ("https://localhost:8443", "https://localhost:8443/", "slash"),
            ("https://localhost:8443", "https://localhost:99999", "PORT"),
            ("keys = { root_file = \"root.key\" }", "keys = { }", "root_file"),
            ("data = \"data\"", "data = \"data\"\ncolour = 3", "colour"),
            ("data = \"data\"", "data = \"data\"\nrp_id = \"example.com\"", "rp_id"),
        ] {
            let error = format!("{:#}", parse(&WHOLE.replace(from, to)).unwrap_err());
            assert!(error.contains(says), "{error} should mention {says}");
        }
    }
}
