//! The witness of a demo: another house in truth, here a part of the same process with keys and a memory of its own.

use super::folder::Folder;
use crate::config::{Config, Witness};
use crate::witness::{House, keys_of};
use anyhow::{Context, Result};
use lionrock_service::Platform;
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A witness that listens, and does not know yet which log it watches.
pub struct Opened {
    house: Arc<House>,
    listener: TcpListener,
}

/// Opens the witness of the folder and names it in the configuration.
pub async fn open(folder: &Folder, config: &mut Config) -> Result<Opened> {
    let house = House::open(&folder.path().join("witness"), "witness.localhost/demo")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("the demo witness cannot listen")?;
    config.witnesses = vec![Witness {
        url: format!("http://{}", listener.local_addr()?),
        keys: house.cosigners().iter().map(ToString::to_string).collect(),
        ca: None,
    }];
    Ok(Opened { house: Arc::new(house), listener })
}

impl Opened {
    /// Watches the platform's log until `stop` turns true.
    pub fn watch(self, platform: &Platform, mut stop: watch::Receiver<bool>) -> Result<()> {
        self.house.watch(keys_of(platform)?);
        let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
        tokio::spawn(lionrock_web::witness::serve(self.listener, self.house, stopped));
        Ok(())
    }
}
