//! The way from a certificate to somebody trusted (RFC 5280 section 6.1), as strict as the profiles here: what is not understood is
//! refused.

use super::{Sub, Trust, Verdict};
use crate::certificate::Certificate;
use crate::profile::ID_KP_DOCUMENT_SIGNING;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ANY_EXTENDED_KEY_USAGE, ANY_POLICY, ID_KP_EMAIL_PROTECTION, ID_KP_TIME_STAMPING};
use const_oid::db::rfc5912::{
    ID_CE_BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES, ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE, ID_CE_SUBJECT_ALT_NAME,
};
use x509_cert::ext::pkix::{BasicConstraints, CertificatePolicies, ExtendedKeyUsage, KeyUsage};

/// Certificates between a signer and somebody trusted, at most.
const LONGEST: usize = 6;
/// Certificates that are tried, at most.
const MOST_TRIED: usize = 200;
/// Extensions that may be critical: those that are looked at here.
const UNDERSTOOD: [ObjectIdentifier; 5] =
    [ID_CE_BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES, ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE, ID_CE_SUBJECT_ALT_NAME];

/// What the first certificate is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signing documents.
    Signing,
    /// Stamping times.
    Stamping,
}

/// The chain from a certificate to an anchor, the certificate first and the anchor last.
///
/// # Errors
/// Why there is none; when several were tried, the reason that came nearest.
pub fn chain(
    own: &Certificate,
    pool: &[Certificate],
    trust: &Trust,
    at: u64,
    purpose: Purpose,
) -> Result<Vec<Certificate>, Verdict> {
    usable(own, purpose)?;
    let mut tried = 0;
    let mut nearest = Verdict::no(Sub::NoCertificateChainFound, "nobody who is trusted stands behind this certificate");
    let mut so_far = vec![own.clone()];
    let found = search(&mut so_far, pool, trust, at, &mut tried, &mut nearest);
    if !found {
        return Err(nearest);
    }
    if purpose == Purpose::Signing {
        policies(&so_far, trust)?;
    }
    Ok(so_far)
}

fn search(
    so_far: &mut Vec<Certificate>,
    pool: &[Certificate],
    trust: &Trust,
    at: u64,
    tried: &mut usize,
    nearest: &mut Verdict,
) -> bool {
    let Some(last) = so_far.last().cloned() else { return false };
    let issued =
        |one: &Certificate| one.subject() == last.issuer() && one.key().is_ok_and(|key| last.verify(&key).is_ok());
    for anchor in trust.anchors.iter().filter(|one| issued(one)) {
        so_far.push(anchor.clone());
        match sound(so_far, at) {
            Ok(()) => return true,
            Err(why) => *nearest = why,
        }
        so_far.pop();
    }
    if so_far.len() > LONGEST {
        return false;
    }
    for one in pool {
        *tried += 1;
        if *tried > MOST_TRIED {
            return false;
        }
        if !so_far.contains(one) && issued(one) {
            so_far.push(one.clone());
            if search(so_far, pool, trust, at, tried, nearest) {
                return true;
            }
            so_far.pop();
        }
    }
    false
}

/// What must hold for every certificate of a chain.
fn sound(chain: &[Certificate], at: u64) -> Result<(), Verdict> {
    let constraints = |why| Verdict::no(Sub::ChainConstraintsFailure, why);
    for (index, one) in chain.iter().enumerate() {
        let (first, last) = one.validity();
        if at < first {
            return Err(Verdict::no(Sub::NotYetValid, "a certificate was not valid yet"));
        }
        if at > last {
            return Err(Verdict::no(Sub::OutOfBoundsNoPoe, "a certificate was valid no more"));
        }
        if one.extension_names().any(|(name, critical)| critical && !UNDERSTOOD.contains(&name)) {
            return Err(constraints("a certificate has a critical extension that is not understood"));
        }
        if index == 0 {
            continue;
        }
        let limits = one.extension::<BasicConstraints>().map_err(|_| constraints("a certificate cannot be read"))?;
        let limits = limits.map(|(_, limits)| limits).filter(|limits| limits.ca);
        let limits = limits.ok_or_else(|| constraints("a certificate of the chain is no authority's"))?;
        // Authorities below this one, the signer's certificate not counted (RFC 5280 section 4.2.1.9).
        if limits.path_len_constraint.is_some_and(|most| index - 1 > usize::from(most)) {
            return Err(constraints("an authority may have no authority below it"));
        }
        let usage = one.extension::<KeyUsage>().map_err(|_| constraints("a certificate cannot be read"))?;
        if usage.is_some_and(|(_, usage)| !usage.key_cert_sign()) {
            return Err(constraints("an authority may not sign certificates"));
        }
    }
    Ok(())
}

/// What the first certificate must allow.
fn usable(own: &Certificate, purpose: Purpose) -> Result<(), Verdict> {
    let wrong = |why| Verdict::no(Sub::ChainConstraintsFailure, why);
    let unreadable = |_| wrong("the certificate cannot be read");
    let usage = own.extension::<KeyUsage>().map_err(unreadable)?;
    let extended = own.extension::<ExtendedKeyUsage>().map_err(unreadable)?;
    let signs = usage.is_none_or(|(_, usage)| usage.non_repudiation() || usage.digital_signature());
    if !signs {
        return Err(wrong("the certificate is not for signing"));
    }
    let may = match (purpose, extended) {
        (Purpose::Signing, None) => true,
        (Purpose::Signing, Some((_, all))) => {
            let known = [ID_KP_DOCUMENT_SIGNING, ID_KP_EMAIL_PROTECTION, ANY_EXTENDED_KEY_USAGE];
            all.0.iter().any(|one| known.contains(one))
        }
        (Purpose::Stamping, Some((critical, all))) => critical && all.0 == [ID_KP_TIME_STAMPING],
        (Purpose::Stamping, None) => false,
    };
    if may { Ok(()) } else { Err(wrong("the certificate is for something else")) }
}

/// One of the policies wanted must hold from the signer up to the anchor, which itself may say nothing.
fn policies(chain: &[Certificate], trust: &Trust) -> Result<(), Verdict> {
    if trust.policies.is_empty() {
        return Ok(());
    }
    let wrong =
        Verdict::no(Sub::ChainConstraintsFailure, "the certificate was not issued under a policy that is accepted");
    let below = chain.split_last().map_or(&[][..], |(_, below)| below);
    let holds = |policy: &ObjectIdentifier| {
        below.iter().enumerate().all(|(index, one)| {
            let named = one.extension::<CertificatePolicies>().ok().flatten();
            named.is_some_and(|(_, all)| {
                let any = |one: &ObjectIdentifier| one == policy || (index > 0 && *one == ANY_POLICY);
                all.0.iter().any(|one| any(&one.policy_identifier))
            })
        })
    };
    if trust.policies.iter().any(holds) { Ok(()) } else { Err(wrong) }
}
