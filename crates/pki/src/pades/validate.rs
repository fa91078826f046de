//! Judging the signatures of a PDF: each by itself, and what was changed after it (EN 319 142-1 section 6, EN 319 102-1).

use super::change::{self, Change, Changes};
use super::field;
use super::prepare::{kind, range_to};
use crate::Error;
use crate::algorithm::Digest;
use crate::certificate::Certificate;
use crate::pdf::{self, Dictionary, Document, Id, Object, Source};
use crate::validation::{Evidence, Indication, Judged, Level, Signer, Sub, Trust, Verdict, judge, token};
use lionrock_crypto::digest::Stream as Hash;
use std::collections::BTreeSet;

/// Most signatures of a document that are judged.
const MOST_SIGNATURES: usize = 64;
/// Most certificates, answers and lists of a store that are read, each.
const MOST_KEPT: usize = 256;

/// What kind of signature it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Of a person or a service.
    Signature,
    /// A time-stamp over the document.
    Timestamp,
}

/// One signature of a document.
#[derive(Clone, Debug)]
pub struct Found {
    /// The name of its field.
    pub field: String,
    /// Its kind.
    pub form: Form,
    /// The answer, what was changed since taken into account.
    pub verdict: Verdict,
    /// Who signed.
    pub signer: Option<Signer>,
    /// When the signer says it was, Unix seconds.
    pub claimed: Option<u64>,
    /// When it was at the latest, proved by a time-stamp; Unix seconds.
    pub proved: Option<u64>,
    /// How much it carries.
    pub level: Level,
    /// What for, in the signer's words.
    pub reason: Option<String>,
    /// Bytes of the document as it was signed; none when the signature says nothing sound.
    pub signed: Option<u64>,
    /// What was changed since.
    pub since: Changes,
}

/// What a document's signatures are worth.
#[derive(Clone, Debug)]
pub struct Report {
    /// The signatures, the oldest first.
    pub signatures: Vec<Found>,
    /// How many pages the document has.
    pub pages: u64,
    /// Bytes of the document.
    pub length: u64,
}

impl Report {
    /// The answer for the whole document: the worst of its signatures; not a yes when nobody but an authority for time signed.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if !self.signatures.iter().any(|one| one.form == Form::Signature) {
            return Verdict::no(Sub::SignedDataNotFound, "nobody signed this document");
        }
        let worst = self.signatures.iter().map(|one| one.verdict).max_by_key(|verdict| verdict.indication);
        worst.unwrap_or(Verdict::PASSED)
    }
}

/// A signature's dictionary and what it covers.
pub(super) struct Raw {
    field: String,
    id: Id,
    words: Dictionary,
    /// Where it lies.
    range: Result<Range, Verdict>,
}

impl Raw {
    /// Bytes of the document as it was signed.
    pub(super) fn end(&self) -> Option<u64> {
        self.range.as_ref().ok().map(|range| range.end)
    }
}

/// Everything from 0 to `end` but the gap.
#[derive(Clone, Copy)]
struct Range {
    gap: u64,
    after: u64,
    end: u64,
}

/// Judges all signatures of a document.
///
/// # Errors
/// [`Error::Pdf`] when the document cannot be read; [`Error::Io`].
pub fn validate(file: &mut dyn Source, trust: &Trust) -> Result<Report, Error> {
    let mut document = Document::open(file)?;
    let pages = document.pages()?;
    let length = document.length();
    let (all, evidence) = read(&mut document)?;
    drop(document);
    let mut judgement = Judgement { file, trust, evidence, later: None, length };
    let mut signatures = Vec::new();
    for one in all.into_iter().rev() {
        signatures.push(judgement.found(one)?);
    }
    signatures.reverse();
    double(&mut signatures);
    Ok(Report { signatures, pages, length })
}

/// All signatures of a document, the oldest first, and what it keeps for judging them.
pub(super) fn read(document: &mut Document<'_>) -> Result<(Vec<Raw>, Evidence), Error> {
    let mut all = Vec::new();
    for field in field::fields(document)? {
        if field.kind.as_deref() == Some(b"Sig") && field.dictionary.get("V").is_some() {
            if all.len() >= MOST_SIGNATURES {
                return Err(pdf::Refusal::TooManyObjects.into());
            }
            all.push(raw(document, field)?);
        }
    }
    all.sort_by_key(|one| one.end().unwrap_or(0));
    let mut evidence = store(document)?;
    // Every signature brings certificates that may be needed for another.
    for one in &all {
        if let Some(bytes) = contents(one)
            && let Ok(signature) = crate::cms::Signature::read(&bytes)
        {
            evidence.certificates.extend(signature.certificates().iter().take(MOST_KEPT).cloned());
        }
    }
    Ok((all, evidence))
}

/// Two signatures over the same bytes cannot both be there by signing.
fn double(all: &mut [Found]) {
    let mut seen = BTreeSet::new();
    for one in all.iter_mut() {
        if one.signed.is_some_and(|end| !seen.insert(end)) {
            one.verdict = Verdict::no(Sub::FormatFailure, "two signatures say that they end at the same place");
        }
    }
}

/// The signature of a field, and whether what it says it covers is sound (ISO 32000-2 section 12.8.1).
fn raw(document: &mut Document<'_>, field: field::Field) -> Result<Raw, Error> {
    let words = document.dictionary(&field.dictionary, "V")?.unwrap_or_default();
    let named = field.dictionary.get("V").and_then(Object::as_reference);
    let id = named.unwrap_or(Id { number: 0, generation: 0 });
    let wrong =
        |words, why| Ok(Raw { field: field.name.clone(), id, words, range: Err(Verdict::no(Sub::FormatFailure, why)) });
    if named.is_none() {
        return wrong(words, "the signature is not an object of its own");
    }
    let Some(placed) = document.placed(id)? else {
        return wrong(words, "the signature is packed away where nothing can be signed around it");
    };
    let place = |key: &str| {
        placed.iter().find(|one| one.key == key.as_bytes()).map(|one| (one.value.clone(), one.span.clone()))
    };
    let (Some((Object::Array(range), _)), Some((Object::String(_), span))) = (place("ByteRange"), place("Contents"))
    else {
        return wrong(words, "the signature does not say what it covers, or is empty");
    };
    let numbers: Option<Vec<u64>> =
        range.iter().map(|one| one.as_integer().and_then(|one| u64::try_from(one).ok())).collect();
    let Some([0, gap, after, rest]) = numbers.as_deref().and_then(|all| <[u64; 4]>::try_from(all).ok()) else {
        return wrong(words, "what the signature covers is not everything from the first byte to its end");
    };
    if span != (gap..after) {
        return wrong(words, "the signature leaves out more than itself");
    }
    let Some(end) = after.checked_add(rest).filter(|end| *end <= document.length()) else {
        return wrong(words, "the signature says it covers more than there is");
    };
    Ok(Raw { field: field.name.clone(), id, words, range: Ok(Range { gap, after, end }) })
}

/// The signature proper: the DER at the beginning of `Contents`; what follows must be padding.
pub(super) fn contents(raw: &Raw) -> Option<Vec<u8>> {
    let bytes = raw.words.get("Contents").and_then(Object::as_string)?;
    let length = der_length(bytes)?;
    let (own, padding) = bytes.split_at_checked(length)?;
    padding.iter().all(|byte| *byte == 0).then(|| own.to_vec())
}

/// How long the first value of DER is.
fn der_length(bytes: &[u8]) -> Option<usize> {
    let first = usize::from(*bytes.get(1)?);
    if first < 0x80 {
        return Some(2 + first);
    }
    let count = first & 0x7f;
    if count == 0 || count > 4 {
        return None;
    }
    let length = bytes.get(2..2 + count)?.iter().fold(0_usize, |all, byte| (all << 8) | usize::from(*byte));
    length.checked_add(2 + count)
}

/// What is kept in the document security store.
fn store(document: &mut Document<'_>) -> Result<Evidence, Error> {
    let mut evidence = Evidence::default();
    let catalog = document.catalog()?;
    let Some(store) = document.dictionary(&catalog, "DSS")? else { return Ok(evidence) };
    for (key, what) in [("Certs", 0), ("OCSPs", 1), ("CRLs", 2)] {
        for one in document.array(&store, key)?.iter().take(MOST_KEPT) {
            let Object::Stream(stream) = document.resolve(one)? else { continue };
            let Ok(bytes) = document.bytes(&stream) else { continue };
            match what {
                0 => evidence.certificates.extend(Certificate::from_der(&bytes)),
                1 => evidence.answers.push(bytes),
                _ => evidence.lists.push(bytes),
            }
        }
    }
    Ok(evidence)
}

struct Judgement<'a, 's> {
    file: &'s mut dyn Source,
    trust: &'a Trust,
    evidence: Evidence,
    /// The earliest time-stamp over the document that holds and covers what is judged next.
    later: Option<u64>,
    length: u64,
}

impl Judgement<'_, '_> {
    fn found(&mut self, raw: Raw) -> Result<Found, Error> {
        let text = |key: &str| raw.words.get(key).and_then(Object::as_string);
        let form = if raw.words.is_type("DocTimeStamp") { Form::Timestamp } else { Form::Signature };
        let mut found = Found {
            field: raw.field.clone(),
            form,
            verdict: Verdict::PASSED,
            signer: None,
            claimed: text("M").and_then(pdf::read_date),
            proved: None,
            level: Level::B,
            reason: text("Reason").map(pdf::read_text).filter(|reason| !reason.is_empty()),
            signed: None,
            since: Changes::default(),
        };
        let range = match raw.range {
            Ok(range) => range,
            Err(why) => {
                found.verdict = why;
                return Ok(found);
            }
        };
        let Some(signature) = contents(&raw) else {
            found.verdict =
                Verdict::no(Sub::FormatFailure, "the signature is no signature, or something hides behind it");
            return Ok(found);
        };
        let sound = match form {
            Form::Signature => {
                matches!(raw.words.name("SubFilter"), Some(b"ETSI.CAdES.detached" | b"adbe.pkcs7.detached"))
            }
            Form::Timestamp => raw.words.name("SubFilter") == Some(b"ETSI.RFC3161"),
        };
        if !sound {
            found.verdict = Verdict::no(Sub::FormatFailure, "the signature is of a form that is not accepted");
            return Ok(found);
        }
        found.signed = Some(range.end);
        match form {
            Form::Signature => self.signature(&mut found, &signature, range)?,
            Form::Timestamp => self.timestamp(&mut found, &signature, range)?,
        }
        found.since = change::since(self.file, range.end, self.length, &raw.words, raw.id)?;
        // A wrong signature stays wrong; a right one is worth less when the document is another one.
        if found.verdict.indication < Indication::Failed {
            if let Some(why) = found.since.forbidden {
                found.verdict = Verdict::no(Sub::DocumentChanged, why);
            } else if found.verdict.passed()
                && found.since.all.contains(&Change::Annotated)
                && !found.since.annotating_allowed
            {
                found.verdict =
                    Verdict::no(Sub::DocumentAnnotated, "something was put over the document after it was signed");
            }
        }
        Ok(found)
    }

    fn signature(&mut self, found: &mut Found, der: &[u8], range: Range) -> Result<(), Error> {
        let file = &mut *self.file;
        let mut content = |digest| hashed(file, range, digest);
        let judged: Judged = judge(der, &mut content, &self.evidence, self.trust, self.later)?;
        found.verdict = judged.verdict;
        found.signer = judged.signer;
        found.proved = judged.proved;
        found.level = judged.level;
        found.claimed = found.claimed.or(judged.claimed);
        Ok(())
    }

    fn timestamp(&mut self, found: &mut Found, der: &[u8], range: Range) -> Result<(), Error> {
        let file = &mut *self.file;
        let mut content = |digest| hashed(file, range, digest);
        match token(der, &mut content, &mut self.evidence, self.trust, self.later)? {
            Ok(stamped) if self.later.is_some_and(|later| stamped.at > later) => {
                found.verdict = Verdict::no(Sub::TimestampOrderFailure, "a time-stamp is later than the one over it");
            }
            Ok(stamped) if !stamped.shown => {
                found.signer = Some(Signer::of(&stamped.certificate));
                found.verdict = Verdict::no(Sub::TryLater, "nothing shows how the time-stamping authority stood");
            }
            Ok(stamped) => {
                found.signer = Some(Signer::of(&stamped.certificate));
                found.proved = Some(stamped.at);
                found.level = if self.later.is_some() { Level::LTA } else { Level::T };
                self.later = Some(stamped.at);
            }
            Err(why) => found.verdict = why,
        }
        Ok(())
    }
}

/// The digest of everything but the gap.
fn hashed(file: &mut dyn Source, range: Range, digest: Digest) -> Result<Vec<u8>, Error> {
    let mut hash = Hash::new(kind(digest));
    range_to(file, 0, range.gap, &mut hash)?;
    range_to(file, range.after, range.end - range.after, &mut hash)?;
    Ok(hash.finish())
}
