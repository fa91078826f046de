//! The lists are held against the repository and against what people choose.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{is_published, raw, weak, weakness};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lionrock_crypto::digest::sha256;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Every secret that stands in a file of this repository: digest, and where.
fn published_here() -> BTreeMap<[u8; 32], String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    ["crates", "docs", "tests"].iter().for_each(|top| list(&root.join(top), &mut files));
    files.push(root.join("README.md"));
    assert!(files.len() > 200, "the files were not found");
    let mut found = BTreeMap::new();
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let short = file.strip_prefix(&root).unwrap().display().to_string();
        for secret in private_keys(&text).into_iter().chain(jwk_secrets(&text)) {
            found.insert(sha256(&secret), short.clone());
        }
        for digest in service_digests(&text) {
            found.insert(digest, short.clone());
        }
    }
    found
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "node_modules", ".venv", "models"].contains(&name.as_str()) {
                list(&path, files);
            }
        } else if ["rs", "md", "toml", "pem", "json", "mjs", "py", "sh", "key"]
            .iter()
            .any(|it| name.ends_with(&format!(".{it}")))
        {
            files.push(path);
        }
    }
}

/// DER of PEM private keys, also where line feeds are written as `\n`.
fn private_keys(text: &str) -> Vec<Vec<u8>> {
    let text = text.replace("\\n", "\n");
    let blocks = text.split("PRIVATE KEY-----").skip(1).step_by(2);
    let bodies = blocks.map(|block| block.split("-----").next().unwrap_or_default());
    let joined = bodies.map(|body| body.split_whitespace().collect::<String>());
    joined.filter_map(|body| STANDARD.decode(body).ok()).filter(|der| der.len() > 32).collect()
}

/// The member `d` of JSON Web Keys.
fn jwk_secrets(text: &str) -> Vec<Vec<u8>> {
    let text = text.replace("\\\"", "\"");
    let values = text.split("\"d\"").skip(1).filter_map(|rest| rest.split('"').nth(1));
    values.filter_map(|value| URL_SAFE_NO_PAD.decode(value).ok()).filter(|number| number.len() >= 32).collect()
}

fn service_digests(text: &str) -> Vec<[u8; 32]> {
    let values = text.split("secret_sha256 = \"").skip(1).filter_map(|rest| rest.get(..64));
    values.filter_map(crate::root_key::unhex).collect()
}

#[test]
fn every_secret_published_in_this_repository_is_on_the_list() {
    let found = published_here();
    assert!(found.len() >= 4, "the reader of this test finds them: {found:?}");
    let missing = found.iter().filter(|(digest, _)| !is_published(digest));
    let lines: Vec<String> = missing
        .map(|(digest, place)| {
            format!("{} {place}", digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        })
        .collect();
    assert!(lines.is_empty(), "add to gate/secrets/published.txt:\n{}", lines.join("\n"));
}

#[test]
fn what_people_choose_is_weak_and_what_machines_draw_is_not() {
    for (secret, least, why) in [
        ("", 6, "empty"),
        ("   ", 1, "empty"),
        ("12345", 6, "short"),
        ("aaaaaaaaaaaaaaaa", 16, "repeats"),
        ("abcabcabcabcabcabc", 16, "repeats"),
        ("1234561234561234", 16, "repeats"),
        ("123456", 6, "row"),
        ("87654321", 6, "row"),
        ("qwertyuiop", 6, "row"),
        ("poiuytrewq", 6, "row"),
        ("correct horse battery staple", 16, "words"),
        ("Correct-Horse-Battery-Staple-2026", 16, "words"),
        ("P@ssw0rd", 6, "words"),
        ("changeme-please-1", 12, "words"),
        ("lionrock test password", 16, "words"),
        ("s3cr3ts3rv1c3k3y!", 16, "words"),
    ] {
        assert!(weakness(secret.as_bytes(), least).is_some_and(|text| text.contains(why)), "{secret:?} is {why}");
    }
    for (secret, least) in [
        ("904173", 6),
        ("58203917", 6),
        ("Zq7v-Tn2k-Wb9x-Hd4m", 16),
        ("b4c1f0a97e2d5836", 16),
        ("gravel tundra oxcart vellum sprocket niche", 16),
    ] {
        assert_eq!(weakness(secret.as_bytes(), least), None, "{secret:?}");
    }
}

#[test]
fn digests_of_words_are_recognised_and_those_of_random_secrets_are_not() {
    for word in ["", "test", "secret", "Password123", "lionrock-secret", "CHANGEME", "123456"] {
        assert!(weak::is_digest_of_a_word(&sha256(word.as_bytes())), "{word:?}");
    }
    assert!(!weak::is_digest_of_a_word(&sha256(b"b4c1f0a97e2d5836b4c1f0a97e2d5837")));
}

#[test]
fn keys_that_nobody_drew_are_not_random() {
    for bytes in [[0; 32], [3; 32], [7; 32], std::array::from_fn(|place| u8::try_from(place).unwrap())] {
        assert!(raw(&bytes).is_err());
    }
    assert!(raw(&sha256(b"a random key")).is_ok());
}
