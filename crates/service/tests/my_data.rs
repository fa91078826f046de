//! The resident's side, on both engines: what is kept, the copy, corrections, approvals taken back, another e-mail address.

use crate::oidc::scene::{Person, REDIRECT, Scene, answer, choice, person, refusal_of, scene};
use crate::stage::caller;
use crate::stand_in::Letters;
use lionrock_model::account::AccountRefusal;
use lionrock_model::correction::{Outcome, State, Statement, Unusable};
use lionrock_model::id::{CorrectionId, CustodyId};
use lionrock_model::policy::Field;
use lionrock_model::recovery::COOLING_OFF;
use lionrock_model::session::SessionRefusal;
use lionrock_model::time::Millis;
use lionrock_service::account::data::{Agreed, Extent};
use lionrock_service::account::{self, consents, contact, corrections, data, export, receipts};
use lionrock_service::oidc::authorize::Outcome as Authorized;
use lionrock_service::oidc::consent::look;
use lionrock_service::{Error, outbox};
use lionrock_store::{contact_change, correction, notice, resident};
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::Place;
use lionrock_wire::oauth::Code;
use serde_json::json;
use std::sync::Arc;

/// The oidc stage with letters that can be read, and somebody signed in.
async fn signed_in(place: &Place) -> (Scene, Arc<Letters>, Person) {
    let mut scene = scene(place).await;
    let letters = Arc::new(Letters::default());
    Arc::get_mut(&mut scene.platform).unwrap().ports.mail = Arc::<Letters>::clone(&letters);
    let mut mei = person(&scene, "CANARY, Mei").await;
    scene.code(&mut mei, "game").await;
    (scene, letters, mei)
}

fn cookie(person: &Person) -> String {
    person.cookie.clone().unwrap()
}

/// Everything a log-in of these fields leads to: the service's access token.
async fn log_in(scene: &Scene, who: &mut Person, service: &str, fields: &[Field]) -> String {
    let uri = scene.push(service, &[("scope", "openid profile email")]).await.unwrap();
    let handle = scene.arrive(service, &uri).await.unwrap();
    let view = look(&scene.platform, &caller(&scene.clock), &handle, who.cookie.as_deref()).await.unwrap();
    let location = scene.approve(who, choice(&handle, fields, view.version)).await.unwrap();
    let code = answer(&location)["code"].clone();
    scene.exchange(service, &[("code", &code)]).await.unwrap().access_token
}

/// Sends what waits; the letters since the last time, as (address, subject, text).
async fn post(scene: &Scene, letters: &Letters) -> Vec<(String, String, String)> {
    outbox::deliver(&scene.platform, &caller(&scene.clock)).await.unwrap();
    letters.0.lock().unwrap().drain(..).map(|kept| (kept.to, kept.subject, kept.text)).collect()
}

fn digits(text: &str) -> String {
    text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6).unwrap().to_owned()
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Error<AccountRefusal>>) -> AccountRefusal {
    refusal_of(outcome.unwrap_err())
}

fn statement(field: &str, should: &str) -> Statement {
    Statement::parse(field, should, "my new card").unwrap()
}

/// A recovery that was carried out at `$3`.
const RECOVERED: &str = "INSERT INTO recovery (id, resident, browser, first_code, second_code, lost, created_at, expires_at, \
                         done_at) VALUES ($1, $1, NULL, $2, $2, 0, $3, $4, $3)";
const STEP_UP: AccountRefusal = AccountRefusal::Session(SessionRefusal::StepUpNeeded);

both_engines! {
    fn the_card_number_stays_shut_until_presence_is_proved(at place) {
        let (scene, _, mei) = signed_in(&place).await;
        let by = || caller(&scene.clock);
        let own = cookie(&mei);
        let masked = data::data(&scene.platform, &by(), &own, Extent::Masked).await.unwrap();
        assert!(!masked.whole && masked.profile.hkid.is_none() && masked.profile.birth.is_some());
        let whole = data::data(&scene.platform, &by(), &own, Extent::Whole).await.unwrap();
        assert!(whole.whole && whole.profile.hkid.is_some());
        scene.pass(301);
        let late = data::data(&scene.platform, &by(), &own, Extent::Whole).await.unwrap();
        assert!(!late.whole && late.profile.hkid.is_none(), "five minutes later it is shut again");
        // The leaves say so: one opening of the three named the number.
        let told = account::history::history(&scene.platform, &by(), &own, None).await.unwrap();
        let named: Vec<_> = told.lines.iter().filter_map(|line| match &line.what {
            account::history::What::Opened { fields, .. } if fields.len() > 2 => Some(fields.contains(&"hkid".to_owned())),
            _ => None,
        }).collect();
        assert_eq!(named.iter().filter(|named| **named).count(), 1);
        assert_eq!(named.len(), 3);
    }

    fn what_was_received_is_told_by_service(at place) {
        let (scene, _, mut mei) = signed_in(&place).await;
        let fields = [Field::EnglishName, Field::Email];
        for _ in 0..2 {
            let token = log_in(&scene, &mut mei, "library", &fields).await;
            scene.userinfo(&token).await.unwrap();
            scene.pass(60);
        }
        let kept = data::data(&scene.platform, &caller(&scene.clock), &cookie(&mei), Extent::Masked).await.unwrap();
        let [one] = &kept.received[..] else { panic!("one service received something: {:?}", kept.received) };
        assert_eq!((one.service.as_str(), one.times, one.last.since(one.first).as_secs()), ("library", 2, 60));
        assert_eq!(one.fields, ["english-name", "email"]);
        let services: Vec<_> = kept.approved.iter().map(|one| (one.service.as_str(), one.times, one.ended)).collect();
        assert_eq!(services, [("library", 2, None), ("game", 1, None)]);
        assert_eq!((kept.codes_left, kept.passkeys.len(), kept.email.as_deref()), (0, 1, Some("mei@example.hk")));
    }

    fn the_copy_holds_everything_and_no_secret(at place) {
        let (scene, letters, mut mei) = signed_in(&place).await;
        scene.pass(1);
        let token = log_in(&scene, &mut mei, "library", &[Field::EnglishName]).await;
        scene.userinfo(&token).await.unwrap();
        let own = cookie(&mei);
        corrections::ask(&scene.platform, &caller(&scene.clock), &own, statement("birth", "1990-02-04")).await.unwrap();
        post(&scene, &letters).await;
        let file = export::export(&scene.platform, &caller(&scene.clock), &own).await.unwrap();
        assert_eq!(file["format"], "lionrock my-data v1");
        assert_eq!(file["account"]["id"], mei.id.to_string());
        assert_eq!(file["card"], json!({
            "card_issued": "2019-02-03", "chinese_name": null, "date_of_birth": "1990-02-03",
            "english_name": "CANARY, Mei", "hkid": file["card"]["hkid"], "sex": "F",
        }));
        assert!(file["card"]["hkid"].as_str().unwrap().starts_with("U123456("));
        assert_eq!(file["contact"]["email"], "mei@example.hk");
        let [passkey] = &file["passkeys"].as_array().unwrap()[..] else { panic!("one passkey") };
        assert_eq!((passkey["name"].as_str(), passkey["removed"].is_null()), (Some("phone"), true));
        assert_eq!(file["received"][0]["fields"], json!(["english-name"]));
        assert_eq!(file["received"][0]["service"], "library");
        let approved: Vec<_> = file["approvals"].as_array().unwrap().iter().map(|one| one["service"].clone()).collect();
        assert_eq!(approved, ["library", "game"]);
        assert_eq!(file["pseudonyms"].as_array().unwrap().len(), 2);
        assert_eq!(file["corrections"][0]["should_be"], "1990-02-04");
        assert_eq!(file["sign_ins"][0]["event"], "signed-in");
        // Every entry of the ledger about the person, each with its event id, and this copy's own among them.
        let entries = file["ledger"].as_array().unwrap();
        assert_eq!(i64::try_from(entries.len()).unwrap(), leaves_about(&scene, &mei).await);
        let exported: Vec<_> = entries.iter().filter(|entry| entry["kind"] == "data.exported").collect();
        assert_eq!(exported.len(), 1);
        assert!(entries.iter().all(|entry| entry["event"].as_str().unwrap().len() == 32));
        let whole = |entry: &&serde_json::Value| {
            entry["kind"] == "personal.opened" && entry["body"]["fields"].as_array().unwrap().len() == Field::ALL.len()
        };
        assert_eq!(entries.iter().filter(whole).count(), 1, "the opening of all fields is written, once");
        // Nothing that opens anything.
        let text = file.to_string();
        for secret in [own.as_str(), token.as_str(), "sealed", "secret", "code_digest", "user_handle"] {
            assert!(!text.contains(secret), "{secret} is in the copy");
        }
        assert_eq!(post(&scene, &letters).await[0].1, "A file of your data was made");
        scene.pass(301);
        assert_eq!(refused(export::export(&scene.platform, &caller(&scene.clock), &own).await), STEP_UP);
    }

    fn an_approval_taken_back_counts_at_once(at place) {
        let (scene, letters, mut mei) = signed_in(&place).await;
        let library = log_in(&scene, &mut mei, "library", &[Field::EnglishName]).await;
        let museum = log_in(&scene, &mut mei, "museum", &[Field::EnglishName]).await;
        let unspent = scene.code(&mut mei, "library").await;
        let silent = silently(&scene, &mei, "game").await;
        assert!(silent.contains_key("code"), "an approval of nothing carries a silent sign-in: {silent:?}");
        let (own, by) = (cookie(&mei), caller(&scene.clock));
        assert_eq!(consents::end(&scene.platform, &by, &own, "library").await.unwrap(), 2);
        assert_eq!(scene.userinfo(&library).await.unwrap_err(), Code::InvalidToken);
        assert_eq!(scene.exchange("library", &[("code", &unspent)]).await.unwrap_err(), Code::InvalidGrant);
        assert!(scene.userinfo(&museum).await.is_ok(), "another service keeps what it was given");
        assert_eq!(standing_grants(&scene, &mei, "library").await, 0, "no code and no token of it stands in the store either");
        assert!(standing_grants(&scene, &mei, "museum").await > 0);
        // A sign-in without questions was possible at the game, and is not any more.
        consents::end(&scene.platform, &by, &own, "game").await.unwrap();
        assert_eq!(silently(&scene, &mei, "game").await["error"], "consent_required");
        let list = consents::list(&scene.platform, &by, &own).await.unwrap();
        let standing: Vec<_> = list.iter().map(|one| (one.service.as_str(), one.ended.is_none())).collect();
        assert_eq!(standing[0], ("museum", true));
        assert_eq!(standing.iter().filter(|(_, stands)| *stands).count(), 1);
        for nothing in ["library", "nowhere", ""] {
            assert_eq!(refused(consents::end(&scene.platform, &by, &own, nothing).await), AccountRefusal::NotFound);
        }
        assert_eq!(scene.leaves("consent.ended").await, 2);
        let told: Vec<_> = post(&scene, &letters).await.into_iter().map(|letter| letter.1).collect();
        assert_eq!(told, ["You took back an approval"; 2]);
        // A new approval stands by itself.
        let again = log_in(&scene, &mut mei, "library", &[Field::EnglishName]).await;
        assert!(scene.userinfo(&again).await.is_ok());
        assert_eq!(scene.userinfo(&library).await.unwrap_err(), Code::InvalidToken);
    }

    fn nobody_takes_back_for_somebody_else(at place) {
        let (scene, _, mut mei) = signed_in(&place).await;
        let mut sam = person(&scene, "WONG, Sam").await;
        let token = log_in_bare(&scene, &mut mei, "library").await;
        log_in_bare(&scene, &mut sam, "museum").await;
        let by = caller(&scene.clock);
        assert_eq!(refused(consents::end(&scene.platform, &by, &cookie(&sam), "library").await), AccountRefusal::NotFound);
        assert!(scene.userinfo(&token).await.is_ok());
    }

    fn a_correction_is_asked_for_shown_and_taken_back(at place) {
        let (scene, letters, mei) = signed_in(&place).await;
        let (own, by) = (cookie(&mei), caller(&scene.clock));
        let id = corrections::ask(&scene.platform, &by, &own, statement("english-name", "CANARY, May")).await.unwrap();
        let again = corrections::ask(&scene.platform, &by, &own, statement("english-name", "CANARY, June")).await;
        assert_eq!(refused(again), AccountRefusal::CorrectionWaiting);
        corrections::ask(&scene.platform, &by, &own, statement("sex", "M")).await.unwrap();
        let all = corrections::list(&scene.platform, &by, &own).await.unwrap();
        let one = all.iter().find(|one| one.id == id).unwrap();
        assert_eq!((one.field, one.should.as_str(), one.why.as_str()), (Field::EnglishName, "CANARY, May", "my new card"));
        assert_eq!((one.state, one.received), (State::Received, by.now));
        let days = one.due.since(by.now).as_secs_f64() / 86_400.0;
        assert!((40.0..=41.0).contains(&days), "{days} days");
        // What was written is in no column.
        let rows = scene.platform.store.read({
            let who = mei.id;
            move |tx| correction::of_resident(tx, who)
        }).await.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
        assert!(rows.iter().all(|row| !row.sealed_text.windows(6).any(|bytes| bytes == b"CANARY")));
        corrections::withdraw(&scene.platform, &by, &own, id).await.unwrap();
        assert_eq!(refused(corrections::withdraw(&scene.platform, &by, &own, id).await), AccountRefusal::NotFound);
        let unknown = CorrectionId::new(Millis(1), [0; 10]);
        assert_eq!(refused(corrections::withdraw(&scene.platform, &by, &own, unknown).await), AccountRefusal::NotFound);
        let all = corrections::list(&scene.platform, &by, &own).await.unwrap();
        let one = all.iter().find(|one| one.id == id).unwrap();
        assert_eq!((one.state, one.ended), (State::Withdrawn, Some(by.now)));
        // The fact can be asked about again.
        corrections::ask(&scene.platform, &by, &own, statement("english-name", "CANARY, June")).await.unwrap();
        assert_eq!(scene.leaves("correction.received").await, 3);
        assert_eq!(scene.leaves("correction.withdrawn").await, 1);
        let subjects: Vec<_> = post(&scene, &letters).await.into_iter().map(|letter| letter.1).collect();
        assert_eq!(subjects.iter().filter(|subject| subject.contains("took back")).count(), 1);
        assert_eq!(subjects.len(), 4);
    }

    fn requests_of_others_are_not_there(at place) {
        let (scene, _, mei) = signed_in(&place).await;
        let mut sam = person(&scene, "WONG, Sam").await;
        scene.code(&mut sam, "game").await;
        let by = caller(&scene.clock);
        let id = corrections::ask(&scene.platform, &by, &cookie(&mei), statement("sex", "M")).await.unwrap();
        assert_eq!(refused(corrections::withdraw(&scene.platform, &by, &cookie(&sam), id).await), AccountRefusal::NotFound);
        assert!(corrections::list(&scene.platform, &by, &cookie(&sam)).await.unwrap().is_empty());
    }

    fn a_request_is_decided_once_and_not_withdrawn_afterwards(at place) {
        let (scene, _, mei) = signed_in(&place).await;
        let (own, by) = (cookie(&mei), caller(&scene.clock));
        let id = corrections::ask(&scene.platform, &by, &own, statement("sex", "M")).await.unwrap();
        let step = async |next: State, outcome: Option<Outcome>| {
            let (who, now) = (mei.id, by.now);
            let done = scene.platform.store.write(move |tx| {
                let row = correction::find(tx, who, id)?.unwrap();
                correction::step(tx, &row, next, outcome, now)
            }).await;
            done.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"))
        };
        assert!(!step(State::Closed, None).await, "nothing is closed before it is decided");
        assert!(!step(State::Decided, None).await, "a decision has an outcome");
        let late = scene.platform.store.read({
            let due = lionrock_model::correction::due(by.now);
            move |tx| Ok::<_, lionrock_store::Error>((correction::late(tx, Millis(due.0 - 1))?, correction::late(tx, due)?))
        }).await.unwrap();
        assert_eq!(late, (0, 1));
        assert!(step(State::Decided, Some(Outcome::Refused)).await);
        assert_eq!(refused(corrections::withdraw(&scene.platform, &by, &own, id).await), AccountRefusal::NotFound);
        assert!(!step(State::Decided, Some(Outcome::Corrected)).await);
        assert!(step(State::Closed, None).await);
        let [one] = &corrections::list(&scene.platform, &by, &own).await.unwrap()[..] else { panic!("one request") };
        assert_eq!((one.state, one.outcome, one.ended), (State::Closed, Some(Outcome::Refused), Some(by.now)));
    }

    fn another_address_counts_when_its_code_comes_back(at place) {
        let (scene, letters, mei) = signed_in(&place).await;
        let own = cookie(&mei);
        let by = || caller(&scene.clock);
        let give = async |address: &str| contact::give(&scene.platform, &by(), &own, address).await;
        let confirm = async |code: &str| contact::confirm(&scene.platform, &by(), &own, code).await;
        assert_eq!(refused(confirm("123456").await), AccountRefusal::EmailCodeOver);
        assert_eq!(refused(give("nonsense").await), AccountRefusal::EmailNotUsable);
        assert_eq!(refused(give("mei@example.hk").await), AccountRefusal::EmailSame);
        give("new@example.hk").await.unwrap();
        assert_eq!(refused(give("other@example.hk").await), AccountRefusal::EmailTooOften);
        let [(to, _, text)] = &post(&scene, &letters).await[..] else { panic!("one letter, to the new address") };
        assert_eq!(to, "new@example.hk");
        let code = digits(text);
        let now = contact::standing(&scene.platform, &by(), &own).await.unwrap();
        assert_eq!((now.email.unwrap().reveal(), now.waiting.unwrap().reveal()), ("mei@example.hk", "new@example.hk"));
        let wrong = if code == "000000" { "000001" } else { "000000" };
        assert_eq!(refused(confirm(wrong).await), AccountRefusal::EmailCodeWrong);
        confirm(&format!("{} {}", &code[..3], &code[3..])).await.unwrap();
        let now = contact::standing(&scene.platform, &by(), &own).await.unwrap();
        assert_eq!((now.email.unwrap().reveal(), now.waiting.is_none()), ("new@example.hk", true));
        let [(to, subject, text)] = &post(&scene, &letters).await[..] else { panic!("one letter, to the old address") };
        assert_eq!((to.as_str(), subject.as_str()), ("mei@example.hk", "Your e-mail address was changed"));
        assert!(!text.contains("new@example.hk"), "whoever reads the old mailbox does not learn the new address");
        assert_eq!(refused(confirm(&code).await), AccountRefusal::EmailCodeOver, "once");
        assert_eq!(scene.leaves("contact.changed").await, 1);
        // The account still opens: the record's new version holds the address.
        let kept = data::data(&scene.platform, &by(), &own, Extent::Masked).await.unwrap();
        assert_eq!(kept.email.as_deref(), Some("new@example.hk"));
    }

    fn an_address_is_not_changed_without_presence_time_or_luck(at place) {
        let (scene, letters, mei) = signed_in(&place).await;
        let own = cookie(&mei);
        let by = || caller(&scene.clock);
        contact::give(&scene.platform, &by(), &own, "new@example.hk").await.unwrap();
        let code = digits(&post(&scene, &letters).await[0].2);
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for _ in 0..5 {
            let tried = contact::confirm(&scene.platform, &by(), &own, wrong).await;
            assert_eq!(refused(tried), AccountRefusal::EmailCodeWrong);
        }
        let tried = contact::confirm(&scene.platform, &by(), &own, &code).await;
        assert_eq!(refused(tried), AccountRefusal::EmailCodeOver, "five wrong ones void the right one");
        scene.pass(11);
        contact::give(&scene.platform, &by(), &own, "new@example.hk").await.unwrap();
        let code = digits(&post(&scene, &letters).await[0].2);
        scene.pass(290);
        assert_eq!(refused(contact::give(&scene.platform, &by(), &own, "x@example.hk").await), STEP_UP);
        scene.pass(310);
        let tried = contact::confirm(&scene.platform, &by(), &own, &code).await;
        assert_eq!(refused(tried), AccountRefusal::EmailCodeOver, "after ten minutes");
        let now = contact::standing(&scene.platform, &by(), &own).await.unwrap();
        assert_eq!(now.email.unwrap().reveal(), "mei@example.hk");
        assert_eq!(scene.leaves("contact.changed").await, 0);
    }

    fn after_a_recovery_no_address_is_changed_for_three_days(at place) {
        let (scene, letters, mut mei) = signed_in(&place).await;
        let (who, now) = (mei.id, scene.clock.now());
        let done = scene.platform.store.write(move |tx| {
            tx.execute(RECOVERED, &[who.as_bytes().into(), vec![7_u8; 32].into(), now.into(), now.after(COOLING_OFF).into()])
        }).await;
        assert_eq!(done.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}")), 1);
        let give = async |mei: &Person| contact::give(&scene.platform, &caller(&scene.clock), &cookie(mei), "new@example.hk").await;
        assert_eq!(refused(give(&mei).await), AccountRefusal::CoolingOff);
        scene.pass(3 * 24 * 60 * 60 - 1);
        mei.cookie = None;
        scene.code(&mut mei, "game").await;
        assert_eq!(refused(give(&mei).await), AccountRefusal::CoolingOff);
        assert!(post(&scene, &letters).await.is_empty());
        scene.pass(1);
        give(&mei).await.unwrap();
    }

    fn nobody_is_flooded_with_codes(at place) {
        let (scene, letters, mut mei) = signed_in(&place).await;
        for _ in 0..5 {
            contact::give(&scene.platform, &caller(&scene.clock), &cookie(&mei), "new@example.hk").await.unwrap();
            scene.pass(11);
        }
        let sixth = contact::give(&scene.platform, &caller(&scene.clock), &cookie(&mei), "new@example.hk").await;
        assert_eq!(refused(sixth), AccountRefusal::EmailTooOften);
        assert_eq!(post(&scene, &letters).await.len(), 5);
        scene.pass(3600 - 55);
        scene.code(&mut mei, "game").await;
        contact::give(&scene.platform, &caller(&scene.clock), &cookie(&mei), "new@example.hk").await.unwrap();
        // What is over is swept.
        scene.pass(3600);
        let now = scene.clock.now();
        let swept = scene.platform.store.write(move |tx| contact_change::sweep(tx, now)).await;
        assert_eq!(swept.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}")), 1);
    }

    fn the_notice_agreed_to_is_kept_word_for_word(at place) {
        let (scene, _, mei) = signed_in(&place).await;
        let (own, by) = (cookie(&mei), caller(&scene.clock));
        let none = data::data(&scene.platform, &by, &own, Extent::Masked).await.unwrap().notice;
        assert_eq!(none, Agreed { digest: vec![0; 32], language: "en".to_owned(), version: None });
        assert!(data::notice(&scene.platform, &by, &own).await.unwrap().is_none());
        let kept = notice::Notice { version: "1".to_owned(), language: "en".to_owned(), wording: "1\nen\nA\nB\nC".to_owned() };
        let agree = async |digest: [u8; 32]| {
            let (kept, now, who) = (kept.clone(), by.now, mei.id);
            let done = scene.platform.store.write(move |tx| {
                notice::keep(tx, &digest, &kept, now)?;
                notice::keep(tx, &digest, &notice::Notice { wording: "another".to_owned(), ..kept.clone() }, now)?;
                tx.execute("UPDATE resident SET notice_hash = $2 WHERE id = $1", &[who.as_bytes().into(), digest.into()])
            }).await;
            assert_eq!(done.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}")), 1);
        };
        agree(data::wording_digest(&kept)).await;
        assert_eq!(data::notice(&scene.platform, &by, &own).await.unwrap().unwrap().0, kept);
        // A text that is not the one agreed to is not shown as if it were.
        agree([7; 32]).await;
        assert!(matches!(data::notice(&scene.platform, &by, &own).await, Err(Error::Fault(_))));
    }

    fn receipts_of_others_are_not_there(at place) {
        let (scene, _, mei) = signed_in(&place).await;
        let unknown = CustodyId::new(Millis(1), [0; 10]);
        let found = receipts::file(&scene.platform, &caller(&scene.clock), &cookie(&mei), unknown).await;
        assert!(matches!(found, Err(Error::Refuse(AccountRefusal::NotFound))));
    }

    fn without_a_session_nothing_is_told_or_done(at place) {
        let (scene, letters, mei) = signed_in(&place).await;
        let by = caller(&scene.clock);
        let first = AccountRefusal::Session(SessionRefusal::SignInFirst);
        let stranger = "A".repeat(43);
        assert_eq!(refused(data::data(&scene.platform, &by, &stranger, Extent::Whole).await), first);
        assert_eq!(refused(export::export(&scene.platform, &by, &stranger).await), first);
        assert_eq!(refused(consents::list(&scene.platform, &by, &stranger).await), first);
        assert_eq!(refused(consents::end(&scene.platform, &by, &stranger, "game").await), first);
        assert_eq!(refused(corrections::list(&scene.platform, &by, &stranger).await), first);
        assert_eq!(refused(corrections::ask(&scene.platform, &by, &stranger, statement("sex", "M")).await), first);
        assert_eq!(refused(contact::give(&scene.platform, &by, &stranger, "nonsense").await), first);
        assert_eq!(refused(contact::confirm(&scene.platform, &by, &stranger, "123456").await), first);
        assert!(post(&scene, &letters).await.is_empty());
        assert!(mei.cookie.is_some());
        assert_eq!(Statement::parse("email", "x", ""), Err(Unusable::Field));
        assert!(REDIRECT.starts_with("https://"));
    }

    fn nothing_of_it_outlives_the_account(at place) {
        let (scene, _, mei) = signed_in(&place).await;
        let (own, by) = (cookie(&mei), caller(&scene.clock));
        corrections::ask(&scene.platform, &by, &own, statement("sex", "M")).await.unwrap();
        contact::give(&scene.platform, &by, &own, "new@example.hk").await.unwrap();
        let statement = account::close::look(&scene.platform, &by, &own).await.unwrap();
        let options = account::close::begin(&scene.platform, &by, &own, &statement.canonical()).await.unwrap();
        let mut phone = mei.phone;
        let manner = lionrock_rehearsal::authenticator::Manner::default();
        let signed = phone.get(&serde_json::to_value(options).unwrap(), crate::oidc::scene::ISSUER, &manner).unwrap();
        let answer = lionrock_wire::webauthn::json::AuthenticationResponse::from_json(signed.to_string().as_bytes()).unwrap();
        account::close::close(&scene.platform, &by, account::close::Close { cookie: own, answer }).await.unwrap();
        let who = mei.id;
        let left = scene.platform.store.read(move |tx| {
            let row = resident::find(tx, who)?.unwrap();
            Ok::<_, lionrock_store::Error>((correction::of_resident(tx, who)?.len(), contact_change::find(tx, who)?.is_some(), row.active))
        }).await.unwrap();
        assert_eq!(left, (0, false, false));
    }
}

async fn log_in_bare(scene: &Scene, who: &mut Person, service: &str) -> String {
    let code = scene.code(who, service).await;
    scene.exchange(service, &[("code", &code)]).await.unwrap().access_token
}

/// A request that must not ask anything; what comes back.
async fn silently(scene: &Scene, who: &Person, service: &str) -> std::collections::BTreeMap<String, String> {
    let uri = scene.push(service, &[("prompt", "none")]).await.unwrap();
    let asked = scene.authorize(&[("client_id", service), ("request_uri", &uri)], who.cookie.as_deref()).await.unwrap();
    let Authorized::Answer { location } = asked else { panic!("it asked") };
    answer(&location)
}

async fn leaves_about(scene: &Scene, who: &Person) -> i64 {
    let id = who.id;
    let count = "SELECT COUNT(*) FROM leaf WHERE resident = $1";
    let row = scene.platform.store.read(move |tx| tx.first(count, &[id.as_bytes().into()])).await;
    let row: Option<lionrock_store::Row> = row.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
    row.unwrap().int(0).unwrap()
}

async fn standing_grants(scene: &Scene, who: &Person, service: &'static str) -> i64 {
    let id = who.id;
    let count = "SELECT COUNT(*) FROM oidc_grant WHERE resident = $1 AND service = $2 AND revoked_at IS NULL";
    let row = scene.platform.store.read(move |tx| tx.first(count, &[id.as_bytes().into(), service.into()])).await;
    let row: Option<lionrock_store::Row> = row.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
    row.unwrap().int(0).unwrap()
}
