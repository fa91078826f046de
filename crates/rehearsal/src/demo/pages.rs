//! The three pages of the demo service. Not Lionrock's look: it is another house.

use super::relying_party::LoggedIn;
use serde_json::Value;

/// The start page, with both ways to log in.
pub(super) fn home() -> String {
    page(
        "Harbour Library",
        "<p>This stands for any online service. It knows nothing of you until you log in.</p>\
         <p><a class=\"button\" id=\"login\" href=\"/login\">Log in with Lionrock</a></p>\
         <p class=\"quiet\">We learn a random number that stands for you here, and nothing else.</p>\
         <p><a class=\"button second\" id=\"login-profile\" href=\"/login?share=profile\">Get a library card</a></p>\
         <p class=\"quiet\">We ask for your name and e-mail address, and you decide.</p>\
         <p><a class=\"button second\" id=\"sign\" href=\"/sign\">Sign the membership agreement</a></p>\
         <p class=\"quiet\">You see it at Lionrock and sign it there with your passkey. We get the signed file and its evidence.</p>",
    )
}

/// Who logged in.
pub(super) fn welcome(person: &LoggedIn) -> String {
    let name = person.userinfo.get("name").and_then(|name| match name {
        Value::String(name) => Some(name.as_str()),
        _ => None,
    });
    let greeting = name.map_or("Welcome".to_owned(), |name| format!("Welcome, {}", escape(name)));
    let rows: String = person
        .userinfo
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(claim, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("<dt>{}</dt><dd>{}</dd>", escape(claim), escape(&value))
        })
        .collect();
    page(
        &greeting,
        &format!(
            "<p>The platform vouched for you ({}). This is all we received:</p><dl id=\"claims\">{rows}</dl>\
             <details><summary>The ID Token, as it came</summary><pre id=\"id-token\">{}</pre></details>\
             <p><a class=\"button second\" href=\"/\">Log out here</a></p>",
            escape(&person.acr),
            escape(&person.id_token)
        ),
    )
}

/// It is signed.
pub(super) fn signed(state: &str, check_code: &str) -> String {
    let state = escape(state);
    page(
        "Signed",
        &format!(
            "<p id=\"signed\">The agreement is signed. The check code was <code>{}</code>.</p>\
             <p><a class=\"button\" id=\"document\" href=\"/signed/{state}/signed.pdf\">The signed agreement</a></p>\
             <p><a class=\"button second\" id=\"evidence\" href=\"/signed/{state}/evidence.json\">Its evidence</a></p>",
            escape(check_code)
        ),
    )
}

/// Nobody logged in, and why.
pub(super) fn refused(why: &str) -> String {
    let said = if why == "access_denied" { "You chose not to share. Nothing came to us." } else { why };
    page(
        "Not logged in",
        &format!(
            "<p id=\"reason\">{}</p><p><a class=\"button\" id=\"again\" href=\"/\">Back to the start</a></p>",
            escape(said)
        ),
    )
}

fn page(title: &str, main: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} · Harbour Library (demo)</title><link rel=\"stylesheet\" href=\"/style.css\"></head>\
         <body><header>Harbour Library <small>demo online service</small></header><main><h1>{title}</h1>{main}</main></body></html>"
    )
}

/// The style of the pages.
pub(super) const STYLE: &str = "body{margin:0;font:18px/1.5 Georgia,serif;color:#241a10;background:#f6f1e7}\
header{padding:16px 20px;background:#5b2a2a;color:#fff}small{opacity:.8}main{max-width:36em;padding:8px 20px}\
.button{display:inline-block;padding:12px 20px;background:#5b2a2a;color:#fff;text-decoration:none}\
.second{background:none;color:#5b2a2a;box-shadow:inset 0 0 0 2px #5b2a2a}.quiet{color:#5c5145}\
dt{font-weight:bold}dd{margin:0 0 8px;overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere}";

fn escape(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            '\'' => "&#39;".to_owned(),
            c => c.to_string(),
        })
        .collect()
}
