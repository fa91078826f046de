//! Legal holds: a statement of two officers, one for each side of the house, that delays what staff entries on named tickets
//! tell their person. It ends by itself; that entries exist, and how many are withheld, is never hidden.
//!
//! Whoever reads a hold judges its statement again, signatures and all: a row that somebody wrote, edited or prolonged by hand
//! hides nothing.

use crate::audit::{self, Event, NOBODY};
use crate::statement::{Claims, Officer, Signed};
use crate::{Caller, Fault, Platform};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::ring::{Domain, Slot};
use lionrock_model::id::ResidentId;
use lionrock_model::realm::Realm;
use lionrock_model::statement::{SECONDS_A_DAY, Span, StatementFault, same_realm};
use lionrock_model::time::Millis;
use lionrock_store::{Tx, hold, resident};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// A hold lasts so long at most.
pub const LONGEST: Duration = Duration::from_secs(90 * SECONDS_A_DAY);
/// No entry is withheld for longer than this after it was written, whatever holds follow each other.
pub const MOST_DELAY: Duration = Duration::from_secs(366 * SECONDS_A_DAY);
/// Grounds the law knows for not telling a person at once.
pub const GROUNDS: [&str; 3] = ["court-order", "prevention-of-crime", "protection-of-life"];
/// Type of the entry that tells of a hold.
pub const LAID: &str = "hold.laid";

/// The claims of a hold. Members in alphabetical order: they are signed in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldClaims {
    /// Officers who lay it, two or more, of different roles.
    pub approved_by: Vec<String>,
    /// The first moment after it, RFC 3339 in UTC.
    pub expires: String,
    /// One of [`GROUNDS`].
    pub ground: String,
    /// Its own name.
    pub id: String,
    /// Its first moment, RFC 3339 in UTC.
    pub not_before: String,
    /// The realm it is for.
    pub realm: String,
    /// Whose history it delays.
    pub resident: String,
    /// The tickets whose entries it withholds.
    pub tickets: Vec<String>,
}

/// A hold that may be in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its name.
    pub id: String,
    /// Why.
    pub ground: String,
    /// The realm.
    pub realm: String,
    /// Whose history.
    pub resident: ResidentId,
    /// From when to when.
    pub span: Span,
    /// Which tickets.
    pub tickets: BTreeSet<String>,
}

impl Claims for HoldClaims {
    const FORMAT: &'static str = "lionrock legal hold v1";
    type Meaning = Hold;

    fn approvers(&self) -> &[String] {
        &self.approved_by
    }

    fn meaning(self) -> Result<Hold, StatementFault> {
        let form = |what: &str| StatementFault::Form(what.to_owned());
        if !GROUNDS.contains(&self.ground.as_str()) {
            return Err(StatementFault::Form(format!("{:?} is none of {}", self.ground, GROUNDS.join(", "))));
        }
        if self.tickets.is_empty() || self.tickets.len() > 64 {
            return Err(form("it must name the tickets it is about, 64 at most"));
        }
        Ok(Hold {
            span: Span::read(&self.not_before, &self.expires)?,
            id: self.id,
            ground: self.ground,
            realm: self.realm,
            resident: ResidentId::parse(&self.resident).map_err(|_| form("the resident is no id"))?,
            tickets: self.tickets.into_iter().collect(),
        })
    }
}

/// Why no hold is laid.
#[derive(Debug, Error)]
pub enum NotLaid {
    /// The statement does not count.
    #[error(transparent)]
    Statement(#[from] StatementFault),
    /// Two officers of one role are one side of the house.
    #[error("it needs two officers of different roles: one side of the house cannot delay what a person is told")]
    OneSide,
    /// The same statement was laid before.
    #[error("this statement was laid before")]
    Again,
    /// Nobody has that id.
    #[error("no account has the id it names")]
    NoSuchPerson,
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<lionrock_store::Error> for NotLaid {
    fn from(error: lionrock_store::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// What a statement means when its signatures count here and now.
///
/// # Errors
/// [`NotLaid`].
pub fn judge(signed: Signed<HoldClaims>, officers: &[Officer], realm: &Realm, now: Millis) -> Result<Hold, NotLaid> {
    let signers: Vec<&Officer> =
        officers.iter().filter(|officer| signed.signatures.iter().any(|one| one.by == officer.id)).collect();
    let hold = signed.open(officers)?;
    if !signers.iter().any(|one| signers.iter().any(|other| one.identity != other.identity)) {
        return Err(NotLaid::OneSide);
    }
    same_realm(&hold.realm, realm)?;
    hold.span.judge(now, LONGEST)?;
    Ok(hold)
}

/// Lays a hold; the ledger keeps who did, and tells the person when it is over.
///
/// # Errors
/// [`NotLaid`].
pub async fn lay(platform: &Arc<Platform>, caller: &Caller, signed: Signed<HoldClaims>) -> Result<(), NotLaid> {
    let text = serde_json::to_vec(&signed).map_err(Fault::from)?;
    let hold = judge(signed.clone(), &platform.settings.officers, &platform.settings.realm, caller.now)?;
    let mut id = [0; 16];
    id.iter_mut().zip(sha256(&text)).for_each(|(to, from)| *to = from);
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let work = move |tx: &mut Tx<'_>| {
        if resident::find(tx, hold.resident)?.is_none() {
            return Err(NotLaid::NoSuchPerson);
        }
        let sealed = owned.keys.seal(Domain::Audit, &slot(&id), None, &text, &*caller.entropy).map_err(Fault::from)?;
        let row = hold::Hold {
            id,
            resident: *hold.resident.as_bytes(),
            sealed_statement: sealed.into(),
            until: hold.span.until.0,
            laid_at: caller.now.0,
        };
        if !hold::insert(tx, &row)? {
            return Err(NotLaid::Again);
        }
        let body = json!({"ground": hold.ground, "hold": hold.id, "until": hold.span.until.0});
        let event = Event::new(LAID, Some(hold.resident), body);
        let event = event.with_apart(json!({"claims": signed.claims, "signatures": signed.signatures}));
        audit::append(tx, &owned, &caller, &event)?;
        Ok(())
    };
    platform.store.write(work).await
}

/// The holds on a person's history that are in force; whatever does not stand up is none.
///
/// # Errors
/// Of the store.
pub fn standing(tx: &mut Tx<'_>, platform: &Platform, who: ResidentId, now: Millis) -> Result<Vec<Hold>, Fault> {
    let rows = hold::of(tx, who.as_bytes())?;
    Ok(rows.iter().filter_map(|row| stands(platform, row, who, now)).collect())
}

fn stands(platform: &Platform, row: &hold::Hold, who: ResidentId, now: Millis) -> Option<Hold> {
    let opened = platform.keys.open_sealed(Domain::Audit, &slot(&row.id), None, &row.sealed_statement);
    let Ok(text) = opened else {
        tracing::error!("a row of the table hold was edited: it hides nothing");
        return None;
    };
    let signed = Signed::parse(&text).ok()?;
    match judge(signed, &platform.settings.officers, &platform.settings.realm, now) {
        Ok(hold) if hold.resident == who => Some(hold),
        Ok(_) => None,
        Err(NotLaid::Statement(StatementFault::Expired)) => None,
        Err(error) => {
            tracing::error!(%error, "a hold does not stand up: it hides nothing");
            None
        }
    }
}

impl Hold {
    /// Whether it withholds an entry of this type and body, written at `at`, for now.
    #[must_use]
    pub fn covers(&self, kind: &str, body: &Value, at: Millis, now: Millis) -> bool {
        if now >= at.after(MOST_DELAY) {
            return false;
        }
        let text = |member: &str| body.get(member).and_then(Value::as_str).unwrap_or_default();
        if kind == LAID {
            return text("hold") == self.id;
        }
        let staff = kind.starts_with("ticket.") || (kind == "personal.opened" && !by_staff(body).is_null());
        staff && self.tickets.contains(text("ticket"))
    }
}

/// What an opening says about the officer who read; null when it was somebody else.
#[must_use]
pub fn by_staff(body: &Value) -> &Value {
    let by = body.get("by").unwrap_or(&Value::Null);
    if by.get("role").is_some() || by.get("officer").is_some() { by } else { &Value::Null }
}

const fn slot(id: &[u8; 16]) -> Slot<'_> {
    Slot { table: "hold", column: "sealed_statement", row: id, resident: &NOBODY, schema: 1, version: 1 }
}
