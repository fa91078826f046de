//! A store in which every sealed column holds records of two people at least, made by the journeys themselves.

use super::work;
use crate::signing::scene::StandIn;
use crate::stage::{self, caller};
use crate::stand_in::{Letters, Provider, Records, accept};
use lionrock_crypto::random::System;
use lionrock_crypto::ring::{Domain, KeyRing, ResidentKey, Sealed};
use lionrock_model::correction::Statement;
use lionrock_model::custody::{Label, Part};
use lionrock_model::hkid::Hkid;
use lionrock_model::id::ResidentId;
use lionrock_model::person::{CardFacts, Email, EnglishName, Sex};
use lionrock_model::proofing::CardText;
use lionrock_model::realm::Realm;
use lionrock_model::register::{Step as At, facts};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::account::data::{Extent, data};
use lionrock_service::account::{contact, corrections};
use lionrock_service::register::{self, Begin};
use lionrock_service::rehearse::{self, Enrol};
use lionrock_service::rotation::{self, Seat, Step, What, home};
use lionrock_service::session::{self, SignIn};
use lionrock_service::{Caller, Fault, Platform, Ports, custody};
use lionrock_store::sealed::{COLUMNS, Column, Record};
use lionrock_store::{Store, key_ring, resident};
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::Place;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RegistrationResponse};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub const ORIGIN: &str = "https://localhost:8443";

/// One server.
pub struct Server {
    pub platform: Arc<Platform>,
    pub clock: Clock,
    pub seat: Seat,
    pub stand_in: Arc<StandIn>,
    provider: Arc<Provider>,
}

/// Somebody with an account and a phone.
#[derive(Clone)]
pub struct Person {
    pub id: ResidentId,
    pub phone: Authenticator,
    pub serial: u32,
}

impl Server {
    /// A server on this place's store.
    pub async fn start(place: &Place, boot: u8) -> Self {
        Self::start_at(place.url(), place.folder(), boot, &format!("node-{boot}"), Clock::new()).await
    }

    pub async fn start_at(url: &str, data: &Path, boot: u8, node: &str, clock: Clock) -> Self {
        let mut platform = Arc::into_inner(stage::platform_at(url, data).await).unwrap();
        let realm = Realm::parse("test-demo").unwrap();
        let known = (900..910).map(|n| facts(&card(n), &realm, "2026-11-23".parse().unwrap()).unwrap()).collect();
        let records = Records { known: std::sync::Mutex::new(known), down: std::sync::Mutex::new(false) };
        let provider = Arc::new(Provider::new(boot));
        let mail = Arc::new(Letters::default());
        platform.ports = Ports {
            registry: Arc::new(records),
            mail,
            push: None,
            proofing: provider.clone(),
            documents: platform.ports.documents.clone(),
            activation: platform.ports.activation.clone(),
        };
        let stand_in = StandIn::new(&clock);
        work::settle(&mut platform, &stand_in);
        let seat = Seat::new([boot; 16], node);
        let server = Self { platform: Arc::new(platform), clock, seat, stand_in, provider };
        rotation::join(&server.platform, &server.by(), &server.seat).await.unwrap();
        server
    }

    pub fn by(&self) -> Caller {
        Caller { address: Some("203.0.113.7".parse().unwrap()), ..caller(&self.clock) }
    }

    pub fn store(&self) -> &Store {
        &self.platform.store
    }

    /// One round of the job.
    pub async fn round(&self) -> Result<Step, Fault> {
        rotation::attend(&self.platform, &self.by(), &self.seat).await?;
        rotation::step(&self.platform, &self.by(), &self.seat).await
    }

    /// Rounds until nothing is left to do; spans are waited for by moving the clock.
    pub async fn turn(&self) {
        for _ in 0..20_000 {
            match self.round().await.unwrap() {
                Step::Idle => return,
                Step::Waiting => drop(self.clock.advance(Duration::from_secs(1))),
                Step::Moved => {}
            }
        }
        panic!("it never ends: {:?}", rotation::standing(self.store(), 1).await);
    }

    pub async fn ask(&self, what: &[What]) -> Vec<lionrock_model::id::RotationId> {
        self.clock.advance(Duration::from_millis(1));
        rotation::ask(self.store(), &self.by(), what).await.unwrap()
    }

    pub async fn rotate(&self, what: &[What]) {
        self.ask(what).await;
        self.turn().await;
    }

    /// A person made by the rehearsal's verb, as in the demo.
    pub async fn person(&self, serial: u32) -> Person {
        let options = rehearse::begin(&self.platform, &self.by()).await.unwrap();
        let mut phone = Authenticator::default();
        let options = serde_json::to_value(options).unwrap();
        let made = phone.create(&options, ORIGIN, &Manner::default(), &System).unwrap();
        let passkey = RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap();
        let facts = CardFacts {
            hkid: Hkid::with_check_digit(&format!("U{serial:06}")).unwrap(),
            english_name: EnglishName::parse(&name(serial)).unwrap(),
            chinese_name: None,
            birth: "1990-02-03".parse().unwrap(),
            sex: Sex::Female,
            issued: "2019-02-03".parse().unwrap(),
        };
        let email = Email::parse(&address(serial)).unwrap();
        let id = rehearse::enrol(&self.platform, &self.by(), Enrol { facts, email, passkey }).await.unwrap();
        Person { id, phone, serial }
    }

    /// Signs in; the cookie.
    pub async fn sign_in(
        &self,
        person: &mut Person,
    ) -> Result<String, lionrock_service::Error<lionrock_model::session::SessionRefusal>> {
        let options = session::begin(&self.platform, &self.by(), "browser").await?;
        let options = serde_json::to_value(options).unwrap();
        let answered = person.phone.get(&options, ORIGIN, &Manner::default()).unwrap();
        let answer = AuthenticationResponse::from_json(answered.to_string().as_bytes()).unwrap();
        let agent = Some("Mozilla/5.0 (Linux; Android 16) Chrome/142.0 Mobile Safari/537.36".to_owned());
        let command = SignIn { answer, browser: "browser".into(), earlier: None, agent };
        Ok(session::sign_in(&self.platform, &self.by(), command).await?.secret.cookie().to_owned())
    }

    /// What the person's own page shows: name, address, passkeys.
    pub async fn shown(&self, cookie: &str) -> Result<(Option<String>, Option<String>, Vec<String>), Fault> {
        match data(&self.platform, &self.by(), cookie, Extent::Masked).await {
            Ok(all) => Ok((all.profile.english_name, all.email, all.passkeys)),
            Err(lionrock_service::Error::Fault(fault)) => Err(fault),
            Err(lionrock_service::Error::Refuse(refusal)) => panic!("{refusal:?}"),
        }
    }

    /// A registration that stands at `until`.
    pub async fn registration(&self, serial: u32, until: At) {
        let agreed = Begin { agreed: true, named_version: "1".into(), version: "1", notice: "the notice".into() };
        let cookie = register::begin(&self.platform, &self.by(), None, agreed).await.unwrap().cookie;
        let asked = register::challenge(&self.platform, &self.by(), &cookie).await.unwrap();
        custody::open(&self.platform, &self.by(), &cookie, Some(asked.id)).await.unwrap();
        for part in [Part::Card, Part::Face(0)] {
            let label = Label { part, at_ms: 0, action: None };
            custody::receive(&self.platform, &self.by(), &cookie, label, b"picture".to_vec()).await.unwrap();
        }
        self.provider.will(accept(card(serial)));
        custody::judge(&self.platform, &self.by(), &cookie).await.unwrap();
        for _ in 0..400 {
            if register::standing(&self.platform, &self.by(), &cookie).await.unwrap().step == At::Passkey {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if until == At::Passkey {
            return;
        }
        let options = register::passkey_options(&self.platform, &self.by(), &cookie).await.unwrap();
        let options = serde_json::to_value(options).unwrap();
        let made = Authenticator::default().create(&options, ORIGIN, &Manner::default(), &System).unwrap();
        let answer = RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap();
        register::make_passkey(&self.platform, &self.by(), &cookie, answer, None).await.unwrap();
        if until == At::Codes {
            return;
        }
        register::kept(&self.platform, &self.by(), &cookie, true).await.unwrap();
        register::give_email(&self.platform, &self.by(), &cookie, "somebody@example.test").await.unwrap();
    }
}

/// What a person's card says.
pub fn card(serial: u32) -> CardText {
    let mut text = CardText::default();
    text.hkid = number(serial);
    text.english_name = "CANARY, Yellow Bird".into();
    text.birth = "1990-02-03".into();
    text.sex = "F".into();
    text.issued = "2019-02-03".into();
    text
}

pub fn number(serial: u32) -> String {
    Hkid::with_check_digit(&format!("U{serial:06}")).unwrap().reveal()
}

pub fn name(serial: u32) -> String {
    format!("CANARY, {} Bird", ["Blue", "Green", "Yellow"][serial as usize % 3])
}

pub fn address(serial: u32) -> String {
    format!("canary{serial}@example.test")
}

/// Fills every column: three people with accounts, who signed in; registrations under way; officers at work;
/// two people who signed.
pub async fn fill(server: &Server) -> Vec<Person> {
    let mut people = Vec::new();
    for serial in 1..=3 {
        let mut person = server.person(serial).await;
        let cookie = server.sign_in(&mut person).await.unwrap();
        let wrong = Statement::parse("english-name", "CANARY, Green Bird", "my passport").unwrap();
        corrections::ask(&server.platform, &server.by(), &cookie, wrong).await.unwrap();
        contact::give(&server.platform, &server.by(), &cookie, "new@example.test").await.unwrap();
        people.push(person);
    }
    for (serial, until) in [
        (900, At::Passkey),
        (901, At::Passkey),
        (902, At::Codes),
        (903, At::Codes),
        (904, At::Confirm),
        (905, At::Confirm),
    ] {
        server.registration(serial, until).await;
    }
    work::officers_at_work(server, &people).await;
    work::signers(server).await;
    people
}

/// Every sealed record of the store, with the key of its person.
pub async fn records(platform: &Arc<Platform>) -> Vec<(&'static Column, Record, Option<ResidentKey>)> {
    let shared = Arc::clone(platform);
    let found: Result<Vec<_>, Fault> = platform
        .store
        .read(move |tx| {
            let mut found = Vec::new();
            for column in COLUMNS {
                for record in column.all(tx)?.into_iter().filter(|record| !record.sealed.is_empty()) {
                    let key = record.person.map(|person| {
                        let row = resident::find(tx, ResidentId::from_bytes(&person).unwrap()).unwrap().unwrap();
                        shared.keys.resident_key(&person, &row.sealed_key.unwrap()).unwrap()
                    });
                    found.push((column, record, key));
                }
            }
            Ok(found)
        })
        .await;
    found.unwrap()
}

/// Whether a record opens at the place and the version that its row says.
pub fn opens(keys: &KeyRing, column: &Column, record: &Record, key: Option<&ResidentKey>) -> bool {
    let domain = home::domain(column).unwrap();
    keys.open_sealed(domain, &home::slot(column, record, record.version), key, &record.sealed).is_ok()
}

/// Opens every record of every column; how many, by column.
pub async fn open_all(platform: &Arc<Platform>) -> Vec<(String, usize)> {
    let all = records(platform).await;
    for (column, record, key) in &all {
        assert!(opens(&platform.keys, column, record, key.as_ref()), "{}: a record does not open", column.title());
    }
    let count = |column: &Column| all.iter().filter(|(own, _, _)| own.title() == column.title()).count();
    COLUMNS.iter().map(|column| (column.title(), count(column))).collect()
}

/// Epochs under which records of a domain are sealed.
pub async fn epochs(platform: &Arc<Platform>, domain: Domain) -> Vec<u32> {
    let all = records(platform).await;
    let own = all.iter().filter(|(column, _, _)| home::domain(column) == Some(domain));
    let mut found: Vec<_> = own.map(|(_, record, _)| Sealed::epoch_of(&record.sealed).unwrap()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Names and epochs that are stored, of one name.
pub async fn stored(platform: &Arc<Platform>, name: &'static str) -> Vec<u32> {
    let all = platform.store.read(key_ring::all).await.unwrap();
    all.into_iter().filter(|entry| entry.name == name).map(|entry| entry.epoch).collect()
}

/// How many leaves there are of a kind.
pub async fn leaves(platform: &Arc<Platform>, kind: &'static str) -> i64 {
    let count =
        platform.store.read(move |tx| tx.first("SELECT COUNT(*) FROM leaf WHERE kind = $1", &[kind.into()])).await;
    let row: Result<_, lionrock_store::Error> = count;
    row.unwrap().unwrap().int(0).unwrap()
}

/// The body of the newest leaf of a kind.
pub async fn newest(platform: &Arc<Platform>, kind: &'static str) -> Value {
    let shared = Arc::clone(platform);
    let found: Result<Value, Fault> = platform
        .store
        .read(move |tx| {
            let sql = "SELECT event, sealed_body FROM leaf WHERE kind = $1 ORDER BY created_at DESC LIMIT 1";
            let row = tx.first(sql, &[kind.into()])?.unwrap();
            let (_, body) = lionrock_service::audit::open_body(&shared, &row.array(0)?, row.bytes(1)?)?;
            Ok(serde_json::from_slice::<Value>(&body)?["body"].clone())
        })
        .await;
    found.unwrap()
}
