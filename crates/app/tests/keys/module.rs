//! A server whose keys lie in SoftHSM2, while the token is taken away and brought back.

use super::house::{House, refused, text};
use crate::run::Ran;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Token {
    folder: PathBuf,
    library: PathBuf,
}

impl Token {
    fn make(folder: &Path) -> Self {
        let library = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"]
            .map(PathBuf::from)
            .into_iter()
            .find(|path| path.exists())
            .expect("SoftHSM2 is missing: install the Debian package softhsm2");
        std::fs::create_dir_all(folder.join("tokens")).unwrap();
        let config = format!("directories.tokendir = {}\n", folder.join("tokens").display());
        std::fs::write(folder.join("softhsm2.conf"), config).unwrap();
        std::fs::write(folder.join("pin"), "123456\n").unwrap();
        std::fs::set_permissions(folder.join("pin"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let token = Self { folder: folder.to_owned(), library };
        let made = Command::new("softhsm2-util")
            .env("SOFTHSM2_CONF", token.settings())
            .args(["--init-token", "--free", "--label", "keys-test", "--pin", "123456", "--so-pin", "12345678"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        token
    }

    fn settings(&self) -> PathBuf {
        self.folder.join("softhsm2.conf")
    }

    fn lionrock(&self, arguments: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_lionrock"))
            .args(arguments)
            .env("SOFTHSM2_CONF", self.settings())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    fn init(&self, hold: &str, more: &[&str]) -> Ran {
        let pin = self.folder.join("pin");
        let token = ["--module", text(&self.library), "--token", "keys-test", "--pin-file", text(&pin)];
        self.lionrock(&[&["key", "init-module", "--hold", hold], &token[..], more].concat())
    }

    fn unplug(&self) {
        std::fs::rename(self.folder.join("tokens"), self.folder.join("unplugged")).unwrap();
        std::fs::create_dir(self.folder.join("tokens")).unwrap();
    }

    fn plug_in(&self) {
        std::fs::remove_dir(self.folder.join("tokens")).unwrap();
        std::fs::rename(self.folder.join("unplugged"), self.folder.join("tokens")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_module_away_every_use_of_its_keys_fails_and_recovers_by_itself() {
    let stage = tempfile::tempdir().unwrap();
    let token = Token::make(stage.path());
    let hold = ["root", "blind-index", "token", "checkpoint", "receipt"];
    let house = House::build(&format!(
        "keys = {{ pkcs11 = {{ module = {:?}, token = \"keys-test\", pin_file = {:?}, hold = {hold:?} }} }}",
        token.library,
        stage.path().join("pin"),
    ));
    let status = |json: &str| token.lionrock(&["key", "status", "--config", text(&house.config()), json]);
    refused(&token.init(&hold.join(","), &[]), "give --realm");
    let serve = || token.lionrock(&["serve", "--config", text(&house.config())]);
    refused(&serve(), "no such key");
    let made = token.init(&hold.join(","), &["--realm", "test-keys"]);
    if made.err.contains("does not offer") {
        // Everything but the Ed25519 keys is tested against the module in crates/crypto/src/pkcs11/tests.rs.
        println!("this SoftHSM2 offers no EdDSA: checkpoint and receipt keys cannot lie in it");
        return;
    }
    assert_eq!(made.code, 0, "{made:?}");
    refused(&token.init("token", &["--realm", "test-keys"]), "such a key already");

    let server = house.serve_with(&[("SOFTHSM2_CONF", &token.settings())]);
    server.answers("/readyz", 200).await;
    let keys: Value = status("--json").json();
    let inside: Vec<_> = keys["keys"].as_array().unwrap().iter().filter(|key| key["lies"] == "module").collect();
    assert_eq!(inside.len(), 4, "{keys}");
    assert!(keys["root"].as_str().unwrap().contains("keys-test"));

    // Looking for a card number takes the blind index, and the index takes the module.
    let fields = [("hkid", "U123456(3)"), ("first", "a"), ("second", "b"), ("lost", "yes")];
    let hkid = lionrock_rehearsal::people::sample(1, 1).unwrap().remove(0).facts.hkid.reveal();
    let fields = fields.map(|(name, value)| if name == "hkid" { (name, hkid.as_str()) } else { (name, value) });
    let look = async || {
        server.get("/recover").await;
        server.browser().post_form(&server.url("/recover"), &fields).await.unwrap().status.as_u16()
    };
    let known = look().await;
    assert!((400..500).contains(&known), "{known}");
    for _ in 0..2 {
        token.unplug();
        assert_eq!(look().await, 503);
        assert_eq!(look().await, 503);
        // A leaf waits for a signed checkpoint, and the log does not pretend to be fresh.
        let person = server.browser().fresh();
        let notice = person.get(&server.url("/register")).await.unwrap().text();
        let version = notice.split("name=\"notice\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let agreed = [("agree", "yes"), ("notice", version.as_str())];
        let agreed = person.post_form(&server.url("/register"), &agreed).await.unwrap();
        assert!(agreed.status.is_success(), "{}", agreed.text());
        server.answers("/readyz", 503).await;
        token.plug_in();
        assert_eq!(look().await, known);
        server.answers("/readyz", 200).await;
    }
    let said = server.stop();
    assert!(said.contains("the key store module does not answer"), "{said}");
    assert!(!said.contains("123456\n"), "the PIN stands in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signing_key_that_began_in_the_store_moves_into_the_module() {
    let stage = tempfile::tempdir().unwrap();
    let token = Token::make(stage.path());
    let pin = stage.path().join("pin");
    let root = stage.path().join("root.key");
    let keys = |lists: &str| {
        let module = format!("module = {:?}, token = \"keys-test\", pin_file = {pin:?}", token.library);
        format!("keys = {{ root_file = {root:?}, pkcs11 = {{ {module}, {lists} }} }}")
    };
    assert_eq!(token.lionrock(&["key", "init", "--out", text(&root)]).code, 0);
    let made = token.init("blind-index", &["--realm", "test-keys"]);
    assert_eq!(made.code, 0, "{made:?}");
    let began = keys("hold = [\"blind-index\"]");
    let house = House::build(&began);
    let environment = token.settings();
    let served = async |house: &House| {
        let server = house.serve_with(&[("SOFTHSM2_CONF", &environment)]);
        server.answers("/readyz", 200).await;
        let published: Value = serde_json::from_str(&server.get("/oauth/jwks").await.text()).unwrap();
        server.stop();
        published["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let first = served(&house).await;
    let said = |lists: &str| {
        let before = std::fs::read_to_string(house.config()).unwrap();
        let line = before.lines().find(|line| line.starts_with("keys = ")).unwrap().to_owned();
        std::fs::write(house.config(), before.replace(&line, &keys(lists))).unwrap();
    };
    let order =
        |what: &str| token.lionrock(&["key", "move", "--config", text(&house.config()), "--what", what, "--json"]);
    let lies = || {
        let status: Value = token.lionrock(&["key", "status", "--config", text(&house.config()), "--json"]).json();
        let own = status["keys"].as_array().unwrap().clone().into_iter().filter(|key| key["name"] == "signer/token");
        own.map(|key| (key["epoch"].as_u64().unwrap(), key["lies"].as_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(lies(), [(1, "store".to_owned())]);
    refused(&order("token"), "is not named under keys.pkcs11");
    // Whoever says that it lies there already is not believed.
    said("hold = [\"blind-index\", \"token\"]");
    let early = token.lionrock(&["serve", "--config", text(&house.config())]);
    assert_ne!(early.code, 0, "{early:?}");
    said("hold = [\"blind-index\"], move = [\"token\"]");
    refused(&order("blind-index"), "is not named under keys.pkcs11");
    let moved = order("token");
    assert_eq!(moved.code, 0, "{moved:?}");
    // The key before it goes as in every rotation, when nothing that it signed can still be shown.
    assert_eq!(lies().last(), Some(&(2, "module".to_owned())));
    said("hold = [\"blind-index\", \"token\"]");
    let then = served(&house).await;
    assert!(then.iter().any(|kid| !first.contains(kid)), "services are shown the new key: {first:?} {then:?}");
}
