//! Verifying an assertion: WebAuthn L3 section 7.2.

use lionrock_crypto::digest::sha256;

use super::authenticator_data::{AuthenticatorData, Flags};
use super::client_data::{Ceremony, ClientData};
use super::cose::CoseKey;
use super::json::AuthenticationResponse;
use super::registration::check_scope_and_flags;
use super::{Failure, RelyingParty};

/// What the ceremony was started with.
#[derive(Clone, Copy, Debug)]
pub struct AssertionExpectation<'a> {
    /// Who we are.
    pub party: RelyingParty<'a>,
    /// Challenge sent, at least 16 bytes.
    pub challenge: &'a [u8],
    /// Whether the authenticator must have verified its user.
    pub user_verification: bool,
    /// Ids the request allowed; empty when any discoverable credential could answer.
    pub allowed: &'a [Vec<u8>],
    /// Whether the person was known before the ceremony. If not, the answer must carry the user handle (step 6).
    pub person_known: bool,
}

/// The record found by the credential id of the answer.
#[derive(Clone, Copy, Debug)]
pub struct StoredCredential<'a> {
    /// Credential id.
    pub id: &'a [u8],
    /// COSE key as registered.
    pub public_key: &'a [u8],
    /// User handle of the account it belongs to.
    pub user_handle: &'a [u8],
    /// Counter seen last.
    pub sign_count: u32,
    /// Backup eligibility at registration.
    pub backup_eligible: bool,
}

/// A verified assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Counter to store.
    pub sign_count: u32,
    /// What the counter says.
    pub counter: Counter,
    /// Whether the credential is copied now.
    pub backed_up: bool,
    /// Whether the user was verified.
    pub user_verified: bool,
}

/// Signature counter against the stored one: a signal, not a proof (section 6.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// The authenticator keeps none.
    Absent,
    /// It grew.
    Advanced,
    /// It did not grow: the credential may have been cloned.
    Suspicious,
}

/// Does every step of section 7.2 that bytes can answer, in its order.
///
/// # Errors
/// The first check that fails.
pub fn verify(
    response: &AuthenticationResponse,
    expected: &AssertionExpectation<'_>,
    stored: &StoredCredential<'_>,
) -> Result<Assertion, Failure> {
    // 5
    if !expected.allowed.is_empty() && !expected.allowed.contains(&response.id) {
        return Err(Failure::CredentialNotAllowed);
    }
    // 6
    if response.id != stored.id {
        return Err(Failure::CredentialNotAllowed);
    }
    match &response.user_handle {
        Some(handle) if handle != stored.user_handle => return Err(Failure::UserHandle),
        None if !expected.person_known => return Err(Failure::UserHandle),
        Some(_) | None => {}
    }
    // 8 to 14
    let client = ClientData::parse(&response.client_data_json)?;
    client.check(Ceremony::Get, expected.challenge, &expected.party)?;
    // 15 to 18; an assertion carries no credential (section 6.1)
    let data = AuthenticatorData::parse(&response.authenticator_data)?;
    if data.attested.is_some() {
        return Err(Failure::AuthenticatorData);
    }
    check_scope_and_flags(&data, &expected.party, expected.user_verification)?;
    // 19
    if data.flags.has(Flags::BE) != stored.backup_eligible {
        return Err(Failure::BackupEligibility);
    }
    // 20, 21
    let key = CoseKey::parse(stored.public_key)?;
    let mut signed = response.authenticator_data.clone();
    signed.extend_from_slice(&sha256(&response.client_data_json));
    if !key.verify(&signed, &response.signature) {
        return Err(Failure::Signature);
    }
    // 22
    let counter = match (data.sign_count, stored.sign_count) {
        (0, 0) => Counter::Absent,
        (now, before) if now > before => Counter::Advanced,
        _ => Counter::Suspicious,
    };
    Ok(Assertion {
        sign_count: data.sign_count,
        counter,
        backed_up: data.flags.has(Flags::BS),
        user_verified: data.flags.has(Flags::UV),
    })
}
