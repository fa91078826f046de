//! Receiving: ciphertext in, a count out.

use super::{Ending, close};
use crate::register::{find, keep, require};
use crate::{Caller, Error, Fault, Platform};
use lionrock_model::counter::ATTENDED_CUSTODY;
use lionrock_model::custody::{CloseReason, FACE_PICTURES, Label, PICTURE_BYTES, Part, SEAL_BYTES, State};
use lionrock_model::id::CustodyId;
use lionrock_model::register::{RegisterRefusal, Step};
use lionrock_model::time::Millis;
use lionrock_store::custody::{self, Custody};
use lionrock_store::registration::Registration;
use lionrock_store::{Tx, failpoint};
use std::sync::Arc;

use crate::port::{NotTaken, ProofingError};

/// A picture that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its bytes in clear, as the worker counted.
    pub bytes: u32,
}

/// Hands one sealed picture to the worker. The same part again replaces the earlier one.
///
/// # Errors
/// `CustodyOver` when the worker is gone: the pictures must be sent again to a new one. `SealBroken` and
/// `PictureTooLarge` change nothing.
pub async fn receive(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    label: Label,
    sealed: Vec<u8>,
) -> Result<Received, Error<RegisterRefusal>> {
    if sealed.len() > PICTURE_BYTES + SEAL_BYTES {
        return Err(Error::Refuse(RegisterRefusal::PictureTooLarge));
    }
    if matches!(label.part, Part::Face(n) if n >= FACE_PICTURES) {
        return Err(Error::Refuse(RegisterRefusal::PictureUnknown));
    }
    let (shared, secret, now) = (Arc::clone(platform), cookie.to_owned(), caller.now);
    let (registration, row) = platform.store.read(move |tx| receiving(tx, &shared, &secret, now)).await?;
    if row.state == State::Opened {
        let limit = registration.attended.map_or(platform.settings.limits.custody, |_| ATTENDED_CUSTODY);
        let deadline = caller.now.after(limit);
        let (shared, id, secret) = (Arc::clone(platform), row.id, cookie.to_owned());
        platform.store.write(move |tx| first_byte(tx, &shared, &secret, id, now, deadline)).await?;
    }
    match platform.ports.proofing.receive(row.id, label, sealed).await {
        Ok(Ok(bytes)) => {
            failpoint::reach("custody-received");
            Ok(Received { bytes })
        }
        Ok(Err(NotTaken::Unsealable)) => Err(Error::Refuse(RegisterRefusal::SealBroken)),
        Ok(Err(NotTaken::TooLarge)) => Err(Error::Refuse(RegisterRefusal::PictureTooLarge)),
        Err(error) => {
            lost(platform, caller, row, error).await?;
            Err(Error::Refuse(RegisterRefusal::CustodyOver))
        }
    }
}

/// Notes the first byte, and uses up the movements: pictures of them are under way now.
fn first_byte(
    tx: &mut Tx<'_>,
    platform: &Platform,
    secret: &str,
    id: CustodyId,
    now: Millis,
    deadline: Millis,
) -> Result<(), Error<RegisterRefusal>> {
    if !custody::receiving(tx, id, now, deadline)? {
        return Ok(());
    }
    let mut registration = require(tx, platform, secret, now)?;
    if let Some(asked) = &mut registration.challenge {
        asked.until = Millis(0);
    }
    super::open::step(tx, platform, &registration)
}

/// The registration and its open custody, when pictures may arrive.
pub(super) fn receiving(
    tx: &mut Tx<'_>,
    platform: &Platform,
    secret: &str,
    now: Millis,
) -> Result<(Registration, Custody), Error<RegisterRefusal>> {
    let registration = require(tx, platform, secret, now)?;
    if registration.step != Step::Pictures {
        return Err(Error::Refuse(RegisterRefusal::OutOfOrder));
    }
    let id = registration.custody.ok_or(Error::Refuse(RegisterRefusal::CustodyOver))?;
    match custody::find(tx, id)? {
        Some(row) if matches!(row.state, State::Opened | State::Receiving) => Ok((registration, row)),
        _ => Err(Error::Refuse(RegisterRefusal::CustodyOver)),
    }
}

/// Writes down that a custody ended without a verdict, unless that is written already.
pub(super) async fn lost(
    platform: &Arc<Platform>,
    caller: &Caller,
    row: Custody,
    error: ProofingError,
) -> Result<(), Fault> {
    let reason = match error {
        ProofingError::Lost(reason) => reason,
        // The provider knows nothing of a custody that is open in the store: its process is gone.
        _ => CloseReason::ProcessLoss,
    };
    let (shared, who) = (Arc::clone(platform), caller.clone());
    let ending = Ending::without_verdict(reason, 0, 0);
    platform.store.write(move |tx| end(tx, &shared, &who, &row, ending)).await
}

/// Closes a custody without a verdict and leads its registration back to the pictures.
pub(super) fn end(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &Custody,
    ending: Ending,
) -> Result<(), Fault> {
    if !close(tx, platform, caller, row, ending)? {
        return Ok(());
    }
    let found = row.registration.map(|id| find(tx, platform, id)).transpose()?.flatten();
    let Some(mut registration) = found.filter(|found| found.custody == Some(row.id)) else { return Ok(()) };
    if matches!(registration.step, Step::Pictures | Step::Judging) {
        registration.step = Step::Pictures;
        // Nothing was shown yet: the same pictures of the same movements may be sent to another worker.
        if custody::find(tx, row.id)?.is_none_or(|now| now.first_byte.is_some()) {
            registration.challenge = None;
        }
        registration.verdict = None;
        registration.reasons.clear();
        if !keep(tx, platform, &registration)? {
            return Err(lionrock_store::Error::Busy.into());
        }
    }
    Ok(())
}

/// What the person is told when a provider has no place.
pub(super) fn unavailable(error: ProofingError) -> Error<RegisterRefusal> {
    match error {
        ProofingError::Busy => Error::Refuse(RegisterRefusal::ProofingBusy),
        _ => Error::Refuse(RegisterRefusal::ProofingUnavailable),
    }
}
