//! Purposes, letters and outgoing connections are closed lists: what is not listed here, and in `docs/operate/goes-out.md` for people,
//! does not exist. A new line is a decision somebody has looked at.

use crate::tree;
use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../docs/operate/goes-out.md");

/// Words that open a connection or send something to another host or process.
const OPENERS: [&str; 12] = [
    "AsyncSmtpTransport",
    "TcpSocket",
    "TcpStream::connect",
    "TcpStream::connect_timeout",
    "UdpSocket",
    "UnixDatagram",
    "UnixStream::connect",
    "client::conn",
    "client::legacy",
    "deadpool_postgres::Manager",
    "lookup_host",
    "to_socket_addrs",
];

/// File → what opens a connection there → whom it reaches, as the document calls it.
const OUTGOING: &[(&str, &str, &str)] = &[
    // A planted fault: the reader of strangers' documents tries to make a socket, and must fail.
    ("crates/app/src/document/child.rs", "UnixDatagram", "Nobody"),
    ("crates/app/src/sealed/door.rs", "UnixStream::connect", "The server itself"),
    // The worker tries whether its sandbox holds: it binds a socket to itself, and must fail.
    ("crates/app/src/worker/probe.rs", "UdpSocket", "Nobody"),
    ("crates/gateway/src/client.rs", "client::legacy", "The card authority"),
    ("crates/gateway/src/client.rs", "lookup_host", "The card authority"),
    ("crates/gateway/src/clock.rs", "UdpSocket", "A time server"),
    ("crates/gateway/src/clock.rs", "lookup_host", "A time server"),
    ("crates/gateway/src/mail.rs", "AsyncSmtpTransport", "The mail system"),
    ("crates/gateway/src/metadata.rs", "TcpStream::connect", "A cloud's metadata address"),
];

/// Who describes a system for the one HTTP client, and which.
const SYSTEMS: &[(&str, &str)] = &[
    ("crates/app/src/command/renew/house.rs", "An authority for time and status"),
    ("crates/app/src/command/verify/place.rs", "A published log"),
    ("crates/app/src/start.rs", "The card authority"),
    ("crates/app/src/start/push.rs", "A push service"),
    ("crates/app/src/witness.rs", "A witness"),
];

/// Letters to residents, by the variant or function that words them.
const LETTERS: &[(&str, &[&str])] = &[
    (
        "crates/service/src/letter.rs",
        &[
            "AccountClosed",
            "AuthenticatorAdded",
            "AuthenticatorRemoved",
            "CertificateEnding",
            "CertificateHeld",
            "CertificateIssued",
            "CertificateResumed",
            "CertificateRevoked",
            "CodesRenewed",
            "ConsentEnded",
            "ContactChanged",
            "CorrectionDecided",
            "CorrectionReceived",
            "CorrectionWithdrawn",
            "DataExported",
            "DocumentSigned",
            "Guarded",
            "LevelRaised",
            "RecordRead",
            "Recovered",
            "RecoveredByProofing",
            "Reinstated",
            "Suspended",
            "Unguarded",
        ],
    ),
    ("crates/service/src/counter/switch.rs", &["letter"]),
    ("crates/service/src/email_code.rs", &["letter"]),
    ("crates/service/src/register/letters.rs", &["already"]),
];

/// Files that put a letter together; the watch and findings write to officers, never to residents.
const WRITERS: [&str; 6] = [
    "crates/service/src/counter/switch.rs",
    "crates/service/src/email_code.rs",
    "crates/service/src/letter.rs",
    "crates/service/src/monitor/finding.rs",
    "crates/service/src/register/letters.rs",
    "crates/service/src/vault/watch.rs",
];

/// What personal data is opened for. No marketing, no analytics, no research.
const PURPOSES: [&str; 13] = [
    "access-request",
    "account-management",
    "break-glass",
    "consent-preview",
    "correction",
    "counter-service",
    "help-desk",
    "investigation",
    "key-rotation",
    "notification",
    "registration",
    "release",
    "restore-check",
];

#[test]
fn outgoing_connections_are_a_closed_list() {
    let mut found = BTreeSet::new();
    for (path, code) in program() {
        for opener in OPENERS.iter().filter(|opener| code.contains(*opener)) {
            found.insert((path.clone(), (*opener).to_owned()));
        }
    }
    let listed: BTreeSet<_> =
        OUTGOING.iter().map(|(path, opener, _)| ((*path).to_owned(), (*opener).to_owned())).collect();
    assert_eq!(found, listed, "left: what the source does; right: what is listed and documented");
    let described: BTreeSet<_> = program()
        .into_iter()
        .filter(|(path, code)| code.contains("Reach {") && !path.ends_with("/client.rs"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(
        described,
        SYSTEMS.iter().map(|(path, _)| (*path).to_owned()).collect(),
        "who describes systems to call"
    );
    for system in OUTGOING.iter().map(|(_, _, system)| system).chain(SYSTEMS.iter().map(|(_, system)| system)) {
        assert!(DOCUMENT.contains(&format!("| {system} |")), "docs/operate/goes-out.md does not tell of: {system}");
    }
}

#[test]
fn letters_are_a_closed_list_without_a_marketing_channel() {
    let writers: BTreeSet<_> = program()
        .into_iter()
        .filter(|(path, code)| path.starts_with("crates/service/") && composes(code))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(writers, WRITERS.iter().map(|path| (*path).to_owned()).collect(), "who puts letters together");
    for (path, letters) in LETTERS {
        let text = tree::code(&read(path));
        let found: BTreeSet<String> = match text.split_once("pub enum News {") {
            Some((_, rest)) => {
                let lines = rest.split('}').next().unwrap().lines().map(str::trim);
                lines.filter_map(|line| line.strip_suffix(',')).map(str::to_owned).collect()
            }
            None => {
                let functions = text.split("fn ").skip(1).map(|rest| rest.split('{').next().unwrap());
                let letters = functions.filter(|function| function.contains("-> Letter"));
                letters.map(|function| function.split('(').next().unwrap().to_owned()).collect()
            }
        };
        assert_eq!(found, letters.iter().map(|letter| (*letter).to_owned()).collect(), "letters of {path}");
        for letter in *letters {
            assert!(
                DOCUMENT.contains(&format!("`{letter}`")),
                "docs/operate/goes-out.md does not tell of the letter {letter}"
            );
        }
    }
}

#[test]
fn purposes_are_a_closed_list() {
    let text = tree::code(&read("crates/model/src/policy.rs"));
    let words = text.split("impl Purpose {").nth(1).unwrap().split("fn word").nth(1).unwrap();
    let words = words.split("\n    }").next().unwrap();
    let found: BTreeSet<_> = words.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(found, PURPOSES.iter().map(|word| (*word).to_owned()).collect(), "purposes of opening personal data");
}

/// A `Letter` is built, not declared and not taken apart.
fn composes(code: &str) -> bool {
    code.match_indices("Letter {").any(|(at, _)| {
        let line = code[..at].rsplit('\n').next().unwrap();
        let word = line.rsplit(' ').next().unwrap();
        !line.contains("struct")
            && !line.contains("impl")
            && !line.contains("->")
            && word.trim_start_matches(['&', '(']).is_empty()
    })
}

/// What people install, without rehearsals and tests.
fn program() -> Vec<(String, String)> {
    let sources = tree::files(&[".rs"]).into_iter().filter(|(path, _)| {
        path.contains("/src/") && !["crates/testkit/", "crates/rehearsal/"].iter().any(|out| path.starts_with(out))
    });
    let code: Vec<_> = sources.map(|(path, text)| (path, tree::code(&text))).collect();
    assert!(code.len() > 100, "the sources were not found");
    code
}

fn read(path: &str) -> String {
    std::fs::read_to_string(tree::root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
