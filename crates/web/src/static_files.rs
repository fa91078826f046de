//! Style sheet, scripts and pictures, compiled in and served under `/static/`.
//!
//! Pages name them as `/static/VERSION/FILE`, where VERSION is a digest over all of them: such an answer may be kept for ever, and modules that
//! import each other by relative path stay of one version. Without the version the answer carries a strong `ETag`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

/// Every file: name, content type, bytes. New scripts are added here.
const FILES: &[(&str, &str, &[u8])] = &[
    ("lionrock.css", CSS, include_bytes!("../assets/css/lionrock.css")),
    ("kiosk.js", SCRIPT, include_bytes!("../assets/js/kiosk.js")),
    ("page.js", SCRIPT, include_bytes!("../assets/js/page.js")),
    ("passkey.js", SCRIPT, include_bytes!("../assets/js/passkey.js")),
    ("staff.js", SCRIPT, include_bytes!("../assets/js/staff.js")),
    ("watch.js", SCRIPT, include_bytes!("../assets/js/watch.js")),
    ("capture.js", SCRIPT, include_bytes!("../assets/js/capture.js")),
    ("seal.js", SCRIPT, include_bytes!("../assets/js/seal.js")),
    ("judging.js", SCRIPT, include_bytes!("../assets/js/judging.js")),
    ("mark.png", PNG, include_bytes!("../assets/img/mark.png")),
    ("mark.svg", SVG, include_bytes!("../assets/img/mark.svg")),
];

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PNG: &str = "image/png";
const SVG: &str = "image/svg+xml";

/// The path of a file as pages should write it.
pub fn path(name: &str) -> String {
    format!("/static/{}/{name}", *VERSION)
}

/// `GET /static/{file}`
pub async fn plain(Path(name): Path<String>, headers: HeaderMap) -> Response {
    answer(&name, &headers, "no-cache")
}

/// `GET /static/{version}/{file}`
pub async fn versioned(Path((version, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    // A page of an older program may still ask for its version; it gets today's file, but must not keep it.
    let keep = if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-cache" };
    answer(&name, &headers, keep)
}

fn answer(name: &str, headers: &HeaderMap, cache: &'static str) -> Response {
    let Some((_, kind, bytes)) = FILES.iter().find(|(known, ..)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{:016x}\"", digest(bytes));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let common = [(header::CACHE_CONTROL, cache.to_owned()), (header::ETAG, tag.clone())];
    if known.is_some_and(|list| list.split(',').any(|one| one.trim() == tag)) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    (common, [(header::CONTENT_TYPE, *kind)], *bytes).into_response()
}

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut all = DefaultHasher::new();
    FILES.hash(&mut all);
    format!("{:016x}", all.finish())
});

/// Tells contents apart; not a defence against anybody, the bytes are ours.
fn digest(bytes: &[u8]) -> u64 {
    let mut one = DefaultHasher::new();
    bytes.hash(&mut one);
    one.finish()
}
