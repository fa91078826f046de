//! Levels, the kill switch, repeated proofing, errands with codes: on both engines, honest ways first, and whoever tries otherwise.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stdout, dead_code, reason = "tests stand at the edge")]

mod desk;
mod kiosk;
mod level;
mod lost;
mod officer;
mod proofing;
#[path = "../stage.rs"]
mod stage;
#[path = "../stand_in.rs"]
mod stand_in;
mod switch;
mod withdraw;
mod young;

use lionrock_crypto::random::System;
use lionrock_model::custody::{Label, Part};
use lionrock_model::hkid::Hkid;
use lionrock_model::id::ResidentId;
use lionrock_model::person::Email;
use lionrock_model::proofing::CardText;
use lionrock_model::realm::Realm;
use lionrock_model::register::{Step, facts};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::register::{self, Begin};
use lionrock_service::session::{self, SignIn};
use lionrock_service::{Caller, Error, Platform, custody, outbox, rehearse};
use lionrock_store::{Value, leaf};
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::Place;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RegistrationResponse};
use stage::caller;
use stand_in::{Letters, Next, Provider, Records, accept};
use std::sync::Arc;
use std::time::Duration;

pub const ORIGIN: &str = "https://localhost:8443";
const CARD: Label = Label { part: Part::Card, at_ms: 0, action: None };
const FACE: Label = Label { part: Part::Face(0), at_ms: 0, action: None };

pub struct Scene {
    pub platform: Arc<Platform>,
    pub provider: Arc<Provider>,
    pub records: Arc<Records>,
    pub letters: Arc<Letters>,
    pub clock: Clock,
}

pub struct Person {
    pub id: ResidentId,
    pub phone: Authenticator,
    pub serial: u32,
}

pub fn card(serial: u32, birth: &str) -> CardText {
    let mut text = CardText::default();
    text.hkid = number(serial);
    text.english_name = "CANARY, Yellow Bird".into();
    text.chinese_name = "金絲雀".into();
    text.birth = birth.into();
    text.sex = "F".into();
    text.issued = "2026-02-03".into();
    text
}

pub fn number(serial: u32) -> String {
    Hkid::with_check_digit(&format!("U{serial:06}")).unwrap().reveal()
}

pub async fn scene(place: &Place) -> Scene {
    let provider = Arc::new(Provider::new(1));
    let records = Arc::new(Records { known: std::sync::Mutex::new(Vec::new()), down: std::sync::Mutex::new(false) });
    let letters = Arc::new(Letters::default());
    let mut platform = Arc::into_inner(stage::platform(place).await).unwrap();
    platform.ports.registry = records.clone();
    platform.ports.mail = letters.clone();
    platform.ports.proofing = provider.clone();
    platform.settings.staff = Some(officer::staffed());
    Scene { platform: Arc::new(platform), provider, records, letters, clock: Clock::new() }
}

pub fn refusal<T, R: std::fmt::Debug>(outcome: Result<T, Error<R>>) -> R {
    match outcome {
        Err(Error::Refuse(refusal)) => refusal,
        Err(Error::Fault(fault)) => panic!("a refusal was expected, not the fault {fault}"),
        Ok(_) => panic!("a refusal was expected"),
    }
}

pub fn notice() -> Begin {
    Begin { agreed: true, named_version: "1".into(), version: "1", notice: "the notice".into() }
}

impl Scene {
    pub fn by(&self) -> Caller {
        Caller { address: Some("203.0.113.7".parse().unwrap()), ..caller(&self.clock) }
    }

    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The registry knows this card.
    pub fn issued(&self, text: &CardText) {
        let realm = Realm::parse("test-demo").unwrap();
        let today = self.by().now.hong_kong_date();
        self.records.known.lock().unwrap().push(facts(text, &realm, today).unwrap());
    }

    pub async fn person(&self, serial: u32) -> Person {
        self.born(serial, "1990-02-03", false).await
    }

    /// An account of somebody born then, whose one passkey is synced or not.
    pub async fn born(&self, serial: u32, birth: &str, synced: bool) -> Person {
        let mut phone = Authenticator::default();
        let options = rehearse::begin(&self.platform, &self.by()).await.unwrap();
        let options = serde_json::to_value(options).unwrap();
        let manner = Manner { synced, ..Manner::default() };
        let made = phone.create(&options, ORIGIN, &manner, &System).unwrap();
        let text = card(serial, birth);
        self.issued(&text);
        let command = rehearse::Enrol {
            facts: facts(&text, &Realm::parse("test-demo").unwrap(), self.by().now.hong_kong_date()).unwrap(),
            email: Email::parse(&format!("p{serial}@example.test")).unwrap(),
            passkey: RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap(),
        };
        let id = rehearse::enrol(&self.platform, &self.by(), command).await.unwrap();
        Person { id, phone, serial }
    }

    pub async fn try_sign_in(
        &self,
        phone: &mut Authenticator,
    ) -> Result<String, Error<lionrock_model::session::SessionRefusal>> {
        let options = session::begin(&self.platform, &self.by(), "browser").await?;
        let options = serde_json::to_value(&options).unwrap();
        let answered = phone.get(&options, ORIGIN, &Manner::default()).unwrap();
        let command = SignIn {
            answer: AuthenticationResponse::from_json(answered.to_string().as_bytes()).unwrap(),
            browser: "browser".into(),
            earlier: None,
            agent: None,
        };
        Ok(session::sign_in(&self.platform, &self.by(), command).await?.secret.cookie().to_owned())
    }

    pub async fn sign_in(&self, person: &mut Person) -> String {
        self.try_sign_in(&mut person.phone).await.unwrap()
    }

    pub async fn kinds(&self, who: ResidentId) -> Vec<String> {
        let who = *who.as_bytes();
        let leaves = self.platform.store.read(move |tx| leaf::of_resident(tx, &who, i64::MAX, 80)).await.unwrap();
        leaves.into_iter().map(|(entry, ..)| entry.kind).collect()
    }

    pub async fn by_hand(&self, sql: &'static str, values: Vec<Value>) -> u64 {
        let done: Result<u64, lionrock_store::Error> =
            self.platform.store.write(move |tx| tx.execute(sql, &values)).await;
        done.unwrap()
    }

    /// What the next round of the watch would tell, taken out.
    pub async fn alarms(&self) -> Vec<String> {
        let seen: std::sync::Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
        lionrock_service::vault::watch::round(&self.platform, &self.by()).await.unwrap();
        let leaves: Result<Vec<_>, lionrock_store::Error> = self
            .platform
            .store
            .read(|tx| {
                let rows = tx.query("SELECT event, sealed_body FROM leaf WHERE kind = 'rollback.refused'", &[])?;
                rows.iter().map(|row| Ok((row.array::<16>(0)?, row.bytes(1)?.to_vec()))).collect()
            })
            .await;
        for (event, sealed) in leaves.unwrap() {
            let (_, body) = lionrock_service::audit::open_body(&self.platform, &event, &sealed).unwrap();
            seen.lock().unwrap().push(String::from_utf8(body).unwrap());
        }
        let seen = seen.lock().unwrap();
        seen.clone()
    }

    /// The newest letter's text.
    pub async fn letter(&self) -> String {
        outbox::deliver(&self.platform, &self.by()).await.unwrap();
        self.letters
            .0
            .lock()
            .unwrap()
            .last()
            .map(|letter| format!("{}\n{}", letter.subject, letter.text))
            .unwrap_or_default()
    }

    /// Pictures, judgement, and where it leads.
    pub async fn judged(&self, cookie: &str, next: Next) -> register::Standing {
        let asked = register::challenge(&self.platform, &self.by(), cookie).await.unwrap();
        custody::open(&self.platform, &self.by(), cookie, Some(asked.id)).await.unwrap();
        custody::receive(&self.platform, &self.by(), cookie, CARD, b"card".to_vec()).await.unwrap();
        custody::receive(&self.platform, &self.by(), cookie, FACE, b"face".to_vec()).await.unwrap();
        self.provider.will(next);
        custody::judge(&self.platform, &self.by(), cookie).await.unwrap();
        for _ in 0..400 {
            let now = register::standing(&self.platform, &self.by(), cookie).await.unwrap();
            if now.step != Step::Judging && now.step != Step::Registry {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the judgement never ended");
    }

    pub async fn accepted(&self, cookie: &str, text: CardText) -> Step {
        self.judged(cookie, accept(text)).await.step
    }
}
