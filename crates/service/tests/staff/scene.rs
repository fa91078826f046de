//! A house with officers in two units, and their software keys.

use crate::stage;
use lionrock_model::id::OfficerId;
use lionrock_model::staff::{DutyRefusal, Network, OfficerName, Place, Role, StaffNumber, Unit};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_rehearsal::maker::Maker;
use lionrock_rehearsal::officers::MODEL;
use lionrock_service::caller::{Caller, System};
use lionrock_service::rehearse::{self, EnrolOfficer};
use lionrock_service::staff::house::Named;
use lionrock_service::staff::officers::{Decision, Wanted, decide, end, propose};
use lionrock_service::staff::{House, UnitPlace, sign_in};
use lionrock_service::{Error, Platform};
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::Place as Engine;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RegistrationResponse};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

pub const ORIGIN: &str = "https://staff.example.hk";

/// A house on an engine.
pub struct Scene {
    pub platform: Arc<Platform>,
    pub clock: Clock,
    pub maker: Arc<Maker>,
}

/// An officer with their key.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: OfficerId,
    pub key: Authenticator,
}

pub fn unit(word: &str) -> Unit {
    Unit::parse(word).unwrap()
}

pub fn named(name: &str, number: &str) -> Named {
    Named { name: OfficerName::parse(name).unwrap(), number: StaffNumber::parse(number).unwrap() }
}

impl Scene {
    pub async fn new(place: &Engine) -> Self {
        let clock = Clock::new();
        let maker = Arc::new(Maker::create(MODEL, clock.now().hong_kong_date()).unwrap());
        let mut platform = Arc::into_inner(stage::platform(place).await).unwrap();
        platform.settings.staff = Some(Self::house(&maker));
        Self { platform: Arc::new(platform), clock, maker }
    }

    /// What a configuration says of the house.
    pub fn house(maker: &Maker) -> House {
        let at = |word: &str, kind, network: &str| UnitPlace {
            unit: unit(word),
            kind,
            opens: 0,
            closes: 24,
            networks: vec![Network::parse(network).unwrap()],
        };
        House {
            origin: ORIGIN.to_owned(),
            rp_id: "staff.example.hk".to_owned(),
            units: vec![
                at("head-office", Place::Office, "10.0.0.0/8"),
                at("kwun-tong", Place::Office, "10.0.0.0/8"),
                at("north-point", Place::Counter, "10.0.0.0/8"),
            ],
            roots: vec![maker.root()],
            models: vec![maker.model],
        }
    }

    /// The same house over the same store, as it is after a restart with other settings.
    pub fn caller(&self) -> Caller {
        Caller { address: Some(IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3))), ..stage::caller(&self.clock) }
    }

    pub fn manner(&self) -> Manner {
        Manner { counter: Some(0), maker: Some(Arc::clone(&self.maker)), ..Manner::default() }
    }

    /// An officer who works here.
    pub async fn officer(&self, number: &str, role: Role, at: &str) -> Person {
        let options = rehearse::begin_officer(&self.platform, &self.caller()).await.unwrap();
        let mut key = Authenticator::default();
        let answer = key.create(&alone(&options), ORIGIN, &self.manner(), &System).unwrap();
        let key_answer = RegistrationResponse::from_json(answer.to_string().as_bytes()).unwrap();
        let command =
            EnrolOfficer { named: named(&format!("TEST {number}"), number), role, unit: unit(at), key: key_answer };
        let id = rehearse::enrol_officer(&self.platform, &self.caller(), command).await.unwrap();
        Person { id, key }
    }

    /// A session of theirs.
    pub async fn sign_in(&self, person: &mut Person) -> Result<String, DutyRefusal> {
        self.sign_in_as(person, &self.manner()).await
    }

    pub async fn sign_in_as(&self, person: &mut Person, manner: &Manner) -> Result<String, DutyRefusal> {
        let options = sign_in::begin(&self.platform, &self.caller(), "browser").await.map_err(refusal)?;
        let options = serde_json::to_value(&options).unwrap();
        let answer = person.key.get(&options, ORIGIN, manner).unwrap();
        self.answer(&answer).await
    }

    pub async fn answer(&self, answer: &Value) -> Result<String, DutyRefusal> {
        let command =
            sign_in::SignIn { answer: assertion(answer), browser: "browser".to_owned(), earlier: None, agent: None };
        let outcome = sign_in::finish(&self.platform, &self.caller(), command).await;
        outcome.map(|(_, secret)| secret.cookie().to_owned()).map_err(refusal)
    }

    /// Proposes, signing with the key of `person`; the proposal and the proposer's half.
    pub async fn propose(
        &self,
        person: &mut Person,
        cookie: &str,
        wanted: Wanted,
    ) -> Result<(propose::Proposed, String), DutyRefusal> {
        let asked = propose::begin(&self.platform, &self.caller(), cookie, wanted.clone()).await;
        let (text, options) = asked.map_err(refusal)?;
        let answer = self.sign(person, &options);
        let done = propose::finish(&self.platform, &self.caller(), cookie, wanted, answer).await;
        done.map(|done| (done, text)).map_err(refusal)
    }

    pub async fn decide(
        &self,
        person: &mut Person,
        cookie: &str,
        proposal: [u8; 16],
        decision: Decision,
    ) -> Result<decide::Decided, DutyRefusal> {
        let asked = decide::begin(&self.platform, &self.caller(), cookie, proposal, decision).await;
        let (_, options) = asked.map_err(refusal)?;
        let answer = self.sign(person, &options);
        decide::finish(&self.platform, &self.caller(), cookie, proposal, decision, answer).await.map_err(refusal)
    }

    pub async fn end(&self, person: &mut Person, cookie: &str, who: OfficerId) -> Result<(), DutyRefusal> {
        let (_, options) = end::begin(&self.platform, &self.caller(), cookie, who).await.map_err(refusal)?;
        let answer = self.sign(person, &options);
        end::finish(&self.platform, &self.caller(), cookie, who, answer).await.map_err(refusal)
    }

    pub fn sign(&self, person: &mut Person, options: &impl serde::Serialize) -> AuthenticationResponse {
        let options = serde_json::to_value(options).unwrap();
        assertion(&person.key.get(&options, ORIGIN, &self.manner()).unwrap())
    }

    /// Rights for a month from now.
    pub fn month(&self) -> lionrock_model::time::Millis {
        self.clock.now().after(std::time::Duration::from_secs(30 * 86_400))
    }

    pub fn new_counter(&self, number: &str) -> Wanted {
        Wanted::New {
            named: named(&format!("NEW {number}"), number),
            role: Role::Counter,
            unit: unit("north-point"),
            until: self.month(),
        }
    }

    /// Runs SQL as somebody who has the database but no key.
    pub async fn tamper(&self, sql: &'static str, id: OfficerId) -> u64 {
        let id = id.as_bytes().to_vec();
        self.platform
            .store
            .write(move |tx| tx.execute(sql, &[id.clone().into()]))
            .await
            .unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"))
    }
}

pub fn assertion(answer: &Value) -> AuthenticationResponse {
    AuthenticationResponse::from_json(answer.to_string().as_bytes()).unwrap()
}

/// Options as a device of one's own sees them: others' keys are not on it.
pub fn alone(options: &impl serde::Serialize) -> Value {
    let mut options = serde_json::to_value(options).unwrap();
    options.as_object_mut().unwrap().remove("excludeCredentials");
    options
}

pub fn refusal(error: Error<DutyRefusal>) -> DutyRefusal {
    match error {
        Error::Refuse(refusal) => refusal,
        Error::Fault(fault) => panic!("{fault}"),
    }
}
