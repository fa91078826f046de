//! Sole control: the one place that uses residents' signing keys.
//!
//! A signing key is made here, sealed here, and opened here for one signature, when the resident's own passkey has signed the
//! digest of exactly what is to be signed ([`text`]). Everything that decides is in [`chamber`]; it has no network, no files and
//! no database, and knows nothing of sessions, officers or services. The program runs it in a process of its own
//! (`lionrock activation`), which alone holds the key that opens the sealed records; the servers hold the sealed records and
//! cannot open them (`docs/decisions/0027`).
//!
//! What a chamber is told it does not believe: it is given bytes by a server that may be in other hands, and checks the passkey's
//! signature, the time, the nonce and the place of each digest by itself.

pub mod attributes;
pub mod chamber;
pub mod message;
pub mod record;
pub mod text;

pub use chamber::{Chamber, Refusal};
pub use message::{Answer, Authenticator, Enrol, Enrolled, Opening, Order, Passkey, Sign, Signed};
pub use text::{Activation, Document, Enrolment, Form, Hex};
