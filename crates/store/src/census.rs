//! How many rows each table has: counts and nothing else, for diagnostics.

use crate::{Error, Tx};

/// Every table and its count.
///
/// # Errors
/// Of the store.
pub fn rows(tx: &mut Tx<'_>) -> Result<Vec<(&'static str, i64)>, Error> {
    let mut counted = Vec::with_capacity(TABLES.len());
    for (table, ask) in TABLES {
        let count = tx.first(ask, &[])?.map_or(Ok(0), |row| row.int(0))?;
        counted.push((*table, count));
    }
    Ok(counted)
}

macro_rules! tables {
    ($($table:literal),+ $(,)?) => { &[$(($table, concat!("SELECT COUNT(*) FROM ", $table)),)+] };
}

/// Each table and the question about it; a test compares them with the migrations.
const TABLES: &[(&str, &str)] = tables![
    "activation_key",
    "authority",
    "break_glass",
    "ceremony",
    "certificate",
    "consent",
    "contact_change",
    "correction",
    "counter_case",
    "credential",
    "custody",
    "decoy",
    "domain_lock",
    "erasure",
    "exposure",
    "failed_try",
    "family_mark",
    "finding",
    "guardianship",
    "hold",
    "key_copy",
    "key_ring",
    "key_turn",
    "lane",
    "leaf",
    "level",
    "log_head",
    "notice",
    "officer",
    "officer_act",
    "officer_credential",
    "officer_mark",
    "officer_proposal",
    "officer_session",
    "oidc_assertion",
    "oidc_grant",
    "oidc_pseudonym",
    "oidc_request",
    "oidc_tombstone",
    "outbox",
    "reading",
    "reading_cursor",
    "realm",
    "recovery",
    "recovery_code",
    "registration",
    "resident",
    "restore",
    "retention_tally",
    "revocation_list",
    "rotation",
    "server",
    "session",
    "sign_in",
    "signature",
    "signing_key",
    "signing_part",
    "signing_question",
    "signing_request",
    "staff_act",
    "ticket",
];

#[cfg(test)]
mod tests {
    use super::TABLES;
    use crate::MIGRATIONS;

    fn named<'a>(sql: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
        sql.split(word).skip(1).filter_map(|rest| rest.split([' ', ';', '(']).next())
    }

    #[test]
    fn every_table_is_counted() {
        let mut made: Vec<&str> = Vec::new();
        for step in MIGRATIONS {
            made.extend(named(step.sql, "CREATE TABLE "));
            let gone: Vec<&str> = named(step.sql, "DROP TABLE ").collect();
            made.retain(|table| !gone.contains(table));
        }
        made.sort_unstable();
        let mut counted: Vec<&str> = TABLES.iter().map(|(table, _)| *table).collect();
        counted.sort_unstable();
        assert_eq!(counted, made, "list the new table in census.rs");
    }
}
