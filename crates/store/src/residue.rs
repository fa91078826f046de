//! What hangs on a resident, table by table: how an ended account is cleared, and the count that proves it.
//!
//! A test compares [`PLACES`] with the schema: a table that gets a column `resident` must be listed here.

use crate::{Error, Tx};
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;

/// What an erasure does with the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// They go.
    Gone(&'static str),
    /// They stay, and name nobody any more.
    Cut(&'static str),
    /// They stay, for the reason the table of retention gives.
    Stays,
}

/// A table that names residents.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The table.
    pub table: &'static str,
    /// What becomes of its rows.
    pub fate: Fate,
    /// Counts rows that name a resident.
    count: &'static str,
}

macro_rules! gone {
    ($table:literal) => {
        Place {
            table: $table,
            fate: Fate::Gone(concat!("DELETE FROM ", $table, " WHERE resident = $1")),
            count: concat!("SELECT COUNT(*) FROM ", $table, " WHERE resident = $1"),
        }
    };
}

macro_rules! stays {
    ($table:literal, $column:literal) => {
        Place {
            table: $table,
            fate: Fate::Stays,
            count: concat!("SELECT COUNT(*) FROM ", $table, " WHERE ", $column, " = $1"),
        }
    };
}

/// Every table that names residents, those first whose rows refer to others.
pub const PLACES: [Place; 30] = [
    gone!("session"),
    gone!("signature"),
    gone!("signing_key"),
    gone!("signing_question"),
    gone!("signing_request"),
    gone!("sign_in"),
    gone!("credential"),
    gone!("oidc_grant"),
    gone!("consent"),
    gone!("oidc_pseudonym"),
    gone!("outbox"),
    gone!("recovery_code"),
    gone!("recovery"),
    gone!("ceremony"),
    gone!("registration"),
    gone!("contact_change"),
    gone!("counter_case"),
    Place {
        table: "guardianship",
        fate: Fate::Gone("DELETE FROM guardianship WHERE resident = $1 OR guardian = $1"),
        count: "SELECT COUNT(*) FROM guardianship WHERE resident = $1 OR guardian = $1",
    },
    gone!("level"),
    gone!("correction"),
    gone!("hold"),
    gone!("reading"),
    gone!("family_mark"),
    Place {
        table: "custody",
        fate: Fate::Cut("UPDATE custody SET resident = NULL, registration = NULL WHERE resident = $1"),
        count: "SELECT COUNT(*) FROM custody WHERE resident = $1",
    },
    Place {
        table: "certificate",
        fate: Fate::Cut("UPDATE certificate SET resident = NULL, sealed_certificate = NULL WHERE resident = $1"),
        count: "SELECT COUNT(*) FROM certificate WHERE resident = $1",
    },
    stays!("resident", "id"),
    stays!("leaf", "resident"),
    stays!("lane", "id"),
    stays!("ticket", "resident"),
    stays!("erasure", "resident"),
];

const PSEUDONYMS: &str = "SELECT service, sub FROM oidc_pseudonym WHERE resident = $1";
const CLOSE_AGAIN: &str = "UPDATE resident SET state = 'closed', version = $2, blind_index = NULL, user_handle = NULL, \
                           sealed_key = NULL, sealed_profile = NULL, sealed_contact = NULL, closed_at = $3 WHERE id = $1";

/// Clears one table of a resident; returns how many rows. A table that stays is left alone.
///
/// # Errors
/// Of the store.
pub fn clear(tx: &mut Tx<'_>, place: &Place, resident: ResidentId) -> Result<u64, Error> {
    match place.fate {
        Fate::Gone(sql) | Fate::Cut(sql) => tx.execute(sql, &[resident.as_bytes().into()]),
        Fate::Stays => Ok(0),
    }
}

/// How many rows of a table name a resident.
///
/// # Errors
/// Of the store.
pub fn count(tx: &mut Tx<'_>, place: &Place, resident: ResidentId) -> Result<i64, Error> {
    tx.first(place.count, &[resident.as_bytes().into()])?.map_or(Ok(0), |row| row.int(0))
}

/// A resident's names at services: service and name.
///
/// # Errors
/// Of the store.
pub fn pseudonyms(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Vec<(String, String)>, Error> {
    let rows = tx.query(PSEUDONYMS, &[resident.as_bytes().into()])?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()))).collect()
}

/// Closes an account once more whose row was put back, at the version the ledger knows.
///
/// # Errors
/// Of the store.
pub fn close_again(tx: &mut Tx<'_>, resident: ResidentId, version: i64, now: Millis) -> Result<bool, Error> {
    Ok(tx.execute(CLOSE_AGAIN, &[resident.as_bytes().into(), version.into(), now.into()])? == 1)
}
