//! Many people at once into tables that are new and small.
//!
//! PostgreSQL keeps the read locks of serializable transactions for whole pages of an index, and for the whole table when it
//! reads without one. On the first day every index is one page, so transactions that never touch the same row can undo each other
//! until a caller is told that the store is too busy. What keeps that from happening is counted here.

use super::scene::{Person, Scene, person, scene};
use lionrock_model::time::Millis;
use lionrock_store::{Error, credential};
use lionrock_testkit::both_engines;
use std::sync::{Arc, mpsc};

/// People who log in at the same time.
const PEOPLE: usize = 32;
/// One login after the other, each.
const ROUNDS: usize = 4;

both_engines! {
    fn a_rush_into_new_tables_is_served_with_few_lost_races(at place) {
        let place = place.with_pool(24);
        let scene = Arc::new(scene(&place).await);
        let mut people = Vec::new();
        for n in 0..PEOPLE {
            people.push(person(&scene, &format!("CHAN, Number {}", char::from(b'A' + u8::try_from(n % 26).unwrap()))).await);
        }
        let people = rush(&scene, people, "first logins, empty tables").await;
        // Now the planner knows that the tables are small, and would rather read them whole than by an index.
        let analyzed = scene.platform.store.write(|tx| tx.execute("ANALYZE", &[])).await;
        analyzed.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
        rush(&scene, people, "small tables with statistics").await;
    }

    fn a_passkey_removed_while_it_is_being_used_was_not_used(at place) {
        if place.is_sqlite() {
            // One writer: nothing comes between looking and writing down.
            return;
        }
        let scene = scene(&place).await;
        let mei = person(&scene, "CHAN, Mei").await;
        let store = scene.platform.store.clone();
        let standing = store.read(move |tx| credential::standing(tx, mei.id)).await;
        let passkey = standing.unwrap_or_else(|error: Error| panic!("{error}")).remove(0);
        let ((looked, has_looked), (go_on, may_go_on)) = (mpsc::channel(), mpsc::channel());
        let used = tokio::spawn({
            let store = store.clone();
            async move {
                store.compare_and_set(move |tx| {
                    let known = credential::by_external_id(tx, &passkey.external_id)?.expect("it stands");
                    looked.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    // What an approval rests on: without this it gives out nothing.
                    credential::signed(tx, &known, 9, false, Millis(9), false)
                }).await
            }
        });
        tokio::task::spawn_blocking(move || has_looked.recv().unwrap()).await.unwrap();
        let removed = store.write(move |tx| credential::remove_all(tx, mei.id, Millis(8))).await;
        assert_eq!(removed, Ok::<_, Error>(1));
        go_on.send(()).unwrap();
        assert_eq!(used.await.unwrap(), Ok(false), "the person closed the account meanwhile");
    }
}

/// Everybody logs in; nobody may be refused, and what is done twice stays below a twentieth of what is done.
async fn rush(scene: &Arc<Scene>, people: Vec<Person>, when: &str) -> Vec<Person> {
    let before = scene.platform.store.figures();
    let mut logins = tokio::task::JoinSet::new();
    for mut who in people {
        let scene = Arc::clone(scene);
        logins.spawn(async move {
            for _ in 0..ROUNDS {
                // A browser nobody signed in with.
                who.cookie = None;
                let code = scene.code(&mut who, "library").await;
                let tokens = scene.exchange("library", &[("code", &code)]).await.expect("the code is exchanged");
                assert!(scene.userinfo(&tokens.access_token).await.expect("the token is good").contains_key("sub"));
            }
            who
        });
    }
    let people = logins.join_all().await;
    let after = scene.platform.store.figures();
    let (writes, retries) = (after.writes - before.writes, after.retries - before.retries);
    println!("{when}: {writes} writes, {retries} of them again after a lost race");
    assert_eq!(after.failures, before.failures, "{when}: nobody is told that the store is too busy");
    assert!(retries * 20 <= writes, "{when}: {retries} lost races in {writes} writes");
    people
}
