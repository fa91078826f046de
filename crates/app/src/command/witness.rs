//! `lionrock witness`: cosign the checkpoints of logs that only ever grow, and refuse every other (C2SP tlog-witness).

use super::serve;
use crate::log;
use crate::witness::House;
use anyhow::{Context, Result, bail};
use clap::Args;
use lionrock_ledger::note::Verifier;
use lionrock_web::witness::Desk as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;

/// What to watch.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Address and port to listen on, plain HTTP; put TLS in front of it where others reach it.
    #[arg(long, default_value = "127.0.0.1:8460")]
    listen: SocketAddr,
    /// Folder of its keys and of what it cosigned last; made if missing. Never put an older copy back.
    #[arg(long)]
    state: PathBuf,
    /// A log to watch: its verifier key (`name+id+key`), or a file with it. Several times for several logs.
    #[arg(long = "log", required = true)]
    logs: Vec<String>,
    /// Its name in signatures, an address without scheme.
    #[arg(long, default_value = "witness.localhost/w1")]
    name: String,
}

/// Serves until told to stop.
///
/// # Errors
/// When keys, folder or port cannot be used.
#[allow(clippy::print_stdout)]
pub async fn run(arguments: &Arguments) -> Result<()> {
    log::start(crate::config::LogFormat::Text, false);
    let house = House::open(&arguments.state, &arguments.name)?;
    for given in &arguments.logs {
        let text = if Path::new(given).is_file() { std::fs::read_to_string(given)? } else { given.clone() };
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys =
            lines.map(Verifier::parse).collect::<Result<Vec<_>, _>>().with_context(|| format!("--log {given}"))?;
        if keys.is_empty() {
            bail!("--log {given}: no verifier key in it");
        }
        house.watch(keys);
    }
    let listener = TcpListener::bind(arguments.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", arguments.listen))?;
    print!("{}", house.keys());
    println!("listening on http://{}", listener.local_addr()?);
    let mut stop = serve::stop_signal()?;
    let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
    Ok(lionrock_web::witness::serve(listener, Arc::new(house), stopped).await?)
}
