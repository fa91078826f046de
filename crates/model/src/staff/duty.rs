//! Being on duty: how long sessions, rights, invitations and reviews last, and why an officer is turned away.

use crate::policy::staff::StaffRefusal;
use std::net::IpAddr;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// A session without use ends (SP 800-63B-4 section 2.3.3: 15 minutes).
pub const SESSION_IDLE: Duration = Duration::from_secs(15 * 60);
/// A session ends, whatever happens (SP 800-63B-4 section 2.3.3: 12 hours).
pub const SESSION_TOTAL: Duration = Duration::from_secs(12 * 60 * 60);
/// How long a one-time code lets somebody make their key (SP 800-63B-4 section 4.1.2.2).
pub const INVITE: Duration = Duration::from_secs(10 * 60);
/// The longest rights can be given for.
pub const RIGHTS_LONGEST: Duration = Duration::from_secs(180 * 86_400);
/// Rights nobody used for so long are withdrawn.
pub const RIGHTS_UNUSED: Duration = Duration::from_secs(45 * 86_400);
/// So long after the last confirmation a review is opened.
pub const REVIEW_EVERY: Duration = Duration::from_secs(90 * 86_400);
/// How long a review waits; then the rights are withdrawn.
pub const REVIEW_OPEN: Duration = Duration::from_secs(14 * 86_400);
/// How long a proposal waits.
pub const PROPOSAL: Duration = Duration::from_secs(7 * 86_400);
/// What a report of privileges covers.
pub const REPORT: Duration = DAY.saturating_mul(183);

crate::refusals! {
    /// Why an officer, or somebody who would be one, is turned away.
    DutyRefusal {
        /// The policy cannot be read.
        PolicyNotLoaded = "staff-policy-not-loaded", 503, audited;
        /// The policy does not permit it.
        NotPermitted = "staff-not-permitted", 403, audited;
        /// One's own proposal.
        OwnProposal = "staff-own-proposal", 403, audited;
        /// Proposed by the same unit.
        SameUnit = "staff-same-unit", 403, audited;
        /// About oneself.
        OwnMatter = "staff-own-matter", 403, audited;
        /// No session.
        SignInFirst = "staff-sign-in-first", 401;
        /// The session is over.
        SessionOver = "staff-session-over", 401;
        /// The officer's rights are over, suspended or withdrawn.
        RightsOver = "staff-rights-over", 403, audited;
        /// The key's answer was not accepted.
        KeyNotAccepted = "staff-key-not-accepted", 401, audited;
        /// The answer belongs to no question that waits: used already, too late, or from elsewhere.
        QuestionOver = "staff-question-over", 409;
        /// What was signed is not what is to be done.
        ShownChanged = "staff-shown-changed", 409, audited;
        /// The authenticator did not verify its user.
        UserNotVerified = "staff-user-not-verified", 403;
        /// The answer cannot be read.
        Malformed = "staff-malformed", 400;
        /// A passkey that is, or can be, copied to other devices.
        KeySynced = "staff-key-synced", 422, audited;
        /// Its maker does not vouch for the authenticator, or the maker or model is not on the list.
        KeyNotAttested = "staff-key-not-attested", 422, audited;
        /// The key, or its authenticator, belongs to an officer already.
        KeyTaken = "staff-key-taken", 409, audited;
        /// The two halves of the code fit nobody, or their ten minutes are over.
        InviteUnknown = "staff-invite-unknown", 404;
        /// The person is an officer already, under this id or another.
        AlreadyOfficer = "staff-already-officer", 409, audited;
        /// Nobody of that id works here.
        OfficerUnknown = "staff-officer-unknown", 404;
        /// Decided, void or over.
        ProposalOver = "staff-proposal-over", 409;
        /// No unit of that name.
        UnitUnknown = "staff-unit-unknown", 422;
        /// Longer than rights may last, or already over.
        RightsTooLong = "staff-rights-too-long", 422;
        /// A name or number that cannot be one.
        NameUnreadable = "staff-name-unreadable", 422;
        /// Too many failed answers from this address.
        TooManyTries = "staff-too-many-tries", 429;
        /// There is no staff house here.
        NoHouse = "staff-no-house", 404;
    }
}

impl From<StaffRefusal> for DutyRefusal {
    fn from(refusal: StaffRefusal) -> Self {
        match refusal {
            StaffRefusal::PolicyNotLoaded => Self::PolicyNotLoaded,
            StaffRefusal::NotPermitted => Self::NotPermitted,
            StaffRefusal::OwnProposal => Self::OwnProposal,
            StaffRefusal::SameUnit => Self::SameUnit,
        }
    }
}

/// A range of network addresses: `10.1.0.0/16`, `::1/128`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads a range, or one address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address.parse::<IpAddr>().ok()?, Some(bits.parse::<u8>().ok()?)),
            None => (text.parse::<IpAddr>().ok()?, None),
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { address, bits })
    }

    /// Whether an address lies in it.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        let (own, other, width) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (u128::from(own.to_bits()), u128::from(other.to_bits()), 32),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        let shift = width - u32::from(self.bits);
        own.checked_shr(shift).unwrap_or(0) == other.checked_shr(shift).unwrap_or(0)
    }
}

/// An officer's name: 1 to 80 characters that can be seen.
#[derive(Clone, PartialEq, Eq)]
pub struct OfficerName(String);

impl OfficerName {
    /// Reads a name, trimmed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (1..=80).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    /// The name in clear.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for OfficerName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OfficerName(…)")
    }
}

/// A staff number: 2 to 20 of `A-Z 0-9 -`. It says who somebody is, whatever they are called: one number is one officer.
#[derive(Clone, PartialEq, Eq)]
pub struct StaffNumber(String);

impl StaffNumber {
    /// Reads a number; small letters are taken as capitals, so that one person is not two.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase();
        let fits = (2..=20).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-');
        fits.then_some(Self(text))
    }

    /// The number in clear.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for StaffNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StaffNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        let holds = |network: &str, address: &str| {
            let address: IpAddr = address.parse().unwrap_or(IpAddr::from([0, 0, 0, 0]));
            Network::parse(network).is_some_and(|network| network.holds(address))
        };
        assert!(holds("10.1.0.0/16", "10.1.200.3") && !holds("10.1.0.0/16", "10.2.0.1"));
        assert!(holds("127.0.0.1", "127.0.0.1") && !holds("127.0.0.1", "127.0.0.2"));
        assert!(holds("::1/128", "::1") && !holds("::1/128", "::2") && holds("0.0.0.0/0", "9.9.9.9"));
        assert!(holds("10.0.0.0/8", "::ffff:10.3.4.5"), "an IPv4 address in IPv6 clothes");
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "a/8", "1.2.3.4/x"] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn one_person_is_one_number_however_it_is_typed() {
        assert_eq!(StaffNumber::parse(" s-1001 "), StaffNumber::parse("S-1001"));
        for bad in ["", "S", "S 1", "S_1", "人-1"] {
            assert!(StaffNumber::parse(bad).is_none(), "{bad}");
        }
        assert!(OfficerName::parse("陳大文").is_some() && OfficerName::parse(" \n ").is_none());
    }
}
