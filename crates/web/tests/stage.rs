//! The site for tests: a fresh store and key ring, a clock that stands still, and ports that nobody answers.

use axum::Router;
use lionrock_crypto::random::System;
use lionrock_crypto::ring::Root;
use lionrock_crypto::secret::Secret;
use lionrock_model::custody::Label;
use lionrock_model::deviation::{Deviation, Excusable};
use lionrock_model::id::CustodyId;
use lionrock_model::person::CardFacts;
use lionrock_model::proofing::{Challenge, Stage as Step};
use lionrock_model::realm::Realm;
use lionrock_model::statement::Span;
use lionrock_service::gate::Watch;
use lionrock_service::ledger::Desk;
use lionrock_service::platform::Limits;
use lionrock_service::port::{
    Answering, Ended, Judged, Letter, Mail, MailError, NotTaken, Opened, ProofingError, ProofingProvider,
    ProviderIdentity, Registry, RegistryAnswer, RegistryUnavailable,
};
use lionrock_service::{Caller, Platform, Ports, Settings, boot};
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::Place;
use lionrock_web::{AppState, EdgeSettings, routes};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// The site on a fresh store, with a clock that stands still.
pub struct Stage {
    _place: Place,
    pub clock: Clock,
    pub state: AppState,
}

impl Stage {
    /// With the default limits.
    pub async fn new() -> Self {
        Self::with(EdgeSettings::default()).await
    }

    /// With limits of the test's own.
    pub async fn with(edge: EdgeSettings) -> Self {
        let (place, clock) = (Place::sqlite(), Clock::new());
        let store = place.open().await;
        let realm = Realm::parse("test-demo").unwrap();
        let root = Root::new(Secret::new([3; 32]));
        let caller = Caller::platform(clock.now(), Arc::new(System));
        let keys = boot::key_ring(&store, &root, &realm, &caller).await.unwrap();
        let settings = Settings {
            realm,
            issuer: "https://localhost:8443".to_owned(),
            rp_id: "localhost".to_owned(),
            rp_name: "Lionrock".to_owned(),
            data: place.folder().to_path_buf(),
            services: Vec::new(),
            alerts: Vec::new(),
            officers: Vec::new(),
            authority: Default::default(),
            limits: Limits::default(),
            custodian: None,
            staff: None,
        };
        let ports = Ports {
            registry: Arc::new(Nobody),
            mail: Arc::new(Nobody),
            push: None,
            proofing: Arc::new(Nobody),
            documents: Arc::new(lionrock_service::port::document::Absent),
            activation: Arc::new(lionrock_service::port::activation::Absent),
        };
        let platform = Arc::new(Platform {
            store,
            keys,
            settings,
            ports,
            authority: Default::default(),
            vault: Default::default(),
            gate: Watch::new(vec![deviation(&clock)]),
            ledger: Desk::default(),
        });
        let ticking = clock.clone();
        let state = AppState::new(platform, edge, Arc::new(move || ticking.now()), Arc::new(System));
        Self { _place: place, clock, state }
    }

    /// The whole site.
    pub fn site(&self) -> Router {
        routes::table(&self.state)
    }
}

/// One exception, for an hour, with a reason that is nobody's business.
fn deviation(clock: &Clock) -> Deviation {
    let span = Span { from: clock.now(), until: clock.now().after(Duration::from_secs(3600)) };
    let (id, reason) = ("canary-id".to_owned(), "A canary reason".to_owned());
    Deviation { check: Excusable::RootInSoftware, id, realm: "test-demo".to_owned(), reason, span }
}

/// Nobody answers.
struct Nobody;

impl Registry for Nobody {
    fn confirm<'a>(&'a self, _: &'a CardFacts) -> Answering<'a, Result<RegistryAnswer, RegistryUnavailable>> {
        Box::pin(async { Err(RegistryUnavailable) })
    }
}

impl Mail for Nobody {
    fn send<'a>(&'a self, _: &'a Letter) -> Answering<'a, Result<(), MailError>> {
        Box::pin(async { Err(MailError::Later) })
    }
}

impl ProofingProvider for Nobody {
    fn identity(&self) -> ProviderIdentity {
        ProviderIdentity {
            name: "nobody".into(),
            version: "0".into(),
            presence_tested: false,
            protections: Vec::new(),
            node: "test".into(),
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
        _: UnboundedSender<Step>,
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
