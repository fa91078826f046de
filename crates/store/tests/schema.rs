//! The schema holds no personal data in clear: every column is listed and was looked at by a person.

use lionrock_store::{Error, MIGRATIONS};
use lionrock_testkit::engines::{on_postgres, on_sqlite};
use std::collections::{BTreeMap, BTreeSet};

const LIST: &str = include_str!("../COLUMNS.md");
/// What a clear column may hold. None of these is personal.
const KINDS: [&str; 11] = [
    "id",
    "time",
    "number",
    "state",
    "version",
    "digest",
    "blind index",
    "public key",
    "public",
    "text of ours",
    "service's value",
];
const TYPES: [&str; 3] = ["INTEGER", "TEXT", "BLOB"];
/// Words that one engine lacks, or that the other gives another meaning.
const BANNED: [&str; 22] = [
    "BLOB",
    "BYTEA",
    "BIGINT",
    "INT",
    "VARCHAR",
    "CHAR",
    "BOOLEAN",
    "REAL",
    "NUMERIC",
    "TIMESTAMP",
    "DATE",
    "SERIAL",
    "AUTOINCREMENT",
    "TRIGGER",
    "VIEW",
    "SEQUENCE",
    "NOW",
    "RANDOM",
    "JSON",
    "UUID",
    "ROWID",
    "PRAGMA",
];

fn listed() -> BTreeMap<(String, String), String> {
    let mut rows = BTreeMap::new();
    for line in LIST.lines().filter(|line| line.starts_with("| ")).skip(2) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [table, column, kind, meaning] = cells[..] else { panic!("four cells are wanted: {line}") };
        assert!(!meaning.is_empty(), "say what {table}.{column} means");
        let twice = rows.insert((table.to_owned(), column.to_owned()), kind.to_owned());
        assert!(twice.is_none(), "{table}.{column} is listed twice");
    }
    rows
}

#[test]
fn every_column_was_reviewed_and_personal_data_is_sealed() {
    on_sqlite(|place| async move {
        let store = place.open().await;
        let ask = "SELECT t.name, c.name, c.type FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' \
                   AND t.name NOT LIKE 'sqlite%'";
        let rows = store.read(move |tx| tx.query(ask, &[])).await.unwrap_or_else(|error: Error| panic!("{error}"));
        let mut list = listed();
        let mut faults = Vec::new();
        for row in rows {
            let (table, column, kind) = (row.text(0).unwrap(), row.text(1).unwrap(), row.text(2).unwrap());
            if !TYPES.contains(&kind) {
                faults.push(format!("{table}.{column} is {kind}: use INTEGER, TEXT or BYTES"));
            }
            match list.remove(&(table.to_owned(), column.to_owned())).as_deref() {
                None => faults.push(format!("{table}.{column} is not in crates/store/COLUMNS.md: review it")),
                Some("sealed") if !column.starts_with("sealed_") || kind != "BLOB" => {
                    faults.push(format!("{table}.{column} is listed as sealed, but is not a sealed_* BYTES column"));
                }
                Some("sealed") => {}
                Some(_) if column.starts_with("sealed_") => {
                    faults.push(format!("{table}.{column} must be listed as sealed"))
                }
                Some(kind) if !KINDS.contains(&kind) => {
                    faults.push(format!("{table}.{column}: `{kind}` is none of {KINDS:?} and sealed"));
                }
                Some(_) => {}
            }
        }
        faults.extend(list.keys().map(|(table, column)| format!("{table}.{column} is listed but does not exist")));
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    });
}

#[test]
fn every_table_is_strict() {
    on_sqlite(|place| async move {
        let store = place.open().await;
        let ask = "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%'";
        let rows = store.read(move |tx| tx.query(ask, &[])).await.unwrap_or_else(|error: Error| panic!("{error}"));
        assert_eq!(rows.len(), 0, "{:?}", rows.iter().map(|row| row.text(0)).collect::<Vec<_>>());
    });
}

#[test]
fn both_engines_have_the_same_columns() {
    on_postgres(|place| async move {
        let store = place.open().await;
        let ask =
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()";
        let rows = store.read(move |tx| tx.query(ask, &[])).await.unwrap_or_else(|error: Error| panic!("{error}"));
        let pairs = rows.iter().map(|row| (row.text(0).unwrap().to_owned(), row.text(1).unwrap().to_owned()));
        let (made, listed): (BTreeSet<_>, BTreeSet<_>) = (pairs.collect(), listed().into_keys().collect());
        let odd: Vec<_> = made.symmetric_difference(&listed).collect();
        assert!(odd.is_empty(), "made or listed, but not both: {odd:?}");
    });
}

#[test]
fn migrations_keep_to_the_common_words() {
    for step in MIGRATIONS {
        let code: String =
            step.sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
        assert!(!code.contains("/*"), "{}: comments begin with --", step.name);
        for word in code.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_') {
            // The number of a certificate; the type of that name would stand in capitals, as all types do.
            // Those two steps were released with it; a new one names it otherwise.
            let column = word == "serial" && matches!(step.version, 14 | 15);
            assert!(
                column || !BANNED.contains(&word.to_ascii_uppercase().as_str()),
                "{}: {word} is not a common word",
                step.name
            );
        }
        // A column's type in small letters would not be translated.
        let words: Vec<&str> = code.split_whitespace().collect();
        for pair in words.windows(2) {
            let named = pair[0].chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            let stray = named && ["integer", "text", "bytes"].contains(&pair[1].trim_end_matches([',', ')', ';']));
            assert!(!stray, "{}: write {} in capitals, or it is not translated", step.name, pair[1]);
        }
        for statement in code.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
            assert!(!statement.starts_with("CREATE TABLE IF"), "{}: a migration runs once", step.name);
        }
    }
}
