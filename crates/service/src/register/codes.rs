//! Recovery codes: ten, made with the account, shown until they are kept, and then never again.

use super::{open_own, require_at, slot, write_back};
use crate::{Caller, Error, Fault, Platform};
use lionrock_crypto::ring::Domain;
use lionrock_model::account::RecoveryCode;
use lionrock_model::id::{RegistrationId, ResidentId};
use lionrock_model::policy::Field;
use lionrock_model::register::{RegisterRefusal, Step};
use lionrock_store::Tx;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The codes, as people write them down. The same ones until they are kept: a reload or a second tab shows no others.
///
/// # Errors
/// `OutOfOrder` once they are kept.
pub async fn show(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Vec<String>, Error<RegisterRefusal>> {
    let (shared, who, secret) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let row = require_at(tx, &shared, &secret, who.now, &[Step::Codes])?;
            let place = slot(&row.id, "sealed_codes");
            let plain = open_own(tx, &shared, &who, &row, &[Field::Devices], (row.sealed_codes.as_deref(), &place))?;
            let text = std::str::from_utf8(&plain).map_err(|_| Fault::stored_data("recovery codes are not text"))?;
            Ok(text.split(' ').map(str::to_owned).collect())
        })
        .await
}

/// The person has kept them: the platform forgets all but their digests.
///
/// # Errors
/// `CodesNotKept` when the box is not ticked; `OutOfOrder`.
pub async fn kept(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    ticked: bool,
) -> Result<(), Error<RegisterRefusal>> {
    let (shared, secret, now) = (Arc::clone(platform), cookie.to_owned(), caller.now);
    platform
        .store
        .write(move |tx| {
            let mut row = require_at(tx, &shared, &secret, now, &[Step::Codes])?;
            if !ticked {
                return Err(Error::Refuse(RegisterRefusal::CodesNotKept));
            }
            row.sealed_codes = None;
            row.step = Step::Email;
            write_back(tx, &shared, &row)
        })
        .await
}

/// Makes the codes of a new account; returns them sealed in the registration.
pub(super) fn make(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    registration: &RegistrationId,
    resident: ResidentId,
) -> Result<Vec<u8>, Fault> {
    let codes = crate::recovery_codes::make(tx, platform, caller, resident)?;
    let plain = codes.iter().map(RecoveryCode::shown).collect::<Vec<_>>().join(" ");
    let plain = Zeroizing::new(plain.into_bytes());
    let place = slot(registration, "sealed_codes");
    Ok(platform.keys.seal(Domain::Registration, &place, None, &plain, &*caller.entropy)?.into())
}
