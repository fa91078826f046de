//! Counts over whole tables, for jobs of staff: words and numbers, no row of anybody.

use crate::{Error, Tx};
use lionrock_model::time::Millis;
use std::collections::BTreeMap;

const BY_STATE: &str = "SELECT state, COUNT(*) FROM resident GROUP BY state ORDER BY state";
// Days of Hong Kong, eight hours ahead.
const BY_DAY: &str = "SELECT (created_at + 28800000) / 86400000, COUNT(*) FROM resident \
                      GROUP BY (created_at + 28800000) / 86400000 ORDER BY 1";
const CORRECTIONS: &str = "SELECT state, COUNT(*) FROM correction GROUP BY state ORDER BY state";
const CUSTODIES: &str = "SELECT reason, COUNT(*) FROM custody WHERE reason IS NOT NULL GROUP BY reason ORDER BY reason";

/// Accounts by state.
///
/// # Errors
/// Of the store.
pub fn accounts_by_state(tx: &mut Tx<'_>) -> Result<Vec<(String, u64)>, Error> {
    words(tx, BY_STATE)
}

/// Accounts by the month in which they began, in Hong Kong: `2026-11`.
///
/// # Errors
/// Of the store.
pub fn accounts_by_month(tx: &mut Tx<'_>) -> Result<Vec<(String, u64)>, Error> {
    let mut months: BTreeMap<String, u64> = BTreeMap::new();
    for row in tx.query(BY_DAY, &[])? {
        let day = Millis(row.int(0)?.saturating_mul(86_400_000).saturating_sub(28_800_000)).hong_kong_date();
        *months.entry(format!("{:04}-{:02}", day.year(), day.month())).or_default() += number(row.int(1)?)?;
    }
    Ok(months.into_iter().collect())
}

/// Requests for correction by state.
///
/// # Errors
/// Of the store.
pub fn corrections_by_state(tx: &mut Tx<'_>) -> Result<Vec<(String, u64)>, Error> {
    words(tx, CORRECTIONS)
}

/// Custodies by the reason of their end.
///
/// # Errors
/// Of the store.
pub fn custodies_by_reason(tx: &mut Tx<'_>) -> Result<Vec<(String, u64)>, Error> {
    words(tx, CUSTODIES)
}

fn words(tx: &mut Tx<'_>, sql: &'static str) -> Result<Vec<(String, u64)>, Error> {
    tx.query(sql, &[])?.iter().map(|row| Ok((row.text(0)?.to_owned(), number(row.int(1)?)?))).collect()
}

fn number(count: i64) -> Result<u64, Error> {
    u64::try_from(count).map_err(|_| Error::corrupt("a count below zero"))
}
