//! `lionrock serve`: the real server.

mod sealed;

use crate::config::Config;
use crate::diagnosis::standing;
use crate::{clock, gate, jobs, log, start, witness};
use anyhow::{Context, Result, bail};
use lionrock_service::caller::System;
use lionrock_service::platform::Limits;
use lionrock_service::{Platform, custody, rotation};
use lionrock_web::listen::{Certificate, ListenLimits, Listener};
use lionrock_web::sealed::Front;
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
    let stop = stop_signal()?;
    if config.keys.shares.is_some() {
        return sealed::serve(&config, stop).await;
    }
    let started = start::platform(&config, Vec::new(), Limits::default()).await?;
    let listener = Listener::bind(config.listen).await?;
    let plain = plain(&config).await?;
    let staff = staff(&config).await?;
    serve(&config, &started, vec![listener], plain, staff, stop).await
}

/// The listener of the staff house, when the configuration has one.
///
/// # Errors
/// When the port is taken or may not be opened.
pub async fn staff(config: &Config) -> Result<Vec<Listener>> {
    let Some(staff) = &config.staff else { return Ok(Vec::new()) };
    Ok(vec![Listener::bind(staff.listen).await.context("staff.listen")?])
}

/// The listener of the certificate authority's public side, when the configuration names one.
///
/// # Errors
/// When the port is taken or may not be opened.
pub async fn plain(config: &Config) -> Result<Option<Listener>> {
    let Some(address) = config.authority.listen else { return Ok(None) };
    Ok(Some(Listener::bind(address).await.context("authority.listen")?))
}

/// Serves a started platform on listeners until `stop` turns true, then ends everything in good order.
///
/// # Errors
/// When the server certificate cannot be used.
pub async fn serve(
    config: &Config,
    started: &start::Started,
    listeners: Vec<Listener>,
    plain: Option<Listener>,
    staff: Vec<Listener>,
    stop: watch::Receiver<bool>,
) -> Result<()> {
    let certificate = certificate(config)?;
    serve_behind(config, started, Sockets { certificate, listeners, plain, staff, front: None }, stop).await
}

/// Where a platform is served: on listeners of its own, or on sockets that answer already.
struct Sockets {
    certificate: Arc<Certificate>,
    listeners: Vec<Listener>,
    plain: Option<Listener>,
    staff: Vec<Listener>,
    front: Option<Front>,
}

fn certificate(config: &Config) -> Result<Arc<Certificate>> {
    Ok(Certificate::from_files(&config.tls.chain, &config.tls.key, config.tls.tls12)?)
}

async fn serve_behind(
    config: &Config,
    started: &start::Started,
    sockets: Sockets,
    stop: watch::Receiver<bool>,
) -> Result<()> {
    let Sockets { certificate, listeners, plain, staff, front } = sockets;
    let defaults = EdgeSettings::default();
    let edge = EdgeSettings {
        requests_per_second: config.limits.requests_per_second.unwrap_or(defaults.requests_per_second),
        request_burst: config.limits.requests_per_second.map_or(defaults.request_burst, |n| n.saturating_mul(4)),
        changes_per_minute: config.limits.changes_per_minute.unwrap_or(defaults.changes_per_minute),
        change_burst: config.limits.changes_per_minute.unwrap_or(defaults.change_burst),
        ..defaults
    };
    let house = AppState::staff(Arc::clone(&started.platform), edge.clone(), Arc::new(clock::now), Arc::new(System));
    let state = AppState::new(Arc::clone(&started.platform), edge, Arc::new(clock::now), Arc::new(System));
    let router = routes::table(&state);
    // From here on no key is destroyed before this server says that it forgot it.
    let identity = started.platform.ports.proofing.identity();
    let seat = Arc::new(rotation::Seat::new(identity.boot, identity.node));
    rotation::join(&started.platform, &clock::platform_caller(), &seat).await?;
    // What an earlier run left open is closed in the ledger before the first socket answers.
    custody::reconcile(&started.platform, &clock::platform_caller()).await?;
    let stop = or_ended(stop, &started.platform);
    let witnesses = witness::configured(&config.witnesses)?;
    started.platform.ledger.set_witnesses(witnesses.iter().flat_map(|one| one.keys().to_vec()).collect());
    let mut jobs = jobs::start(&started.platform, &seat, &stop);
    let figures = Arc::clone(&state.edge);
    let figures = move || figures.metrics.text().unwrap_or_default();
    jobs.spawn(standing::run(Arc::clone(&started.platform), figures, stop.clone()));
    jobs.spawn(witness::run(Arc::clone(&started.platform), witnesses, stop.clone()));
    jobs.spawn(gate::again::run(config.clone(), Arc::clone(&started.platform), stop.clone()));
    let renewal = tokio::spawn(renew(Arc::clone(&certificate), stop.clone()));
    tracing::info!(realm = %started.platform.settings.realm, issuer = config.issuer, "serving");
    let mut sockets = match front {
        Some(front) => front.show(router.clone(), stop.clone()),
        None => tokio::task::JoinSet::new(),
    };
    for listener in listeners {
        let mut stop = stop.clone();
        let stopped = async move {
            drop(stop.wait_for(|stop| *stop).await);
        };
        sockets.spawn(listener.serve(router.clone(), Arc::clone(&certificate), listen_limits(config), stopped));
    }
    if let Some(house) = &house {
        let router = lionrock_web::staff::table(house);
        for listener in staff {
            let mut stop = stop.clone();
            let stopped = async move {
                drop(stop.wait_for(|stop| *stop).await);
            };
            sockets.spawn(listener.serve(router.clone(), Arc::clone(&certificate), listen_limits(config), stopped));
        }
    }
    if let Some(plain) = plain {
        let mut stop = stop.clone();
        let stopped = async move {
            drop(stop.wait_for(|stop| *stop).await);
        };
        sockets.spawn(plain.serve_plain(routes::plain(&state), listen_limits(config), stopped));
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
    let ended = started.platform.gate.end().borrow().clone();
    ended.map_or(Ok(()), |why| bail!("{why}"))
}

/// Turns true when `stop` does, and when the platform must not go on: a deviation it stands on has ended.
fn or_ended(mut stop: watch::Receiver<bool>, platform: &Platform) -> watch::Receiver<bool> {
    let (tell, told) = watch::channel(*stop.borrow());
    let mut end = platform.gate.end();
    tokio::spawn(async move {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            _ = end.wait_for(Option::is_some) => {}
        }
        tell.send_replace(true);
    });
    told
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
