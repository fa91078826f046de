//! Verifying a new credential: WebAuthn L3 section 7.1.

use lionrock_crypto::digest::sha256;

use super::attestation::{AttestationKind, AttestationObject, AttestationPolicy};
use super::authenticator_data::{AuthenticatorData, Flags};
use super::client_data::{Ceremony, ClientData};
use super::cose::CoseAlgorithm;
use super::json::RegistrationResponse;
use super::{Failure, LONGEST_CREDENTIAL_ID, RelyingParty, SHORTEST_CREDENTIAL_ID};

/// What the ceremony was started with.
#[derive(Clone, Copy, Debug)]
pub struct RegistrationExpectation<'a> {
    /// Who we are.
    pub party: RelyingParty<'a>,
    /// Challenge sent, at least 16 bytes.
    pub challenge: &'a [u8],
    /// Algorithms offered.
    pub algorithms: &'a [CoseAlgorithm],
    /// Whether the authenticator must have verified its user.
    pub user_verification: bool,
    /// Attestations accepted.
    pub attestation: AttestationPolicy<'a>,
}

/// The credential record of step 7.1.27.
#[derive(Clone, Debug)]
pub struct NewCredential {
    /// Credential id, 16 to 1023 bytes.
    pub id: Vec<u8>,
    /// COSE key, canonical CBOR.
    pub public_key: Vec<u8>,
    /// Algorithm of the key.
    pub algorithm: CoseAlgorithm,
    /// Signature counter at registration.
    pub sign_count: u32,
    /// Whether the user was verified.
    pub user_verified: bool,
    /// May be copied to other devices (a synced passkey).
    pub backup_eligible: bool,
    /// Is copied now.
    pub backed_up: bool,
    /// Model of the authenticator, zero when withheld.
    pub aaguid: [u8; 16],
    /// Transports the client names, as a hint for later requests; unknown ones are dropped.
    pub transports: Vec<String>,
    /// What the attestation proved.
    pub attestation: AttestationKind,
    /// Attestation chain, DER, certificate first; kept so that credentials of a broken model can be found (13.4.5).
    pub attestation_chain: Vec<Vec<u8>>,
}

/// Does every step of section 7.1 that bytes can answer, in its order.
///
/// Step 26, that no account has this credential id yet, is left to whoever stores it.
///
/// # Errors
/// The first check that fails.
pub fn verify(
    response: &RegistrationResponse,
    expected: &RegistrationExpectation<'_>,
) -> Result<NewCredential, Failure> {
    // 5 to 11
    let client = ClientData::parse(&response.client_data_json)?;
    client.check(Ceremony::Create, expected.challenge, &expected.party)?;
    // 12, 13
    let object = AttestationObject::parse(&response.attestation_object)?;
    let data = AuthenticatorData::parse(&object.auth_data)?;
    let attested = data.attested.as_ref().ok_or(Failure::AuthenticatorData)?;
    // 14 to 17
    check_scope_and_flags(&data, &expected.party, expected.user_verification)?;
    // 20
    if !expected.algorithms.contains(&attested.key.algorithm) {
        return Err(Failure::Algorithm);
    }
    // 21 to 24
    let (attestation, attestation_chain) = object.verify(&data, &response.client_data_json, expected.attestation)?;
    // 25
    if !(SHORTEST_CREDENTIAL_ID..=LONGEST_CREDENTIAL_ID).contains(&attested.id.len()) {
        return Err(Failure::CredentialIdLength);
    }
    if attested.id != response.id {
        return Err(Failure::CredentialIdMismatch);
    }
    Ok(NewCredential {
        id: attested.id.clone(),
        public_key: attested.key.bytes.clone(),
        algorithm: attested.key.algorithm,
        sign_count: data.sign_count,
        user_verified: data.flags.has(Flags::UV),
        backup_eligible: data.flags.has(Flags::BE),
        backed_up: data.flags.has(Flags::BS),
        aaguid: attested.aaguid,
        transports: response.transports.clone(),
        attestation,
        attestation_chain,
    })
}

/// Steps 7.1.14–17 and 7.2.15–18.
pub(super) fn check_scope_and_flags(
    data: &AuthenticatorData,
    party: &RelyingParty<'_>,
    user_verification: bool,
) -> Result<(), Failure> {
    if data.rp_id_hash != sha256(party.id.as_bytes()) {
        return Err(Failure::RpIdHash);
    }
    if !data.flags.has(Flags::UP) {
        return Err(Failure::UserPresence);
    }
    if user_verification && !data.flags.has(Flags::UV) {
        return Err(Failure::UserVerification);
    }
    if data.flags.has(Flags::BS) && !data.flags.has(Flags::BE) {
        return Err(Failure::BackupState);
    }
    Ok(())
}
