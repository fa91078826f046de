//! Registration, page by page. Every page asks first where the registration stands and leads to the right one, so that
//! back buttons, second tabs and reloads end well.

pub mod capture;
pub mod finish;
pub mod judging;
pub mod notice;
pub mod passkey;

use lionrock_model::register::{RegisterRefusal, Step};
use lionrock_service::register::{self, Standing};

use crate::{AppState, Failure, Visit};

/// The registration cookie, or the way to the notice.
pub(crate) fn cookie(visit: &Visit) -> Result<&str, Failure> {
    visit.registration.as_deref().ok_or_else(over)
}

/// There is no registration: browsers go to the notice, scripts hear why.
fn over() -> Failure {
    Failure::refuse(&RegisterRefusal::RegistrationOver).instead("/register")
}

/// Where the registration stands.
async fn standing(state: &AppState, visit: &Visit) -> Result<Standing, Failure> {
    register::standing(&state.platform, &visit.caller, cookie(visit)?).await.map_err(|error| led(error.into()))
}

/// Where it stands, when that is one of the steps of this page; otherwise the way to the right page.
pub(crate) async fn standing_at(state: &AppState, visit: &Visit, steps: &[Step]) -> Result<Standing, Failure> {
    let standing = standing(state, visit).await?;
    if steps.contains(&standing.step) {
        return Ok(standing);
    }
    Err(Failure::refuse(&RegisterRefusal::OutOfOrder).instead(standing.step.path()))
}

/// Refusals that end a registration lead browsers to its beginning, those of a wrong step to the page that knows better.
fn led(failure: Failure) -> Failure {
    match failure.code() {
        "registration-over" => failure.instead("/register"),
        "registration-step" => failure.instead("/register/next"),
        _ => failure,
    }
}
