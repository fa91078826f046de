//! An authorization request that is answered by a signature: the passkey's approval of what is signed is the approval of the grant.
//!
//! The page is the one on which everybody signs ([`crate::signing`]); code, redirect URI, PKCE and token are those of logging in.

use super::authorize::{refusal, still_waiting};
use super::issue::{self, Grounds};
use super::problem;
use crate::{Caller, Error, Fault, Platform, pseudonym};
use lionrock_crypto::digest::sha256;
use lionrock_model::credential::Credential;
use lionrock_model::id::{ConsentId, ResidentId, SigningRequestId};
use lionrock_store::consent::{self, Consent};
use lionrock_store::{Tx, oidc_request};
use lionrock_wire::oauth::Code;

/// What was signed, by whom, and how that was approved.
pub(crate) struct Signed<'a> {
    /// Imprint of the authorization request.
    pub request: [u8; 32],
    /// The signing request that stands behind it.
    pub signing: SigningRequestId,
    /// Who signed.
    pub who: ResidentId,
    /// The passkey that approved.
    pub guard: &'a Credential,
    /// The text that it signed.
    pub text: &'a str,
}

/// Takes the request and gives out a code for what was signed: where the browser goes. None when the request is over.
pub(crate) fn code(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    signed: &Signed<'_>,
) -> Result<Option<String>, Fault> {
    let request = match still_waiting(tx, platform, caller.now, signed.request) {
        Ok(request) => request,
        Err(Error::Refuse(_)) => return Ok(None),
        Err(Error::Fault(fault)) => return Err(fault),
    };
    if request.signing != Some(signed.signing) {
        return Err(Fault::stored_data("an authorization request stands for another signature"));
    }
    if !oidc_request::take(tx, request.handle, caller.now)? {
        return Ok(None);
    }
    let sub = pseudonym::settle(tx, platform, caller, &request.service, signed.who)?.row.name;
    let grounds = Grounds {
        authenticated_at: caller.now,
        consent: approval(tx, caller, &request.service, signed)?,
        fields: Vec::new(),
        resident: signed.who,
        strength: issue::strength(signed.guard),
        sub,
    };
    let code = issue::code(tx, platform, caller, &request, &grounds)?;
    Ok(Some(issue::location(platform, &request.redirect_uri, request.state.as_deref(), &code)))
}

/// The approval in the list of what a person gave to services: taking it back voids what was not fetched yet. Its purpose is no
/// other's, so that nobody is signed in silently on the ground of a signature.
fn approval(tx: &mut Tx<'_>, caller: &Caller, service: &str, signed: &Signed<'_>) -> Result<ConsentId, Fault> {
    let purpose_hash = sha256(format!("signatures for {service}").as_bytes());
    let earlier = consent::latest(tx, signed.who, service)?.filter(|earlier| earlier.purpose_hash == purpose_hash);
    if let Some(earlier) = earlier {
        return Ok(earlier.id);
    }
    let fresh = Consent {
        id: ConsentId::new(caller.now, caller.random()),
        resident: signed.who,
        service: service.to_owned(),
        fields: Vec::new(),
        purpose_hash,
        shown_hash: sha256(signed.text.as_bytes()),
        credential: signed.guard.id,
        granted_at: caller.now,
        ended_at: None,
    };
    consent::insert(tx, &fresh)?;
    Ok(fresh.id)
}

/// The person said no: the request is taken, and the service is told. None when the request is over.
pub(crate) fn denied(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    request: [u8; 32],
) -> Result<Option<String>, Fault> {
    let request = match still_waiting(tx, platform, caller.now, request) {
        Ok(request) => request,
        Err(Error::Refuse(_)) => return Ok(None),
        Err(Error::Fault(fault)) => return Err(fault),
    };
    oidc_request::take(tx, request.handle, caller.now)?;
    let denied = problem(Code::AccessDenied, "the person declined");
    Ok(Some(refusal(platform, &request.redirect_uri, request.state.as_deref(), denied)))
}
