//! Sweeping: rows whose time is over, a bounded batch at a time, by an index each.

use crate::{Error, Tx, Value};
use lionrock_model::id::SessionId;
use lionrock_model::time::Millis;

/// How a table is swept.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// The table.
    pub table: &'static str,
    cut: Cut,
    sql: &'static str,
}

/// What `$1` of a statement is.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// A moment.
    Time,
    /// The first id of a moment: ids are ordered by time, so the primary key is the index.
    Id,
    /// The minute of a moment.
    Minute,
}

macro_rules! sweep {
    ($table:literal, $cut:ident, $key:literal, $from:literal) => {
        Sweep {
            table: $table,
            cut: Cut::$cut,
            sql: concat!(
                "DELETE FROM ",
                $table,
                " WHERE (",
                $key,
                ") IN (SELECT ",
                $key,
                " FROM ",
                $from,
                " LIMIT $2)"
            ),
        }
    };
}

/// Every table that is swept by a statement of its own, those first that others refer to last.
pub const SWEEPS: [Sweep; 29] = [
    sweep!("ceremony", Time, "challenge", "ceremony WHERE expires_at < $1 ORDER BY expires_at"),
    sweep!("certificate", Time, "serial", "certificate WHERE not_after < $1 ORDER BY not_after"),
    sweep!("contact_change", Time, "resident", "contact_change WHERE expires_at <= $1 ORDER BY expires_at"),
    sweep!("correction", Time, "id", "correction WHERE ended_at < $1"),
    sweep!("counter_case", Time, "id", "counter_case WHERE expires_at < $1 ORDER BY expires_at"),
    sweep!("custody", Time, "id", "custody WHERE resident IS NULL AND closed_at < $1 ORDER BY closed_at"),
    sweep!("exposure", Minute, "process, minute, budget", "exposure WHERE minute < $1 ORDER BY minute"),
    sweep!("failed_try", Time, "bucket", "failed_try WHERE since < $1"),
    sweep!("oidc_assertion", Time, "service, jti", "oidc_assertion WHERE expires_at <= $1 ORDER BY expires_at"),
    sweep!("oidc_grant", Time, "code", "oidc_grant WHERE expires_at <= $1 ORDER BY expires_at"),
    sweep!("oidc_request", Time, "handle", "oidc_request WHERE expires_at <= $1 ORDER BY expires_at"),
    sweep!("officer_act", Time, "id", "officer_act WHERE at < $1 ORDER BY at"),
    sweep!(
        "officer_proposal",
        Time,
        "id",
        "officer_proposal WHERE created_at < $1 AND state <> 'open' ORDER BY created_at"
    ),
    sweep!("officer_session", Id, "id", "officer_session WHERE id < $1 ORDER BY id"),
    sweep!("outbox", Id, "id", "outbox WHERE id < $1 ORDER BY id"),
    sweep!("recovery", Time, "id", "recovery WHERE expires_at <= $1 ORDER BY expires_at"),
    sweep!("signing_part", Time, "id", "signing_part WHERE created_at < $1 ORDER BY created_at"),
    sweep!("signing_question", Time, "challenge", "signing_question WHERE expires_at < $1 ORDER BY expires_at"),
    sweep!("signing_request", Time, "id", "signing_request WHERE expires_at < $1 ORDER BY expires_at"),
    sweep!("session", Id, "id", "session WHERE id < $1 ORDER BY id"),
    sweep!("sign_in", Id, "id", "sign_in WHERE id < $1 ORDER BY id"),
    sweep!(
        "break_glass",
        Time,
        "id",
        "break_glass WHERE asked_at < $1 AND state IN ('drafted', 'expired', 'reviewed')"
    ),
    sweep!("finding", Time, "id", "finding WHERE closed_at < $1 ORDER BY closed_at"),
    sweep!("hold", Time, "id", "hold WHERE until < $1 ORDER BY until"),
    sweep!("staff_act", Time, "id", "staff_act WHERE at < $1 ORDER BY at"),
    sweep!("ticket", Time, "id", "ticket WHERE ended_at < $1 ORDER BY ended_at"),
    sweep!(
        "credential",
        Time,
        "id",
        "credential WHERE removed_at < $1 AND NOT EXISTS (SELECT 1 FROM session WHERE session.credential = credential.id) \
         ORDER BY removed_at"
    ),
    sweep!("resident", Time, "id", "(SELECT resident AS id FROM erasure WHERE done_at < $1 ORDER BY done_at) AS done"),
    sweep!(
        "erasure",
        Time,
        "resident",
        "erasure WHERE done_at < $1 AND NOT EXISTS (SELECT 1 FROM resident WHERE resident.id = erasure.resident) ORDER BY done_at"
    ),
];

const CONSENTS: &str = "SELECT c.id, CASE WHEN c.ended_at < $3 OR EXISTS (SELECT 1 FROM consent n WHERE n.resident = c.resident \
                        AND n.service = c.service AND n.granted_at > c.granted_at) THEN 1 ELSE 0 END \
                        FROM consent c WHERE c.id > $1 AND c.id < $2 ORDER BY c.id LIMIT $4";
const CONSENT: &str = "DELETE FROM consent WHERE id = $1";

impl Sweep {
    /// Removes at most so many rows whose moment lies before `before`; returns how many.
    ///
    /// # Errors
    /// Of the store.
    pub fn batch(&self, tx: &mut Tx<'_>, before: Millis, most: u32) -> Result<u64, Error> {
        let cut = match self.cut {
            Cut::Time => Value::from(before),
            Cut::Id => Value::from(first_id(before)),
            Cut::Minute => Value::from(before.0.div_euclid(60_000)),
        };
        tx.execute(self.sql, &[cut, Value::from(most)])
    }
}

/// Looks at so many approvals given before `before`, from after the id `mark` on, and removes those that ended before it or were
/// replaced by a newer one. Returns how many went, and where to go on; `None` when the end is reached.
///
/// # Errors
/// Of the store.
pub fn consents(
    tx: &mut Tx<'_>,
    mark: Option<&[u8]>,
    before: Millis,
    most: u32,
) -> Result<(u64, Option<[u8; 16]>), Error> {
    let from = Value::from(mark.unwrap_or(&[0; 16]));
    let values = [from, Value::from(first_id(before)), Value::from(before), Value::from(most)];
    let rows = tx.query(CONSENTS, &values)?;
    let mut gone = 0;
    for row in &rows {
        if row.flag(1)? {
            gone += tx.execute(CONSENT, &[row.bytes(0)?.into()])?;
        }
    }
    let full = rows.len() as u64 == u64::from(most);
    let last = rows.last().filter(|_| full).map(|row| row.array(0)).transpose()?;
    Ok((gone, last))
}

/// The smallest id made at a moment.
fn first_id(at: Millis) -> [u8; 16] {
    *SessionId::new(at, [0; 10]).as_bytes()
}
