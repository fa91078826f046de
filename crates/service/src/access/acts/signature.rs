//! One signature: that the key which the ledger knows as this officer's answered a question over exactly this digest, with the person
//! verified, and that an officer of that role may do such a thing.

use super::{Act, Entry, Record, line};
use crate::ceremony;
use crate::staff::approve::{salted, signed_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::digest::sha256;
use lionrock_model::credential::CeremonyKind;
use lionrock_model::id::OfficerId;
use lionrock_model::policy::staff::{Action, DataClass, Question, permit};
use lionrock_model::policy::{Field, Purpose};
use lionrock_model::staff::{Place, Post, Role, Unit};
use lionrock_wire::webauthn::authenticator_data::{AuthenticatorData, Flags};
use lionrock_wire::webauthn::client_data::ClientData;
use lionrock_wire::webauthn::cose::CoseKey;
use serde_json::Value;
use std::collections::BTreeMap;

type Refused = (&'static str, String);

/// Judges the entry of a signature.
pub(super) fn judge(
    entry: &Entry,
    officers: &BTreeMap<String, Vec<Record>>,
    permits: &mut Permits,
) -> Result<Act, Refused> {
    let proof = |name: &str| entry.apart.get(name).and_then(Value::as_str);
    let bytes = |name: &str| proof(name).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let (Some(data), Some(client), Some(signature)) =
        (bytes("authenticator_data"), bytes("client_data"), bytes("signature"))
    else {
        return Err(("act-missing", "the signature itself is missing".to_owned()));
    };
    let officer = entry.word("officer");
    let records = officers.get(officer).map(Vec::as_slice).unwrap_or_default();
    // What the officer was when they signed.
    let Some(record) = records.iter().rfind(|record| record.at <= entry.at) else {
        return Err(("act-key", format!("the ledger knows no officer {officer} at that time")));
    };
    let key = record.keys.get(entry.word("key")).and_then(|key| URL_SAFE_NO_PAD.decode(key).ok());
    let Some(key) = key.and_then(|key| CoseKey::parse(&key).ok()) else {
        return Err(("act-key", format!("the key {} was not {officer}'s at that time", entry.word("key"))));
    };
    let digest = digest(entry.word("digest")).ok_or(("act-text", "it names no digest".to_owned()))?;
    asked(&client, entry.word("action"), &digest)?;
    verified(&data, &client)?;
    if !key.verify(&[&data[..], &sha256(&client)].concat(), &signature) {
        return Err(("act-forged", format!("it is not the signature of {officer}'s key")));
    }
    if record.state != "active" || record.rights_until <= entry.at {
        return Err(("act-rights", format!("{officer} had no rights at that time")));
    }
    if (record.role.as_str(), record.unit.as_str()) != (entry.word("role"), entry.word("unit")) {
        return Err(("act-rights", format!("{officer} worked as another, or elsewhere, at that time")));
    }
    let action = Action::ALL.iter().copied().find(|action| action.word() == entry.word("action"));
    let text = proof("text").unwrap_or_default();
    let named = action.is_some_and(Action::changes_officers);
    if !named && bytes("salt").is_none_or(|salt| salted(&salt, text) != digest) {
        return Err(("act-text", "the text is not the one that was signed".to_owned()));
    }
    if !action.is_some_and(|action| permits.may(&record.role, action, text)) {
        return Err(("act-rights", format!("the role {} may not {}", record.role, entry.word("action"))));
    }
    Ok(Act {
        index: entry.index,
        at: entry.at,
        action,
        digest: entry.word("digest").to_owned(),
        officer: officer.to_owned(),
        unit: record.unit.clone(),
        text: text.to_owned(),
    })
}

/// The question was over this action and digest, and asked in the staff house.
fn asked(client: &[u8], action: &str, digest: &[u8; 32]) -> Result<(), Refused> {
    let challenge = ClientData::parse(client).ok().and_then(|client| client.challenge());
    let Some((random, rest)) = challenge.as_deref().and_then(<[u8]>::split_first_chunk::<32>) else {
        return Err(("act-forged", "it answers no question".to_owned()));
    };
    let wanted = ceremony::digest(random, CeremonyKind::StaffAct, &signed_bytes(action, digest));
    if rest != wanted { Err(("act-forged", "it was signed over something else".to_owned())) } else { Ok(()) }
}

/// A person was there and verified, with a key that is bound to its device, on the house's own pages.
fn verified(data: &[u8], client: &[u8]) -> Result<(), Refused> {
    let wrong = |what: &str| ("act-forged", what.to_owned());
    let data = AuthenticatorData::parse(data).map_err(|_| wrong("what the authenticator says cannot be read"))?;
    if !data.flags.has(Flags::UP) || !data.flags.has(Flags::UV) {
        return Err(wrong("nobody was verified"));
    }
    if data.flags.has(Flags::BE) {
        return Err(wrong("the key is not bound to its device"));
    }
    let client: Value = serde_json::from_slice(client).map_err(|_| wrong("what the browser says cannot be read"))?;
    let text = |name: &str| client.get(name).and_then(Value::as_str).unwrap_or_default();
    let host = text("origin").strip_prefix("https://").and_then(|rest| rest.split(':').next()).unwrap_or_default();
    // The relying party is the host, or a domain above it.
    let above = host.match_indices('.').filter_map(|(at, _)| host.get(at + 1..));
    let party = std::iter::once(host).chain(above).any(|name| sha256(name.as_bytes()) == data.rp_id_hash);
    if text("type") == "webauthn.get" && party {
        Ok(())
    } else {
        Err(wrong("it was not made on the staff house's pages"))
    }
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let byte = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Vec<u8> = (0..text.len() / 2).map(byte).collect::<Option<_>>()?;
    bytes.try_into().ok().filter(|_| text.len() == 64)
}

/// What the policy of this release permits to roles, asked once for each.
#[derive(Debug, Default)]
pub(super) struct Permits(BTreeMap<(String, &'static str, String), bool>);

impl Permits {
    /// Whether somebody of a role may do it at all, for what the text says: at some place and in working hours.
    fn may(&mut self, role: &str, action: Action, text: &str) -> bool {
        let about = (action.opens()).then(|| format!("{} {}", line(text, "purpose"), line(text, "fields")));
        let key = (role.to_owned(), action.word(), about.unwrap_or_default());
        *self.0.entry(key).or_insert_with(|| may(role, action, text))
    }
}

fn may(role: &str, action: Action, text: &str) -> bool {
    let (Some(role), Ok(unit), Ok(other)) = (Role::from_word(role), Unit::parse("one"), Unit::parse("other")) else {
        return false;
    };
    let id = |first: u8| OfficerId::from_bytes(&[first; 16]).ok();
    let (Some(officer), Some(proposer)) = (id(1), id(2)) else { return false };
    let glass = matches!(action, Action::BreakGlassOpen | Action::BreakGlassApprove);
    let (purpose, fields): (Option<Purpose>, Vec<Field>) = if glass {
        (Some(Purpose::BreakGlass), Purpose::BreakGlass.fields().to_vec())
    } else {
        let named = Purpose::ALL.iter().copied().find(|purpose| purpose.word() == line(text, "purpose"));
        let words: Vec<_> = line(text, "fields").split(", ").collect();
        (named, Field::ALL.iter().copied().filter(|field| words.contains(&field.word())).collect())
    };
    let (purpose, fields) = if action.opens() { (purpose, fields) } else { (None, Vec::new()) };
    let places = [Place::Office, Place::Counter];
    let roles = std::iter::once(None).chain(Role::ALL.iter().copied().map(Some));
    roles.flat_map(|about| places.iter().map(move |kind| (about, *kind))).any(|(about, kind)| {
        permit(&Question {
            officer,
            role,
            unit: unit.clone(),
            action,
            purpose,
            fields: fields.clone(),
            class: DataClass::of(&fields),
            hour: 11,
            place: Post { kind, opens: 9, closes: 18 },
            proposer: action.is_approval().then(|| (proposer, other.clone())),
            about,
        })
        .is_ok()
    })
}
