//! Putting the platform together: gate, store, keys, ports; the same for `serve`, `demo` and `bench`.

mod activation;
mod beside;
pub mod idle;
mod push;

pub use beside::{beside, beside_with, root_of_shares};

use crate::config::{Config, Keys, Mail, oversight};
use crate::document::Reader;
use crate::worker::pool::Pool;
use crate::worker::provider::Builtin;
use crate::worker::session::{Host, Launch};
use crate::{clock, gate, root_key, services};
use anyhow::{Context, Result, bail};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::ring::{KeyRing, Root};
use lionrock_gateway::client::{Client, Network, Reach};
use lionrock_gateway::mail::{Mailbox, Smtp, SmtpSettings};
use lionrock_gateway::registry::HttpRegistry;
use lionrock_model::realm::Realm;
use lionrock_model::service::Service;
use lionrock_service::caller::{Entropy, System};
use lionrock_service::gate::Watch;
use lionrock_service::ledger::Desk;
use lionrock_service::platform::Limits;
use lionrock_service::port::{Mail as MailPort, ProofingProvider};
use lionrock_service::{Platform, Ports, Settings, authority, boot};
use lionrock_store::Store;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A platform ready to serve, and the proofing pool behind it.
#[derive(Clone)]
pub struct Started {
    /// The platform.
    pub platform: Arc<Platform>,
    /// Workers, to be closed at the end.
    pub pool: Arc<Pool>,
}

/// Runs the gate and opens everything a server needs, sockets excepted. Services of its own come before the declared ones.
///
/// # Errors
/// Names what is wrong and what to do; nothing listens yet.
pub async fn platform(config: &Config, own: Vec<Service>, limits: Limits) -> Result<Started> {
    platform_under(config, own, limits, async |_, _| root(config)).await
}

/// As [`platform`], under a root that comes from elsewhere: holders of shares bring it once the store is open.
///
/// # Errors
/// As [`platform`].
pub async fn platform_under(
    config: &Config,
    own: Vec<Service>,
    limits: Limits,
    root: impl AsyncFnOnce(&Store, &Realm) -> Result<Root>,
) -> Result<Started> {
    let realm = config.realm()?;
    config.check()?;
    let mut verdict = gate::run(config, &realm, &limits).await;
    if !verdict.is_open() {
        return Err(gate::shut(config, &realm, verdict, None).await);
    }
    let declared = config.services.as_deref().map(|file| services::read(file, &realm)).transpose()?;
    let store = Store::open(&config.store()).await?;
    verdict.checks.extend(gate::universe::checks(&store, config, &realm).await);
    if !verdict.is_open() {
        return Err(gate::shut(config, &realm, verdict, Some(store)).await);
    }
    let root = match root(&store, &realm).await {
        Ok(root) => root,
        Err(error) => {
            store.close().await;
            return Err(error);
        }
    };
    let keys = boot::key_ring(&store, &root, &realm, &clock::platform_caller()).await?;
    let activation = activation::start(config, &store, root, &realm).await?;
    let pool = pool(config, &realm, limits.custody).await?;
    let proofing: Arc<dyn ProofingProvider> = Builtin::new(Arc::clone(&pool), node(config), boot_id()).await;
    let settings = settings(config, own.into_iter().chain(declared.unwrap_or_default()).collect(), limits)?;
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let letters = config.signing.letters(realm.is_test())?;
    let documents = Arc::new(Reader::new(program, !realm.is_test()).with_letters(letters));
    let ports = Ports {
        registry: Arc::new(registry(config)?),
        mail: mail(config)?,
        push: push::push(config)?,
        documents,
        proofing,
        activation,
    };
    let platform = Arc::new(Platform {
        store,
        keys,
        settings,
        ports,
        authority: Default::default(),
        vault: Default::default(),
        gate: Watch::new(verdict.deviations.clone()),
        ledger: Desk::default(),
    });
    lionrock_service::gate::passed(&platform, &clock::platform_caller(), verdict.findings()).await?;
    lionrock_service::pseudonym::bind(&platform, &clock::platform_caller()).await?;
    // A clock that others contradict may do for trying things out; it stamps no time.
    platform.gate.doubt_clock(verdict.checks.iter().any(gate::doubts_clock));
    if let Some(chain) = authority::establish(&platform, &clock::platform_caller()).await? {
        write_root(&config.data, &chain).context("the root of the certificate authority")?;
    }
    Ok(Started { platform, pool })
}

/// Writes the root down for whoever is to trust it: `DATA/authority/root.pem`, and the chain beside it.
fn write_root(data: &Path, chain: &authority::Chain) -> Result<()> {
    let folder = data.join("authority");
    std::fs::create_dir_all(&folder)?;
    let (root, issuing) = (chain.root.to_pem()?, chain.issuing.certificate.to_pem()?);
    std::fs::write(folder.join("root.pem"), &root)?;
    Ok(std::fs::write(folder.join("chain.pem"), format!("{issuing}{root}"))?)
}

/// What the configuration decides.
///
/// # Errors
/// Names the member to mend.
pub fn settings(config: &Config, services: Vec<Service>, limits: Limits) -> Result<Settings> {
    let limits = Limits { document_bytes: config.signing.document_bytes, ..limits };
    Ok(Settings {
        realm: config.realm()?,
        issuer: config.issuer.clone(),
        rp_id: config.rp_id(),
        rp_name: config.name.clone(),
        data: config.data.clone(),
        services,
        alerts: config.alerts()?,
        officers: oversight::officers(&config.officers, &config.realm()?)?,
        authority: config.authority.setup(),
        limits,
        custodian: config.backup.custodian()?,
        staff: config.staff.as_ref().map(crate::config::staff::Staff::house).transpose()?,
    })
}

/// A platform over an opened store and ring, which nobody asks anything yet.
#[must_use]
pub fn platform_of(store: Store, keys: KeyRing, settings: Settings, ports: Ports) -> Platform {
    Platform {
        store,
        keys,
        settings,
        ports,
        authority: Default::default(),
        vault: Default::default(),
        gate: Watch::default(),
        ledger: Desk::default(),
    }
}

fn boot_id() -> [u8; 16] {
    let source: &dyn Entropy = &System;
    source.array()
}

/// Names the place this server runs on: the same after a restart, another for another server of the same store.
fn node(config: &Config) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let folder = std::fs::canonicalize(&config.data).unwrap_or_else(|_| config.data.clone());
    let digest = sha256(format!("{}\0{}", host.trim(), folder.display()).as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Opens the root key the configuration names.
///
/// # Errors
/// When it cannot be opened, and what to do.
pub fn root(config: &Config) -> Result<Root> {
    let keys = &config.keys;
    let root = match keys {
        Keys { root_file: Some(file), .. } => root_key::read(file)?,
        Keys { passphrase_file: Some(file), .. } => {
            root_key::from_passphrase(file, &config.data.join("passphrase.salt"), &System)?
        }
        Keys { pkcs11: Some(token), .. } if keys.root_token().is_some() => root_key::in_module(token)?,
        _ => bail!("the root key is in shares: start the server, and hand each share to `lionrock key unseal`"),
    };
    root_key::with_module(root, keys)
}

async fn pool(config: &Config, realm: &Realm, deadline: Duration) -> Result<Arc<Pool>> {
    let launch = Launch {
        program: std::env::current_exe().context("cannot find this program's own file")?,
        // A worker starts in another folder than the server.
        models: std::path::absolute(&config.models)?,
        strict: !realm.is_test(),
        deadline,
        idle: Duration::from_secs(60),
        host: Host::this(!realm.is_test()),
    };
    Pool::start(launch, config.proofing.places, config.proofing.keep_warm)
        .await
        .with_context(|| format!("no proofing worker starts with the models in {}", config.models.display()))
}

fn registry(config: &Config) -> Result<HttpRegistry> {
    let authorities = config.registry.ca.as_deref().map(certificates).transpose()?.unwrap_or_default();
    let network = if config.registry.url.starts_with("http://") { Network::Loopback } else { Network::Private };
    let reach = Reach {
        address: config.registry.url.parse().context("registry.url")?,
        authorities,
        network,
        time_limit: Duration::from_secs(5),
        answer_limit: 4 * 1024,
    };
    Ok(HttpRegistry::new(Client::new(reach).context("registry")?))
}

fn mail(config: &Config) -> Result<Arc<dyn MailPort>> {
    let Mail::Smtp { host, port, from, user, password_file } = &config.mail else {
        return Ok(Arc::new(Mailbox::default()));
    };
    let password = password_file.as_deref().map(secret_line).transpose()?;
    let settings = SmtpSettings {
        host: host.clone(),
        port: *port,
        implicit_tls: *port == 465,
        authority_pem: None,
        credentials: user.clone().zip(password),
        from: from.clone(),
        time_limit: Duration::from_secs(20),
    };
    Ok(Arc::new(Smtp::new(&settings).context("mail")?))
}

fn secret_line(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// The certificates of a PEM file, DER.
///
/// # Errors
/// When the file cannot be read or holds none.
pub fn certificates(path: &Path) -> Result<Vec<Vec<u8>>> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
        .with_context(|| format!("cannot read {}", path.display()))?
        .map(|der| der.map(|der| der.to_vec()))
        .collect();
    let found = found.with_context(|| format!("{} is not PEM", path.display()))?;
    if found.is_empty() {
        bail!("{} holds no certificate", path.display());
    }
    Ok(found)
}
