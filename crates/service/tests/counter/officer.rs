//! Officers of the stage: three units, keys of software, signed in.

use crate::Scene;
use lionrock_crypto::random::System;
use lionrock_model::hkid::Hkid;
use lionrock_model::id::{OfficerId, OfficerKeyId};
use lionrock_model::person::EnglishName;
use lionrock_model::staff::{Network, Officer, OfficerName, OfficerState, Place as Kind, Role, StaffNumber, Unit};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::monitor::known;
use lionrock_service::staff::house::{self, Named};
use lionrock_service::staff::sign_in::{self, SignIn};
use lionrock_service::staff::{House, UnitPlace};
use lionrock_service::{Caller, Fault};
use lionrock_store::officer::Kept;
use lionrock_store::officer_credential::OfficerKey;
use lionrock_store::{officer, officer_credential};
use lionrock_wire::webauthn::attestation::AttestationPolicy;
use lionrock_wire::webauthn::cose::CoseAlgorithm;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RegistrationResponse, RequestOptions};
use lionrock_wire::webauthn::{Framing, RegistrationExpectation, RelyingParty, registration};
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

pub const STAFF: &str = "https://staff.localhost:9443";
const RP: &str = "staff.localhost";

/// The house: three counters, of which one closes at nine, and two offices.
pub fn staffed() -> House {
    let unit = |(word, kind): (&str, Kind)| UnitPlace {
        unit: Unit::parse(word).unwrap(),
        kind,
        opens: 0,
        closes: if word == "early" { 9 } else { 24 },
        networks: vec![Network::parse("127.0.0.0/8").unwrap()],
    };
    let units = [
        ("north", Kind::Counter),
        ("south", Kind::Counter),
        ("early", Kind::Counter),
        ("desk-one", Kind::Office),
        ("desk-two", Kind::Office),
    ];
    House {
        origin: STAFF.to_owned(),
        rp_id: RP.to_owned(),
        units: units.map(unit).to_vec(),
        roots: Vec::new(),
        models: Vec::new(),
    }
}

pub struct Colleague {
    pub id: OfficerId,
    pub device: Authenticator,
    pub cookie: String,
}

impl Colleague {
    pub fn answer(&mut self, options: &RequestOptions) -> AuthenticationResponse {
        let options = serde_json::to_value(options).unwrap();
        let got = self.device.get(&options, STAFF, &Manner::default()).unwrap();
        AuthenticationResponse::from_json(got.to_string().as_bytes()).unwrap()
    }
}

impl Scene {
    pub fn inside(&self) -> Caller {
        Caller { address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), ..self.by() }
    }

    /// An officer with a key, signed in, whose own card number monitoring knows.
    pub async fn officer(&self, digits: u32, role: Role, unit: &str) -> Colleague {
        let by = self.inside();
        let id = OfficerId::new(by.now, by.random());
        let (handle, challenge): ([u8; 64], [u8; 64]) = (by.random(), by.random());
        let encode = lionrock_wire::jose::encode;
        let options = json!({
            "challenge": encode(&challenge), "rp": {"id": RP, "name": "staff"},
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "user": {"id": encode(&handle), "name": "o", "displayName": "o"},
        });
        let mut device = Authenticator::default();
        let made = device.create(&options, STAFF, &Manner::default(), &System).unwrap();
        let response = RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap();
        let origins = [STAFF.to_owned()];
        let expected = RegistrationExpectation {
            party: RelyingParty { id: RP, origins: &origins, framing: Framing::Never },
            challenge: &challenge,
            algorithms: CoseAlgorithm::OFFERED,
            user_verification: true,
            attestation: AttestationPolicy::Any(None),
        };
        let new = registration::verify(&response, &expected).unwrap();
        let named = Named {
            name: OfficerName::parse("CHAN, Tai Man").unwrap(),
            number: StaffNumber::parse(&format!("S{digits}")).unwrap(),
        };
        let (owned, unit) = (Arc::clone(&self.platform), Unit::parse(unit).unwrap());
        let card = Hkid::with_check_digit(&format!("U{digits:06}")).unwrap();
        let kept: Result<(), Fault> = self
            .platform
            .store
            .write(move |tx| {
                let rights_until = by.now.after(Duration::from_secs(100 * 86_400));
                let who = Officer { id, role, unit: unit.clone(), rights_until, state: OfficerState::Active };
                let kept = Kept {
                    officer: who,
                    person: house::person(&owned, &named.number)?,
                    sealed_name: house::seal_name(&owned, &by, id, &named)?,
                    proposed_by: None,
                    approved_by: None,
                    invite_first: None,
                    invite: None,
                    invite_until: None,
                    user_handle: handle.to_vec(),
                    created: by.now,
                    used: None,
                    ended: None,
                    version: 1,
                };
                officer::insert(tx, &kept)?;
                let key = OfficerKey {
                    id: OfficerKeyId::new(by.now, by.random()),
                    officer: id,
                    external_id: new.id.clone(),
                    public_key: new.public_key.clone(),
                    algorithm: new.algorithm.number(),
                    sign_count: new.sign_count,
                    aaguid: new.aaguid,
                    chain: b"[]".to_vec(),
                    created: by.now,
                    used: None,
                    removed: None,
                    counter_alarm: None,
                    version: 1,
                };
                assert!(officer_credential::add(tx, &key)?);
                house::record(tx, &owned, &by, id, "staff.rehearsed", json!({}))?;
                known::officer(tx, &owned, &by, id, (&card, &EnglishName::parse("CHAN, Tai Man").unwrap(), None))
            })
            .await;
        kept.unwrap();
        let mut one = Colleague { id, device, cookie: String::new() };
        let options = sign_in::begin(&self.platform, &self.inside(), "browser").await.unwrap();
        let answer = one.answer(&options);
        let command = SignIn { answer, browser: "browser".to_owned(), earlier: None, agent: None };
        one.cookie = sign_in::finish(&self.platform, &self.inside(), command).await.unwrap().1.cookie().to_owned();
        one
    }
}
