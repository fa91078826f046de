//! Bulk work: a job of the closed list, under a ticket of two officers, once. It gives counts, small ones hidden, and a signed statement
//! of them; nobody's data is opened for it.

use super::draft::by;
use super::open::deed;
use super::sound::{both_stand, load};
use super::{ENDED, OVER, duty, keep, mark, settle, stands};
use crate::audit::Event;
use crate::ledger::receipt;
use crate::monitor::{self, Outcome};
use crate::{Caller, Error, Platform, freshness, right};
use lionrock_model::bulk::{Job, Told, told};
use lionrock_model::id::TicketId;
use lionrock_model::policy::staff::Action;
use lionrock_model::refusal::Refusal as _;
use lionrock_model::ticket::{Object, State, TicketRefusal};
use lionrock_store::{Tx, bulk};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What a job gave.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Which job.
    pub job: Job,
    /// Name and count, as it may be told.
    pub rows: Vec<(String, Told)>,
    /// The same as a statement signed by the platform: a compact JWS of type `receipt+jwt`.
    pub statement: String,
}

/// Runs the job of an approved ticket and ends the ticket.
///
/// # Errors
/// A [`TicketRefusal`]; faults.
pub async fn run(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: TicketId,
) -> Result<Counted, Error<TicketRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            let mut row = match load(tx, &owned, &caller, &on, id)? {
                Ok(row) if row.terms.officer == on.officer.id => row,
                Ok(_) => return Ok(Err(TicketRefusal::NotFound)),
                Err(refusal) => return Ok(Err(refusal)),
            };
            let Object::Job(job) = row.terms.object else { return Ok(Err(TicketRefusal::Fields)) };
            let stands = stands(&row, caller.now).map(drop);
            let over = freshness::known(tx, &owned, mark(&id, OVER))?;
            let refusal = match stands {
                Err(refusal) => Some(refusal),
                Ok(()) if over => Some(TicketRefusal::Over),
                Ok(()) if !both_stand(tx, &owned, &caller, &row)? => Some(TicketRefusal::Over),
                Ok(()) if right::permit(&on, &caller, Action::JobPropose).is_err() => Some(TicketRefusal::NotPermitted),
                Ok(()) => None,
            };
            if let Some(refusal) = refusal {
                monitor::refused(tx, &owned, &caller, &deed(&on, &row), ("job", refusal.code(), None))?;
                return Ok(Err(refusal));
            }
            let rows = told(&counts(tx, job)?);
            let members: Map<String, Value> =
                rows.iter().map(|(name, told)| (name.clone(), json!(told.to_string()))).collect();
            let claims = json!({
                "counts": members,
                "iat": caller.now.seconds(),
                "iss": owned.settings.issuer,
                "job": job.word(),
                "realm": owned.settings.realm.to_string(),
                "ticket": id.to_string(),
                "what": "staff-job",
            });
            let statement = receipt::sign(&owned, &claims)?;
            row.state = State::Closed;
            row.ended = Some(caller.now);
            row.openings += 1;
            let body = json!({
                "by": by(&on),
                "job": job.word(),
                "receipt": receipt::digest(&statement),
                "rows": rows.len(),
                "ticket": id.to_string(),
            });
            freshness::append(tx, &owned, &caller, mark(&id, ENDED), &Event::new("ticket.job", None, body))?;
            keep(tx, &owned, &row)?;
            monitor::note(tx, &owned, &caller, &deed(&on, &row), ("job", Outcome::Given, None))?;
            Ok(Ok(Counted { job, rows, statement }))
        })
        .await;
    settle(outcome)
}

fn counts(tx: &mut Tx<'_>, job: Job) -> Result<Vec<(String, u64)>, lionrock_store::Error> {
    match job {
        Job::AccountsByMonth => bulk::accounts_by_month(tx),
        Job::AccountsByState => bulk::accounts_by_state(tx),
        Job::CorrectionsByState => bulk::corrections_by_state(tx),
        Job::CustodiesByReason => bulk::custodies_by_reason(tx),
    }
}
