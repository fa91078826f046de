//! POST /oauth/token: a code becomes an ID Token and an access token, once (RFC 6749 section 4.1.3, OpenID Connect Core 3.1.3).

use super::{ACCESS_ROW, Rejected, Word, client, is_ours, of_access, problem, publish};
use crate::signing::csc;
use crate::{Caller, Error, Fault, Platform};
use lionrock_model::oidc::{Scope, Strength};
use lionrock_model::service::Service;
use lionrock_model::time::Millis;
use lionrock_store::oidc_grant::{self, Access, Grant};
use lionrock_wire::jose::jws;
use lionrock_wire::oauth::answer::{IdToken, Tokens};
use lionrock_wire::oauth::pkce::Challenge;
use lionrock_wire::oauth::{Code, Credential, Parameters, Problem};
use std::sync::Arc;

/// A token request as it arrived.
#[derive(Debug)]
pub struct Exchange {
    /// How the service proves itself.
    pub credential: Credential,
    /// The body.
    pub parameters: Parameters,
}

/// Exchanges the code.
///
/// # Errors
/// An OAuth error, or a fault. A code that comes a second time takes back what it gave (RFC 6749 section 4.1.2).
pub async fn exchange(platform: &Arc<Platform>, caller: &Caller, command: Exchange) -> Result<Tokens, Error<Rejected>> {
    let client = client::authenticate(platform, caller, &command.credential).map_err(refuse)?;
    let code = command.parameters.get("code").map(|code| Word::Code.digest(platform, code)).transpose()?;
    let found = match code {
        Some(code) => platform.store.glance(move |tx| oidc_grant::by_code(tx, code)).await?,
        None => None,
    };
    let found = match found {
        Some(grant) if is_ours(platform, &grant)? => Some(grant),
        _ => None,
    };
    let asked =
        Asked { grant: found.as_ref(), now: caller.now, parameters: &command.parameters, service: client.service };
    let verdict = CHECKS.iter().find_map(|(_, check)| check(&asked).err());
    let signing = match (&found, &verdict) {
        (Some(Grant { signing: Some(id), .. }), None) => {
            let (owned, id) = (Arc::clone(platform), *id);
            platform.store.read(move |tx| csc::said(tx, &owned, id)).await?
        }
        _ => None,
    };
    let (access, digest) = Word::Access.fresh(platform, caller.random())?;
    let expires_at = caller.now.after(platform.settings.limits.access_token);
    let given = match (&found, &verdict) {
        (Some(grant), None) => {
            let proof = of_access(&grant.code, &digest, expires_at).under(platform, ACCESS_ROW)?;
            let kept = (grant.code, Access { digest, expires_at, proof });
            let tokens = tokens(platform, caller, client.service, grant, access)?;
            Some((kept, Tokens { authorization_details: signing, ..tokens }))
        }
        _ => None,
    };
    let plan = Plan {
        burnt: found.filter(|_| verdict == Some(SECOND)).map(|grant| grant.code),
        given: given.as_ref().map(|(kept, _)| *kept),
        now: caller.now,
        once: client.once.clone(),
        verdict,
    };
    let outcome =
        platform.store.compare_and_set(move |tx| plan.carry_out(tx)).await.map_err(Error::<Rejected>::from)?;
    match (outcome, given) {
        (None, Some((_, tokens))) => Ok(tokens),
        (Some(problem), _) => Err(refuse(problem)),
        (None, None) => Err(Fault::bug("a code was exchanged for nothing").into()),
    }
}

struct Asked<'a> {
    grant: Option<&'a Grant>,
    now: Millis,
    parameters: &'a Parameters,
    service: &'a Service,
}

type Check = fn(&Asked<'_>) -> Result<(), Problem>;

/// What a token request has to satisfy, in order.
const CHECKS: [(&str, Check); 7] = [
    ("grant_type     RFC 6749 4.1.3", grant_type),
    ("code           given out to this client", code_of_this_client),
    ("once           RFC 6749 4.1.2, RFC 9700 4.5.3", not_used),
    ("not revoked    by the person or by a second use", not_revoked),
    ("60 seconds     FAPI 2.0 5.3.2.1-11", in_time),
    ("redirect_uri   RFC 6749 4.1.3", same_redirect),
    ("code_verifier  RFC 7636 4.6", verifier),
];

fn grant_type(asked: &Asked<'_>) -> Result<(), Problem> {
    match asked.parameters.required("grant_type", "grant_type is missing")? {
        "authorization_code" => {}
        _ => return Err(problem(Code::UnsupportedGrantType, "grant_type must be authorization_code")),
    }
    asked.parameters.required("code", "code is missing").map(drop)
}

fn code_of_this_client(asked: &Asked<'_>) -> Result<(), Problem> {
    // Another client's code is treated as unknown, and stays good for its owner.
    asked.grant.filter(|grant| grant.service == asked.service.id().as_str()).map(drop).ok_or(UNKNOWN)
}

fn not_used(asked: &Asked<'_>) -> Result<(), Problem> {
    if asked.grant.is_some_and(|grant| grant.used_at.is_some()) { Err(SECOND) } else { Ok(()) }
}

fn not_revoked(asked: &Asked<'_>) -> Result<(), Problem> {
    if asked.grant.is_some_and(|grant| grant.revoked_at.is_some()) { Err(UNKNOWN) } else { Ok(()) }
}

fn in_time(asked: &Asked<'_>) -> Result<(), Problem> {
    if asked.grant.is_some_and(|grant| grant.expires_at <= asked.now) {
        return Err(problem(Code::InvalidGrant, "the code has expired"));
    }
    Ok(())
}

fn same_redirect(asked: &Asked<'_>) -> Result<(), Problem> {
    let stated = asked.parameters.required("redirect_uri", "redirect_uri is missing")?;
    if asked.grant.is_some_and(|grant| grant.redirect_uri == stated) {
        return Ok(());
    }
    Err(problem(Code::InvalidGrant, "redirect_uri is not the one of the request"))
}

fn verifier(asked: &Asked<'_>) -> Result<(), Problem> {
    let verifier = asked.parameters.required("code_verifier", "code_verifier is missing")?;
    if asked.grant.is_some_and(|grant| Challenge(grant.challenge).admits(verifier)) {
        return Ok(());
    }
    Err(problem(Code::InvalidGrant, "code_verifier does not fit the code_challenge of the request"))
}

/// What the transaction does, decided before it runs.
struct Plan {
    burnt: Option<[u8; 32]>,
    given: Option<([u8; 32], Access)>,
    now: Millis,
    once: Option<client::Once>,
    verdict: Option<Problem>,
}

impl Plan {
    /// Carries it out; the answer is the refusal, if it is one. Refusals are committed, because they use things up.
    fn carry_out(&self, tx: &mut lionrock_store::Tx<'_>) -> Result<Option<Problem>, lionrock_store::Error> {
        if let Some(once) = &self.once
            && !once.take(tx)?
        {
            return Ok(Some(client::REPLAYED));
        }
        if let Some(code) = self.burnt {
            oidc_grant::revoke(tx, code, self.now)?;
        }
        let (None, Some((code, access))) = (self.verdict, self.given) else { return Ok(self.verdict) };
        if oidc_grant::exchange(tx, code, self.now, &access)? {
            return Ok(None);
        }
        // Somebody exchanged it between our reading and now: that is the second use.
        oidc_grant::revoke(tx, code, self.now)?;
        Ok(Some(SECOND))
    }
}

fn tokens(
    platform: &Platform,
    caller: &Caller,
    service: &Service,
    grant: &Grant,
    access_token: String,
) -> Result<Tokens, Fault> {
    let limits = &platform.settings.limits;
    let given = Tokens {
        access_token,
        authorization_details: None,
        expires_in: i64::try_from(limits.access_token.as_secs()).unwrap_or(0),
        id_token: String::new(),
        scope: grant.scope.clone(),
        token_type: "Bearer",
    };
    if !grant.scope.split(' ').any(|scope| scope == Scope::OpenId.word()) {
        return Ok(given);
    }
    let strength = Strength::from_acr(&grant.acr).ok_or_else(|| Fault::stored_data("oidc_grant.acr"))?;
    let claims = IdToken {
        iss: platform.settings.issuer.clone(),
        sub: grant.sub.clone(),
        aud: service.id().as_str().to_owned(),
        exp: caller.now.after(limits.id_token).seconds(),
        iat: caller.now.seconds(),
        auth_time: grant.authenticated_at.seconds(),
        acr: grant.acr.clone(),
        amr: strength.amr().map(str::to_owned).to_vec(),
        nonce: grant.nonce.clone(),
    };
    let (key, kid) = publish::signing_key(platform)?;
    let id_token = jws::sign(&key, &kid, "JWT", &claims).map_err(|_| Fault::bug("the ID Token cannot be signed"))?;
    Ok(Tokens { id_token, ..given })
}

const fn refuse(problem: Problem) -> Error<Rejected> {
    Error::Refuse(Rejected(problem))
}

const UNKNOWN: Problem = problem(Code::InvalidGrant, "the code is not known");
const SECOND: Problem = problem(Code::InvalidGrant, "the code was used before; what it gave is revoked");
