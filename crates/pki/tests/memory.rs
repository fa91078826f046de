//! A large document costs pieces of memory, not its size.

use crate::notary::Notary;
use crate::paper::Paper;
use lionrock_crypto::sign::Algorithm;
use lionrock_pki::pades::{self, Material};
use lionrock_pki::pdf::Appended;
use lionrock_pki::validation::Trust;
use std::io::{Read, Result, Seek, SeekFrom};

/// A file that is mostly nothing: a head and a tail around zeros, counting how much is asked for at once.
struct Sparse {
    head: Vec<u8>,
    hole: u64,
    tail: Vec<u8>,
    at: u64,
    largest: usize,
    read: u64,
}

impl Sparse {
    fn length(&self) -> u64 {
        self.head.len() as u64 + self.hole + self.tail.len() as u64
    }
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let left = self.length().saturating_sub(self.at);
        let count = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.largest = self.largest.max(count);
        let (head, hole) = (self.head.len() as u64, self.hole);
        // One region at a time: head, hole or tail.
        let (region, left) = if self.at < head {
            (&self.head[self.at as usize..], head - self.at)
        } else if self.at < head + hole {
            (&[][..], head + hole - self.at)
        } else {
            (&self.tail[(self.at - head - hole) as usize..], u64::MAX)
        };
        let count = count.min(usize::try_from(left).unwrap_or(usize::MAX));
        match region {
            [] => buffer[..count].fill(b'0'),
            bytes => buffer[..count].copy_from_slice(&bytes[..count]),
        }
        self.at += count as u64;
        self.read += count as u64;
        Ok(count)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => self.length().checked_add_signed(by).unwrap(),
            SeekFrom::Current(by) => self.at.checked_add_signed(by).unwrap(),
        };
        Ok(self.at)
    }
}

/// A contract with a stream of so many zeros in it.
fn sparse(hole: u64) -> Sparse {
    let mark = b"@@HOLE@@";
    let mut paper = Paper::contract(1);
    paper.bytes(
        30,
        [format!("<</Length {}>>\nstream\n", hole + 16).as_bytes(), b"01234567", mark, b"\nendstream"].concat(),
    );
    let whole = paper.table();
    let at = whole.windows(mark.len()).position(|window| window == mark).unwrap();
    // Everything behind the hole moves by its length; the table is the last thing, and its entries and place move too.
    let (head, tail) = whole.split_at(at);
    let text = String::from_utf8(tail.to_vec()).unwrap();
    let (objects, table) = text.split_once("xref\n").unwrap();
    let moved = |old: u64| if old > at as u64 { old + hole } else { old };
    let mut lines = String::new();
    let mut after_start = false;
    for line in table.split_inclusive('\n') {
        let used = line.ends_with(" n\r\n");
        if used {
            lines.push_str(&format!("{:010}{}", moved(line[..10].parse().unwrap()), &line[10..]));
        } else if after_start {
            lines.push_str(&format!("{}\n", moved(line.trim().parse().unwrap())));
        } else {
            lines.push_str(line);
        }
        after_start = line.trim() == "startxref";
    }
    Sparse {
        head: head.to_vec(),
        hole,
        tail: format!("{objects}xref\n{lines}").into_bytes(),
        at: 0,
        largest: 0,
        read: 0,
    }
}

#[test]
fn a_document_of_a_gigabyte_is_signed_and_judged_in_small_pieces() {
    let notary = Notary::new(Algorithm::Es256);
    let mut file = sparse(1 << 30);
    let length = file.length();
    let prepared = pades::prepare(&mut file, &notary.wish()).unwrap();
    let signature = notary.cms(prepared.digest(), true);
    let mut tail = pades::complete(prepared, &signature).unwrap();
    let material = Material { signatures: vec![signature], ..notary.material() };
    let more = pades::add_dss(&mut Appended::new(&mut file, &tail).unwrap(), &material, notary.now).unwrap();
    tail.extend(more);
    assert!(file.largest <= 128 * 1024, "one read of {} bytes", file.largest);
    // One pass over the file to sign, and little else.
    assert!(file.read < length + (1 << 20), "{} bytes of {length} were read", file.read);
    let trust = Trust { anchors: vec![notary.stage.root.clone()], policies: vec![], now: notary.now + 1 };
    let report = pades::validate(&mut Appended::new(&mut file, &tail).unwrap(), &trust).unwrap();
    assert!(report.verdict().passed(), "{:?}", report.verdict());
    assert!(file.largest <= 128 * 1024, "one read of {} bytes", file.largest);
}
