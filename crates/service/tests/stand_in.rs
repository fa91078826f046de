//! Stand-ins for the systems registration calls: a proofing provider that answers what it is told, a registry with a mood, a
//! mailbox. They look at no picture.

use lionrock_model::custody::{CloseReason, Label, Part};
use lionrock_model::id::CustodyId;
use lionrock_model::person::CardFacts;
use lionrock_model::proofing::{CardText, Challenge, Judgement, Reason, Stage, Verdict};
use lionrock_service::port::{
    Answering, Ended, Judged, Kept, Letter, Mail, MailError, NotTaken, Opened, ProofingError, ProofingProvider,
    ProviderIdentity, Registry, RegistryAnswer, RegistryUnavailable,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

#[allow(clippy::large_enum_variant, reason = "one of each exists at a time")]
/// What the provider does at the next judgement.
pub enum Next {
    Say(Judgement),
    Lose(CloseReason),
    /// Never answers, like a worker that hangs.
    Hang,
}

pub struct Provider {
    pub identity: ProviderIdentity,
    pub next: Mutex<Next>,
    pub busy: Mutex<bool>,
    pub received: Mutex<u32>,
    held: Mutex<HashMap<CustodyId, BTreeMap<Part, u64>>>,
    ended: tokio::sync::Mutex<UnboundedReceiver<Ended>>,
    tell: UnboundedSender<Ended>,
}

impl Provider {
    pub fn new(boot: u8) -> Self {
        let (tell, ended) = unbounded_channel();
        let identity = ProviderIdentity {
            name: "stand-in".into(),
            version: "1".into(),
            presence_tested: false,
            protections: vec![("memory-locked".into(), true), ("no-files-landlock".into(), false)],
            node: "node".into(),
            boot: [boot; 16],
        };
        Self {
            identity,
            next: Mutex::new(Next::Hang),
            busy: Mutex::new(false),
            received: Mutex::new(0),
            held: Mutex::default(),
            ended: tokio::sync::Mutex::new(ended),
            tell,
        }
    }

    pub fn will(&self, next: Next) {
        *self.next.lock().unwrap() = next;
    }

    /// The worker dies by itself.
    pub fn die(&self, custody: CustodyId, reason: CloseReason) {
        self.held.lock().unwrap().remove(&custody);
        self.tell.send(Ended { custody, reason }).unwrap();
    }

    pub fn holds(&self, custody: CustodyId) -> bool {
        self.held.lock().unwrap().contains_key(&custody)
    }
}

pub fn retake(reason: Reason) -> Next {
    Next::Say(Judgement { verdict: Verdict::Retake, reasons: vec![reason], card: None })
}

pub fn accept(card: CardText) -> Next {
    Next::Say(Judgement { verdict: Verdict::Accepted, reasons: vec![], card: Some(card) })
}

impl ProofingProvider for Provider {
    fn identity(&self) -> ProviderIdentity {
        self.identity.clone()
    }

    fn open(&self, custody: CustodyId) -> Answering<'_, Result<Opened, ProofingError>> {
        Box::pin(async move {
            if *self.busy.lock().unwrap() {
                return Err(ProofingError::Busy);
            }
            self.held.lock().unwrap().insert(custody, BTreeMap::new());
            Ok(Opened {
                seal_key: [9; 32],
                worker: "stand-in 1".into(),
                deadline: Duration::from_secs(120),
                idle: Duration::from_secs(60),
            })
        })
    }

    fn receive(
        &self,
        custody: CustodyId,
        label: Label,
        sealed: Vec<u8>,
    ) -> Answering<'_, Result<Result<u32, NotTaken>, ProofingError>> {
        Box::pin(async move {
            let mut held = self.held.lock().unwrap();
            let parts = held.get_mut(&custody).ok_or(ProofingError::NotHeld)?;
            if sealed.starts_with(b"bad") {
                return Ok(Err(NotTaken::Unsealable));
            }
            *self.received.lock().unwrap() += 1;
            parts.insert(label.part, sealed.len() as u64);
            Ok(Ok(sealed.len() as u32))
        })
    }

    fn judge(
        &self,
        custody: CustodyId,
        _: Challenge,
        _: String,
        progress: UnboundedSender<Stage>,
    ) -> Answering<'_, Result<Judged, ProofingError>> {
        Box::pin(async move {
            let next = std::mem::replace(&mut *self.next.lock().unwrap(), Next::Hang);
            if matches!(next, Next::Hang) {
                return std::future::pending().await;
            }
            let parts = self.held.lock().unwrap().remove(&custody).ok_or(ProofingError::NotHeld)?;
            progress.send(Stage::Decode).unwrap();
            progress.send(Stage::Compare).unwrap();
            match next {
                Next::Say(judgement) => Ok(Judged {
                    judgement,
                    pictures: parts.len() as u32,
                    bytes: parts.values().sum(),
                    took: Duration::from_millis(1500),
                    verdict_to_zeroise: Duration::from_millis(20),
                }),
                Next::Lose(reason) => Err(ProofingError::Lost(reason)),
                Next::Hang => unreachable!(),
            }
        })
    }

    fn destroy(&self, custody: CustodyId) -> Answering<'_, (u32, u64)> {
        Box::pin(async move {
            let parts = self.held.lock().unwrap().remove(&custody).unwrap_or_default();
            (parts.len() as u32, parts.values().sum())
        })
    }

    fn ended(&self) -> Answering<'_, Ended> {
        Box::pin(async { self.ended.lock().await.recv().await.unwrap() })
    }
}

/// A registry that knows one set of facts, or does not answer.
pub struct Records {
    pub known: Mutex<Vec<CardFacts>>,
    pub down: Mutex<bool>,
}

impl Registry for Records {
    fn confirm<'a>(&'a self, facts: &'a CardFacts) -> Answering<'a, Result<RegistryAnswer, RegistryUnavailable>> {
        Box::pin(async {
            if *self.down.lock().unwrap() {
                return Err(RegistryUnavailable);
            }
            let known = self.known.lock().unwrap().contains(facts);
            Ok(if known { RegistryAnswer::Match } else { RegistryAnswer::NoMatch })
        })
    }
}

/// Keeps letters.
#[derive(Default)]
pub struct Letters(pub Mutex<Vec<Kept>>);

impl Mail for Letters {
    fn send<'a>(&'a self, letter: &'a Letter) -> Answering<'a, Result<(), MailError>> {
        self.0.lock().unwrap().push(Kept {
            to: letter.to.reveal().to_owned(),
            subject: letter.subject.clone(),
            text: letter.text.clone(),
            at: lionrock_model::time::Millis(0),
        });
        Box::pin(async { Ok(()) })
    }
}
