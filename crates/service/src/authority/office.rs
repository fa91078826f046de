//! Acts of certification officers: one signs with their key exactly what is asked for, another of another unit signs exactly that again,
//! and then it is done. Nobody acts alone, and no row of the database says what is done: the text comes out of the first one's signed act.
//!
//! | verb | writes |
//! | --- | --- |
//! | [`propose_begin`], [`propose`] | the signed proposal |
//! | [`decide_begin`], [`decide`] | the signed decision; the certificate's standing or a new certificate, leaf |
//! | [`waiting`], [`look`], [`file`] | nothing |
//!
//! They see serial numbers and standings, never whose certificate it is. Residents' certificates are asked for by residents alone.

use super::change::{self, Act, By};
use super::issue::{Holder, Request, issue};
use super::{hex, unhex};
use crate::audit::{self, Event};
use crate::ceremony::settle;
use crate::staff::{OnDuty, approve, house, on_duty, policy};
use crate::{Caller, Error, Fault, Platform};
use lionrock_crypto::digest::sha256;
use lionrock_model::certificate::{CertificateRefusal, Ground, OfficeRefusal, Standing};
use lionrock_model::id::{OfficerId, ServiceId};
use lionrock_model::policy::staff::Action;
use lionrock_model::staff::{DutyRefusal, PROPOSAL, Unit};
use lionrock_model::time::Millis;
use lionrock_pki::{algorithm, name, request};
use lionrock_store::{Tx, certificate, officer_act};
use lionrock_wire::jose;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use serde_json::json;
use std::sync::Arc;

/// What an officer asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A certificate shall stand otherwise.
    Change {
        /// Its serial number, hexadecimal.
        serial: String,
        /// What is to happen.
        act: Act,
    },
    /// A certificate for a service, servers or an officer; never for a resident.
    Issue {
        /// [`Profile::ServiceEncipherment`], [`Profile::InternalTls`] or [`Profile::Officer`].
        profile: Profile,
        /// The service's or officer's id, or host names with commas between.
        holder: String,
        /// Their request (PKCS#10, DER).
        request: Vec<u8>,
        /// Days it is valid.
        days: u32,
    },
}

/// Which way the second person decides.
pub use crate::staff::officers::Decision;
/// What a certificate is for.
pub use lionrock_pki::profile::Profile;

/// A proposal that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The signed act, by which it is decided.
    pub act: [u8; 16],
    /// What was signed, line by line.
    pub text: String,
    /// When it was proposed.
    pub at: Millis,
    /// Whether this officer may be the second.
    pub may_decide: bool,
}

/// A certificate as certification officers see it: nobody's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Serial number, hexadecimal.
    pub serial: String,
    /// The word of its profile.
    pub profile: String,
    /// How it stands.
    pub standing: Standing,
    /// Who made it stand so.
    pub by: By,
    /// Its first moment.
    pub from: Millis,
    /// Its last moment.
    pub until: Millis,
    /// Whether the certificate itself may be taken along: it is no person's.
    pub public: bool,
}

type Judged<T> = Result<Result<T, OfficeRefusal>, Fault>;

/// The text to be signed by whoever asks, and the question for their key.
///
/// # Errors
/// An [`OfficeRefusal`]; faults.
pub async fn propose_begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    wanted: Wanted,
) -> Result<(String, RequestOptions), Error<OfficeRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let (duty, text) = match proposed(tx, &owned, &caller, &cookie, &wanted)? {
                Ok(judged) => judged,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let options = approve::begin_in(tx, &owned, &caller, &duty, Action::CertificatePropose, &text)?;
            Ok::<_, Fault>(options.map(|options| (text, options)).map_err(OfficeRefusal::Duty))
        })
        .await;
    settle(outcome)
}

/// Keeps the signed proposal; its id.
///
/// # Errors
/// An [`OfficeRefusal`]; faults.
pub async fn propose(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    wanted: Wanted,
    answer: AuthenticationResponse,
) -> Result<[u8; 16], Error<OfficeRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let (duty, text) = match proposed(tx, &owned, &caller, &cookie, &wanted)? {
                Ok(judged) => judged,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let signed = approve::check(tx, &owned, &caller, &duty, Action::CertificatePropose, &text, &answer)?;
            Ok::<_, Fault>(signed.map(|signed| signed.act).map_err(OfficeRefusal::Duty))
        })
        .await;
    settle(outcome)
}

/// Proposals that nobody decided yet, newest first.
///
/// # Errors
/// An [`OfficeRefusal`]; faults.
pub async fn waiting(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Vec<Waiting>, Error<OfficeRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .read(move |tx| {
            let duty = seen_by(tx, &owned, &caller, &cookie)?;
            let mut open = Vec::new();
            for row in officer_act::of_action(tx, Action::CertificatePropose.word(), caller.now.before(PROPOSAL))? {
                let Some(proposal) = read(tx, &owned, &caller, &row.id)? else { continue };
                if is_decided(tx, &proposal)? || !fits(tx, &owned, &caller, &proposal)? {
                    continue;
                }
                let other = proposal.officer != duty.officer.id && proposal.unit != duty.officer.unit;
                let Proposal { act, text, at, .. } = proposal;
                open.push(Waiting { act, text, at, may_decide: other });
            }
            Ok(open)
        })
        .await
}

/// The text of a decision, and the question for the key of whoever decides.
///
/// # Errors
/// An [`OfficeRefusal`]: one's own proposal, that of one's own unit, one that is over; faults.
pub async fn decide_begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    proposal: [u8; 16],
    decision: Decision,
) -> Result<(String, RequestOptions), Error<OfficeRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let (duty, proposal) = match judged(tx, &owned, &caller, &cookie, &proposal)? {
                Ok(judged) => judged,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let text = proposal.decided(decision);
            let options = approve::begin_in(tx, &owned, &caller, &duty, Action::CertificateApprove, &text)?;
            Ok::<_, Fault>(options.map(|options| (text, options)).map_err(OfficeRefusal::Duty))
        })
        .await;
    settle(outcome)
}

/// Decides; what was approved is done in the same transaction. The serial number of the certificate, hexadecimal.
///
/// # Errors
/// An [`OfficeRefusal`]; faults.
pub async fn decide(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    proposal: [u8; 16],
    decision: Decision,
    answer: AuthenticationResponse,
) -> Result<Option<String>, Error<OfficeRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let (duty, proposal) = match judged(tx, &owned, &caller, &cookie, &proposal)? {
                Ok(judged) => judged,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let text = proposal.decided(decision);
            let signed = match approve::check(tx, &owned, &caller, &duty, Action::CertificateApprove, &text, &answer)? {
                Ok(signed) => signed,
                Err(refusal) => return Ok(Err(refusal.into())),
            };
            let serial = match decision {
                Decision::Refuse => None,
                Decision::Approve => match carry_out(tx, &owned, &caller, &proposal.wanted)? {
                    Ok(serial) => Some(serial),
                    Err(refusal) => return Ok(Err(refusal.into())),
                },
            };
            let row = serial.as_ref().map(|serial| certificate::find(tx, serial)).transpose()?.flatten();
            let body = json!({
                "acts": [hex(&proposal.act), hex(&signed.act)],
                "decision": decision.word(),
                "serial": serial.as_deref().map(hex),
                "signed_by": [proposal.officer.to_string(), duty.officer.id.to_string()],
                "what": proposal.wanted.word(),
            });
            let event = Event::new("certificate.decided", row.and_then(|row| row.resident), body);
            audit::append(tx, &owned, &caller, &event)?;
            Ok(Ok(serial.as_deref().map(hex)))
        })
        .await;
    let done = settle(outcome)?;
    platform.ledger.ring();
    Ok(done)
}

/// A certificate's standing, for certification officers.
///
/// # Errors
/// An [`OfficeRefusal`]; `RolledBack` when the row is not what the ledger says.
pub async fn look(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    serial: &str,
) -> Result<View, Error<OfficeRefusal>> {
    Ok(found(platform, caller, cookie, serial).await?.0)
}

/// A certificate of a service, server or officer, DER. Residents' are nobody's here.
///
/// # Errors
/// As [`look`]; [`CertificateRefusal::NotFound`] for a resident's.
pub async fn file(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    serial: &str,
) -> Result<Vec<u8>, Error<OfficeRefusal>> {
    let (view, row) = found(platform, caller, cookie, serial).await?;
    if !view.public {
        return Err(Error::Refuse(CertificateRefusal::NotFound.into()));
    }
    Ok(change::open(platform, None, &row)?.der().to_vec())
}

async fn found(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    serial: &str,
) -> Result<(View, certificate::Certificate), Error<OfficeRefusal>> {
    let (owned, caller, cookie, serial) = (Arc::clone(platform), caller.clone(), cookie.to_owned(), unhex(serial));
    platform
        .store
        .read(move |tx| {
            seen_by(tx, &owned, &caller, &cookie)?;
            let row = serial.map(|serial| certificate::find(tx, &serial)).transpose()?.flatten();
            let row = row.ok_or(Error::Refuse(CertificateRefusal::NotFound.into()))?;
            change::compare(tx, &owned, &row)?;
            let persons = row.profile == Profile::ResidentSigning.word();
            let view = View {
                serial: hex(&row.serial),
                profile: row.profile.clone(),
                standing: row.standing,
                by: row.by,
                from: row.not_before,
                until: row.not_after,
                public: !persons && row.sealed_certificate.is_some(),
            };
            Ok((view, row))
        })
        .await
}

/// A proposal as its signature has it.
struct Proposal {
    act: [u8; 16],
    officer: OfficerId,
    unit: Unit,
    person: [u8; 32],
    at: Millis,
    text: String,
    wanted: Wanted,
    version: Option<i64>,
}

impl Proposal {
    /// What the second person signs: the same for whoever it is, so that one proposal is decided once.
    fn decided(&self, decision: Decision) -> String {
        let lines: String = self.text.lines().skip(3).map(|line| format!("{line}\n")).collect();
        let head: String = self.text.lines().take(2).map(|line| format!("{line}\n")).collect();
        format!(
            "{head}action: {}\nproposal: {}\nproposed-by: {}\ndecision: {}\n{lines}",
            Action::CertificateApprove.word(),
            hex(&self.act),
            self.officer,
            decision.word(),
        )
    }
}

impl Wanted {
    /// The word of what is asked for.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Change { act: Act::Revoke(_), .. } => "revoke",
            Self::Change { act: Act::Hold, .. } => "hold",
            Self::Change { act: Act::Resume, .. } => "resume",
            Self::Issue { .. } => "issue",
        }
    }
}

const FIRST: &str = "lionrock certificate v1";

/// The canonical text of a proposal. `version` and `profile` are those of the certificate as it stands.
fn text(platform: &Platform, wanted: &Wanted, standing: Option<(&str, i64)>, key: Option<[u8; 32]>) -> String {
    let mut text = format!(
        "{FIRST}\nrealm: {}\naction: {}\nkind: {}\n",
        platform.settings.realm,
        Action::CertificatePropose.word(),
        wanted.word()
    );
    let mut line = |name: &str, value: &str| text.push_str(&format!("{name}: {value}\n"));
    match wanted {
        Wanted::Change { serial, act } => {
            line("serial", serial);
            if let Some((profile, version)) = standing {
                line("profile", profile);
                line("version", &version.to_string());
            }
            if let Act::Revoke(ground) = act {
                line("ground", ground.word());
            }
        }
        Wanted::Issue { profile, holder, request, days } => {
            line("profile", profile.word());
            line("holder", holder);
            line("days", &days.to_string());
            if let Some(key) = key {
                line("key-sha256", &hex(&key));
            }
            line("request", &jose::encode(request));
        }
    }
    text
}

/// Reads such a text; `None` when it is none of ours.
fn parse(platform: &Platform, text: &str) -> Option<(Wanted, Option<i64>)> {
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let fits =
        text.lines().next() == Some(FIRST) && line("realm") == Some(platform.settings.realm.to_string().as_str());
    let wanted = match line("kind").filter(|_| fits)? {
        "issue" => Wanted::Issue {
            profile: Profile::from_word(line("profile")?)?,
            holder: line("holder")?.to_owned(),
            request: jose::decode(line("request")?, "request").ok()?,
            days: line("days")?.parse().ok()?,
        },
        kind => {
            let act = match kind {
                "revoke" => Act::Revoke(Ground::from_word(line("ground")?)?),
                "hold" => Act::Hold,
                "resume" => Act::Resume,
                _ => return None,
            };
            Wanted::Change { serial: line("serial")?.to_owned(), act }
        }
    };
    let version = line("version").and_then(|version| version.parse().ok());
    Some((wanted, version))
}

/// Whether an officer may ask for that now, and the text.
fn proposed(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
    wanted: &Wanted,
) -> Judged<(OnDuty, String)> {
    let duty = match on_duty(tx, platform, caller, cookie) {
        Ok(duty) => duty,
        Err(Error::Refuse(refusal)) => return Ok(Err(refusal.into())),
        Err(Error::Fault(fault)) => return Err(fault),
    };
    let question = duty.question(caller, Action::CertificatePropose);
    if let Err(refusal) = policy::decide(tx, platform, caller, &question)? {
        return Ok(Err(DutyRefusal::from(refusal).into()));
    }
    let text = match wanted {
        Wanted::Change { serial, act } => {
            let row = unhex(serial).map(|serial| certificate::find(tx, &serial)).transpose()?.flatten();
            let Some(row) = row else { return Ok(Err(CertificateRefusal::NotFound.into())) };
            change::compare(tx, platform, &row)?;
            if let Err(refusal) = change::may(&row, *act, By::Officer, caller.now) {
                return Ok(Err(refusal.into()));
            }
            let wanted = Wanted::Change { serial: hex(&row.serial), act: *act };
            text(platform, &wanted, Some((&row.profile, row.version)), None)
        }
        Wanted::Issue { profile, holder, request: asked, days } => {
            let fits = matches!(profile, Profile::ServiceEncipherment | Profile::InternalTls | Profile::Officer);
            let plain = !holder.is_empty() && holder.len() <= 1000 && holder.chars().all(|c| c.is_ascii_graphic());
            if !fits || !plain || *days == 0 {
                return Ok(Err(CertificateRefusal::NotIssued.into()));
            }
            let Ok(proved) = request::read(asked) else { return Ok(Err(CertificateRefusal::BadRequest.into())) };
            let first = holder.split(',').next().unwrap_or_default();
            let Ok(key) = algorithm::key_digest(&proved.key) else {
                return Ok(Err(CertificateRefusal::BadRequest.into()));
            };
            if name::common_name(&proved.subject).as_deref() != Some(first) {
                return Ok(Err(CertificateRefusal::BadRequest.into()));
            }
            text(platform, wanted, None, Some(key))
        }
    };
    if text.len() > approve::LONGEST / 2 {
        return Ok(Err(CertificateRefusal::BadRequest.into()));
    }
    Ok(Ok((duty, text)))
}

/// A signed proposal whose officer still stands.
fn read(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, act: &[u8; 16]) -> Result<Option<Proposal>, Fault> {
    let Some((signed, text)) = approve::read(tx, platform, act, Action::CertificatePropose)? else { return Ok(None) };
    let Some((wanted, version)) = parse(platform, &text) else { return Ok(None) };
    let seat = house::find(tx, platform, signed.officer)?.filter(|seat| seat.kept.officer.stands(caller.now));
    let Some(seat) = seat else { return Ok(None) };
    Ok(Some(Proposal {
        act: *act,
        officer: signed.officer,
        unit: seat.kept.officer.unit,
        person: seat.kept.person,
        at: signed.at,
        text,
        wanted,
        version,
    }))
}

fn is_decided(tx: &mut Tx<'_>, proposal: &Proposal) -> Result<bool, Fault> {
    for decision in [Decision::Approve, Decision::Refuse] {
        let digest = sha256(proposal.decided(decision).as_bytes());
        if officer_act::is_signed(tx, Action::CertificateApprove.word(), &digest)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether what was signed still fits how things stand: a statement acts once, on exactly what was looked at.
fn fits(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, proposal: &Proposal) -> Result<bool, Fault> {
    match &proposal.wanted {
        Wanted::Change { serial, act } => {
            let row = unhex(serial).map(|serial| certificate::find(tx, &serial)).transpose()?.flatten();
            let Some(row) = row else { return Ok(false) };
            change::compare(tx, platform, &row)?;
            Ok(Some(row.version) == proposal.version && change::may(&row, *act, By::Officer, caller.now).is_ok())
        }
        Wanted::Issue { request: asked, .. } => {
            let key = request::read(asked).ok().and_then(|proved| algorithm::key_digest(&proved.key).ok());
            let Some(key) = key else { return Ok(false) };
            // Whatever became of the row of the decision: a certificate over that key, made since, is what was asked for.
            Ok(certificate::of_key(tx, &key)?.iter().all(|one| one.created < proposal.at))
        }
    }
}

/// A proposal that this officer may decide.
fn judged(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
    act: &[u8; 16],
) -> Judged<(OnDuty, Proposal)> {
    let duty = match on_duty(tx, platform, caller, cookie) {
        Ok(duty) => duty,
        Err(Error::Refuse(refusal)) => return Ok(Err(refusal.into())),
        Err(Error::Fault(fault)) => return Err(fault),
    };
    let Some(proposal) = read(tx, platform, caller, act)? else { return Ok(Err(DutyRefusal::ProposalOver.into())) };
    let question =
        duty.question(caller, Action::CertificateApprove).proposed_by(proposal.officer, proposal.unit.clone());
    if let Err(refusal) = policy::decide(tx, platform, caller, &question)? {
        return Ok(Err(DutyRefusal::from(refusal).into()));
    }
    if proposal.person == duty.person {
        return Ok(Err(DutyRefusal::OwnProposal.into()));
    }
    let late = caller.now.since(proposal.at) >= PROPOSAL || caller.now < proposal.at;
    if late || is_decided(tx, &proposal)? || !fits(tx, platform, caller, &proposal)? {
        return Ok(Err(DutyRefusal::ProposalOver.into()));
    }
    Ok(Ok((duty, proposal)))
}

/// Does it; the serial number.
fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    wanted: &Wanted,
) -> Result<Result<Vec<u8>, CertificateRefusal>, Fault> {
    let done = match wanted {
        Wanted::Change { serial, act } => {
            let Some(serial) = unhex(serial) else { return Ok(Err(CertificateRefusal::NotFound)) };
            change::change(tx, platform, caller, &serial, *act, By::Officer).map(|()| serial)
        }
        Wanted::Issue { profile, holder, request, days } => {
            let hosts: Vec<String> = holder.split(',').map(str::to_owned).collect();
            let service = ServiceId::parse(holder);
            let holder = match (profile, &service) {
                (Profile::ServiceEncipherment, Ok(id)) => Holder::Service(id),
                (Profile::InternalTls, _) => Holder::Host(&hosts),
                (Profile::Officer, _) => Holder::Officer(holder),
                _ => return Ok(Err(CertificateRefusal::NotIssued)),
            };
            let asked = Request { profile: *profile, holder, request, days: Some(*days) };
            issue(tx, platform, caller, &asked).map(|issued| issued.certificate.serial().to_vec())
        }
    };
    match done {
        Ok(serial) => Ok(Ok(serial)),
        Err(Error::Refuse(refusal)) => Ok(Err(refusal)),
        Err(Error::Fault(fault)) => Err(fault),
    }
}

/// The session of somebody who may see the authority's certificates.
fn seen_by(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
) -> Result<OnDuty, Error<OfficeRefusal>> {
    let duty = on_duty(tx, platform, caller, cookie).map_err(|error| match error {
        Error::Refuse(refusal) => Error::Refuse(refusal.into()),
        Error::Fault(fault) => Error::Fault(fault),
    })?;
    if duty.may(caller, Action::CertificatePropose) {
        return Ok(duty);
    }
    Err(Error::Refuse(DutyRefusal::NotPermitted.into()))
}
