//! A chamber, a resident with a phone, and a hand that does what servers do.

#![allow(clippy::unwrap_used)]

use lionrock_activation::text::{self, ACTIVATION, ENROLMENT};
use lionrock_activation::{
    Activation, Authenticator, Chamber, Document, Enrol, Enrolled, Enrolment, Form, Hex, Opening, Passkey, Refusal,
    Sign, Signed,
};
use lionrock_crypto::digest::{sha256, sha384};
use lionrock_crypto::random::System;
use lionrock_rehearsal::authenticator::{self, Manner};
use lionrock_wire::webauthn::attestation::AttestationPolicy;
use lionrock_wire::webauthn::cose::CoseAlgorithm;
use lionrock_wire::webauthn::json::{AuthenticationResponse, Base64Url, RegistrationResponse};
use lionrock_wire::webauthn::{Framing, RegistrationExpectation, RelyingParty, registration};
use serde_json::json;

pub const ORIGIN: &str = "https://id.example";
pub const RP: &str = "id.example";
pub const REALM: &str = "test-demo";
pub const NOW: i64 = 1_800_000_000_000;

/// Opens a chamber that began a second before [`NOW`].
pub fn chamber() -> Chamber {
    chamber_of(REALM, [7; 32])
}

pub fn chamber_of(realm: &str, key: [u8; 32]) -> Chamber {
    let opening = Opening {
        key: Base64Url(key.to_vec()),
        origins: vec![ORIGIN.to_owned()],
        realm: realm.to_owned(),
        rp_id: RP.to_owned(),
    };
    Chamber::open(&opening, NOW - 1_000).unwrap()
}

/// A resident's phone with one passkey, and what a server knows of it.
pub struct Phone {
    pub device: authenticator::Authenticator,
    pub known: Authenticator,
    pub manner: Manner,
}

impl Phone {
    pub fn new() -> Self {
        Self::behaving(Manner::default())
    }

    pub fn behaving(manner: Manner) -> Self {
        let mut device = authenticator::Authenticator::default();
        let handle = [5; 64];
        let encode = |bytes: &[u8]| serde_json::to_value(Base64Url(bytes.to_vec())).unwrap();
        let options = json!({
            "challenge": encode(&[1; 32]), "rp": {"id": RP}, "user": {"id": encode(&handle)},
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        });
        let made = device.create(&options, ORIGIN, &manner, &System).unwrap();
        let response = RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap();
        let expected = RegistrationExpectation {
            party: RelyingParty { id: RP, origins: &[ORIGIN.to_owned()], framing: Framing::Never },
            challenge: &[1; 32],
            algorithms: CoseAlgorithm::OFFERED,
            user_verification: false,
            attestation: AttestationPolicy::Any(None),
        };
        let new = registration::verify(&response, &expected).unwrap();
        let known = Authenticator {
            id: Base64Url(new.id),
            public_key: Base64Url(new.public_key),
            sign_count: 0,
            user_handle: Base64Url(handle.to_vec()),
        };
        Self { device, known, manner }
    }

    /// Approves a text.
    pub fn approve(&mut self, text: &[u8]) -> Passkey {
        let challenge = serde_json::to_value(Base64Url(sha256(text).to_vec())).unwrap();
        let options = json!({"challenge": challenge, "rpId": RP, "allowCredentials": []});
        let answer = self.device.get(&options, ORIGIN, &self.manner).unwrap();
        passkey(&AuthenticationResponse::from_json(answer.to_string().as_bytes()).unwrap())
    }

    /// The text of making a key, and the order.
    pub fn enrolment(&mut self, algorithm: &str, key: &str) -> Enrol {
        let text = Enrolment {
            algorithm: algorithm.to_owned(),
            authenticator: sha256(&self.known.id.0).into(),
            key: key.to_owned(),
            nonce: sha256(key.as_bytes()).into(),
            realm: REALM.to_owned(),
            resident: "resident-1".to_owned(),
            subject: "LR-REFERENCE".to_owned(),
            time: NOW,
            v: ENROLMENT.to_owned(),
        };
        let text = text::canonical(&text);
        Enrol { authenticator: self.known.clone(), passkey: self.approve(&text), text: Base64Url(text) }
    }

    pub fn enrolled(&mut self, chamber: &mut Chamber, algorithm: &str, key: &str) -> Enrolled {
        let order = self.enrolment(algorithm, key);
        chamber.enrol(&order, NOW, &System).unwrap()
    }
}

pub fn passkey(answer: &AuthenticationResponse) -> Passkey {
    Passkey {
        authenticator_data: Base64Url(answer.authenticator_data.clone()),
        client_data: Base64Url(answer.client_data_json.clone()),
        id: Base64Url(answer.id.clone()),
        signature: Base64Url(answer.signature.clone()),
        user_handle: answer.user_handle.clone().map(Base64Url),
    }
}

pub const CERTIFICATE: [u8; 32] = [9; 32];

/// The approval of one PDF.
pub fn approval(key: &str, digest: &[u8], nonce: u8) -> Activation {
    Activation {
        certificate: CERTIFICATE.into(),
        documents: vec![Document { digest: Hex(digest.to_vec()), form: Form::Attributes }],
        key: key.to_owned(),
        nonce: [nonce; 32].into(),
        realm: REALM.to_owned(),
        service: "library".to_owned(),
        shown: [2; 32].into(),
        time: NOW,
        v: ACTIVATION.to_owned(),
    }
}

/// An order to sign what was approved.
pub fn order(phone: &mut Phone, text: &Activation, record: &Base64Url) -> Sign {
    let canonical = text::canonical(text);
    let messages = text.documents.iter().map(|document| match document.form {
        Form::Attributes => Base64Url(attributes(&document.digest.0, &text.certificate.0)),
        Form::Exact => Base64Url(Vec::new()),
    });
    Sign {
        messages: messages.collect(),
        passkey: phone.approve(&canonical),
        record: record.clone(),
        text: Base64Url(canonical),
    }
}

pub fn sign(chamber: &mut Chamber, order: &Sign) -> Result<Signed, Refusal> {
    chamber.sign(order, NOW + 10, &System)
}

/// Signed attributes as CMS has them, written by hand.
pub fn attributes(digest: &[u8], certificate: &[u8]) -> Vec<u8> {
    let oid = |last: &[u8]| value(6, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09][..], last].concat());
    let attribute = |last: &[u8], inside: &[u8]| value(0x30, &[oid(last), value(0x31, inside)].concat());
    let data = value(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01]);
    let reference = value(0x30, &value(0x30, &value(0x30, &value(4, certificate))));
    let all =
        [attribute(&[0x03], &data), attribute(&[0x04], &value(4, digest)), attribute(&[0x10, 0x02, 0x2f], &reference)];
    value(0x31, &all.concat())
}

pub fn value(tag: u8, inside: &[u8]) -> Vec<u8> {
    let length = inside.len();
    let head = if length < 128 { vec![tag, length as u8] } else { vec![tag, 0x81, length as u8] };
    [&head[..], inside].concat()
}

pub fn digest_for(algorithm: &str, document: &[u8]) -> Vec<u8> {
    if algorithm == "ES384" { sha384(document).to_vec() } else { sha256(document).to_vec() }
}
