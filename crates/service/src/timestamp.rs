//! Time-stamps (RFC 3161): that a digest existed at a time, by the clock that the start gate checks. A clock that is in doubt stamps nothing.

use crate::authority::{self, pki, seconds};
use crate::{Caller, Error, Fault, Platform};
use lionrock_crypto::ring::Signer;
use lionrock_model::certificate::TimestampRefusal;
use lionrock_pki::algorithm::Digest;
use lionrock_pki::timestamp::{self, Asked, Failure, Stamp};
use std::sync::Arc;

/// How far the stated time may be from the true one: a second for the gate's check of the clock, and one because time is stated in whole
/// seconds.
pub const ACCURACY_MS: u32 = 2000;
/// Requests of one second run side by side: an earlier one may be stamped after a later one.
const SIDE_BY_SIDE_MS: i64 = 1000;

/// By which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// ES256.
    Ecdsa,
    /// RS256, for those who read nothing else.
    Rsa,
}

impl Key {
    const fn signer(self) -> Signer {
        match self {
            Self::Ecdsa => Signer::Tsa,
            Self::Rsa => Signer::TsaRsa,
        }
    }
}

/// Stamps a digest for the platform itself: a token in DER, with the certificates to check it.
///
/// # Errors
/// A [`TimestampRefusal`]; faults.
pub async fn stamp(
    platform: &Arc<Platform>,
    caller: &Caller,
    digest: Digest,
    hash: &[u8],
) -> Result<Vec<u8>, Error<TimestampRefusal>> {
    stamp_with(platform, caller, digest, hash, None).await
}

/// As [`stamp`], with the asker's nonce, as a DER integer's bytes.
///
/// # Errors
/// As [`stamp`].
pub async fn stamp_with(
    platform: &Arc<Platform>,
    caller: &Caller,
    digest: Digest,
    hash: &[u8],
    nonce: Option<Vec<u8>>,
) -> Result<Vec<u8>, Error<TimestampRefusal>> {
    if hash.len() != digest.length() {
        return Err(Fault::bug("a digest of another length").into());
    }
    let asked = Asked { digest, hash: hash.to_vec(), policy: None, nonce, certificate: true };
    token(platform, caller, Key::Ecdsa, &asked).await
}

/// Answers a question of somebody outside. Whatever comes in, something comes out: what
/// is not stamped is refused with the failure of RFC 3161 section 2.4.2.
///
/// # Errors
/// `Bug` when the library makes no refusal.
pub async fn answer(platform: &Arc<Platform>, caller: &Caller, key: Key, question: &[u8]) -> Result<Vec<u8>, Fault> {
    let refuse = |failure: Failure| timestamp::refuse(failure, words(failure)).map_err(pki);
    let asked = match timestamp::read(question) {
        Ok(asked) => asked,
        Err(failure) => return refuse(failure),
    };
    let own = platform.settings.authority.stamping()?;
    if asked.policy.is_some_and(|policy| policy != own) {
        return refuse(Failure::UnacceptedPolicy);
    }
    match token(platform, caller, key, &asked).await {
        Ok(token) => timestamp::grant(&token).map_err(pki),
        Err(Error::Refuse(TimestampRefusal::ClockDoubtful)) => refuse(Failure::TimeNotAvailable),
        Err(Error::Refuse(TimestampRefusal::NoAuthority)) => refuse(Failure::SystemFailure),
        Err(Error::Fault(fault)) => {
            tracing::error!(error = %fault, "a time-stamp was not made");
            refuse(Failure::SystemFailure)
        }
    }
}

async fn token(
    platform: &Arc<Platform>,
    caller: &Caller,
    key: Key,
    asked: &Asked,
) -> Result<Vec<u8>, Error<TimestampRefusal>> {
    let chain = authority::chain(platform).await?.ok_or(Error::Refuse(TimestampRefusal::NoAuthority))?;
    let own = chain.stamping(key.signer()).ok_or(Error::Refuse(TimestampRefusal::NoAuthority))?;
    if platform.gate.clock_is_doubtful() || !platform.authority.goes_on(caller.now, SIDE_BY_SIDE_MS) {
        return Err(Error::Refuse(TimestampRefusal::ClockDoubtful));
    }
    let now = seconds(caller.now)?;
    let (first, last) = own.certificate.validity();
    if !(first..=last).contains(&now) {
        return Err(Error::Refuse(TimestampRefusal::NoAuthority));
    }
    let policy = platform.settings.authority.stamping()?;
    let stamp = Stamp { policy, serial: caller.random(), now, accuracy_ms: ACCURACY_MS };
    let mut certificates = vec![&own.certificate];
    certificates.extend(chain.above(&own.certificate));
    Ok(timestamp::stamp(asked, &stamp, &certificates, &*own.key).map_err(pki)?)
}

/// What is wrong, for people who look into the answer.
const fn words(failure: Failure) -> &'static str {
    match failure {
        Failure::BadAlgorithm => "the digest must be SHA-256, SHA-384 or SHA-512",
        Failure::BadRequest => "this is no time-stamp request of version 1",
        Failure::BadDataFormat => "this cannot be read as a time-stamp request",
        Failure::TimeNotAvailable => "the clock is in doubt: ask again later",
        Failure::UnacceptedPolicy => "no time is stamped under that policy",
        Failure::UnacceptedExtension => "no extension is known here",
        Failure::SystemFailure => "no time is stamped here at present",
    }
}
