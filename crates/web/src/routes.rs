//! Every route, in one table. `people` have cookies and the same-origin check; `open` endpoints are called by programs and by scripts of other
//! origins, without cookies; `machines` are called by programs only.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post, put};
use lionrock_model::custody::{PICTURE_BYTES, SEAL_BYTES};

use crate::{
    AppState, account, csc, deviation, hand_over, health, kiosk, layers, ledger, metrics, oauth, pki, recover,
    register, sign, signin, signing, start, static_files, verify,
};

/// The whole site.
pub fn table(state: &AppState) -> Router {
    let people = people().layer(from_fn_with_state(state.clone(), layers::same_origin));
    let open = open().layer(from_fn(layers::open_to_scripts));
    people
        .merge(open)
        .merge(machines())
        .merge(anybody())
        .merge(authority())
        .fallback(start::nothing_here)
        .method_not_allowed_fallback(start::wrong_method)
        .layer(DefaultBodyLimit::max(state.edge.settings.body))
        .layer(from_fn_with_state(state.clone(), layers::edge))
        .with_state(state.clone())
}

/// What a listener without TLS serves: the public side of the certificate authority and nothing else, no page and no cookie.
pub fn plain(state: &AppState) -> Router {
    authority()
        .fallback(|| async { http::StatusCode::NOT_FOUND })
        .method_not_allowed_fallback(|| async { http::StatusCode::METHOD_NOT_ALLOWED })
        .layer(from_fn_with_state(state.clone(), layers::plain))
        .with_state(state.clone())
}

/// Status, lists, certificates and time-stamps.
fn authority() -> Router<AppState> {
    Router::new()
        .route("/pki/ocsp", post(pki::ask))
        .route("/pki/ocsp/{*question}", get(pki::ask_by_address))
        .route("/pki/tsa", post(pki::stamp))
        .route("/pki/{file}", get(pki::get))
        .layer(DefaultBodyLimit::max(pki::LONGEST_BODY))
}

/// Pages and what their forms and scripts call.
fn people() -> Router<AppState> {
    Router::new()
        .route("/", get(start::get))
        .route("/language", post(start::choose_language))
        .route("/recover", get(recover::get).post(recover::post))
        .route("/recover/passkey", get(recover::passkey).post(recover::finish))
        .route("/recover/passkey/options", post(recover::options))
        .route("/recover/proofing", get(hand_over::notice).post(hand_over::proofing))
        .route("/hand-over", get(hand_over::get).post(hand_over::post))
        .route("/kiosk", get(kiosk::get))
        .route("/kiosk/begin", get(kiosk::begin))
        .route("/kiosk/here", get(kiosk::here))
        .route("/kiosk/leave", post(kiosk::leave))
        .route("/kiosk/over", post(kiosk::over))
        .route("/kiosk/pair", get(kiosk::pair).post(kiosk::ask))
        .route("/kiosk/status", get(kiosk::status_form).post(kiosk::status))
        .route("/lost", get(hand_over::lost).post(hand_over::switch_off))
        .route("/register", get(register::notice::get).post(register::notice::post))
        .route("/register/next", get(register::notice::next))
        .route("/register/card", get(register::capture::card))
        .route("/register/face", get(register::capture::face))
        .route("/register/challenge", post(register::capture::challenge))
        .route("/register/custody", post(register::capture::open))
        .route(
            "/register/pictures/{part}",
            put(register::capture::picture).layer(DefaultBodyLimit::max(PICTURE_BYTES + SEAL_BYTES)),
        )
        .route("/register/judge", post(register::capture::judge))
        .route("/register/judging", get(register::judging::get))
        .route("/register/progress", get(register::judging::progress))
        .route("/register/passkey", get(register::passkey::get).post(register::passkey::post))
        .route("/register/passkey/options", post(register::passkey::options))
        .route("/register/codes", get(register::finish::codes).post(register::finish::kept))
        .route("/register/email", get(register::finish::email).post(register::finish::give))
        .route("/register/email/confirm", post(register::finish::confirm))
        .route("/register/done", get(register::finish::done))
        .route("/register/counter", post(hand_over::counter))
        .route("/register/phone", post(hand_over::phone))
        .route("/register/guardian", get(hand_over::waits_for_guardian))
        .route("/register/guardian/code", post(hand_over::guardian))
        .route("/register/presence", get(hand_over::presence))
        .route("/register/shown", get(hand_over::shown))
        .route("/register/receipt.json", get(register::judging::file))
        .route("/mailbox", get(register::finish::mailbox))
        .route("/signin", get(signin::get).post(signin::post))
        .route("/signin/options", post(signin::options))
        .route("/signout", post(signin::out))
        .route("/account", get(account::home::get))
        .route("/account/authenticators", get(account::authenticators::get).post(account::authenticators::post))
        .route("/account/authenticators/options", post(account::authenticators::options))
        .route("/account/authenticators/{id}/rename", post(account::authenticators::rename))
        .route("/account/authenticators/{id}/remove", post(account::authenticators::remove))
        .route("/account/certificates", get(account::certificates::get))
        .route("/account/certificates/{serial}/file", get(account::certificates::file))
        .route("/account/certificates/{serial}/hold", post(account::certificates::hold))
        .route("/account/certificates/{serial}/resume", post(account::certificates::resume))
        .route("/account/certificates/{serial}/revoke", post(account::certificates::revoke))
        .route("/account/sessions", get(account::sessions::get))
        .route("/account/sessions/end-all", post(account::sessions::end_all))
        .route("/account/sessions/{id}/end", post(account::sessions::end))
        .route("/account/codes", get(account::codes::get).post(account::codes::post))
        .route("/account/access", get(account::access::get))
        .route("/account/access/access-history.json", get(account::access::download))
        .route("/account/history", get(account::history::get))
        .route("/account/data", get(account::data::get))
        .route("/account/data/export", post(account::data::export))
        .route("/account/data/notice", get(account::data::notice))
        .route("/account/receipts/{id}", get(account::data::receipt))
        .route("/account/consents", get(account::consents::get))
        .route("/account/consents/{service}/end", post(account::consents::end))
        .route("/account/corrections", get(account::corrections::get).post(account::corrections::post))
        .route("/account/corrections/{id}/withdraw", post(account::corrections::withdraw))
        .route("/account/email", get(account::contact::get).post(account::contact::give))
        .route("/account/email/confirm", post(account::contact::confirm))
        .route("/account/close", get(account::close::get).post(account::close::post))
        .route("/account/close/options", post(account::close::options))
        .route("/account/closed", get(account::close::closed))
        .route("/account/level", get(account::level::get).post(account::level::post))
        .route("/account/level/options", post(account::level::options))
        .route("/account/level/counter", post(account::level::counter))
        .route("/account/level/proofing", get(account::level::notice).post(account::level::proofing))
        .route("/account/lost", get(account::lost::get).post(account::lost::post))
        .route("/account/lost/undo", post(account::lost::undo))
        .route("/account/guardian", get(account::guardian::get))
        .route("/account/guardian/begin", get(account::guardian::notice).post(account::guardian::begin))
        .route("/account/guardian/options", post(account::guardian::options))
        .route("/account/guardian/consent", post(account::guardian::consent))
        .route("/account/guardian/withdraw", post(account::guardian::withdraw))
        .route("/account/signatures", get(account::signatures::get))
        .route("/account/signatures/key", post(account::signatures::post))
        .route("/account/signatures/key/options", post(account::signatures::options))
        .route("/account/signatures/{id}/evidence.json", get(account::signatures::evidence))
        .route("/sign/{handle}", get(sign::get).post(sign::post))
        .route("/sign/{handle}/options", post(sign::options))
        .route("/sign/{handle}/decline", post(sign::decline))
        .route("/sign/{handle}/document", get(sign::document))
        .route("/sign/{handle}/page/{number}", get(sign::picture))
        .route("/sign/done/{signature}", get(sign::done))
        .route("/account/step-up", post(account::step_up::post))
        .route("/account/step-up/options", post(account::step_up::options))
        .route("/oauth/authorize", get(oauth::authorize::get))
        .route("/csc/v2/oauth2/authorize", get(oauth::authorize::get))
        .route("/oauth/consent", get(oauth::consent::get).post(oauth::consent::approve))
        .route("/oauth/consent/options", post(oauth::consent::options))
        .route("/oauth/consent/decline", post(oauth::consent::decline))
}

/// OpenID Connect endpoints that scripts of other origins may call.
fn open() -> Router<AppState> {
    Router::new()
        .route(
            "/.well-known/openid-configuration",
            get(oauth::publish::configuration).options(oauth::publish::preflight),
        )
        .route(
            "/.well-known/oauth-authorization-server",
            get(oauth::publish::configuration).options(oauth::publish::preflight),
        )
        .route("/oauth/jwks", get(oauth::publish::jwks).options(oauth::publish::preflight))
        .route("/oauth/token", post(oauth::machine::token).options(oauth::publish::preflight))
        .route(
            "/oauth/userinfo",
            get(oauth::machine::userinfo).post(oauth::machine::userinfo).options(oauth::publish::preflight),
        )
}

/// The Cloud Signature Consortium's API. Its authorization server is the one there is, under the paths that its clients put together.
fn csc_methods() -> Router<AppState> {
    Router::new()
        .route("/csc/v2/info", post(csc::info))
        .route("/csc/v2/oauth2/authorize", post(oauth::authorize::post))
        .route("/csc/v2/oauth2/pushed_authorize", post(oauth::machine::push))
        .route("/csc/v2/oauth2/token", post(oauth::machine::token))
        .route("/csc/v2/credentials/list", post(csc::list))
        .route("/csc/v2/credentials/info", post(csc::look))
        .route("/csc/v2/credentials/authorize", post(csc::authorize))
        .route("/csc/v2/signatures/signHash", post(csc::sign_hash))
        .route("/csc/v2/signatures/signDoc", post(csc::sign_doc).layer(DefaultBodyLimit::max(csc::LONGEST_BODY)))
        .route("/csc/v2/signatures/timestamp", post(csc::timestamp))
}

/// Pages for whoever comes along: they change nothing, so they need no cookie and no form token.
fn anybody() -> Router<AppState> {
    Router::new().route("/verify", get(verify::get).post(verify::post).layer(DefaultBodyLimit::max(verify::MOST)))
}

/// Probes, ledger, files.
fn machines() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::get))
        .route("/deviations", get(deviation::get))
        .route("/csp-report", post(metrics::policy_report))
        .route("/static/{file}", get(static_files::plain))
        .route("/static/{version}/{file}", get(static_files::versioned))
        .route("/ledger/{*path}", get(ledger::get))
        .route("/oauth/authorize", post(oauth::authorize::post))
        .route("/oauth/par", post(oauth::machine::push))
        .merge(csc_methods())
        .route("/signing/requests", post(signing::begin))
        .route("/signing/requests/{id}", get(signing::standing).delete(signing::withdraw))
        .route(
            "/signing/requests/{id}/document",
            get(signing::result).put(signing::upload).layer(DefaultBodyLimit::max(signing::LONGEST_PART)),
        )
        .route("/signing/requests/{id}/evidence", get(signing::evidence))
        .route("/signing/requests/{id}/acknowledge", post(signing::acknowledge))
}
