//! The security officer's board, and closing what the watch found.

use axum::extract::{Form, Path, Query, State};
use lionrock_model::id::{FindingId, OfficerId};
use lionrock_model::monitor::{FindingRefusal, Rule};
use lionrock_service::monitor::{board, finding};
use serde::Deserialize;

use super::break_glass::line;
use super::{badge, duty};
use crate::page::ticket::{Act, Bar, Board, Finding};
use crate::page::{self, see_other, time};
use crate::{Answer, AppState, Failure, Visit};

/// Height of the picture's bars.
const TALL: u32 = 80;
/// Width of an hour in it.
const WIDE: usize = 12;

/// Whether the page stands still.
#[derive(Deserialize)]
pub struct Manner {
    #[serde(default)]
    still: Option<String>,
}

/// `GET /board`
pub async fn get(State(state): State<AppState>, visit: Visit, Query(manner): Query<Manner>) -> Answer {
    duty(&state, &visit).await?;
    let seen = board::board(&state.platform, &visit.caller, badge(&visit)?).await?;
    let say = visit.say;
    let most = seen.hours.iter().map(|(given, refused)| given + refused).max().unwrap_or(0).max(1);
    let begin = seen.at.hong_kong().hour();
    let bars = seen.hours.iter().enumerate().map(|(at, (given, refused))| {
        let tall = |count: u32| (count * TALL).div_ceil(most);
        let back = i8::try_from(board::HOURS - 1 - at).unwrap_or(0);
        Bar {
            x: at * WIDE,
            given_y: TALL - tall(*given).min(TALL),
            given: tall(*given).min(TALL),
            refused_y: TALL.saturating_sub(tall(*given) + tall(*refused)),
            refused: tall(*refused),
            hour: format!("{:02}:00", (begin - back).rem_euclid(24)),
            counts: (*given, *refused),
        }
    });
    let (given, refused) = seen.hours.iter().fold((0, 0), |sum, hour| (sum.0 + hour.0, sum.1 + hour.1));
    let rule = |rule: Rule| say.t(&format!("rule-{}", rule.word()));
    page::show(&Board {
        frame: visit.frame("board-title"),
        at: time::moment(say, seen.at),
        still: manner.still.is_some(),
        bars: bars.collect(),
        summary: say.t2("board-summary", "given", given, "refused", refused),
        tally: seen.tally,
        acts: seen
            .acts
            .into_iter()
            .map(|act| Act {
                at: time::moment(say, act.at),
                who: who(act.officer, &act.unit),
                what: act.what,
                outcome: act.outcome,
                rule: act.rule.map(rule),
            })
            .collect(),
        findings: seen
            .findings
            .into_iter()
            .map(|one| Finding {
                id: one.id.to_string(),
                rule: rule(one.rule),
                who: who(one.officer, &one.unit),
                owner: one.owner.map(short),
                times: one.times,
                due: time::day(say, one.due),
                late: visit.caller.now >= one.due,
            })
            .collect(),
        locked: seen.locked.into_iter().map(|one| (one.budget, one.opened)).collect(),
        minute: seen.minute,
        glass: seen.glass.iter().map(|one| line(&visit, one)).collect(),
        published: seen.ledger.0,
        current: seen.ledger.1,
    })
}

fn who(officer: OfficerId, unit: &str) -> String {
    format!("{} · {unit}", short(officer))
}

/// The end of an id: enough to tell officers apart on a board.
fn short(officer: OfficerId) -> String {
    let id = officer.to_string();
    id.get(28..).map_or_else(|| id.clone(), str::to_owned)
}

/// What was found.
#[derive(Deserialize)]
pub struct Noted {
    #[serde(default)]
    note: String,
}

/// `POST /findings/{id}/close`
pub async fn close(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Form(noted): Form<Noted>,
) -> Answer {
    let id = FindingId::parse(&id).map_err(|_| Failure::refuse(&FindingRefusal::FindingGone))?;
    finding::close(&state.platform, &visit.caller, badge(&visit)?, id, &noted.note).await?;
    Ok(see_other("/board"))
}
