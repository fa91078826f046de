//! Monitoring says no, and others hear of it.

use crate::scene::{Officer2, Scene, code, number, scene, scene_with};
use lionrock_crypto::sign::{PublicKey, SigningKey};
use lionrock_model::budget::{Allowance, Budget, Budgets, Excess, Kind};
use lionrock_model::id::FindingId;
use lionrock_model::monitor::{FindingRefusal, MISSES, Rule};
use lionrock_model::policy::Purpose;
use lionrock_model::staff::{Identity, Role};
use lionrock_model::ticket::TicketRefusal;
use lionrock_service::fault::FaultKind;
use lionrock_service::monitor::decoy::{self, DecoyClaims, Invented, NotPlaced};
use lionrock_service::monitor::{board, finding, known};
use lionrock_service::statement::{Officer as Signer, Signed};
use lionrock_service::ticket::{Draft, Person};
use lionrock_service::vault::watch;
use lionrock_service::{Error, Fault, outbox};
use lionrock_store::finding::Finding;
use lionrock_testkit::both_engines;
use std::sync::Arc;

#[path = "../stand_in.rs"]
#[allow(dead_code, reason = "shared with all tests of journeys")]
mod stand_in;
use stand_in::Letters;

async fn findings(scene: &Scene) -> Vec<Finding> {
    scene.platform.store.read(lionrock_store::finding::open).await.unwrap()
}

async fn rules(scene: &Scene) -> Vec<Rule> {
    let mut rules: Vec<_> = findings(scene).await.into_iter().map(|one| one.rule).collect();
    rules.sort_by_key(|rule| rule.word());
    rules
}

async fn three(scene: &Scene) -> (Officer2, Officer2, Officer2) {
    let one = scene.officer(900_001, "CHAN, Tai Man", Role::Privacy, "north").await;
    let two = scene.officer(900_002, "WONG, Siu Ming", Role::Privacy, "south").await;
    let watch = scene.officer(900_003, "HO, Wing", Role::Security, "west").await;
    (one, two, watch)
}

fn case(wish: Draft, case: &str) -> Draft {
    Draft { case: case.to_owned(), ..wish }
}

both_engines! {
    fn two_officers_place_decoys_and_whoever_asks_for_one_is_heard_of(at place) {
        let scene = scene(&place).await;
        let (mut one, _, _) = three(&scene).await;
        let (keys, signers) = signers();
        let card = number(123_490);
        let claims = DecoyClaims {
            approved_by: vec!["ada".to_owned(), "ben".to_owned()],
            decoys: vec![Invented { card: card.reveal(), name: "HONEY, Pot".to_owned() }],
            expires: at_time(scene.by().now, 86_400),
            id: "honey-1".to_owned(),
            not_before: at_time(scene.by().now, 0),
            realm: scene.platform.settings.realm.to_string(),
        };
        let signed = |by: &[usize]| {
            let mut signed = Signed::propose(claims.clone());
            by.iter().for_each(|at| signed.sign(&keys[*at].0, &keys[*at].1).unwrap());
            signed
        };
        let by = scene.by();
        let placed = |signed| decoy::place(&scene.platform, &by, signed, &signers);
        assert!(matches!(placed(signed(&[0])).await, Err(NotPlaced::Statement(_))), "one officer places none");
        let mut edited = signed(&[0, 1]);
        edited.claims.decoys[0].card = number(123_491).reveal();
        assert!(matches!(placed(edited).await, Err(NotPlaced::Statement(_))), "what was signed is what is placed");
        let honey = placed(signed(&[0, 1])).await.unwrap();
        assert!(matches!(placed(signed(&[0, 1])).await, Err(NotPlaced::Taken(1))), "once");
        for person in [Person::Number(card.clone()), Person::Reference(honey[0])] {
            assert_eq!(code(scene.asked(&mut one, scene.wish(person)).await), TicketRefusal::NotGiven);
        }
        assert_eq!(rules(&scene).await, [Rule::Decoy]);
        assert!(scene.told(honey[0], "personal.opened").await.is_empty());
        // Somebody who is no decoy is asked for as ever.
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        scene.asked(&mut one, scene.wish(Person::Reference(mei))).await.unwrap();
        let mut listed = Vec::new();
        for _ in 0..100 {
            scene.platform.ledger.ring();
            listed = decoy::list(&scene.platform, &scene.by()).await.unwrap();
            if !listed.is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(listed.iter().map(|one| (one.account, one.known)).collect::<Vec<_>>(), [(honey[0], true)]);
        // A code that somebody takes out of the store is missed.
        assert_eq!(scene.by_hand("DELETE FROM decoy", vec![]).await, 1);
        assert!(!decoy::list(&scene.platform, &scene.by()).await.unwrap()[0].known);
    }

    fn own_records_colleagues_decoys_and_misses_look_the_same(at place) {
        let scene = scene(&place).await;
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        let own = scene.resident(900_001, "CHAN, Tai Man").await;
        let colleague = scene.resident(900_002, "WONG, Siu Ming").await;
        let honey = scene.resident(123_499, "HONEY, Pot").await;
        let (mut one, mut two, _) = three(&scene).await;
        let (owned, by) = (Arc::clone(&scene.platform), scene.by());
        let planted: Result<(), Fault> = scene.platform.store.write(move |tx| decoy::plant(tx, &owned, &by, honey, &[])).await;
        planted.unwrap();
        let nobody = Person::Number(number(111_111));
        let people = [Person::Reference(own), Person::Number(number(900_001)), Person::Reference(colleague), Person::Reference(honey), nobody];
        for person in people {
            assert_eq!(code(scene.asked(&mut one, scene.wish(person)).await), TicketRefusal::NotGiven);
        }
        assert_eq!(rules(&scene).await, [Rule::Colleague, Rule::Decoy, Rule::OwnRecord]);
        assert!(scene.told(honey, "personal.opened").await.is_empty());
        // The second officer's own record: the first may not be sent for it.
        let theirs = scene.resident(900_004, "NG, Sze").await;
        let mut relative = scene.officer(900_005, "NG, Other", Role::Privacy, "south").await;
        let id = scene.asked(&mut one, scene.wish(Person::Reference(theirs))).await.unwrap();
        let (owned, by, who) = (Arc::clone(&scene.platform), scene.by(), relative.id);
        // The relative turns out to be that resident.
        let card = number(900_004);
        scene.by_hand("DELETE FROM officer_mark WHERE officer = $1", vec![who.as_bytes().into()]).await;
        let name = lionrock_model::person::EnglishName::parse("NG, Other").unwrap();
        let kept: Result<(), Fault> = scene.platform.store.write(move |tx| known::officer(tx, &owned, &by, who, (&card, &name, None))).await;
        kept.unwrap();
        assert_eq!(code(scene.approve(&mut relative, id).await), TicketRefusal::NotGiven);
        // Ordinary work goes on.
        let id = scene.given(&mut one, &mut two, mei).await;
        assert!(scene.open(&one, id).await.is_ok());
    }

    fn a_family_name_and_an_odd_hour_are_heard_of_and_not_refused(at place) {
        let scene = scene(&place).await;
        let kin = scene.resident(123_456, "CHAN, Siu Fan").await;
        let (mut one, mut two, _) = three(&scene).await;
        let id = scene.given(&mut one, &mut two, kin).await;
        assert!(scene.open(&one, id).await.is_ok());
        assert_eq!(rules(&scene).await, [Rule::FamilyName]);
        // Codes are kept, no name: neither table holds the name in any form, and two of a family have different codes.
        let other = scene.resident(123_457, "CHAN, Tai Fung").await;
        let same = scene.count("SELECT COUNT(DISTINCT code) FROM family_mark", vec![]).await;
        assert_eq!(same, 2);
        scene.close(&one, id).await.unwrap();
        scene.pass(13 * 3600);
        two.cookie = scene.sign_in(&mut two.device).await;
        one.cookie = scene.sign_in(&mut one.device).await;
        let id = scene.given(&mut two, &mut one, other).await;
        assert!(scene.open(&two, id).await.is_ok());
        assert_eq!(rules(&scene).await, [Rule::FamilyName, Rule::Hour], "21:00 in Hong Kong");
    }

    fn probing_ends_by_itself(at place) {
        let scene = scene(&place).await;
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        let (mut one, mut two, _) = three(&scene).await;
        for at in 0..=MISSES.1 {
            let wish = scene.wish(Person::Number(number(111_000 + at)));
            assert_eq!(code(scene.asked(&mut one, wish).await), TicketRefusal::NotGiven);
            scene.pass(60);
            let heard = rules(&scene).await.contains(&Rule::NearMisses);
            assert_eq!(heard, at >= MISSES.0, "after {} misses", at + 1);
        }
        assert_eq!(code(scene.asked(&mut one, scene.wish(Person::Number(number(123_456)))).await), TicketRefusal::NotGiven);
        assert!(scene.asked(&mut two, scene.wish(Person::Reference(mei))).await.is_ok(), "another officer works on");
        scene.pass(12 * 3600);
        scene.pass(12 * 3600);
        one.cookie = scene.sign_in(&mut one.device).await;
        assert!(scene.asked(&mut one, scene.wish(Person::Number(number(123_456)))).await.is_ok(), "a day later");
    }

    fn an_officer_over_their_budget_locks_themselves_out(at place) {
        let of = Budget::Opening(Kind::Officer, Purpose::AccessRequest);
        let allowance = Allowance { all: 100, one: 50, service: 3, excess: Excess::Lock };
        let budgets = Budgets::default().with(of, allowance);
        let scene = scene_with(&place, |platform| platform.settings.limits.budgets = budgets).await;
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        let (mut one, mut two, watch_officer) = three(&scene).await;
        let id = scene.given(&mut one, &mut two, mei).await;
        let theirs = scene.given(&mut two, &mut one, mei).await;
        for _ in 0..3 {
            assert!(scene.open(&one, id).await.is_ok());
        }
        let locked = |outcome: Result<_, Error<TicketRefusal>>| matches!(outcome, Err(Error::Fault(fault)) if fault.kind == FaultKind::Locked);
        assert!(locked(scene.open(&one, id).await.map(drop)));
        watch::round(&scene.platform, &scene.by()).await.unwrap();
        scene.pass(60);
        assert!(locked(scene.open(&one, id).await.map(drop)), "a lock outlives the minute");
        assert!(scene.open(&two, theirs).await.is_ok(), "and is that officer's alone");
        let board = board::board(&scene.platform, &scene.by(), &watch_officer.cookie).await.unwrap();
        let word = format!("officer/access-request/{}", one.id);
        assert_eq!(board.locked.iter().map(|one| one.budget.as_str()).collect::<Vec<_>>(), [word.as_str()]);
        assert_eq!(scene.leaves("budget.tripped").await, 1);
    }

    fn findings_have_owners_elsewhere_and_are_closed_by_others(at place) {
        let letters = Arc::new(Letters::default());
        let mail = Arc::<Letters>::clone(&letters);
        let scene = scene_with(&place, |platform| platform.ports.mail = mail).await;
        let honey = scene.resident(123_499, "HONEY, Pot").await;
        let (mut one, _, watch) = three(&scene).await;
        let near = scene.officer(900_006, "YIP, Near", Role::Security, "north").await;
        let (owned, by) = (Arc::clone(&scene.platform), scene.by());
        let planted: Result<(), Fault> = scene.platform.store.write(move |tx| decoy::plant(tx, &owned, &by, honey, &[])).await;
        planted.unwrap();
        let begun = std::time::Instant::now();
        assert_eq!(code(scene.asked(&mut one, scene.wish(Person::Reference(honey))).await), TicketRefusal::NotGiven);
        outbox::deliver(&scene.platform, &scene.by()).await.unwrap();
        assert!(begun.elapsed().as_secs() < 60);
        let sent: Vec<_> = letters.0.lock().unwrap().drain(..).map(|kept| (kept.to, kept.subject)).collect();
        let told: Vec<_> = sent.iter().filter(|(_, subject)| subject.contains("monitoring")).map(|(to, _)| to.as_str()).collect();
        assert!(told.contains(&"officer-900003@west.example"), "{sent:?}");
        assert!(!told.iter().any(|to| to.contains("@north.example")), "nobody of the officer's own unit: {told:?}");
        let open = findings(&scene).await;
        assert_eq!((open[0].rule, open[0].owner), (Rule::Decoy, Some(watch.id)), "security first, of another unit");
        let id = open[0].id;
        let close = |who: &Officer2, id: FindingId, note: &'static str| {
            let (platform, by, cookie) = (Arc::clone(&scene.platform), scene.by(), who.cookie.clone());
            async move { finding::close(&platform, &by, &cookie, id, note).await }
        };
        let why = |outcome| match outcome {
            Err(Error::Refuse(refusal)) => refusal,
            other => panic!("{other:?}"),
        };
        assert_eq!(why(close(&one, id, "It was nothing at all.").await), FindingRefusal::FindingOwn);
        assert_eq!(why(close(&near, id, "It was nothing at all.").await), FindingRefusal::FindingOwn);
        assert_eq!(why(close(&watch, id, "ok").await), FindingRefusal::FindingNote);
        close(&watch, id, "Asked the officer and their manager.").await.unwrap();
        assert_eq!(why(close(&watch, id, "Asked the officer and their manager.").await), FindingRefusal::FindingGone);
        assert_eq!(scene.leaves("finding.closed").await, 1);
    }

    fn the_same_case_for_many_and_the_same_two_again_and_again(at place) {
        let scene = scene(&place).await;
        let (mut one, mut two, _) = three(&scene).await;
        let mut people = Vec::new();
        for at in 0..3 {
            people.push(scene.resident(123_456 + at, "CANARY, Mei").await);
        }
        for (at, who) in people.iter().enumerate() {
            assert_eq!(rules(&scene).await.contains(&Rule::CaseReused), at > 2);
            let id = scene.asked(&mut one, scene.wish(Person::Reference(*who))).await.unwrap();
            scene.approve(&mut two, id).await.unwrap();
        }
        assert!(rules(&scene).await.contains(&Rule::CaseReused));
        // Ten a day for the same two, whoever of them asks; spread over the day so that no hour is full.
        for at in 3..10 {
            scene.pass(10 * 60);
            one.cookie = scene.sign_in(&mut one.device).await;
            two.cookie = scene.sign_in(&mut two.device).await;
            let wish = case(scene.wish(Person::Reference(people[0])), &format!("B-{at}"));
            let mine = scene.platform.store.read({
                let (id, realm) = (one.id, scene.platform.settings.realm.to_string());
                move |tx| lionrock_store::ticket::unclosed(tx, id, &realm)
            });
            for row in mine.await.unwrap() {
                scene.close(&one, row.terms.ticket).await.unwrap();
            }
            let id = scene.asked(&mut one, wish).await.unwrap();
            scene.approve(&mut two, id).await.unwrap();
        }
        let wish = case(scene.wish(Person::Reference(people[0])), "B-11");
        let id = scene.asked(&mut two, wish).await.unwrap();
        assert_eq!(code(scene.approve(&mut one, id).await), TicketRefusal::TooMany);
        let mut third = scene.officer(900_007, "LAU, Third", Role::Privacy, "west").await;
        scene.approve(&mut third, id).await.unwrap();
    }
}

fn signers() -> (Vec<(String, SigningKey)>, Vec<Signer>) {
    let made = [("ada", Role::Privacy), ("ben", Role::Security)].map(|(id, role)| {
        let key = SigningKey::from_ed25519_seed(&[id.as_bytes()[0]; 32]).unwrap();
        let PublicKey::Ed25519(public) = key.public().unwrap() else { panic!("Ed25519") };
        ((id.to_owned(), key), Signer { id: id.to_owned(), identity: Identity::Staff(role), key: public })
    });
    made.into_iter().unzip()
}

fn at_time(now: lionrock_model::time::Millis, after: u64) -> String {
    now.after(std::time::Duration::from_secs(after)).timestamp().unwrap().to_string()
}
