//! Signing in and the account, on both engines: the whole way, and every way in that must stay shut.

use crate::stage::{self, caller};
use lionrock_crypto::random::System;
use lionrock_model::account::AccountRefusal;
use lionrock_model::credential::{CeremonyKind, CredentialName, PasskeyRefusal};
use lionrock_model::hkid::Hkid;
use lionrock_model::id::{CredentialId, ResidentId, SessionId};
use lionrock_model::person::{CardFacts, ChineseName, Email, EnglishName, Sex};
use lionrock_model::session::{SessionRefusal, SignInEvent};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::account::{self, add, close, history};
use lionrock_service::audit::Event;
use lionrock_service::ceremony::{self, Ask};
use lionrock_service::ledger::{self, Publisher, receipt};
use lionrock_service::recovery_codes as codes;
use lionrock_service::session::{self, SignIn, step_up};
use lionrock_service::{Caller, Error, Fault, Platform, freshness, vault};
use lionrock_store::{outbox, resident};
use lionrock_testkit::both_engines;
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::Place;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RegistrationResponse, RequestOptions};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

const ORIGIN: &str = "https://localhost:8443";
const AGENT: &str = "Mozilla/5.0 (Linux; Android 16) Chrome/142.0 Mobile Safari/537.36";

pub(crate) struct Scene {
    pub(crate) platform: Arc<Platform>,
    clock: Clock,
}

pub(crate) struct Person {
    pub(crate) id: ResidentId,
    credential: CredentialId,
    pub(crate) phone: Authenticator,
    pub(crate) codes: Vec<lionrock_model::account::RecoveryCode>,
}

pub(crate) async fn scene(place: &Place) -> Scene {
    Scene { platform: stage::platform(place).await, clock: Clock::new() }
}

fn answer(value: &Value) -> AuthenticationResponse {
    AuthenticationResponse::from_json(value.to_string().as_bytes()).unwrap()
}

pub(crate) fn refusal<T: std::fmt::Debug, R: std::fmt::Debug>(outcome: Result<T, Error<R>>) -> R {
    match outcome {
        Err(Error::Refuse(refusal)) => refusal,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

fn value(options: &RequestOptions) -> Value {
    serde_json::to_value(options).unwrap()
}

impl Scene {
    pub(crate) fn by(&self) -> Caller {
        Caller { address: Some("203.0.113.7".parse().unwrap()), ..caller(&self.clock) }
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// An account with a confirmed address, one passkey and ten codes, made as registration makes it.
    async fn person(&self, serial: u32) -> Person {
        self.made(serial, false).await
    }

    /// As [`Scene::person`], found by their card number too.
    pub(crate) async fn registered(&self, serial: u32) -> Person {
        self.made(serial, true).await
    }

    async fn made(&self, serial: u32, indexed: bool) -> Person {
        let ask = Ask { kind: CeremonyKind::Register, binding: b"registration", resident: None, shown: b"notice" };
        let (shared, by) = (Arc::clone(&self.platform), self.by());
        let options: Result<Value, Fault> = self
            .platform
            .store
            .write(move |tx| Ok(serde_json::to_value(ceremony::begin_creation(tx, &shared, &by, &ask)?)?))
            .await;
        let mut phone = Authenticator::default();
        let made = phone.create(&options.unwrap(), ORIGIN, &Manner::default(), &System).unwrap();
        let made = RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap();
        let (shared, by) = (Arc::clone(&self.platform), self.by());
        let facts = CardFacts {
            hkid: Hkid::with_check_digit(&format!("U{serial:06}")).unwrap(),
            english_name: EnglishName::parse("CANARY, Yellow Bird").unwrap(),
            chinese_name: Some(ChineseName::parse("金絲雀").unwrap()),
            birth: "1990-02-03".parse().unwrap(),
            sex: Sex::Female,
            issued: "2019-02-03".parse().unwrap(),
        };
        let kept: Result<_, Fault> = self
            .platform
            .store
            .write(move |tx| {
                let (new, user_handle) = ceremony::creation(tx, &shared, &by, &ask, &made)?.unwrap();
                let id = ResidentId::new(by.now, by.random());
                let (key, wrapped) = shared.keys.new_resident_key(id.as_bytes(), &*by.entropy)?;
                let row = resident::NewResident {
                    id,
                    blind_index: if indexed {
                        vault::blind_index(
                            &shared,
                            &by,
                            lionrock_model::budget::Budget::LookupAtRegistration,
                            b"test",
                            &facts.hkid,
                        )?
                    } else {
                        by.random()
                    },
                    user_handle,
                    sealed_key: wrapped,
                    sealed_profile: vault::seal_profile(&shared, &by, id, &key, &facts)?,
                    notice_hash: [0; 32],
                    notice_language: "en".to_owned(),
                    created_at: by.now.0,
                };
                resident::insert(tx, &row)?;
                let email = Email::parse("canary@example.test").unwrap();
                let sealed = vault::seal_email(&shared, &by, id, 2, &key, &email)?;
                assert!(resident::set_contact(tx, id, 1, sealed)?);
                freshness::record(tx, &shared, &by, &Event::new("account.opened", Some(id), serde_json::json!({})))?;
                let name = CredentialName::parse("canary phone").unwrap();
                let credential = ceremony::keep_credential(tx, &shared, &by, (id, &key), &name, &new)?.unwrap();
                Ok((id, credential.id, codes::make(tx, &shared, &by, id)?))
            })
            .await;
        let (id, credential, codes) = kept.unwrap();
        Person { id, credential, phone, codes }
    }

    async fn challenge(&self, browser: &str) -> Value {
        value(&session::begin(&self.platform, &self.by(), browser).await.unwrap())
    }

    async fn send(&self, browser: &str, answered: &Value) -> Result<String, Error<SessionRefusal>> {
        let command =
            SignIn { answer: answer(answered), browser: browser.into(), earlier: None, agent: Some(AGENT.into()) };
        Ok(session::sign_in(&self.platform, &self.by(), command).await?.secret.cookie().to_owned())
    }

    /// Signs in with a phone that behaves in this manner; the cookie.
    pub(crate) async fn try_sign_in(
        &self,
        phone: &mut Authenticator,
        manner: &Manner,
    ) -> Result<String, Error<SessionRefusal>> {
        let options = self.challenge("browser").await;
        let answered = phone.get(&options, ORIGIN, manner).unwrap();
        self.send("browser", &answered).await
    }

    pub(crate) async fn sign_in(&self, person: &mut Person) -> String {
        self.try_sign_in(&mut person.phone, &Manner::default()).await.unwrap()
    }

    async fn stands(&self, cookie: &str) -> Result<(), SessionRefusal> {
        match session::current(&self.platform, &self.by(), cookie).await {
            Ok(_) => Ok(()),
            Err(Error::Refuse(refusal)) => Err(refusal),
            Err(Error::Fault(fault)) => panic!("{fault}"),
        }
    }

    async fn step_up(&self, person: &mut Person, cookie: &str) -> String {
        let options = value(&step_up::begin(&self.platform, &self.by(), cookie).await.unwrap());
        let answered = person.phone.get(&options, ORIGIN, &Manner::default()).unwrap();
        let command = step_up::StepUp { cookie: cookie.into(), answer: answer(&answered), agent: None };
        step_up::finish(&self.platform, &self.by(), command).await.unwrap().cookie().to_owned()
    }

    async fn add(&self, cookie: &str, phone: &mut Authenticator) -> Result<CredentialId, Error<AccountRefusal>> {
        let options = add::begin(&self.platform, &self.by(), cookie).await?;
        let made = phone.create(&serde_json::to_value(options).unwrap(), ORIGIN, &Manner::default(), &System).unwrap();
        let command = add::Add {
            cookie: cookie.into(),
            answer: RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap(),
            name: CredentialName::parse("second").unwrap(),
            agent: None,
        };
        add::add(&self.platform, &self.by(), command).await
    }

    async fn letters(&self) -> usize {
        let now = self.clock.now().0;
        self.platform.store.read(move |tx| outbox::due(tx, now, 100)).await.unwrap().len()
    }

    async fn close(&self, person: &mut Person, cookie: &str) -> Result<close::Closed, Error<AccountRefusal>> {
        let statement = close::look(&self.platform, &self.by(), cookie).await?;
        let options = close::begin(&self.platform, &self.by(), cookie, &statement.canonical()).await?;
        let answered = person.phone.get(&value(&options), ORIGIN, &Manner::default()).unwrap();
        let command = close::Close { cookie: cookie.into(), answer: answer(&answered) };
        close::close(&self.platform, &self.by(), command).await
    }
}

const PASSKEY: fn(PasskeyRefusal) -> SessionRefusal = SessionRefusal::Passkey;

both_engines! {
    fn a_person_signs_in_and_sees_their_account(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(1).await;
        let cookie = scene.sign_in(&mut person).await;
        let seen = account::overview::overview(&scene.platform, &scene.by(), &cookie).await.unwrap();
        assert_eq!((seen.english_name.as_str(), seen.chinese_name.as_deref()), ("CANARY, Yellow Bird", Some("金絲雀")));
        assert_eq!((seen.authenticators, seen.sessions, seen.codes_left), (1, 1, 10));
        let all = account::data::data(&scene.platform, &scene.by(), &cookie, account::data::Extent::Whole).await.unwrap();
        assert_eq!(all.profile.hkid, Some(Hkid::with_check_digit("U000001").unwrap().reveal()));
        assert_eq!((all.email.as_deref(), all.passkeys.as_slice()), (Some("canary@example.test"), &["canary phone".to_owned()][..]));
        let told = history::history(&scene.platform, &scene.by(), &cookie, None).await.unwrap();
        let sign_in = told.lines.iter().find_map(|line| match &line.what {
            history::What::SignIn { event, device, address, passkey } => Some((*event, device.word(), address.clone(), passkey.clone())),
            _ => None,
        });
        let expected = (SignInEvent::SignedIn, "chrome-android".to_owned(), Some("203.0.113.7".to_owned()), Some("canary phone".to_owned()));
        assert_eq!(sign_in, Some(expected));
        let opened = told.lines.iter().filter(|line| matches!(&line.what, history::What::Opened { by: history::Reader::Oneself, .. }));
        assert_eq!(opened.count(), 2, "overview and data were opened, each with its leaf");
        session::sign_out(&scene.platform, &scene.by(), &cookie).await.unwrap();
        assert_eq!(scene.stands(&cookie).await, Err(SessionRefusal::SessionOver));
    }

    fn an_answer_counts_once_here_and_now(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(1).await;
        let unknown = PASSKEY(PasskeyRefusal::ChallengeUnknown);
        // Replayed.
        let options = scene.challenge("browser").await;
        let answered = person.phone.get(&options, ORIGIN, &Manner::default()).unwrap();
        scene.send("browser", &answered).await.unwrap();
        assert_eq!(refusal(scene.send("browser", &answered).await), unknown);
        // From another browser, and spent by that: no.
        let options = scene.challenge("browser").await;
        let answered = person.phone.get(&options, ORIGIN, &Manner::default()).unwrap();
        assert_eq!(refusal(scene.send("other browser", &answered).await), unknown);
        scene.send("browser", &answered).await.unwrap();
        // Too late.
        let options = scene.challenge("browser").await;
        let answered = person.phone.get(&options, ORIGIN, &Manner::default()).unwrap();
        scene.pass(300);
        assert_eq!(refusal(scene.send("browser", &answered).await), PASSKEY(PasskeyRefusal::ChallengeExpired));
        // A challenge of our own making.
        let mut options = scene.challenge("browser").await;
        options["challenge"] = "A".repeat(86).into();
        let answered = person.phone.get(&options, ORIGIN, &Manner::default()).unwrap();
        assert_eq!(refusal(scene.send("browser", &answered).await), unknown);
        // A challenge made for another purpose.
        let cookie = scene.sign_in(&mut person).await;
        let options = value(&step_up::begin(&scene.platform, &scene.by(), &cookie).await.unwrap());
        let answered = person.phone.get(&options, ORIGIN, &Manner::default()).unwrap();
        assert_eq!(refusal(scene.send("browser", &answered).await), unknown);
    }

    fn a_bad_answer_spends_its_challenge(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(1).await;
        let options = scene.challenge("browser").await;
        let forged = person.phone.get(&options, ORIGIN, &Manner { wrong_key: true, ..Manner::default() }).unwrap();
        assert_eq!(refusal(scene.send("browser", &forged).await), PASSKEY(PasskeyRefusal::PasskeyNotAccepted));
        let good = person.phone.get(&options, ORIGIN, &Manner::default()).unwrap();
        assert_eq!(refusal(scene.send("browser", &good).await), PASSKEY(PasskeyRefusal::ChallengeUnknown));
    }

    fn misbehaving_clients_stay_outside(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(1).await;
        let not_accepted = PASSKEY(PasskeyRefusal::PasskeyNotAccepted);
        let evil = |origin: &str| Manner { origin: Some(origin.into()), ..Manner::default() };
        for (manner, expected) in [
            (evil("https://localhost:8444"), not_accepted),
            (evil("http://localhost:8443"), not_accepted),
            (Manner { cross_origin: true, ..Manner::default() }, not_accepted),
            (Manner { wrong_key: true, ..Manner::default() }, not_accepted),
            (Manner { present: false, ..Manner::default() }, not_accepted),
            (Manner { synced: true, ..Manner::default() }, not_accepted),
            (Manner { verified: false, ..Manner::default() }, PASSKEY(PasskeyRefusal::UserNotVerified)),
        ] {
            assert_eq!(refusal(scene.try_sign_in(&mut person.phone, &manner).await), expected, "{manner:?}");
        }
        let mut stranger = scene.person(2).await;
        // A passkey of one person under the user handle of another.
        let options = scene.challenge("browser").await;
        let mut answered = stranger.phone.get(&options, ORIGIN, &Manner::default()).unwrap();
        answered["response"]["userHandle"] = person.phone.passkeys()[0].user_handle.clone().into();
        assert_eq!(refusal(scene.send("browser", &answered).await), not_accepted);
        // A passkey nobody registered looks the same.
        let mut nobody = Authenticator::default();
        let mut made = scene.challenge("browser").await;
        let creation = serde_json::json!({"challenge": "AAAA", "rp": {"id": "localhost"}, "user": {"id": "AAAA"}, "pubKeyCredParams": [{"alg": -7}]});
        nobody.create(&creation, ORIGIN, &Manner::default(), &System).unwrap();
        made["allowCredentials"] = serde_json::json!([]);
        let answered = nobody.get(&made, ORIGIN, &Manner::default()).unwrap();
        assert_eq!(refusal(scene.send("browser", &answered).await), not_accepted);
    }

    fn a_counter_that_falls_back_is_noted_and_lets_in(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(1).await;
        scene.try_sign_in(&mut person.phone, &Manner { counter: Some(9), ..Manner::default() }).await.unwrap();
        let cookie = scene.try_sign_in(&mut person.phone, &Manner { counter: Some(4), ..Manner::default() }).await.unwrap();
        let told = history::history(&scene.platform, &scene.by(), &cookie, None).await.unwrap();
        let alarm = |line: &history::Line| matches!(&line.what, history::What::SignIn { event: SignInEvent::CounterAlarm, .. });
        assert!(told.lines.iter().any(alarm));
        let shown = account::authenticators::authenticators(&scene.platform, &scene.by(), &cookie).await.unwrap();
        assert!(shown[0].counter_alarm.is_some());
    }

    fn failures_tire_the_address_and_lock_nobody_out(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(1).await;
        let forged = Manner { wrong_key: true, ..Manner::default() };
        for _ in 0..session::MOST_FAILURES {
            let refused = refusal(scene.try_sign_in(&mut person.phone, &forged).await);
            assert_eq!(refused, PASSKEY(PasskeyRefusal::PasskeyNotAccepted));
        }
        assert_eq!(refusal(scene.try_sign_in(&mut person.phone, &forged).await), SessionRefusal::TooManyTries);
        // The person behind the same address, with the right passkey, still gets in.
        let cookie = scene.sign_in(&mut person).await;
        let told = history::history(&scene.platform, &scene.by(), &cookie, None).await.unwrap();
        let refused = |line: &&history::Line| matches!(&line.what, history::What::SignIn { event: SignInEvent::Refused, .. });
        assert_eq!(told.lines.iter().filter(refused).count(), 20, "and a stranger cannot flood the history");
        scene.pass(601);
        let refused = refusal(scene.try_sign_in(&mut person.phone, &forged).await);
        assert_eq!(refused, PASSKEY(PasskeyRefusal::PasskeyNotAccepted));
    }

    fn sessions_end_by_idleness_age_and_will(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(1).await;
        let idle = scene.sign_in(&mut person).await;
        scene.pass(3599);
        assert_eq!(scene.stands(&idle).await, Ok(()), "this use starts the hour again");
        scene.pass(3599);
        assert_eq!(scene.stands(&idle).await, Ok(()));
        scene.pass(3600);
        assert_eq!(scene.stands(&idle).await, Err(SessionRefusal::SessionOver));
        let old = scene.sign_in(&mut person).await;
        for _ in 0..47 {
            scene.pass(1800);
            assert_eq!(scene.stands(&old).await, Ok(()));
        }
        scene.pass(1800);
        assert_eq!(scene.stands(&old).await, Err(SessionRefusal::SessionOver), "24 hours are the end");
        let (a, b, c) = (scene.sign_in(&mut person).await, scene.sign_in(&mut person).await, scene.sign_in(&mut person).await);
        let open = account::sessions::list(&scene.platform, &scene.by(), &a).await.unwrap();
        assert_eq!(open.sessions.len(), 3, "what is over is not listed");
        let other = open.sessions.iter().find(|one| one.id != open.current).unwrap().id;
        assert!(!account::sessions::end(&scene.platform, &scene.by(), &a, other).await.unwrap());
        assert_eq!(account::sessions::end_others(&scene.platform, &scene.by(), &a).await.unwrap(), 1);
        assert_eq!(scene.stands(&a).await, Ok(()));
        for gone in [b, c] {
            assert_eq!(scene.stands(&gone).await, Err(SessionRefusal::SessionOver));
        }
        assert_eq!(scene.stands("").await, Err(SessionRefusal::SignInFirst));
        assert_eq!(scene.stands(&"A".repeat(43)).await, Err(SessionRefusal::SignInFirst));
    }

    fn a_planted_session_is_worth_nothing(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(1).await;
        // The attacker plants their own cookie; the person signs in over it.
        let mut attacker = scene.person(2).await;
        let planted = scene.sign_in(&mut attacker).await;
        let options = scene.challenge("browser").await;
        let answered = person.phone.get(&options, ORIGIN, &Manner::default()).unwrap();
        let command = SignIn { answer: answer(&answered), browser: "browser".into(), earlier: Some(planted.clone()), agent: None };
        let signed_in = session::sign_in(&scene.platform, &scene.by(), command).await.unwrap();
        assert_ne!(signed_in.secret.cookie(), planted);
        assert_eq!(signed_in.resident, person.id);
        assert_eq!(scene.stands(&planted).await, Err(SessionRefusal::SessionOver));
        // A proof of presence changes the secret: the value known before opens nothing.
        let before = signed_in.secret.cookie().to_owned();
        let after = scene.step_up(&mut person, &before).await;
        assert_eq!(scene.stands(&before).await, Err(SessionRefusal::SignInFirst));
        assert_eq!(scene.stands(&after).await, Ok(()));
    }

    fn passkeys_are_added_renamed_and_removed(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(1).await;
        let cookie = scene.sign_in(&mut person).await;
        let mut second = Authenticator::default();
        scene.pass(301);
        let stale = refusal(scene.add(&cookie, &mut second).await);
        assert_eq!(stale, AccountRefusal::Session(SessionRefusal::StepUpNeeded));
        let cookie = scene.step_up(&mut person, &cookie).await;
        let added = scene.add(&cookie, &mut second).await.unwrap();
        assert_eq!(scene.letters().await, 1, "the person is told by letter");
        account::rename::rename(&scene.platform, &scene.by(), &cookie, added, CredentialName::parse("鎖匙圈").unwrap()).await.unwrap();
        let shown = account::authenticators::authenticators(&scene.platform, &scene.by(), &cookie).await.unwrap();
        assert_eq!(shown.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["canary phone", "鎖匙圈"]);
        let with_second = scene.try_sign_in(&mut second, &Manner::default()).await.unwrap();
        // The first one goes, and with it the session it opened.
        let remove = |cookie: String, id| {
            let (platform, by) = (Arc::clone(&scene.platform), scene.by());
            async move { account::remove::remove(&platform, &by, &cookie, id, None).await }
        };
        scene.pass(301);
        assert_eq!(refusal(remove(with_second.clone(), person.credential).await), AccountRefusal::Session(SessionRefusal::StepUpNeeded));
        let options = value(&step_up::begin(&scene.platform, &scene.by(), &with_second).await.unwrap());
        let answered = second.get(&options, ORIGIN, &Manner::default()).unwrap();
        let command = step_up::StepUp { cookie: with_second.clone(), answer: answer(&answered), agent: None };
        let with_second = step_up::finish(&scene.platform, &scene.by(), command).await.unwrap().cookie().to_owned();
        remove(with_second.clone(), person.credential).await.unwrap();
        assert_eq!(scene.stands(&cookie).await, Err(SessionRefusal::SessionOver));
        assert_eq!(refusal(scene.try_sign_in(&mut person.phone, &Manner::default()).await), PASSKEY(PasskeyRefusal::PasskeyNotAccepted));
        assert_eq!(refusal(remove(with_second.clone(), person.credential).await), AccountRefusal::NotFound);
        assert_eq!(refusal(remove(with_second.clone(), added).await), AccountRefusal::LastAuthenticator);
        assert_eq!(scene.stands(&with_second).await, Ok(()));
    }

    fn nobody_reaches_into_another_account(at place) {
        let scene = scene(&place).await;
        let (mut victim, mut attacker) = (scene.person(1).await, scene.person(2).await);
        let (theirs, mine) = (scene.sign_in(&mut victim).await, scene.sign_in(&mut attacker).await);
        let mut second = Authenticator::default();
        scene.add(&mine, &mut second).await.unwrap();
        let name = CredentialName::parse("owned").unwrap();
        let by = scene.by();
        let rename = account::rename::rename(&scene.platform, &by, &mine, victim.credential, name).await;
        assert_eq!(refusal(rename), AccountRefusal::NotFound);
        let remove = account::remove::remove(&scene.platform, &by, &mine, victim.credential, None).await;
        assert_eq!(refusal(remove), AccountRefusal::NotFound);
        let session = account::sessions::list(&scene.platform, &by, &theirs).await.unwrap().current;
        assert_eq!(refusal(account::sessions::end(&scene.platform, &by, &mine, session).await), AccountRefusal::NotFound);
        let unknown = SessionId::new(by.now, [7; 10]);
        assert_eq!(refusal(account::sessions::end(&scene.platform, &by, &mine, unknown).await), AccountRefusal::NotFound, "the same as for what does not exist");
        assert_eq!(scene.stands(&theirs).await, Ok(()));
        let shown = account::authenticators::authenticators(&scene.platform, &by, &theirs).await.unwrap();
        assert_eq!(shown[0].name, "canary phone");
        // Their step-up cannot be answered by my passkey, nor mine sent to their session.
        let options = value(&step_up::begin(&scene.platform, &by, &theirs).await.unwrap());
        let mut open = options.clone();
        open["allowCredentials"] = serde_json::json!([]);
        let answered = attacker.phone.get(&open, ORIGIN, &Manner::default()).unwrap();
        let command = step_up::StepUp { cookie: theirs.clone(), answer: answer(&answered), agent: None };
        assert_eq!(refusal(step_up::finish(&scene.platform, &by, command).await), PASSKEY(PasskeyRefusal::PasskeyNotAccepted));
        let options = value(&step_up::begin(&scene.platform, &by, &theirs).await.unwrap());
        let answered = victim.phone.get(&options, ORIGIN, &Manner::default()).unwrap();
        let command = step_up::StepUp { cookie: mine.clone(), answer: answer(&answered), agent: None };
        assert_eq!(refusal(step_up::finish(&scene.platform, &by, command).await), PASSKEY(PasskeyRefusal::ChallengeUnknown));
    }

    fn a_passkey_belongs_to_one_account(at place) {
        let scene = scene(&place).await;
        let (mut victim, mut attacker) = (scene.person(1).await, scene.person(2).await);
        let mine = scene.sign_in(&mut attacker).await;
        // The attacker registers a passkey of their own under the victim's credential id.
        let options = add::begin(&scene.platform, &scene.by(), &mine).await.unwrap();
        let mut device = Authenticator::default();
        let made = device.create(&serde_json::to_value(&options).unwrap(), ORIGIN, &Manner::default(), &System).unwrap();
        let mut response = RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap();
        let old = response.id.clone();
        let wanted = lionrock_wire::jose::decode(&victim.phone.passkeys()[0].id, "id").unwrap();
        let at = response.attestation_object.windows(old.len()).position(|window| window == old).unwrap();
        response.attestation_object[at..at + old.len()].copy_from_slice(&wanted);
        response.id = wanted;
        let name = CredentialName::parse("stolen").unwrap();
        let command = add::Add { cookie: mine.clone(), answer: response, name, agent: None };
        let refused = refusal(add::add(&scene.platform, &scene.by(), command).await);
        assert_eq!(refused, AccountRefusal::Passkey(PasskeyRefusal::PasskeyTaken));
        let cookie = scene.sign_in(&mut victim).await;
        assert_eq!(session::current(&scene.platform, &scene.by(), &cookie).await.unwrap().resident.id, victim.id);
    }

    fn recovery_codes_count_once(at place) {
        let scene = scene(&place).await;
        let (person, other) = (scene.person(1).await, scene.person(2).await);
        assert_eq!(person.codes.len(), 10);
        let spend = |who: ResidentId, code: lionrock_model::account::RecoveryCode| {
            let (shared, by) = (Arc::clone(&scene.platform), scene.by());
            let store = scene.platform.store.clone();
            async move { store.write(move |tx| { let known = codes::unused(tx, &shared, who, &code)?; known.map_or(Ok(false), |known| codes::spend(tx, &shared, &by, who, &known)) }).await.unwrap() }
        };
        assert!(!spend(other.id, person.codes[0].clone()).await, "a code of somebody else");
        assert!(spend(person.id, person.codes[0].clone()).await);
        assert!(!spend(person.id, person.codes[0].clone()).await, "twice");
    }

    fn closing_ends_everything_and_nothing_opens_again(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(1).await;
        let cookie = scene.sign_in(&mut person).await;
        let elsewhere = scene.sign_in(&mut person).await;
        // What a backup taken now would hold.
        let who = person.id;
        let before = scene.platform.store.read(move |tx| resident::find(tx, who)).await.unwrap().unwrap();
        let closed = scene.close(&mut person, &cookie).await.unwrap();
        for gone in [&cookie, &elsewhere] {
            assert!(scene.stands(gone).await.is_err());
        }
        let refused = refusal(scene.try_sign_in(&mut person.phone, &Manner::default()).await);
        assert_eq!(refused, PASSKEY(PasskeyRefusal::PasskeyNotAccepted));
        let after = scene.platform.store.read(move |tx| resident::find(tx, who)).await.unwrap().unwrap();
        assert!(!after.active && after.sealed_key.is_none() && after.sealed_profile.is_none() && after.sealed_contact.is_none() && after.user_handle.is_none());
        // Sealed bytes that survived elsewhere do not open: the key they need exists nowhere any more.
        let (shared, by) = (Arc::clone(&scene.platform), scene.by());
        let grant: Result<(), Fault> = scene.platform.store.write(move |tx| vault::sealing_key(tx, &shared, who).map(drop)).await;
        assert!(grant.is_err());
        let slot = lionrock_crypto::ring::Slot {
            table: "resident", column: "sealed_profile", row: who.as_bytes(), resident: who.as_bytes(), schema: 1, version: 1,
        };
        let bytes = before.sealed_profile.unwrap();
        let keyless = scene.platform.keys.open_sealed(lionrock_crypto::ring::Domain::Profile, &slot, None, &bytes);
        assert!(keyless.is_err());
        let with_key = scene.platform.keys.resident_key(who.as_bytes(), &before.sealed_key.unwrap()).unwrap();
        let opened = scene.platform.keys.open_sealed(lionrock_crypto::ring::Domain::Profile, &slot, Some(&with_key), &bytes);
        assert!(opened.is_ok(), "the test looks at the right place: only the destroyed key was missing");
        // The letter is on its way, and the receipt verifies against the log.
        assert_eq!(scene.letters().await, 1);
        let mut publisher = Publisher::new(&scene.platform).unwrap();
        ledger::sequence(&scene.platform, &by).await.unwrap();
        publisher.publish(&scene.platform).await.unwrap();
        let file = receipt::file(&scene.platform, &closed.statement, closed.event, Duration::ZERO).await.unwrap().unwrap();
        let said = file.check(&ledger::verifiers(&scene.platform).unwrap()).unwrap();
        assert_eq!(said.claims["what"], "account-erasure");
        assert_eq!((&said.claims["ended"]["authenticators"], &said.claims["ended"]["sessions"]), (&1.into(), &2.into()));
        assert!(!serde_json::to_string(&said.claims).unwrap().contains("CANARY"));
    }

    fn closing_needs_the_passkey_over_what_is_shown(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(1).await;
        let cookie = scene.sign_in(&mut person).await;
        let statement = close::look(&scene.platform, &scene.by(), &cookie).await.unwrap();
        let another = statement.canonical().replace("\"authenticators\":1", "\"authenticators\":0");
        let changed = AccountRefusal::Passkey(PasskeyRefusal::ShownChanged);
        assert_eq!(refusal(close::begin(&scene.platform, &scene.by(), &cookie, &another).await), changed);
        // Something of it changes between the look and the approval.
        let options = close::begin(&scene.platform, &scene.by(), &cookie, &statement.canonical()).await.unwrap();
        let answered = person.phone.get(&value(&options), ORIGIN, &Manner::default()).unwrap();
        scene.add(&cookie, &mut Authenticator::default()).await.unwrap();
        let command = close::Close { cookie: cookie.clone(), answer: answer(&answered) };
        assert_eq!(refusal(close::close(&scene.platform, &scene.by(), command).await), changed);
        // The answer of a step-up is no approval.
        let options = step_up::begin(&scene.platform, &scene.by(), &cookie).await.unwrap();
        let answered = person.phone.get(&value(&options), ORIGIN, &Manner::default()).unwrap();
        let command = close::Close { cookie: cookie.clone(), answer: answer(&answered) };
        let refused = refusal(close::close(&scene.platform, &scene.by(), command).await);
        assert_eq!(refused, AccountRefusal::Passkey(PasskeyRefusal::ChallengeUnknown));
        assert_eq!(scene.stands(&cookie).await, Ok(()));
    }

    fn personal_words_are_sealed_on_disk(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(1).await;
        let cookie = scene.sign_in(&mut person).await;
        account::data::data(&scene.platform, &scene.by(), &cookie, account::data::Extent::Whole).await.unwrap();
        let canaries: &[&[u8]] =
            &[b"canary phone", b"canary@example.test", b"CANARY, Yellow", "金絲雀".as_bytes(), b"203.0.113.7", b"Android 16", cookie.as_bytes()];
        let leaks = lionrock_testkit::canary::scan(place.folder(), canaries);
        assert!(leaks.is_empty(), "{leaks:?}");
    }

    fn sweeping_forgets_what_is_over(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(1).await;
        scene.challenge("browser").await;
        let cookie = scene.sign_in(&mut person).await;
        assert_eq!(lionrock_service::retention::sweep(&scene.platform, &scene.by()).await.unwrap().total(), 0);
        scene.pass(301);
        assert_eq!(lionrock_service::retention::sweep(&scene.platform, &scene.by()).await.unwrap().total(), 1, "the challenge nobody answered");
        assert_eq!(scene.stands(&cookie).await, Ok(()));
        scene.pass(25 * 3600);
        assert_eq!(lionrock_service::retention::sweep(&scene.platform, &scene.by()).await.unwrap().total(), 1, "the session");
    }
}
