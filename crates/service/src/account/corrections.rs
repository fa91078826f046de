//! GET and POST /account/corrections: a person says which fact about them is wrong and what it should be.
//!
//! The request is answered by an officer within forty days (Cap. 486, section 23); it can be taken back until it is decided. What
//! the person writes is sealed under their own key and opened for their own eyes only.

use crate::audit::{self, Event};
use crate::letter::{self, News};
use crate::vault::{self, Grant};
use crate::{Caller, Error, Fault, Platform};
use lionrock_crypto::ring::{Domain, Slot};
use lionrock_model::account::AccountRefusal;
use lionrock_model::correction::{self as rules, FACTS, Outcome, State, Statement};
use lionrock_model::id::{CorrectionId, ResidentId};
use lionrock_model::policy::Field;
use lionrock_model::time::Millis;
use lionrock_store::correction::{self, Correction};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A request as its owner sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its id.
    pub id: CorrectionId,
    /// The fact.
    pub field: Field,
    /// What it should be.
    pub should: String,
    /// What shows it; may be empty.
    pub why: String,
    /// Where it stands.
    pub state: State,
    /// How it was decided.
    pub outcome: Option<Outcome>,
    /// When it came.
    pub received: Millis,
    /// The first moment at which it is late.
    pub due: Millis,
    /// When it was decided.
    pub decided: Option<Millis>,
    /// When it was closed or withdrawn.
    pub ended: Option<Millis>,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shown({}, {})", self.id, self.state.word())
    }
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    should: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    why: String,
}

/// A person's requests, newest first. Their texts are opened, which leaves a leaf when there are any.
///
/// # Errors
/// Of the session; faults.
pub async fn list(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Vec<Shown>, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let rows = correction::of_resident(tx, current.resident.id)?;
            if rows.is_empty() {
                return Ok(Vec::new());
            }
            let fields: Vec<_> = FACTS.into_iter().filter(|fact| rows.iter().any(|row| row.field == *fact)).collect();
            let grant = super::own(tx, &owned, &caller, &current, &fields)?;
            rows.iter().map(|row| shown(&grant, row)).collect::<Result<_, Fault>>().map_err(Error::Fault)
        })
        .await
}

/// Takes a request. One about each fact may wait at a time.
///
/// # Errors
/// Of the session; [`AccountRefusal::CorrectionWaiting`]; faults.
pub async fn ask(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    statement: Statement,
) -> Result<CorrectionId, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let who = current.resident.id;
            let waiting = correction::of_resident(tx, who)?;
            if waiting.iter().any(|row| row.field == statement.field() && !row.state.is_over()) {
                return Err(Error::Refuse(AccountRefusal::CorrectionWaiting));
            }
            let id = CorrectionId::new(caller.now, caller.random());
            let sealed = Sealed { should: statement.should().to_owned(), why: statement.why().to_owned() };
            let plain = Zeroizing::new(serde_json::to_vec(&sealed).map_err(Fault::from)?);
            let key = vault::sealing_key(tx, &owned, who)?;
            let bytes = owned.keys.seal(Domain::Account, &slot(&who, &id), Some(&key), &plain, &*caller.entropy);
            let row = Correction {
                id,
                resident: who,
                version: 1,
                field: statement.field(),
                state: State::Received,
                outcome: None,
                sealed_text: bytes.map_err(Fault::from)?.into(),
                received: caller.now,
                due: rules::due(caller.now),
                decided: None,
                ended: None,
            };
            correction::insert(tx, &row)?;
            let body = json!({"correction": id.to_string(), "due": row.due.seconds(), "field": row.field.word()});
            audit::append(tx, &owned, &caller, &Event::new("correction.received", Some(who), body))?;
            letter::post(tx, &owned, &caller, who, News::CorrectionReceived)?;
            Ok(id)
        })
        .await
}

/// Takes a request back that is not decided yet.
///
/// # Errors
/// Of the session; [`AccountRefusal::NotFound`] for one that is not theirs, or decided, or over; faults.
pub async fn withdraw(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: CorrectionId,
) -> Result<(), Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let who = current.resident.id;
            let row = correction::find(tx, who, id)?.ok_or(Error::Refuse(AccountRefusal::NotFound))?;
            if !correction::step(tx, &row, State::Withdrawn, None, caller.now)? {
                return Err(Error::Refuse(AccountRefusal::NotFound));
            }
            let body = json!({"correction": id.to_string(), "field": row.field.word()});
            audit::append(tx, &owned, &caller, &Event::new("correction.withdrawn", Some(who), body))?;
            letter::post(tx, &owned, &caller, who, News::CorrectionWithdrawn)?;
            Ok(())
        })
        .await
}

/// Opens what a request says; its fact must be among those decided on.
pub(super) fn shown(grant: &Grant<'_>, row: &Correction) -> Result<Shown, Fault> {
    let plain = grant.open(row.field, Domain::Account, &slot(&row.resident, &row.id), &row.sealed_text)?;
    let said: Sealed = serde_json::from_slice(&plain)?;
    Ok(Shown {
        id: row.id,
        field: row.field,
        should: said.should,
        why: said.why,
        state: row.state,
        outcome: row.outcome,
        received: row.received,
        due: row.due,
        decided: row.decided,
        ended: row.ended,
    })
}

/// What an officer reads of a request, by a grant on a ticket.
pub(crate) mod desk {
    use super::{Correction, Domain, Fault, Grant, Sealed, slot};

    /// What it should be, and what shows it; the fact must be among those decided on.
    pub fn said(grant: &Grant<'_>, row: &Correction) -> Result<(String, String), Fault> {
        let plain = grant.open(row.field, Domain::Account, &slot(&row.resident, &row.id), &row.sealed_text)?;
        let said: Sealed = serde_json::from_slice(&plain)?;
        Ok((said.should, said.why))
    }
}

const fn slot<'a>(resident: &'a ResidentId, id: &'a CorrectionId) -> Slot<'a> {
    Slot {
        table: "correction",
        column: "sealed_text",
        row: id.as_bytes(),
        resident: resident.as_bytes(),
        schema: 1,
        version: 1,
    }
}
