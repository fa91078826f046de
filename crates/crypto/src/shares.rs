//! A root key in shares (Shamir 1979, over GF(2^8)): any `threshold` of them give it back, fewer say nothing about it.
//!
//! A share names its ceremony, realm, number and threshold, and carries a checksum, so that a wrong, truncated or foreign one is
//! named as such; and a check of the root, so that shares that fit in form but not in value are noticed. Both checks are
//! digests of 256 random bits and tell nothing about them.

use crate::random::Entropy;
use crate::secret::{Secret, same};
use crate::{digest, mac};
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

mod field;
mod text;

/// Why shares are refused. Nothing here tells what a share holds.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ShareError {
    /// Not a share file at all.
    #[error("this is not a share: give a file made by `lionrock key ceremony`")]
    NotAShare,
    /// The file ends early.
    #[error("this share is cut short: get the whole file")]
    Truncated,
    /// The checksum does not fit.
    #[error("this share is damaged: its checksum does not fit; get another copy of it")]
    Damaged,
    /// Of another ceremony.
    #[error("this share is of another ceremony ({found}, not {wanted})")]
    OtherCeremony {
        /// The share's.
        found: String,
        /// The others'.
        wanted: String,
    },
    /// Of another realm.
    #[error("this share is of realm {found}, not {wanted}")]
    OtherRealm {
        /// The share's.
        found: String,
        /// The one wanted.
        wanted: String,
    },
    /// The same share again.
    #[error("share {number} was given already: each counts once")]
    Repeated {
        /// Its number.
        number: u8,
    },
    /// Not enough of them.
    #[error("{given} of {threshold} shares: too few")]
    TooFew {
        /// How many were given.
        given: usize,
        /// How many are needed.
        threshold: u8,
    },
    /// They give another root than the ceremony's.
    #[error("these shares do not give the root of their ceremony: one of them is false")]
    WrongSet,
    /// The numbers asked for make no sense.
    #[error("a ceremony makes 2 to 255 shares, and needs 2 of them at least and all of them at most")]
    WrongNumbers,
}

/// One holder's share of a root key.
#[derive(Clone, PartialEq, Eq)]
pub struct Share {
    ceremony: [u8; 16],
    realm: String,
    number: u8,
    of: u8,
    threshold: u8,
    root_check: [u8; 16],
    value: Secret<32>,
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share({} of {}, …)", self.number, self.of)
    }
}

impl Share {
    /// The random name of its ceremony.
    #[must_use]
    pub const fn ceremony(&self) -> [u8; 16] {
        self.ceremony
    }

    /// The realm its root is for.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Its number, from 1.
    #[must_use]
    pub const fn number(&self) -> u8 {
        self.number
    }

    /// How many shares the ceremony made.
    #[must_use]
    pub const fn of(&self) -> u8 {
        self.of
    }

    /// How many shares give the root back.
    #[must_use]
    pub const fn threshold(&self) -> u8 {
        self.threshold
    }

    /// SHA-256 of the share's text: what the transcript of the ceremony says of it. A share has 256 random bits, so the digest
    /// gives nothing away, and its holder can check that the transcript means this share.
    #[must_use]
    pub fn commitment(&self) -> [u8; 32] {
        digest::sha256(self.to_text().as_bytes())
    }

    /// Whether `other` can be put together with this one.
    ///
    /// # Errors
    /// [`ShareError::OtherRealm`], [`ShareError::OtherCeremony`], [`ShareError::Repeated`].
    pub fn joins(&self, other: &Self) -> Result<(), ShareError> {
        other.is_of(&self.realm)?;
        let same_ceremony = self.ceremony == other.ceremony
            && self.root_check == other.root_check
            && (self.of, self.threshold) == (other.of, other.threshold);
        if !same_ceremony {
            return Err(ShareError::OtherCeremony { found: hex(&other.ceremony), wanted: hex(&self.ceremony) });
        }
        if self.number == other.number {
            return Err(ShareError::Repeated { number: other.number });
        }
        Ok(())
    }

    /// Whether the share is for a realm.
    ///
    /// # Errors
    /// [`ShareError::OtherRealm`].
    pub fn is_of(&self, realm: &str) -> Result<(), ShareError> {
        if self.realm == realm {
            return Ok(());
        }
        Err(ShareError::OtherRealm { found: self.realm.clone(), wanted: realm.to_owned() })
    }
}

/// Splits a root key into `of` shares, `threshold` of which give it back.
///
/// # Errors
/// [`ShareError::WrongNumbers`].
pub fn split(
    root: &Secret<32>,
    realm: &str,
    threshold: u8,
    of: u8,
    entropy: &dyn Entropy,
) -> Result<Vec<Share>, ShareError> {
    if threshold < 2 || threshold > of {
        return Err(ShareError::WrongNumbers);
    }
    let ceremony: [u8; 16] = entropy.array();
    let root_check = check(root, &ceremony, realm);
    // The root is the polynomial at 0; the other coefficients are random, any of them may be 0.
    let coefficients: Vec<Secret<32>> = (1..threshold).map(|_| Secret::random(entropy)).collect();
    let share = |number: u8| {
        let mut value = Zeroizing::new([0; 32]);
        for coefficient in coefficients.iter().rev().chain([root]) {
            for (sum, own) in value.iter_mut().zip(coefficient.expose()) {
                *sum = field::multiply(*sum, number) ^ own;
            }
        }
        let value = Secret::new(*value);
        Share { ceremony, realm: realm.to_owned(), number, of, threshold, root_check, value }
    };
    Ok((1..=of).map(share).collect())
}

/// Puts a root key together again from as many different shares as their threshold says, or more.
///
/// # Errors
/// As [`Share::joins`]; [`ShareError::TooFew`]; [`ShareError::WrongSet`] when one of them is false.
pub fn join(shares: &[Share]) -> Result<Secret<32>, ShareError> {
    let Some((first, rest)) = shares.split_first() else {
        return Err(ShareError::TooFew { given: 0, threshold: 2 });
    };
    for (index, share) in rest.iter().enumerate() {
        shares.iter().take(index + 1).try_for_each(|earlier| earlier.joins(share))?;
    }
    if shares.len() < usize::from(first.threshold) {
        return Err(ShareError::TooFew { given: shares.len(), threshold: first.threshold });
    }
    let points: Vec<_> = shares.iter().map(|share| (share.number, share.value.expose())).collect();
    let root = Secret::new(*Zeroizing::new(field::interpolate(&points, 0)));
    if same(&check(&root, &first.ceremony, &first.realm), &first.root_check) {
        Ok(root)
    } else {
        Err(ShareError::WrongSet)
    }
}

/// What every share says of the root, to notice a false one.
fn check(root: &Secret<32>, ceremony: &[u8; 16], realm: &str) -> [u8; 16] {
    let message = [b"lionrock root check v1\0", &ceremony[..], realm.as_bytes()].concat();
    let code = mac::hmac_sha256(root.expose(), &message);
    let mut out = [0; 16];
    out.iter_mut().zip(code).for_each(|(to, from)| *to = from);
    out
}

/// Hexadecimal digits, in one piece of memory: shares are written with it.
fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 * bytes.len());
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    out.extend(digits.filter_map(|digit| char::from_digit(digit.into(), 16)));
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
