//! GET /oauth/userinfo: what the person released, opened by a decision and written down first (OpenID Connect Core 5.3).

use super::{ACCESS_ROW, Rejected, Word, is_ours, of_access, problem};
use crate::vault::Alarm;
use crate::{Caller, Error, Fault, Platform, vault};
use lionrock_model::id::ServiceId;
use lionrock_model::oidc::{Scope, claim};
use lionrock_model::policy::{Actor, ConsentGround, Decision, Field, Purpose, Subject, decide};
use lionrock_model::time::Millis;
use lionrock_store::consent::{self, Consent};
use lionrock_store::oidc_grant::{self, Grant};
use lionrock_store::{Tx, resident};
use lionrock_wire::oauth::{Code, Problem};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The claims behind an access token.
///
/// # Errors
/// `invalid_token` for a token that is unknown, expired, revoked, or whose consent or account is over; faults.
pub async fn userinfo(
    platform: &Arc<Platform>,
    caller: &Caller,
    token: &str,
) -> Result<Map<String, Value>, Error<Rejected>> {
    let access = Word::Access.digest(platform, token)?;
    let (owned, now) = (Arc::clone(platform), caller.now);
    let (grant, _) = platform.store.glance(move |tx| standing(tx, &owned, access, now)).await?;
    // A token of the signing interface says nothing about who somebody is.
    if !grant.scope.split(' ').any(|scope| scope == Scope::OpenId.word()) {
        return Err(problem(Code::InsufficientScope, "the token is not for this: ask for the scope openid").into());
    }
    if grant.fields.is_empty() {
        return Ok(subject(&grant));
    }
    let (platform, caller) = (Arc::clone(platform), caller.clone());
    let store = platform.store.clone();
    store
        .write(move |tx| {
            // Read again: the person may have taken it back since.
            let (grant, consent) = standing(tx, &platform, access, now)?;
            let decision = decision(&grant, &consent)?;
            let opened = vault::grant(tx, &platform, &caller, &decision)?;
            let mut claims = subject(&grant);
            claims.extend(released(&opened, &grant.fields)?);
            Ok(claims)
        })
        .await
}

/// The grant and consent of an access token as it was sent, if it is good now.
pub(crate) fn holder(
    tx: &mut Tx<'_>,
    platform: &Platform,
    now: Millis,
    token: &str,
) -> Result<(Grant, Consent), Error<Rejected>> {
    let access = Word::Access.digest(platform, token)?;
    standing(tx, platform, access, now)
}

/// The grant and consent of a token that is good now.
fn standing(
    tx: &mut Tx<'_>,
    platform: &Platform,
    access: [u8; 32],
    now: Millis,
) -> Result<(Grant, Consent), Error<Rejected>> {
    let grant = oidc_grant::by_access(tx, access)?.ok_or(INVALID)?;
    let until = grant.access_expires_at.filter(|until| now < *until).ok_or(INVALID)?;
    if grant.revoked_at.is_some() {
        return Err(INVALID.into());
    }
    // The token is this grant's, until then; and the grant says what it said when it was given out.
    let own = of_access(&grant.code, &access, until).is(platform, ACCESS_ROW, grant.access_proof.as_ref())?;
    if !own && grant.access_proof.is_some() {
        platform.vault.raise(Alarm { resident: None, what: "grant-forged" });
    }
    if !own || !is_ours(platform, &grant)? {
        return Err(INVALID.into());
    }
    let consent = consent::find(tx, grant.consent)?.ok_or(INVALID)?;
    let active = resident::find(tx, grant.resident)?.is_some_and(|resident| resident.active);
    if consent.ended_at.is_some() || !active {
        return Err(INVALID.into());
    }
    Ok((grant, consent))
}

pub(crate) fn decision(grant: &Grant, consent: &Consent) -> Result<Decision, Error<Rejected>> {
    let service = |text: &str| ServiceId::parse(text).map_err(|_| Fault::stored_data("a stored client is no client"));
    let ground = ConsentGround {
        consent: consent.id,
        resident: consent.resident,
        service: service(&consent.service)?,
        fields: consent.fields.clone(),
        standing: consent.ended_at.is_none(),
    };
    let actor = Actor::Service(service(&grant.service)?);
    decide(actor, Subject::Resident(grant.resident), Purpose::Release, &grant.fields, Some(&ground))
        .map_err(|_| INVALID.into())
}

/// Claims of the opened fields. A field the person does not have is left out.
pub(super) fn released(opened: &vault::Grant<'_>, fields: &[Field]) -> Result<Map<String, Value>, Fault> {
    let profile = opened.profile()?;
    let mut claims = Map::new();
    for field in fields {
        let value = match field {
            Field::Birth => profile.birth.clone(),
            Field::ChineseName => profile.chinese_name.clone(),
            Field::Email => opened.email()?.map(|email| email.reveal().to_owned()),
            Field::EnglishName => profile.english_name.clone(),
            Field::Hkid => profile.hkid.clone(),
            Field::Sex => profile.sex.map(|sex| if sex == 'F' { "female" } else { "male" }.to_owned()),
            Field::CardIssued | Field::Devices => None,
        };
        if let (Some(name), Some(value)) = (claim(*field), value) {
            claims.insert(name.to_owned(), Value::String(value));
            if *field == Field::Email {
                claims.insert("email_verified".to_owned(), json!(true));
            }
        }
    }
    Ok(claims)
}

fn subject(grant: &Grant) -> Map<String, Value> {
    Map::from_iter([("sub".to_owned(), json!(grant.sub))])
}

impl From<Problem> for Error<Rejected> {
    fn from(problem: Problem) -> Self {
        Self::Refuse(Rejected(problem))
    }
}

const INVALID: Problem = problem(Code::InvalidToken, "the access token is not valid, or not any more");
