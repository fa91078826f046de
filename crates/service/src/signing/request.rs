//! A service's side: it asks, sends its document in pieces, and fetches what was signed. Each call after the first carries the token that
//! the first one gave.

use super::file::{self, File};
use super::sealed::{self, Body, Csc};
pub use super::sealed::{Named, Seal};
use super::{code, evidence};
use crate::ceremony::settle;
use crate::imprint::Imprint;
use crate::oidc::client;
use crate::{Caller, Error, Fault, Platform, audit, pseudonym};
use lionrock_activation::Hex;
use lionrock_crypto::digest::Kind as Hash;
use lionrock_crypto::secret::same;
use lionrock_model::id::{ResidentId, ServiceId, SigningRequestId};
use lionrock_model::signing::{
    Category, DELIVERY, Form, JSON_BYTES, MOST_DIGESTS, PIECE_BYTES, REQUEST, SigningRefusal, State, TITLE,
};
use lionrock_model::time::Millis;
use lionrock_store::Tx;
pub use lionrock_store::signing_request::Kind;
use lionrock_store::signing_request::{self, Request};
use lionrock_wire::jose;
use lionrock_wire::oauth::Credential;
use serde_json::json;
use std::sync::Arc;

/// What a service asks for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What comes out.
    pub form: Form,
    /// What kind of document it is.
    pub category: Category,
    /// What the person is told they sign.
    pub title: String,
    /// The file's name, for files.
    pub file_name: String,
    /// The part of the service that asks.
    pub department: Option<String>,
    /// Where the browser goes afterwards; one of the service's own.
    pub redirect_uri: Option<String>,
    /// The service's own value, returned.
    pub state: Option<String>,
    /// Bytes of the file and its SHA-256.
    pub document: Option<(u64, [u8; 32])>,
    /// For forms that name documents by digests.
    pub documents: Vec<Named>,
    /// Where the signature is to be seen in a PDF; nowhere when none.
    pub seal: Option<Seal>,
    /// Who is to sign; whoever opens the address when nobody is named.
    pub signer: Signer,
}

/// Who is to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// Whoever opens the address.
    Anyone,
    /// The person the service knows by this pseudonym.
    Known(String),
    /// The person with this digest of the card number without check digit (SHA-256): the iAM Smart interface's anonymous form.
    Card([u8; 32]),
}

/// A request that waits for its person.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Its id.
    pub id: SigningRequestId,
    /// The word in its address: `/sign/WORD`.
    pub handle: String,
    /// What the service shows with each later call.
    pub token: String,
    /// The code that both sides show.
    pub check_code: String,
    /// The four digits of the iAM Smart interface, where there are digests.
    pub legacy_code: Option<String>,
    /// When its time is over.
    pub expires: Millis,
}

/// A service asks, and proves who it is as at the token endpoint.
///
/// # Errors
/// [`SigningRefusal::ServiceUnknown`], [`SigningRefusal::DocumentExcluded`], [`SigningRefusal::DocumentTooLarge`],
/// [`SigningRefusal::GovernmentNeedsSeen`], [`SigningRefusal::RequestMalformed`]; faults.
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    credential: &Credential,
    ask: Ask,
) -> Result<Begun, Error<SigningRefusal>> {
    let unknown = Error::Refuse(SigningRefusal::ServiceUnknown);
    let client = client::authenticate(platform, caller, credential).map_err(|_| unknown)?;
    let (service, once) = (client.service.id().clone(), client.once.clone());
    let (owned, who) = (Arc::clone(platform), caller.clone());
    let outcome = platform
        .store
        .write(move |tx| {
            if let Some(once) = &once
                && !once.take(tx)?
            {
                return Ok(Err(SigningRefusal::ServiceUnknown));
            }
            carry_out(tx, &owned, &who, &service, &ask)
        })
        .await;
    settle(outcome)
}

/// As [`begin`], for a service that another door has recognised.
///
/// # Errors
/// As [`begin`].
pub async fn begin_for(
    platform: &Arc<Platform>,
    caller: &Caller,
    service: &ServiceId,
    ask: Ask,
) -> Result<Begun, Error<SigningRefusal>> {
    let (owned, who, service) = (Arc::clone(platform), caller.clone(), service.clone());
    settle(platform.store.write(move |tx| carry_out(tx, &owned, &who, &service, &ask)).await)
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    service: &ServiceId,
    ask: &Ask,
) -> super::Refused<Begun> {
    let Some(known) = platform.service(service) else { return Ok(Err(SigningRefusal::ServiceUnknown)) };
    if let Err(refusal) = judge(ask, known, platform) {
        if refusal == SigningRefusal::DocumentExcluded {
            let body = json!({"category": ask.category.word(), "service": service.as_str()});
            audit::append(tx, platform, caller, &audit::Event::new("signing.excluded", None, body))?;
        }
        return Ok(Err(refusal));
    }
    let resident = match named(tx, platform, service, &ask.signer)? {
        Some(found) => found,
        None => return Ok(Err(SigningRefusal::OtherPerson)),
    };
    let id = SigningRequestId::new(caller.now, caller.random());
    let (handle, token) = (jose::encode(&caller.random::<32>()), jose::encode(&caller.random::<32>()));
    let place = Place {
        id,
        handle: imprint(platform, HANDLE, &handle)?,
        token: imprint(platform, TOKEN, &token)?,
        expires: caller.now.after(REQUEST),
        csc: None,
    };
    let body = put(tx, platform, caller, (service, resident), ask, &place)?;
    Ok(Ok(Begun {
        id,
        handle,
        token,
        check_code: body.check_code,
        legacy_code: body.legacy_code,
        expires: place.expires,
    }))
}

/// Where a new request is found, and until when.
pub(super) struct Place {
    pub id: SigningRequestId,
    pub handle: [u8; 32],
    pub token: [u8; 32],
    pub expires: Millis,
    pub csc: Option<Csc>,
}

/// Keeps a request that was judged.
pub(super) fn put(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    (service, resident): (&ServiceId, Option<ResidentId>),
    ask: &Ask,
    place: &Place,
) -> Result<Body, Fault> {
    let body = Body {
        approval: None,
        card: if let Signer::Card(digest) = ask.signer { Some(digest.into()) } else { None },
        category: ask.category.word().to_owned(),
        check_code: code::random(caller),
        csc: place.csc.clone(),
        department: ask.department.clone(),
        documents: ask.documents.clone(),
        file_name: ask.file_name.clone(),
        legacy_code: ask.documents.first().and_then(|first| legacy(service, &ask.signer, &first.digest.0)),
        redirect_uri: ask.redirect_uri.clone(),
        seal: ask.seal.clone(),
        sha256: ask.document.map(|(_, digest)| digest.into()),
        state: ask.state.clone(),
        title: ask.title.clone(),
    };
    let row = Request {
        id: place.id,
        version: 1,
        service: service.as_str().to_owned(),
        resident,
        form: ask.form,
        state: State::Requested,
        handle: place.handle,
        token: place.token,
        announced: ask.document.map_or(0, |(bytes, _)| i64::try_from(bytes).unwrap_or(i64::MAX)),
        received: 0,
        sealed_body: sealed::seal(platform, caller, place.id, 1, &body)?,
        created: caller.now,
        changed: caller.now,
        expires: place.expires,
    };
    signing_request::insert(tx, &row)?;
    Ok(body)
}

/// Whether a request is one of ours, and may be asked.
pub(super) fn judge(
    ask: &Ask,
    service: &lionrock_model::service::Service,
    platform: &Platform,
) -> Result<(), SigningRefusal> {
    let (settings, largest) = (&platform.settings, platform.settings.limits.document_bytes);
    if ask.category.is_excluded() {
        return Err(SigningRefusal::DocumentExcluded);
    }
    if service.is_government() && !ask.form.is_seen() {
        return Err(SigningRefusal::GovernmentNeedsSeen);
    }
    // With a government entity only a certificate of a recognised authority has the force of law (Cap. 553 section 6).
    if service.is_government() && !settings.authority.is_recognised(&settings.realm) {
        return Err(SigningRefusal::NotRecognised);
    }
    let text = |text: &str, most: usize| {
        !text.trim().is_empty() && text.chars().count() <= most && !text.contains(char::is_control)
    };
    let named =
        |named: &Named| matches!(named.digest.0.len(), 32 | 48) && named.id.len() <= 64 && text(&named.name, TITLE);
    let most = if ask.form == Form::Json { JSON_BYTES.min(largest) } else { largest };
    let sealed = ask.seal.as_ref().is_none_or(|seal| {
        ask.form == Form::Pdf && seal.page >= 1 && seal.field.as_ref().is_none_or(|field| text(field, TITLE))
    });
    let fits = match (ask.form.is_seen(), ask.document) {
        (true, Some((bytes, _))) if bytes > most => return Err(SigningRefusal::DocumentTooLarge),
        (true, Some((bytes, _))) => bytes > 0 && ask.documents.is_empty() && text(&ask.file_name, TITLE),
        (false, None) => (1..=MOST_DIGESTS).contains(&ask.documents.len()) && ask.documents.iter().all(named),
        _ => false,
    };
    let goes_back = ask.redirect_uri.as_deref().is_none_or(|uri| service.redirects_to(uri));
    let small = ask.state.as_ref().is_none_or(|state| state.len() <= 1024)
        && ask.department.as_ref().is_none_or(|department| text(department, TITLE));
    if fits && sealed && goes_back && small && text(&ask.title, TITLE) {
        Ok(())
    } else {
        Err(SigningRefusal::RequestMalformed)
    }
}

/// The resident a service names; the outer none when it names somebody it does not know.
fn named(
    tx: &mut Tx<'_>,
    platform: &Platform,
    service: &ServiceId,
    signer: &Signer,
) -> Result<Option<Option<ResidentId>>, Fault> {
    match signer {
        // Whose card it is shows when somebody opens the request: asking beforehand would tell who has an account.
        Signer::Anyone | Signer::Card(_) => Ok(Some(None)),
        Signer::Known(sub) => Ok(pseudonym::owner(tx, platform, service.as_str(), sub)?.map(Some)),
    }
}

fn legacy(service: &ServiceId, signer: &Signer, digest: &[u8]) -> Option<String> {
    match signer {
        Signer::Known(name) => Some(code::legacy(digest, code::For::Known(name))),
        Signer::Card(card) => Some(code::legacy(digest, code::For::Anonymous(card, service.as_str()))),
        Signer::Anyone => None,
    }
}

const HANDLE: &str = "signing handle";
const TOKEN: &str = "signing token";

/// What is kept of the word in an address.
pub(super) fn address(platform: &Platform, word: &str) -> Result<[u8; 32], Fault> {
    imprint(platform, HANDLE, word)
}

fn imprint(platform: &Platform, label: &str, word: &str) -> Result<[u8; 32], Fault> {
    Imprint::new().text(word).under(platform, label)
}

/// The request of an address.
pub(super) fn by_handle(tx: &mut Tx<'_>, platform: &Platform, handle: &str) -> Result<Option<Request>, Fault> {
    Ok(signing_request::by_handle(tx, &imprint(platform, HANDLE, handle)?)?)
}

/// The request of an id and its token.
pub(super) fn theirs(
    tx: &mut Tx<'_>,
    platform: &Platform,
    id: SigningRequestId,
    token: &str,
) -> super::Refused<Request> {
    let own = imprint(platform, TOKEN, token)?;
    let found = signing_request::find(tx, id)?.filter(|row| same(&row.token, &own));
    Ok(found.ok_or(SigningRefusal::ServiceUnknown))
}

/// Takes a part of the document, from byte `at` on; says how many bytes there are now. Parts come in order, each but the last a multiple
/// of [`PIECE_BYTES`].
///
/// # Errors
/// [`SigningRefusal::ServiceUnknown`], [`SigningRefusal::WrongStep`], [`SigningRefusal::RequestMalformed`],
/// [`SigningRefusal::DocumentIncomplete`] when the whole is not what was announced; faults.
pub async fn upload(
    platform: &Arc<Platform>,
    caller: &Caller,
    id: SigningRequestId,
    token: &str,
    at: u64,
    bytes: Vec<u8>,
) -> Result<u64, Error<SigningRefusal>> {
    let (owned, who, token) = (Arc::clone(platform), caller.clone(), token.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let row = match theirs(tx, &owned, id, &token)? {
                Ok(row) => row,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if row.state != State::Requested || row.expires <= who.now {
                return Ok(Err(SigningRefusal::WrongStep));
            }
            let more = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
            let whole = row.received.saturating_add(more);
            let in_order = i64::try_from(at).is_ok_and(|at| at == row.received);
            let last = whole == row.announced;
            if !in_order || more == 0 || whole > row.announced || (!last && !bytes.len().is_multiple_of(PIECE_BYTES)) {
                return Ok(Err(SigningRefusal::RequestMalformed));
            }
            let number = u32::try_from(at / u64::try_from(PIECE_BYTES).unwrap_or(1)).unwrap_or(u32::MAX);
            // The last part counts once the whole was looked at; until then it may be sent again.
            if !last && !signing_request::receive(tx, &row, more)? {
                return Ok(Err(SigningRefusal::WrongStep));
            }
            signing_request::cut(tx, id, Kind::Document, number)?;
            sealed::keep(tx, &owned, &who, id, Kind::Document, number, &bytes)?;
            Ok(Ok((row, whole, last)))
        })
        .await;
    let (row, whole, last) = settle(outcome)?;
    if last {
        looked_at(platform, row).await?;
    }
    Ok(u64::try_from(whole).unwrap_or(0))
}

/// Reads the whole document once: what is not what was announced goes at once.
async fn looked_at(platform: &Arc<Platform>, row: Request) -> Result<(), Error<SigningRefusal>> {
    let announced = sealed::open(platform, &row)?.sha256;
    let file = File::of(platform, &row, row.announced);
    let found = tokio::task::spawn_blocking(move || file::digest(&file, &[], Hash::Sha256)).await;
    let found = found.map_err(|error| Fault::bug(error.to_string()))?;
    let right = found.is_ok_and(|found| announced.is_some_and(|announced| same(&announced.0, &found)));
    let id = row.id;
    let outcome = platform
        .store
        .write(move |tx| {
            let done = if right {
                signing_request::receive(tx, &row, row.announced - row.received)?
            } else {
                signing_request::again(tx, &row)?
            };
            Ok(if done { Ok(()) } else { Err(SigningRefusal::WrongStep) })
        })
        .await;
    settle(outcome)?;
    if right {
        return Ok(());
    }
    destroy(platform, id).await?;
    Err(Error::Refuse(SigningRefusal::DocumentIncomplete))
}

/// Whether the whole document is here; it was compared with what was announced when its last part came.
pub(super) const fn is_complete(row: &Request) -> bool {
    !row.form.is_seen() || row.received == row.announced
}

/// Removes every piece of a request, in rounds.
pub(super) async fn destroy(platform: &Arc<Platform>, id: SigningRequestId) -> Result<(), Fault> {
    while platform.store.write(move |tx| signing_request::clear(tx, id)).await? >= u64::from(signing_request::ROUND) {}
    Ok(())
}

/// Where a request stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its state.
    pub state: State,
    /// What comes out.
    pub form: Form,
    /// Bytes that came.
    pub received: u64,
    /// When its time is over.
    pub expires: Millis,
}

/// Where a request stands, for its service.
///
/// # Errors
/// [`SigningRefusal::ServiceUnknown`]; faults.
pub async fn standing(
    platform: &Arc<Platform>,
    id: SigningRequestId,
    token: &str,
) -> Result<Standing, Error<SigningRefusal>> {
    let (owned, token) = (Arc::clone(platform), token.to_owned());
    let outcome = platform
        .store
        .read(move |tx| {
            Ok(theirs(tx, &owned, id, &token)?.map(|row| Standing {
                state: row.state,
                form: row.form,
                received: u64::try_from(row.received).unwrap_or(0),
                expires: row.expires,
            }))
        })
        .await;
    settle(outcome)
}

/// What was signed, to be read piece by piece.
///
/// # Errors
/// As [`fetch`].
pub async fn result(
    platform: &Arc<Platform>,
    id: SigningRequestId,
    token: &str,
) -> Result<(Form, File), Error<SigningRefusal>> {
    let (owned, token) = (Arc::clone(platform), token.to_owned());
    let outcome = platform
        .store
        .read(move |tx| {
            let row = theirs(tx, &owned, id, &token)?;
            Ok(row.and_then(|row| if row.state == State::Signed { Ok(row) } else { Err(SigningRefusal::WrongStep) }))
        })
        .await;
    let row = settle(outcome)?;
    Ok((row.form, File::result(platform, &row).await?))
}

/// What was signed, or its evidence with the ledger's proof.
///
/// # Errors
/// [`SigningRefusal::ServiceUnknown`], [`SigningRefusal::WrongStep`] unless it is signed and not delivered; faults.
pub async fn fetch(
    platform: &Arc<Platform>,
    id: SigningRequestId,
    token: &str,
    kind: Kind,
) -> Result<Vec<u8>, Error<SigningRefusal>> {
    if kind == Kind::Result {
        return Ok(result(platform, id, token).await?.1.bytes().await?);
    }
    let (owned, token) = (Arc::clone(platform), token.to_owned());
    let outcome = platform
        .store
        .read(move |tx| {
            let row = match theirs(tx, &owned, id, &token)? {
                Ok(row) => row,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if row.state != State::Signed || kind == Kind::Document {
                return Ok(Err(SigningRefusal::WrongStep));
            }
            Ok(Ok(sealed::bytes(tx, &owned, id, kind)?.to_vec()))
        })
        .await;
    let bytes = settle(outcome)?;
    if kind == Kind::Evidence { Ok(evidence::proved(platform, &bytes).await?) } else { Ok(bytes) }
}

/// The service has what it needs (or gives it back): documents and results are destroyed.
///
/// # Errors
/// [`SigningRefusal::ServiceUnknown`], [`SigningRefusal::WrongStep`]; faults.
pub async fn acknowledge(
    platform: &Arc<Platform>,
    caller: &Caller,
    id: SigningRequestId,
    token: &str,
) -> Result<(), Error<SigningRefusal>> {
    end(platform, caller, id, token, State::Delivered).await
}

/// The service takes its request back before anything was approved.
///
/// # Errors
/// As [`acknowledge`].
pub async fn withdraw(
    platform: &Arc<Platform>,
    caller: &Caller,
    id: SigningRequestId,
    token: &str,
) -> Result<(), Error<SigningRefusal>> {
    end(platform, caller, id, token, State::Refused).await
}

async fn end(
    platform: &Arc<Platform>,
    caller: &Caller,
    id: SigningRequestId,
    token: &str,
    next: State,
) -> Result<(), Error<SigningRefusal>> {
    let (owned, who, token) = (Arc::clone(platform), caller.clone(), token.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let row = match theirs(tx, &owned, id, &token)? {
                Ok(row) => row,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if row.state == next {
                return Ok(Ok(()));
            }
            if !over(tx, &owned, &who, &row, next)? {
                return Ok(Err(SigningRefusal::WrongStep));
            }
            Ok(Ok(()))
        })
        .await;
    settle(outcome)?;
    Ok(destroy(platform, id).await?)
}

/// Ends a request: what it holds is destroyed, of a large document a first round; [`destroy`] does the rest. False when that may not follow.
pub(super) fn over(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &Request,
    next: State,
) -> Result<bool, Fault> {
    let body = sealed::open(platform, row)?;
    // Only what tells where to go back to is left of it.
    let rest = Body {
        approval: None,
        card: None,
        department: None,
        documents: Vec::new(),
        file_name: String::new(),
        legacy_code: None,
        seal: None,
        sha256: None,
        title: String::new(),
        ..body
    };
    let ended = Request {
        version: row.version + 1,
        state: next,
        sealed_body: sealed::seal(platform, caller, row.id, row.version + 1, &rest)?,
        changed: caller.now,
        expires: caller.now.after(DELIVERY),
        ..row.clone()
    };
    if !signing_request::step(tx, row, &ended)? {
        return Ok(false);
    }
    signing_request::clear(tx, row.id)?;
    let body = json!({"request": row.id.to_string(), "service": row.service, "state": next.word()});
    audit::append(tx, platform, caller, &audit::Event::new("signing.ended", row.resident, body))?;
    Ok(true)
}

/// A digest as services send it: base64 or hexadecimal.
#[must_use]
pub fn digest(text: &str) -> Option<Hex> {
    let bytes = Hex::parse(text).or_else(|| jose::decode(text, "digest").ok().map(Hex))?;
    matches!(bytes.0.len(), 32 | 48).then_some(bytes)
}
