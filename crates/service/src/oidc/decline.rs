//! POST /oauth/consent/decline: the person says no, and the service is told so.

use super::authorize::{refusal, waiting};
use super::{consent, current, problem};
use crate::audit::{self, Event};
use crate::{Caller, Error, Platform};
use lionrock_model::oidc::PageRefusal;
use lionrock_store::oidc_request;
use lionrock_wire::oauth::Code;
use serde_json::json;
use std::sync::Arc;

/// Answers the request with `access_denied`; gives the address the browser goes to.
///
/// # Errors
/// [`PageRefusal::RequestGone`]; faults.
pub async fn decline(
    platform: &Arc<Platform>,
    caller: &Caller,
    handle: &str,
    cookie: Option<&str>,
) -> Result<String, Error<PageRefusal>> {
    let request = waiting(platform, caller.now, handle).await?;
    consent::service(platform, &request)?;
    let denied = problem(Code::AccessDenied, "the person declined");
    let location = refusal(platform, &request.redirect_uri, request.state.as_deref(), denied);
    let (store, platform, caller, cookie) =
        (platform.store.clone(), Arc::clone(platform), caller.clone(), cookie.map(str::to_owned));
    store
        .write(move |tx| {
            if !oidc_request::take(tx, request.handle, caller.now)? {
                return Err(Error::Refuse(PageRefusal::RequestGone));
            }
            let person = current(tx, &platform, &caller, cookie.as_deref())?.map(|current| current.session.resident);
            let body = json!({"scope": request.scope, "service": request.service});
            let event = Event::new("consent.declined", person, body);
            audit::append(tx, &platform, &caller, &event)?;
            Ok(())
        })
        .await?;
    Ok(location)
}
