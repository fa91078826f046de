//! credentials/list and credentials/info: the one signing certificate of a person who approved that the service sees it.

use super::{Answer, Holder, Kind, of_service, wrong};
use crate::authority::{self, Judged};
use crate::oidc::userinfo;
use crate::{Caller, Fault, Platform, vault};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lionrock_activation::record;
use lionrock_pki::certificate::Certificate;
use lionrock_store::signing_key::SigningKey;
use lionrock_store::{Tx, certificate};
use lionrock_wire::oauth::Code;
use lionrock_wire::oauth::details::MOST;
use serde_json::{Value, json};
use std::sync::Arc;

/// Which certificates come along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certificates {
    /// None.
    None,
    /// The person's.
    #[default]
    Single,
    /// And those above it.
    Chain,
}

impl Certificates {
    /// Reads the parameter.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "none" => Self::None,
            "single" => Self::Single,
            "chain" => Self::Chain,
            _ => return None,
        })
    }
}

/// How much is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// Which certificates.
    pub certificates: Certificates,
    /// Whether names, serial number and dates come along in words.
    pub described: bool,
    /// Only what can sign now.
    pub only_valid: bool,
}

/// The names of a person's credentials for a service, with everything about them when that is wished.
///
/// # Errors
/// An OAuth error; faults.
pub async fn list(
    platform: &Arc<Platform>,
    caller: &Caller,
    token: &str,
    wish: Wish,
    with_infos: bool,
) -> Answer<Value> {
    let (owned, caller, token) = (Arc::clone(platform), caller.clone(), token.to_owned());
    let chain = authority::chain(platform).await?;
    platform
        .store
        .write(move |tx| {
            let holder = of_service(tx, &owned, &caller, &token)?;
            let Some((key, name)) = holder.key(tx, &owned)? else {
                return Ok(listed(Vec::new(), Vec::new(), wish, with_infos));
            };
            let usable = usable(tx, &owned, &caller, &holder, &key)?;
            if wish.only_valid && !usable {
                return Ok(listed(Vec::new(), Vec::new(), wish, with_infos));
            }
            let mut infos = Vec::new();
            if with_infos {
                let mut info = described(tx, &owned, &caller, &holder, (&key, usable), (wish, chain.as_deref()))?;
                if let Some(members) = info.as_object_mut() {
                    members.insert("credentialID".to_owned(), json!(name));
                }
                infos.push(info);
            }
            Ok(listed(vec![name], infos, wish, with_infos))
        })
        .await
}

fn listed(names: Vec<String>, infos: Vec<Value>, wish: Wish, with_infos: bool) -> Value {
    let mut answer = json!({"credentialIDs": names});
    if let Some(members) = answer.as_object_mut() {
        if with_infos {
            members.insert("credentialInfos".to_owned(), json!(infos));
        }
        if wish.only_valid {
            members.insert("onlyValid".to_owned(), json!(true));
        }
    }
    answer
}

/// Everything about one credential.
///
/// # Errors
/// An OAuth error: `invalid_request` for a credential that is not this person's at this service; faults.
pub async fn look(
    platform: &Arc<Platform>,
    caller: &Caller,
    token: &str,
    credential: &str,
    wish: Wish,
) -> Answer<Value> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (token, credential) = (token.to_owned(), credential.to_owned());
    let chain = authority::chain(platform).await?;
    platform
        .store
        .write(move |tx| {
            let holder = of_service(tx, &owned, &caller, &token)?;
            let found = holder.key(tx, &owned)?.filter(|(_, name)| *name == credential);
            let (key, _) = found.ok_or(wrong("Invalid parameter credentialID"))?;
            let usable = usable(tx, &owned, &caller, &holder, &key)?;
            described(tx, &owned, &caller, &holder, (&key, usable), (wish, chain.as_deref()))
        })
        .await
}

/// Whether the key can sign now: the account, the waiting time after a recovery, the certificate.
fn usable(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, holder: &Holder, key: &SigningKey) -> Answer<bool> {
    let may = super::super::may_sign(tx, platform, caller, holder.grant.resident)?.is_ok();
    Ok(may && authority::standing(tx, platform, &key.serial, caller.now)? == Judged::Good)
}

fn described(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    holder: &Holder,
    (key, usable): (&SigningKey, bool),
    (wish, chain): (Wish, Option<&authority::Chain>),
) -> Answer<Value> {
    let unknown = || Fault::stored_data("signing_key.algorithm");
    let kind = record::algorithm(&key.algorithm).and_then(Kind::of).ok_or_else(unknown)?;
    let status = match authority::standing(tx, platform, &key.serial, caller.now)? {
        Judged::Good => "valid",
        Judged::Held(_) => "suspended",
        Judged::Revoked(..) => "revoked",
        Judged::NotYet | Judged::Over | Judged::Unknown => "expired",
    };
    let mut cert = json!({"status": status});
    if wish.certificates != Certificates::None || wish.described {
        let certificate = certificate_of(tx, platform, caller, holder, key)?;
        if let Some(members) = cert.as_object_mut() {
            if wish.certificates != Certificates::None {
                members.insert("certificates".to_owned(), json!(certificates(&certificate, wish, chain)));
            }
            if wish.described {
                let (first, last) = certificate.validity();
                members.insert("issuerDN".to_owned(), json!(certificate.issuer().to_string()));
                members.insert("serialNumber".to_owned(), json!(authority::hex(certificate.serial()).to_uppercase()));
                members.insert("subjectDN".to_owned(), json!(certificate.subject().to_string()));
                members.insert("validFrom".to_owned(), json!(moment(first)));
                members.insert("validTo".to_owned(), json!(moment(last)));
            }
        }
    }
    let mut own =
        json!({"algo": kind.signatures, "len": kind.bits, "status": if usable { "enabled" } else { "disabled" }});
    if let (Some(curve), Some(members)) = (kind.curve, own.as_object_mut()) {
        members.insert("curve".to_owned(), json!(curve));
    }
    Ok(json!({
        // Each signature is bound to its hashes by the person's passkey.
        "SCAL": "2",
        "auth": {"mode": "oauth2code"},
        "cert": cert,
        "key": own,
        "multisign": MOST,
    }))
}

/// The certificate names the person: it opens on the ground of what they approved for this service, and the opening is written down.
fn certificate_of(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    holder: &Holder,
    key: &SigningKey,
) -> Answer<Certificate> {
    let who = holder.grant.resident;
    let row = certificate::find(tx, &key.serial)?.filter(|row| row.resident == Some(who));
    let row = row.ok_or_else(|| Fault::stored_data("the certificate of a signing key is not its person's"))?;
    let decision = userinfo::decision(&holder.grant, &holder.consent)?;
    if !decision.fields().contains(&lionrock_model::policy::Field::ChineseName) {
        return Err(super::refuse(
            Code::InsufficientScope,
            "the person did not approve that you see their certificate",
        ));
    }
    let grant = vault::grant(tx, platform, caller, &decision)?;
    Ok(authority::open(platform, Some(&grant), &row)?)
}

fn certificates(own: &Certificate, wish: Wish, chain: Option<&authority::Chain>) -> Vec<String> {
    let mut all = vec![own];
    if let (Certificates::Chain, Some(chain)) = (wish.certificates, chain) {
        all.extend(chain.above(own));
        all.push(&chain.root);
    }
    all.into_iter().map(|one| STANDARD.encode(one.der())).collect()
}

/// `YYYYMMDDHHmmssZ`.
fn moment(seconds: u64) -> String {
    let at = lionrock_model::time::Millis(i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000));
    let written = at.timestamp().map(|at| at.to_string()).unwrap_or_default();
    let text: String = written.chars().filter(char::is_ascii_digit).take(14).collect();
    format!("{text}Z")
}
