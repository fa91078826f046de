//! What the configuration says: real systems, nothing left as the demo has it, limits within policy.

use super::{Check, Outcome, Setting, outcome};
use crate::config::Mail;
use lionrock_service::platform::Limits;
use std::path::Path;

pub(super) fn checks(at: &Setting<'_>) -> Vec<Check> {
    let config = at.config;
    vec![
        at.production(
            "real-mail",
            matches!(config.mail, Mail::Mailbox),
            "mail.kind = \"mailbox\" belongs to test realms; name a mail server",
        ),
        at.production(
            "real-issuer",
            is_unreal(&config.issuer_host().unwrap_or_default()),
            "the issuer is this machine alone or a name nobody can own; give the name people will use",
        ),
        at.production(
            "registry-over-tls",
            !config.registry.url.starts_with("https://"),
            "registry.url must begin with https://",
        ),
        at.production(
            "push-over-tls",
            config.push.as_ref().is_some_and(|push| !push.url.starts_with("https://")),
            "push.url must begin with https://: who hears that their record was read is nobody else's to know",
        ),
        at.production(
            "root-key-in-a-module",
            config.keys.root_token().is_none(),
            "the root key is held in software; name a key store module under keys.pkcs11, or have a deviation signed",
        ),
        at.production_all("no-default-values", || defaults(at)),
        at.production(
            "tls-1.3-only",
            config.tls.tls12,
            "tls.tls12 = true also speaks TLS 1.2; take it out, or have a deviation signed",
        ),
        at.production_all("limits-within-policy", || beyond_policy(at)),
        at.production(
            "two-officers-are-told",
            config.alerts().map_or(true, |alerts| alerts.len() < 2),
            "alarms reach fewer than two people: name two addresses under officers.alerts",
        ),
        folder(&config.data),
    ]
}

/// Loopback, and the names set aside for examples and tests (RFC 2606, RFC 6761).
fn is_unreal(host: &str) -> bool {
    let ends = |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    let set_aside = ["localhost", "test", "example", "invalid", "example.com", "example.net", "example.org"];
    host.is_empty()
        || !host.contains('.')
        || host.starts_with("127.")
        || host == "0.0.0.0"
        || set_aside.into_iter().any(ends)
}

/// What still is as the demo or the example has it.
fn defaults(at: &Setting<'_>) -> Vec<String> {
    let config = at.config;
    let mut found = Vec::new();
    if ["Lionrock", "Lionrock (demo)", "Example identity"].contains(&config.name.as_str()) {
        found.push(format!("name = {:?} is the demo's or the example's; choose your own", config.name));
    }
    let port = config.issuer.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    if port.is_some_and(|port| DEMO_PORTS.contains(&port)) {
        found.push("the issuer has a port of the demo; people reach production at a port of its own".to_owned());
    }
    if DEMO_PORTS.contains(&config.listen.port()) {
        found.push(format!("listen has port {}, which is the demo's; choose another", config.listen.port()));
    }
    found
}

const DEMO_PORTS: [u16; 2] = [8443, 8444];

/// Limits that policy does not allow, each with the range it allows.
fn beyond_policy(at: &Setting<'_>) -> Vec<String> {
    let (config, given, policy) = (at.config, at.limits, Limits::default());
    let mut found = Vec::new();
    let mut number = |name: &str, value: Option<u64>, most: u64| {
        if value.is_some_and(|value| !(1..=most).contains(&value)) {
            found.push(format!("{name} must be from 1 to {most}"));
        }
    };
    number("limits.requests_per_second", config.limits.requests_per_second.map(u64::from), 200);
    number("limits.changes_per_minute", config.limits.changes_per_minute.map(u64::from), 600);
    let places = u64::try_from(config.proofing.places).unwrap_or(u64::MAX);
    number("proofing.places", Some(places), 64);
    number("proofing attempts", Some(given.proofing_attempts.into()), policy.proofing_attempts.into());
    let spans = [
        ("custody", given.custody, policy.custody),
        ("registration", given.registration, policy.registration),
        ("challenge", given.challenge, policy.challenge),
        ("ceremony", given.ceremony, policy.ceremony),
        ("session idle", given.session_idle, policy.session_idle),
        ("session total", given.session_total, policy.session_total),
        ("step-up", given.step_up, policy.step_up),
        ("e-mail code", given.email_code, policy.email_code),
        ("code", given.code, policy.code),
        ("pushed request", given.pushed_request, policy.pushed_request),
        ("access token", given.access_token, policy.access_token),
        ("ID token", given.id_token, policy.id_token),
    ];
    for (name, value, most) in spans {
        if value > most || value.is_zero() {
            found.push(format!("the span of {name} must be {} s at most", most.as_secs()));
        }
    }
    if given.budgets != policy.budgets {
        found.push("the budgets of openings must be those of the policy".to_owned());
    }
    found
}

/// The data folder exists or can be made, and can be written to.
fn folder(data: &Path) -> Check {
    let probe = data.join(".probe");
    let tried = std::fs::create_dir_all(data)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe));
    let wrong = tried.err().map(|error| format!("cannot write to the data folder {}: {error}", data.display()));
    Check { name: "data-folder", outcome: wrong.map_or(Outcome::Passed, |text| outcome(vec![text])) }
}

#[cfg(test)]
mod tests {
    use super::is_unreal;

    #[test]
    fn names_nobody_can_own_are_unreal() {
        for host in ["", "localhost", "a.localhost", "127.0.0.1", "id.example", "id.example.com", "id.test", "intranet"]
        {
            assert!(is_unreal(host), "{host}");
        }
        for host in ["id.gov.hk", "contest.hk", "myexample.com", "id.testing.hk"] {
            assert!(!is_unreal(host), "{host}");
        }
    }
}
