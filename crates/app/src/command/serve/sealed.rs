//! A server whose root key is in shares: its sockets answer before it has a key, and go on once it has.

use super::{Sockets, certificate, listen_limits, plain, serve_behind, staff};
use crate::config::Config;
use crate::sealed::{self, Unsealed};
use crate::{clock, start};
use anyhow::{Result, bail};
use lionrock_model::realm::Realm;
use lionrock_service::key_ceremony;
use lionrock_service::platform::Limits;
use lionrock_store::Store;
use lionrock_web::listen::Listener;
use lionrock_web::sealed::Front;
use tokio::sync::watch;

/// Waits sealed, then serves until the process is told to stop.
///
/// # Errors
/// As [`super::run`].
pub(super) async fn serve(config: &Config, stop: watch::Receiver<bool>) -> Result<()> {
    let mut waited = None;
    let wait = async |store: &Store, realm: &Realm| {
        let certificate = certificate(config)?;
        let listener = Listener::bind(config.listen).await?;
        let front = Front::open(vec![listener], &certificate, &listen_limits(config));
        let Some(unsealed) = sealed::wait(config, store, realm, &stop).await? else {
            front.close().await;
            bail!("told to stop while sealed");
        };
        let Unsealed { root, ceremony, shares, door } = unsealed;
        waited = Some((
            Sockets { certificate, listeners: Vec::new(), plain: None, staff: Vec::new(), front: Some(front) },
            ceremony,
            shares,
            door,
        ));
        Ok(root)
    };
    let started = start::platform_under(config, Vec::new(), Limits::default(), wait).await;
    let (started, (sockets, ceremony, shares, door)) = match (started, waited) {
        (Ok(started), Some(waited)) => (started, waited),
        (Err(_), None) if *stop.borrow() => {
            tracing::info!("stopped while sealed");
            return Ok(());
        }
        (Err(error), _) => return Err(error),
        (Ok(_), None) => bail!("the server started without its shares: this is a defect"),
    };
    let sockets = Sockets { plain: plain(config).await?, staff: staff(config).await?, ..sockets };
    key_ceremony::unsealed(&started.platform, &clock::platform_caller(), ceremony, &shares).await?;
    let decline = tokio::spawn(door.decline());
    let served = serve_behind(config, &started, sockets, stop).await;
    // The door is taken away with its task.
    decline.abort();
    drop(decline.await);
    served
}
