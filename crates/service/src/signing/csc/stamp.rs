//! signatures/timestamp: an RFC 3161 token over a hash, for whoever may use the interface.

use super::{Answer, SHA_256, SHA_384, holder, refuse, wrong};
use crate::{Caller, Error, Platform, timestamp};
use lionrock_model::certificate::TimestampRefusal;
use lionrock_pki::algorithm::Digest;
use lionrock_wire::oauth::Code;
use std::sync::Arc;

/// `id-sha512`.
const SHA_512: &str = "2.16.840.1.101.3.4.2.3";
/// Longest nonce, in bytes.
const NONCE: usize = 32;

/// A time-stamp token in DER.
///
/// # Errors
/// An OAuth error; faults.
pub async fn stamp(
    platform: &Arc<Platform>,
    caller: &Caller,
    token: &str,
    (algorithm, hash): (&str, Vec<u8>),
    nonce: Option<Vec<u8>>,
) -> Answer<Vec<u8>> {
    let (owned, who, token) = (Arc::clone(platform), caller.clone(), token.to_owned());
    platform.store.read(move |tx| holder(tx, &owned, &who, &token).map(drop)).await?;
    let digest = match algorithm {
        SHA_256 => Digest::Sha256,
        SHA_384 => Digest::Sha384,
        SHA_512 => Digest::Sha512,
        _ => return Err(wrong("Invalid parameter hashAlgo")),
    };
    if hash.len() != digest.length() {
        return Err(wrong("Invalid digest value length"));
    }
    if nonce.as_ref().is_some_and(|nonce| nonce.is_empty() || nonce.len() > NONCE) {
        return Err(wrong("Invalid parameter nonce"));
    }
    match timestamp::stamp_with(platform, caller, digest, &hash, nonce).await {
        Ok(token) => Ok(token),
        Err(Error::Refuse(TimestampRefusal::ClockDoubtful | TimestampRefusal::NoAuthority)) => {
            Err(refuse(Code::TemporarilyUnavailable, "no time is stamped here at present"))
        }
        Err(Error::Fault(fault)) => Err(fault.into()),
    }
}
