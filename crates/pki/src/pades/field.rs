//! The form of a PDF and its signature fields (ISO 32000-2 sections 12.7.3 and 12.7.5.5).

use super::{Seen, Wish};
use crate::Error;
use crate::pdf::{self, DEEPEST, Dictionary, Document, Id, Object, Refusal, Update};
use std::collections::BTreeSet;

/// Most fields of a form.
const MOST_FIELDS: usize = 20_000;
/// Print, and locked against moving (ISO 32000-2 section 12.5.3).
const FLAGS: i64 = 4 | 128;
/// Shortest side of a picture that shows a signature, in hundredths of a point: what nobody can see shows nothing.
const SMALLEST: i64 = 1_600;
/// There are signatures; change by appending only (ISO 32000-2 section 12.7.3).
const SIGNATURES_APPEND_ONLY: i64 = 3;

/// A field of a form.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its object; none when it stands directly in its parent.
    pub id: Option<Id>,
    /// Its whole name, parts joined by dots.
    pub name: String,
    /// What it says.
    pub dictionary: Dictionary,
    /// Its kind, its own or its parent's.
    pub kind: Option<Vec<u8>>,
}

/// All fields that have no fields below them.
pub fn fields(document: &mut Document<'_>) -> Result<Vec<Field>, Error> {
    let catalog = document.catalog()?;
    let Some(form) = document.dictionary(&catalog, "AcroForm")? else { return Ok(Vec::new()) };
    let mut open: Vec<(Object, String, Option<Vec<u8>>, usize)> =
        document.array(&form, "Fields")?.into_iter().rev().map(|one| (one, String::new(), None, 0)).collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    while let Some((object, above, kind, depth)) = open.pop() {
        if depth > DEEPEST {
            return Err(Refusal::TooDeep.into());
        }
        let id = object.as_reference();
        if id.is_some_and(|id| !seen.insert(id)) {
            return Err(Refusal::Circle.into());
        }
        if found.len() + open.len() > MOST_FIELDS {
            return Err(Refusal::TooManyObjects.into());
        }
        let Object::Dictionary(dictionary) = document.resolve(&object)? else { continue };
        let own = document.value(&dictionary, "T")?.and_then(|name| name.as_string().map(pdf::read_text));
        let name = match (&own, above.is_empty()) {
            (Some(own), true) => own.clone(),
            (Some(own), false) => format!("{above}.{own}"),
            (None, _) => above.clone(),
        };
        let kind = document.value(&dictionary, "FT")?.and_then(|kind| kind.as_name().map(<[u8]>::to_vec)).or(kind);
        let kids = document.array(&dictionary, "Kids")?;
        let below = kids.iter().any(|kid| {
            let kid = document.resolve(kid).ok();
            kid.as_ref().and_then(Object::as_dictionary).is_some_and(|kid| kid.get("T").is_some())
        });
        if below {
            open.extend(kids.into_iter().rev().map(|kid| (kid, name.clone(), kind.clone(), depth + 1)));
        } else {
            found.push(Field { id, name, dictionary, kind });
        }
    }
    Ok(found)
}

/// Hangs a signature into the form: a new field with its widget on a page, or an empty one that was there.
pub fn attach(document: &mut Document<'_>, update: &mut Update, signature: Id, wish: &Wish) -> Result<(), Error> {
    let all = fields(document)?;
    let page = document.page(wish.seen.as_ref().map_or(0, |seen| seen.page))?;
    let drawn = wish.seen.as_ref().map(|seen| drawing(update, seen));
    if let Some(name) = &wish.field {
        let empty = |one: &&Field| {
            one.name == *name && one.kind.as_deref() == Some(b"Sig") && one.dictionary.get("V").is_none()
        };
        let field = all.iter().find(empty).ok_or(Refusal::NoSuchField)?;
        let id = field.id.ok_or(Refusal::NoSuchField)?;
        if locked(document, &all, name)? {
            return Err(Refusal::Locked.into());
        }
        // Conditions on the signature that are not met here: better none than one against the form's own rules.
        if document.dictionary(&field.dictionary, "SV")?.is_some_and(|seed| seed.integer("Ff").unwrap_or(0) != 0) {
            return Err(Refusal::Unsupported("conditions on a signature field").into());
        }
        let mut dictionary = field.dictionary.clone();
        dictionary.set("V", Object::Reference(signature));
        if let Some((drawn, _)) = drawn {
            dictionary.set("AP", appearance(drawn));
        }
        update.put(id, &Object::Dictionary(dictionary));
        let catalog = document.catalog()?;
        return form(document, update, catalog, None);
    }
    if let Some(seen) = &wish.seen {
        let [left, bottom, width, height] = seen.place.map(|side| i64::from(side) * 100);
        let inside = left >= page.seen[0]
            && bottom >= page.seen[1]
            && left + width <= page.seen[2]
            && bottom + height <= page.seen[3];
        if !inside || width < SMALLEST || height < SMALLEST {
            return Err(Refusal::OutsidePage.into());
        }
    }
    let taken: BTreeSet<&str> = all.iter().map(|one| one.name.as_str()).collect();
    let number = (1..).find(|number| !taken.contains(format!("Signature{number}").as_str())).unwrap_or(0);
    let mut widget = Dictionary::default()
        .with("Type", Object::name("Annot"))
        .with("Subtype", Object::name("Widget"))
        .with("FT", Object::name("Sig"))
        .with("T", pdf::text(&format!("Signature{number}")))
        .with("V", Object::Reference(signature))
        .with("F", Object::Integer(FLAGS))
        .with("P", Object::Reference(page.id))
        .with("Rect", Object::Array(vec![Object::Integer(0); 4]));
    if let Some((drawn, seen)) = drawn {
        let [left, bottom, width, height] = seen.place.map(i64::from);
        let sides = [left, bottom, left + width, bottom + height].map(Object::Integer);
        widget.set("Rect", Object::Array(sides.to_vec()));
        widget.set("AP", appearance(drawn));
        widget.set("TU", pdf::text(&seen.drawing.words));
    }
    let widget = update.add(&Object::Dictionary(widget));
    // The page names its widget.
    let mut annotations = document.array(&page.dictionary, "Annots")?;
    annotations.push(Object::Reference(widget));
    match page.dictionary.get("Annots") {
        Some(Object::Reference(list)) => update.put(*list, &Object::Array(annotations)),
        _ => {
            let changed = page.dictionary.clone().with("Annots", Object::Array(annotations));
            update.put(page.id, &Object::Dictionary(changed));
        }
    }
    let catalog = document.catalog()?;
    form(document, update, catalog, Some(widget))
}

fn appearance(drawn: Id) -> Object {
    Object::Dictionary(Dictionary::default().with("N", Object::Reference(drawn)))
}

/// The drawing as a form that readers scale into the place (ISO 32000-2 section 12.5.5).
fn drawing<'a>(update: &mut Update, seen: &'a Seen) -> (Id, &'a Seen) {
    let [width, height] = seen.drawing.size.map(|side| Object::Integer(i64::from(side)));
    let font = Dictionary::default()
        .with("Type", Object::name("Font"))
        .with("Subtype", Object::name("Type1"))
        .with("BaseFont", Object::name("Helvetica"))
        .with("Encoding", Object::name("WinAnsiEncoding"));
    let fonts = Dictionary::default().with("F1", Object::Dictionary(font));
    let resources = Dictionary::default().with("Font", Object::Dictionary(fonts));
    let dictionary = Dictionary::default()
        .with("Type", Object::name("XObject"))
        .with("Subtype", Object::name("Form"))
        .with("BBox", Object::Array(vec![Object::Integer(0), Object::Integer(0), width, height]))
        .with("Resources", Object::Dictionary(resources));
    (update.stream(dictionary, &seen.drawing.operators), seen)
}

/// Writes the form, with a field more, wherever it stands.
fn form(document: &mut Document<'_>, update: &mut Update, catalog: Dictionary, more: Option<Id>) -> Result<(), Error> {
    let mut own = document.dictionary(&catalog, "AcroForm")?.unwrap_or_default();
    let flags = own.integer("SigFlags").unwrap_or(0) | SIGNATURES_APPEND_ONLY;
    let mut changed = own.integer("SigFlags") != Some(flags);
    own.set("SigFlags", Object::Integer(flags));
    if let Some(more) = more {
        let mut all = document.array(&own, "Fields")?;
        all.push(Object::Reference(more));
        match own.get("Fields") {
            Some(Object::Reference(list)) => update.put(*list, &Object::Array(all)),
            _ => {
                own.set("Fields", Object::Array(all));
                changed = true;
            }
        }
    }
    if !changed {
        return Ok(());
    }
    match catalog.get("AcroForm") {
        Some(Object::Reference(id)) => update.put(*id, &Object::Dictionary(own)),
        _ => {
            let root = document.root()?;
            update.put(root, &Object::Dictionary(catalog.with("AcroForm", Object::Dictionary(own))));
        }
    }
    Ok(())
}

/// What whoever certified the document allows: 1 nothing, 2 filling forms and signing, 3 annotating too (ISO 32000-2 table 257).
pub fn permission(document: &mut Document<'_>) -> Result<Option<i64>, Error> {
    let catalog = document.catalog()?;
    let Some(permissions) = document.dictionary(&catalog, "Perms")? else { return Ok(None) };
    let Some(signature) = document.dictionary(&permissions, "DocMDP")? else { return Ok(None) };
    permission_of(document, &signature)
}

/// The same by a signature itself.
pub fn permission_of(document: &mut Document<'_>, signature: &Dictionary) -> Result<Option<i64>, Error> {
    for one in document.array(signature, "Reference")? {
        let Object::Dictionary(one) = document.resolve(&one)? else { continue };
        if one.name("TransformMethod") == Some(b"DocMDP") {
            let parameters = document.dictionary(&one, "TransformParams")?.unwrap_or_default();
            return Ok(Some(document.value(&parameters, "P")?.and_then(|level| level.as_integer()).unwrap_or(2)));
        }
    }
    Ok(None)
}

/// Refuses a document that allows no signature any more: by whoever certified it, or by a signature whose field locks the whole document
/// (ISO 32000-2 table 236, `P`).
pub fn closed(document: &mut Document<'_>) -> Result<(), Error> {
    let all = fields(document)?;
    if permission(document)? == Some(1) {
        return Err(Refusal::Closed.into());
    }
    for field in all.iter().filter(|one| one.kind.as_deref() == Some(b"Sig")) {
        let Some(signature) = document.dictionary(&field.dictionary, "V")? else { continue };
        let lock = document.dictionary(&field.dictionary, "Lock")?;
        if lock.is_some_and(|lock| lock.integer("P") == Some(1)) || permission_of(document, &signature)? == Some(1) {
            return Err(Refusal::Closed.into());
        }
    }
    Ok(())
}

/// Whether a signature that is there locks a field (FieldMDP, ISO 32000-2 section 12.8.2.4).
fn locked(document: &mut Document<'_>, all: &[Field], name: &str) -> Result<bool, Error> {
    for field in all.iter().filter(|one| one.kind.as_deref() == Some(b"Sig")) {
        let Some(signature) = document.dictionary(&field.dictionary, "V")? else { continue };
        for one in document.array(&signature, "Reference")? {
            let Object::Dictionary(one) = document.resolve(&one)? else { continue };
            if one.name("TransformMethod") != Some(b"FieldMDP") {
                continue;
            }
            let rule = document.dictionary(&one, "TransformParams")?.unwrap_or_default();
            let listed = document.array(&rule, "Fields")?;
            let named = listed.iter().filter_map(Object::as_string).any(|one| pdf::read_text(one) == name);
            if match rule.name("Action") {
                Some(b"Include") => named,
                Some(b"Exclude") => !named,
                _ => true,
            } {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// What a field says must be locked once it is signed, as the signature has to repeat it (ISO 32000-2 table 236): nothing when it locks
/// nothing.
pub fn lock(document: &mut Document<'_>, name: &str) -> Result<Option<Object>, Error> {
    let Some(field) = fields(document)?.into_iter().find(|one| one.name == name) else { return Ok(None) };
    let Some(lock) = document.dictionary(&field.dictionary, "Lock")? else { return Ok(None) };
    let mut rule = Dictionary::default().with("Type", Object::name("TransformParams")).with("V", Object::name("1.2"));
    for key in ["Action", "Fields"] {
        if let Some(value) = document.value(&lock, key)? {
            rule.set(key, value);
        }
    }
    let reference = Dictionary::default()
        .with("Type", Object::name("SigRef"))
        .with("TransformMethod", Object::name("FieldMDP"))
        .with("TransformParams", Object::Dictionary(rule));
    Ok(Some(Object::Array(vec![Object::Dictionary(reference)])))
}
