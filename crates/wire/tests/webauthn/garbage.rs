//! Whatever bytes come, the answer is a refusal, never a panic; and what is accepted reads back the same.

use super::fixture::{self, CHALLENGE, Parts};
use lionrock_wire::webauthn::attestation::AttestationObject;
use lionrock_wire::webauthn::authenticator_data::AuthenticatorData;
use lionrock_wire::webauthn::cbor::{self, Value};
use lionrock_wire::webauthn::client_data::ClientData;
use lionrock_wire::webauthn::cose::CoseKey;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RegistrationResponse};
use proptest::prelude::*;

const VECTORS: &str = include_str!("../../vectors/webauthn-level3.json");

/// The attestation object of the published packed attestation with a certificate.
fn packed() -> Vec<u8> {
    let file: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
    let wanted = |v: &&serde_json::Value| v["section"] == "sctn-test-vectors-packed-es256";
    let text =
        file["vectors"].as_array().unwrap().iter().find(wanted).unwrap()["registration"]["attestationObject"].clone();
    let text = text.as_str().unwrap().to_owned();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(value) = cbor::decode(&bytes) {
            prop_assert_eq!(value.encode(), bytes.clone());
        }
        let _ = AttestationObject::parse(&bytes);
        let _ = AuthenticatorData::parse(&bytes);
        let _ = CoseKey::parse(&bytes);
        let _ = ClientData::parse(&bytes);
        let _ = RegistrationResponse::from_json(&bytes);
        let _ = AuthenticationResponse::from_json(&bytes);
    }

    /// Flipped and cut bytes of a certificate chain reach the reader of certificates.
    #[test]
    fn a_spoilt_certificate(at in 0usize..835, bit in 0u8..8, cut in 0usize..600) {
        let mut answer = Parts::registration().registration_response();
        let mut object = packed();
        object[at] ^= 1 << bit;
        answer.attestation_object = object;
        prop_assert!(fixture::register(&answer, &CHALLENGE).is_err());
        let mut parts = Parts::registration();
        parts.format = "packed".into();
        let chain = packed();
        let certificate = chain[chain.len().saturating_sub(cut)..].to_vec();
        parts.statement = Value::Map(vec![
            (Value::Text("alg".into()), Value::Int(-7)),
            (Value::Text("sig".into()), Value::Bytes(vec![0x30])),
            (Value::Text("x5c".into()), Value::Array(vec![Value::Bytes(certificate)])),
        ]);
        prop_assert!(parts.register().is_err());
    }
}
