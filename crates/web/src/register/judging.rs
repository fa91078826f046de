//! Waiting for the judgement, live or by reloading, and what came of it.

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use lionrock_model::custody::State as CustodyState;
use lionrock_model::proofing::{Stage, Verdict};
use lionrock_model::register::Step;
use lionrock_service::custody::Custody;
use lionrock_service::register::{self, Standing};
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;

use super::{cookie, led, standing};
use crate::page::register::{Judging, Outcome, Receipt, StageLine, StageState};
use crate::page::{self, see_other, time};
use crate::{Answer, AppState, Failure, Visit};

/// How often the stream looks.
const LOOK: Duration = Duration::from_millis(150);

/// How long the stream waits for the registry before the page asks it itself.
const REGISTRY: u32 = 40;

/// `GET /register/judging`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let mut now = standing(&state, &visit).await?;
    if now.step == Step::Registry && now.custody.as_ref().is_some_and(|custody| custody.closed.is_some()) {
        // The pictures are destroyed and judged; only the registry is missing. Every look asks it once more.
        let step = register::check(&state.platform, &visit.caller, cookie(&visit)?).await;
        now.step = step.map_err(|error| led(error.into()))?;
        if now.step != Step::Registry {
            now = standing(&state, &visit).await?;
        }
    }
    match now.step {
        Step::Judging | Step::Registry => page::show(&waiting(&visit, &now)),
        Step::Pictures if now.custody.as_ref().is_some_and(|custody| custody.closed.is_some()) => outcome(&visit, now),
        Step::Counter => outcome(&visit, now),
        other => Ok(see_other(other.path())),
    }
}

/// `GET /register/progress`: events `stage` with `{"stage": WORD}`, at the end `done` with `{"next": PATH}`.
pub async fn progress(State(state): State<AppState>, visit: Visit) -> Answer {
    standing(&state, &visit).await?;
    Ok(Sse::new(events(state, visit)).keep_alive(KeepAlive::default()).into_response())
}

struct Watch {
    state: AppState,
    visit: Visit,
    told: Option<Stage>,
    looks_at_registry: u32,
    over: bool,
}

fn events(state: AppState, visit: Visit) -> impl Stream<Item = Result<Event, Infallible>> {
    let watch = Watch { state, visit, told: None, looks_at_registry: 0, over: false };
    stream::unfold(watch, |mut watch| async move {
        if watch.over {
            return None;
        }
        loop {
            let Ok(now) = standing(&watch.state, &watch.visit).await else {
                watch.over = true;
                return Some((Ok(done("/register/judging")), watch));
            };
            if now.step == Step::Registry {
                watch.looks_at_registry += 1;
            }
            let working =
                now.step == Step::Judging || (now.step == Step::Registry && watch.looks_at_registry < REGISTRY);
            if !working {
                watch.over = true;
                let page = match now.step {
                    step @ (Step::Passkey | Step::Guardian | Step::Presence | Step::Shown) => step.path(),
                    _ => "/register/judging",
                };
                return Some((Ok(done(page)), watch));
            }
            if now.stage.is_some() && now.stage != watch.told {
                watch.told = now.stage;
                let word = now.stage.map_or("", Stage::word);
                let event = Event::default().event("stage").data(json!({ "stage": word }).to_string());
                return Some((Ok(event), watch));
            }
            tokio::time::sleep(LOOK).await;
        }
    })
}

fn done(next: &str) -> Event {
    Event::default().event("done").data(json!({ "next": next }).to_string())
}

fn waiting(visit: &Visit, now: &Standing) -> Judging {
    let reached = if now.step == Step::Registry { None } else { Some(now.stage.unwrap_or(Stage::Decode)) };
    let stages = Stage::ALL.into_iter().map(|stage| StageLine { word: stage.word(), state: state_of(stage, reached) });
    let left = now.deadline.map_or(0, |deadline| deadline.since(visit.caller.now).as_secs());
    // At least so long that the page does not reload at once while the registry is asked.
    Judging { frame: visit.frame("judging-title"), stages: stages.collect(), seconds_left: left.max(10) }
}

/// `reached` is none when all stages are over.
fn state_of(stage: Stage, reached: Option<Stage>) -> StageState {
    match reached {
        Some(now) if stage == now => StageState::Now,
        Some(now) if stage > now => StageState::Waiting,
        _ => StageState::Done,
    }
}

fn outcome(visit: &Visit, now: Standing) -> Answer {
    let retake = now.step == Step::Pictures;
    let lost = now.verdict.is_none();
    let title = match (retake, now.verdict) {
        (true, Some(Verdict::Refused)) if now.reasons.is_empty() => "outcome-refused-title",
        (true, _) => "outcome-retake-title",
        (false, _) => "outcome-counter-title",
    };
    let reasons = if lost { vec!["lost"] } else { now.reasons.iter().map(|reason| reason.word()).collect() };
    let receipt = now.custody.as_ref().and_then(receipt);
    page::show(&Outcome { frame: visit.frame(title), reasons, retake, tries_left: now.tries_left, receipt })
}

/// The receipt of a closed custody as people read it.
pub(crate) fn receipt(custody: &Custody) -> Option<Receipt> {
    let CustodyState::Closed(reason) = custody.state else { return None };
    Some(Receipt {
        custody: custody.id.to_string(),
        opened: time::exact(custody.first_byte.unwrap_or(custody.opened)),
        destroyed: time::exact(custody.closed?),
        pictures: custody.pictures,
        destroyed_pictures: custody.pictures,
        reason: reason.word(),
        leaf: None,
    })
}

/// `GET /register/receipt.json`
pub async fn file(State(state): State<AppState>, visit: Visit) -> Answer {
    let found = register::receipt_file(&state.platform, &visit.caller, cookie(&visit)?).await;
    let found = found.map_err(|error| led(error.into()))?.ok_or_else(|| Failure::of("unavailable"))?;
    let name = [(http::header::CONTENT_DISPOSITION, "attachment; filename=\"receipt.json\"")];
    Ok((name, axum::Json(found.to_json())).into_response())
}
