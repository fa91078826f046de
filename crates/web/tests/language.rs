//! The three languages say the same things.

use std::collections::{BTreeMap, BTreeSet};

use lionrock_model::language::Language;
use lionrock_model::refusal::Refusal;
use lionrock_web::language::{OFFERED, Say, sources};

/// Key → the variables its text takes.
fn keys(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (area, text) in sources(language) {
        let mut key = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            if !line.starts_with([' ', '}', '[', '*']) {
                key = line.split_once('=').unwrap_or_else(|| panic!("{area} {language:?}: {line}")).0.trim().to_owned();
                assert!(
                    found.insert(key.clone(), BTreeSet::new()).is_none(),
                    "{key} stands twice in {}",
                    language.tag()
                );
            }
            let variables = line
                .split('$')
                .skip(1)
                .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect());
            found.get_mut(&key).unwrap().extend(variables);
        }
    }
    found
}

#[test]
fn keys_and_variables_are_the_same_in_all_three() {
    let english = keys(Language::En);
    assert!(english.len() > 200);
    for language in OFFERED {
        let other = keys(language);
        let missing: Vec<_> = english.keys().filter(|key| !other.contains_key(*key)).collect();
        let extra: Vec<_> = other.keys().filter(|key| !english.contains_key(*key)).collect();
        assert!(missing.is_empty() && extra.is_empty(), "{}: missing {missing:?}, extra {extra:?}", language.tag());
        for (key, variables) in &english {
            assert_eq!(variables, &other[key], "{key} in {}", language.tag());
        }
    }
}

#[test]
fn texts_parse_whole_and_speak_in_their_script() {
    for language in OFFERED {
        for (area, text) in sources(language) {
            assert!(fluent_bundle::FluentResource::try_new((*text).to_owned()).is_ok(), "{area} in {}", language.tag());
            let chinese = text.chars().any(|c| ('\u{4e00}'..'\u{9fff}').contains(&c));
            assert_eq!(chinese, language != Language::En, "{area} in {}", language.tag());
        }
    }
    // Characters that only one of the two scripts has, and that our texts use often.
    let all = |language: Language| sources(language).iter().map(|(_, text)| *text).collect::<String>();
    for c in "這裝時認證請後們為與".chars() {
        assert!(!all(Language::ZhHans).contains(c), "traditional {c} in the simplified texts");
    }
    for c in "这装时认证请后们为与".chars().filter(|c| *c != '后') {
        assert!(!all(Language::ZhHant).contains(c), "simplified {c} in the traditional texts");
    }
    for mark in ['!', '！'] {
        assert!(OFFERED.into_iter().all(|language| !all(language).contains(mark)), "nobody is shouted at");
    }
}

/// Every closed list of the journeys; a new journey adds its line here.
fn refusal_keys() -> Vec<String> {
    fn of<R: Refusal>(all: &[R]) -> Vec<String> {
        all.iter().map(Refusal::text_key).collect()
    }
    [
        of(lionrock_model::account::AccountRefusal::OWN),
        of(lionrock_model::counter::CounterRefusal::OWN),
        of(lionrock_model::credential::PasskeyRefusal::ALL),
        of(lionrock_model::level::LevelRefusal::OWN),
        of(lionrock_model::document::DocumentRefusal::ALL),
        of(lionrock_model::oidc::PageRefusal::ALL),
        of(lionrock_model::policy::OpenRefusal::ALL),
        of(lionrock_model::policy::staff::StaffRefusal::ALL),
        of(lionrock_model::staff::DutyRefusal::ALL),
        of(lionrock_model::recovery::RecoveryRefusal::OWN),
        of(&lionrock_model::register::RegisterRefusal::OWN),
        of(lionrock_model::session::SessionRefusal::OWN),
        of(lionrock_model::signing::SigningRefusal::OWN),
    ]
    .concat()
}

#[test]
fn every_refusal_has_its_text() {
    let missing: Vec<_> = refusal_keys()
        .into_iter()
        .flat_map(|key| OFFERED.map(|language| (key.clone(), language)))
        .filter(|(key, language)| !Say::in_language(*language).knows(key))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn words_of_the_model_have_their_texts() {
    use lionrock_model::{policy::Field, proofing};
    let mut wanted: Vec<String> = Vec::new();
    wanted.extend(proofing::Stage::ALL.iter().map(|stage| format!("stage-{}", stage.word())));
    wanted.extend(proofing::Reason::ALL.iter().map(|reason| format!("reason-{}", reason.word())));
    wanted.extend(proofing::Action::ALL.iter().map(|action| format!("action-{}", action.word())));
    wanted.extend(Field::ALL.iter().map(|field| format!("field-{}", field.word())));
    use lionrock_model::correction::{Outcome, State};
    wanted.extend(State::ALL.iter().map(|state| format!("correction-state-{}", state.word())));
    wanted.extend(Outcome::ALL.iter().map(|outcome| format!("correction-outcome-{}", outcome.word())));
    for language in OFFERED {
        for key in &wanted {
            assert!(Say::in_language(language).knows(key), "{key} in {}", language.tag());
        }
    }
}
