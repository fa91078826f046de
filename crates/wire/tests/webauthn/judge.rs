//! Another implementation of client and authenticator against our relying party.

use lionrock_wire::webauthn::json::*;
use lionrock_wire::webauthn::*;
use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData};
use passkey::types::Passkey;
use passkey::types::ctap2::{Aaguid, Ctap2Error};
use passkey::types::webauthn::{CredentialCreationOptions, CredentialRequestOptions};

struct Owner;

#[async_trait::async_trait]
impl UserValidationMethod for Owner {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _hint: UiHint<'a, Self::PasskeyItem>,
        _presence: bool,
        _verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence: true, verification: true })
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_second_implementation_registers_and_signs_in() {
    let origin = url::Url::parse("https://example.org").unwrap();
    let store: Option<Passkey> = None;
    let authenticator = Authenticator::new(Aaguid::new_empty(), store, Owner, passkey::crypto::AvailableBackend);
    let mut client = Client::new(authenticator);
    let origins = ["https://example.org".to_owned()];
    let party = super::fixture::party(&origins);
    let handle = vec![5; 64];

    let rp = RpEntity { id: "example.org".into(), name: "Example".into() };
    let user = UserEntity { id: Base64Url(handle.clone()), name: "resident".into(), display_name: "Resident".into() };
    let options = CreationOptions::new(rp, user, &[9; 64], vec![], 300_000);
    let public_key = serde_json::from_value(serde_json::to_value(&options).unwrap()).unwrap();
    let made = client.register(&origin, CredentialCreationOptions { public_key }, DefaultClientData).await.unwrap();
    let answer = RegistrationResponse::from_json(&serde_json::to_vec(&made).unwrap()).unwrap();
    let credential = super::fixture::register(&answer, &[9; 64]).unwrap();
    assert!(credential.user_verified);

    let options = RequestOptions::new("example.org", &[8; 64], vec![], 300_000);
    let public_key = serde_json::from_value(serde_json::to_value(&options).unwrap()).unwrap();
    let signed =
        client.authenticate(&origin, CredentialRequestOptions { public_key }, DefaultClientData).await.unwrap();
    let answer = AuthenticationResponse::from_json(&serde_json::to_vec(&signed).unwrap()).unwrap();
    let mut expected =
        AssertionExpectation { party, challenge: &[8; 64], user_verification: true, allowed: &[], person_known: false };
    let stored = StoredCredential {
        id: &credential.id,
        public_key: &credential.public_key,
        user_handle: &handle,
        sign_count: credential.sign_count,
        backup_eligible: credential.backup_eligible,
    };
    assertion::verify(&answer, &expected, &stored).unwrap();
    expected.challenge = &[7; 64];
    assert_eq!(assertion::verify(&answer, &expected, &stored).unwrap_err(), Failure::Challenge);
}
