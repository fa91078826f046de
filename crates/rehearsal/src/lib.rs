//! The rehearsal: synthetic people, their cards and faces, software authenticators, a scriptable phone, a demo online
//! service and a stand-in card authority. For demonstrations, sandboxes and tests; a production build leaves it out.
//!
//! Everybody in here is invented, and every stand-in is named so.

pub mod authenticator;
pub mod authority;
pub mod card;
pub mod demo;
pub mod dice;
pub mod face;
pub mod font;
pub mod http;
pub mod maker;
pub mod officers;
pub mod people;
pub mod phone;
pub mod picture;
pub mod push;
pub mod registry;
pub mod relying_party;
pub mod scene;
pub mod video;
