//! The nouns and the rules of Lionrock: residents, cards, credentials, services, refusals.
//!
//! Pure by construction: no I/O, no clock, no randomness, no async, no wire formats. Whatever needs one of those
//! receives it as a value. A type here that holds personal data has neither `Display` nor a telling `Debug`.

pub mod account;
pub mod break_glass;
pub mod budget;
pub mod bulk;
pub mod certificate;
pub mod correction;
pub mod counter;
pub mod credential;
pub mod custody;
pub mod deviation;
pub mod document;
pub mod hkid;
pub mod id;
pub mod language;
pub mod level;
pub mod monitor;
pub mod oidc;
pub mod person;
pub mod policy;
pub mod proofing;
pub mod realm;
pub mod recovery;
pub mod refusal;
pub mod register;
pub mod retention;
pub mod rotation;
pub mod service;
pub mod session;
pub mod signing;
pub mod site;
pub mod staff;
pub mod statement;
pub mod ticket;
pub mod time;
