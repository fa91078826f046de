//! The signatures of officers, judged again by whoever audits: from the log and the openings alone, with no key of the platform.
//!
//! Every signature of an officer is an entry of its own (`staff.act-signed`): what the authenticator answered stands apart from its
//! body. What an officer's key is, and as what they work, stands in the entries about them from their enrolment on. Entries of what was
//! done name the signatures they stand on. So it can be told who signed what, with which key, as what; and that nobody approved alone.

mod claims;
mod signature;

use lionrock_model::policy::staff::Action;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// A stable code: `act-forged`, `act-key`, `act-missing`, `act-one-side`, `act-replayed`, `act-rights`, `act-text`,
    /// `opening-unapproved`.
    pub code: &'static str,
    /// The entry.
    pub index: u64,
    /// What is wrong with it.
    pub text: String,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Signatures that hold.
    pub signatures: u64,
    /// Entries that stand on signatures, and do.
    pub approved: u64,
    /// What does not hold.
    pub wrong: Vec<Wrong>,
}

/// An entry with what is kept apart from it.
#[derive(Clone, Debug)]
struct Entry {
    index: u64,
    kind: String,
    at: i64,
    resident: Option<String>,
    body: Value,
    apart: Value,
}

/// What an officer is from a moment on.
#[derive(Clone, Debug)]
struct Record {
    at: i64,
    version: i64,
    role: String,
    unit: String,
    state: String,
    rights_until: i64,
    /// Public keys, COSE in base64url, by the key's id.
    keys: BTreeMap<String, String>,
}

/// A signature.
#[derive(Clone, Debug)]
struct Act {
    index: u64,
    at: i64,
    action: Option<Action>,
    digest: String,
    officer: String,
    unit: String,
    text: String,
}

/// Takes entries in the order of the log, and judges when all are there.
#[derive(Debug, Default)]
pub struct Acts {
    officers: BTreeMap<String, Vec<Record>>,
    signed: Vec<Entry>,
    claims: Vec<Entry>,
}

impl Acts {
    /// Takes the next entry: its event as opened, and what is kept apart from it.
    pub fn take(&mut self, index: u64, event: &Value, apart: Option<&Value>) {
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let entry = Entry {
            index,
            kind: text("kind"),
            at: event.get("at").and_then(Value::as_i64).unwrap_or_default(),
            resident: event.get("resident").and_then(Value::as_str).map(str::to_owned),
            body: event.get("body").cloned().unwrap_or_default(),
            apart: apart.and_then(|apart| apart.get("apart")).cloned().unwrap_or_default(),
        };
        if entry.kind == "staff.act-signed" {
            self.signed.push(entry);
            return;
        }
        if entry.kind.starts_with("staff.") && entry.body.get("holds").is_some() {
            let record = Record {
                at: entry.at,
                version: entry.number("version"),
                role: entry.word("role").to_owned(),
                unit: entry.word("unit").to_owned(),
                state: entry.word("state").to_owned(),
                rights_until: entry.number("rights_until"),
                keys: entry.keys(),
            };
            let records = self.officers.entry(entry.word("officer").to_owned()).or_default();
            records.push(record);
            records.sort_by_key(|record| (record.at, record.version));
        }
        if claims::KINDS.contains(&entry.kind.as_str()) {
            self.claims.push(entry);
        }
    }

    /// Judges everything that was taken.
    #[must_use]
    pub fn judge(self) -> Judged {
        let mut judged = Judged::default();
        let mut acts: BTreeMap<String, Act> = BTreeMap::new();
        let mut permits = signature::Permits::default();
        for entry in &self.signed {
            let act = entry.word("act").to_owned();
            match signature::judge(entry, &self.officers, &mut permits) {
                Ok(good) => {
                    judged.signatures += 1;
                    if acts.insert(act, good).is_some() {
                        judged.wrong("act-replayed", entry.index, "two signatures have one id");
                    }
                }
                Err((code, text)) => judged.wrong(code, entry.index, text),
            }
        }
        let refused: BTreeSet<&str> = self.signed.iter().map(|entry| entry.word("act")).collect();
        claims::judge(&self.claims, &acts, &refused, &mut judged);
        judged.wrong.sort_by_key(|wrong| wrong.index);
        judged
    }
}

impl Judged {
    fn wrong(&mut self, code: &'static str, index: u64, text: impl Into<String>) {
        self.wrong.push(Wrong { code, index, text: text.into() });
    }
}

impl Entry {
    fn word(&self, name: &str) -> &str {
        self.told(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, name: &str) -> i64 {
        self.told(name).and_then(Value::as_i64).unwrap_or_default()
    }

    /// A member of the body, or of what is the office's own.
    fn told(&self, name: &str) -> Option<&Value> {
        self.body.get(name).or_else(|| self.apart.get("office")?.get(name)).filter(|value| !value.is_null())
    }

    /// The officer on a side of the entry: `by` or `second`.
    fn officer(&self, side: &str) -> &str {
        let apart = self.apart.get("officers").and_then(|officers| officers.get(side));
        self.body.get(side).and_then(|side| side.get("officer")).or(apart).and_then(Value::as_str).unwrap_or_default()
    }

    /// Public keys by the id of the key.
    fn keys(&self) -> BTreeMap<String, String> {
        let all = self.body.get("holds").and_then(Value::as_array).into_iter().flatten();
        let word = |key: &Value, name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        all.map(|key| (word(key, "key"), word(key, "public_key"))).collect()
    }
}

/// A line `name: value` of a signed text.
fn line<'a>(text: &'a str, name: &str) -> &'a str {
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_default()
}
