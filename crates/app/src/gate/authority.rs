//! The certificate authority under which this deployment issues: there, whole, of this realm, under the configured root, and in time.

use super::{Check, Outcome, outcome};
use crate::config::Config;
use lionrock_model::realm::Realm;
use lionrock_model::time::Millis;
use lionrock_pki::certificate::Certificate;
use lionrock_service::authority::{ROOT, is_of};
use lionrock_store::Store;
use lionrock_store::authority::{self, Own};

const NAME: &str = "certificate-authority";
const ISSUING: &str = "ca-issuing";

/// Asks the opened store.
pub async fn check(store: &Store, config: &Config, realm: &Realm, now: Millis) -> Check {
    let own = match store.read(authority::all).await {
        Ok(own) => own,
        Err(error) => return Check { name: NAME, outcome: Outcome::Refused(error.to_string()) },
    };
    Check { name: NAME, outcome: outcome(faults(&own, config, realm, now)) }
}

/// Everything wrong. A test realm makes its authority at its first start; production brings one.
fn faults(own: &[Own], config: &Config, realm: &Realm, now: Millis) -> Vec<String> {
    let mut wrong = config.authority.faults(realm);
    if own.is_empty() {
        if !realm.is_test() {
            wrong.push(
                "there is no certificate authority: make requests with `lionrock authority request`, let the offline root sign \
                 them, and bring the chain with `lionrock authority install`"
                    .to_owned(),
            );
        }
        return wrong;
    }
    let parse = |one: &Own| Certificate::from_der(&one.certificate).ok();
    let of = |purpose: &str| own.iter().find(|one| one.purpose == purpose).and_then(parse);
    let (Some(root), Some(issuing)) = (of(ROOT), of(ISSUING)) else {
        wrong.push("the chain in the store is not whole".to_owned());
        return wrong;
    };
    for one in own {
        match parse(one) {
            None => wrong.push(format!("the certificate for {} cannot be read", one.purpose)),
            Some(read) if !is_of(realm, &read) => wrong.push(format!(
                "the certificate for {} is not of realm {realm}: production takes none that says TEST, and a test realm none that \
                 does not",
                one.purpose
            )),
            Some(_) => {}
        }
    }
    let signed = root.key().is_ok_and(|key| issuing.verify(&key).is_ok() && root.verify(&key).is_ok());
    if !signed {
        wrong.push("the issuing authority's certificate was not signed by the root beside it".to_owned());
    }
    let within = |one: &Certificate| {
        let (first, last) = one.validity();
        u64::try_from(now.seconds()).is_ok_and(|now| (first..=last).contains(&now))
    };
    if !within(&root) || !within(&issuing) {
        wrong.push("the chain is not valid today".to_owned());
    }
    if let Some(file) = &config.authority.root {
        let named = std::fs::read_to_string(file).ok().and_then(|pem| Certificate::from_pem(&pem).ok());
        match named {
            None => wrong.push(format!("authority.root: {} holds no certificate", file.display())),
            Some(named) if named != root => {
                wrong.push("the root in the store is another one than authority.root names".to_owned());
            }
            Some(_) => {}
        }
    }
    wrong
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test owns its folder")]
mod tests {
    use super::*;
    use lionrock_crypto::sign::{Algorithm, SigningKey};
    use lionrock_pki::certificate::{Order, issue};
    use lionrock_pki::profile::Profile;
    use lionrock_service::authority::Setup;

    const NOW: u64 = 1_790_000_000;
    const DAY: u64 = 86_400;

    fn config(realm: &str) -> Config {
        let text = format!(
            "realm = \"{realm}\"\nissuer = \"https://localhost\"\ndata = \"data\"\nkeys = {{ root_file = \"k\" }}\n\
             tls = {{ chain = \"c\", key = \"k\" }}\nregistry = {{ url = \"https://a.example\" }}\nmail = {{ kind = \"mailbox\" }}\n\
             [authority]\naddress = \"http://pki.example.hk\"\nidentifier = \"NTRHK-1\"\norganisation = \"Example\"\n\
             policies = \"1.3.6.1.4.1.99999.1\"\n"
        );
        toml::from_str(&text).unwrap()
    }

    fn chain(realm: &str, config: &Config) -> (Certificate, Vec<Own>) {
        let (realm, setup) = (Realm::parse(realm).unwrap(), config.authority.setup());
        let setup: &Setup = &setup;
        let (top, key) =
            (SigningKey::generate(Algorithm::Es256).unwrap(), SigningKey::generate(Algorithm::Es256).unwrap());
        let order = |profile, key: &SigningKey, serial| Order {
            profile,
            subject: setup.own_subject(&realm, profile, "1"),
            key: key.public().unwrap(),
            serial: [serial; 16],
            from: NOW - DAY,
            until: NOW + 300 * DAY,
            policies: setup.policies(profile).unwrap(),
            hosts: vec![],
            places: setup.places(Profile::Root),
        };
        let root = issue(&order(Profile::Root, &top, 1), None, &top).unwrap();
        let issuing = issue(&order(Profile::Issuing, &key, 2), Some(&root), &top).unwrap();
        let own = |purpose: &str, one: &Certificate| Own {
            serial: one.serial().to_vec(),
            purpose: purpose.to_owned(),
            epoch: 1,
            certificate: one.der().to_vec(),
            not_after: Millis(0),
            created: Millis(0),
        };
        (root.clone(), vec![own(ROOT, &root), own(ISSUING, &issuing)])
    }

    fn found(own: &[Own], config: &Config, realm: &str, now: u64) -> String {
        faults(own, config, &Realm::parse(realm).unwrap(), Millis(i64::try_from(now).unwrap() * 1000)).join("; ")
    }

    #[test]
    fn production_brings_an_authority_and_a_test_realm_makes_one() {
        assert!(found(&[], &config("production"), "production", NOW).contains("lionrock authority request"));
        assert_eq!(found(&[], &config("test-demo"), "test-demo", NOW), "");
        let mut bare = config("production");
        bare.authority = Default::default();
        assert!(found(&[], &bare, "production", NOW).contains("address, identifier, organisation, policies, root"));
    }

    #[test]
    fn a_chain_counts_in_its_realm_and_its_time_and_under_its_root() {
        let mut production = config("production");
        let (root, own) = chain("production", &production);
        let folder = std::env::temp_dir().join(format!("lionrock-gate-authority-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("root.pem");
        std::fs::write(&file, root.to_pem().unwrap()).unwrap();
        production.authority.root = Some(file.clone());
        assert_eq!(found(&own, &production, "production", NOW), "");
        assert!(found(&own, &production, "production", NOW + 301 * DAY).contains("not valid today"));
        assert!(found(&own, &config("test-demo"), "test-demo", NOW).contains("not of realm test-demo"));
        let (_, test) = chain("test-demo", &config("test-demo"));
        let says = found(&test, &production, "production", NOW);
        assert!(says.contains("not of realm production") && says.contains("another one than authority.root"), "{says}");
        assert_eq!(found(&test, &config("test-demo"), "test-demo", NOW), "");
        // The root of one chain over the authority of another.
        let (_, other) = chain("production", &production);
        let mixed = vec![own[0].clone(), other[1].clone()];
        assert!(found(&mixed, &production, "production", NOW).contains("not signed by the root"));
        assert!(found(&own[..1], &production, "production", NOW).contains("not whole"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
