//! The end of an account, step by step: killed at each, carried on, counted; and what old copies are worth afterwards.

use crate::scene::{ISSUER, Person, Scene, answer, choice, person, scene};
use crate::stage::{self, caller};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::random::System;
use lionrock_model::hkid::Hkid;
use lionrock_model::id::{ResidentId, TicketId};
use lionrock_model::person::{CardFacts, Email, EnglishName, Sex};
use lionrock_model::policy::Field;
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::erasure::{self, Step};
use lionrock_service::fault::FaultKind;
use lionrock_service::ledger::{self, Publisher, receipt};
use lionrock_service::rehearse::{self, Enrol, EnrolRefusal};
use lionrock_service::{Error, audit, oidc};
use lionrock_store::residue::{Fate, PLACES};
use lionrock_store::{Row, leaf, oidc_tombstone, residue};
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::{Place, run};
use lionrock_wire::oauth::Code;
use lionrock_wire::webauthn::json::RegistrationResponse;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

const ADDRESS: &str = "LIONROCK_TEST_CHILD_STORE";

/// Somebody with a name at a service, an approval, tokens, sessions, history; the token and an unused code.
async fn lives(scene: &Scene) -> (Person, String, String) {
    let mut mei = person(scene, "CHAN, Tai Man").await;
    mei.cookie = Some(scene.signs_in(&mut mei.phone).await.unwrap());
    let by = caller(&scene.clock);
    let mut codes = Vec::new();
    for _ in 0..2 {
        let uri = scene.push("library", &[("scope", "openid profile")]).await.unwrap();
        let handle = scene.arrive("library", &uri).await.unwrap();
        let view = oidc::consent::look(&scene.platform, &by, &handle, mei.cookie.as_deref()).await.unwrap();
        let location = scene.approve(&mut mei, choice(&handle, &[Field::EnglishName], view.version)).await.unwrap();
        codes.push(answer(&location)["code"].clone());
    }
    let tokens = scene.exchange("library", &[("code", &codes[0])]).await.unwrap();
    assert!(scene.userinfo(&tokens.access_token).await.is_ok());
    // What an officer once asked to see of her, as it stands after it ended.
    let ticket = "INSERT INTO ticket (id, version, state, officer, officer_role, officer_unit, purpose, case_number, resident, fields, \
                  minutes, asked_at, ended_at, openings, code) VALUES ($1, 2, 'expired', $1, 'help-desk', 'north', 'access-request', \
                  'AR-2026/1', $2, 'english-name', 10, 1, 2, 0, $1)";
    let id = TicketId::new(by.now, by.random());
    scene.by_hand(ticket, vec![id.as_bytes().into(), mei.id.as_bytes().into()]).await;
    (mei, tokens.access_token, codes.remove(1))
}

async fn close(scene: &Scene, mei: &mut Person) {
    let cookie = mei.cookie.clone().unwrap();
    scene.closes(mei, &cookie).await;
}

/// The tables in which the person's id stands, found by looking at every value of every row.
async fn named(scene: &Scene, id: ResidentId) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (table, _) in scene.platform.store.sizes().await.unwrap() {
        let ask: &'static str = Box::leak(format!("SELECT * FROM {table}").into_boxed_str());
        let rows: Result<Vec<Row>, lionrock_store::Error> =
            scene.platform.store.read(move |tx| tx.query(ask, &[])).await;
        let holds = |row: &Row| {
            (0..row.width()).any(|column| {
                let bytes = row.opt_bytes(column).ok().flatten().map(<[u8]>::to_vec);
                let text = row.opt_text(column).ok().flatten().map(|text| text.as_bytes().to_vec());
                let value = bytes.or(text).unwrap_or_default();
                let words = id.to_string();
                [id.as_bytes().as_slice(), words.as_bytes()]
                    .iter()
                    .any(|id| value.windows(id.len()).any(|part| part == *id))
            })
        };
        if rows.unwrap().iter().any(holds) {
            found.insert(table);
        }
    }
    found
}

both_engines! {
    fn nothing_names_a_person_who_left_but_what_may_stay(at place) {
        let scene = scene(&place).await;
        let (mut mei, token, code) = lives(&scene).await;
        let sub = scene.platform.store.read({ let who = mei.id; move |tx| residue::pseudonyms(tx, who) }).await.unwrap();
        let before = named(&scene, mei.id).await;
        assert!(before.len() >= 8, "the person is in many tables: {before:?}");
        close(&scene, &mut mei).await;
        // What may not wait for a job is over at once.
        assert_eq!(scene.userinfo(&token).await.unwrap_err(), Code::InvalidToken);
        assert_eq!(scene.exchange("library", &[("code", &code)]).await.unwrap_err(), Code::InvalidGrant);
        assert_eq!(erasure::resume(&scene.platform, &caller(&scene.clock)).await.unwrap(), 1);
        let stays: BTreeSet<String> =
            PLACES.iter().filter(|place| place.fate == Fate::Stays).map(|place| place.table.to_owned()).collect();
        assert_eq!(named(&scene, mei.id).await, stays, "every table that may name her was filled, and no other does");
        assert_eq!(scene.userinfo(&token).await.unwrap_err(), Code::InvalidToken, "the service is told no more than that");
        assert_eq!(scene.exchange("library", &[("code", &code)]).await.unwrap_err(), Code::InvalidGrant);
        let (service, sub) = sub[0].clone();
        let ended = scene.platform.store.read(move |tx| oidc_tombstone::ended(tx, &sha256(sub.as_bytes()), &service)).await.unwrap();
        assert_eq!(ended, Some(scene.clock.now()), "the name is kept as a digest, so that nobody gets it again");
        // The second statement of the erasure verifies like the first.
        ledger::sequence(&scene.platform, &caller(&scene.clock)).await.unwrap();
        Publisher::new(&scene.platform).unwrap().publish(&scene.platform).await.unwrap();
        let entries = scene.platform.store.read(|tx| leaf::from_place(tx, 0, 10_000)).await.unwrap();
        let event = entries.iter().find(|entry| entry.kind == "account.cleared").unwrap().event;
        let sealed = scene.platform.store.read(move |tx| leaf::sealed_body(tx, &event)).await.unwrap().unwrap();
        let (_, body) = audit::open_body(&scene.platform, &event, &sealed).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let file = receipt::file(&scene.platform, body["body"]["statement"].as_str().unwrap(), event, Duration::ZERO).await.unwrap().unwrap();
        let said = file.check(&ledger::verifiers(&scene.platform).unwrap()).unwrap();
        assert_eq!(said.claims["what"], "account-cleared");
        assert_eq!(ledger::filed::round(&scene.platform).await.unwrap(), 1, "and lies there as a file");
        let written = scene.platform.settings.data.join(format!("receipts/account.cleared-{:09}.json", file.proof.index));
        let read = lionrock_ledger::receipt::Receipt::parse(&std::fs::read(written).unwrap()).unwrap();
        assert_eq!(read.check(&ledger::verifiers(&scene.platform).unwrap()).unwrap().claims["stays"], said.claims["stays"]);
        let kept: BTreeSet<&String> = said.claims["stays"].as_object().unwrap().keys().collect();
        assert_eq!(kept, stays.iter().collect());
        assert_eq!(erasure::resume(&scene.platform, &caller(&scene.clock)).await.unwrap(), 0, "once");
        assert_eq!(scene.leaves("account.cleared").await, 1);
    }

    fn killed_at_any_step_it_is_carried_on(at place) {
        for step in Step::ALL {
            let first = scene(&place).await;
            let (mut mei, ..) = lives(&first).await;
            close(&first, &mut mei).await;
            let Scene { platform, clock, key } = first;
            platform.store.close().await;
            drop(platform);
            assert!(!start(&place, &format!("erasure-{}=abort", step.word())), "{} ends the child", step.word());
            let scene = Scene { platform: stage::platform(&place).await, clock, key };
            let row = scene.platform.store.read({ let who = mei.id; move |tx| lionrock_store::erasure::find(tx, who) }).await.unwrap().unwrap();
            assert_eq!((row.step.as_str(), row.done), (step.word(), None), "the step that was not committed is the next one");
            assert_eq!(erasure::resume(&scene.platform, &caller(&scene.clock)).await.unwrap(), 1, "{}", step.word());
            let left = named(&scene, mei.id).await;
            assert!(left.iter().all(|table| ["erasure", "lane", "leaf", "resident", "ticket"].contains(&table.as_str())), "{left:?}");
            scene.platform.store.close().await;
        }
    }

    fn what_comes_back_is_found_by_the_count(at place) {
        let scene = scene(&place).await;
        let (mut mei, ..) = lives(&scene).await;
        close(&scene, &mut mei).await;
        // Somebody writes a row about the person while the erasure runs: the check sends it back to the start.
        let sql = "UPDATE erasure SET step = 'check' WHERE resident = $1";
        scene.by_hand(sql, vec![mei.id.as_bytes().into()]).await;
        assert_eq!(erasure::resume(&scene.platform, &caller(&scene.clock)).await.unwrap(), 0);
        assert_eq!(scene.leaves("account.cleared").await, 0, "nothing is signed that is not true");
        assert_eq!(erasure::resume(&scene.platform, &caller(&scene.clock)).await.unwrap(), 1);
        assert_eq!(scene.leaves("account.cleared").await, 1);
    }

    fn the_same_card_can_begin_anew_whatever_was_put_back(at place) {
        let scene = scene(&place).await;
        let (id, phone) = enrol(&scene).await.unwrap();
        let mut mei = Person { id, phone, cookie: None };
        assert_eq!(enrol(&scene).await.unwrap_err(), EnrolRefusal::AlreadyThere);
        let old = scene.copy_of(id).await;
        mei.cookie = Some(scene.signs_in(&mut mei.phone).await.unwrap());
        close(&scene, &mut mei).await;
        erasure::resume(&scene.platform, &caller(&scene.clock)).await.unwrap();
        scene.put_back(old).await;
        let (anew, mut phone) = enrol(&scene).await.unwrap();
        assert_ne!(anew, id);
        assert!(scene.signs_in(&mut phone).await.is_ok());
        assert!(scene.opened(anew).await.is_ok(), "the new account opens");
        assert!(matches!(scene.opened(id).await, Err(FaultKind::Key | FaultKind::RolledBack)), "the old one never again");
        assert!(scene.signs_in(&mut mei.phone).await.is_err());
    }
}

/// Enrols the holder of one card number.
async fn enrol(scene: &Scene) -> Result<(ResidentId, Authenticator), EnrolRefusal> {
    let by = caller(&scene.clock);
    let options = rehearse::begin(&scene.platform, &by).await.unwrap();
    let mut phone = Authenticator::default();
    let made = phone.create(&serde_json::to_value(options).unwrap(), ISSUER, &Manner::default(), &System).unwrap();
    let facts = CardFacts {
        hkid: Hkid::with_check_digit("U765432").unwrap(),
        english_name: EnglishName::parse("CHAN, Tai Man").unwrap(),
        chinese_name: None,
        birth: "1990-02-03".parse().unwrap(),
        sex: Sex::from_letter('F').unwrap(),
        issued: "2019-02-03".parse().unwrap(),
    };
    let command = Enrol {
        facts,
        email: Email::parse("mei@example.hk").unwrap(),
        passkey: RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap(),
    };
    match rehearse::enrol(&scene.platform, &by, command).await {
        Ok(id) => Ok((id, phone)),
        Err(Error::Refuse(refusal)) => Err(refusal),
        Err(Error::Fault(fault)) => panic!("{fault}"),
    }
}

/// Not a test: the program that the test above ends.
#[test]
#[ignore = "started by the tests of this file only"]
fn child() {
    let Ok(url) = std::env::var(ADDRESS) else { return };
    run(async {
        let platform = stage::platform_at(&url, &std::env::temp_dir()).await;
        erasure::resume(&platform, &caller(&lionrock_testkit::clock::Clock::new())).await.unwrap();
    });
}

fn start(place: &Place, point: &str) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["erasure::child", "--exact", "--ignored", "--test-threads=1"]);
    command.env(ADDRESS, place.url()).env("LIONROCK_FAIL_POINT", point);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}
