//! The activation process at the start of a server: the key goes over once, and what could open it goes out of memory.

use crate::activation::client::{Chamber, Launch};
use crate::clock;
use crate::config::Config;
use anyhow::{Context, Result};
use lionrock_activation::Opening;
use lionrock_crypto::ring::Root;
use lionrock_model::realm::Realm;
use lionrock_service::signing::key::{self, Wrapped};
use lionrock_store::Store;
use lionrock_wire::webauthn::json::Base64Url;
use std::sync::Arc;

/// Hands the key to a fresh activation process. The root is used up: nothing of this server leads to the key any more.
pub(super) async fn start(config: &Config, store: &Store, root: Root, realm: &Realm) -> Result<Arc<Chamber>> {
    let wrapped = key::wrapped(store, &root, realm, &clock::platform_caller()).await?;
    key::forget_old(store, &root, realm).await?;
    let first = opening(config, realm, &wrapped, &root)?;
    drop(root);
    let (config, owned) = (config.clone(), realm.clone());
    let launch = Launch {
        program: std::env::current_exe().context("cannot find this program's own file")?,
        strict: !realm.is_test(),
        // A root in shares is not to be had without its holders: then signing waits for the next start.
        again: Box::new(move || opening(&config, &owned, &wrapped, &super::root(&config)?)),
    };
    Chamber::start(first, launch).await
}

fn opening(config: &Config, realm: &Realm, wrapped: &Wrapped, root: &Root) -> Result<Opening> {
    Ok(Opening {
        key: Base64Url(wrapped.open(root, realm)?.to_vec()),
        origins: vec![config.issuer.clone()],
        realm: realm.to_string(),
        rp_id: config.rp_id(),
    })
}
