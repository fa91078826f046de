//! The page on which a person signs: who asks, what for, the document as we draw it, and the passkey over exactly that.

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::header;
use lionrock_model::id::SignatureId;
use lionrock_model::signing::SigningRefusal;
use lionrock_service::Error;
use lionrock_service::port::document::Readable;
use lionrock_service::signing::{approve, history, person};

use crate::oauth::consent::origin;
use crate::page::sign::{Digest, Seal, Sign, Signed};
use crate::page::{self, time};
use crate::signin::assertion;
use crate::{Answer, AppState, Failure, Visit};

/// A refusal; a session that is missing or over leads to signing in and back here.
pub(crate) fn failure(error: Error<SigningRefusal>, back: &str) -> Failure {
    match error {
        Error::Refuse(SigningRefusal::SignInFirst) => Failure::sign_in_first(back),
        other => other.into(),
    }
}

/// `GET /sign/{handle}`
pub async fn get(State(state): State<AppState>, visit: Visit, Path(handle): Path<String>) -> Answer {
    let cookie = visit.signed_in()?;
    let look = person::look(&state.platform, &visit.caller, cookie, &handle).await;
    let look = look.map_err(|error| failure(error, &visit.here))?;
    let seen = person::inspect(&state.platform, &visit.caller, cookie, &handle).await;
    let (pages, findings, refused) = match seen {
        Ok(Some((found, _))) => (found.pages, found.findings, !found.refused.is_empty()),
        Ok(None) => (0, Vec::new(), false),
        Err(Error::Refuse(SigningRefusal::DocumentRefused)) => (0, Vec::new(), true),
        Err(error) => return Err(failure(error, &visit.here)),
    };
    let mut texts = Vec::new();
    for number in 0..pages.min(MOST_PAGES) {
        let words = person::words(&state.platform, &visit.caller, cookie, &handle, number).await.unwrap_or_default();
        texts.push((number, number + 1, words));
    }
    let hindrance = look.hindrance.map(|refusal| Failure::refuse(&refusal).text(visit.say));
    let enrol = look.hindrance == Some(SigningRefusal::NoCertificate);
    let back = look.redirect_uri;
    let shown = page::show(&Sign {
        frame: visit.frame("sign-title"),
        handle,
        service: look.service,
        purpose: look.purpose,
        department: look.department,
        title: look.title,
        file_name: look.file_name,
        size: look.bytes.div_ceil(1024),
        sha256: look.sha256,
        seen: look.form.is_seen(),
        drawn: pages > 0,
        pages: texts,
        more_pages: pages.saturating_sub(MOST_PAGES),
        findings: findings.into_iter().map(|word| visit.say.t(&format!("finding-{word}"))).collect(),
        refused,
        documents: look
            .documents
            .into_iter()
            .map(|one| Digest { name: one.name, digest: one.digest.to_string() })
            .collect(),
        seal: look.seal.map(|seal| {
            let name = look.certificate.as_ref().map(|(name, _)| name.clone()).unwrap_or_default();
            Seal { name, field: seal.field, page: seal.page }
        }),
        warning: look.warning.map(|category| visit.say.t(&format!("category-{}", category.word()))),
        check_code: look.check_code,
        legacy_code: look.legacy_code,
        hindrance,
        enrol,
        certificate: look.certificate,
        until: time::moment(visit.say, look.expires),
    })?;
    // "No" is a form, and its answer leads back to the service.
    Ok(match &back {
        Some(back) => page::leading_to(shown, origin(back)),
        None => shown,
    })
}

/// Pages drawn on one page of ours; the others are a link away.
const MOST_PAGES: u64 = 20;

/// `GET /sign/{handle}/page/{number}`: a page as a picture; the first is 0.
pub async fn picture(
    State(state): State<AppState>,
    visit: Visit,
    Path((handle, number)): Path<(String, u64)>,
) -> Answer {
    let cookie = visit.signed_in()?;
    let png = person::picture(&state.platform, &visit.caller, cookie, &handle, number).await;
    let png = png.map_err(|error| failure(error, &visit.here))?;
    Ok(([(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "no-store")], png).into_response())
}

/// `GET /sign/{handle}/document`: the document itself, to be kept or looked at elsewhere.
pub async fn document(State(state): State<AppState>, visit: Visit, Path(handle): Path<String>) -> Answer {
    let cookie = visit.signed_in()?;
    let found = person::document(&state.platform, &visit.caller, cookie, &handle).await;
    let (_, file) = found.map_err(|error| failure(error, &visit.here))?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, file.length().to_string()),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"document\"".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, crate::signing::flow(file)).into_response())
}

/// `POST /sign/{handle}/options` → `PublicKeyCredentialRequestOptionsJSON` whose challenge is the digest of the activation text.
pub async fn options(State(state): State<AppState>, visit: Visit, Path(handle): Path<String>) -> Answer {
    let cookie = visit.signed_in()?;
    let options = person::options(&state.platform, &visit.caller, cookie, &handle).await;
    Ok(axum::Json(options.map_err(|error| failure(error, &visit.here))?).into_response())
}

/// `POST /sign/{handle}`, body `AuthenticationResponseJSON` → `{next}`; it is signed.
pub async fn post(State(state): State<AppState>, visit: Visit, Path(handle): Path<String>, body: Bytes) -> Answer {
    let cookie = visit.signed_in()?;
    let approved = approve::approve(&state.platform, &visit.caller, cookie, &handle, assertion(&body)?).await;
    let approved = approved.map_err(|error| failure(error, &visit.here))?;
    let here = format!("/sign/done/{}", approved.signature);
    Ok(page::next(approved.location.as_deref().unwrap_or(&here)))
}

/// `GET /sign/done/{signature}`: for requests that lead nowhere else. It says *signed* of the person's own signatures only.
pub async fn done(State(state): State<AppState>, visit: Visit, Path(signature): Path<String>) -> Answer {
    let cookie = visit.signed_in()?;
    let id = SignatureId::parse(&signature).map_err(|_| Failure::of("not-found"))?;
    let own = history::own_one(&state.platform, &visit.caller, cookie, id).await;
    own.map_err(|error| failure(error, &visit.here))?;
    page::show(&Signed { frame: visit.frame("sign-done-title"), signature: id.to_string() })
}

/// `POST /sign/{handle}/decline`: a form, so that saying no works without script.
pub async fn decline(State(state): State<AppState>, visit: Visit, Path(handle): Path<String>) -> Answer {
    let cookie = visit.signed_in()?;
    let location = person::decline(&state.platform, &visit.caller, cookie, &handle).await;
    let location = location.map_err(|error| failure(error, &visit.here))?;
    Ok(page::see_other(location.as_deref().unwrap_or("/account/signatures")))
}
