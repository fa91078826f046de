//! A PDF by its objects.

use super::lexer::{Lexer, Span};
use super::object::{Dictionary, Id, Object, Stream};
use super::source::Source;
use super::xref::{self, Entry, Section, Tables};
use super::{LONGEST_OBJECT, MOST_OBJECTS, Refusal};
use crate::Error;

/// Longest row of references to references.
const LONGEST_CHASE: usize = 16;

/// A PDF that is read object by object.
pub struct Document<'s> {
    source: &'s mut dyn Source,
    length: u64,
    ended: bool,
    sections: Vec<Section>,
    packed: Option<Pack>,
}

/// A stream of objects, opened.
struct Pack {
    stream: u32,
    bytes: Vec<u8>,
    /// Numbers of its objects, and where they begin.
    places: Vec<(u32, usize)>,
}

/// A value of a dictionary and where it stands in the file.
pub(crate) struct Placed {
    pub key: Vec<u8>,
    pub value: Object,
    pub span: std::ops::Range<u64>,
}

impl<'s> Document<'s> {
    /// Reads the tables of a file.
    ///
    /// # Errors
    /// [`Error::Pdf`] with the reason; [`Error::Io`].
    pub fn open(source: &'s mut dyn Source) -> Result<Self, Error> {
        let Tables { sections, length, ended } = xref::sections(source)?;
        let mut document = Self { source, length, ended, sections, packed: None };
        document.catalog()?;
        Ok(document)
    }

    /// Bytes of the file.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Whether nothing but white space follows its newest table.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        self.ended
    }

    /// Its cross-reference sections, the newest first.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The newest trailer.
    #[must_use]
    pub fn trailer(&self) -> Dictionary {
        self.sections.first().map(|section| section.trailer.clone()).unwrap_or_default()
    }

    /// The file itself.
    pub fn source(&mut self) -> &mut dyn Source {
        self.source
    }

    /// The name of the catalog.
    ///
    /// # Errors
    /// [`Refusal::Damaged`].
    pub fn root(&self) -> Result<Id, Error> {
        let root = self.sections.first().and_then(|section| section.trailer.get("Root")).and_then(Object::as_reference);
        Ok(root.ok_or(Refusal::Damaged("its catalog is missing"))?)
    }

    /// The catalog.
    ///
    /// # Errors
    /// [`Refusal::Damaged`].
    pub fn catalog(&mut self) -> Result<Dictionary, Error> {
        let root = self.root()?;
        match self.get(root)? {
            Object::Dictionary(map) => Ok(map),
            _ => Err(Refusal::Damaged("its catalog").into()),
        }
    }

    /// One more than the highest number of an object.
    #[must_use]
    pub fn next_number(&self) -> u32 {
        let highest = self.sections.iter().filter_map(|section| section.entries().last()).map(|(number, _)| *number);
        let size = self.sections.iter().filter_map(|section| section.trailer.integer("Size"));
        let most = i64::try_from(MOST_OBJECTS).unwrap_or(i64::MAX) * 8;
        let size = size.filter(|size| (0..most).contains(size)).max().and_then(|size| u32::try_from(size).ok());
        highest.max().map_or(1, |number| number.saturating_add(1)).max(size.unwrap_or(1))
    }

    /// Where an object lies, by the newest section that names it.
    #[must_use]
    pub fn entry(&self, number: u32) -> Option<Entry> {
        self.sections.iter().find_map(|section| section.entry(number))
    }

    /// An object; null when there is none (ISO 32000-2 section 7.3.10).
    ///
    /// # Errors
    /// [`Error::Pdf`] when it is not where the table says.
    pub fn get(&mut self, id: Id) -> Result<Object, Error> {
        self.find(id, 0)
    }

    fn find(&mut self, id: Id, depth: usize) -> Result<Object, Error> {
        if depth > 4 {
            return Err(Refusal::Circle.into());
        }
        match self.entry(id.number) {
            None | Some(Entry::Free) => Ok(Object::Null),
            Some(Entry::At { offset, generation }) => {
                if generation != id.generation {
                    return Ok(Object::Null);
                }
                self.at(offset, id, depth)
            }
            Some(Entry::Inside { stream, index }) => {
                if id.generation != 0 {
                    return Ok(Object::Null);
                }
                self.inside(stream, index, id.number, depth)
            }
        }
    }

    fn at(&mut self, offset: u64, id: Id, depth: usize) -> Result<Object, Error> {
        // The length of a stream may be another object.
        let mut wanted = None;
        let first = xref::indirect(self.source, self.length, offset, &mut |_, id| {
            wanted = Some(id);
            Err(Refusal::Circle.into())
        });
        let (found, object) = match (first, wanted) {
            (Err(_), Some(length)) => {
                let length = self.find(length, depth + 1)?.as_integer().and_then(|length| u64::try_from(length).ok());
                let length = length.ok_or(Refusal::Damaged("a stream's length"))?;
                xref::indirect(self.source, self.length, offset, &mut |_, _| Ok(length))?
            }
            (other, _) => other?,
        };
        if found == id { Ok(object) } else { Err(Refusal::Damaged("an object is not where its table says").into()) }
    }

    /// An object in a stream of objects (ISO 32000-2 section 7.5.7).
    fn inside(&mut self, stream: u32, index: u32, number: u32, depth: usize) -> Result<Object, Error> {
        let wrong = Refusal::Damaged("a stream of objects");
        if self.packed.as_ref().is_none_or(|pack| pack.stream != stream) {
            let Some(Entry::At { offset, generation }) = self.entry(stream) else { return Err(wrong.into()) };
            let id = Id { number: stream, generation };
            let Object::Stream(found) = self.at(offset, id, depth + 1)? else { return Err(wrong.into()) };
            if !found.dictionary.is_type("ObjStm") {
                return Err(wrong.into());
            }
            let bytes = xref::decoded(self.source, &found)?;
            let small =
                |key: &str| found.dictionary.integer(key).and_then(|value| usize::try_from(value).ok()).ok_or(wrong);
            let (count, first) = (small("N")?, small("First")?);
            if count > bytes.len() {
                return Err(wrong.into());
            }
            let mut lexer = Lexer::new(&bytes, true);
            let mut places = Vec::with_capacity(count);
            for _ in 0..count {
                let number = lexer.unsigned().ok().and_then(|number| u32::try_from(number).ok()).ok_or(wrong)?;
                let place = lexer.unsigned().ok().and_then(|place| usize::try_from(place).ok()).ok_or(wrong)?;
                places.push((number, first.checked_add(place).ok_or(wrong)?));
            }
            self.packed = Some(Pack { stream, bytes, places });
        }
        let Pack { bytes, places, .. } = self.packed.as_ref().ok_or(wrong)?;
        let place = usize::try_from(index).ok().and_then(|index| places.get(index)).filter(|(own, _)| *own == number);
        let (_, place) = place.ok_or(Refusal::Damaged("an object is not where its table says"))?;
        let mut lexer = Lexer::new(bytes.get(*place..).ok_or(wrong)?, true);
        lexer.object().map_err(|stop| match stop {
            super::lexer::Stop::Refused(refusal) => refusal.into(),
            super::lexer::Stop::Short => wrong.into(),
        })
    }

    /// The value itself, when it is a reference the object it names.
    ///
    /// # Errors
    /// As [`Document::get`]; [`Refusal::Circle`].
    pub fn resolve(&mut self, object: &Object) -> Result<Object, Error> {
        let mut found = object.clone();
        for _ in 0..LONGEST_CHASE {
            let Object::Reference(id) = found else { return Ok(found) };
            found = self.get(id)?;
        }
        Err(Refusal::Circle.into())
    }

    /// The value of a key, resolved; nothing when there is none.
    ///
    /// # Errors
    /// As [`Document::resolve`].
    pub fn value(&mut self, map: &Dictionary, key: &str) -> Result<Option<Object>, Error> {
        let Some(object) = map.get(key) else { return Ok(None) };
        let found = self.resolve(object)?;
        Ok(Some(found).filter(|found| *found != Object::Null))
    }

    /// The dictionary at a key, resolved; nothing when there is none.
    ///
    /// # Errors
    /// As [`Document::resolve`].
    pub fn dictionary(&mut self, map: &Dictionary, key: &str) -> Result<Option<Dictionary>, Error> {
        Ok(self.value(map, key)?.and_then(|found| found.as_dictionary().cloned()))
    }

    /// The list at a key, resolved; empty when there is none.
    ///
    /// # Errors
    /// As [`Document::resolve`].
    pub fn array(&mut self, map: &Dictionary, key: &str) -> Result<Vec<Object>, Error> {
        Ok(match self.value(map, key)? {
            Some(Object::Array(all)) => all,
            _ => Vec::new(),
        })
    }

    /// A dictionary that stands in the file by itself, with the places of its values; nothing when it is packed away or no dictionary.
    pub(crate) fn placed(&mut self, id: Id) -> Result<Option<Vec<Placed>>, Error> {
        let Some(Entry::At { offset, generation }) = self.entry(id.number) else { return Ok(None) };
        if generation != id.generation {
            return Ok(None);
        }
        let found = xref::window(self.source, self.length, offset, LONGEST_OBJECT, |lexer| {
            let own = lexer.head()?;
            Ok((own, lexer.spans()?))
        });
        let (own, all) = found?;
        if own != id {
            return Err(Refusal::Damaged("an object is not where its table says").into());
        }
        let place = |span: Span| offset + span.start as u64..offset + span.end as u64;
        Ok(Some(all.into_iter().map(|(key, value, span)| Placed { key, value, span: place(span) }).collect()))
    }

    /// The bytes of a stream, unpacked.
    ///
    /// # Errors
    /// [`Refusal::Unsupported`], [`Refusal::ObjectTooLarge`], [`Refusal::Damaged`].
    pub fn bytes(&mut self, stream: &Stream) -> Result<Vec<u8>, Error> {
        xref::decoded(self.source, stream)
    }
}
