//! `lionrock demo --walk`: the whole main journey by itself, over HTTPS, against the running demo — or against one that it starts.

mod report;
mod restore;
mod rotation;
mod signing;
mod steps;
mod tickets;

use crate::demo::{self, Arguments, Running, folder::Folder};
use anyhow::{Context, Result};
use lionrock_rehearsal::http::Browser;
use report::Report;
use tokio::sync::watch;

/// Runs the walk.
///
/// # Errors
/// Which steps failed; or what kept the demo from starting.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let (tell, stop) = watch::channel(false);
    let (running, served) = match already_running(arguments).await? {
        Some(running) => (running, None),
        None => {
            let (running, served) = demo::start(arguments, stop).await?;
            (running, Some(served))
        }
    };
    let mut report = Report::begin(&running);
    steps::all(&running, &mut report).await;
    let outcome = report.end(&running, arguments.json);
    tell.send_replace(true);
    if let Some(served) = served {
        served.await.context("the server ended unexpectedly")??;
    }
    outcome
}

/// The demo that serves this folder now, if one does.
async fn already_running(arguments: &Arguments) -> Result<Option<Running>> {
    let folder = Folder::open(&arguments.data)?;
    let Some((issuer, service)) = folder.last_running() else { return Ok(None) };
    let ca = folder.tls(arguments.tls_key)?.ca;
    let browser = Browser::new(&std::fs::read_to_string(ca)?)?;
    let alive = browser.get(&format!("{issuer}/healthz")).await.is_ok_and(|reply| reply.status.is_success());
    let people = demo::people::all(arguments.seed)?;
    let pki = folder.last_pki_port().map(|port| format!("http://127.0.0.1:{port}")).unwrap_or_default();
    let staff = folder.last_staff().unwrap_or_default();
    let officers = lionrock_rehearsal::officers::OFFICERS.iter().map(|one| one.slug.to_owned()).collect();
    Ok(alive.then_some(Running { folder, issuer, service, pki, staff, officers, people, tls_key: arguments.tls_key }))
}
