//! The signing request behind an authorization request.

use super::super::request::{self, Ask, Named, Place, Signer};
use super::super::sealed::{self, Body, Csc};
use super::{SHA_256, SHA_384, document};
use crate::{Caller, Fault, Platform};
use lionrock_model::id::{ServiceId, SigningRequestId};
use lionrock_model::signing::{Category, Form, SigningRefusal, TITLE};
use lionrock_store::Tx;
use lionrock_store::oidc_request;
use lionrock_store::signing_request::{self, Request};
use lionrock_wire::oauth::details::{Details, HashType};
use lionrock_wire::oauth::{Code, Problem};

/// A signing request that waits for its person.
pub(crate) struct Opened {
    /// Its id.
    pub id: SigningRequestId,
    /// The code that both sides show.
    pub check_code: String,
}

/// Opens it, in the transaction that keeps the authorization request: `word` names both. A document that was sent before, and whose
/// hash this is, is what the person sees and signs; other hashes are labelled as what they are.
pub(crate) fn open(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &oidc_request::Request,
    details: &Details,
    word: &str,
) -> Result<Result<Opened, Problem>, Fault> {
    if !details.locations.iter().all(|at| at.starts_with(&platform.settings.issuer)) {
        return Ok(Err(problem("locations name another server")));
    }
    let length = match details.algorithm.as_str() {
        SHA_256 => 32,
        SHA_384 => 48,
        _ => return Ok(Err(problem("hashAlgorithmOID must be that of SHA-256 or SHA-384"))),
    };
    if details.digests.iter().any(|one| one.hash.len() != length) {
        return Ok(Err(problem("Invalid digest value length")));
    }
    let service = ServiceId::parse(&row.service).map_err(|_| Fault::bug("a client of ours"))?;
    let Some(known) = platform.service(&service) else {
        return Ok(Err(Problem::new(Code::UnauthorizedClient, "this client is not known any more")));
    };
    let csc = Csc {
        algorithm: details.algorithm.clone(),
        credential: details.credential.clone(),
        request: Some(row.handle.into()),
    };
    let handle = request::address(platform, word)?;
    if details.kind == HashType::Sodr
        && let [one] = details.digests.as_slice()
        && let Some(found) = document::waiting(tx, platform, caller, &service, &details.credential, &one.hash)?
    {
        return taken(tx, platform, caller, &found, row, (handle, title(details)), csc).map(Ok);
    }
    let ask = ask(details);
    if let Err(refusal) = request::judge(&ask, known, platform) {
        return Ok(Err(match refusal {
            SigningRefusal::GovernmentNeedsSeen => {
                problem("this client needs documents that are seen here: send them by signatures/signDoc first")
            }
            SigningRefusal::NotRecognised => problem("the certificates issued here are not recognised for this client"),
            _ => problem("a label or the description is too long, or no text"),
        }));
    }
    let id = SigningRequestId::new(caller.now, caller.random());
    // Nobody holds the token of the other interface for it.
    let place = Place { id, handle, token: caller.random(), expires: row.expires_at, csc: Some(csc) };
    let body = request::put(tx, platform, caller, (&service, None), &ask, &place)?;
    Ok(Ok(Opened { id, check_code: body.check_code }))
}

/// A document that was waiting becomes the request.
fn taken(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    found: &Request,
    row: &oidc_request::Request,
    (handle, title): ([u8; 32], String),
    csc: Csc,
) -> Result<Opened, Fault> {
    let body = Body { csc: Some(csc), title, ..sealed::open(platform, found)? };
    let next = Request {
        handle,
        sealed_body: sealed::seal(platform, caller, found.id, found.version + 1, &body)?,
        changed: caller.now,
        expires: row.expires_at,
        ..found.clone()
    };
    if !signing_request::readdress(tx, found, &next)? {
        return Err(lionrock_store::Error::Busy.into());
    }
    Ok(Opened { id: found.id, check_code: body.check_code })
}

fn title(details: &Details) -> String {
    let labels = details.digests.iter().map(|one| one.label.as_str());
    let said = details.description.as_deref().into_iter().chain(labels).find(|text| !text.trim().is_empty());
    said.unwrap_or(&details.credential).chars().take(TITLE).collect()
}

fn ask(details: &Details) -> Ask {
    let documents = details.digests.iter().zip(1..).map(|(one, number)| Named {
        digest: lionrock_activation::Hex(one.hash.clone()),
        id: number.to_string(),
        name: if one.label.trim().is_empty() { number.to_string() } else { one.label.clone() },
    });
    Ask {
        form: if details.kind == HashType::Sodr { Form::PdfDigest } else { Form::Digest },
        category: Category::Ordinary,
        title: title(details),
        file_name: String::new(),
        department: None,
        redirect_uri: None,
        state: None,
        document: None,
        documents: documents.collect(),
        seal: None,
        signer: Signer::Anyone,
    }
}

const fn problem(description: &'static str) -> Problem {
    Problem::new(Code::InvalidAuthorizationDetails, description)
}
