//! Keys as they are stored: sealed under another key, and the epoch of that key in front.
//!
//! `1 ‖ wrapping epoch (4) ‖ nonce (12) ‖ ciphertext and tag`. The wrapping key is the realm key of that epoch; 0 stands for the
//! root. The epoch can be read by anybody, and is part of the associated data.

use crate::Error;
use crate::aead::Key;
use crate::random::Entropy;
use zeroize::Zeroizing;

/// The wrapping epoch of a realm key: it is wrapped under the root.
pub(super) const BY_ROOT: u32 = 0;

const KEY: u8 = 1;

/// A key of the ring as it is stored: useless without the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// `realm`, `domain/profile`, `signer/token`, `mac/blind-index` …
    pub name: String,
    /// 1 for the first key of a name, one more for each rotation.
    pub epoch: u32,
    /// The key, sealed under a realm key; a realm key, sealed under the root.
    pub sealed: Vec<u8>,
}

/// Seals a key. `place` says whose it is.
pub(super) fn wrap(
    by: &Key,
    wrapping_epoch: u32,
    place: &[u8],
    plain: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, Error> {
    let mut out = vec![KEY];
    out.extend(wrapping_epoch.to_be_bytes());
    let place = [out.as_slice(), place].concat();
    out.extend(by.seal_random(entropy, &place, plain)?);
    Ok(out)
}

/// Opens a wrapped key; `by` gives the key of a wrapping epoch.
pub(super) fn unwrap<'k>(
    by: impl FnOnce(u32) -> Result<&'k Key, Error>,
    place: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let (head, body) = sealed.split_at_checked(5).ok_or(Error::DoesNotOpen)?;
    by(wrapping_epoch(sealed)?)?.open_random(&[head, place].concat(), body)
}

/// The realm epoch a stored key is wrapped under; 0 when it is a realm key, wrapped under the root.
pub(super) fn wrapping_epoch(sealed: &[u8]) -> Result<u32, Error> {
    let rest = sealed.strip_prefix(&[KEY]).ok_or(Error::DoesNotOpen)?;
    let (epoch, _) = rest.split_first_chunk().ok_or(Error::DoesNotOpen)?;
    Ok(u32::from_be_bytes(*epoch))
}

/// The place of a key of the ring.
pub(super) fn key_place(realm: &str, name: &str, epoch: u32) -> Vec<u8> {
    [b"lionrock key v2\0", realm.as_bytes(), b"\0", name.as_bytes(), b"\0", &epoch.to_be_bytes()].concat()
}

/// The place of a resident's key.
pub(super) fn resident_place(realm: &str, resident: &[u8; 16]) -> Vec<u8> {
    [b"lionrock resident key v2\0", realm.as_bytes(), b"\0", resident].concat()
}
