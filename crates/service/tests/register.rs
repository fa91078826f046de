//! Registration and custody on both engines: the whole way, and every way it can go wrong without losing or leaking anything.

mod consent;
mod planted;

use crate::stage::{self, caller};
use crate::stand_in::{Letters, Next, Provider, Records, accept, retake};
use lionrock_crypto::random::System;
use lionrock_ledger::receipt::digest;
use lionrock_model::custody::{CloseReason, Label, PICTURE_BYTES, Part, State};
use lionrock_model::hkid::Hkid;
use lionrock_model::id::CustodyId;
use lionrock_model::proofing::{CardText, Reason, Verdict};
use lionrock_model::realm::Realm;
use lionrock_model::register::{RegisterRefusal as No, Step, facts};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::custody::{self, Custody};
use lionrock_service::register::{self, Begin, Made};
use lionrock_service::{Caller, Error, Fault, Platform, Ports, audit, outbox};
use lionrock_store::{leaf, registration, resident};
use lionrock_testkit::both_engines;
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::Place;
use lionrock_wire::webauthn::json::RegistrationResponse;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const ORIGIN: &str = "https://localhost:8443";
const CARD: Label = Label { part: Part::Card, at_ms: 0, action: None };
const FACE: Label = Label { part: Part::Face(0), at_ms: 0, action: None };
const CANARY: &str = "CANARY, Yellow Bird";

struct Scene {
    platform: Arc<Platform>,
    provider: Arc<Provider>,
    records: Arc<Records>,
    letters: Arc<Letters>,
    clock: Clock,
}

fn card(serial: u32) -> CardText {
    let mut text = CardText::default();
    text.hkid = Hkid::with_check_digit(&format!("U{serial:06}")).unwrap().reveal();
    text.english_name = CANARY.into();
    text.chinese_name = "金絲雀".into();
    text.birth = "1990-02-03".into();
    text.sex = "F".into();
    text.issued = "2019-02-03".into();
    text
}

async fn scene(place: &Place) -> Scene {
    scene_with(place, 1).await
}

/// The same store with another run of the server.
async fn scene_with(place: &Place, boot: u8) -> Scene {
    let provider = Arc::new(Provider::new(boot));
    let realm = Realm::parse("test-demo").unwrap();
    let known = (1..4).map(|n| facts(&card(n), &realm, "2026-11-23".parse().unwrap()).unwrap()).collect();
    let records = Arc::new(Records { known: std::sync::Mutex::new(known), down: std::sync::Mutex::new(false) });
    let letters = Arc::new(Letters::default());
    let mut platform = Arc::into_inner(stage::platform(place).await).unwrap();
    platform.ports = Ports {
        registry: records.clone(),
        mail: letters.clone(),
        push: None,
        proofing: provider.clone(),
        documents: platform.ports.documents.clone(),
        activation: platform.ports.activation.clone(),
    };
    Scene { platform: Arc::new(platform), provider, records, letters, clock: Clock::new() }
}

fn refused<T>(outcome: Result<T, Error<No>>) -> No {
    match outcome {
        Err(Error::Refuse(refusal)) => refusal,
        Err(Error::Fault(fault)) => panic!("a refusal was expected, not the fault {fault}"),
        Ok(_) => panic!("a refusal was expected"),
    }
}

impl Scene {
    fn by(&self) -> Caller {
        caller(&self.clock)
    }

    fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }

    async fn begin(&self) -> String {
        let command = Begin { agreed: true, named_version: "1".into(), version: "1", notice: "the notice".into() };
        register::begin(&self.platform, &self.by(), None, command).await.unwrap().cookie
    }

    async fn standing(&self, cookie: &str) -> register::Standing {
        register::standing(&self.platform, &self.by(), cookie).await.unwrap()
    }

    async fn open(&self, cookie: &str) -> Result<CustodyId, Error<No>> {
        let asked = register::challenge(&self.platform, &self.by(), cookie).await?;
        Ok(custody::open(&self.platform, &self.by(), cookie, Some(asked.id)).await?.custody)
    }

    async fn send(&self, cookie: &str, label: Label, sealed: &[u8]) -> Result<u32, Error<No>> {
        Ok(custody::receive(&self.platform, &self.by(), cookie, label, sealed.to_vec()).await?.bytes)
    }

    /// Pictures, judgement, and where it leads.
    async fn judged(&self, cookie: &str, next: Next) -> register::Standing {
        self.open(cookie).await.unwrap();
        self.send(cookie, CARD, b"card").await.unwrap();
        self.send(cookie, FACE, b"face").await.unwrap();
        self.provider.will(next);
        custody::judge(&self.platform, &self.by(), cookie).await.unwrap();
        self.settled(cookie).await
    }

    async fn settled(&self, cookie: &str) -> register::Standing {
        for _ in 0..400 {
            let now = self.standing(cookie).await;
            let checking = now.step == Step::Registry && !*self.records.down.lock().unwrap();
            if now.step != Step::Judging && !checking {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the judgement never ended");
    }

    async fn answer(&self, cookie: &str, phone: &mut Authenticator) -> RegistrationResponse {
        let options = register::passkey_options(&self.platform, &self.by(), cookie).await.unwrap();
        let options = serde_json::to_value(options).unwrap();
        let made = phone.create(&options, ORIGIN, &Manner::default(), &System).unwrap();
        RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap()
    }

    async fn account(&self, cookie: &str, serial: u32) {
        assert_eq!(self.judged(cookie, accept(card(serial))).await.step, Step::Passkey);
        let answer = self.answer(cookie, &mut Authenticator::default()).await;
        let made = register::make_passkey(&self.platform, &self.by(), cookie, answer, None).await.unwrap();
        assert!(matches!(made, Made::Account(_)));
        register::kept(&self.platform, &self.by(), cookie, true).await.unwrap();
    }

    /// The newest code in the mailbox.
    async fn code(&self) -> String {
        outbox::deliver(&self.platform, &self.by()).await.unwrap();
        let letters = self.letters.0.lock().unwrap();
        let text = &letters.last().unwrap().text;
        text.split_whitespace()
            .find(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit()))
            .unwrap()
            .to_owned()
    }

    async fn confirmed(&self, cookie: &str, address: &str) {
        register::give_email(&self.platform, &self.by(), cookie, address).await.unwrap();
        let code = self.code().await;
        register::confirm_email(&self.platform, &self.by(), cookie, &code).await.unwrap();
    }

    async fn custody(&self, id: CustodyId) -> Custody {
        self.platform.store.read(move |tx| lionrock_store::custody::find(tx, id)).await.unwrap().unwrap()
    }

    /// Kinds and bodies of all leaves that wait for a place, in the order of their writing.
    async fn leaves(&self) -> Vec<(String, Value)> {
        let shared = Arc::clone(&self.platform);
        let found: Result<Vec<_>, Fault> = self
            .platform
            .store
            .read(move |tx| {
                let waiting = "SELECT event, kind FROM leaf WHERE position IS NULL ORDER BY created_at, event";
                tx.query(waiting, &[])?
                    .into_iter()
                    .map(|row| {
                        let (event, kind) = (row.array(0)?, row.text(1)?.to_owned());
                        let sealed = leaf::sealed_body(tx, &event)?.unwrap();
                        let (_, body) = audit::open_body(&shared, &event, &sealed)?;
                        Ok((kind, serde_json::from_slice::<Value>(&body)?["body"].clone()))
                    })
                    .collect()
            })
            .await;
        found.unwrap()
    }

    async fn kinds(&self) -> Vec<String> {
        self.leaves().await.into_iter().map(|(kind, _)| kind).collect()
    }
}

/// The claims of a compact JWS.
fn claims(statement: &str) -> Value {
    use base64::Engine as _;
    let payload = statement.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

both_engines! {
    fn the_whole_way(at place) {
        let scene = scene(&place).await;
        let cookie = scene.begin().await;
        let id = scene.open(&cookie).await.unwrap();
        assert_eq!(*scene.provider.received.lock().unwrap(), 0);
        assert!(scene.kinds().await.contains(&"custody.opened".to_owned()), "the opening is in the ledger before the first byte");
        assert_eq!(scene.custody(id).await.state, State::Opened);
        scene.send(&cookie, CARD, b"four").await.unwrap();
        assert_eq!(scene.custody(id).await.state, State::Receiving);
        scene.send(&cookie, FACE, b"sixsix").await.unwrap();
        scene.send(&cookie, FACE, b"seven77").await.unwrap();
        scene.provider.will(accept(card(1)));
        custody::judge(&scene.platform, &scene.by(), &cookie).await.unwrap();
        assert_eq!(scene.settled(&cookie).await.step, Step::Passkey);
        let row = scene.custody(id).await;
        assert_eq!((row.state, row.pictures, row.bytes), (State::Closed(CloseReason::Verified), 2, 11));
        let said = claims(row.receipt.as_deref().unwrap());
        assert_eq!((&said["custody"], &said["reason"], &said["pictures"]), (&json!(id.to_string()), &json!("verified"), &json!(2)));
        assert_eq!(said["protections"], json!(["memory-locked"]));
        assert!(said["judged"].as_str() < said["zeroised"].as_str());
        let leaves = scene.leaves().await;
        let closing = leaves.iter().find(|(kind, _)| kind == "custody.closed").unwrap();
        assert_eq!(closing.1["receipt"], json!(digest(row.receipt.as_deref().unwrap())));

        let shown = register::preview(&scene.platform, &scene.by(), &cookie).await.unwrap();
        assert_eq!(shown.english_name.as_deref(), Some(CANARY));
        let answer = scene.answer(&cookie, &mut Authenticator::default()).await;
        let made = register::make_passkey(&scene.platform, &scene.by(), &cookie, answer.clone(), Some("Firefox")).await.unwrap();
        let Made::Account(session) = made else { panic!("no account") };
        let secret = session.cookie().to_owned();
        // A double click, or the other tab: the account is there once and nothing is lost.
        let again = register::make_passkey(&scene.platform, &scene.by(), &cookie, answer, None).await.unwrap();
        assert!(matches!(again, Made::Already(Step::Codes)));
        let codes = register::recovery_codes(&scene.platform, &scene.by(), &cookie).await.unwrap();
        assert_eq!(codes.len(), 10);
        assert_eq!(register::recovery_codes(&scene.platform, &scene.by(), &cookie).await.unwrap(), codes, "a reload shows the same");
        assert_eq!(refused(register::kept(&scene.platform, &scene.by(), &cookie, false).await), No::CodesNotKept);
        register::kept(&scene.platform, &scene.by(), &cookie, true).await.unwrap();
        assert_eq!(refused(register::recovery_codes(&scene.platform, &scene.by(), &cookie).await), No::OutOfOrder);
        scene.confirmed(&cookie, "canary.bird@example.test").await;
        assert_eq!(scene.standing(&cookie).await.step, Step::Done);
        assert_eq!(register::shown_receipt(&scene.platform, &scene.by(), &cookie).await.unwrap().id, id);

        let index = lionrock_service::vault::blind_index(&scene.platform, &scene.by(), lionrock_model::budget::Budget::LookupAtRegistration, b"test", &Hkid::parse(&card(1).hkid).unwrap()).unwrap();
        let (owner, account) = scene.platform.store.read(move |tx| {
            let owner = resident::by_blind_index(tx, &index)?.unwrap();
            Ok::<_, Fault>((owner, resident::find(tx, owner)?.unwrap()))
        }).await.unwrap();
        assert!(account.sealed_contact.is_some() && account.active);
        assert_eq!(account.notice_hash, lionrock_crypto::digest::sha256(b"the notice"));
        let theirs = scene.platform.store.read(move |tx| lionrock_store::custody::of_resident(tx, owner)).await.unwrap();
        assert_eq!(theirs.iter().map(|row| row.id).collect::<Vec<_>>(), [id]);

        // Nothing of the person lies in clear anywhere under the data folder.
        scene.platform.store.close().await;
        if place.is_sqlite() {
            let number = card(1).hkid.clone();
            let body = &number[..7];
            let canaries: [&[u8]; 7] = [CANARY.as_bytes(), b"Yellow Bird", "金絲雀".as_bytes(), b"canary.bird@", body.as_bytes(), codes[0].as_bytes(), secret.as_bytes()];
            assert!(lionrock_testkit::canary::weight(place.folder()) > 10_000);
            assert_eq!(lionrock_testkit::canary::scan(place.folder(), &canaries), Vec::new());
        }
    }

    fn pictures_that_do_not_do_are_named_and_three_are_the_end(at place) {
        let scene = scene(&place).await;
        let cookie = scene.begin().await;
        for (left, reason) in [(2, Reason::CardGlare), (1, Reason::TwoFaces)] {
            let now = scene.judged(&cookie, retake(reason)).await;
            assert_eq!((now.step, now.verdict, now.reasons, now.tries_left), (Step::Pictures, Some(Verdict::Retake), vec![reason], left));
        }
        let mut young = card(1);
        young.hkid = "U000001(9)".into();
        let now = scene.judged(&cookie, accept(young)).await;
        assert_eq!((now.step, now.reasons, now.tries_left), (Step::Counter, vec![Reason::CheckDigitWrong], 0));
        assert_eq!(refused(scene.open(&cookie).await), No::OutOfOrder);
        let closed = scene.leaves().await.into_iter().filter(|(kind, body)| kind == "custody.closed" && body["reason"] == "refused");
        assert_eq!(closed.count(), 3, "each try has its receipt");
    }

    fn real_cards_and_children_are_not_registered_here(at place) {
        let scene = scene(&place).await;
        let cookie = scene.begin().await;
        let mut real = card(1);
        real.hkid = Hkid::with_check_digit("A123456").unwrap().reveal();
        assert_eq!(scene.judged(&cookie, accept(real)).await.reasons, vec![Reason::CardWrongRealm]);
        let mut child = card(1);
        child.birth = "2018-02-03".into();
        let now = scene.judged(&cookie, accept(child)).await;
        assert_eq!((now.step, now.verdict, now.reasons), (Step::Counter, Some(Verdict::Counter), vec![Reason::TooYoung]));
        // "Accepted" without a card is a provider's mistake, never a pass.
        let cookie = scene.begin().await;
        let empty = lionrock_model::proofing::Judgement { verdict: Verdict::Accepted, reasons: vec![], card: None };
        assert_eq!(scene.judged(&cookie, Next::Say(empty)).await.step, Step::Counter);
    }

    fn nobody_learns_what_the_registry_or_the_platform_knows(at place) {
        let scene = scene(&place).await;
        let first = scene.begin().await;
        scene.account(&first, 1).await;
        scene.confirmed(&first, "owner@example.test").await;
        let letters = scene.letters.0.lock().unwrap().len();
        // A number that is registered already…
        let second = scene.begin().await;
        let taken = scene.judged(&second, accept(card(1))).await;
        scene.pass(Duration::from_secs(5));
        outbox::deliver(&scene.platform, &scene.by()).await.unwrap();
        let told = scene.letters.0.lock().unwrap()[letters..].iter().map(|letter| letter.to.clone()).collect::<Vec<_>>();
        assert_eq!(told, ["owner@example.test"], "its owner hears of it");
        // … and one the registry does not confirm look exactly the same.
        let third = scene.begin().await;
        let unknown = scene.judged(&third, accept(card(900))).await;
        scene.pass(Duration::from_secs(5));
        outbox::deliver(&scene.platform, &scene.by()).await.unwrap();
        assert_eq!(scene.letters.0.lock().unwrap().len(), letters + 1, "and nobody else");
        let look = |now: &register::Standing| (now.step, now.verdict, now.reasons.clone(), now.tries_left);
        assert_eq!(look(&taken), look(&unknown));
        assert_eq!(look(&taken), (Step::Pictures, Some(Verdict::Refused), vec![], 2));
    }

    fn two_registrations_of_one_card_make_one_account(at place) {
        let scene = scene(&place).await;
        let (first, second) = (scene.begin().await, scene.begin().await);
        assert_eq!(scene.judged(&first, accept(card(2))).await.step, Step::Passkey);
        assert_eq!(scene.judged(&second, accept(card(2))).await.step, Step::Passkey);
        let one = scene.answer(&first, &mut Authenticator::default()).await;
        let two = scene.answer(&second, &mut Authenticator::default()).await;
        let made = register::make_passkey(&scene.platform, &scene.by(), &first, one, None).await.unwrap();
        assert!(matches!(made, Made::Account(_)));
        let made = register::make_passkey(&scene.platform, &scene.by(), &second, two, None).await.unwrap();
        assert!(matches!(made, Made::Already(Step::Counter)));
        assert_eq!(scene.standing(&second).await.step, Step::Counter);
    }

    fn a_silent_registry_is_neither_yes_nor_no(at place) {
        let scene = scene(&place).await;
        *scene.records.down.lock().unwrap() = true;
        let cookie = scene.begin().await;
        let now = scene.judged(&cookie, accept(card(1))).await;
        assert_eq!((now.step, now.tries_left), (Step::Registry, 3));
        assert_eq!(refused(register::passkey_options(&scene.platform, &scene.by(), &cookie).await), No::OutOfOrder);
        assert_eq!(register::check(&scene.platform, &scene.by(), &cookie).await.unwrap(), Step::Registry);
        *scene.records.down.lock().unwrap() = false;
        assert_eq!(register::check(&scene.platform, &scene.by(), &cookie).await.unwrap(), Step::Passkey, "no new picture is needed");
    }

    fn a_lost_worker_leaves_a_receipt_and_a_new_try(at place) {
        let scene = scene(&place).await;
        let cookie = scene.begin().await;
        // Before the first byte, in the middle of the upload, in the middle of the judgement.
        for moment in 0..3 {
            let id = scene.open(&cookie).await.unwrap();
            if moment > 0 {
                scene.send(&cookie, CARD, b"card").await.unwrap();
            }
            if moment == 2 {
                scene.provider.will(Next::Lose(CloseReason::ProcessLoss));
                custody::judge(&scene.platform, &scene.by(), &cookie).await.unwrap();
                scene.settled(&cookie).await;
            } else {
                scene.provider.die(id, CloseReason::ProcessLoss);
                let ended = scene.platform.ports.proofing.ended().await;
                custody::close_ended(&scene.platform, &scene.by(), ended).await.unwrap();
                // Told twice, written once.
                custody::close_ended(&scene.platform, &scene.by(), ended).await.unwrap();
            }
            let row = scene.custody(id).await;
            assert_eq!(row.state, State::Closed(CloseReason::ProcessLoss), "moment {moment}");
            assert_eq!(claims(row.receipt.as_deref().unwrap())["reason"], json!("process-loss"));
            let now = scene.standing(&cookie).await;
            assert_eq!((now.step, now.verdict, now.tries_left), (Step::Pictures, None, 3), "a loss costs no try");
            assert_eq!(refused(scene.send(&cookie, CARD, b"card").await), No::CustodyOver);
        }
        let opened = scene.kinds().await.iter().filter(|kind| *kind == "custody.opened").count();
        let closed = scene.kinds().await.iter().filter(|kind| *kind == "custody.closed").count();
        assert_eq!((opened, closed), (3, 3));
        assert_eq!(scene.judged(&cookie, accept(card(1))).await.step, Step::Passkey);
    }

    fn the_provider_without_the_custody_is_a_loss(at place) {
        let scene = scene(&place).await;
        let cookie = scene.begin().await;
        let id = scene.open(&cookie).await.unwrap();
        scene.platform.ports.proofing.destroy(id).await;
        assert_eq!(refused(scene.send(&cookie, CARD, b"card").await), No::CustodyOver);
        assert_eq!(scene.custody(id).await.state, State::Closed(CloseReason::ProcessLoss));
    }

    fn a_restart_closes_what_was_open(at place) {
        let before = scene_with(&place, 1).await;
        let cookie = before.begin().await;
        let id = before.open(&cookie).await.unwrap();
        before.send(&cookie, CARD, b"card").await.unwrap();
        before.provider.will(Next::Hang);
        custody::judge(&before.platform, &before.by(), &cookie).await.unwrap();
        // The same node restarts; the store is shared or reopened.
        let after = if place.is_sqlite() {
            let mut provider = Provider::new(2);
            provider.identity.node = "node".into();
            let provider = Arc::new(provider);
            let platform = Platform {
                store: before.platform.store.clone(),
                keys: lionrock_service::boot::key_ring(
                    &before.platform.store,
                    &lionrock_crypto::ring::Root::new(lionrock_crypto::secret::Secret::new([3; 32])),
                    &before.platform.settings.realm,
                    &before.by(),
                ).await.unwrap(),
                settings: before.platform.settings.clone(),
                ports: Ports { proofing: provider.clone(), ..before.platform.ports.clone() },
                gate: Default::default(),
                authority: Default::default(),
                vault: Default::default(),
                ledger: Default::default(),
            };
            Scene { platform: Arc::new(platform), provider, records: before.records.clone(), letters: before.letters.clone(), clock: before.clock.clone() }
        } else {
            scene_with(&place, 2).await
        };
        assert_eq!(custody::reconcile(&after.platform, &after.by()).await.unwrap(), 1);
        assert_eq!(custody::reconcile(&after.platform, &after.by()).await.unwrap(), 0, "once");
        let row = after.custody(id).await;
        assert_eq!(row.state, State::Closed(CloseReason::ProcessLoss));
        assert_eq!(claims(row.receipt.as_deref().unwrap())["boot"], json!("01".repeat(16)), "the receipt names the run that is gone");
        let now = after.standing(&cookie).await;
        assert_eq!((now.step, now.verdict), (Step::Pictures, None));
    }

    fn other_servers_custodies_are_left_alone_until_they_are_overdue(at place) {
        let scene = scene(&place).await;
        let cookie = scene.begin().await;
        let id = scene.open(&cookie).await.unwrap();
        let mut elsewhere = Provider::new(7);
        elsewhere.identity.node = "another node".into();
        let mut platform = Platform {
            store: scene.platform.store.clone(),
            keys: lionrock_service::boot::key_ring(
                &scene.platform.store,
                &lionrock_crypto::ring::Root::new(lionrock_crypto::secret::Secret::new([3; 32])),
                &scene.platform.settings.realm,
                &scene.by(),
            ).await.unwrap(),
            settings: scene.platform.settings.clone(),
            ports: scene.platform.ports.clone(),
            gate: Default::default(),
                authority: Default::default(),
                vault: Default::default(),
                ledger: Default::default(),
        };
        platform.ports.proofing = Arc::new(elsewhere);
        let platform = Arc::new(platform);
        assert_eq!(custody::reconcile(&platform, &scene.by()).await.unwrap(), 0);
        scene.pass(Duration::from_secs(71));
        assert_eq!(custody::reconcile(&platform, &scene.by()).await.unwrap(), 1);
        assert_eq!(scene.custody(id).await.state, State::Closed(CloseReason::ProcessLoss));
    }

    fn a_graceful_stop_says_so(at place) {
        let scene = scene(&place).await;
        let cookie = scene.begin().await;
        let id = scene.open(&cookie).await.unwrap();
        scene.send(&cookie, CARD, b"card").await.unwrap();
        assert_eq!(custody::stop(&scene.platform, &scene.by()).await.unwrap(), 1);
        let row = scene.custody(id).await;
        assert_eq!((row.state, row.pictures, row.bytes), (State::Closed(CloseReason::OperatorStop), 1, 4));
        assert!(!scene.provider.holds(id));
    }

    fn movements_are_asked_for_once_and_for_ninety_seconds(at place) {
        let scene = scene(&place).await;
        let cookie = scene.begin().await;
        let open = |id| { let (s, c) = (&scene, &cookie); async move { custody::open(&s.platform, &s.by(), c, Some(id)).await } };
        let asked = register::challenge(&scene.platform, &scene.by(), &cookie).await.unwrap();
        assert_eq!(refused(open([0; 16]).await), No::ChallengeOver, "another challenge");
        let newer = register::challenge(&scene.platform, &scene.by(), &cookie).await.unwrap();
        assert_eq!(refused(open(asked.id).await), No::ChallengeOver, "a newer one replaced it");
        scene.pass(Duration::from_secs(90));
        assert_eq!(refused(open(newer.id).await), No::ChallengeOver, "too late");
        let asked = register::challenge(&scene.platform, &scene.by(), &cookie).await.unwrap();
        scene.pass(Duration::from_secs(89));
        // Until a byte was sent they may be used again: a custody that died before has seen nothing.
        let unused = open(asked.id).await.unwrap();
        let opened = open(asked.id).await.unwrap();
        assert_eq!(scene.custody(unused.custody).await.state, State::Closed(CloseReason::Abandoned));
        scene.send(&cookie, CARD, b"card").await.unwrap();
        assert_eq!(refused(open(asked.id).await), No::ChallengeOver, "used");
        // Another browser's registration cannot use it either.
        let other = scene.begin().await;
        assert_eq!(refused(custody::open(&scene.platform, &scene.by(), &other, Some(asked.id)).await), No::ChallengeOver);
        // Asking again in a second tab ends the first tab's custody, with a receipt.
        register::challenge(&scene.platform, &scene.by(), &cookie).await.unwrap();
        let row = scene.custody(opened.custody).await;
        assert_eq!((row.state, row.pictures), (State::Closed(CloseReason::Abandoned), 1));
    }

    fn bad_pictures_change_nothing(at place) {
        let scene = scene(&place).await;
        let cookie = scene.begin().await;
        assert_eq!(refused(scene.send(&cookie, CARD, b"x").await), No::CustodyOver, "no custody, no upload");
        scene.open(&cookie).await.unwrap();
        assert_eq!(refused(custody::judge(&scene.platform, &scene.by(), &cookie).await), No::PictureUnknown, "nothing arrived");
        assert_eq!(refused(scene.send(&cookie, CARD, b"bad seal").await), No::SealBroken);
        assert_eq!(refused(scene.send(&cookie, CARD, &vec![0; PICTURE_BYTES + 49]).await), No::PictureTooLarge);
        assert_eq!(refused(scene.send("no such cookie", CARD, b"x").await), No::RegistrationOver);
        let stranger = scene.begin().await;
        assert_eq!(refused(scene.send(&stranger, CARD, b"x").await), No::CustodyOver, "a custody of another registration");
        scene.send(&cookie, CARD, b"card").await.unwrap();
        scene.provider.will(accept(card(1)));
        custody::judge(&scene.platform, &scene.by(), &cookie).await.unwrap();
        let late = scene.send(&cookie, CARD, b"card").await;
        assert!(matches!(refused(late), No::OutOfOrder | No::CustodyOver), "not after the order to judge");
        // A second order changes nothing, whenever it comes.
        let again = custody::judge(&scene.platform, &scene.by(), &cookie).await;
        assert!(again.is_ok() || matches!(refused(again), No::OutOfOrder));
        assert_eq!(scene.settled(&cookie).await.step, Step::Passkey);
        assert_eq!(scene.kinds().await.iter().filter(|kind| *kind == "custody.closed").count(), 1);
    }

    fn no_place_no_custody(at place) {
        let mut scene = scene(&place).await;
        let cookie = scene.begin().await;
        *scene.provider.busy.lock().unwrap() = true;
        assert_eq!(refused(scene.open(&cookie).await), No::ProofingBusy);
        *scene.provider.busy.lock().unwrap() = false;
        // The movements were not used up by it.
        assert!(custody::open(&scene.platform, &scene.by(), &cookie, None).await.is_ok());
        let cookie = scene.begin().await;
        // The writer thread lets go of its last closure a moment after it has answered.
        while Arc::get_mut(&mut scene.platform).is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Arc::get_mut(&mut scene.platform).unwrap().settings.realm = Realm::Production;
        assert_eq!(refused(scene.open(&cookie).await), No::ProofingUnavailable, "production needs a tested presence check");
        assert_eq!(scene.kinds().await.iter().filter(|kind| *kind == "custody.opened").count(), 1);
    }

    fn email_codes_are_short_lived_few_and_single(at place) {
        let scene = scene(&place).await;
        let cookie = scene.begin().await;
        scene.account(&cookie, 1).await;
        let give = |address: &'static str| { let (s, c) = (&scene, &cookie); async move { register::give_email(&s.platform, &s.by(), c, address).await } };
        let confirm = |code: String| { let (s, c) = (&scene, &cookie); async move { register::confirm_email(&s.platform, &s.by(), c, &code).await } };
        for odd in ["é@example.test", "a@ｅxample.test", "a\u{202e}b@example.test", "a@b", "a b@example.test", "a@example.test\r\nBcc: b@example.test"] {
            assert_eq!(refused(give(odd).await), No::EmailNotUsable, "{odd:?}");
        }
        give("lok@example.test").await.unwrap();
        assert_eq!(refused(give("lok@example.test").await), No::EmailTooOften, "not twice within seconds");
        let code = scene.code().await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for _ in 0..5 {
            assert_eq!(refused(confirm(wrong.to_owned()).await), No::EmailCodeWrong);
        }
        assert_eq!(refused(confirm(code.clone()).await), No::EmailCodeOver, "five wrong answers spend a code, also for the right one");
        scene.pass(Duration::from_secs(11));
        give("lok@example.test").await.unwrap();
        let second = scene.code().await;
        if second != code {
            assert_eq!(refused(confirm(code).await), No::EmailCodeWrong, "the earlier code is void");
        }
        scene.pass(Duration::from_secs(600));
        assert_eq!(refused(confirm(second).await), No::EmailCodeOver, "ten minutes");
        give("other@example.test").await.unwrap();
        let wide: String = scene.code().await.chars().map(|c| char::from_u32(u32::from(c) - 48 + 0xFF10).unwrap()).collect();
        confirm(format!("{} {}", &wide[..9], &wide[9..])).await.unwrap();
        assert_eq!(scene.standing(&cookie).await.step, Step::Done);
        confirm("999999".into()).await.expect("a double click on a finished step is no mistake");
        assert_eq!(refused(give("third@example.test").await), No::OutOfOrder);
    }

    fn what_is_not_carried_on_leaves_nothing(at place) {
        let scene = scene(&place).await;
        let (left, done) = (scene.begin().await, scene.begin().await);
        assert_eq!(scene.judged(&left, accept(card(1))).await.step, Step::Passkey);
        scene.account(&done, 2).await;
        let open = scene.begin().await;
        let custody = scene.open(&open).await.unwrap();
        scene.pass(Duration::from_secs(3600));
        assert_eq!(refused(register::passkey_options(&scene.platform, &scene.by(), &left).await), No::RegistrationOver);
        assert_eq!(register::sweep(&scene.platform, &scene.by()).await.unwrap(), 3);
        assert_eq!(scene.custody(custody).await.state, State::Closed(CloseReason::Abandoned));
        let now = scene.clock.now();
        let rows = scene.platform.store.read(move |tx| registration::expired(tx, now)).await.unwrap();
        assert!(rows.is_empty());
        let custody = scene.custody(custody).await;
        assert!(custody.registration.is_none() && custody.receipt.is_some(), "the receipt stays, without a link");
        // The card that was left is free for its owner.
        let again = scene.begin().await;
        assert_eq!(scene.judged(&again, accept(card(1))).await.step, Step::Passkey);
    }
}
