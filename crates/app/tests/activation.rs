//! The activation process from outside: what it cannot do, what a dead one leaves, and that it stands up again.

use lionrock_activation::text::{self, ACTIVATION, ENROLMENT};
use lionrock_activation::{
    Activation as Text, Authenticator, Document, Enrol, Enrolled, Enrolment, Form, Opening, Passkey, Sign,
};
use lionrock_app::activation::client::{Chamber, Launch};
use lionrock_app::clock;
use lionrock_crypto::digest::sha256;
use lionrock_crypto::random::System;
use lionrock_rehearsal::authenticator::{self, Manner};
use lionrock_service::port::{Activation, ActivationError};
use lionrock_wire::webauthn::attestation::AttestationPolicy;
use lionrock_wire::webauthn::cose::CoseAlgorithm;
use lionrock_wire::webauthn::json::{AuthenticationResponse, Base64Url, RegistrationResponse};
use lionrock_wire::webauthn::{Framing, RegistrationExpectation, RelyingParty, registration};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const ORIGIN: &str = "https://id.example";

fn opening() -> Opening {
    Opening {
        key: Base64Url(vec![7; 32]),
        origins: vec![ORIGIN.to_owned()],
        realm: "test-demo".to_owned(),
        rp_id: "id.example".to_owned(),
    }
}

async fn chamber() -> Arc<Chamber> {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_lionrock"));
    Chamber::start(opening(), Launch { program, strict: false, again: Box::new(|| Ok(opening())) }).await.unwrap()
}

/// The process of the chamber: the keeper's one child.
fn child(chamber: &Chamber) -> i32 {
    let keeper = chamber.keeper();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(status) = std::fs::read_to_string(process.path().join("status")) else { continue };
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).map(str::trim);
        let zombie = status.lines().any(|line| line.starts_with("State:") && line.contains('Z'));
        if parent == Some(&keeper.to_string()) && !zombie {
            return process.file_name().to_str().unwrap().parse().unwrap();
        }
    }
    panic!("the keeper has no child");
}

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

struct Phone {
    device: authenticator::Authenticator,
    known: Authenticator,
}

impl Phone {
    fn new() -> Self {
        let mut device = authenticator::Authenticator::default();
        let encode = |bytes: &[u8]| serde_json::to_value(Base64Url(bytes.to_vec())).unwrap();
        let options = json!({
            "challenge": encode(&[1; 32]), "rp": {"id": "id.example"}, "user": {"id": encode(&[5; 64])},
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        });
        let made = device.create(&options, ORIGIN, &Manner::default(), &System).unwrap();
        let expected = RegistrationExpectation {
            party: RelyingParty { id: "id.example", origins: &[ORIGIN.to_owned()], framing: Framing::Never },
            challenge: &[1; 32],
            algorithms: CoseAlgorithm::OFFERED,
            user_verification: true,
            attestation: AttestationPolicy::Any(None),
        };
        let response = RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap();
        let new = registration::verify(&response, &expected).unwrap();
        let known = Authenticator {
            id: Base64Url(new.id),
            public_key: Base64Url(new.public_key),
            sign_count: 0,
            user_handle: Base64Url(vec![5; 64]),
        };
        Self { device, known }
    }

    fn approve(&mut self, text: &[u8]) -> Passkey {
        let challenge = serde_json::to_value(Base64Url(sha256(text).to_vec())).unwrap();
        let options = json!({"challenge": challenge, "rpId": "id.example", "allowCredentials": []});
        let answer = self.device.get(&options, ORIGIN, &Manner::default()).unwrap();
        let answer = AuthenticationResponse::from_json(answer.to_string().as_bytes()).unwrap();
        Passkey {
            authenticator_data: Base64Url(answer.authenticator_data),
            client_data: Base64Url(answer.client_data_json),
            id: Base64Url(answer.id),
            signature: Base64Url(answer.signature),
            user_handle: answer.user_handle.map(Base64Url),
        }
    }

    async fn enrol(&mut self, chamber: &Chamber) -> Enrolled {
        let text = text::canonical(&Enrolment {
            algorithm: "ES256".to_owned(),
            authenticator: sha256(&self.known.id.0).into(),
            key: "key-1".to_owned(),
            nonce: [1; 32].into(),
            realm: "test-demo".to_owned(),
            resident: "resident-1".to_owned(),
            subject: "LR-1".to_owned(),
            time: clock::now().0,
            v: ENROLMENT.to_owned(),
        });
        let passkey = self.approve(&text);
        chamber.enrol(Enrol { authenticator: self.known.clone(), passkey, text: Base64Url(text) }).await.unwrap()
    }

    fn order(&mut self, record: &Base64Url, nonce: u8) -> Sign {
        let text = text::canonical(&Text {
            certificate: [9; 32].into(),
            documents: vec![Document { digest: sha256(b"document").into(), form: Form::Exact }],
            key: "key-1".to_owned(),
            nonce: [nonce; 32].into(),
            realm: "test-demo".to_owned(),
            service: "library".to_owned(),
            shown: [2; 32].into(),
            time: clock::now().0,
            v: ACTIVATION.to_owned(),
        });
        Sign {
            messages: vec![Base64Url(Vec::new())],
            passkey: self.approve(&text),
            record: record.clone(),
            text: Base64Url(text),
        }
    }
}

#[tokio::test]
async fn it_signs_is_confined_and_keeps_the_key_from_everybody() {
    let chamber = chamber().await;
    let mut phone = Phone::new();
    let made = phone.enrol(&chamber).await;
    let signed = chamber.sign(phone.order(&made.record, 2)).await.unwrap();
    let key = lionrock_activation::chamber::public_key(lionrock_crypto::sign::Algorithm::Es256, &made.public_key.0);
    key.unwrap().verify(lionrock_crypto::sign::Algorithm::Es256, b"document", &signed.signatures[0].0).unwrap();
    let pid = child(&chamber);
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
    let field = |name: &str| {
        let status = read("status");
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        line.split_whitespace().nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!((field("Seccomp:"), field("NoNewPrivs:"), field("Threads:")), ("2".into(), "1".into(), "1".into()));
    let limits = read("limits");
    let line = |name: &str| limits.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    assert!(line("Max core file size").contains(" 0 ") && line("Max open files").contains(" 0 "));
    let held = |name: &str| chamber.protections().iter().any(|(known, held)| known == name && *held);
    assert!(held("system-call-filter") && held("not-dumpable") && held("no-core-dump"), "{:?}", chamber.protections());
    // Neither command line nor environment holds anything.
    assert!(
        !read("cmdline").contains("key") && std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|e| e.is_empty())
    );
}

#[tokio::test]
async fn a_killed_chamber_signs_nothing_and_has_a_successor() {
    let chamber = chamber().await;
    let mut phone = Phone::new();
    let made = phone.enrol(&chamber).await;
    let order = phone.order(&made.record, 3);
    let before = child(&chamber);
    kill(before);
    // Its successor opens the same records, and takes no approval from before its own start.
    let mut outcome = chamber.sign(order.clone()).await;
    for _ in 0..50 {
        if outcome != Err(ActivationError::Lost) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        outcome = chamber.sign(order.clone()).await;
    }
    assert_eq!(outcome, Err(ActivationError::Refused("before-start".to_owned())));
    assert_ne!(child(&chamber), before);
    let signed = chamber.sign(phone.order(&made.record, 4)).await.unwrap();
    assert_eq!(signed.signatures.len(), 1);
}

#[tokio::test]
async fn a_chamber_that_is_stopped_in_the_middle_is_ended_and_nothing_is_signed() {
    let chamber = chamber().await;
    let mut phone = Phone::new();
    let made = phone.enrol(&chamber).await;
    let pid = child(&chamber);
    // Held, it has the order and answers nothing; then it dies.
    kill_process(Pid::from_raw(pid).unwrap(), Signal::STOP).unwrap();
    let order = phone.order(&made.record, 5);
    let (asking, waiting) = (Arc::clone(&chamber), order.clone());
    let task = tokio::spawn(async move { asking.sign(waiting).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    kill(pid);
    assert_eq!(task.await.unwrap(), Err(ActivationError::Lost));
    // The very approval that was lost is void, whatever the dead process did with it.
    let again = chamber.sign(order).await;
    assert_eq!(again, Err(ActivationError::Refused("before-start".to_owned())));
}

#[tokio::test]
async fn a_keeper_that_dies_takes_its_chamber_along_and_is_replaced() {
    let chamber = chamber().await;
    let mut phone = Phone::new();
    let made = phone.enrol(&chamber).await;
    let (keeper, pid) = (i32::try_from(chamber.keeper()).unwrap(), child(&chamber));
    kill(keeper);
    assert_eq!(chamber.sign(phone.order(&made.record, 6)).await, Err(ActivationError::Lost));
    let mut outcome = Err(ActivationError::Lost);
    for nonce in 7..60 {
        outcome = chamber.sign(phone.order(&made.record, nonce)).await;
        if outcome.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_ne!(i32::try_from(chamber.keeper()).unwrap(), keeper);
    // Nobody but the machine's first process reaps it: what is left of it, if anything, is no process any more.
    let left = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let ended = left.is_empty() || left.lines().any(|line| line.starts_with("State:") && line.contains('Z'));
    assert!(ended, "the old chamber ended with its keeper: {left}");
}
