//! Letters about an account: what changed and what to do when it was not you. No name, no device, nothing a mailbox should keep.

use crate::port::Letter;
use crate::{Caller, Fault, Platform, outbox, vault};
use lionrock_model::id::ResidentId;
use lionrock_model::language::Language;
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_store::Tx;

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum News {
    /// The account was closed.
    AccountClosed,
    /// A passkey was added.
    AuthenticatorAdded,
    /// A passkey was removed.
    AuthenticatorRemoved,
    /// Somebody got in by two recovery codes and made a new passkey.
    Recovered,
}

/// Puts a letter into the outbox, if the person has a confirmed address. Opening the address leaves its leaf.
///
/// # Errors
/// Of the store and of the vault.
pub fn post(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    resident: ResidentId,
    news: News,
) -> Result<(), Fault> {
    let decision = decide(Actor::Platform, Subject::Resident(resident), Purpose::Notification, &[Field::Email], None)
        .map_err(|_| Fault::bug("the platform may always write to a person about their account"))?;
    let grant = vault::grant(tx, platform, caller, &decision)?;
    let Some(to) = grant.email()? else { return Ok(()) };
    let (subject, text) = words(news, caller.language, &platform.settings.issuer, caller);
    // A letter about a closed account belongs to nobody's account any more.
    let about = if matches!(news, News::AccountClosed) { None } else { Some(resident) };
    outbox::post(tx, platform, caller, about, &Letter { to, subject, text })
}

fn words(news: News, language: Language, address: &str, caller: &Caller) -> (String, String) {
    let at = caller.now.hong_kong().strftime("%Y-%m-%d %H:%M");
    let (subject, what, act) = match (language, news) {
        (Language::En, News::AuthenticatorAdded) => (
            "A passkey was added to your account",
            "A passkey was added to your account.",
            "If it was not you: sign in, remove that passkey, and end the sessions you do not know.",
        ),
        (Language::En, News::AuthenticatorRemoved) => (
            "A passkey was removed from your account",
            "A passkey was removed from your account and opens it no more.",
            "If it was not you: sign in with another passkey and look at your account.",
        ),
        (Language::En, News::AccountClosed) => (
            "Your account is closed",
            "Your account is closed. The key to your data was destroyed; nobody can read it again.",
            "If it was not you, tell a registration counter. You can register again with your card.",
        ),
        (Language::En, News::Recovered) => (
            "Two recovery codes opened your account",
            "Somebody typed your card number and two of your recovery codes, and made a new passkey. All other sessions were ended.",
            "If it was not you: sign in with a passkey you still have and remove the new one, or go to a registration counter at once. Nothing can be signed for three days.",
        ),
        (Language::ZhHant, News::AuthenticatorAdded) => (
            "你的帳戶新增了一個通行密鑰",
            "你的帳戶新增了一個通行密鑰。",
            "如果不是你本人所為：請登入，移除該密鑰，並結束你不認得的登入。",
        ),
        (Language::ZhHant, News::AuthenticatorRemoved) => (
            "你的帳戶移除了一個通行密鑰",
            "你的帳戶移除了一個通行密鑰，它不能再開啟你的帳戶。",
            "如果不是你本人所為：請用另一個密鑰登入，查看你的帳戶。",
        ),
        (Language::ZhHant, News::AccountClosed) => (
            "你的帳戶已結束",
            "你的帳戶已結束。加封你資料的密鑰已經銷毀，任何人都不能再讀取。",
            "如果不是你本人所為，請通知登記櫃位。你可以用身份證再次登記。",
        ),
        (Language::ZhHant, News::Recovered) => (
            "有人用兩個恢復碼開啟了你的帳戶",
            "有人輸入了你的身份證號碼和兩個恢復碼，並製作了新的通行密鑰。其他登入均已結束。",
            "如果不是你本人所為：請用你仍持有的密鑰登入並移除新的密鑰，或立即前往登記櫃位。三天內不能簽署任何文件。",
        ),
        (Language::ZhHans, News::AuthenticatorAdded) => (
            "您的账户新增了一个通行密钥",
            "您的账户新增了一个通行密钥。",
            "如果不是您本人操作：请登录，移除该密钥，并结束您不认识的登录。",
        ),
        (Language::ZhHans, News::AuthenticatorRemoved) => (
            "您的账户移除了一个通行密钥",
            "您的账户移除了一个通行密钥，它不能再打开您的账户。",
            "如果不是您本人操作：请用另一个密钥登录，查看您的账户。",
        ),
        (Language::ZhHans, News::Recovered) => (
            "有人用两个恢复码打开了您的账户",
            "有人输入了您的身份证号码和两个恢复码，并制作了新的通行密钥。其他登录均已结束。",
            "如果不是您本人操作：请用您仍持有的密钥登录并移除新的密钥，或立即前往登记柜台。三天内不能签署任何文件。",
        ),
        (Language::ZhHans, News::AccountClosed) => (
            "您的账户已注销",
            "您的账户已注销。封存您资料的密钥已经销毁，任何人都不能再读取。",
            "如果不是您本人操作，请通知登记柜台。您可以用身份证再次登记。",
        ),
    };
    (subject.to_owned(), format!("{what}\n\n{at} (UTC+8)\n\n{act}\n\n{address}/account\n"))
}
