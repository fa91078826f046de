//! Where the records of each sealed column belong: which purpose's key seals them, and at which place.

use crate::audit::NOBODY;
use lionrock_crypto::ring::{Domain, Slot};
use lionrock_store::sealed::{COLUMNS, Column, Record};

/// The domain that seals a column; `None` for a column that nobody has placed, which a test looks for.
#[must_use]
pub fn domain(column: &Column) -> Option<Domain> {
    Some(match (column.table, column.name) {
        ("contact_change", "sealed_email") | ("officer_mark", _) | ("outbox", _) | ("resident", "sealed_contact") => {
            Domain::Contact
        }
        ("correction", "sealed_text") | ("credential" | "officer", "sealed_name") => Domain::Account,
        ("hold" | "leaf" | "officer_act" | "ticket" | "finding" | "break_glass", _) => Domain::Audit,
        ("signature" | "signing_part" | "signing_request", _) => Domain::Consent,
        ("registration", _) => Domain::Registration,
        ("certificate", _) | ("resident", "sealed_profile") => Domain::Profile,
        ("session" | "sign_in", _) => Domain::Session,
        _ => return None,
    })
}

/// The columns that a domain seals, in the order in which they are moved.
pub fn columns(of: Domain) -> impl Iterator<Item = &'static Column> {
    COLUMNS.iter().filter(move |column| domain(column) == Some(of))
}

/// The place of a record, sealed at `version`.
#[must_use]
pub fn slot<'a>(column: &'a Column, record: &'a Record, version: u64) -> Slot<'a> {
    Slot {
        table: column.table,
        column: column.name,
        row: &record.row,
        resident: record.person.as_ref().unwrap_or(&NOBODY),
        schema: 1,
        version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sealed_column_has_a_domain() {
        let homeless: Vec<_> = COLUMNS.iter().filter(|column| domain(column).is_none()).map(Column::title).collect();
        assert!(homeless.is_empty(), "{homeless:?}: say in rotation::home which domain seals them");
    }
}
