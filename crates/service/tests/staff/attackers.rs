//! Somebody who can write to the database, and has no key: edits, older rows and forged ones are refused, with an alarm.

use super::scene::{Person, Scene};
use crate::stage;
use lionrock_model::staff::{DutyRefusal, Role};
use lionrock_service::fault::FaultKind;
use lionrock_service::staff::officers::{Decision, list};
use lionrock_service::staff::{require, rights};
use lionrock_service::{Error, Platform};
use lionrock_store::officer;
use lionrock_testkit::both_engines;
use std::sync::Arc;

fn alarmed(platform: &Platform, what: &str) -> bool {
    platform.vault.alarms().iter().any(|alarm| alarm.what == what)
}

async fn fault(scene: &Scene, cookie: &str) -> FaultKind {
    match require(&scene.platform, &scene.caller(), cookie).await {
        Err(Error::Fault(fault)) => fault.kind,
        other => panic!("an edited officer was served: {other:?}"),
    }
}

both_engines! {
    fn a_role_unit_state_or_right_edited_in_the_database_is_refused_and_alarmed(at place) {
    const EDITS: [&str; 6] = [
        "UPDATE officer SET role = 'privacy' WHERE id = $1",
        "UPDATE officer SET unit = 'kwun-tong' WHERE id = $1",
        "UPDATE officer SET rights_until = rights_until + 86400000 WHERE id = $1",
        "UPDATE officer SET version = version + 1, role = 'manager' WHERE id = $1",
        "UPDATE officer SET version = version - 1 WHERE id = $1",
        "UPDATE officer SET person = user_handle WHERE id = $1",
    ];
    const UNDO: [&str; 6] = [
        "UPDATE officer SET role = 'counter' WHERE id = $1",
        "UPDATE officer SET unit = 'north-point' WHERE id = $1",
        "UPDATE officer SET rights_until = rights_until - 86400000 WHERE id = $1",
        "UPDATE officer SET version = version - 1, role = 'counter' WHERE id = $1",
        "UPDATE officer SET version = version + 1 WHERE id = $1",
        "",
    ];
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("C-1", Role::Counter, "north-point").await;
        let cookie = scene.sign_in(&mut one).await.unwrap();
        for (edit, undo) in EDITS.into_iter().zip(UNDO) {
            assert_eq!(scene.tamper(edit, one.id).await, 1, "{edit}");
            let kind = fault(&scene, &cookie).await;
            // The last edit makes a row that cannot even be read.
            assert!(matches!(kind, FaultKind::RolledBack | FaultKind::StoredData), "{edit}: {kind:?}");
            if !undo.is_empty() {
                assert!(!scene.platform.vault.alarms().is_empty(), "{edit} raises an alarm");
                assert_eq!(scene.tamper(undo, one.id).await, 1);
                assert!(require(&scene.platform, &scene.caller(), &cookie).await.is_ok(), "{undo} mends it");
            }
        }
        assert!(alarmed(&scene.platform, "officer-differs") && alarmed(&scene.platform, "officer-behind"));
    }
}

both_engines! {
    fn a_key_put_in_or_given_to_another_officer_signs_nobody_in(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("C-1", Role::Counter, "north-point").await;
        let mut manager = scene.officer("M-1", Role::Manager, "head-office").await;
        let cookie = scene.sign_in(&mut manager).await.unwrap();
        // The counter officer's key row is moved to the manager.
        let (from, to) = (one.id.as_bytes().to_vec(), manager.id.as_bytes().to_vec());
        let moved = "UPDATE officer_credential SET officer = $2 WHERE officer = $1";
        let write = scene.platform.store.write(move |tx| tx.execute(moved, &[from.clone().into(), to.clone().into()]));
        assert_eq!(write.await.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}")), 1);
        assert_eq!(fault(&scene, &cookie).await, FaultKind::RolledBack);
        let options = lionrock_service::staff::sign_in::begin(&scene.platform, &scene.caller(), "browser").await.unwrap();
        let options = serde_json::to_value(&options).unwrap();
        let answer = one.key.get(&options, crate::staff::scene::ORIGIN, &scene.manner()).unwrap();
        let command = lionrock_service::staff::sign_in::SignIn {
            answer: crate::staff::scene::assertion(&answer),
            browser: "browser".to_owned(),
            earlier: None,
            agent: None,
        };
        let outcome = lionrock_service::staff::sign_in::finish(&scene.platform, &scene.caller(), command).await;
        assert!(matches!(outcome, Err(Error::Fault(fault)) if fault.kind == FaultKind::RolledBack));
    }
}

both_engines! {
    fn an_officer_who_ended_does_not_come_back_with_an_older_row(at place) {
        let scene = Scene::new(&place).await;
        let mut manager = scene.officer("M-1", Role::Manager, "head-office").await;
        let mut one = scene.officer("C-1", Role::Counter, "north-point").await;
        let cookie = scene.sign_in(&mut manager).await.unwrap();
        scene.end(&mut manager, &cookie, one.id).await.unwrap();
        let revive = "UPDATE officer SET state = 'active', ended_at = NULL, version = version - 1 WHERE id = $1";
        assert_eq!(scene.tamper(revive, one.id).await, 1);
        let keys = "UPDATE officer_credential SET removed_at = NULL WHERE officer = $1";
        assert_eq!(scene.tamper(keys, one.id).await, 1);
        let options = lionrock_service::staff::sign_in::begin(&scene.platform, &scene.caller(), "browser").await.unwrap();
        let answer = scene.sign(&mut one, &options);
        let command = lionrock_service::staff::sign_in::SignIn {
            answer,
            browser: "browser".to_owned(),
            earlier: None,
            agent: None,
        };
        let outcome = lionrock_service::staff::sign_in::finish(&scene.platform, &scene.caller(), command).await;
        assert!(matches!(outcome, Err(Error::Fault(fault)) if fault.kind == FaultKind::RolledBack));
        assert!(alarmed(&scene.platform, "officer-behind"));
        // The list shows the row as refused, and goes on for everybody else.
        let people = list::read(&scene.platform, &scene.caller(), &cookie).await.unwrap();
        assert!(people.officers.iter().any(|line| line.officer.id == one.id && !line.sound));
        assert!(people.officers.iter().any(|line| line.officer.id == manager.id && line.sound));
        rights::round(&scene.platform, &scene.caller()).await.unwrap();
    }
}

both_engines! {
    fn a_proposal_edited_after_it_was_signed_cannot_be_approved(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("M-1", Role::Manager, "head-office").await;
        let mut other = scene.officer("M-2", Role::Manager, "kwun-tong").await;
        let first = scene.sign_in(&mut one).await.unwrap();
        let second = scene.sign_in(&mut other).await.unwrap();
        let (proposed, _) = scene.propose(&mut one, &first, scene.new_counter("C-1")).await.unwrap();
        for edit in [
            "UPDATE officer_proposal SET role = 'privacy' WHERE officer = $1",
            "UPDATE officer_proposal SET role = 'counter', unit = 'kwun-tong' WHERE officer = $1",
            "UPDATE officer_proposal SET unit = 'north-point', rights_until = rights_until + 86400000 WHERE officer = $1",
        ] {
            assert_eq!(scene.tamper(edit, proposed.officer).await, 1);
            let refused = scene.decide(&mut other, &second, proposed.proposal, Decision::Approve).await.unwrap_err();
            assert_eq!(refused, DutyRefusal::ShownChanged, "{edit}");
        }
        assert!(alarmed(&scene.platform, "proposal-differs"));
        // Nor can its proposer be made somebody else, so that one approves one's own.
        let mend = "UPDATE officer_proposal SET rights_until = rights_until - 86400000 WHERE officer = $1";
        scene.tamper(mend, proposed.officer).await;
        let (id, to) = (proposed.officer.as_bytes().to_vec(), other.id.as_bytes().to_vec());
        let given = "UPDATE officer_proposal SET proposed_by = $2 WHERE officer = $1";
        let write = scene.platform.store.write(move |tx| tx.execute(given, &[id.clone().into(), to.clone().into()]));
        write.await.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
        assert!(scene.decide(&mut one, &first, proposed.proposal, Decision::Approve).await.is_err());
    }
}

both_engines! {
    fn a_session_written_into_the_database_or_moved_to_another_officer_is_none(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("C-1", Role::Counter, "north-point").await;
        let mut manager = scene.officer("M-1", Role::Manager, "head-office").await;
        let cookie = scene.sign_in(&mut one).await.unwrap();
        scene.sign_in(&mut manager).await.unwrap();
        let (from, to) = (one.id.as_bytes().to_vec(), manager.id.as_bytes().to_vec());
        let moved = "UPDATE officer_session SET officer = $2, credential = (SELECT id FROM officer_credential WHERE officer = $2) \
                     WHERE officer = $1";
        let write = scene.platform.store.write(move |tx| tx.execute(moved, &[from.clone().into(), to.clone().into()]));
        assert_eq!(write.await.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}")), 1);
        let outcome = require(&scene.platform, &scene.caller(), &cookie).await;
        assert!(matches!(outcome, Err(Error::Refuse(DutyRefusal::SignInFirst))), "{outcome:?}");
    }
}

both_engines! {
    fn nothing_a_database_or_configuration_holds_changes_what_a_role_may(at place) {
    use lionrock_model::policy::staff::{Action, permit};
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("A-1", Role::Auditor, "head-office").await;
        let cookie = scene.sign_in(&mut one).await.unwrap();
        let duty = require(&scene.platform, &scene.caller(), &cookie).await.unwrap();
        for action in Action::ALL.iter().filter(|action| action.opens()) {
            assert!(permit(&duty.question(&scene.caller(), *action)).is_err());
        }
        // The store has no place where a policy or a right could be written to.
        let tables: Vec<&str> = lionrock_store::MIGRATIONS.iter().map(|step| step.sql).collect();
        for word in ["policy", "permission", "privilege", "grant_of"] {
            assert!(!tables.iter().any(|sql| sql.contains(&format!("CREATE TABLE {word}"))), "{word}");
        }
        assert_eq!(lionrock_service::staff::policy::sound().map(|rules| rules > 15), Ok(true));
    }
}

both_engines! {
    fn after_a_restore_older_rows_carry_on_without_rights(at place) {
        let scene = Scene::new(&place).await;
        let mut manager = scene.officer("M-1", Role::Manager, "head-office").await;
        let one: Person = scene.officer("C-1", Role::Counter, "north-point").await;
        let cookie = scene.sign_in(&mut manager).await.unwrap();
        let before = officer_row(&scene, one.id).await;
        lionrock_service::rehearse::suspend(&scene.platform, &scene.caller(), one.id).await.unwrap();
        // The row of the backup comes back; the ledger knows more.
        let old = format!("UPDATE officer SET state = 'active', version = {} WHERE id = $1", before.version);
        let old: &'static str = Box::leak(old.into_boxed_str());
        scene.tamper(old, one.id).await;
        let (owned, caller) = (Arc::clone(&scene.platform), scene.caller());
        let behind = scene.platform.store.write(move |tx| lionrock_service::staff::house::carry_on(tx, &owned, &caller));
        assert_eq!(behind.await.unwrap_or_else(|fault: lionrock_service::Fault| panic!("{fault}")), 1);
        let mut again = one.clone();
        assert_eq!(scene.sign_in(&mut again).await, Err(DutyRefusal::RightsOver));
        assert!(require(&scene.platform, &scene.caller(), &cookie).await.is_ok(), "who did not change works on");
        let _ = stage::caller;
    }
}

async fn officer_row(scene: &Scene, id: lionrock_model::id::OfficerId) -> officer::Kept {
    let found = scene.platform.store.read(move |tx| officer::find(tx, id)).await;
    found.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}")).unwrap()
}
