//! GET /oauth/consent and POST /oauth/consent/options: the person sees who asks, why, and for which values.
//!
//! What the passkey signs is the digest of what was shown ([`Shown`]), as in every [`ceremony`]. No row is written for the
//! challenge: its random part belongs to the request, which can be answered once.

use super::authorize::{scope, waiting};
use super::{checks, current, userinfo};
use crate::signed_in::Current;
use crate::{Caller, Error, Fault, Platform, ceremony, vault};
use lionrock_crypto::digest::sha256;
use lionrock_model::credential::CeremonyKind;
use lionrock_model::id::ServiceId;
use lionrock_model::language::Language;
use lionrock_model::oidc::{PageRefusal, Scope, claim};
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_model::service::{Service, Wanted};
use lionrock_store::credential;
use lionrock_store::oidc_request::Request;
use lionrock_wire::webauthn::json::{Descriptor, RequestOptions};
use serde_json::json;
use std::sync::Arc;

/// A field on the consent page.
#[derive(Clone)]
pub struct Offered {
    /// Whether it can be left out.
    pub essential: bool,
    /// The field.
    pub field: Field,
    /// Its value; none when the person has none.
    pub value: Option<String>,
}

impl std::fmt::Debug for Offered {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Offered({})", self.field.word())
    }
}

/// What the consent page shows.
#[derive(Clone, Debug)]
pub struct View {
    /// The fields with their values: empty when only the pseudonym is asked for, or nobody is signed in yet.
    pub offered: Vec<Offered>,
    /// Where the answer will go.
    pub redirect_uri: String,
    /// Who asks, and why.
    pub service: Service,
    /// Whether the person has to sign in before anything can be shown.
    pub sign_in_first: bool,
    /// Whether the service wants to see the signing certificate and to ask for signatures.
    pub signing: bool,
    /// The version of the record the values come from; 0 without values. Comes back with the choice.
    pub version: i64,
}

/// What the person chose on the page, with what the page says it showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The fields to release.
    pub fields: Vec<Field>,
    /// Names the request.
    pub handle: String,
    /// The language of the page.
    pub language: Language,
    /// [`View::version`].
    pub version: i64,
}

/// Opens the page. Values are opened for the person's own eyes, and the opening is written down.
///
/// # Errors
/// [`PageRefusal::RequestGone`]; faults.
pub async fn look(
    platform: &Arc<Platform>,
    caller: &Caller,
    handle: &str,
    cookie: Option<&str>,
) -> Result<View, Error<PageRefusal>> {
    let request = waiting(platform, caller.now, handle).await?;
    let service = service(platform, &request)?.clone();
    let signing = scope(&request).contains(&Scope::Service);
    let (wanted, redirect_uri) = (wanted(&service, &request), request.redirect_uri);
    if wanted.is_empty() {
        return Ok(View { offered: Vec::new(), redirect_uri, service, sign_in_first: false, signing, version: 0 });
    }
    let (store, owned, caller, cookie) =
        (platform.store.clone(), Arc::clone(platform), caller.clone(), cookie.map(str::to_owned));
    let shown = store
        .write(move |tx| {
            let Some(current) = current(tx, &owned, &caller, cookie.as_deref())? else { return Ok(None) };
            let id = current.session.resident;
            let fields: Vec<_> = wanted.iter().map(|it| it.field).collect();
            let decision = decide(Actor::Resident(id), Subject::Resident(id), Purpose::ConsentPreview, &fields, None)
                .map_err(|_| Fault::bug("a person may always see their own data"))?;
            let opened = vault::grant(tx, &owned, &caller, &decision)?;
            let claims = userinfo::released(&opened, &fields)?;
            let offered = wanted.iter().map(|it| Offered {
                essential: it.essential,
                field: it.field,
                value: claim(it.field).and_then(|name| claims.get(name)?.as_str()).map(str::to_owned),
            });
            Ok::<_, Error<PageRefusal>>(Some((offered.collect(), opened.row()?.version)))
        })
        .await?;
    Ok(match shown {
        None => View { offered: Vec::new(), redirect_uri, service, sign_in_first: true, signing, version: 0 },
        Some((offered, version)) => View { offered, redirect_uri, service, sign_in_first: false, signing, version },
    })
}

/// Who asks, for pages on the way to the consent page; nobody when the request is gone.
///
/// # Errors
/// Faults of the store.
pub async fn asking(platform: &Arc<Platform>, caller: &Caller, handle: &str) -> Result<Option<String>, Fault> {
    match waiting(platform, caller.now, handle).await {
        Ok(request) => Ok(service(platform, &request).ok().map(|it| it.name().to(caller.language).to_owned())),
        Err(Error::Refuse(_)) => Ok(None),
        Err(Error::Fault(fault)) => Err(fault),
    }
}

/// What the browser needs to ask for the passkey that approves this choice.
///
/// # Errors
/// A [`PageRefusal`]; faults.
pub async fn options(
    platform: &Arc<Platform>,
    caller: &Caller,
    choice: &Choice,
    cookie: Option<&str>,
) -> Result<RequestOptions, Error<PageRefusal>> {
    let request = waiting(platform, caller.now, &choice.handle).await?;
    let shown = Shown::new(platform, request, choice)?;
    let challenge = shown.challenge();
    let timeout = u32::try_from(platform.settings.limits.ceremony.as_millis()).unwrap_or(u32::MAX);
    if cookie.is_none() {
        // Nobody has signed in here: whoever holds a passkey may answer, and there is nothing to look up.
        shown.fits(None).map_err(Error::Refuse)?;
        return Ok(RequestOptions::new(&platform.settings.rp_id, &challenge, Vec::new(), timeout));
    }
    let (store, owned, caller, cookie) =
        (platform.store.clone(), Arc::clone(platform), caller.clone(), cookie.map(str::to_owned));
    let allowed = store
        .read(move |tx| {
            let current = current(tx, &owned, &caller, cookie.as_deref())?;
            shown.fits(current.as_ref()).map_err(Error::Refuse)?;
            let Some(current) = current else { return Ok(Vec::new()) };
            Ok::<_, Error<PageRefusal>>(credential::standing(tx, current.session.resident)?)
        })
        .await?;
    let allowed = allowed.into_iter().map(|passkey| Descriptor::new(passkey.external_id, passkey.transports)).collect();
    Ok(RequestOptions::new(&platform.settings.rp_id, &challenge, allowed, timeout))
}

/// Exactly what the person saw when they approved.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub fields: Vec<Field>,
    pub request: Request,
    canonical: Vec<u8>,
    pub purpose_hash: [u8; 32],
    pub version: i64,
}

impl Shown {
    /// Puts together what a choice stands for; refuses one the service or the page could not have led to.
    pub fn new(platform: &Platform, request: Request, choice: &Choice) -> Result<Self, Error<PageRefusal>> {
        let service = service(platform, &request)?;
        let wanted = wanted(service, &request);
        let left_out = |it: &Wanted| it.essential && !choice.fields.contains(&it.field);
        if wanted.iter().any(left_out) {
            return Err(Error::Refuse(PageRefusal::EssentialFieldMissing));
        }
        let fields: Vec<_> = wanted.iter().map(|it| it.field).filter(|field| choice.fields.contains(field)).collect();
        if fields.len() != choice.fields.len() {
            return Err(Error::Refuse(PageRefusal::ShownAgain));
        }
        Ok(Self::of(service, request, fields, choice.language, choice.version))
    }

    /// The page whose digest `challenge` ends in, if it is one that could be shown to this visitor now: every choice of
    /// optional fields in every language is tried, at most 3 × 64.
    pub fn signed(
        platform: &Platform,
        request: &Request,
        current: Option<&Current>,
        challenge: &[u8],
    ) -> Result<Option<Self>, Error<PageRefusal>> {
        let service = service(platform, request)?;
        let wanted = wanted(service, request);
        let version = match current {
            _ if wanted.is_empty() => 0,
            None => return Err(Error::Refuse(PageRefusal::SignInFirst)),
            Some(current) => current.resident.version,
        };
        for language in Language::ALL {
            for fields in choices(&wanted) {
                let shown = Self::of(service, request.clone(), fields, language, version);
                if shown.challenge()[..] == *challenge {
                    return Ok(Some(shown));
                }
            }
        }
        Ok(None)
    }

    fn of(service: &Service, request: Request, fields: Vec<Field>, language: Language, version: i64) -> Self {
        // Members are sorted by serde_json, so equal content gives equal bytes.
        let mut canonical = json!({
            "fields": fields.iter().map(|field| field.word()).collect::<Vec<_>>(),
            "language": language.tag(),
            "purpose": service.purpose().to(language),
            "record": version,
            "request": lionrock_wire::jose::encode(&request.handle),
            "service": {"id": service.id().as_str(), "name": service.name().to(language)},
        });
        if scope(&request).contains(&Scope::Service)
            && let Some(members) = canonical.as_object_mut()
        {
            // Sorts behind all others.
            members.insert("signing".to_owned(), json!(true));
        }
        Self {
            fields,
            canonical: canonical.to_string().into_bytes(),
            purpose_hash: purpose_hash(service),
            version,
            request,
        }
    }

    /// The WebAuthn challenge: 32 random bytes of the request, then the digest of what was shown.
    pub fn challenge(&self) -> [u8; 64] {
        let mut challenge = [0; 64];
        let (random, digest) = challenge.split_at_mut(32);
        random.copy_from_slice(&self.request.salt);
        digest.copy_from_slice(&ceremony::digest(&self.request.salt, CeremonyKind::Consent, &self.canonical));
        challenge
    }

    /// The canonical JSON, for the record.
    pub fn canonical(&self) -> &str {
        std::str::from_utf8(&self.canonical).unwrap_or_default()
    }

    /// Whether the page can have been shown to this visitor: values to nobody but their signed-in owner, and as they are now.
    pub fn fits(&self, current: Option<&Current>) -> Result<(), PageRefusal> {
        if checks::fields(&scope(&self.request)).is_empty() {
            return Ok(());
        }
        let current = current.ok_or(PageRefusal::SignInFirst)?;
        if current.resident.version == self.version { Ok(()) } else { Err(PageRefusal::ShownAgain) }
    }
}

/// Every choice a person has: the essential fields, with each selection of the optional ones.
fn choices(wanted: &[Wanted]) -> impl Iterator<Item = Vec<Field>> {
    let optional: Vec<_> = wanted.iter().filter(|it| !it.essential).map(|it| it.field).collect();
    // All of them first: that is what people choose most.
    (0..1_u32 << optional.len().min(6)).rev().map(move |selection| {
        let chosen = |it: &Wanted| {
            it.essential
                || optional.iter().position(|field| *field == it.field).is_some_and(|n| selection >> n & 1 == 1)
        };
        wanted.iter().filter(|it| chosen(it)).map(|it| it.field).collect()
    })
}

/// SHA-256 of a service's purpose in all languages: another purpose needs another approval.
pub(super) fn purpose_hash(service: &Service) -> [u8; 32] {
    let texts = Language::ALL.map(|language| service.purpose().to(language));
    sha256(texts.join("\0").as_bytes())
}

fn wanted(service: &Service, request: &Request) -> Vec<Wanted> {
    service.wanted(&checks::fields(&scope(request)))
}

/// The service of a kept request; it can have been removed from the configuration since.
pub(super) fn service<'p>(platform: &'p Platform, request: &Request) -> Result<&'p Service, Error<PageRefusal>> {
    // What asks for a signature is answered by a signature alone, on the page that shows what is signed.
    if request.signing.is_some() {
        return Err(Error::Refuse(PageRefusal::RequestGone));
    }
    ServiceId::parse(&request.service)
        .ok()
        .and_then(|id| platform.service(&id))
        .ok_or(Error::Refuse(PageRefusal::UnknownService))
}
