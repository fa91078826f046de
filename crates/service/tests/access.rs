//! What a person sees of what was done with their data: whole, proved, delayed by two officers alone, and mended when somebody
//! takes an entry out of the database before it has its place.

use crate::ledger::{check, round};
use crate::oidc::scene::{Person, Scene, person, scene};
use crate::stage::caller;
use crate::stand_in::Letters;
use lionrock_crypto::ml_dsa::MlDsaKey;
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};
use lionrock_ledger::access::{AccessHistory, Error as Wrong, Summary, Told};
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::cosign::{self, Cosigner, Secret};
use lionrock_ledger::note::Verifier;
use lionrock_ledger::witness::{Refusal, Request};
use lionrock_model::staff::{Identity, Role};
use lionrock_service::access::hold::{self, HoldClaims, NotLaid};
use lionrock_service::access::{file, lane, notice, view};
use lionrock_service::audit::{self, Event};
use lionrock_service::fault::FaultKind;
use lionrock_service::ledger::witnessed::{self, Rounds, Witness};
use lionrock_service::ledger::{self, sequence};
use lionrock_service::port::{Answering, Notice, Push, PushError};
use lionrock_service::statement::{Officer, Signed};
use lionrock_service::{Fault, Platform, outbox};
use lionrock_store::{Tx, Value};
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::Place;
use serde_json::json;
use std::sync::{Arc, Mutex};

const TICKET: &str = "0190a0a0-0000-7000-8000-000000000001";

async fn stage(place: &Place) -> (Scene, Arc<Letters>, Person) {
    let mut scene = scene(place).await;
    let letters = Arc::new(Letters::default());
    let platform = Arc::get_mut(&mut scene.platform).unwrap();
    platform.ports.mail = Arc::<Letters>::clone(&letters);
    platform.settings.officers = officers().1;
    let mut mei = person(&scene, "CANARY, Mei").await;
    scene.code(&mut mei, "game").await;
    (scene, letters, mei)
}

pub fn officers() -> (Vec<(String, SigningKey)>, Vec<Officer>) {
    let people = [("ada", Role::Privacy), ("ben", Role::Security), ("cai", Role::Privacy)];
    let made = people.map(|(id, role)| {
        let key = SigningKey::from_ed25519_seed(&[id.as_bytes()[0]; 32]).unwrap();
        let PublicKey::Ed25519(public) = key.public().unwrap() else { panic!("Ed25519") };
        ((id.to_owned(), key), Officer { id: id.to_owned(), identity: Identity::Staff(role), key: public })
    });
    made.into_iter().unzip()
}

/// A push service in memory.
#[derive(Default)]
struct Pushed {
    away: Mutex<bool>,
    taken: Mutex<Vec<Notice>>,
}

impl Push for Pushed {
    fn send<'a>(&'a self, notice: &'a Notice) -> Answering<'a, Result<(), PushError>> {
        Box::pin(async move {
            if *self.away.lock().unwrap() {
                return Err(PushError::Later);
            }
            self.taken.lock().unwrap().push(notice.clone());
            Ok(())
        })
    }
}

/// What an officer's reading on a ticket leaves.
async fn reads(scene: &Scene, who: &Person, ticket: &str) {
    let body = json!({
        "by": {"role": "privacy", "unit": "north-point"},
        "consent": null,
        "fields": ["birth", "english-name"],
        "purpose": "access-request",
        "second": {"role": "security", "unit": "central"},
        "ticket": ticket,
    });
    let event = Event::new("personal.opened", Some(who.id), body).with_apart(json!({"officer": "o-1"}));
    append(scene, event).await;
}

async fn append(scene: &Scene, event: Event) -> [u8; 16] {
    let (owned, by) = (Arc::clone(&scene.platform), caller(&scene.clock));
    scene.platform.store.write(move |tx| audit::append(tx, &owned, &by, &event)).await.unwrap()
}

/// The file under the newest checkpoint, read back from its JSON.
async fn history(scene: &Scene, who: &Person) -> AccessHistory {
    let found = witnessed::newest(&scene.platform).unwrap().unwrap();
    let made = file::make(&scene.platform, &caller(&scene.clock), who.id, found).await.unwrap().unwrap();
    AccessHistory::parse(made.to_json().to_string().as_bytes()).unwrap()
}

fn keys(platform: &Platform) -> Vec<Verifier> {
    ledger::verifiers(platform).unwrap()
}

fn good(scene: &Scene, file: &AccessHistory) -> Summary {
    file.check(&keys(&scene.platform), &scene.platform.ledger.witnesses()).unwrap()
}

fn refused(scene: &Scene, file: &AccessHistory) -> Wrong {
    file.check(&keys(&scene.platform), &[]).unwrap_err()
}

async fn sql(platform: &Platform, sql: &'static str, values: Vec<Value>) -> u64 {
    platform.store.write(move |tx: &mut Tx<'_>| tx.execute(sql, &values)).await.unwrap()
}

fn claims(scene: &Scene, who: &Person, by: &[&str], days: i64) -> HoldClaims {
    let moment = |days: i64| {
        let at = scene.clock.now().0 + days * 86_400_000;
        lionrock_model::time::Millis(at).timestamp().unwrap().to_string()
    };
    HoldClaims {
        approved_by: by.iter().map(|one| (*one).to_owned()).collect(),
        expires: moment(days),
        ground: "court-order".to_owned(),
        id: "hold-1".to_owned(),
        not_before: moment(0),
        realm: "test-demo".to_owned(),
        resident: who.id.to_string(),
        tickets: vec![TICKET.to_owned()],
    }
}

pub fn signed(claims: HoldClaims, by: &[&str]) -> Signed<HoldClaims> {
    let (keys, _) = officers();
    let mut statement = Signed::propose(claims);
    for (name, key) in keys.iter().filter(|(name, _)| by.contains(&name.as_str())) {
        statement.sign(name, key).unwrap();
    }
    statement
}

both_engines! {
    fn a_history_is_whole_and_proves_itself(at place) {
        let (scene, _, mei) = stage(&place).await;
        let other = person_of(&scene, "CANARY, Ong", "U765432").await;
        reads(&scene, &mei, TICKET).await;
        round(&scene.platform, &scene.clock).await.unwrap();
        let whole = history(&scene, &mei).await;
        let said = good(&scene, &whole);
        let view = view::view(&scene.platform, &caller(&scene.clock), mei.cookie.as_deref().unwrap(), None).await.unwrap();
        assert_eq!(said.entries.len() as i64, view.total, "the page and the file tell the same");
        assert!(said.entries.len() > 2 && said.withheld == 0);
        let last = said.entries.last().unwrap().event.as_ref().unwrap();
        assert_eq!(last.pointer("/body/by/unit").unwrap(), "north-point");
        assert!(!whole.to_json().to_string().contains("o-1"), "which officer it was is kept apart");
        let view::Who::Staff { role, unit, second } = &view.entries[0].told.as_ref().unwrap().who else { panic!("staff") };
        assert_eq!((role.as_str(), unit.as_str()), ("privacy", "north-point"));
        assert_eq!(second.as_ref().unwrap().1, "central");
        assert_eq!(view.mark, said.mark);
        // Another person's history is another one, and says nothing of this one.
        let others = history(&scene, &other).await;
        let others_said = good(&scene, &others);
        assert_ne!(others_said.mark, said.mark);
        assert!(!others.to_json().to_string().contains(&mei.id.to_string()));
        // The whole log agrees: every index entry follows from the entries before it.
        let report = check(&scene.platform, None);
        assert!(report.is_good(), "{:?}", report.findings);
        assert!(report.kinds["history.index"] > 0);
        // It stays right while the log grows past several stretches, with entries of many.
        for _ in 0..6 {
            let (owned, by, id) = (Arc::clone(&scene.platform), caller(&scene.clock), other.id);
            scene.platform.store.write(move |tx| {
                for n in 0..60 {
                    let about = (n % 3 > 0).then_some(id);
                    audit::append(tx, &owned, &by, &Event::new("test.happened", about, json!({"n": n})))?;
                }
                Ok::<_, Fault>(())
            }).await.unwrap();
            round(&scene.platform, &scene.clock).await.unwrap();
            assert_eq!(good(&scene, &history(&scene, &mei).await).entries.len(), said.entries.len());
        }
        assert_eq!(good(&scene, &history(&scene, &other).await).entries.len(), others_said.entries.len() + 240);
        assert!(check(&scene.platform, None).is_good());
    }

    fn whatever_is_left_out_edited_or_moved_is_found(at place) {
        let (scene, _, mei) = stage(&place).await;
        let other = person_of(&scene, "CANARY, Ong", "U765432").await;
        round(&scene.platform, &scene.clock).await.unwrap();
        let before = history(&scene, &mei).await;
        reads(&scene, &mei, TICKET).await;
        round(&scene.platform, &scene.clock).await.unwrap();
        let whole = history(&scene, &mei).await;
        let count = whole.entries.len() as u64;
        good(&scene, &whole);
        // The reading left out at the end, in the middle; with the numbers set right; two swapped; one twice.
        let mut cut = whole.clone();
        cut.entries.pop();
        assert_eq!(refused(&scene, &cut), Wrong::More(count));
        let mut middle = whole.clone();
        middle.entries.remove(1);
        assert_eq!(refused(&scene, &middle), Wrong::Order { expected: 2, found: 3 });
        middle.entries.iter_mut().zip(1..).for_each(|(line, number)| line.number = number);
        assert_eq!(refused(&scene, &middle), Wrong::Tag(2));
        let mut swapped = whole.clone();
        swapped.entries.swap(0, 1);
        assert!(matches!(refused(&scene, &swapped), Wrong::Order { .. }));
        let mut twice = whole.clone();
        twice.entries.push(whole.entries[0].clone());
        assert!(matches!(refused(&scene, &twice), Wrong::Order { .. }));
        let mut none = whole.clone();
        none.entries.clear();
        assert_eq!(refused(&scene, &none), Wrong::Empty);
        // The proof of before the reading, under the checkpoint of after, and the other way round.
        let stale = AccessHistory { index: before.index.clone(), entries: before.entries.clone(), ..whole.clone() };
        assert!(refused(&scene, &stale) != Wrong::Empty);
        let early = AccessHistory { entries: before.entries.clone(), ..whole.clone() };
        assert!(refused(&scene, &early) != Wrong::Empty);
        // What it says, edited; another's key; another person's name; a place elsewhere.
        let mut edited = whole.clone();
        let Told::Event(text, _) = &mut edited.entries.last_mut().unwrap().told else { panic!("told") };
        *text = text.replace("north-point", "south-point");
        assert_eq!(refused(&scene, &edited), Wrong::Event(count));
        let others = history(&scene, &other).await;
        let mixed = AccessHistory { history_key: others.history_key, ..whole.clone() };
        assert_eq!(refused(&scene, &mixed), Wrong::Tag(1));
        let renamed = AccessHistory { resident: other.id.to_string(), ..whole.clone() };
        assert_eq!(refused(&scene, &renamed), Wrong::Event(1));
        let mut moved = whole.clone();
        moved.entries[0].index += 1;
        assert!(matches!(refused(&scene, &moved), Wrong::Inclusion(1, _)));
        let mut neighbours = whole.clone();
        neighbours.index.runs[0].before = 0;
        neighbours.index.runs[0].below = None;
        if let Some((tag, _)) = &mut neighbours.index.runs[0].above {
            *tag = [0xff; 16];
        }
        assert_eq!(refused(&scene, &neighbours), Wrong::More(count + 1), "neighbours that are none");
        let mut fewer = whole.clone();
        fewer.index.runs.pop();
        assert_eq!(refused(&scene, &fewer), Wrong::Index);
        // A foreign log, a key that did not sign, a file cut off.
        let foreign = Verifier::new("lionrock.test-demo/localhost:8443", [9; 32]).unwrap();
        assert!(matches!(whole.check(&[foreign], &[]), Err(Wrong::Checkpoint(_))));
        let text = whole.to_json().to_string();
        for cut in [0, 1, text.len() / 2, text.len() - 1] {
            assert!(AccessHistory::parse(&text.as_bytes()[..cut]).is_err());
        }
    }

    fn an_entry_deleted_before_its_place_leaves_a_mark_for_ever(at place) {
        let (scene, _, mei) = stage(&place).await;
        let platform = &scene.platform;
        round(platform, &scene.clock).await.unwrap();
        let before = good(&scene, &history(&scene, &mei).await).entries.len();
        // In the middle of what waits: the sequencer itself sees the hole.
        reads(&scene, &mei, TICKET).await;
        append(&scene, Event::new("test.after", Some(mei.id), json!({}))).await;
        let gone = sql(platform, "DELETE FROM leaf WHERE kind = 'personal.opened' AND position IS NULL AND resident = $1", vec![mei.id.as_bytes().into()]).await;
        assert_eq!(gone, 1);
        round(platform, &scene.clock).await.unwrap();
        let said = good(&scene, &history(&scene, &mei).await);
        let kinds: Vec<_> = said.entries[before..].iter().map(|one| one.leaf.kind.as_str()).collect();
        assert_eq!(kinds, ["ledger.entry-lost", "test.after"], "its number is taken by an entry that says so");
        // The last one, and its count: found by whoever walks over the lanes.
        reads(&scene, &mei, TICKET).await;
        sql(platform, "DELETE FROM leaf WHERE kind = 'personal.opened' AND position IS NULL AND resident = $1", vec![mei.id.as_bytes().into()]).await;
        round(platform, &scene.clock).await.unwrap();
        walk(&scene).await;
        round(platform, &scene.clock).await.unwrap();
        let said = good(&scene, &history(&scene, &mei).await);
        assert_eq!(said.entries[before + 2].leaf.kind.as_str(), "ledger.entry-lost");
        // Together with the count set back: the code over it does not fit, and nothing is counted twice.
        append(&scene, Event::new("test.more", Some(mei.id), json!({}))).await;
        sql(platform, "DELETE FROM leaf WHERE kind = 'test.more'", vec![]).await;
        sql(platform, "UPDATE lane SET count = count - 1 WHERE id = $1", vec![mei.id.as_bytes().into()]).await;
        let (owned, by, id) = (Arc::clone(platform), caller(&scene.clock), mei.id);
        let next = platform.store.write(move |tx| audit::append(tx, &owned, &by, &Event::new("test.next", Some(id), json!({})))).await;
        assert_eq!(next.unwrap_err().kind, FaultKind::StoredData, "nothing is opened while the count is wrong");
        walk(&scene).await;
        append(&scene, Event::new("test.next", Some(mei.id), json!({}))).await;
        // Entries about nobody are counted, too.
        append(&scene, Event::new("test.nobody", None, json!({}))).await;
        sql(platform, "DELETE FROM leaf WHERE kind = 'test.nobody'", vec![]).await;
        round(platform, &scene.clock).await.unwrap();
        walk(&scene).await;
        round(platform, &scene.clock).await.unwrap();
        let report = check(platform, None);
        assert!(report.is_good(), "{:?}", report.findings);
        assert_eq!(report.kinds["ledger.entry-lost"], 3);
        good(&scene, &history(&scene, &mei).await);
    }

    fn an_entry_edited_before_its_place_stops_the_log(at place) {
        for edit in [
            "UPDATE leaf SET resident = NULL WHERE kind = 'test.waits'",
            "UPDATE leaf SET resident = $1 WHERE kind = 'test.waits'",
            "UPDATE leaf SET tag = NULL WHERE kind = 'test.waits'",
            "UPDATE leaf SET tag = $1 WHERE kind = 'test.waits'",
            "UPDATE leaf SET number = number + 1 WHERE kind = 'test.waits'",
            "UPDATE leaf SET lane = $1 WHERE kind = 'test.waits'",
            "UPDATE leaf SET kind = 'account.signed-in' WHERE kind = 'test.waits'",
            "UPDATE leaf SET coarse_time = coarse_time - 3600 WHERE kind = 'test.waits'",
            "UPDATE leaf SET sealed_body = NULL WHERE kind = 'test.waits'",
        ] {
            let (scene, _, mei) = stage(&place).await;
            round(&scene.platform, &scene.clock).await.unwrap();
            append(&scene, Event::new("test.waits", Some(mei.id), json!({}))).await;
            let whom = if edit.contains("$1") { vec![Value::from([7u8; 16])] } else { vec![] };
            assert_eq!(sql(&scene.platform, edit, whom).await, 1, "{edit}");
            let fault = sequence(&scene.platform, &caller(&scene.clock)).await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::StoredData, "{edit}: {fault}");
            assert!(fault.detail.contains("edited before it had its place"), "{fault}");
            sql(&scene.platform, "DELETE FROM leaf WHERE kind = 'test.waits' OR kind = 'account.signed-in'", vec![]).await;
            break_off(&scene).await;
        }
    }

    fn a_hold_of_two_sides_delays_what_is_told_and_nothing_else_does(at place) {
        let (scene, letters, mei) = stage(&place).await;
        let platform = &scene.platform;
        let by = caller(&scene.clock);
        let laid = |statement| hold::lay(platform, &by, statement);
        // Refused: one signature, two of one role, an edited text, too long, expired, for another realm.
        let one = signed(claims(&scene, &mei, &["ada", "ben"], 30), &["ada"]);
        assert!(matches!(laid(one).await, Err(NotLaid::Statement(_))));
        let same = signed(claims(&scene, &mei, &["ada", "cai"], 30), &["ada", "cai"]);
        assert!(matches!(laid(same).await, Err(NotLaid::OneSide)));
        let mut edited = signed(claims(&scene, &mei, &["ada", "ben"], 30), &["ada", "ben"]);
        edited.claims.tickets.push("another".to_owned());
        assert!(matches!(laid(edited).await, Err(NotLaid::Statement(_))));
        let long = signed(claims(&scene, &mei, &["ada", "ben"], 91), &["ada", "ben"]);
        assert!(matches!(laid(long).await, Err(NotLaid::Statement(_))));
        let mut elsewhere = claims(&scene, &mei, &["ada", "ben"], 30);
        elsewhere.realm = "test-other".to_owned();
        assert!(matches!(laid(signed(elsewhere, &["ada", "ben"])).await, Err(NotLaid::Statement(_))));

        reads(&scene, &mei, TICKET).await;
        reads(&scene, &mei, "another").await;
        let right = signed(claims(&scene, &mei, &["ada", "ben"], 30), &["ada", "ben"]);
        laid(right.clone()).await.unwrap();
        assert!(matches!(laid(right).await, Err(NotLaid::Again)));
        round(platform, &scene.clock).await.unwrap();
        publish(&scene).await;
        let held = history(&scene, &mei).await;
        let said = good(&scene, &held);
        assert_eq!(said.withheld, 2, "the reading on that ticket, and the hold itself");
        let text = held.to_json().to_string();
        assert!(text.matches("north-point").count() == 1 && !text.contains("court-order"));
        let own = mei.cookie.clone().unwrap();
        let seen = view::view(platform, &caller(&scene.clock), &own, None).await.unwrap();
        assert_eq!((seen.withheld, seen.entries.iter().filter(|one| one.withheld).count()), (2, 2));
        assert!(seen.entries.iter().filter(|one| one.withheld).all(|one| one.told.is_none()));
        // The letter about the other reading leaves, this one waits.
        assert_eq!(notice::round(platform, &caller(&scene.clock)).await.unwrap(), 1);
        outbox::deliver(platform, &caller(&scene.clock)).await.unwrap();
        let told: Vec<_> = letters.0.lock().unwrap().drain(..).map(|kept| kept.subject).collect();
        assert_eq!(told, ["Staff read your record"]);
        // A row edited by hand hides nothing: prolonged, moved to another person, its statement replaced.
        sql(platform, "UPDATE hold SET until = until + 1000000000", vec![]).await;
        assert_eq!(good(&scene, &history(&scene, &mei).await).withheld, 2, "what the column says does not count");
        sql(platform, "UPDATE hold SET sealed_statement = $1", vec![vec![1u8; 80].into()]).await;
        assert_eq!(good(&scene, &history(&scene, &mei).await).withheld, 0);
    }

    fn a_reading_is_told_by_mail_and_to_devices_where_there_is_a_push_service(at place) {
        let (mut scene, letters, mei) = stage(&place).await;
        let pushed = Arc::new(Pushed::default());
        Arc::get_mut(&mut scene.platform).unwrap().ports.push = Some(Arc::<Pushed>::clone(&pushed));
        let platform = &scene.platform;
        reads(&scene, &mei, TICKET).await;
        round(platform, &scene.clock).await.unwrap();
        publish(&scene).await;
        assert_eq!(notice::round(platform, &caller(&scene.clock)).await.unwrap(), 1);
        // A service that is away is asked again; nothing is lost and nothing doubled.
        *pushed.away.lock().unwrap() = true;
        outbox::deliver(platform, &caller(&scene.clock)).await.unwrap();
        assert!(pushed.taken.lock().unwrap().is_empty());
        *pushed.away.lock().unwrap() = false;
        scene.pass(60);
        outbox::deliver(platform, &caller(&scene.clock)).await.unwrap();
        outbox::deliver(platform, &caller(&scene.clock)).await.unwrap();
        let told: Vec<_> = pushed.taken.lock().unwrap().drain(..).collect();
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].account, told[0].news.as_str()), (mei.id, "record-read"));
        assert_eq!(letters.0.lock().unwrap().drain(..).map(|kept| kept.subject).collect::<Vec<_>>(), ["Staff read your record"]);
        assert_eq!(notice::round(platform, &caller(&scene.clock)).await.unwrap(), 0, "once");
    }

    fn a_hold_ends_by_itself_and_the_letter_follows(at place) {
        let (scene, letters, mei) = stage(&place).await;
        let platform = &scene.platform;
        reads(&scene, &mei, TICKET).await;
        hold::lay(platform, &caller(&scene.clock), signed(claims(&scene, &mei, &["ada", "ben"], 30), &["ada", "ben"])).await.unwrap();
        round(platform, &scene.clock).await.unwrap();
        publish(&scene).await;
        assert_eq!(notice::round(platform, &caller(&scene.clock)).await.unwrap(), 0);
        assert_eq!(good(&scene, &history(&scene, &mei).await).withheld, 2);
        scene.pass(30 * 86_400);
        let over = history(&scene, &mei).await;
        assert_eq!(good(&scene, &over).withheld, 0);
        assert!(over.to_json().to_string().contains("court-order"), "afterwards the person reads that there was a hold, and why");
        assert_eq!(notice::round(platform, &caller(&scene.clock)).await.unwrap(), 1);
        assert_eq!(notice::round(platform, &caller(&scene.clock)).await.unwrap(), 0, "once");
        outbox::deliver(platform, &caller(&scene.clock)).await.unwrap();
        assert_eq!(letters.0.lock().unwrap().len(), 1);
    }

    fn witnesses_cosign_what_continues_and_nothing_else(at place) {
        let (scene, _, mei) = stage(&place).await;
        let platform = &scene.platform;
        let witness = Arc::new(Stand::new("witness.example/one", &keys(platform)));
        platform.ledger.set_witnesses(witness.keys.clone());
        let asked: Vec<Arc<dyn Witness>> = vec![Arc::<Stand>::clone(&witness) as Arc<dyn Witness>];
        let mut rounds = Rounds::default();
        round(platform, &scene.clock).await.unwrap();
        assert_eq!(rounds.round(platform, &caller(&scene.clock), &asked).await.unwrap(), 1);
        let said = good(&scene, &history(&scene, &mei).await);
        let algorithms: Vec<_> = said.cosigned.iter().map(|one| one.algorithm).collect();
        assert_eq!(algorithms, ["Ed25519", "ML-DSA-44"]);
        assert_eq!(platform.ledger.witnessing().unwrap().size, said.checkpoint.size);
        let published = std::fs::read(ledger::folder(platform).join("checkpoint")).unwrap();
        assert_eq!(cosign::cosigned(&published, &witness.keys).unwrap().len(), 2);
        // It goes on with the log, and a new process that knows nothing is told where it stands.
        reads(&scene, &mei, TICKET).await;
        round(platform, &scene.clock).await.unwrap();
        assert_eq!(Rounds::default().round(platform, &caller(&scene.clock), &asked).await.unwrap(), 1);
        assert_eq!(rounds.round(platform, &caller(&scene.clock), &asked).await.unwrap(), 1);
        // A cosignature that was tampered with is worse than none.
        let whole = history(&scene, &mei).await;
        let broken = AccessHistory { checkpoint: tamper(&whole.checkpoint), ..whole };
        assert!(matches!(broken.check(&keys(platform), &witness.keys), Err(Wrong::Cosignature(_))));
        // Another history of the log: signed by the log's own key, refused by the witness.
        let (_, key) = platform.keys.signer(lionrock_crypto::ring::Signer::Checkpoint).unwrap();
        let last = witness.last.lock().unwrap().clone().unwrap();
        for (size, status) in [(last.size, 409), (last.size + 1, 422), (last.size - 1, 400)] {
            let fork = Checkpoint { size, root: lionrock_ledger::hash::Hash([7; 32]), ..last.clone() };
            let note = fork.sign(&keys(platform)[0], &key).unwrap();
            let request = Request { old: last.size, proof: Vec::new(), note };
            assert_eq!(witness.add_checkpoint(request.to_string()).await.unwrap().0, status, "{size}");
        }
        assert_eq!(witness.last.lock().unwrap().as_ref(), Some(&last));
    }

    fn nothing_is_opened_while_the_log_does_not_go_on(at place) {
        let (scene, _, mei) = stage(&place).await;
        let platform = Arc::clone(&scene.platform);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (shared, clock) = (Arc::clone(&platform), scene.clock.clone());
        let job = tokio::spawn(ledger::run(shared, move || caller(&clock), async { drop(stopped.await) }));
        let mut standing = platform.ledger.watch();
        standing.wait_for(|now| now.last_round.is_some()).await.unwrap();
        let own = mei.cookie.clone().unwrap();
        let seen = async || lionrock_service::account::overview::overview(&platform, &caller(&scene.clock), &own).await;
        seen().await.unwrap();
        // The folder of the log is gone: the next round fails, and shortly after nothing personal opens.
        let folder = ledger::folder(&platform);
        std::fs::rename(&folder, folder.with_extension("kept")).unwrap();
        std::fs::write(&folder, b"in the way").unwrap();
        append(&scene, Event::new("test.happened", None, json!({}))).await;
        platform.ledger.ring();
        standing.wait_for(|now| now.trouble.is_some()).await.unwrap();
        scene.pass(30);
        let fault = seen().await.unwrap_err();
        assert!(format!("{fault:?}").contains("the ledger does not go on"), "{fault:?}");
        std::fs::remove_file(&folder).unwrap();
        std::fs::rename(folder.with_extension("kept"), &folder).unwrap();
        standing.wait_for(|now| now.trouble.is_none()).await.unwrap();
        seen().await.unwrap();
        stop.send(()).unwrap();
        job.await.unwrap();
    }

    fn a_clock_set_back_changes_nothing_about_order_and_proof(at place) {
        let (scene, _, mei) = stage(&place).await;
        reads(&scene, &mei, TICKET).await;
        let back = lionrock_model::time::Millis(scene.clock.now().0 - 86_400_000);
        let (owned, by, id) = (Arc::clone(&scene.platform), lionrock_service::Caller { now: back, ..caller(&scene.clock) }, mei.id);
        let event = Event::new("test.earlier", Some(id), json!({}));
        scene.platform.store.write(move |tx| audit::append(tx, &owned, &by, &event)).await.unwrap();
        round(&scene.platform, &scene.clock).await.unwrap();
        let said = good(&scene, &history(&scene, &mei).await);
        let kinds: Vec<_> = said.entries.iter().rev().take(2).map(|one| one.leaf.kind.as_str()).collect();
        assert_eq!(kinds, ["test.earlier", "personal.opened"], "in the order in which they were written");
        assert!(check(&scene.platform, None).is_good());
    }
}

async fn person_of(scene: &Scene, name: &str, hkid: &str) -> Person {
    // The stage's people have one card; a second one needs another.
    crate::oidc::scene::person_with(scene, name, hkid).await
}

async fn walk(scene: &Scene) {
    let mut walk = lane::Walk::default();
    while walk.step(&scene.platform, &caller(&scene.clock)).await.unwrap() {}
}

/// Makes the stage fresh for the next edit.
async fn break_off(scene: &Scene) {
    sql(&scene.platform, "DELETE FROM leaf", vec![]).await;
    sql(&scene.platform, "DELETE FROM lane", vec![]).await;
    sql(&scene.platform, "DELETE FROM log_head", vec![]).await;
    for table in [
        "DELETE FROM session",
        "DELETE FROM sign_in",
        "DELETE FROM credential",
        "DELETE FROM oidc_grant",
        "DELETE FROM consent",
        "DELETE FROM oidc_pseudonym",
        "DELETE FROM resident",
    ] {
        sql(&scene.platform, table, vec![]).await;
    }
    std::fs::remove_dir_all(ledger::folder(&scene.platform)).unwrap();
}

/// Tells the platform how far its log is published, as its job does.
async fn publish(scene: &Scene) {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (shared, clock) = (Arc::clone(&scene.platform), scene.clock.clone());
    stop.send(()).unwrap();
    ledger::run(shared, move || caller(&clock), async { drop(stopped.await) }).await;
}

fn tamper(note: &str) -> String {
    let at = note.find("witness.example").unwrap() + 60;
    let (head, tail) = note.split_at(at);
    let other = if tail.starts_with('A') { 'B' } else { 'A' };
    format!("{head}{other}{}", &tail[1..])
}

/// A witness in this process: the judge of the ledger, two keys, a memory.
struct Stand {
    name: String,
    keys: Vec<Cosigner>,
    log: Vec<Verifier>,
    last: Mutex<Option<Checkpoint>>,
}

impl Stand {
    fn new(name: &str, log: &[Verifier]) -> Self {
        let PublicKey::Ed25519(public) = Self::ed().public().unwrap() else { panic!("Ed25519") };
        let keys =
            vec![Cosigner::ed25519(name, public).unwrap(), Cosigner::ml_dsa_44(name, Self::ml().public()).unwrap()];
        Self { name: name.to_owned(), keys, log: log.to_vec(), last: Mutex::new(None) }
    }

    fn ed() -> SigningKey {
        SigningKey::from_ed25519_seed(&[33; 32]).unwrap()
    }

    fn ml() -> MlDsaKey {
        MlDsaKey::from_seed(&[34; 32]).unwrap()
    }

    fn answer(&self, body: &str) -> (u16, String) {
        let mut last = self.last.lock().unwrap();
        let request = Request::parse(body.as_bytes()).unwrap();
        match request.judge(&self.log, last.as_ref()) {
            Ok(new) => {
                let text = new.to_string();
                let lines = [
                    cosign::sign(&text, &self.keys[0], &Secret::Ed25519(&Self::ed()), 1_795_430_000).unwrap(),
                    cosign::sign(&text, &self.keys[1], &Secret::MlDsa44(&Self::ml()), 1_795_430_000).unwrap(),
                ];
                *last = Some(new);
                (200, lines.concat())
            }
            Err(Refusal::Conflict(size)) => (409, format!("{size}\n")),
            Err(refusal) => (refusal.status(), refusal.to_string()),
        }
    }
}

impl Witness for Stand {
    fn keys(&self) -> &[Cosigner] {
        assert!(self.name.starts_with("witness"));
        &self.keys
    }

    fn add_checkpoint(&self, body: String) -> Answering<'_, Result<(u16, String), String>> {
        let answer = self.answer(&body);
        Box::pin(async move { Ok(answer) })
    }
}

/// The published algorithms are the ones the keys have.
#[test]
fn keys_read_back_as_written() {
    let stand = Stand::new("witness.example/one", &[]);
    for key in &stand.keys {
        assert_eq!(&Cosigner::parse(&key.to_string()).unwrap(), key);
    }
    assert_ne!(stand.keys[0].id(), stand.keys[1].id());
    let _ = Algorithm::EdDsa;
}
