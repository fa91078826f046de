//! The JSON forms, strictly.

use super::fixture::Parts;
use lionrock_wire::webauthn::json::*;
use serde_json::{Value, json};

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

#[test]
fn answers_read_back() {
    let answer = Parts::registration().registration_response();
    let read = RegistrationResponse::from_json(&bytes(&answer.to_json())).unwrap();
    assert_eq!((read.id, read.transports), (answer.id, answer.transports));
    let answer = Parts::assertion().assertion_response();
    assert_eq!(AuthenticationResponse::from_json(&bytes(&answer.to_json())).unwrap(), answer);
    assert_eq!(answer.claimed_challenge().unwrap(), super::fixture::CHALLENGE);
}

#[test]
fn options_read_back() {
    let rp = RpEntity { id: "example.org".into(), name: "Example".into() };
    let user = UserEntity { id: Base64Url(vec![1; 64]), name: "n".into(), display_name: "d".into() };
    let options =
        CreationOptions::new(rp, user, &[2; 64], vec![Descriptor::new(vec![3; 32], vec!["usb".into()])], 300_000);
    let value = serde_json::to_value(&options).unwrap();
    assert_eq!(
        value["pubKeyCredParams"],
        json!([{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -8}, {"type": "public-key", "alg": -257}])
    );
    assert_eq!(value["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(value["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(serde_json::from_value::<CreationOptions>(value).unwrap(), options);
    let options = RequestOptions::new("example.org", &[2; 64], vec![], 300_000);
    let value = serde_json::to_value(&options).unwrap();
    assert_eq!((&value["userVerification"], &value["rpId"]), (&json!("required"), &json!("example.org")));
    assert_eq!(serde_json::from_value::<RequestOptions>(value).unwrap(), options);
}

#[test]
fn what_a_passkey_never_sends_is_refused() {
    type Spoil = fn(&mut Value);
    let cases: &[(&str, Spoil, JsonError)] = &[
        ("biometric member", |v| v["response"]["fingerprintTemplate"] = "AAAA".into(), JsonError::Form),
        ("member beside", |v| v["face"] = "AAAA".into(), JsonError::Form),
        ("extension of its own", |v| v["clientExtensionResults"]["voice"] = "AAAA".into(), JsonError::Form),
        ("another type", |v| v["type"] = "password".into(), JsonError::Form),
        ("ids differ", |v| v["id"] = "AAAA".into(), JsonError::IdMismatch),
        ("padded", |v| v["response"]["clientDataJSON"] = "AA==".into(), JsonError::Form),
        ("loose bits", |v| v["response"]["clientDataJSON"] = "AB".into(), JsonError::Form),
        ("plain base64", |v| v["response"]["clientDataJSON"] = "+/+/".into(), JsonError::Form),
        ("huge client data", |v| v["response"]["clientDataJSON"] = "A".repeat(5600).into(), JsonError::TooLarge),
        ("a picture", |v| v["response"]["clientDataJSON"] = "A".repeat(40_000).into(), JsonError::TooLarge),
        ("number for text", |v| v["id"] = 5.into(), JsonError::Form),
        ("no response", |v| drop(v.as_object_mut().unwrap().remove("response")), JsonError::Form),
    ];
    for (what, spoil, expected) in cases {
        let mut value = Parts::registration().registration_response().to_json();
        spoil(&mut value);
        assert_eq!(RegistrationResponse::from_json(&bytes(&value)).unwrap_err(), *expected, "{what}");
        let mut value = Parts::assertion().assertion_response().to_json();
        spoil(&mut value);
        assert_eq!(AuthenticationResponse::from_json(&bytes(&value)).unwrap_err(), *expected, "{what}");
    }
    for text in ["", "{", "[]", "null", "{\"id\":\"AAAA\"}"] {
        assert_eq!(RegistrationResponse::from_json(text.as_bytes()).unwrap_err(), JsonError::Form);
    }
    let deep = "[".repeat(20_000);
    assert_eq!(AuthenticationResponse::from_json(deep.as_bytes()).unwrap_err(), JsonError::Form);
}

#[test]
fn unknown_transports_are_dropped() {
    let mut value = Parts::registration().registration_response().to_json();
    value["response"]["transports"] = json!(["internal", "telepathy", "usb"]);
    assert_eq!(RegistrationResponse::from_json(&bytes(&value)).unwrap().transports, ["internal", "usb"]);
}
