//! Another round of archive before the last one ages (EN 319 142-1 section 5.5): proofs about the newest time-stamp, a time-stamp over
//! all of it, proofs about that one.
//!
//! A document is renewed only while everything in it still holds: a stamp over something that does not would make it look as if it did.

use super::validate::{self, contents, validate};
use super::{Form, Material, Prepared, Report, add_dss, complete, prepare_timestamp};
use crate::Error;
use crate::algorithm::Digest;
use crate::certificate::Certificate;
use crate::cms::{self, Signature};
use crate::pdf::{Appended, Document, Source};
use crate::timestamp::{self, Checked};
use crate::validation::{self, Evidence, Indication, Level, Purpose, Sub, Trust};

/// A time-stamp that no later one covers yet: once its certificate has ended, it proves nothing.
#[derive(Clone, Debug)]
pub struct Aging {
    /// Over the document, or over the value of one signature.
    pub form: Form,
    /// When it was made, Unix seconds.
    pub at: u64,
    /// When the first certificate of its chain ends, Unix seconds.
    pub ends: u64,
    /// From the authority for time to the anchor.
    pub chain: Vec<Certificate>,
    token: Vec<u8>,
}

/// What a document's proofs of time rest on.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The newest time-stamp over the document, and those of signatures made since; at least one.
    pub stamps: Vec<Aging>,
}

impl Standing {
    /// Whether a time-stamp covers the whole document (B-LTA).
    #[must_use]
    pub fn archived(&self) -> bool {
        matches!(self.stamps.as_slice(), [Aging { form: Form::Timestamp, .. }])
    }

    /// The last second at which it can be renewed, Unix time.
    #[must_use]
    pub fn ends(&self) -> u64 {
        self.stamps.iter().map(|one| one.ends).min().unwrap_or(0)
    }
}

/// Looks at what a document's proofs of time rest on. What the document does not keep about its newest time-stamp may be missing yet;
/// [`renew`] wants it.
///
/// # Errors
/// [`Error::Refused`] when a signature or a time-stamp does not hold, or carries too little to be archived; as [`validate`].
pub fn standing(file: &mut dyn Source, trust: &Trust) -> Result<Standing, Error> {
    let report = validate(file, trust)?;
    let newest = report.signatures.iter().rposition(|one| one.form == Form::Timestamp);
    // Without status of the newest time-stamp nothing before it is judged as of then: only what is wrong counts yet.
    let open = newest
        .and_then(|newest| report.signatures.get(newest))
        .is_some_and(|one| one.verdict.sub == Some(Sub::TryLater));
    if open {
        let wrong = report.signatures.iter().find(|one| one.verdict.indication == Indication::Failed);
        if let Some(wrong) = wrong {
            return Err(Error::Refused(wrong.verdict.why));
        }
    } else {
        whole(&report)?;
    }
    let mut document = Document::open(file)?;
    let (all, evidence) = validate::read(&mut document)?;
    drop(document);
    let mut stamps = Vec::new();
    for found in report.signatures.iter().skip(newest.unwrap_or(0)) {
        let raw = all.iter().find(|raw| raw.end().is_some() && raw.end() == found.signed);
        let own = raw.and_then(contents).ok_or(Error::Malformed("a signature"))?;
        let token = match found.form {
            Form::Timestamp => own,
            Form::Signature => Signature::read(&own)?
                .unsigned(cms::TIME_STAMP)?
                .ok_or(Error::Refused("a signature without a time-stamp cannot be archived"))?,
        };
        let (checked, chain) = stamper(&token, &evidence, trust)?;
        stamps.push(Aging { form: found.form, at: checked.at, ends: ends(&chain), chain, token });
    }
    if stamps.is_empty() { Err(Error::Refused("nobody signed this document")) } else { Ok(Standing { stamps }) }
}

/// Everything holds, and every signature carries what a judge needs.
fn whole(report: &Report) -> Result<(), Error> {
    let verdict = report.verdict();
    if !verdict.passed() {
        return Err(Error::Refused(verdict.why));
    }
    if report.signatures.iter().any(|one| one.form == Form::Signature && one.level < Level::LT) {
        return Err(Error::Refused("a signature without time-stamp and status (B-LT) cannot be archived"));
    }
    Ok(())
}

/// Who made a token, and the chain as of now.
fn stamper(token: &[u8], evidence: &Evidence, trust: &Trust) -> Result<(Checked, Vec<Certificate>), Error> {
    let checked = timestamp::look(token)?;
    let mut pool = Signature::read(token)?.certificates().to_vec();
    pool.extend_from_slice(&evidence.certificates);
    let chain = validation::chain(&checked.certificate, &pool, trust, trust.now, Purpose::Stamping)
        .map_err(|why| Error::Refused(why.why))?;
    Ok((checked, chain))
}

fn ends(chain: &[Certificate]) -> u64 {
    chain.iter().map(|one| one.validity().1).min().unwrap_or(0)
}

/// A round of archive that waits for its time-stamp.
#[derive(Clone, Debug)]
pub struct Round {
    kept: Vec<u8>,
    prepared: Prepared,
    digest: Digest,
}

/// Begins a round: `material` says how the chains of all [`Standing::stamps`] stand now.
///
/// # Errors
/// [`Error::Refused`] when the document does not hold with what is known now, such as a revocation; as [`validate`].
pub fn renew(
    file: &mut dyn Source,
    standing: &Standing,
    material: &Material,
    digest: Digest,
    trust: &Trust,
) -> Result<Round, Error> {
    let over = standing.stamps.iter().filter(|one| one.form == Form::Timestamp).map(|one| one.token.clone());
    let mut all = material.clone();
    all.join(&Material {
        certificates: standing.stamps.iter().flat_map(|one| one.chain.clone()).collect(),
        signatures: over.collect(),
        ..Material::default()
    });
    let kept = add_dss(file, &all, trust.now)?;
    let mut grown = Appended::new(file, &kept)?;
    whole(&validate(&mut grown, trust)?)?;
    let prepared = prepare_timestamp(&mut grown, digest)?;
    Ok(Round { kept, prepared, digest })
}

impl Round {
    /// What the authority is to stamp.
    #[must_use]
    pub fn digest(&self) -> &[u8] {
        self.prepared.digest()
    }

    /// The time-stamp that came, once it is known to be over this document and by somebody trusted.
    ///
    /// # Errors
    /// [`Error::Refused`] with the reason.
    pub fn stamped(&self, token: &[u8], trust: &Trust) -> Result<Aging, Error> {
        timestamp::check(token, self.digest, self.digest(), None)?;
        let (checked, chain) = stamper(token, &Evidence::default(), trust)?;
        Ok(Aging { form: Form::Timestamp, at: checked.at, ends: ends(&chain), chain, token: token.to_vec() })
    }

    /// Ends a round: gives the bytes to append to the file. `material` says how the chain of the new time-stamp stands.
    ///
    /// # Errors
    /// [`Error::Refused`] when the whole would not hold; as [`validate`].
    pub fn finish(
        self,
        file: &mut dyn Source,
        stamp: &Aging,
        material: &Material,
        trust: &Trust,
    ) -> Result<Vec<u8>, Error> {
        let mut tail = self.kept;
        tail.extend(complete(self.prepared, &stamp.token)?);
        let mut all = material.clone();
        all.join(&Material {
            certificates: stamp.chain.clone(),
            signatures: vec![stamp.token.clone()],
            ..Material::default()
        });
        let more = add_dss(&mut Appended::new(file, &tail)?, &all, trust.now)?;
        tail.extend(more);
        let report = validate(&mut Appended::new(file, &tail)?, trust)?;
        whole(&report)?;
        let archived = |one: &super::Found| one.form == Form::Timestamp || one.level == Level::LTA;
        if report.signatures.iter().all(archived) {
            Ok(tail)
        } else {
            Err(Error::Refused("the new time-stamp does not cover everything"))
        }
    }
}
