//! Everything kept about the person: the page, the notice they agreed to, the receipts, and the file for programs.

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use http::header;
use lionrock_model::correction::State as Standing;
use lionrock_model::custody::State as CustodyState;
use lionrock_model::id::CustodyId;
use lionrock_model::language::Language;
use lionrock_model::retention::{self, Limit};
use lionrock_model::time::Millis;
use lionrock_service::account::data::{self, Extent};
use lionrock_service::account::{export, receipts};
use lionrock_service::custody::Custody;
use serde::Deserialize;

use super::{cookie, failure, service_name};
use crate::language::Say;
use crate::page::my_data::{Data, Destroyed, Fact, Group, Notice, Picture, Received, Wish};
use crate::page::{self, time};
use crate::{Answer, AppState, Failure, Visit};

const HERE: &str = "/account/data";

/// `?show=all` asks for the card number, too.
#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    show: String,
}

/// `GET /account/data`: without a fresh proof of presence the card number stays shut.
pub async fn get(State(state): State<AppState>, visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let extent = if wanted.show == "all" { Extent::Whole } else { Extent::Masked };
    let kept = data::data(&state.platform, &visit.caller, cookie(&visit, HERE)?, extent).await;
    let kept = kept.map_err(|error| failure(error, HERE))?;
    page::show(&view(&state, &visit, &kept))
}

/// `POST /account/data/export` → `application/json` to be saved; refuses with `step-up-needed` without a fresh proof of presence.
pub async fn export(State(state): State<AppState>, visit: Visit) -> Answer {
    let file = export::export(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    let file = file.map_err(|error| failure(error, HERE))?;
    let text = serde_json::to_string_pretty(&file).map_err(|_| Failure::of("fault"))?;
    let name = format!("attachment; filename=\"my-data-{}.json\"", visit.caller.now.hong_kong_date());
    let headers = [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, text).into_response())
}

/// `GET /account/receipts/{id}`: the receipt of destroyed pictures, to be saved.
pub async fn receipt(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let id = CustodyId::parse(&id).map_err(|_| Failure::of("not-found"))?;
    let found = receipts::file(&state.platform, &visit.caller, cookie(&visit, HERE)?, id).await;
    let found = found.map_err(|error| failure(error, HERE))?.ok_or_else(|| Failure::of("unavailable"))?;
    let name = [(header::CONTENT_DISPOSITION, format!("attachment; filename=\"receipt-{id}.json\""))];
    Ok((name, axum::Json(found.to_json())).into_response())
}

/// `GET /account/data/notice`: the notice agreed to, word for word, in the language it was read in.
pub async fn notice(State(state): State<AppState>, visit: Visit) -> Answer {
    const HERE: &str = "/account/data/notice";
    let found = data::notice(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    let found = found.map_err(|error| failure(error, HERE))?;
    let (notice, at) = found.ok_or_else(|| Failure::of("not-found"))?;
    let digest = data::wording_digest(&notice);
    // As `page::register::notice_text` writes it: version, language, then titles and texts by turns, and what was ticked.
    let mut lines = notice.wording.lines().skip(2).map(str::to_owned);
    let mut parts = Vec::new();
    let mut ticked = String::new();
    while let Some(first) = lines.next() {
        match lines.next() {
            Some(second) => parts.push((first, second)),
            None => ticked = first,
        }
    }
    page::show(&Notice {
        frame: visit.frame("agreed-title"),
        language: notice.language,
        version: notice.version,
        at: time::day(visit.say, at),
        parts,
        ticked,
        digest: hex(&digest),
    })
}

fn view(state: &AppState, visit: &Visit, kept: &data::Data) -> Data {
    let say = visit.say;
    let groups = groups(visit, kept);
    let pictures: u32 = kept.custodies.iter().map(|custody| custody.pictures).sum();
    let destroyed = kept.custodies.iter().filter(|custody| custody.closed.is_some());
    Data {
        frame: visit.frame("data-title"),
        whole: kept.whole,
        picture: Picture {
            pictures,
            destroyed: destroyed.map(|custody| custody.pictures).sum(),
            values: [
                &kept.profile.english_name,
                &kept.profile.chinese_name,
                &kept.profile.birth,
                &kept.profile.card_issued,
                &kept.email,
            ]
            .into_iter()
            .flatten()
            .count()
                // Sex and card number: every card has them, and the number stays shut here.
                + 2,
            services: kept.received.len(),
        },
        groups,
        received: kept.received.iter().map(|one| received(state, visit, one)).collect(),
        destroyed: kept.custodies.iter().rev().filter_map(gone).collect(),
        keys_gone: kept
            .keys_gone
            .iter()
            .map(|one| (one.word.clone(), time::day(say, one.at), one.rotation.to_string()))
            .collect(),
        corrections: kept
            .corrections
            .iter()
            .map(|wish| Wish {
                field: field(say, wish.field.word()),
                standing: standing(say, wish.state, None, wish.due),
            })
            .collect(),
    }
}

fn groups(visit: &Visit, kept: &data::Data) -> Vec<Group> {
    let say = visit.say;
    let plain = |key: &str, value: String| Fact { name: say.t(key), value, masked: false };
    let number = |count: usize| count.to_string();
    let link = |path: &str, key: &str| (path.to_owned(), say.t(key));
    let group = |word, facts, links| {
        let (until, number) = stays(word);
        Group { word, facts, until, number, links }
    };
    let address = match &kept.email {
        Some(address) if kept.email_waiting => say.t1("data-email-waiting", "email", address),
        Some(address) => address.clone(),
        None => say.t("value-none"),
    };
    let mut history = vec![plain("data-sessions", number(kept.sessions))];
    history.push(plain("data-history", number(kept.history.0)));
    history.extend(kept.history.1.map(|oldest| plain("data-history-oldest", time::day(say, oldest))));
    let mut passkeys = vec![plain("field-devices", list(say, &kept.passkeys))];
    if kept.passkeys_removed > 0 {
        passkeys.push(plain("data-passkeys-removed", number(kept.passkeys_removed)));
    }
    let standing = kept.approved.iter().filter(|one| one.ended.is_none()).count();
    vec![
        group("card", card(say, kept), vec![link("/account/corrections", "corrections-title")]),
        group("contact", vec![plain("field-email", address)], vec![link("/account/email", "contact-title")]),
        group("passkeys", passkeys, vec![link("/account/authenticators", "authenticators-title")]),
        group(
            "sign-ins",
            history,
            vec![link("/account/sessions", "sessions-title"), link("/account/history", "history-title")],
        ),
        group(
            "approvals",
            vec![
                plain("data-approvals-standing", number(standing)),
                plain("data-approvals-ended", number(kept.approved.len() - standing)),
            ],
            vec![link("/account/consents", "consents-title")],
        ),
        group(
            "codes",
            vec![plain("data-codes", kept.codes_left.to_string())],
            vec![link("/account/codes", "recovery-codes-title")],
        ),
        group("notice", agreed(say, kept), notice_link(say, kept)),
        group(
            "corrections",
            vec![plain("data-corrections", number(kept.corrections.len()))],
            vec![link("/account/corrections", "corrections-title")],
        ),
        group("letters", vec![plain("data-letters", kept.letters.to_string())], Vec::new()),
        group(
            "ledger",
            vec![plain("data-entries", number(kept.entries))],
            vec![link("/account/history", "history-title")],
        ),
        group("level", level(say, kept), vec![link("/account/level", "level-title")]),
        group(
            "signatures",
            vec![
                plain("data-signatures", number(kept.signatures)),
                plain("data-signing-keys", number(kept.signing_keys)),
            ],
            vec![link("/account/signatures", "signatures-title")],
        ),
        group(
            "certificates",
            vec![
                plain("data-certificates-good", number(kept.certificates.1)),
                plain("data-certificates-all", number(kept.certificates.0)),
            ],
            vec![link("/account/certificates", "certificates-title")],
        ),
        group(
            "staff",
            vec![plain("data-readings", number(kept.readings))],
            vec![link("/account/access", "access-title")],
        ),
    ]
}

/// What the account is good for, and the young people or the grown-up it is linked with.
fn level(say: Say, kept: &data::Data) -> Vec<Fact> {
    let fact = |key: &str, value: String| Fact { name: say.t(key), value, masked: false };
    let mut facts = vec![fact("data-level", say.t(&format!("level-is-{}", kept.level.word())))];
    if kept.family.0 > 0 {
        facts.push(fact("data-guardian-of", kept.family.0.to_string()));
    }
    if kept.family.1 {
        facts.push(fact("data-guardian", say.t("data-guardian-one")));
    }
    facts
}

/// What is kept together: a group of the page, the tables it stands in, and how its end is worded (`until-WORD`).
const HOLDS: [(&str, &[&str], &str); 14] = [
    ("card", &["resident"], "account"),
    ("contact", &["resident", "contact_change"], "account"),
    ("passkeys", &["credential", "ceremony", "recovery"], "removed"),
    ("sign-ins", &["sign_in", "session"], "history"),
    ("approvals", &["consent", "oidc_pseudonym", "oidc_grant", "oidc_request"], "approval"),
    ("codes", &["recovery_code"], "account"),
    ("notice", &["resident", "notice"], "account"),
    ("corrections", &["correction"], "correction"),
    ("letters", &["outbox"], "sent"),
    ("ledger", &["leaf", "lane"], "ledger"),
    ("level", &["level", "guardianship", "family_mark", "counter_case"], "account"),
    ("signatures", &["signature", "signing_key", "signing_request", "signing_part", "signing_question"], "account"),
    ("certificates", &["certificate"], "certificate"),
    ("staff", &["ticket", "reading", "hold"], "staff"),
];

/// How long a group stays: the word, and the number it names, as the table of retention has it for the group's first table.
fn stays(group: &str) -> (&'static str, u64) {
    const DAY: u64 = 24 * 60 * 60;
    let Some((_, tables, until)) = HOLDS.iter().find(|(word, _, _)| *word == group) else { return ("account", 0) };
    let limit = tables.first().and_then(|table| retention::of(table)).map(|rule| rule.limit);
    let seconds = if let Some(Limit::After(span, _)) = limit { span.as_secs() } else { 0 };
    match *until {
        "sent" => (until, seconds.div_ceil(DAY)),
        "approval" | "certificate" | "correction" | "history" | "removed" | "staff" => (until, seconds / (365 * DAY)),
        _ => (until, 0),
    }
}

/// The facts of the card; the number is a mask unless it was opened.
fn card(say: Say, kept: &data::Data) -> Vec<Fact> {
    let profile = &kept.profile;
    let none = || say.t("value-none");
    let fact =
        |key: &str, value: Option<String>| Fact { name: say.t(key), value: value.unwrap_or_else(none), masked: false };
    let date = |text: &Option<String>| text.as_deref().map(|text| time::date(say, text));
    let sex = profile.sex.map(|letter| say.t(if letter == 'F' { "value-female" } else { "value-male" }));
    let number = match &profile.hkid {
        Some(number) => fact("field-hkid", Some(number.clone())),
        None => Fact { name: say.t("field-hkid"), value: MASK.to_owned(), masked: true },
    };
    vec![
        fact("field-english-name", profile.english_name.clone()),
        fact("field-chinese-name", profile.chinese_name.clone()),
        number,
        fact("field-birth", date(&profile.birth)),
        fact("field-sex", sex),
        fact("field-card-issued", date(&profile.card_issued)),
    ]
}

/// Says that something is there, and nothing of it.
const MASK: &str = "•••••••(•)";

fn agreed(say: Say, kept: &data::Data) -> Vec<Fact> {
    let fact = |key: &str, value: String| Fact { name: say.t(key), value, masked: false };
    let since = fact("data-since", time::moment(say, kept.since));
    if kept.notice.digest.iter().all(|byte| *byte == 0) {
        return vec![since, fact("data-notice", say.t("data-notice-none"))];
    }
    let known = Language::from_tag(&kept.notice.language);
    let language = known.map_or_else(|| kept.notice.language.clone(), |known| known.name().to_owned());
    let version = kept.notice.version.clone().unwrap_or_else(|| say.t("value-none"));
    vec![since, fact("data-notice", say.t2("data-notice-value", "version", version, "language", language))]
}

fn notice_link(say: Say, kept: &data::Data) -> Vec<(String, String)> {
    let text = kept.notice.version.as_ref().map(|_| say.t("agreed-title"));
    text.map(|text| ("/account/data/notice".to_owned(), text)).into_iter().collect()
}

fn received(state: &AppState, visit: &Visit, one: &data::Received) -> Received {
    let say = visit.say;
    let fields: Vec<_> = one.fields.iter().map(|word| field(say, word)).collect();
    Received {
        service: service_name(state, visit, &one.service),
        fields: list(say, &fields),
        times: one.times,
        first: time::day(say, one.first),
        last: time::moment(say, one.last),
    }
}

fn gone(custody: &Custody) -> Option<Destroyed> {
    let CustodyState::Closed(reason) = custody.state else { return None };
    Some(Destroyed {
        id: custody.id.to_string(),
        at: time::exact(custody.closed?),
        pictures: custody.pictures,
        reason: reason.word(),
        after: custody.zeroise_us.map(|us| format!("{}.{} ms", us / 1000, us % 1000 / 100)),
    })
}

/// A sentence about where a request for correction stands.
pub(super) fn standing(
    say: Say,
    state: Standing,
    outcome: Option<lionrock_model::correction::Outcome>,
    due: Millis,
) -> String {
    match (state, outcome) {
        // The day named is the last one that is not late.
        (Standing::Received, _) => say.t1("correction-due", "day", time::day(say, Millis(due.0 - 1))),
        (Standing::Decided | Standing::Closed, Some(outcome)) => {
            say.t(&format!("correction-outcome-{}", outcome.word()))
        }
        (state, _) => say.t(&format!("correction-standing-{}", state.word())),
    }
}

/// The name of a field in the visitor's language.
pub(super) fn field(say: Say, word: &str) -> String {
    say.t(&format!("field-{word}"))
}

/// Things in a row.
pub(super) fn list(say: Say, parts: &[String]) -> String {
    if parts.is_empty() { say.t("value-none") } else { parts.join(&say.t("history-comma")) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lionrock_model::retention::{Basis, TABLE};

    /// Tables about nobody who could look at the page: not yet an account, no account any more, or networks and machines.
    /// Officers, what they did as officers and how they were watched, and the platform's own certificates.
    const ELSEWHERE: [&str; 20] = [
        "authority",
        "break_glass",
        "custody",
        "erasure",
        "failed_try",
        "finding",
        "log_head",
        "officer",
        "officer_act",
        "officer_credential",
        "officer_proposal",
        "officer_session",
        "oidc_assertion",
        "oidc_tombstone",
        "realm",
        "registration",
        "restore",
        "revocation_list",
        "rotation",
        "staff_act",
    ];

    #[test]
    fn no_table_is_forgotten_on_the_page() {
        let shown: Vec<_> = HOLDS.iter().flat_map(|(_, tables, _)| tables.iter().copied()).collect();
        for rule in TABLE.iter().filter(|rule| rule.basis != Basis::Working) {
            let named = shown.contains(&rule.table) || ELSEWHERE.contains(&rule.table);
            assert!(
                named,
                "{}: put it into a group of the page, or say that it is about nobody with an account",
                rule.table
            );
        }
        assert!(shown.iter().all(|table| retention::of(table).is_some()), "a group names a table that does not exist");
    }

    #[test]
    fn the_page_says_what_the_table_of_retention_says() {
        for (word, tables, until) in HOLDS {
            let limit = retention::of(tables[0]).unwrap().limit;
            let number = stays(word).1;
            let fits = match until {
                "history" | "removed" | "approval" | "certificate" | "correction" | "staff" => {
                    matches!(limit, Limit::After(_, _)) && number > 0
                }
                "sent" => matches!(limit, Limit::After(_, _)) && number > 0 && number < 30,
                "ledger" => matches!(limit, Limit::Stays(_)),
                // What is left of a closed account is a random id and two times.
                "account" => limit == Limit::WithAccount || tables[0] == "resident",
                _ => false,
            };
            assert!(fits, "{word}: the page says {until} {number}, the table says {limit:?}");
        }
    }
}
