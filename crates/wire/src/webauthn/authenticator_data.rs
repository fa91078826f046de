//! Authenticator data: 37 bytes, then what the flags announce, then nothing (WebAuthn L3 section 6.1).

use super::cbor::{self, Value};
use super::cose::CoseKey;
use super::{Failure, LONGEST_CREDENTIAL_ID, SHORTEST_CREDENTIAL_ID};

/// Flag bits (section 6.1). Reserved bits are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// A person was present.
    pub const UP: u8 = 1;
    /// The person was verified.
    pub const UV: u8 = 1 << 2;
    /// The credential may be backed up.
    pub const BE: u8 = 1 << 3;
    /// The credential is backed up.
    pub const BS: u8 = 1 << 4;
    /// Attested credential data follows.
    pub const AT: u8 = 1 << 6;
    /// Extension outputs follow.
    pub const ED: u8 = 1 << 7;

    /// Whether the bit is set.
    #[must_use]
    pub fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}

/// Parsed authenticator data.
#[derive(Clone, Debug)]
pub struct AuthenticatorData {
    /// SHA-256 of the RP ID the credential is scoped to.
    pub rp_id_hash: [u8; 32],
    /// Flags.
    pub flags: Flags,
    /// Signature counter; zero when the authenticator keeps none.
    pub sign_count: u32,
    /// The new credential, in registrations only.
    pub attested: Option<AttestedCredential>,
    /// Extension outputs, if any; this platform acts on none.
    pub extensions: Option<Value>,
}

/// Attested credential data (section 6.5.2).
#[derive(Clone, Debug)]
pub struct AttestedCredential {
    /// Model of the authenticator, all zero when withheld.
    pub aaguid: [u8; 16],
    /// Credential id.
    pub id: Vec<u8>,
    /// Public key.
    pub key: CoseKey,
}

impl AuthenticatorData {
    /// Parses all bytes.
    ///
    /// # Errors
    /// [`Failure::AuthenticatorData`] for a wrong layout or trailing bytes, [`Failure::CredentialIdLength`],
    /// [`Failure::PublicKey`], [`Failure::Algorithm`] for a key of an algorithm unknown here.
    pub fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let mut rest = bytes;
        let rp_id_hash = take::<32>(&mut rest)?;
        let [flags] = take::<1>(&mut rest)?;
        let flags = Flags(flags);
        let sign_count = u32::from_be_bytes(take::<4>(&mut rest)?);
        let attested = if flags.has(Flags::AT) { Some(attested(&mut rest)?) } else { None };
        let extensions = if flags.has(Flags::ED) {
            let (value, after) = cbor::decode_first(rest).map_err(|_| Failure::AuthenticatorData)?;
            if value.entries().is_none() {
                return Err(Failure::AuthenticatorData);
            }
            rest = after;
            Some(value)
        } else {
            None
        };
        if !rest.is_empty() {
            return Err(Failure::AuthenticatorData);
        }
        Ok(Self { rp_id_hash, flags, sign_count, attested, extensions })
    }
}

fn attested(rest: &mut &[u8]) -> Result<AttestedCredential, Failure> {
    let aaguid = take::<16>(rest)?;
    let length = usize::from(u16::from_be_bytes(take::<2>(rest)?));
    if !(SHORTEST_CREDENTIAL_ID..=LONGEST_CREDENTIAL_ID).contains(&length) {
        return Err(Failure::CredentialIdLength);
    }
    let (id, after) = rest.split_at_checked(length).ok_or(Failure::AuthenticatorData)?;
    let (key, after) = CoseKey::parse_first(after)?;
    // Section 6.5.6 leaves the point to the relying party: a point off the curve is no key.
    if !key.key.is_sound() {
        return Err(Failure::PublicKey);
    }
    *rest = after;
    Ok(AttestedCredential { aaguid, id: id.to_vec(), key })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Failure> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(Failure::AuthenticatorData)?;
    *rest = tail;
    Ok(*head)
}
