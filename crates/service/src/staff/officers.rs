//! Who works here: proposed by one, approved by another of another unit, ended by one.
//!
//! Nobody decides about themselves: the policy asks for two people of two units, and here the person behind an id is compared, by the
//! keyed code of their staff number. One person is one officer, which the store holds too.

pub mod decide;
pub mod end;
pub mod list;
pub mod propose;

pub use decide::{Decided, Decision};
pub use propose::Wanted;

use super::approve;
use super::house::{self, Named, Seat};
use super::policy;
use super::session::OnDuty;
use crate::{Caller, Fault, Platform};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::ring::Mac;
use lionrock_model::id::OfficerId;
use lionrock_model::policy::staff::Action;
use lionrock_model::staff::{DutyRefusal, RIGHTS_LONGEST, Role, Unit};
use lionrock_model::time::Millis;
use lionrock_store::Tx;
use lionrock_store::officer_proposal::Proposal;

/// Bytes of each half of the code that lets somebody make their key: 80 bits, 160 together.
const HALF: usize = 10;

/// One half of such a code, in clear: shown once, to whoever hands it over.
#[derive(Clone)]
pub struct Half(String);

impl Half {
    /// The half, as people type it: four groups of four.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Half {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Half(…)")
    }
}

/// A new half and its keyed code.
pub(super) fn new_half(platform: &Platform, caller: &Caller, which: &str) -> Result<(Half, [u8; 32]), Fault> {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let bytes: [u8; HALF] = caller.random();
    let number = bytes.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    let letters = (0..16).map(|at| {
        let index = usize::try_from(number >> (5 * at) & 31).unwrap_or(0);
        LETTERS.get(index).map_or('A', |letter| char::from(*letter))
    });
    let text: String = letters.collect();
    let code = half_code(platform, which, &text)?;
    let grouped = text.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned());
    Ok((Half(grouped.collect::<Vec<_>>().join("-")), code))
}

/// The keyed code of a half that somebody typed.
pub(super) fn half_code(platform: &Platform, which: &str, typed: &str) -> Result<[u8; 32], Fault> {
    let plain: String = typed.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    Ok(platform.keys.mac(Mac::Code, which, plain.as_bytes())?)
}

pub(super) const FIRST: &str = "staff code, first half";
pub(super) const SECOND: &str = "staff code, second half";

/// What stands in every text about an officer that somebody signs.
struct Subject<'a> {
    kind: &'a str,
    officer: Option<OfficerId>,
    named: &'a Named,
    role: Role,
    unit: &'a Unit,
    until: Millis,
}

fn text(platform: &Platform, action: Action, subject: &Subject<'_>, more: &str) -> String {
    let date = subject.until.hong_kong_date();
    let officer = subject.officer.map_or_else(String::new, |id| format!("officer: {id}\n"));
    format!(
        "lionrock staff v1\nrealm: {}\naction: {}\nkind: {}\n{officer}name: {}\nnumber: {}\nrole: {}\nunit: {}\nrights-until: \
         {date}\n{more}",
        platform.settings.realm,
        action.word(),
        subject.kind,
        subject.named.name.reveal(),
        subject.named.number.reveal(),
        subject.role.word(),
        subject.unit,
    )
}

/// The text a proposer signed, from a proposal's row and the officer's.
fn proposed_text(platform: &Platform, seat: &Seat, row: &Proposal, named: &Named) -> String {
    let officer = (row.kind != "new").then_some(seat.kept.officer.id);
    let (role, until) = (row.role, row.rights_until);
    let subject = Subject { kind: &row.kind, officer, named, role, unit: &row.unit, until };
    text(platform, Action::OfficerPropose, &subject, "")
}

/// Checks of rights that are asked for.
fn fitting(platform: &Platform, caller: &Caller, unit: &Unit, until: Millis) -> Result<(), DutyRefusal> {
    let house = super::passkey::house(platform)?;
    if !house.knows(unit) {
        return Err(DutyRefusal::UnitUnknown);
    }
    if until <= caller.now || until > caller.now.after(RIGHTS_LONGEST) {
        return Err(DutyRefusal::RightsTooLong);
    }
    Ok(())
}

/// Asks the policy whether somebody may do that about an officer of a role, with the leaf of the answer.
fn permitted(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    duty: &OnDuty,
    action: Action,
    about: Role,
    proposer: Option<(OfficerId, Unit)>,
) -> Result<Result<(), DutyRefusal>, Fault> {
    let mut question = duty.question(caller, action).about(about);
    if let Some((id, unit)) = proposer {
        question = question.proposed_by(id, unit);
    }
    Ok(policy::decide(tx, platform, caller, &question)?.map(drop).map_err(DutyRefusal::from))
}

/// The proposer of an open proposal: still on duty by the ledger, and their signature stands over exactly this row.
fn proposer(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    seat: &Seat,
    row: &Proposal,
    named: &Named,
) -> Result<Result<Seat, DutyRefusal>, Fault> {
    let (Some(who), Some(act)) = (row.proposed_by, row.act) else { return Ok(Err(DutyRefusal::ProposalOver)) };
    let Some(asked) = house::find(tx, platform, who)? else { return Ok(Err(DutyRefusal::ProposalOver)) };
    if !asked.kept.officer.stands(caller.now) {
        return Ok(Err(DutyRefusal::ProposalOver));
    }
    let wanted = proposed_text(platform, seat, row, named);
    let signed = approve::verify(tx, platform, &act, Action::OfficerPropose, &wanted)?;
    if signed.is_none_or(|signed| signed.officer != who) {
        platform.vault.raise(crate::vault::Alarm { resident: None, what: "proposal-differs" });
        return Ok(Err(DutyRefusal::ShownChanged));
    }
    Ok(Ok(asked))
}

/// A proposal's id as it stands in a link.
#[must_use]
pub fn reference(id: &[u8; 16]) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

/// Reads such a reference.
#[must_use]
pub fn read_reference(text: &str) -> Option<[u8; 16]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}
