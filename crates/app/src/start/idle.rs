//! Ports of a command that works beside the server: it calls no registry, sends no letter, judges no picture.

use lionrock_model::custody::Label;
use lionrock_model::id::CustodyId;
use lionrock_model::person::CardFacts;
use lionrock_model::proofing::{Challenge, Stage};
use lionrock_service::Ports;
use lionrock_service::port::activation::Absent;
use lionrock_service::port::{
    Answering, Ended, Judged, Letter, Mail, MailError, NotTaken, Opened, ProofingError, ProofingProvider,
    ProviderIdentity, Registry, RegistryAnswer, RegistryUnavailable, document,
};
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;

/// Nobody is there.
struct Idle;

/// The ports of a command.
#[must_use]
pub fn ports() -> Ports {
    Ports {
        registry: Arc::new(Idle),
        mail: Arc::new(Idle),
        push: None,
        proofing: Arc::new(Idle),
        documents: Arc::new(document::Absent),
        activation: Arc::new(Absent),
    }
}

impl Registry for Idle {
    fn confirm<'a>(&'a self, _: &'a CardFacts) -> Answering<'a, Result<RegistryAnswer, RegistryUnavailable>> {
        Box::pin(async { Err(RegistryUnavailable) })
    }
}

impl Mail for Idle {
    fn send<'a>(&'a self, _: &'a Letter) -> Answering<'a, Result<(), MailError>> {
        Box::pin(async { Err(MailError::Later) })
    }
}

impl ProofingProvider for Idle {
    fn identity(&self) -> ProviderIdentity {
        ProviderIdentity {
            name: "none".into(),
            version: "0".into(),
            presence_tested: false,
            protections: Vec::new(),
            node: "command".into(),
            boot: [0; 16],
        }
    }

    fn open(&self, _: CustodyId) -> Answering<'_, Result<Opened, ProofingError>> {
        Box::pin(async { Err(ProofingError::Unavailable) })
    }

    fn receive(
        &self,
        _: CustodyId,
        _: Label,
        _: Vec<u8>,
    ) -> Answering<'_, Result<Result<u32, NotTaken>, ProofingError>> {
        Box::pin(async { Err(ProofingError::Unavailable) })
    }

    fn judge(
        &self,
        _: CustodyId,
        _: Challenge,
        _: String,
        _: UnboundedSender<Stage>,
    ) -> Answering<'_, Result<Judged, ProofingError>> {
        Box::pin(async { Err(ProofingError::Unavailable) })
    }

    fn destroy(&self, _: CustodyId) -> Answering<'_, (u32, u64)> {
        Box::pin(async { (0, 0) })
    }

    fn ended(&self) -> Answering<'_, Ended> {
        Box::pin(std::future::pending())
    }
}
