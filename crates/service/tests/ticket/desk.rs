//! The desk of corrections, and counts over all accounts.

use crate::scene::{Officer2, Scene, code, scene};
use lionrock_crypto::random::System;
use lionrock_model::bulk::{Job, Told};
use lionrock_model::correction::{Outcome, State, Statement};
use lionrock_model::id::{CorrectionId, ResidentId};
use lionrock_model::policy::{Field, Purpose};
use lionrock_model::staff::Role;
use lionrock_model::ticket::TicketRefusal;
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::account::{corrections, overview};
use lionrock_service::rehearse::{self, Enrol};
use lionrock_service::session::{self, SignIn};
use lionrock_service::ticket::{self, Draft, Person, correct, job};
use lionrock_testkit::both_engines;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RegistrationResponse};

/// A resident who is signed in.
async fn resident(scene: &Scene, digits: u32) -> (ResidentId, String) {
    let (by, issuer) = (scene.by(), scene.platform.settings.issuer.clone());
    let options = rehearse::begin(&scene.platform, &by).await.unwrap();
    let mut phone = Authenticator::default();
    let made = phone.create(&serde_json::to_value(&options).unwrap(), &issuer, &Manner::default(), &System).unwrap();
    let facts = lionrock_model::person::CardFacts {
        hkid: crate::scene::number(digits),
        english_name: lionrock_model::person::EnglishName::parse("CANARY, Mei").unwrap(),
        chinese_name: None,
        birth: "1990-02-03".parse().unwrap(),
        sex: lionrock_model::person::Sex::Female,
        issued: "2019-02-03".parse().unwrap(),
    };
    let passkey = RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap();
    let email = lionrock_model::person::Email::parse("mei@example.hk").unwrap();
    let id = rehearse::enrol(&scene.platform, &by, Enrol { facts, email, passkey }).await.unwrap();
    let options = session::begin(&scene.platform, &by, "phone").await.unwrap();
    let answer = phone.get(&serde_json::to_value(&options).unwrap(), &issuer, &Manner::default()).unwrap();
    let answer = AuthenticationResponse::from_json(answer.to_string().as_bytes()).unwrap();
    let command = SignIn { answer, browser: "phone".to_owned(), earlier: None, agent: None };
    let signed_in = session::sign_in(&scene.platform, &by, command).await.unwrap();
    (id, signed_in.secret.cookie().to_owned())
}

async fn ask(scene: &Scene, cookie: &str, field: &str, should: &str) -> CorrectionId {
    let statement = Statement::parse(field, should, "my new card").unwrap();
    corrections::ask(&scene.platform, &scene.by(), cookie, statement).await.unwrap()
}

fn wish(scene: &Scene, who: ResidentId) -> Draft {
    let fields = vec![Field::EnglishName, Field::Birth];
    Draft { purpose: Some(Purpose::Correction), fields, ..scene.wish(Person::Reference(who)) }
}

async fn two(scene: &Scene) -> (Officer2, Officer2) {
    let one = scene.officer(900_001, "CHAN, Tai Man", Role::Privacy, "north").await;
    (one, scene.officer(900_002, "WONG, Siu Ming", Role::Security, "south").await)
}

both_engines! {
    fn a_fact_is_set_right_by_two(at place) {
        let scene = scene(&place).await;
        let (mei, cookie) = resident(&scene, 123_456).await;
        let (mut one, mut two) = two(&scene).await;
        assert_eq!(code(scene.asked(&mut one, wish(&scene, mei)).await), TicketRefusal::NotGiven, "nobody asked for it");
        let name = ask(&scene, &cookie, "english-name", "CANARY, May").await;
        let birth = ask(&scene, &cookie, "birth", "1990-02-04").await;
        let card = ask(&scene, &cookie, "hkid", "U123457").await;
        let id = scene.asked(&mut one, wish(&scene, mei)).await.unwrap();
        let (by, own) = (scene.by(), one.cookie.clone());
        let decide = |what| correct::decide(&scene.platform, &by, &own, id, what);
        assert_eq!(code(decide((name, Outcome::Corrected)).await), TicketRefusal::Over, "not approved yet");
        scene.approve(&mut two, id).await.unwrap();
        let read = correct::read(&scene.platform, &scene.by(), &one.cookie, id).await.unwrap();
        let asked: Vec<_> = read.iter().map(|one| (one.field, one.should.as_str())).collect();
        assert_eq!(asked.len(), 2, "the card number is not on the ticket");
        assert!(asked.contains(&(Field::EnglishName, "CANARY, May")));
        assert_eq!(code(decide((card, Outcome::Refused)).await), TicketRefusal::Fields);
        decide((name, Outcome::Corrected)).await.unwrap();
        decide((birth, Outcome::Refused)).await.unwrap();
        assert_eq!(code(decide((name, Outcome::Refused)).await), TicketRefusal::NotFound, "decided once");
        // The resident reads the new name, and what was decided; the row is what the ledger says.
        let seen = overview::overview(&scene.platform, &scene.by(), &cookie).await.unwrap();
        assert_eq!(seen.english_name, "CANARY, May");
        let list = corrections::list(&scene.platform, &scene.by(), &cookie).await.unwrap();
        let of = |id| list.iter().find(|one| one.id == id).map(|one| (one.state, one.outcome)).unwrap();
        assert_eq!(of(name), (State::Closed, Some(Outcome::Corrected)));
        assert_eq!(of(birth), (State::Closed, Some(Outcome::Refused)));
        assert_eq!(of(card), (State::Received, None));
        let told = scene.told(mei, "correction.decided").await;
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|one| one["body"]["second"]["unit"] == "south"));
        let seen = scene.open(&one, id).await.unwrap();
        assert_eq!(seen.values[0].1.as_deref(), Some("CANARY, May"));
        // The record from before, put back by hand, is refused by the ledger.
        scene.by_hand("UPDATE resident SET version = version - 1 WHERE id = $1", vec![mei.as_bytes().into()]).await;
        assert!(scene.open(&one, id).await.is_err());
        scene.by_hand("UPDATE resident SET version = version + 1 WHERE id = $1", vec![mei.as_bytes().into()]).await;
        assert!(scene.open(&one, id).await.is_ok());
    }

    fn counts_are_given_to_two_once_and_small_ones_hidden(at place) {
        let scene = scene(&place).await;
        for at in 0..3 {
            scene.resident(123_456 + at, "CANARY, Mei").await;
        }
        let (mut one, mut two) = two(&scene).await;
        let wish = |job| Draft { purpose: None, fields: Vec::new(), ..scene.wish(Person::Job(job)) };
        let id = scene.asked(&mut one, wish(Job::AccountsByState)).await.unwrap();
        let (by, own) = (scene.by(), one.cookie.clone());
        let run = || job::run(&scene.platform, &by, &own, id);
        assert_eq!(code(run().await), TicketRefusal::Over);
        assert_eq!(code(scene.approve(&mut one, id).await), TicketRefusal::ApproverSame);
        scene.approve(&mut two, id).await.unwrap();
        assert_eq!(code(scene.open(&one, id).await), TicketRefusal::Fields, "a job opens nobody's data");
        let counted = run().await.unwrap();
        assert_eq!(counted.rows, [("active".to_owned(), Told::Few)], "three could be known people");
        assert_eq!(counted.statement.split('.').count(), 3);
        assert_eq!(code(run().await), TicketRefusal::Over, "once");
        assert_eq!(scene.leaves("ticket.job").await, 1);
        for at in 3..7 {
            scene.resident(123_456 + at, "CANARY, Mei").await;
        }
        let id = scene.asked(&mut one, wish(Job::AccountsByMonth)).await.unwrap();
        scene.approve(&mut two, id).await.unwrap();
        let counted = job::run(&scene.platform, &scene.by(), &one.cookie, id).await.unwrap();
        assert_eq!(counted.rows, [("2026-11".to_owned(), Told::Exactly(7))]);
        let mine = ticket::mine(&scene.platform, &scene.by(), &one.cookie).await.unwrap();
        assert_eq!(mine.len(), 2);
        let desk = scene.officer(900_009, "LAM, Desk", Role::HelpDesk, "west").await;
        let mut desk = desk;
        assert_eq!(code(scene.asked(&mut desk, wish(Job::AccountsByState)).await), TicketRefusal::NotPermitted);
    }
}
