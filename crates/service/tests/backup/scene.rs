//! A platform with a custodian, its people, its backups, and the places they are put back into.

use crate::stage::{self, caller};
use lionrock_crypto::backup::Custodian;
use lionrock_crypto::hpke::KeyPair;
use lionrock_crypto::random::System;
use lionrock_crypto::ring::Root;
use lionrock_crypto::secret::Secret;
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_rehearsal::people;
use lionrock_service::account::{self, close};
use lionrock_service::backup::{self, Made, Order, Restored, Trouble};
use lionrock_service::rehearse::{self, Enrol};
use lionrock_service::session::{self, SignIn};
use lionrock_service::{Caller, Platform};
use lionrock_store::Store;
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::Place;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RegistrationResponse};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub const ISSUER: &str = "https://localhost:8443";
pub const REALM: &str = "test-demo";

/// A server and its custodian.
pub struct House {
    pub platform: Arc<Platform>,
    pub clock: Clock,
    pub custodian: KeyPair,
    pub folder: PathBuf,
    ledger: PathBuf,
}

/// Somebody with an account.
pub struct Person {
    pub id: lionrock_model::id::ResidentId,
    pub name: String,
    pub phone: Authenticator,
}

pub fn again(pair: &KeyPair) -> KeyPair {
    KeyPair::from_parts(*pair.public(), pair.private().unwrap().expose())
}

pub fn realm() -> lionrock_model::realm::Realm {
    lionrock_model::realm::Realm::parse(REALM).unwrap()
}

pub fn root() -> Root {
    Root::new(Secret::new([3; 32]))
}

impl House {
    pub async fn open(place: &Place) -> Self {
        Self::open_with(place, |_| ()).await
    }

    /// As [`House::open`], with something of its platform changed.
    pub async fn open_with(place: &Place, change: impl FnOnce(&mut Platform)) -> Self {
        let custodian = KeyPair::generate().unwrap();
        let mut platform = with_custodian(stage::platform(place).await, &custodian);
        change(Arc::get_mut(&mut platform).unwrap());
        let (folder, ledger) = (place.folder().join("backups"), lionrock_service::ledger::folder(&platform));
        Self { platform, clock: Clock::new(), custodian, folder, ledger }
    }

    /// Lets go of the store, so that another process can be its server; this house then stands `elsewhere`.
    pub async fn let_go(&mut self, elsewhere: &Place) {
        self.platform.store.close().await;
        self.platform = stage::platform(elsewhere).await;
    }

    pub fn by(&self) -> Caller {
        caller(&self.clock)
    }

    /// Enrols the synthetic resident of this number.
    pub async fn person(&self, number: usize) -> Person {
        let person = people::residents(1, number + 1).unwrap().remove(number);
        let options = rehearse::begin(&self.platform, &self.by()).await.unwrap();
        let mut phone = Authenticator::default();
        let options = serde_json::to_value(&options).unwrap();
        let made = phone.create(&options, ISSUER, &Manner::default(), &System).unwrap();
        let passkey = RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap();
        let enrol = Enrol { facts: person.facts.clone(), email: person.email.clone(), passkey };
        let id = rehearse::enrol(&self.platform, &self.by(), enrol).await.unwrap();
        Person { id, name: person.facts.english_name.reveal().to_owned(), phone }
    }

    pub async fn backup(&self) -> Made {
        self.clock.advance(Duration::from_secs(2));
        let custodian = Custodian::new(*self.custodian.public());
        backup::create(&self.platform, &self.by(), custodian, &self.folder, backup::unwatched()).await.unwrap()
    }

    /// Sequences and publishes what waits.
    pub async fn publish(&self) -> u64 {
        crate::ledger::round(&self.platform, &self.clock).await.unwrap()
    }

    pub fn ledger(&self) -> PathBuf {
        self.ledger.clone()
    }

    /// Closes an account as its owner does.
    pub async fn close(&self, person: &mut Person) {
        let cookie = sign_in(&self.platform, &self.clock, person).await.unwrap();
        let shown = close::look(&self.platform, &self.by(), &cookie).await.unwrap().canonical();
        let options = close::begin(&self.platform, &self.by(), &cookie, &shown).await.unwrap();
        let options = serde_json::to_value(&options).unwrap();
        let answered = person.phone.get(&options, ISSUER, &Manner::default()).unwrap();
        let command = close::Close { cookie, answer: answer(&answered) };
        close::close(&self.platform, &self.by(), command).await.unwrap();
    }

    /// Restores what lies in the backup folder into this store.
    pub async fn restore(&self, store: Store, data: &Path) -> Result<Restored, Trouble> {
        self.restore_with(store, data, |_| ()).await
    }

    /// As [`House::restore`], with something about the order changed.
    pub async fn restore_with(
        &self,
        store: Store,
        data: &Path,
        change: impl FnOnce(&mut Asked),
    ) -> Result<Restored, Trouble> {
        let mut asked = Asked {
            from: self.folder.clone(),
            name: None,
            custodians: vec![again(&self.custodian)],
            ledger: self.ledger(),
            root: root(),
            realm: REALM.to_owned(),
        };
        change(&mut asked);
        let order = Order {
            from: &asked.from,
            name: asked.name.as_deref(),
            custodians: asked.custodians,
            ledger: &asked.ledger,
            root: &asked.root,
            realm: asked.realm,
            issuer: ISSUER.to_owned(),
            store,
        };
        self.clock.advance(Duration::from_secs(2));
        let custodian = Custodian::new(*self.custodian.public());
        backup::restore(order, &self.by(), &backup::unwatched(), |store, keys| {
            let mut platform = stage::over(store, keys, &realm(), ISSUER, data);
            platform.settings.custodian = Some(custodian);
            platform
        })
        .await
    }
}

/// What to restore, to be changed by a test.
pub struct Asked {
    pub from: PathBuf,
    pub name: Option<String>,
    pub custodians: Vec<KeyPair>,
    pub ledger: PathBuf,
    pub root: Root,
    pub realm: String,
}

pub fn with_custodian(platform: Arc<Platform>, custodian: &KeyPair) -> Arc<Platform> {
    let mut platform = Arc::into_inner(platform).unwrap();
    platform.settings.custodian = Some(Custodian::new(*custodian.public()));
    Arc::new(platform)
}

pub fn answer(value: &Value) -> AuthenticationResponse {
    AuthenticationResponse::from_json(value.to_string().as_bytes()).unwrap()
}

/// Signs in at a platform; the cookie, or the refusal as text.
pub async fn sign_in(platform: &Arc<Platform>, clock: &Clock, person: &mut Person) -> Result<String, String> {
    let by = caller(clock);
    let options = session::begin(platform, &by, "browser").await.unwrap();
    let options = serde_json::to_value(&options).unwrap();
    let answered = person.phone.get(&options, ISSUER, &Manner::default()).unwrap();
    let command = SignIn { answer: answer(&answered), browser: "browser".into(), earlier: None, agent: None };
    let outcome = session::sign_in(platform, &by, command).await;
    outcome.map(|signed_in| signed_in.secret.cookie().to_owned()).map_err(|error| format!("{error}"))
}

/// The name a signed-in person reads about themselves.
pub async fn name_of(platform: &Arc<Platform>, clock: &Clock, cookie: &str) -> String {
    account::overview::overview(platform, &caller(clock), cookie).await.unwrap().english_name
}

/// A fresh store of the other engine than `place`'s, where there is one.
pub async fn other_engine(place: &Place) -> Place {
    let server = lionrock_testkit::engines::server().is_some();
    if place.is_sqlite() && server { Place::postgres().await } else { Place::sqlite() }
}
