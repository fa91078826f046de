//! The test vectors of Web Authentication Level 3, section 16.

use lionrock_wire::webauthn::cose::CoseAlgorithm;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RegistrationResponse};
use lionrock_wire::webauthn::*;

const VECTORS: &str = include_str!("../../vectors/webauthn-level3.json");

fn hex(value: &serde_json::Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

struct Vector {
    name: String,
    registration: RegistrationResponse,
    registration_challenge: Vec<u8>,
    authentication: AuthenticationResponse,
    authentication_challenge: Vec<u8>,
    aaguid: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    let file: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
    let read = |v: &serde_json::Value| {
        let (r, a) = (&v["registration"], &v["authentication"]);
        Vector {
            name: v["section"].as_str().unwrap().trim_start_matches("sctn-test-vectors-").to_owned(),
            registration: RegistrationResponse {
                id: hex(&r["credential_id"]),
                client_data_json: hex(&r["clientDataJSON"]),
                attestation_object: hex(&r["attestationObject"]),
                transports: vec![],
                attachment: None,
            },
            registration_challenge: hex(&r["challenge"]),
            authentication: AuthenticationResponse {
                id: hex(&r["credential_id"]),
                client_data_json: hex(&a["clientDataJSON"]),
                authenticator_data: hex(&a["authenticatorData"]),
                signature: hex(&a["signature"]),
                user_handle: None,
            },
            authentication_challenge: hex(&a["challenge"]),
            aaguid: hex(&r["aaguid"]),
        }
    };
    file["vectors"].as_array().unwrap().iter().map(read).collect()
}

const ALGORITHMS: &[CoseAlgorithm] =
    &[CoseAlgorithm::Es256, CoseAlgorithm::EdDsa, CoseAlgorithm::Es384, CoseAlgorithm::Rs256];

fn origins() -> ([String; 1], [String; 1]) {
    (["https://example.org".to_owned()], ["https://example.com".to_owned()])
}

fn register(vector: &Vector, framing: Framing<'_>) -> Result<NewCredential, Failure> {
    let (own, _) = origins();
    let judge = |chain: &[Vec<u8>], _: [u8; 16]| chain.len() == 1;
    let expected = RegistrationExpectation {
        party: RelyingParty { id: "example.org", origins: &own, framing },
        challenge: &vector.registration_challenge,
        algorithms: ALGORITHMS,
        user_verification: false,
        attestation: AttestationPolicy::Any(Some(&judge)),
    };
    registration::verify(&vector.registration, &expected)
}

#[test]
fn supported_vectors_register_and_sign_in() {
    let (own, top) = origins();
    let framing = Framing::Under(&top);
    let mut passed = Vec::new();
    for vector in vectors() {
        let made = match register(&vector, framing) {
            Ok(made) => made,
            Err(failure) => {
                let expected = match vector.name.as_str() {
                    "packed-es512" | "packed-ed448" => Failure::Algorithm,
                    "tpm-es256" | "android-key-es256" | "apple-es256" | "fido-u2f-es256" => Failure::AttestationFormat,
                    other => panic!("{other}: {failure:?}"),
                };
                assert_eq!(failure, expected, "{}", vector.name);
                continue;
            }
        };
        assert_eq!(made.id, vector.registration.id);
        assert_eq!(made.aaguid.to_vec(), vector.aaguid);
        let attestation = match vector.name.as_str() {
            "packed-self-es256" => AttestationKind::SelfSigned,
            name if name.starts_with("packed") => AttestationKind::Trusted,
            _ => AttestationKind::None,
        };
        assert_eq!(made.attestation, attestation, "{}", vector.name);
        let expected = AssertionExpectation {
            party: RelyingParty { id: "example.org", origins: &own, framing },
            challenge: &vector.authentication_challenge,
            user_verification: false,
            allowed: &[],
            person_known: true,
        };
        let stored = StoredCredential {
            id: &made.id,
            public_key: &made.public_key,
            user_handle: &[],
            sign_count: made.sign_count,
            backup_eligible: made.backup_eligible,
        };
        assertion::verify(&vector.authentication, &expected, &stored)
            .unwrap_or_else(|failure| panic!("{}: {failure:?}", vector.name));
        passed.push(vector.name);
    }
    passed.sort();
    assert_eq!(
        passed,
        [
            "none-es256",
            "none-es256-crossOrigin",
            "none-es256-long-credential-id",
            "none-es256-topOrigin",
            "packed-eddsa",
            "packed-es256",
            "packed-es384",
            "packed-rs256",
            "packed-self-es256",
        ]
    );
}

#[test]
fn a_platform_that_is_never_framed_refuses_framed_vectors() {
    for vector in vectors() {
        let expected = match vector.name.as_str() {
            "none-es256-crossOrigin" | "none-es256-topOrigin" => Some(Failure::CrossOrigin),
            _ => continue,
        };
        assert_eq!(register(&vector, Framing::Never).err(), expected, "{}", vector.name);
    }
}

#[test]
fn attestations_of_models_do_not_survive_a_changed_byte() {
    let (_, top) = origins();
    for mut vector in vectors().into_iter().filter(|v| v.name == "packed-es256" || v.name == "packed-eddsa") {
        // The client data is signed too; a space before its end keeps it valid JSON.
        let end = vector.registration.client_data_json.len() - 1;
        vector.registration.client_data_json.insert(end, b' ');
        assert_eq!(register(&vector, Framing::Under(&top)).unwrap_err(), Failure::AttestationStatement);
    }
}

#[test]
fn an_untrusted_chain_is_refused_where_trust_is_asked_for() {
    let (own, top) = origins();
    let vector = vectors().into_iter().find(|v| v.name == "packed-es256").unwrap();
    let judge = |_: &[Vec<u8>], _: [u8; 16]| false;
    let mut expected = RegistrationExpectation {
        party: RelyingParty { id: "example.org", origins: &own, framing: Framing::Under(&top) },
        challenge: &vector.registration_challenge,
        algorithms: ALGORITHMS,
        user_verification: false,
        attestation: AttestationPolicy::Trusted(&judge),
    };
    assert_eq!(registration::verify(&vector.registration, &expected).unwrap_err(), Failure::AttestationTrust);
    expected.attestation = AttestationPolicy::Any(None);
    assert_eq!(registration::verify(&vector.registration, &expected).unwrap().attestation, AttestationKind::Unjudged);
    expected.algorithms = &[CoseAlgorithm::EdDsa];
    assert_eq!(registration::verify(&vector.registration, &expected).unwrap_err(), Failure::Algorithm);
}
