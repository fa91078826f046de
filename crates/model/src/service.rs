//! Online services: who they are, what they may ask for, and how they prove themselves.

use crate::id::ServiceId;
use crate::language::Language;
use crate::policy::{Field, Purpose};
use crate::realm::Realm;
use std::fmt;
use thiserror::Error;

/// One text in the three languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh_hans: String,
    /// Traditional Chinese.
    pub zh_hant: String,
}

impl Words {
    /// The text in a language.
    #[must_use]
    pub fn to(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::ZhHans => &self.zh_hans,
            Language::ZhHant => &self.zh_hant,
        }
    }

    fn fits(&self, longest: usize) -> bool {
        [&self.en, &self.zh_hans, &self.zh_hant].iter().all(|text| {
            !text.trim().is_empty()
                && text.chars().count() <= longest
                // Controls and direction marks could make one name look like another on the consent page.
                && !text.chars().any(|c| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'))
        })
    }
}

/// How strictly a service speaks OpenID Connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// FAPI 2.0 Security Profile: pushed requests only, `private_key_jwt`.
    Fapi,
    /// Ordinary OpenID Connect with code and PKCE, for software that knows no more: the weaker one, and labelled so.
    Plain,
}

/// How a service proves that it is itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// `private_key_jwt`: its public keys, a JSON Web Key Set as text.
    Keys {
        /// RFC 7517; read and checked before it comes here.
        jwks: String,
    },
    /// No secret: software in a browser, held by PKCE and its redirect URI alone. Plain profile only.
    Public,
    /// `client_secret_basic`: SHA-256 of a secret of at least 128 random bits. Plain profile only.
    Secret {
        /// The digest; the secret itself is never kept.
        digest: [u8; 32],
    },
}

/// A field a service may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whether the service cannot do its work without: then the person releases it or declines the whole request.
    pub essential: bool,
    /// The field.
    pub field: Field,
}

/// What configuration says of a service, before it was checked.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// How it proves itself.
    pub authentication: Authentication,
    /// Whether it may use the Cloud Signature Consortium API: see signing certificates, and have hashes and documents signed.
    pub csc: bool,
    /// What it may ask for.
    pub fields: Vec<Wanted>,
    /// Whether it acts for a Government department: then signatures need a document that was seen, and lasting proof (Electronic
    /// Transactions Ordinance section 6(1A)).
    pub government: bool,
    /// Its client identifier.
    pub id: ServiceId,
    /// Its name, as people know it.
    pub name: Words,
    /// Origins of its browser software, for CORS; `https://host[:port]`.
    pub origins: Vec<String>,
    /// How strictly it speaks.
    pub profile: Profile,
    /// What it needs the fields for, as shown before consent.
    pub purpose: Words,
    /// Where answers may go.
    pub redirect_uris: Vec<String>,
}

/// A service that was checked: whoever holds one may rely on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    authentication: Authentication,
    csc: bool,
    fields: Vec<Wanted>,
    government: bool,
    id: ServiceId,
    name: Words,
    origins: Vec<String>,
    profile: Profile,
    purpose: Words,
    redirect_uris: Vec<RedirectUri>,
}

/// What is wrong with a declaration, and what to write instead.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ServiceFault {
    /// The profile does not allow the way of authentication.
    #[error("a service of the FAPI profile proves itself by keys: give jwks, or mark it as profile = \"plain\"")]
    Authentication,
    /// The right to sign, without the names that certificates hold.
    #[error(
        "a service with csc = true sees signing certificates: give english-name and chinese-name as essential fields"
    )]
    CscNames,
    /// A field that no service may have, or one twice.
    #[error("field {0:?} cannot be asked for by a service, or stands twice")]
    Field(&'static str),
    /// The card number as a mere option.
    #[error("hkid can only be an essential field: a service that can do without it must not ask for it")]
    HkidOptional,
    /// An origin that is none.
    #[error("origin {0:?} must be https://host or https://host:port, without a path")]
    Origin(String),
    /// A redirect URI that cannot be accepted.
    #[error("redirect URI {uri:?}: {fault}")]
    RedirectUri {
        /// As written.
        uri: String,
        /// Why not.
        fault: RedirectFault,
    },
    /// No or too many redirect URIs.
    #[error("a service needs 1 to 16 redirect URIs")]
    RedirectUris,
    /// A text is missing in a language, too long, or holds invisible characters.
    #[error(
        "{0} must be given in English, Traditional and Simplified Chinese, without control characters, at most {1} characters each"
    )]
    Words(&'static str, usize),
}

impl Service {
    /// Checks a declaration.
    ///
    /// # Errors
    /// With the first thing to mend.
    pub fn new(declared: Declaration, realm: &Realm) -> Result<Self, ServiceFault> {
        if !declared.name.fits(NAME) {
            return Err(ServiceFault::Words("name", NAME));
        }
        if !declared.purpose.fits(PURPOSE) {
            return Err(ServiceFault::Words("purpose", PURPOSE));
        }
        if declared.profile == Profile::Fapi && !matches!(declared.authentication, Authentication::Keys { .. }) {
            return Err(ServiceFault::Authentication);
        }
        for (place, wanted) in declared.fields.iter().enumerate() {
            let twice = declared.fields.iter().take(place).any(|earlier| earlier.field == wanted.field);
            if twice || !Purpose::Release.fields().contains(&wanted.field) {
                return Err(ServiceFault::Field(wanted.field.word()));
            }
            if wanted.field == Field::Hkid && !wanted.essential {
                return Err(ServiceFault::HkidOptional);
            }
        }
        let named = |field| declared.fields.iter().any(|it| it.essential && it.field == field);
        if declared.csc && !(named(Field::EnglishName) && named(Field::ChineseName)) {
            return Err(ServiceFault::CscNames);
        }
        if let Some(origin) = declared.origins.iter().find(|origin| !is_origin(origin)) {
            return Err(ServiceFault::Origin(origin.clone()));
        }
        if !(1..=16).contains(&declared.redirect_uris.len()) {
            return Err(ServiceFault::RedirectUris);
        }
        let redirect_uris = declared
            .redirect_uris
            .into_iter()
            .map(|uri| RedirectUri::parse(&uri, realm).map_err(|fault| ServiceFault::RedirectUri { uri, fault }))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            authentication: declared.authentication,
            csc: declared.csc,
            fields: declared.fields,
            government: declared.government,
            id: declared.id,
            name: declared.name,
            origins: declared.origins,
            profile: declared.profile,
            purpose: declared.purpose,
            redirect_uris,
        })
    }

    /// How it proves itself.
    #[must_use]
    pub const fn authentication(&self) -> &Authentication {
        &self.authentication
    }

    /// What it may ask for.
    #[must_use]
    pub fn fields(&self) -> &[Wanted] {
        &self.fields
    }

    /// Whether it may use the Cloud Signature Consortium API.
    #[must_use]
    pub const fn is_csc(&self) -> bool {
        self.csc
    }

    /// Whether it acts for a Government department.
    #[must_use]
    pub const fn is_government(&self) -> bool {
        self.government
    }

    /// Its client identifier.
    #[must_use]
    pub const fn id(&self) -> &ServiceId {
        &self.id
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Words {
        &self.name
    }

    /// Origins of its browser software.
    #[must_use]
    pub fn origins(&self) -> &[String] {
        &self.origins
    }

    /// How strictly it speaks.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// What it needs the fields for.
    #[must_use]
    pub const fn purpose(&self) -> &Words {
        &self.purpose
    }

    /// Whether an answer may go to `uri`.
    #[must_use]
    pub fn redirects_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered.admits(uri))
    }

    /// The fields among `asked` that the service may have, in the order in which people see them.
    #[must_use]
    pub fn wanted(&self, asked: &[Field]) -> Vec<Wanted> {
        let mut wanted: Vec<_> = self.fields.iter().copied().filter(|it| asked.contains(&it.field)).collect();
        wanted.sort_by_key(|it| Field::ALL.iter().position(|field| *field == it.field));
        wanted
    }
}

/// Where an answer may go: compared character by character (RFC 9700 section 2.1), except the port of a loopback address.
#[derive(Clone, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    /// What follows `http://host` and the port of a loopback address (RFC 8252 section 7.3).
    loopback: Option<(String, String)>,
}

/// Why a text is no redirect URI.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RedirectFault {
    /// Characters, length or structure.
    #[error("it must be an absolute https URI in ASCII with a host, at most 512 characters, without user or fragment")]
    Form,
    /// A loopback address outside a test realm.
    #[error("loopback addresses are accepted in test realms only")]
    Loopback,
}

impl RedirectUri {
    /// Reads one, as registered.
    ///
    /// # Errors
    /// [`RedirectFault`].
    pub fn parse(text: &str, realm: &Realm) -> Result<Self, RedirectFault> {
        let allowed = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte);
        if text.len() > 512 || !text.bytes().all(allowed) {
            return Err(RedirectFault::Form);
        }
        if let Some(loopback) = loopback(text) {
            return match realm {
                Realm::Production => Err(RedirectFault::Loopback),
                Realm::Test(_) => Ok(Self { text: text.to_owned(), loopback: Some(loopback) }),
            };
        }
        let rest = text.strip_prefix("https://").ok_or(RedirectFault::Form)?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
        let host_fits = !host.is_empty()
            && host.split('.').all(|label| {
                !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            });
        if !host_fits || port.parse::<u16>().is_err() {
            return Err(RedirectFault::Form);
        }
        Ok(Self { text: text.to_owned(), loopback: None })
    }

    /// Whether a presented URI is this one.
    #[must_use]
    pub fn admits(&self, presented: &str) -> bool {
        self.text == presented || (self.loopback.is_some() && self.loopback == loopback(presented))
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Host and rest of `http://127.0.0.1[:port]/…`, without the port.
fn loopback(text: &str) -> Option<(String, String)> {
    let rest = text.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]", "localhost"].into_iter().find(|host| rest.starts_with(host))?;
    let rest = rest.strip_prefix(host)?;
    let rest = match rest.strip_prefix(':') {
        Some(with_port) => {
            let digits = with_port.len() - with_port.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (port, rest) = with_port.split_at_checked(digits)?;
            // One way to write a port: no zeros in front.
            port.parse::<u16>().ok().filter(|number| number.to_string() == port)?;
            rest
        }
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then(|| (host.to_owned(), rest.to_owned()))
}

fn is_origin(text: &str) -> bool {
    RedirectUri::parse(text, &Realm::Production).is_ok()
        && text.strip_prefix("https://").is_some_and(|rest| !rest.contains(['/', '?', '@']))
        && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Longest name, in characters.
const NAME: usize = 80;
/// Longest purpose, in characters.
const PURPOSE: usize = 400;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn words(text: &str) -> Words {
        Words { en: text.to_owned(), zh_hans: text.to_owned(), zh_hant: text.to_owned() }
    }

    fn test_realm() -> Realm {
        Realm::Test("test-demo".to_owned())
    }

    fn library() -> Declaration {
        Declaration {
            authentication: Authentication::Keys { jwks: String::new() },
            csc: false,
            fields: vec![
                Wanted { essential: false, field: Field::Email },
                Wanted { essential: true, field: Field::EnglishName },
            ],
            government: false,
            id: ServiceId::parse("library").unwrap(),
            name: words("Library"),
            origins: Vec::new(),
            profile: Profile::Fapi,
            purpose: words("To lend you books"),
            redirect_uris: vec!["https://library.example/cb?from=id".to_owned()],
        }
    }

    #[test]
    fn a_redirect_uri_is_compared_character_by_character() {
        let service = Service::new(library(), &Realm::Production).unwrap();
        assert!(service.redirects_to("https://library.example/cb?from=id"));
        for other in [
            "https://library.example/cb",
            "https://library.example/cb?from=id&x=1",
            "https://library.example/cb?from=id#x",
            "https://LIBRARY.example/cb?from=id",
            "https://library.example:443/cb?from=id",
            "https://library.example/cb/?from=id",
            "https://library.example/./cb?from=id",
            "https://library.example.evil.example/cb?from=id",
            "https://library.example@evil.example/cb?from=id",
            "http://library.example/cb?from=id",
            "",
        ] {
            assert!(!service.redirects_to(other), "{other}");
        }
    }

    #[test]
    fn loopback_addresses_take_any_port_in_test_realms_and_are_unknown_in_production() {
        let uri = RedirectUri::parse("http://127.0.0.1/cb", &test_realm()).unwrap();
        assert!(uri.admits("http://127.0.0.1:49152/cb"));
        assert!(uri.admits("http://127.0.0.1/cb"));
        for other in [
            "http://127.0.0.1:49152/other",
            "http://127.0.0.1:49152/cb?x",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:0080/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:1@evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://localhost:49152/cb",
            "https://127.0.0.1:49152/cb",
        ] {
            assert!(!uri.admits(other), "{other}");
        }
        assert_eq!(RedirectUri::parse("http://127.0.0.1/cb", &Realm::Production), Err(RedirectFault::Loopback));
        assert_eq!(RedirectUri::parse("http://library.example/cb", &test_realm()), Err(RedirectFault::Form));
        // Only what was registered as loopback floats: a fixed https port stays fixed.
        let fixed = RedirectUri::parse("https://localhost:8444/cb", &test_realm()).unwrap();
        assert!(!fixed.admits("https://localhost:9444/cb"));
    }

    #[test]
    fn misshapen_redirect_uris_are_refused() {
        for bad in [
            "",
            "library",
            "https://",
            "https:///cb",
            "https://a b/",
            "https://user@host/",
            "https://host:x/",
            "https://host/#f",
            "https://h\u{f6}st/",
            "javascript:alert(1)",
            "https://host\\evil/",
            "https://..host/",
        ] {
            assert_eq!(RedirectUri::parse(bad, &test_realm()), Err(RedirectFault::Form), "{bad}");
        }
    }

    #[test]
    fn a_declaration_that_promises_too_little_or_asks_too_much_is_refused() {
        let fault = |change: fn(&mut Declaration)| {
            let mut declared = library();
            change(&mut declared);
            Service::new(declared, &Realm::Production).unwrap_err()
        };
        assert_eq!(fault(|it| it.authentication = Authentication::Public), ServiceFault::Authentication);
        assert_eq!(
            fault(|it| it.authentication = Authentication::Secret { digest: [0; 32] }),
            ServiceFault::Authentication
        );
        assert_eq!(
            fault(|it| it.fields.push(Wanted { essential: false, field: Field::Hkid })),
            ServiceFault::HkidOptional
        );
        assert_eq!(
            fault(|it| it.fields.push(Wanted { essential: true, field: Field::Devices })),
            ServiceFault::Field("devices")
        );
        assert_eq!(
            fault(|it| it.fields.push(Wanted { essential: true, field: Field::Email })),
            ServiceFault::Field("email")
        );
        assert_eq!(fault(|it| it.csc = true), ServiceFault::CscNames);
        assert_eq!(fault(|it| it.redirect_uris.clear()), ServiceFault::RedirectUris);
        assert_eq!(fault(|it| it.name.zh_hant = " ".to_owned()), ServiceFault::Words("name", NAME));
        assert_eq!(fault(|it| it.name.en = "Li\u{202e}brary".to_owned()), ServiceFault::Words("name", NAME));
        for origin in ["https://app.example/", "http://app.example", "*", "null", "https://APP.example"] {
            let mut declared = library();
            declared.origins = vec![origin.to_owned()];
            assert_eq!(
                Service::new(declared, &Realm::Production).unwrap_err(),
                ServiceFault::Origin(origin.to_owned())
            );
        }
    }

    #[test]
    fn only_registered_fields_are_wanted_and_in_one_order() {
        let service = Service::new(library(), &Realm::Production).unwrap();
        let wanted = service.wanted(&[Field::Hkid, Field::Email, Field::EnglishName]);
        let fields: Vec<_> = wanted.iter().map(|it| it.field).collect();
        assert_eq!(fields, [Field::EnglishName, Field::Email]);
    }
}
