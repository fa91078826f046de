//! The help desk's way to the kill switch. Somebody calls and says that a phone is lost: the desk learns nothing about the account, not even
//! whether there is one, and suspends it only on call-back evidence: six digits sent to the address on record and read back, or a
//! second officer of another unit who signs the same text.

use super::case;
use super::code::too_many;
use super::desk::{is_officers, widen, within};
use crate::audit::{self, Event};
use crate::authority::By;
use crate::ceremony::settle;
use crate::freshness::{self, Mark};
use crate::imprint::Imprint;
use crate::port::Letter;
use crate::staff::{OnDuty, approve, on_duty, policy};
use crate::suspension::Why;
use crate::{Caller, Error, Fault, Platform, email_code, outbox, suspension, vault};
use lionrock_model::counter::{CALL_BACK_TRIES, CaseKind, CaseState, CounterRefusal};
use lionrock_model::hkid::Hkid;
use lionrock_model::id::{CaseId, ResidentId};
use lionrock_model::language::Language;
use lionrock_model::person::Email;
use lionrock_model::policy::staff::Action;
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_model::time::Millis;
use lionrock_store::Tx;
use lionrock_store::counter_case::{self, Case};
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use serde_json::json;
use std::sync::Arc;

/// A request as officers see it: the same whether there is an account or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Its id.
    pub case: CaseId,
    /// Whether this officer asked.
    pub own: bool,
    /// Whether the digits were read back.
    pub called_back: bool,
    /// Whether the officer who asked has signed, so that a second one can.
    pub signed: bool,
    /// Until when.
    pub until: Millis,
    /// What this officer would sign.
    pub text: String,
}

/// Opens a request for the account of a card number. The answer is the same for every number.
///
/// # Errors
/// Of the officer's session and of the policy; [`CounterRefusal::OwnAccount`]; `Locked` when the officer looked up too many; faults.
pub async fn open(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    number: &str,
) -> Result<CaseId, Error<CounterRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (cookie, number) = (cookie.to_owned(), number.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let duty = match permitted(tx, &owned, &caller, &cookie)? {
                Ok(duty) => duty,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let owner = match Hkid::parse(number.trim()) {
                Ok(hkid) => {
                    let index = vault::blind_index_for(&owned, &caller, duty.officer.id, &hkid)?;
                    if is_officers(tx, &duty, &index)? {
                        return Ok(Err(CounterRefusal::OwnAccount));
                    }
                    vault::owner(tx, &owned, &caller, &index)?
                }
                Err(_) => None,
            };
            let mut new = case::new(&caller, CaseKind::KillSwitch);
            new.state = CaseState::Opened;
            new.officer = Some(*duty.officer.id.as_bytes());
            new.unit = Some(duty.officer.unit.as_str().to_owned());
            new.resident = owner;
            let digits = email_code::draw(&caller);
            new.code = Some(digest(&owned, new.id, &digits)?);
            let kept = case::add(tx, &owned, new)?;
            if let Some(who) = owner
                && !too_many(tx, &owned, &caller, "call-back letter", who.as_bytes())?
            {
                call_back(tx, &owned, &caller, who, &digits)?;
            }
            let body = json!({
                "case": kept.id.to_string(),
                "errand": CaseKind::KillSwitch.word(),
                "officer": duty.officer.id.to_string(),
                "unit": duty.officer.unit.as_str(),
            });
            audit::append(tx, &owned, &caller, &Event::new("errand.begun", owner, body))?;
            Ok(Ok(kept.id))
        })
        .await;
    settle(outcome)
}

/// Requests that wait: the officer's own, and those of other units that need a second signature.
///
/// # Errors
/// Of the officer's session; faults.
pub async fn list(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Vec<View>, Error<CounterRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .read(move |tx| {
            let duty = on_duty(tx, &owned, &caller, &cookie).map_err(widen)?;
            if !duty.may(&caller, Action::AccountFreeze) {
                return Ok(Vec::new());
            }
            let mut views = Vec::new();
            for found in counter_case::suspending(tx, caller.now)? {
                if let Some(case) = case::good(&owned, Some(found), caller.now)? {
                    let view = view(&duty, &case);
                    if view.own || (view.signed && other_unit(&duty, &case)) {
                        views.push(view);
                    }
                }
            }
            Ok(views)
        })
        .await
}

/// Takes the digits that the person read out to the officer who asked.
///
/// # Errors
/// Of the officer's session; [`CounterRefusal::CallBackWrong`], the same for a wrong code and for none; [`CounterRefusal::CaseOver`]; faults.
pub async fn answer(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: CaseId,
    typed: &str,
) -> Result<(), Error<CounterRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (cookie, typed) = (cookie.to_owned(), email_code::typed(typed));
    let outcome = platform
        .store
        .write(move |tx| {
            let duty = match permitted(tx, &owned, &caller, &cookie)? {
                Ok(duty) => duty,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let Some(mut case) = waiting(tx, &owned, &caller, id)?.filter(|case| is_own(&duty, case)) else {
                return Ok(Err(CounterRefusal::CaseOver));
            };
            let right = case.tries < CALL_BACK_TRIES
                && case.resident.is_some()
                && case.code.is_some_and(|kept| {
                    digest(&owned, id, &typed).is_ok_and(|own| lionrock_crypto::secret::same(&own, &kept))
                });
            if right {
                case.state = CaseState::Shown;
                case.code = None;
                case::save(tx, &owned, case)?;
                return Ok(Ok(()));
            }
            let body =
                json!({"case": id.to_string(), "code": "call-back-wrong", "officer": duty.officer.id.to_string()});
            audit::append(tx, &owned, &caller, &Event::new("errand.refused", case.resident, body))?;
            case.tries += 1;
            if case.tries >= CALL_BACK_TRIES {
                case.code = None;
            }
            case::save(tx, &owned, case)?;
            Ok(Err(CounterRefusal::CallBackWrong))
        })
        .await;
    settle(outcome)
}

/// The question for an officer's key: the one who asked, or the second one.
///
/// # Errors
/// As [`sign`].
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: CaseId,
) -> Result<RequestOptions, Error<CounterRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let (duty, case) = match signer(tx, &owned, &caller, &cookie, id)? {
                Ok(ready) => ready,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let text = text(&duty, &case);
            let options = approve::begin_in(tx, &owned, &caller, &duty, Action::AccountFreeze, &text)?;
            Ok(options.map_err(CounterRefusal::Duty))
        })
        .await;
    settle(outcome)
}

/// What came of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// The request waits for the digits or for a second officer.
    Waits,
    /// Done: if there is such an account, nothing opens it now.
    Done,
}

/// Takes an officer's signature. With call-back evidence it suspends at once; otherwise the second officer's does.
///
/// # Errors
/// Of the officer's session, key and of the policy; [`CounterRefusal::SecondOfficer`], [`CounterRefusal::CaseOver`]; faults.
pub async fn sign(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: CaseId,
    answer: AuthenticationResponse,
) -> Result<Signed, Error<CounterRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let (duty, mut case) = match signer(tx, &owned, &caller, &cookie, id)? {
                Ok(ready) => ready,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let text = text(&duty, &case);
            let approved = match approve::check(tx, &owned, &caller, &duty, Action::AccountFreeze, &text, &answer)? {
                Ok(approved) => approved,
                Err(refusal) => return Ok(Err(CounterRefusal::Duty(refusal))),
            };
            let first = is_own(&duty, &case);
            if first && case.state == CaseState::Opened {
                case.approval = Some(approved.act);
                case::save(tx, &owned, case)?;
                return Ok(Ok(Signed::Waits));
            }
            let evidence = if first { "call-back" } else { "second-officer" };
            let body = json!({
                "act": approve::hex(&approved.act),
                "case": id.to_string(),
                "errand": CaseKind::KillSwitch.word(),
                "evidence": evidence,
                "officer": duty.officer.id.to_string(),
                "unit": duty.officer.unit.as_str(),
            });
            freshness::append(tx, &owned, &caller, Mark::Shown(id), &Event::new("errand.shown", case.resident, body))?;
            if let Some(who) = case.resident {
                let by = json!({"case": id.to_string(), "desk": evidence});
                suspension::begin(tx, &owned, &caller, who, None, Why::Lost(By::Platform), by)?;
            }
            case::end(tx, &owned, &caller, case)?;
            Ok(Ok(Signed::Done))
        })
        .await;
    settle(outcome)
}

fn signer(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
    id: CaseId,
) -> Result<Result<(OnDuty, Case), CounterRefusal>, Fault> {
    let duty = match permitted(tx, platform, caller, cookie)? {
        Ok(duty) => duty,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(case) = waiting(tx, platform, caller, id)? else { return Ok(Err(CounterRefusal::CaseOver)) };
    let may = if is_own(&duty, &case) {
        // Twice is not two.
        case.state == CaseState::Shown || case.approval.is_none()
    } else {
        case.approval.is_some() && other_unit(&duty, &case)
    };
    if may { Ok(Ok((duty, case))) } else { Ok(Err(CounterRefusal::SecondOfficer)) }
}

fn permitted(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
) -> Result<Result<OnDuty, CounterRefusal>, Fault> {
    let duty = match within(on_duty(tx, platform, caller, cookie))? {
        Ok(duty) => duty,
        Err(refusal) => return Ok(Err(refusal)),
    };
    match policy::decide(tx, platform, caller, &duty.question(caller, Action::AccountFreeze))? {
        Ok(_) => Ok(Ok(duty)),
        Err(refusal) => Ok(Err(CounterRefusal::Duty(refusal.into()))),
    }
}

fn waiting(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, id: CaseId) -> Result<Option<Case>, Fault> {
    Ok(case::find(tx, platform, id, caller.now)?.filter(|case| case.kind == CaseKind::KillSwitch))
}

fn is_own(duty: &OnDuty, case: &Case) -> bool {
    case.officer == Some(*duty.officer.id.as_bytes())
}

fn other_unit(duty: &OnDuty, case: &Case) -> bool {
    !is_own(duty, case) && case.unit.as_deref() != Some(duty.officer.unit.as_str())
}

fn view(duty: &OnDuty, case: &Case) -> View {
    View {
        case: case.id,
        own: is_own(duty, case),
        called_back: case.state == CaseState::Shown,
        signed: case.approval.is_some(),
        until: case.expires,
        text: text(duty, case),
    }
}

/// The canonical text of the act. It names the request, not the account: the text must not tell whether there is one.
fn text(duty: &OnDuty, case: &Case) -> String {
    let evidence = match (is_own(duty, case), case.state) {
        (true, CaseState::Shown) => "call-back",
        (true, _) => "asks-for-a-second-officer",
        (false, _) => "second-officer",
    };
    format!(
        "suspend-account\ncase: {}\nevidence: {evidence}\nofficer: {}\nunit: {}\n",
        case.id,
        duty.officer.id,
        duty.officer.unit.as_str()
    )
}

fn digest(platform: &Platform, id: CaseId, digits: &str) -> Result<[u8; 32], Fault> {
    Imprint::new().bytes(id.as_bytes()).text(digits).under(platform, "call-back code")
}

/// The digits go to the address on record, and nowhere else.
fn call_back(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    who: ResidentId,
    digits: &str,
) -> Result<(), Fault> {
    let decision = decide(Actor::Platform, Subject::Resident(who), Purpose::Notification, &[Field::Email], None)
        .map_err(|_| Fault::bug("the platform may write to a resident"))?;
    let grant = vault::grant(tx, platform, caller, &decision)?;
    let Some(to) = grant.email()? else { return Ok(()) };
    let language = Language::from_tag(&grant.row()?.notice_language).unwrap_or_default();
    outbox::post(tx, platform, caller, Some(who), &letter(to, language, digits))
}

fn letter(to: Email, language: Language, digits: &str) -> Letter {
    let (subject, text) = match language {
        Language::En => (
            "Your call-back code",
            format!(
                "Somebody asked our help desk to suspend your account because a phone is lost.\n\n\
                 If it was you, read these six digits to the officer on the telephone:\n\n{digits}\n\n\
                 They are good for fifteen minutes. If it was not you, tell nobody: without them nothing happens."
            ),
        ),
        Language::ZhHant => (
            "你的回覆確認碼",
            format!(
                "有人以遺失手機為由，要求服務台暫停你的帳戶。\n\n如果是你本人，請在電話中向職員讀出以下六位數字：\n\n{digits}\n\n\
                 十五分鐘內有效。如果不是你本人，請勿告訴任何人：沒有這些數字，什麼都不會發生。"
            ),
        ),
        Language::ZhHans => (
            "您的回拨确认码",
            format!(
                "有人以手机丢失为由，请求服务台暂停您的账户。\n\n如果是您本人，请在电话中向工作人员读出以下六位数字：\n\n{digits}\n\n\
                 十五分钟内有效。如果不是您本人，请不要告诉任何人：没有这些数字，什么都不会发生。"
            ),
        ),
    };
    Letter { to, subject: subject.to_owned(), text }
}
