//! Files read by place, parts of them, and files with something appended in memory.

use crate::Error;
use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom};

/// A file, or what behaves like one.
pub trait Source: Read + Seek {}

impl<T: Read + Seek + ?Sized> Source for T {}

/// Reads at a place, as much as there is.
///
/// # Errors
/// [`Error::Io`].
pub fn read_at(source: &mut dyn Source, at: u64, most: usize) -> Result<Vec<u8>, Error> {
    source.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    source.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The first bytes of a file: what somebody signed before others appended.
pub struct Part<'s> {
    source: &'s mut dyn Source,
    length: u64,
    at: u64,
}

impl<'s> Part<'s> {
    /// The first `length` bytes.
    pub fn new(source: &'s mut dyn Source, length: u64) -> Self {
        Self { source, length, at: 0 }
    }
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.at);
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let window = buffer.get_mut(..most).unwrap_or_default();
        self.source.seek(SeekFrom::Start(self.at))?;
        let count = self.source.read(window)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Part<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = place(to, self.at, self.length)?;
        Ok(self.at)
    }
}

/// A file that several read, each at a place of its own, up to an end of its own.
pub(crate) struct Shared<'c, 's> {
    cell: &'c RefCell<&'s mut dyn Source>,
    length: u64,
    at: u64,
}

impl<'c, 's> Shared<'c, 's> {
    /// The first `length` bytes.
    pub(crate) const fn new(cell: &'c RefCell<&'s mut dyn Source>, length: u64) -> Self {
        Self { cell, length, at: 0 }
    }
}

impl Read for Shared<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut source = self.cell.try_borrow_mut().map_err(|_| io::ErrorKind::ResourceBusy)?;
        let count = Part { source: &mut **source, length: self.length, at: self.at }.read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Shared<'_, '_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = place(to, self.at, self.length)?;
        Ok(self.at)
    }
}

/// A file and bytes that come after it.
pub struct Appended<'s> {
    source: &'s mut dyn Source,
    length: u64,
    tail: &'s [u8],
    at: u64,
}

impl<'s> Appended<'s> {
    /// The file with these bytes after it.
    ///
    /// # Errors
    /// When the file's length cannot be found.
    pub fn new(source: &'s mut dyn Source, tail: &'s [u8]) -> Result<Self, Error> {
        let length = source.seek(SeekFrom::End(0))?;
        Ok(Self { source, length, tail, at: 0 })
    }
}

impl Read for Appended<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = if self.at < self.length {
            let left = usize::try_from(self.length - self.at).unwrap_or(usize::MAX).min(buffer.len());
            self.source.seek(SeekFrom::Start(self.at))?;
            self.source.read(buffer.get_mut(..left).unwrap_or_default())?
        } else {
            let from = usize::try_from(self.at - self.length).unwrap_or(usize::MAX);
            let mut rest = self.tail.get(from..).unwrap_or_default();
            rest.read(buffer)?
        };
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Appended<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = place(to, self.at, self.length + self.tail.len() as u64)?;
        Ok(self.at)
    }
}

fn place(to: SeekFrom, at: u64, length: u64) -> io::Result<u64> {
    let place = match to {
        SeekFrom::Start(place) => Some(place),
        SeekFrom::End(by) => length.checked_add_signed(by),
        SeekFrom::Current(by) => at.checked_add_signed(by),
    };
    place.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}
