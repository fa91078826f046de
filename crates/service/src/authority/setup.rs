//! What the operator says of the authority: its name, where its status is found, and the numbers of its policies.

use crate::Fault;
use lionrock_model::realm::Realm;
use lionrock_pki::ObjectIdentifier;
use lionrock_pki::certificate::Places;
use lionrock_pki::name::Subject;
use lionrock_pki::profile::Profile;

/// What the operator says of the authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Scheme, host and port of the plain listener, without a slash at the end: `http://pki.example.gov.hk`. It stands in every
    /// certificate, so it must be reachable for as long as they are looked at.
    pub address: String,
    /// Two letters of ISO 3166-1.
    pub country: String,
    /// The authority's number in a register (EN 319 412-1 section 5.1.4): `NTRHK-12345678`.
    pub identifier: String,
    /// The legal name.
    pub organisation: String,
    /// The arc under which policies are numbered, dotted.
    pub policies: String,
    /// By which notice the authority is recognised under section 21 of the Electronic Transactions Ordinance: `G.N. 1234 of 2026`; empty
    /// when it is not. Services of the government take no signature by others.
    pub recognised: String,
    /// Days a resident's certificate is valid.
    pub resident_days: u32,
}

impl Default for Setup {
    /// For demonstrations and tests; the arc is the one kept free for examples (RFC 5612).
    fn default() -> Self {
        Self {
            address: "http://127.0.0.1:8480".to_owned(),
            country: "HK".to_owned(),
            identifier: "NTRHK-00000000".to_owned(),
            organisation: "Lionrock Demonstration".to_owned(),
            policies: EXAMPLES.to_owned(),
            recognised: TEST.to_owned(),
            resident_days: 365,
        }
    }
}

/// What stands for a recognition in a demonstration. In production it is none.
const TEST: &str = "TEST";

/// The arc of demonstrations. Production refuses it.
pub const EXAMPLES: &str = "1.3.6.1.4.1.32473.1";

const EXAMPLE_ARC: &str = "1.3.6.1.4.1.32473";

/// Any policy (RFC 5280 section 4.2.1.4): what the issuing authority may promise.
const ANY_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32.0");

impl Setup {
    /// The policies of a profile's certificates.
    ///
    /// # Errors
    /// `Bug` when the arc is none; the configuration was checked.
    pub fn policies(&self, profile: Profile) -> Result<Vec<ObjectIdentifier>, Fault> {
        let number = match profile {
            Profile::Root => return Ok(Vec::new()),
            Profile::Issuing => return Ok(vec![ANY_POLICY]),
            Profile::ResidentSigning => 1,
            Profile::ServiceEncipherment => 2,
            Profile::InternalTls => 3,
            Profile::Officer => 4,
            Profile::Ocsp => 5,
            Profile::TimeStamping => 6,
        };
        self.policy(number).map(|policy| vec![policy])
    }

    /// Whether its certificates are those of a recognised authority.
    #[must_use]
    pub fn is_recognised(&self, realm: &Realm) -> bool {
        let notice = self.recognised.trim();
        !notice.is_empty() && (realm.is_test() || notice != TEST)
    }

    /// The policy under which time is stamped.
    ///
    /// # Errors
    /// As [`Setup::policies`].
    pub fn stamping(&self) -> Result<ObjectIdentifier, Fault> {
        self.policy(6)
    }

    fn policy(&self, number: u32) -> Result<ObjectIdentifier, Fault> {
        let arc: ObjectIdentifier =
            self.policies.parse().map_err(|_| Fault::bug("the arc of policies is no object identifier"))?;
        arc.push_arc(number).map_err(|_| Fault::bug("the arc of policies is too long"))
    }

    /// What is wrong with it in a realm, in words for the operator.
    #[must_use]
    pub fn faults(&self, realm: &Realm) -> Vec<String> {
        let mut wrong = Vec::new();
        let host = self.address.strip_prefix("http://").unwrap_or_default();
        if host.is_empty() || host.contains(['/', '@', '?', '#', ' ']) || !host.is_ascii() {
            wrong.push(
                "authority.address must be http://HOST or http://HOST:PORT: whoever asks for a certificate's status cannot need \
                 that certificate's status first"
                    .to_owned(),
            );
        }
        if self.policy(1).is_err() {
            wrong.push(format!("authority.policies: {:?} is no object identifier", self.policies));
        }
        if !(1..=3 * 365).contains(&self.resident_days) {
            wrong.push("authority.resident_days: from 1 to 1095".to_owned());
        }
        for profile in [Profile::Root, Profile::Issuing] {
            if self.own_subject(realm, profile, "0000").name().is_err() {
                wrong.push("authority: country, organisation and identifier must fit into a name".to_owned());
                break;
            }
        }
        if !realm.is_test() && self.policies.starts_with(EXAMPLE_ARC) {
            wrong.push(
                "authority.policies: 1.3.6.1.4.1.32473 is for examples; production has an arc of its own".to_owned(),
            );
        }
        wrong
    }

    /// The name of one of the authority's own certificates; `mark` tells several of one kind apart.
    #[must_use]
    pub fn own_subject(&self, realm: &Realm, profile: Profile, mark: &str) -> Subject {
        let kind = match profile {
            Profile::Root => "Root CA",
            Profile::Ocsp => "Status",
            Profile::TimeStamping => "Time",
            _ => "Issuing CA",
        };
        let test = if realm.is_test() { "TEST " } else { "" };
        Subject::Organisation {
            country: self.country.clone(),
            organisation: self.organisation.clone(),
            identifier: Some(self.identifier.clone()),
            unit: unit(realm),
            common_name: format!("Lionrock {test}{kind} {mark}"),
        }
    }

    /// Where the status of what `issuer` issued is found. The root has no status service: its list says everything.
    #[must_use]
    pub fn places(&self, issuer: Profile) -> Places {
        let at = |path: &str| Some(format!("{}/pki/{path}", self.address));
        if issuer == Profile::Root {
            Places { ocsp: None, crl: at("root.crl"), issuer: at("root.cer") }
        } else {
            Places { ocsp: at("ocsp"), crl: at("issuing.crl"), issuer: at("issuing.cer") }
        }
    }
}

/// How a realm stands in names: nothing in production.
#[must_use]
pub fn unit(realm: &Realm) -> Option<String> {
    realm.is_test().then(|| format!("TEST {realm}"))
}

/// Whether a certificate's subject and issuer are of this realm: TEST never counts in production, nor the other way round.
#[must_use]
pub fn is_of(realm: &Realm, certificate: &lionrock_pki::certificate::Certificate) -> bool {
    let wanted = unit(realm);
    [certificate.subject(), certificate.issuer()].into_iter().all(|name| lionrock_pki::name::unit(name) == wanted)
}
