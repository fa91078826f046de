//! The only place that knows HTTP: pages for people, endpoints for systems.
//!
//! A request goes `listen` (TLS) → `layers` (id, host, rate, language, headers, same origin, failures) → `routes` (one table) → a handler, which
//! parses it into a command, calls one use case of `lionrock_service`, and shows the outcome.
//!
//! # How to add a page
//! 1. **View**: a struct in `page/<area>.rs` with `pub frame: Frame` as its first field, `#[derive(Template)]`, `#[template(path = "<area>/<name>.html")]`,
//!    and `view!(Name)` below it. The template starts with `{% extends "layout.html" %}`; words come from `{{ frame.t("key") }}`,
//!    `{{ frame.t1("key", "name", value) }}`, `{{ frame.n1("key", "count", number) }}`. No inline script, no inline style.
//! 2. **Words**: the key in `i18n/{en,zh-Hant,zh-Hans}/<area>.ftl`, all three.
//! 3. **Handler** in `<area>.rs`:
//!    ```ignore
//!    pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
//!        let shown = service::account::overview(&state.platform, &visit.caller, command).await?;   // `?` turns a service error into a page or problem JSON
//!        page::show(&AccountHome { frame: visit.frame("account-title"), .. })
//!    }
//!    ```
//!    `Visit` is the visitor: `caller` (for use cases), `say` (words), `session` and `registration` (cookie values), `browser.id` (binds flows).
//! 4. **Route**: one line in `routes.rs`, under `people` or `machines`.
//!
//! # State changes
//! Everything that is not GET or HEAD under `people` passes `layers::same_origin` before the handler: `Sec-Fetch-Site`/`Origin` must be ours, and the form
//! token must come back, as hidden field (`{% call frame_token(frame) %}` or `<input type="hidden" name="csrf" value="{{ frame.csrf }}">`) or
//! as `x-csrf-token` header (scripts read it from `<meta name="csrf">`). Handlers need not check again: take `axum::Form<T>` or `axum::Json<T>`.
//! After a change answer `page::see_other("/next")`; set cookies by `page::with_cookie(answer, cookie::set(..))`.
//!
//! # Saying no
//! `Err(Failure)` from a handler becomes an error page for browsers and RFC 9457 problem JSON for everybody else, in the visitor's language. To show a
//! form again with its mistakes, show the same view with `frame.with_error("field-id", text)` and `page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &view)`.

pub mod account;
pub mod cookie;
pub mod csc;
pub mod deviation;
pub mod error;
mod form_data;
pub mod hand_over;
pub mod health;
pub mod kiosk;
pub mod language;
pub mod layers;
pub mod ledger;
pub mod listen;
pub mod metrics;
pub mod oauth;
pub mod page;
pub mod pki;
pub mod recover;
pub mod register;
pub mod routes;
pub mod sealed;
pub mod sign;
pub mod signin;
pub mod signing;
pub mod staff;
pub mod start;
pub mod state;
pub mod static_files;
pub mod verify;
pub mod visit;
pub mod witness;

use std::net::IpAddr;

pub use error::{Answer, Failure};
pub use state::{AppState, EdgeSettings};
pub use visit::Visit;

/// What counts as one neighbour: an IPv4 address, or the /64 network of an IPv6 address.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}
