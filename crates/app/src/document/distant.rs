//! A document that does not lie in memory: the child asks for bytes by their place, the server answers.
//!
//! A question is place (8 bytes) and count (4 bytes), an answer count (4 bytes) and bytes; all numbers big-endian.

use lionrock_service::port::document::Document;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Most bytes of an answer.
const MOST: usize = 64 * 1024;
/// Most bytes a child may ask for of one document, beside its length: reading on and on is not reading.
const MOST_OF_ALL: u64 = 4 << 30;
/// The place that asks how long the document is.
const LENGTH: u64 = u64::MAX;

/// The child's side.
pub struct Distant {
    line: File,
    length: u64,
    at: u64,
    /// What was read last, and where it begins.
    held: (u64, Vec<u8>),
}

impl Distant {
    /// Asks for the length first.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn open(mut line: File) -> io::Result<Self> {
        let answer = ask(&mut line, LENGTH, 8)?;
        let length = u64::from_be_bytes(answer.try_into().map_err(|_| io::ErrorKind::InvalidData)?);
        Ok(Self { line, length, at: 0, held: (0, Vec::new()) })
    }
}

fn ask(line: &mut File, at: u64, most: usize) -> io::Result<Vec<u8>> {
    let count = u32::try_from(most).map_err(|_| io::ErrorKind::InvalidInput)?;
    line.write_all(&[at.to_be_bytes().as_slice(), &count.to_be_bytes()].concat())?;
    let mut count = [0; 4];
    line.read_exact(&mut count)?;
    let count = usize::try_from(u32::from_be_bytes(count)).unwrap_or(usize::MAX);
    if count > most {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; count];
    line.read_exact(&mut bytes)?;
    Ok(bytes)
}

impl Read for Distant {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (start, held) = &self.held;
        if self.at < *start || self.at >= *start + held.len() as u64 {
            self.held = (self.at, ask(&mut self.line, self.at, MOST)?);
        }
        let (start, held) = &self.held;
        let from = usize::try_from(self.at - start).map_err(|_| io::ErrorKind::InvalidData)?;
        let mut rest = held.get(from..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Distant {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// The server's side: answers until the child hangs up.
pub fn serve(mut line: File, document: &Document) {
    let mut given = 0;
    loop {
        let mut question = [0; 12];
        if line.read_exact(&mut question).is_err() {
            return;
        }
        let (at, count) = question.split_at(8);
        let at = at.try_into().map(u64::from_be_bytes).unwrap_or_default();
        let count = count.try_into().map(u32::from_be_bytes).unwrap_or_default();
        let most = usize::try_from(count).unwrap_or(MOST).min(MOST);
        let answer = if at == LENGTH {
            document.length().to_be_bytes().to_vec()
        } else {
            match document.read_at(at, most) {
                Ok(bytes) => bytes,
                Err(error) => {
                    tracing::warn!(%error, "a document cannot be read");
                    return;
                }
            }
        };
        given += answer.len() as u64;
        let count = u32::try_from(answer.len()).unwrap_or_default();
        if given > MOST_OF_ALL || line.write_all(&[&count.to_be_bytes(), answer.as_slice()].concat()).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;

    #[test]
    fn a_distant_document_reads_as_the_document() {
        let bytes: Vec<u8> = (0..300_000_u32).flat_map(u32::to_be_bytes).collect();
        let document: Document = Arc::new(bytes.clone());
        let (here, there) = UnixStream::pair().unwrap();
        let serving = std::thread::spawn(move || serve(File::from(OwnedFd::from(here)), &document));
        let mut distant = Distant::open(File::from(OwnedFd::from(there))).unwrap();
        assert_eq!(distant.seek(SeekFrom::End(0)).unwrap(), bytes.len() as u64);
        let mut found = Vec::new();
        assert_eq!(distant.read(&mut [0; 8]).unwrap(), 0, "behind the end");
        distant.rewind().unwrap();
        distant.read_to_end(&mut found).unwrap();
        assert!(found == bytes);
        distant.seek(SeekFrom::Start(70_001)).unwrap();
        let mut four = [0; 4];
        distant.read_exact(&mut four).unwrap();
        assert_eq!(four, bytes[70_001..70_005]);
        drop(distant);
        serving.join().unwrap();
    }
}
