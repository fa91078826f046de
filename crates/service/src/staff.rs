//! The staff house: officers, their keys, sessions and rights, and what they sign.
//!
//! It shares nothing with residents but the store and the ledger: other origin, other cookies, other passkeys. What a row says of
//! an officer counts only when the ledger says the same ([`house`]), so whoever writes to the database makes nobody an
//! officer, raises nobody and swaps no key. What an officer may do is asked of the policy of the release
//! ([`lionrock_model::policy::staff`]), each time; what they approve is a fresh signature of their key over the exact text
//! ([`approve`]).
//!
//! | verb | writes |
//! | --- | --- |
//! | [`sign_in::begin`], [`sign_in::finish`] | session, leaf |
//! | [`require`] | the time of use, once a minute |
//! | [`approve::begin`], [`approve::check`] | the signed act, sealed |
//! | [`officers::propose`], [`officers::decide`], [`officers::end`] | officer, proposal, leaf |
//! | [`enrol::begin`], [`enrol::finish`] | the officer's key |
//! | [`rights::round`] | withdrawn rights, reviews |

pub mod approve;
mod attest;
pub mod enrol;
pub mod house;
pub mod init;
pub mod officers;
pub(crate) mod passkey;
pub mod policy;
pub mod report;
pub mod rights;
pub mod session;
pub mod sign_in;

pub use session::{OnDuty, on_duty, require};

use lionrock_model::staff::{Network, Place, Post, Unit};
use std::net::IpAddr;

/// The staff house of a deployment, as configured.
#[derive(Clone, Debug)]
pub struct House {
    /// Scheme, host and port officers reach it by: `https://staff.example.hk`. WebAuthn origin.
    pub origin: String,
    /// WebAuthn relying-party id: its host.
    pub rp_id: String,
    /// Where officers work.
    pub units: Vec<UnitPlace>,
    /// Makers whose word counts: certificates, DER.
    pub roots: Vec<Vec<u8>>,
    /// Models of authenticators that are accepted.
    pub models: Vec<[u8; 16]>,
}

/// A unit, where it sits and when it works.
#[derive(Clone, Debug)]
pub struct UnitPlace {
    /// Its word.
    pub unit: Unit,
    /// What kind of place.
    pub kind: Place,
    /// First working hour, Hong Kong time.
    pub opens: u8,
    /// First hour after work.
    pub closes: u8,
    /// Its networks.
    pub networks: Vec<Network>,
}

impl House {
    /// Whether there is such a unit.
    #[must_use]
    pub fn knows(&self, unit: &Unit) -> bool {
        self.units.iter().any(|place| place.unit == *unit)
    }

    /// Where an officer of a unit sits, by the address their request comes from; [`Post::NOWHERE`] for unknown units, and
    /// elsewhere for networks that are not the unit's.
    #[must_use]
    pub fn post(&self, unit: &Unit, address: Option<IpAddr>) -> Post {
        let Some(place) = self.units.iter().find(|place| place.unit == *unit) else { return Post::NOWHERE };
        let inside = address.is_some_and(|address| place.networks.iter().any(|network| network.holds(address)));
        let kind = if inside { place.kind } else { Place::Elsewhere };
        Post { kind, opens: place.opens, closes: place.closes }
    }
}
