//! The stage of these tests: services with their keys, people with software phones, and one function a step.

use crate::stage::{self, caller};
use lionrock_crypto::random::System;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_model::credential::{CeremonyKind, CredentialName};
use lionrock_model::id::{ResidentId, ServiceId};
use lionrock_model::language::Language;
use lionrock_model::oidc::{ApprovalRefusal, PageRefusal};
use lionrock_model::person::{CardFacts, Email, EnglishName, Sex};
use lionrock_model::policy::Field;
use lionrock_model::realm::Realm;
use lionrock_model::service::{Authentication, Declaration, Profile, Service, Wanted, Words};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::audit::Event;
use lionrock_service::ceremony::{self, Ask};
use lionrock_service::oidc::approve::{Approve, approve};
use lionrock_service::oidc::authorize::{Authorize, Outcome, authorize};
use lionrock_service::oidc::consent::{Choice, options};
use lionrock_service::oidc::exchange::{Exchange, exchange};
use lionrock_service::oidc::publish;
use lionrock_service::oidc::push::{Push, push};
use lionrock_service::oidc::userinfo::userinfo;
use lionrock_service::signed_in::Place as Whereabouts;
use lionrock_service::{Error, Fault, Platform, freshness, vault};
use lionrock_store::resident;
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::Place;
use lionrock_wire::jose::jws::{Accepted, Compact, sign};
use lionrock_wire::jose::{Jwk, JwkSet};
use lionrock_wire::oauth::answer::Tokens;
use lionrock_wire::oauth::{Code, Credential, Parameters};
use lionrock_wire::webauthn::json::{AuthenticationResponse, RegistrationResponse};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub const ISSUER: &str = "https://localhost:8443";
pub const REDIRECT: &str = "https://library.example/cb";
/// RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const SECRET: &str = "a secret of more than 128 random bits";

pub struct Scene {
    pub platform: Arc<Platform>,
    pub clock: Clock,
    pub key: SigningKey,
}

pub struct Person {
    pub id: ResidentId,
    pub phone: Authenticator,
    pub cookie: Option<String>,
}

pub fn words(text: &str) -> Words {
    Words { en: text.to_owned(), zh_hans: format!("{text}（简）"), zh_hant: format!("{text}（繁）") }
}

/// `library` and `museum` (FAPI, one key), `press` and `notary` (the same, with the right to sign), `shop` (plain, secret), `game` (plain, public).
pub async fn scene(place: &Place) -> Scene {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let mut platform = stage::platform(place).await;
    let services = declared(&platform.settings.realm, &key);
    Arc::get_mut(&mut platform).unwrap().settings.services = services;
    Scene { platform, clock: Clock::new(), key }
}

/// The services of [`scene`], as a configuration declares them.
pub fn declared(realm: &Realm, key: &SigningKey) -> Vec<Service> {
    let jwks = JwkSet::new(vec![Jwk::ours(key.public().unwrap(), Algorithm::Es256)]).to_json().to_string();
    let declare = |id: &str, profile, authentication| {
        let wanted = |field, essential| Wanted { essential, field };
        let csc = ["press", "notary"].contains(&id);
        let mut fields =
            vec![wanted(Field::EnglishName, true), wanted(Field::Birth, false), wanted(Field::Email, false)];
        if csc {
            fields.push(wanted(Field::ChineseName, true));
        }
        let declared = Declaration {
            authentication,
            csc,
            fields,
            government: false,
            id: ServiceId::parse(id).unwrap(),
            name: words(id),
            origins: Vec::new(),
            profile,
            purpose: words("To lend you books"),
            redirect_uris: vec![REDIRECT.to_owned()],
        };
        Service::new(declared, realm).unwrap()
    };
    let digest = lionrock_crypto::digest::sha256(SECRET.as_bytes());
    vec![
        declare("library", Profile::Fapi, Authentication::Keys { jwks: jwks.clone() }),
        declare("museum", Profile::Fapi, Authentication::Keys { jwks: jwks.clone() }),
        declare("press", Profile::Fapi, Authentication::Keys { jwks: jwks.clone() }),
        declare("notary", Profile::Fapi, Authentication::Keys { jwks }),
        declare("shop", Profile::Plain, Authentication::Secret { digest }),
        declare("game", Profile::Plain, Authentication::Public),
    ]
}

/// Somebody with an account, a confirmed address and a passkey.
pub async fn person(scene: &Scene, name: &str) -> Person {
    person_with(scene, name, "U123456").await
}

/// As [`person`], with another card.
pub async fn person_with(scene: &Scene, name: &str, card: &str) -> Person {
    let (platform, by) = (Arc::clone(&scene.platform), caller(&scene.clock));
    let id = ResidentId::new(by.now, by.random());
    let facts = CardFacts {
        hkid: lionrock_model::hkid::Hkid::with_check_digit(card).unwrap(),
        english_name: EnglishName::parse(name).unwrap(),
        chinese_name: None,
        birth: "1990-02-03".parse().unwrap(),
        sex: Sex::from_letter('F').unwrap(),
        issued: "2019-02-03".parse().unwrap(),
    };
    let shared = Arc::clone(&platform);
    let ask = Ask { kind: CeremonyKind::AddAuthenticator, binding: b"test", resident: Some(id), shown: b"" };
    let made: Result<Value, Fault> = platform
        .store
        .write(move |tx| {
            let (key, wrapped) = shared.keys.new_resident_key(id.as_bytes(), &*by.entropy)?;
            let new = resident::NewResident {
                id,
                blind_index: by.random(),
                user_handle: by.random(),
                sealed_key: wrapped,
                sealed_profile: vault::seal_profile(&shared, &by, id, &key, &facts)?,
                notice_hash: [0; 32],
                notice_language: "en".to_owned(),
                created_at: by.now.0,
            };
            resident::insert(tx, &new)?;
            let email = Email::parse("mei@example.hk").unwrap();
            let sealed = vault::seal_email(&shared, &by, id, 2, &key, &email)?;
            assert!(resident::set_contact(tx, id, 1, sealed)?);
            freshness::record(tx, &shared, &by, &Event::new("account.opened", Some(id), json!({})))?;
            Ok(serde_json::to_value(ceremony::begin_creation(tx, &shared, &by, &ask)?)?)
        })
        .await;
    let mut phone = Authenticator::default();
    let answer = phone.create(&made.unwrap(), ISSUER, &Manner::default(), &System).unwrap();
    let response = RegistrationResponse::from_json(answer.to_string().as_bytes()).unwrap();
    let (shared, by) = (Arc::clone(&platform), caller(&scene.clock));
    let kept: Result<(), Fault> = platform
        .store
        .write(move |tx| {
            let (new, _) = ceremony::creation(tx, &shared, &by, &ask, &response)?.unwrap();
            let key = vault::sealing_key(tx, &shared, id)?;
            let name = CredentialName::parse("phone").unwrap();
            ceremony::keep_credential(tx, &shared, &by, (id, &key), &name, &new)?.unwrap();
            Ok(())
        })
        .await;
    kept.unwrap();
    Person { id, phone, cookie: None }
}

impl Scene {
    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A fresh client assertion.
    pub fn assertion(&self, service: &str) -> Credential {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let now = self.clock.now().seconds();
        let claims = json!({
            "iss": service, "sub": service, "aud": ISSUER, "iat": now, "exp": now + 60,
            "jti": COUNT.fetch_add(1, Ordering::Relaxed).to_string(),
        });
        let kid = Jwk::ours(self.key.public().unwrap(), Algorithm::Es256).kid.unwrap();
        Credential::Assertion { assertion: sign(&self.key, &kid, "JWT", &claims).unwrap(), client_id: None }
    }

    pub fn credential(&self, service: &str) -> Credential {
        match service {
            "shop" => Credential::Secret { client_id: service.to_owned(), secret: SECRET.to_owned() },
            "game" => Credential::None { client_id: service.to_owned() },
            _ => self.assertion(service),
        }
    }

    /// Pushes a good request with some parameters changed; an empty value leaves one out.
    pub async fn push(&self, service: &str, changes: &[(&str, &str)]) -> Result<String, Code> {
        let command = Push { credential: self.credential(service), parameters: request(changes) };
        let pushed = push(&self.platform, &caller(&self.clock), command).await.map_err(code_of)?;
        assert_eq!(pushed.expires_in, 540);
        Ok(pushed.request_uri)
    }

    pub async fn authorize(&self, query: &[(&str, &str)], cookie: Option<&str>) -> Result<Outcome, PageRefusal> {
        let command = Authorize { parameters: parameters(query), cookie: cookie.map(str::to_owned) };
        authorize(&self.platform, &caller(&self.clock), command).await.map_err(refusal_of)
    }

    pub async fn arrive(&self, service: &str, request_uri: &str) -> Result<String, PageRefusal> {
        match self.authorize(&[("client_id", service), ("request_uri", request_uri)], None).await? {
            Outcome::Ask { handle } => Ok(handle),
            Outcome::Answer { location } => panic!("answered at once: {location}"),
            Outcome::Sign { .. } => panic!("asked to sign"),
        }
    }

    /// Asks for the options of a choice, lets the phone answer, and sends the approval.
    pub async fn approve(&self, who: &mut Person, choice: Choice) -> Result<String, ApprovalRefusal> {
        let asked = options(&self.platform, &caller(&self.clock), &choice, who.cookie.as_deref()).await;
        let asked = serde_json::to_value(asked.map_err(|it| ApprovalRefusal::Page(refusal_of(it)))?).unwrap();
        let answer = who.phone.get(&asked, ISSUER, &Manner::default()).unwrap();
        self.send(who, &choice.handle, &answer).await
    }

    pub async fn send(&self, who: &mut Person, handle: &str, answer: &Value) -> Result<String, ApprovalRefusal> {
        let answer = AuthenticationResponse::from_json(answer.to_string().as_bytes()).unwrap();
        let command =
            Approve { answer, cookie: who.cookie.clone(), handle: handle.to_owned(), place: Whereabouts::default() };
        let approved = approve(&self.platform, &caller(&self.clock), command).await.map_err(refusal_of)?;
        who.cookie = Some(approved.session.cookie().to_owned());
        Ok(approved.location)
    }

    /// The whole way to a code for the pseudonym alone.
    pub async fn code(&self, who: &mut Person, service: &str) -> String {
        let uri = self.push(service, &[]).await.unwrap();
        let handle = self.arrive(service, &uri).await.unwrap();
        let location = self.approve(who, choice(&handle, &[], 0)).await.unwrap();
        answer(&location)["code"].clone()
    }

    pub async fn exchange(&self, service: &str, changes: &[(&str, &str)]) -> Result<Tokens, Code> {
        let good = [("grant_type", "authorization_code"), ("redirect_uri", REDIRECT), ("code_verifier", VERIFIER)];
        let command = Exchange { credential: self.credential(service), parameters: changed(&good, changes) };
        exchange(&self.platform, &caller(&self.clock), command).await.map_err(code_of)
    }

    pub async fn userinfo(&self, token: &str) -> Result<Map<String, Value>, Code> {
        userinfo(&self.platform, &caller(&self.clock), token).await.map_err(code_of)
    }

    /// The claims of an ID Token, verified with what we publish.
    pub fn id_token(&self, token: &str) -> Map<String, Value> {
        let keys = JwkSet::parse(publish::jwks(&self.platform).unwrap().to_string().as_bytes()).unwrap();
        let accepted = Accepted { algorithms: &[Algorithm::Es256], types: &["JWT"], untyped: false };
        Compact::parse(token).unwrap().claims(&keys, &accepted).unwrap()
    }

    pub async fn leaves(&self, kind: &'static str) -> i64 {
        let count = "SELECT COUNT(*) FROM leaf WHERE kind = $1";
        let row = self.platform.store.read(move |tx| tx.first(count, &[kind.into()])).await;
        let row: Option<lionrock_store::Row> = row.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
        row.unwrap().int(0).unwrap()
    }
}

pub fn code_of(error: Error<lionrock_service::oidc::Rejected>) -> Code {
    match error {
        Error::Refuse(rejected) => rejected.0.code,
        Error::Fault(fault) => panic!("{fault}"),
    }
}

pub fn refusal_of<R>(error: Error<R>) -> R {
    match error {
        Error::Refuse(refusal) => refusal,
        Error::Fault(fault) => panic!("{fault}"),
    }
}

pub fn changed(good: &[(&str, &str)], changes: &[(&str, &str)]) -> Parameters {
    let mut all: BTreeMap<&str, &str> = good.iter().copied().collect();
    all.extend(changes.iter().copied());
    parameters(&all.into_iter().collect::<Vec<_>>())
}

pub fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    let text = lionrock_wire::oauth::parameters::extend("", pairs);
    Parameters::parse(text.trim_start_matches('?')).unwrap()
}

pub fn request(changes: &[(&str, &str)]) -> Parameters {
    let good = [
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid"),
        ("state", "st"),
        ("nonce", "no"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    changed(&good, changes)
}

pub fn choice(handle: &str, fields: &[Field], version: i64) -> Choice {
    Choice { fields: fields.to_vec(), handle: handle.to_owned(), language: Language::En, version }
}

/// The parameters of an answer at the redirect URI.
pub fn answer(location: &str) -> BTreeMap<String, String> {
    let query = location.strip_prefix(&format!("{REDIRECT}?")).unwrap_or_else(|| panic!("sent elsewhere: {location}"));
    let read = Parameters::parse(query).unwrap();
    ["code", "state", "iss", "error"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), read.get(name)?.to_owned())))
        .collect()
}
