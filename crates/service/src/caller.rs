//! Who asks, made once at the edge and passed by value.

use lionrock_model::id::TraceId;
use lionrock_model::language::Language;
use lionrock_model::time::Millis;
use std::net::IpAddr;
use std::sync::Arc;

pub use lionrock_crypto::random::{Entropy, System};

/// One request's circumstances: the clock, randomness and language are read here and nowhere else.
#[derive(Clone, Debug)]
pub struct Caller {
    /// When the request arrived.
    pub now: Millis,
    /// Where random bytes come from.
    pub entropy: Arc<dyn Entropy>,
    /// The language to answer in.
    pub language: Language,
    /// Joins log lines, pages and refusals of this request.
    pub trace: TraceId,
    /// Where it came from, when it came over a network.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// The platform's own work: a job, a command.
    #[must_use]
    pub fn platform(now: Millis, entropy: Arc<dyn Entropy>) -> Self {
        let trace = TraceId(entropy.array());
        Self { now, entropy, language: Language::En, trace, address: None }
    }

    /// What counts as one neighbour when failures are counted: an IPv4 address or the /64 of an IPv6 address.
    #[must_use]
    pub fn network(&self) -> Vec<u8> {
        match self.address.map(|address| address.to_canonical()) {
            None => vec![0],
            Some(IpAddr::V4(v4)) => [&[4], &v4.octets()[..]].concat(),
            Some(IpAddr::V6(v6)) => [&[6], v6.octets().get(..8).unwrap_or_default()].concat(),
        }
    }

    /// Random bytes of this request.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        self.entropy.array()
    }
}
