//! POST /oauth/par: a service hands its request over before it sends the browser (RFC 9126).

use super::checks::{self, Door};
use super::{REQUEST_ROW, Rejected, Word, client, of_request, problem};
use crate::signing::csc;
use crate::{Caller, Error, Fault, Platform};
use lionrock_model::oidc::{Scope, join};
use lionrock_model::service::Service;
use lionrock_store::{Tx, oidc_request};
use lionrock_wire::oauth::answer::Pushed;
use lionrock_wire::oauth::details::{self, Details};
use lionrock_wire::oauth::{Code, Credential, Parameters, Problem, authorization};
use std::sync::Arc;

/// A pushed request as it arrived.
#[derive(Debug)]
pub struct Push {
    /// How the service proves itself.
    pub credential: Credential,
    /// The body.
    pub parameters: Parameters,
}

/// Checks and keeps the request; the answer names it for the browser.
///
/// # Errors
/// An OAuth error, or a fault of the store.
pub async fn push(platform: &Arc<Platform>, caller: &Caller, command: Push) -> Result<Pushed, Error<Rejected>> {
    let client = client::authenticate(platform, caller, &command.credential).map_err(refuse)?;
    let random: [u8; 32] = caller.random();
    let (word, handle) = Word::Request.fresh(platform, random)?;
    let judged = match judge(client.service, &command.parameters) {
        Ok((request, redirect_uri)) => {
            let row = row(platform, caller, client.service, handle, &request, redirect_uri)?;
            Ok((row, request.details))
        }
        Err(problem) => Err(problem),
    };
    let once = client.once.clone();
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    // The assertion is used up whether its request is good or not; so a refusal is committed too.
    let kept = platform
        .store
        .compare_and_set(move |tx| {
            if let Some(once) = &once
                && !once.take(tx)?
            {
                return Ok(Err(client::REPLAYED));
            }
            let (row, details) = match &judged {
                Ok(judged) => judged,
                Err(problem) => return Ok(Err(*problem)),
            };
            Ok::<_, Error<Rejected>>(keep(tx, &owned, &caller, row, details.as_ref(), &word)?)
        })
        .await?;
    let check_code = kept.map_err(refuse)?;
    let expires_in = i64::try_from(platform.settings.limits.pushed_request.as_secs()).unwrap_or(0);
    Ok(Pushed { check_code, request_uri: authorization::request_uri(&random), expires_in })
}

/// Keeps a request, with the signing request behind it where it asks for signatures; gives the code that both sides show.
pub(super) fn keep(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &oidc_request::Request,
    details: Option<&Details>,
    word: &str,
) -> Result<Result<Option<String>, Problem>, Fault> {
    let Some(details) = details else {
        oidc_request::insert(tx, row)?;
        return Ok(Ok(None));
    };
    let opened = match csc::open(tx, platform, caller, row, details, word)? {
        Ok(opened) => opened,
        Err(problem) => return Ok(Err(problem)),
    };
    let mut row = oidc_request::Request { signing: Some(opened.id), ..row.clone() };
    row.proof = Some(of_request(&row).under(platform, REQUEST_ROW)?);
    oidc_request::insert(tx, &row)?;
    Ok(Ok(Some(opened.check_code)))
}

fn judge(service: &Service, parameters: &Parameters) -> Result<(checks::Request, String), Problem> {
    // RFC 9126 section 2: the client in the body is the one that authenticated.
    if parameters.get("client_id").is_some_and(|stated| stated != service.id().as_str()) {
        return Err(problem(Code::InvalidRequest, "client_id is not the client that authenticated"));
    }
    let redirect_uri = parameters.required("redirect_uri", "redirect_uri is missing")?;
    if !service.redirects_to(redirect_uri) {
        return Err(problem(
            Code::InvalidRequest,
            "redirect_uri is not registered for this client, character by character",
        ));
    }
    let request = checks::request(Door::Pushed, parameters, service)?;
    Ok((request, redirect_uri.to_owned()))
}

/// The row of a request, waiting from now on.
pub(super) fn row(
    platform: &Platform,
    caller: &Caller,
    service: &Service,
    handle: [u8; 32],
    request: &checks::Request,
    redirect_uri: String,
) -> Result<oidc_request::Request, Fault> {
    let mut row = oidc_request::Request {
        handle,
        service: service.id().as_str().to_owned(),
        redirect_uri,
        scope: if request.details.is_some() { details::TYPE.to_owned() } else { join(&request.scope, Scope::word) },
        state: request.state.clone(),
        nonce: request.nonce.clone(),
        challenge: request.challenge,
        prompt: request.prompt.clone(),
        max_age: request.max_age,
        salt: caller.random(),
        created_at: caller.now,
        expires_at: caller.now.after(platform.settings.limits.pushed_request),
        used_at: None,
        proof: None,
        signing: None,
    };
    row.proof = Some(of_request(&row).under(platform, REQUEST_ROW)?);
    Ok(row)
}

const fn refuse(problem: Problem) -> Error<Rejected> {
    Error::Refuse(Rejected(problem))
}
