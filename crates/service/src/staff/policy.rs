//! The policy's own soundness, and decisions with their leaves.

use crate::audit::{self, Event};
use crate::{Caller, Fault, Platform};
use lionrock_crypto::digest::Sha256;
use lionrock_model::policy::staff::{PINNED, Permit, Question, StaffRefusal, TEXT, check, permit};
use lionrock_store::Tx;
use serde_json::json;

/// Reads the policy of the release as whoever starts the program must: its digest is the pinned one, and Cedar finds every rule sound.
/// How many rules there are.
///
/// # Errors
/// What is wrong.
pub fn sound() -> Result<usize, String> {
    let found = digest();
    if found != PINNED {
        return Err(format!("its digest is {found}, the release pins {PINNED}"));
    }
    check().map_err(|fault| fault.to_string())
}

/// SHA-256 over schema and policies, hexadecimal.
#[must_use]
pub fn digest() -> String {
    let mut digest = Sha256::default();
    TEXT.iter().for_each(|part| digest.update(part.as_bytes()));
    digest.finish().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Asks the policy and writes the answer to the ledger, with the policy's digest: grants and refusals alike. **Commit also when it
/// refuses.**
///
/// # Errors
/// Of the store. A refusal is the inner `Err`.
pub fn decide(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    question: &Question,
) -> Result<Result<Permit, StaffRefusal>, Fault> {
    let answer = permit(question);
    let (kind, outcome) = match &answer {
        Ok(permit) => ("staff.permitted", permit.rules().join(" ")),
        Err(refusal) => ("staff.refused", lionrock_model::refusal::Refusal::code(refusal).to_owned()),
    };
    let fields: Vec<_> = question.fields.iter().map(|field| field.word()).collect();
    let body = json!({
        "about": question.about.map(|role| role.word()),
        "action": question.action.word(),
        "class": question.class.word(),
        "fields": fields,
        "hour": question.hour,
        "officer": question.officer.to_string(),
        "outcome": outcome,
        "place": question.place.kind.word(),
        "policy": PINNED,
        "proposer": question.proposer.as_ref().map(|(officer, _)| officer.to_string()),
        "purpose": question.purpose.map(|purpose| purpose.word()),
        "role": question.role.word(),
        "unit": question.unit.as_str(),
    });
    audit::append(tx, platform, caller, &Event::new(kind, None, body))?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_digest_is_that_of_the_text_that_decides() {
        assert_eq!(digest(), PINNED, "crates/model/policy/staff.sha256 must be the digest of schema and policies");
        assert!(sound().is_ok());
    }
}
