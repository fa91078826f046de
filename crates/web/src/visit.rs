//! The visitor of one request, made once at the edge and handed to handlers by value.

use axum::extract::FromRequestParts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use http::{HeaderMap, Uri, header};
use lionrock_service::caller::Caller;

use crate::error::Failure;
use crate::language::{self, Say};
use crate::page::Frame;
use crate::{AppState, cookie};

/// Who is asking, in which language, from which browser. Nothing in it has been checked against the store.
#[derive(Clone)]
pub struct Visit {
    /// For use cases: time, randomness, language, trace id, address.
    pub caller: Caller,
    /// Words in the visitor's language.
    pub say: Say,
    /// This browser.
    pub browser: Browser,
    /// Value of the session cookie.
    pub session: Option<String>,
    /// Value of the officer's cookie.
    pub badge: Option<String>,
    /// Whether this is the staff house.
    pub staff: bool,
    /// Value of the registration cookie.
    pub registration: Option<String>,
    /// Value of the waiting cookie: names the request of a service that waits while its visitor registers.
    pub waiting: Option<String>,
    /// How this device stands, when it is a kiosk or asks to be one.
    pub kiosk: Option<lionrock_service::kiosk::Standing>,
    /// Path and query of this request, to come back to after a change of language.
    pub here: String,
    /// The name of the realm when it is a test realm.
    pub test_realm: Option<String>,
    /// Whether the answer should be a page rather than JSON.
    pub wants_page: bool,
}

/// A browser before anybody is known: an id that binds flows to it and the token its forms send back.
#[derive(Clone)]
pub struct Browser {
    /// 32 random bytes, base64url. Never shown on a page.
    pub id: String,
    /// 32 other random bytes, base64url, shown on each page and sent back with each change.
    pub form_token: String,
    /// Whether this answer must set the cookie.
    pub fresh: bool,
}

impl Visit {
    /// Reads what the request carries.
    pub(crate) fn new(caller: Caller, state: &AppState, headers: &HeaderMap, uri: &Uri) -> Self {
        let realm = &state.platform.settings.realm;
        Self {
            say: Say::in_language(caller.language),
            browser: Browser::read(headers).unwrap_or_else(|| Browser::make(&caller)),
            // Each house reads its own cookie and no other.
            session: cookie::read(headers, cookie::SESSION).filter(|_| !state.edge.staff),
            badge: cookie::read(headers, cookie::BADGE).filter(|_| state.edge.staff),
            staff: state.edge.staff,
            registration: cookie::read(headers, cookie::REGISTRATION),
            waiting: cookie::read(headers, cookie::WAITING),
            kiosk: None,
            here: uri.path_and_query().map_or("/", |p| p.as_str()).to_owned(),
            test_realm: realm.is_test().then(|| realm.to_string()),
            wants_page: wants_page(headers),
            caller,
        }
    }

    /// The frame of a page whose title stands under `title_key`.
    pub fn frame(&self, title_key: &str) -> Frame {
        Frame::new(self, self.say.t(title_key))
    }

    /// The value of the session cookie, or the way to the sign-in page and back here.
    ///
    /// # Errors
    /// When there is none.
    pub fn signed_in(&self) -> Result<&str, Failure> {
        self.session.as_deref().ok_or_else(|| Failure::sign_in_first(&self.here))
    }
}

/// The language of a request.
pub(crate) fn language_of(headers: &HeaderMap, uri: &Uri) -> language::Language {
    let asked = uri.query().and_then(|q| q.split('&').find_map(|pair| pair.strip_prefix("lang=")));
    let chosen = cookie::read(headers, cookie::LANGUAGE);
    let accept = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    language::choose(asked, chosen.as_deref(), accept)
}

impl Browser {
    fn read(headers: &HeaderMap) -> Option<Self> {
        let value = cookie::read(headers, cookie::BROWSER)?;
        let (id, token) = value.split_once('.')?;
        let whole = |part: &str| part.len() == 43 && URL_SAFE_NO_PAD.decode(part).is_ok();
        (whole(id) && whole(token)).then(|| Self { id: id.to_owned(), form_token: token.to_owned(), fresh: false })
    }

    pub(crate) fn make(caller: &Caller) -> Self {
        let random = || {
            let mut bytes = [0_u8; 32];
            caller.entropy.fill(&mut bytes);
            URL_SAFE_NO_PAD.encode(bytes)
        };
        Self { id: random(), form_token: random(), fresh: true }
    }

    /// The cookie's value.
    pub(crate) fn cookie(&self) -> String {
        format!("{}.{}", self.id, self.form_token)
    }
}

/// A browser navigating says it takes HTML; scripts of ours and other programs ask for JSON or anything.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|v| v.to_str().is_ok_and(|v| v.contains("text/html")))
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Failure::outside_the_edge)
    }
}
