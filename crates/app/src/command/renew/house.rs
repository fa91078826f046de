//! The authority that stamps and says how certificates stand, asked by the addresses under its `/pki`.

use crate::start;
use anyhow::{Context, Result, anyhow, bail};
use lionrock_crypto::random::{Entropy, System};
use lionrock_gateway::client::{Client, Network, Reach};
use lionrock_pki::algorithm::Digest;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::pades::Material;
use lionrock_pki::{ocsp, timestamp};
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;
use tokio::runtime::Handle;

/// Longest answer: a revocation list of a large authority.
const LARGEST: usize = 16 * 1024 * 1024;

/// An authority.
pub struct House {
    client: Client,
    runtime: Handle,
}

impl House {
    /// The one at an address, with or without its `/pki`.
    pub fn new(address: &str, authority: Option<&Path>) -> Result<Self> {
        let bare = address.trim_end_matches('/');
        let whole = if bare.ends_with("/pki") { bare.to_owned() } else { format!("{bare}/pki") };
        let address: http::Uri = whole.parse().with_context(|| format!("{whole} is not an address"))?;
        let host = address.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let reach = Reach {
            address,
            authorities: authority.map(start::certificates).transpose()?.unwrap_or_default(),
            network: if here { Network::Loopback } else { Network::Private },
            time_limit: Duration::from_secs(20),
            answer_limit: LARGEST,
        };
        let client = Client::new(reach).context("--pki (and --ca FILE with the authority of that server)")?;
        Ok(Self { client, runtime: Handle::current() })
    }

    /// How a chain stands now: an answer about its first certificate, and the lists of the authorities above.
    pub fn status(&self, chain: &[Certificate], now: u64) -> Result<Material> {
        let mut material = Material::default();
        if let [own, issuer, ..] = chain {
            let nonce: [u8; 32] = (&System as &dyn Entropy).array();
            let question = ocsp::ask(own, issuer, Some(&nonce))?;
            let answer = self.post("ocsp", "application/ocsp-request", question)?;
            ocsp::check(&answer, own, issuer, Some(&nonce), now).context("the status service")?;
            material.answers.push(answer);
        }
        for name in ["issuing.crl", "root.crl"] {
            let fetched = self.runtime.block_on(self.client.fetch(name));
            let list = fetched.with_context(|| format!("the list {name}"))?;
            material.lists.extend(list.map(Vec::from));
        }
        Ok(material)
    }

    /// A time-stamp over a digest.
    pub fn stamp(&self, digest: Digest, hash: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; 16] = (&System as &dyn Entropy).array();
        let question = timestamp::ask(digest, hash, Some(&nonce))?;
        let answer = self.post("tsa", "application/timestamp-query", question)?;
        let token = timestamp::token(&answer).context("the time-stamp service")?;
        timestamp::check(&token, digest, hash, Some(&nonce)).context("the time-stamp service")?;
        Ok(token)
    }

    fn post(&self, path: &str, kind: &'static str, body: Vec<u8>) -> Result<Vec<u8>> {
        let answered = self.runtime.block_on(self.client.post(path, kind, body));
        match answered.map_err(|error| anyhow!("/pki/{path}: {error}"))? {
            (200, body) => Ok(body.into()),
            (status, _) => bail!("/pki/{path} answered with status {status}"),
        }
    }
}
