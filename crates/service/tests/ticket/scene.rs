//! The stage: residents, officers of three units with keys, a ledger that runs, and one function a step.

use crate::stage::{self, caller};
use lionrock_crypto::random::System;
use lionrock_model::hkid::Hkid;
use lionrock_model::id::{OfficerId, OfficerKeyId, ResidentId, TicketId};
use lionrock_model::person::{CardFacts, Email, EnglishName, Sex};
use lionrock_model::policy::{Field, Purpose};
use lionrock_model::staff::{Network, Officer, OfficerName, OfficerState, Place as Kind, Role, StaffNumber, Unit};
use lionrock_model::ticket::{State, TicketRefusal};
use lionrock_model::time::Millis;
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::monitor::known;
use lionrock_service::rehearse::{self, Enrol};
use lionrock_service::staff::house::{self, Named};
use lionrock_service::staff::sign_in::{self, SignIn};
use lionrock_service::staff::{House, UnitPlace};
use lionrock_service::ticket::{self, Draft, Person, Seen};
use lionrock_service::{Caller, Error, Fault, Platform, ledger};
use lionrock_store::officer::Kept;
use lionrock_store::officer_credential::OfficerKey;
use lionrock_store::{Value, leaf, officer, officer_credential};
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::Place;
use lionrock_wire::webauthn::attestation::AttestationPolicy;
use lionrock_wire::webauthn::cose::CoseAlgorithm;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RegistrationResponse, RequestOptions};
use lionrock_wire::webauthn::{Framing, RegistrationExpectation, RelyingParty, registration};
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

pub const ORIGIN: &str = "https://staff.localhost:9443";
const RP: &str = "staff.localhost";

pub struct Scene {
    pub platform: Arc<Platform>,
    pub clock: Clock,
    job: tokio::task::JoinHandle<()>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.job.abort();
    }
}

pub struct Officer2 {
    pub id: OfficerId,
    pub device: Authenticator,
    pub cookie: String,
    pub card: Hkid,
}

pub fn number(digits: u32) -> Hkid {
    Hkid::with_check_digit(&format!("U{digits:06}")).unwrap()
}

pub async fn scene(place: &Place) -> Scene {
    scene_with(place, |_| {}).await
}

/// The stage with something changed before anything runs.
pub async fn scene_with(place: &Place, change: impl FnOnce(&mut Platform)) -> Scene {
    let mut platform = stage::platform(place).await;
    change(Arc::get_mut(&mut platform).unwrap());
    let settings = &mut Arc::get_mut(&mut platform).unwrap().settings;
    settings.staff = Some(house());
    settings.alerts = vec![Email::parse("alarm@example.test").unwrap()];
    let mut scene = over(platform, Clock::new());
    scene.start_ledger();
    scene
}

/// The stage over a platform that is there, without its ledger running.
pub fn over(platform: Arc<Platform>, clock: Clock) -> Scene {
    Scene { platform, clock, job: tokio::spawn(async {}) }
}

/// Three units that are always open.
pub fn house() -> House {
    let unit = |word: &str| UnitPlace {
        unit: Unit::parse(word).unwrap(),
        kind: Kind::Office,
        opens: 0,
        closes: 24,
        networks: vec![Network::parse("127.0.0.0/8").unwrap()],
    };
    House {
        origin: ORIGIN.to_owned(),
        rp_id: RP.to_owned(),
        units: ["north", "south", "west"].map(unit).to_vec(),
        roots: Vec::new(),
        models: Vec::new(),
    }
}

pub fn fields() -> Vec<Field> {
    vec![Field::EnglishName, Field::Birth]
}

pub fn code<T: std::fmt::Debug>(outcome: Result<T, Error<TicketRefusal>>) -> TicketRefusal {
    match outcome {
        Err(Error::Refuse(refusal)) => refusal,
        other => panic!("refused is wanted: {other:?}"),
    }
}

impl Scene {
    pub fn start_ledger(&mut self) {
        let (shared, time) = (Arc::clone(&self.platform), self.clock.clone());
        self.job = tokio::spawn(ledger::run(shared, move || caller(&time), std::future::pending()));
    }

    pub async fn stop_ledger(&mut self) {
        self.job.abort();
        drop((&mut self.job).await);
    }

    pub fn by(&self) -> Caller {
        Caller { address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), ..caller(&self.clock) }
    }

    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A resident with a card number and a name.
    pub async fn resident(&self, digits: u32, name: &str) -> ResidentId {
        let by = self.by();
        let options = rehearse::begin(&self.platform, &by).await.unwrap();
        let mut phone = Authenticator::default();
        let made = phone
            .create(
                &serde_json::to_value(&options).unwrap(),
                &self.platform.settings.issuer,
                &Manner::default(),
                &System,
            )
            .unwrap();
        let facts = CardFacts {
            hkid: number(digits),
            english_name: EnglishName::parse(name).unwrap(),
            chinese_name: None,
            birth: "1990-02-03".parse().unwrap(),
            sex: Sex::from_letter('F').unwrap(),
            issued: "2019-02-03".parse().unwrap(),
        };
        let passkey = RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap();
        let email = Email::parse("mei@example.hk").unwrap();
        rehearse::enrol(&self.platform, &by, Enrol { facts, email, passkey }).await.unwrap()
    }

    /// An officer with a key, signed in, whom monitoring knows.
    pub async fn officer(&self, digits: u32, name: &str, role: Role, unit: &str) -> Officer2 {
        let mut one = self.officer_without_mark(digits, name, role, unit).await;
        let (owned, by, id, card) = (Arc::clone(&self.platform), self.by(), one.id, one.card.clone());
        let name = EnglishName::parse(name).unwrap();
        let mail = Email::parse(&format!("officer-{digits}@{unit}.example")).unwrap();
        let kept: Result<(), Fault> =
            self.platform.store.write(move |tx| known::officer(tx, &owned, &by, id, (&card, &name, Some(&mail)))).await;
        kept.unwrap();
        one.cookie = self.sign_in(&mut one.device).await;
        one
    }

    pub async fn officer_without_mark(&self, digits: u32, name: &str, role: Role, unit: &str) -> Officer2 {
        let by = self.by();
        let id = OfficerId::new(by.now, by.random());
        let handle: [u8; 64] = by.random();
        let challenge: [u8; 64] = by.random();
        let encode = lionrock_wire::jose::encode;
        let options = json!({
            "challenge": encode(&challenge), "rp": {"id": RP, "name": "staff"}, "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "user": {"id": encode(&handle), "name": "o", "displayName": "o"},
        });
        let mut device = Authenticator::default();
        let made = device.create(&options, ORIGIN, &Manner::default(), &System).unwrap();
        let response = RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap();
        let origins = [ORIGIN.to_owned()];
        let expected = RegistrationExpectation {
            party: RelyingParty { id: RP, origins: &origins, framing: Framing::Never },
            challenge: &challenge,
            algorithms: CoseAlgorithm::OFFERED,
            user_verification: true,
            attestation: AttestationPolicy::Any(None),
        };
        let new = registration::verify(&response, &expected).unwrap();
        let named = Named {
            name: OfficerName::parse(name).unwrap(),
            number: StaffNumber::parse(&format!("S{digits}")).unwrap(),
        };
        let (owned, unit) = (Arc::clone(&self.platform), Unit::parse(unit).unwrap());
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
                house::record(tx, &owned, &by, id, "staff.rehearsed", json!({}))
            })
            .await;
        kept.unwrap();
        let cookie = self.sign_in(&mut device).await;
        Officer2 { id, device, cookie, card: number(digits) }
    }

    pub async fn sign_in(&self, device: &mut Authenticator) -> String {
        let options = sign_in::begin(&self.platform, &self.by(), "browser").await.unwrap();
        let answer = answer(device, &options);
        let command = SignIn { answer, browser: "browser".to_owned(), earlier: None, agent: None };
        sign_in::finish(&self.platform, &self.by(), command).await.unwrap().1.cookie().to_owned()
    }

    pub fn wish(&self, person: Person) -> Draft {
        Draft {
            purpose: Some(Purpose::AccessRequest),
            case: "AR-2026/1".to_owned(),
            person,
            fields: fields(),
            minutes: 10,
        }
    }

    /// A ticket that its officer signed.
    pub async fn asked(&self, who: &mut Officer2, wish: Draft) -> Result<TicketId, Error<TicketRefusal>> {
        let row = ticket::draft(&self.platform, &self.by(), &who.cookie, wish).await?;
        let id = row.terms.ticket;
        let options = ticket::sign_options(&self.platform, &self.by(), &who.cookie, id).await?;
        let answer = answer(&mut who.device, &options);
        ticket::sign(&self.platform, &self.by(), &who.cookie, id, answer).await?;
        Ok(id)
    }

    pub async fn approve(&self, who: &mut Officer2, id: TicketId) -> Result<(), Error<TicketRefusal>> {
        let options = ticket::approve_options(&self.platform, &self.by(), &who.cookie, id).await?;
        let answer = answer(&mut who.device, &options);
        ticket::approve(&self.platform, &self.by(), &who.cookie, id, answer).await
    }

    /// A ticket of two officers.
    pub async fn given(&self, one: &mut Officer2, two: &mut Officer2, about: ResidentId) -> TicketId {
        let id = self.asked(one, self.wish(Person::Reference(about))).await.unwrap();
        self.approve(two, id).await.unwrap();
        id
    }

    pub async fn open(&self, who: &Officer2, id: TicketId) -> Result<Seen, Error<TicketRefusal>> {
        ticket::open(&self.platform, &self.by(), &who.cookie, id, vec![Field::EnglishName]).await
    }

    pub async fn close(&self, who: &Officer2, id: TicketId) -> Result<(), Error<TicketRefusal>> {
        ticket::close(&self.platform, &self.by(), &who.cookie, id, "Answered by letter.").await
    }

    /// Entries of a kind about somebody, or about nobody in particular.
    pub async fn leaves(&self, kind: &'static str) -> i64 {
        let ask = "SELECT COUNT(*) FROM leaf WHERE kind = $1";
        self.count(ask, vec![kind.into()]).await
    }

    pub async fn count(&self, ask: &'static str, values: Vec<Value>) -> i64 {
        let read = self.platform.store.read(move |tx| tx.first(ask, &values)?.unwrap().int(0)).await;
        read.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"))
    }

    /// Writes into the store by hand, as somebody with its password would.
    pub async fn by_hand(&self, sql: &'static str, values: Vec<Value>) -> u64 {
        let done: Result<u64, lionrock_store::Error> =
            self.platform.store.write(move |tx| tx.execute(sql, &values)).await;
        done.unwrap()
    }

    pub async fn state(&self, id: TicketId) -> State {
        let realm = self.platform.settings.realm.to_string();
        let found = self.platform.store.read(move |tx| lionrock_store::ticket::find(tx, id, &realm)).await;
        found.unwrap().unwrap().state
    }

    /// Bodies of a resident's entries of a kind.
    pub async fn told(&self, who: ResidentId, kind: &'static str) -> Vec<serde_json::Value> {
        let entries =
            self.platform.store.read(move |tx| leaf::of_resident(tx, who.as_bytes(), i64::MAX, 200)).await.unwrap();
        entries
            .into_iter()
            .filter(|(entry, ..)| entry.kind == kind)
            .map(|(entry, _, body)| {
                let (_, plain) =
                    lionrock_service::audit::open_body(&self.platform, &entry.event, &body.unwrap()).unwrap();
                serde_json::from_slice(&plain).unwrap()
            })
            .collect()
    }

    pub fn set_back(&self, seconds: i64) -> Self {
        Self {
            platform: Arc::clone(&self.platform),
            clock: Clock::at(Millis(self.clock.now().0 - seconds * 1000)),
            job: tokio::spawn(async {}),
        }
    }
}

pub fn answer(device: &mut Authenticator, options: &RequestOptions) -> AuthenticationResponse {
    let answer = device.get(&serde_json::to_value(options).unwrap(), ORIGIN, &Manner::default()).unwrap();
    AuthenticationResponse::from_json(answer.to_string().as_bytes()).unwrap()
}
