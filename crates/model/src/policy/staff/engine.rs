//! The policies, read once, and Cedar, which answers by them.

use super::{DataClass, Question, StaffRefusal};
use crate::staff::Role;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression, Schema, ValidationMode, Validator,
};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::str::FromStr;
use std::sync::OnceLock;
use thiserror::Error;

const SCHEMA: &str = include_str!("../../../policy/staff.cedarschema");
const POLICIES: &str = include_str!("../../../policy/staff.cedar");
/// Schema and policies, in this order: what the digest is over.
pub const TEXT: [&str; 2] = [SCHEMA, POLICIES];
/// SHA-256 of [`TEXT`], hexadecimal, as this release pins it. Whoever starts the program compares.
pub const PINNED: &str = include_str!("../../../policy/staff.sha256").trim_ascii_end();

/// Why the policy of this release does not count.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the policy of the staff house is not sound: {0}")]
pub struct PolicyFault(pub String);

struct Loaded {
    schema: Schema,
    policies: PolicySet,
    fixed: Entities,
    types: [EntityTypeName; 4],
}

/// Reads the policies and has Cedar check every one of them against the schema, strictly. How many there are.
///
/// # Errors
/// [`PolicyFault`] with what Cedar says.
pub fn check() -> Result<usize, PolicyFault> {
    loaded().as_ref().map(|loaded| loaded.policies.policies().count()).map_err(Clone::clone)
}

fn loaded() -> &'static Result<Loaded, PolicyFault> {
    static LOADED: OnceLock<Result<Loaded, PolicyFault>> = OnceLock::new();
    LOADED.get_or_init(|| load(SCHEMA, POLICIES))
}

fn load(schema: &str, policies: &str) -> Result<Loaded, PolicyFault> {
    let fault = |error: &dyn std::fmt::Display| PolicyFault(error.to_string());
    let (schema, warnings) = Schema::from_cedarschema_str(schema).map_err(|error| fault(&error))?;
    if let Some(warning) = warnings.map(|warning| warning.to_string()).next() {
        return Err(PolicyFault(warning));
    }
    let policies = named(policies).map_err(|error| fault(&error))?;
    let judged = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
    if let Some(error) = judged.validation_errors().next() {
        return Err(fault(error));
    }
    if let Some(warning) = judged.validation_warnings().next() {
        return Err(fault(warning));
    }
    let name = |word: &str| EntityTypeName::from_str(word).map_err(|error| fault(&error));
    let types = [name("Officer")?, name("Action")?, name("Data")?, name("Role")?];
    let [_, _, data, role] = &types;
    let uid = |kind: &EntityTypeName, word: &str| EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(word));
    let mut fixed: Vec<_> = Role::ALL.iter().map(|one| Entity::with_uid(uid(role, one.word()))).collect();
    for class in DataClass::ALL {
        let above = DataClass::ALL.into_iter().filter(|above| *above > class).map(|above| uid(data, above.word()));
        fixed.push(Entity::new_no_attrs(uid(data, class.word()), above.collect()));
    }
    let fixed = Entities::from_entities(fixed, Some(&schema)).map_err(|error| fault(&error))?;
    Ok(Loaded { schema, policies, fixed, types })
}

/// Every policy under the name of its `@id`, so that decisions can name what permitted them.
fn named(text: &str) -> Result<PolicySet, String> {
    let read = PolicySet::from_str(text).map_err(|error| error.to_string())?;
    let mut set = PolicySet::new();
    for policy in read.policies() {
        let name = policy.annotation("id").ok_or("a policy has no @id")?.to_owned();
        set.add(policy.new_id(cedar_policy::PolicyId::new(name))).map_err(|error| error.to_string())?;
    }
    Ok(set)
}

/// The names of the policies that permit it, or none.
pub(super) fn ask(question: &Question) -> Result<Option<Vec<String>>, StaffRefusal> {
    let loaded = loaded().as_ref().map_err(|_| StaffRefusal::PolicyNotLoaded)?;
    // Whatever Cedar cannot take as a question is not permitted.
    let Ok((request, entities)) = loaded.request(question) else { return Ok(None) };
    let answer = Authorizer::new().is_authorized(&request, &loaded.policies, &entities);
    if answer.decision() != Decision::Allow || answer.diagnostics().errors().next().is_some() {
        return Ok(None);
    }
    let rules: BTreeSet<_> = answer.diagnostics().reason().map(ToString::to_string).collect();
    Ok(Some(rules.into_iter().collect()))
}

impl Loaded {
    fn request(&self, question: &Question) -> Result<(Request, Entities), Box<dyn std::error::Error>> {
        let [officer, action, data, role] = &self.types;
        let uid =
            |kind: &EntityTypeName, word: &str| EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(word));
        let text = |word: &str| RestrictedExpression::new_string(word.to_owned());
        let long = |number: u8| RestrictedExpression::new_long(i64::from(number));
        #[allow(clippy::result_large_err, reason = "the library's error; it is made once and let go")]
        let person = |id: &str, unit: &str, roles: HashSet<EntityUid>| {
            Entity::new(uid(officer, id), HashMap::from([("unit".to_owned(), text(unit))]), roles)
        };
        let own = question.officer.to_string();
        let mut people = vec![person(&own, question.unit.as_str(), HashSet::from([uid(role, question.role.word())]))?];
        let fields = question.fields.iter().map(|field| text(field.word()));
        let mut asked = vec![
            ("purpose".to_owned(), text(question.purpose.map_or("none", super::Purpose::word))),
            ("fields".to_owned(), RestrictedExpression::new_set(fields)),
            ("hour".to_owned(), long(question.hour)),
            ("opens".to_owned(), long(question.place.opens)),
            ("closes".to_owned(), long(question.place.closes)),
            ("place".to_owned(), text(question.place.kind.word())),
        ];
        if let Some((proposer, unit)) = &question.proposer {
            let id = proposer.to_string();
            if id != own {
                people.push(person(&id, unit.as_str(), HashSet::new())?);
            }
            asked.push(("proposer".to_owned(), RestrictedExpression::new_entity_uid(uid(officer, &id))));
        }
        if let Some(about) = question.about {
            asked.push(("about".to_owned(), RestrictedExpression::new_entity_uid(uid(role, about.word()))));
        }
        let request = Request::new(
            uid(officer, &own),
            uid(action, question.action.word()),
            uid(data, question.class.word()),
            Context::from_pairs(asked)?,
            Some(&self.schema),
        )?;
        Ok((request, self.fixed.clone().add_entities(people, Some(&self.schema))?))
    }
}

#[cfg(test)]
mod soundness {
    use super::super::Action;
    use super::*;

    /// Actions the schema knows.
    fn actions() -> BTreeSet<String> {
        let Ok(loaded) = loaded() else { return BTreeSet::new() };
        let named = loaded.schema.actions().map(|uid| uid.id().unescaped().to_owned());
        named.filter(|word| word != "approval").collect()
    }

    #[test]
    fn the_policy_of_this_release_is_sound_and_knows_every_action() {
        assert_eq!(check().map(|count| count > 15), Ok(true));
        assert_eq!(actions(), Action::ALL.iter().map(|action| action.word().to_owned()).collect());
        assert!(PINNED.len() == 64 && PINNED.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn a_policy_that_does_not_fit_its_schema_is_no_policy() {
        for wrong in [
            "permit (principal, action, resource);",
            "@id(\"a\") permit (principal in Role::\"counter\", action == Action::\"browse\", resource);",
            "@id(\"a\") permit (principal, action, resource) when { context.colour == \"red\" };",
            "@id(\"a\") permit (principal, action, resource) when { context.hour == \"9\" };",
            "@id(\"a\") permit (principal, action",
            "@id(\"a\") permit (principal, action, resource); @id(\"a\") forbid (principal, action, resource);",
        ] {
            assert!(load(SCHEMA, wrong).is_err(), "{wrong}");
        }
        assert!(load("entity Role", POLICIES).is_err());
    }
}
