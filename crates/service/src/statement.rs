//! Statements that two officers sign: deviations and site certificates, as files (docs/formats/deviation.md).
//!
//! What is signed are the words of the format, a line feed, and the claims as JSON without blanks, members in alphabetical
//! order. A statement counts only with the signatures of two officers of this deployment, with keys of their own, who are those it
//! names as approvers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};
use lionrock_model::deviation::{Deviation, Excusable};
use lionrock_model::site::{Class, Endpoint, Holding, SiteCertificate};
use lionrock_model::staff::Identity;
use lionrock_model::statement::{Span, StatementFault};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Largest file in bytes.
pub const LARGEST: usize = 64 * 1024;

/// Somebody whose signature counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    /// What signatures call them by.
    pub id: String,
    /// What they are.
    pub identity: Identity,
    /// Their Ed25519 key.
    pub key: [u8; 32],
}

/// What a statement is about.
pub trait Claims: Serialize + DeserializeOwned {
    /// First line of what is signed, and `format` of the file.
    const FORMAT: &'static str;
    /// What the claims mean, once they are sound.
    type Meaning;

    /// Names of those who are to sign.
    fn approvers(&self) -> &[String];

    /// Reads the claims.
    ///
    /// # Errors
    /// The first thing wrong.
    fn meaning(self) -> Result<Self::Meaning, StatementFault>;
}

/// The claims of a deviation. Members in alphabetical order: they are signed in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviationClaims {
    /// Officers who approve, two or more.
    pub approved_by: Vec<String>,
    /// Name of the check it excuses.
    pub check: String,
    /// The first moment after it, RFC 3339 in UTC.
    pub expires: String,
    /// Its own name.
    pub id: String,
    /// Its first moment, RFC 3339 in UTC.
    pub not_before: String,
    /// The realm it is for.
    pub realm: String,
    /// Why.
    pub reason: String,
}

/// The claims of a site certificate. Members in alphabetical order: they are signed in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteClaims {
    /// Officers who approve, two or more.
    pub approved_by: Vec<String>,
    /// `government`, `private` or `public-cloud`.
    pub class: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// `store`, `backup`.
    pub covers: Vec<String>,
    /// `folder:/…`, `host:…`, `socket:/…`.
    pub endpoints: Vec<String>,
    /// The first moment after it, RFC 3339 in UTC.
    pub expires: String,
    /// Its own name.
    pub id: String,
    /// No snapshots of these hosts are taken.
    pub no_snapshots: bool,
    /// Its first moment, RFC 3339 in UTC.
    pub not_before: String,
    /// The realm it is for.
    pub realm: String,
    /// The site's name.
    pub site: String,
}

impl Claims for DeviationClaims {
    const FORMAT: &'static str = "lionrock deviation v1";
    type Meaning = Deviation;

    fn approvers(&self) -> &[String] {
        &self.approved_by
    }

    fn meaning(self) -> Result<Deviation, StatementFault> {
        let span = Span::read(&self.not_before, &self.expires)?;
        let check = Excusable::from_word(&self.check).ok_or(StatementFault::UnknownCheck(self.check))?;
        named(&self.id)?;
        if self.reason.trim().is_empty() {
            return Err(StatementFault::Form("it gives no reason".to_owned()));
        }
        Ok(Deviation { check, id: self.id, realm: self.realm, reason: self.reason, span })
    }
}

impl Claims for SiteClaims {
    const FORMAT: &'static str = "lionrock site certificate v1";
    type Meaning = SiteCertificate;

    fn approvers(&self) -> &[String] {
        &self.approved_by
    }

    fn meaning(self) -> Result<SiteCertificate, StatementFault> {
        let span = Span::read(&self.not_before, &self.expires)?;
        let wrong = |what: &str| StatementFault::Form(format!("{what:?} is not known"));
        named(&self.id)?;
        Ok(SiteCertificate {
            class: Class::from_word(&self.class).ok_or_else(|| wrong(&self.class))?,
            country: self.country,
            covers: self
                .covers
                .iter()
                .map(|it| Holding::from_word(it).ok_or_else(|| wrong(it)))
                .collect::<Result<_, _>>()?,
            endpoints: self
                .endpoints
                .iter()
                .map(|it| Endpoint::parse(it).ok_or_else(|| wrong(it)))
                .collect::<Result<_, _>>()?,
            id: self.id,
            no_snapshots: self.no_snapshots,
            realm: self.realm,
            site: self.site,
            span,
        })
    }
}

/// A statement with whatever signatures it has.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed<C> {
    /// What is stated.
    pub claims: C,
    /// Which kind of statement.
    pub format: String,
    /// Who signed it so far.
    pub signatures: Vec<Signature>,
}

/// One officer's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The officer.
    pub by: String,
    /// Ed25519, base64url without padding.
    pub signature: String,
}

impl<C: Claims> Signed<C> {
    /// A statement nobody has signed yet.
    #[must_use]
    pub fn propose(claims: C) -> Self {
        Self { claims, format: C::FORMAT.to_owned(), signatures: Vec::new() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`StatementFault::Form`].
    pub fn parse(file: &[u8]) -> Result<Self, StatementFault> {
        if file.len() > LARGEST {
            return Err(StatementFault::Form("the file is larger than 64 KiB".to_owned()));
        }
        let read: Self = serde_json::from_slice(file).map_err(|error| StatementFault::Form(error.to_string()))?;
        if read.format != C::FORMAT {
            return Err(StatementFault::Form(format!("its format is not {:?}", C::FORMAT)));
        }
        Ok(read)
    }

    /// The file, for people to read and sign.
    ///
    /// # Errors
    /// [`StatementFault::Form`], when it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, StatementFault> {
        serde_json::to_string_pretty(self).map_err(|error| StatementFault::Form(error.to_string()))
    }

    /// Adds an officer's signature, in place of an earlier one of theirs.
    ///
    /// # Errors
    /// [`StatementFault::Approvers`] when the statement does not name them, [`StatementFault::Form`] when the key does not sign.
    pub fn sign(&mut self, officer: &str, key: &SigningKey) -> Result<(), StatementFault> {
        if !self.claims.approvers().iter().any(|named| named == officer) {
            return Err(StatementFault::Approvers);
        }
        let signature = key.sign(&self.text()?).map_err(|error| StatementFault::Form(error.to_string()))?;
        self.signatures.retain(|other| other.by != officer);
        self.signatures.push(Signature { by: officer.to_owned(), signature: URL_SAFE_NO_PAD.encode(signature) });
        self.signatures.sort_by(|a, b| a.by.cmp(&b.by));
        Ok(())
    }

    /// What it means, when everything about its signatures is right. Whether it holds here and now is asked of the meaning.
    ///
    /// # Errors
    /// The first thing wrong.
    pub fn open(self, officers: &[Officer]) -> Result<C::Meaning, StatementFault> {
        let text = self.text()?;
        let mut who = BTreeSet::new();
        let mut keys = BTreeSet::new();
        for signature in &self.signatures {
            let officer = officers.iter().find(|officer| officer.id == signature.by);
            let officer = officer.ok_or_else(|| StatementFault::UnknownOfficer(signature.by.clone()))?;
            if !officer.identity.approves() {
                return Err(StatementFault::NotEntitled(officer.id.clone()));
            }
            let failed = || StatementFault::Signature(officer.id.clone());
            let bytes = URL_SAFE_NO_PAD.decode(&signature.signature).map_err(|_| failed())?;
            PublicKey::Ed25519(officer.key).verify(Algorithm::EdDsa, &text, &bytes).map_err(|_| failed())?;
            who.insert(officer.id.as_str());
            keys.insert(officer.key);
        }
        // One person under two names has one key, or two names for one.
        if who.len() < 2 || keys.len() < 2 {
            return Err(StatementFault::OneSigner);
        }
        if who != self.claims.approvers().iter().map(String::as_str).collect() {
            return Err(StatementFault::Approvers);
        }
        self.claims.meaning()
    }

    fn text(&self) -> Result<Vec<u8>, StatementFault> {
        let claims = serde_json::to_vec(&self.claims).map_err(|error| StatementFault::Form(error.to_string()))?;
        Ok([C::FORMAT.as_bytes(), b"\n", &claims].concat())
    }
}

/// Names stand in the ledger and on a public page: short, and of plain letters.
fn named(id: &str) -> Result<(), StatementFault> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (1..=40).contains(&id.len()) && id.chars().all(plain) {
        return Ok(());
    }
    Err(StatementFault::Form("its id must be 1 to 40 lower-case letters, digits and hyphens".to_owned()))
}
