//! What an authorization request must look like: one table, read from top to bottom.

use super::problem;
use lionrock_model::oidc::{NONCE_BYTES, STATE_BYTES, Scope};
use lionrock_model::policy::Field;
use lionrock_model::service::{Profile, Service};
use lionrock_wire::oauth::authorization::{Prompt, max_age, scopes};
use lionrock_wire::oauth::details::Details;
use lionrock_wire::oauth::pkce::Challenge;
use lionrock_wire::oauth::{Code, Parameters, Problem};

/// Which way a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// In the browser's address, at the authorization endpoint.
    Front,
    /// Pushed by the service's server (RFC 9126).
    Pushed,
}

/// A request after all checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub challenge: [u8; 32],
    /// What is to be signed, where that is what is asked for.
    pub details: Option<Details>,
    pub max_age: Option<i64>,
    pub nonce: Option<String>,
    pub prompt: String,
    pub scope: Vec<Scope>,
    pub state: Option<String>,
}

struct Asked<'a> {
    door: Door,
    parameters: &'a Parameters,
    service: &'a Service,
}

type Check = fn(&Asked<'_>, &mut Request) -> Result<(), Problem>;

/// The checks in order, with where each comes from. `state` is first, so that every later refusal can carry it.
const CHECKS: [(&str, Check); 12] = [
    ("state            RFC 6749 4.1.1", state),
    ("pushed first     FAPI 2.0 5.3.2.2-1", pushed_first),
    ("request          OpenID Connect Core 6.1: not taken", request_object),
    ("request_uri      RFC 9126 2.1: not inside a request", request_uri),
    ("registration     OpenID Connect Core 7.2.1: not taken", registration),
    ("response_type    RFC 9700 2.1.2: code alone", response_type),
    ("response_mode    query alone", response_mode),
    ("details          RFC 9396 2, CSC API 2.0 8.4.2", details),
    ("scope            OpenID Connect Core 3.1.2.1", scope),
    ("code_challenge   RFC 9700 2.1.1", pkce),
    ("nonce            FAPI 2.0 5.3.2.2-13", nonce),
    ("prompt, max_age  OpenID Connect Core 3.1.2.1", interaction),
];

/// Runs the table. The redirect URI was looked at before: without it nothing may be answered to the browser.
pub(super) fn request(door: Door, parameters: &Parameters, service: &Service) -> Result<Request, Problem> {
    let asked = Asked { door, parameters, service };
    let mut request = Request::default();
    for (_, check) in CHECKS {
        check(&asked, &mut request)?;
    }
    Ok(request)
}

fn state(asked: &Asked<'_>, request: &mut Request) -> Result<(), Problem> {
    request.state = asked.parameters.get("state").map(str::to_owned);
    bounded(request.state.as_ref(), STATE_BYTES, "state is longer than 1024 bytes")
}

fn pushed_first(asked: &Asked<'_>, _: &mut Request) -> Result<(), Problem> {
    if asked.door == Door::Front && asked.service.profile() == Profile::Fapi {
        return Err(problem(Code::InvalidRequest, "this client has to push its request first (RFC 9126)"));
    }
    Ok(())
}

fn request_object(asked: &Asked<'_>, _: &mut Request) -> Result<(), Problem> {
    absent(asked, "request", problem(Code::RequestNotSupported, "signed request objects are not supported"))
}

fn request_uri(asked: &Asked<'_>, _: &mut Request) -> Result<(), Problem> {
    let inside = problem(Code::InvalidRequest, "request_uri cannot be part of a pushed request");
    absent(asked, "request_uri", inside)
}

fn registration(asked: &Asked<'_>, _: &mut Request) -> Result<(), Problem> {
    absent(asked, "registration", problem(Code::RegistrationNotSupported, "clients are registered beforehand"))
}

fn response_type(asked: &Asked<'_>, _: &mut Request) -> Result<(), Problem> {
    match asked.parameters.required("response_type", "response_type is missing: send code")? {
        "code" => Ok(()),
        _ => Err(problem(Code::UnsupportedResponseType, "response_type must be code")),
    }
}

fn response_mode(asked: &Asked<'_>, _: &mut Request) -> Result<(), Problem> {
    match asked.parameters.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(problem(Code::InvalidRequest, "response_mode must be query")),
    }
}

fn details(asked: &Asked<'_>, request: &mut Request) -> Result<(), Problem> {
    request.details = Details::read(asked.parameters)?;
    if request.details.is_some() && !asked.service.is_csc() {
        return Err(problem(Code::UnauthorizedClient, "this client may not ask for signatures this way"));
    }
    Ok(())
}

/// Unknown scopes are passed over, as OpenID Connect asks; a known one that was not registered is refused, because the
/// service would otherwise look for its fault in the data.
fn scope(asked: &Asked<'_>, request: &mut Request) -> Result<(), Problem> {
    let missing = problem(Code::InvalidScope, "scope must contain openid");
    if request.details.is_some() {
        return Ok(());
    }
    let names = match asked.parameters.get("scope") {
        Some(text) => scopes(text)?,
        None => return Err(missing),
    };
    request.scope = Scope::ALL.into_iter().filter(|scope| names.contains(scope.word())).collect();
    // Software that signs asks for the service alone, and for nobody's pseudonym (CSC API 2.0 section 8.4.2).
    if !request.scope.iter().any(|scope| matches!(scope, Scope::OpenId | Scope::Service)) {
        return Err(missing);
    }
    let registered = |scope: &Scope| match scope {
        Scope::Service => asked.service.is_csc(),
        _ => scope.fields().is_empty() || !asked.service.wanted(scope.fields()).is_empty(),
    };
    if !request.scope.iter().all(registered) {
        return Err(problem(Code::InvalidScope, "scope holds a name that is not registered for this client"));
    }
    Ok(())
}

fn pkce(asked: &Asked<'_>, request: &mut Request) -> Result<(), Problem> {
    let get = |name| asked.parameters.get(name);
    request.challenge = Challenge::parse(get("code_challenge"), get("code_challenge_method"))?.0;
    Ok(())
}

fn nonce(asked: &Asked<'_>, request: &mut Request) -> Result<(), Problem> {
    request.nonce = asked.parameters.get("nonce").map(str::to_owned);
    bounded(request.nonce.as_ref(), NONCE_BYTES, "nonce is longer than 255 bytes")
}

fn interaction(asked: &Asked<'_>, request: &mut Request) -> Result<(), Problem> {
    let prompt = asked.parameters.get("prompt");
    Prompt::parse(prompt)?;
    request.prompt = prompt.unwrap_or_default().to_owned();
    request.max_age = max_age(asked.parameters.get("max_age"))?;
    Ok(())
}

fn absent(asked: &Asked<'_>, name: &str, otherwise: Problem) -> Result<(), Problem> {
    if asked.parameters.has(name) { Err(otherwise) } else { Ok(()) }
}

/// Not too long, and of characters that can be seen (RFC 6749 appendix A: VSCHAR).
fn bounded(value: Option<&String>, most: usize, otherwise: &'static str) -> Result<(), Problem> {
    let Some(value) = value else { return Ok(()) };
    if value.len() > most {
        return Err(problem(Code::InvalidRequest, otherwise));
    }
    if !value.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) {
        return Err(problem(Code::InvalidRequest, "state and nonce are of printable ASCII characters"));
    }
    Ok(())
}

/// The fields behind scopes.
pub(super) fn fields(scope: &[Scope]) -> Vec<Field> {
    scope.iter().flat_map(|scope| scope.fields()).copied().collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lionrock_model::id::ServiceId;
    use lionrock_model::realm::Realm;
    use lionrock_model::service::{Authentication, Declaration, Wanted, Words};

    const GOOD: &str = "response_type=code&scope=openid+email+phone&state=s&nonce=n&code_challenge_method=S256\
                        &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn service(profile: Profile) -> Service {
        let words = |text: &str| Words { en: text.to_owned(), zh_hans: text.to_owned(), zh_hant: text.to_owned() };
        let declared = Declaration {
            authentication: Authentication::Keys { jwks: String::new() },
            csc: false,
            fields: vec![Wanted { essential: false, field: Field::Email }],
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

    fn judge(door: Door, text: &str) -> Result<Request, Code> {
        let profile = if door == Door::Front { Profile::Plain } else { Profile::Fapi };
        request(door, &Parameters::parse(text).unwrap(), &service(profile)).map_err(|it| it.code)
    }

    #[test]
    fn a_good_request_passes_both_doors_and_unknown_scopes_are_passed_over() {
        for door in [Door::Front, Door::Pushed] {
            let request = judge(door, GOOD).unwrap();
            assert_eq!(request.scope, [Scope::OpenId, Scope::Email]);
            assert_eq!((request.state.as_deref(), request.nonce.as_deref()), (Some("s"), Some("n")));
        }
    }

    #[test]
    fn each_row_of_the_table_refuses_something() {
        let without = |name: &str| -> String {
            let kept: Vec<_> = GOOD.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).collect();
            kept.join("&")
        };
        let with = |name: &str, value: &str| format!("{}&{name}={value}", without(name));
        for (text, code) in [
            (with("state", &"s".repeat(1_025)), Code::InvalidRequest),
            (with("request", "x"), Code::RequestNotSupported),
            (with("request_uri", "urn:x"), Code::InvalidRequest),
            (with("registration", "x"), Code::RegistrationNotSupported),
            (without("response_type"), Code::InvalidRequest),
            (with("response_type", "token"), Code::UnsupportedResponseType),
            (with("response_type", "code+id_token"), Code::UnsupportedResponseType),
            (with("response_mode", "fragment"), Code::InvalidRequest),
            (with("response_mode", "form_post"), Code::InvalidRequest),
            (without("scope"), Code::InvalidScope),
            (with("scope", "email"), Code::InvalidScope),
            (with("scope", "openid+hkid"), Code::InvalidScope),
            (with("scope", "service"), Code::InvalidScope),
            (with("scope", "credential"), Code::InvalidRequest),
            (with("scope", "credential&authorization_details=x"), Code::InvalidAuthorizationDetails),
            (without("code_challenge"), Code::InvalidRequest),
            (without("code_challenge_method"), Code::InvalidRequest),
            (with("code_challenge_method", "plain"), Code::InvalidRequest),
            (with("nonce", &"n".repeat(256)), Code::InvalidRequest),
            (with("nonce", "a%0d%0ab"), Code::InvalidRequest),
            (with("state", "a%0d%0aLocation:x"), Code::InvalidRequest),
            (with("prompt", "none+login"), Code::InvalidRequest),
            (with("max_age", "-1"), Code::InvalidRequest),
        ] {
            assert_eq!(judge(Door::Front, &text), Err(code), "{text}");
            assert_eq!(judge(Door::Pushed, &text), Err(code), "{text}");
        }
    }

    #[test]
    fn a_fapi_client_cannot_come_by_the_front_door() {
        let parameters = Parameters::parse(GOOD).unwrap();
        let refused = request(Door::Front, &parameters, &service(Profile::Fapi)).unwrap_err();
        assert_eq!(refused.code, Code::InvalidRequest);
    }
}
