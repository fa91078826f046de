//! Keys from outside: ceremonies, sealed servers, modules that go away; with the real program.

mod house;
mod module;

use crate::run::{Ran, lionrock};
use house::{House, refused, text};
use lionrock_app::sealed::door;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

/// A house with a ceremony behind it: 2 of 3.
fn house_with_shares() -> House {
    let house = House::build("keys = { shares = { threshold = 2 } }");
    let ran = ceremony(&house, &house.folder().join("shares"));
    assert_eq!(ran.code, 0, "{ran:?}");
    house
}

fn ceremony(house: &House, out: &Path) -> Ran {
    let names = ["--holder", "Ada", "--holder", "Ben", "--holder", "Cleo", "--witness", "Dora"];
    let numbers = ["key", "ceremony", "--threshold", "2", "--shares", "3"];
    lionrock(&[&numbers[..], &names, &["--config", text(&house.config()), "--out", text(out)]].concat(), b"")
}

fn unseal(house: &House, share: &Path) -> Ran {
    lionrock(&["key", "unseal", "--config", text(&house.config()), "--share", text(share)], b"")
}

fn status(house: &House) -> serde_json::Value {
    lionrock(&["key", "status", "--json", "--config", text(&house.config())], b"").json()
}

#[test]
fn a_ceremony_leaves_shares_for_their_holders_a_transcript_and_nothing_of_the_root() {
    let house = House::build("keys = { shares = { threshold = 2 } }");
    let out = house.folder().join("shares");
    let ran = ceremony(&house, &out);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let mut names: Vec<_> = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["share-1.txt", "share-2.txt", "share-3.txt", "transcript.json"]);
    assert_eq!(mode(&out), 0o700);
    let transcript: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("transcript.json")).unwrap()).unwrap();
    assert_eq!((&transcript["realm"], &transcript["threshold"]), (&"test-keys".into(), &2.into()));
    assert_eq!(transcript["witnesses"], serde_json::json!(["Dora"]));
    let mut shares = Vec::new();
    for (number, holder) in (1..=3).zip(["Ada", "Ben", "Cleo"]) {
        let file = out.join(format!("share-{number}.txt"));
        assert_eq!(mode(&file), 0o600);
        let bytes = std::fs::read(&file).unwrap();
        let row = &transcript["shares"][number - 1];
        assert_eq!((&row["number"], &row["holder"]), (&number.into(), &holder.into()));
        let commitment: String =
            lionrock_crypto::digest::sha256(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(row["commitment"], commitment);
        assert!(ran.out.contains(&commitment) && ran.out.contains(holder));
        shares.push(lionrock_crypto::shares::Share::parse(std::str::from_utf8(&bytes).unwrap()).unwrap());
    }
    // Neither the root nor a share stands anywhere else: not in the transcript, the store or what was printed.
    let root = lionrock_crypto::shares::join(&shares).unwrap();
    let secrets: Vec<Vec<u8>> = shares
        .iter()
        .map(|share| share.to_text().lines().find_map(|line| line.strip_prefix("value ")).unwrap().to_owned())
        .map(|hex| (0..32).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect())
        .chain([root.expose().to_vec()])
        .collect();
    for (number, secret) in secrets.iter().enumerate() {
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let holders: Vec<_> = house
            .files()
            .into_iter()
            .filter(|file| {
                let bytes = std::fs::read(file).unwrap();
                [secret.as_slice(), hex.as_bytes()].iter().any(|form| bytes.windows(form.len()).any(|at| at == *form))
            })
            .collect();
        let own = (number < 3).then(|| out.join(format!("share-{}.txt", number + 1)));
        assert_eq!(holders, own.into_iter().collect::<Vec<_>>());
        assert!(!ran.out.contains(&hex));
    }
    assert_eq!(house.leaves(), ["key.ceremony"]);
    let standing = status(&house);
    assert_eq!((&standing["server"], &standing["root"]), (&"not-running".into(), &"in shares, 2 unseal".into()));

    // There are keys now: another ceremony is refused and leaves nothing behind.
    let again = house.folder().join("again");
    refused(&ceremony(&house, &again), "has keys already");
    assert!(!again.exists());
    assert_eq!(house.leaves(), ["key.ceremony"]);
}

#[test]
fn ceremonies_that_make_no_sense_are_refused_before_anything_is_written() {
    let house = House::build("keys = { shares = { threshold = 2 } }");
    let out = house.folder().join("shares");
    let run = |arguments: &[&str]| {
        let ran = lionrock(&[&["key", "ceremony", "--out", text(&out)], arguments].concat(), b"");
        assert!(!out.exists(), "{ran:?}");
        ran
    };
    let config = house.config();
    let two = ["--holder", "Ada", "--holder", "Ben"];
    let with = |arguments: &[&'static str]| [arguments, &two].concat();
    refused(&run(&with(&["--threshold", "3", "--shares", "2", "--realm", "test-keys"])), "2 to 255 shares");
    refused(&run(&with(&["--threshold", "1", "--shares", "2", "--realm", "test-keys"])), "2 to 255 shares");
    refused(&run(&with(&["--threshold", "2", "--shares", "3", "--realm", "test-keys"])), "2 holders are named for 3");
    refused(&run(&with(&["--threshold", "2", "--shares", "2", "--realm", "demo"])), "--realm");
    assert_eq!(run(&with(&["--threshold", "2", "--shares", "2"])).code, 2, "neither realm nor configuration");
    let three = ["--holder", "Ada", "--holder", "Ben", "--holder", "Cleo", "--threshold", "3", "--shares", "3"];
    refused(&run(&[&three[..], &["--config", text(&config)]].concat()), "threshold = 2");
    let other = House::build("keys = { root_file = \"root.key\" }");
    refused(&run(&[&three[..], &["--config", text(&other.config())]].concat()), "must say keys = ");
    std::fs::create_dir(&out).unwrap();
    let ran = ceremony(&house, &out);
    refused(&ran, "it must not exist");
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_server_answers_probes_alone_until_enough_holders_came() {
    let house = house_with_shares();
    let share = |number: u8| house.folder().join(format!("shares/share-{number}.txt"));
    refused(&unseal(&house, &share(1)), "no sealed server waits");
    let server = house.serve();
    server.answers("/healthz", 200).await;
    let ready = server.get("/readyz").await;
    assert_eq!((ready.status.as_u16(), ready.json().unwrap()["status"].clone()), (503, "sealed".into()));
    for (path, method) in [("/", "GET"), ("/signin", "GET"), ("/register", "POST"), ("/metrics", "GET")] {
        let reply = server.send(method, path, "text/html").await;
        assert_eq!(reply.status.as_u16(), 503, "{method} {path}");
        assert!(reply.text().contains("Not open yet"), "{}", reply.text());
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert!(reply.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    }
    for path in ["/.well-known/openid-configuration", "/ledger/checkpoint", "/static/lionrock.css"] {
        let reply = server.send("GET", path, "application/json").await;
        assert_eq!((reply.status.as_u16(), reply.json().unwrap()["code"].clone()), (503, "sealed".into()), "{path}");
    }
    let chinese = server.browser().in_language("zh-Hant").get(&server.url("/")).await.unwrap();
    assert!(chinese.text().contains("尚未開放"), "{}", chinese.text());
    // The ledger stands still: no job runs.
    assert_eq!(house.leaves(), ["key.ceremony"]);
    assert!(!house.data().join("ledger/checkpoint").exists());

    let socket = house.data().join(door::NAME);
    let meta = std::fs::symlink_metadata(&socket).unwrap();
    assert!(meta.file_type().is_socket());
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    assert_eq!((&status(&house)["server"], &status(&house)["missing"]), (&"sealed".into(), &2.into()));

    let ran = unseal(&house, &share(3));
    assert_eq!((ran.code, ran.out.trim()), (0, "share 3 was taken: 1 more is missing"));
    refused(&unseal(&house, &share(3)), "share 3 was given already");
    assert_eq!(status(&house)["missing"], 1);
    server.answers("/readyz", 503).await;
    let ran = unseal(&house, &share(1));
    assert_eq!((ran.code, ran.out.trim()), (0, "share 1 was taken: the server is unsealed"));

    // The same process, the same sockets.
    server.answers("/readyz", 200).await;
    server.answers("/", 200).await;
    server.answers("/.well-known/openid-configuration", 200).await;
    refused(&unseal(&house, &share(2)), "is not sealed");
    assert_eq!(status(&house)["server"], "unsealed");
    let said = server.stop();
    assert!(!socket.exists());
    refused(&unseal(&house, &share(2)), "no sealed server waits");
    assert_eq!(house.leaves()[..1], ["key.ceremony"]);
    assert!(house.leaves().contains(&"key.unsealed".to_owned()), "{:?}", house.leaves());
    for number in 1..=3 {
        let value = std::fs::read_to_string(share(number)).unwrap();
        let value = value.lines().find_map(|line| line.strip_prefix("value ")).unwrap().to_owned();
        assert!(!said.contains(&value), "a share stands in the log");
    }

    // A restart is sealed again, and can be stopped so.
    let server = house.serve();
    server.answers("/readyz", 503).await;
    let said = server.stop();
    assert!(said.contains("stopped while sealed"), "{said}");
    assert!(!socket.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_set_of_shares_is_forgotten_and_the_right_one_still_unseals() {
    let house = house_with_shares();
    let own = |number: u8| house.folder().join(format!("shares/share-{number}.txt"));
    let elsewhere = house.folder().join("elsewhere");
    let two = ["--holder", "Eve", "--holder", "Fay", "--threshold", "2", "--shares", "2"];
    let made =
        lionrock(&[&["key", "ceremony", "--realm", "test-keys", "--out", text(&elsewhere)], &two[..]].concat(), b"");
    assert_eq!(made.code, 0, "{made:?}");
    let server = house.serve();
    server.answers("/healthz", 200).await;
    // Shares of two ceremonies.
    assert_eq!(unseal(&house, &own(1)).code, 0);
    refused(&unseal(&house, &elsewhere.join("share-2.txt")), "another ceremony");
    assert_eq!(status(&house)["missing"], 2, "all are forgotten");
    refused(&unseal(&house, &own(1)), "wait ");
    // A whole set that fits in itself, but is not this store's.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    assert_eq!(unseal(&house, &elsewhere.join("share-1.txt")).code, 0);
    refused(&unseal(&house, &elsewhere.join("share-2.txt")), "does not open this store");
    assert_eq!(status(&house)["missing"], 2, "all are forgotten");
    server.answers("/readyz", 503).await;
    refused(&unseal(&house, &own(2)), "wait ");
    tokio::time::sleep(std::time::Duration::from_secs(11)).await;
    assert_eq!(unseal(&house, &own(2)).code, 0);
    assert_eq!(unseal(&house, &own(3)).code, 0);
    server.answers("/readyz", 200).await;
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_left_over_from_a_crash_is_no_obstacle_and_a_living_one_is() {
    let house = house_with_shares();
    let server = house.serve();
    server.answers("/healthz", 200).await;
    let socket = house.data().join(door::NAME);
    assert!(door::Door::open(&house.data()).await.unwrap_err().to_string().contains("another server waits"));
    server.kill();
    assert!(socket.exists(), "left over");
    refused(&unseal(&house, &house.folder().join("shares/share-1.txt")), "no sealed server waits");
    let server = house.serve();
    server.answers("/healthz", 200).await;
    for number in 1..=2 {
        assert_eq!(unseal(&house, &house.folder().join(format!("shares/share-{number}.txt"))).code, 0);
    }
    server.answers("/readyz", 200).await;
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_share_file_is_said_and_costs_the_others_nothing() {
    let house = house_with_shares();
    let own = |number: u8| house.folder().join(format!("shares/share-{number}.txt"));
    let bad = |name: &str, bytes: &[u8]| {
        let path = house.folder().join(name);
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    };
    let server = house.serve();
    server.answers("/healthz", 200).await;
    assert_eq!(unseal(&house, &own(1)).code, 0);
    let whole = std::fs::read(own(2)).unwrap();
    refused(&unseal(&house, &bad("cut", &whole[..whole.len() - 4])), "cut short");
    let mut spoilt = whole.clone();
    let value = whole.windows(6).position(|at| at == b"value ").unwrap() + 10;
    spoilt[value] = if spoilt[value] == b'a' { b'b' } else { b'a' };
    refused(&unseal(&house, &bad("spoilt", &spoilt)), "checksum does not fit");
    refused(&unseal(&house, &bad("key", b"lionrock root key v1\n00\n")), "not a share");
    refused(&unseal(&house, &bad("empty", b"")), "not a share");
    refused(&unseal(&house, &bad("binary", &[0xff; 100])), "cannot read");
    refused(&unseal(&house, &house.folder().join("missing")), "cannot find");
    std::fs::set_permissions(own(2), std::fs::Permissions::from_mode(0o640)).unwrap();
    refused(&unseal(&house, &own(2)), "chmod 600");
    std::fs::set_permissions(own(2), std::fs::Permissions::from_mode(0o600)).unwrap();
    let foreign = house.folder().join("foreign");
    let two = ["--holder", "Eve", "--holder", "Fay", "--threshold", "2", "--shares", "2"];
    lionrock(&[&["key", "ceremony", "--realm", "test-other", "--out", text(&foreign)], &two[..]].concat(), b"");
    refused(&unseal(&house, &foreign.join("share-1.txt")), "realm test-other");

    // Past the command, straight to the socket: too long, silent, binary.
    for sent in [vec![b'x'; 100_000], Vec::new(), vec![0xff; 64], whole[..50].to_vec()] {
        let reply = house::speak(&house.data(), &sent).await;
        assert!(reply.is_none_or(|reply| reply.contains("\"taken\":false")), "{} bytes", sent.len());
    }
    assert_eq!(status(&house)["missing"], 1, "the good one still counts");
    assert_eq!(unseal(&house, &own(2)).code, 0);
    server.answers("/readyz", 200).await;
    server.stop();
}

#[test]
fn keys_that_others_can_read_are_refused_and_so_is_a_wrong_configuration() {
    let house = House::build("keys = { root_file = \"root.key\" }");
    let key = house.folder().join("root.key");
    assert_eq!(lionrock(&["key", "init", "--out", text(&key)], b"").code, 0);
    refused(&lionrock(&["key", "init", "--out", text(&key)], b""), "exist");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let serve = || lionrock(&["serve", "--config", text(&house.config())], b"");
    refused(&serve(), "chmod 600");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let whole = std::fs::read(&key).unwrap();
    std::fs::write(&key, &whole[..40]).unwrap();
    refused(&serve(), "not a root key file");
    assert!(!house.data().join("ledger").exists(), "nothing was begun");
    for (keys, says) in [
        ("keys = { shares = { threshold = 1 } }", "at least 2"),
        ("keys = { shares = { threshold = 2 }, root_file = \"root.key\" }", "one of"),
        ("keys = { }", "one of"),
        ("keys = { pkcs11 = { module = \"m\", token = \"t\", pin_file = \"p\", hold = [\"token\"] } }", "one of"),
        ("keys = { pkcs11 = { module = \"m\", token = \"t\", pin_file = \"p\", hold = [\"form\"] } }", "form"),
    ] {
        let house = House::build(keys);
        refused(&lionrock(&["serve", "--config", text(&house.config())], b""), says);
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
