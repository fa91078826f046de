//! Two deployments beside each other, one of production and one of a test realm, with the same root key and the same service. Whatever
//! belongs to one is carried to the door of the other and refused there, for its own reason; beside each stands what is accepted.

use crate::oidc::scene::{self, Scene, code_of, person, request};
use crate::stage::{self, caller};
use crate::stand_in::{Letters, Next, Provider, Records, accept};
use lionrock_crypto::ring::{Domain, KeyRing, Root, Slot, Wrapped};
use lionrock_crypto::secret::Secret;
use lionrock_ledger::note::Verifier;
use lionrock_ledger::receipt::Receipt;
use lionrock_model::custody::{Label, Part};
use lionrock_model::hkid::Hkid;
use lionrock_model::proofing::{CardText, Reason};
use lionrock_model::realm::Realm;
use lionrock_model::register::Step;
use lionrock_model::session::SessionRefusal;
use lionrock_service::boot::KeyRingError;
use lionrock_service::oidc::push::{Push, push};
use lionrock_service::oidc::userinfo::userinfo;
use lionrock_service::register::{self, Begin};
use lionrock_service::rehearse::EnrolRefusal;
use lionrock_service::{Error, Platform, Ports, boot, custody, ledger, rehearse, session};
use lionrock_store::key_ring;
use lionrock_testkit::both_engines;
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::Place;
use lionrock_wire::jose::jws::{Accepted, Compact};
use lionrock_wire::jose::{JwkSet, jws};
use lionrock_wire::oauth::{Code, Credential};
use std::sync::Arc;
use std::time::Duration;

const PRODUCTION: &str = "https://id.gov.hk";

/// Another place on the same engine.
async fn beside(place: &Place) -> Place {
    if place.is_sqlite() { Place::sqlite() } else { Place::postgres().await }
}

/// A production deployment that knows the services of the test one.
async fn production(place: &Place, test: &Scene) -> Arc<Platform> {
    let mut platform = stage::platform_of("production", PRODUCTION, place.url(), place.folder()).await;
    Arc::get_mut(&mut platform).unwrap().settings.services = test.platform.settings.services.clone();
    platform
}

both_engines! {
    fn tokens_of_one_realm_open_nothing_in_the_other(at place) {
        let other = beside(&place).await;
        let test = scene::scene(&place).await;
        let production = production(&other, &test).await;
        let mut mei = person(&test, "CHAN, Tai Man").await;
        let code = test.code(&mut mei, "library").await;
        let tokens = test.exchange("library", &[("code", &code)]).await.unwrap();
        // Access token: good at home, unknown next door.
        assert!(test.userinfo(&tokens.access_token).await.is_ok());
        let refused = userinfo(&production, &caller(&test.clock), &tokens.access_token).await;
        assert_eq!(refused.map_err(code_of), Err(Code::InvalidToken));
        // ID Token: signed by a key that production does not publish, and of another issuer.
        let keys = |platform: &Platform| {
            JwkSet::parse(lionrock_service::oidc::publish::jwks(platform).unwrap().to_string().as_bytes()).unwrap()
        };
        let accepted = Accepted { algorithms: &[lionrock_crypto::sign::Algorithm::Es256], types: &["JWT"], untyped: false };
        let claims = |platform: &Platform| Compact::parse(&tokens.id_token).unwrap().claims(&keys(platform), &accepted);
        assert!(claims(&test.platform).is_ok());
        assert!(claims(&production).is_err());
        assert_ne!(test.id_token(&tokens.id_token)["iss"], PRODUCTION);
        // Session cookie.
        let cookie = mei.cookie.as_deref().unwrap();
        assert!(session::current(&test.platform, &caller(&test.clock), cookie).await.is_ok());
        let there = session::current(&production, &caller(&test.clock), cookie).await;
        assert!(matches!(there, Err(Error::Refuse(SessionRefusal::SignInFirst))), "{there:?}");
    }

    fn an_assertion_for_one_issuer_is_no_use_at_the_other(at place) {
        let other = beside(&place).await;
        let test = scene::scene(&place).await;
        let production = production(&other, &test).await;
        // The same service with the same key is registered at both: only the audience tells them apart.
        let made_for_test = || Push { credential: test.assertion("library"), parameters: request(&[]) };
        assert!(push(&test.platform, &caller(&test.clock), made_for_test()).await.is_ok());
        let refused = push(&production, &caller(&test.clock), made_for_test()).await;
        let Err(Error::Refuse(rejected)) = refused else { panic!("{refused:?}") };
        assert_eq!(rejected.0.code, Code::InvalidClient);
        assert!(rejected.0.description.contains("aud"), "its own reason: {}", rejected.0.description);
        let now = test.clock.now().seconds();
        let claims = serde_json::json!({
            "aud": PRODUCTION, "exp": now + 60, "iat": now, "iss": "library", "jti": "p1", "sub": "library",
        });
        let kid = lionrock_wire::jose::Jwk::ours(test.key.public().unwrap(), lionrock_crypto::sign::Algorithm::Es256).kid.unwrap();
        let assertion = jws::sign(&test.key, &kid, "JWT", &claims).unwrap();
        let good = Push { credential: Credential::Assertion { assertion, client_id: None }, parameters: request(&[]) };
        assert!(push(&production, &caller(&test.clock), good).await.is_ok(), "one made for production is taken");
    }

    fn a_store_and_its_keys_open_in_their_own_realm_only(at place) {
        let test = stage::platform(&place).await;
        let by = caller(&Clock::new());
        let root = || Root::new(Secret::new([3; 32]));
        let home = Realm::parse("test-demo").unwrap();
        assert!(boot::key_ring(&test.store, &root(), &home, &by).await.is_ok());
        // The mark of the database.
        for stranger in [Realm::Production, Realm::parse("test-other").unwrap()] {
            let refused = boot::key_ring(&test.store, &root(), &stranger, &by).await;
            let Err(KeyRingError::WrongRealm { found, asked }) = refused else { panic!("{refused:?}") };
            assert_eq!((found, asked), ("test-demo".to_owned(), stranger.to_string()));
        }
        // Somebody changes the mark: the keys are bound to the realm themselves.
        test.store
            .write(|tx| tx.execute("UPDATE realm SET name = 'production' WHERE id = 1", &[]).map(drop))
            .await
            .unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
        let refused = boot::key_ring(&test.store, &root(), &Realm::Production, &by).await;
        assert!(matches!(refused, Err(KeyRingError::WrongRoot)), "{refused:?}");
    }

    fn sealed_bytes_of_one_realm_do_not_open_in_the_other(at place) {
        let other = beside(&place).await;
        let test = stage::platform(&place).await;
        let production = stage::platform_of("production", PRODUCTION, other.url(), other.folder()).await;
        let by = caller(&Clock::new());
        let slot = Slot { table: "resident", column: "sealed_profile", row: &[1; 16], resident: &[1; 16], schema: 1, version: 1 };
        let sealed: Vec<u8> = test.keys.seal(Domain::Audit, &slot, None, b"somebody", &*by.entropy).unwrap().into();
        assert_eq!(&test.keys.open_sealed(Domain::Audit, &slot, None, &sealed).unwrap()[..], b"somebody");
        assert!(production.keys.open_sealed(Domain::Audit, &slot, None, &sealed).is_err());
        // Production's rows in the test realm's store, all of them: the ring as a whole stays shut.
        let theirs: Vec<Wrapped> = production.store.read(key_ring::all).await.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"))
            .into_iter().map(|entry| Wrapped { name: entry.name, epoch: entry.epoch, sealed: entry.sealed_key }).collect();
        let root = Root::new(Secret::new([3; 32]));
        assert!(KeyRing::open(&root, "production", &theirs).is_ok());
        assert!(KeyRing::open(&root, "test-demo", &theirs).is_err());
    }

    fn receipts_and_checkpoints_name_their_realm(at place) {
        let other = beside(&place).await;
        let test = with_pictures(stage::platform(&place).await);
        let production = stage::platform_of("production", PRODUCTION, other.url(), other.folder()).await;
        let clock = Clock::new();
        let cookie = begin(&test.platform, &clock).await;
        judged(&test, &clock, &cookie, "U000001").await;
        publish(&test.platform, &clock).await;
        publish(&production, &clock).await;
        let file = register::receipt::file(&test.platform, &caller(&clock), &cookie).await.unwrap().unwrap();
        let receipt = Receipt::parse(file.to_json().to_string().as_bytes()).unwrap();
        let home = ledger::verifiers(&test.platform).unwrap();
        assert!(receipt.check(&home).is_ok(), "{:?}", receipt.check(&home));
        let theirs = ledger::verifiers(&production).unwrap();
        assert!(receipt.check(&theirs).is_err(), "another key, another log");
        // The very key under production's name: the origin in the checkpoint is the test realm's.
        let line = home[0].to_string();
        let key = base64_key(&line);
        let renamed = Verifier::new(&ledger::origin(&production), key).unwrap();
        assert!(receipt.check(&[renamed]).is_err(), "another origin");
        assert!(ledger::origin(&test.platform).contains("test-demo") && ledger::origin(&production).contains("production"));
    }

    fn nobody_synthetic_is_made_in_production(at place) {
        let production = stage::platform_of("production", PRODUCTION, place.url(), place.folder()).await;
        let refused = rehearse::begin(&production, &caller(&Clock::new())).await;
        assert!(matches!(refused, Err(Error::Refuse(EnrolRefusal::NotSynthetic))), "{refused:?}");
    }

    fn registration_turns_away_people_of_the_other_realm(at place) {
        let other = beside(&place).await;
        let test = with_pictures(stage::platform(&place).await);
        let real = with_pictures(stage::platform_of("production", PRODUCTION, other.url(), other.folder()).await);
        let clock = Clock::new();
        // Twenty of each kind through the whole use case; a million of each go through its rule in the tests of `model`.
        for step in 0..20_u32 {
            let digits = step * 47_911 % 1_000_000;
            let synthetic = format!("U{digits:06}");
            let prefix = ["A", "Z", "T", "V", "UA", "AU", "UU", "WX", "K", "M"][step as usize % 10];
            let ordinary = format!("{prefix}{digits:06}");
            for (stage, own, foreign) in [(&test, &synthetic, &ordinary), (&real, &ordinary, &synthetic)] {
                let cookie = begin(&stage.platform, &clock).await;
                let standing = judged(stage, &clock, &cookie, foreign).await;
                assert_eq!((standing.step, standing.reasons), (Step::Pictures, vec![Reason::CardWrongRealm]), "{foreign}");
                let cookie = begin(&stage.platform, &clock).await;
                let standing = judged(stage, &clock, &cookie, own).await;
                assert!(!standing.reasons.contains(&Reason::CardWrongRealm), "{own}");
            }
        }
    }
}

struct Stage {
    platform: Arc<Platform>,
    provider: Arc<Provider>,
}

/// The platform with a provider that says what it is told and a registry that knows nobody.
fn with_pictures(platform: Arc<Platform>) -> Stage {
    let mut provider = Provider::new(1);
    // Production takes nobody on the word of a check that was not tested.
    provider.identity.presence_tested = true;
    let provider = Arc::new(provider);
    let mut platform = Arc::into_inner(platform).unwrap();
    let records = Records { known: std::sync::Mutex::default(), down: std::sync::Mutex::new(false) };
    let mail = Arc::new(Letters::default());
    platform.ports = Ports {
        registry: Arc::new(records),
        mail,
        push: None,
        proofing: provider.clone(),
        documents: platform.ports.documents.clone(),
        activation: platform.ports.activation.clone(),
    };
    Stage { platform: Arc::new(platform), provider }
}

async fn begin(platform: &Arc<Platform>, clock: &Clock) -> String {
    let command = Begin { agreed: true, named_version: "1".into(), version: "1", notice: "the notice".into() };
    register::begin(platform, &caller(clock), None, command).await.unwrap().cookie
}

/// Pictures, and a judgement that reads this number.
async fn judged(stage: &Stage, clock: &Clock, cookie: &str, body: &str) -> register::Standing {
    let (platform, by) = (&stage.platform, caller(clock));
    let asked = register::challenge(platform, &by, cookie).await.unwrap();
    custody::open(platform, &by, cookie, Some(asked.id)).await.unwrap();
    let label = |part| Label { part, at_ms: 0, action: None };
    custody::receive(platform, &by, cookie, label(Part::Card), b"card".to_vec()).await.unwrap();
    custody::receive(platform, &by, cookie, label(Part::Face(0)), b"face".to_vec()).await.unwrap();
    let mut text = CardText::default();
    text.hkid = Hkid::with_check_digit(body).unwrap().reveal();
    text.english_name = "CHAN, Tai Man".into();
    text.birth = "1990-02-03".into();
    text.sex = "F".into();
    text.issued = "2019-02-03".into();
    let next: Next = accept(text);
    stage.provider.will(next);
    custody::judge(platform, &by, cookie).await.unwrap();
    for _ in 0..400 {
        let standing = register::standing(platform, &by, cookie).await.unwrap();
        if standing.step != Step::Judging && standing.step != Step::Registry {
            return standing;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the judgement never ended");
}

/// Runs the ledger's job once.
async fn publish(platform: &Arc<Platform>, clock: &Clock) {
    let clock = clock.clone();
    ledger::run(Arc::clone(platform), move || caller(&clock), async {}).await;
}

/// The 32 bytes of a verifier key.
fn base64_key(line: &str) -> [u8; 32] {
    use base64::Engine as _;
    let encoded = line.rsplit('+').next().unwrap();
    // A `+` of base64 would cut it: the name has none, so the key is what follows the second.
    let encoded = line.splitn(3, '+').nth(2).unwrap_or(encoded);
    base64::engine::general_purpose::STANDARD.decode(encoded).unwrap()[1..].try_into().unwrap()
}
