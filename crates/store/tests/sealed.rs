//! The list of sealed columns is closed, and its statements do what they say on both engines.

use lionrock_store::sealed::{self, COLUMNS, Column, KEYS};
use lionrock_store::{Error, Store};
use lionrock_testkit::both_engines;
use std::collections::BTreeSet;

const LIST: &str = include_str!("../COLUMNS.md");

#[test]
fn every_sealed_column_is_on_the_list() {
    let rows = LIST.lines().filter(|line| line.starts_with("| "));
    let cells = rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let reviewed: BTreeSet<_> =
        cells.filter(|cells| cells[2] == "sealed").map(|cells| format!("{}.{}", cells[0], cells[1])).collect();
    let listed: BTreeSet<_> = COLUMNS.iter().map(Column::title).chain(KEYS.map(str::to_owned)).collect();
    assert!(reviewed.len() > 10, "the review was not read");
    let odd: Vec<_> = reviewed.symmetric_difference(&listed).collect();
    assert!(
        odd.is_empty(),
        "{odd:?}: a sealed column must stand in COLUMNS.md and in store::sealed::COLUMNS (and its domain in \
         service::rotation::home), or records in it would be lost when their key is rotated"
    );
    assert_eq!(listed.len(), COLUMNS.len() + KEYS.len(), "listed twice");
}

/// The bytes of a sealed value of this epoch.
fn sealed_under(epoch: u32) -> Vec<u8> {
    [&[1], &epoch.to_be_bytes()[..], &[7; 40]].concat()
}

async fn letter(store: &Store, id: u8, epoch: u32) {
    let sql =
        "INSERT INTO outbox (id, kind, sealed_message, created_at, due_at, attempts) VALUES ($1, 'mail', $2, 0, 0, 0)";
    let written = store.write(move |tx| tx.execute(sql, &[[id; 16].into(), sealed_under(epoch).into()])).await;
    assert_eq!(written, Ok::<_, Error>(1));
}

fn outbox() -> &'static Column {
    COLUMNS.iter().find(|column| column.table == "outbox").unwrap()
}

both_engines! {
    fn older_records_are_paged_counted_and_replaced(store) {
        for (id, epoch) in [(1, 1), (2, 2), (3, 1), (4, 255), (5, 256), (6, 1)] {
            letter(&store, id, epoch).await;
        }
        let outcome: Result<(), Error> = store.write(|tx| {
            assert_eq!(outbox().count_older(tx, 2)?, 3);
            assert_eq!(outbox().count_older(tx, 256)?, 5, "epochs are compared as numbers");
            assert_eq!(outbox().count_older(tx, 1)?, 0);
            let page = outbox().older(tx, 2, &[], 2)?;
            assert_eq!(page.iter().map(|record| record.row[0]).collect::<Vec<_>>(), [1, 3]);
            assert!(page.iter().all(|record| record.person.is_none() && record.version == 1));
            let next = outbox().older(tx, 2, &page[1].row, 2)?;
            assert_eq!(next.iter().map(|record| record.row[0]).collect::<Vec<_>>(), [6]);
            assert!(outbox().replace(tx, &page[0], sealed_under(2))?);
            assert!(!outbox().replace(tx, &page[0], sealed_under(3))?, "the row holds other bytes by now");
            assert_eq!(outbox().count_older(tx, 2)?, 2);
            assert!(outbox().erase(tx, &page[1])?);
            assert_eq!(outbox().count_older(tx, 2)?, 1, "an erased record refers to no key");
            assert_eq!(outbox().all(tx)?.len(), 6);
            Ok(())
        }).await;
        outcome.unwrap();
    }

    fn every_statement_of_every_column_is_understood(store) {
        let outcome: Result<(), Error> = store.write(|tx| {
            for column in COLUMNS {
                assert_eq!(column.older(tx, 9, &[], 10)?, [], "{}", column.title());
                assert_eq!(column.all(tx)?, []);
                assert_eq!(column.of_person(tx, &[1; 16])?, []);
                assert_eq!(column.count_older(tx, 9)?, 0);
                let none = sealed::Record { row: vec![1; 16], person: None, version: 1, sealed: sealed_under(1) };
                assert!(!column.replace(tx, &none, sealed_under(2))?);
                assert!(!column.erase(tx, &none)?);
            }
            assert_eq!(sealed::older_resident_keys(tx, 9, &[], 10)?, []);
            assert_eq!((sealed::count_older_resident_keys(tx, 9)?, sealed::count_persons(tx)?), (0, 0));
            assert_eq!(sealed::next_person(tx, &[])?, None);
            assert!(!sealed::replace_resident_key(tx, &[1; 16], &[1], vec![2])?);
            Ok(())
        }).await;
        outcome.unwrap();
    }
}
