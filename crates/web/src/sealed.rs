//! A server that waits for its keys: it answers probes and says why it says nothing else. Once it has them the same sockets
//! serve the site.

use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::language::Say;
use crate::listen::{Certificate, ListenLimits, Listener};
use crate::{health, visit};

/// What stands in front of a site until it may be seen.
#[derive(Clone, Debug, Default)]
pub struct Curtain(Arc<OnceLock<Router>>);

impl Curtain {
    /// What sockets serve: the site once the curtain is lifted, before that nothing but probes.
    pub fn router(&self) -> Router {
        Router::new().fallback(through).with_state(self.clone())
    }

    /// Shows the site, for good.
    pub fn lift(&self, site: Router) {
        drop(self.0.set(site));
    }
}

/// Sockets that are served behind a curtain.
pub struct Front {
    curtain: Curtain,
    sockets: JoinSet<()>,
    end: watch::Sender<bool>,
}

impl Front {
    /// Begins to serve, sealed.
    #[must_use]
    pub fn open(listeners: Vec<Listener>, certificate: &Arc<Certificate>, limits: &ListenLimits) -> Self {
        let (curtain, (end, ended)) = (Curtain::default(), watch::channel(false));
        let mut sockets = JoinSet::new();
        for listener in listeners {
            let mut ended = ended.clone();
            let stop = async move { drop(ended.wait_for(|ended| *ended).await) };
            sockets.spawn(listener.serve(curtain.router(), Arc::clone(certificate), limits.clone(), stop));
        }
        Self { curtain, sockets, end }
    }

    /// Shows the site on the same sockets; they end when `stop` turns true.
    #[must_use]
    pub fn show(mut self, site: Router, mut stop: watch::Receiver<bool>) -> JoinSet<()> {
        self.curtain.lift(site);
        self.sockets.spawn(async move {
            drop(stop.wait_for(|stop| *stop).await);
            self.end.send_replace(true);
        });
        self.sockets
    }

    /// Ends without ever showing anything.
    pub async fn close(mut self) {
        self.end.send_replace(true);
        while self.sockets.join_next().await.is_some() {}
    }
}

async fn through(State(curtain): State<Curtain>, request: Request) -> Response {
    match curtain.0.get() {
        Some(site) => match site.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        None => waiting(&request.into_parts().0).await,
    }
}

async fn waiting(request: &Parts) -> Response {
    let mut response = match request.uri.path() {
        "/healthz" => health::alive().await,
        "/readyz" => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "checks": {}, "status": "sealed" }))).into_response()
        }
        _ => refuse(request),
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (header::CACHE_CONTROL, "no-store"),
];

/// The page that says it, by itself: style sheet and layout are behind the curtain too.
#[derive(Template)]
#[template(path = "sealed.html")]
struct Page {
    say: Say,
}

fn refuse(request: &Parts) -> Response {
    let say = Say::in_language(visit::language_of(&request.headers, &request.uri));
    let page = visit::wants_page(&request.headers).then(|| Page { say }.render().ok()).flatten();
    let (kind, body) = match page {
        Some(page) => ("text/html; charset=utf-8", page),
        None => ("application/problem+json", problem(say)),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_LANGUAGE, HeaderValue::from_static(say.tag())),
        (header::RETRY_AFTER, HeaderValue::from_static("60")),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, headers, Body::from(body)).into_response()
}

fn problem(say: Say) -> String {
    let problem = json!({
        "code": "sealed",
        "detail": say.t("problem-sealed"),
        "status": 503,
        "title": say.t("problem-sealed-title"),
        "type": "about:blank",
    });
    problem.to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use axum::routing::any;

    /// Every address of the site, out of the table itself.
    fn addresses() -> Vec<String> {
        let table = include_str!("routes.rs");
        let written = table.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/'));
        written.map(|route| route.replace(['{', '}', '*'], "")).collect()
    }

    async fn ask(router: Router, method: &str, path: &str) -> (StatusCode, String, String) {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, kind.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn behind_the_curtain_every_route_of_the_site_answers_with_nothing_but_that_it_waits() {
        let all = addresses();
        assert!(all.len() > 60 && all.iter().any(|path| path == "/oauth/token"), "{all:?}");
        let curtain = Curtain::default();
        for path in
            all.iter().map(String::as_str).chain(["/nowhere", "/healthz/", "/HEALTHZ", "//healthz", "/healthz/../"])
        {
            for method in ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"] {
                let (status, kind, body) = ask(curtain.router(), method, path).await;
                if path == "/healthz" {
                    assert_eq!(status, StatusCode::OK);
                    continue;
                }
                assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{method} {path}");
                let bare = method == "HEAD" && body.is_empty();
                let says = bare || body.contains("\"sealed\"") || kind.starts_with("text/html");
                assert!(says && !body.contains("site"), "{method} {path}: {body}");
            }
        }
        // The same sockets show the site once it may be seen: it was the curtain, and not that nothing is there.
        curtain.lift(Router::new().fallback(any(|| async { "the site itself" })));
        for path in &all {
            assert_eq!(ask(curtain.router(), "GET", path).await.2, "the site itself", "{path}");
        }
    }
}
