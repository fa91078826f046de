//! POST /account/data/export: everything kept about a person as one file for programs. Format: `docs/formats/export.md`.
//!
//! It needs a fresh proof of presence, opens every field under one decision and so leaves its leaf, and tells the person by letter
//! that the file was made. Nothing that opens, signs or proves anything is in it: no digest of a secret, no wrapped key.

use super::{authenticators, corrections, entries};
use crate::audit::{self, Event};
use crate::letter::{self, News};
use crate::pseudonym;
use crate::signed_in::{self, Current, Place};
use crate::vault::{Grant, Profile};
use crate::{Caller, Error, Fault, Platform};
use lionrock_crypto::ring::Domain;
use lionrock_model::account::AccountRefusal;
use lionrock_model::credential::Credential;
use lionrock_model::custody::State as CustodyState;
use lionrock_model::policy::Field;
use lionrock_model::session::{Session, SignIn};
use lionrock_model::time::Millis;
use lionrock_store::consent::Consent;
use lionrock_store::custody::Custody;
use lionrock_store::{
    Tx, consent, contact_change, correction, credential, custody, notice, outbox, recovery_code, session,
};
use lionrock_wire::jose::encode;
use serde_json::{Value, json};
use std::sync::Arc;

/// What the file calls itself.
pub const FORMAT: &str = "lionrock my-data v1";

/// Makes the file.
///
/// # Errors
/// Of the session, `StepUpNeeded`; faults.
pub async fn export(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Value, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require_fresh(tx, &owned, &caller, &cookie)?;
            let grant = super::own(tx, &owned, &caller, &current, &Field::ALL)?;
            let who = current.resident.id;
            let body = json!({"format": FORMAT, "session": current.session.id.to_string()});
            audit::append(tx, &owned, &caller, &Event::new("data.exported", Some(who), body))?;
            letter::post(tx, &owned, &caller, who, News::DataExported)?;
            Ok(file(tx, &owned, &caller, &current, &grant)?)
        })
        .await
}

fn file(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    current: &Current,
    grant: &Grant<'_>,
) -> Result<Value, Fault> {
    let who = current.resident.id;
    let row = grant.row()?;
    let passkeys = credential::all(tx, who)?;
    let passkeys = passkeys.iter().map(|one| passkey(grant, one)).collect::<Result<Vec<_>, _>>()?;
    let (born, seen) = signed_in::horizon(platform, caller.now);
    let sessions = session::open(tx, who, born, seen)?;
    let sessions = sessions.iter().map(|one| open_session(grant, one)).collect::<Result<Vec<_>, _>>()?;
    let corrections = correction::of_resident(tx, who)?;
    let corrections = corrections.iter().map(|row| wish(grant, row)).collect::<Result<Vec<_>, _>>()?;
    let told = entries::of(tx, platform, who, caller.now)?;
    let waiting = contact_change::find(tx, who)?.filter(|row| caller.now < row.code_until);
    let pseudonyms = pseudonym::of_resident(tx, platform, who)?;
    Ok(json!({
        "account": {"id": who.to_string(), "since": time(Millis(row.created_at)), "state": "active"},
        "approvals": consent::of_resident(tx, who)?.iter().map(|one| approval(platform, one)).collect::<Vec<_>>(),
        "card": card(grant.profile()?),
        "contact": {
            "email": grant.email()?.map(|email| email.reveal().to_owned()),
            "other_address_waits_until": waiting.map(|row| time(row.code_until)),
        },
        "corrections": corrections,
        "custodies": custody::of_resident(tx, who)?.iter().map(destroyed).collect::<Vec<_>>(),
        "format": FORMAT,
        "issuer": platform.settings.issuer,
        "ledger": told.iter().map(entry).collect::<Vec<_>>(),
        "letters_waiting": outbox::count_of(tx, who)?,
        "made": time(caller.now),
        "notice": agreed(tx, row)?,
        "passkeys": passkeys,
        "pseudonyms": pseudonyms.iter().map(|one| json!({
            "service": one.service, "since": time(one.since), "subject": one.name.as_str(),
        })).collect::<Vec<_>>(),
        "realm": platform.settings.realm.to_string(),
        "received": told.iter().filter_map(release).collect::<Vec<_>>(),
        "recovery_codes": {"unused": recovery_code::left(tx, who)?},
        "sessions": sessions,
        "sign_ins": sign_ins(tx, grant, current)?,
    }))
}

fn card(profile: Profile) -> Value {
    json!({
        "card_issued": profile.card_issued,
        "chinese_name": profile.chinese_name,
        "date_of_birth": profile.birth,
        "english_name": profile.english_name,
        "hkid": profile.hkid,
        "sex": profile.sex.map(String::from),
    })
}

fn agreed(tx: &mut Tx<'_>, row: &lionrock_store::resident::Resident) -> Result<Value, Fault> {
    // People of a test realm who were registered beforehand were shown none.
    if row.notice_hash.iter().all(|byte| *byte == 0) {
        return Ok(Value::Null);
    }
    let found = notice::find(tx, &row.notice_hash)?;
    Ok(json!({
        "language": row.notice_language,
        "sha256": hex(&row.notice_hash),
        "text": found.as_ref().map(|notice| &notice.wording),
        "version": found.as_ref().map(|notice| &notice.version),
    }))
}

fn passkey(grant: &Grant<'_>, one: &Credential) -> Result<Value, Fault> {
    Ok(json!({
        "added": time(one.created),
        "algorithm": one.algorithm,
        "attestation": one.attestation.word(),
        "counter": one.sign_count,
        "counter_alarm": one.counter_alarm.map(time),
        "credential_id": encode(&one.external_id),
        "custody": one.custody().word(),
        "id": one.id.to_string(),
        "model": hex(&one.aaguid),
        "name": authenticators::name(grant, one)?,
        "public_key": encode(&one.public_key),
        "removed": one.removed.map(time),
        "transports": one.transports,
        "used": one.used.map(time),
    }))
}

fn open_session(grant: &Grant<'_>, one: &Session) -> Result<Value, Fault> {
    let slot = signed_in::session_slot(&one.resident, one.id.as_bytes());
    let plain = grant.open(Field::Devices, Domain::Session, &slot, &one.sealed_place)?;
    let place: Place = serde_json::from_slice(&plain)?;
    Ok(json!({
        "address": place.address,
        "agent": place.agent,
        "began": time(one.created),
        "device": one.device.word(),
        "id": one.id.to_string(),
        "passkey": one.credential.to_string(),
        "proved": time(one.proved),
        "used": time(one.seen),
    }))
}

/// The whole history, hundred lines at a time.
fn sign_ins(tx: &mut Tx<'_>, grant: &Grant<'_>, current: &Current) -> Result<Vec<Value>, Fault> {
    let mut lines: Vec<SignIn> = Vec::new();
    let mut before = Millis(i64::MAX);
    loop {
        let page = session::history(tx, current.resident.id, before)?;
        let fresh: Vec<_> = page.into_iter().filter(|line| lines.iter().all(|known| known.id != line.id)).collect();
        let Some(last) = fresh.last() else { break };
        // One more, so that lines of the same millisecond are not cut apart.
        before = Millis(last.at.0 + 1);
        lines.extend(fresh);
    }
    lines
        .iter()
        .map(|line| {
            let slot = signed_in::place_slot(&line.resident, line.id.as_bytes());
            let plain = grant.open(Field::Devices, Domain::Session, &slot, &line.sealed_place)?;
            let place: Place = serde_json::from_slice(&plain)?;
            Ok(json!({
                "address": place.address,
                "agent": place.agent,
                "at": time(line.at),
                "device": line.device.word(),
                "event": line.event.word(),
                "id": line.id.to_string(),
                "passkey": line.credential.map(|id| id.to_string()),
            }))
        })
        .collect()
}

fn approval(platform: &Platform, one: &Consent) -> Value {
    let known = lionrock_model::id::ServiceId::parse(&one.service).ok();
    let known = known.and_then(|id| platform.service(&id));
    json!({
        "approved": time(one.granted_at),
        "ended": one.ended_at.map(time),
        "fields": one.fields.iter().map(|field| field.word()).collect::<Vec<_>>(),
        "id": one.id.to_string(),
        "name": known.map(|service| service.name().to(lionrock_model::language::Language::En)),
        "passkey": one.credential.to_string(),
        "purpose_sha256": hex(&one.purpose_hash),
        "service": one.service,
        "shown_sha256": hex(&one.shown_hash),
    })
}

fn wish(grant: &Grant<'_>, row: &correction::Correction) -> Result<Value, Fault> {
    let shown = corrections::shown(grant, row)?;
    Ok(json!({
        "decided": shown.decided.map(time),
        "due": time(shown.due),
        "ended": shown.ended.map(time),
        "field": shown.field.word(),
        "id": shown.id.to_string(),
        "outcome": shown.outcome.map(lionrock_model::correction::Outcome::word),
        "received": time(shown.received),
        "should_be": shown.should,
        "state": shown.state.word(),
        "why": shown.why,
    }))
}

fn destroyed(one: &Custody) -> Value {
    let reason = if let CustodyState::Closed(reason) = one.state { Some(reason.word()) } else { None };
    json!({
        "bytes": one.bytes,
        "closed": one.closed.map(time),
        "closed_event": one.closed_leaf.as_ref().map(|event| hex(event)),
        "first_byte": one.first_byte.map(time),
        "id": one.id.to_string(),
        "opened": time(one.opened),
        "opened_event": hex(&one.opened_leaf),
        "pictures": one.pictures,
        "provider": one.provider,
        "reason": reason,
        "receipt": one.receipt,
        "zeroise_us": one.zeroise_us,
    })
}

fn entry(told: &entries::Told) -> Value {
    json!({
        "at": time(told.at),
        "body": told.body,
        "event": hex(&told.event),
        "kind": told.kind,
        "place": told.place,
    })
}

fn release(told: &entries::Told) -> Option<Value> {
    let service = told.released_to()?;
    Some(json!({
        "approval": told.body.get("consent"),
        "at": time(told.at),
        "event": hex(&told.event),
        "fields": told.fields().collect::<Vec<_>>(),
        "service": service,
    }))
}

/// RFC 3339, UTC.
fn time(at: Millis) -> String {
    at.timestamp().map_or_else(|_| at.0.to_string(), |moment| moment.to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
