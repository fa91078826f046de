//! How a certificate stood at a time, by status answers and revocation lists that came along.

use super::{Evidence, Sub, Verdict};
use crate::certificate::Certificate;
use crate::crl;
use crate::ocsp::{self, Status};

/// Whether every certificate of a chain but the anchor stood well at a time. What was revoked after `safe` does no harm: its use before is
/// proved.
pub fn chain(chain: &[Certificate], evidence: &Evidence, at: u64, safe: Option<u64>, now: u64) -> Result<(), Verdict> {
    for (index, pair) in chain.windows(2).enumerate() {
        let [own, issuer] = pair else { continue };
        match standing(own, issuer, evidence, at, now) {
            Some(Standing::Good) => {}
            Some(Standing::Revoked(since)) if safe.is_some_and(|safe| since > safe) => {}
            Some(Standing::Revoked(_)) if index > 0 => {
                return Err(Verdict::no(Sub::RevokedCaNoPoe, "an authority's certificate is revoked"));
            }
            Some(Standing::Revoked(_)) => {
                return Err(if safe.is_some() {
                    Verdict::no(Sub::Revoked, "the certificate had been revoked when it was used")
                } else {
                    Verdict::no(
                        Sub::RevokedNoPoe,
                        "the certificate is revoked, and no time-stamp shows that it was used before",
                    )
                });
            }
            None => {
                return Err(Verdict::no(Sub::TryLater, "nothing shows how a certificate stood at that time"));
            }
        }
    }
    Ok(())
}

enum Standing {
    Good,
    /// Since when.
    Revoked(u64),
}

/// How one certificate stood. A revocation that anybody entitled tells of counts, however many say otherwise.
fn standing(own: &Certificate, issuer: &Certificate, evidence: &Evidence, at: u64, now: u64) -> Option<Standing> {
    let mut good = false;
    let mut revoked: Option<u64> = None;
    let mut note = |since: u64| revoked = Some(revoked.map_or(since, |earlier| earlier.min(since)));
    for der in &evidence.answers {
        let Ok(answer) = ocsp::examine(der, own, issuer) else { continue };
        if answer.from > now {
            continue;
        }
        match answer.status {
            Status::Revoked(since, _) => note(since),
            // An answer counts that was still good at that time, or was made later.
            Status::Good => good |= answer.until.is_some_and(|until| until >= at),
            Status::Unknown => {}
        }
    }
    for der in &evidence.lists {
        let Ok(list) = crl::examine(der, issuer) else { continue };
        if list.made > now {
            continue;
        }
        match list.entries.iter().find(|(serial, ..)| serial == own.serial()) {
            Some((_, since, _)) => note(*since),
            None => good |= list.next >= at,
        }
    }
    match revoked {
        Some(since) => Some(Standing::Revoked(since)),
        None => good.then_some(Standing::Good),
    }
}
