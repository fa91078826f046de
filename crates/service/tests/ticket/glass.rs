//! Broken glass: two officers, half an hour, everything written down, a review or both are suspended.

use crate::scene::{Officer2, Scene, answer, code, scene};
use lionrock_model::break_glass::{BreakGlassRefusal as Refusal, JOINS, REVIEWED, State};
use lionrock_model::id::BreakGlassId;
use lionrock_model::policy::Purpose;
use lionrock_model::staff::{OfficerState, Role};
use lionrock_model::ticket::TicketRefusal;
use lionrock_service::ticket::Person;
use lionrock_service::{Error, break_glass, right};
use lionrock_testkit::both_engines;
use std::sync::Arc;

fn why<T: std::fmt::Debug>(outcome: Result<T, Error<Refusal>>) -> Refusal {
    match outcome {
        Err(Error::Refuse(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn sign(scene: &Scene, who: &mut Officer2, id: BreakGlassId) -> Result<State, Error<Refusal>> {
    let options = break_glass::sign_options(&scene.platform, &scene.by(), &who.cookie, id).await?;
    let answer = answer(&mut who.device, &options);
    break_glass::sign(&scene.platform, &scene.by(), &who.cookie, id, answer).await
}

async fn broken(scene: &Scene, one: &mut Officer2, two: &mut Officer2) -> BreakGlassId {
    let row = break_glass::draft(&scene.platform, &scene.by(), &one.cookie, ("attack", "INC-7")).await.unwrap();
    let id = row.terms.id;
    assert_eq!(sign(scene, one, id).await.unwrap(), State::Asked);
    assert_eq!(sign(scene, two, id).await.unwrap(), State::Open);
    id
}

async fn state(scene: &Scene, who: &Officer2) -> OfficerState {
    let (owned, id) = (Arc::clone(&scene.platform), who.id);
    scene.platform.store.read(move |tx| right::find(tx, &owned, id)).await.unwrap().unwrap().state
}

both_engines! {
    fn the_glass_opens_for_half_an_hour_and_is_reviewed(at place) {
        let scene = scene(&place).await;
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        let mut one = scene.officer(900_001, "CHAN, Tai Man", Role::Security, "north").await;
        let mut two = scene.officer(900_002, "WONG, Siu Ming", Role::Privacy, "south").await;
        let near = scene.officer(900_003, "HO, Wing", Role::Privacy, "north").await;
        let privacy = scene.officer(900_004, "LEE, Ka Yan", Role::Privacy, "west").await;
        let mut wish = scene.wish(Person::Reference(mei));
        wish.purpose = Some(Purpose::BreakGlass);
        assert_eq!(code(scene.asked(&mut one, wish.clone()).await), TicketRefusal::BreakGlassNone);
        let id = broken(&scene, &mut one, &mut two).await;
        // The privacy officers of other units heard of it in the same transaction.
        let waiting = scene.count("SELECT COUNT(*) FROM outbox", vec![]).await;
        assert!(waiting >= 3, "alarm address, south is a party, west hears: {waiting}");
        assert_eq!(scene.leaves("break-glass.opened").await, 1);
        for who in [&mut one, &mut two] {
            let ticket = scene.asked(who, wish.clone()).await.unwrap();
            assert!(scene.open(who, ticket).await.is_ok(), "no further approval is asked for");
            scene.close(who, ticket).await.unwrap();
        }
        let told = scene.told(mei, "personal.opened").await;
        let glass: Vec<_> = told.iter().filter(|one| one["body"]["purpose"] == "break-glass").collect();
        assert_eq!(glass.len(), 2, "every opening is in the resident's history");
        scene.pass(29 * 60);
        one.cookie = scene.sign_in(&mut one.device).await;
        let ticket = scene.asked(&mut one, wish.clone()).await.unwrap();
        assert!(scene.open(&one, ticket).await.is_ok());
        scene.pass(60);
        assert_eq!(code(scene.asked(&mut one, wish.clone()).await), TicketRefusal::BreakGlassNone, "half an hour is over");
        let two_cookie = scene.sign_in(&mut two.device).await;
        for who in [&one.cookie, &two_cookie] {
            let own = break_glass::review(&scene.platform, &scene.by(), who, id, "We did what we had to.").await;
            assert_eq!(why(own), Refusal::BreakGlassReviewer);
        }
        let mut near = near;
        near.cookie = scene.sign_in(&mut near.device).await;
        let unit = break_glass::review(&scene.platform, &scene.by(), &near.cookie, id, "They did what they had to.").await;
        assert_eq!(why(unit), Refusal::BreakGlassReviewer);
        let mut privacy = privacy;
        privacy.cookie = scene.sign_in(&mut privacy.device).await;
        let by = scene.by();
        let review = |note| break_glass::review(&scene.platform, &by, &privacy.cookie, id, note);
        assert_eq!(why(review("ok").await), Refusal::BreakGlassNote);
        review("The incident was real; two records were read.").await.unwrap();
        scene.pass(REVIEWED.as_secs());
        assert_eq!(break_glass::attend(&scene.platform, &scene.by()).await.unwrap(), 0);
        assert_eq!(state(&scene, &one).await, OfficerState::Active);
    }

    fn an_overdue_review_suspends_both(at place) {
        let scene = scene(&place).await;
        let mut one = scene.officer(900_001, "CHAN, Tai Man", Role::Security, "north").await;
        let mut two = scene.officer(900_002, "WONG, Siu Ming", Role::Privacy, "south").await;
        let mut privacy = scene.officer(900_004, "LEE, Ka Yan", Role::Privacy, "west").await;
        let id = broken(&scene, &mut one, &mut two).await;
        scene.pass(REVIEWED.as_secs() - 1);
        assert_eq!(break_glass::attend(&scene.platform, &scene.by()).await.unwrap(), 0);
        assert_eq!(state(&scene, &one).await, OfficerState::Active);
        scene.pass(1);
        assert_eq!(break_glass::attend(&scene.platform, &scene.by()).await.unwrap(), 1);
        assert_eq!((state(&scene, &one).await, state(&scene, &two).await), (OfficerState::Suspended, OfficerState::Suspended));
        assert_eq!((scene.leaves("break-glass.overdue").await, scene.leaves("staff.suspended").await), (1, 2));
        assert_eq!(break_glass::attend(&scene.platform, &scene.by()).await.unwrap(), 0, "once");
        privacy.cookie = scene.sign_in(&mut privacy.device).await;
        break_glass::review(&scene.platform, &scene.by(), &privacy.cookie, id, "Late, and looked into.").await.unwrap();
    }

    fn one_alone_breaks_nothing(at place) {
        let scene = scene(&place).await;
        let mut one = scene.officer(900_001, "CHAN, Tai Man", Role::Security, "north").await;
        let mut near = scene.officer(900_002, "WONG, Siu Ming", Role::Privacy, "north").await;
        let mut desk = scene.officer(900_003, "HO, Wing", Role::HelpDesk, "south").await;
        let mut two = scene.officer(900_004, "LEE, Ka Yan", Role::Privacy, "south").await;
        let draft = |cookie: String| {
            let (platform, by) = (Arc::clone(&scene.platform), scene.by());
            async move { break_glass::draft(&platform, &by, &cookie, ("life", "INC-8")).await }
        };
        assert_eq!(why(draft(desk.cookie.clone()).await), Refusal::BreakGlassNotPermitted);
        let id = draft(one.cookie.clone()).await.unwrap().terms.id;
        assert_eq!(why(sign(&scene, &mut two, id).await), Refusal::BreakGlassGone, "a draft is nobody else's");
        sign(&scene, &mut one, id).await.unwrap();
        assert_eq!(why(sign(&scene, &mut one, id).await), Refusal::BreakGlassSame);
        assert_eq!(why(sign(&scene, &mut near, id).await), Refusal::BreakGlassSame);
        assert_eq!(why(sign(&scene, &mut desk, id).await), Refusal::BreakGlassNotPermitted);
        // Edited in the database: joined by a second one who never signed.
        let edit = "UPDATE break_glass SET state = 'open', second = $1, second_unit = 'south', opened_at = $2, second_proof = first_proof";
        let now = scene.clock.now().0;
        let rows = scene.platform.store.read(|tx| lionrock_store::backup::page(tx, "break_glass", None)).await.unwrap();
        scene.by_hand(edit, vec![two.id.as_bytes().into(), now.into()]).await;
        let mei = scene.resident(123_456, "CANARY, Mei").await;
        let mut wish = scene.wish(Person::Reference(mei));
        wish.purpose = Some(Purpose::BreakGlass);
        assert_eq!(code(scene.asked(&mut one, wish).await), TicketRefusal::BreakGlassNone);
        assert_eq!(why(break_glass::look(&scene.platform, &scene.by(), &one.cookie, id).await), Refusal::BreakGlassEdited);
        scene.by_hand("DELETE FROM break_glass", vec![]).await;
        let back: Result<(), lionrock_store::Error> =
            scene.platform.store.write(move |tx| lionrock_store::backup::insert(tx, "break_glass", &rows)).await;
        back.unwrap();
        scene.pass(JOINS.as_secs());
        assert_eq!(why(sign(&scene, &mut two, id).await), Refusal::BreakGlassOver);
        assert_eq!(break_glass::attend(&scene.platform, &scene.by()).await.unwrap(), 1);
        let again = broken(&scene, &mut one, &mut two).await;
        assert_ne!(again, id);
    }
}
