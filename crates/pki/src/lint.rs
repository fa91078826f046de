//! What is wrong with a certificate that somebody wants signed: all reasons, in words for the person at the ceremony. A signature is
//! made only when there is none.

use crate::certificate::{Certificate, Order};
use crate::profile::Profile;
use const_oid::AssociatedOid;
use lionrock_crypto::sign::{Algorithm, PublicKey};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};

/// How far back a certificate may be dated, in seconds: clocks differ, history does not.
const BACKDATING: u64 = 60 * 60;

/// All reasons why an order must not be signed; empty when it may.
#[must_use]
pub fn order(order: &Order, issuer: Option<&Certificate>, algorithm: Algorithm) -> Vec<String> {
    let mut faults = Vec::new();
    let mut require = |good: bool, fault: &str| {
        if !good {
            faults.push(fault.to_owned());
        }
    };
    require(order.until > order.from, "it ends before it begins");
    let span = order.until.saturating_sub(order.from).saturating_add(1);
    require(span <= order.profile.longest(), "it lasts longer than its profile allows");
    require(order.serial.iter().any(|byte| *byte != 0), "the serial number is zero");
    require(strong(&order.key), "its key is weaker than RSA 3072 or P-256, or no key at all");
    require(algorithm != Algorithm::Ps256, "its signature algorithm is not one certificates carry");
    require(order.profile.is_authority() || issuer.is_some(), "only a root signs itself");
    require((order.profile == Profile::Root) == issuer.is_none(), "a root has no issuer, everything else has one");
    require(order.hosts.is_empty() || order.profile == Profile::InternalTls, "host names belong to TLS alone");
    require(order.profile != Profile::InternalTls || !order.hosts.is_empty(), "a TLS certificate names its hosts");
    require(order.hosts.iter().all(|host| is_host(host)), "a host name is not one");
    require(
        order.profile == Profile::Root || !order.policies.is_empty(),
        "it names no policy, so nobody can say what it promises",
    );
    // An answer about a responder would need that responder; a root's status is its presence in trust lists.
    let findable = order.places.crl.is_some() || order.places.ocsp.is_some();
    require(
        findable || matches!(order.profile, Profile::Root | Profile::Ocsp),
        "it does not say where its status is found",
    );
    require(
        order.profile != Profile::ServiceEncipherment || matches!(order.key, PublicKey::Rsa { .. }),
        "key encipherment is done with RSA",
    );
    if let Some(issuer) = issuer {
        let (first, last) = issuer.validity();
        require(order.from.saturating_add(BACKDATING) >= first, "it begins before its issuer");
        require(order.until <= last, "it ends after its issuer");
        let constraints = issuer.extension::<BasicConstraints>().ok().flatten().map(|(_, one)| one);
        let may = constraints.as_ref().is_some_and(|one| one.ca);
        require(may, "its issuer is no authority");
        let room = constraints.and_then(|one| one.path_len_constraint);
        require(!order.profile.is_authority() || room != Some(0), "its issuer may have no authority below it");
        let is_root = issuer.issuer() == issuer.subject();
        let fits = if is_root { order.profile.is_of_root() } else { order.profile.is_of_issuing() };
        require(fits, "another authority issues such certificates");
        let own = order.subject.name().ok();
        require(own.as_ref() != Some(issuer.subject()), "it has its issuer's name");
        // What a test realm issues says so everywhere; nothing of production says so anywhere.
        let realm = |name: &x509_cert::name::Name| crate::name::unit(name);
        require(own.is_some_and(|own| realm(&own) == realm(issuer.subject())), "its issuer is of another realm");
    }
    faults
}

/// What is wrong with a certificate that somebody else signed for us, by the profile it is to have; empty when nothing is.
#[must_use]
pub fn received(certificate: &Certificate, profile: Profile) -> Vec<String> {
    let mut faults = Vec::new();
    let mut require = |good: bool, fault: &str| {
        if !good {
            faults.push(fault.to_owned());
        }
    };
    require(
        certificate.key().is_ok_and(|key| strong(&key)),
        "its key is weaker than RSA 3072 or P-256, or no key at all",
    );
    let (first, last) = certificate.validity();
    require(last.saturating_sub(first) < profile.longest(), "it lasts longer than its profile allows");
    let usage = profile.key_usage().iter().copied().fold(Default::default(), |all, one| all | one);
    let found = certificate.extension::<KeyUsage>().ok().flatten();
    require(found == Some((true, KeyUsage(usage))), "its key usage is another");
    let (purposes, critical) = profile.extended_key_usage();
    let found = certificate.extension::<ExtendedKeyUsage>().ok().flatten();
    let wanted = (!purposes.is_empty()).then(|| (critical, ExtendedKeyUsage(purposes.to_vec())));
    require(found == wanted, "its extended key usage is another");
    let found = certificate.extension::<BasicConstraints>().ok().flatten();
    let fits = match found {
        Some((critical, found)) => {
            found.ca == profile.is_authority()
                && (!found.ca || critical && found.path_len_constraint == profile.path_length())
        }
        None => !profile.is_authority(),
    };
    require(fits, "its basic constraints are others");
    let known = [KeyUsage::OID, ExtendedKeyUsage::OID, BasicConstraints::OID];
    let odd = certificate.extension_names().any(|(name, critical)| critical && !known.contains(&name));
    require(!odd, "it has a critical extension that no profile has");
    faults
}

/// RSA from 3072 bits with exponent 65537; P-256, P-384; Ed25519 (standards register, SIG-14).
fn strong(key: &PublicKey) -> bool {
    key.is_sound()
        && match key {
            PublicKey::Rsa { n, e } => n.len() >= 384 && e.as_slice() == [1, 0, 1],
            _ => true,
        }
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (1..=253).contains(&host.len()) && host.split('.').all(label)
}
