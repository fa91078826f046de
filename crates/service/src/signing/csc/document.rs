//! Documents that wait for their authorization: the person sees what they sign, so it must be here before they are asked.

use super::super::request::{self, Ask, Place, Signer};
use super::super::sealed::{self, Csc};
use super::{Answer, SHA_256, of_service, wrong};
use crate::imprint::Imprint;
use crate::{Caller, Fault, Platform};
use lionrock_crypto::digest::sha256;
use lionrock_model::id::{ServiceId, SigningRequestId};
use lionrock_model::signing::{Category, Form, REQUEST, SigningRefusal, State};
use lionrock_store::Tx;
use lionrock_store::signing_request::{self, Kind, Request};
use std::sync::Arc;

/// Most bytes of a document in one call: it comes as Base64 in JSON.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Takes a document that the service will ask an authorization for: by its SHA-256, within half an hour. Nothing is signed yet.
///
/// # Errors
/// An OAuth error; faults.
pub async fn deposit(
    platform: &Arc<Platform>,
    caller: &Caller,
    token: &str,
    credential: &str,
    (document, form): (Vec<u8>, Form),
) -> Answer<SigningRequestId> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (token, credential) = (token.to_owned(), credential.to_owned());
    if document.is_empty() || document.len() > MOST_BYTES {
        return Err(wrong("a document has 1 byte to 8 MiB"));
    }
    let document = Arc::new(document);
    platform
        .store
        .write(move |tx| {
            let holder = of_service(tx, &owned, &caller, &token)?;
            let known = holder.key(tx, &owned)?.is_some_and(|(_, name)| name == credential);
            if !known {
                return Err(wrong("Invalid parameter credentialID"));
            }
            let service = holder.service()?;
            let hash = sha256(&document);
            let handle = handle(&owned, &service, &credential, &hash)?;
            if let Some(earlier) = signing_request::by_handle(tx, &handle)? {
                if stands(&earlier, &caller) && earlier.form == form {
                    return Ok(earlier.id);
                }
                // What is over gives its address up.
                let body = sealed::open(&owned, &earlier)?;
                let next = Request {
                    handle: caller.random(),
                    sealed_body: sealed::seal(&owned, &caller, earlier.id, earlier.version + 1, &body)?,
                    ..earlier.clone()
                };
                if !signing_request::readdress(tx, &earlier, &next)? {
                    return Err(Fault::from(lionrock_store::Error::Busy).into());
                }
            }
            let ask = ask(&document, form, hash);
            let known = owned.service(&service).ok_or_else(|| Fault::bug("a client that was known a line ago"))?;
            if let Err(refusal) = request::judge(&ask, known, &owned) {
                return Err(match refusal {
                    SigningRefusal::DocumentTooLarge => wrong("the document is too large"),
                    _ => wrong("Invalid array parameter documents"),
                });
            }
            let id = SigningRequestId::new(caller.now, caller.random());
            let csc = Csc { algorithm: SHA_256.to_owned(), credential: credential.clone(), request: None };
            let place =
                Place { id, handle, token: caller.random(), expires: caller.now.after(REQUEST), csc: Some(csc) };
            request::put(tx, &owned, &caller, (&service, None), &ask, &place)?;
            let row = signing_request::find(tx, id)?.ok_or_else(|| Fault::bug("a row of a line ago"))?;
            if !signing_request::receive(tx, &row, row.announced)? {
                return Err(Fault::from(lionrock_store::Error::Busy).into());
            }
            sealed::keep(tx, &owned, &caller, id, Kind::Document, 0, &document)?;
            Ok(id)
        })
        .await
}

/// The document that waits for this authorization, if there is one.
pub(super) fn waiting(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    service: &ServiceId,
    credential: &str,
    hash: &[u8],
) -> Result<Option<Request>, Fault> {
    let handle = handle(platform, service, credential, hash)?;
    Ok(signing_request::by_handle(tx, &handle)?.filter(|row| stands(row, caller)))
}

fn stands(row: &Request, caller: &Caller) -> bool {
    row.state == State::Requested && row.expires > caller.now && row.received == row.announced
}

/// Where a waiting document is found: no word in an address leads there.
fn handle(platform: &Platform, service: &ServiceId, credential: &str, hash: &[u8]) -> Result<[u8; 32], Fault> {
    Imprint::new().text(service.as_str()).text(credential).bytes(hash).under(platform, "csc document")
}

fn ask(document: &[u8], form: Form, hash: [u8; 32]) -> Ask {
    let name = if form == Form::Pdf { "document.pdf" } else { "document" };
    Ask {
        form,
        category: Category::Ordinary,
        title: name.to_owned(),
        file_name: name.to_owned(),
        department: None,
        redirect_uri: None,
        state: None,
        document: Some((u64::try_from(document.len()).unwrap_or(u64::MAX), hash)),
        documents: Vec::new(),
        seal: None,
        signer: Signer::Anyone,
    }
}
