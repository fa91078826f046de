//! Staff opens personal data on the ground of a ticket, and on no other.

use super::staff::{Action, Permit};
use super::{Actor, Decision, Field, OpenRefusal, Purpose, Subject};
use crate::id::{OfficerId, ResidentId, TicketId};
use crate::time::Millis;

/// A ticket as the decision sees it: two officers signed it, and the policy permits the reading here and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketGround {
    /// The ticket.
    pub ticket: TicketId,
    /// Who asked for it, and who alone reads.
    pub officer: OfficerId,
    /// Whose data.
    pub resident: ResidentId,
    /// What for.
    pub purpose: Purpose,
    /// The fields both officers signed for.
    pub fields: Vec<Field>,
    /// The first moment at which it is over.
    pub until: Millis,
    /// What the policy said to this reading, just now.
    pub permit: Permit,
}

/// What a [`Decision`] keeps of its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnTicket {
    /// The ticket.
    pub ticket: TicketId,
    /// Which policy text decided.
    pub policy: &'static str,
}

/// Decides whether an officer may open `fields` of `subject` for `purpose`, on the ground of a ticket.
///
/// # Errors
/// With the reason, when any field is not covered: nothing is opened in part.
pub fn decide_by_ticket(
    actor: Actor,
    subject: Subject,
    purpose: Purpose,
    fields: &[Field],
    ground: &TicketGround,
    now: Millis,
) -> Result<Decision, OpenRefusal> {
    let Actor::Officer(officer) = actor else { return Err(OpenRefusal::NotForThisPurpose) };
    if !purpose.is_staff() || fields.is_empty() || fields.iter().any(|field| !purpose.fields().contains(field)) {
        return Err(OpenRefusal::NotForThisPurpose);
    }
    if now >= ground.until {
        return Err(OpenRefusal::TicketOver);
    }
    let reads = if purpose == Purpose::BreakGlass { Action::BreakGlassRead } else { Action::TicketRead };
    let permit = &ground.permit;
    let covers = ground.officer == officer
        && subject == Subject::Resident(ground.resident)
        && ground.purpose == purpose
        && fields.iter().all(|field| ground.fields.contains(field));
    let permitted = permit.officer() == officer
        && permit.action() == reads
        && permit.purpose() == Some(purpose)
        && fields.iter().all(|field| permit.fields().contains(field));
    if !covers || !permitted {
        return Err(OpenRefusal::NoTicket);
    }
    let ticket = OnTicket { ticket: ground.ticket, policy: permit.policy_hash() };
    Ok(Decision { actor, subject, purpose, fields: fields.to_vec(), consent: None, ticket: Some(ticket) })
}
