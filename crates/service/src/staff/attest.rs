//! Whether a maker vouches for an authenticator: a chain of certificates from a configured root, and a model on the list.

use super::House;
use lionrock_model::time::Millis;
use lionrock_pki::certificate::Certificate;

/// Longest chain, the authenticator's own certificate included.
const LONGEST: usize = 4;

/// Whether the chain (the attestation certificate first, DER) leads to a root of this house, and the model is one of its list.
pub(super) fn trusted(house: &House, chain: &[Vec<u8>], model: [u8; 16], now: Millis) -> bool {
    // A zero model is that of an authenticator which does not say what it is.
    model != [0; 16] && house.models.contains(&model) && leads_to_a_root(&house.roots, chain, now)
}

fn leads_to_a_root(roots: &[Vec<u8>], chain: &[Vec<u8>], now: Millis) -> bool {
    if chain.is_empty() || chain.len() > LONGEST {
        return false;
    }
    let Ok(chain) = chain.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>() else {
        return false;
    };
    let holds = |one: &Certificate| {
        let (from, until) = one.validity();
        u64::try_from(now.seconds()).is_ok_and(|now| (from..=until).contains(&now))
    };
    if !chain.iter().all(holds) {
        return false;
    }
    let signed = |one: &Certificate, by: &Certificate| {
        one.issuer() == by.subject() && by.key().is_ok_and(|key| one.verify(&key).is_ok())
    };
    // Everything after the first must be an authority's.
    let linked = chain.windows(2).all(|pair| matches!(pair, [one, by] if by.is_authority() && signed(one, by)));
    let Some(last) = chain.last().filter(|_| linked) else { return false };
    roots.iter().filter_map(|der| Certificate::from_der(der).ok()).any(|root| {
        let itself = root.der() == last.der() && chain.len() > 1;
        holds(&root) && root.is_authority() && (itself || signed(last, &root))
    })
}
