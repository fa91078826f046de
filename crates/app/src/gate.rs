//! The start gate: what must be true before a socket opens. Every check is named; one failure ends the process.

use crate::config::{Config, Mail};
use lionrock_model::realm::Realm;
use std::path::Path;

/// One check and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its stable name.
    pub name: &'static str,
    /// What is wrong and what to do; nothing when it passed.
    pub failure: Option<String>,
}

/// What this program was built as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    /// With debug assertions.
    pub debug: bool,
    /// With the rehearsal: synthetic people, software authenticators, stand-ins.
    pub rehearsal: bool,
}

impl Build {
    /// This program.
    #[must_use]
    pub const fn this() -> Self {
        Self { debug: cfg!(debug_assertions), rehearsal: cfg!(feature = "rehearsal") }
    }
}

/// Runs all checks that need no open store.
#[must_use]
pub fn checks(config: &Config, realm: &Realm, build: Build) -> Vec<Check> {
    let production = !realm.is_test();
    let refuse =
        |name, wrong: bool, failure: &str| Check { name, failure: (production && wrong).then(|| failure.to_owned()) };
    let host = config.issuer_host().unwrap_or_default();
    let loopback_host = host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.");
    vec![
        refuse("release-build", build.debug, "this is a debug build; production runs a release build"),
        refuse(
            "no-rehearsal",
            build.rehearsal,
            "this build carries synthetic people and software authenticators; build with --no-default-features",
        ),
        refuse(
            "real-mail",
            matches!(config.mail, Mail::Mailbox),
            "mail.kind = \"mailbox\" belongs to test realms; name a mail server",
        ),
        refuse("real-issuer", loopback_host, "the issuer is this machine alone; give the name people will use"),
        refuse(
            "registry-over-tls",
            !config.registry.url.starts_with("https://"),
            "registry.url must begin with https://",
        ),
        refuse(
            "root-key-in-a-module",
            config.keys.pkcs11.is_none(),
            "the root key is held in software; name a key store module under keys.pkcs11",
        ),
        refuse("no-default-name", config.name == "Lionrock (demo)", "name is the demo's; choose your own"),
        folder(&config.data),
    ]
}

/// The data folder exists or can be made, and can be written to.
fn folder(data: &Path) -> Check {
    let probe = data.join(".probe");
    let outcome = std::fs::create_dir_all(data)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe));
    let failure = outcome.err().map(|error| format!("cannot write to the data folder {}: {error}", data.display()));
    Check { name: "data-folder", failure }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test owns its folders")]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn config(realm: &str) -> Config {
        let data = std::env::temp_dir().join("lionrock-gate-test");
        let text = format!(
            "realm = \"{realm}\"\nissuer = \"https://localhost:8443\"\ndata = {data:?}\nname = \"Lionrock (demo)\"\n\
             keys = {{ root_file = \"k\" }}\ntls = {{ chain = \"c\", key = \"k\" }}\n\
             registry = {{ url = \"http://127.0.0.1:1/\" }}\nmail = {{ kind = \"mailbox\" }}\n"
        );
        toml::from_str(&text).unwrap()
    }

    fn failures(realm: &str, build: Build) -> Vec<&'static str> {
        let config = config(realm);
        let realm = Realm::parse(realm).unwrap();
        checks(&config, &realm, build).into_iter().filter(|c| c.failure.is_some()).map(|c| c.name).collect()
    }

    #[test]
    fn production_refuses_what_belongs_to_test_realms() {
        let all = failures("production", Build { debug: true, rehearsal: true });
        assert_eq!(
            all,
            [
                "release-build",
                "no-rehearsal",
                "real-mail",
                "real-issuer",
                "registry-over-tls",
                "root-key-in-a-module",
                "no-default-name"
            ]
        );
        assert_eq!(failures("test-demo", Build { debug: true, rehearsal: true }), [""; 0]);
    }
}
