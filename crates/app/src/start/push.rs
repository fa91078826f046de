//! The push service, when the configuration names one.

use super::certificates;
use crate::config::Config;
use anyhow::{Context, Result};
use lionrock_gateway::client::{Client, Network, Reach};
use lionrock_gateway::push::HttpPush;
use lionrock_service::port::Push;
use std::sync::Arc;
use std::time::Duration;

/// The port to it; none without `[push]`.
///
/// # Errors
/// When the address or its authority cannot be used.
pub(super) fn push(config: &Config) -> Result<Option<Arc<dyn Push>>> {
    let Some(push) = &config.push else { return Ok(None) };
    let reach = Reach {
        address: push.url.parse().context("push.url")?,
        authorities: push.ca.as_deref().map(certificates).transpose()?.unwrap_or_default(),
        network: if push.url.starts_with("http://") { Network::Loopback } else { Network::Private },
        time_limit: Duration::from_secs(5),
        answer_limit: 4 * 1024,
    };
    Ok(Some(Arc::new(HttpPush::new(Client::new(reach).context("push")?))))
}
