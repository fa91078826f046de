//! GET /oauth/authorize: the browser arrives with a request.

use super::checks::{self, Door};
use super::consent::purpose_hash;
use super::issue::{self, Grounds};
use super::{REQUEST_ROW, Word, current, of_request, problem, push};
use crate::vault::Alarm;
use crate::{Caller, Error, Fault, Platform, pseudonym};
use lionrock_model::id::ServiceId;
use lionrock_model::oidc::{PageRefusal, Scope};
use lionrock_model::service::Service;
use lionrock_model::session::Session;
use lionrock_model::time::Millis;
use lionrock_store::oidc_request::{self, Request};
use lionrock_store::{Tx, consent, credential};
use lionrock_wire::jose;
use lionrock_wire::oauth::authorization::{self, Prompt};
use lionrock_wire::oauth::parameters::extend;
use lionrock_wire::oauth::{Code, Parameters, Problem};
use std::sync::Arc;

/// An authorization request as the browser brought it.
#[derive(Debug)]
pub struct Authorize {
    /// The query.
    pub parameters: Parameters,
    /// The browser's session cookie, if it has one.
    pub cookie: Option<String>,
}

/// What happens to the browser next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It goes back to the service at once.
    Answer {
        /// Where, with the answer in the query.
        location: String,
    },
    /// The person is asked; the handle names the request on our pages.
    Ask {
        /// 43 characters of base64url.
        handle: String,
    },
    /// The person is asked to sign; the handle names the signing request on our pages.
    Sign {
        /// 43 characters of base64url.
        handle: String,
    },
}

/// Finds out whom to ask for what. Nothing is used up: a link preview that loads the page does no harm.
///
/// # Errors
/// A refusal on a page of ours, when the client or its redirect URI cannot be trusted: then nothing is ever sent there.
pub async fn authorize(
    platform: &Arc<Platform>,
    caller: &Caller,
    command: Authorize,
) -> Result<Outcome, Error<PageRefusal>> {
    let parameters = &command.parameters;
    let id = parameters.get("client_id").and_then(|id| ServiceId::parse(id).ok());
    let service = id.and_then(|id| platform.service(&id)).ok_or(Error::Refuse(PageRefusal::UnknownService))?;
    let (handle, request) = match parameters.get("request_uri") {
        Some(uri) => pushed(platform, caller, service, uri).await?,
        None => match arrived(platform, caller, service, parameters).await? {
            Ok(kept) => kept,
            Err(location) => return Ok(Outcome::Answer { location }),
        },
    };
    let prompt = Prompt::parse(Some(request.prompt.as_str()).filter(|text| !text.is_empty())).unwrap_or_default();
    if prompt.none {
        let location = silently(platform, caller, service, request, command.cookie).await?;
        return Ok(Outcome::Answer { location });
    }
    Ok(if request.signing.is_some() { Outcome::Sign { handle } } else { Outcome::Ask { handle } })
}

/// A request that was pushed before. Other parameters beside `request_uri` are not looked at (RFC 9126 section 4).
async fn pushed(
    platform: &Arc<Platform>,
    caller: &Caller,
    service: &Service,
    uri: &str,
) -> Result<(String, Request), Error<PageRefusal>> {
    let handle = authorization::handle(uri).map_err(|_| Error::Refuse(PageRefusal::RequestGone))?;
    let handle = jose::encode(&handle);
    let request = waiting(platform, caller.now, &handle).await?;
    if request.service != service.id().as_str() {
        return Err(Error::Refuse(PageRefusal::RequestGone));
    }
    Ok((handle, request))
}

/// A request in the address itself: checked, then kept like a pushed one. The inner error is an answer to the service.
async fn arrived(
    platform: &Arc<Platform>,
    caller: &Caller,
    service: &Service,
    parameters: &Parameters,
) -> Result<Result<(String, Request), String>, Error<PageRefusal>> {
    let Some(redirect_uri) = parameters.get("redirect_uri").filter(|uri| service.redirects_to(uri)) else {
        return Err(Error::Refuse(PageRefusal::UnregisteredRedirect));
    };
    let request = match checks::request(Door::Front, parameters, service) {
        Ok(request) => request,
        Err(problem) => return Ok(Err(refusal(platform, redirect_uri, parameters.get("state"), problem))),
    };
    let (handle, digest) = Word::Request.fresh(platform, caller.random())?;
    let row = push::row(platform, caller, service, digest, &request, redirect_uri.to_owned())?;
    let (kept, details, word) = (row.clone(), request.details, handle.clone());
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform
        .store
        .write(move |tx| push::keep(tx, &owned, &caller, &kept, details.as_ref(), &word))
        .await
        .map_err(Error::<PageRefusal>::from)?;
    if let Err(problem) = outcome {
        return Ok(Err(refusal(platform, redirect_uri, parameters.get("state"), problem)));
    }
    let row = waiting(platform, row.created_at, &handle).await?;
    Ok(Ok((handle, row)))
}

/// The request of a handle, if it still waits for its answer.
pub(super) async fn waiting(
    platform: &Arc<Platform>,
    now: Millis,
    handle: &str,
) -> Result<Request, Error<PageRefusal>> {
    let digest = Word::Request.digest(platform, handle)?;
    let owned = Arc::clone(platform);
    platform.store.glance(move |tx| still_waiting(tx, &owned, now, digest)).await
}

/// As [`waiting`], inside a transaction; `handle` is the imprint that names the row. A row that is not as the platform wrote it is
/// gone: nobody is asked in the name of a service that did not ask.
pub(super) fn still_waiting(
    tx: &mut Tx<'_>,
    platform: &Platform,
    now: Millis,
    handle: [u8; 32],
) -> Result<Request, Error<PageRefusal>> {
    const GONE: Error<PageRefusal> = Error::Refuse(PageRefusal::RequestGone);
    let found = oidc_request::find(tx, handle)?;
    let request = found.filter(|request| request.used_at.is_none() && request.expires_at > now).ok_or(GONE)?;
    if of_request(&request).is(platform, REQUEST_ROW, request.proof.as_ref())? {
        return Ok(request);
    }
    if request.proof.is_some() {
        platform.vault.raise(Alarm { resident: None, what: "request-forged" });
    }
    Err(GONE)
}

/// `prompt=none`: answered from the session and an earlier approval, or refused (OpenID Connect Core 3.1.2.6). Fields are
/// never released this way: each release is approved by passkey.
async fn silently(
    platform: &Arc<Platform>,
    caller: &Caller,
    service: &Service,
    request: Request,
    cookie: Option<String>,
) -> Result<String, Error<PageRefusal>> {
    let (store, owned, caller) = (platform.store.clone(), Arc::clone(platform), caller.clone());
    let (redirect_uri, state) = (request.redirect_uri.clone(), request.state.clone());
    let purpose = purpose_hash(service);
    let outcome = store
        .write(move |tx| {
            if !oidc_request::take(tx, request.handle, caller.now)? {
                return Err(Error::Refuse(PageRefusal::RequestGone));
            }
            let session = current(tx, &owned, &caller, cookie.as_deref())?.map(|current| current.session);
            let Some(session) = session.filter(|session| !too_old(&request, session, caller.now)) else {
                return Ok(Err(LOGIN));
            };
            if !checks::fields(&scope(&request)).is_empty() || request.signing.is_some() {
                return Ok(Err(CONSENT));
            }
            let Some(grounds) = standing(tx, &owned, &caller, &request, &session, purpose)? else {
                return Ok(Err(CONSENT));
            };
            Ok(Ok(issue::code(tx, &owned, &caller, &request, &grounds)?))
        })
        .await?;
    Ok(match outcome {
        Ok(code) => issue::location(platform, &redirect_uri, state.as_deref(), &code),
        Err(problem) => refusal(platform, &redirect_uri, state.as_deref(), problem),
    })
}

/// What an earlier approval still carries: same service, same purpose, passkey not removed.
fn standing(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    request: &Request,
    session: &Session,
    purpose: [u8; 32],
) -> Result<Option<Grounds>, Fault> {
    let earlier =
        consent::latest(tx, session.resident, &request.service)?.filter(|consent| consent.purpose_hash == purpose);
    let passkey =
        credential::of_resident(tx, session.resident, session.credential)?.filter(|passkey| passkey.is_standing());
    let Some((consent, passkey)) = earlier.zip(passkey) else { return Ok(None) };
    Ok(Some(Grounds {
        authenticated_at: session.proved,
        consent: consent.id,
        fields: Vec::new(),
        resident: session.resident,
        strength: issue::strength(&passkey),
        sub: pseudonym::settle(tx, platform, caller, &request.service, session.resident)?.row.name,
    }))
}

fn too_old(request: &Request, session: &Session, now: Millis) -> bool {
    request.max_age.is_some_and(|most| now.seconds() - session.proved.seconds() > most)
}

/// The scopes of a kept request.
pub(super) fn scope(request: &Request) -> Vec<Scope> {
    request.scope.split(' ').filter_map(Scope::from_word).collect()
}

/// Where a refused request goes, with `iss` (RFC 9207).
pub(super) fn refusal(platform: &Platform, redirect_uri: &str, state: Option<&str>, problem: Problem) -> String {
    let mut pairs = vec![("error", problem.code.as_str()), ("error_description", problem.description)];
    pairs.extend(state.map(|state| ("state", state)));
    pairs.push(("iss", &platform.settings.issuer));
    extend(redirect_uri, &pairs)
}

const LOGIN: Problem = problem(Code::LoginRequired, "nobody is signed in recently enough");
const CONSENT: Problem = problem(Code::ConsentRequired, "the person has to approve this");
