//! A program that dies while it backs up or restores leaves what was good, and nothing half-done is ever served.

use super::scene::{House, again, root, sign_in, with_custodian};
use lionrock_crypto::backup::Custodian;
use lionrock_crypto::hpke::KeyPair;
use lionrock_service::backup::{self, Order};
use lionrock_service::boot::{self, KeyRingError};
use lionrock_store::Store;
use lionrock_testkit::both_engines;
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::{Place, run};
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

const WORK: &str = "LIONROCK_TEST_CHILD_WORK";
const STORE: &str = "LIONROCK_TEST_CHILD_STORE";
const FOLDER: &str = "LIONROCK_TEST_CHILD_FOLDER";
const CUSTODIAN: &str = "LIONROCK_TEST_CHILD_CUSTODIAN";
const LEDGER: &str = "LIONROCK_TEST_CHILD_LEDGER";
const DATA: &str = "LIONROCK_TEST_CHILD_DATA";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    let bytes: Vec<u8> = (0..N).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

/// Not a test: the program that the tests below end.
#[test]
#[ignore = "started by the tests of this file only"]
fn child() {
    let Ok(work) = std::env::var(WORK) else { return };
    let said = |name: &str| std::env::var(name).unwrap();
    let (public, private) = (bytes::<32>(&said(CUSTODIAN)[..64]), bytes::<32>(&said(CUSTODIAN)[64..]));
    let pair = KeyPair::from_parts(public, &private);
    let (folder, clock) = (said(FOLDER), Clock::new());
    clock.advance(std::time::Duration::from_secs(3600));
    run(async {
        if work == "create" {
            let platform = with_custodian(crate::stage::platform_at(&said(STORE), Path::new(&said(DATA))).await, &pair);
            let by = crate::stage::caller(&clock);
            let custodian = Custodian::new(public);
            let made = backup::create(&platform, &by, custodian, Path::new(&folder), backup::unwatched()).await;
            if let Err(trouble) = made {
                println!("{trouble}");
                std::process::exit(3);
            }
        } else {
            let store = Store::open(&said(STORE)).await.unwrap();
            let root = root();
            let ledger = said(LEDGER);
            let order = Order {
                from: Path::new(&folder),
                name: None,
                custodians: vec![again(&pair)],
                ledger: Path::new(&ledger),
                root: &root,
                realm: super::scene::REALM.to_owned(),
                issuer: super::scene::ISSUER.to_owned(),
                store,
            };
            let data = said(DATA);
            let make = |store, keys| {
                crate::stage::over(store, keys, &super::scene::realm(), super::scene::ISSUER, Path::new(&data))
            };
            backup::restore(order, &crate::stage::caller(&clock), &backup::unwatched(), make).await.unwrap();
        }
    });
}

struct Child<'a> {
    house: &'a House,
    work: &'a str,
    store: &'a str,
    data: &'a Path,
}

impl Child<'_> {
    fn command(&self, program: &mut Command) {
        let key = hex(self.house.custodian.public()) + &hex(self.house.custodian.private().unwrap().expose());
        program.env(WORK, self.work).env(STORE, self.store).env(FOLDER, &self.house.folder).env(CUSTODIAN, key);
        program.env(LEDGER, self.house.ledger()).env(DATA, self.data);
        program.stdin(Stdio::null()).stderr(Stdio::null());
    }

    /// Runs it; whether it came to its end. Anything but that and the death it was told to die is a failure.
    fn start(&self, point: &str) -> bool {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["backup::death::child", "--exact", "--ignored", "--test-threads=1"]);
        command.env("LIONROCK_FAIL_POINT", point).stdout(Stdio::null());
        self.command(&mut command);
        let status = command.status().unwrap();
        assert!(status.success() || status.signal() == Some(6), "{point}: {status}");
        status.success()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

both_engines! {
    fn dying_while_making_one_leaves_a_good_backup(at place) {
        let mut house = House::open(&place).await;
        house.person(3).await;
        crate::ledger::append(&house.platform, &house.clock, 1200).await;
        house.publish().await;
        house.backup().await;
        house.publish().await;
        let url = place.url().to_owned();
        let elsewhere = Place::sqlite();
        house.let_go(&elsewhere).await;
        let data = place.folder().to_path_buf();
        let make = Child { house: &house, work: "create", store: &url, data: &data };
        for point in ["backup-writing@1", "backup-writing@4", "backup-written", "backup-data-placed", "backup-keys-placed", "backup-placed"] {
            let (name, count) = point.split_once('@').unwrap_or((point, "1"));
            assert!(!make.start(&format!("{name}=abort@{count}")), "{point} ends the child");
            // What lies there can be restored, whichever data file is the newest.
            let target = Place::sqlite();
            let restored = house.restore(target.open().await, target.folder()).await;
            assert_eq!(restored.unwrap_or_else(|trouble| panic!("{point}: {trouble}")).counts["resident"], 1, "{point}");
        }
        assert!(make.start("nothing=abort"), "without a fail point the child comes to its end");
        let left = names(&house.folder);
        assert!(left.iter().all(|name| name.ends_with(".data") || name == "keys.latest" || name == ".lock"), "{left:?}");
    }

    fn a_full_disk_leaves_nothing_half_written(at place) {
        let mut house = House::open(&place).await;
        house.person(3).await;
        crate::ledger::append(&house.platform, &house.clock, 12_000).await;
        house.publish().await;
        let url = place.url().to_owned();
        let elsewhere = Place::sqlite();
        house.let_go(&elsewhere).await;
        let data = place.folder().to_path_buf();
        let make = Child { house: &house, work: "create", store: &url, data: &data };
        // No file of this process grows beyond a megabyte: to the writer that is a disk that takes no more.
        let mut command = Command::new("bash");
        let program = std::env::current_exe().unwrap();
        let script = format!("trap '' XFSZ; ulimit -f 1024; exec {} backup::death::child --exact --ignored --test-threads=1 --nocapture", program.display());
        command.args(["-c", &script]).stdout(Stdio::piped());
        make.command(&mut command);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("nothing half-written was left"), "{said}");
        assert_eq!(names(&house.folder), [".lock"]);
    }

    fn half_a_restore_is_never_served_and_can_be_begun_again(at place) {
        let house = House::open(&Place::sqlite()).await;
        let (mut anna, mut ben) = (house.person(3).await, house.person(4).await);
        crate::ledger::append(&house.platform, &house.clock, 2500).await;
        house.publish().await;
        house.backup().await;
        house.close(&mut anna).await;
        house.publish().await;
        let data = place.folder().join("data");
        let realm = lionrock_model::realm::Realm::parse("test-demo").unwrap();
        for point in ["restore-importing@1", "restore-importing@3", "restore-imported", "restore-replaying", "restore-replayed"] {
            let (name, count) = point.split_once('@').unwrap_or((point, "1"));
            let fill = Child { house: &house, work: "restore", store: place.url(), data: &data };
            assert!(!fill.start(&format!("{name}=abort@{count}")), "{point} ends the child");
            let store = place.open().await;
            let opened = boot::key_ring(&store, &root(), &realm, &house.by()).await;
            assert!(matches!(opened, Err(KeyRingError::RestoreUnfinished)), "{point}: {opened:?}");
            store.close().await;
        }
        let restored = house.restore(place.open().await, &data).await.unwrap();
        assert!(sign_in(&restored.platform, &house.clock, &mut anna).await.is_err());
        assert!(sign_in(&restored.platform, &house.clock, &mut ben).await.is_ok());
        crate::ledger::round(&restored.platform, &house.clock).await.unwrap();
        assert!(crate::ledger::check(&restored.platform, None).is_good());
    }
}
