//! The files and the packages of this repository, as the other tests look at them.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The top folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every text file of ours: path from the top, and content.
pub fn files(endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for top in ["crates", "tests", "docs"] {
        walk(&root().join(top), endings, &mut found);
    }
    found.sort();
    found
}

fn walk(folder: &Path, endings: &[&str], found: &mut Vec<(String, String)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "node_modules", "snapshots", "vectors", ".venv"].contains(&name.as_str()) {
                walk(&path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let short = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            found.push((short, std::fs::read_to_string(&path).unwrap_or_default()));
        }
    }
}

/// The workspace's packages as cargo sees them: no network, no other platform.
pub fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        let text = cargo(&["metadata", "--format-version=1", "--no-deps"]);
        serde_json::from_str(&text).unwrap()
    })
}

/// Names of all packages that `cargo tree` with these arguments shows.
pub fn packages(arguments: &[&str]) -> BTreeSet<String> {
    let mut all = vec!["tree", "--prefix=none", "--format={p}"];
    all.extend(arguments);
    let text = cargo(&all);
    // "name v1.2.3 (path) (*)": the same package is shown once a version.
    text.lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some(format!("{} {}", words.next()?, words.next()?))
        })
        .collect()
}

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo).args(arguments).arg("--offline").current_dir(root()).output().unwrap();
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The code of a Rust file: comments, and everything from the first test module on, taken out.
pub fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}
