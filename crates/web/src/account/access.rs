//! Who read my data: the page, and the file that proves it.

use axum::extract::{Query, State};
use axum::response::IntoResponse;
use http::header;
use lionrock_model::time::Millis;
use lionrock_service::access::{file, view};
use serde::Deserialize;

use super::data::{field, list};
use super::{cookie, failure, service_name};
use crate::page::access::{Access, Day, Dot, Entry, Lane};
use crate::page::{self, time};
use crate::{Answer, AppState, Failure, Visit};

const HERE: &str = "/account/access";
/// Left and right end of the picture's lines.
const SPAN: (u32, u32) = (150, 584);

/// Where the page begins.
#[derive(Deserialize)]
pub struct From {
    before: Option<i64>,
}

/// `GET /account/access`
pub async fn get(State(state): State<AppState>, visit: Visit, Query(from): Query<From>) -> Answer {
    let seen = view::view(&state.platform, &visit.caller, cookie(&visit, HERE)?, from.before).await;
    let seen = seen.map_err(|error| failure(error, HERE))?;
    page::show(&shown(&state, &visit, &seen))
}

/// `GET /account/access/access-history.json`: the history as a file that proves itself.
pub async fn download(State(state): State<AppState>, visit: Visit) -> Answer {
    let made = file::file(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    let made = made.map_err(|error| failure(error, HERE))?.ok_or_else(|| Failure::of("unavailable"))?;
    let text = serde_json::to_string_pretty(&made.to_json()).map_err(|_| Failure::of("fault"))?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"access-history.json\""),
    ];
    Ok((headers, text).into_response())
}

fn shown(state: &AppState, visit: &Visit, seen: &view::View) -> Access {
    let say = visit.say;
    let proved = match &seen.proved {
        None => say.t("access-not-proved"),
        Some((size, cosigned)) if cosigned.is_empty() => say.t1("access-signed", "size", size),
        Some((size, cosigned)) => {
            let mut names: Vec<String> = cosigned.iter().map(|one| one.name.clone()).collect();
            names.dedup();
            say.t2("access-witnessed", "size", size, "names", list(say, &names))
        }
    };
    let words = ["access-lane-you", "access-lane-platform", "access-lane-services", "access-lane-staff"];
    let lanes =
        words.iter().zip(0u32..).map(|(key, at)| Lane { name: say.t(key), y: 26 + at * 42, line: 20 + at * 42 });
    let (oldest, newest) = (seen.entries.last().map(|one| one.at), seen.entries.first().map(|one| one.at));
    let staff = seen.entries.iter().filter(|one| who_word(one) == "staff").count();
    Access {
        frame: visit.frame("access-title"),
        days: days(state, visit, &seen.entries),
        total: u64::try_from(seen.total).unwrap_or(0),
        withheld: seen.withheld,
        lanes: lanes.collect(),
        dots: dots(&seen.entries),
        picture_label: say.t2("access-picture-label", "count", seen.entries.len(), "staff", staff),
        first_day: oldest.map(|at| time::day(say, at)).unwrap_or_default(),
        last_day: newest.map(|at| time::day(say, at)).unwrap_or_default(),
        older: seen.older.map(|before| format!("{HERE}?before={before}")),
        log: format!("{}/ledger", state.platform.settings.issuer),
        mark: seen.mark.clone(),
        proved,
    }
}

/// Entries of one day together.
fn days(state: &AppState, visit: &Visit, entries: &[view::Entry]) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for one in entries {
        let (name, line) = (time::day(visit.say, one.at), entry(state, visit, one));
        match days.last_mut().filter(|day| day.name == name) {
            Some(day) => day.entries.push(line),
            None => days.push(Day { name, entries: vec![line] }),
        }
    }
    days
}

fn entry(state: &AppState, visit: &Visit, one: &view::Entry) -> Entry {
    let say = visit.say;
    let told = one.told.as_ref();
    let side = |role: &str, unit: &str| {
        let role = if role.is_empty() { say.t("access-an-officer") } else { say.t(&format!("staff-role-{role}")) };
        if unit.is_empty() { role } else { say.t2("access-role-of", "role", role, "unit", unit) }
    };
    let who = match told.map(|told| &told.who) {
        None if one.withheld => say.t("access-withheld-who"),
        None => say.t("access-kept-no-more"),
        Some(view::Who::Oneself) => say.t("access-you"),
        Some(view::Who::Platform) => say.t("access-the-platform"),
        Some(view::Who::Service(id)) => service_name(state, visit, id),
        Some(view::Who::Staff { role, unit, second }) => match second {
            Some((role2, unit2)) => say.t2("access-approved-by", "one", side(role, unit), "second", side(role2, unit2)),
            None => side(role, unit),
        },
    };
    let key = format!("history-kind-{}", one.kind.replace('.', "-"));
    let own = format!("access-kind-{}", one.kind.replace('.', "-"));
    let about =
        told.and_then(|told| told.service.as_deref()).map(|id| service_name(state, visit, id)).unwrap_or_default();
    let what = match told {
        Some(told) if one.kind == "personal.opened" => {
            let fields: Vec<_> = told.fields.iter().map(|word| field(say, word)).collect();
            say.t1("access-read", "fields", list(say, &fields))
        }
        _ if say.knows(&own) => say.t(&own),
        _ if say.knows(&key) => say.t1(&key, "service", about),
        _ => say.t1("history-kind-other", "kind", &one.kind),
    };
    let purpose = told.and_then(|told| told.purpose.as_deref()).map(|word| format!("access-purpose-{word}"));
    let withheld_at = |at: Millis| say.t1("access-hour", "at", time::clock(say, at));
    Entry {
        number: one.number,
        at: if one.withheld { withheld_at(one.at) } else { time::clock(say, one.at) },
        machine: time::machine(one.at),
        kind: one.kind.clone(),
        who,
        kind_of_who: who_word(one),
        what,
        purpose: purpose.filter(|key| say.knows(key)).map(|key| say.t(&key)),
        place: one.place,
        withheld: one.withheld,
    }
}

fn who_word(one: &view::Entry) -> &'static str {
    match one.told.as_ref().map(|told| &told.who) {
        None => "unknown",
        Some(view::Who::Oneself) => "oneself",
        Some(view::Who::Platform) => "platform",
        Some(view::Who::Service(_)) => "service",
        Some(view::Who::Staff { .. }) => "staff",
    }
}

/// One dot an entry: across by time, down by who. Withheld ones stand where staff's do.
fn dots(entries: &[view::Entry]) -> Vec<Dot> {
    let oldest = entries.last().map_or(0, |one| one.at.0);
    let newest = entries.first().map_or(0, |one| one.at.0);
    let span = (newest - oldest).max(1);
    let place = |one: &view::Entry| {
        let share = (one.at.0 - oldest).clamp(0, span).saturating_mul(i64::from(SPAN.1 - SPAN.0)) / span;
        let x = SPAN.0 + u32::try_from(share).unwrap_or(0);
        let lane = match who_word(one) {
            "oneself" => 0,
            "platform" => 1,
            "service" => 2,
            _ => 3,
        };
        let y = 20 + lane * 42;
        Dot { x, y, left: x - 6, top: y - 6, staff: who_word(one) == "staff", withheld: one.withheld }
    };
    entries.iter().map(place).collect()
}
