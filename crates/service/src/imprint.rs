//! Imprints: keyed digests of secrets we hand out, and of the rows that stand for them.
//!
//! A row that is found by a secret says what the secret is good for. So it carries an imprint under a key of the ring over
//! itself: whoever can write to the database, and has no key, can make no row, and turn none into one that says something else.
//! Every part has its length in front, so that nothing can be moved from one part into the next.

use crate::{Fault, Platform};
use lionrock_crypto::ring::Mac;
use lionrock_crypto::secret::same;
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;

/// The parts of a row, or of a secret, in their order.
#[derive(Default)]
pub(crate) struct Imprint(Vec<u8>);

impl Imprint {
    /// An imprint of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes.
    pub fn bytes(mut self, part: &[u8]) -> Self {
        self.0.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.extend(part);
        self
    }

    /// A text.
    pub fn text(self, part: &str) -> Self {
        self.bytes(part.as_bytes())
    }

    /// A number.
    pub fn number(self, part: i64) -> Self {
        self.bytes(&part.to_be_bytes())
    }

    /// A moment.
    pub fn at(self, part: Millis) -> Self {
        self.number(part.0)
    }

    /// What may be absent: another imprint than an empty part.
    pub fn maybe(self, part: Option<&[u8]>) -> Self {
        match part {
            Some(part) => self.number(1).bytes(part),
            None => self.number(0),
        }
    }

    /// A resident, if there is one.
    pub fn whose(self, part: Option<ResidentId>) -> Self {
        self.maybe(part.as_ref().map(|id| id.as_bytes().as_slice()))
    }

    /// The code over all parts, for one use.
    ///
    /// # Errors
    /// `Key` when the ring is incomplete.
    pub fn under(self, platform: &Platform, label: &str) -> Result<[u8; 32], Fault> {
        Ok(platform.keys.mac(Mac::Code, label, &self.0)?)
    }

    /// Whether a stored code is the one over these parts; compared without an early end. What was never stored is none.
    ///
    /// # Errors
    /// As [`Imprint::under`].
    pub fn is(self, platform: &Platform, label: &str, kept: Option<&[u8; 32]>) -> Result<bool, Fault> {
        let own = self.under(platform, label)?;
        Ok(kept.is_some_and(|kept| same(&own, kept)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let parts = [
            Imprint::new().text("ab").text("c"),
            Imprint::new().text("a").text("bc"),
            Imprint::new().text("abc"),
            Imprint::new().maybe(None).text("abc"),
            Imprint::new().maybe(Some(b"")).text("abc"),
            Imprint::new().maybe(Some(b"abc")),
        ];
        for (n, one) in parts.iter().enumerate() {
            assert!(parts.iter().skip(n + 1).all(|other| other.0 != one.0));
        }
    }
}
