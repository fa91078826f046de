//! `lionrock bench login`: complete durable logins a second.
//!
//! One login is what a person and a service do: PAR, authorization page, passkey assertion with user verification, code,
//! token, userinfo; `private_key_jwt` and PKCE; TLS 1.3. The server is a process of its own; the load generator runs beside it, on
//! the same cores, and its share is a figure too. Connections are kept, as services and reverse proxies keep them.
//! Signatures in one login: the server verifies 3 (two client assertions, one passkey) and makes 1 (the ID Token).

use super::figures::{Figures, percentile};
use super::measure::{self, Reading};
use super::peer;
use crate::config::{Config, LogFormat};
use crate::{demo, root_key, start};
use anyhow::{Context, Result, bail};
use clap::Args;
use lionrock_rehearsal::authenticator::Authenticator;
use lionrock_rehearsal::http::Browser;
use lionrock_rehearsal::people;
use lionrock_rehearsal::phone::Phone;
use lionrock_rehearsal::relying_party::RelyingParty;
use lionrock_service::caller::System;
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How to measure.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// `postgres://…` (an empty database) instead of a fresh SQLite file.
    #[arg(long)]
    store: Option<String>,
    /// Seconds of measuring, after a warm-up of a quarter of it.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Logins under way at one time.
    #[arg(long, default_value_t = 16)]
    concurrency: usize,
    /// Where to put the data of the run; a temporary folder when absent.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Folder of the card and face models.
    #[arg(long, default_value = "models")]
    models: PathBuf,
    /// Also let npm `oidc-provider` do the same logins in this run; the folder holds it, with its packages installed.
    #[arg(long, num_args = 0..=1, default_missing_value = "tests/peer")]
    peer: Option<PathBuf>,
    /// Processes of the peer when it does the whole job; one for each core when absent.
    #[arg(long)]
    peer_processes: Option<usize>,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// A server process of this run; it is ended when dropped.
pub(super) struct Server(Child);

impl Server {
    pub(super) const fn new(child: Child) -> Self {
        Self(child)
    }

    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Runs the bench.
///
/// # Errors
/// When the server does not start, or a login fails: a figure over failed logins would be none.
#[allow(clippy::disallowed_methods, reason = "a bench reads the clock to measure")]
pub async fn run(arguments: &Arguments) -> Result<()> {
    crate::log::start(LogFormat::Text, true);
    let folder = arguments
        .data
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("lionrock-bench-{}", std::process::id())));
    let made_here = arguments.data.is_none();
    let outcome = measure_in(arguments, &folder).await;
    if made_here {
        drop(std::fs::remove_dir_all(&folder));
    }
    outcome?.show(arguments.json);
    Ok(())
}

async fn measure_in(arguments: &Arguments, folder: &Path) -> Result<Figures> {
    let port = free_port()?;
    let issuer = format!("https://localhost:{port}");
    let party = Arc::new(RelyingParty::new("bench-service", &issuer, "https://bench.example.test/callback")?);
    let config = prepare(arguments, folder, port, &party).await?;
    let phones = seed(&config, folder, arguments.concurrency, &issuer).await?;
    let server = serve(folder)?;
    let ca = std::fs::read_to_string(folder.join("tls/ca.pem"))?;
    let browser = Browser::new(&ca)?;
    wait_ready(&browser, &issuer, "/readyz").await?;
    let pid = server.id();

    let warm_up = Duration::from_secs(arguments.seconds.div_ceil(4));
    let phones = load(phones, &party, &ca, warm_up).await?.1;
    let (before, begun) = (measure::read(pid, &issuer, &browser).await?, measure::own_cpu()?);
    let span = Duration::from_secs(arguments.seconds);
    let (spans, _) = load(phones, &party, &ca, span).await?;
    let (after, ended) = (measure::read(pid, &issuer, &browser).await?, measure::own_cpu()?);
    drop(server);
    let mut figures = figures(arguments, spans, before, after);
    figures.add(
        "generator_cpu_us_per_login",
        per_login(&figures, arguments, ended.saturating_sub(begun)),
        "processor time of the load generator, on the same cores",
    );
    if let Some(folder_of_peer) = &arguments.peer {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let wish = peer::Wish {
            folder: folder_of_peer,
            data: folder,
            people: arguments.concurrency,
            processes: arguments.peer_processes.unwrap_or(cores),
            span,
        };
        let same = peer::same_job(&wish, free_port()?).await?;
        let floor = peer::signature_us(&wish)?;
        figures.add("peer_signature_us_per_login", floor, "the same four signatures by the peer's library");
        let light = peer::in_memory(&wish, free_port()?).await?;
        compare(arguments, &mut figures, &same, &light);
    }
    Ok(figures)
}

/// Microseconds of `cpu` for each login of the run.
fn per_login(figures: &Figures, arguments: &Arguments, cpu: Duration) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "seconds of one run")]
    let logins = figures.value("logins_per_second").unwrap_or(0.0) * arguments.seconds as f64;
    cpu.as_secs_f64() * 1e6 / logins.max(1.0)
}

fn figures(arguments: &Arguments, mut spans: Vec<Duration>, before: Reading, after: Reading) -> Figures {
    spans.sort_unstable();
    #[allow(clippy::cast_precision_loss, reason = "counts of one run")]
    let (logins, seconds) = (spans.len() as f64, arguments.seconds as f64);
    let mut figures = Figures::new("login");
    figures.add("logins_per_second", logins / seconds, "complete, durable logins");
    figures.add("p50_ms", percentile(&spans, 0.5), "half of the logins are quicker");
    figures.add("p95_ms", percentile(&spans, 0.95), "95 of 100 are quicker");
    figures.add("p99_ms", percentile(&spans, 0.99), "99 of 100 are quicker");
    let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e6;
    figures.add("cpu_us_per_login", cpu / logins.max(1.0), "processor time of the server");
    figures.add("signatures_per_login", 4.0, "3 verified, 1 made by the server");
    if let Ok((made, verified)) = measure::signatures() {
        figures.add("signature_us_per_login", made + 3.0 * verified, "of that, what these four signatures take");
    }
    figures.add(
        "fsyncs_per_login",
        (after.fsyncs - before.fsyncs) / logins.max(1.0),
        "durable commits, shared by concurrent logins",
    );
    figures.add(
        "retries_per_login",
        (after.retries - before.retries) / logins.max(1.0),
        "transactions run again after a lost race",
    );
    figures.add("peak_rss_mb", after.peak_rss_mb, "memory of the server");
    figures
}

fn compare(arguments: &Arguments, figures: &mut Figures, same: &peer::Peer, light: &peer::Peer) {
    #[allow(clippy::cast_precision_loss, reason = "counts of one run")]
    let (seconds, own) = (arguments.seconds as f64, figures.value("logins_per_second").unwrap_or(0.0));
    #[allow(clippy::cast_precision_loss, reason = "counts of one run")]
    let rate = |peer: &peer::Peer| peer.spans.len() as f64 / seconds;
    #[allow(clippy::cast_precision_loss, reason = "counts of one run")]
    let each = |peer: &peer::Peer, cpu: Duration| cpu.as_secs_f64() * 1e6 / (peer.spans.len() as f64).max(1.0);
    figures.add("peer_logins_per_second", rate(same), "npm oidc-provider doing the same: on disk, passkeys checked");
    figures.add("peer_p99_ms", percentile(&same.spans, 0.99), "99 of 100 are quicker");
    figures.add("peer_cpu_us_per_login", each(same, same.cpu), "processor time of the peer, its processes together");
    figures.add("peer_generator_cpu_us_per_login", each(same, same.generator), "processor time of the load generator");
    figures.add("peer_peak_rss_mb", same.peak_rss_mb, "memory of the peer, its processes together");
    figures.add("times_the_peer", own / rate(same).max(0.001), "logins for each of the peer's");
    let cpu = figures.value("cpu_us_per_login").unwrap_or(0.0);
    figures.add("cpu_times_the_peer", each(same, same.cpu) / cpu.max(0.001), "processor time of the peer for ours");
    figures.add("light_peer_logins_per_second", rate(light), "the same in memory, without passkeys: less to do");
    figures.add("light_peer_cpu_us_per_login", each(light, light.cpu), "processor time of the peer");
    figures.add("times_the_light_peer", own / rate(light).max(0.001), "logins for each of the peer's");
}

/// Keys, certificates and configuration of a server that runs on its own.
async fn prepare(arguments: &Arguments, folder: &Path, port: u16, party: &RelyingParty) -> Result<Config> {
    let files = demo::folder::Folder::open(folder)?;
    let tls = files.tls(demo::TlsKey::Ec)?;
    root_key::init(&files.root_key(), &System)?;
    let folder = files.path();
    std::fs::write(folder.join("bench.jwks.json"), party.jwks()?)?;
    std::fs::write(folder.join("services.toml"), services(party))?;
    let models = std::fs::canonicalize(&arguments.models)
        .with_context(|| format!("no models in {}: give --models DIR", arguments.models.display()))?;
    let store = arguments.store.clone().unwrap_or_else(|| format!("sqlite:{}", folder.join("lionrock.db").display()));
    let text = format!(
        "realm = \"test-bench\"\nissuer = {:?}\nlisten = \"127.0.0.1:{port}\"\ndata = {folder:?}\nstore = {store:?}\n\
         models = {models:?}\nservices = \"services.toml\"\nkeys = {{ root_file = {:?} }}\ntls = {{ chain = {:?}, key = {:?} }}\n\
         registry = {{ url = \"http://127.0.0.1:9/\" }}\nmail = {{ kind = \"mailbox\" }}\n\
         limits = {{ requests_per_second = 1000000, changes_per_minute = 60000000 }}\nproofing = {{ places = 1, keep_warm = 0 }}\n",
        party.issuer,
        files.root_key(),
        tls.chain,
        tls.key,
    );
    let path = folder.join("bench.toml");
    std::fs::write(&path, text)?;
    Config::read(&path)
}

fn services(party: &RelyingParty) -> String {
    format!(
        "[[service]]\nid = {:?}\nprofile = \"fapi\"\nname = {{ en = \"Bench\", zh-Hant = \"測試\", zh-Hans = \"测试\" }}\n\
         purpose = {{ en = \"To measure.\", zh-Hant = \"以作量度。\", zh-Hans = \"用于测量。\" }}\nredirect_uris = [{:?}]\n\
         jwks_file = \"bench.jwks.json\"\n",
        party.id, party.redirect_uri
    )
}

/// One synthetic resident with a software phone for each login under way.
async fn seed(config: &Config, folder: &Path, count: usize, issuer: &str) -> Result<Vec<Authenticator>> {
    let services = crate::services::read(&folder.join("services.toml"), &config.realm()?)?;
    let started = start::platform(config, services, lionrock_service::platform::Limits::default()).await?;
    let mut phones = Vec::new();
    for person in people::sample(1, count)? {
        let phone = demo::people::enrol_one(&started.platform, &person, issuer).await?;
        phones.push(phone.context("the bench store is not empty: give an empty database")?);
    }
    started.pool.close().await;
    started.platform.store.close().await;
    Ok(phones)
}

fn serve(folder: &Path) -> Result<Server> {
    let child = Command::new(std::env::current_exe()?)
        .arg("serve")
        .arg("--config")
        .arg(folder.join("bench.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(folder.join("server.log"))?)
        .spawn()
        .context("cannot start the server")?;
    Ok(Server(child))
}

pub(super) async fn wait_ready(browser: &Browser, issuer: &str, path: &str) -> Result<()> {
    for _ in 0..300 {
        if browser.get(&format!("{issuer}{path}")).await.is_ok_and(|reply| reply.status.is_success()) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the server did not get ready within 30 seconds")
}

/// Logs in again and again until the time is over; answers how long each took.
#[allow(clippy::disallowed_methods, reason = "a bench reads the clock to measure")]
pub(super) async fn load(
    phones: Vec<Authenticator>,
    party: &Arc<RelyingParty>,
    ca: &str,
    span: Duration,
) -> Result<(Vec<Duration>, Vec<Authenticator>)> {
    let over = Arc::new(AtomicBool::new(false));
    let mut workers = tokio::task::JoinSet::new();
    for phone in phones {
        let (party, over, browser) = (Arc::clone(party), Arc::clone(&over), Browser::new(ca)?);
        workers.spawn(async move { one_after_another(phone, &party, browser, &over).await });
    }
    tokio::time::sleep(span).await;
    over.store(true, Ordering::Relaxed);
    let (mut spans, mut phones) = (Vec::new(), Vec::new());
    while let Some(done) = workers.join_next().await {
        let (took, phone) = done??;
        spans.extend(took);
        phones.push(phone);
    }
    Ok((spans, phones))
}

#[allow(clippy::disallowed_methods, reason = "a bench reads the clock to measure")]
async fn one_after_another(
    device: Authenticator,
    party: &RelyingParty,
    browser: Browser,
    over: &AtomicBool,
) -> Result<(Vec<Duration>, Authenticator)> {
    let mut spans = Vec::new();
    let mut phone = Phone::new(browser.fresh(), &party.issuer, device);
    while !over.load(Ordering::Relaxed) {
        // A browser that nobody signed in with before: each login does all of it.
        phone.browser = browser.fresh();
        let begun = Instant::now();
        let attempt = party.push(&browser, "openid", &System).await?;
        let back = phone.authorize(&attempt.authorize).await?;
        let tokens = party.exchange(&browser, &attempt, &back, &System).await?;
        let token = tokens.get("access_token").and_then(Value::as_str).context("no access token")?;
        let claims = party.userinfo(&browser, token).await?;
        anyhow::ensure!(claims.get("sub").is_some(), "userinfo without sub");
        spans.push(begun.elapsed());
    }
    Ok((spans, phone.device))
}

fn free_port() -> Result<u16> {
    let socket = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    Ok(socket.local_addr()?.port())
}
