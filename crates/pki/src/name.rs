//! Distinguished names: of authorities and of natural persons (ETSI EN 319 412-2 section 4.2.4).

use crate::{Error, malformed};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{COMMON_NAME, COUNTRY_NAME, GIVEN_NAME, ORGANIZATION_NAME, SERIAL_NUMBER, SURNAME};
use der::asn1::{Any, PrintableStringRef, SetOfVec, Utf8StringRef};
use der::{Decode, Encode};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::Name;

/// Longest value of an attribute (RFC 5280 appendix A.1, ub-common-name and others).
const LONGEST: usize = 64;

/// Who a certificate is about.
#[derive(Clone, PartialEq, Eq)]
pub enum Subject {
    /// An authority or a service of the platform.
    Organisation {
        /// Two letters of ISO 3166-1: `HK`.
        country: String,
        /// The legal name.
        organisation: String,
        /// The name of this authority or service, unique within the organisation.
        common_name: String,
    },
    /// A natural person.
    Person {
        /// Two letters of ISO 3166-1.
        country: String,
        /// Family name in Latin letters.
        surname: String,
        /// Other names in Latin letters.
        given_name: String,
        /// The name people are called by; both scripts when there are two: `CHAN Tai Man 陳大文`.
        common_name: String,
        /// Tells persons of one name apart: a random reference, never the card number.
        serial_number: String,
    },
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subject(…)")
    }
}

impl Subject {
    /// The distinguished name, most general part first.
    ///
    /// # Errors
    /// [`Error::Refused`] for an empty or overlong part, or control characters.
    pub fn name(&self) -> Result<Name, Error> {
        let parts: Vec<(ObjectIdentifier, &str)> = match self {
            Self::Organisation { country, organisation, common_name } => {
                vec![(COUNTRY_NAME, country), (ORGANIZATION_NAME, organisation), (COMMON_NAME, common_name)]
            }
            Self::Person { country, surname, given_name, common_name, serial_number } => {
                let mut parts: Vec<(ObjectIdentifier, &str)> = vec![(COUNTRY_NAME, country), (SURNAME, surname)];
                // Some people have one name.
                if !given_name.is_empty() {
                    parts.push((GIVEN_NAME, given_name));
                }
                parts.extend([(SERIAL_NUMBER, serial_number.as_str()), (COMMON_NAME, common_name.as_str())]);
                parts
            }
        };
        let sets = parts.into_iter().map(|(oid, text)| part(oid, text)).collect::<Result<Vec<_>, _>>()?;
        let der = sets.to_der().map_err(malformed("a name"))?;
        Name::from_der(&der).map_err(malformed("a name"))
    }
}

fn part(oid: ObjectIdentifier, text: &str) -> Result<SetOfVec<AttributeTypeAndValue>, Error> {
    if text.trim().is_empty() || text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        return Err(Error::Refused("each part of a name has 1 to 64 characters, none of them control characters"));
    }
    // Country and serial number are PrintableString by definition (RFC 5280 appendix A.1).
    let printable = oid == COUNTRY_NAME || oid == SERIAL_NUMBER;
    if oid == COUNTRY_NAME && (text.len() != 2 || !text.bytes().all(|b| b.is_ascii_uppercase())) {
        return Err(Error::Refused("a country is two capital letters"));
    }
    let value = if printable {
        PrintableStringRef::new(text).map(Any::from).map_err(|_| Error::Refused("not a printable string"))?
    } else {
        Utf8StringRef::new(text).map(Any::from).map_err(malformed("a name"))?
    };
    SetOfVec::try_from(vec![AttributeTypeAndValue { oid, value }]).map_err(malformed("a name"))
}

/// The text of the first attribute of a kind.
#[must_use]
pub fn attribute(name: &Name, oid: ObjectIdentifier) -> Option<String> {
    name.iter().find(|one| one.oid == oid).and_then(|one| {
        let text = std::str::from_utf8(one.value.value()).ok()?;
        Some(text.to_owned())
    })
}

/// The common name.
#[must_use]
pub fn common_name(name: &Name) -> Option<String> {
    attribute(name, COMMON_NAME)
}
