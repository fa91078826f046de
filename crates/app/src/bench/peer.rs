//! The same logins at npm `oidc-provider`, in the same run, on the same cores: what a well-known server needs for them.
//!
//! [`same_job`] lets it do what we do: artefacts durable before an answer, passkeys checked, as many processes as there are cores.
//! [`in_memory`] is the lighter comparison: nothing on disk, nobody checked. `tests/peer/README.md` says what each side does.

use super::login::{self, Server, wait_ready};
use super::measure;
use anyhow::{Context, Result, bail, ensure};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_rehearsal::http::Browser;
use lionrock_rehearsal::relying_party::{Endpoints, RelyingParty};
use lionrock_service::caller::{Entropy, System};
use lionrock_wire::jose::encode;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What to measure.
pub struct Wish<'a> {
    /// Where the peer is, with its packages installed.
    pub folder: &'a Path,
    /// The data of this run.
    pub data: &'a Path,
    /// People with a software phone each, and logins under way at one time.
    pub people: usize,
    /// Processes of the peer.
    pub processes: usize,
    /// How long.
    pub span: Duration,
}

/// What the peer did.
pub struct Peer {
    /// How long each login took, sorted.
    pub spans: Vec<Duration>,
    /// Processor time of the peer while it was measured.
    pub cpu: Duration,
    /// Processor time of the load generator meanwhile.
    pub generator: Duration,
    /// Its peak memory, megabytes.
    pub peak_rss_mb: f64,
}

/// The whole job: the very same phones and service as ours talk to it.
///
/// # Errors
/// When Node.js or the packages are missing, or a login fails.
pub async fn same_job(wish: &Wish<'_>, port: u16) -> Result<Peer> {
    let party = party(port)?;
    let (phones, enrolled) = phones(wish.people, &party.issuer)?;
    let store = wish.data.join("peer");
    std::fs::create_dir_all(&store)?;
    let server =
        start(wish, &party, port, json!({"store": store, "people": enrolled, "processes": wish.processes})).await?;
    let ca = authority(wish)?;
    let party = Arc::new(party);
    let phones = login::load(phones, &party, &ca, wish.span / 4).await?.1;
    let (before, begun) = (measure::family(server.id())?, measure::own_cpu()?);
    let spans = login::load(phones, &party, &ca, wish.span).await?.0;
    outcome(&server, spans, before, begun)
}

/// In memory and without passkeys: less than the job.
///
/// # Errors
/// As [`same_job`].
pub async fn in_memory(wish: &Wish<'_>, port: u16) -> Result<Peer> {
    let party = Arc::new(party(port)?);
    let server = start(wish, &party, port, json!({"processes": 1})).await?;
    let ca = authority(wish)?;
    load(&party, &ca, wish.people, wish.span / 4).await?;
    let (before, begun) = (measure::family(server.id())?, measure::own_cpu()?);
    let spans = load(&party, &ca, wish.people, wish.span).await?;
    outcome(&server, spans, before, begun)
}

/// Microseconds of processor time that the four signatures of a login take with the peer's library.
///
/// # Errors
/// When Node.js does not answer.
pub fn signature_us(wish: &Wish<'_>) -> Result<f64> {
    let said =
        Command::new("node").arg("floor.mjs").current_dir(wish.folder).output().context("cannot start Node.js")?;
    let said: Value = serde_json::from_slice(&said.stdout).context("floor.mjs gave no JSON")?;
    let figure = |name: &str| said.get(name).and_then(Value::as_f64).context("floor.mjs gave no figures");
    Ok(figure("sign_us")? + 3.0 * figure("verify_us")?)
}

fn outcome(server: &Server, mut spans: Vec<Duration>, before: (Duration, f64), begun: Duration) -> Result<Peer> {
    let (after, ended) = (measure::family(server.id())?, measure::own_cpu()?);
    spans.sort_unstable();
    Ok(Peer {
        spans,
        cpu: after.0.saturating_sub(before.0),
        generator: ended.saturating_sub(begun),
        peak_rss_mb: after.1,
    })
}

fn party(port: u16) -> Result<RelyingParty> {
    let endpoints = Endpoints { par: "/request", authorize: "/auth", token: "/token", userinfo: "/me" };
    let issuer = format!("https://localhost:{port}");
    Ok(RelyingParty::new("bench-service", &issuer, "https://bench.example.test/callback")?.at(endpoints))
}

/// People with a passkey each, and what the peer needs to know of them.
fn phones(count: usize, issuer: &str) -> Result<(Vec<Authenticator>, Vec<Value>)> {
    let (mut phones, mut enrolled) = (Vec::new(), Vec::new());
    let entropy: &dyn Entropy = &System;
    for number in 0..count {
        let mut phone = Authenticator::default();
        let challenge = encode(&entropy.array::<32>());
        let options = json!({
            "challenge": challenge, "rp": {"id": "localhost"}, "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "user": {"id": encode(&entropy.array::<32>())},
        });
        let response = phone.create(&options, issuer, &Manner::default(), &System)?;
        enrolled.push(json!({"account": format!("person-{number}"), "challenge": challenge, "response": response}));
        phones.push(phone);
    }
    Ok((phones, enrolled))
}

async fn start(wish: &Wish<'_>, party: &RelyingParty, port: u16, more: Value) -> Result<Server> {
    let installed = ["oidc-provider", "better-sqlite3", "@simplewebauthn/server"];
    ensure!(
        installed.iter().all(|package| wish.folder.join("node_modules").join(package).exists()),
        "the peer is not installed: run `npm ci` in {}",
        wish.folder.display()
    );
    let mut settings = json!({
        "port": port, "client_id": party.id, "redirect_uri": party.redirect_uri,
        "jwks": serde_json::from_str::<Value>(&party.jwks()?)?,
        "chain": wish.data.join("tls/server.pem"), "key": wish.data.join("tls/server.key"),
    });
    if let (Some(all), Value::Object(more)) = (settings.as_object_mut(), more) {
        all.extend(more);
    }
    let child = Command::new("node")
        .arg("server.mjs")
        .current_dir(wish.folder)
        .env("LIONROCK_PEER", settings.to_string())
        .env("NODE_ENV", "production")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(wish.data.join("peer.log"))?)
        .spawn()
        .context("cannot start Node.js")?;
    let server = Server::new(child);
    wait_ready(&Browser::new(&authority(wish)?)?, &party.issuer, "/healthz").await?;
    Ok(server)
}

fn authority(wish: &Wish<'_>) -> Result<String> {
    Ok(std::fs::read_to_string(wish.data.join("tls/ca.pem"))?)
}

async fn load(party: &Arc<RelyingParty>, ca: &str, concurrency: usize, span: Duration) -> Result<Vec<Duration>> {
    let over = Arc::new(AtomicBool::new(false));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..concurrency {
        let (party, over, browser) = (Arc::clone(party), Arc::clone(&over), Browser::new(ca)?);
        workers.spawn(async move { one_after_another(&party, browser, &over).await });
    }
    tokio::time::sleep(span).await;
    over.store(true, Ordering::Relaxed);
    let mut spans = Vec::new();
    while let Some(done) = workers.join_next().await {
        spans.extend(done??);
    }
    Ok(spans)
}

#[allow(clippy::disallowed_methods, reason = "a bench reads the clock to measure")]
async fn one_after_another(party: &RelyingParty, browser: Browser, over: &AtomicBool) -> Result<Vec<Duration>> {
    let mut spans = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let person = browser.fresh().without_redirects();
        let begun = Instant::now();
        let attempt = party.push(&browser, "openid", &System).await?;
        let mut at = attempt.authorize.clone();
        while !at.starts_with(&party.redirect_uri) {
            let reply = person.get(&at).await?;
            let Some(next) = reply.location() else { bail!("the peer leads nowhere: {}", reply.text()) };
            at = next.to_string();
        }
        let back = at.parse().context("no address")?;
        let tokens = party.exchange(&browser, &attempt, &back, &System).await?;
        let token = tokens.get("access_token").and_then(Value::as_str).context("no access token")?;
        let claims = party.userinfo(&browser, token).await?;
        ensure!(claims.get("sub").is_some(), "userinfo without sub");
        spans.push(begun.elapsed());
    }
    Ok(spans)
}
