//! A registration and an assertion made by hand, open to be spoilt anywhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::digest::sha256;
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};
use lionrock_wire::webauthn::cbor::Value;
use lionrock_wire::webauthn::cose::CoseAlgorithm;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RegistrationResponse};
use lionrock_wire::webauthn::*;

pub const CHALLENGE: [u8; 64] = [9; 64];
pub const ID: [u8; 32] = [3; 32];
pub const HANDLE: [u8; 64] = [5; 64];

pub struct Parts {
    pub key: SigningKey,
    pub client: serde_json::Value,
    pub rp_id: String,
    pub flags: u8,
    pub counter: u32,
    pub id: Vec<u8>,
    pub cose: Value,
    pub format: String,
    pub statement: Value,
    /// Appended to the authenticator data.
    pub tail: Vec<u8>,
}

impl Parts {
    pub fn registration() -> Self {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let PublicKey::P256 { x, y } = key.public().unwrap() else { panic!() };
        let cose = Value::Map(vec![
            (Value::Int(1), Value::Int(2)),
            (Value::Int(3), Value::Int(-7)),
            (Value::Int(-1), Value::Int(1)),
            (Value::Int(-2), Value::Bytes(x.to_vec())),
            (Value::Int(-3), Value::Bytes(y.to_vec())),
        ]);
        Self {
            key,
            client: client("webauthn.create"),
            rp_id: "example.org".into(),
            flags: 0x01 | 0x04 | 0x40,
            counter: 1,
            id: ID.to_vec(),
            cose,
            format: "none".into(),
            statement: Value::Map(vec![]),
            tail: vec![],
        }
    }

    pub fn assertion() -> Self {
        let mut parts = Self::registration();
        parts.client = client("webauthn.get");
        parts.flags = 0x01 | 0x04;
        parts.counter = 2;
        parts
    }

    pub fn client_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.client).unwrap()
    }

    pub fn auth_data(&self) -> Vec<u8> {
        let mut data = sha256(self.rp_id.as_bytes()).to_vec();
        data.push(self.flags);
        data.extend(self.counter.to_be_bytes());
        if self.flags & 0x40 != 0 {
            data.extend([7; 16]);
            data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
            data.extend(&self.id);
            data.extend(self.cose.encode());
        }
        data.extend(&self.tail);
        data
    }

    /// DER signature of the credential key over authenticator data and client data.
    pub fn signature(&self) -> Vec<u8> {
        let mut signed = self.auth_data();
        signed.extend(sha256(&self.client_bytes()));
        der(&self.key.sign(&signed).unwrap())
    }

    pub fn self_attested(mut self) -> Self {
        self.format = "packed".into();
        self.statement = Value::Map(vec![
            (Value::Text("alg".into()), Value::Int(-7)),
            (Value::Text("sig".into()), Value::Bytes(self.signature())),
        ]);
        self
    }

    pub fn object(&self) -> Vec<u8> {
        Value::Map(vec![
            (Value::Text("fmt".into()), Value::Text(self.format.clone())),
            (Value::Text("attStmt".into()), self.statement.clone()),
            (Value::Text("authData".into()), Value::Bytes(self.auth_data())),
        ])
        .encode()
    }

    pub fn registration_response(&self) -> RegistrationResponse {
        RegistrationResponse {
            id: self.id.clone(),
            client_data_json: self.client_bytes(),
            attestation_object: self.object(),
            transports: vec!["internal".into()],
            attachment: None,
        }
    }

    pub fn assertion_response(&self) -> AuthenticationResponse {
        AuthenticationResponse {
            id: self.id.clone(),
            client_data_json: self.client_bytes(),
            authenticator_data: self.auth_data(),
            signature: self.signature(),
            user_handle: Some(HANDLE.to_vec()),
        }
    }

    pub fn register(&self) -> Result<NewCredential, Failure> {
        register(&self.registration_response(), &CHALLENGE)
    }

    pub fn authenticate(&self) -> Result<Assertion, Failure> {
        authenticate(&self.assertion_response(), &self.cose.encode())
    }
}

pub fn client(kind: &str) -> serde_json::Value {
    serde_json::json!({
        "type": kind,
        "challenge": URL_SAFE_NO_PAD.encode(CHALLENGE),
        "origin": "https://example.org",
        "crossOrigin": false,
    })
}

pub fn party(origins: &[String]) -> RelyingParty<'_> {
    RelyingParty { id: "example.org", origins, framing: Framing::Never }
}

pub fn register(response: &RegistrationResponse, challenge: &[u8]) -> Result<NewCredential, Failure> {
    let origins = ["https://example.org".to_owned()];
    let expected = RegistrationExpectation {
        party: party(&origins),
        challenge,
        algorithms: CoseAlgorithm::OFFERED,
        user_verification: true,
        attestation: AttestationPolicy::Any(None),
    };
    registration::verify(response, &expected)
}

pub fn authenticate(response: &AuthenticationResponse, cose: &[u8]) -> Result<Assertion, Failure> {
    let origins = ["https://example.org".to_owned()];
    let expected = AssertionExpectation {
        party: party(&origins),
        challenge: &CHALLENGE,
        user_verification: true,
        allowed: &[],
        person_known: false,
    };
    let stored =
        StoredCredential { id: &ID, public_key: cose, user_handle: &HANDLE, sign_count: 1, backup_eligible: false };
    assertion::verify(response, &expected, &stored)
}

/// `r ‖ s` to ASN.1.
pub fn der(fixed: &[u8]) -> Vec<u8> {
    let (r, s) = fixed.split_at(fixed.len() / 2);
    let integer = |part: &[u8]| {
        let part: Vec<u8> = part.iter().copied().skip_while(|b| *b == 0).collect();
        let pad = part.first().is_none_or(|b| b & 0x80 != 0);
        let mut out = vec![2, u8::try_from(part.len() + usize::from(pad)).unwrap()];
        out.extend(pad.then_some(0));
        out.extend(part);
        out
    };
    let body = [integer(r), integer(s)].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}
