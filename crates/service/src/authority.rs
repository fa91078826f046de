//! The certificate authority: its own chain, what it issues, and how each certificate stands.
//!
//! | verb | who | writes |
//! | --- | --- | --- |
//! | [`establish`] | the start of a test realm | keys, a root that signs once, chain, first lists, leaf |
//! | [`prepare`], [`install`] | two officers, after the ceremony of an offline root | keys; the chain, leaf |
//! | [`issue`] | journeys, inside their transaction | the certificate, leaf, history, letter |
//! | [`change`] | the owner, two officers, the platform | its standing, leaf, history, letter |
//! | [`standing`] | whoever relies on one, inside their transaction | nothing |
//! | [`office`] | two certification officers of two units, with their keys | signed acts; standing or certificate, leaf |
//! | [`attend`] | the job | renewed signers, the next list, notices of ends |
//!
//! The keys lie in the ring, the root elsewhere. A certificate's row is compared with the ledger as a resident's is: one that was put
//! back to *good* in the database is refused, not believed.

mod attend;
mod chain;
mod change;
mod establish;
mod install;
mod issue;
pub mod office;
mod officers;
pub(crate) mod restored;
mod setup;
mod subject;

pub use attend::attend;
pub use chain::{Chain, Desk, Signing, chain, reload};
pub use change::{Act, By, Judged, change, end_all, is_there, kept, open, standing};
pub use establish::{establish, prepare, request};
pub use install::{InstallError, Installed, Parts, install};
pub use issue::{Holder, Issued, Request, issue};
pub use officers::{CertificateClaims, NotDone, by_officers, version};
pub use setup::{Setup, is_of, unit};
pub use subject::reference;

pub(crate) use change::compare;
pub(crate) use establish::{pki, seconds};
pub(crate) use officers::unhex;

use lionrock_crypto::ring::Signer;

/// The list of the root, in the store.
pub const ROOT: &str = "root";
/// The list of the issuing authority, in the store.
pub const ISSUING: &str = "issuing";

/// What a ring key of the authority is certified for.
pub(crate) const fn profile_of(signer: Signer) -> Option<lionrock_pki::profile::Profile> {
    use lionrock_pki::profile::Profile;
    match signer {
        Signer::CaIssuing => Some(Profile::Issuing),
        Signer::Ocsp => Some(Profile::Ocsp),
        Signer::Tsa | Signer::TsaRsa => Some(Profile::TimeStamping),
        Signer::Checkpoint | Signer::Receipt | Signer::Token => None,
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
