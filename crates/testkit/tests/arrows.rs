//! Which crate may know which: our own, and the libraries that only one room may name.

use crate::tree;
use std::collections::BTreeSet;

/// Crate → the crates it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("crypto", &[]),
    ("activation", &["wire", "pki", "crypto"]),
    ("wire", &["crypto"]),
    ("pki", &["crypto"]),
    ("ledger", &["crypto"]),
    ("proofing", &["model"]),
    ("store", &["model"]),
    ("service", &["activation", "store", "wire", "ledger", "pki", "crypto", "model"]),
    ("gateway", &["service", "model"]),
    ("web", &["service", "wire", "model"]),
    ("rehearsal", &["wire", "crypto", "model"]),
    ("testkit", &["store", "model"]),
    (
        "app",
        &[
            "activation",
            "crypto",
            "gateway",
            "ledger",
            "model",
            "pki",
            "proofing",
            "rehearsal",
            "service",
            "store",
            "web",
            "wire",
        ],
    ),
];

/// Tests may also use these.
const IN_TESTS: &[&str] = &["testkit", "rehearsal", "crypto", "model", "proofing", "wire"];

/// Library → the only crates that may name it, and why.
const ROOMS: &[(&[&str], &[&str], &str)] = &[
    (
        &["rusqlite", "tokio-postgres", "deadpool-postgres", "libsqlite3-sys"],
        &["store", "testkit"],
        "SQL lives in store",
    ),
    (&["aws-lc-rs", "aws-lc-sys", "argon2"], &["crypto"], "crypto is the audit boundary"),
    (&["hyper-rustls", "lettre", "rsntp"], &["gateway", "rehearsal"], "gateway opens outgoing connections"),
    (&["reqwest", "ureq", "isahc", "surf", "attohttpc", "minreq"], &[], "there is one HTTP client: gateway's"),
    (&["openidconnect", "rcgen"], &["rehearsal"], "strangers and development certificates are for rehearsals"),
    (
        &["rustls", "tokio-rustls"],
        &["crypto", "web", "gateway", "rehearsal", "app", "store"],
        "TLS is set up at the edge",
    ),
    (&["axum", "tower-http", "askama"], &["web", "rehearsal"], "web knows HTTP"),
    (&["rten", "imageproc", "image"], &["proofing", "rehearsal"], "pictures are decoded in the worker only"),
    (&["landlock", "seccompiler", "clap"], &["app"], "app owns the process"),
];

/// Never in a program that people install.
const BANNED: &[(&str, &str)] = &[
    ("ring", "one crypto library: aws-lc"),
    ("openssl", "one crypto library: aws-lc"),
    ("openssl-sys", "one crypto library: aws-lc"),
    ("native-tls", "one TLS library: rustls"),
    ("rsa", "RUSTSEC-2023-0071 has no fixed release"),
    ("openidconnect", "a rehearsal's stranger"),
    ("rcgen", "a rehearsal's certificate maker"),
    ("lionrock-rehearsal", "synthetic people stay out of production"),
    ("lionrock-testkit", "for tests only"),
];

/// Crates in the program that people install.
const BUDGET: usize = 420;
/// Crates in the whole program, rehearsal included.
const WITH_REHEARSAL: usize = 480;

struct Arrow {
    from: String,
    to: String,
    dev: bool,
}

fn arrows() -> Vec<Arrow> {
    let mut arrows = Vec::new();
    for package in tree::metadata()["packages"].as_array().unwrap() {
        let from = package["name"].as_str().unwrap().trim_start_matches("lionrock-").to_owned();
        for dependency in package["dependencies"].as_array().unwrap() {
            arrows.push(Arrow {
                from: from.clone(),
                to: dependency["name"].as_str().unwrap().to_owned(),
                dev: dependency["kind"].as_str() == Some("dev"),
            });
        }
    }
    assert!(arrows.len() > 50, "cargo metadata was not understood");
    arrows
}

fn allowed(from: &str) -> &'static [&'static str] {
    ARROWS.iter().find(|(name, _)| *name == from).map_or_else(
        || panic!("crate {from} is not on the map: a new crate needs a decision record and a line in ARROWS"),
        |(_, targets)| targets,
    )
}

#[test]
fn crates_know_only_those_below_them() {
    let mut faults = Vec::new();
    for arrow in arrows() {
        let Some(to) = arrow.to.strip_prefix("lionrock-") else { continue };
        let fine = allowed(&arrow.from).contains(&to) || arrow.dev && IN_TESTS.contains(&to);
        if !fine {
            faults.push(format!("{} → {to}{}", arrow.from, if arrow.dev { " (in tests)" } else { "" }));
        }
    }
    assert!(faults.is_empty(), "these arrows are not on the map of ARCHITECTURE.md:\n{}", faults.join("\n"));
}

#[test]
fn libraries_stay_in_their_rooms() {
    let mut faults = Vec::new();
    for arrow in arrows().iter().filter(|arrow| !arrow.dev) {
        for (libraries, rooms, why) in ROOMS {
            if libraries.contains(&arrow.to.as_str()) && !rooms.contains(&arrow.from.as_str()) {
                faults.push(format!("{} names {}: {why}", arrow.from, arrow.to));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_production_build_holds_nothing_it_should_not() {
    let tree = tree::packages(&["-p", "lionrock-app", "--no-default-features", "-e", "normal,build"]);
    assert!(tree.iter().any(|package| package.starts_with("aws-lc-rs ")), "cargo tree was not understood");
    let faults: Vec<_> = BANNED
        .iter()
        .filter(|(name, _)| tree.iter().any(|package| package.split(' ').next() == Some(name)))
        .map(|(name, why)| format!("{name}: {why}"))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_program_keeps_its_budget_of_crates() {
    let production = tree::packages(&["-p", "lionrock-app", "--no-default-features", "-e", "normal,build"]).len();
    let all = tree::packages(&["-p", "lionrock-app", "-e", "normal,build"]).len();
    println!("crates: {production} of {BUDGET} in a production build, {all} of {WITH_REHEARSAL} with the rehearsal");
    for (count, budget) in [(production, BUDGET), (all, WITH_REHEARSAL)] {
        assert!(
            count <= budget,
            "{count} crates, the budget is {budget}: take something out before putting something in"
        );
    }
}

#[test]
fn every_dependency_is_declared_once_with_its_reason() {
    let manifest = std::fs::read_to_string(tree::root().join("Cargo.toml")).unwrap();
    let section = manifest.split("[workspace.dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let mut declared = BTreeSet::new();
    for line in section.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')) {
        let name = line.split(' ').next().unwrap();
        declared.insert(name.to_owned());
        if !name.starts_with("lionrock-") {
            let reason = line.rsplit_once(" # ").map(|(_, reason)| reason.trim());
            assert!(reason.is_some_and(|reason| reason.len() >= 3), "say what {name} is for, on its line");
        }
    }
    assert!(declared.len() > 20, "Cargo.toml was not understood");
    let used: BTreeSet<String> = arrows().into_iter().map(|arrow| arrow.to).collect();
    let unused: Vec<_> = declared.difference(&used).collect();
    assert!(unused.is_empty(), "declared, but no crate uses them: {unused:?}");
    for (path, text) in tree::files(&["Cargo.toml"]) {
        let mut section = "";
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                section = line;
            } else if section.contains("dependencies]") && line.contains('=') {
                assert!(line.contains("workspace = true"), "{path}: {line}: declare it in the root Cargo.toml");
            }
        }
        assert!(text.contains("[lints]\nworkspace = true"), "{path}: the workspace's lints are missing");
    }
}
