//! One text, one meaning: what a transaction promises on both engines.

use lionrock_store::{Error, Migration, Store, Value};
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::Place;

const TABLES: &[Migration] = &[Migration {
    version: 1,
    name: "trial",
    sql: "CREATE TABLE parent (id BYTES PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL);
          CREATE TABLE child (
              id INTEGER PRIMARY KEY, parent BYTES NOT NULL REFERENCES parent (id), kind TEXT NOT NULL, note TEXT,
              UNIQUE (parent, kind), CONSTRAINT known_kind CHECK (kind IN ('a', 'b', 'Ä'))
          );
          CREATE UNIQUE INDEX one_open_child ON child (parent) WHERE note IS NULL;",
}];

const ADD: &str = "INSERT INTO parent (id, name, version) VALUES ($1, $2, $3)";
const NAMES: &str = "SELECT name FROM parent ORDER BY name";
const CHILD: &str = "INSERT INTO child (id, parent, kind, note) VALUES ($1, $2, $3, $4)";

async fn trial(place: &Place) -> Store {
    Store::open_with(place.url(), TABLES).await.unwrap()
}

async fn add(store: &Store, id: u8, name: &str) -> Result<u64, Error> {
    let name = name.to_owned();
    store.write(move |tx| tx.execute(ADD, &[[id; 16].into(), name.as_str().into(), 1.into()])).await
}

async fn names(store: &Store) -> Vec<String> {
    let rows = store.read(|tx| tx.query(NAMES, &[])).await.unwrap_or_else(|error: Error| panic!("{error}"));
    rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect()
}

both_engines! {
    fn values_come_back_as_they_went(at place) {
        let store = trial(&place).await;
        add(&store, 1, "陳大文 $1 'quoted' \"too\" 🦁").await.unwrap();
        let row = store.write(|tx| {
            tx.first("UPDATE parent SET version = version + $2 WHERE id = $1 RETURNING id, name, version, NULL",
                &[[1; 16].into(), i64::from(u32::MAX).into()])
        }).await.unwrap_or_else(|error: Error| panic!("{error}")).unwrap();
        assert_eq!(row.array::<16>(0).unwrap(), [1; 16]);
        assert_eq!(row.text(1).unwrap(), "陳大文 $1 'quoted' \"too\" 🦁");
        assert_eq!(row.int(2).unwrap(), i64::from(u32::MAX) + 1);
        assert_eq!(row.opt_text(3).unwrap(), None);
        assert!(matches!(row.int(1), Err(Error::Corrupt { .. })));
        assert!(matches!(row.int(9), Err(Error::Corrupt { .. })));
        assert!(matches!(row.text(3), Err(Error::Corrupt { .. })));
        assert!(matches!(row.array::<15>(0), Err(Error::Corrupt { .. })));
    }

    fn who_fails_among_many_takes_nothing_with_them_and_leaves_nothing_behind(at place) {
        let store = trial(&place).await;
        let mut crowd = tokio::task::JoinSet::new();
        for id in 0..120_u8 {
            let store = store.clone();
            crowd.spawn(async move {
                let outcome = store.write(move |tx| {
                    if id % 5 == 4 {
                        // Fails before it writes.
                        return Err(Error::Reference);
                    }
                    tx.execute(ADD, &[[id; 16].into(), "n".into(), i64::from(id).into()])?;
                    match id % 5 {
                        1 => Err(Error::Reference),
                        2 => panic!("a closure that panics after it has written"),
                        3 => tx.execute(ADD, &[[id; 16].into(), "again".into(), 0.into()]),
                        _ => Ok(1),
                    }
                }).await;
                (id, outcome)
            });
        }
        while let Some(done) = crowd.join_next().await {
            let (id, outcome) = done.unwrap();
            match id % 5 {
                0 => assert_eq!(outcome, Ok(1), "{id} wrote and was kept"),
                2 => assert_eq!(outcome, Err(Error::Panicked)),
                3 => assert!(matches!(outcome, Err(Error::Conflict { .. })), "{id}: {outcome:?}"),
                _ => assert_eq!(outcome, Err(Error::Reference)),
            }
        }
        let rows = store.read(|tx| tx.query("SELECT version FROM parent ORDER BY version", &[])).await
            .unwrap_or_else(|error: Error| panic!("{error}"));
        let kept: Vec<_> = rows.iter().map(|row| row.int(0).unwrap()).collect();
        assert_eq!(kept, (0..120).step_by(5).collect::<Vec<i64>>());
        // A change of the schema is no change of rows, and is undone all the same.
        let failed: Result<u64, Error> = store.write(|tx| {
            tx.execute("CREATE TABLE other (id INTEGER)", &[])?;
            Err(Error::Reference)
        }).await;
        assert_eq!(failed, Err(Error::Reference));
        let made = store.write(|tx| tx.execute("CREATE TABLE other (id INTEGER)", &[])).await;
        assert!(made.is_ok(), "{made:?}");
    }

    fn sums_counts_and_questions_are_integers(at place) {
        let store = trial(&place).await;
        let ask = "SELECT SUM(version), COUNT(*), EXISTS (SELECT 1 FROM parent WHERE version = $1), MAX(version) FROM parent";
        for (id, version) in [(1_u8, i64::from(i32::MAX)), (2, 20_000), (3, -5)] {
            store.write(move |tx| tx.execute(ADD, &[[id; 16].into(), "n".into(), version.into()])).await
                .unwrap_or_else(|error: Error| panic!("{error}"));
        }
        let row = store.read(move |tx| tx.first(ask, &[20_000.into()])).await
            .unwrap_or_else(|error: Error| panic!("{error}")).unwrap();
        assert_eq!(row.int(0).unwrap(), i64::from(i32::MAX) + 20_000 - 5);
        assert_eq!((row.int(1).unwrap(), row.int(2).unwrap(), row.int(3).unwrap()), (3, 1, i64::from(i32::MAX)));
        let big = store.write(|tx| {
            tx.execute("UPDATE parent SET version = $1", &[(i64::MAX / 3).into()])?;
            tx.first("SELECT SUM(version), -SUM(version), SUM(version - version) FROM parent", &[])
        }).await.unwrap_or_else(|error: Error| panic!("{error}")).unwrap();
        assert_eq!(big.int(0).unwrap(), i64::MAX / 3 * 3);
        assert_eq!(big.int(1).unwrap(), -(i64::MAX / 3 * 3));
        assert_eq!(big.int(2).unwrap(), 0);
    }

    fn text_is_sorted_and_compared_by_bytes(at place) {
        let store = trial(&place).await;
        for (id, name) in ["b", "a", "Z", "Ä", "陳", "_"].into_iter().enumerate() {
            add(&store, id as u8, name).await.unwrap();
        }
        assert_eq!(names(&store).await, ["Z", "_", "a", "b", "Ä", "陳"]);
        let like = "SELECT name FROM parent WHERE name LIKE $1";
        let found = store.read(move |tx| tx.query(like, &["z%".into()])).await.unwrap_or_else(|error: Error| panic!("{error}"));
        assert_eq!(found.len(), 0, "LIKE minds capitals");
    }

    fn an_error_undoes_everything(at place) {
        let store = trial(&place).await;
        let answer: Result<(), Error> = store.write(|tx| {
            tx.execute(ADD, &[[1; 16].into(), "one".into(), 1.into()])?;
            Err(Error::Busy)
        }).await;
        // On PostgreSQL a closure's own Busy is not a lost race of the engine.
        assert_eq!(answer, Err(Error::Busy));
        assert!(names(&store).await.is_empty());
    }

    fn a_panic_undoes_everything_and_the_store_lives(at place) {
        let store = trial(&place).await;
        let answer: Result<(), Error> = store.write(|tx| {
            tx.execute(ADD, &[[1; 16].into(), "one".into(), 1.into()])?;
            panic!("planned")
        }).await;
        assert_eq!(answer, Err(Error::Panicked));
        let answer: Result<(), Error> = store.read(|_| panic!("planned")).await;
        assert_eq!(answer, Err(Error::Panicked));
        add(&store, 2, "two").await.unwrap();
        assert_eq!(names(&store).await, ["two"]);
    }

    fn broken_rules_have_the_same_names(at place) {
        let store = trial(&place).await;
        add(&store, 1, "one").await.unwrap();
        let error = add(&store, 1, "again").await.unwrap_err();
        assert!(error.conflicts_on("parent.id"), "{error:?}");
        let child = |id: i64, parent: u8, kind: Option<&'static str>, note: Option<&'static str>| {
            let store = store.clone();
            async move {
                let values: [Value; 4] = [id.into(), [parent; 16].into(), kind.into(), note.into()];
                store.write(move |tx| tx.execute(CHILD, &values)).await
            }
        };
        child(1, 1, Some("a"), Some("n")).await.unwrap();
        let error: Error = child(1, 1, Some("b"), Some("n")).await.unwrap_err();
        assert!(error.conflicts_on("child.id"), "{error:?}");
        let error = child(2, 1, Some("a"), Some("n")).await.unwrap_err();
        assert!(error.conflicts_on("child.parent,child.kind"), "{error:?}");
        child(3, 1, Some("b"), None).await.unwrap();
        let error = child(4, 1, Some("Ä"), None).await.unwrap_err();
        assert!(error.conflicts_on("child.parent"), "{error:?}");
        assert_eq!(child(5, 9, Some("a"), None).await, Err(Error::Reference));
        assert_eq!(child(6, 1, None, Some("n")).await, Err(Error::Rule { constraint: "child.kind".to_owned() }));
        assert_eq!(child(7, 1, Some("c"), Some("n")).await, Err(Error::Rule { constraint: "known_kind".to_owned() }));
        let gone = store.write(|tx| tx.execute("DELETE FROM parent WHERE id = $1", &[[1; 16].into()])).await;
        assert_eq!(gone, Err(Error::Reference));
    }

    fn a_dead_transaction_stays_dead(at place) {
        let store = trial(&place).await;
        add(&store, 1, "one").await.unwrap();
        let answer: Result<&str, Error> = store.write(|tx| {
            tx.execute(ADD, &[[2; 16].into(), "two".into(), 1.into()])?;
            let clash = tx.execute(ADD, &[[1; 16].into(), "one".into(), 1.into()]);
            assert!(clash.is_err());
            assert_eq!(tx.query(NAMES, &[]).map(|rows| rows.len()), clash.map(|_| 0), "the same error again");
            Ok("swallowed")
        }).await;
        assert!(answer.unwrap_err().conflicts_on("parent.id"));
        assert_eq!(names(&store).await, ["one"], "nothing of it was kept");
    }

    fn an_expected_clash_is_no_error(at place) {
        let store = trial(&place).await;
        let add = "INSERT INTO parent (id, name, version) VALUES ($1, $2, 1) ON CONFLICT DO NOTHING";
        for expected in [1, 0] {
            let count = store.write(move |tx| tx.execute(add, &[[1; 16].into(), "one".into()])).await;
            assert_eq!(count, Ok::<_, Error>(expected));
        }
    }

    fn readers_cannot_write(at place) {
        let store = trial(&place).await;
        let answer = store.read(|tx| tx.execute(ADD, &[[1; 16].into(), "one".into(), 1.into()])).await;
        assert!(matches!(answer, Err(Error::Statement { .. })), "{answer:?}");
        assert!(names(&store).await.is_empty());
    }

    fn a_faulty_statement_says_which(at place) {
        let store = trial(&place).await;
        let answer = store.read(|tx| tx.query("SELECT missing FROM parent", &[])).await;
        let Err(Error::Statement { sql, .. }) = &answer else { panic!("{answer:?}") };
        assert_eq!(sql, "SELECT missing FROM parent");
        let quoted = store.read(|tx| tx.query("SELECT \"missing\" FROM parent", &[])).await;
        assert!(matches!(quoted, Err(Error::Statement { .. })), "double quotes are names: {quoted:?}");
        let wrong = store.write(|tx| tx.execute(ADD, &[1.into(), "one".into(), 1.into()])).await;
        assert!(wrong.is_err(), "an integer is no id");
        let few = store.write(|tx| tx.execute(ADD, &[[1; 16].into()])).await;
        assert!(few.is_err(), "values are missing");
        add(&store, 1, "one").await.unwrap();
    }

    fn a_zero_character_is_refused(at place) {
        let store = trial(&place).await;
        assert_eq!(add(&store, 1, "a\0b").await, Err(Error::ZeroCharacter));
    }

    fn compare_and_set_lets_one_win(at place) {
        let store = trial(&place).await;
        add(&store, 1, "one").await.unwrap();
        let tasks: Vec<_> = (0..16).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                store.write(|tx| tx.execute(
                    "UPDATE parent SET version = 2 WHERE id = $1 AND version = 1", &[[1; 16].into()])).await
            })
        }).collect();
        let mut won = 0;
        for task in tasks {
            won += task.await.unwrap().unwrap_or_else(|error: Error| panic!("{error}"));
        }
        assert_eq!(won, 1);
    }

    fn two_writers_cannot_both_keep_the_last_one(at place) {
        // Write skew: each sees two rows and deletes another one. Serially one must refuse.
        let store = trial(&place).await;
        for round in 0..10 {
            for id in [1, 2] {
                add(&store, id, "key").await.unwrap();
            }
            let tasks: Vec<_> = [1_u8, 2].into_iter().map(|id| {
                let store = store.clone();
                tokio::spawn(async move {
                    store.write(move |tx| {
                        let count = tx.first("SELECT COUNT(*) FROM parent", &[])?.unwrap().int(0)?;
                        if count < 2 {
                            return Ok(0);
                        }
                        tx.execute("DELETE FROM parent WHERE id = $1", &[[id; 16].into()])
                    }).await
                })
            }).collect();
            let mut gone = 0;
            for task in tasks {
                gone += task.await.unwrap().unwrap_or_else(|error: Error| panic!("{error}"));
            }
            assert_eq!(gone, 1, "round {round}");
            store.write(|tx| tx.execute("DELETE FROM parent", &[])).await.unwrap_or_else(|error: Error| panic!("{error}"));
        }
    }

    fn a_counter_under_many_writers_misses_nothing(at place) {
        let store = trial(&place).await;
        add(&store, 1, "count").await.unwrap();
        let tasks: Vec<_> = (0..8).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    store.write(|tx| {
                        let row = tx.first("SELECT version FROM parent WHERE id = $1", &[[1; 16].into()])?.unwrap();
                        tx.execute("UPDATE parent SET version = $1 WHERE id = $2", &[(row.int(0)? + 1).into(), [1; 16].into()])
                    }).await.unwrap_or_else(|error: Error| panic!("{error}"));
                }
            })
        }).collect();
        for task in tasks {
            task.await.unwrap();
        }
        let row = store.read(|tx| tx.first("SELECT version FROM parent", &[])).await
            .unwrap_or_else(|error: Error| panic!("{error}")).unwrap();
        assert_eq!(row.int(0).unwrap(), 81);
    }

    fn a_reader_sees_one_state(at place) {
        let store = trial(&place).await;
        add(&store, 1, "one").await.unwrap();
        let (seen, inside) = std::sync::mpsc::channel();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let reader = {
            let store = store.clone();
            tokio::spawn(async move {
                store.read(move |tx| {
                    let before = tx.query(NAMES, &[])?.len();
                    seen.send(()).unwrap();
                    wait.recv().unwrap();
                    Ok::<_, Error>((before, tx.query(NAMES, &[])?.len()))
                }).await
            })
        };
        tokio::task::spawn_blocking(move || inside.recv().unwrap()).await.unwrap();
        add(&store, 2, "two").await.unwrap();
        assert_eq!(names(&store).await.len(), 2, "a new reader sees the answered write");
        go.send(()).unwrap();
        assert_eq!(reader.await.unwrap(), Ok((1, 1)));
    }

    fn a_planted_canary_is_found(at place) {
        let store = trial(&place).await;
        assert_eq!(place.leaks(&[b"CHAN Tai Man"]).await, []);
        add(&store, 1, "Mr CHAN Tai Man of Lion Rock").await.unwrap();
        let leaks = place.leaks(&[b"nobody at all", b"CHAN Tai Man"]).await;
        assert!(!leaks.is_empty() && leaks.iter().all(|leak| leak.canary == 1 && leak.form == "raw"), "{leaks:?}");
    }

    fn a_closed_store_says_so(at place) {
        let store = trial(&place).await;
        store.close().await;
        assert!(matches!(add(&store, 1, "one").await, Err(Error::Unavailable { .. })));
        assert!(matches!(store.read(|tx| tx.query(NAMES, &[])).await, Err(Error::Unavailable { .. })));
    }
}
