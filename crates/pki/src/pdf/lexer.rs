//! Reads objects out of bytes (ISO 32000-2 sections 7.2 and 7.3).
//!
//! The bytes may be a window on a larger file: a token that touches the window's end is [`Stop::Short`], and whoever asked looks again
//! through a larger one.

use super::object::{Dictionary, Id, Object};
use super::{DEEPEST, MOST_VALUES, Refusal};

/// Why reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The window is too small.
    Short,
    /// It is refused.
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

const fn bad(what: &'static str) -> Stop {
    Stop::Refused(Refusal::Damaged(what))
}

/// Where a value stands: from its first byte to the one after its last.
pub type Span = std::ops::Range<usize>;

/// A place in bytes.
pub struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Nothing follows the bytes.
    whole: bool,
    values: usize,
}

pub const fn is_white(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

pub const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

impl<'a> Lexer<'a> {
    pub const fn new(bytes: &'a [u8], whole: bool) -> Self {
        Self { bytes, at: 0, whole, values: 0 }
    }

    pub const fn position(&self) -> usize {
        self.at
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The end of the window was reached inside something.
    const fn ended(&self) -> Stop {
        if self.whole { bad("it ends in the middle of an object") } else { Stop::Short }
    }

    pub fn skip_white(&mut self) -> Result<(), Stop> {
        loop {
            match self.peek() {
                Some(byte) if is_white(byte) => self.at += 1,
                Some(b'%') => {
                    while self.peek().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                        self.at += 1;
                    }
                }
                Some(_) => return Ok(()),
                None => return if self.whole { Ok(()) } else { Err(Stop::Short) },
            }
        }
    }

    /// The regular characters from here on.
    fn regular(&mut self) -> Result<&'a [u8], Stop> {
        let start = self.at;
        while self.peek().is_some_and(|byte| !is_white(byte) && !is_delimiter(byte)) {
            self.at += 1;
        }
        if self.at == self.bytes.len() && !self.whole {
            return Err(Stop::Short);
        }
        Ok(self.bytes.get(start..self.at).unwrap_or_default())
    }

    /// Takes a keyword when it stands here.
    pub fn keyword(&mut self, word: &str) -> Result<bool, Stop> {
        self.skip_white()?;
        let start = self.at;
        if self.regular()? == word.as_bytes() {
            return Ok(true);
        }
        self.at = start;
        Ok(false)
    }

    /// Takes an integer without sign.
    pub fn unsigned(&mut self) -> Result<u64, Stop> {
        self.skip_white()?;
        let digits = self.regular()?;
        let plain = !digits.is_empty() && digits.len() <= 19 && digits.iter().all(u8::is_ascii_digit);
        let text = std::str::from_utf8(digits).ok().filter(|_| plain);
        text.and_then(|text| text.parse().ok()).ok_or(bad("a number is missing"))
    }

    /// Takes `N G obj`.
    pub fn head(&mut self) -> Result<Id, Stop> {
        let number = u32::try_from(self.unsigned()?).map_err(|_| bad("an object's number"))?;
        let generation = u16::try_from(self.unsigned()?).map_err(|_| bad("an object's generation"))?;
        if self.keyword("obj")? {
            Ok(Id { number, generation })
        } else {
            Err(bad("an object does not begin where it should"))
        }
    }

    /// Takes a value.
    pub fn object(&mut self) -> Result<Object, Stop> {
        self.nested(0)
    }

    fn nested(&mut self, depth: usize) -> Result<Object, Stop> {
        if depth > DEEPEST {
            return Err(Refusal::TooDeep.into());
        }
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(Refusal::ObjectTooLarge.into());
        }
        self.skip_white()?;
        match self.peek().ok_or_else(|| self.ended())? {
            b'/' => Ok(Object::Name(self.name()?)),
            b'(' => Ok(Object::String(self.literal()?)),
            b'<' if self.bytes.get(self.at + 1) == Some(&b'<') => Ok(Object::Dictionary(self.dictionary(depth)?.0)),
            b'<' if self.at + 1 == self.bytes.len() => Err(self.ended()),
            b'<' => Ok(Object::String(self.hexadecimal()?)),
            b'[' => {
                self.at += 1;
                let mut all = Vec::new();
                loop {
                    self.skip_white()?;
                    if self.peek().ok_or_else(|| self.ended())? == b']' {
                        self.at += 1;
                        return Ok(Object::Array(all));
                    }
                    all.push(self.nested(depth + 1)?);
                }
            }
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number(),
            _ => match self.regular()? {
                b"true" => Ok(Object::Boolean(true)),
                b"false" => Ok(Object::Boolean(false)),
                b"null" => Ok(Object::Null),
                _ => Err(bad("something is no object")),
            },
        }
    }

    /// A dictionary, and where its values stand.
    fn dictionary(&mut self, depth: usize) -> Result<(Dictionary, Vec<Span>), Stop> {
        self.at += 2;
        let mut map: Vec<(Vec<u8>, Object)> = Vec::new();
        let mut spans = Vec::new();
        loop {
            self.skip_white()?;
            match self.peek().ok_or_else(|| self.ended())? {
                b'>' if self.bytes.get(self.at + 1) == Some(&b'>') => {
                    self.at += 2;
                    // Readers differ in which of two they take: nobody can say what such a file shows.
                    let mut keys: Vec<&[u8]> = map.iter().map(|(key, _)| key.as_slice()).collect();
                    keys.sort_unstable();
                    if keys.windows(2).any(|pair| pair.first() == pair.last()) {
                        return Err(bad("a key stands twice in a dictionary"));
                    }
                    return Ok((Dictionary(map), spans));
                }
                b'>' if self.at + 1 == self.bytes.len() => return Err(self.ended()),
                b'/' => {
                    let key = self.name()?;
                    self.skip_white()?;
                    let start = self.at;
                    let value = self.nested(depth + 1)?;
                    map.push((key, value));
                    spans.push(start..self.at);
                }
                _ => return Err(bad("a dictionary has something that is no key")),
            }
        }
    }

    /// A dictionary with the places of its values, by key.
    pub fn spans(&mut self) -> Result<Vec<(Vec<u8>, Object, Span)>, Stop> {
        self.skip_white()?;
        if self.bytes.get(self.at..self.at + 2) != Some(b"<<") {
            return Err(if self.at + 2 > self.bytes.len() { self.ended() } else { bad("a dictionary is missing") });
        }
        let (map, spans) = self.dictionary(0)?;
        Ok(map.0.into_iter().zip(spans).map(|((key, value), span)| (key, value, span)).collect())
    }

    fn name(&mut self) -> Result<Vec<u8>, Stop> {
        self.at += 1;
        let raw = self.regular()?;
        let mut name = Vec::with_capacity(raw.len());
        let mut rest = raw.iter();
        while let Some(byte) = rest.next() {
            if *byte != b'#' {
                name.push(*byte);
                continue;
            }
            let (high, low) = (rest.next().copied().and_then(digit), rest.next().copied().and_then(digit));
            match (high, low) {
                (Some(high), Some(low)) => name.push(high * 16 + low),
                _ => return Err(bad("a name has a wrong escape")),
            }
        }
        Ok(name)
    }

    fn literal(&mut self) -> Result<Vec<u8>, Stop> {
        self.at += 1;
        let mut text = Vec::new();
        let mut open = 1_usize;
        loop {
            let byte = self.peek().ok_or_else(|| self.ended())?;
            self.at += 1;
            match byte {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 0 {
                        return Ok(text);
                    }
                }
                b'\\' => {
                    self.escape(&mut text)?;
                    continue;
                }
                b'\r' => {
                    if self.peek() == Some(b'\n') {
                        self.at += 1;
                    }
                    text.push(b'\n');
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
    }

    /// What follows a backslash (ISO 32000-2 table 3).
    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Stop> {
        let byte = self.peek().ok_or_else(|| self.ended())?;
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\n' => {}
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at += 1;
                }
            }
            b'0'..=b'7' => {
                let mut value = u16::from(byte - b'0');
                for _ in 0..2 {
                    let Some(next @ b'0'..=b'7') = self.peek() else { break };
                    value = value * 8 + u16::from(next - b'0');
                    self.at += 1;
                }
                text.push(u8::try_from(value & 0xff).unwrap_or(0));
            }
            other => text.push(other),
        }
        Ok(())
    }

    fn hexadecimal(&mut self) -> Result<Vec<u8>, Stop> {
        self.at += 1;
        let mut bytes = Vec::new();
        let mut half = None;
        loop {
            let byte = self.peek().ok_or_else(|| self.ended())?;
            self.at += 1;
            if byte == b'>' {
                bytes.extend(half.map(|high: u8| high * 16));
                return Ok(bytes);
            }
            if is_white(byte) {
                continue;
            }
            let value = digit(byte).ok_or(bad("a string has something that is no digit"))?;
            match half.take() {
                Some(high) => bytes.push(high * 16 + value),
                None => half = Some(value),
            }
        }
    }

    fn number(&mut self) -> Result<Object, Stop> {
        let token = self.regular()?;
        let text = std::str::from_utf8(token).map_err(|_| bad("a number"))?;
        if let Ok(number) = text.parse::<i64>() {
            return if number >= 0 && token.iter().all(u8::is_ascii_digit) {
                self.reference(number)
            } else {
                Ok(Object::Integer(number))
            };
        }
        let plain = token.iter().enumerate().all(|(index, byte)| match byte {
            b'0'..=b'9' | b'.' => true,
            b'+' | b'-' => index == 0,
            _ => false,
        });
        let dots = token.iter().filter(|byte| **byte == b'.').count();
        let some = token.iter().any(u8::is_ascii_digit);
        if plain && dots <= 1 && some { Ok(Object::Real(text.to_owned())) } else { Err(bad("a number")) }
    }

    /// `number G R`, or just the number.
    fn reference(&mut self, number: i64) -> Result<Object, Stop> {
        let here = self.at;
        let plain = Ok(Object::Integer(number));
        self.skip_white()?;
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at = here;
            return plain;
        }
        let generation = self.regular()?;
        self.skip_white()?;
        let is_reference = self.peek() == Some(b'R') && self.regular()? == b"R";
        let text = std::str::from_utf8(generation).unwrap_or_default();
        match (is_reference, u32::try_from(number), text.parse::<u16>()) {
            (true, Ok(number), Ok(generation)) => Ok(Object::Reference(Id { number, generation })),
            (true, ..) => Err(bad("a reference")),
            _ => {
                self.at = here;
                plain
            }
        }
    }
}

pub const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
