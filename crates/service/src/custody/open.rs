//! Opening: a worker with a fresh key, and the leaf that says so, before anything can be sent to it.
//!
//! The first byte uses up the movements, not the opening: a custody that dies before it can be opened again with the same
//! pictures; after it, new pictures of new movements are needed.

use super::{Ending, close, hex};
use crate::audit::{self, Event};
use crate::register::{keep, require};
use crate::{Caller, Error, Platform};
use lionrock_model::counter::ATTENDED_CUSTODY;
use lionrock_model::custody::{CloseReason, State, seal_info};
use lionrock_model::id::CustodyId;
use lionrock_model::realm::Realm;
use lionrock_model::register::{RegisterRefusal, Step};
use lionrock_model::time::Millis;
use lionrock_store::custody::Custody;
use lionrock_store::registration::Registration;
use lionrock_store::{Tx, custody, failpoint};
use serde_json::json;
use std::sync::Arc;

/// Where pictures can be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The custody.
    pub custody: CustodyId,
    /// X25519 public key of its worker.
    pub seal_key: [u8; 32],
    /// `info` of the seal.
    pub info: Vec<u8>,
    /// When the worker is ended if no picture has come by then.
    pub deadline: Millis,
}

/// Opens a custody for the movements asked for; `challenge` names them, so that a capture for earlier ones is not sent.
///
/// # Errors
/// `OutOfOrder`, `ChallengeOver`, `ProofingBusy` (come again in some seconds), `ProofingUnavailable`.
pub async fn open(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    challenge: Option<[u8; 16]>,
) -> Result<Opened, Error<RegisterRefusal>> {
    let provider = platform.ports.proofing.identity();
    // A production realm takes no one on the word of a presence check that nobody has tested.
    if platform.settings.realm == Realm::Production && !provider.presence_tested {
        return Err(Error::Refuse(RegisterRefusal::ProofingUnavailable));
    }
    let (shared, secret, now) = (Arc::clone(platform), cookie.to_owned(), caller.now);
    let before = platform.store.read(move |tx| current(tx, &shared, &secret, now, challenge)).await?;
    abandon(platform, caller, &before).await?;
    let id = CustodyId::new(caller.now, caller.random());
    let place = match before.attended {
        Some(_) => platform.ports.proofing.open_for(id, ATTENDED_CUSTODY).await,
        None => platform.ports.proofing.open(id).await,
    };
    let place = place.map_err(super::receive::unavailable)?;
    let deadline = caller.now.after(place.idle);
    let row = Custody {
        id,
        version: 1,
        registration: None,
        state: State::Opened,
        stage: None,
        node: provider.node.clone(),
        boot: provider.boot,
        worker: place.worker.clone(),
        provider: format!("{} {}", provider.name, provider.version),
        opened: caller.now,
        first_byte: None,
        deadline,
        closed: None,
        pictures: 0,
        bytes: 0,
        zeroise_us: None,
        opened_leaf: [0; 16],
        closed_leaf: None,
        receipt: None,
    };
    failpoint::reach("custody-opening");
    let (shared, who, secret) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let written = platform
        .store
        .write(move |tx| {
            let mut registration = current(tx, &shared, &secret, who.now, challenge)?;
            let body = json!({
                "boot": hex(&row.boot),
                "custody": id.to_string(),
                "deadline": row.deadline.0,
                "provider": row.provider,
                "worker": row.worker,
            });
            let leaf = audit::append(tx, &shared, &who, &Event::new("custody.opened", None, body))?;
            custody::insert(tx, &Custody { registration: Some(registration.id), opened_leaf: leaf, ..row.clone() })?;
            registration.custody = Some(id);
            step(tx, &shared, &registration)
        })
        .await;
    if let Err(error) = written {
        platform.ports.proofing.destroy(id).await;
        return Err(error);
    }
    failpoint::reach("custody-opened");
    Ok(Opened { custody: id, seal_key: place.seal_key, info: seal_info(id), deadline })
}

/// The registration, when it may open a custody for these movements now.
fn current(
    tx: &mut Tx<'_>,
    platform: &Platform,
    secret: &str,
    now: Millis,
    challenge: Option<[u8; 16]>,
) -> Result<Registration, Error<RegisterRefusal>> {
    let registration = require(tx, platform, secret, now)?;
    if registration.step != Step::Pictures {
        return Err(Error::Refuse(RegisterRefusal::OutOfOrder));
    }
    let asked = registration.challenge.as_ref();
    let good = asked.is_some_and(|asked| now < asked.until && challenge.is_none_or(|named| named == asked.id));
    if good { Ok(registration) } else { Err(Error::Refuse(RegisterRefusal::ChallengeOver)) }
}

/// Ends the custody that a registration opened before, if it is still open: another tab, or a new try.
pub(crate) async fn abandon(
    platform: &Arc<Platform>,
    caller: &Caller,
    registration: &Registration,
) -> Result<(), Error<RegisterRefusal>> {
    let Some(id) = registration.custody else { return Ok(()) };
    let row = platform.store.read(move |tx| custody::find(tx, id)).await?;
    let Some(row) = row.filter(|row| row.closed.is_none()) else { return Ok(()) };
    let (pictures, bytes) = platform.ports.proofing.destroy(id).await;
    let (shared, who) = (Arc::clone(platform), caller.clone());
    let ending = Ending::without_verdict(CloseReason::Abandoned, pictures, bytes);
    platform.store.write(move |tx| close(tx, &shared, &who, &row, ending)).await?;
    Ok(())
}

/// Writes a registration back; `Busy` when another tab was faster, which a retry resolves.
pub(crate) fn step(
    tx: &mut Tx<'_>,
    platform: &Platform,
    registration: &Registration,
) -> Result<(), Error<RegisterRefusal>> {
    if keep(tx, platform, registration)? { Ok(()) } else { Err(Error::Refuse(RegisterRefusal::OutOfOrder)) }
}
