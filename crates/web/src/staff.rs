//! The staff house: its own listener, origin, cookies and routes. Nothing of the residents' site is here, and nothing of here is there.
//!
//! # How to add a page
//! As in the residents' site (see the crate's documentation), with three differences: the route goes into [`table`] below, the officer comes from
//! [`duty`] (`let duty = staff::duty(&state, &visit).await?`), and `?` on a service's error leads browsers without a session to signing in when
//! the error is mapped by [`no`]. What an officer approves is shown by [`approve::show`], which asks for their key over exactly that text.

pub mod approve;
pub mod board;
pub mod break_glass;
pub mod certificates;
pub mod counter;
pub mod enrol;
pub mod home;
pub mod keys;
pub mod kill_switch;
pub mod mark;
pub mod officers;
pub mod report;
pub mod sessions;
pub mod signin;
pub mod ticket;
pub mod tickets;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use lionrock_model::staff::DutyRefusal;
use lionrock_service::Error;
use lionrock_service::staff::{self as house, OnDuty};

use crate::{AppState, Failure, Visit, cookie, health, layers, metrics, start, static_files};

/// The whole house.
pub fn table(state: &AppState) -> Router {
    let people = people().layer(from_fn_with_state(state.clone(), layers::same_origin));
    people
        .merge(machines())
        .fallback(start::nothing_here)
        .method_not_allowed_fallback(start::wrong_method)
        .layer(DefaultBodyLimit::max(state.edge.settings.body))
        .layer(from_fn_with_state(state.clone(), layers::edge))
        .with_state(state.clone())
}

/// Pages and what their forms and scripts call.
fn people() -> Router<AppState> {
    Router::new()
        .route("/", get(home::get))
        .route("/language", post(start::choose_language))
        .route("/signin", get(signin::get).post(signin::post))
        .route("/signin/options", post(signin::options))
        .route("/signout", post(signin::out))
        .route("/enrol", get(enrol::get))
        .route("/enrol/options", post(enrol::options))
        .route("/enrol/key", post(enrol::post))
        .route("/keys", get(keys::get))
        .route("/sessions", get(sessions::get))
        .route("/sessions/{id}/end", post(sessions::end))
        .route("/officers", get(officers::get))
        .route("/officers/propose", get(officers::form).post(officers::check))
        .route("/officers/propose/options", post(officers::options))
        .route("/officers/propose/key", post(officers::post))
        .route("/officers/code", get(officers::code))
        .route("/officers/proposals/{id}", get(officers::decide::get))
        .route("/officers/proposals/{id}/options", post(officers::decide::options))
        .route("/officers/proposals/{id}/key", post(officers::decide::post))
        .route("/officers/{id}", get(officers::one::get))
        .route("/officers/{id}/end", get(officers::one::end))
        .route("/officers/{id}/end/options", post(officers::one::options))
        .route("/officers/{id}/end/key", post(officers::one::post))
        .route("/counter", get(counter::get).post(counter::take_up))
        .route("/counter/{id}", get(counter::one))
        .route("/counter/{id}/card", post(counter::card))
        .route("/counter/{id}/sign", get(counter::sign))
        .route("/counter/{id}/options", post(counter::options))
        .route("/counter/{id}/key", post(counter::key))
        .route("/kill-switch", get(kill_switch::get).post(kill_switch::open))
        .route("/kill-switch/{id}/call-back", post(kill_switch::call_back))
        .route("/kill-switch/{id}/sign", get(kill_switch::sign))
        .route("/kill-switch/{id}/options", post(kill_switch::options))
        .route("/kill-switch/{id}/key", post(kill_switch::key))
        .route("/tickets", get(tickets::get).post(tickets::post))
        .route("/tickets/new", get(tickets::form))
        .route("/tickets/{id}", get(ticket::get))
        .route("/tickets/{id}/sign", get(tickets::sign))
        .route("/tickets/{id}/sign/options", post(tickets::sign_options))
        .route("/tickets/{id}/sign/key", post(tickets::sign_key))
        .route("/tickets/{id}/approve", get(tickets::second))
        .route("/tickets/{id}/approve/options", post(tickets::approve_options))
        .route("/tickets/{id}/approve/key", post(tickets::approve_key))
        .route("/tickets/{id}/refuse", post(tickets::refuse))
        .route("/tickets/{id}/reveal", post(ticket::reveal))
        .route("/tickets/{id}/close", post(ticket::close))
        .route("/tickets/{id}/run", post(ticket::run))
        .route("/tickets/{id}/requests", post(ticket::requests))
        .route("/tickets/{id}/requests/{request}", post(ticket::decide))
        .route("/mark", get(mark::get).post(mark::post))
        .route("/board", get(board::get))
        .route("/findings/{id}/close", post(board::close))
        .route("/break-glass", get(break_glass::get).post(break_glass::post))
        .route("/break-glass/{id}", get(break_glass::one))
        .route("/break-glass/{id}/sign", get(break_glass::sign))
        .route("/break-glass/{id}/options", post(break_glass::options))
        .route("/break-glass/{id}/key", post(break_glass::key))
        .route("/break-glass/{id}/review", post(break_glass::review))
        .route("/certificates", get(certificates::get))
        .route("/certificates/propose", post(certificates::check))
        .route("/certificates/propose/options", post(certificates::options))
        .route("/certificates/propose/key", post(certificates::post))
        .route("/certificates/proposals/{id}/{way}", get(certificates::sign))
        .route("/certificates/proposals/{id}/{way}/options", post(certificates::sign_options))
        .route("/certificates/proposals/{id}/{way}/key", post(certificates::sign_key))
        .route("/certificates/{serial}/file", get(certificates::file))
        .route("/report", get(report::get))
        .route("/report.json", get(report::file))
}

/// Probes and files.
fn machines() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/csp-report", post(metrics::policy_report))
        .route("/static/{file}", get(static_files::plain))
        .route("/static/{version}/{file}", get(static_files::versioned))
}

/// The value of the officer's cookie, or the way to signing in and back here.
///
/// # Errors
/// When there is none.
pub fn badge(visit: &Visit) -> Result<&str, Failure> {
    visit.badge.as_deref().ok_or_else(|| Failure::sign_in_first(&visit.here))
}

/// The officer whose page it is.
///
/// # Errors
/// As [`no`].
pub async fn duty(state: &AppState, visit: &Visit) -> Result<OnDuty, Failure> {
    house::require(&state.platform, &visit.caller, badge(visit)?).await.map_err(|error| no(visit, error))
}

/// A service's error: browsers whose session is over sign in and come back.
pub fn no(visit: &Visit, error: Error<DutyRefusal>) -> Failure {
    match error {
        Error::Refuse(DutyRefusal::SignInFirst | DutyRefusal::SessionOver) => Failure::sign_in_first(&visit.here),
        other => other.into(),
    }
}

/// The cookie of a session: it lives no longer than the session can.
pub(crate) fn badge_cookie(secret: &house::session::Secret) -> http::HeaderValue {
    let lives = u32::try_from(lionrock_model::staff::SESSION_TOTAL.as_secs()).unwrap_or(u32::MAX);
    cookie::set(cookie::BADGE, secret.cookie(), Some(lives))
}
