//! The resident's side of a request: what they are shown, the question to their passkey, and saying no.

use super::file::{self, File};
use super::make::{self, Signer};
use super::sealed::{self, Approval, Body, Named, Seal};
use super::{InForce, csc, enrol, in_force, may, request};
use crate::authority::{self, Chain};
use crate::ceremony::settle;
use crate::port::DocumentError;
use crate::port::document::Inspection;
use crate::{Caller, Error, Fault, Platform, level, signed_in, vault};
use lionrock_activation::{Activation, Hex, record, text};
use lionrock_crypto::digest::{Kind as Hash, sha256};
use lionrock_crypto::secret::same;
use lionrock_model::account::Level;
use lionrock_model::hkid::Hkid;
use lionrock_model::id::ResidentId;
use lionrock_model::language::Language;
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_model::signing::{Category, Form, LOST, SigningRefusal, State};
use lionrock_model::time::Millis;
use lionrock_pki::name;
use lionrock_store::signing_request::{self, Request};
use lionrock_store::{Tx, credential, signing_key};
use lionrock_wire::oauth::parameters::extend;
use lionrock_wire::webauthn::json::RequestOptions;
use serde_json::json;
use std::sync::Arc;

/// What the page shows.
#[derive(Clone, Debug)]
pub struct Look {
    /// Where it stands.
    pub state: State,
    /// Where the person goes back to: an address of the service, registered by it.
    pub redirect_uri: Option<String>,
    /// What comes out.
    pub form: Form,
    /// The service's name.
    pub service: String,
    /// What the service is for, in its own words.
    pub purpose: String,
    /// The part of the service that asks.
    pub department: Option<String>,
    /// What is to be signed.
    pub title: String,
    /// The file.
    pub file_name: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of the file, hexadecimal, computed here.
    pub sha256: Option<String>,
    /// Documents that only their digests are known of.
    pub documents: Vec<Named>,
    /// What the title sounds like, when it sounds like something that must not be signed this way.
    pub warning: Option<Category>,
    /// Where the signature will be seen, when it will.
    pub seal: Option<Seal>,
    /// The code both sides show.
    pub check_code: String,
    /// The four digits of the old interface.
    pub legacy_code: Option<String>,
    /// Whether the account may sign at all; the reason when not.
    pub hindrance: Option<SigningRefusal>,
    /// Whom the certificate names, and its serial number.
    pub certificate: Option<(String, String)>,
    /// When its time is over.
    pub expires: Millis,
}

/// Shows a request to a signed-in person.
///
/// # Errors
/// [`SigningRefusal::SignInFirst`], [`SigningRefusal::RequestGone`], [`SigningRefusal::DocumentIncomplete`]; faults.
pub async fn look(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    handle: &str,
) -> Result<Look, Error<SigningRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (cookie, handle) = (cookie.to_owned(), handle.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let (row, who) = match theirs(tx, &owned, &caller, &cookie, &handle)? {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let body = sealed::open(&owned, &row)?;
            if !request::is_complete(&row) {
                return Ok(Err(SigningRefusal::DocumentIncomplete));
            }
            let Some(service) = known(&owned, &row.service) else { return Ok(Err(SigningRefusal::RequestGone)) };
            let mut hindrance = super::may_sign(tx, &owned, &caller, who)?.err();
            let mut certificate = None;
            if hindrance.is_none() {
                match in_force(tx, &owned, &caller, who)? {
                    Ok(found) => certificate = Some(called(&found)),
                    Err(refusal) => hindrance = Some(refusal),
                }
            }
            Ok(Ok(Look {
                state: row.state,
                redirect_uri: body.redirect_uri.clone(),
                form: row.form,
                service: service.name().to(caller.language).to_owned(),
                purpose: service.purpose().to(caller.language).to_owned(),
                department: body.department.clone(),
                warning: Category::suspected(&body.title),
                title: body.title,
                file_name: body.file_name,
                bytes: u64::try_from(row.announced).unwrap_or(0),
                // Computed here when the document came, and once more from what is here when the passkey is asked.
                sha256: body.sha256.filter(|_| row.form.is_seen()).map(|digest| authority::hex(&digest.0)),
                seal: body.seal,
                documents: body.documents,
                check_code: body.check_code,
                legacy_code: body.legacy_code,
                hindrance,
                certificate,
                expires: row.expires,
            }))
        })
        .await;
    settle(outcome)
}

/// The document, to be rendered for the person, read piece by piece.
///
/// # Errors
/// As [`look`].
pub async fn document(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    handle: &str,
) -> Result<(Form, File), Error<SigningRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (cookie, handle) = (cookie.to_owned(), handle.to_owned());
    let outcome = platform
        .store
        .read(move |tx| {
            let (row, _) = match theirs(tx, &owned, &caller, &cookie, &handle)? {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            Ok(Some(row).filter(request::is_complete).ok_or(SigningRefusal::DocumentIncomplete))
        })
        .await;
    let row = settle(outcome)?;
    Ok((row.form, File::document(platform, &row)))
}

/// What a PDF is and does, as the reader in its cell says; files of other kinds are shown by name, size and digest.
///
/// # Errors
/// As [`look`]; [`SigningRefusal::DocumentRefused`], [`SigningRefusal::ViewerUnavailable`].
pub async fn inspect(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    handle: &str,
) -> Result<Option<(Inspection, String)>, Error<SigningRefusal>> {
    let (form, file) = document(platform, caller, cookie, handle).await?;
    if form != Form::Pdf {
        return Ok(None);
    }
    let file = Arc::new(file);
    let reader = &platform.ports.documents;
    let found = reader.inspect(Arc::<File>::clone(&file)).await.map_err(|error| unread(caller, &error))?;
    let text = reader.text(file, 0).await.unwrap_or_default();
    Ok(Some((found, text)))
}

/// A page of the document as a picture, PNG, or its words.
///
/// # Errors
/// As [`inspect`].
pub async fn picture(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    handle: &str,
    page: u64,
) -> Result<Vec<u8>, Error<SigningRefusal>> {
    /// Pixels: sharp on a phone and on a screen.
    const WIDTH: u16 = 1_200;
    let (form, file) = document(platform, caller, cookie, handle).await?;
    if form != Form::Pdf {
        return Err(Error::Refuse(SigningRefusal::RequestGone));
    }
    let drawn = platform.ports.documents.draw(Arc::new(file), page, WIDTH).await;
    Ok(drawn.map_err(|error| unread(caller, &error))?.png)
}

/// The words of a page, for those who do not see it.
///
/// # Errors
/// As [`inspect`].
pub async fn words(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    handle: &str,
    page: u64,
) -> Result<String, Error<SigningRefusal>> {
    let (_, file) = document(platform, caller, cookie, handle).await?;
    let read = platform.ports.documents.text(Arc::new(file), page).await;
    read.map_err(|error| unread(caller, &error))
}

fn unread(caller: &Caller, error: &DocumentError) -> Error<SigningRefusal> {
    tracing::info!(trace = %caller.trace, %error, "a document was not shown");
    Error::Refuse(match error {
        DocumentError::Refused(_) | DocumentError::Lost => SigningRefusal::DocumentRefused,
        DocumentError::Unavailable => SigningRefusal::ViewerUnavailable,
    })
}

/// The request of an address, for the person signed in: theirs, or nobody's yet.
fn theirs(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
    handle: &str,
) -> super::Refused<(Request, ResidentId)> {
    let who = match signed_in::require(tx, platform, caller, cookie) {
        Ok(current) => current.resident.id,
        Err(Error::Refuse(_)) => return Ok(Err(SigningRefusal::SignInFirst)),
        Err(Error::Fault(fault)) => return Err(fault),
    };
    let row = request::by_handle(tx, platform, handle)?.filter(|row| {
        row.expires > caller.now && !row.state.is_over() && row.resident.is_none_or(|named| named == who)
    });
    Ok(row.map(|row| (row, who)).ok_or(SigningRefusal::RequestGone))
}

fn known<'p>(platform: &'p Platform, service: &str) -> Option<&'p lionrock_model::service::Service> {
    lionrock_model::id::ServiceId::parse(service).ok().and_then(|id| platform.service(&id))
}

fn called(found: &InForce) -> (String, String) {
    let name = name::common_name(found.certificate.subject()).unwrap_or_default();
    (name, authority::hex(found.certificate.serial()))
}

/// What was read before the question is made.
struct Read {
    row: Request,
    body: Body,
    who: ResidentId,
    found: InForce,
}

/// Asks the passkey that guards the signing key, for exactly what the page shows now. An earlier question is void.
///
/// # Errors
/// As [`look`]; of the account and its certificate; [`SigningRefusal::DocumentRefused`]; [`SigningRefusal::WrongStep`]; faults.
pub async fn options(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    handle: &str,
) -> Result<RequestOptions, Error<SigningRefusal>> {
    let chain = authority::chain(platform).await?.ok_or(Error::Refuse(SigningRefusal::NoAuthority))?;
    // What is seen must be what is signed: documents that can show something else are not signed here.
    if let Some((found, _)) = inspect(platform, caller, cookie, handle).await?
        && !found.refused.is_empty()
    {
        tracing::info!(trace = %caller.trace, findings = ?found.refused, "a document is not signed");
        return Err(Error::Refuse(SigningRefusal::DocumentRefused));
    }
    let read = {
        let (owned, caller) = (Arc::clone(platform), caller.clone());
        let (cookie, handle) = (cookie.to_owned(), handle.to_owned());
        settle(platform.store.write(move |tx| ready(tx, &owned, &caller, &cookie, &handle)).await)?
    };
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let claimed = u64::try_from(caller.now.seconds()).unwrap_or(0);
    let file = File::document(platform, &read.row);
    let joined = tokio::task::spawn_blocking(move || {
        let outcome = texts(&owned, &caller, &chain, (&read, &file), claimed);
        (outcome, owned, caller, read)
    });
    let (outcome, owned, caller, read) = joined.await.map_err(|error| Fault::bug(error.to_string()))?;
    let (text, shown) = outcome?.map_err(Error::Refuse)?;
    let outcome = platform
        .store
        .write(move |tx| {
            let approval =
                Approval { claimed, shown: shown.clone(), text: String::from_utf8_lossy(&text).into_owned() };
            let body = Body { approval: Some(approval), ..read.body.clone() };
            let next = Request {
                version: read.row.version + 1,
                state: State::Shown,
                resident: Some(read.who),
                sealed_body: sealed::seal(&owned, &caller, read.row.id, read.row.version + 1, &body)?,
                changed: caller.now,
                ..read.row.clone()
            };
            if !signing_request::step(tx, &read.row, &next)? {
                return Ok(Err(SigningRefusal::WrongStep));
            }
            let guard =
                credential::of_resident(tx, read.who, read.found.key.credential)?.filter(|one| one.is_standing());
            Ok(guard.ok_or(SigningRefusal::NotDeviceBound).map(|guard| enrol::asking(&owned, &sha256(&text), &guard)))
        })
        .await;
    settle(outcome)
}

/// Reads what is needed, and looks at every condition.
fn ready(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, cookie: &str, handle: &str) -> super::Refused<Read> {
    if let Err(refusal) = may(tx, platform, caller, cookie)? {
        return Ok(Err(refusal));
    }
    let (row, who) = match theirs(tx, platform, caller, cookie, handle)? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // A signature that was lost with its server is approved again.
    let lost = row.state == State::Approved && caller.now.since(row.changed) >= LOST;
    if !matches!(row.state, State::Requested | State::Shown) && !lost {
        return Ok(Err(SigningRefusal::WrongStep));
    }
    if !request::is_complete(&row) {
        return Ok(Err(SigningRefusal::DocumentIncomplete));
    }
    let body = sealed::open(platform, &row)?;
    if let Some(card) = &body.card
        && !is_card(tx, platform, caller, who, card)?
    {
        return Ok(Err(SigningRefusal::OtherPerson));
    }
    let found = match in_force(tx, platform, caller, who)? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Some(csc) = &body.csc
        && !csc::is_of(platform, csc, &row.service, &found.key)?
    {
        return Ok(Err(SigningRefusal::OtherPerson));
    }
    Ok(Ok(Read { body, row, who, found }))
}

/// Whether a person's card number has this digest (SHA-256, without its check digit).
fn is_card(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, who: ResidentId, card: &Hex) -> Result<bool, Fault> {
    let decision =
        decide(Actor::Resident(who), Subject::Resident(who), Purpose::AccountManagement, &[Field::Hkid], None);
    let decision = decision.map_err(|_| Fault::bug("a person's own card number is refused to them"))?;
    let profile = vault::grant(tx, platform, caller, &decision)?.profile()?;
    let number = profile.hkid.as_deref().and_then(|hkid| Hkid::parse(hkid).ok());
    let number = number.ok_or_else(|| Fault::stored_data("no card number"))?;
    Ok(same(&sha256(number.body().as_bytes()), &card.0))
}

/// The activation text, canonical, and what was shown.
fn texts(
    platform: &Platform,
    caller: &Caller,
    chain: &Chain,
    (read, file): (&Read, &File),
    claimed: u64,
) -> Result<Result<(Vec<u8>, String), SigningRefusal>, Fault> {
    let Some(algorithm) = record::algorithm(&read.found.key.algorithm) else {
        return Err(Fault::stored_data("signing_key.algorithm"));
    };
    let signer = Signer {
        certificate: &read.found.certificate,
        chain,
        algorithm,
        claimed,
        letters: platform.ports.documents.letters(),
        issuer: &platform.settings.issuer,
    };
    let mut seen = None;
    if read.row.form.is_seen() {
        let digest = file::digest(file, &[], Hash::Sha256);
        let digest = digest.map_err(|error| Fault::stored_data(format!("a document: {error}")))?;
        // What is here is what the service announced, or nobody is asked to sign it.
        if !read.body.sha256.as_ref().is_some_and(|announced| same(&announced.0, &digest)) {
            return Ok(Err(SigningRefusal::DocumentIncomplete));
        }
        seen = Some(authority::hex(&digest));
    }
    let items = match make::items(read.row.form, &read.body, file, &signer)? {
        Ok(items) => items,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let shown = shown(platform, caller.language, read, seen.as_deref());
    let asked = Activation {
        certificate: sha256(read.found.certificate.der()).into(),
        documents: items.into_iter().map(|item| item.document).collect(),
        key: read.found.key.id.to_string(),
        nonce: caller.random::<32>().into(),
        realm: platform.settings.realm.to_string(),
        service: read.row.service.clone(),
        shown: sha256(shown.as_bytes()).into(),
        time: caller.now.0,
        v: text::ACTIVATION.to_owned(),
    };
    Ok(Ok((text::canonical(&asked), shown)))
}

/// What the page shows, canonical: members in alphabetical order.
fn shown(platform: &Platform, language: Language, read: &Read, digest: Option<&str>) -> String {
    let service = known(platform, &read.row.service);
    let name = service.map(|service| service.name().to(language).to_owned());
    let purpose = service.map(|service| service.purpose().to(language).to_owned());
    let (person, serial) = called(&read.found);
    let seen = read.row.form.is_seen();
    json!({
        "bytes": seen.then_some(read.row.announced),
        "category": read.body.category,
        "certificate": {"name": person, "serial": serial},
        "check_code": read.body.check_code,
        "department": read.body.department,
        "documents": read.body.documents.iter()
            .map(|one| json!({"digest": one.digest, "id": one.id, "name": one.name})).collect::<Vec<_>>(),
        "file_name": seen.then_some(&read.body.file_name),
        "form": read.row.form.word(),
        "language": language.tag(),
        "legacy_code": read.body.legacy_code,
        "purpose": purpose,
        "seal": read.body.seal,
        "seen": seen,
        "service": {"id": read.row.service, "name": name},
        "sha256": digest,
        "title": read.body.title,
        "v": "lionrock signing page v1",
        "warning": Category::suspected(&read.body.title).map(Category::word),
    })
    .to_string()
}

/// The person says no.
///
/// # Errors
/// As [`look`]; [`SigningRefusal::WrongStep`]; faults. The answer is where the browser goes back to, if anywhere.
pub async fn decline(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    handle: &str,
) -> Result<Option<String>, Error<SigningRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (cookie, handle) = (cookie.to_owned(), handle.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let (row, who) = match theirs(tx, &owned, &caller, &cookie, &handle)? {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let body = sealed::open(&owned, &row)?;
            let row = Request { resident: Some(who), ..row };
            if !request::over(tx, &owned, &caller, &row, State::Refused)? {
                return Ok(Err(SigningRefusal::WrongStep));
            }
            if let Some(csc) = &body.csc {
                return Ok(Ok((row.id, csc::declined(tx, &owned, &caller, csc)?)));
            }
            Ok(Ok((row.id, location(&owned, &row, &body, "access_denied"))))
        })
        .await;
    let (id, location) = settle(outcome)?;
    request::destroy(platform, id).await?;
    Ok(location)
}

/// Where the browser goes back to.
pub(super) fn location(platform: &Platform, row: &Request, body: &Body, outcome: &str) -> Option<String> {
    let id = row.id.to_string();
    let mut pairs = vec![("outcome", outcome), ("request", id.as_str())];
    pairs.extend(body.state.as_deref().map(|state| ("state", state)));
    pairs.push(("iss", &platform.settings.issuer));
    body.redirect_uri.as_deref().map(|uri| extend(uri, &pairs))
}

/// Whether a person has a signing key, for pages.
///
/// # Errors
/// Of the store.
pub fn has_key(tx: &mut Tx<'_>, platform: &Platform, who: ResidentId) -> Result<bool, Fault> {
    Ok(level::level(tx, platform, who)? >= Level::Plus && !signing_key::of_resident(tx, who)?.is_empty())
}
