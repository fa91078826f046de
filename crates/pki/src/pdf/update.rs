//! Changes that are appended (ISO 32000-2 section 7.5.6): nothing that was there is touched, so what others signed stays signed.

use super::document::Document;
use super::object::{Dictionary, Id, Object, put};
use super::source::read_at;
use super::xref::Kind;
use crate::Error;
use lionrock_crypto::digest::sha256;

/// Keys of a trailer that live on.
const KEPT: [&str; 3] = ["Root", "Info", "ID"];

/// A revision in the making.
pub struct Update {
    /// Where it will begin: the length of the file.
    base: u64,
    bytes: Vec<u8>,
    /// Which object stands at which place of `bytes`.
    places: Vec<(Id, usize)>,
    next: u32,
}

impl Update {
    /// A revision after what is there.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn new(document: &mut Document<'_>) -> Result<Self, Error> {
        let base = document.length();
        let next = document.next_number();
        let last = read_at(document.source(), base.saturating_sub(1), 1)?;
        let bytes = if last == b"\n" { Vec::new() } else { b"\n".to_vec() };
        Ok(Self { base, bytes, places: Vec::new(), next })
    }

    /// A number that is not used yet.
    pub const fn fresh(&mut self) -> Id {
        let number = self.next;
        self.next += 1;
        Id { number, generation: 0 }
    }

    /// Adds an object under a fresh number.
    pub fn add(&mut self, object: &Object) -> Id {
        let id = self.fresh();
        self.put(id, object);
        id
    }

    /// Puts an object under this name, in the place of the one that was there.
    pub fn put(&mut self, id: Id, object: &Object) {
        let mut body = Vec::new();
        object.write(&mut body);
        self.raw(id, &body);
    }

    /// Puts a stream, its bytes as they are.
    pub fn stream(&mut self, mut dictionary: Dictionary, bytes: &[u8]) -> Id {
        let id = self.fresh();
        dictionary.set("Length", Object::Integer(i64::try_from(bytes.len()).unwrap_or(i64::MAX)));
        let mut body = Vec::new();
        dictionary.write(&mut body);
        body.extend_from_slice(b"\nstream\n");
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\nendstream");
        self.raw(id, &body);
        id
    }

    /// Puts an object that is written already; gives the place of its first byte in the file.
    pub fn raw(&mut self, id: Id, body: &[u8]) -> u64 {
        self.places.push((id, self.bytes.len()));
        put(&mut self.bytes, format_args!("{} {} obj\n", id.number, id.generation));
        let at = self.base + self.bytes.len() as u64;
        self.bytes.extend_from_slice(body);
        self.bytes.extend_from_slice(b"\nendobj\n");
        at
    }

    /// Whether there is anything to append.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Ends it with a table of the same kind as the file's newest; gives the bytes to append.
    #[must_use]
    pub fn finish(mut self, document: &Document<'_>) -> Vec<u8> {
        let old = document.trailer();
        let newest = document.sections().first();
        let previous = newest.map_or(0, |section| section.start);
        let kind = newest.map_or(Kind::Table, |section| section.kind);
        let mut trailer = Dictionary::default();
        for key in KEPT {
            if let Some(value) = old.get(key) {
                trailer.set(key, value.clone());
            }
        }
        if let Some(Object::Array(both)) = trailer.get("ID").cloned()
            && let [first, _] = both.as_slice()
        {
            // The second part is another one for each revision (ISO 32000-2 section 14.4).
            let digest = sha256(&self.bytes);
            let second = Object::String(digest.get(..16).unwrap_or_default().to_vec());
            trailer.set("ID", Object::Array(vec![first.clone(), second]));
        }
        trailer.set("Prev", Object::Integer(i64::try_from(previous).unwrap_or(i64::MAX)));
        let start = self.base + self.bytes.len() as u64;
        match kind {
            Kind::Table => self.table(trailer),
            Kind::Stream => self.packed(trailer),
        }
        put(&mut self.bytes, format_args!("startxref\n{start}\n%%EOF\n"));
        self.bytes
    }

    /// Runs of objects with numbers one after the other.
    fn runs(&mut self) -> Vec<Vec<(Id, u64)>> {
        self.places.sort_by_key(|(id, _)| *id);
        let mut runs: Vec<Vec<(Id, u64)>> = Vec::new();
        for (id, at) in &self.places {
            let place = (*id, self.base + *at as u64);
            match runs.last_mut() {
                Some(run) if run.last().is_some_and(|(last, _)| last.number + 1 == id.number) => run.push(place),
                _ => runs.push(vec![place]),
            }
        }
        runs
    }

    fn table(&mut self, mut trailer: Dictionary) {
        trailer.set("Size", Object::Integer(i64::from(self.next)));
        self.bytes.extend_from_slice(b"xref\n");
        for run in self.runs() {
            let first = run.first().map_or(0, |(id, _)| id.number);
            put(&mut self.bytes, format_args!("{first} {}\n", run.len()));
            for (id, at) in run {
                put(&mut self.bytes, format_args!("{at:010} {:05} n\r\n", id.generation));
            }
        }
        self.bytes.extend_from_slice(b"trailer\n");
        trailer.write(&mut self.bytes);
        self.bytes.push(b'\n');
    }

    fn packed(&mut self, mut trailer: Dictionary) {
        let own = self.fresh();
        self.places.push((own, self.bytes.len()));
        let mut index = Vec::new();
        let mut rows = Vec::new();
        for run in self.runs() {
            let first = run.first().map_or(0, |(id, _)| id.number);
            index.push(Object::Integer(i64::from(first)));
            index.push(Object::Integer(i64::try_from(run.len()).unwrap_or(0)));
            for (id, at) in run {
                rows.push(1);
                rows.extend_from_slice(&at.to_be_bytes());
                rows.extend_from_slice(&id.generation.to_be_bytes());
            }
        }
        trailer.set("Type", Object::name("XRef"));
        trailer.set("Size", Object::Integer(i64::from(self.next)));
        trailer.set("W", Object::Array(vec![Object::Integer(1), Object::Integer(8), Object::Integer(2)]));
        trailer.set("Index", Object::Array(index));
        trailer.set("Length", Object::Integer(i64::try_from(rows.len()).unwrap_or(0)));
        put(&mut self.bytes, format_args!("{} 0 obj\n", own.number));
        trailer.write(&mut self.bytes);
        self.bytes.extend_from_slice(b"\nstream\n");
        self.bytes.extend_from_slice(&rows);
        self.bytes.extend_from_slice(b"\nendstream\nendobj\n");
    }
}
