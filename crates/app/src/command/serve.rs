//! `lionrock serve`: the real server.

use crate::config::Config;
use crate::{clock, jobs, log, services, start};
use anyhow::{Context, Result};
use lionrock_service::caller::System;
use lionrock_service::custody;
use lionrock_service::platform::Limits;
use lionrock_web::listen::{Certificate, ListenLimits, Listener};
use lionrock_web::{AppState, EdgeSettings, routes};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Serves until the process is told to stop.
///
/// # Errors
/// What keeps the server from starting, and what to do.
pub async fn run(path: &Path) -> Result<()> {
    let config = Config::read(path)?;
    log::start(config.log, false);
    let declared = config.services.as_deref().map(|file| services::read(file, &config.realm()?)).transpose()?;
    let started = start::platform(&config, declared.unwrap_or_default(), Limits::default()).await?;
    let listener = Listener::bind(config.listen).await?;
    let stop = stop_signal()?;
    serve(&config, &started, vec![listener], stop).await
}

/// Serves a started platform on listeners until `stop` turns true, then ends everything in good order.
///
/// # Errors
/// When the server certificate cannot be used.
pub async fn serve(
    config: &Config,
    started: &start::Started,
    listeners: Vec<Listener>,
    stop: watch::Receiver<bool>,
) -> Result<()> {
    let certificate = Certificate::from_files(&config.tls.chain, &config.tls.key, config.tls.tls12)?;
    let defaults = EdgeSettings::default();
    let edge = EdgeSettings {
        requests_per_second: config.limits.requests_per_second.unwrap_or(defaults.requests_per_second),
        request_burst: config.limits.requests_per_second.map_or(defaults.request_burst, |n| n.saturating_mul(4)),
        changes_per_minute: config.limits.changes_per_minute.unwrap_or(defaults.changes_per_minute),
        change_burst: config.limits.changes_per_minute.unwrap_or(defaults.change_burst),
        ..defaults
    };
    let state = AppState::new(Arc::clone(&started.platform), edge, Arc::new(clock::now), Arc::new(System));
    let router = routes::table(&state);
    // What an earlier run left open is closed in the ledger before the first socket answers.
    custody::reconcile(&started.platform, &clock::platform_caller()).await?;
    let mut jobs = jobs::start(&started.platform, &stop);
    let renewal = tokio::spawn(renew(Arc::clone(&certificate), stop.clone()));
    tracing::info!(realm = %started.platform.settings.realm, issuer = config.issuer, "serving");
    let mut sockets = tokio::task::JoinSet::new();
    for listener in listeners {
        let mut stop = stop.clone();
        let stopped = async move {
            drop(stop.wait_for(|stop| *stop).await);
        };
        sockets.spawn(listener.serve(router.clone(), Arc::clone(&certificate), listen_limits(config), stopped));
    }
    while sockets.join_next().await.is_some() {}
    if let Err(fault) = custody::stop(&started.platform, &clock::platform_caller()).await {
        tracing::warn!(error = %fault, "open custodies will be closed at the next start");
    }
    while jobs.join_next().await.is_some() {}
    renewal.abort();
    started.pool.close().await;
    started.platform.store.close().await;
    tracing::info!("stopped");
    Ok(())
}

fn listen_limits(config: &Config) -> ListenLimits {
    let defaults = ListenLimits::default();
    // Whoever raises the rate of one address means a load generator or a proxy: give it the connections too.
    let connections = if config.limits.requests_per_second.is_some() { 2048 } else { defaults.connections_per_address };
    ListenLimits { connections_per_address: connections, ..defaults }
}

/// Reads renewed certificate files without a restart.
async fn renew(certificate: Arc<Certificate>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match certificate.refresh() {
            Ok(true) => tracing::info!("the server certificate was renewed"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the renewed certificate cannot be used; the old one stays"),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(60)) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Turns true at SIGTERM or SIGINT.
///
/// # Errors
/// When signals cannot be listened to.
pub fn stop_signal() -> Result<watch::Receiver<bool>> {
    let (tell, told) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen to signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen to signals")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tell.send_replace(true);
        std::future::pending::<()>().await;
    });
    Ok(told)
}
