//! Somebody who can write to the database: every edit of a ticket opens nothing and is heard of.

use crate::scene::{Officer2, Scene, code, scene};
use lionrock_model::id::{ResidentId, TicketId};
use lionrock_model::staff::Role;
use lionrock_model::ticket::TicketRefusal;
use lionrock_service::ticket::Person;
use lionrock_store::Value;
use lionrock_testkit::both_engines;

async fn stage(place: &lionrock_testkit::engines::Place) -> (Scene, [ResidentId; 2], [Officer2; 3]) {
    let scene = scene(place).await;
    let mei = scene.resident(123_456, "CANARY, Mei").await;
    let kit = scene.resident(123_457, "CANARY, Kit").await;
    let one = scene.officer(900_001, "CHAN, Tai Man", Role::Privacy, "north").await;
    let two = scene.officer(900_002, "WONG, Siu Ming", Role::Privacy, "south").await;
    let three = scene.officer(900_003, "HO, Wing", Role::Privacy, "west").await;
    (scene, [mei, kit], [one, two, three])
}

/// Rows of the ticket as they are now, to be put back.
async fn copy(scene: &Scene) -> Vec<Vec<Value>> {
    scene.platform.store.read(|tx| lionrock_store::backup::page(tx, "ticket", None)).await.unwrap()
}

async fn put_back(scene: &Scene, rows: Vec<Vec<Value>>) {
    scene.by_hand("DELETE FROM ticket", vec![]).await;
    let done: Result<(), lionrock_store::Error> =
        scene.platform.store.write(move |tx| lionrock_store::backup::insert(tx, "ticket", &rows)).await;
    done.unwrap();
}

both_engines! {
    fn every_edited_column_shuts_the_ticket(at place) {
        let (scene, [mei, kit], [mut one, mut two, three]) = stage(&place).await;
        let id = scene.given(&mut one, &mut two, mei).await;
        assert!(scene.open(&one, id).await.is_ok());
        let honest = copy(&scene).await;
        let late = scene.clock.now().0 + 3_600_000;
        let edits: Vec<(&'static str, Vec<Value>)> = vec![
            ("UPDATE ticket SET fields = 'birth,english-name,hkid'", vec![]),
            ("UPDATE ticket SET resident = $1", vec![kit.as_bytes().into()]),
            ("UPDATE ticket SET minutes = 600", vec![]),
            ("UPDATE ticket SET approved_at = $1", vec![late.into()]),
            ("UPDATE ticket SET asked_at = $1", vec![late.into()]),
            ("UPDATE ticket SET officer = $1", vec![three.id.as_bytes().into()]),
            ("UPDATE ticket SET approver = $1, approver_unit = 'west'", vec![three.id.as_bytes().into()]),
            ("UPDATE ticket SET approver_unit = 'west'", vec![]),
            ("UPDATE ticket SET officer_unit = 'west'", vec![]),
            ("UPDATE ticket SET officer_role = 'security'", vec![]),
            ("UPDATE ticket SET purpose = 'correction'", vec![]),
            ("UPDATE ticket SET case_number = 'AR-2026/2'", vec![]),
            ("UPDATE ticket SET case_number = 'no case at all'", vec![]),
            ("UPDATE ticket SET state = 'closed'", vec![]),
            ("UPDATE ticket SET openings = 0", vec![]),
            ("UPDATE ticket SET ask_proof = approval_proof", vec![]),
            ("UPDATE ticket SET approval_proof = ask_proof", vec![]),
            ("UPDATE ticket SET approval_proof = NULL", vec![]),
            ("UPDATE ticket SET code = $1", vec![vec![0_u8; 32].into()]),
        ];
        let count = edits.len();
        for (sql, values) in edits {
            assert_eq!(scene.by_hand(sql, values).await, 1);
            for who in [&one, &three] {
                let refused = code(scene.open(who, id).await);
                assert_eq!(refused, TicketRefusal::Edited, "{sql}");
            }
            put_back(&scene, honest.clone()).await;
        }
        assert!(scene.open(&one, id).await.is_ok(), "the honest row opens again");
        // Officers of other units hear of it, and a finding waits for each of the two who touched it.
        let findings = scene.count("SELECT COUNT(*) FROM finding WHERE rule = 'tampered'", vec![]).await;
        let times = scene.count("SELECT CAST(SUM(times) AS INTEGER) FROM finding WHERE rule = 'tampered'", vec![]);
        assert_eq!((findings, times.await), (2, 2 * count as i64));
        assert!(scene.leaves("finding.raised").await >= 2);
    }

    fn an_edited_signature_or_text_of_an_act_shuts_the_ticket(at place) {
        let (scene, [mei, _], [mut one, mut two, _]) = stage(&place).await;
        let id = scene.given(&mut one, &mut two, mei).await;
        let spare = scene.given(&mut one, &mut two, mei).await;
        assert!(scene.open(&one, id).await.is_ok());
        let acts = scene.platform.store.read(|tx| lionrock_store::backup::page(tx, "officer_act", None)).await.unwrap();
        // The sealed proofs of the two tickets exchanged, their digests, their officers.
        let edits: [&'static str; 3] = [
            "UPDATE officer_act SET officer = $1",
            "UPDATE officer_act SET sealed_proof = (SELECT sealed_proof FROM officer_act WHERE officer = $1 ORDER BY id LIMIT 1)",
            "DELETE FROM officer_act WHERE officer = $1",
        ];
        for sql in edits {
            assert!(scene.by_hand(sql, vec![one.id.as_bytes().into()]).await > 0);
            for ticket in [id, spare] {
                assert_eq!(code(scene.open(&one, ticket).await), TicketRefusal::Edited, "{sql}");
            }
            scene.by_hand("DELETE FROM officer_act", vec![]).await;
            let rows = acts.clone();
            let back: Result<(), lionrock_store::Error> =
                scene.platform.store.write(move |tx| lionrock_store::backup::insert(tx, "officer_act", &rows)).await;
            back.unwrap();
        }
        assert!(scene.open(&one, id).await.is_ok() && scene.open(&one, spare).await.is_ok());
    }

    fn an_older_row_does_not_come_back_to_life(at place) {
        let (scene, [mei, _], [mut one, mut two, _]) = stage(&place).await;
        let id: TicketId = scene.asked(&mut one, scene.wish(Person::Reference(mei))).await.unwrap();
        let waiting = copy(&scene).await;
        scene.approve(&mut two, id).await.unwrap();
        let approved = copy(&scene).await;
        assert!(scene.open(&one, id).await.is_ok());
        scene.close(&one, id).await.unwrap();
        // Approved again, by the row from before it was closed: the ledger knows of the end.
        put_back(&scene, approved).await;
        assert_eq!(code(scene.open(&one, id).await), TicketRefusal::Edited);
        // Waiting again, to be approved anew: the ledger knows of the approval.
        put_back(&scene, waiting).await;
        assert_eq!(code(scene.approve(&mut two, id).await), TicketRefusal::Edited);
        // A row somebody makes up, with a copy of good signatures.
        let other = scene.given(&mut one, &mut two, mei).await;
        let forged = "UPDATE ticket SET ask_proof = (SELECT approval_proof FROM ticket WHERE id = $1) WHERE id = $1";
        scene.by_hand(forged, vec![other.as_bytes().into()]).await;
        assert_eq!(code(scene.open(&one, other).await), TicketRefusal::Edited);
    }

    fn an_officer_edited_in_the_database_opens_nothing(at place) {
        let (scene, [mei, _], [mut one, mut two, _]) = stage(&place).await;
        let id = scene.given(&mut one, &mut two, mei).await;
        assert!(scene.open(&one, id).await.is_ok());
        scene.by_hand("UPDATE officer SET unit = 'west' WHERE id = $1", vec![two.id.as_bytes().into()]).await;
        assert!(scene.open(&one, id).await.is_err(), "the approver's row is not what the ledger says");
        scene.by_hand("UPDATE officer SET unit = 'south' WHERE id = $1", vec![two.id.as_bytes().into()]).await;
        assert!(scene.open(&one, id).await.is_ok());
        scene.by_hand("UPDATE officer SET role = 'security' WHERE id = $1", vec![one.id.as_bytes().into()]).await;
        assert!(scene.open(&one, id).await.is_err());
    }
}
