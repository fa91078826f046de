//! What the person may read of staff, and what auditors check of them.

use crate::scene::{Officer2, Scene, scene};
use lionrock_model::id::{ResidentId, TicketId};
use lionrock_model::staff::Role;
use lionrock_service::access::acts::{Acts, Judged};
use lionrock_service::access::{file, openings};
use lionrock_service::ledger::{self, witnessed};
use lionrock_service::ticket::Person;
use lionrock_testkit::both_engines;
use serde_json::{Value, json};
use std::time::Duration;

/// One ticket from its beginning to its end; who asked, and who approved.
async fn worked(scene: &Scene) -> (ResidentId, ResidentId, Officer2, Officer2) {
    let mei = scene.resident(123_456, "CANARY, Mei").await;
    let kit = scene.resident(123_457, "OTHER, Kit").await;
    // The log orders what happened in one moment at random; here each step has its own.
    let mut one = scene.officer(900_001, "CHAN, Tai Man", Role::Privacy, "north").await;
    scene.pass(1);
    let mut two = scene.officer(900_002, "WONG, Siu Ming", Role::Privacy, "south").await;
    scene.pass(1);
    let mut near = scene.officer(900_003, "HO, Wing", Role::Privacy, "north").await;
    let id = asked(scene, &mut one, &mut two, mei).await;
    // A refusal is told, too: whoever tried stays unnamed.
    assert!(scene.approve(&mut near, id).await.is_err());
    scene.open(&one, id).await.unwrap();
    scene.close(&one, id).await.unwrap();
    scene.pass(1);
    asked(scene, &mut one, &mut two, kit).await;
    (mei, kit, one, two)
}

async fn asked(scene: &Scene, one: &mut Officer2, two: &mut Officer2, about: ResidentId) -> TicketId {
    let id = scene.asked(one, scene.wish(Person::Reference(about))).await.unwrap();
    scene.pass(1);
    scene.approve(two, id).await.unwrap();
    scene.pass(1);
    id
}

/// The lines of the auditors' file, without its head, once everything has its place.
async fn opened(scene: &Scene) -> Vec<Value> {
    settled(scene).await;
    let lines = std::sync::Mutex::new(Vec::new());
    let keep = |line: &Value| {
        lines.lock().unwrap().push(line.clone());
        Ok(())
    };
    openings::openings(&scene.platform, &scene.by(), keep).await.unwrap();
    lines.into_inner().unwrap().split_off(1)
}

async fn settled(scene: &Scene) {
    for _ in 0..200 {
        scene.platform.ledger.ring();
        if scene.count("SELECT COUNT(*) FROM leaf WHERE position IS NULL", vec![]).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the ledger stands still");
}

fn judged(lines: &[Value]) -> Judged {
    let mut acts = Acts::default();
    for line in lines {
        let event: Value = serde_json::from_str(line["event"].as_str().unwrap()).unwrap();
        let apart = line["apart"].as_str().map(|apart| serde_json::from_str::<Value>(apart).unwrap());
        acts.take(line["index"].as_u64().unwrap(), &event, apart.as_ref());
    }
    acts.judge()
}

fn kind(line: &Value) -> String {
    let event: Value = serde_json::from_str(line["event"].as_str().unwrap()).unwrap();
    event["kind"].as_str().unwrap().to_owned()
}

/// The lines with one part of one of a kind changed: `event`, or what is kept `apart`.
fn changed(lines: &[Value], of: &str, which: usize, part: &str, change: impl Fn(&mut Value)) -> Vec<Value> {
    let mut lines = lines.to_vec();
    let line = lines.iter_mut().filter(|line| kind(line) == of).nth(which).unwrap();
    let mut inner: Value = serde_json::from_str(line[part].as_str().unwrap()).unwrap();
    change(&mut inner);
    line[part] = json!(inner.to_string());
    lines
}

fn codes(lines: &[Value]) -> Vec<&'static str> {
    let mut codes: Vec<_> = judged(lines).wrong.iter().map(|wrong| wrong.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

both_engines! {
    fn a_person_sees_unit_role_purpose_and_fields_and_no_more_of_officers(at place) {
        let scene = scene(&place).await;
        let (mei, kit, one, two) = worked(&scene).await;
        settled(&scene).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let found = witnessed::newest(&scene.platform).unwrap().unwrap();
        let made = file::make(&scene.platform, &scene.by(), mei, found).await.unwrap().unwrap();
        made.check(&ledger::verifiers(&scene.platform).unwrap(), &[]).unwrap();
        let text = made.to_json().to_string();
        assert!(text.contains(&mei.to_string()) && text.contains("north") && text.contains("access-request"));
        for hidden in [one.id.to_string(), two.id.to_string(), kit.to_string(), "AR-2026".to_owned(), "900001".to_owned()] {
            assert!(!text.contains(&hidden), "the history tells {hidden}");
        }
        for kind in ["personal.opened", "ticket.asked", "ticket.granted", "ticket.closed", "ticket.refused"] {
            for event in scene.told(mei, kind).await.iter().filter(|event| event["body"]["ticket"].is_string()) {
                for (name, value) in event["body"].as_object().unwrap() {
                    assert!(["by", "consent", "fields", "purpose", "second", "ticket"].contains(&name.as_str()), "{kind}: {name}");
                    if let Some(side) = value.as_object() {
                        let names: Vec<_> = side.keys().map(String::as_str).collect();
                        assert_eq!(names, ["role", "unit"], "{kind}: {name}");
                    }
                }
                assert!(event["apart"].is_string(), "{kind}: nothing binds what auditors are shown");
            }
        }
        // Auditors are shown which officers they were, and the case.
        let lines = opened(&scene).await;
        let reading = lines.iter().find(|line| kind(line) == "personal.opened" && line["apart"].is_string()).unwrap();
        let apart: Value = serde_json::from_str(reading["apart"].as_str().unwrap()).unwrap();
        assert_eq!(apart["apart"]["officers"], json!({"by": one.id.to_string(), "second": two.id.to_string()}));
        assert_eq!(apart["apart"]["office"]["staff_case"], "AR-2026/1");
        // And the report of privileges still counts the reading for its officer.
        let report = lionrock_service::staff::report::make(&scene.platform, lionrock_model::time::Millis(0), scene.by().now).await.unwrap();
        assert_eq!(report.officers[&one.id.to_string()].openings.values().sum::<u64>(), 1);
    }

    fn auditors_check_every_signature_themselves(at place) {
        let scene = scene(&place).await;
        let (_, _, one, two) = worked(&scene).await;
        let lines = opened(&scene).await;
        let text: String = lines.iter().map(Value::to_string).collect();
        for personal in ["CANARY", "CHAN", "WONG", "U123456", "mei@example.hk"] {
            assert!(!text.contains(personal), "the auditors' file tells {personal}");
        }
        let good = judged(&lines);
        assert_eq!((good.wrong.clone(), good.signatures, good.approved), (vec![], 4, 5), "two tickets, one reading");
        // Nothing of the platform is asked: every change is seen from the file.
        let act = "staff.act-signed";
        let forged = changed(&lines, act, 1, "apart", |apart| {
            let signature = apart["apart"]["signature"].as_str().unwrap();
            let last = if signature.ends_with('A') { "B" } else { "A" };
            let cut = &signature[..signature.len() - 6];
            apart["apart"]["signature"] = json!(format!("{cut}{last}AAAAA"));
        });
        assert_eq!(codes(&forged), ["act-forged", "act-missing", "opening-unapproved"]);
        let swapped = {
            let other = lines.iter().filter(|line| kind(line) == act).nth(3).unwrap()["apart"].clone();
            let mut lines = lines.clone();
            lines.iter_mut().filter(|line| kind(line) == act).nth(1).unwrap()["apart"] = other;
            lines
        };
        assert!(codes(&swapped).contains(&"act-forged"), "{:?}", codes(&swapped));
        let missing: Vec<_> = {
            let at = lines.iter().position(|line| kind(line) == act).unwrap();
            lines.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, line)| line.clone()).collect()
        };
        assert!(codes(&missing).contains(&"act-missing"));
        let stripped = changed(&lines, act, 0, "apart", |apart| apart["apart"]["signature"] = Value::Null);
        assert!(codes(&stripped).contains(&"act-missing"));
        let reworded = changed(&lines, act, 0, "apart", |apart| {
            let text = apart["apart"]["text"].as_str().unwrap().replace("minutes: 10", "minutes: 99");
            apart["apart"]["text"] = json!(text);
        });
        assert!(codes(&reworded).contains(&"act-text"));
        // Another's key: the enrolment says whose it is.
        let other = changed(&lines, act, 1, "event", |event| event["body"]["officer"] = json!(one.id.to_string()));
        assert!(codes(&other).contains(&"act-key"), "{:?}", codes(&other));
        let alone = changed(&lines, "staff.rehearsed", 1, "event", |event| event["body"]["unit"] = json!("north"));
        let alone = changed(&alone, act, 1, "event", |event| event["body"]["unit"] = json!("north"));
        assert!(codes(&alone).contains(&"act-one-side"), "{:?}", codes(&alone));
        let help = changed(&lines, "staff.rehearsed", 1, "event", |event| event["body"]["role"] = json!("counter"));
        let help = changed(&help, act, 1, "event", |event| event["body"]["role"] = json!("counter"));
        assert!(codes(&help).contains(&"act-rights"), "{:?}", codes(&help));
        let ended = changed(&lines, "staff.rehearsed", 1, "event", |event| event["body"]["state"] = json!("suspended"));
        assert!(codes(&ended).contains(&"act-rights"));
        // A signature of one ticket under another.
        let ids: Vec<Value> = lines.iter().filter(|line| kind(line) == "ticket.granted").map(|line| {
            serde_json::from_str::<Value>(line["apart"].as_str().unwrap()).unwrap()["apart"]["office"]["act"].clone()
        }).collect();
        let replayed = changed(&lines, "ticket.granted", 1, "apart", |apart| apart["apart"]["office"]["act"] = ids[0].clone());
        assert!(codes(&replayed).contains(&"act-replayed"), "{:?}", codes(&replayed));
        // More opened than was signed for, and by somebody else.
        let reading = lines.iter().filter(|line| kind(line) == "personal.opened" && line["apart"].is_string()).count();
        assert_eq!(reading, 1);
        let at = lines.iter().filter(|line| kind(line) == "personal.opened").position(|line| line["apart"].is_string()).unwrap();
        let wide = changed(&lines, "personal.opened", at, "event", |event| event["body"]["fields"] = json!(["hkid"]));
        assert_eq!(codes(&wide), ["opening-unapproved"]);
        let late = changed(&lines, "personal.opened", at, "event", |event| {
            event["at"] = json!(event["at"].as_i64().unwrap() + 3_600_000);
        });
        assert_eq!(codes(&late), ["opening-unapproved"]);
        let by = changed(&lines, "personal.opened", at, "apart", |apart| apart["apart"]["officers"]["by"] = json!(two.id.to_string()));
        assert_eq!(codes(&by), ["opening-unapproved"]);
    }
}
