//! Getting back in when every passkey is gone: card number and two recovery codes open one chance to make a new passkey; so
//! does proofing card and face again, for whoever has no codes. Either way a suspension of the account ends.
//!
//! | verb | route | writes |
//! | --- | --- | --- |
//! | [`begin`] | POST /recover | a chance of fifteen minutes for this browser; leaf when refused |
//! | [`begin_proofing`] | POST /recover/proofing | a proofing of card and face, which opens such a chance when it is accepted |
//! | [`options`] | POST /recover/passkey/options | a challenge |
//! | [`finish`] | POST /recover/passkey | the codes are used up, passkey, session, history, leaf, letter; all other sessions end |
//!
//! Nothing tells whether a card number has an account. Codes of 60 bits cannot be guessed, so good ones are never turned away, whatever
//! others tried from the same network. For three days afterwards nothing is signed and no address is changed ([`COOLING_OFF`]).

mod begin;
mod passkey;
mod proofing;

pub use begin::{Begin, begin};
pub use passkey::{Finish, finish, options};
pub(crate) use proofing::by_proofing;
pub use proofing::{Proofing, begin_proofing};

use crate::imprint::Imprint;
use crate::vault::Alarm;
use crate::{Caller, Fault, Platform};
use lionrock_model::id::ResidentId;
use lionrock_model::recovery::COOLING_OFF;
use lionrock_model::time::Millis;
use lionrock_store::recovery::Recovery;
use lionrock_store::{Tx, recovery};

/// Until when a resident waits after a recovery; `None` when there is nothing to wait for.
///
/// # Errors
/// Of the store.
pub fn cooling_until(tx: &mut Tx<'_>, resident: ResidentId, now: Millis) -> Result<Option<Millis>, Fault> {
    let until = recovery::last(tx, resident)?.map(|done| done.after(COOLING_OFF));
    Ok(until.filter(|until| now < *until))
}

/// What binds a chance to a browser: the imprint of its random id.
fn browser_digest(platform: &Platform, browser: &str) -> Result<[u8; 32], Fault> {
    Imprint::new().text(browser).under(platform, "recovery browser")
}

/// Whose chance it is, against which codes, for which browser and until when: made up by nobody but the platform.
fn of_row(chance: &Recovery, browser: &[u8; 32]) -> Imprint {
    let [first, second] = &chance.codes;
    Imprint::new()
        .bytes(chance.id.as_bytes())
        .bytes(chance.resident.as_bytes())
        .bytes(browser)
        .bytes(first)
        .bytes(second)
        .number(chance.lost.into())
        .at(chance.expires)
        .text(chance.ground.word())
}

const ROW: &str = "recovery row";

/// The open chance of a browser. A row that is not as the platform wrote it is none.
fn current(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, browser: &str) -> Result<Option<Recovery>, Fault> {
    let browser = browser_digest(platform, browser)?;
    let Some(chance) = recovery::current(tx, &browser, caller.now)? else { return Ok(None) };
    if of_row(&chance, &browser).is(platform, ROW, chance.proof.as_ref())? {
        return Ok(Some(chance));
    }
    platform.vault.raise(Alarm { resident: None, what: "recovery-forged" });
    Ok(None)
}
