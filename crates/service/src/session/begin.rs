//! POST /signin/options: a challenge that any resident's passkey can answer.

use crate::ceremony::{self, Ask};
use crate::{Caller, Error, Platform};
use lionrock_model::credential::CeremonyKind;
use lionrock_model::session::SessionRefusal;
use lionrock_wire::webauthn::json::RequestOptions;
use std::sync::Arc;

/// What signing in asks for: nothing is shown but the wish, and nobody is known yet.
pub(super) fn ask(browser: &str) -> Ask<'_> {
    Ask { kind: CeremonyKind::SignIn, binding: browser.as_bytes(), resident: None, shown: b"" }
}

/// Makes a challenge for this browser. The same for everybody: it does not tell who has an account.
///
/// # Errors
/// Faults only.
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    browser: &str,
) -> Result<RequestOptions, Error<SessionRefusal>> {
    let (owned, caller, browser) = (Arc::clone(platform), caller.clone(), browser.to_owned());
    platform
        .store
        .write(move |tx| Ok::<_, Error<SessionRefusal>>(ceremony::begin(tx, &owned, &caller, &ask(&browser))?))
        .await
}
