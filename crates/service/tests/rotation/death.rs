//! A process that dies anywhere in a rotation, as in a power cut or by `kill -9`, loses nothing; the next start goes on.

use super::scene::{Server, epochs, fill, open_all, stored};
use lionrock_crypto::ring::{Domain, REALM, Root};
use lionrock_crypto::secret::Secret;
use lionrock_model::rotation::State;
use lionrock_service::boot;
use lionrock_service::rotation::{self, What};
use lionrock_store::key_ring;
use lionrock_testkit::both_engines;
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::{Place, run};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const ADDRESS: &str = "LIONROCK_TEST_CHILD_STORE";
const FOLDER: &str = "LIONROCK_TEST_CHILD_FOLDER";
const START: &str = "LIONROCK_TEST_CHILD_START";
const ROOT: &str = "LIONROCK_TEST_CHILD_ROOT";
/// The place all runs of this server run on.
const NODE: &str = "the-server";

/// Not a test: the server that the tests below end. It carries out what is asked for.
#[test]
#[ignore = "started by the tests of this file only"]
fn child() {
    let Ok(url) = std::env::var(ADDRESS) else { return };
    let folder = std::env::var(FOLDER).unwrap();
    let start = std::env::var(START).unwrap().parse().unwrap();
    run(async {
        let boot = (std::process::id() % 251) as u8;
        let clock = Clock::at(lionrock_model::time::Millis(start));
        let server = Server::start_at(&url, Path::new(&folder), boot, NODE, clock).await;
        if std::env::var(ROOT).is_ok() {
            let new = Root::new(Secret::new([4; 32]));
            rotation::replace_root(&server.platform, &server.by(), &new).await.unwrap();
        }
        server.turn().await;
        server.store().close().await;
    });
}

/// A child whose clock begins an hour after the last one's: what it waits for is over sooner.
fn start(place: &Place, hour: i64, extra: &[(&str, &str)]) -> Child {
    let begin = Clock::new().now().0 + hour * 3_600_000;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["rotation::death::child", "--exact", "--ignored", "--test-threads=1"]);
    command.env(ADDRESS, place.url()).env(FOLDER, place.folder()).env(START, begin.to_string());
    command.envs(extra.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Opens the store as the next start does, checks that everything opens, and closes it again.
async fn look(place: &Place, hour: i64) -> Option<rotation::Standing> {
    let clock = Clock::at(lionrock_model::time::Millis(Clock::new().now().0 + hour * 3_600_000));
    let server = Server::start_at(place.url(), place.folder(), 250, NODE, clock).await;
    open_all(&server.platform).await;
    let newest = rotation::standing(server.store(), 1).await.unwrap();
    server.store().close().await;
    newest.into_iter().next()
}

async fn prepare(place: &Place, what: &[What]) {
    let server = Server::start_at(place.url(), place.folder(), 1, NODE, Clock::new()).await;
    fill(&server).await;
    server.ask(what).await;
    server.store().close().await;
}

const STATES: [&str; 14] = [
    "rotation-prepared",
    "rotation-prepared-done",
    "rotation-in-use",
    "rotation-in-use-done",
    "rotation-moving",
    "rotation-moving-done",
    "rotation-page",
    "rotation-page-done",
    "rotation-counted",
    "rotation-counted-done",
    "rotation-destroyed",
    "rotation-destroyed-done",
    "rotation-done",
    "rotation-done-done",
];

async fn dies_everywhere(place: &Place, what: What, name: &'static str) {
    prepare(place, &[what]).await;
    let mut hour = 0;
    for point in STATES {
        hour += 1;
        let plan = format!("{point}=abort");
        let mut server = start(place, hour, &[("LIONROCK_FAIL_POINT", &plan)]);
        let ended = server.wait().unwrap();
        assert!(!ended.success(), "{what}: {point} was never reached");
        let stands = look(place, hour).await.expect("a rotation");
        assert!(stands.trouble.is_none(), "{stands:?}");
    }
    // The last one left nothing to do.
    let ended = start(place, hour + 1, &[]).wait().unwrap();
    assert!(ended.success());
    assert_eq!(look(place, hour + 2).await.unwrap().state, State::Done);
    let server = Server::start_at(place.url(), place.folder(), 2, NODE, Clock::new()).await;
    assert_eq!(stored(&server.platform, name).await, [2], "one new key, however often it died");
    let begun = super::scene::leaves(&server.platform, "rotation.begun").await;
    let finished = super::scene::leaves(&server.platform, "rotation.finished").await;
    assert_eq!((begun, finished), (1, 1), "each step happened once");
    if let What::Domain(domain) = what {
        assert_eq!(epochs(&server.platform, domain).await, [2]);
    }
}

both_engines! {
    fn a_purpose_key_turns_though_the_server_dies_at_every_step(at place) {
        dies_everywhere(&place, What::Domain(Domain::Session), "domain/session").await;
    }

    fn the_realm_key_turns_though_the_server_dies_at_every_step(at place) {
        dies_everywhere(&place, What::Realm, REALM).await;
    }

    fn residents_keys_turn_though_the_server_dies(at place) {
        prepare(&place, &[What::Residents]).await;
        let points = ["rotation-moving", "rotation-moving-done", "rotation-page", "rotation-page-done", "rotation-page=abort@2", "rotation-done", "rotation-done-done"];
        for (hour, point) in (1..).zip(points) {
            let plan = if point.contains('=') { point.to_owned() } else { format!("{point}=abort") };
            let ended = start(&place, hour, &[("LIONROCK_FAIL_POINT", &plan)]).wait().unwrap();
            assert!(!ended.success(), "{point} was never reached");
            look(&place, hour).await;
        }
        let stands = look(&place, 20).await.unwrap();
        assert_eq!((stands.state, stands.trouble), (State::Done, None));
        // Three by the rehearsal, four by registration, two who sign.
        assert_eq!(stands.records, 9);
    }

    fn the_root_is_one_or_the_other_though_the_process_dies(at place) {
        prepare(&place, &[]).await;
        let opens_with = async |byte: u8| {
            let store = lionrock_store::Store::open(place.url()).await.unwrap();
            let realm = lionrock_model::realm::Realm::parse("test-demo").unwrap();
            let root = Root::new(Secret::new([byte; 32]));
            let by = crate::stage::caller(&Clock::new());
            let outcome = boot::key_ring(&store, &root, &realm, &by).await;
            store.close().await;
            outcome.is_ok()
        };
        for (hour, (point, new)) in (1..).zip([("rotation-root=abort", false), ("rotation-root-done=abort", true)]) {
            let ended = start(&place, hour, &[("LIONROCK_FAIL_POINT", point), (ROOT, "1")]).wait().unwrap();
            assert!(!ended.success(), "{point} was never reached");
            assert_eq!((opens_with(3).await, opens_with(4).await), (!new, new), "{point}");
        }
    }

    // A quick machine is done within a quarter of a second, so the first blow falls early and each later one a little later.
    fn killed_at_any_moment_it_goes_on(at place) {
        prepare(&place, &What::all()).await;
        let mut hour = 0;
        let mut killed = 0;
        loop {
            hour += 1;
            let mut server = start(&place, hour, &[]);
            tokio::time::sleep(Duration::from_millis(15 + 30 * hour as u64)).await;
            if server.try_wait().unwrap().is_some_and(|ended| ended.success()) {
                break;
            }
            server.kill().unwrap();
            server.wait().unwrap();
            killed += 1;
            look(&place, hour).await;
            if hour == 25 {
                assert!(start(&place, 26, &[]).wait().unwrap().success());
                break;
            }
        }
        assert!(killed > 0, "it was never killed");
        let server = Server::start_at(place.url(), place.folder(), 2, NODE, Clock::new()).await;
        open_all(&server.platform).await;
        for domain in Domain::ALL {
            assert!(epochs(&server.platform, domain).await.iter().all(|epoch| *epoch == 2), "{}", domain.word());
        }
        assert_eq!(stored(&server.platform, REALM).await, [2]);
        assert_eq!(server.store().read(key_ring::held).await.unwrap(), []);
    }
}
