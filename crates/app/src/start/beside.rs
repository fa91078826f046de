//! The platform of a command that works beside a running server, or instead of one.

use super::{idle, platform_of, root, settings};
use crate::clock;
use crate::config::Config;
use crate::root_key;
use crate::sealed::collect::{Answer, Collector};
use anyhow::{Context, Result, bail};
use lionrock_crypto::ring::Root;
use lionrock_service::platform::Limits;
use lionrock_service::{Platform, boot};
use lionrock_store::Store;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Opens the store of a server that may be running, with ports that nobody answers.
///
/// # Errors
/// What is wrong, and what to do.
pub async fn beside(config: &Config) -> Result<Arc<Platform>> {
    beside_with(config, root(config)?).await
}

/// As [`beside`], with a root that was opened before.
///
/// # Errors
/// As [`beside`].
pub async fn beside_with(config: &Config, root: Root) -> Result<Arc<Platform>> {
    let realm = config.realm()?;
    let address = config.store();
    if address.strip_prefix("sqlite:").is_some_and(|path| !Path::new(path).exists()) {
        bail!("there is no store at {address} yet: start the server once");
    }
    let store = Store::beside(&address).await?;
    let keys = boot::key_ring(&store, &root, &realm, &clock::platform_caller()).await?;
    Ok(Arc::new(platform_of(store, keys, settings(config, Vec::new(), Limits::default())?, idle::ports())))
}

/// The root key the configuration names; put together from shares when it is kept in shares.
///
/// # Errors
/// When it cannot be opened, and what to do.
pub fn root_of_shares(config: &Config, files: &[PathBuf]) -> Result<Root> {
    let Some(shares) = config.keys.shares.as_ref().filter(|_| !files.is_empty()) else { return root(config) };
    let mut collector = Collector::new(config.realm()?.to_string(), shares.threshold);
    for file in files {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let text = Zeroizing::new(text);
        match collector.give(text.trim(), clock::now()) {
            Answer::Whole { root, .. } => return root_key::with_module(Root::new(root), &config.keys),
            Answer::Taken { .. } => {}
            Answer::Refused(why) => bail!("{}: {why}", file.display()),
        }
    }
    bail!("{} more share(s) are needed: give each by --share", collector.missing())
}
