//! Passkeys of a resident and the ceremonies they take part in.

use crate::id::{CredentialId, ResidentId};
use crate::time::Millis;
use std::fmt;

/// Most passkeys one resident may hold at a time.
pub const MOST_CREDENTIALS: usize = 10;

/// A passkey as it is kept. Nothing in it names a person: the name the person gave it is sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// Our row.
    pub id: CredentialId,
    /// Whose it is.
    pub resident: ResidentId,
    /// The authenticator's credential id, 16 to 1023 bytes.
    pub external_id: Vec<u8>,
    /// COSE key, canonical CBOR.
    pub public_key: Vec<u8>,
    /// COSE algorithm number.
    pub algorithm: i64,
    /// Counter seen last; zero when the authenticator keeps none.
    pub sign_count: u32,
    /// May be copied to other devices.
    pub backup_eligible: bool,
    /// Is copied now.
    pub backed_up: bool,
    /// Model of the authenticator, zero when withheld.
    pub aaguid: [u8; 16],
    /// Transport hints, words of WebAuthn.
    pub transports: Vec<String>,
    /// What its attestation proved.
    pub attestation: Attestation,
    /// The name the person gave it, sealed.
    pub sealed_name: Vec<u8>,
    /// Version of the sealed name.
    pub name_version: u64,
    /// When it was added.
    pub created: Millis,
    /// When it signed last.
    pub used: Option<Millis>,
    /// When it was removed; kept as a record that it was bound once (SP 800-63B-4 section 4.1).
    pub removed: Option<Millis>,
    /// When its counter last failed to grow: it may have been cloned (WebAuthn L3 section 6.1.1).
    pub counter_alarm: Option<Millis>,
    /// One more with each change.
    pub version: u64,
}

impl Credential {
    /// Whether the key can leave the device it was made on.
    #[must_use]
    pub const fn custody(&self) -> Custody {
        if self.backup_eligible { Custody::Synced } else { Custody::DeviceBound }
    }

    /// Whether it may sign now.
    #[must_use]
    pub const fn is_standing(&self) -> bool {
        self.removed.is_none()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.id)
    }
}

/// Where a passkey's private key can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Custody {
    /// On one device only.
    DeviceBound,
    /// Copied by a provider among the person's devices.
    Synced,
}

impl Custody {
    /// The stable word, part of text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::DeviceBound => "device-bound",
            Self::Synced => "synced",
        }
    }
}

/// What an attestation proved about a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attestation {
    /// Nothing.
    None,
    /// The key signed for itself.
    SelfSigned,
    /// A maker's key signed, nobody judged its chain.
    Unjudged,
    /// A maker's key signed and its chain is trusted.
    Trusted,
}

impl Attestation {
    /// The stable word, as stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SelfSigned => "self",
            Self::Unjudged => "unjudged",
            Self::Trusted => "trusted",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::None, Self::SelfSigned, Self::Unjudged, Self::Trusted].into_iter().find(|a| a.word() == word)
    }
}

/// What a ceremony is for. A challenge made for one kind is worth nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CeremonyKind {
    /// A further passkey for an account.
    AddAuthenticator,
    /// The end of the account.
    CloseAccount,
    /// A release of data to a service.
    Consent,
    /// A guardian lets a young person have an account.
    Guardian,
    /// A new passkey for an account that lost its own.
    Recover,
    /// The first passkey of a registration.
    Register,
    /// Signing in.
    SignIn,
    /// What an officer approves.
    StaffAct,
    /// The first passkey of an officer.
    StaffEnrol,
    /// An officer signs in.
    StaffSignIn,
    /// A fresh proof inside a session.
    StepUp,
    /// The account becomes *Plus*.
    Upgrade,
}

impl CeremonyKind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::AddAuthenticator,
        Self::CloseAccount,
        Self::Consent,
        Self::Guardian,
        Self::Recover,
        Self::Register,
        Self::SignIn,
        Self::StaffAct,
        Self::StaffEnrol,
        Self::StaffSignIn,
        Self::StepUp,
        Self::Upgrade,
    ];

    /// The stable word, as stored and as part of the challenge's digest.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AddAuthenticator => "add-authenticator",
            Self::CloseAccount => "close-account",
            Self::Consent => "consent",
            Self::Guardian => "guardian",
            Self::Recover => "recover",
            Self::Register => "register",
            Self::SignIn => "sign-in",
            Self::StaffAct => "staff-act",
            Self::StaffEnrol => "staff-enrol",
            Self::StaffSignIn => "staff-sign-in",
            Self::StepUp => "step-up",
            Self::Upgrade => "upgrade",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A challenge as it is kept until it is used or its time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceremony {
    /// The challenge, 64 bytes: 32 random, then the digest of what is approved.
    pub challenge: Vec<u8>,
    /// What for.
    pub kind: CeremonyKind,
    /// Imprint of the challenge, what it is for, and the browser, session or registration it belongs to.
    pub binding: [u8; 32],
    /// Whose passkey must answer, when that is known.
    pub resident: Option<ResidentId>,
    /// The user handle of a passkey to be made, 64 bytes.
    pub user_handle: Option<Vec<u8>>,
    /// Until when.
    pub expires: Millis,
    /// Imprint of the binding with handle and end; none on rows of an earlier program.
    pub proof: Option<[u8; 32]>,
}

/// The name a person gives a passkey: 1 to 40 characters, no control characters.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialName(String);

impl CredentialName {
    /// Reads a name, trimmed.
    ///
    /// # Errors
    /// When it is empty, longer than 40 characters, or has characters that cannot be seen or turn writing around.
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let text = text.trim();
        let hidden = |c: char| {
            c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        };
        let fits = (1..=40).contains(&text.chars().count()) && !text.chars().any(hidden);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }

    /// The text, for sealing and for the person's own eyes.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CredentialName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialName(…)")
    }
}

/// Text that names no passkey.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a name for a passkey: 1 to 40 visible characters")]
pub struct NotAName;

crate::refusals! {
    /// Why a passkey's answer is not accepted. None tells whether an account or a passkey exists.
    PasskeyRefusal {
        /// The challenge is too old.
        ChallengeExpired = "challenge-expired", 410;
        /// The challenge was used already, is another browser's or another purpose's, or was never issued.
        ChallengeUnknown = "challenge-unknown", 409;
        /// The answer is not of the form of a passkey's answer.
        PasskeyMalformed = "passkey-malformed", 400;
        /// No standing passkey of a standing account gave this answer, or a check failed.
        PasskeyNotAccepted = "passkey-not-accepted", 403, audited;
        /// The passkey is registered already.
        PasskeyTaken = "passkey-taken", 409;
        /// What was approved is not what stands now.
        ShownChanged = "shown-changed", 409;
        /// The device did not check who uses it.
        UserNotVerified = "user-not-verified", 403;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_visible() {
        assert_eq!(CredentialName::parse("  我的電話 📱 ").unwrap().reveal(), "我的電話 📱");
        for bad in ["", "   ", "a\u{202e}b", "a\nb", "\u{200b}", &"長".repeat(41)] {
            assert_eq!(CredentialName::parse(bad), Err(NotAName), "{bad:?}");
        }
    }

    #[test]
    fn words_read_back() {
        for kind in CeremonyKind::ALL {
            assert_eq!(CeremonyKind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(Attestation::from_word("self"), Some(Attestation::SelfSigned));
    }
}
