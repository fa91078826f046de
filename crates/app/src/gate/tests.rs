//! The whole gate over a whole production configuration: everything passes, then one thing after the other is spoilt and exactly its check refuses. The build, the clock, the network and the machine are given, so that the verdict does not
//! depend on where the tests run; what this program really is and sees enters in [`super::Surroundings::look`] alone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a test owns its folders")]

use super::*;
use crate::config::OfficerEntry;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};
use lionrock_service::statement::{DeviationClaims, Signed, SiteClaims};
use std::path::PathBuf;
use std::time::Duration;

/// 2026-11-23T00:00:00Z.
pub const NOW: Millis = Millis(1_795_392_000_000);

/// A production configuration in a folder of its own, and what surrounds it.
pub struct Stage {
    pub folder: tempfile::TempDir,
    pub config: Config,
    pub realm: Realm,
    pub limits: Limits,
    pub around: Surroundings,
    pub keys: [SigningKey; 3],
}

impl Stage {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        let write = |name: &str, text: &str| std::fs::write(path.join(name), text).unwrap();
        write("pin", "904173\n");
        write("mail", "Zq7v-Tn2k-Wb9x-Hd4m\n");
        write("token", "b4c1f0a97e2d5836\n");
        certificate(&path, "/O=Digital Identity/CN=id.gov.hk");
        let keys = [(); 3].map(|()| SigningKey::generate(Algorithm::EdDsa).unwrap());
        let roles = ["privacy", "security", "operator"];
        let officers: String = keys
            .iter()
            .zip(roles)
            .map(|(key, role)| {
                format!("[[officer]]\nid = \"{role}-1\"\nrole = \"{role}\"\nkey = \"{}\"\n", public(key))
            })
            .collect();
        let text = format!(
            "realm = \"production\"\nissuer = \"https://id.gov.hk\"\nname = \"Digital identity\"\nlisten = \"0.0.0.0:443\"\n\
             data = \"data\"\nservices = \"services.toml\"\n[keys.pkcs11]\nmodule = \"/usr/lib/module.so\"\ntoken = \"lionrock\"\n\
             pin_file = \"pin\"\n[tls]\nchain = \"tls.pem\"\nkey = \"tls.key\"\n[registry]\nurl = \"https://registry.gov.hk/confirm\"\n\
             token_file = \"token\"\n[mail]\nkind = \"smtp\"\nhost = \"mail.gov.hk\"\nfrom = \"no-reply@gov.hk\"\nuser = \"lionrock\"\n\
             password_file = \"mail\"\n[clock]\nsources = [\"stdtime.gov.hk\"]\n[site]\nallowed = [\"hk-1\"]\n\
             certificates = [\"site.json\"]\n[officers]\nalerts = [\"a@id.gov.hk\", \"b@id.gov.hk\"]\n[staff]\nlisten = \"10.0.0.1:443\"\n\
             origin = \"https://staff.gov.hk\"\nattestation_roots = [\"tls.pem\"]\n\
             models = [\"cb69481e8ff7403993ec0a2729a154a8\"]\n[[staff.unit]]\nname = \"one\"\nkind = \"office\"\nhours = [9, 18]\n\
             networks = [\"10.0.0.0/8\"]\n[[staff.unit]]\nname = \"other\"\nkind = \"counter\"\nhours = [9, 18]\n\
             networks = [\"10.0.0.0/8\"]\n{officers}"
        );
        write("lionrock.toml", &text);
        write("services.toml", "");
        let config = Config::read(&path.join("lionrock.toml")).unwrap();
        let around = Surroundings {
            build: Build { debug: false, rehearsal: false },
            clock: Some(Reading { answers: 3, behind_ms: -40 }),
            cloud: None,
            host: host::NAMES
                .map(|name| Condition { name, held: true, found: "as found".to_owned(), mend: "mend it" })
                .into(),
            now: NOW,
        };
        let stage = Self { folder, config, realm: Realm::Production, limits: Limits::default(), around, keys };
        stage.site(|_| {});
        stage
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Writes the site certificate, changed before it is signed.
    fn site(&self, change: fn(&mut SiteClaims)) {
        let mut claims = SiteClaims {
            approved_by: vec!["privacy-1".to_owned(), "security-1".to_owned()],
            class: "government".to_owned(),
            country: "HK".to_owned(),
            covers: vec!["store".to_owned(), "backup".to_owned()],
            endpoints: vec![format!("folder:{}", self.path("").display().to_string().trim_end_matches('/'))],
            expires: "2027-06-01T00:00:00Z".to_owned(),
            id: "site-1".to_owned(),
            no_snapshots: true,
            not_before: "2026-11-01T00:00:00Z".to_owned(),
            realm: "production".to_owned(),
            site: "hk-1".to_owned(),
        };
        change(&mut claims);
        self.write("site.json", &self.signed(claims, &["privacy-1", "security-1"]));
    }

    /// A deviation for the software root, signed by these.
    pub fn deviation(&self, signers: &[&str], change: fn(&mut DeviationClaims)) -> String {
        let mut claims = DeviationClaims {
            approved_by: signers.iter().map(|&id| id.to_owned()).collect(),
            check: "root-key-in-a-module".to_owned(),
            expires: "2027-01-01T00:00:00Z".to_owned(),
            id: "root-2026".to_owned(),
            not_before: "2026-11-20T00:00:00Z".to_owned(),
            realm: "production".to_owned(),
            reason: "The module is on its way.".to_owned(),
        };
        change(&mut claims);
        self.signed(claims, signers)
    }

    fn signed<C: lionrock_service::statement::Claims>(&self, claims: C, signers: &[&str]) -> String {
        let mut signed = Signed::propose(claims);
        for signer in signers {
            let place = ["privacy-1", "security-1", "operator-1"].iter().position(|id| id == signer);
            signed.sign(signer, &self.keys[place.unwrap_or(0)]).unwrap();
        }
        signed.to_json().unwrap()
    }

    /// The root key in software, and a deviation file of this text.
    fn in_software(&mut self, deviation: &str) {
        self.write("deviation.json", deviation);
        self.config.deviations = vec![self.path("deviation.json")];
        self.root_file("8f3a61c7d2e94b05a6f18c3d7e2095b4c86af1d3e57092b4681fd3ca5e7b9024");
    }

    fn root_file(&mut self, hex: &str) {
        self.write("root.key", &format!("lionrock root key v1\n{hex}\n"));
        self.config.keys.pkcs11 = None;
        self.config.keys.root_file = Some(self.path("root.key"));
    }

    pub fn judge(&self) -> Verdict {
        judge(&self.config, &self.realm, &self.limits, &self.around)
    }

    fn refused(&self) -> Vec<&'static str> {
        self.judge().refused().into_iter().map(|check| check.name).collect()
    }

    fn text(&self, name: &str) -> String {
        self.judge().checks.iter().find(|check| check.name == name).unwrap().outcome.text()
    }
}

pub fn public(key: &SigningKey) -> String {
    match key.public().unwrap() {
        PublicKey::Ed25519(bytes) => URL_SAFE_NO_PAD.encode(bytes),
        _ => unreachable!(),
    }
}

/// A certificate and key by openssl, as an operator would have them.
fn certificate(folder: &Path, subject: &str) {
    let done = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"])
        .args(["-subj", subject, "-keyout", "tls.key", "-out", "tls.pem"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

/// Every check of this file's part of the gate, in order.
const NAMES: [&str; 25] = [
    "release-build",
    "no-rehearsal",
    "real-mail",
    "real-issuer",
    "registry-over-tls",
    "push-over-tls",
    "root-key-in-a-module",
    "no-default-values",
    "tls-1.3-only",
    "limits-within-policy",
    "two-officers-are-told",
    "data-folder",
    "no-known-secrets",
    "no-test-certificates",
    "services-fit-the-realm",
    "roles-of-this-realm",
    "staff-policy-sound",
    "staff-house-apart",
    "trusted-clock",
    "no-cloud-metadata",
    "host-conditions",
    "store-at-an-allowed-site",
    "store-over-tls",
    "backup-at-an-allowed-site",
    "deviations",
];

#[test]
fn a_whole_production_configuration_passes_every_check() {
    let verdict = Stage::new().judge();
    assert!(verdict.is_open(), "{}", verdict.report(&Realm::Production));
    assert!(verdict.checks.iter().all(|check| check.outcome == Outcome::Passed), "{verdict:?}");
    assert_eq!(verdict.checks.iter().map(|check| check.name).collect::<Vec<_>>(), NAMES);
}

/// Budgets larger than policy allows.
fn budgets() -> lionrock_model::budget::Budgets {
    let more = lionrock_model::budget::Allowance { all: u32::MAX, ..lionrock_model::budget::UNLISTED };
    lionrock_model::budget::Budgets::default().with(lionrock_model::budget::TABLE[0].0, more)
}

type Spoil = fn(&mut Stage);
type Change = fn(&mut DeviationClaims);

fn staff(stage: &mut Stage) -> &mut crate::config::staff::Staff {
    stage.config.staff.as_mut().unwrap()
}

fn push(url: &str) -> Option<crate::config::Push> {
    Some(crate::config::Push { url: url.to_owned(), ca: None })
}

#[test]
fn a_push_service_over_tls_passes() {
    let mut stage = Stage::new();
    stage.config.push = push("https://push.gov.hk/notices");
    let verdict = stage.judge();
    assert!(verdict.is_open(), "{}", verdict.report(&Realm::Production));
}

/// One change each, and the only check that refuses it.
const SPOILT: &[(&str, Spoil)] = &[
    ("release-build", |it| it.around.build.debug = true),
    ("no-rehearsal", |it| it.around.build.rehearsal = true),
    ("real-mail", |it| it.config.mail = crate::config::Mail::Mailbox),
    ("real-issuer", |it| it.config.issuer = "https://localhost".to_owned()),
    ("real-issuer", |it| it.config.issuer = "https://id.example.com".to_owned()),
    ("registry-over-tls", |it| it.config.registry.url = "http://10.0.0.1/".to_owned()),
    ("push-over-tls", |it| it.config.push = push("http://push.gov.hk/notices")),
    ("push-over-tls", |it| it.config.push = push("push.gov.hk/notices")),
    ("root-key-in-a-module", |it| it.root_file("8f3a61c7d2e94b05a6f18c3d7e2095b4c86af1d3e57092b4681fd3ca5e7b9024")),
    ("no-default-values", |it| it.config.name = "Lionrock (demo)".to_owned()),
    ("no-default-values", |it| it.config.name = "Lionrock".to_owned()),
    ("no-default-values", |it| it.config.issuer = "https://id.gov.hk:8443".to_owned()),
    ("no-default-values", |it| it.config.listen.set_port(8443)),
    ("tls-1.3-only", |it| it.config.tls.tls12 = true),
    ("limits-within-policy", |it| it.config.limits.requests_per_second = Some(100_000)),
    ("limits-within-policy", |it| it.config.limits.changes_per_minute = Some(0)),
    ("limits-within-policy", |it| it.config.proofing.places = 0),
    ("limits-within-policy", |it| it.limits.custody = Duration::from_secs(121)),
    ("limits-within-policy", |it| it.limits.proofing_attempts = 4),
    ("limits-within-policy", |it| it.limits.budgets = budgets()),
    ("two-officers-are-told", |it| drop(it.config.alerting.alerts.pop())),
    ("two-officers-are-told", |it| it.config.alerting.alerts[0] = it.config.alerting.alerts[1].to_uppercase()),
    ("staff-house-apart", |it| staff(it).origin = "https://id.gov.hk:9443".to_owned()),
    ("staff-house-apart", |it| staff(it).models.clear()),
    ("staff-house-apart", |it| staff(it).attestation_roots.clear()),
    ("staff-house-apart", |it| drop(staff(it).units.pop())),
    ("data-folder", |it| {
        it.config.store = Some(it.config.store());
        it.config.data = PathBuf::from("/proc/nowhere");
    }),
    ("no-known-secrets", |it| it.write("pin", "1234\n")),
    ("no-known-secrets", |it| it.write("mail", "correct horse battery staple\n")),
    ("no-known-secrets", |it| it.write("token", "\n")),
    ("no-known-secrets", |it| std::fs::remove_file(it.path("mail")).unwrap()),
    ("no-known-secrets", |it| it.write("tls.key", PUBLISHED_KEY)),
    ("no-known-secrets", |it| it.config.officers[2].key = RFC_8032_PUBLIC.to_owned()),
    ("no-known-secrets", |it| it.write("services.toml", &service("plain", "https://a.gov.hk/cb", &word_digest()))),
    ("no-test-certificates", |it| certificate(&it.path(""), "/O=Some TEST authority/CN=id.gov.hk")),
    ("no-test-certificates", |it| certificate(&it.path(""), "/CN=localhost")),
    ("no-test-certificates", |it| it.config.registry.ca = Some(it.path("nowhere.pem"))),
    ("services-fit-the-realm", |it| it.write("services.toml", &service("plain", "http://127.0.0.1/cb", ""))),
    ("services-fit-the-realm", |it| {
        it.write("services.toml", &service("plain", "https://a.gov.hk/cb", "role = \"contractor\""));
    }),
    ("services-fit-the-realm", |it| it.write("services.toml", "colour = 3")),
    ("trusted-clock", |it| it.around.clock = None),
    ("trusted-clock", |it| it.around.clock = Some(Reading { answers: 3, behind_ms: 1_001 })),
    ("trusted-clock", |it| it.around.clock = Some(Reading { answers: 3, behind_ms: -1_001 })),
    ("trusted-clock", |it| (it.config.clock.sources, it.around.clock) = (Vec::new(), None)),
    ("no-cloud-metadata", |it| it.around.cloud = Some(([169, 254, 169, 254], 80).into())),
    ("host-conditions", |it| it.around.host[0].held = false),
    ("store-over-tls", |it| {
        it.site(|claims| claims.endpoints.push("host:db.gov.hk".to_owned()));
        it.config.store = Some("postgres://lionrock@db.gov.hk/lionrock".to_owned());
    }),
    ("store-at-an-allowed-site", |it| it.config.store = Some("sqlite:/srv/elsewhere/lionrock.db".to_owned())),
    ("store-at-an-allowed-site", |it| {
        it.config.store = Some("postgres://lionrock@/lionrock?host=/run/elsewhere".to_owned())
    }),
    ("store-at-an-allowed-site", |it| it.config.site.allowed.clear()),
    ("store-at-an-allowed-site", |it| it.config.site.certificates.clear()),
    ("store-at-an-allowed-site", |it| it.site(|claims| claims.country = "SG".to_owned())),
    ("store-at-an-allowed-site", |it| it.site(|claims| claims.class = "public-cloud".to_owned())),
    ("store-at-an-allowed-site", |it| it.site(|claims| claims.no_snapshots = false)),
    ("store-at-an-allowed-site", |it| it.site(|claims| claims.realm = "test-demo".to_owned())),
    ("store-at-an-allowed-site", |it| it.site(|claims| claims.expires = "2026-11-23T00:00:00Z".to_owned())),
    ("store-at-an-allowed-site", |it| it.site(|claims| claims.covers = vec!["backup".to_owned()])),
    ("backup-at-an-allowed-site", |it| it.config.backup.folder = Some(PathBuf::from("/srv/elsewhere"))),
    ("backup-at-an-allowed-site", |it| {
        it.config.backup.folder = Some(it.path("backups"));
        it.site(|claims| claims.covers = vec!["store".to_owned()]);
    }),
    ("deviations", |it| it.config.deviations = vec![it.path("nowhere.json")]),
];

/// The private key that stands in the tests of `lionrock check`, and the public one of RFC 8032, test 1.
const PUBLISHED_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3NICa4wPsY+OCf24\nDnmi1CNFmKxycFf4gpj2JP58v/ihRANCAATWa35Dwunf9cLWdoAtHrPUwyU6hsN4\nDcOzP/Jq59r8iJfub4SJowJei0kgeMGfyszbdHFN+03RmBbXx5WF/4Bh\n-----END PRIVATE KEY-----\n";
const RFC_8032_PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn service(profile: &str, redirect: &str, more: &str) -> String {
    format!(
        "[[service]]\nid = \"library\"\nprofile = \"{profile}\"\nname = {{ en = \"L\", zh-Hant = \"圖\", zh-Hans = \"图\" }}\n\
         purpose = {{ en = \"L\", zh-Hant = \"圖\", zh-Hans = \"图\" }}\nredirect_uris = [\"{redirect}\"]\n{more}\n"
    )
}

fn word_digest() -> String {
    let digest = lionrock_crypto::digest::sha256(b"Library-123");
    let digest = if secrets::is_published(&digest) { digest } else { lionrock_crypto::digest::sha256(b"secret") };
    format!("secret_sha256 = \"{}\"", digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[test]
fn each_thing_spoilt_is_refused_by_its_own_check_and_no_other() {
    for (place, (name, spoil)) in SPOILT.iter().enumerate() {
        let mut stage = Stage::new();
        spoil(&mut stage);
        assert_eq!(stage.refused(), [*name], "change {place}: {}", stage.judge().report(&stage.realm));
        let text = stage.text(name);
        assert!(text.len() > 20 && !text.contains("904173"), "{name} says what to do: {text}");
    }
    let covered: std::collections::BTreeSet<_> = SPOILT.iter().map(|(name, _)| *name).collect();
    // A contractor spoils more than one check; that is tested below.
    let missing: Vec<_> = NAMES.iter().filter(|name| !covered.contains(**name)).collect();
    // The policy is part of the program: no configuration spoils it.
    assert_eq!(missing, [&"roles-of-this-realm", &"staff-policy-sound"]);
}

#[test]
fn test_realms_are_not_asked_what_production_is() {
    for (place, (name, spoil)) in SPOILT.iter().enumerate() {
        let mut stage = Stage::new();
        spoil(&mut stage);
        stage.realm = Realm::parse("test-demo").unwrap();
        let expected: &[&str] = match *name {
            "data-folder" | "deviations" => &[*name],
            "services-fit-the-realm" if stage.text(name).contains("colour") => &[*name],
            _ => &[],
        };
        // A clock that is wrong is mentioned, and no more.
        assert_eq!(stage.refused(), expected, "change {place}");
    }
    let mut stage = Stage::new();
    stage.realm = Realm::parse("test-demo").unwrap();
    stage.around.clock = Some(Reading { answers: 1, behind_ms: 5_000 });
    assert!(
        stage
            .judge()
            .checks
            .iter()
            .any(|check| matches!(&check.outcome, Outcome::Warned(text) if text.contains("5000 ms behind")))
    );
}

#[test]
fn everything_wrong_is_told_at_once() {
    let mut stage = Stage::new();
    stage.around.build = Build { debug: true, rehearsal: true };
    stage.around.cloud = Some(([169, 254, 169, 254], 80).into());
    stage.write("pin", "1234\n");
    let report = stage.judge().report(&stage.realm);
    assert_eq!(report.lines().count(), 5, "{report}");
    for name in ["release-build", "no-rehearsal", "no-known-secrets", "no-cloud-metadata"] {
        assert!(report.contains(&format!("  {name}: ")), "{report}");
    }
}

#[test]
fn a_contractor_among_the_officers_shuts_production_and_opens_nothing_in_a_test_realm() {
    let mut stage = Stage::new();
    stage.config.officers.push(OfficerEntry {
        id: "outside-1".to_owned(),
        role: "contractor".to_owned(),
        key: public(&SigningKey::generate(Algorithm::EdDsa).unwrap()),
    });
    // Without officers nothing they signed counts either.
    assert_eq!(stage.refused(), ["roles-of-this-realm", "store-at-an-allowed-site"]);
    assert!(stage.text("roles-of-this-realm").contains("production has no contractors"));
    stage.realm = Realm::parse("test-demo").unwrap();
    assert_eq!(stage.refused(), [""; 0]);
}

#[test]
fn a_deviation_excuses_its_check_and_only_that() {
    let mut stage = Stage::new();
    stage.in_software(&stage.deviation(&["privacy-1", "security-1"], |_| {}));
    let verdict = stage.judge();
    assert!(verdict.is_open(), "{}", verdict.report(&stage.realm));
    let check = verdict.checks.iter().find(|check| check.name == "root-key-in-a-module").unwrap();
    assert!(matches!(&check.outcome, Outcome::Excused { by, .. } if by == "root-2026"), "{check:?}");
    assert_eq!(verdict.deviations.len(), 1);
    assert!(verdict.findings().iter().any(|it| it.check == "root-key-in-a-module" && it.outcome == "excused"));
    // It is for the root key, not for TLS.
    stage.config.tls.tls12 = true;
    assert_eq!(stage.refused(), ["tls-1.3-only"]);
}

#[test]
fn a_bad_deviation_is_refused_with_its_reason_and_excuses_nothing() {
    let both = ["privacy-1", "security-1"];
    let cases: [(&[&str], Change, &str); 9] = [
        (&both, |it| it.check = "release-build".to_owned(), "no check that can be excused"),
        (&both, |it| it.check = "no-such-check".to_owned(), "no check that can be excused"),
        (&both, |it| it.expires = "2026-11-23T00:00:00Z".to_owned(), "expired"),
        (&both, |it| it.not_before = "2026-11-24T00:00:00Z".to_owned(), "not hold yet"),
        (&both, |it| it.expires = "2027-02-20T00:00:00Z".to_owned(), "90 days"),
        (&both, |it| it.realm = "test-demo".to_owned(), "made for realm test-demo"),
        (&["privacy-1"], |_| {}, "two officers"),
        (&["privacy-1", "operator-1"], |_| {}, "operator-1 may not approve"),
        (&both, |it| it.approved_by.push("operator-1".to_owned()), "not those it names"),
    ];
    for (signers, change, reason) in cases {
        let mut stage = Stage::new();
        stage.in_software(&stage.deviation(signers, change));
        assert_eq!(stage.refused(), ["root-key-in-a-module", "deviations"], "{reason}");
        assert!(stage.text("deviations").contains(reason), "{reason}: {}", stage.text("deviations"));
    }
    let edited = |from: &str, to: &str, reason: &str| {
        let mut stage = Stage::new();
        let good = stage.deviation(&both, |_| {});
        assert!(good.contains(from), "{good}");
        stage.in_software(&good.replace(from, to));
        assert_eq!(stage.refused(), ["root-key-in-a-module", "deviations"], "{reason}");
        assert!(stage.text("deviations").contains(reason), "{reason}: {}", stage.text("deviations"));
    };
    edited("on its way", "not coming", "does not hold: the text was changed");
    edited("2027-01-01", "2027-01-02", "does not hold: the text was changed");
    edited("\"by\": \"security-1\"", "\"by\": \"nobody-1\"", "no officer is called \"nobody-1\"");
    edited("\"by\": \"security-1\"", "\"by\": \"privacy-1\"", "does not hold");
    edited("lionrock deviation v1", "lionrock site certificate v1", "its format is not");
    edited("\"check\"", "\"extra\": 1, \"check\"", "unknown field");
    edited("{", "", "not a statement");
}

#[test]
fn one_person_under_two_names_is_one_signature() {
    let mut stage = Stage::new();
    // The same key stands twice among the officers: the configuration is refused, and so is everything signed.
    let key = stage.config.officers[0].key.clone();
    stage.config.officers[1].key = key;
    stage.in_software(&stage.deviation(&["privacy-1", "security-1"], |_| {}));
    assert!(stage.refused().contains(&"roles-of-this-realm") && stage.refused().contains(&"deviations"));
}

#[cfg(feature = "rehearsal")]
#[test]
fn the_demos_authority_is_recognised_in_every_certificate_it_makes() {
    use lionrock_rehearsal::authority::{Authority, ServerKey};
    let today = NOW.hong_kong_date();
    let authority = Authority::create(&["id.gov.hk"], today).unwrap();
    let server = authority.server(&["id.gov.hk"], ServerKey::EcdsaP256, today).unwrap();
    let stage = Stage::new();
    stage.write("tls.pem", &server.chain_pem);
    stage.write("tls.key", &server.key_pem);
    assert_eq!(stage.refused(), ["no-test-certificates"]);
    let mut stage = Stage::new();
    stage.write("ca.pem", authority.certificate_pem());
    stage.config.registry.ca = Some(stage.path("ca.pem"));
    assert_eq!(stage.refused(), ["no-test-certificates"]);
}

#[test]
fn while_it_runs_the_gate_minds_what_can_change() {
    let mut stage = Stage::new();
    let failed = |stage: &Stage| again::failed(&stage.config, &stage.realm, &stage.around, &[]);
    assert_eq!(failed(&stage), [""; 0]);
    stage.around.clock = Some(Reading { answers: 3, behind_ms: 60_000 });
    stage.around.cloud = Some(([169, 254, 169, 254], 80).into());
    stage.around.now = Millis(NOW.0 + 400 * 86_400_000);
    assert_eq!(failed(&stage), ["trusted-clock", "no-cloud-metadata", "store-at-an-allowed-site"]);
}

#[test]
fn the_document_lists_every_check() {
    let document = include_str!("../../../../docs/operate/gate.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|row| row.split('`').next());
    let listed: Vec<&str> = rows.collect();
    let universe = ["database-of-this-realm", "ledger-of-this-realm", "ledger-continues", "certificate-authority"];
    let expected: Vec<&str> = NAMES.into_iter().chain(universe).collect();
    assert_eq!(listed, expected);
}
