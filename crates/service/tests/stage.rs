//! A platform for tests: a fresh store and key ring, a clock that stands still, and ports that nobody answers.

use lionrock_crypto::random::System;
use lionrock_crypto::ring::{KeyRing, Root};
use lionrock_crypto::secret::Secret;
use lionrock_model::custody::Label;
use lionrock_model::id::CustodyId;
use lionrock_model::person::CardFacts;
use lionrock_model::proofing::{Challenge, Stage};
use lionrock_model::realm::Realm;
use lionrock_service::ledger::Desk;
use lionrock_service::platform::Limits;
use lionrock_service::port::{
    Answering, Ended, Judged, Letter, Mail, MailError, NotTaken, Opened, ProofingError, ProofingProvider,
    ProviderIdentity, Registry, RegistryAnswer, RegistryUnavailable,
};
use lionrock_service::{Caller, Platform, Ports, Settings, boot};
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::Place;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;

/// The platform's own caller at the clock's time.
pub fn caller(clock: &Clock) -> Caller {
    Caller::platform(clock.now(), Arc::new(System))
}

/// A platform on this place's store, publishing into its folder. Opened twice, it is two servers on one store.
pub async fn platform(place: &Place) -> Arc<Platform> {
    platform_in(place, place.folder()).await
}

/// As [`platform`], with another data folder.
pub async fn platform_in(place: &Place, data: &Path) -> Arc<Platform> {
    platform_at(place.url(), data).await
}

/// As [`platform_in`], for a process that knows only the store's address.
pub async fn platform_at(url: &str, data: &Path) -> Arc<Platform> {
    platform_of("test-demo", "https://localhost:8443", url, data).await
}

/// As [`platform_at`], of another realm under its own issuer: what the same program is elsewhere.
pub async fn platform_of(realm: &str, issuer: &str, url: &str, data: &Path) -> Arc<Platform> {
    let store = lionrock_store::Store::open(url).await.unwrap();
    let realm = Realm::parse(realm).unwrap();
    let root = Root::new(Secret::new([3; 32]));
    let keys = boot::key_ring(&store, &root, &realm, &caller(&Clock::new())).await.unwrap();
    Arc::new(over(store, keys, &realm, issuer, data))
}

/// A platform over a store and a ring that are open.
pub fn over(store: lionrock_store::Store, keys: KeyRing, realm: &Realm, issuer: &str, data: &Path) -> Platform {
    let settings = Settings {
        realm: realm.clone(),
        issuer: issuer.to_owned(),
        rp_id: issuer.trim_start_matches("https://").split(':').next().unwrap().to_owned(),
        rp_name: "Lionrock".to_owned(),
        data: data.to_path_buf(),
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
    Platform {
        store,
        keys,
        settings,
        ports,
        authority: Default::default(),
        vault: Default::default(),
        gate: Default::default(),
        ledger: Desk::default(),
    }
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
