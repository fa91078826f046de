//! Kiosks: a device of a counter on which people register by themselves.
//!
//! A device asks to be one by showing a code; an officer of a counter looks at it, types the code and signs. From then on its browser gets the
//! pages of a registration up to the passkey, and no others. Being a kiosk takes rights away and gives none, so what a device holds is
//! worth nothing elsewhere: its cookie names the errand and carries a keyed code over it, and whether an officer signed is said by the ledger
//! under an id computed from the errand. After a week an officer looks again; until then the device shows nothing else.
//!
//! | verb | route | writes |
//! | --- | --- | --- |
//! | [`offer`] | POST /kiosk/pair | an errand with its code |
//! | [`standing`] | every request of such a device | nothing |
//! | [`over`] | POST /kiosk/over, GET /kiosk | the session of the last person ends; what is in custody is destroyed |
//! | [`crate::counter::code::status`] | POST /kiosk/status | nothing |

use crate::audit::{self, Event};
use crate::ceremony::settle;
use crate::counter::{case, code};
use crate::freshness::Mark;
use crate::imprint::Imprint;
use crate::{Caller, Error, Fault, Platform, custody, register, session};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_model::counter::{CaseKind, CounterRefusal, HandOverCode, KIOSK};
use lionrock_model::id::CaseId;
use lionrock_model::time::Millis;
use lionrock_store::{Tx, leaf};
use serde_json::{Value, json};
use std::sync::Arc;

/// A device that asks to be a kiosk.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What its browser keeps.
    pub cookie: String,
    /// What its screen shows to the officer, this once.
    pub code: HandOverCode,
    /// Until when the officer can take it up.
    pub until: Millis,
}

/// How a device stands that keeps one of our cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits for an officer. It was none before, so it can go back to being an ordinary browser.
    Asked,
    /// An officer signed; until when.
    Kiosk(Millis),
    /// An officer has to look at it again.
    Over,
}

/// A device asks to be a kiosk. `before` is the cookie it keeps: one that was a kiosk stays locked until an officer signs.
///
/// # Errors
/// [`CounterRefusal::TooManyTries`]; faults.
pub async fn offer(
    platform: &Arc<Platform>,
    caller: &Caller,
    before: Option<&str>,
) -> Result<Offer, Error<CounterRefusal>> {
    let locked = before.and_then(|cookie| read(platform, cookie).transpose()).transpose()?;
    let locked = match locked {
        Some((_, true)) => true,
        Some((id, false)) => signed(platform, id).await?.is_some(),
        None => false,
    };
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform
        .store
        .write(move |tx| {
            if code::too_many(tx, &owned, &caller, "kiosk offered", &caller.network())? {
                return Ok(Err(CounterRefusal::TooManyTries));
            }
            let shown = code::draw(tx, &owned, &caller, case::new(&caller, CaseKind::Kiosk))?;
            let body = json!({"case": shown.case.to_string(), "errand": CaseKind::Kiosk.word()});
            audit::append(tx, &owned, &caller, &Event::new("errand.begun", None, body))?;
            let cookie = cookie(&owned, shown.case, locked)?;
            Ok(Ok(Offer { cookie, code: shown.code, until: shown.until }))
        })
        .await;
    settle(outcome)
}

/// How the device of a cookie stands; none when the cookie is not one of ours.
///
/// # Errors
/// Of the store.
pub async fn standing(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Option<Standing>, Fault> {
    let Some((id, locked)) = read(platform, cookie)? else { return Ok(None) };
    Ok(Some(match signed(platform, id).await? {
        Some(at) if caller.now < at.after(KIOSK) => Standing::Kiosk(at.after(KIOSK)),
        None if !locked => Standing::Asked,
        Some(_) | None => Standing::Over,
    }))
}

/// The last person has left, or asked for it: their session ends, and pictures that are in custody are destroyed now. A registration that
/// goes on on their own phone goes on there.
///
/// # Errors
/// Of the store.
pub async fn over(
    platform: &Arc<Platform>,
    caller: &Caller,
    session: Option<&str>,
    registration: Option<&str>,
) -> Result<(), Fault> {
    if let Some(cookie) = session {
        within(session::sign_out(platform, caller, cookie).await)?;
    }
    let Some(cookie) = registration else { return Ok(()) };
    let (owned, secret, now) = (Arc::clone(platform), cookie.to_owned(), caller.now);
    let found = platform.store.read(move |tx| register::require(tx, &owned, &secret, now)).await;
    if let Some(row) = within(found)? {
        within(custody::abandon(platform, caller, &row).await)?;
    }
    Ok(())
}

/// A refusal only says that there is nothing to end.
fn within<T, R>(outcome: Result<T, Error<R>>) -> Result<Option<T>, Fault> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(Error::Refuse(_)) => Ok(None),
        Err(Error::Fault(fault)) => Err(fault),
    }
}

/// When an officer signed for the device of an errand.
async fn signed(platform: &Arc<Platform>, id: CaseId) -> Result<Option<Millis>, Fault> {
    let owned = Arc::clone(platform);
    platform.store.read(move |tx| signed_in_ledger(tx, &owned, id)).await
}

fn signed_in_ledger(tx: &mut Tx<'_>, platform: &Platform, id: CaseId) -> Result<Option<Millis>, Fault> {
    let mark = Mark::Shown(id).event(platform)?;
    let found = leaf::marks(tx, [mark; 4])?;
    let Some(sealed) = found.first().and_then(|mark| mark.sealed_body.as_deref()) else { return Ok(None) };
    let (_, canonical) = audit::open_body(platform, &mark, sealed)?;
    let event: Value = serde_json::from_slice(&canonical)?;
    let kiosk = event.pointer("/body/errand").and_then(Value::as_str) == Some(CaseKind::Kiosk.word());
    Ok(event.get("at").and_then(Value::as_i64).map(Millis).filter(|_| kiosk))
}

const LABEL: &str = "kiosk";
const ID: usize = 16;
const PROOF: usize = 32;

fn imprint(id: CaseId, locked: bool) -> Imprint {
    Imprint::new().bytes(id.as_bytes()).number(locked.into())
}

/// Errand, whether the device was a kiosk before, and the keyed code over both.
fn cookie(platform: &Platform, id: CaseId, locked: bool) -> Result<String, Fault> {
    let proof = imprint(id, locked).under(platform, LABEL)?;
    Ok(URL_SAFE_NO_PAD.encode([id.as_bytes().as_slice(), &[u8::from(locked)], &proof].concat()))
}

fn read(platform: &Platform, cookie: &str) -> Result<Option<(CaseId, bool)>, Fault> {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(cookie) else { return Ok(None) };
    let Some((id, rest)) = bytes.split_first_chunk::<ID>() else { return Ok(None) };
    let Some(([locked], proof)) = rest.split_first_chunk::<1>() else { return Ok(None) };
    let (Ok(id), Ok(proof)) = (CaseId::from_bytes(id), <&[u8; PROOF]>::try_from(proof)) else { return Ok(None) };
    let locked = *locked == 1;
    Ok(imprint(id, locked).is(platform, LABEL, Some(proof))?.then_some((id, locked)))
}
