//! The letters of registration: a closed list, each in three languages. No link, so that no letter teaches people to follow
//! links in letters.

use crate::port::Letter;
use lionrock_model::language::Language;
use lionrock_model::person::Email;

/// Somebody tried to register with a card that has an account.
pub fn already(to: Email, language: Language) -> Letter {
    let (subject, text) = match language {
        Language::En => (
            "Somebody tried to register with your identity card",
            "A registration with your identity card number was tried just now. You have an account already, so it was refused.\n\n\
             If it was you: sign in with your passkey. If you lost every device with a passkey, use a recovery code or come to a counter.\n\
             If it was not you: nothing has changed in your account. Please tell us at a counter.",
        ),
        Language::ZhHant => (
            "有人嘗試以你的身份證登記",
            "剛剛有人嘗試以你的身份證號碼登記。由於你已有帳戶，該次登記已被拒絕。\n\n\
             如果是你本人：請以通行密鑰登入。如所有存有通行密鑰的裝置均已遺失，請使用復原碼或親臨櫃檯。\n\
             如果不是你本人：你的帳戶沒有任何改變。請到櫃檯告訴我們。",
        ),
        Language::ZhHans => (
            "有人尝试用你的身份证登记",
            "刚刚有人尝试用你的身份证号码登记。由于你已有账户，该次登记已被拒绝。\n\n\
             如果是你本人：请用通行密钥登录。如果所有存有通行密钥的设备都已丢失，请使用恢复码或亲临柜台。\n\
             如果不是你本人：你的账户没有任何改变。请到柜台告诉我们。",
        ),
    };
    Letter { to, subject: subject.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn letters_carry_no_link() {
        for language in Language::ALL {
            let to = || Email::parse("lok@example.test").unwrap();
            let letter = already(to(), language);
            assert!(!letter.text.contains("http") && !letter.subject.is_empty());
        }
    }
}
