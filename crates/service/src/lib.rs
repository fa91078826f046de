//! What the platform does: one folder a journey, one file a verb. The only place where policy, transactions, sealing and
//! the ledger meet.
//!
//! A verb is `journey::verb(platform, caller, command) -> Result<Outcome, Error<Refusal>>` and runs in four steps: policy,
//! read, decide, write — the last three in one transaction with the ledger's leaves and the outbox. Verbs do not call
//! each other's journeys: shared rules are in `model`, shared queries in `store`, shared steps of a transaction in
//! [`audit`], [`vault`] and [`outbox`]. No effect happens inside a transaction.

pub mod access;
pub mod account;
pub mod audit;
pub mod authority;
pub mod backup;
pub mod boot;
pub mod break_glass;
pub mod caller;
pub mod ceremony;
pub mod counter;
pub mod custody;
pub mod document;
pub mod email_code;
pub mod erasure;
pub mod fault;
pub mod freshness;
pub mod gate;
pub mod health;
mod imprint;
pub mod key_ceremony;
pub mod kiosk;
pub mod ledger;
pub mod letter;
pub mod level;
pub mod monitor;
pub mod oidc;
pub mod outbox;
pub mod platform;
pub mod port;
pub mod pseudonym;
pub mod recovery;
pub mod recovery_codes;
pub mod register;
pub mod rehearse;
pub mod retention;
pub mod right;
pub mod rotation;
pub mod session;
pub mod signed_in;
pub mod signing;
pub mod staff;
pub mod statement;
pub mod status;
pub mod suspension;
pub mod ticket;
pub mod timestamp;
pub mod upgrade;
pub mod vault;

pub use caller::Caller;
pub use fault::{Error, Fault};
pub use platform::{Platform, Ports, Settings};
