//! One signature, or one time-stamp, judged.

use super::path::{self, Purpose};
use super::{Level, Signer, Sub, Trust, Verdict, status, sub};
use crate::Error;
use crate::algorithm::Digest;
use crate::certificate::Certificate;
use crate::cms::{self, Signature};
use crate::timestamp::{self, Checked};

/// What is known beside the signature: certificates, answers and lists, none of them trusted for being there.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Certificates.
    pub certificates: Vec<Certificate>,
    /// Status answers, in DER.
    pub answers: Vec<Vec<u8>>,
    /// Revocation lists, in DER.
    pub lists: Vec<Vec<u8>>,
}

/// What became of a signature.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The answer.
    pub verdict: Verdict,
    /// Who signed, as far as it can be read; proved only when the answer is a yes.
    pub signer: Option<Signer>,
    /// When it says to be made, Unix seconds.
    pub claimed: Option<u64>,
    /// When it existed at the latest, by a time-stamp that holds; Unix seconds.
    pub proved: Option<u64>,
    /// How much it carries.
    pub level: Level,
    /// The chain to the anchor, when there is one.
    pub chain: Vec<Certificate>,
}

impl Judged {
    pub(crate) const fn refused(verdict: Verdict) -> Self {
        Self { verdict, signer: None, claimed: None, proved: None, level: Level::B, chain: Vec::new() }
    }
}

/// Judges a signature over content whose digest `content` gives. `later` is a time at which all of it existed, by a time-stamp over the
/// whole document.
///
/// # Errors
/// When the content cannot be read.
pub fn judge(
    der: &[u8],
    content: &mut dyn FnMut(Digest) -> Result<Vec<u8>, Error>,
    evidence: &Evidence,
    trust: &Trust,
    later: Option<u64>,
) -> Result<Judged, Error> {
    let signature = match Signature::read(der) {
        Ok(signature) => signature,
        Err(error) => {
            return Ok(Judged::refused(Verdict::no(format(&error), "this is no signature that is understood")));
        }
    };
    let digest = match signature.digest() {
        Ok(digest) => digest,
        Err(_) => return Ok(Judged::refused(Verdict::no(Sub::CryptoConstraintsFailure, "its digest is not accepted"))),
    };
    let found = content(digest)?;
    let claimed = signature.claimed().ok().flatten();
    let own = match signature.check(&found) {
        Ok(own) => own.clone(),
        Err(error) => {
            let same = signature.message_digest().is_ok_and(|said| said == found);
            let sub = if same { sub(&error) } else { Sub::HashFailure };
            let why = if same { "the signature does not verify" } else { "what was signed is not what is here" };
            return Ok(Judged { claimed, ..Judged::refused(Verdict::no(sub, why)) });
        }
    };
    let mut pool = evidence.clone();
    pool.certificates.extend_from_slice(signature.certificates());
    let cms::Revocation { answers, lists } = signature.revocation().unwrap_or_default();
    pool.answers.extend(answers);
    pool.lists.extend(lists);
    weigh(&own, claimed, signature.unsigned(cms::TIME_STAMP)?, signature.bytes(), pool, trust, later)
}

/// What remains when a signature fits its content and its certificate: time, chain and status. `over` is what its time-stamp is over.
pub(crate) fn weigh(
    own: &Certificate,
    claimed: Option<u64>,
    stamp: Option<Vec<u8>>,
    over: &[u8],
    mut pool: Evidence,
    trust: &Trust,
    later: Option<u64>,
) -> Result<Judged, Error> {
    let mut judged = Judged {
        verdict: Verdict::PASSED,
        signer: Some(Signer::of(own)),
        claimed,
        proved: later,
        level: Level::B,
        chain: Vec::new(),
    };
    let mut stamped = None;
    if let Some(token) = stamp {
        match self::token(&token, &mut |digest| Ok(digest.of(over)), &mut pool, trust, later)? {
            Ok(found) if later.is_some_and(|later| found.at > later) => {
                judged.verdict =
                    Verdict::no(Sub::TimestampOrderFailure, "its time-stamp is later than the one over the document");
                return Ok(judged);
            }
            Ok(found) => {
                judged.level = Level::T;
                judged.proved = Some(found.at);
                stamped = Some(found);
            }
            Err(why) => {
                let stranger = why.sub == Some(Sub::NoCertificateChainFound);
                let words = if stranger {
                    "nobody who is trusted stands behind its time-stamp"
                } else {
                    "its time-stamp does not hold"
                };
                judged.verdict = Verdict { why: words, ..why };
                return Ok(judged);
            }
        }
    }
    let at = judged.proved.unwrap_or(trust.now);
    match path::chain(own, &pool.certificates, trust, at, Purpose::Signing) {
        Ok(chain) => judged.chain = chain,
        Err(why) if why.sub == Some(Sub::OutOfBoundsNoPoe) && judged.proved.is_some() => {
            judged.verdict = Verdict::no(Sub::Expired, "it was signed after the certificate's end");
            return Ok(judged);
        }
        Err(why) => {
            judged.verdict = why;
            return Ok(judged);
        }
    }
    if let Err(why) = status::chain(&judged.chain, &pool, at, judged.proved, trust.now) {
        judged.verdict = why;
        return Ok(judged);
    }
    match stamped {
        Some(Stamped { shown: true, .. }) => judged.level = Level::LT,
        Some(_) => judged.verdict = Verdict::no(Sub::TryLater, "nothing shows how the time-stamping authority stood"),
        None => {}
    }
    if judged.level == Level::LT && later.is_some() {
        judged.level = Level::LTA;
    }
    Ok(judged)
}

/// A signature that is none is of a wrong form, whatever the reader said.
const fn format(error: &Error) -> Sub {
    match error {
        Error::Algorithm(_) => Sub::CryptoConstraintsFailure,
        _ => Sub::FormatFailure,
    }
}

/// A time-stamp that holds.
pub(crate) struct Stamped {
    /// When, Unix seconds.
    pub at: u64,
    /// Who stamped.
    pub certificate: Certificate,
    /// The status of its chain was shown.
    pub shown: bool,
}

/// Judges a time-stamp token over what `content` gives the digest of. `later` is a time at which the token existed.
pub(crate) fn token(
    der: &[u8],
    content: &mut dyn FnMut(Digest) -> Result<Vec<u8>, Error>,
    pool: &mut Evidence,
    trust: &Trust,
    later: Option<u64>,
) -> Result<Result<Stamped, Verdict>, Error> {
    let digest = match timestamp::imprint_of(der) {
        Ok(digest) => digest,
        Err(_) => return Ok(Err(Verdict::no(Sub::FormatFailure, "this is no time-stamp that is understood"))),
    };
    let found = content(digest)?;
    let Checked { at, certificate, .. } = match timestamp::check(der, digest, &found, None) {
        Ok(checked) => checked,
        Err(Error::Refused(_)) => {
            return Ok(Err(Verdict::no(Sub::HashFailure, "the time-stamp is over something else")));
        }
        Err(_) => return Ok(Err(Verdict::no(Sub::CryptoFailure, "the time-stamp does not verify"))),
    };
    if at > trust.now {
        return Ok(Err(Verdict::no(Sub::TimestampOrderFailure, "the time-stamp is from the future")));
    }
    if let Ok(signature) = Signature::read(der) {
        pool.certificates.extend_from_slice(signature.certificates());
    }
    // The stamp counts as of when it is known to have existed: now, or at a later stamp.
    let known = later.unwrap_or(trust.now).max(at);
    let chain = match path::chain(&certificate, &pool.certificates, trust, known, Purpose::Stamping) {
        Ok(chain) => chain,
        Err(why) => return Ok(Err(why)),
    };
    // Status is wanted as of the stamp: answers about it are made when it is, and kept (EN 319 142-1 section 5.5).
    match status::chain(&chain, pool, at, later, trust.now) {
        Ok(()) => Ok(Ok(Stamped { at, certificate, shown: true })),
        Err(why) if why.sub == Some(Sub::TryLater) => Ok(Ok(Stamped { at, certificate, shown: false })),
        Err(why) => Ok(Err(why)),
    }
}
