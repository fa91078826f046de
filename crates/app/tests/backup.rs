//! `lionrock backup` as operators run it: key, create, drill, restore, and what each says when something is wrong.

use crate::run::{Ran, lionrock};
use lionrock_app::config::Config;
use lionrock_app::{clock, root_key, start};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_rehearsal::people;
use lionrock_service::caller::System;
use lionrock_service::ledger::{self, Publisher};
use lionrock_service::rehearse::{self, Enrol};
use lionrock_service::{Platform, boot};
use lionrock_store::Store;
use lionrock_testkit::both_engines;
use lionrock_wire::webauthn::json::RegistrationResponse;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ISSUER: &str = "https://localhost:8443";

/// A deployment without a server: configuration, keys, a store with some residents, a published ledger.
struct House {
    folder: PathBuf,
}

impl House {
    async fn make(folder: &Path, store: &str) -> Self {
        root_key::init(&folder.join("root.key"), &System).unwrap();
        let house = Self { folder: folder.to_path_buf() };
        let key = house.run(&["backup", "key", "--out", &house.text("custodian.key")]);
        assert_eq!(key.code, 0, "{key:?}");
        house.configure("lionrock.toml", "data", &format!("store = {store:?}"), &key.out);
        house.configure("restored.toml", "restored", "", &key.out);
        let config = Config::read(&house.folder.join("lionrock.toml")).unwrap();
        fs::create_dir_all(&config.data).unwrap();
        let platform = house.platform(&config).await;
        for number in 3..6 {
            enrol(&platform, number).await;
        }
        publish(&platform).await;
        platform.store.close().await;
        house
    }

    fn configure(&self, file: &str, data: &str, store: &str, backup: &str) {
        let text = format!(
            "realm = \"test-demo\"\nissuer = \"{ISSUER}\"\ndata = \"{data}\"\n{store}\nkeys = {{ root_file = \"root.key\" }}\n\
             tls = {{ chain = \"c\", key = \"k\" }}\nregistry = {{ url = \"http://127.0.0.1:1/\" }}\nmail = {{ kind = \"mailbox\" }}\n{backup}"
        );
        fs::write(self.folder.join(file), text).unwrap();
    }

    async fn platform(&self, config: &Config) -> Arc<Platform> {
        let store = Store::open(&config.store()).await.unwrap();
        let (realm, root) = (config.realm().unwrap(), start::root(config).unwrap());
        let keys = boot::key_ring(&store, &root, &realm, &clock::platform_caller()).await.unwrap();
        let settings = start::settings(config, Vec::new(), Default::default()).unwrap();
        Arc::new(start::platform_of(store, keys, settings, start::idle::ports()))
    }

    fn text(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    #[allow(clippy::unused_self)]
    fn run(&self, arguments: &[&str]) -> Ran {
        lionrock(arguments, b"")
    }

    fn create(&self, out: &str) -> Ran {
        self.run(&["backup", "create", "--config", &self.text("lionrock.toml"), "--out", &self.text(out), "--json"])
    }

    fn with_source(&self, verb: &str, config: &str, from: &str, custodian: &str) -> Ran {
        let (config, from, custodian) = (self.text(config), self.text(from), self.text(custodian));
        let ledger = self.text("data");
        self.run(&[
            "backup",
            verb,
            "--config",
            &config,
            "--from",
            &from,
            "--custodian",
            &custodian,
            "--ledger",
            &ledger,
            "--json",
        ])
    }

    fn verifies(&self, receipt: &str) -> Ran {
        self.run(&["verify", "receipt", receipt, "--key", &self.text("data/ledger/vkey"), "--json"])
    }
}

async fn enrol(platform: &Arc<Platform>, number: usize) {
    let person = people::residents(1, number + 1).unwrap().remove(number);
    let caller = clock::platform_caller();
    let options = serde_json::to_value(rehearse::begin(platform, &caller).await.unwrap()).unwrap();
    let mut phone = Authenticator::default();
    let made = phone.create(&options, ISSUER, &Manner::default(), &System).unwrap();
    let passkey = RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap();
    let enrol = Enrol { facts: person.facts, email: person.email, passkey };
    rehearse::enrol(platform, &caller, enrol).await.unwrap();
}

async fn publish(platform: &Arc<Platform>) {
    ledger::sequence(platform, &clock::platform_caller()).await.unwrap();
    Publisher::new(platform).unwrap().publish(platform).await.unwrap();
}

fn says(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, code, "{ran:?}");
    for word in words {
        assert!(ran.err.contains(word) || ran.out.contains(word), "{ran:?} should say {word:?}");
    }
}

both_engines! {
    fn key_create_drill_and_restore(at place) {
        let folder = tempfile::tempdir().unwrap();
        let url = if place.is_sqlite() { format!("sqlite:{}", folder.path().join("data/lionrock.db").display()) } else { place.url().to_owned() };
        let house = House::make(folder.path(), &url).await;
        let mode = fs::metadata(folder.path().join("custodian.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        says(&house.run(&["backup", "key", "--out", &house.text("custodian.key")]), 1, &["exist"]);

        let made = house.create("backups");
        says(&made, 0, &[]);
        assert_eq!(made.json()["rows"]["resident"], 3);
        let receipt = house.verifies(made.json()["receipt"].as_str().unwrap());
        says(&receipt, 0, &[]);
        assert_eq!((receipt.json()["type"].as_str(), receipt.json()["statement"]["what"].as_str()), (Some("backup.created"), Some("backup")));

        // A drill that goes well.
        let drill = house.with_source("drill", "lionrock.toml", "backups", "custodian.key");
        says(&drill, 0, &[]);
        let found = drill.json();
        assert_eq!((found["residents_tried"].as_u64(), found["seals_shut"].as_u64()), (Some(3), Some(0)), "{found}");
        assert!(found["seals_opened"].as_u64().unwrap() >= 9 && found["bytes"].as_u64().unwrap() > 0, "{found}");
        let signed = house.verifies(&house.text("data/backup-drill.json"));
        says(&signed, 0, &[]);
        assert_eq!(signed.json()["statement"]["found"]["ok"], true);
        let left: Vec<_> = fs::read_dir(folder.path().join("data")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".drill")), "{left:?}");

        // One changed byte, and it fails, with a signed result that says so.
        let data = PathBuf::from(made.json()["data"].as_str().unwrap());
        fs::create_dir(folder.path().join("spoilt")).unwrap();
        fs::copy(folder.path().join("backups/keys.latest"), folder.path().join("spoilt/keys.latest")).unwrap();
        let mut bytes = fs::read(&data).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(folder.path().join("spoilt").join(data.file_name().unwrap()), bytes).unwrap();
        let drill = house.with_source("drill", "lionrock.toml", "spoilt", "custodian.key");
        says(&drill, 1, &["damaged"]);
        let signed = house.verifies(&house.text("data/backup-drill.json"));
        assert_eq!((signed.code, &signed.json()["statement"]["found"]["ok"]), (0, &serde_json::Value::Bool(false)));

        // Restores that cannot be.
        says(&house.with_source("restore", "restored.toml", "spoilt", "custodian.key"), 1, &["damaged"]);
        house.run(&["backup", "key", "--out", &house.text("stranger.key")]);
        says(&house.with_source("restore", "restored.toml", "backups", "stranger.key"), 1, &["custodian", "another's"]);
        says(&house.with_source("restore", "restored.toml", "backups", "root.key"), 1, &["not a custodian's key file"]);
        fs::copy(folder.path().join("custodian.key"), folder.path().join("open.key")).unwrap();
        fs::set_permissions(folder.path().join("open.key"), fs::Permissions::from_mode(0o644)).unwrap();
        says(&house.with_source("restore", "restored.toml", "backups", "open.key"), 1, &["chmod 600"]);
        says(&house.with_source("restore", "lionrock.toml", "backups", "custodian.key"), 1, &["not empty"]);

        // And one that can: its receipt leads to the log that goes on.
        let restored = house.with_source("restore", "restored.toml", "backups", "custodian.key");
        says(&restored, 0, &[]);
        assert_eq!(restored.json()["rows"]["resident"], 3);
        says(&house.verifies(&house.text("restored/restore-receipt.json")), 0, &["restore"]);
        let checked = house.run(&["verify", "log", &house.text("restored"), "--against", &house.text("data/ledger/checkpoint")]);
        says(&checked, 0, &["continues"]);

        // A store that is behind what was published is not served.
        fs::create_dir_all(folder.path().join("restored/ledger")).unwrap();
        let config = Config::read(&folder.path().join("lionrock.toml")).unwrap();
        let platform = house.platform(&config).await;
        enrol(&platform, 7).await;
        enrol(&platform, 8).await;
        publish(&platform).await;
        platform.store.close().await;
        fs::copy(folder.path().join("data/ledger/checkpoint"), folder.path().join("restored/ledger/checkpoint")).unwrap();
        says(&house.run(&["serve", "--config", &house.text("restored.toml")]), 1, &["lionrock backup restore"]);
    }
}

#[test]
fn without_a_custodian_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let house = House { folder: folder.path().to_path_buf() };
    root_key::init(&folder.path().join("root.key"), &System).unwrap();
    house.configure("lionrock.toml", "data", "", "");
    says(&house.create("backups"), 1, &["lionrock backup key", "backup.custodian"]);
    house.configure(
        "lionrock.toml",
        "data",
        "",
        "[backup]\ncustodian = \"lionrock-custodian+0011223344556677+AAAA\"\n",
    );
    says(&house.create("backups"), 1, &["mistyped"]);
    assert!(!folder.path().join("backups").exists());
}
