//! The start gate from outside: the program as it is built for these tests cannot pass production's gate, and says exactly why; what is not
//! the build's or the machine's fault passes. Stores of other realms, refusals in the ledger, deviations that end a running server.

use crate::run::{Ran, lionrock};
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};
use lionrock_service::statement::{DeviationClaims, Signed};
use lionrock_store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder with a whole configuration; officers' keys and site certificate made by the program's own commands.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        for (id, role) in [("privacy-1", "privacy"), ("security-1", "security")] {
            let out = place.path(&format!("{id}.key"));
            let ran = lionrock(&["officer", "key", "--id", id, "--role", role, "--out", text(&out)], b"");
            assert_eq!(ran.code, 0, "{ran:?}");
            fs::write(place.path(&format!("{id}.toml")), &ran.out).unwrap();
        }
        let done = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"])
            .args(["-subj", "/O=Digital Identity/CN=id.gov.hk", "-keyout", "tls.key", "-out", "tls.pem"])
            .current_dir(place.folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        fs::write(place.path("pin"), "904173\n").unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    fn officers(&self) -> String {
        ["privacy-1", "security-1"].map(|id| fs::read_to_string(self.path(&format!("{id}.toml"))).unwrap()).concat()
    }

    /// A production configuration with everything in order.
    fn production(&self) -> PathBuf {
        let site = self.path("site.json");
        let folder = format!("folder:{}", self.path("data").display());
        let mut propose = vec!["site", "propose", "--id", "site-1", "--site", "hk-1", "--covers", "store"];
        propose.extend(["--endpoint", &folder, "--no-snapshots", "--realm", "production", "--days", "300"]);
        propose.extend(["--by", "privacy-1", "--by", "security-1", "--out", text(&site)]);
        let ran = lionrock(&propose, b"");
        assert_eq!(ran.code, 0, "{ran:?}");
        self.sign("site", &site);
        fs::create_dir_all(self.path("data")).unwrap();
        self.config(
            "production.toml",
            &format!(
                "realm = \"production\"\nissuer = \"https://id.gov.hk\"\nname = \"Digital identity\"\nlisten = \"127.0.0.1:0\"\n\
                 data = \"data\"\n[keys.pkcs11]\nmodule = \"/usr/lib/module.so\"\ntoken = \"lionrock\"\npin_file = \"pin\"\n\
                 [tls]\nchain = \"tls.pem\"\nkey = \"tls.key\"\n[registry]\nurl = \"https://registry.gov.hk/confirm\"\n\
                 [mail]\nkind = \"smtp\"\nhost = \"mail.gov.hk\"\nfrom = \"no-reply@gov.hk\"\n[officers]\n\
                 alerts = [\"one@gov.hk\", \"two@gov.hk\"]\n[site]\nallowed = [\"hk-1\"]\ncertificates = [\"site.json\"]\n{}",
                self.officers()
            ),
        )
    }

    /// A test realm over the store under `kit`, whoever made it.
    fn test(&self, realm: &str, more: &str) -> PathBuf {
        self.config(
            "test.toml",
            &format!(
                "realm = \"{realm}\"\nissuer = \"https://localhost:8443\"\ndata = \"kit\"\nlisten = \"127.0.0.1:0\"\n\
                 models = {:?}\n{more}\nkeys = {{ root_file = \"kit/root.key\" }}\ntls = {{ chain = \"tls.pem\", key = \"tls.key\" }}\n\
                 registry = {{ url = \"http://127.0.0.1:9/confirm\" }}\nmail = {{ kind = \"mailbox\" }}\n{}",
                Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models"),
                self.officers()
            ),
        )
    }

    fn config(&self, name: &str, content: &str) -> PathBuf {
        fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    fn sign(&self, kind: &str, file: &Path) {
        for id in ["privacy-1", "security-1"] {
            let key = self.path(&format!("{id}.key"));
            let ran = lionrock(&[kind, "sign", text(file), "--officer", id, "--key", text(&key)], b"");
            assert_eq!(ran.code, 0, "{ran:?}");
        }
    }

    /// A store of realm `test-replay` with a few synthetic residents.
    fn kit(&self) {
        let kit = self.path("kit");
        let ran = lionrock(&["replay-kit", "--make", text(&kit), "--residents", "3"], b"");
        assert_eq!(ran.code, 0, "{ran:?}");
    }

    fn leaves(&self) -> Vec<String> {
        let url = format!("sqlite:{}", self.path("kit/lionrock.db").display());
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let store = Store::open(&url).await.unwrap();
            let rows = store.read(|tx| tx.query("SELECT kind FROM leaf ORDER BY created_at", &[])).await;
            let rows = rows.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
            store.close().await;
            rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect()
        })
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn serve(config: &Path) -> Ran {
    lionrock(&["serve", "--config", text(config)], b"")
}

/// The checks a refused start names, and what it says of each.
fn refused(ran: &Ran) -> BTreeMap<String, String> {
    assert_ne!(ran.code, 0, "{ran:?}");
    let after = ran.err.split("stays shut:\n").nth(1).unwrap_or_else(|| panic!("no list: {ran:?}"));
    let pairs = after.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(": "));
    pairs.map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

#[test]
fn a_whole_production_set_up_is_refused_for_this_build_and_this_machine_alone() {
    let place = Place::new();
    let config = place.production();
    let ran = serve(&config);
    let refused = refused(&ran);
    let names: BTreeSet<_> = refused.keys().map(String::as_str).collect();
    for own in ["release-build", "no-rehearsal", "trusted-clock"] {
        assert!(names.contains(own), "{own}: {ran:?}");
    }
    // Where these tests run a cloud may answer, and swap may be on.
    let excused = ["release-build", "no-rehearsal", "trusted-clock", "no-cloud-metadata", "host-conditions"];
    let odd: Vec<_> = names.iter().filter(|name| !excused.contains(name)).collect();
    assert!(odd.is_empty(), "{odd:?}: {}", ran.err);
    assert!(
        !place.path("data/lionrock.db").exists() && !place.path("data/ledger").exists(),
        "a refused start makes nothing"
    );
    // The same in the same words.
    let told = lionrock(&["doctor", "--config", text(&config), "--json"], b"").json();
    for (name, text) in &refused {
        let found = told["checks"].as_array().unwrap().iter().find(|check| check["check"] == name.as_str()).unwrap();
        assert_eq!((found["ok"].as_bool(), found["detail"].as_str()), (Some(false), Some(text.as_str())));
    }
}

#[test]
fn everything_spoilt_is_in_one_list() {
    let place = Place::new();
    let config = place.production();
    let good = fs::read_to_string(&config).unwrap();
    let before: BTreeSet<_> = refused(&serve(&config)).into_keys().collect();
    fs::write(place.path("pin"), "1234\n").unwrap();
    fs::write(
        &config,
        good.replace("role = \"privacy\"", "role = \"contractor\"").replace("\"Digital identity\"", "\"Lionrock\""),
    )
    .unwrap();
    let after: BTreeSet<_> = refused(&serve(&config)).into_keys().collect();
    let new: Vec<_> = after.difference(&before).map(String::as_str).collect();
    assert_eq!(new, ["no-default-values", "no-known-secrets", "roles-of-this-realm", "store-at-an-allowed-site"]);
}

#[test]
fn the_database_of_another_realm_is_refused_and_left_alone() {
    let place = Place::new();
    place.kit();
    let before = place.leaves();
    let config = place.test("test-other", "");
    let refused = refused(&serve(&config));
    assert_eq!(refused.keys().collect::<Vec<_>>(), ["database-of-this-realm"]);
    assert!(refused["database-of-this-realm"].contains("belongs to realm test-replay, not test-other"));
    assert_eq!(place.leaves(), before, "nothing is written into another realm's store");
    // Production, pointed at the test realm's store, says the same beside its own reasons.
    let config = place.production();
    let pointed = fs::read_to_string(&config).unwrap().replace("data = \"data\"", "data = \"kit\"");
    fs::write(&config, pointed).unwrap();
    let refused = self::refused(&serve(&config));
    assert!(refused["database-of-this-realm"].contains("test-replay, not production"), "{refused:?}");
    assert_eq!(place.leaves(), before);
}

#[test]
fn a_refused_start_is_in_the_ledger() {
    let place = Place::new();
    place.kit();
    let before = place.leaves();
    fs::write(place.path("bad.json"), "{}").unwrap();
    let config = place.test("test-replay", "deviations = [\"bad.json\"]");
    assert_eq!(refused(&serve(&config)).keys().collect::<Vec<_>>(), ["deviations"]);
    let after = place.leaves();
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after.last().unwrap(), "gate.refused");
}

#[test]
fn deviations_are_proposed_signed_and_shown() {
    let place = Place::new();
    let config = place.production();
    let file = place.path("deviation.json");
    let propose = |check: &str, more: &[&str]| {
        let mut arguments = vec!["deviation", "propose", "--check", check, "--reason", "On its way.", "--id", "root-1"];
        arguments.extend(["--realm", "production", "--by", "privacy-1", "--out", text(&file)]);
        arguments.extend(more);
        lionrock(&arguments, b"")
    };
    let ran = propose("release-build", &["--by", "security-1", "--days", "30"]);
    assert!(ran.code != 0 && ran.err.contains("no check that can be excused"), "{ran:?}");
    assert_ne!(propose("tls-1.3-only", &["--by", "security-1", "--days", "91"]).code, 0);
    assert_ne!(propose("tls-1.3-only", &["--days", "30"]).code, 0, "one officer");
    assert!(!file.exists());
    assert_eq!(propose("tls-1.3-only", &["--by", "security-1", "--days", "30"]).code, 0);
    let show = || lionrock(&["deviation", "show", text(&file), "--config", text(&config)], b"");
    assert!(show().code == 1 && show().err.contains("two officers"), "{:?}", show());
    place.sign("deviation", &file);
    let ran = show();
    assert!(ran.code == 0 && ran.out.contains("✓ it holds in realm production now"), "{ran:?}");
    let stranger = place.path("privacy-1.key");
    let ran = lionrock(&["deviation", "sign", text(&file), "--officer", "operator-1", "--key", text(&stranger)], b"");
    assert!(ran.code != 0 && ran.err.contains("not those it names"), "{ran:?}");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, good.replace("On its way.", "For ever.")).unwrap();
    let ran = show();
    assert!(ran.code == 1 && ran.err.contains("the text was changed after signing"), "{ran:?}");
    // A key as openssl makes it signs too.
    let made =
        Command::new("openssl").args(["genpkey", "-algorithm", "ed25519", "-out"]).arg(place.path("own.key")).output();
    assert!(made.unwrap().status.success());
    fs::write(&file, good).unwrap();
    let own = place.path("own.key");
    let ran = lionrock(&["deviation", "sign", text(&file), "--officer", "privacy-1", "--key", text(&own)], b"");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(show().code == 1, "it is a signature, but not of the key the configuration has");
}

/// A deviation of two fresh officers that ends in so many seconds; their lines for the configuration.
fn ending_in(seconds: i64) -> (String, String) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let time = |at: i64| jiff::Timestamp::from_second(at).unwrap().to_string();
    let mut signed = Signed::propose(DeviationClaims {
        approved_by: vec!["p-1".to_owned(), "s-1".to_owned()],
        check: "tls-1.3-only".to_owned(),
        expires: time(now + seconds),
        id: "short-1".to_owned(),
        not_before: time(now - 60),
        realm: "test-replay".to_owned(),
        reason: "To see it end.".to_owned(),
    });
    let mut officers = String::new();
    for (id, role) in [("p-1", "privacy"), ("s-1", "security")] {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
        signed.sign(id, &key).unwrap();
        let PublicKey::Ed25519(public) = key.public().unwrap() else { unreachable!() };
        let public = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, public);
        officers += &format!("[[officer]]\nid = \"{id}\"\nrole = \"{role}\"\nkey = \"{public}\"\n");
    }
    (signed.to_json().unwrap(), officers)
}

#[test]
fn a_running_server_stops_when_its_deviation_ends() {
    let place = Place::new();
    place.kit();
    // A busy machine may need longer to start than the first deviation holds.
    for seconds in [15, 45, 120] {
        let (file, officers) = ending_in(seconds);
        fs::write(place.path("short.json"), file).unwrap();
        let config = place.test("test-replay", "deviations = [\"short.json\"]");
        let content = fs::read_to_string(&config).unwrap();
        fs::write(&config, format!("{content}{officers}")).unwrap();
        let mut server = Command::new(env!("CARGO_BIN_EXE_lionrock"))
            .args(["serve", "--config", text(&config)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines: Vec<String> = BufReader::new(server.stderr.take().unwrap()).lines().map_while(Result::ok).collect();
        let status = server.wait().unwrap();
        let log = lines.join("\n");
        assert!(!status.success(), "{log}");
        if log.contains("stays shut") {
            assert!(log.contains("expired"), "{log}");
            continue;
        }
        assert!(log.contains("serving") && log.contains("stopped"), "it ran, and stopped in good order: {log}");
        assert!(log.contains("deviation short-1 has expired: tls-1.3-only is excused no longer"), "{log}");
        let leaves = place.leaves();
        for kind in ["deviation.accepted", "gate.passed", "deviation.expired"] {
            assert_eq!(leaves.iter().filter(|leaf| *leaf == kind).count(), 1, "{kind}: {leaves:?}");
        }
        // What it noted of itself is there for a bundle, which finds nothing personal in it.
        let bundle = place.path("bundle.json");
        let ran = lionrock(&["support-bundle", "--config", text(&config), "--out", text(&bundle)], b"");
        assert_eq!(ran.code, 0, "{ran:?}");
        let bundle: serde_json::Value = serde_json::from_slice(&fs::read(&bundle).unwrap()).unwrap();
        assert!(bundle["standing"]["log"].as_object().is_some_and(|log| !log.is_empty()), "{bundle}");
        return;
    }
    panic!("the server never started within two minutes");
}

#[test]
fn a_support_bundle_holds_counts_and_refuses_everything_personal() {
    let place = Place::new();
    place.kit();
    let config = place.test("test-replay", "");
    let out = place.path("bundle.json");
    let run = |more: &[&str]| {
        let _ = fs::remove_file(&out);
        let mut arguments = vec!["support-bundle", "--config", text(&config), "--out", text(&out)];
        arguments.extend(more);
        lionrock(&arguments, b"")
    };
    let ran = run(&[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let bundle: serde_json::Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
    assert_eq!((&bundle["rows"]["resident"], &bundle["configuration"]["root_key"]), (&3.into(), &"file".into()));
    assert_eq!(bundle["gate"]["release-build"], "passed");
    assert_eq!(bundle["schema"]["found"], bundle["schema"]["known"]);
    let whole = bundle.to_string();
    for secret in [place.folder.path().file_name().unwrap().to_str().unwrap(), "localhost", "root.key", "privacy-1"] {
        assert!(!whole.contains(secret), "{secret}: {whole}");
    }
    // What a server noted of itself is the one part that comes from outside this program: each kind is planted there.
    let check = lionrock_model::hkid::check_character("A123456").unwrap();
    let plants = [
        (format!("A123456({check})"), "an identity card number"),
        ("call 9123 4567".to_owned(), "a telephone number"),
        ("mei@example.hk".to_owned(), "an e-mail address"),
        ("陳大文".to_owned(), "Chinese characters"),
        ("CHAN, Tai Man".to_owned(), "a name"),
        ("019ab2c3-1111-7222-8333-444455556666".to_owned(), "an identifier"),
        ("yellow bird".to_owned(), "a canary"),
    ];
    fs::write(place.path("canaries"), "Yellow Bird\n").unwrap();
    let canaries = place.path("canaries");
    let note = |planted: &str| {
        let log = serde_json::json!({ format!("WARN {planted}"): 1 });
        let note = serde_json::json!({
            "at": 1_795_392_000_000_i64, "failing_jobs": {}, "ledger_entries": 3, "ledger_well": true, "log": log,
            "metrics": [], "ready": true, "up": 60,
        });
        fs::write(place.path("kit/standing.json"), note.to_string()).unwrap();
    };
    for (planted, kind) in plants {
        note(&planted);
        let ran = run(&["--canaries", text(&canaries)]);
        assert!(ran.code != 0 && ran.err.contains(kind) && !ran.err.contains(&planted), "{kind}: {ran:?}");
        assert!(!out.exists(), "{kind}: nothing is written");
    }
    note("lionrock_service::ledger::job:41");
    assert_eq!(run(&["--canaries", text(&canaries)]).code, 0, "and without one it is");
}

#[test]
fn a_replay_kit_holds_the_shape_and_makes_its_equivalent() {
    let place = Place::new();
    place.kit();
    let config = place.test("test-replay", "");
    let out = place.path("out");
    let ran = lionrock(&["replay-kit", "--config", text(&config), "--out", text(&out)], b"");
    assert_eq!(ran.code, 0, "{ran:?}");
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    assert!(read("schema.sql").contains("CREATE TABLE resident"));
    let counts: serde_json::Value = serde_json::from_str(&read("counts.json")).unwrap();
    let recipe: serde_json::Value = serde_json::from_str(&read("recipe.json")).unwrap();
    assert_eq!((&counts["resident"], &recipe["residents"]), (&3.into(), &3.into()));
    // As the recipe says.
    let again = place.path("again");
    let command = recipe["command"].as_str().unwrap().replace("DIR", text(&again));
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let ran = lionrock(&words, b"");
    assert!(ran.code == 0 && ran.out.starts_with("3 synthetic residents"), "{ran:?}");
    // What must stay in the house is nowhere in the kit.
    let root = fs::read_to_string(place.path("kit/root.key")).unwrap();
    let key = root.lines().nth(1).unwrap();
    for entry in fs::read_dir(&out).unwrap().flatten() {
        assert!(!fs::read_to_string(entry.path()).unwrap().contains(key), "{:?}", entry.path());
    }
    assert_ne!(
        lionrock(&["replay-kit", "--config", text(&config), "--out", text(&out)], b"").code,
        0,
        "not over another"
    );
}

#[test]
fn a_contractors_words_open_nothing() {
    let place = Place::new();
    let key = place.path("c.key");
    let ran = lionrock(&["officer", "key", "--id", "c-1", "--role", "contractor", "--out", text(&key)], b"");
    assert!(ran.code != 0 && !key.exists(), "{ran:?}");
}
