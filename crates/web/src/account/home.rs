//! Account home.

use axum::extract::State;
use lionrock_model::language::Language;
use lionrock_service::account::overview;

use super::{cookie, failure, history};
use crate::page;
use crate::page::account::Home;
use crate::{Answer, AppState, Visit};

/// `GET /account`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let seen = overview::overview(&state.platform, &visit.caller, cookie(&visit, "/account")?).await;
    let seen = seen.map_err(|error| failure(error, "/account"))?;
    let name = match (visit.caller.language, seen.chinese_name) {
        (Language::ZhHant | Language::ZhHans, Some(chinese)) => chinese,
        _ => seen.english_name,
    };
    page::show(&Home {
        frame: visit.frame("account-title"),
        name,
        authenticators: seen.authenticators,
        sessions: seen.sessions,
        level: seen.level.word(),
        codes_left: usize::try_from(seen.codes_left).unwrap_or(usize::MAX),
        recent: seen.recent.iter().map(|line| history::brief(visit.say, line)).collect(),
    })
}
