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
    /// A certificate in the person's name ends soon.
    CertificateEnding,
    /// A certificate was suspended.
    CertificateHeld,
    /// A certificate was issued in the person's name.
    CertificateIssued,
    /// A suspension of a certificate ended.
    CertificateResumed,
    /// A certificate was revoked.
    CertificateRevoked,
    /// New recovery codes replaced the old ones.
    CodesRenewed,
    /// Somebody got in by two recovery codes and made a new passkey.
    Recovered,
    /// What was approved for a service was taken back.
    ConsentEnded,
    /// The e-mail address was replaced; this letter goes to the one before.
    ContactChanged,
    /// A request for correction was decided.
    CorrectionDecided,
    /// A request for correction came.
    CorrectionReceived,
    /// A request for correction was taken back.
    CorrectionWithdrawn,
    /// A file of everything kept was made.
    DataExported,
    /// A document was signed.
    DocumentSigned,
    /// Staff read the person's record.
    RecordRead,
    /// The account became *Plus*.
    LevelRaised,
    /// Card and face opened a chance to make a new passkey, which was made.
    RecoveredByProofing,
    /// The account works again after a suspension.
    Reinstated,
    /// The account was suspended.
    Suspended,
    /// A guardian agreed that a young person has an account; goes to both.
    Guarded,
    /// A guardian took their consent back; goes to both.
    Unguarded,
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
        (Language::En, News::CodesRenewed) => (
            "You have new recovery codes",
            "New recovery codes were made for your account. The old ones are good no more.",
            "If it was not you: sign in, end the sessions you do not know, look at your passkeys, and make new codes.",
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
        (Language::ZhHant, News::CodesRenewed) => (
            "你有新的復原碼",
            "你的帳戶製作了新的復原碼，舊的已失效。",
            "如果不是你本人所為：請登入，結束你不認得的登入，查看你的密鑰，並製作新的復原碼。",
        ),
        (Language::ZhHant, News::Recovered) => (
            "有人用兩個復原碼開啟了你的帳戶",
            "有人輸入了你的身份證號碼和兩個復原碼，並製作了新的通行密鑰。其他登入均已結束。",
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
        (Language::ZhHans, News::CodesRenewed) => (
            "您有新的恢复码",
            "您的账户制作了新的恢复码，旧的已失效。",
            "如果不是您本人操作：请登录，结束您不认识的登录，查看您的密钥，并制作新的恢复码。",
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
        (Language::En, News::ConsentEnded) => (
            "You took back an approval",
            "You took back what you had approved for an online service. It gets nothing more, and its next sign-in asks you again.",
            "What it received before, it still has: ask it to delete that. If it was not you: sign in and look at your sessions and passkeys.",
        ),
        (Language::En, News::ContactChanged) => (
            "Your e-mail address was changed",
            "The e-mail address of your account was replaced by another one. We write to this one for the last time.",
            "If it was not you: sign in at once, put your own address back, and look at your sessions and passkeys. If you cannot sign in, go to a registration counter.",
        ),
        (Language::En, News::CorrectionReceived) => (
            "We have your request for correction",
            "You told us that something we keep about you is wrong. It has to be answered within 40 days.",
            "You can see your request in your account and take it back until it is decided. If it was not you: sign in, take it back, and look at your sessions.",
        ),
        (Language::En, News::CorrectionWithdrawn) => (
            "You took back your request for correction",
            "You took back a request for correction. Nothing was changed because of it.",
            "If it was not you: sign in, ask again, and look at your sessions.",
        ),
        (Language::En, News::DataExported) => (
            "A file of your data was made",
            "A file of everything we keep about you was made and downloaded.",
            "If it was not you: sign in, end the sessions you do not know, and look at your passkeys. Whoever has the file can read it.",
        ),
        (Language::En, News::CorrectionDecided) => (
            "Your request for correction is decided",
            "Two officers decided about the fact you said is wrong. Your account shows what they decided, and who looked at your data for it.",
            "If you do not agree: sign in and ask again, or write to the Privacy Commissioner for Personal Data.",
        ),
        (Language::ZhHant, News::CorrectionDecided) => (
            "你的更正要求已有決定",
            "兩名人員已就你指有誤的資料作出決定。你可在帳戶中查看決定，以及誰為此看過你的資料。",
            "如果你不同意：請登入再次提出，或致函個人資料私隱專員。",
        ),
        (Language::ZhHans, News::CorrectionDecided) => (
            "您的更正请求已有决定",
            "两名人员已就您指出有误的信息作出决定。您可以在账户中查看决定，以及谁为此看过您的信息。",
            "如果您不同意：请登录再次提出，或致函个人资料私隐专员。",
        ),
        (Language::ZhHant, News::ConsentEnded) => (
            "你收回了一項批准",
            "你收回了給予一項網上服務的批准。它不會再取得任何資料，下次登入時會再次問你。",
            "它以前取得的資料仍在它手上：請要求它刪除。如果不是你本人所為：請登入，查看你的登入和通行密鑰。",
        ),
        (Language::ZhHant, News::ContactChanged) => (
            "你的電郵地址已更改",
            "你帳戶的電郵地址已改為另一個。這是我們最後一次寄信到此地址。",
            "如果不是你本人所為：請立即登入，改回你的地址，並查看你的登入和通行密鑰。如不能登入，請前往登記櫃位。",
        ),
        (Language::ZhHant, News::CorrectionReceived) => (
            "我們已收到你的更正要求",
            "你告訴我們，我們保存的一項資料有誤。這項要求須在 40 日內獲答覆。",
            "你可在帳戶中查看這項要求，並在作出決定前收回。如果不是你本人所為：請登入，收回要求，並查看你的登入。",
        ),
        (Language::ZhHant, News::CorrectionWithdrawn) => (
            "你收回了更正要求",
            "你收回了一項更正要求。資料沒有因此改變。",
            "如果不是你本人所為：請登入，再次提出，並查看你的登入。",
        ),
        (Language::ZhHant, News::DataExported) => (
            "你的資料已製成檔案",
            "我們保存的關於你的全部資料，已製成檔案並下載。",
            "如果不是你本人所為：請登入，結束你不認得的登入，並查看通行密鑰。取得該檔案的人都可以讀取它。",
        ),
        (Language::ZhHans, News::ConsentEnded) => (
            "您收回了一项批准",
            "您收回了给予一项网上服务的批准。它不会再获得任何信息，下次登录时会再次询问您。",
            "它以前获得的信息仍在它手上：请要求它删除。如果不是您本人操作：请登录，查看您的登录和通行密钥。",
        ),
        (Language::ZhHans, News::ContactChanged) => (
            "您的电子邮箱已更改",
            "您账户的电子邮箱已改为另一个。这是我们最后一次发信到此邮箱。",
            "如果不是您本人操作：请立即登录，改回您的邮箱，并查看您的登录和通行密钥。如果不能登录，请前往登记柜台。",
        ),
        (Language::ZhHans, News::CorrectionReceived) => (
            "我们已收到您的更正请求",
            "您告诉我们，我们保存的一项信息有误。这项请求须在 40 天内得到答复。",
            "您可以在账户中查看这项请求，并在作出决定前撤回。如果不是您本人操作：请登录，撤回请求，并查看您的登录。",
        ),
        (Language::ZhHans, News::CorrectionWithdrawn) => (
            "您撤回了更正请求",
            "您撤回了一项更正请求。信息没有因此改变。",
            "如果不是您本人操作：请登录，再次提出，并查看您的登录。",
        ),
        (Language::En, News::RecordRead) => (
            "Staff read your record",
            "A member of staff read some of your data.",
            "Sign in and open “Who read my data” to see who it was (role and unit), when, which fields, and why, with the proof. If you see no reason for it, ask the privacy officer.",
        ),
        (Language::ZhHant, News::RecordRead) => (
            "有職員讀取了你的紀錄",
            "有職員讀取了你的部分資料。",
            "請登入並開啟「誰讀取過我的資料」，查看是誰（職務和單位）、何時、讀了哪些欄位、為了甚麼，並附證明。如果你看不出原因，請向私隱主任查詢。",
        ),
        (Language::ZhHans, News::RecordRead) => (
            "有职员读取了您的记录",
            "有职员读取了您的部分信息。",
            "请登录并打开“谁读取过我的信息”，查看是谁（职务和单位）、何时、读了哪些字段、为了什么，并附证明。如果您看不出原因，请向隐私主任查询。",
        ),
        (Language::ZhHans, News::DataExported) => (
            "您的信息已制成文件",
            "我们保存的关于您的全部信息，已制成文件并下载。",
            "如果不是您本人操作：请登录，结束您不认识的登录，并查看通行密钥。得到该文件的人都可以读取它。",
        ),
        (Language::En, News::LevelRaised) => (
            "Your account is now Plus",
            "Your account was raised to Plus: you can sign documents with it. It took evidence that you were there, and your passkey.",
            "If it was not you: suspend your account at once (sign-in page, \"Suspend my account\") and go to a registration counter.",
        ),
        (Language::En, News::RecoveredByProofing) => (
            "Card and face opened your account",
            "Your identity card and face were checked again, and a new passkey was made. All other sessions were ended.",
            "If it was not you: sign in with a passkey you still have and remove the new one, or go to a registration counter at once. Nothing can be signed for three days.",
        ),
        (Language::En, News::Reinstated) => (
            "Your account works again",
            "The suspension of your account was ended.",
            "If it was not you: suspend it again at once (sign-in page, \"Suspend my account\") and go to a registration counter.",
        ),
        (Language::En, News::DocumentSigned) => (
            "You signed a document",
            "A document was signed with your passkey. Your account shows what it was, for whom, and the evidence.",
            "If it was not you: suspend your account at once and tell a registration counter. Your certificate will be revoked.",
        ),
        (Language::En, News::Suspended) => (
            "Your account is suspended",
            "Your account was suspended because a phone was reported lost. Sessions were ended; passkeys open nothing for now. Nothing was shown to anybody.",
            "To use it again, show who you are: with two recovery codes, or with card and face (sign-in page, \"Get back in\").",
        ),
        (Language::En, News::Guarded) => (
            "A guardian agreed to an account",
            "A young person's account was made with the consent of a guardian. Both of you see the link in your accounts; it ends on the eighteenth birthday.",
            "If it was not you: sign in, look at your sessions, and go to a registration counter at once.",
        ),
        (Language::En, News::Unguarded) => (
            "A guardian took their consent back",
            "A guardian took back their consent to a young person's account. The account is suspended: its sessions were ended and its passkeys open nothing. Nothing was deleted.",
            "It works again when the young person shows card and face (sign-in page, \"Get back in\") and another guardian agrees, or when they are eighteen. If it was not you: go to a registration counter at once.",
        ),
        (Language::ZhHant, News::LevelRaised) => (
            "你的帳戶已升級為 Plus",
            "你的帳戶已升級為 Plus，可以簽署文件。升級憑藉你本人在場的證明和你的通行密鑰。",
            "如果不是你本人所為：請立即暫停帳戶（登入頁「暫停我的帳戶」），並前往登記櫃位。",
        ),
        (Language::ZhHant, News::RecoveredByProofing) => (
            "身份證和容貌開啟了你的帳戶",
            "你的身份證和容貌再次通過核對，並製作了新的通行密鑰。其他登入均已結束。",
            "如果不是你本人所為：請用你仍持有的密鑰登入並移除新的密鑰，或立即前往登記櫃位。三天內不能簽署任何文件。",
        ),
        (Language::ZhHant, News::Reinstated) => (
            "你的帳戶已恢復使用",
            "你帳戶的暫停已經結束。",
            "如果不是你本人所為：請立即再次暫停（登入頁「暫停我的帳戶」），並前往登記櫃位。",
        ),
        (Language::ZhHant, News::DocumentSigned) => (
            "你簽署了一份文件",
            "有文件以你的通行密鑰簽署。你的帳戶列出文件、服務及證據。",
            "如果不是你本人所為：請立即暫停帳戶，並通知登記櫃位，你的證書會被撤銷。",
        ),
        (Language::ZhHant, News::Suspended) => (
            "你的帳戶已暫停",
            "由於有手機報失，你的帳戶已暫停。所有登入已結束，通行密鑰暫不能開啟任何東西。沒有向任何人顯示任何資料。",
            "如要再次使用，請證明你的身份：用兩個復原碼，或用身份證和容貌（登入頁「重新取得」）。",
        ),
        (Language::ZhHant, News::Guarded) => (
            "監護人已同意開立帳戶",
            "一名未成年人的帳戶在監護人同意下開立。你們都可在帳戶中看到這項聯繫；它在十八歲生日時結束。",
            "如果不是你本人所為：請登入，查看你的登入，並立即前往登記櫃位。",
        ),
        (Language::ZhHant, News::Unguarded) => (
            "監護人已撤回同意",
            "監護人已撤回對一名未成年人帳戶的同意。該帳戶已暫停：所有登入已結束，通行密鑰不能開啟任何東西。沒有刪除任何資料。",
            "當該未成年人出示身份證和容貌（登入頁「重新取得」）並有另一名監護人同意，或年滿十八歲後，帳戶可再次使用。如果不是你本人所為：請立即前往登記櫃位。",
        ),
        (Language::ZhHans, News::LevelRaised) => (
            "您的账户已升级为 Plus",
            "您的账户已升级为 Plus，可以签署文件。升级凭借您本人在场的证明和您的通行密钥。",
            "如果不是您本人操作：请立即暂停账户（登录页“暂停我的账户”），并前往登记柜台。",
        ),
        (Language::ZhHans, News::RecoveredByProofing) => (
            "身份证和面容打开了您的账户",
            "您的身份证和面容再次通过核对，并制作了新的通行密钥。其他登录均已结束。",
            "如果不是您本人操作：请用您仍持有的密钥登录并移除新的密钥，或立即前往登记柜台。三天内不能签署任何文件。",
        ),
        (Language::ZhHans, News::Reinstated) => (
            "您的账户已恢复使用",
            "您账户的暂停已经结束。",
            "如果不是您本人操作：请立即再次暂停（登录页“暂停我的账户”），并前往登记柜台。",
        ),
        (Language::ZhHans, News::DocumentSigned) => (
            "你签署了一份文件",
            "有文件以你的通行密钥签署。你的账户列出文件、服务及证据。",
            "如果不是你本人所为：请立即暂停账户，并通知登记柜位，你的证书会被撤销。",
        ),
        (Language::ZhHans, News::Suspended) => (
            "您的账户已暂停",
            "由于有手机报失，您的账户已暂停。所有登录已结束，通行密钥暂时不能打开任何东西。没有向任何人显示任何信息。",
            "如要再次使用，请证明您的身份：用两个恢复码，或用身份证和面容（登录页“重新取得”）。",
        ),
        (Language::ZhHans, News::Guarded) => (
            "监护人已同意开立账户",
            "一名未成年人的账户在监护人同意下开立。你们都可在账户中看到这项联系；它在十八岁生日时结束。",
            "如果不是您本人操作：请登录，查看您的登录，并立即前往登记柜台。",
        ),
        (Language::ZhHans, News::Unguarded) => (
            "监护人已撤回同意",
            "监护人已撤回对一名未成年人账户的同意。该账户已暂停：所有登录已结束，通行密钥不能打开任何东西。没有删除任何信息。",
            "当该未成年人出示身份证和面容（登录页“重新取得”）并有另一名监护人同意，或年满十八岁后，账户可再次使用。如果不是您本人操作：请立即前往登记柜台。",
        ),
        (Language::En, News::CertificateIssued) => (
            "A certificate was issued in your name",
            "A signing certificate was issued in your name. Whoever controls its key can sign documents as you.",
            "If it was not you: sign in at once, revoke it under Certificates, end the sessions you do not know, and tell a registration counter.",
        ),
        (Language::En, News::CertificateRevoked) => (
            "A certificate of yours was revoked",
            "A signing certificate in your name was revoked. Nothing can be signed with it any more; what was signed before stays signed.",
            "If it was not you: sign in and look at your certificates and sessions.",
        ),
        (Language::En, News::CertificateHeld) => (
            "A certificate of yours was suspended",
            "A signing certificate in your name was suspended. Nothing can be signed with it until the suspension ends.",
            "If it was not you: sign in and look at your certificates and sessions, or ask a registration counter.",
        ),
        (Language::En, News::CertificateResumed) => (
            "A suspension of your certificate ended",
            "A signing certificate in your name is in force again.",
            "If it was not you: sign in at once and revoke it under Certificates.",
        ),
        (Language::En, News::CertificateEnding) => (
            "A certificate of yours ends soon",
            "A signing certificate in your name ends within thirty days. What was signed with it stays signed.",
            "If you want to go on signing, ask for a new one in your account.",
        ),
        (Language::ZhHant, News::CertificateIssued) => (
            "以你的名義簽發了一張證書",
            "以你的名義簽發了一張簽署證書。控制其密鑰的人可以你的身份簽署文件。",
            "如果不是你本人所為：請立即登入，在「證書」中撤銷它，結束你不認得的登入，並通知登記櫃位。",
        ),
        (Language::ZhHant, News::CertificateRevoked) => (
            "你的一張證書已撤銷",
            "以你的名義簽發的一張簽署證書已撤銷，不能再用來簽署；以前的簽署仍然有效。",
            "如果不是你本人所為：請登入，查看你的證書和登入。",
        ),
        (Language::ZhHant, News::CertificateHeld) => (
            "你的一張證書已暫停",
            "以你的名義簽發的一張簽署證書已暫停，在恢復之前不能用來簽署。",
            "如果不是你本人所為：請登入，查看你的證書和登入，或向登記櫃位查詢。",
        ),
        (Language::ZhHant, News::CertificateResumed) => (
            "你的證書已恢復",
            "以你的名義簽發的一張簽署證書已恢復使用。",
            "如果不是你本人所為：請立即登入，在「證書」中撤銷它。",
        ),
        (Language::ZhHant, News::CertificateEnding) => (
            "你的一張證書即將到期",
            "以你的名義簽發的一張簽署證書將在三十日內到期。以前的簽署仍然有效。",
            "如果你想繼續簽署，請在你的帳戶申請新的證書。",
        ),
        (Language::ZhHans, News::CertificateIssued) => (
            "以您的名义签发了一张证书",
            "以您的名义签发了一张签署证书。控制其密钥的人可以以您的身份签署文件。",
            "如果不是您本人操作：请立即登录，在“证书”中撤销它，结束您不认识的登录，并通知登记柜台。",
        ),
        (Language::ZhHans, News::CertificateRevoked) => (
            "您的一张证书已撤销",
            "以您的名义签发的一张签署证书已撤销，不能再用来签署；以前的签署仍然有效。",
            "如果不是您本人操作：请登录，查看您的证书和登录。",
        ),
        (Language::ZhHans, News::CertificateHeld) => (
            "您的一张证书已暂停",
            "以您的名义签发的一张签署证书已暂停，在恢复之前不能用来签署。",
            "如果不是您本人操作：请登录，查看您的证书和登录，或向登记柜台查询。",
        ),
        (Language::ZhHans, News::CertificateResumed) => (
            "您的证书已恢复",
            "以您的名义签发的一张签署证书已恢复使用。",
            "如果不是您本人操作：请立即登录，在“证书”中撤销它。",
        ),
        (Language::ZhHans, News::CertificateEnding) => (
            "您的一张证书即将到期",
            "以您的名义签发的一张签署证书将在三十天内到期。以前的签署仍然有效。",
            "如果您想继续签署，请在您的账户申请新的证书。",
        ),
    };
    (subject.to_owned(), format!("{what}\n\n{at} (UTC+8)\n\n{act}\n\n{address}/account\n"))
}
