//! What clients read before they ask: discovery and our public keys.

use crate::{Fault, Platform};
use lionrock_crypto::ring::Signer;
use lionrock_crypto::sign::SigningKey;
use lionrock_model::oidc::{Scope, claim};
use lionrock_model::policy::Field;
use lionrock_model::service::{Profile, Service};
use lionrock_wire::jose::{Jwk, JwkSet, encode};
use lionrock_wire::oauth::{details, discovery};
use serde_json::{Value, json};
use std::sync::Arc;

/// The discovery document.
#[must_use]
pub fn configuration(platform: &Platform) -> Value {
    let csc = platform.settings.services.iter().any(Service::is_csc);
    let mut scopes: Vec<_> =
        Scope::ALL.into_iter().filter(|scope| csc || *scope != Scope::Service).map(Scope::word).collect();
    if csc {
        scopes.push(details::TYPE);
    }
    let mut claims = vec!["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr"];
    claims.extend(Field::ALL.into_iter().filter_map(claim));
    claims.push("email_verified");
    let plain = platform.settings.services.iter().any(|service| service.profile() == Profile::Plain);
    let mut document = discovery::document(&platform.settings.issuer, &scopes, &claims, plain);
    if let Some(members) = document.as_object_mut().filter(|_| csc) {
        // RFC 9396 section 10.
        members.insert("authorization_details_types_supported".to_owned(), json!([details::TYPE]));
    }
    document
}

/// The keys ID Tokens are verified with: the newest and those it replaced.
///
/// # Errors
/// `Key` when the ring holds something that is no key.
pub fn jwks(platform: &Platform) -> Result<Value, Fault> {
    let keys = platform
        .keys
        .signers(Signer::Token)
        .map(|(_, key)| Ok(Jwk::ours(key.public()?, key.algorithm())))
        .collect::<Result<Vec<_>, lionrock_crypto::Error>>()?;
    Ok(JwkSet::new(keys).to_json())
}

/// The key that signs ID Tokens, and its `kid`: the thumbprint of its public half.
pub(super) fn signing_key(platform: &Platform) -> Result<(Arc<SigningKey>, String), Fault> {
    let (_, key) = platform.keys.signer(Signer::Token)?;
    let kid = encode(&Jwk::ours(key.public()?, key.algorithm()).thumbprint());
    Ok((key, kid))
}
