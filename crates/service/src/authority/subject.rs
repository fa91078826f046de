//! Names in certificates: of people as their card has them, of services, servers and officers.

use super::issue::Holder;
use super::setup::{Setup, unit};
use crate::vault::Profile as Facts;
use crate::{Fault, Platform};
use lionrock_crypto::ring::Mac;
use lionrock_model::account::RECOVERY_ALPHABET;
use lionrock_model::id::ResidentId;
use lionrock_pki::name::{LONGEST, Subject};

/// What tells a resident apart from others of the same name: the same in all their certificates here, keyed, so that it says nothing
/// elsewhere. A request for a certificate names it, so that a request about somebody else's key is of no use.
///
/// # Errors
/// `Key` when the ring is incomplete.
pub fn reference(platform: &Platform, resident: ResidentId) -> Result<String, Fault> {
    let code = platform.keys.mac(Mac::Code, "certificate subject", resident.as_bytes())?;
    let letter = |byte: &u8| RECOVERY_ALPHABET.get(usize::from(byte & 31)).map(|letter| char::from(*letter));
    Ok(format!("LR-{}", code.iter().take(16).filter_map(letter).collect::<String>()))
}

/// The name a request must carry.
pub(super) fn claimed(platform: &Platform, holder: &Holder<'_>) -> Result<String, Fault> {
    Ok(match holder {
        Holder::Resident(grant) => reference(platform, grant.row()?.id)?,
        Holder::Service(id) => id.as_str().to_owned(),
        Holder::Host(hosts) => hosts.first().cloned().unwrap_or_default(),
        Holder::Officer(id) => (*id).to_owned(),
    })
}

/// The name in the certificate.
pub(super) fn of(platform: &Platform, setup: &Setup, holder: &Holder<'_>) -> Result<Subject, Fault> {
    let common_name = claimed(platform, holder)?;
    if let Holder::Resident(grant) = holder {
        return person(setup, &grant.profile()?, common_name, unit(&platform.settings.realm));
    }
    Ok(Subject::Organisation {
        country: setup.country.clone(),
        organisation: setup.organisation.clone(),
        identifier: None,
        unit: unit(&platform.settings.realm),
        common_name,
    })
}

/// A person by the names of their card: `CHAN, Tai Man` and 陳大文 are called `CHAN Tai Man 陳大文`. A part that is too long is cut at a
/// word: the card's rule is longer than the standard's.
fn person(setup: &Setup, facts: &Facts, serial_number: String, unit: Option<String>) -> Result<Subject, Fault> {
    let english = facts.english_name.as_deref().ok_or_else(|| Fault::bug("the name was not decided on"))?;
    let (surname, given) = english.split_once(',').map_or((english, ""), |(surname, given)| (surname, given.trim()));
    let latin = if given.is_empty() { surname.to_owned() } else { format!("{surname} {given}") };
    let both = facts.chinese_name.as_deref().map(|chinese| format!("{latin} {chinese}"));
    let common_name = both.filter(|both| both.chars().count() <= LONGEST).unwrap_or_else(|| cut(&latin));
    Ok(Subject::Person {
        country: setup.country.clone(),
        surname: cut(surname),
        given_name: cut(given),
        common_name,
        serial_number,
        unit,
    })
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let head: String = text.chars().take(LONGEST).collect();
    head.rsplit_once(' ').map_or(head.as_str(), |(words, _)| words).trim_end().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn called(english: &str, chinese: Option<&str>) -> (String, String, String) {
        let facts = Facts {
            english_name: Some(english.to_owned()),
            chinese_name: chinese.map(str::to_owned),
            ..Facts::default()
        };
        match person(&Setup::default(), &facts, "LR-1".to_owned(), None).unwrap() {
            Subject::Person { surname, given_name, common_name, .. } => (surname, given_name, common_name),
            Subject::Organisation { .. } => panic!("a person"),
        }
    }

    #[test]
    fn people_are_called_as_on_their_card() {
        let plain = called("CHAN, Tai Man", Some("陳大文"));
        assert_eq!(plain, ("CHAN".to_owned(), "Tai Man".to_owned(), "CHAN Tai Man 陳大文".to_owned()));
        assert_eq!(called("SUKARNO", None), ("SUKARNO".to_owned(), String::new(), "SUKARNO".to_owned()));
        let long = format!("{}, {}", "A".repeat(30), "Bb ".repeat(15).trim());
        let (surname, given, name) = called(&long, Some("陳大文"));
        assert!(surname.len() == 30 && given.len() == 44 && name.chars().count() <= LONGEST && name.ends_with("Bb"));
    }
}
