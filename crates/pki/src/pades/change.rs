//! What was changed in a document after somebody signed it: the signed revision and the newest one, object by object.
//!
//! Allowed changes are listed; everything else is forbidden, also what does no harm as far as one can see. That closes incremental-update,
//! shadow and wrapping attacks without knowing them one by one.

use super::field::{self, permission_of};
use crate::Error;
use crate::pdf::{self, DEEPEST, Dictionary, Document, Entry, Id, Object, Shared, Source, read_at};
use lionrock_crypto::digest::{Kind, Stream as Hash};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Something was kept for later judges: certificates, status, a time-stamp.
    Kept,
    /// Somebody signed too.
    Signed,
    /// A form was filled in.
    Filled,
    /// What the file says about itself.
    Described,
    /// A note or drawing was put on a page, changed or taken away.
    Annotated,
    /// Anything else.
    Other,
}

impl Change {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Signed => "signed",
            Self::Filled => "filled",
            Self::Described => "described",
            Self::Annotated => "annotated",
            Self::Other => "other",
        }
    }
}

/// All changes since a signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Kinds of changes.
    pub all: BTreeSet<Change>,
    /// Why they are forbidden, when they are.
    pub forbidden: Option<&'static str>,
    /// Whoever signed allowed annotations (DocMDP 3).
    pub annotating_allowed: bool,
    /// Form fields whose values changed.
    pub fields: Vec<String>,
}

impl Changes {
    fn forbid(&mut self, why: &'static str) {
        self.all.insert(Change::Other);
        self.forbidden.get_or_insert(why);
    }
}

/// What may change at an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Catalog,
    Form,
    FieldList,
    Field,
    Page,
    Annotations,
    Annotation,
    Described,
}

/// Compares the first `end` bytes, as signed by the dictionary `words` that is the object `own`, with the whole file.
///
/// # Errors
/// [`Error::Io`]; what cannot be read is a forbidden change, not an error.
pub fn since(file: &mut dyn Source, end: u64, length: u64, words: &Dictionary, own: Id) -> Result<Changes, Error> {
    let mut changes = Changes::default();
    // What was signed must be a whole document, up to the end of a revision.
    let tail = read_at(file, end.saturating_sub(32), usize::try_from(end.min(32)).unwrap_or_default())?;
    if !tail.trim_ascii_end().ends_with(b"%%EOF") {
        changes.forbid("what was signed is not a whole document");
        return Ok(changes);
    }
    if end == length {
        return Ok(changes);
    }
    let cell = RefCell::new(file);
    let (mut first, mut second) = (Shared::new(&cell, end), Shared::new(&cell, length));
    let outcome = compare(&mut first, &mut second, words, own, &mut changes);
    match outcome {
        Ok(()) => {}
        Err(Error::Io(kind)) => return Err(Error::Io(kind)),
        Err(_) => changes.forbid("the document as it was signed, or as it is now, cannot be read"),
    }
    Ok(changes)
}

fn compare(
    first: &mut dyn Source,
    second: &mut dyn Source,
    words: &Dictionary,
    own: Id,
    changes: &mut Changes,
) -> Result<(), Error> {
    let old = Document::open(first)?;
    let mut new = Document::open(second)?;
    let starts = |document: &Document<'_>| document.sections().iter().map(|section| section.start).collect::<Vec<_>>();
    let (before, after) = (starts(&old), starts(&new));
    let Some(added) = after.len().checked_sub(before.len()).filter(|added| after.get(*added..) == Some(&before[..]))
    else {
        changes.forbid("the tables of the signed document were replaced");
        return Ok(());
    };
    if !new.is_ended() {
        changes.forbid("something without a table was put after the document");
        return Ok(());
    }
    if added == 0 {
        let blank = usize::try_from(new.length() - old.length()).unwrap_or(usize::MAX);
        let tail = read_at(new.source(), old.length(), blank.min(4096))?;
        if blank > 4096 || !tail.iter().all(u8::is_ascii_whitespace) {
            changes.forbid("something without a table was put after the document");
        }
        return Ok(());
    }
    if old.entry(own.number).is_none() || old.entry(own.number) != new.entry(own.number) {
        changes.forbid("the signature is not part of what it signs");
        return Ok(());
    }
    if old.root()? != new.root()? {
        changes.forbid("the signed document was wrapped into another one");
        return Ok(());
    }
    let mut changed: BTreeSet<u32> = BTreeSet::new();
    for section in new.sections().iter().take(added) {
        if section.start < old.length() {
            changes.forbid("a later table lies in the signed part");
        }
        for (number, entry) in section.entries() {
            if matches!(entry, Entry::At { offset, .. } if *offset < old.length()) && old.entry(*number) != Some(*entry)
            {
                changes.forbid("a later table points into the signed part");
            }
            changed.insert(*number);
        }
    }
    changed.retain(|number| old.entry(*number) != new.entry(*number) && *number != 0);
    let mut diff = Diff { old, new, changed, roles: BTreeMap::new(), explained: BTreeSet::new(), changes };
    diff.roles()?;
    diff.judge()?;
    diff.holes()?;
    diff.permitted(words)
}

struct Diff<'d, 'c> {
    old: Document<'d>,
    new: Document<'d>,
    /// Numbers of objects that later tables name.
    changed: BTreeSet<u32>,
    /// What may change at objects that were there.
    roles: BTreeMap<u32, Role>,
    /// New objects whose purpose is known.
    explained: BTreeSet<u32>,
    changes: &'c mut Changes,
}

impl Diff<'_, '_> {
    /// Finds the objects at which something may change.
    fn roles(&mut self) -> Result<(), Error> {
        let root = self.new.root()?;
        self.role(root, Role::Catalog);
        let catalog = self.new.catalog()?;
        if let Some(id) = catalog.get("Metadata").and_then(Object::as_reference) {
            self.role(id, Role::Described);
        }
        if let Some(id) = self.new.trailer().get("Info").and_then(Object::as_reference) {
            self.role(id, Role::Described);
        }
        if let Some(id) = catalog.get("AcroForm").and_then(Object::as_reference) {
            self.role(id, Role::Form);
        }
        let form = self.new.dictionary(&catalog, "AcroForm")?.unwrap_or_default();
        if let Some(id) = form.get("Fields").and_then(Object::as_reference) {
            self.role(id, Role::FieldList);
        }
        for field in field::fields(&mut self.new)? {
            let Some(id) = field.id else { continue };
            self.role(id, Role::Field);
            for kid in self.new.array(&field.dictionary, "Kids")? {
                if let Some(kid) = kid.as_reference() {
                    self.role(kid, Role::Field);
                }
            }
        }
        for page in 0..self.new.pages()? {
            let page = self.new.page(page)?;
            self.role(page.id, Role::Page);
            if let Some(id) = page.dictionary.get("Annots").and_then(Object::as_reference) {
                self.role(id, Role::Annotations);
            }
            for one in self.new.array(&page.dictionary, "Annots")? {
                if let Some(id) = one.as_reference() {
                    self.role(id, Role::Annotation);
                }
            }
        }
        Ok(())
    }

    fn role(&mut self, id: Id, role: Role) {
        self.roles.entry(id.number).or_insert(role);
    }

    fn judge(&mut self) -> Result<(), Error> {
        for number in self.changed.clone() {
            let before = self.of(number, false)?;
            let after = self.of(number, true)?;
            if self.same(&before, &after)? {
                continue;
            }
            let role = self.roles.get(&number).copied();
            if before == Object::Null {
                // New objects are explained by what names them, below.
                continue;
            }
            match (role, before, after) {
                (Some(role), Object::Array(before), Object::Array(after)) => self.list(role, &before, &after)?,
                (Some(Role::Described), ..) => drop(self.changes.all.insert(Change::Described)),
                (Some(role), Object::Dictionary(before), Object::Dictionary(after)) => {
                    self.map(role, &before, &after)?
                }
                (None, before, after) if self.is_kept(number)? => {
                    let _ = (before, after);
                    self.changes.all.insert(Change::Kept);
                }
                (None, ..) if self.is_drawn(number)? => drop(self.changes.all.insert(Change::Filled)),
                _ => self.changes.forbid("something that was signed was replaced"),
            }
        }
        self.explain()
    }

    fn of(&mut self, number: u32, new: bool) -> Result<Object, Error> {
        let document = if new { &mut self.new } else { &mut self.old };
        let generation = match document.entry(number) {
            Some(Entry::At { generation, .. }) => generation,
            _ => 0,
        };
        document.get(Id { number, generation })
    }

    /// Whether two values are the same, the bytes of streams too.
    fn same(&mut self, before: &Object, after: &Object) -> Result<bool, Error> {
        let (Object::Stream(a), Object::Stream(b)) = (before, after) else { return Ok(before == after) };
        if a.dictionary != b.dictionary || a.length != b.length {
            return Ok(false);
        }
        let mut digests = Vec::new();
        for (start, document) in [(a.start, &mut self.old), (b.start, &mut self.new)] {
            let mut hash = Hash::new(Kind::Sha256);
            super::prepare::range_to(document.source(), start, a.length, &mut hash)?;
            digests.push(hash.finish());
        }
        Ok(digests.first() == digests.last())
    }

    /// Lists of fields and annotations: what was there stays, in its order; what is new is looked at.
    fn list(&mut self, role: Role, before: &[Object], after: &[Object]) -> Result<(), Error> {
        match role {
            Role::FieldList => {
                if after.get(..before.len()) != Some(before) {
                    self.changes.forbid("a field was taken out of the form");
                }
            }
            Role::Annotations => {
                if before.iter().any(|one| !after.contains(one)) {
                    self.changes.all.insert(Change::Annotated);
                }
            }
            _ => self.changes.forbid("something that was signed was replaced"),
        }
        for one in after.iter().filter(|one| !before.contains(one)) {
            let Object::Dictionary(map) = self.new.resolve(one)? else {
                self.changes.forbid("something was added that is not a field or a note");
                continue;
            };
            let is_field = map.name("Subtype") == Some(b"Widget") || role == Role::FieldList;
            if is_field && map.name("FT") == Some(b"Sig") {
                self.signed(&map)?;
            } else if is_field {
                self.changes.forbid("a field was added to the form");
            } else {
                self.changes.all.insert(Change::Annotated);
            }
            self.reach(one)?;
        }
        Ok(())
    }

    /// A signature that was added: of a person, or a time-stamp.
    fn signed(&mut self, field: &Dictionary) -> Result<(), Error> {
        let value = self.new.dictionary(field, "V")?;
        let stamp = value.is_some_and(|value| value.is_type("DocTimeStamp"));
        self.changes.all.insert(if stamp { Change::Kept } else { Change::Signed });
        Ok(())
    }

    fn map(&mut self, role: Role, before: &Dictionary, after: &Dictionary) -> Result<(), Error> {
        let keys: BTreeSet<&Vec<u8>> = before.0.iter().chain(&after.0).map(|(key, _)| key).collect();
        for key in keys {
            let key = String::from_utf8_lossy(key).into_owned();
            let (a, b) = (before.get(&key).cloned(), after.get(&key).cloned());
            if a == b {
                continue;
            }
            let (a, b) = (a.unwrap_or(Object::Null), b.unwrap_or(Object::Null));
            self.entry(role, &key, &a, &b, after)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        role: Role,
        key: &str,
        before: &Object,
        after: &Object,
        whole: &Dictionary,
    ) -> Result<(), Error> {
        match (role, key) {
            (Role::Catalog, "DSS") => {
                self.changes.all.insert(Change::Kept);
                self.reach(after)?;
            }
            (Role::Catalog, "Extensions" | "Version" | "Metadata") => {
                self.changes.all.insert(if key == "Metadata" { Change::Described } else { Change::Kept });
                self.reach(after)?;
            }
            (Role::Catalog, "AcroForm") => {
                let (before, after) = (self.map_of(before, false)?, self.map_of(after, true)?);
                self.explain_reference(whole.get(key));
                self.map(Role::Form, &before, &after)?;
            }
            (Role::Form, "Fields") => {
                let (before, after) = (self.list_of(before, false)?, self.list_of(after, true)?);
                self.explain_reference(whole.get(key));
                self.list(Role::FieldList, &before, &after)?;
            }
            (Role::Form, "SigFlags") => {}
            (Role::Form, "DR" | "DA" | "NeedAppearances") => {
                self.changes.all.insert(Change::Filled);
                self.reach(after)?;
            }
            (Role::Page, "Annots") => {
                let (before, after) = (self.list_of(before, false)?, self.list_of(after, true)?);
                self.explain_reference(whole.get(key));
                self.list(Role::Annotations, &before, &after)?;
            }
            (Role::Page, "LastModified" | "PieceInfo" | "Metadata" | "Tabs") => {
                self.changes.all.insert(Change::Described);
                self.reach(after)?;
            }
            (Role::Field | Role::Annotation, _) if whole.name("Subtype") == Some(b"Widget") || role == Role::Field => {
                self.field(key, before, after, whole)?;
            }
            (Role::Annotation, _) => {
                self.changes.all.insert(Change::Annotated);
                self.reach(after)?;
            }
            _ => self.changes.forbid("something that was signed was replaced"),
        }
        Ok(())
    }

    fn field(&mut self, key: &str, before: &Object, after: &Object, whole: &Dictionary) -> Result<(), Error> {
        let own = if whole.name("FT") == Some(b"Sig") { Change::Signed } else { Change::Filled };
        match (own, key) {
            (Change::Signed, "V") if *before != Object::Null => self.changes.forbid("a signature was replaced"),
            (Change::Signed, "V") => {
                self.signed(whole)?;
                self.reach(after)?;
            }
            (_, "V" | "AP" | "AS" | "I" | "TI" | "MK" | "F" | "M") => {
                self.changes.all.insert(own);
                if own == Change::Filled {
                    let name = whole.get("T").and_then(Object::as_string).map(pdf::read_text).unwrap_or_default();
                    if !self.changes.fields.contains(&name) {
                        self.changes.fields.push(name);
                    }
                }
                self.reach(after)?;
            }
            _ => self.changes.forbid("a field was moved or turned into another"),
        }
        Ok(())
    }

    fn map_of(&mut self, object: &Object, new: bool) -> Result<Dictionary, Error> {
        let document = if new { &mut self.new } else { &mut self.old };
        Ok(document.resolve(object)?.as_dictionary().cloned().unwrap_or_default())
    }

    fn list_of(&mut self, object: &Object, new: bool) -> Result<Vec<Object>, Error> {
        let document = if new { &mut self.new } else { &mut self.old };
        Ok(document.resolve(object)?.as_array().map(<[Object]>::to_vec).unwrap_or_default())
    }

    fn explain_reference(&mut self, object: Option<&Object>) {
        self.explained.extend(object.and_then(Object::as_reference).map(|id| id.number));
    }

    /// Everything new that a permitted change leads to is explained by it.
    fn reach(&mut self, object: &Object) -> Result<(), Error> {
        let mut open = vec![(object.clone(), 0)];
        while let Some((one, depth)) = open.pop() {
            if depth > DEEPEST {
                return Err(pdf::Refusal::TooDeep.into());
            }
            match one {
                Object::Reference(id) => {
                    let fresh = self.changed.contains(&id.number) && self.explained.insert(id.number);
                    if fresh {
                        open.push((self.new.get(id)?, depth + 1));
                    }
                }
                Object::Array(all) => open.extend(all.into_iter().map(|one| (one, depth + 1))),
                Object::Dictionary(map) => open.extend(map.0.into_iter().map(|(_, one)| (one, depth + 1))),
                Object::Stream(stream) => open.extend(stream.dictionary.0.into_iter().map(|(_, one)| (one, depth + 1))),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether an old object belongs to the store, whose lists may grow.
    fn is_kept(&mut self, number: u32) -> Result<bool, Error> {
        let catalog = self.old.catalog()?;
        let Some(store) = catalog.get("DSS").cloned() else { return Ok(false) };
        if store.as_reference().is_some_and(|id| id.number == number) {
            self.reach(&store)?;
            self.explained.insert(number);
            return Ok(true);
        }
        let map = self.map_of(&store, false)?;
        let is = ["Certs", "OCSPs", "CRLs", "VRI"]
            .iter()
            .any(|key| map.get(key).and_then(Object::as_reference).is_some_and(|id| id.number == number));
        if is {
            self.reach(&Object::Reference(Id { number, generation: 0 }))?;
        }
        Ok(is)
    }

    /// Whether an old object is the picture of a form field's value and of nothing else.
    fn is_drawn(&mut self, number: u32) -> Result<bool, Error> {
        let mut found = false;
        for field in field::fields(&mut self.old)? {
            if field.kind.as_deref() == Some(b"Sig") {
                continue;
            }
            let looks = self.old.dictionary(&field.dictionary, "AP")?.unwrap_or_default();
            found |= looks.get("N").and_then(Object::as_reference).is_some_and(|id| id.number == number);
        }
        Ok(found && !self.is_named_elsewhere(number)?)
    }

    /// Whether a page names an object as its content.
    fn is_named_elsewhere(&mut self, number: u32) -> Result<bool, Error> {
        for page in 0..self.old.pages()? {
            let page = self.old.page(page)?;
            let mut named = false;
            for key in ["Contents", "Resources"] {
                named |= page.dictionary.get(key).is_some_and(|object| names(object, &|own| own == number, 0));
            }
            if named {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whatever is new must belong to something that was permitted.
    fn explain(&mut self) -> Result<(), Error> {
        for number in self.changed.clone() {
            if self.explained.contains(&number) || self.roles.contains_key(&number) {
                continue;
            }
            let fresh = self.of(number, false)? == Object::Null;
            let plumbing = match self.of(number, true)? {
                Object::Null => true,
                Object::Stream(stream) => stream.dictionary.is_type("XRef") || stream.dictionary.is_type("ObjStm"),
                _ => false,
            };
            if fresh && !plumbing {
                self.changes.forbid("something was added that nothing permitted leads to");
            }
        }
        Ok(())
    }

    /// Nothing that was signed may have pointed to a place that was empty then and is filled now.
    fn holes(&mut self) -> Result<(), Error> {
        let mut fresh = BTreeSet::new();
        for number in &self.changed {
            if matches!(self.old.entry(*number), None | Some(Entry::Free)) {
                fresh.insert(*number);
            }
        }
        if fresh.is_empty() {
            return Ok(());
        }
        let old: BTreeSet<u32> =
            self.old.sections().iter().flat_map(|section| section.entries()).map(|(number, _)| *number).collect();
        for number in old {
            let object = self.of(number, false)?;
            if names(&object, &|number| fresh.contains(&number), 0) {
                self.changes.forbid("something was put where the signed document had left a hole");
                return Ok(());
            }
        }
        Ok(())
    }

    /// What whoever signed allows (DocMDP and FieldMDP, ISO 32000-2 sections 12.8.2.2 and 12.8.2.4).
    fn permitted(&mut self, words: &Dictionary) -> Result<(), Error> {
        let level = match permission_of(&mut self.new, words)? {
            Some(level) => Some(level),
            None => field::permission(&mut self.old)?,
        };
        self.changes.annotating_allowed = level == Some(3);
        let most = match level {
            Some(1) => Change::Kept,
            Some(2) | None => Change::Described,
            _ => Change::Annotated,
        };
        if level.is_some() && self.changes.all.iter().any(|one| *one > most) {
            self.changes.forbid("whoever certified the document does not allow this change");
        }
        for one in self.new.array(words, "Reference")? {
            let Object::Dictionary(one) = self.new.resolve(&one)? else { continue };
            if one.name("TransformMethod") != Some(b"FieldMDP") {
                continue;
            }
            let rule = self.new.dictionary(&one, "TransformParams")?.unwrap_or_default();
            let named: Vec<String> =
                self.new.array(&rule, "Fields")?.iter().filter_map(Object::as_string).map(pdf::read_text).collect();
            let locked = |field: &String| match rule.name("Action") {
                Some(b"Include") => named.contains(field),
                Some(b"Exclude") => !named.contains(field),
                _ => true,
            };
            if self.changes.fields.iter().any(locked) {
                self.changes.forbid("a field was changed that the signature locks");
            }
        }
        Ok(())
    }
}

/// Whether a value names an object that is looked for.
fn names(object: &Object, wanted: &dyn Fn(u32) -> bool, depth: usize) -> bool {
    if depth > DEEPEST {
        return false;
    }
    match object {
        Object::Reference(id) => wanted(id.number),
        Object::Array(all) => all.iter().any(|one| names(one, wanted, depth + 1)),
        Object::Dictionary(map) => map.0.iter().any(|(_, one)| names(one, wanted, depth + 1)),
        Object::Stream(stream) => stream.dictionary.0.iter().any(|(_, one)| names(one, wanted, depth + 1)),
        _ => false,
    }
}
