//! Doors that must have one user only: opening personal data, outgoing connections, the clock of statements.

use crate::tree;

/// A call → the only files that may make it (paths or folders), and why.
const DOORS: &[(&str, &[&str], &str)] = &[
    (
        ".open_sealed(",
        // The outbox opens a letter for its own receiver; audit opens ledger bodies, which hold ids and words only; rotation
        // seals again at once what it opened, and shows it to nobody; the bench opens what it made itself.
        &[
            "crates/app/src/bench/vault.rs",
            "crates/service/src/rotation/records.rs",
            "crates/service/src/vault.rs",
            "crates/service/src/outbox.rs",
            // Documents to be signed belong to service and person alike; evidence, which is the person's, opens by the vault.
            "crates/service/src/signing/sealed.rs",
            // Where alerts reach an officer: staff, not residents.
            "crates/service/src/monitor/known.rs",
            // Texts and signatures of officers.
            "crates/service/src/staff/approve.rs",
            // Names of officers.
            "crates/service/src/staff/house.rs",
            // Certificates of the platform itself; those of residents open by a grant.
            "crates/service/src/authority/change.rs",
            // Statements of holds.
            "crates/service/src/access/hold.rs",
            "crates/service/src/audit.rs",
            "crates/crypto/",
        ],
        "personal data is opened through the vault, which writes the ledger leaf first",
    ),
    (
        ".resident_key(",
        &[
            "crates/service/src/rotation/records.rs",
            "crates/service/src/rotation/residents.rs",
            "crates/service/src/vault.rs",
            "crates/crypto/",
        ],
        "the resident's key is unwrapped in the vault",
    ),
    (
        "KeyRing::open(",
        &["crates/service/src/boot.rs", "crates/crypto/", "crates/app/"],
        "the ring is opened at the start",
    ),
    ("client::legacy", &["crates/gateway/", "crates/rehearsal/"], "gateway opens outgoing connections"),
    ("client::conn", &["crates/gateway/", "crates/rehearsal/"], "gateway opens outgoing connections"),
    ("TcpStream::connect", &["crates/gateway/", "crates/rehearsal/"], "gateway opens outgoing connections"),
    (
        "lionrock_crypto::",
        &[
            "crates/activation/",
            "crates/wire/",
            "crates/pki/",
            "crates/ledger/",
            "crates/service/",
            "crates/rehearsal/",
            "crates/app/",
        ],
        "keys stay low",
    ),
];

/// Words of one engine only, in statements of the store.
const ENGINE_WORDS: [&str; 13] = [
    "now()",
    "random()",
    "strftime(",
    "datetime(",
    "julianday(",
    "FOR UPDATE",
    "SKIP LOCKED",
    "pg_",
    "ILIKE",
    "INSERT OR ",
    "REPLACE INTO",
    "ROWID",
    "last_insert_rowid",
];

#[test]
fn doors_have_one_user() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        for (number, line) in tree::code(&text).lines().enumerate() {
            for (call, users, why) in DOORS {
                if line.contains(call) && !users.iter().any(|user| path.starts_with(user)) {
                    faults.push(format!("{path}:{}: {call} is not for this file: {why}", number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn statements_keep_to_the_common_subset() {
    let mut faults = Vec::new();
    let engines = ["sqlite.rs", "postgres.rs", "migrate.rs", "address.rs"];
    for (path, text) in sources() {
        if !path.starts_with("crates/store/src/") || engines.iter().any(|file| path.ends_with(file)) {
            continue;
        }
        for (number, line) in tree::code(&text).lines().enumerate() {
            for word in ENGINE_WORDS {
                if line.to_uppercase().contains(&word.to_uppercase()) {
                    faults.push(format!("{path}:{}: `{word}` is not the same on both engines", number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_journey_calls_another() {
    // Registration, the custody of its pictures, and getting back in by such pictures are chapters of one journey.
    let journeys = [&["register", "custody", "recovery"][..], &["passkey"], &["session"], &["account"], &["oidc"]];
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let Some(rest) = path.strip_prefix("crates/service/src/") else { continue };
        let own = rest.split(['/', '.']).next().unwrap();
        let Some(mine) = journeys.iter().find(|chapters| chapters.contains(&own)) else { continue };
        for (number, line) in tree::code(&text).lines().enumerate() {
            for other in journeys.iter().filter(|journey| *journey != mine).copied().flatten() {
                if line.contains(&format!("crate::{other}::")) {
                    let way = "sink the rule to model or the query to store";
                    faults.push(format!("{path}:{}: {own} calls {other}: {way}", number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Rust sources of the product: no tests, benches or examples.
fn sources() -> Vec<(String, String)> {
    let all = tree::files(&[".rs"]);
    let all = all.into_iter().filter(|(path, _)| path.contains("/src/") && !path.starts_with("crates/testkit/"));
    all.collect()
}
