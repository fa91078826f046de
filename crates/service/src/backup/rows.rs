//! The content of a backup's file: tables and their rows, wrapped keys of residents, and at the end the counts.
//!
//! | frame | content |
//! |---|---|
//! | `T` | a table begins: its name, the number of columns (2), their names |
//! | `R` | a row of the table: one value a column |
//! | `P` | a resident's wrapped key: id (16), key |
//! | `F` | in the data file, what names the key a resident's records are sealed with: id (16), print (16) |
//! | `E` | the end: how many rows of each table and how many keys, JSON |
//! | `S` | the platform's signature over header and content up to here |
//!
//! Texts and bytes have their length in front (4). A value is `0` null, `1` integer (8), `2` text, `3` bytes. All numbers are big-endian.

use super::Trouble;
use super::file::{Reader, Writer};
use crate::Fault;
use lionrock_store::Value;
use std::collections::BTreeMap;

/// How many rows of each table, and how many keys under [`KEYS`].
pub type Counts = BTreeMap<String, u64>;
/// The name residents' keys are counted under.
pub const KEYS: &str = "resident keys";
/// Longest text or bytes.
const LONGEST: u32 = 64 * 1024 * 1024;

/// Writes frames.
pub struct Frames {
    /// The file.
    writer: Writer,
    /// What was written so far.
    pub counts: Counts,
    table: String,
    frame: Vec<u8>,
}

impl Frames {
    /// Frames into a file.
    #[must_use]
    pub const fn new(writer: Writer) -> Self {
        Self { writer, counts: Counts::new(), table: String::new(), frame: Vec::new() }
    }

    /// Begins a table.
    ///
    /// # Errors
    /// When the disk takes no more; so for all below.
    pub fn table(&mut self, name: &str, columns: &[String]) -> Result<(), Trouble> {
        name.clone_into(&mut self.table);
        self.counts.insert(name.to_owned(), 0);
        self.frame.clear();
        self.frame.push(b'T');
        bytes(&mut self.frame, name.as_bytes())?;
        self.frame.extend(u16::try_from(columns.len()).unwrap_or(u16::MAX).to_be_bytes());
        columns.iter().try_for_each(|column| bytes(&mut self.frame, column.as_bytes()))?;
        self.writer.write(&self.frame)
    }

    /// A row of the table begun last.
    ///
    /// # Errors
    /// As [`Frames::table`].
    pub fn row(&mut self, row: &[Value]) -> Result<(), Trouble> {
        self.frame.clear();
        self.frame.push(b'R');
        for value in row {
            match value {
                Value::Null => self.frame.push(0),
                Value::Int(number) => {
                    self.frame.push(1);
                    self.frame.extend(number.to_be_bytes());
                }
                Value::Text(text) => {
                    self.frame.push(2);
                    bytes(&mut self.frame, text.as_bytes())?;
                }
                Value::Bytes(content) => {
                    self.frame.push(3);
                    bytes(&mut self.frame, content)?;
                }
            }
        }
        if let Some(count) = self.counts.get_mut(&self.table) {
            *count += 1;
        }
        self.writer.write(&self.frame)
    }

    /// A resident's wrapped key.
    ///
    /// # Errors
    /// As [`Frames::table`].
    pub fn key(&mut self, resident: &[u8; 16], key: &[u8]) -> Result<(), Trouble> {
        self.frame.clear();
        self.frame.push(b'P');
        self.frame.extend_from_slice(resident);
        bytes(&mut self.frame, key)?;
        *self.counts.entry(KEYS.to_owned()).or_default() += 1;
        self.writer.write(&self.frame)
    }

    /// What names the key of a resident: data and keys that belong together agree on it.
    ///
    /// # Errors
    /// As [`Frames::table`].
    pub fn print(&mut self, resident: &[u8; 16], print: &[u8; 16]) -> Result<(), Trouble> {
        self.frame.clear();
        self.frame.push(b'F');
        self.frame.extend_from_slice(resident);
        self.frame.extend_from_slice(print);
        self.writer.write(&self.frame)
    }

    /// The end of the content, and a signature over all of it.
    ///
    /// # Errors
    /// As [`Frames::table`].
    pub fn finish(
        mut self,
        sign: impl FnOnce(&[u8; 32]) -> Result<Vec<u8>, Fault>,
    ) -> Result<(super::file::Written, Counts), Trouble> {
        self.frame.clear();
        self.frame.push(b'E');
        bytes(&mut self.frame, &serde_json::to_vec(&self.counts).map_err(Fault::from)?)?;
        self.writer.write(&self.frame)?;
        let signature = sign(&self.writer.to_sign())?;
        self.frame.clear();
        self.frame.push(b'S');
        bytes(&mut self.frame, &signature)?;
        self.writer.write(&self.frame)?;
        Ok((self.writer.finish()?, self.counts))
    }
}

fn bytes(frame: &mut Vec<u8>, content: &[u8]) -> Result<(), Trouble> {
    let length = u32::try_from(content.len()).ok().filter(|length| *length <= LONGEST);
    let length = length.ok_or_else(|| Fault::stored_data("a value is longer than a backup takes"))?;
    frame.extend(length.to_be_bytes());
    frame.extend_from_slice(content);
    Ok(())
}

/// One piece of the content.
#[derive(Debug)]
pub enum Frame {
    /// A table begins.
    Table(String, Vec<String>),
    /// A row of it.
    Row(Vec<Value>),
    /// A resident's wrapped key.
    Key([u8; 16], Vec<u8>),
    /// What names the key that a resident's records are sealed with.
    Print([u8; 16], [u8; 16]),
}

/// Reads frames and counts them; the end is given only when the counts are those written.
pub struct Content {
    /// The file.
    pub reader: Reader,
    counts: Counts,
    table: Option<(String, usize)>,
    seal: Option<Seal>,
}

/// What was signed, and the signature: to be checked by whoever has the platform's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Digest of header and content.
    pub digest: [u8; 32],
    /// Ed25519.
    pub signature: Vec<u8>,
}

impl Content {
    /// The content of an opened file.
    #[must_use]
    pub const fn new(reader: Reader) -> Self {
        Self { reader, counts: Counts::new(), table: None, seal: None }
    }

    /// The platform's signature; there once the end was reached.
    #[must_use]
    pub const fn seal(&self) -> Option<&Seal> {
        self.seal.as_ref()
    }

    /// What was read so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// [`Trouble::Damaged`].
    pub fn frame(&mut self) -> Result<Option<Frame>, Trouble> {
        if self.seal.is_some() {
            return Ok(None);
        }
        match self.number::<1>()? {
            [b'T'] => self.table().map(Some),
            [b'R'] => self.row().map(Some),
            [b'P'] => {
                let resident = self.number::<16>()?;
                *self.counts.entry(KEYS.to_owned()).or_default() += 1;
                Ok(Some(Frame::Key(resident, self.bytes()?)))
            }
            [b'F'] => Ok(Some(Frame::Print(self.number::<16>()?, self.number::<16>()?))),
            [b'E'] => {
                let said: Option<Counts> = serde_json::from_slice(&self.bytes()?).ok();
                if said.as_ref() != Some(&self.counts) {
                    return Err(self.reader.wrong("its counts are not those of its rows"));
                }
                let digest = self.reader.signed();
                if self.number::<1>()? != *b"S" {
                    return Err(self.reader.wrong("it is not signed"));
                }
                let signature = self.bytes()?;
                if self.reader.take(&mut [0])? {
                    return Err(self.reader.wrong("something follows its end"));
                }
                self.seal = Some(Seal { digest, signature });
                Ok(None)
            }
            _ => Err(self.reader.wrong("it holds something no backup holds")),
        }
    }

    fn table(&mut self) -> Result<Frame, Trouble> {
        let name = self.text()?;
        let columns = u16::from_be_bytes(self.number()?);
        let columns = (0..columns).map(|_| self.text()).collect::<Result<Vec<_>, _>>()?;
        self.table = Some((name.clone(), columns.len()));
        if self.counts.insert(name.clone(), 0).is_some() {
            return Err(self.reader.wrong("a table comes twice"));
        }
        Ok(Frame::Table(name, columns))
    }

    fn row(&mut self) -> Result<Frame, Trouble> {
        let Some((table, width)) = self.table.clone() else {
            return Err(self.reader.wrong("a row comes before its table"));
        };
        let mut row = Vec::with_capacity(width);
        for _ in 0..width {
            row.push(match self.number::<1>()? {
                [0] => Value::Null,
                [1] => Value::Int(i64::from_be_bytes(self.number()?)),
                [2] => Value::Text(self.text()?),
                [3] => Value::Bytes(self.bytes()?),
                _ => return Err(self.reader.wrong("it holds a value no backup holds")),
            });
        }
        *self.counts.entry(table).or_default() += 1;
        Ok(Frame::Row(row))
    }

    fn text(&mut self) -> Result<String, Trouble> {
        let bytes = self.bytes()?;
        String::from_utf8(bytes).map_err(|_| self.reader.wrong("a text in it is no text"))
    }

    fn bytes(&mut self) -> Result<Vec<u8>, Trouble> {
        let length = u32::from_be_bytes(self.number()?);
        if length > LONGEST {
            return Err(self.reader.wrong("it holds a value longer than a backup takes"));
        }
        let mut bytes = vec![0; length as usize];
        if length > 0 && !self.reader.take(&mut bytes)? {
            return Err(self.reader.cut());
        }
        Ok(bytes)
    }

    fn number<const N: usize>(&mut self) -> Result<[u8; N], Trouble> {
        let mut bytes = [0; N];
        if self.reader.take(&mut bytes)? { Ok(bytes) } else { Err(self.reader.cut()) }
    }
}
