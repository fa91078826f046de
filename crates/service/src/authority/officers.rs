//! Acts of officers: a statement that two of them sign over exactly one change of exactly one certificate as it stands.

use super::change::{Act, By, change};
use super::hex;
use crate::audit::{self, Event};
use crate::statement::{Claims, Officer, Signed};
use crate::{Caller, Error, Fault, Platform};
use lionrock_model::certificate::{CertificateRefusal, Ground};
use lionrock_model::refusal::Refusal as _;
use lionrock_model::statement::{StatementFault, same_realm};
use lionrock_store::certificate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use thiserror::Error as ThisError;

/// The claims of an act. Members in alphabetical order: they are signed in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateClaims {
    /// `revoke`, `hold` or `resume`.
    pub act: String,
    /// Officers who approve, two or more.
    pub approved_by: Vec<String>,
    /// Why, for `revoke`.
    pub ground: Option<String>,
    /// The realm it is for.
    pub realm: String,
    /// The serial number, hexadecimal.
    pub serial: String,
    /// The version of the certificate's standing: a statement acts once.
    pub version: i64,
}

impl Claims for CertificateClaims {
    const FORMAT: &'static str = "lionrock certificate act v1";
    type Meaning = (Self, Act);

    fn approvers(&self) -> &[String] {
        &self.approved_by
    }

    fn meaning(self) -> Result<(Self, Act), StatementFault> {
        let ground = self.ground.as_deref().and_then(Ground::from_word).filter(|ground| Ground::FINAL.contains(ground));
        let act = match (self.act.as_str(), ground, &self.ground) {
            ("revoke", Some(ground), _) => Act::Revoke(ground),
            ("hold", None, None) => Act::Hold,
            ("resume", None, None) => Act::Resume,
            _ => return Err(StatementFault::Form("its act and ground do not fit together".to_owned())),
        };
        Ok((self, act))
    }
}

/// Why nothing was done.
#[derive(Debug, ThisError)]
pub enum NotDone {
    /// The statement does not count.
    #[error(transparent)]
    Statement(#[from] StatementFault),
    /// The certificate stands otherwise by now.
    #[error("the certificate stands otherwise than when this was signed: look at it again")]
    Changed,
    /// The certificate does not allow it.
    #[error("{}", .0.code())]
    Refused(CertificateRefusal),
    /// It could not be done.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<lionrock_store::Error> for NotDone {
    fn from(error: lionrock_store::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// The version of a certificate's standing, for a statement about it.
///
/// # Errors
/// Of the store.
pub async fn version(platform: &Arc<Platform>, serial: &str) -> Result<Option<i64>, Fault> {
    let Some(serial) = unhex(serial) else { return Ok(None) };
    Ok(platform.store.glance(move |tx| certificate::find(tx, &serial)).await?.map(|row| row.version))
}

/// Does what two officers signed; the ledger keeps who did.
///
/// # Errors
/// [`NotDone`].
pub async fn by_officers(
    platform: &Arc<Platform>,
    caller: &Caller,
    signed: Signed<CertificateClaims>,
    officers: &[Officer],
) -> Result<(), NotDone> {
    let signatures = serde_json::to_value(&signed.signatures).map_err(Fault::from)?;
    let (claims, act) = signed.open(officers)?;
    same_realm(&claims.realm, &platform.settings.realm)?;
    let serial = unhex(&claims.serial).ok_or(NotDone::Refused(CertificateRefusal::NotFound))?;
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    platform
        .store
        .write(move |tx| {
            let row = certificate::find(tx, &serial)?.ok_or(NotDone::Refused(CertificateRefusal::NotFound))?;
            if row.version != claims.version {
                return Err(NotDone::Changed);
            }
            change(tx, &owned, &caller, &serial, act, By::Officer).map_err(|error| match error {
                Error::Refuse(refusal) => NotDone::Refused(refusal),
                Error::Fault(fault) => NotDone::Fault(fault),
            })?;
            let body = json!({
                "serial": hex(&serial),
                "signed_by": claims.approved_by,
                "signatures": signatures,
                "version": claims.version,
                "what": claims.act,
            });
            audit::append(tx, &owned, &caller, &Event::new("certificate.approved", row.resident, body))?;
            Ok(())
        })
        .await
}

/// A serial number as commands and pages write it.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || text.len() > 40 || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}
