//! A share as text, one fact a line, so that it can be printed and typed in again.

use super::{Share, ShareError, hex};
use crate::digest;
use crate::secret::{Secret, same};
use std::fmt::Write;
use zeroize::Zeroizing;

const HEAD: &str = "lionrock root share v1";

impl Share {
    /// The share file.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        // Room for all of it at once: a string that grows leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(512 + self.realm.len()));
        let value = Zeroizing::new(hex(self.value.expose()));
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{HEAD}\nceremony {}\nrealm {}\nshare {} of {}\nthreshold {}\nroot-check {}\nvalue {}\n",
            hex(&self.ceremony),
            self.realm,
            self.number,
            self.of,
            self.threshold,
            hex(&self.root_check),
            *value,
        );
        let sum = checksum(&text);
        let _ = writeln!(text, "checksum {sum}");
        text
    }

    /// Reads a share file.
    ///
    /// # Errors
    /// [`ShareError::NotAShare`], [`ShareError::Truncated`], [`ShareError::Damaged`].
    pub fn parse(text: &str) -> Result<Self, ShareError> {
        if !text.starts_with(HEAD) {
            // A few letters of the head alone are a cut file, too.
            let cut = !text.is_empty() && HEAD.starts_with(text);
            return Err(if cut { ShareError::Truncated } else { ShareError::NotAShare });
        }
        let (body, sum) = text.split_once("checksum ").ok_or(ShareError::Truncated)?;
        let sum = sum.strip_suffix('\n').ok_or(ShareError::Truncated)?.trim_end_matches('\r');
        let body = Zeroizing::new(body.replace('\r', ""));
        if !same(sum.as_bytes(), checksum(&body).as_bytes()) {
            return Err(ShareError::Damaged);
        }
        read(&body).ok_or(ShareError::Damaged)
    }
}

fn read(body: &str) -> Option<Share> {
    let mut lines = body.lines();
    (lines.next()? == HEAD).then_some(())?;
    let mut next = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
    let ceremony = unhex(next("ceremony")?)?;
    let realm = next("realm")?.to_owned();
    let (number, of) = next("share")?.split_once(" of ")?;
    let (number, of) = (number.parse().ok()?, of.parse().ok()?);
    let threshold = next("threshold")?.parse().ok()?;
    let root_check = unhex(next("root-check")?)?;
    let value = Secret::new(*Zeroizing::new(unhex(next("value")?)?));
    let sound = number >= 1 && number <= of && threshold >= 2 && threshold <= of && lines.next().is_none();
    sound.then_some(Share { ceremony, realm, number, of, threshold, root_check, value })
}

/// The first eight bytes of SHA-256, against typing errors and cut files; who forges a share can make it fit.
fn checksum(body: &str) -> String {
    hex(digest::sha256(body.as_bytes()).get(..8).unwrap_or_default())
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}
