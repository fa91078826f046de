//! Attestation statements: formats `none` and `packed` (WebAuthn L3 sections 8.2 and 8.7).

use lionrock_crypto::digest::sha256;

use super::Failure;
use super::authenticator_data::{AttestedCredential, AuthenticatorData};
use super::cbor::{self, CborError, Value};
use super::certificate::Certificate;
use super::cose::CoseAlgorithm;

/// Judges whether a chain (attestation certificate first, DER) ends at a root accepted for this model.
pub type ChainJudge<'a> = dyn Fn(&[Vec<u8>], [u8; 16]) -> bool + Sync + 'a;

/// What a relying party accepts (section 7.1 steps 23 and 24).
#[derive(Clone, Copy)]
pub enum AttestationPolicy<'a> {
    /// Any sound statement; none proves the model, so all count as no attestation unless the judge accepts the chain.
    Any(Option<&'a ChainJudge<'a>>),
    /// Only a chain the judge accepts.
    Trusted(&'a ChainJudge<'a>),
}

impl core::fmt::Debug for AttestationPolicy<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Any(_) => "Any",
            Self::Trusted(_) => "Trusted",
        })
    }
}

/// What a statement proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttestationKind {
    /// Nothing, format `none`.
    None,
    /// The key signed for itself.
    SelfSigned,
    /// An attestation key signed, but its chain was not accepted or not judged.
    Unjudged,
    /// An attestation key signed and its chain was accepted.
    Trusted,
}

/// A parsed attestation object (section 6.5.4).
#[derive(Clone, Debug)]
pub struct AttestationObject {
    /// Format identifier.
    pub format: String,
    /// Statement of that format.
    statement: Value,
    /// Authenticator data as signed.
    pub auth_data: Vec<u8>,
}

impl AttestationObject {
    /// Parses the CBOR map `fmt`, `attStmt`, `authData` and nothing else.
    ///
    /// # Errors
    /// [`Failure::AttestationObject`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let value = cbor::decode(bytes).map_err(Failure::AttestationObject)?;
        let structure = Failure::AttestationObject(CborError::Structure);
        let members = value.entries().ok_or(structure)?;
        let format = value.text_key("fmt").and_then(Value::text).ok_or(structure)?;
        let statement = value.text_key("attStmt").filter(|s| s.entries().is_some()).ok_or(structure)?;
        let auth_data = value.text_key("authData").and_then(Value::bytes).ok_or(structure)?;
        if members.len() != 3 || format.len() > 32 {
            return Err(structure);
        }
        Ok(Self { format: format.to_owned(), statement: statement.clone(), auth_data: auth_data.to_vec() })
    }

    /// Steps 7.1.21 to 24: finds the format, verifies the statement, asks policy.
    ///
    /// # Errors
    /// [`Failure::AttestationFormat`], [`Failure::AttestationStatement`], [`Failure::AttestationTrust`].
    pub fn verify(
        &self,
        data: &AuthenticatorData,
        client_data_json: &[u8],
        policy: AttestationPolicy<'_>,
    ) -> Result<(AttestationKind, Vec<Vec<u8>>), Failure> {
        let attested = data.attested.as_ref().ok_or(Failure::AuthenticatorData)?;
        let chain = match self.format.as_str() {
            "none" if self.statement.entries().is_some_and(<[_]>::is_empty) => None,
            "none" => return Err(Failure::AttestationStatement),
            "packed" => Some(self.verify_packed(attested, client_data_json)?),
            _ => return Err(Failure::AttestationFormat),
        };
        let judged = match (&chain, policy) {
            (Some(chain), AttestationPolicy::Any(Some(judge)) | AttestationPolicy::Trusted(judge))
                if !chain.is_empty() =>
            {
                judge(chain, attested.aaguid)
            }
            _ => false,
        };
        if matches!(policy, AttestationPolicy::Trusted(_)) && !judged {
            return Err(Failure::AttestationTrust);
        }
        let kind = match &chain {
            None => AttestationKind::None,
            Some(chain) if chain.is_empty() => AttestationKind::SelfSigned,
            Some(_) if judged => AttestationKind::Trusted,
            Some(_) => AttestationKind::Unjudged,
        };
        Ok((kind, chain.unwrap_or_default()))
    }

    /// Section 8.2, verification procedure. The chain is empty for self attestation.
    fn verify_packed(&self, attested: &AttestedCredential, client_data_json: &[u8]) -> Result<Vec<Vec<u8>>, Failure> {
        let wrong = Failure::AttestationStatement;
        let algorithm = self.statement.text_key("alg").and_then(Value::int).ok_or(wrong)?;
        let algorithm = CoseAlgorithm::from_number(algorithm).ok_or(wrong)?;
        let signature = self.statement.text_key("sig").and_then(Value::bytes).ok_or(wrong)?;
        let members = self.statement.entries().map_or(0, <[_]>::len);
        let mut signed = self.auth_data.clone();
        signed.extend_from_slice(&sha256(client_data_json));

        let Some(chain) = self.statement.text_key("x5c") else {
            let sound = members == 2
                && algorithm == attested.key.algorithm
                && algorithm.verify(&attested.key.key, &signed, signature);
            return if sound { Ok(Vec::new()) } else { Err(wrong) };
        };
        let Value::Array(chain) = chain else { return Err(wrong) };
        let chain: Option<Vec<Vec<u8>>> = chain.iter().map(|item| item.bytes().map(<[u8]>::to_vec)).collect();
        let chain = chain.filter(|chain| members == 3 && !chain.is_empty() && chain.len() <= 8).ok_or(wrong)?;
        let first = chain.first().ok_or(wrong)?;
        let certificate = Certificate::parse(first).ok_or(wrong)?;
        let sound = certificate.meets_packed_profile()
            && certificate.aaguid.is_none_or(|named| named == attested.aaguid)
            && algorithm.verify(&certificate.key, &signed, signature);
        if sound { Ok(chain) } else { Err(wrong) }
    }
}
