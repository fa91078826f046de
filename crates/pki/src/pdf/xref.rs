//! Cross-reference tables and streams (ISO 32000-2 sections 7.5.4, 7.5.8): where each object lies.

use super::lexer::{Lexer, Stop};
use super::object::{Dictionary, Id, Object, Stream};
use super::source::{Source, read_at};
use super::{LONGEST_OBJECT, LONGEST_STREAM, MOST_OBJECTS, MOST_SECTIONS, Refusal};
use crate::Error;
use flate2::read::ZlibDecoder;
use std::collections::BTreeSet;
use std::io::{Read, SeekFrom};

/// Where the place of the last section is looked for, from the end.
const TAIL: u64 = 2048;

/// Where an object lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nowhere: it was taken away.
    Free,
    /// In the file.
    At {
        /// From this byte on.
        offset: u64,
        /// With this generation.
        generation: u16,
    },
    /// In a stream of objects.
    Inside {
        /// The stream's number.
        stream: u32,
        /// Which object of it.
        index: u32,
    },
}

/// How a section is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As text.
    Table,
    /// As a stream.
    Stream,
}

/// One cross-reference section: what one revision says about where objects lie.
#[derive(Clone, Debug)]
pub struct Section {
    /// Where it begins.
    pub start: u64,
    /// How it is written.
    pub kind: Kind,
    /// Its trailer.
    pub trailer: Dictionary,
    /// Sorted by number.
    entries: Vec<(u32, Entry)>,
}

impl Section {
    /// What it says about an object.
    #[must_use]
    pub fn entry(&self, number: u32) -> Option<Entry> {
        let at = self.entries.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.entries.get(at).map(|(_, entry)| *entry)
    }

    /// All it says, by number.
    #[must_use]
    pub fn entries(&self) -> &[(u32, Entry)] {
        &self.entries
    }

    fn new(start: u64, kind: Kind, trailer: Dictionary, mut entries: Vec<(u32, Entry)>) -> Result<Self, Error> {
        entries.sort_by_key(|(number, _)| *number);
        if entries.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b)) {
            return Err(Refusal::Damaged("an object stands twice in one table").into());
        }
        Ok(Self { start, kind, trailer, entries })
    }
}

/// The tables of a file.
pub struct Tables {
    /// All sections, the newest first.
    pub sections: Vec<Section>,
    /// The length of the file.
    pub length: u64,
    /// Nothing follows the newest section.
    pub ended: bool,
}

/// Reads all sections.
pub fn sections(source: &mut dyn Source) -> Result<Tables, Error> {
    let length = source.seek(SeekFrom::End(0))?;
    if !read_at(source, 0, 8)?.starts_with(b"%PDF-") {
        return Err(Refusal::NotAPdf.into());
    }
    let (newest, ended) = last(source, length)?;
    let mut next = Some(newest);
    let mut seen = BTreeSet::new();
    let mut all: Vec<Section> = Vec::new();
    let mut objects = 0;
    while let Some(at) = next {
        if !seen.insert(at) {
            return Err(Refusal::Circle.into());
        }
        if all.len() >= MOST_SECTIONS {
            return Err(Refusal::TooManyRevisions.into());
        }
        let mut section = section(source, length, at)?;
        if section.trailer.get("Encrypt").is_some() {
            return Err(Refusal::Encrypted.into());
        }
        if let Some(hidden) = section.trailer.integer("XRefStm").filter(|_| section.kind == Kind::Table) {
            let hidden = u64::try_from(hidden).map_err(|_| Refusal::Damaged("a place in the trailer"))?;
            if !seen.insert(hidden) {
                return Err(Refusal::Circle.into());
            }
            hybrid(&mut section, self::section(source, length, hidden)?)?;
        }
        objects += section.entries.len();
        if objects > MOST_OBJECTS {
            return Err(Refusal::TooManyObjects.into());
        }
        next = match section.trailer.get("Prev") {
            None => None,
            Some(place) => {
                let place = place.as_integer().and_then(|place| u64::try_from(place).ok());
                Some(place.ok_or(Refusal::Damaged("a place in the trailer"))?)
            }
        };
        all.push(section);
    }
    Ok(Tables { sections: all, length, ended })
}

/// In a file for old and new readers, new readers take from the stream what the table calls free (ISO 32000-2 section 7.5.8.4).
fn hybrid(section: &mut Section, hidden: Section) -> Result<(), Error> {
    if hidden.kind != Kind::Stream {
        return Err(Refusal::Damaged("a hidden section is no stream").into());
    }
    let mut entries: Vec<(u32, Entry)> = hidden.entries;
    entries.retain(|(number, _)| section.entry(*number).is_none_or(|entry| entry == Entry::Free));
    let shown = std::mem::take(&mut section.entries);
    let taken: BTreeSet<u32> = entries.iter().map(|(number, _)| *number).collect();
    entries.extend(shown.into_iter().filter(|(number, _)| !taken.contains(number)));
    entries.sort_by_key(|(number, _)| *number);
    section.entries = entries;
    Ok(())
}

/// The place of the newest section, the number after the last `startxref`; and whether nothing follows it.
fn last(source: &mut dyn Source, length: u64) -> Result<(u64, bool), Error> {
    let from = length.saturating_sub(TAIL);
    let tail = read_at(source, from, usize::try_from(TAIL).unwrap_or_default())?;
    let word = b"startxref";
    let at = tail.windows(word.len()).rposition(|window| window == word).ok_or(Refusal::NotAPdf)?;
    let mut lexer = Lexer::new(tail.get(at + word.len()..).unwrap_or_default(), true);
    let place = lexer.unsigned().map_err(|_| Refusal::Damaged("the place of its table"))?;
    let rest = tail.get(at..).unwrap_or_default();
    let end =
        rest.windows(5).position(|window| window == b"%%EOF").ok_or(Refusal::Damaged("it does not end as a PDF"))?;
    let after = rest.get(end + 5..).unwrap_or_default();
    Ok((place, after.iter().all(u8::is_ascii_whitespace)))
}

fn section(source: &mut dyn Source, length: u64, at: u64) -> Result<Section, Error> {
    if at >= length {
        return Err(Refusal::Damaged("its table lies outside of it").into());
    }
    let most = MOST_OBJECTS * 20 + LONGEST_OBJECT;
    enum Found {
        Table(Vec<(u32, Entry)>, Dictionary),
        Other,
    }
    let found = window(source, length, at, most, |lexer| {
        lexer.skip_white()?;
        if !lexer.keyword("xref")? {
            return Ok(Found::Other);
        }
        let entries = table(lexer)?;
        match lexer.object()? {
            Object::Dictionary(trailer) => Ok(Found::Table(entries, trailer)),
            _ => Err(Refusal::Damaged("the trailer is missing").into()),
        }
    })?;
    match found {
        Found::Table(entries, trailer) => Section::new(at, Kind::Table, trailer, entries),
        Found::Other => {
            let (_, object) =
                indirect(source, length, at, &mut |_, _| Err(Refusal::Damaged("a table's length").into()))?;
            let Object::Stream(stream) = object else { return Err(Refusal::Damaged("its table").into()) };
            if !stream.dictionary.is_type("XRef") {
                return Err(Refusal::Damaged("its table").into());
            }
            let bytes = decoded(source, &stream)?;
            let entries = packed(&stream.dictionary, &bytes)?;
            Section::new(at, Kind::Stream, stream.dictionary, entries)
        }
    }
}

/// The lines of a table, up to and with the word `trailer`.
fn table(lexer: &mut Lexer<'_>) -> Result<Vec<(u32, Entry)>, Stop> {
    let mut entries = Vec::new();
    while !lexer.keyword("trailer")? {
        let first = lexer.unsigned()?;
        let count = lexer.unsigned()?;
        if entries.len() as u64 + count > MOST_OBJECTS as u64 {
            return Err(Refusal::TooManyObjects.into());
        }
        for number in first..first.saturating_add(count) {
            let offset = lexer.unsigned()?;
            let generation = lexer.unsigned()?;
            let used = lexer.keyword("n")?;
            if !used && !lexer.keyword("f")? {
                return Err(Refusal::Damaged("a line of its table").into());
            }
            let number = u32::try_from(number).map_err(|_| Refusal::Damaged("an object's number"))?;
            let generation = u16::try_from(generation).unwrap_or(u16::MAX);
            entries.push((number, if used && offset > 0 { Entry::At { offset, generation } } else { Entry::Free }));
        }
    }
    Ok(entries)
}

/// The fields of a cross-reference stream (ISO 32000-2 section 7.5.8.3).
fn packed(dictionary: &Dictionary, bytes: &[u8]) -> Result<Vec<(u32, Entry)>, Error> {
    let wrong = Refusal::Damaged("the widths of its table");
    let small = |object: &Object| object.as_integer().and_then(|number| usize::try_from(number).ok());
    let widths = dictionary.get("W").and_then(Object::as_array).ok_or(wrong)?;
    let [Some(a), Some(b), Some(c)] = [0, 1, 2].map(|at| widths.get(at).and_then(small)) else {
        return Err(wrong.into());
    };
    if widths.len() != 3 || a > 4 || b > 8 || c > 8 || a + b + c == 0 {
        return Err(wrong.into());
    }
    let size = dictionary.get("Size").and_then(small).ok_or(wrong)?;
    let ranges: Vec<usize> = match dictionary.get("Index").and_then(Object::as_array) {
        Some(all) => all.iter().map(small).collect::<Option<_>>().ok_or(wrong)?,
        None => vec![0, size],
    };
    let mut rows = bytes.chunks_exact(a + b + c);
    let mut entries = Vec::new();
    for range in ranges.chunks(2) {
        let [first, count] = range else { return Err(wrong.into()) };
        if entries.len() + count > MOST_OBJECTS {
            return Err(Refusal::TooManyObjects.into());
        }
        for number in *first..first.saturating_add(*count) {
            let row = rows.next().ok_or(Refusal::Damaged("its table is too short"))?;
            let (kind, rest) = row.split_at_checked(a).ok_or(wrong)?;
            let (second, third) = rest.split_at_checked(b).ok_or(wrong)?;
            let value = |bytes: &[u8]| bytes.iter().fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
            let number = u32::try_from(number).map_err(|_| Refusal::Damaged("an object's number"))?;
            let (second, third) = (value(second), value(third));
            let entry = match if a == 0 { 1 } else { value(kind) } {
                1 => Entry::At { offset: second, generation: u16::try_from(third).unwrap_or(u16::MAX) },
                2 => Entry::Inside {
                    stream: u32::try_from(second).map_err(|_| Refusal::Damaged("an object's number"))?,
                    index: u32::try_from(third).map_err(|_| Refusal::Damaged("an object's number"))?,
                },
                // Kinds that are not known are nothing (ISO 32000-2 section 7.5.8.3).
                _ => Entry::Free,
            };
            entries.push((number, entry));
        }
    }
    Ok(entries)
}

/// Looks through windows that grow until the answer is there.
pub fn window<T>(
    source: &mut dyn Source,
    length: u64,
    at: u64,
    most: usize,
    mut look: impl FnMut(&mut Lexer<'_>) -> Result<T, Stop>,
) -> Result<T, Error> {
    let mut size = 4096;
    loop {
        let bytes = read_at(source, at, size)?;
        let whole = at + bytes.len() as u64 >= length;
        match look(&mut Lexer::new(&bytes, whole)) {
            Ok(found) => return Ok(found),
            Err(Stop::Refused(refusal)) => return Err(refusal.into()),
            Err(Stop::Short) if size >= most => return Err(Refusal::ObjectTooLarge.into()),
            Err(Stop::Short) => size = (size * 4).min(most),
        }
    }
}

/// How to find the length of a stream that is another object.
pub type Lengths<'a> = &'a mut dyn FnMut(&mut dyn Source, Id) -> Result<u64, Error>;

/// The object at a place, with its name.
pub fn indirect(source: &mut dyn Source, length: u64, at: u64, lengths: Lengths<'_>) -> Result<(Id, Object), Error> {
    if at >= length {
        return Err(Refusal::Damaged("an object lies outside of it").into());
    }
    let (id, object, after) = window(source, length, at, LONGEST_OBJECT, |lexer| {
        let id = lexer.head()?;
        let object = lexer.object()?;
        if lexer.keyword("endobj")? {
            return Ok((id, object, None));
        }
        if !lexer.keyword("stream")? {
            return Err(Refusal::Damaged("an object does not end").into());
        }
        Ok((id, object, Some(lexer.position())))
    })?;
    let Some(after) = after else { return Ok((id, object)) };
    let Object::Dictionary(dictionary) = object else { return Err(Refusal::Damaged("a stream").into()) };
    let after = at + after as u64;
    let skip = match read_at(source, after, 2)?.as_slice() {
        [b'\r', b'\n'] => 2,
        [b'\n', ..] => 1,
        _ => return Err(Refusal::Damaged("a stream does not begin as it should").into()),
    };
    let size = match dictionary.get("Length") {
        Some(Object::Integer(size)) => u64::try_from(*size).map_err(|_| Refusal::Damaged("a stream's length"))?,
        Some(Object::Reference(id)) => lengths(source, *id)?,
        _ => return Err(Refusal::Damaged("a stream's length").into()),
    };
    let start = after + skip;
    if start.checked_add(size).is_none_or(|end| end > length) {
        return Err(Refusal::Damaged("a stream ends outside of it").into());
    }
    // The length must lead to the end: readers that search for it instead would see other bytes.
    let end = read_at(source, start + size, 16)?;
    let trimmed: &[u8] = end
        .strip_prefix(b"\r\n")
        .or_else(|| end.strip_prefix(b"\n"))
        .or_else(|| end.strip_prefix(b"\r"))
        .unwrap_or(&end);
    if !trimmed.starts_with(b"endstream") {
        return Err(Refusal::Damaged("a stream's length").into());
    }
    Ok((id, Object::Stream(Stream { dictionary, start, length: size })))
}

/// The bytes of a stream, unpacked.
pub fn decoded(source: &mut dyn Source, stream: &Stream) -> Result<Vec<u8>, Error> {
    let size = usize::try_from(stream.length).unwrap_or(usize::MAX);
    if size > LONGEST_STREAM {
        return Err(Refusal::ObjectTooLarge.into());
    }
    let raw = read_at(source, stream.start, size)?;
    let first = |key: &str| match stream.dictionary.get(key) {
        Some(Object::Array(all)) if all.len() <= 1 => Ok(all.first()),
        Some(Object::Array(_)) => Err(Refusal::Unsupported("several compressions of one stream")),
        other => Ok(other),
    };
    let bytes = match first("Filter")?.and_then(Object::as_name) {
        None => return Ok(raw),
        Some(b"FlateDecode" | b"Fl") => {
            let mut bytes = Vec::new();
            let most = LONGEST_STREAM as u64 + 1;
            ZlibDecoder::new(raw.as_slice())
                .take(most)
                .read_to_end(&mut bytes)
                .map_err(|_| Refusal::Damaged("a packed stream"))?;
            if bytes.len() > LONGEST_STREAM {
                return Err(Refusal::ObjectTooLarge.into());
            }
            bytes
        }
        Some(_) => return Err(Refusal::Unsupported("a compression of its structure").into()),
    };
    let Some(parameters) = first("DecodeParms")?.and_then(Object::as_dictionary) else { return Ok(bytes) };
    match parameters.integer("Predictor").unwrap_or(1) {
        1 => Ok(bytes),
        10..=15 => rows(&bytes, parameters),
        _ => Err(Refusal::Unsupported("a predictor of its structure").into()),
    }
}

/// Undoes the row filters of PNG (ISO 32000-2 section 7.4.4.4).
fn rows(bytes: &[u8], parameters: &Dictionary) -> Result<Vec<u8>, Error> {
    let wrong = Refusal::Damaged("a predictor");
    let number = |key: &str, default: i64| {
        let number = parameters.integer(key).unwrap_or(default);
        usize::try_from(number).ok().filter(|number| (1..=1 << 20).contains(number)).ok_or(wrong)
    };
    let (colours, bits, columns) = (number("Colors", 1)?, number("BitsPerComponent", 8)?, number("Columns", 1)?);
    if colours > 32 || bits > 16 {
        return Err(wrong.into());
    }
    let width = (colours * bits * columns).div_ceil(8);
    let step = (colours * bits).div_ceil(8);
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut above = vec![0_u8; width];
    for row in bytes.chunks(width + 1) {
        let (kind, rest) = row.split_first().ok_or(wrong)?;
        let mut line = vec![0_u8; width];
        for (index, byte) in rest.iter().enumerate() {
            let left = index.checked_sub(step).and_then(|at| line.get(at).copied()).unwrap_or(0);
            let up = above.get(index).copied().unwrap_or(0);
            let corner = index.checked_sub(step).and_then(|at| above.get(at).copied()).unwrap_or(0);
            let guess = match kind {
                0 => 0,
                1 => left,
                2 => up,
                3 => u8::try_from((u16::from(left) + u16::from(up)) / 2).unwrap_or(0),
                4 => paeth(left, up, corner),
                _ => return Err(wrong.into()),
            };
            if let Some(place) = line.get_mut(index) {
                *place = byte.wrapping_add(guess);
            }
        }
        out.extend_from_slice(line.get(..rest.len()).unwrap_or_default());
        above = line;
    }
    Ok(out)
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let guess = a + b - c;
    let (da, db, dc) = ((guess - a).abs(), (guess - b).abs(), (guess - c).abs());
    if da <= db && da <= dc {
        left
    } else if db <= dc {
        up
    } else {
        corner
    }
}
