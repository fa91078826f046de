//! Giving out a code, inside the transaction of the approval it stands on.

use super::{GRANT_ROW, Word, of_grant};
use crate::{Caller, Fault, Platform};
use lionrock_model::credential::{Credential, Custody};
use lionrock_model::id::{ConsentId, ResidentId};
use lionrock_model::oidc::{Pseudonym, Strength};
use lionrock_model::policy::Field;
use lionrock_model::time::Millis;
use lionrock_store::Tx;
use lionrock_store::oidc_grant::{self, Grant};
use lionrock_store::oidc_request::Request;
use lionrock_wire::oauth::parameters::extend;

/// What a code stands on.
#[derive(Clone, Debug)]
pub(super) struct Grounds {
    pub authenticated_at: Millis,
    pub consent: ConsentId,
    /// What may be released: nothing when nobody was shown it.
    pub fields: Vec<Field>,
    pub resident: ResidentId,
    pub strength: Strength,
    pub sub: Pseudonym,
}

/// Keeps a fresh code and gives it. The caller has taken the request in the same transaction.
pub(super) fn code(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    request: &Request,
    grounds: &Grounds,
) -> Result<String, Fault> {
    let (word, digest) = Word::Code.fresh(platform, caller.random())?;
    let mut grant = Grant {
        code: digest,
        service: request.service.clone(),
        resident: grounds.resident,
        consent: grounds.consent,
        sub: grounds.sub.as_str().to_owned(),
        scope: request.scope.clone(),
        redirect_uri: request.redirect_uri.clone(),
        nonce: request.nonce.clone(),
        challenge: request.challenge,
        authenticated_at: grounds.authenticated_at,
        acr: grounds.strength.acr().to_owned(),
        issued_at: caller.now,
        expires_at: caller.now.after(platform.settings.limits.code),
        used_at: None,
        access_expires_at: None,
        revoked_at: None,
        fields: grounds.fields.clone(),
        proof: None,
        access_proof: None,
        signing: request.signing,
    };
    grant.proof = Some(of_grant(&grant).under(platform, GRANT_ROW)?);
    oidc_grant::insert(tx, &grant)?;
    Ok(word)
}

/// Where the browser takes the code, with `iss` (RFC 9207).
pub(super) fn location(platform: &Platform, redirect_uri: &str, state: Option<&str>, code: &str) -> String {
    let mut pairs = vec![("code", code)];
    pairs.extend(state.map(|state| ("state", state)));
    pairs.push(("iss", &platform.settings.issuer));
    extend(redirect_uri, &pairs)
}

/// How strong a passkey is, as services are told.
pub(super) const fn strength(passkey: &Credential) -> Strength {
    match passkey.custody() {
        Custody::DeviceBound => Strength::DeviceBound,
        Custody::Synced => Strength::Synced,
    }
}
