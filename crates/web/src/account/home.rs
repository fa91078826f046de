//! Account home, and everything stored about the person.

use axum::extract::State;
use lionrock_model::language::Language;
use lionrock_service::account::{data, overview};

use super::{cookie, failure, history};
use crate::language::Say;
use crate::page::account::{Data, Home};
use crate::page::{self, time};
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
        codes_left: usize::try_from(seen.codes_left).unwrap_or(usize::MAX),
        recent: seen.recent.iter().map(|line| history::brief(visit.say, line)).collect(),
    })
}

/// `GET /account/data`
pub async fn stored(State(state): State<AppState>, visit: Visit) -> Answer {
    let kept = data::data(&state.platform, &visit.caller, cookie(&visit, "/account/data")?).await;
    let kept = kept.map_err(|error| failure(error, "/account/data"))?;
    let say = visit.say;
    let sex = kept.profile.sex.map(|letter| say.t(if letter == 'F' { "value-female" } else { "value-male" }));
    let date = |text: Option<String>| text.map(|text| time::date(say, &text));
    let mut fields: Vec<(String, String)> = [
        ("field-english-name", kept.profile.english_name),
        ("field-chinese-name", kept.profile.chinese_name),
        ("field-hkid", kept.profile.hkid),
        ("field-birth", date(kept.profile.birth)),
        ("field-sex", sex),
        ("field-card-issued", date(kept.profile.card_issued)),
        ("field-email", kept.email),
    ]
    .into_iter()
    .map(|(key, value)| (say.t(key), value.unwrap_or_else(|| say.t("value-none"))))
    .collect();
    let notice = notice(say, &kept.notice.0, &kept.notice.1);
    fields.extend([
        (say.t("field-devices"), kept.devices.join(" · ")),
        (say.t("data-since"), time::moment(say, kept.since)),
        (say.t("data-notice"), notice),
        (say.t("data-codes"), kept.codes_left.to_string()),
        (say.t("data-sessions"), kept.sessions.to_string()),
        (say.t("data-history"), kept.history.to_string()),
        (say.t("data-consents"), kept.consents.to_string()),
    ]);
    page::show(&Data { frame: visit.frame("data-title"), fields })
}

/// The notice agreed to, by its digest; people registered beforehand in a test realm were shown none.
fn notice(say: Say, digest: &[u8], tag: &str) -> String {
    if digest.iter().all(|byte| *byte == 0) {
        return say.t("value-none");
    }
    let language = Language::from_tag(tag).map_or_else(|| tag.to_owned(), |known| known.name().to_owned());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    say.t2("data-notice-value", "language", language, "digest", digest)
}
