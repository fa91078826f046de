//! A small hierarchy with keys made on the spot, and OpenSSL as the judge.

use const_oid::ObjectIdentifier;
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};
use lionrock_pki::certificate::{self, Certificate, Order, Places};
use lionrock_pki::name::Subject;
use lionrock_pki::profile::Profile;
use std::path::PathBuf;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

pub const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.344.8.99999.1");
pub const DAY: u64 = 24 * 60 * 60;

pub struct Stage {
    folder: TempDir,
    pub now: u64,
    pub root_key: SigningKey,
    pub root: Certificate,
    pub issuing_key: SigningKey,
    pub issuing: Certificate,
}

pub fn organisation(name: &str) -> Subject {
    Subject::Organisation {
        country: "HK".into(),
        organisation: "Lionrock Test".into(),
        identifier: None,
        unit: None,
        common_name: name.into(),
    }
}

pub fn person() -> Subject {
    Subject::Person {
        country: "HK".into(),
        surname: "CHAN".into(),
        given_name: "Tai Man".into(),
        common_name: "CHAN Tai Man 陳大文".into(),
        serial_number: "LR-7f3a9c1e".into(),
        unit: None,
    }
}

pub fn places() -> Places {
    Places {
        ocsp: Some("http://ocsp.example.test/".into()),
        crl: Some("http://crl.example.test/issuing.crl".into()),
        issuer: Some("http://ca.example.test/issuing.cer".into()),
    }
}

impl Stage {
    pub fn new(algorithm: Algorithm) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let root_key = SigningKey::generate(algorithm).unwrap();
        let issuing_key = SigningKey::generate(algorithm).unwrap();
        let root_order = Order {
            profile: Profile::Root,
            subject: organisation("Lionrock TEST Root"),
            key: root_key.public().unwrap(),
            serial: [0xff; 16],
            from: now - DAY,
            until: now + 20 * 365 * DAY,
            policies: vec![],
            hosts: vec![],
            places: Places::default(),
        };
        let root = certificate::issue(&root_order, None, &root_key).unwrap();
        let issuing_order = Order {
            profile: Profile::Issuing,
            subject: organisation("Lionrock TEST Issuing 1"),
            key: issuing_key.public().unwrap(),
            serial: [7; 16],
            from: now - DAY,
            until: now + 5 * 365 * DAY,
            policies: vec![POLICY],
            hosts: vec![],
            places: places(),
        };
        let issuing = certificate::issue(&issuing_order, Some(&root), &root_key).unwrap();
        Self { folder: TempDir::new().unwrap(), now, root_key, root, issuing_key, issuing }
    }

    pub fn order(&self, profile: Profile, key: PublicKey) -> Order {
        let subject = if profile == Profile::ResidentSigning { person() } else { organisation(profile.word()) };
        Order {
            profile,
            subject,
            key,
            serial: [9; 16],
            from: self.now - 600,
            until: self.now + 20 * DAY,
            policies: vec![POLICY],
            hosts: if profile == Profile::InternalTls { vec!["node-1.example.test".into()] } else { vec![] },
            places: if profile == Profile::Ocsp { Places::default() } else { places() },
        }
    }

    /// A certificate of the issuing authority, with its key.
    pub fn leaf(&self, profile: Profile, algorithm: Algorithm) -> (Certificate, SigningKey) {
        let key = SigningKey::generate(algorithm).unwrap();
        let order = self.order(profile, key.public().unwrap());
        (certificate::issue(&order, Some(&self.issuing), &self.issuing_key).unwrap(), key)
    }

    /// The same with a serial number of its own.
    pub fn leaf_of(&self, profile: Profile, algorithm: Algorithm, number: u8) -> (Certificate, SigningKey) {
        let key = SigningKey::generate(algorithm).unwrap();
        let order = Order { serial: [number; 16], ..self.order(profile, key.public().unwrap()) };
        (certificate::issue(&order, Some(&self.issuing), &self.issuing_key).unwrap(), key)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn keep(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn pem(&self, name: &str, all: &[&Certificate]) -> String {
        let text: String = all.iter().map(|one| one.to_pem().unwrap()).collect();
        self.keep(name, text.as_bytes())
    }

    /// Runs OpenSSL; whether it agreed, and what it said.
    pub fn openssl(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new("openssl").args(arguments).output().expect("openssl is installed");
        let says = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&says).into_owned())
    }

    /// OpenSSL agrees.
    pub fn agrees(&self, arguments: &[&str]) -> String {
        let (agreed, says) = self.openssl(arguments);
        assert!(agreed, "openssl {}: {says}", arguments.join(" "));
        says
    }

    /// OpenSSL refuses.
    pub fn refuses(&self, arguments: &[&str]) {
        let (agreed, says) = self.openssl(arguments);
        assert!(!agreed, "openssl {} accepted a spoilt one: {says}", arguments.join(" "));
    }
}

/// The same bytes with one bit of the last quarter turned.
pub fn spoilt(bytes: &[u8]) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    let at = copy.len() - copy.len() / 8 - 1;
    copy[at] ^= 1;
    copy
}
