//! The four kinds of values that both engines share, and rows of them.

use crate::Error;

/// A parameter or a column: nothing else exists in the schema.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Counts, versions, Unix milliseconds, yes (1) and no (0).
    Int(i64),
    /// Text without zero characters.
    Text(String),
    /// Ids (16 bytes), digests, sealed data.
    Bytes(Vec<u8>),
    /// No value.
    Null,
}

/// Shows the kind only: values may be personal.
impl std::fmt::Debug for Value {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(_) => out.write_str("Int(…)"),
            Self::Text(text) => write!(out, "Text({} bytes)", text.len()),
            Self::Bytes(bytes) => write!(out, "Bytes({} bytes)", bytes.len()),
            Self::Null => out.write_str("Null"),
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u16> for Value {
    fn from(value: u16) -> Self {
        Self::Int(value.into())
    }
}

impl From<u8> for Value {
    fn from(value: u8) -> Self {
        Self::Int(value.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl From<&Vec<u8>> for Value {
    fn from(value: &Vec<u8>) -> Self {
        Self::Bytes(value.clone())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(value: &[u8; N]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<lionrock_model::time::Millis> for Value {
    fn from(value: lionrock_model::time::Millis) -> Self {
        Self::Int(value.0)
    }
}

/// One row of an answer. Columns are counted from 0 in the order of the SELECT list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(Vec<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// An integer.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the column is missing, null or of another kind; so for all below.
    pub fn int(&self, column: usize) -> Result<i64, Error> {
        self.opt_int(column)?.ok_or_else(|| wrong(column, "an integer"))
    }

    /// A yes or no, held as 1 or 0.
    ///
    /// # Errors
    /// As [`Row::int`], and for any other integer.
    pub fn flag(&self, column: usize) -> Result<bool, Error> {
        match self.int(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(wrong(column, "0 or 1")),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn text(&self, column: usize) -> Result<&str, Error> {
        self.opt_text(column)?.ok_or_else(|| wrong(column, "text"))
    }

    /// Bytes.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn bytes(&self, column: usize) -> Result<&[u8], Error> {
        self.opt_bytes(column)?.ok_or_else(|| wrong(column, "bytes"))
    }

    /// Exactly `N` bytes: an id (16) or a digest (32).
    ///
    /// # Errors
    /// As [`Row::int`], and for another length.
    pub fn array<const N: usize>(&self, column: usize) -> Result<[u8; N], Error> {
        self.bytes(column)?.try_into().map_err(|_| wrong(column, "bytes of a fixed length"))
    }

    /// Exactly `N` bytes, or null.
    ///
    /// # Errors
    /// As [`Row::array`], but null is `None`.
    pub fn opt_array<const N: usize>(&self, column: usize) -> Result<Option<[u8; N]>, Error> {
        self.opt_bytes(column)?
            .map(|bytes| bytes.try_into().map_err(|_| wrong(column, "bytes of a fixed length")))
            .transpose()
    }

    /// An integer or null.
    ///
    /// # Errors
    /// As [`Row::int`], but null is `None`.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, Error> {
        match self.0.get(column) {
            Some(Value::Int(value)) => Ok(Some(*value)),
            Some(Value::Null) => Ok(None),
            _ => Err(wrong(column, "an integer")),
        }
    }

    /// A text or null.
    ///
    /// # Errors
    /// As [`Row::int`], but null is `None`.
    pub fn opt_text(&self, column: usize) -> Result<Option<&str>, Error> {
        match self.0.get(column) {
            Some(Value::Text(value)) => Ok(Some(value)),
            Some(Value::Null) => Ok(None),
            _ => Err(wrong(column, "text")),
        }
    }

    /// Bytes or null.
    ///
    /// # Errors
    /// As [`Row::int`], but null is `None`.
    pub fn opt_bytes(&self, column: usize) -> Result<Option<&[u8]>, Error> {
        match self.0.get(column) {
            Some(Value::Bytes(value)) => Ok(Some(value)),
            Some(Value::Null) => Ok(None),
            _ => Err(wrong(column, "bytes")),
        }
    }

    /// All columns.
    #[must_use]
    pub fn into_values(self) -> Vec<Value> {
        self.0
    }

    /// How many columns the row has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.0.len()
    }
}

fn wrong(column: usize, wanted: &str) -> Error {
    Error::corrupt(format!("column {column} of an answer is not {wanted}"))
}
