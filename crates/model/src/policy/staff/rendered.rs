//! The policy as auditors read it, derived from what [`permit`] answers; rendered in `docs/formats/staff-policy.md`.

use super::engine::{PINNED, TEXT};
use super::{Action, Question, permit};
use crate::id::OfficerId;
use crate::policy::{Field, Purpose};
use crate::staff::{Officer, OfficerState, Place, Post, Role, Unit};
use crate::time::Millis;

const OPENS: u8 = 9;
const CLOSES: u8 = 18;

/// The page, Markdown.
#[must_use]
pub fn rendered() -> String {
    let mut text = format!(
        "# What staff may do\n\n\
         Rendered from the answers of the policy itself; a test fails when it is not current, and `lionrock staff policy` prints it. The policy is part of \
         a release: nothing in a configuration or a database changes it. SHA-256 of schema and policies, which stands in every decision's entry of the \
         ledger: `{PINNED}`.\n\n\
         What is in no row is refused. \"Second person\" means: only what somebody else of another unit proposed. Hours are those of the officer's unit.\n\n\
         | role | may | for | fields | from | hours | second person |\n| --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for role in Role::ALL {
        let mut any = false;
        for action in Action::ALL {
            for purpose in [None].into_iter().chain(Purpose::STAFF.map(Some)) {
                if let Some(row) = row(role, *action, purpose) {
                    text.push_str(&row);
                    any = true;
                }
            }
        }
        if !any {
            text.push_str(&format!("| {} | nothing | | | | | |\n", role.word()));
        }
    }
    text.push_str(
        "\nOfficers who are proposed, confirmed or ended may have any role, with one exception: about an auditor only a manager \
         decides.\n",
    );
    for (name, part) in ["Words", "Policies"].into_iter().zip(TEXT) {
        text.push_str(&format!("\n## {name}\n\n```cedar\n{part}```\n"));
    }
    text
}

fn row(role: Role, action: Action, purpose: Option<Purpose>) -> Option<String> {
    let asked = |fields: &[Field], kind, hour| ask(role, action, purpose, fields, kind, hour);
    let fields: Vec<Field> = match purpose {
        None => Vec::new(),
        Some(_) => {
            let any = |field: &Field| Place::ALL.into_iter().any(|kind| asked(&[*field], kind, OPENS));
            Field::ALL.into_iter().filter(any).collect()
        }
    };
    if purpose.is_some() && fields.is_empty() {
        return None;
    }
    let places: Vec<_> =
        Place::ALL.into_iter().filter(|kind| (0..24).any(|hour| asked(&fields, *kind, hour))).collect();
    let from: Vec<_> = places.iter().map(|place| place.word()).collect();
    let kind = *places.first()?;
    let hours = if asked(&fields, kind, 3) { "any" } else { "working" };
    let fields: Vec<_> = fields.into_iter().map(Field::word).collect();
    Some(format!(
        "| {} | `{}` | {} | {} | {} | {hours} | {} |\n",
        role.word(),
        action.word(),
        purpose.map_or("", Purpose::word),
        fields.join(", "),
        if from.len() == Place::ALL.len() { "anywhere".to_owned() } else { from.join(", ") },
        if action.is_approval() { "yes" } else { "" },
    ))
}

/// Whether somebody of that role may, in their best case.
fn ask(role: Role, action: Action, purpose: Option<Purpose>, fields: &[Field], kind: Place, hour: u8) -> bool {
    let (Ok(unit), Ok(other)) = (Unit::parse("one"), Unit::parse("other")) else { return false };
    let (id, state) = (OfficerId::new(Millis(1), [1; 10]), OfficerState::Active);
    let officer = Officer { id, role, unit, rights_until: Millis(2), state };
    let mut question = Question::new(&officer, action, hour, Post { kind, opens: OPENS, closes: CLOSES });
    if let Some(purpose) = purpose {
        question = question.opening(purpose, fields);
    }
    if action.is_approval() {
        question = question.proposed_by(OfficerId::new(Millis(1), [2; 10]), other);
    }
    if action.changes_officers() {
        question = question.about(Role::Counter);
    }
    permit(&question).is_ok()
}
