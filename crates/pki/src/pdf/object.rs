//! Objects of a PDF (ISO 32000-2 section 7.3), and how they are written.

use std::io::Write;

/// The name of an indirect object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// Its number.
    pub number: u32,
    /// Its generation.
    pub generation: u16,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// Nothing.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number, as it is written.
    Real(String),
    /// Bytes.
    String(Vec<u8>),
    /// A name, without its slash and with its escapes resolved.
    Name(Vec<u8>),
    /// A list.
    Array(Vec<Self>),
    /// A map.
    Dictionary(Dictionary),
    /// Another object.
    Reference(Id),
    /// A dictionary with bytes that lie in the file.
    Stream(Stream),
}

/// Bytes in the file, described by a dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// What they are.
    pub dictionary: Dictionary,
    /// Where they begin.
    pub start: u64,
    /// How many they are.
    pub length: u64,
}

/// A map from names to values, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dictionary(pub Vec<(Vec<u8>, Object)>);

impl Dictionary {
    /// The value of a key; nothing for null, which is the same as absent (ISO 32000-2 section 7.3.7).
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Object> {
        let found = self.0.iter().find(|(name, _)| name == key.as_bytes()).map(|(_, value)| value);
        found.filter(|value| !matches!(value, Object::Null))
    }

    /// Sets the value of a key.
    pub fn set(&mut self, key: &str, value: Object) {
        match self.0.iter_mut().find(|(name, _)| name == key.as_bytes()) {
            Some((_, old)) => *old = value,
            None => self.0.push((key.as_bytes().to_vec(), value)),
        }
    }

    /// The same with a key set.
    #[must_use]
    pub fn with(mut self, key: &str, value: Object) -> Self {
        self.set(key, value);
        self
    }

    /// A name as the value of a key.
    #[must_use]
    pub fn name(&self, key: &str) -> Option<&[u8]> {
        self.get(key).and_then(Object::as_name)
    }

    /// A whole number as the value of a key.
    #[must_use]
    pub fn integer(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(Object::as_integer)
    }

    /// Whether `/Type` is this.
    #[must_use]
    pub fn is_type(&self, kind: &str) -> bool {
        self.name("Type") == Some(kind.as_bytes())
    }
}

impl Object {
    /// A name.
    #[must_use]
    pub fn name(name: &str) -> Self {
        Self::Name(name.as_bytes().to_vec())
    }

    /// The name, when it is one.
    #[must_use]
    pub fn as_name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    /// The whole number, when it is one.
    #[must_use]
    pub const fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    /// The number, whole or not.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "lengths on a page are small")]
            Self::Integer(number) => Some(*number as f64),
            Self::Real(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The bytes of a string.
    #[must_use]
    pub fn as_string(&self) -> Option<&[u8]> {
        if let Self::String(bytes) = self { Some(bytes) } else { None }
    }

    /// The list, when it is one.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(all) = self { Some(all) } else { None }
    }

    /// The map of a dictionary or a stream.
    #[must_use]
    pub const fn as_dictionary(&self) -> Option<&Dictionary> {
        match self {
            Self::Dictionary(map) => Some(map),
            Self::Stream(stream) => Some(&stream.dictionary),
            _ => None,
        }
    }

    /// The object it names, when it is a reference.
    #[must_use]
    pub const fn as_reference(&self) -> Option<Id> {
        if let Self::Reference(id) = self { Some(*id) } else { None }
    }

    /// Writes the value as it stands in a file; of a stream only its dictionary.
    pub fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::Null => to.extend_from_slice(b"null"),
            Self::Boolean(value) => to.extend_from_slice(if *value { b"true" } else { b"false" }),
            Self::Integer(number) => put(to, format_args!("{number}")),
            Self::Real(text) => to.extend_from_slice(text.as_bytes()),
            Self::String(bytes) => {
                to.push(b'<');
                hex(to, bytes);
                to.push(b'>');
            }
            Self::Name(name) => name_to(to, name),
            Self::Array(all) => {
                to.push(b'[');
                for (index, one) in all.iter().enumerate() {
                    if index > 0 {
                        to.push(b' ');
                    }
                    one.write(to);
                }
                to.push(b']');
            }
            Self::Dictionary(map) => map.write(to),
            Self::Reference(id) => put(to, format_args!("{} {} R", id.number, id.generation)),
            Self::Stream(stream) => stream.dictionary.write(to),
        }
    }
}

impl Dictionary {
    /// Writes the map as it stands in a file.
    pub fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(b"<<");
        for (key, value) in &self.0 {
            name_to(to, key);
            to.push(b' ');
            value.write(to);
        }
        to.extend_from_slice(b">>");
    }
}

/// Appends formatted text; writing to a vector cannot fail.
pub(crate) fn put(to: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _ = to.write_fmt(text);
}

/// Appends bytes as hexadecimal digits.
pub(crate) fn hex(to: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        put(to, format_args!("{byte:02x}"));
    }
}

fn name_to(to: &mut Vec<u8>, name: &[u8]) {
    to.push(b'/');
    for byte in name {
        // Regular characters stand for themselves (ISO 32000-2 section 7.3.5).
        if byte.is_ascii_graphic() && !b"#()<>[]{}/%".contains(byte) {
            to.push(*byte);
        } else {
            put(to, format_args!("#{byte:02X}"));
        }
    }
}
