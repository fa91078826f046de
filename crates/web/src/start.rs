//! The first page, the choice of language, and what is shown where nothing is.

use axum::Form;
use axum::response::Response;
use serde::Deserialize;

use crate::page::problem::Start;
use crate::page::{self, see_other, with_cookie};
use crate::{Answer, Failure, Visit, cookie, language};

/// `GET /`
pub async fn get(visit: Visit) -> Answer {
    page::show(&Start { frame: visit.frame("start-title") })
}

/// What the language switch posts.
#[derive(Deserialize)]
pub struct Choice {
    language: String,
    #[serde(default)]
    back: String,
}

/// `POST /language`: remembers the choice and goes back to where it was made.
pub async fn choose_language(Form(choice): Form<Choice>) -> Response {
    let chosen = language::choose(Some(&choice.language), None, None);
    // `?lang` in the address would win over the cookie again.
    let back = without_language(page::own_path(&choice.back));
    with_cookie(see_other(&back), cookie::set(cookie::LANGUAGE, chosen.tag(), Some(365 * 24 * 3600)))
}

/// Where no route is.
pub async fn nothing_here() -> Failure {
    Failure::of("not-found")
}

/// Where a route is, but not for this method.
pub async fn wrong_method() -> Failure {
    Failure::of("wrong-method")
}

fn without_language(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("lang=")).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::without_language;

    #[test]
    fn the_address_no_longer_overrules_the_switch() {
        assert_eq!(without_language("/"), "/");
        assert_eq!(without_language("/?lang=en"), "/");
        assert_eq!(without_language("/oauth/consent?request=1&lang=en&x=2"), "/oauth/consent?request=1&x=2");
    }
}
