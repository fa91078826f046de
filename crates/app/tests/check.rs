//! `lionrock check`, from outside: signed tokens and certificate chains.

use crate::run::{Ran, lionrock};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_wire::jose::{Jwk, JwkSet, jws};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

struct Signer {
    folder: tempfile::TempDir,
    token: String,
}

fn signer() -> Signer {
    let folder = tempfile::tempdir().unwrap();
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let jwk = Jwk::ours(key.public().unwrap(), Algorithm::Es256);
    let claims = json!({"iss": "https://localhost:8443", "exp": 2_000_000_000, "nbf": 1_000_000_000});
    let token = jws::sign(&key, jwk.kid.as_deref().unwrap(), "JWT", &claims).unwrap();
    fs::write(folder.path().join("key.jwk"), jwk.to_json().to_string()).unwrap();
    fs::write(folder.path().join("keys.jwks"), JwkSet::new(vec![jwk]).to_json().to_string()).unwrap();
    let other = Jwk::ours(SigningKey::generate(Algorithm::Es256).unwrap().public().unwrap(), Algorithm::Es256);
    fs::write(folder.path().join("other.jwk"), other.to_json().to_string()).unwrap();
    Signer { folder, token }
}

impl Signer {
    fn check(&self, keys: &str, more: &[&str], token: &str) -> Ran {
        let keys = self.folder.path().join(keys);
        lionrock(&[&["check", "jws", "--keys", keys.to_str().unwrap()], more].concat(), token.as_bytes())
    }
}

#[test]
fn good_tokens_pass() {
    let signer = signer();
    for keys in ["key.jwk", "keys.jwks"] {
        let ran = signer.check(keys, &[], &format!("  {}\n", signer.token));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.out.contains("✓ the signature holds: ES256, typ JWT") && ran.out.contains("https://localhost:8443")
        );
    }
    let json = signer.check("key.jwk", &["--json", "--alg", "ES256,EdDSA", "--typ", "JWT"], &signer.token).json();
    assert_eq!((&json["ok"], &json["claims"]["exp"]), (&json!(true), &json!(2_000_000_000)));
    assert_eq!(signer.check("key.jwk", &["--times", "--at", "1500000000"], &signer.token).code, 0);
}

#[test]
fn bad_tokens_are_refused_with_the_reason() {
    let signer = signer();
    let good = &signer.token;
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (_, payload) = head.split_once('.').unwrap();
    let with = |header: &str| format!("{}.{payload}.{signature}", URL_SAFE_NO_PAD.encode(header));
    let cases = [
        ("other.jwk", vec![], good.clone()),
        ("key.jwk", vec!["--alg", "EdDSA"], good.clone()),
        ("key.jwk", vec!["--typ", "at+jwt"], good.clone()),
        ("key.jwk", vec!["--times", "--at", "2000000000"], good.clone()),
        ("key.jwk", vec!["--times", "--at", "999999999"], good.clone()),
        ("key.jwk", vec![], format!("{head}.{}", "A".repeat(86))),
        ("key.jwk", vec![], head.to_owned()),
        ("key.jwk", vec![], format!("{head}.")),
        ("key.jwk", vec![], with(r#"{"alg":"none"}"#)),
        ("key.jwk", vec![], with(r#"{"alg":"HS256"}"#)),
        ("key.jwk", vec![], with(r#"{"alg":"ES256","jku":"https://evil.example"}"#)),
        ("key.jwk", vec![], with(r#"{"alg":"ES256","alg":"none"}"#)),
        ("key.jwk", vec![], "hello".to_owned()),
    ];
    for (keys, more, token) in cases {
        let ran = signer.check(keys, &more, &token);
        assert_eq!(ran.code, 1, "{more:?} {token}: {ran:?}");
        assert!(ran.err.starts_with("error: refused: ") && ran.err.trim_end().lines().count() == 2, "{ran:?}");
        let ran = signer.check(keys, &[&more[..], &["--json"]].concat(), &token);
        assert_eq!(ran.json()["ok"], false, "{ran:?}");
    }
}

#[test]
fn what_cannot_be_judged_says_so() {
    let signer = signer();
    fs::write(signer.folder.path().join("bad.jwk"), "{}").unwrap();
    assert_eq!(signer.check("missing.jwk", &[], &signer.token).code, 2);
    assert_eq!(signer.check("bad.jwk", &[], &signer.token).code, 2);
    assert_eq!(signer.check("key.jwk", &[], " \n").code, 2);
    assert_eq!(signer.check("key.jwk", &["--alg", "none"], &signer.token).code, 2);
    assert_eq!(lionrock(&["check", "jws"], signer.token.as_bytes()).code, 2);
}

#[test]
fn encrypted_tokens_open_or_not() {
    // Made by another implementation (Python's joserfc 1.6.5).
    const TOKEN: &str = "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImFwdSI6IlFXeHBZMlUiLCJhcHYiOiJRbTlpIiwia2lkIjoiZTEiLCJlcGsiOnsiY3J2IjoiUC0yNTYiLCJ4IjoiQ2lWWVRXUWpQRUJaX0ZCZlJWOTZfbVFwbklLYWZUX014SmpUdHNPd2dJQSIsInkiOiJwTzlnU0hHRGN5Rm9SRGE3S1ZlUTRtemRESVlHanJEX2VSTmV6LTFWNUJnIiwia3R5IjoiRUMifX0..H4Z6rpquu-YJ33-Z.XvN__LawNz-wlWuixXCN8ECF.W1R6esR3YDae1Wt38Aklkg";
    const JWK: &str = r#"{"crv": "P-256", "x": "1mt-Q8Lp3_XC1naALR6z1MMlOobDeA3Dsz_yaufa_Ig", "y": "l-5vhImjAl6LSSB4wZ_KzNt0cU37TdGYFtfHlYX_gGE", "d": "3NICa4wPsY-OCf24Dnmi1CNFmKxycFf4gpj2JP58v_g", "kty": "EC"}"#;
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3NICa4wPsY+OCf24\nDnmi1CNFmKxycFf4gpj2JP58v/ihRANCAATWa35Dwunf9cLWdoAtHrPUwyU6hsN4\nDcOzP/Jq59r8iJfub4SJowJei0kgeMGfyszbdHFN+03RmBbXx5WF/4Bh\n-----END PRIVATE KEY-----";
    let folder = tempfile::tempdir().unwrap();
    let check = |key: &str, more: &[&str], token: &str| {
        let path = folder.path().join("key");
        fs::write(&path, key).unwrap();
        lionrock(&[&["check", "jwe", "--key", path.to_str().unwrap()], more].concat(), token.as_bytes())
    };
    for key in [JWK, PEM] {
        let ran = check(key, &[], &format!("{TOKEN}\n"));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains("✓ it opens: ECDH-ES with A256GCM") && ran.out.contains("世界"), "{ran:?}");
    }
    assert_eq!(check(JWK, &["--json"], TOKEN).json()["text"], "{\"hello\":\"世界\"}");
    let ran = check(JWK, &[], &TOKEN.replacen("..H", "..I", 1));
    assert_eq!((ran.code, ran.err.trim_end().lines().count()), (1, 2), "{ran:?}");
    assert_eq!(check(JWK, &[], "a.b.c").code, 1);
    assert_eq!(check("{}", &[], TOKEN).code, 2);
    assert_eq!(check("hello", &[], TOKEN).code, 2);
}

#[test]
fn chains_lead_to_a_root_or_not() {
    let pki = Pki::make();
    let chain = |first: &str, more: &[&str], pem: String| {
        let root = pki.folder.path().join(first);
        lionrock(&[&["check", "chain", "--root", root.to_str().unwrap()], more].concat(), pem.as_bytes())
    };
    let (leaf, middle, root) = (pki.pem("leaf"), pki.pem("middle"), pki.pem("root"));
    let ran = chain("root.pem", &[], format!("{leaf}{middle}"));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(chain("root.pem", &["--name", "id.example.hk"], format!("{leaf}{middle}{root}")).code, 0);
    assert_eq!(chain("root.pem", &["--json"], format!("{leaf}{middle}")).json()["intermediates"], 1);
    for (first, more, pem) in [
        ("other.pem", vec![], format!("{leaf}{middle}")),
        ("root.pem", vec![], leaf.clone()),
        ("root.pem", vec!["--name", "other.example.hk"], format!("{leaf}{middle}")),
        ("root.pem", vec!["--at", "1000000000"], format!("{leaf}{middle}")),
        ("root.pem", vec![], leaf.replace("CERTIFICATE", "NOTHING")),
        ("root.pem", vec![], "hello".to_owned()),
    ] {
        let ran = chain(first, &more, pem);
        assert_eq!(ran.code, 1, "{first} {more:?}: {ran:?}");
    }
    assert_eq!(chain("nowhere.pem", &[], leaf).code, 2);
}

/// A root, an authority below it, a server certificate, and a root that has nothing to do with them; by openssl.
struct Pki {
    folder: tempfile::TempDir,
}

impl Pki {
    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = r#"
            set -e
            new() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -subj "/CN=$1" "${@:2}" 2>/dev/null; }
            new root -x509 -days 30 -out root.pem -addext basicConstraints=critical,CA:TRUE
            new other -x509 -days 30 -out other.pem -addext basicConstraints=critical,CA:TRUE
            new middle -out middle.csr; new leaf -out leaf.csr
            printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n' > middle.ext
            printf 'basicConstraints=CA:FALSE\nsubjectAltName=DNS:id.example.hk\nextendedKeyUsage=emailProtection\n' > leaf.ext
            openssl x509 -req -in middle.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -extfile middle.ext -out middle.pem 2>/dev/null
            openssl x509 -req -in leaf.csr -CA middle.pem -CAkey middle.key -CAcreateserial -days 30 -extfile leaf.ext -out leaf.pem 2>/dev/null
        "#;
        let done =
            std::process::Command::new("bash").arg("-c").arg(script).current_dir(folder.path()).status().unwrap();
        assert!(done.success(), "openssl makes certificates");
        Self { folder }
    }

    fn pem(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(PathBuf::from(format!("{name}.pem")))).unwrap()
    }
}
