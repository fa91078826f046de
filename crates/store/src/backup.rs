//! What of the store goes into a backup, and reading and writing whole tables for it.
//!
//! [`TABLES`] is the decision, table by table; a test compares it with the schema. Keys are kept apart from the rows they
//! open: an old copy of the rows must not open with the keys of today what was erased since. Columns are taken from the
//! migrations themselves, so a new column needs nothing here.

use crate::{Error, MIGRATIONS, Row, Tx, Value, migrate};
use lionrock_model::id::ResidentId;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Where the rows of a table go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Into the data file.
    Data,
    /// Into the key file, which each backup replaces.
    Keys,
    /// Nowhere: the reason stands beside it.
    Nowhere,
}

/// Every table, each after those it refers to, with the reason for its place.
pub const TABLES: &[(&str, Part, &str)] = &[
    ("schema_version", Part::Nowhere, "made by the program; the header of a backup names the version"),
    ("schema_lock", Part::Nowhere, "made by the program"),
    ("restore", Part::Nowhere, "about this store, not about what it holds"),
    ("key_ring", Part::Keys, "wrapped keys"),
    ("key_copy", Part::Nowhere, "where this server's copies lie"),
    ("key_turn", Part::Data, "a rotation under way goes on where it stood"),
    ("rotation", Part::Data, "rotations, done and under way, with their receipts"),
    ("server", Part::Nowhere, "servers that run report again within a second"),
    ("realm", Part::Data, "whose store it is"),
    ("resident", Part::Data, "accounts; the wrapped key of each stands in the key file"),
    ("credential", Part::Data, "passkeys"),
    (
        "activation_key",
        Part::Nowhere,
        "a restored store has no signing keys: residents make new ones, and old certificates end",
    ),
    ("signing_key", Part::Nowhere, "as above: no copy of a signing key exists outside the store"),
    ("signature", Part::Data, "what residents signed, with its evidence"),
    ("signing_question", Part::Nowhere, "questions to passkeys, five minutes"),
    ("signing_request", Part::Nowhere, "half an hour, or until a service fetched it: asked again"),
    ("signing_part", Part::Nowhere, "documents are kept nowhere longer than needed"),
    ("officer", Part::Data, "who works here; what the ledger says of them counts"),
    ("officer_credential", Part::Data, "their passkeys"),
    ("officer_session", Part::Nowhere, "whoever was signed in signs in again"),
    ("officer_act", Part::Data, "what they signed"),
    ("officer_proposal", Part::Data, "what waits for a second officer"),
    ("session", Part::Nowhere, "whoever was signed in signs in again: no ended session can come back to life"),
    ("sign_in", Part::Data, "history"),
    ("notice", Part::Data, "what was agreed to, word for word"),
    ("correction", Part::Data, "facts a resident says are wrong"),
    ("level", Part::Data, "what accounts are good for"),
    ("guardianship", Part::Data, "who let whom have an account"),
    ("counter_case", Part::Nowhere, "errands of an hour: begun again"),
    ("contact_change", Part::Nowhere, "an address not confirmed yet, minutes"),
    ("recovery", Part::Data, "the cooling-off after a recovery must outlive a restore"),
    ("recovery_code", Part::Data, "keyed digests of codes on paper"),
    ("ceremony", Part::Nowhere, "questions to passkeys, five minutes"),
    ("failed_try", Part::Nowhere, "counts of minutes"),
    ("registration", Part::Nowhere, "an hour at most, and sealed without a resident's key: begun again"),
    ("custody", Part::Data, "custodies of pictures and their receipts"),
    ("outbox", Part::Nowhere, "letters of minutes, sealed without a resident's key, and nobody gets one twice"),
    ("oidc_request", Part::Nowhere, "minutes"),
    ("oidc_assertion", Part::Nowhere, "minutes"),
    ("oidc_pseudonym", Part::Data, "who a resident is at each service"),
    ("consent", Part::Data, "what was allowed"),
    ("oidc_grant", Part::Nowhere, "codes of a minute and tokens of five"),
    ("oidc_tombstone", Part::Data, "pseudonyms that must never be given again"),
    ("authority", Part::Data, "what signatures are checked against"),
    ("certificate", Part::Data, "what was certified, and what was revoked"),
    ("revocation_list", Part::Data, "the next list carries the next number"),
    ("erasure", Part::Data, "an erasure under way is carried to its end"),
    ("exposure", Part::Nowhere, "counts of minutes"),
    ("domain_lock", Part::Data, "what was locked stays locked"),
    ("retention_tally", Part::Data, "what was swept and not yet told to the ledger"),
    ("ticket", Part::Data, "what officers asked for, with both signatures"),
    ("staff_act", Part::Data, "counts that a restore must not reset"),
    ("finding", Part::Data, "what monitoring noticed and nobody has looked into"),
    ("officer_mark", Part::Data, "keyed codes of officers"),
    ("family_mark", Part::Data, "keyed codes of family names"),
    ("decoy", Part::Data, "keyed codes of planted accounts"),
    ("break_glass", Part::Data, "reviews that are due stay due"),
    ("lane", Part::Data, "how many entries were written about whom"),
    ("hold", Part::Data, "what two officers delay"),
    ("reading", Part::Data, "letters about readings by staff that are still owed"),
    ("reading_cursor", Part::Data, "how far the log was looked through for them"),
    ("leaf", Part::Data, "entries of the ledger"),
    ("log_head", Part::Nowhere, "comes from the published ledger"),
];

/// Columns of [`Part::Data`] tables that are keys: they go into the key file and are null in the data file.
pub const KEY_COLUMNS: &[(&str, &str)] = &[("resident", "sealed_key")];

/// The tables whose rows go into the data file, in the order in which they can be put back.
pub fn data_tables() -> impl DoubleEndedIterator<Item = &'static str> {
    TABLES.iter().filter(|(_, part, _)| *part == Part::Data).map(|(name, _, _)| *name)
}

/// The version of the schema whose tables these are.
#[must_use]
pub fn schema() -> u32 {
    MIGRATIONS.last().map_or(0, |step| step.version)
}

/// The columns of a table that a backup holds, in the order of [`page`] and [`insert`].
///
/// # Errors
/// [`Error::Corrupt`] for a table that is none.
pub fn columns(table: &str) -> Result<&'static [String], Error> {
    Ok(&shape(table)?.columns)
}

/// Up to [`PAGE`] rows in the order of the table's key, those after `after` (a whole row of an earlier page).
///
/// # Errors
/// Of the store.
pub fn page(tx: &mut Tx<'_>, table: &str, after: Option<&[Value]>) -> Result<Vec<Vec<Value>>, Error> {
    let shape = shape(table)?;
    let rows = match after {
        None => tx.query(&shape.first, &[])?,
        Some(row) => tx.query(&shape.next, &shape.key_of(row)?)?,
    };
    Ok(rows.into_iter().map(Row::into_values).collect())
}

/// Rows of a page.
pub const PAGE: usize = 500;
/// Rows that one statement inserts, when there are so many.
const TOGETHER: usize = 25;

/// How many rows a table has.
///
/// # Errors
/// Of the store.
pub fn count(tx: &mut Tx<'_>, table: &str) -> Result<u64, Error> {
    let row = tx.first(&shape(table)?.count, &[])?;
    row.map_or(Ok(0), |row| row.int(0)).map(|count| u64::try_from(count).unwrap_or(0))
}

/// Puts rows of a backup into a table.
///
/// # Errors
/// Of the store; [`Error::Corrupt`] when a row is not as wide as the table.
pub fn insert(tx: &mut Tx<'_>, table: &str, rows: &[Vec<Value>]) -> Result<(), Error> {
    let shape = shape(table)?;
    if rows.iter().any(|row| row.len() != shape.columns.len()) {
        return Err(Error::corrupt(format!("a row of a backup is not one of table {table}")));
    }
    let (many, rest) = rows.as_chunks::<TOGETHER>();
    for rows in many {
        tx.execute(&shape.insert_many, &rows.concat())?;
    }
    for row in rest {
        tx.execute(&shape.insert_one, row)?;
    }
    Ok(())
}

/// Is every table empty but those the program fills by itself?
///
/// # Errors
/// Of the store.
pub fn is_empty(tx: &mut Tx<'_>) -> Result<bool, Error> {
    for (name, ..) in TABLES.iter().filter(|(name, ..)| !OWN.contains(name) && !PRESET.contains(name)) {
        if tx.first(&shape(name)?.any, &[])?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Deletes up to some thousand rows of what a restore put here; false when nothing is left.
///
/// # Errors
/// Of the store.
pub fn clear_some(tx: &mut Tx<'_>) -> Result<bool, Error> {
    for (name, ..) in TABLES.iter().rev().filter(|(name, ..)| !OWN.contains(name)) {
        if tx.execute(&shape(name)?.clear, &[])? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The program's own books, which no restore touches.
const OWN: [&str; 3] = ["schema_version", "schema_lock", "restore"];
/// Tables that a migration puts rows into.
const PRESET: [&str; 1] = ["key_turn"];

/// The wrapped keys of up to [`PAGE`] residents who have one, in the order of their ids.
///
/// # Errors
/// Of the store.
pub fn resident_keys(tx: &mut Tx<'_>, after: Option<ResidentId>) -> Result<Vec<(ResidentId, Vec<u8>)>, Error> {
    let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    let rows = tx.query(RESIDENT_KEYS, &[Value::from(after)])?;
    let id = |row: &Row| ResidentId::from_bytes(row.bytes(0)?).map_err(|_| Error::corrupt("resident.id"));
    rows.iter().map(|row| Ok((id(row)?, row.bytes(1)?.to_vec()))).collect()
}

/// Gives an open account its wrapped key back; false when there is no such account.
///
/// # Errors
/// Of the store.
pub fn give_key(tx: &mut Tx<'_>, id: ResidentId, key: &[u8]) -> Result<bool, Error> {
    Ok(tx.execute(GIVE_KEY, &[Value::from(id.as_bytes()), Value::from(key)])? == 1)
}

/// The first open account whose blind index lies behind `place`, with that index; behind the last comes the first. Indexes are spread
/// evenly, so a place by chance gives an account by chance.
///
/// # Errors
/// Of the store.
pub fn next_resident(tx: &mut Tx<'_>, place: &[u8; 32]) -> Result<Option<(ResidentId, [u8; 32])>, Error> {
    let row = match tx.first(NEXT_RESIDENT, &[Value::from(place)])? {
        None => tx.first(NEXT_RESIDENT, &[Value::Bytes(Vec::new())])?,
        found => found,
    };
    let Some(row) = row else { return Ok(None) };
    let id = ResidentId::from_bytes(row.bytes(0)?).map_err(|_| Error::corrupt("resident.id"))?;
    Ok(Some((id, row.array(1)?)))
}

/// Says that what a resident's row holds stands at this version from now on.
///
/// # Errors
/// Of the store.
pub fn set_version(tx: &mut Tx<'_>, id: ResidentId, version: i64) -> Result<bool, Error> {
    Ok(tx.execute(SET_VERSION, &[Value::from(id.as_bytes()), Value::from(version)])? == 1)
}

/// An open account without a key, if there is one.
///
/// # Errors
/// Of the store.
pub fn keyless(tx: &mut Tx<'_>) -> Result<Option<ResidentId>, Error> {
    let row = tx.first(KEYLESS, &[])?;
    row.map(|row| ResidentId::from_bytes(row.bytes(0)?).map_err(|_| Error::corrupt("resident.id"))).transpose()
}

const RESIDENT_KEYS: &str =
    "SELECT id, sealed_key FROM resident WHERE id > $1 AND sealed_key IS NOT NULL ORDER BY id LIMIT 500";
const GIVE_KEY: &str = "UPDATE resident SET sealed_key = $2 WHERE id = $1 AND state = 'active'";
const NEXT_RESIDENT: &str = "SELECT id, blind_index FROM resident WHERE blind_index > $1 AND sealed_key IS NOT NULL \
                             ORDER BY blind_index LIMIT 1";
const SET_VERSION: &str = "UPDATE resident SET version = $2 WHERE id = $1 AND version < $2";
const KEYLESS: &str = "SELECT id FROM resident WHERE state = 'active' AND sealed_key IS NULL ORDER BY id LIMIT 1";

/// A table with its statements.
#[derive(Debug)]
struct Shape {
    columns: Vec<String>,
    /// Which columns are the key.
    key: Vec<usize>,
    count: String,
    first: String,
    next: String,
    insert_one: String,
    insert_many: String,
    any: String,
    clear: String,
}

impl Shape {
    fn new(table: &str, all: &[migrate::Column]) -> Self {
        let withheld = |column: &str| KEY_COLUMNS.contains(&(table, column));
        let kept: Vec<&migrate::Column> = all.iter().filter(|column| !withheld(&column.name)).collect();
        let columns: Vec<String> = kept.iter().map(|column| column.name.clone()).collect();
        let mut key: Vec<(u32, usize)> =
            kept.iter().enumerate().filter_map(|(at, column)| Some((column.key?, at))).collect();
        key.sort_unstable();
        let key: Vec<usize> = key.into_iter().map(|(_, at)| at).collect();
        let names = columns.join(", ");
        let keys = key.iter().filter_map(|at| columns.get(*at)).cloned().collect::<Vec<_>>().join(", ");
        let numbers = |from: usize, count: usize| {
            (from..from + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
        };
        let width = columns.len();
        let many: Vec<String> = (0..TOGETHER).map(|row| format!("({})", numbers(1 + row * width, width))).collect();
        Self {
            count: format!("SELECT COUNT(*) FROM {table}"),
            first: format!("SELECT {names} FROM {table} ORDER BY {keys} LIMIT {PAGE}"),
            next: format!(
                "SELECT {names} FROM {table} WHERE ({keys}) > ({}) ORDER BY {keys} LIMIT {PAGE}",
                numbers(1, key.len())
            ),
            insert_one: format!("INSERT INTO {table} ({names}) VALUES ({})", numbers(1, width)),
            insert_many: format!("INSERT INTO {table} ({names}) VALUES {}", many.join(", ")),
            any: format!("SELECT {keys} FROM {table} LIMIT 1"),
            clear: format!("DELETE FROM {table} WHERE ({keys}) IN (SELECT {keys} FROM {table} LIMIT 2000)"),
            columns,
            key,
        }
    }

    fn key_of(&self, row: &[Value]) -> Result<Vec<Value>, Error> {
        let value = |at: &usize| row.get(*at).cloned().ok_or_else(|| Error::corrupt("a row of a backup is too short"));
        self.key.iter().map(value).collect()
    }
}

fn shape(table: &str) -> Result<&'static Shape, Error> {
    static SHAPES: LazyLock<Result<BTreeMap<&'static str, Shape>, Error>> = LazyLock::new(|| {
        let mut tables = migrate::tables(MIGRATIONS)?;
        let shapes = TABLES.iter().filter_map(|(name, ..)| Some((*name, Shape::new(name, &tables.remove(*name)?))));
        Ok(shapes.collect())
    });
    SHAPES.as_ref().map_err(Clone::clone)?.get(table).ok_or_else(|| unknown(table))
}

fn unknown(table: &str) -> Error {
    Error::corrupt(format!("there is no table {table}"))
}
