//! The same logins at npm `oidc-provider`, in the same run, on the same cores: what a well-known server needs for them.

use super::login::{Server, wait_ready};
use super::measure;
use anyhow::{Context, Result, bail, ensure};
use lionrock_rehearsal::http::Browser;
use lionrock_rehearsal::relying_party::{Endpoints, RelyingParty};
use lionrock_service::caller::System;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What the peer did.
pub struct Peer {
    /// How long each login took.
    pub spans: Vec<Duration>,
    /// Processor time of the peer while it was measured.
    pub cpu: Duration,
    /// Its peak memory, megabytes.
    pub peak_rss_mb: f64,
}

/// Runs the peer from `folder` (with its packages installed) and measures it.
///
/// # Errors
/// When Node.js or the packages are missing, or a login fails.
pub async fn measure(folder: &Path, data: &Path, port: u16, concurrency: usize, span: Duration) -> Result<Peer> {
    ensure!(
        folder.join("node_modules/oidc-provider").exists(),
        "the peer is not installed: run `npm ci` in {}",
        folder.display()
    );
    let issuer = format!("https://localhost:{port}");
    let endpoints = Endpoints { par: "/request", authorize: "/auth", token: "/token", userinfo: "/me" };
    let party = RelyingParty::new("bench-service", &issuer, "https://bench.example.test/callback")?.at(endpoints);
    let settings = json!({
        "port": port, "client_id": party.id, "redirect_uri": party.redirect_uri,
        "jwks": serde_json::from_str::<Value>(&party.jwks()?)?,
        "chain": data.join("tls/server.pem"), "key": data.join("tls/server.key"),
    });
    let child = Command::new("node")
        .arg("server.mjs")
        .current_dir(folder)
        .env("LIONROCK_PEER", settings.to_string())
        .env("NODE_ENV", "production")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(data.join("peer.log"))?)
        .spawn()
        .context("cannot start Node.js")?;
    let server = Server::new(child);
    let ca = std::fs::read_to_string(data.join("tls/ca.pem"))?;
    wait_ready(&Browser::new(&ca)?, &issuer, "/healthz").await?;
    let party = Arc::new(party);
    load(&party, &ca, concurrency, span / 4).await?;
    let before = measure::process(server.id())?;
    let spans = load(&party, &ca, concurrency, span).await?;
    let after = measure::process(server.id())?;
    Ok(Peer { spans, cpu: after.0.saturating_sub(before.0), peak_rss_mb: after.1 })
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
