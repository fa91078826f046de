//! Sizes and names of files.

use crate::tree;

/// Lines of a file at most. Tables of vectors have folders of their own.
const LINES: usize = 600;
/// Names that say nothing.
const BANNED: [&str; 14] = [
    "util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "shared", "stuff", "base", "core",
    "impl", "tools",
];

#[test]
fn files_are_short_enough_to_read() {
    let mut faults = Vec::new();
    for (path, text) in tree::files(&[".rs", ".mjs", ".js", ".css", ".html", ".sql", ".py"]) {
        let lines = text.lines().count();
        if lines > LINES {
            faults.push(format!("{path}: {lines} lines, {LINES} are allowed: split it by noun"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn modules_have_names_that_say_something() {
    let mut faults = Vec::new();
    for (path, text) in tree::files(&[".rs"]) {
        for part in path.trim_end_matches(".rs").split('/') {
            if BANNED.contains(&part) {
                faults.push(format!("{path}: `{part}` says nothing"));
            }
        }
        for line in text.lines() {
            let line = line.trim().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
            let name = line.strip_prefix("mod ").map(|rest| rest.trim_end_matches([';', '{', ' ']));
            if name.is_some_and(|name| BANNED.contains(&name)) {
                faults.push(format!("{path}: {line} says nothing"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_rust_file_says_what_it_is() {
    let mut faults = Vec::new();
    assert!(tree::files(&[".rs"]).len() > 50, "the files were not found");
    for (path, text) in tree::files(&[".rs"]) {
        if !text.starts_with("//!") {
            faults.push(format!("{path}: begin with `//!` and one sentence"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn lock_files_name_no_registry_host() {
    for (path, text) in tree::files(&["package-lock.json", ".npmrc"]) {
        assert!(!text.contains("://registry."), "{path}: install with omit-lockfile-registry-resolved=true");
    }
}

#[test]
fn nothing_names_a_registry_or_a_machine() {
    // Put together here, so that this file does not name them either.
    let hosts = ["registry.npm", "static.crates", "index.crates", "files.python", "deb.debian", "snapshot.debian"];
    let dots = ["js.org", ".io", ".io", "hosted.org", ".org", ".org"];
    let folders = [["/wo", "rk/"], ["/tmp/", "team"], ["/ro", "ot/"]];
    let banned: Vec<String> = hosts.iter().zip(dots).map(|(host, rest)| [*host, rest].concat()).collect();
    let banned: Vec<String> = banned.into_iter().chain(folders.map(|parts| parts.concat())).collect();
    let mut faults = Vec::new();
    let endings =
        [".rs", ".toml", ".md", ".mjs", ".js", ".py", ".sh", ".html", ".css", ".ftl", ".json", ".yaml", ".sql", ".txt"];
    for (path, text) in tree::files(&endings) {
        for word in banned.iter().filter(|word| text.contains(word.as_str())) {
            faults.push(format!("{path}: {word}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
