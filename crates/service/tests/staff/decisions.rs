//! One proposes, another of another unit approves, the person makes their own key; and one is enough to end somebody.

use super::scene::{ORIGIN, Scene, alone, named, refusal, unit};
use lionrock_model::policy::staff::Action;
use lionrock_model::staff::{DutyRefusal, OfficerState, Role};
use lionrock_rehearsal::authenticator::Authenticator;
use lionrock_service::Fault;
use lionrock_service::caller::System;
use lionrock_service::staff::enrol::{self, Code};
use lionrock_service::staff::officers::{Decision, Wanted, list};
use lionrock_service::staff::{approve, report, require};
use lionrock_testkit::both_engines;
use lionrock_wire::webauthn::json::RegistrationResponse;
use std::sync::Arc;
use std::time::Duration;

both_engines! {
    fn an_officer_comes_by_two_others_and_leaves_at_once(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("M-1", Role::Manager, "head-office").await;
        let mut other = scene.officer("M-2", Role::Manager, "kwun-tong").await;
        let first = scene.sign_in(&mut one).await.unwrap();
        let second = scene.sign_in(&mut other).await.unwrap();
        let (proposed, text) = scene.propose(&mut one, &first, scene.new_counter("C-1")).await.unwrap();
        assert!(text.contains("number: C-1") && text.contains("role: counter"), "{text}");
        let half = proposed.half.unwrap().reveal().to_owned();
        let decided = scene.decide(&mut other, &second, proposed.proposal, Decision::Approve).await.unwrap();
        let other_half = decided.half.unwrap().reveal().to_owned();
        let again = scene.decide(&mut other, &second, proposed.proposal, Decision::Approve).await;
        assert_eq!(again.unwrap_err(), DutyRefusal::ProposalOver, "decided once");

        // The person makes their key with both halves, however they type them.
        let code = |a: &str, b: &str| Code { first: a.to_owned(), second: b.to_owned(), browser: "new".to_owned() };
        for (a, b) in [(&half, &half), (&other_half, &half), (&other_half, &other_half)] {
            let refused = enrol::begin(&scene.platform, &scene.caller(), code(a, b)).await.unwrap_err();
            assert_eq!(refusal(refused), DutyRefusal::InviteUnknown);
        }
        let typed = code(&half.to_lowercase().replace('-', " "), &other_half);
        let options = enrol::begin(&scene.platform, &scene.caller(), typed).await.unwrap();
        let mut key = Authenticator::default();
        let answer = key.create(&alone(&options), ORIGIN, &scene.manner(), &System).unwrap();
        let answer = RegistrationResponse::from_json(answer.to_string().as_bytes()).unwrap();
        let id = enrol::finish(&scene.platform, &scene.caller(), "new", answer).await.unwrap();
        assert_eq!(id, proposed.officer);
        let used = enrol::begin(&scene.platform, &scene.caller(), code(&half, &other_half)).await.unwrap_err();
        assert_eq!(refusal(used), DutyRefusal::InviteUnknown, "a code is used once");
        let mut new = crate::staff::scene::Person { id, key };
        let cookie = scene.sign_in(&mut new).await.unwrap();
        let duty = require(&scene.platform, &scene.caller(), &cookie).await.unwrap();
        assert_eq!((duty.officer.role, duty.officer.state), (Role::Counter, OfficerState::Active));

        // What they proposed and where they are signed in ends with them, at once.
        scene.end(&mut other, &second, id).await.unwrap();
        let over = require(&scene.platform, &scene.caller(), &cookie).await.unwrap_err();
        assert_eq!(refusal(over), DutyRefusal::SessionOver);
        assert_eq!(scene.sign_in(&mut new).await, Err(DutyRefusal::KeyNotAccepted));
    }
}

both_engines! {
    fn nobody_decides_about_themselves_by_any_route(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("M-1", Role::Manager, "head-office").await;
        let mut same = scene.officer("M-3", Role::Manager, "head-office").await;
        let mut guard = scene.officer("S-1", Role::Security, "kwun-tong").await;
        let mut counter = scene.officer("C-9", Role::Counter, "north-point").await;
        let (one_id, counter_id) = (one.id, counter.id);
        let first = scene.sign_in(&mut one).await.unwrap();
        let same_cookie = scene.sign_in(&mut same).await.unwrap();
        let guarding = scene.sign_in(&mut guard).await.unwrap();
        let served = scene.sign_in(&mut counter).await.unwrap();

        // Proposing oneself: as new under one's own number, under another name, or by rights of one's own.
        let me = Wanted::New {
            named: named("SOMEBODY ELSE", "m-1"),
            role: Role::Privacy,
            unit: unit("kwun-tong"),
            until: scene.month(),
        };
        assert_eq!(scene.propose(&mut one, &first, me).await.unwrap_err(), DutyRefusal::OwnMatter);
        let raise = |officer| Wanted::Rights {
            officer,
            role: Role::Privacy,
            unit: unit("kwun-tong"),
            until: scene.month(),
        };
        assert_eq!(scene.propose(&mut one, &first, raise(one_id)).await.unwrap_err(), DutyRefusal::OwnMatter);
        assert_eq!(
            scene.propose(&mut counter, &served, raise(counter_id)).await.unwrap_err(),
            DutyRefusal::OwnMatter
        );
        assert_eq!(
            scene.propose(&mut counter, &served, raise(one.id)).await.unwrap_err(),
            DutyRefusal::NotPermitted,
            "a counter officer staffs nobody"
        );
        // Somebody who is here already does not come a second time.
        let twice = Wanted::New {
            named: named("DOUBLE", "C-9"),
            role: Role::Privacy,
            unit: unit("kwun-tong"),
            until: scene.month(),
        };
        assert_eq!(scene.propose(&mut one, &first, twice).await.unwrap_err(), DutyRefusal::AlreadyOfficer);

        // Approving one's own proposal, or that of one's own unit, or what is about oneself.
        let (proposed, _) = scene.propose(&mut one, &first, raise(guard.id)).await.unwrap();
        let decide = async |person: &mut _, cookie: &str| {
            scene.decide(person, cookie, proposed.proposal, Decision::Approve).await.unwrap_err()
        };
        assert_eq!(decide(&mut one, &first).await, DutyRefusal::OwnProposal);
        assert_eq!(decide(&mut same, &same_cookie).await, DutyRefusal::SameUnit);
        assert_eq!(decide(&mut guard, &guarding).await, DutyRefusal::OwnMatter);
        assert_eq!(decide(&mut counter, &served).await, DutyRefusal::NotPermitted);
        // Nor does anybody end themselves out of sight.
        assert_eq!(scene.end(&mut one, &first, one_id).await.unwrap_err(), DutyRefusal::OwnMatter);

        // About an auditor only managers decide.
        let auditor = Wanted::New {
            named: named("AUDIT", "A-1"),
            role: Role::Auditor,
            unit: unit("kwun-tong"),
            until: scene.month(),
        };
        assert_eq!(
            scene.propose(&mut guard, &guarding, auditor.clone()).await.unwrap_err(),
            DutyRefusal::NotPermitted
        );
        let (proposed, _) = scene.propose(&mut one, &first, auditor).await.unwrap();
        let refused = scene.decide(&mut guard, &guarding, proposed.proposal, Decision::Approve).await.unwrap_err();
        assert_eq!(refused, DutyRefusal::NotPermitted);
    }
}

both_engines! {
    fn another_role_is_given_by_two_and_ends_what_was_begun_with_the_old_one(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("M-1", Role::Manager, "head-office").await;
        let mut other = scene.officer("S-1", Role::Security, "kwun-tong").await;
        let mut counter = scene.officer("C-1", Role::Counter, "north-point").await;
        let first = scene.sign_in(&mut one).await.unwrap();
        let second = scene.sign_in(&mut other).await.unwrap();
        let served = scene.sign_in(&mut counter).await.unwrap();
        let wanted = Wanted::Rights {
            officer: counter.id,
            role: Role::HelpDesk,
            unit: unit("kwun-tong"),
            until: scene.month(),
        };
        let (proposed, _) = scene.propose(&mut one, &first, wanted.clone()).await.unwrap();
        scene.decide(&mut other, &second, proposed.proposal, Decision::Approve).await.unwrap();
        let over = require(&scene.platform, &scene.caller(), &served).await.unwrap_err();
        assert_eq!(refusal(over), DutyRefusal::SessionOver);
        let again = scene.sign_in(&mut counter).await.unwrap();
        let duty = require(&scene.platform, &scene.caller(), &again).await.unwrap();
        assert_eq!((duty.officer.role, duty.officer.unit.as_str()), (Role::HelpDesk, "kwun-tong"));
        // What somebody who ended had proposed is void.
        let (waiting, _) = scene.propose(&mut one, &first, wanted).await.unwrap();
        scene.end(&mut other, &second, one.id).await.unwrap();
        let void = scene.decide(&mut other, &second, waiting.proposal, Decision::Approve).await.unwrap_err();
        assert_eq!(void, DutyRefusal::ProposalOver);
    }
}

both_engines! {
    fn a_code_holds_ten_minutes_and_rights_no_longer_than_they_may(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("M-1", Role::Manager, "head-office").await;
        let mut other = scene.officer("M-2", Role::Manager, "kwun-tong").await;
        let first = scene.sign_in(&mut one).await.unwrap();
        let second = scene.sign_in(&mut other).await.unwrap();
        let (proposed, _) = scene.propose(&mut one, &first, scene.new_counter("C-1")).await.unwrap();
        let decided = scene.decide(&mut other, &second, proposed.proposal, Decision::Approve).await.unwrap();
        let code = Code {
            first: proposed.half.unwrap().reveal().to_owned(),
            second: decided.half.unwrap().reveal().to_owned(),
            browser: "new".to_owned(),
        };
        scene.clock.advance(Duration::from_secs(10 * 60));
        let late = enrol::begin(&scene.platform, &scene.caller(), code).await.unwrap_err();
        assert_eq!(refusal(late), DutyRefusal::InviteUnknown);
        for until in [scene.clock.now(), scene.clock.now().after(Duration::from_secs(181 * 86_400))] {
            let wanted =
                Wanted::New { named: named("NEW", "C-2"), role: Role::Counter, unit: unit("north-point"), until };
            assert_eq!(scene.propose(&mut one, &first, wanted).await.unwrap_err(), DutyRefusal::RightsTooLong);
        }
        let nowhere = Wanted::New {
            named: named("NEW", "C-2"),
            role: Role::Counter,
            unit: unit("atlantis"),
            until: scene.month(),
        };
        assert_eq!(scene.propose(&mut one, &first, nowhere).await.unwrap_err(), DutyRefusal::UnitUnknown);
    }
}

both_engines! {
    fn a_signed_act_is_verified_later_and_only_for_its_own_words(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("P-1", Role::Privacy, "head-office").await;
        let cookie = scene.sign_in(&mut one).await.unwrap();
        let text = "ticket 1\nfields: email\n";
        let caller = scene.caller();
        let options = approve::begin(&scene.platform, &caller, &cookie, Action::TicketApprove, text).await.unwrap();
        let answer = scene.sign(&mut one, &options);
        let duty = require(&scene.platform, &caller, &cookie).await.unwrap();
        let check = async |text: &'static str, action| {
            let (owned, caller, duty, answer) =
                (Arc::clone(&scene.platform), caller.clone(), duty.clone(), answer.clone());
            let work = scene.platform.store.write(move |tx| {
                approve::check(tx, &owned, &caller, &duty, action, text, &answer)
            });
            work.await.unwrap_or_else(|fault: Fault| panic!("{fault}"))
        };
        assert_eq!(check("ticket 1\nfields: email, hkid\n", Action::TicketApprove).await, Err(DutyRefusal::ShownChanged));
        // The question is used up, also by a wrong answer.
        assert_eq!(check(text, Action::TicketApprove).await, Err(DutyRefusal::QuestionOver));
        let options = approve::begin(&scene.platform, &caller, &cookie, Action::TicketApprove, text).await.unwrap();
        let answer = scene.sign(&mut one, &options);
        let (owned, by, duty) = (Arc::clone(&scene.platform), caller.clone(), duty.clone());
        let again = answer.clone();
        let work = scene.platform.store.write(move |tx| {
            let done = approve::check(tx, &owned, &by, &duty, Action::TicketApprove, text, &answer)?;
            let replayed = approve::check(tx, &owned, &by, &duty, Action::TicketApprove, text, &again)?;
            Ok::<_, Fault>((done, replayed))
        });
        let (done, replayed) = work.await.unwrap();
        let act = done.unwrap().act;
        assert_eq!(replayed, Err(DutyRefusal::QuestionOver), "an answer is good once");
        let verify = async |action, text: &'static str| {
            let owned = Arc::clone(&scene.platform);
            let work = scene.platform.store.read(move |tx| approve::verify(tx, &owned, &act, action, text));
            work.await.unwrap_or_else(|fault: Fault| panic!("{fault}")).is_some()
        };
        assert!(verify(Action::TicketApprove, text).await);
        assert!(!verify(Action::TicketOpen, text).await && !verify(Action::TicketApprove, "ticket 2").await);
    }
}

both_engines! {
    fn the_report_counts_by_officer_and_names_nobody(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("M-1", Role::Manager, "head-office").await;
        let mut auditor = scene.officer("A-1", Role::Auditor, "kwun-tong").await;
        let first = scene.sign_in(&mut one).await.unwrap();
        scene.propose(&mut one, &first, scene.new_counter("C-1")).await.unwrap();
        list::read(&scene.platform, &scene.caller(), &first).await.unwrap();
        lionrock_service::ledger::sequence(&scene.platform, &scene.caller()).await.unwrap();
        let cookie = scene.sign_in(&mut auditor).await.unwrap();
        let (_, made) = report::for_officer(&scene.platform, &scene.caller(), &cookie).await.unwrap();
        let used = &made.officers[&one.id.to_string()];
        assert_eq!((used.sign_ins, used.acts["officer-propose"]), (1, 1));
        assert!(used.permitted >= 2 && made.changes.iter().any(|change| change.kind == "staff.proposed"));
        let text = serde_json::to_string(&made).unwrap();
        assert!(!text.contains("TEST") && !text.contains("NEW"), "no name is in it: {text}");
        // An auditor sees no list of people.
        let refused = list::read(&scene.platform, &scene.caller(), &cookie).await.unwrap_err();
        assert_eq!(refusal(refused), DutyRefusal::NotPermitted);
    }
}
