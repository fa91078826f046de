//! A registration goes on in another browser: it gets another secret, and the browser that had it has it no more.

use super::{SECRET, cookie as cookie_of, keep, of_secret};
use crate::register::Begun;
use crate::{Caller, Fault, Platform};
use lionrock_store::Tx;
use lionrock_store::registration::Registration;

/// Gives a registration a new secret.
///
/// # Errors
/// Of the store; `Busy` when it changed meanwhile.
pub(crate) fn hand_over(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    mut row: Registration,
) -> Result<Begun, Fault> {
    let secret = caller.random();
    row.secret_digest = of_secret(&row.id, &secret).under(platform, SECRET)?;
    let (id, step) = (row.id, row.step);
    let seconds = u32::try_from(row.expires.since(caller.now).as_secs()).unwrap_or(u32::MAX);
    if !keep(tx, platform, &row)? {
        return Err(lionrock_store::Error::Busy.into());
    }
    Ok(Begun { cookie: cookie_of(&id, &secret), seconds, step })
}
