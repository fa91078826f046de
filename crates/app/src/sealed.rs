//! A sealed start: the server answers probes and waits until enough holders have handed in their shares of the root key.

pub mod collect;
pub mod door;

use crate::clock;
use crate::config::Config;
use crate::root_key;
use anyhow::{Result, bail};
use collect::{Answer, Collector};
use door::{Door, Question, Reply};
use lionrock_crypto::ring::Root;
use lionrock_model::realm::Realm;
use lionrock_service::boot;
use lionrock_store::Store;
use std::time::Duration;
use tokio::sync::watch;

/// How long a refusal keeps the door shut: nobody tries shares by the thousand.
const PAUSE: Duration = Duration::from_millis(500);

/// A root that holders of shares gave back.
#[derive(Debug)]
pub struct Unsealed {
    /// The root.
    pub root: Root,
    /// The ceremony that made it.
    pub ceremony: [u8; 16],
    /// The shares that were handed in.
    pub shares: Vec<u8>,
    /// Where shares are handed in; from now on it says that none are needed.
    pub door: Door,
}

/// Waits for shares that open this store. `None` when the server was told to stop before.
///
/// # Errors
/// When another server waits in the same data folder, or the door cannot be made.
pub async fn wait(
    config: &Config,
    store: &Store,
    realm: &Realm,
    stop: &watch::Receiver<bool>,
) -> Result<Option<Unsealed>> {
    let Some(shares) = &config.keys.shares else { bail!("keys.shares is not configured") };
    let door = Door::open(&config.data).await?;
    let mut collector = Collector::new(realm.to_string(), shares.threshold);
    tracing::info!(threshold = shares.threshold, door = %door.path().display(), "sealed: waiting for shares");
    let mut stop = stop.clone();
    loop {
        let guest = tokio::select! {
            guest = door.next() => guest,
            _ = stop.wait_for(|stop| *stop) => return Ok(None),
        };
        let Some(mut guest) = guest else { continue };
        let share = match guest.ask().await {
            Some(Question::Standing) => {
                guest.reply(&Reply::sealed(collector.missing(), "it is sealed")).await;
                continue;
            }
            Some(Question::Share(share)) => share,
            None => {
                guest.reply(&Reply::refused(collector.missing(), "that was neither a share nor a question")).await;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        match collector.give(&share, clock::now()) {
            Answer::Taken { number, missing } => {
                tracing::info!(share = number, missing, "a share was handed in");
                guest.reply(&Reply::taken(missing)).await;
            }
            Answer::Refused(why) => {
                tracing::warn!(%why, missing = collector.missing(), "a share was refused");
                guest.reply(&Reply::refused(collector.missing(), &why)).await;
                tokio::time::sleep(PAUSE).await;
            }
            Answer::Whole { root, ceremony, shares } => match try_root(Root::new(root), config, store, realm).await {
                Ok(root) => {
                    tracing::info!(?shares, "unsealed");
                    guest.reply(&Reply::unsealed()).await;
                    return Ok(Some(Unsealed { root, ceremony, shares, door }));
                }
                Err(error) => {
                    let why = format!("{error:#}; all shares are forgotten, begin again");
                    collector.forget_wrong_set(clock::now());
                    tracing::warn!(%why, "these shares do not unseal this server");
                    guest.reply(&Reply::refused(collector.missing(), &why)).await;
                }
            },
        }
    }
}

/// The root beside its module, when it is this store's.
async fn try_root(root: Root, config: &Config, store: &Store, realm: &Realm) -> Result<Root> {
    let root = root_key::with_module(root, &config.keys)?;
    boot::opens(store, &root, realm).await?;
    Ok(root)
}
