//! `CollectedClientData`: what the browser says it did (WebAuthn L3 section 5.8.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{Failure, Framing, RelyingParty};

/// Most bytes of `clientDataJSON`; browsers send about 200.
const LONGEST: usize = 4096;

/// The ceremony a client took part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceremony {
    /// `webauthn.create`
    Create,
    /// `webauthn.get`
    Get,
}

impl Ceremony {
    /// The `type` member.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Create => "webauthn.create",
            Self::Get => "webauthn.get",
        }
    }
}

/// The members a relying party reads. Others may be present (section 5.8.1) and are ignored; repeating one of these is
/// an error.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: Option<bool>,
    #[serde(default)]
    top_origin: Option<String>,
}

impl ClientData {
    /// Steps 7.1.5–6 and 7.2.8–9.
    ///
    /// # Errors
    /// [`Failure::ClientData`] when it is not UTF-8, not JSON, too long, or lacks a member.
    pub fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        if bytes.len() > LONGEST {
            return Err(Failure::ClientData);
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        serde_json::from_slice(bytes).map_err(|_| Failure::ClientData)
    }

    /// The challenge as bytes, if it is base64url: what a server looks the ceremony up by.
    #[must_use]
    pub fn challenge(&self) -> Option<Vec<u8>> {
        URL_SAFE_NO_PAD.decode(&self.challenge).ok()
    }

    /// Steps 7.1.7–11 and 7.2.10–14.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn check(&self, ceremony: Ceremony, challenge: &[u8], party: &RelyingParty<'_>) -> Result<(), Failure> {
        if self.kind != ceremony.tag() {
            return Err(Failure::Type);
        }
        if challenge.len() < super::SHORTEST_CHALLENGE || self.challenge != URL_SAFE_NO_PAD.encode(challenge) {
            return Err(Failure::Challenge);
        }
        if !party.origins.contains(&self.origin) {
            return Err(Failure::Origin);
        }
        match (self.cross_origin, party.framing) {
            (Some(true), Framing::Never) => return Err(Failure::CrossOrigin),
            (_, Framing::Never | Framing::Under(_)) => {}
        }
        match (&self.top_origin, party.framing) {
            (None, _) => Ok(()),
            (Some(top), Framing::Under(expected)) if expected.contains(top) => Ok(()),
            (Some(_), _) => Err(Failure::TopOrigin),
        }
    }
}
