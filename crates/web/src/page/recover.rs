//! Views of getting back in by recovery codes.

use askama::Template;

use super::Frame;
use crate::view;

/// Asks for card number and two codes. The form posts `hkid`, `first`, `second` and `lost=yes` to `/recover`.
#[derive(Template)]
#[template(path = "recover/codes.html")]
pub struct Recover {
    /// Frame; title key `recover-title`.
    pub frame: Frame,
    /// What was typed; the codes are typed again.
    pub hkid: String,
    /// Whether the box of the lost passkeys is ticked.
    pub lost: bool,
}

/// Makes the new passkey. The script asks `/recover/passkey/options`, then posts the `RegistrationResponseJSON` to `/recover/passkey`.
#[derive(Template)]
#[template(path = "recover/passkey.html")]
pub struct NewPasskey {
    /// Frame; title key `recover-passkey-title`.
    pub frame: Frame,
}

/// The recovery codes of an account: how many are left; right after they were made, the codes themselves.
#[derive(Template)]
#[template(path = "account/codes.html")]
pub struct RecoveryCodes {
    /// Frame; title key `recovery-codes-title`.
    pub frame: Frame,
    /// Unused codes.
    pub left: u64,
    /// New codes, as people write them down; shown this once.
    pub fresh: Vec<String>,
}

view!(Recover, NewPasskey, RecoveryCodes);
