//! Signing documents: what a request goes through, what may not be signed this way, and why something is refused.

use crate::credential::PasskeyRefusal;
use crate::refusal::Refusal;
use std::time::Duration;

/// From the request to the signature.
pub const REQUEST: Duration = Duration::from_secs(30 * 60);
/// Signed documents are kept so long for the service to fetch, and then destroyed.
pub const DELIVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// An approval whose signature was not made within this was lost with its server: the person approves again.
pub const LOST: Duration = Duration::from_secs(90);
/// Most bytes of a document, unless the operator says otherwise.
pub const DOCUMENT_BYTES: u64 = 1024 * 1024 * 1024;
/// Most bytes of data that is signed as JSON, with the data inside.
pub const JSON_BYTES: u64 = 4 * 1024 * 1024;
/// Bytes of a piece, as stored.
pub const PIECE_BYTES: usize = 256 * 1024;
/// Longest title, in characters.
pub const TITLE: usize = 255;
/// Most digests of a bulk request.
pub const MOST_DIGESTS: usize = 1_000;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads the stable word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}

words! {
    /// What a request goes through. Each step is a compare-and-set; the documents go with the last one.
    State {
        /// The service asked; its documents are on their way or here.
        Requested = "requested";
        /// A resident saw it.
        Shown = "shown";
        /// The resident's passkey approved; the signature is being made.
        Approved = "approved";
        /// Signed, with everything that proves it; the service has not fetched it.
        Signed = "signed";
        /// The service has it; documents are destroyed.
        Delivered = "delivered";
        /// The resident said no, or the service took it back.
        Refused = "refused";
        /// Its time is over.
        Expired = "expired";
    }
}

impl State {
    /// Whether nothing follows.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Delivered | Self::Refused | Self::Expired)
    }

    /// Whether `next` may follow.
    #[must_use]
    pub const fn leads_to(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Requested, Self::Shown)
                | (Self::Shown, Self::Approved)
                // What could not be signed is approved again.
                | (Self::Approved, Self::Shown | Self::Signed)
                | (Self::Signed, Self::Delivered)
                | (Self::Requested | Self::Shown, Self::Refused)
                | (Self::Requested | Self::Shown | Self::Approved | Self::Signed, Self::Expired)
        )
    }
}

words! {
    /// What comes out.
    Form {
        /// A PDF with the signature inside (PAdES B-LT).
        Pdf = "pdf";
        /// A signature beside a file (CAdES in CMS, with time-stamp, chain and status).
        Cms = "cms";
        /// Data with its signature in JSON (JAdES, flattened, the data inside, with time-stamp, chain and status).
        Json = "json";
        /// Signatures over digests whose documents we have not seen.
        Digest = "digest";
        /// Signatures in CMS over digests of PDFs that we have not seen.
        PdfDigest = "pdf-digest";
    }
}

words! {
    /// What a service says of what it was given (iAM Smart interface, section 2.8).
    Receipt {
        /// It took the signature.
        Accepted = "SR001";
        /// It has the signature and does not take it.
        Rejected = "SR002";
        /// No signature reached it: nothing is destroyed, it may fetch again.
        NotReceived = "SR003";
    }
}

impl Form {
    /// Whether we see the document, show it and compute its digest.
    #[must_use]
    pub const fn is_seen(self) -> bool {
        matches!(self, Self::Pdf | Self::Cms | Self::Json)
    }
}

words! {
    /// What kind of document it is, as the service declares it. All but the first are outside the Ordinance (Electronic Transactions
    /// Ordinance, Cap. 553, section 3 and Schedule 1): an electronic signature does not make them.
    Category {
        /// None of the others.
        Ordinary = "ordinary";
        /// Wills, codicils and other testamentary documents.
        Will = "will";
        /// Trusts, unless resulting, implied or constructive.
        Trust = "trust";
        /// Powers of attorney.
        PowerOfAttorney = "power-of-attorney";
        /// Instruments that must be stamped.
        Stamped = "stamped";
        /// Government leases and conditions of grant.
        GovernmentLease = "government-lease";
        /// Deeds, conveyances and other instruments that affect land.
        Land = "land";
        /// Assignments, mortgages and charges; contracts about immovable property.
        Conveyance = "conveyance";
        /// Floating charges.
        FloatingCharge = "floating-charge";
        /// Oaths and affidavits.
        Oath = "oath";
        /// Statutory declarations.
        Declaration = "declaration";
        /// Judgments and orders of a court.
        Judgment = "judgment";
        /// Warrants.
        Warrant = "warrant";
        /// Negotiable instruments: cheques, bills of exchange.
        Negotiable = "negotiable";
    }
}

impl Category {
    /// Whether the Ordinance leaves it out.
    #[must_use]
    pub const fn is_excluded(self) -> bool {
        !matches!(self, Self::Ordinary)
    }

    /// What a title sounds like, when it sounds like something the Ordinance leaves out: for a warning, whatever was declared.
    #[must_use]
    pub fn suspected(title: &str) -> Option<Self> {
        let title = title.to_lowercase();
        let spoken: Vec<&str> = title.split(|letter: char| !letter.is_alphanumeric()).collect();
        SOUNDS
            .iter()
            .find(
                |(sound, _)| {
                    if sound.is_ascii() && !sound.contains(' ') {
                        spoken.contains(sound)
                    } else {
                        title.contains(sound)
                    }
                },
            )
            .map(|(_, category)| *category)
    }
}

/// Words that titles of excluded documents have, in three languages.
const SOUNDS: &[(&str, Category)] = &[
    ("codicil", Category::Will),
    ("last will", Category::Will),
    ("testament", Category::Will),
    ("遺囑", Category::Will),
    ("遗嘱", Category::Will),
    ("trust deed", Category::Trust),
    ("declaration of trust", Category::Trust),
    ("信託契", Category::Trust),
    ("信托契", Category::Trust),
    ("信託書", Category::Trust),
    ("信托书", Category::Trust),
    ("power of attorney", Category::PowerOfAttorney),
    ("授權書", Category::PowerOfAttorney),
    ("授权书", Category::PowerOfAttorney),
    ("government lease", Category::GovernmentLease),
    ("政府租契", Category::GovernmentLease),
    ("conveyance", Category::Conveyance),
    ("mortgage", Category::Conveyance),
    ("按揭契", Category::Conveyance),
    ("轉讓契", Category::Conveyance),
    ("转让契", Category::Conveyance),
    ("floating charge", Category::FloatingCharge),
    ("浮動押記", Category::FloatingCharge),
    ("affidavit", Category::Oath),
    ("affirmation", Category::Oath),
    ("誓章", Category::Oath),
    ("statutory declaration", Category::Declaration),
    ("法定聲明", Category::Declaration),
    ("法定声明", Category::Declaration),
    ("bill of exchange", Category::Negotiable),
    ("promissory note", Category::Negotiable),
    ("匯票", Category::Negotiable),
    ("汇票", Category::Negotiable),
];

/// Why nothing is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningRefusal {
    /// No authority issues certificates here.
    NoAuthority,
    /// The account is not a Plus account.
    NotPlus,
    /// Too soon after a recovery.
    CoolingOff,
    /// The passkey can be copied to other devices, or is not the one that guards the signing key.
    NotDeviceBound,
    /// There is no signing certificate, or it is not in force.
    NoCertificate,
    /// The certificate was suspended, revoked or ran out, maybe since the approval.
    CertificateNotGood,
    /// No such request, or not for this person.
    RequestGone,
    /// The request is at another step.
    WrongStep,
    /// The documents are not all here, or are not what was announced.
    DocumentIncomplete,
    /// The document cannot be signed as it is.
    DocumentRefused,
    /// Too large to be shown and signed here.
    DocumentTooLarge,
    /// The seal cannot be drawn: no font at hand has a letter of the name.
    SealNotDrawn,
    /// The Ordinance leaves it out.
    DocumentExcluded,
    /// A government service takes nothing less than a seen document with lasting proof.
    GovernmentNeedsSeen,
    /// A government service takes the certificates of a recognised authority alone, and this one is none.
    NotRecognised,
    /// The request's form is not one of ours.
    RequestMalformed,
    /// The card number is another one.
    OtherPerson,
    /// The time-stamping or status service does not answer; nothing was signed.
    ProofUnavailable,
    /// Nobody can show the document now.
    ViewerUnavailable,
    /// The process that signs does not answer; nothing was signed.
    SoleControlUnavailable,
    /// The process that signs refused; nothing was signed.
    SoleControlRefused,
    /// The service is not known, or its token is not this request's.
    ServiceUnknown,
    /// Nobody is signed in.
    SignInFirst,
    /// The passkey's answer was not accepted.
    Passkey(PasskeyRefusal),
}

impl SigningRefusal {
    /// Its own reasons, for tables and tests.
    pub const OWN: &'static [Self] = &[
        Self::NoAuthority,
        Self::NotPlus,
        Self::CoolingOff,
        Self::NotDeviceBound,
        Self::NoCertificate,
        Self::CertificateNotGood,
        Self::RequestGone,
        Self::WrongStep,
        Self::DocumentIncomplete,
        Self::DocumentRefused,
        Self::DocumentTooLarge,
        Self::SealNotDrawn,
        Self::DocumentExcluded,
        Self::GovernmentNeedsSeen,
        Self::NotRecognised,
        Self::RequestMalformed,
        Self::OtherPerson,
        Self::ProofUnavailable,
        Self::ViewerUnavailable,
        Self::SoleControlUnavailable,
        Self::SoleControlRefused,
        Self::ServiceUnknown,
        Self::SignInFirst,
    ];
}

impl From<PasskeyRefusal> for SigningRefusal {
    fn from(refusal: PasskeyRefusal) -> Self {
        Self::Passkey(refusal)
    }
}

impl Refusal for SigningRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoAuthority => "signing-no-authority",
            Self::NotPlus => "signing-not-plus",
            Self::CoolingOff => "signing-cooling-off",
            Self::NotDeviceBound => "signing-not-device-bound",
            Self::NoCertificate => "signing-no-certificate",
            Self::CertificateNotGood => "signing-certificate-not-good",
            Self::RequestGone => "signing-request-gone",
            Self::WrongStep => "signing-wrong-step",
            Self::DocumentIncomplete => "signing-document-incomplete",
            Self::DocumentRefused => "signing-document-refused",
            Self::DocumentTooLarge => "signing-document-too-large",
            Self::SealNotDrawn => "signing-seal-not-drawn",
            Self::DocumentExcluded => "signing-document-excluded",
            Self::GovernmentNeedsSeen => "signing-government-needs-seen",
            Self::NotRecognised => "signing-not-recognised",
            Self::RequestMalformed => "signing-request-malformed",
            Self::OtherPerson => "signing-other-person",
            Self::ProofUnavailable => "signing-proof-unavailable",
            Self::ViewerUnavailable => "signing-viewer-unavailable",
            Self::SoleControlUnavailable => "signing-sole-control-unavailable",
            Self::SoleControlRefused => "signing-sole-control-refused",
            Self::ServiceUnknown => "signing-service-unknown",
            Self::SignInFirst => "sign-in-first",
            Self::Passkey(refusal) => refusal.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::SignInFirst | Self::ServiceUnknown => 401,
            Self::NotPlus | Self::CoolingOff | Self::NotDeviceBound | Self::OtherPerson | Self::SoleControlRefused => {
                403
            }
            Self::RequestGone => 404,
            Self::NoCertificate | Self::CertificateNotGood | Self::WrongStep | Self::DocumentIncomplete => 409,
            Self::DocumentTooLarge => 413,
            Self::DocumentRefused
            | Self::SealNotDrawn
            | Self::DocumentExcluded
            | Self::GovernmentNeedsSeen
            | Self::NotRecognised
            | Self::RequestMalformed => 422,
            Self::NoAuthority | Self::ProofUnavailable | Self::ViewerUnavailable | Self::SoleControlUnavailable => 503,
            Self::Passkey(refusal) => refusal.status(),
        }
    }

    fn audited(&self) -> bool {
        match self {
            Self::SoleControlRefused | Self::DocumentExcluded => true,
            Self::Passkey(refusal) => refusal.audited(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_the_end_and_nothing_is_signed_unapproved() {
        for from in State::ALL {
            for to in State::ALL {
                if from.leads_to(*to) {
                    assert!(!from.is_over(), "{from:?} → {to:?}");
                }
            }
            assert_eq!(from.leads_to(State::Signed), *from == State::Approved);
            assert_eq!(State::from_word(from.word()), Some(*from));
        }
    }

    #[test]
    fn titles_that_sound_like_schedule_one_are_noticed() {
        for (title, category) in [
            ("Last Will of CHAN Tai Man", Some(Category::Will)),
            ("我的遺囑", Some(Category::Will)),
            ("Enduring Power of Attorney", Some(Category::PowerOfAttorney)),
            ("Affidavit", Some(Category::Oath)),
            ("Library rules: you will like them", None),
            ("Trusted borrower agreement", None),
            ("Tenancy renewal letter", None),
        ] {
            assert_eq!(Category::suspected(title), category, "{title}");
        }
    }
}
