//! Where a sealed value belongs, and the bytes it is stored as.

use super::Domain;
use crate::Error;
use crate::aead::NONCE;

/// The place of a sealed value. All of it is associated data.
#[derive(Clone, Copy, Debug)]
pub struct Slot<'a> {
    /// Table.
    pub table: &'a str,
    /// Column.
    pub column: &'a str,
    /// The row's identifier.
    pub row: &'a [u8],
    /// The resident it is about; sixteen zero bytes when it is about nobody yet.
    pub resident: &'a [u8; 16],
    /// Version of the plaintext's layout.
    pub schema: u16,
    /// Version of the record, one more with each writing.
    pub version: u64,
}

impl Slot<'_> {
    /// The associated data: each part with its length in front, so that no two places read alike.
    pub(super) fn place(&self, realm: &str, domain: Domain, epoch: u32) -> Vec<u8> {
        let mut place = b"lionrock slot v1".to_vec();
        let parts: [&[u8]; 9] = [
            realm.as_bytes(),
            domain.word().as_bytes(),
            self.table.as_bytes(),
            self.column.as_bytes(),
            self.row,
            self.resident,
            &self.schema.to_be_bytes(),
            &epoch.to_be_bytes(),
            &self.version.to_be_bytes(),
        ];
        for part in parts {
            place.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            place.extend_from_slice(part);
        }
        place
    }
}

/// A sealed value: `1 ‖ epoch (4) ‖ version (8) ‖ nonce (12) ‖ ciphertext and tag`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub(super) epoch: u32,
    pub(super) version: u64,
    pub(super) nonce: [u8; NONCE],
    pub(super) ciphertext: Vec<u8>,
}

impl Sealed {
    /// The stored form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(25 + self.ciphertext.len());
        out.push(1);
        out.extend(self.epoch.to_be_bytes());
        out.extend(self.version.to_be_bytes());
        out.extend(self.nonce);
        out.extend(&self.ciphertext);
        out
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when it is too short or of another format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let rest = bytes.strip_prefix(&[1]).ok_or(Error::DoesNotOpen)?;
        let (epoch, rest) = rest.split_first_chunk().ok_or(Error::DoesNotOpen)?;
        let (version, rest) = rest.split_first_chunk().ok_or(Error::DoesNotOpen)?;
        let (nonce, ciphertext) = rest.split_first_chunk().ok_or(Error::DoesNotOpen)?;
        Ok(Self {
            epoch: u32::from_be_bytes(*epoch),
            version: u64::from_be_bytes(*version),
            nonce: *nonce,
            ciphertext: ciphertext.to_vec(),
        })
    }

    /// The domain epoch of stored bytes, without opening them.
    ///
    /// # Errors
    /// As [`Sealed::from_bytes`].
    pub fn epoch_of(bytes: &[u8]) -> Result<u32, Error> {
        Self::from_bytes(bytes).map(|sealed| sealed.epoch)
    }

    /// The record version of stored bytes, without opening them.
    ///
    /// # Errors
    /// As [`Sealed::from_bytes`].
    pub fn version_of(bytes: &[u8]) -> Result<u64, Error> {
        Self::from_bytes(bytes).map(|sealed| sealed.version)
    }
}

impl From<Sealed> for Vec<u8> {
    fn from(sealed: Sealed) -> Self {
        sealed.to_bytes()
    }
}
