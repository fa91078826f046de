//! A person's history as a file that needs no server to be checked: every entry about them, and that there is no other.
//!
//! One JSON file (`docs/formats/access-history.md`). Trust begins with the log's verifier key. Each entry carries the person's
//! next [tag](crate::tag), stands in the log under the checkpoint, and commits to what the file tells of it; the
//! [index](crate::index) shows that the tag after the last one stands nowhere. So an entry that was left out, put in,
//! edited or moved is found; a log that was signed twice is found by witnesses' cosignatures and kept checkpoints.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::checkpoint::{self, Checkpoint};
use crate::cosign::{self, Cosigned, Cosigner};
use crate::hash::Hash;
use crate::index::{self, Absence, Index};
use crate::leaf::{self, Leaf};
use crate::note::{self, Verifier};
use crate::proof;
use crate::tag::{self, HistoryKey};

/// `format` of the file.
pub const FORMAT: &str = "lionrock access-history v1";
/// Largest file in bytes.
pub const LARGEST: usize = 256 * 1024 * 1024;
/// Types of the entry a history begins with.
pub const BEGINNINGS: [&str; 2] = ["account.opened", "account.rehearsed"];
/// Type of an entry that stands where another one was deleted from the database before it had its place.
pub const LOST: &str = "ledger.entry-lost";

/// A history as handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessHistory {
    /// The checkpoint, with whatever cosignatures it has.
    pub checkpoint: String,
    /// Everything about the person, oldest first.
    pub entries: Vec<Line>,
    /// What makes the person's tags.
    pub history_key: HistoryKey,
    /// The index entry, which is the last entry under the checkpoint.
    pub index: IndexProof,
    /// The verifier key of the log, for convenience: whoever checks should have it from elsewhere.
    pub log: String,
    /// When the file was made, Unix milliseconds.
    pub made: i64,
    /// The person's account.
    pub resident: String,
    /// Keys of witnesses, for convenience.
    pub witnesses: Vec<String>,
}

/// One entry about the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its bytes as published.
    pub entry: Vec<u8>,
    /// Its place in the log.
    pub index: u64,
    /// Its number in this history, from 1.
    pub number: u64,
    /// From its sibling up to the root.
    pub path: Vec<Hash>,
    /// What the file tells of it.
    pub told: Told,
}

/// What a file tells of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The event, byte for byte, and its own key.
    Event(String, [u8; 32]),
    /// Nothing: what it said is kept no more.
    Gone,
    /// Nothing for now: a legal hold of two officers delays it.
    Withheld,
}

/// The index under the checkpoint, and that the next tag is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexProof {
    /// The entry that commits to the index.
    pub entry: Vec<u8>,
    /// From its sibling up to the root.
    pub path: Vec<Hash>,
    /// One a stretch, in order.
    pub runs: Vec<Absence>,
}

/// What a good file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The account.
    pub resident: String,
    /// The mark of the history: the same in every file about this account.
    pub mark: String,
    /// The entries, oldest first.
    pub entries: Vec<Said>,
    /// How many of them are withheld.
    pub withheld: u64,
    /// Whether it begins with the beginning of the account.
    pub from_the_beginning: bool,
    /// The checkpoint that proves it.
    pub checkpoint: Checkpoint,
    /// Cosignatures of known witnesses.
    pub cosigned: Vec<Cosigned>,
}

/// One entry, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Its number.
    pub number: u64,
    /// Its place in the log.
    pub index: u64,
    /// The public entry.
    pub leaf: Leaf,
    /// The event, when it is told.
    pub event: Option<Value>,
    /// Whether it is withheld.
    pub withheld: bool,
}

impl AccessHistory {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with its form.
    pub fn parse(file: &[u8]) -> Result<AccessHistory, Error> {
        if file.len() > LARGEST {
            return Err(Error::TooLarge);
        }
        let file: Map<String, Value> = serde_json::from_slice(file).map_err(|_| Error::NotJson)?;
        if text(&file, "format")? != FORMAT {
            return Err(Error::Member("format"));
        }
        let entries = list(&file, "entries")?.iter().map(line).collect::<Result<Vec<_>, _>>()?;
        let index = file.get("index").and_then(Value::as_object).ok_or(Error::Member("index"))?;
        let witnesses = list(&file, "witnesses")?.iter().map(|key| key.as_str().map(str::to_owned));
        Ok(AccessHistory {
            checkpoint: text(&file, "checkpoint")?.to_owned(),
            entries,
            history_key: url(text(&file, "history_key")?).ok_or(Error::Member("history_key"))?,
            index: IndexProof {
                entry: STANDARD.decode(text(index, "entry")?).map_err(|_| Error::Member("index"))?,
                path: hashes(index.get("path")).ok_or(Error::Member("index"))?,
                runs: list(index, "runs")?.iter().map(absence).collect::<Option<_>>().ok_or(Error::Member("index"))?,
            },
            log: text(&file, "log")?.to_owned(),
            made: file.get("made").and_then(Value::as_i64).ok_or(Error::Member("made"))?,
            resident: text(&file, "resident")?.to_owned(),
            witnesses: witnesses.collect::<Option<_>>().ok_or(Error::Member("witnesses"))?,
        })
    }

    /// The file as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "checkpoint": self.checkpoint,
            "entries": self.entries.iter().map(Line::to_json).collect::<Vec<_>>(),
            "format": FORMAT,
            "history_key": URL_SAFE_NO_PAD.encode(self.history_key),
            "index": {
                "entry": STANDARD.encode(&self.index.entry),
                "path": texts(&self.index.path),
                "runs": self.index.runs.iter().map(run_to_json).collect::<Vec<_>>(),
            },
            "log": self.log,
            "made": self.made,
            "resident": self.resident,
            "witnesses": self.witnesses,
        })
    }

    /// The verifier key the file names: to be shown and compared, not to be trusted for being there.
    ///
    /// # Errors
    /// [`Error::Log`].
    pub fn named_log(&self) -> Result<Verifier, Error> {
        Verifier::parse(&self.log).map_err(Error::Log)
    }

    /// The witnesses the file names: as [`AccessHistory::named_log`].
    ///
    /// # Errors
    /// [`Error::Log`].
    pub fn named_witnesses(&self) -> Result<Vec<Cosigner>, Error> {
        self.witnesses.iter().map(|key| Cosigner::parse(key).map_err(Error::Log)).collect()
    }

    /// Checks everything against the log of `known` keys and the cosignatures of `witnesses`. The origin is the name of the first
    /// key. How many cosignatures are enough is for the caller to say.
    ///
    /// # Errors
    /// The first thing that does not fit, and at which entry.
    pub fn check(&self, known: &[Verifier], witnesses: &[Cosigner]) -> Result<Summary, Error> {
        let origin = known.first().ok_or(Error::NoKey)?.name();
        let checkpoint = Checkpoint::open(self.checkpoint.as_bytes(), origin, known)?;
        let cosigned = cosign::cosigned(self.checkpoint.as_bytes(), witnesses).map_err(Error::Cosignature)?;
        if self.entries.is_empty() {
            return Err(Error::Empty);
        }
        let mut said = Vec::with_capacity(self.entries.len());
        for (line, number) in self.entries.iter().zip(1u64..) {
            said.push(self.entry(line, number, &checkpoint)?);
        }
        self.nothing_more(&checkpoint, said.len() as u64 + 1)?;
        let first = said.first().map(|first| first.leaf.kind.as_str());
        Ok(Summary {
            resident: self.resident.clone(),
            mark: tag::mark(&self.history_key),
            withheld: said.iter().filter(|said| said.withheld).count() as u64,
            from_the_beginning: first.is_some_and(|kind| BEGINNINGS.contains(&kind)),
            entries: said,
            checkpoint,
            cosigned,
        })
    }

    fn entry(&self, line: &Line, number: u64, checkpoint: &Checkpoint) -> Result<Said, Error> {
        if line.number != number {
            return Err(Error::Order { expected: number, found: line.number });
        }
        let leaf = Leaf::decode(&line.entry).map_err(|error| Error::Leaf(number, error))?;
        if leaf.tag != Some(tag::of(&self.history_key, number)) {
            return Err(Error::Tag(number));
        }
        let hash = Hash::of_entry(&line.entry);
        proof::check_inclusion(&hash, line.index, checkpoint.size, &checkpoint.root, &line.path)
            .map_err(|error| Error::Inclusion(number, error))?;
        let event = match &line.told {
            Told::Event(event, key) => {
                if !leaf.opens(key, event.as_bytes()) {
                    return Err(Error::Event(number));
                }
                let read: Value = serde_json::from_str(event).map_err(|_| Error::Event(number))?;
                let about = read.get("resident").and_then(Value::as_str) == Some(&self.resident);
                let kind = read.get("kind").and_then(Value::as_str) == Some(leaf.kind.as_str());
                if !about || !kind {
                    return Err(Error::Event(number));
                }
                Some(read)
            }
            Told::Gone | Told::Withheld => None,
        };
        Ok(Said { number, index: line.index, leaf, event, withheld: line.told == Told::Withheld })
    }

    /// The index entry is the last under the checkpoint, commits to these runs, and none of them holds the next tag.
    fn nothing_more(&self, checkpoint: &Checkpoint, next: u64) -> Result<(), Error> {
        let last = checkpoint.size.checked_sub(1).ok_or(Error::Index)?;
        let leaf = Leaf::decode(&self.index.entry).map_err(|_| Error::Index)?;
        let hash = Hash::of_entry(&self.index.entry);
        proof::check_inclusion(&hash, last, checkpoint.size, &checkpoint.root, &self.index.path)
            .map_err(|_| Error::Index)?;
        let index = Index::of(last, self.index.runs.iter().map(|run| (run.count, run.root))).ok_or(Error::Index)?;
        if leaf.kind.as_str() != index::KIND || leaf.tag.is_some() || leaf.commitment != index.digest() {
            return Err(Error::Index);
        }
        let tag = tag::of(&self.history_key, next);
        self.index.runs.iter().try_for_each(|run| run.check(&tag)).map_err(|_| Error::More(next))
    }
}

impl Line {
    fn to_json(&self) -> Value {
        let mut line = json!({
            "entry": STANDARD.encode(&self.entry),
            "index": self.index,
            "number": self.number,
            "path": texts(&self.path),
            "told": match self.told { Told::Event(..) => "event", Told::Gone => "gone", Told::Withheld => "withheld" },
        });
        if let (Told::Event(event, key), Some(members)) = (&self.told, line.as_object_mut()) {
            members.insert("event".to_owned(), json!(event));
            members.insert("event_key".to_owned(), json!(URL_SAFE_NO_PAD.encode(key)));
        }
        line
    }
}

/// Why a file proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The checkpoint in it.
    #[error(transparent)]
    Checkpoint(#[from] checkpoint::Error),
    /// The cosignature of a known witness does not hold.
    #[error("a witness: {0}")]
    Cosignature(note::Error),
    /// No entries.
    #[error("there is no entry in it: every account has at least the one of its beginning")]
    Empty,
    /// An entry commits to something else.
    #[error("entry {0} of the history does not commit to what the file tells of it, or is about somebody else")]
    Event(u64),
    /// An entry does not stand in the log.
    #[error("entry {0} of the history does not stand in the log there: {1}")]
    Inclusion(u64, proof::Error),
    /// The index.
    #[error(
        "the index does not stand in the log as its last entry, or is another one: nothing shows that the history is complete"
    )]
    Index,
    /// An entry cannot be read.
    #[error("entry {0} of the history: {1}")]
    Leaf(u64, leaf::Error),
    /// A verifier key in the file.
    #[error("a key in the file: {0}")]
    Log(note::Error),
    /// A member of the file is missing or misshapen.
    #[error("the member \"{0}\" is missing or not what it should be")]
    Member(&'static str),
    /// There is a further entry.
    #[error("nothing shows that there is no entry {0}: one was left out, or the proof is another one's")]
    More(u64),
    /// No key was given.
    #[error("no key of the log was given")]
    NoKey,
    /// Not a JSON object.
    #[error("this is not an access history: it is not a JSON object, or was cut off")]
    NotJson,
    /// Numbers are out of order.
    #[error("entry {expected} of the history is missing: {found} stands in its place")]
    Order {
        /// The number that comes next.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// The tag is another one.
    #[error("entry {0} does not carry the tag of that number: it is another entry, another person's, or was moved")]
    Tag(u64),
    /// Over our limit.
    #[error("the file is larger than 256 MiB")]
    TooLarge,
}

fn line(value: &Value) -> Result<Line, Error> {
    let wrong = || Error::Member("entries");
    let members = value.as_object().ok_or_else(wrong)?;
    let number = |member: &str| members.get(member).and_then(Value::as_u64).ok_or_else(wrong);
    let told = match text(members, "told")? {
        "event" => Told::Event(
            text(members, "event")?.to_owned(),
            url(text(members, "event_key")?).ok_or(Error::Member("event_key"))?,
        ),
        "gone" => Told::Gone,
        "withheld" => Told::Withheld,
        _ => return Err(Error::Member("told")),
    };
    Ok(Line {
        entry: STANDARD.decode(text(members, "entry")?).map_err(|_| wrong())?,
        index: number("index")?,
        number: number("number")?,
        path: hashes(members.get("path")).ok_or_else(wrong)?,
        told,
    })
}

fn run_to_json(run: &Absence) -> Value {
    let neighbour = |side: &Option<(tag::Tag, Vec<Hash>)>| match side {
        Some((tag, path)) => json!({"path": texts(path), "tag": STANDARD.encode(tag)}),
        None => Value::Null,
    };
    json!({
        "above": neighbour(&run.above),
        "before": run.before,
        "below": neighbour(&run.below),
        "count": run.count,
        "root": run.root.to_base64(),
    })
}

fn absence(value: &Value) -> Option<Absence> {
    let side = |member: &str| -> Option<Option<(tag::Tag, Vec<Hash>)>> {
        match value.get(member)? {
            Value::Null => Some(None),
            side => {
                let tag = STANDARD.decode(side.get("tag")?.as_str()?).ok()?.try_into().ok()?;
                Some(Some((tag, hashes(side.get("path"))?)))
            }
        }
    };
    Some(Absence {
        count: value.get("count")?.as_u64()?,
        root: Hash::from_base64(value.get("root")?.as_str()?)?,
        before: value.get("before")?.as_u64()?,
        below: side("below")?,
        above: side("above")?,
    })
}

fn texts(path: &[Hash]) -> Vec<String> {
    path.iter().map(ToString::to_string).collect()
}

fn hashes(list: Option<&Value>) -> Option<Vec<Hash>> {
    let list = list?.as_array()?;
    // Trees have at most 64 levels.
    (list.len() <= 64).then(|| list.iter().map(|hash| Hash::from_base64(hash.as_str()?)).collect())?
}

fn text<'a>(file: &'a Map<String, Value>, member: &'static str) -> Result<&'a str, Error> {
    file.get(member).and_then(Value::as_str).ok_or(Error::Member(member))
}

fn list<'a>(file: &'a Map<String, Value>, member: &'static str) -> Result<&'a Vec<Value>, Error> {
    file.get(member).and_then(Value::as_array).ok_or(Error::Member(member))
}

fn url(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}
