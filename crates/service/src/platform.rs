//! The platform: store, keys, settings and the systems it calls, in one value behind one `Arc`.

use crate::port::{Activation, DocumentReader, Mail, ProofingProvider, Push, Registry};
use crate::statement::Officer;
use lionrock_crypto::backup::Custodian;
use lionrock_crypto::ring::KeyRing;
use lionrock_model::budget::Budgets;
use lionrock_model::id::ServiceId;
use lionrock_model::person::Email;
use lionrock_model::realm::Realm;
use lionrock_model::service::Service;
use lionrock_store::Store;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Everything a verb may use.
#[derive(Debug)]
pub struct Platform {
    /// The memory.
    pub store: Store,
    /// The keys of this realm.
    pub keys: KeyRing,
    /// What the operator decided.
    pub settings: Settings,
    /// The systems we call.
    pub ports: Ports,
    /// What the start gate accepted, and what has lapsed since; `Watch::default()` where no gate was passed.
    pub gate: crate::gate::Watch,
    /// Counts, locks and alarms of the vault; `Desk::default()` in a new platform.
    pub vault: crate::vault::Desk,
    /// The certificate authority's chain and signed answers, in memory; `Desk::default()` in a new platform.
    pub authority: crate::authority::Desk,
    /// Where journeys ask the ledger's job to hurry; `Desk::default()` in a new platform.
    pub ledger: crate::ledger::Desk,
}

/// What the operator decided, checked at the start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The realm.
    pub realm: Realm,
    /// Scheme, host and port people reach the platform by, without a slash at the end: `https://localhost:8443`. Issuer
    /// and WebAuthn origin.
    pub issuer: String,
    /// WebAuthn relying-party id: the host of the issuer, or a parent domain of it.
    pub rp_id: String,
    /// The name people read in their passkey dialogue.
    pub rp_name: String,
    /// The data folder.
    pub data: PathBuf,
    /// Registered online services.
    pub services: Vec<Service>,
    /// Officers who hear of locked budgets and refused rollbacks.
    pub alerts: Vec<Email>,
    /// Officers whose signatures unlock.
    pub officers: Vec<Officer>,
    /// The name of the certificate authority, and where its status is found.
    pub authority: crate::authority::Setup,
    /// Spans and counts that policy fixes.
    pub limits: Limits,
    /// Who alone can open backups and the journal of revocations; without one neither is made.
    pub custodian: Option<Custodian>,
    /// The staff house; without one there are no officers and no staff pages.
    pub staff: Option<crate::staff::House>,
}

/// Spans and counts that policy fixes. Tests shorten them; a production realm runs with the defaults.
#[derive(Clone, Debug)]
pub struct Limits {
    /// From the first byte of a picture to the end of its worker.
    pub custody: Duration,
    /// A registration that is not carried on.
    pub registration: Duration,
    /// A presence challenge.
    pub challenge: Duration,
    /// A passkey ceremony (WebAuthn L3 section 15.1 recommends 5 to 10 minutes).
    pub ceremony: Duration,
    /// A session without use (SP 800-63B-4 section 2.2.3).
    pub session_idle: Duration,
    /// A session altogether.
    pub session_total: Duration,
    /// A fresh assertion counts as step-up for so long.
    pub step_up: Duration,
    /// An e-mail confirmation code.
    pub email_code: Duration,
    /// An authorization code (FAPI 2.0 section 5.3.2.1: at most 60 s).
    pub code: Duration,
    /// A pushed request (FAPI 2.0 section 5.3.2.2: under 600 s).
    pub pushed_request: Duration,
    /// An access token.
    pub access_token: Duration,
    /// An ID Token.
    pub id_token: Duration,
    /// Most bytes of a document that is signed.
    pub document_bytes: u64,
    /// Refused proofings after which only a counter can help.
    pub proofing_attempts: u32,
    /// From the first count of nothing under an old key to the second, after which it is destroyed: longer than any write takes.
    pub rotation_grace: Duration,
    /// A signing key that was replaced verifies what it signed for so long with those who learned of it: longer than ID Tokens live, and
    /// than anybody keeps our public keys without looking again.
    pub signer_overlap: Duration,
    /// Checkpoints carry the signatures of both keys for so long.
    pub checkpoint_overlap: Duration,
    /// A server that has not reported for so long during a rotation of keys is taken for dead.
    pub server_silence: Duration,
    /// Nothing that is swept is kept longer, whatever its rule says; tests live years in a minute.
    pub kept_longest: Duration,
    /// How much may be opened in a minute.
    pub budgets: Budgets,
}

impl Default for Limits {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        Self {
            custody: Duration::from_secs(120),
            registration: minutes(60),
            challenge: Duration::from_secs(90),
            ceremony: minutes(5),
            session_idle: minutes(60),
            session_total: minutes(24 * 60),
            step_up: minutes(5),
            email_code: minutes(10),
            code: Duration::from_secs(60),
            // The person reads and decides within it.
            pushed_request: minutes(9),
            access_token: minutes(5),
            id_token: minutes(5),
            document_bytes: lionrock_model::signing::DOCUMENT_BYTES,
            proofing_attempts: 3,
            rotation_grace: Duration::from_secs(30),
            signer_overlap: minutes(60),
            checkpoint_overlap: minutes(24 * 60),
            server_silence: minutes(2),
            kept_longest: Duration::MAX,
            budgets: Budgets::default(),
        }
    }
}

/// The systems we call.
#[derive(Clone)]
pub struct Ports {
    /// The authority that issued the card.
    pub registry: Arc<dyn Registry>,
    /// Outgoing mail.
    pub mail: Arc<dyn Mail>,
    /// Who shows notices on residents' devices, when there is somebody.
    pub push: Option<Arc<dyn Push>>,
    /// Who judges pictures.
    pub proofing: Arc<dyn ProofingProvider>,
    /// Who reads documents that strangers sent.
    pub documents: Arc<dyn DocumentReader>,
    /// Who uses residents' signing keys.
    pub activation: Arc<dyn Activation>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ports(…)")
    }
}

impl Platform {
    /// A registered service.
    #[must_use]
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.settings.services.iter().find(|service| service.id() == id)
    }
}
