//! Checking evidence, offline: nothing is asked of anybody, and nothing of ours is trusted but the anchors that are given.

use super::evidence::{VERSION, digest};
use lionrock_activation::{Activation, Form, record, text};
use lionrock_crypto::digest::sha256;
use lionrock_ledger::bundle::Bundle;
use lionrock_ledger::leaf::Leaf;
use lionrock_ledger::note::Verifier;
use lionrock_pki::algorithm::{self, Digest};
use lionrock_pki::certificate::Certificate;
use lionrock_pki::ocsp::{self, Status};
use lionrock_pki::validation::{Purpose, Trust, chain};
use lionrock_pki::{name, timestamp};
use lionrock_wire::jose;
use lionrock_wire::webauthn::json::{AuthenticationResponse, Base64Url};
use lionrock_wire::webauthn::{AssertionExpectation, Framing, RelyingParty, StoredCredential, assertion};
use serde::Deserialize;
use serde_json::Value;

/// What was looked at, in order; the words are stable.
pub const CHECKS: [&str; 10] = [
    "form",
    "activation-text",
    "shown",
    "passkey",
    "signatures",
    "time-stamps",
    "certificate",
    "status",
    "ledger-entry",
    "ledger-proof",
];

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// One of [`CHECKS`].
    pub name: &'static str,
    /// Whether it holds; none when it could not be looked at.
    pub holds: Option<bool>,
    /// In words.
    pub says: String,
}

/// What evidence proves.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every check, in order.
    pub checks: Vec<Check>,
    /// Whom the certificate names.
    pub signer: Option<String>,
    /// For which service.
    pub service: Option<String>,
    /// What it was called on the page.
    pub title: Option<String>,
    /// When, by the time-stamp, Unix seconds.
    pub at: Option<u64>,
    /// Digests that were signed, hexadecimal.
    pub digests: Vec<String>,
    /// SHA-256 of what was handed out, by the ledger's entry, hexadecimal.
    pub result: Option<String>,
}

impl Report {
    /// Whether nothing is wrong, and nothing but the ledger's proof is missing.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.checks.len() == CHECKS.len()
            && self.checks.iter().all(|check| match check.holds {
                Some(holds) => holds,
                None => check.name.starts_with("ledger"),
            })
    }
}

/// Whom to trust.
#[derive(Clone, Debug)]
pub struct Anchors {
    /// Root certificates.
    pub roots: Vec<Certificate>,
    /// The log's keys, the newest first; without them the file's own word is not taken.
    pub log: Vec<Verifier>,
    /// Now, Unix seconds.
    pub now: u64,
}

#[derive(Deserialize)]
struct File {
    core: String,
    ledger: Option<Entry>,
    v: String,
}

#[derive(Deserialize)]
struct Entry {
    entry: Base64Url,
    event: String,
    event_key: Base64Url,
    proof: String,
}

#[derive(Deserialize)]
struct Core {
    activation: String,
    algorithm: String,
    assertion: Assertion,
    authenticator: Authenticator,
    certificate: Base64Url,
    documents: Vec<Document>,
    issuer: String,
    rp_id: String,
    shown: String,
    signature: String,
    status: Proofs,
    v: String,
}

#[derive(Deserialize)]
struct Assertion {
    authenticator_data: Base64Url,
    client_data: Base64Url,
    id: Base64Url,
    signature: Base64Url,
}

#[derive(Deserialize)]
struct Authenticator {
    public_key: Base64Url,
}

#[derive(Deserialize)]
struct Document {
    digest: lionrock_activation::Hex,
    form: Form,
    message: Base64Url,
    signature: Base64Url,
    time_stamp: Base64Url,
}

#[derive(Deserialize)]
struct Proofs {
    answers: Vec<Base64Url>,
    certificates: Vec<Base64Url>,
}

/// Whether bytes look like evidence at all.
#[must_use]
pub fn is_evidence(file: &[u8]) -> bool {
    serde_json::from_slice::<File>(file).is_ok_and(|file| file.v == VERSION)
}

type Said = Result<String, String>;

/// Checks a file of evidence.
#[must_use]
pub fn evidence(file: &[u8], anchors: &Anchors) -> Report {
    let mut report = Report::default();
    let read = read(file);
    report
        .checks
        .push(check("form", read.as_ref().map(|_| "a file of evidence, whole".to_owned()).map_err(Clone::clone)));
    let Ok((whole, core, asked, certificate, pool)) = read else { return report };
    let shown: Value = serde_json::from_str(&core.shown).unwrap_or_default();
    report.service = Some(asked.service.clone());
    report.title = shown.get("title").and_then(Value::as_str).map(str::to_owned);
    report.signer = name::common_name(certificate.subject());
    report.digests = asked.documents.iter().map(|document| document.digest.to_string()).collect();
    let mut say = |name, said| report.checks.push(check(name, said));
    say("activation-text", matches(&core, &asked, &certificate));
    say("shown", was_shown(&core, &asked));
    say("passkey", approved(&core));
    say("signatures", signatures(&core, &certificate));
    let stamped = stamps(&core, anchors, &pool);
    say("time-stamps", stamped.as_ref().map(|at| format!("stamped at {at} (Unix seconds)")).map_err(Clone::clone));
    let at = stamped.ok();
    say(
        "certificate",
        match at {
            Some(at) => trusted(&certificate, &pool, anchors, at),
            None => Err("there is no time to judge it at".to_owned()),
        },
    );
    say(
        "status",
        match at {
            Some(at) => good(&core, &certificate, &pool, at),
            None => Err("there is no time to judge it at".to_owned()),
        },
    );
    report.at = at;
    match &whole.ledger {
        None => {
            for name in ["ledger-entry", "ledger-proof"] {
                let says = "the file was made before the log held the entry: fetch it again".to_owned();
                report.checks.push(Check { name, holds: None, says });
            }
        }
        Some(entry) => {
            let (said, result) = entered(&whole.core, &core, entry);
            report.result = result;
            report.checks.push(check("ledger-entry", said));
            report.checks.push(proved(entry, anchors));
        }
    }
    report
}

fn check(name: &'static str, said: Said) -> Check {
    match said {
        Ok(says) => Check { name, holds: Some(true), says },
        Err(says) => Check { name, holds: Some(false), says },
    }
}

type Whole = (File, Core, Activation, Certificate, Vec<Certificate>);

fn read(file: &[u8]) -> Result<Whole, String> {
    let wrong = |what: &str| format!("not evidence of a signature: {what}");
    let whole: File = serde_json::from_slice(file).map_err(|_| wrong("not JSON of this form"))?;
    let core: Core = serde_json::from_str(&whole.core).map_err(|_| wrong("its core is not JSON of this form"))?;
    if whole.v != VERSION || core.v != VERSION {
        return Err(wrong("another version"));
    }
    let asked = text::read(core.activation.as_bytes()).ok_or_else(|| wrong("its activation text is not canonical"))?;
    let certificate = Certificate::from_der(&core.certificate.0).map_err(|_| wrong("its certificate is none"))?;
    let pool = core.status.certificates.iter().map(|der| Certificate::from_der(&der.0));
    let pool = pool.collect::<Result<Vec<_>, _>>().map_err(|_| wrong("a certificate is none"))?;
    Ok((whole, core, asked, certificate, pool))
}

/// The approval names this certificate and exactly these documents.
fn matches(core: &Core, asked: &Activation, certificate: &Certificate) -> Said {
    if asked.v != text::ACTIVATION {
        return Err("the text approved something else than a signature".to_owned());
    }
    if asked.certificate != sha256(certificate.der()).into() {
        return Err("another certificate was approved".to_owned());
    }
    let same = asked.documents.len() == core.documents.len()
        && asked
            .documents
            .iter()
            .zip(&core.documents)
            .all(|(one, other)| one.digest == other.digest && one.form == other.form);
    if !same || asked.documents.is_empty() {
        return Err("other documents were approved".to_owned());
    }
    Ok(format!("{} document(s), for {}", asked.documents.len(), asked.service))
}

fn was_shown(core: &Core, asked: &Activation) -> Said {
    if asked.shown != sha256(core.shown.as_bytes()).into() {
        return Err("what is said to have been shown is not what was approved".to_owned());
    }
    let shown: Value = serde_json::from_str(&core.shown).map_err(|_| "what was shown is not JSON".to_owned())?;
    if shown.pointer("/service/id").and_then(Value::as_str) != Some(&asked.service) {
        return Err("another service was shown than the one approved".to_owned());
    }
    let seen = shown.get("seen").and_then(Value::as_bool) == Some(true);
    Ok(if seen {
        "the person saw the document itself"
    } else {
        "the person saw digests and names alone, and was told so"
    }
    .to_owned())
}

/// The passkey's answer is one to this text, with its person verified, by a key that cannot leave its device.
fn approved(core: &Core) -> Said {
    let challenge = sha256(core.activation.as_bytes());
    let origins = [core.issuer.clone()];
    let expected = AssertionExpectation {
        party: RelyingParty { id: &core.rp_id, origins: &origins, framing: Framing::Never },
        challenge: &challenge,
        user_verification: true,
        allowed: &[],
        person_known: true,
    };
    let response = AuthenticationResponse {
        id: core.assertion.id.0.clone(),
        client_data_json: core.assertion.client_data.0.clone(),
        authenticator_data: core.assertion.authenticator_data.0.clone(),
        signature: core.assertion.signature.0.clone(),
        user_handle: None,
    };
    let stored = StoredCredential {
        id: &core.assertion.id.0,
        public_key: &core.authenticator.public_key.0,
        user_handle: &[],
        sign_count: 0,
        backup_eligible: false,
    };
    let verified = assertion::verify(&response, &expected, &stored);
    verified.map_err(|failure| format!("the passkey's answer does not hold: {failure}"))?;
    Ok("approved by a passkey that cannot leave its device, its person verified".to_owned())
}

/// The certificate's key signed exactly what was approved.
fn signatures(core: &Core, certificate: &Certificate) -> Said {
    let algorithm = record::algorithm(&core.algorithm).ok_or("an algorithm that nobody signs with here")?;
    let key = certificate.key().map_err(|error| error.to_string())?;
    for document in &core.documents {
        let verified = match document.form {
            Form::Attributes => {
                let named = lionrock_activation::attributes::read(&document.message.0);
                let named = named.ok_or("signed attributes of no known form")?;
                if named.digest != document.digest.0 || named.certificate != sha256(certificate.der()) {
                    return Err("the signed attributes name another document or certificate".to_owned());
                }
                key.verify(algorithm, &document.message.0, &document.signature.0)
            }
            Form::Exact => key.verify_digest(algorithm, &document.digest.0, &document.signature.0),
        };
        verified.map_err(|_| "a signature does not verify".to_owned())?;
    }
    Ok(format!("{} signature(s) by the certificate's key, {}", core.documents.len(), core.algorithm))
}

/// Each signature is stamped by somebody whom the anchors trust; the latest time.
fn stamps(core: &Core, anchors: &Anchors, pool: &[Certificate]) -> Result<u64, String> {
    let algorithm = record::algorithm(&core.algorithm).ok_or("an algorithm that nobody signs with here")?;
    let mut latest = 0;
    for document in &core.documents {
        // In CMS a time-stamp is over the signature as it stands there: ASN.1 for ECDSA.
        let bytes = match document.form {
            Form::Exact => document.signature.0.clone(),
            Form::Attributes => {
                algorithm::encode(algorithm, &document.signature.0).map_err(|error| error.to_string())?
            }
        };
        let mut checked = timestamp::check(&document.time_stamp.0, Digest::Sha256, &sha256(&bytes), None);
        if checked.is_err() && document.form == Form::Exact {
            // In JSON a time-stamp is over the signature as it is written there.
            let written = sha256(jose::encode(&bytes).as_bytes());
            checked = timestamp::check(&document.time_stamp.0, Digest::Sha256, &written, None);
        }
        let checked = checked.map_err(|error| format!("a time-stamp: {error}"))?;
        let trust = Trust { anchors: anchors.roots.clone(), policies: Vec::new(), now: anchors.now };
        chain(&checked.certificate, pool, &trust, checked.at, Purpose::Stamping)
            .map_err(|_| "a time-stamp is by somebody whom nobody trusted vouches for".to_owned())?;
        latest = latest.max(checked.at);
    }
    if latest == 0 { Err("there is no time-stamp".to_owned()) } else { Ok(latest) }
}

fn trusted(certificate: &Certificate, pool: &[Certificate], anchors: &Anchors, at: u64) -> Said {
    let trust = Trust { anchors: anchors.roots.clone(), policies: Vec::new(), now: anchors.now };
    let chain = chain(certificate, pool, &trust, at, Purpose::Signing)
        .map_err(|_| "no chain leads from the signer's certificate to an anchor that was valid then".to_owned())?;
    Ok(format!("a chain of {} certificates to an anchor, valid at the time", chain.len()))
}

/// An answer of the authority, made at the time of signing, says that the certificate was in force.
fn good(core: &Core, certificate: &Certificate, pool: &[Certificate], at: u64) -> Said {
    const NEAR: u64 = 15 * 60;
    for issuer in pool.iter().filter(|one| one.subject() == certificate.issuer()) {
        for answer in &core.status.answers {
            let Ok(found) = ocsp::examine(&answer.0, certificate, issuer) else { continue };
            if found.from.abs_diff(at) > NEAR {
                continue;
            }
            return match found.status {
                Status::Good => Ok("in force, by an answer of the authority made at the time".to_owned()),
                Status::Revoked(..) => Err("the certificate was not in force".to_owned()),
                Status::Unknown => Err("the authority does not know the certificate".to_owned()),
            };
        }
    }
    Err("no answer of the authority from the time of signing is in the file".to_owned())
}

/// The entry's body is the one the log committed to, and names this core.
fn entered(text: &str, core: &Core, entry: &Entry) -> (Said, Option<String>) {
    let judge = || {
        let leaf = Leaf::decode(&entry.entry.0).map_err(|_| "not an entry of a log".to_owned())?;
        let key = <[u8; 32]>::try_from(entry.event_key.0.as_slice()).map_err(|_| "not a key".to_owned())?;
        if !leaf.opens(&key, entry.event.as_bytes()) {
            return Err("the log committed to another event".to_owned());
        }
        let event: Value = serde_json::from_str(&entry.event).map_err(|_| "the event is not JSON".to_owned())?;
        let said = |at: &str| event.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let right = said("/kind").as_deref() == Some("document.signed")
            && said("/body/evidence") == Some(digest(text.as_bytes()))
            && said("/body/signature").as_deref() == Some(&core.signature);
        if !right {
            return Err("the entry is about something else".to_owned());
        }
        Ok(said("/body/result"))
    };
    match judge() {
        Ok(result) => (Ok("the ledger's entry names this evidence".to_owned()), result),
        Err(why) => (Err(why), None),
    }
}

fn proved(entry: &Entry, anchors: &Anchors) -> Check {
    const NAME: &str = "ledger-proof";
    let Some(origin) = anchors.log.first().map(Verifier::name) else {
        let says = "give the log's key to check that the entry stands in it".to_owned();
        return Check { name: NAME, holds: None, says };
    };
    let judge = || {
        let bundle = Bundle::parse(&entry.proof).map_err(|error| error.to_string())?;
        let checkpoint = bundle.check(&entry.entry.0, origin, &anchors.log).map_err(|error| error.to_string())?;
        Ok(format!("entry {} of a log of {}", bundle.index, checkpoint.size))
    };
    check(NAME, judge())
}
