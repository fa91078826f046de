//! Pages: what every one of them carries, and how a view becomes an answer. The views of each area are in the modules below.

pub mod access;
pub mod account;
pub mod certificates;
pub mod consent;
pub mod counter;
pub mod kiosk;
pub mod my_data;
pub mod problem;
pub mod recover;
pub mod register;
pub mod sign;
pub mod signin;
pub mod staff;
pub mod ticket;
pub mod time;
pub mod verify;

use std::fmt::Display;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::error::{Answer, Failure};
use crate::language::{OFFERED, Say};
use crate::layers::{leading_to_policy, permissions_with_camera};
use crate::{Visit, static_files};

/// What the layout shows around every page. The first field of each view.
#[derive(Clone)]
pub struct Frame {
    /// Words in the visitor's language.
    pub say: Say,
    /// The page's heading and title.
    pub title: String,
    /// The form token, for the hidden field `csrf` of every form.
    pub csrf: String,
    /// Path and query to come back to after a change of language.
    pub here: String,
    /// Whether the browser holds a session cookie (it may have expired).
    pub signed_in: bool,
    /// Whether this is the staff house.
    pub staff: bool,
    /// Whether the device is a kiosk, or asks to be one.
    pub kiosk: bool,
    /// The name of the realm when it is a test realm.
    pub test_realm: Option<String>,
    /// Mistakes to show at the top and beside their fields.
    pub mistakes: Vec<Mistake>,
}

/// One mistake in a form: which field, and what to do about it.
#[derive(Clone)]
pub struct Mistake {
    /// The `id` of the field.
    pub field: &'static str,
    /// A whole sentence.
    pub text: String,
}

/// One entry of the language switch.
pub struct Choice {
    /// BCP 47 tag.
    pub tag: &'static str,
    /// The language's own name.
    pub name: &'static str,
    /// Whether the page is in it.
    pub current: bool,
}

impl Frame {
    /// The frame for `visit` around a page headed `title`. Handlers use `visit.frame(title_key)`.
    pub fn new(visit: &Visit, title: String) -> Self {
        Self {
            say: visit.say,
            title,
            csrf: visit.browser.form_token.clone(),
            here: visit.here.clone(),
            signed_in: visit.session.is_some() || visit.badge.is_some(),
            staff: visit.staff,
            kiosk: visit.kiosk.is_some(),
            test_realm: visit.test_realm.clone(),
            mistakes: Vec::new(),
        }
    }

    /// The same with one more mistake. `field` is the `id` of the form control.
    #[must_use]
    pub fn with_error(mut self, field: &'static str, text: String) -> Self {
        self.mistakes.push(Mistake { field, text });
        self
    }

    /// The mistake of a field, if it has one.
    pub fn mistake(&self, field: &str) -> Option<&str> {
        self.mistakes.iter().find(|m| m.field == field).map(|m| m.text.as_str())
    }

    /// Text without values.
    pub fn t(&self, key: &str) -> String {
        self.say.t(key)
    }

    /// Text with one value.
    pub fn t1(&self, key: &str, name: &str, value: impl Display) -> String {
        self.say.t1(key, name, value)
    }

    /// Text with two values.
    pub fn t2(&self, key: &str, name: &str, value: impl Display, name2: &str, value2: impl Display) -> String {
        self.say.t2(key, name, value, name2, value2)
    }

    /// Text with a number.
    pub fn n1(&self, key: &str, name: &str, number: impl Display) -> String {
        self.say.n1(key, name, number)
    }

    /// Text whose key is put together of a word of the program, as in `frame.word("stage-", line.word, "")`.
    pub fn word(&self, before: &str, word: &str, after: &str) -> String {
        self.say.t(&format!("{before}{word}{after}"))
    }

    /// The path of a style sheet, script or picture.
    pub fn asset(&self, name: &str) -> String {
        static_files::path(name)
    }

    /// The language switch.
    pub fn languages(&self) -> Vec<Choice> {
        OFFERED
            .iter()
            .map(|one| Choice { tag: one.tag(), name: one.name(), current: *one == self.say.language })
            .collect()
    }
}

/// A template with a frame.
pub trait View: Template {
    /// Its frame.
    fn frame(&self) -> &Frame;
}

/// Declares that a template struct with a field `frame` is a view.
#[macro_export]
macro_rules! view {
    ($($name:ident),+ $(,)?) => { $(impl $crate::page::View for $name { fn frame(&self) -> &$crate::page::Frame { &self.frame } })+ };
}

/// The page, with status 200.
///
/// # Errors
/// When the template fails, which only a full memory brings about.
pub fn show(view: &impl View) -> Answer {
    show_with(StatusCode::OK, view)
}

/// The page, with a status of its own: 422 for a form shown again with its mistakes.
///
/// # Errors
/// As `show`.
pub fn show_with(status: StatusCode, view: &impl View) -> Answer {
    let html = view.render().map_err(|_| Failure::of("fault"))?;
    Ok((status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response())
}

/// "Done; look here": the answer to a form (303), so that reloading repeats nothing.
pub fn see_other(path: &str) -> Response {
    axum::response::Redirect::to(path).into_response()
}

/// "Done; go there", as `{"next": path}`: the answer to a passkey ceremony, which `passkey.js` follows.
pub fn next(path: &str) -> Response {
    axum::Json(serde_json::json!({ "next": path })).into_response()
}

/// The answer with one more cookie, made by `cookie::set` or `cookie::clear`.
pub fn with_cookie(mut response: Response, line: HeaderValue) -> Response {
    response.headers_mut().append(header::SET_COOKIE, line);
    response
}

/// The answer with the camera permitted; for the capture page only.
pub fn with_camera(mut response: Response) -> Response {
    response.headers_mut().insert(HeaderName::from_static("permissions-policy"), permissions_with_camera());
    response
}

/// The page with one outside origin to which its forms may lead; for the consent page, whose answer redirects to the service.
pub fn leading_to(mut response: Response, origin: &str) -> Response {
    if let Some(policy) = leading_to_policy(origin) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// A path of our own to go back to, or `/`: never another origin.
pub fn own_path(wanted: &str) -> &str {
    let own = wanted.starts_with('/')
        && !wanted.starts_with("//")
        && wanted.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if own { wanted } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn nobody_is_led_to_another_origin() {
        assert_eq!(own_path("/oauth/consent?request=1"), "/oauth/consent?request=1");
        for bad in
            ["", "https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nb", "javascript:0", "/\t/evil"]
        {
            assert_eq!(own_path(bad), "/", "{bad:?}");
        }
    }
}
