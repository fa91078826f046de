//! `lionrock demo`: a whole deployment of synthetic people on this machine, made with one command.

pub mod folder;
mod guide;
pub mod officers;
pub mod people;
mod witness;

use crate::command::serve;
use crate::config::{Config, Keys, Limits, Mail, Proofing, Registry, Tls};
use crate::start::{self, Started};
use crate::{log, root_key};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use folder::Folder;
use lionrock_rehearsal::authority::ServerKey;
use lionrock_rehearsal::demo::{Demo, Door};
use lionrock_rehearsal::officers::OfficerBook;
use lionrock_rehearsal::people::Person;
use lionrock_rehearsal::phone::PhoneBook;
use lionrock_rehearsal::registry::StandIn;
use lionrock_service::caller::System;
use lionrock_service::platform::Limits as Spans;
use lionrock_web::listen::Listener;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use tokio::sync::watch;

/// What to start.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Where keys, certificates, store and people go; made if missing, used again later.
    #[arg(long, default_value = "lionrock-data/demo")]
    pub data: PathBuf,
    /// Port of the platform; 0 takes any free one.
    #[arg(long, default_value_t = 8443)]
    pub port: u16,
    /// Port of the demo online service; 0 takes any free one.
    #[arg(long, default_value_t = 8444)]
    pub service_port: u16,
    /// Port of the certificate authority's public side, without TLS; 37 above the platform's when absent, any free one beside port 0.
    #[arg(long)]
    pub pki_port: Option<u16>,
    /// Port of the staff house; two above the platform's when absent, 0 takes any free one.
    #[arg(long, alias = "staff-listen")]
    pub staff_port: Option<u16>,
    /// `postgres://…` instead of the embedded store.
    #[arg(long)]
    pub store: Option<String>,
    /// Folder of the card and face models.
    #[arg(long)]
    pub models: Option<PathBuf>,
    /// Which synthetic people: same seed, same people.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Key of the server certificate.
    #[arg(long, value_enum, default_value_t = TlsKey::Ec)]
    pub tls_key: TlsKey,
    /// More online services, in the form of `docs/operate/services.toml`.
    #[arg(long)]
    pub services: Option<PathBuf>,
    /// Requests a second one address may keep up.
    #[arg(long)]
    pub requests_per_second: Option<u32>,
    /// Print one line of JSON with all addresses instead of the guide.
    #[arg(long)]
    pub json: bool,
    /// Go through the whole main journey by itself, then end.
    #[arg(long)]
    pub walk: bool,
}

/// Key of the server certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TlsKey {
    /// ECDSA on P-256.
    Ec,
    /// RSA of 2048 bits.
    Rsa,
}

/// A demo that runs: what a walk or a guide needs to know.
#[derive(Clone, Debug)]
pub struct Running {
    /// Files of the demo.
    pub folder: Folder,
    /// Address of the platform.
    pub issuer: String,
    /// Address of the demo online service.
    pub service: String,
    /// Address of the certificate authority's public side.
    pub pki: String,
    /// Address of the staff house.
    pub staff: String,
    /// Names of the synthetic officers.
    pub officers: Vec<String>,
    /// The synthetic people.
    pub people: Vec<Person>,
    /// Key of the server certificate.
    pub tls_key: TlsKey,
}

/// Runs the command.
///
/// # Errors
/// What keeps it from starting, or which step of the walk failed.
pub async fn run(arguments: &Arguments) -> Result<()> {
    log::start(crate::config::LogFormat::Text, true);
    if arguments.walk {
        return crate::walk::run(arguments).await;
    }
    let stop = serve::stop_signal()?;
    let (running, served) = start(arguments, stop).await?;
    guide::show(&running, arguments.json)?;
    served.await.context("the server ended unexpectedly")?
}

/// Starts platform, demo service and stand-in registry. The handle ends when `stop` turns true.
///
/// # Errors
/// What keeps it from starting.
pub async fn start(
    arguments: &Arguments,
    stop: watch::Receiver<bool>,
) -> Result<(Running, tokio::task::JoinHandle<Result<()>>)> {
    let folder = Folder::open(&arguments.data)?;
    let people = people::all(arguments.seed)?;
    let listeners = listen(port_to_take(arguments, &folder)?).await?;
    let door = Door::bind(arguments.service_port).await.context("the demo online service cannot listen")?;
    let issuer = format!("https://localhost:{}", port(&listeners)?);
    let registry = StandIn::start(people.iter().map(Person::registry_record).collect()).await?;
    let plain = Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, pki_port(arguments, &folder)))).await;
    let plain = plain.context("the certificate authority's public side cannot listen: give --pki-port PORT")?;
    let mut config = configuration(arguments, &folder, &issuer, registry.url())?;
    config.authority.listen = Some(plain.address());
    let staff = listen(staff_port(arguments, &folder))
        .await
        .context("the staff house cannot listen: give --staff-port PORT")?;
    let house = officers::configuration(&folder, SocketAddr::from((Ipv4Addr::LOCALHOST, port(&staff)?)))?;
    let staff_origin = house.origin.clone();
    config.staff = Some(house);
    let witness = witness::open(&folder, &mut config).await?;
    let demo = Demo::prepare(folder.rehearsal(), &issuer, door.port(), &System)?;
    let own = lionrock_model::service::Service::new(demo.declaration(), &config.realm()?)?;
    folder.write_configuration(&config)?;
    let started = start::platform(&config, vec![own], spans()).await?;
    witness.watch(&started.platform, stop.clone())?;
    folder.write_people(&people, arguments.seed)?;
    let phones = people::enrol(&started.platform, &folder, &people, &issuer).await?;
    let officers = officers::enrol(&started.platform, &folder, &staff_origin).await?;
    let phones = (phones, people.clone());
    let names = lionrock_rehearsal::officers::OFFICERS.iter().map(|one| one.slug.to_owned()).collect();
    let running = Running {
        folder: folder.clone(),
        issuer,
        service: door.address(),
        pki: format!("http://{}", plain.address()),
        staff: staff_origin.clone(),
        officers: names,
        people,
        tls_key: arguments.tls_key,
    };
    folder.note_running(&running)?;
    let tls = folder.tls(arguments.tls_key)?;
    let serving =
        serve_all(config, started, listeners, plain, staff, door, demo, phones, officers, tls.ca, stop, registry);
    Ok((running, tokio::spawn(serving)))
}

#[allow(clippy::too_many_arguments, reason = "the pieces of one demo, handed over once")]
async fn serve_all(
    config: Config,
    started: Started,
    listeners: Vec<Listener>,
    plain: Listener,
    staff: Vec<Listener>,
    door: Door,
    demo: Demo,
    phones: (PhoneBook, Vec<Person>),
    officers: OfficerBook,
    ca: PathBuf,
    stop: watch::Receiver<bool>,
    registry: StandIn,
) -> Result<()> {
    let mut stopping = stop.clone();
    let stopped = async move {
        drop(stopping.wait_for(|stop| *stop).await);
    };
    let (chain, key) = (config.tls.chain.clone(), config.tls.key.clone());
    let origin = config.staff.as_ref().map(|staff| staff.origin.clone()).unwrap_or_default();
    let demo = tokio::spawn(door.serve(demo, phones, (officers, origin), ca, chain, key, stopped));
    let outcome = serve::serve(&config, &started, listeners, Some(plain), staff, stop).await;
    demo.abort();
    drop(registry);
    outcome
}

/// As in production, but nobody who looks at a demo waits half a minute for a key to be destroyed.
fn spans() -> Spans {
    Spans { rotation_grace: std::time::Duration::from_secs(2), ..Spans::default() }
}

/// The port asked for, or the one this folder was made for: its log, its passkeys and its receipts name it.
fn port_to_take(arguments: &Arguments, folder: &Folder) -> Result<u16> {
    let earlier = folder.last_running().and_then(|(issuer, _)| issuer.rsplit(':').next()?.parse().ok());
    match (arguments.port, earlier) {
        (0, Some(earlier)) => Ok(earlier),
        (asked, Some(earlier)) if asked != earlier => anyhow::bail!(
            "{} was made for port {earlier}\n  give --port {earlier}, or another --data folder",
            folder.path().display()
        ),
        (asked, _) => Ok(asked),
    }
}

/// The port of the staff house: the one this folder was made for, because officers' keys name its origin, or as asked for.
fn staff_port(arguments: &Arguments, folder: &Folder) -> u16 {
    let beside = arguments.staff_port.unwrap_or(if arguments.port == 0 { 0 } else { arguments.port.saturating_add(2) });
    asked(arguments.staff_port).or_else(|| folder.last_staff_port()).unwrap_or(beside)
}

/// The port of the authority's public side: what certificates of this folder name already, or as asked for.
fn pki_port(arguments: &Arguments, folder: &Folder) -> u16 {
    let beside = arguments.pki_port.unwrap_or(if arguments.port == 0 { 0 } else { arguments.port.saturating_add(37) });
    asked(arguments.pki_port).or_else(|| folder.last_pki_port()).unwrap_or(beside)
}

/// A port that was named: 0 names none, so a folder that was made for one keeps it.
fn asked(port: Option<u16>) -> Option<u16> {
    port.filter(|port| *port != 0)
}

/// One listener on each loopback address that this machine has: browsers may take either for `localhost`.
async fn listen(port: u16) -> Result<Vec<Listener>> {
    let first = Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let second = Listener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, first.address().port()))).await.ok();
    Ok(std::iter::once(first).chain(second).collect())
}

fn port(listeners: &[Listener]) -> Result<u16> {
    listeners.first().map(|listener| listener.address().port()).context("no listener")
}

fn configuration(arguments: &Arguments, folder: &Folder, issuer: &str, registry: &str) -> Result<Config> {
    let root_file = folder.root_key();
    if !root_file.exists() {
        root_key::init(&root_file, &System)?;
    }
    let tls = folder.tls(arguments.tls_key)?;
    let rate = arguments.requests_per_second;
    Ok(Config {
        signing: Default::default(),
        realm: "test-demo".to_owned(),
        issuer: issuer.to_owned(),
        rp_id: None,
        name: "Lionrock (demo)".to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        data: folder.path().to_owned(),
        store: arguments.store.clone(),
        models: models(arguments.models.clone())?,
        keys: Keys { root_file: Some(root_file), ..Keys::default() },
        tls: Tls { chain: tls.chain, key: tls.key, tls12: false },
        registry: Registry { url: registry.to_owned(), ca: None, token_file: None },
        mail: Mail::Mailbox,
        push: None,
        services: arguments.services.clone(),
        limits: Limits { requests_per_second: rate, changes_per_minute: rate.map(|n| n.saturating_mul(60)) },
        proofing: Proofing::default(),
        log: crate::config::LogFormat::Text,
        clock: crate::config::Clock::default(),
        site: crate::config::Site::default(),
        officers: folder.officers()?,
        alerting: crate::config::Alerting::default(),
        authority: crate::config::authority::Authority::default(),
        deviations: Vec::new(),
        backup: folder.backup()?,
        staff: None,
        witnesses: Vec::new(),
    })
}

/// The models folder: as given, in the working folder, beside the program, or where this program was built.
fn models(given: Option<PathBuf>) -> Result<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(|folder| folder.join("models")));
    let source = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models"));
    let candidates = given.map_or_else(
        || [Some(PathBuf::from("models")), beside, Some(source)].into_iter().flatten().collect(),
        |path| vec![path],
    );
    let found = candidates.iter().find(|folder| folder.join("MANIFEST.sha256").exists()).cloned();
    found.context("the models folder is missing: start from the source folder, or give --models DIR")
}

impl From<TlsKey> for ServerKey {
    fn from(kind: TlsKey) -> Self {
        match kind {
            TlsKey::Ec => Self::EcdsaP256,
            TlsKey::Rsa => Self::Rsa2048,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::asked;

    #[test]
    fn port_0_names_no_port_so_that_a_folder_keeps_what_its_certificates_and_keys_name() {
        assert_eq!((asked(None), asked(Some(0)), asked(Some(8480))), (None, None, Some(8480)));
    }
}
