//! Who asks, who approves, for how long, and what else they try.

use crate::scene::{answer, code, fields, number, scene};
use lionrock_model::id::TicketId;
use lionrock_model::policy::{Field, Purpose};
use lionrock_model::staff::Role;
use lionrock_model::ticket::{State, TicketRefusal};
use lionrock_service::ticket::{self, Draft, Person, expire};
use lionrock_service::{Error, right};
use lionrock_testkit::both_engines;
use std::sync::Arc;

both_engines! {
    fn two_officers_open_exactly_what_both_signed(at place) {
        let scene = scene(&place).await;
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        let mut one = scene.officer(900_001, "CHAN, Tai Man", Role::Privacy, "north").await;
        let mut two = scene.officer(900_002, "WONG, Siu Ming", Role::Privacy, "south").await;
        // By card number: one hit.
        let id = scene.asked(&mut one, scene.wish(Person::Number(number(123_456)))).await.unwrap();
        assert_eq!(code(scene.open(&one, id).await), TicketRefusal::Over, "nobody approved it");
        let shown = ticket::look(&scene.platform, &scene.by(), &two.cookie, id).await.unwrap();
        let text = shown.ticket.terms.text();
        assert!(text.contains(&format!("person: {mei}")) && text.contains("fields: birth, english-name"), "{text}");
        scene.approve(&mut two, id).await.unwrap();
        let seen = scene.open(&one, id).await.unwrap();
        assert_eq!(seen.values, [(Field::EnglishName, Some("CANARY, Mei".to_owned()))]);
        let seen = ticket::open(&scene.platform, &scene.by(), &one.cookie, id, fields()).await.unwrap();
        assert_eq!(seen.values[1].1.as_deref(), Some("1990-02-03"));
        // Each opening is an entry of the ledger that names both officers by role and unit, and the fields.
        let told = scene.told(mei, "personal.opened").await;
        let by_staff: Vec<_> = told.iter().filter(|one| one["body"]["ticket"].is_string()).collect();
        assert_eq!(by_staff.len(), 2);
        for body in by_staff.iter().map(|one| &one["body"]) {
            assert_eq!((body["by"]["role"].as_str(), body["by"]["unit"].as_str()), (Some("privacy"), Some("north")));
            assert_eq!((body["second"]["unit"].as_str(), body["purpose"].as_str()), (Some("south"), Some("access-request")));
            assert_eq!((body["ticket"].as_str().unwrap(), body.get("staff_case")), (id.to_string().as_str(), None));
        }
        assert_eq!((scene.told(mei, "ticket.asked").await.len(), scene.told(mei, "ticket.granted").await.len()), (1, 1));
        // The approver reads nothing, and a stranger's ticket does not exist.
        assert_eq!(code(scene.open(&two, id).await), TicketRefusal::NotFound);
        for note in ["", "done"] {
            assert_eq!(code(ticket::close(&scene.platform, &scene.by(), &one.cookie, id, note).await), TicketRefusal::Note);
        }
        scene.close(&one, id).await.unwrap();
        assert_eq!(code(scene.open(&one, id).await), TicketRefusal::Over, "a closed ticket is used up");
        assert_eq!(code(scene.approve(&mut two, id).await), TicketRefusal::Over);
        let sealed = scene.count("SELECT COUNT(*) FROM ticket WHERE sealed_note IS NOT NULL", vec![]).await;
        assert_eq!(sealed, 1);
    }

    fn nobody_approves_their_own_nor_their_units(at place) {
        let scene = scene(&place).await;
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        let mut one = scene.officer(900_001, "CHAN, Tai Man", Role::Privacy, "north").await;
        let mut near = scene.officer(900_002, "WONG, Siu Ming", Role::Privacy, "north").await;
        let mut help = scene.officer(900_003, "LEE, Ka Yan", Role::HelpDesk, "south").await;
        let mut two = scene.officer(900_004, "HO, Wing", Role::Security, "south").await;
        let id = scene.asked(&mut one, scene.wish(Person::Reference(mei))).await.unwrap();
        assert_eq!(code(scene.approve(&mut one, id).await), TicketRefusal::ApproverSame);
        assert_eq!(code(scene.approve(&mut near, id).await), TicketRefusal::ApproverUnit);
        assert_eq!(code(scene.approve(&mut help, id).await), TicketRefusal::NotPermitted);
        // By the other route: their own answer to their own question, handed in as an approval.
        let own = ticket::sign_options(&scene.platform, &scene.by(), &one.cookie, id).await;
        assert_eq!(code(own), TicketRefusal::Over, "it is signed already");
        // The second officer's question answered with the first one's key.
        let options = ticket::approve_options(&scene.platform, &scene.by(), &two.cookie, id).await.unwrap();
        let mut options = serde_json::to_value(&options).unwrap();
        options["allowCredentials"] = serde_json::json!([]);
        let forged = one.device.get(&options, crate::scene::ORIGIN, &Default::default()).unwrap();
        let forged = lionrock_wire::webauthn::json::AuthenticationResponse::from_json(forged.to_string().as_bytes()).unwrap();
        let outcome = ticket::approve(&scene.platform, &scene.by(), &two.cookie, id, forged).await;
        assert_eq!(code(outcome), TicketRefusal::Signature);
        assert_eq!(scene.state(id).await, State::Asked);
        assert!(scene.leaves("ticket.refused").await >= 4);
        scene.approve(&mut two, id).await.unwrap();
        assert!(scene.open(&one, id).await.is_ok());
    }

    fn an_approval_is_good_for_one_ticket_once(at place) {
        let scene = scene(&place).await;
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        let mut one = scene.officer(900_001, "CHAN, Tai Man", Role::Privacy, "north").await;
        let mut two = scene.officer(900_002, "WONG, Siu Ming", Role::Privacy, "south").await;
        let first = scene.asked(&mut one, scene.wish(Person::Reference(mei))).await.unwrap();
        let other = scene.asked(&mut one, scene.wish(Person::Reference(mei))).await.unwrap();
        let options = ticket::approve_options(&scene.platform, &scene.by(), &two.cookie, first).await.unwrap();
        let answer = answer(&mut two.device, &options);
        // For another ticket first: it is used up by that, and the right one does not take it any more.
        let by = scene.by();
        let replay = |id| ticket::approve(&scene.platform, &by, &two.cookie, id, answer.clone());
        assert_eq!(code(replay(other).await), TicketRefusal::Signature);
        assert_eq!(code(replay(first).await), TicketRefusal::Signature);
        assert_eq!((scene.state(first).await, scene.state(other).await), (State::Asked, State::Asked));
        scene.approve(&mut two, first).await.unwrap();
        assert!(scene.open(&one, first).await.is_ok());
        assert_eq!(code(scene.open(&one, other).await), TicketRefusal::Over);
    }

    fn what_is_not_on_the_ticket_stays_shut(at place) {
        let scene = scene(&place).await;
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        let mut one = scene.officer(900_001, "CHAN, Tai Man", Role::Privacy, "north").await;
        let mut two = scene.officer(900_002, "WONG, Siu Ming", Role::Privacy, "south").await;
        let id = scene.given(&mut one, &mut two, mei).await;
        for wide in [vec![Field::Hkid], vec![Field::EnglishName, Field::Hkid], vec![]] {
            let outcome = ticket::open(&scene.platform, &scene.by(), &one.cookie, id, wide).await;
            assert_eq!(code(outcome), TicketRefusal::Fields);
        }
        assert!(scene.open(&one, id).await.is_ok());
        // Asked for too much, for too long, for a purpose of somebody else.
        let wish = |change: fn(&mut Draft)| {
            let mut wish = scene.wish(Person::Reference(mei));
            change(&mut wish);
            wish
        };
        #[allow(clippy::type_complexity, reason = "a table")]
        let wrong: [(fn(&mut Draft), TicketRefusal); 5] = [
            (|it| it.minutes = 16, TicketRefusal::Minutes),
            (|it| it.minutes = 0, TicketRefusal::Minutes),
            (|it| it.fields.clear(), TicketRefusal::Fields),
            (|it| it.purpose = Some(Purpose::AccountManagement), TicketRefusal::Fields),
            (|it| it.purpose = Some(Purpose::Investigation), TicketRefusal::Fields),
        ];
        for (change, refusal) in wrong {
            assert_eq!(code(scene.asked(&mut one, wish(change)).await), refusal);
        }
        let mut wish = wish(|it| it.purpose = Some(Purpose::HelpDesk));
        wish.fields = vec![Field::EnglishName];
        assert_eq!(code(scene.asked(&mut one, wish).await), TicketRefusal::NotPermitted);
        let mut wish = scene.wish(Person::Reference(mei));
        wish.case = "MEI CANARY".to_owned();
        assert_eq!(code(scene.asked(&mut one, wish).await), TicketRefusal::CaseNumber);
    }

    fn minutes_end_and_nothing_brings_them_back(at place) {
        let scene = scene(&place).await;
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        let mut one = scene.officer(900_001, "CHAN, Tai Man", Role::Privacy, "north").await;
        let mut two = scene.officer(900_002, "WONG, Siu Ming", Role::Privacy, "south").await;
        let id = scene.given(&mut one, &mut two, mei).await;
        scene.pass(9 * 60 + 59);
        assert!(scene.open(&one, id).await.is_ok());
        scene.pass(1);
        assert_eq!(code(scene.open(&one, id).await), TicketRefusal::Over);
        // An officer with a ticket whose note is missing gets no other.
        let wish = || scene.wish(Person::Reference(mei));
        assert_eq!(code(scene.asked(&mut one, wish()).await), TicketRefusal::Unclosed);
        // The clock goes back: the signed log says that it is later.
        let back = scene.set_back(120);
        assert_eq!(code(back.open(&one, id).await), TicketRefusal::ClockBehind);
        // And once the ledger has said that the ticket is over, no clock brings it back, whatever the log's head says.
        assert_eq!(expire(&scene.platform, &scene.by()).await.unwrap(), 1);
        assert_eq!(expire(&scene.platform, &scene.by()).await.unwrap(), 0);
        scene.by_hand("UPDATE log_head SET signed_at = 0", vec![]).await;
        assert_eq!(code(back.open(&one, id).await), TicketRefusal::Over);
        scene.close(&one, id).await.unwrap();
        assert!(scene.asked(&mut one, wish()).await.is_ok());
    }

    fn a_ticket_nobody_approves_ends(at place) {
        let scene = scene(&place).await;
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        let mut one = scene.officer(900_001, "CHAN, Tai Man", Role::Privacy, "north").await;
        let mut two = scene.officer(900_002, "WONG, Siu Ming", Role::Privacy, "south").await;
        let late = scene.asked(&mut one, scene.wish(Person::Reference(mei))).await.unwrap();
        let no = scene.asked(&mut one, scene.wish(Person::Reference(mei))).await.unwrap();
        let back = scene.asked(&mut one, scene.wish(Person::Reference(mei))).await.unwrap();
        ticket::refuse(&scene.platform, &scene.by(), &two.cookie, no).await.unwrap();
        ticket::refuse(&scene.platform, &scene.by(), &one.cookie, back).await.unwrap();
        for id in [no, back] {
            assert_eq!((scene.state(id).await, code(scene.approve(&mut two, id).await)), (State::Refused, TicketRefusal::Over));
        }
        scene.pass(60 * 60);
        two.cookie = scene.sign_in(&mut two.device).await;
        assert_eq!(code(scene.approve(&mut two, late).await), TicketRefusal::Over);
        assert_eq!(expire(&scene.platform, &scene.by()).await.unwrap(), 1);
        assert_eq!(scene.state(late).await, State::Expired);
    }

    fn an_officer_who_goes_takes_the_ticket_along(at place) {
        let scene = scene(&place).await;
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        let mut one = scene.officer(900_001, "CHAN, Tai Man", Role::Privacy, "north").await;
        let mut two = scene.officer(900_002, "WONG, Siu Ming", Role::Privacy, "south").await;
        let id = scene.given(&mut one, &mut two, mei).await;
        assert!(scene.open(&one, id).await.is_ok());
        let suspend = |who| {
            let (owned, by) = (Arc::clone(&scene.platform), scene.by());
            scene.platform.store.write(move |tx| right::suspend(tx, &owned, &by, who, "test"))
        };
        assert!(suspend(two.id).await.unwrap());
        assert_eq!(code(scene.open(&one, id).await), TicketRefusal::Over, "the second officer works here no more");
        assert!(suspend(one.id).await.unwrap());
        assert_eq!(code(scene.open(&one, id).await), TicketRefusal::NotPermitted, "nor does the first");
    }

    fn no_ledger_no_data(at place) {
        let mut scene = scene(&place).await;
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        let mut one = scene.officer(900_001, "CHAN, Tai Man", Role::Privacy, "north").await;
        let mut two = scene.officer(900_002, "WONG, Siu Ming", Role::Privacy, "south").await;
        let id = scene.given(&mut one, &mut two, mei).await;
        assert!(scene.open(&one, id).await.is_ok());
        scene.stop_ledger().await;
        assert_eq!(code(scene.open(&one, id).await), TicketRefusal::LedgerAway);
        // The log cannot take the entry at all: nothing is opened, and nothing else is written either.
        scene.by_hand("ALTER TABLE leaf RENAME TO leaf_away", vec![]).await;
        assert!(matches!(scene.open(&one, id).await, Err(Error::Fault(_))));
        scene.by_hand("ALTER TABLE leaf_away RENAME TO leaf", vec![]).await;
        scene.start_ledger();
        assert!(scene.open(&one, id).await.is_ok());
    }

    fn a_ticket_of_nobody_is_not_found(at place) {
        let scene = scene(&place).await;
        let one = scene.officer(900_001, "CHAN, Tai Man", Role::Privacy, "north").await;
        let nothing = TicketId::new(scene.clock.now(), [7; 10]);
        assert_eq!(code(scene.open(&one, nothing).await), TicketRefusal::NotFound);
        assert_eq!(code(ticket::mine(&scene.platform, &scene.by(), "no-cookie").await), TicketRefusal::NotPermitted);
        let stranger = scene.officer_without_mark(900_009, "NG, New", Role::Privacy, "west").await;
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        let mut stranger = stranger;
        assert_eq!(code(scene.asked(&mut stranger, scene.wish(Person::Reference(mei))).await), TicketRefusal::MarkMissing);
    }
}
