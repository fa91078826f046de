//! Is this the service it says it is? (RFC 6749 section 2.3, RFC 7523 section 3, FAPI 2.0 section 5.3.2.1)

use super::problem;
use crate::imprint::Imprint;
use crate::{Caller, Platform};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::secret::same;
use lionrock_crypto::sign::Algorithm;
use lionrock_model::id::ServiceId;
use lionrock_model::oidc::{AHEAD_SECONDS, ASSERTION_SECONDS};
use lionrock_model::service::{Authentication, Profile, Service};
use lionrock_model::time::Millis;
use lionrock_store::{Tx, oidc_assertion};
use lionrock_wire::jose::claims::{self, Audience};
use lionrock_wire::jose::jws::{Accepted, Compact};
use lionrock_wire::jose::{self, JwkSet};
use lionrock_wire::oauth::{Code, Credential, Problem};

/// A service that proved itself.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    pub service: &'a Service,
    /// What must be used up in the transaction that acts on it.
    pub once: Option<Once>,
}

/// The id of a client assertion, good for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Once {
    service: String,
    jti: [u8; 32],
    expires_at: Millis,
}

impl Once {
    /// Uses it up. False when it was used before: then the request is refused with [`REPLAYED`].
    pub fn take(&self, tx: &mut Tx<'_>) -> Result<bool, lionrock_store::Error> {
        oidc_assertion::take(tx, &self.service, self.jti, self.expires_at)
    }
}

/// Proves a credential. Whoever fails learns only that it failed: an unknown client and a wrong key look the same.
pub(crate) fn authenticate<'a>(
    platform: &'a Platform,
    caller: &Caller,
    credential: &Credential,
) -> Result<Client<'a>, Problem> {
    let named = |id: &str| ServiceId::parse(id).ok().and_then(|id| platform.service(&id));
    match credential {
        Credential::Assertion { assertion, client_id } => {
            let token = Compact::parse(assertion).map_err(|_| FAILED)?;
            let issuer = token.claimed_issuer().map_err(|_| FAILED)?;
            let service = named(&issuer).ok_or(FAILED)?;
            if client_id.as_ref().is_some_and(|stated| *stated != issuer) {
                return Err(problem(Code::InvalidRequest, "client_id is not the client that authenticated"));
            }
            let Authentication::Keys { jwks } = service.authentication() else { return Err(FAILED) };
            let keys = JwkSet::parse(jwks.as_bytes()).map_err(|_| FAILED)?;
            let claims = token.claims(&keys, &ACCEPTED).map_err(|_| FAILED)?;
            let assertion = Assertion::read(&claims).map_err(|_| FAILED)?;
            for (_, check) in CHECKS {
                check(&assertion, &Setting { issuer: &platform.settings.issuer, now: caller.now.seconds(), service })?;
            }
            let once = Once {
                service: issuer,
                jti: once(platform, &assertion)?,
                expires_at: Millis(assertion.exp.saturating_mul(1_000)),
            };
            Ok(Client { service, once: Some(once) })
        }
        Credential::Secret { client_id, secret } => {
            // The digest is computed for an unknown client too, and compared in constant time: no timing tells them apart.
            let given = sha256(secret.as_bytes());
            match named(client_id).map(|service| (service, service.authentication())) {
                Some((service, Authentication::Secret { digest })) if same(digest, &given) => {
                    Ok(Client { service, once: None })
                }
                _ => Err(FAILED),
            }
        }
        Credential::None { client_id } => match named(client_id) {
            Some(service) if *service.authentication() == Authentication::Public => Ok(Client { service, once: None }),
            _ => Err(FAILED),
        },
    }
}

/// What is kept of an assertion's id.
fn once(platform: &Platform, assertion: &Assertion) -> Result<[u8; 32], Problem> {
    let parts = Imprint::new().text(&assertion.iss).text(&assertion.jti);
    parts.under(platform, "client assertion").map_err(|_| FAILED)
}

/// The claims of a client assertion (RFC 7523 section 3), typed.
#[derive(Debug)]
struct Assertion {
    aud: Audience,
    exp: i64,
    iat: Option<i64>,
    iss: String,
    jti: String,
    nbf: Option<i64>,
    sub: String,
}

impl Assertion {
    fn read(claims: &serde_json::Map<String, serde_json::Value>) -> Result<Self, jose::Error> {
        Ok(Self {
            aud: claims::audience(claims)?,
            exp: claims::time(claims, "exp")?.ok_or(jose::Error::Claim("exp"))?,
            iat: claims::time(claims, "iat")?,
            iss: claims::text(claims, "iss")?.to_owned(),
            jti: claims::text(claims, "jti")?.to_owned(),
            nbf: claims::time(claims, "nbf")?,
            sub: claims::text(claims, "sub")?.to_owned(),
        })
    }
}

struct Setting<'a> {
    issuer: &'a str,
    now: i64,
    service: &'a Service,
}

type Check = fn(&Assertion, &Setting<'_>) -> Result<(), Problem>;

/// What a verified assertion has to say, in order.
const CHECKS: [(&str, Check); 6] = [
    ("iss and sub are the client", subject),
    ("aud is this issuer", audience),
    ("exp lies ahead, not far", expiry),
    ("iat is not ahead", issued),
    ("nbf is not ahead", begun),
    ("jti is there", identifier),
];

fn subject(assertion: &Assertion, at: &Setting<'_>) -> Result<(), Problem> {
    let id = at.service.id().as_str();
    if assertion.iss == id && assertion.sub == id {
        Ok(())
    } else {
        Err(problem(Code::InvalidClient, "iss and sub of the assertion must both be the client_id"))
    }
}

/// FAPI wants the issuer as a single string (FAPI 2.0, 5.3.2.1-8). Ordinary libraries name an endpoint or send a list.
fn audience(assertion: &Assertion, at: &Setting<'_>) -> Result<(), Problem> {
    let fits = match at.service.profile() {
        Profile::Fapi => assertion.aud == Audience::One(at.issuer.to_owned()),
        Profile::Plain => ["", "/oauth/token", "/oauth/par"]
            .iter()
            .any(|path| assertion.aud.contains(&format!("{}{path}", at.issuer))),
    };
    if fits {
        Ok(())
    } else {
        Err(problem(Code::InvalidClient, "aud of the assertion must be the issuer, as one string"))
    }
}

fn expiry(assertion: &Assertion, at: &Setting<'_>) -> Result<(), Problem> {
    if assertion.exp <= at.now {
        return Err(problem(Code::InvalidClient, "the assertion has expired"));
    }
    if assertion.exp > at.now + ASSERTION_SECONDS + AHEAD_SECONDS {
        return Err(problem(Code::InvalidClient, "exp of the assertion is more than an hour ahead"));
    }
    Ok(())
}

fn issued(assertion: &Assertion, at: &Setting<'_>) -> Result<(), Problem> {
    not_ahead(assertion.iat, at, "iat of the assertion lies in the future: set your clock")
}

fn begun(assertion: &Assertion, at: &Setting<'_>) -> Result<(), Problem> {
    not_ahead(assertion.nbf, at, "nbf of the assertion lies in the future: set your clock")
}

fn not_ahead(time: Option<i64>, at: &Setting<'_>, otherwise: &'static str) -> Result<(), Problem> {
    if time.is_none_or(|time| time <= at.now + AHEAD_SECONDS) {
        Ok(())
    } else {
        Err(problem(Code::InvalidClient, otherwise))
    }
}

fn identifier(assertion: &Assertion, _: &Setting<'_>) -> Result<(), Problem> {
    if (1..=256).contains(&assertion.jti.len()) {
        Ok(())
    } else {
        Err(problem(Code::InvalidClient, "jti of the assertion must have 1 to 256 characters"))
    }
}

/// What an assertion may be signed with (FAPI 2.0, 5.4).
const ACCEPTED: Accepted<'static> = Accepted {
    algorithms: &[Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256],
    types: &["JWT", "client-authentication+jwt"],
    untyped: true,
};

const FAILED: Problem = problem(Code::InvalidClient, "client authentication failed");

/// The answer to an assertion that comes a second time.
pub(crate) const REPLAYED: Problem = problem(Code::InvalidClient, "this assertion was used before: make a new one");

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lionrock_model::realm::Realm;
    use lionrock_model::service::{Declaration, Words};
    use serde_json::{Value, json};

    fn service(profile: Profile) -> Service {
        let words = |text: &str| Words { en: text.to_owned(), zh_hans: text.to_owned(), zh_hant: text.to_owned() };
        let declared = Declaration {
            authentication: Authentication::Keys { jwks: String::new() },
            csc: false,
            fields: Vec::new(),
            government: false,
            id: ServiceId::parse("library").unwrap(),
            name: words("Library"),
            origins: Vec::new(),
            profile,
            purpose: words("Lending"),
            redirect_uris: vec!["https://library.example/cb".to_owned()],
        };
        Service::new(declared, &Realm::Production).unwrap()
    }

    /// Judges a good assertion, changed by `change`, at second 1,000.
    fn judge(profile: Profile, change: fn(&mut serde_json::Map<String, Value>)) -> bool {
        let mut claims = json!({
            "iss": "library", "sub": "library", "aud": "https://id.example", "exp": 1_060, "iat": 1_000, "jti": "x",
        });
        change(claims.as_object_mut().unwrap());
        let service = service(profile);
        let at = Setting { issuer: "https://id.example", now: 1_000, service: &service };
        Assertion::read(claims.as_object().unwrap())
            .is_ok_and(|assertion| CHECKS.iter().all(|(_, check)| check(&assertion, &at).is_ok()))
    }

    #[test]
    fn each_claim_of_an_assertion_is_looked_at() {
        assert!(judge(Profile::Fapi, |_| {}));
        let spoilt: [fn(&mut serde_json::Map<String, Value>); 16] = [
            |it| it["iss"] = json!("museum"),
            |it| it["sub"] = json!("museum"),
            |it| drop(it.remove("sub")),
            |it| it["aud"] = json!("https://id.example/"),
            |it| it["aud"] = json!("https://evil.example"),
            |it| it["aud"] = json!(["https://evil.example"]),
            |it| drop(it.remove("aud")),
            |it| it["exp"] = json!(1_000),
            |it| it["exp"] = json!("1060"),
            |it| it["exp"] = json!(1_000 + 3_611),
            |it| drop(it.remove("exp")),
            |it| it["iat"] = json!(1_061),
            |it| it["iat"] = json!("now"),
            |it| drop(it.insert("nbf".to_owned(), json!(1_061))),
            |it| it["jti"] = json!(""),
            |it| drop(it.remove("jti")),
        ];
        for (place, change) in spoilt.into_iter().enumerate() {
            assert!(!judge(Profile::Fapi, change), "change {place} passed with FAPI");
            assert!(!judge(Profile::Plain, change), "change {place} passed with the plain profile");
        }
    }

    #[test]
    fn a_clock_ten_seconds_ahead_is_forgiven() {
        assert!(judge(Profile::Fapi, |it| it["iat"] = json!(1_010)));
        assert!(judge(Profile::Fapi, |it| drop(it.insert("nbf".to_owned(), json!(1_010)))));
        assert!(!judge(Profile::Fapi, |it| it["iat"] = json!(1_011)));
    }

    #[test]
    fn only_the_plain_profile_takes_endpoints_and_lists_as_audience() {
        let changes: [fn(&mut serde_json::Map<String, Value>); 2] =
            [|it| it["aud"] = json!("https://id.example/oauth/token"), |it| it["aud"] = json!(["https://id.example"])];
        for change in changes {
            assert!(!judge(Profile::Fapi, change));
            assert!(judge(Profile::Plain, change));
        }
    }
}
