//! Getting back in when every passkey is gone: card number and two recovery codes open one chance to make a new passkey.
//!
//! | verb | route | writes |
//! | --- | --- | --- |
//! | [`begin`] | POST /recover | a chance of fifteen minutes for this browser; leaf when refused |
//! | [`options`] | POST /recover/passkey/options | a challenge |
//! | [`finish`] | POST /recover/passkey | the codes are used up, passkey, session, history, leaf, letter; all other sessions end |
//!
//! Nothing tells whether a card number has an account. Codes of 60 bits cannot be guessed, so good ones are never turned away, whatever
//! others tried from the same network. For three days afterwards nothing is signed and no address is changed ([`COOLING_OFF`]).

mod begin;
mod passkey;

pub use begin::{Begin, begin};
pub use passkey::{Finish, finish, options};

use crate::Fault;
use lionrock_crypto::digest::sha256;
use lionrock_model::id::ResidentId;
use lionrock_model::recovery::COOLING_OFF;
use lionrock_model::time::Millis;
use lionrock_store::{Tx, recovery};

/// Until when a resident waits after a recovery; `None` when there is nothing to wait for.
///
/// # Errors
/// Of the store.
pub fn cooling_until(tx: &mut Tx<'_>, resident: ResidentId, now: Millis) -> Result<Option<Millis>, Fault> {
    let until = recovery::last(tx, resident)?.map(|done| done.after(COOLING_OFF));
    Ok(until.filter(|until| now < *until))
}

/// What binds a chance to a browser: the digest of its random id.
fn browser_digest(browser: &str) -> [u8; 32] {
    sha256(&[b"lionrock recovery v1\0", browser.as_bytes()].concat())
}
