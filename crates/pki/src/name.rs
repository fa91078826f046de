//! Distinguished names: of authorities and of natural persons (ETSI EN 319 412-2 section 4.2.4).

use crate::{Error, malformed};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{
    COMMON_NAME, COUNTRY_NAME, GIVEN_NAME, ORGANIZATION_NAME, ORGANIZATIONAL_UNIT_NAME, SERIAL_NUMBER, SURNAME,
};
use der::asn1::{Any, PrintableStringRef, SetOfVec, Utf8StringRef};
use der::{Decode, Encode};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::Name;

/// Longest value of an attribute (RFC 5280 appendix A.1, ub-common-name and others).
pub const LONGEST: usize = 64;
/// The number of a legal person in a register (X.520 section 6.4.4; EN 319 412-1 section 5.1.4 says how it is written).
const ORGANIZATION_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.97");

/// Who a certificate is about.
#[derive(Clone, PartialEq, Eq)]
pub enum Subject {
    /// An authority or a service of the platform.
    Organisation {
        /// Two letters of ISO 3166-1: `HK`.
        country: String,
        /// The legal name.
        organisation: String,
        /// Its number in a register: `NTRHK-12345678`. Issuers of certificates to people have one (EN 319 412-2 section 4.2.3.1).
        identifier: Option<String>,
        /// The realm, where it is not production.
        unit: Option<String>,
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
        /// The realm, where it is not production.
        unit: Option<String>,
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
            Self::Organisation { country, organisation, identifier, unit, common_name } => {
                let mut parts: Vec<(ObjectIdentifier, &str)> =
                    vec![(COUNTRY_NAME, country), (ORGANIZATION_NAME, organisation)];
                parts.extend(identifier.as_deref().map(|text| (ORGANIZATION_IDENTIFIER, text)));
                parts.extend(unit.as_deref().map(|text| (ORGANIZATIONAL_UNIT_NAME, text)));
                parts.push((COMMON_NAME, common_name));
                parts
            }
            Self::Person { country, surname, given_name, common_name, serial_number, unit } => {
                let mut parts: Vec<(ObjectIdentifier, &str)> = vec![(COUNTRY_NAME, country)];
                parts.extend(unit.as_deref().map(|text| (ORGANIZATIONAL_UNIT_NAME, text)));
                parts.push((SURNAME, surname));
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
    let odd = |c: char| c.is_control() || is_hidden(c);
    if text.trim().is_empty() || text.trim() != text || text.chars().count() > LONGEST || text.chars().any(odd) {
        return Err(Error::Refused(
            "each part of a name has 1 to 64 characters, none of them hidden or at its ends blank",
        ));
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

/// Characters that change how a name looks without being seen: two names could look alike, or one like another.
const fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text of the first attribute of a kind.
#[must_use]
pub fn attribute(name: &Name, oid: ObjectIdentifier) -> Option<String> {
    name.iter().find(|one| one.oid == oid).and_then(|one| {
        let text = std::str::from_utf8(one.value.value()).ok()?;
        Some(text.to_owned())
    })
}

/// The unit: the realm, where it is not production.
#[must_use]
pub fn unit(name: &Name) -> Option<String> {
    attribute(name, ORGANIZATIONAL_UNIT_NAME)
}

/// The common name.
#[must_use]
pub fn common_name(name: &Name) -> Option<String> {
    attribute(name, COMMON_NAME)
}
