//! Keys as they are stored: sealed under another key, and the epoch of that key in front.
//!
//! `kind (1) ‖ wrapping epoch (4) ‖ nonce (12) ‖ ciphertext and tag`. The wrapping key is the realm key of that epoch; 0 stands for
//! the root. Kind 1 seals the key itself, kind 2 the label of a key that lies in a key store module, kind 3 the public half
//! of a signing key whose private half was destroyed. Kind and epoch can be read by anybody, and are part of the associated data.

use crate::Error;
use crate::aead::Key;
use crate::random::Entropy;
use zeroize::Zeroizing;

/// The wrapping epoch of a realm key: it is wrapped under the root.
pub(super) const BY_ROOT: u32 = 0;

/// What is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The key itself.
    Key,
    /// The label of a key in a module.
    Label,
    /// The public half of a destroyed signing key.
    Public,
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Key => 1,
            Self::Label => 2,
            Self::Public => 3,
        }
    }

    /// Of a stored key.
    pub(super) fn of(sealed: &[u8]) -> Result<Self, Error> {
        let known =
            [Self::Key, Self::Label, Self::Public].into_iter().find(|kind| sealed.first() == Some(&kind.byte()));
        known.ok_or(Error::DoesNotOpen)
    }
}

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

/// Seals a key or a label. `place` says whose it is.
pub(super) fn wrap(
    kind: Kind,
    (wrapping_epoch, by): (u32, &Key),
    place: &[u8],
    plain: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, Error> {
    let mut out = vec![kind.byte()];
    out.extend(wrapping_epoch.to_be_bytes());
    let place = [out.as_slice(), place].concat();
    out.extend(by.seal_random(entropy, &place, plain)?);
    Ok(out)
}

/// Opens a wrapped key or label; `by` gives the key of a wrapping epoch.
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
    Kind::of(sealed)?;
    let (epoch, _) = sealed.get(1..).and_then(<[u8]>::split_first_chunk).ok_or(Error::DoesNotOpen)?;
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
