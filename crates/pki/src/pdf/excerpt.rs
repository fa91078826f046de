//! One page of a large document as a small document of its own, for renderers that hold everything they draw in memory.

use super::document::Document;
use super::object::{Dictionary, Id, Object, put};
use super::source::read_at;
use super::{DEEPEST, Refusal};
use crate::Error;
use std::collections::BTreeSet;

/// Most bytes of an excerpt.
pub const MOST_BYTES: usize = 32 * 1024 * 1024;
/// Most objects that one page leads to.
const MOST_OBJECTS: usize = 50_000;
/// Entries of a page that it may have from a node above it (ISO 32000-2 section 7.7.3.4).
const INHERITED: [&str; 4] = ["Resources", "MediaBox", "CropBox", "Rotate"];
/// Entries that lead away from what is drawn, to other pages among them.
const NOT_DRAWN: [&str; 14] = [
    "Parent",
    "P",
    "Popup",
    "Dest",
    "A",
    "AA",
    "IRT",
    "StructParent",
    "StructParents",
    "B",
    "PieceInfo",
    "Metadata",
    "Thumb",
    "V",
];

/// Takes a page out; the first is 0. Numbers of objects stay, streams are copied as they lie. Layers come along, so that the page looks as it
/// does in the document.
///
/// # Errors
/// As [`Document::page`]; [`Refusal::ObjectTooLarge`] when one page holds more than [`MOST_BYTES`].
pub fn excerpt(document: &mut Document<'_>, index: u64) -> Result<Vec<u8>, Error> {
    let page = document.page(index)?;
    let mut own = page.dictionary.clone();
    inherit(document, &page.dictionary, &mut own)?;
    let next = document.next_number();
    let (catalog, tree) = (Id { number: next, generation: 0 }, Id { number: next + 1, generation: 0 });
    own.0.retain(|(key, _)| !NOT_DRAWN.iter().any(|one| one.as_bytes() == key));
    own.set("Parent", Object::Reference(tree));
    let mut roots = Dictionary::default().with("Type", Object::name("Catalog")).with("Pages", Object::Reference(tree));
    if let Some(layers) = document.catalog()?.get("OCProperties") {
        roots.set("OCProperties", layers.clone());
    }
    let pages = Dictionary::default()
        .with("Type", Object::name("Pages"))
        .with("Kids", Object::Array(vec![Object::Reference(page.id)]))
        .with("Count", Object::Integer(1));
    let mut made = Made { bytes: b"%PDF-1.7\n".to_vec(), places: Vec::new(), seen: BTreeSet::new(), open: Vec::new() };
    made.seen.insert(page.id);
    made.seen.extend([catalog, tree]);
    for (id, object) in [(catalog, roots), (tree, pages), (page.id, own)] {
        made.object(document, id, Object::Dictionary(object))?;
    }
    while let Some(id) = made.open.pop() {
        let object = document.get(id)?;
        made.object(document, id, object)?;
    }
    Ok(made.finish(catalog))
}

/// Entries that the page has from above, the nearest first.
fn inherit(document: &mut Document<'_>, page: &Dictionary, own: &mut Dictionary) -> Result<(), Error> {
    let mut node = page.clone();
    for _ in 0..DEEPEST {
        for key in INHERITED {
            if own.get(key).is_none()
                && let Some(found) = node.get(key)
            {
                own.set(key, found.clone());
            }
        }
        let Some(above) = document.dictionary(&node, "Parent")? else { return Ok(()) };
        node = above;
    }
    Err(Refusal::TooDeep.into())
}

struct Made {
    bytes: Vec<u8>,
    places: Vec<(Id, usize)>,
    seen: BTreeSet<Id>,
    open: Vec<Id>,
}

impl Made {
    fn object(&mut self, document: &mut Document<'_>, id: Id, mut object: Object) -> Result<(), Error> {
        if self.places.len() >= MOST_OBJECTS {
            return Err(Refusal::TooManyObjects.into());
        }
        self.clean(&mut object, 0)?;
        self.places.push((id, self.bytes.len()));
        put(&mut self.bytes, format_args!("{} {} obj\n", id.number, id.generation));
        if let Object::Stream(stream) = &mut object {
            let length = usize::try_from(stream.length).ok().filter(|length| self.bytes.len() + length <= MOST_BYTES);
            let length = length.ok_or(Refusal::ObjectTooLarge)?;
            stream.dictionary.set("Length", Object::Integer(i64::try_from(length).unwrap_or(i64::MAX)));
            stream.dictionary.write(&mut self.bytes);
            self.bytes.extend_from_slice(b"\nstream\n");
            self.bytes.extend(read_at(document.source(), stream.start, length)?);
            self.bytes.extend_from_slice(b"\nendstream");
        } else {
            object.write(&mut self.bytes);
        }
        self.bytes.extend_from_slice(b"\nendobj\n");
        if self.bytes.len() > MOST_BYTES { Err(Refusal::ObjectTooLarge.into()) } else { Ok(()) }
    }

    /// Cuts what leads away, and notes what is needed.
    fn clean(&mut self, object: &mut Object, depth: usize) -> Result<(), Error> {
        if depth > DEEPEST {
            return Err(Refusal::TooDeep.into());
        }
        match object {
            Object::Reference(id) if self.seen.insert(*id) => self.open.push(*id),
            Object::Array(all) => {
                for one in all {
                    self.clean(one, depth + 1)?;
                }
            }
            Object::Dictionary(map) => self.entries(map, depth)?,
            Object::Stream(stream) => {
                // The length is written anew; where it was another object, that is not needed.
                stream.dictionary.0.retain(|(key, _)| key != b"Length");
                self.entries(&mut stream.dictionary, depth)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn entries(&mut self, map: &mut Dictionary, depth: usize) -> Result<(), Error> {
        let drawn = map.get("Subtype").is_some() || map.get("FT").is_some();
        if drawn {
            map.0.retain(|(key, _)| !NOT_DRAWN.iter().any(|one| one.as_bytes() == key));
        }
        for (_, one) in &mut map.0 {
            self.clean(one, depth + 1)?;
        }
        Ok(())
    }

    fn finish(mut self, root: Id) -> Vec<u8> {
        self.places.sort_unstable();
        let start = self.bytes.len();
        put(&mut self.bytes, format_args!("xref\n0 1\n0000000000 65535 f\r\n"));
        for (id, at) in &self.places {
            put(&mut self.bytes, format_args!("{} 1\n{at:010} {:05} n\r\n", id.number, id.generation));
        }
        let size = self.places.last().map_or(1, |(id, _)| id.number + 1);
        let trailer =
            Dictionary::default().with("Size", Object::Integer(i64::from(size))).with("Root", Object::Reference(root));
        self.bytes.extend_from_slice(b"trailer\n");
        trailer.write(&mut self.bytes);
        put(&mut self.bytes, format_args!("\nstartxref\n{start}\n%%EOF\n"));
        self.bytes
    }
}
