//! Kiosk mode: a device that an officer signed for gets the pages of a registration up to the passkey, in large letters, and no others. What
//! a person leaves is wiped when they press "Start over", when nobody touches the screen, and when the first page is shown.

use axum::extract::{Form, Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use lionrock_model::counter::CounterRefusal;
use lionrock_service::counter::code;
use lionrock_service::kiosk::{self, Standing};
use lionrock_service::{Error, register};
use serde::Deserialize;

use crate::page::kiosk::{Begin, OnPhone, Pair, Start, Status};
use crate::page::{self, see_other, time, with_cookie};
use crate::register::cookie as registration;
use crate::visit::Browser;
use crate::{Answer, AppState, Failure, Visit, cookie, layers};

/// What a kiosk may ask for, word for word.
const PATHS: [&str; 25] = [
    "/csp-report",
    "/hand-over",
    "/healthz",
    "/kiosk",
    "/kiosk/begin",
    "/kiosk/here",
    "/kiosk/over",
    "/kiosk/status",
    "/language",
    "/register",
    "/register/card",
    "/register/challenge",
    "/register/counter",
    "/register/custody",
    "/register/face",
    "/register/guardian",
    "/register/guardian/code",
    "/register/judge",
    "/register/judging",
    "/register/next",
    "/register/passkey",
    "/register/phone",
    "/register/presence",
    "/register/progress",
    "/register/shown",
];
/// And what begins like this.
const FOLDERS: [&str; 2] = ["/register/pictures/", "/static/"];
/// What a device may ask for that waits for an officer.
const LOCKED: [&str; 6] = ["/csp-report", "/healthz", "/kiosk", "/kiosk/leave", "/kiosk/pair", "/language"];

/// For how long the browser of a kiosk keeps what belongs to a person, in seconds, when nobody asks for anything.
const REMEMBERS: u32 = 180;
/// For how long it keeps that it is a kiosk: as long as browsers keep anything (RFC 6265bis section 5.5).
const STAYS: u32 = 400 * 24 * 3600;

/// Finds out whether the device of a visit is a kiosk.
///
/// # Errors
/// When the store does not answer: then nobody knows what the device may do.
pub(crate) async fn recognise(state: &AppState, visit: &mut Visit, headers: &HeaderMap) -> Result<(), Failure> {
    if state.edge.staff {
        return Ok(());
    }
    let Some(kept) = cookie::read(headers, cookie::KIOSK) else { return Ok(()) };
    visit.kiosk = kiosk::standing(&state.platform, &visit.caller, &kept).await.map_err(Failure::fault)?;
    Ok(())
}

/// Whatever is not for kiosks leads to their first page.
pub(crate) fn turn_away(visit: &Visit, request: &Request) -> Option<Failure> {
    if opens(visit.kiosk?, request.method(), request.uri().path()) {
        return None;
    }
    let failure = Failure::of("kiosk-only");
    Some(if request.method() == Method::GET { failure.instead("/kiosk") } else { failure })
}

fn opens(standing: Standing, method: &Method, path: &str) -> bool {
    match standing {
        // A passkey belongs to somebody's own device; a device that is a kiosk does not ask again.
        Standing::Kiosk(_) => {
            let read_only = path != "/register/passkey" || layers::is_safe(method);
            (PATHS.contains(&path) && read_only) || FOLDERS.iter().any(|folder| path.starts_with(folder))
        }
        Standing::Asked => LOCKED.contains(&path) || path.starts_with("/static/"),
        Standing::Over => (LOCKED.contains(&path) && path != "/kiosk/leave") || path.starts_with("/static/"),
    }
}

/// The browser of a kiosk keeps a registration for minutes, counted from its last request.
pub(crate) fn shorten(visit: &Visit, headers: &mut HeaderMap) {
    let Some(kept) = visit.registration.as_deref().filter(|_| visit.kiosk.is_some()) else { return };
    let name = format!("{}=", cookie::REGISTRATION);
    let set = headers.get_all(header::SET_COOKIE).iter().any(|line| line.as_bytes().starts_with(name.as_bytes()));
    if !set {
        headers.append(header::SET_COOKIE, cookie::set(cookie::REGISTRATION, kept, Some(REMEMBERS)));
    }
}

/// `GET /kiosk`: the first page, the languages on it. Nothing of anybody is left when it is shown.
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    match visit.kiosk {
        None => return Ok(see_other("/kiosk/pair")),
        Some(Standing::Asked | Standing::Over) => return pair(visit).await,
        Some(Standing::Kiosk(_)) => {}
    }
    forget(&state, &visit).await?;
    // The next person is another browser to us: another id, another form token.
    let mut next = visit;
    let known = !next.browser.fresh;
    if known {
        next.browser = Browser::make(&next.caller);
    }
    let answer = page::show(&Start { frame: next.frame("kiosk-title") })?;
    let answer = wiped(answer);
    Ok(if known { with_cookie(answer, cookie::set(cookie::BROWSER, &next.browser.cookie(), None)) } else { answer })
}

/// `POST /kiosk/over`: "Start over".
pub async fn over(State(state): State<AppState>, visit: Visit) -> Answer {
    forget(&state, &visit).await?;
    Ok(wiped(see_other("/kiosk")))
}

async fn forget(state: &AppState, visit: &Visit) -> Result<(), Failure> {
    let kept = (visit.session.as_deref(), visit.registration.as_deref());
    kiosk::over(&state.platform, &visit.caller, kept.0, kept.1).await.map_err(Failure::fault)
}

/// Everything of a person leaves the browser; that it is a kiosk stays.
fn wiped(answer: Response) -> Response {
    let gone = [cookie::SESSION, cookie::REGISTRATION, cookie::WAITING, cookie::LANGUAGE];
    let mut answer = gone.into_iter().fold(answer, |answer, name| with_cookie(answer, cookie::clear(name)));
    let all = HeaderValue::from_static("\"cache\", \"storage\"");
    answer.headers_mut().insert(HeaderName::from_static("clear-site-data"), all);
    answer
}

/// `GET /kiosk/begin`: what people can do here.
pub async fn begin(visit: Visit) -> Answer {
    page::show(&Begin { frame: visit.frame("kiosk-begin-title") })
}

/// `GET /kiosk/here`: somebody is at the screen.
pub async fn here() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// `GET /kiosk/status`
pub async fn status_form(visit: Visit) -> Answer {
    page::show(&Status { frame: visit.frame("kiosk-status-title"), found: None })
}

/// A code as typed.
#[derive(Deserialize)]
pub struct Code {
    #[serde(default)]
    code: String,
}

/// `POST /kiosk/status`: where a registration stands, by a code of its own screen. The code stays good.
pub async fn status(State(state): State<AppState>, visit: Visit, Form(form): Form<Code>) -> Answer {
    match code::status(&state.platform, &visit.caller, &form.code).await {
        Ok((step, until)) => {
            let found = Some((step.word(), time::moment(visit.say, until)));
            page::show(&Status { frame: visit.frame("kiosk-status-title"), found })
        }
        Err(Error::Refuse(refusal @ (CounterRefusal::CodeNotGood | CounterRefusal::TooManyTries))) => {
            let failure = Failure::refuse(&refusal);
            let frame = visit.frame("kiosk-status-title").with_error("code", failure.text(visit.say));
            page::show_with(failure.status(), &Status { frame, found: None })
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /kiosk/pair`: what it means to be a kiosk, and the button that asks for it.
pub async fn pair(visit: Visit) -> Answer {
    let frame = visit.frame("kiosk-pair-title");
    page::show(&Pair { frame, code: None, waits: visit.kiosk.is_some(), leave: visit.kiosk == Some(Standing::Asked) })
}

/// `POST /kiosk/pair`: a code for an officer; the device is locked from now on.
pub async fn ask(State(state): State<AppState>, mut visit: Visit, headers: HeaderMap) -> Answer {
    let kept = cookie::read(&headers, cookie::KIOSK);
    let offer = kiosk::offer(&state.platform, &visit.caller, kept.as_deref()).await?;
    let leave = visit.kiosk != Some(Standing::Over);
    visit.kiosk = visit.kiosk.or(Some(Standing::Asked));
    let shown = Pair {
        frame: visit.frame("kiosk-pair-title"),
        code: Some((offer.code.shown(), time::moment(visit.say, offer.until))),
        waits: true,
        leave,
    };
    Ok(with_cookie(page::show(&shown)?, cookie::set(cookie::KIOSK, &offer.cookie, Some(STAYS))))
}

/// `POST /kiosk/leave`: a device that was never one is an ordinary browser again.
pub async fn leave(visit: Visit) -> Answer {
    match visit.kiosk {
        Some(Standing::Asked) | None => Ok(with_cookie(see_other("/"), cookie::clear(cookie::KIOSK))),
        Some(_) => Err(Failure::of("kiosk-only")),
    }
}

/// The step of the passkey, at a kiosk: it is made on the person's own phone, never here, and nothing of the card is shown.
pub(crate) async fn on_phone(state: &AppState, visit: &Visit) -> Answer {
    let shown = register::shown_receipt(&state.platform, &visit.caller, registration(visit)?).await;
    let receipt = shown.ok().and_then(|custody| crate::register::judging::receipt(&custody));
    page::show(&OnPhone { frame: visit.frame("kiosk-phone-title"), receipt })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use lionrock_model::time::Millis;

    const ROUTES: &str = include_str!("routes.rs");

    /// Every path of the site, as the table of routes writes it.
    fn paths() -> Vec<&'static str> {
        ROUTES.split("route(").skip(1).filter_map(|rest| rest.split('"').nth(1)).collect()
    }

    #[test]
    fn a_kiosk_gets_a_registration_and_nothing_else() {
        let kiosk = Standing::Kiosk(Millis(0));
        let all = paths();
        assert!(all.len() > 100 && PATHS.iter().all(|path| all.contains(path)), "each of the list is a route");
        for path in &all {
            let open = opens(kiosk, &Method::GET, path);
            let own = ["/kiosk", "/register", "/hand-over", "/language", "/static/", "/healthz", "/csp-report"];
            assert!(!open || own.iter().any(|start| path.starts_with(start)), "{path}");
        }
        for path in [
            "/",
            "/account",
            "/account/guardian/withdraw",
            "/kiosk/leave",
            "/kiosk/pair",
            "/lost",
            "/mailbox",
            "/metrics",
            "/oauth/authorize",
            "/recover/passkey",
            "/register/codes",
            "/register/email",
            "/register/passkey/options",
            "/register/receipt.json",
            "/signin",
            "/register/card/../../account",
            "/register/cardx",
        ] {
            assert!(!opens(kiosk, &Method::GET, path) && !opens(kiosk, &Method::POST, path), "{path}");
        }
        assert!(opens(kiosk, &Method::GET, "/register/passkey"));
        assert!(!opens(kiosk, &Method::POST, "/register/passkey"), "no passkey is made on everybody's device");
    }

    #[test]
    fn a_device_that_waits_is_locked_and_one_that_was_a_kiosk_stays_so() {
        for standing in [Standing::Asked, Standing::Over] {
            for path in paths() {
                let open = opens(standing, &Method::POST, path);
                assert!(!open || LOCKED.contains(&path) || path.starts_with("/static/"), "{path}");
            }
            assert!(opens(standing, &Method::POST, "/kiosk/pair") && !opens(standing, &Method::GET, "/register"));
        }
        assert!(opens(Standing::Asked, &Method::POST, "/kiosk/leave"));
        assert!(!opens(Standing::Over, &Method::POST, "/kiosk/leave"));
    }
}
