//! Every sealed column of the schema, in one closed list: what a rotation of keys must move, a scan must count and a test must
//! try to swap. A test compares the list with `COLUMNS.md`.
//!
//! Sealed bytes begin with `1 ‖ epoch (4, big-endian)`, wrapped keys likewise with the epoch of the key they are wrapped under. Bytes
//! are compared in order on both engines, so "older than epoch N" is a range of the column, and no key is needed to count it.

use crate::{Error, Row, Tx, Value};

/// A column of sealed records.
#[derive(Debug)]
pub struct Column {
    /// Its table.
    pub table: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The column that names the row.
    pub row: &'static str,
    /// Whether the column must have a value: an erased one then has no bytes.
    pub required: bool,
    person: &'static str,
    version: &'static str,
    sql: Sql,
}

/// The statements over one column.
#[derive(Debug)]
struct Sql {
    page: &'static str,
    of_person: &'static str,
    all: &'static str,
    count: &'static str,
    set: &'static str,
}

/// One sealed record, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The row's key.
    pub row: Vec<u8>,
    /// Whose it is, when it is sealed with a person's key.
    pub person: Option<[u8; 16]>,
    /// The version the row says it was sealed at.
    pub version: u64,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

macro_rules! columns {
    ($($table:literal.$name:literal: row $row:literal, person $person:literal, version $version:literal, required $required:literal;)+) => {
        &[$(Column {
            table: $table,
            name: $name,
            row: $row,
            person: $person,
            version: $version,
            required: $required,
            sql: Sql {
                page: concat!(
                    "SELECT ", $row, ", ", $person, ", ", $version, ", ", $name, " FROM ", $table, " WHERE ", $row,
                    " > $1 AND ", $name, " >= $2 AND ", $name, " < $3 ORDER BY ", $row, " LIMIT $4"
                ),
                of_person: concat!(
                    "SELECT ", $row, ", ", $person, ", ", $version, ", ", $name, " FROM ", $table, " WHERE ", $person,
                    " = $1 AND ", $name, " IS NOT NULL ORDER BY ", $row
                ),
                all: concat!(
                    "SELECT ", $row, ", ", $person, ", ", $version, ", ", $name, " FROM ", $table, " WHERE ", $name,
                    " IS NOT NULL ORDER BY ", $row
                ),
                count: concat!("SELECT COUNT(*) FROM ", $table, " WHERE ", $name, " >= $1 AND ", $name, " < $2"),
                set: concat!("UPDATE ", $table, " SET ", $name, " = $3 WHERE ", $row, " = $1 AND ", $name, " = $2"),
            },
        }),+]
    };
}

/// All columns of sealed records. `person` names the column of the person whose own key seals the record, or is `NULL`;
/// `version` names the column of the version it is sealed at, or is 1.
#[rustfmt::skip]
pub const COLUMNS: &[Column] = columns! {
    "certificate"."sealed_certificate": row "serial", person "resident", version "1", required false;
    "break_glass"."sealed_review": row "id", person "NULL", version "1", required false;
    "contact_change"."sealed_email": row "resident", person "resident", version "version", required true;
    "correction"."sealed_text": row "id", person "resident", version "1", required true;
    "credential"."sealed_name": row "id", person "resident", version "name_version", required true;
    "finding"."sealed_note": row "id", person "NULL", version "1", required false;
    "hold"."sealed_statement": row "id", person "NULL", version "1", required true;
    "leaf"."sealed_body": row "event", person "NULL", version "1", required false;
    "officer_mark"."sealed_mail": row "officer", person "NULL", version "1", required false;
    "officer"."sealed_name": row "id", person "NULL", version "1", required true;
    "officer_act"."sealed_proof": row "id", person "NULL", version "1", required true;
    "outbox"."sealed_message": row "id", person "NULL", version "1", required true;
    "registration"."sealed_facts": row "id", person "NULL", version "1", required false;
    "registration"."sealed_codes": row "id", person "NULL", version "1", required false;
    "registration"."sealed_email": row "id", person "NULL", version "1", required false;
    "resident"."sealed_profile": row "id", person "id", version "1", required false;
    "resident"."sealed_contact": row "id", person "id", version "version", required false;
    "session"."sealed_place": row "id", person "resident", version "1", required true;
    "sign_in"."sealed_place": row "id", person "resident", version "1", required true;
    "signature"."sealed_evidence": row "id", person "resident", version "1", required true;
    "signing_part"."sealed_piece": row "id", person "NULL", version "1", required true;
    "signing_request"."sealed_body": row "id", person "NULL", version "version", required true;
    "ticket"."sealed_note": row "id", person "NULL", version "1", required false;
};

/// Columns of wrapped keys, as `table.column`: they are moved to another realm key, not opened as records are.
/// Those of signing are wrapped by the root, or by the activation process, and never moved here.
pub const KEYS: [&str; 4] =
    ["key_ring.sealed_key", "resident.sealed_key", "activation_key.sealed_key", "signing_key.sealed_record"];

impl Column {
    /// `table.column`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }

    /// The column that holds the person's id, when the record is sealed with the person's own key.
    #[must_use]
    pub fn person(&self) -> Option<&'static str> {
        Some(self.person).filter(|column| *column != "NULL")
    }

    /// The column that holds the version a record was sealed at; `None` when it is always 1.
    #[must_use]
    pub fn version(&self) -> Option<&'static str> {
        Some(self.version).filter(|column| *column != "1")
    }

    /// The records sealed under an epoch before `epoch`, in the order of their rows from after `after` on, at most so many.
    ///
    /// # Errors
    /// Of the store.
    pub fn older(&self, tx: &mut Tx<'_>, epoch: u32, after: &[u8], most: u32) -> Result<Vec<Record>, Error> {
        let [low, high] = below(epoch);
        self.read(&tx.query(self.sql.page, &[after.into(), low, high, most.into()])?)
    }

    /// The records sealed with a person's own key, in the order of their rows; none when the column holds none of that kind.
    ///
    /// # Errors
    /// Of the store.
    pub fn of_person(&self, tx: &mut Tx<'_>, person: &[u8; 16]) -> Result<Vec<Record>, Error> {
        if self.person().is_none() {
            return Ok(Vec::new());
        }
        self.read(&tx.query(self.sql.of_person, &[person.into()])?)
    }

    /// Every record of the column.
    ///
    /// # Errors
    /// Of the store.
    pub fn all(&self, tx: &mut Tx<'_>) -> Result<Vec<Record>, Error> {
        self.read(&tx.query(self.sql.all, &[])?)
    }

    /// How many records are sealed under an epoch before `epoch`.
    ///
    /// # Errors
    /// Of the store.
    pub fn count_older(&self, tx: &mut Tx<'_>, epoch: u32) -> Result<u64, Error> {
        count(tx, self.sql.count, epoch)
    }

    /// Puts other sealed bytes in place of those of `record`. False when the row holds others by now, or is gone.
    ///
    /// # Errors
    /// Of the store.
    pub fn replace(&self, tx: &mut Tx<'_>, record: &Record, sealed: Vec<u8>) -> Result<bool, Error> {
        let values = [(&record.row).into(), (&record.sealed).into(), sealed.into()];
        Ok(tx.execute(self.sql.set, &values)? == 1)
    }

    /// Removes the sealed bytes of `record`, for whom no key exists any more. False as for [`Column::replace`].
    ///
    /// # Errors
    /// Of the store.
    pub fn erase(&self, tx: &mut Tx<'_>, record: &Record) -> Result<bool, Error> {
        let nothing = if self.required { Value::Bytes(Vec::new()) } else { Value::Null };
        Ok(tx.execute(self.sql.set, &[(&record.row).into(), (&record.sealed).into(), nothing])? == 1)
    }

    fn read(&self, rows: &[Row]) -> Result<Vec<Record>, Error> {
        let record = |row: &Row| {
            let version = u64::try_from(row.int(2)?);
            Ok(Record {
                row: row.bytes(0)?.to_vec(),
                person: row.opt_array(1)?,
                version: version.map_err(|_| Error::corrupt(format!("{}: the version", self.title())))?,
                sealed: row.bytes(3)?.to_vec(),
            })
        };
        rows.iter().map(record).collect()
    }
}

/// The lowest bytes of any epoch, and the lowest of `epoch`: what lies between is older.
fn below(epoch: u32) -> [Value; 2] {
    [Value::Bytes(vec![1]), Value::Bytes([&[1], &epoch.to_be_bytes()[..]].concat())]
}

const RESIDENT_KEYS: &str = "SELECT id, sealed_key FROM resident WHERE id > $1 AND sealed_key >= $2 AND sealed_key < $3 \
                             ORDER BY id LIMIT $4";
const COUNT_RESIDENT_KEYS: &str = "SELECT COUNT(*) FROM resident WHERE sealed_key >= $1 AND sealed_key < $2";
const SET_RESIDENT_KEY: &str = "UPDATE resident SET sealed_key = $3 WHERE id = $1 AND sealed_key = $2";

const NEXT_PERSON: &str = "SELECT id FROM resident WHERE id > $1 AND sealed_key IS NOT NULL ORDER BY id LIMIT 1";
const DISTURB: &str = "UPDATE credential SET version = version + 1 WHERE resident = $1";
const COUNT_PERSONS: &str = "SELECT COUNT(*) FROM resident WHERE sealed_key IS NOT NULL";

/// A resident's id and wrapped key.
pub type PersonKey = ([u8; 16], Vec<u8>);

/// Residents' keys wrapped under a realm key before `epoch`: the resident and the wrapped key, from after `after` on.
///
/// # Errors
/// Of the store.
pub fn older_resident_keys(tx: &mut Tx<'_>, epoch: u32, after: &[u8], most: u32) -> Result<Vec<PersonKey>, Error> {
    let [low, high] = below(epoch);
    let rows = tx.query(RESIDENT_KEYS, &[after.into(), low, high, most.into()])?;
    rows.iter().map(|row| Ok((row.array(0)?, row.bytes(1)?.to_vec()))).collect()
}

/// How many residents' keys are wrapped under a realm key before `epoch`.
///
/// # Errors
/// Of the store.
pub fn count_older_resident_keys(tx: &mut Tx<'_>, epoch: u32) -> Result<u64, Error> {
    count(tx, COUNT_RESIDENT_KEYS, epoch)
}

/// Puts another wrapped key in place of `before`. The row's version stays: what is sealed for it stays where it is. False when
/// the row holds another by now.
///
/// # Errors
/// Of the store.
pub fn replace_resident_key(tx: &mut Tx<'_>, id: &[u8; 16], before: &[u8], after: Vec<u8>) -> Result<bool, Error> {
    Ok(tx.execute(SET_RESIDENT_KEY, &[id.into(), before.into(), after.into()])? == 1)
}

/// Counts the versions of a resident's passkeys on. Whoever read the resident's key before, to seal a session with it, notes the
/// signature by compare-and-set on that version, and so finds out that the key is another by now.
///
/// # Errors
/// Of the store.
pub fn disturb_signing(tx: &mut Tx<'_>, person: &[u8; 16]) -> Result<u64, Error> {
    tx.execute(DISTURB, &[person.into()])
}

/// The next resident after `after` who has a key.
///
/// # Errors
/// Of the store.
pub fn next_person(tx: &mut Tx<'_>, after: &[u8]) -> Result<Option<[u8; 16]>, Error> {
    tx.first(NEXT_PERSON, &[after.into()])?.map(|row| row.array(0)).transpose()
}

/// How many residents have a key.
///
/// # Errors
/// Of the store.
pub fn count_persons(tx: &mut Tx<'_>) -> Result<u64, Error> {
    let count = tx.first(COUNT_PERSONS, &[])?.map_or(Ok(0), |row| row.int(0))?;
    u64::try_from(count).map_err(|_| Error::corrupt("a count below zero"))
}

fn count(tx: &mut Tx<'_>, sql: &'static str, epoch: u32) -> Result<u64, Error> {
    let [low, high] = below(epoch);
    let row = tx.first(sql, &[low, high])?;
    let count = row.map_or(Ok(0), |row| row.int(0))?;
    u64::try_from(count).map_err(|_| Error::corrupt("a count below zero"))
}
