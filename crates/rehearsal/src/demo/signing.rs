//! Having something signed: a request with a document, the way to the platform's page and back, and what was signed. Plain HTTP, by the
//! platform's published description alone.

use super::{CLIENT_ID, Demo, DemoError};
use crate::http::Browser;
use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use lionrock_crypto::digest::sha256;
use serde::Serialize;
use serde_json::Value;

/// A request on its way.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Where the person signs.
    pub sign_at: String,
    /// The code that we show, and the platform too.
    pub check_code: String,
    request: String,
    token: String,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Signed {
    /// The signed PDF.
    #[serde(skip)]
    pub document: Vec<u8>,
    /// The evidence, JSON.
    #[serde(skip)]
    pub evidence: Vec<u8>,
    /// The request's id.
    pub request: String,
}

impl Demo {
    /// Where the platform sends people back to after signing.
    #[must_use]
    pub fn signed_uri(&self) -> String {
        format!("https://localhost:{}/signed", self.port)
    }

    /// A word that ties an answer to a request: from the same source as the words of logging in.
    pub(super) fn fresh_state(&self) -> String {
        openidconnect::CsrfToken::new_random().secret().clone()
    }

    /// Asks for a signature under a document.
    pub(super) async fn ask_signature(&self, client: &Browser, state: &str) -> Result<Asked, DemoError> {
        let document = agreement();
        let digest: String = sha256(&document).iter().map(|byte| format!("{byte:02x}")).collect();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", CLIENT_ID)
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", &self.assertion()?)
            .append_pair("form", "pdf")
            .append_pair("category", "ordinary")
            .append_pair("title", "Library membership agreement")
            .append_pair("file_name", "membership.pdf")
            .append_pair("bytes", &document.len().to_string())
            .append_pair("sha256", &digest)
            .append_pair("redirect_uri", &self.signed_uri())
            .append_pair("state", state)
            .finish();
        let headers = [(CONTENT_TYPE, "application/x-www-form-urlencoded"), (ACCEPT, "application/json")];
        let at = format!("{}/signing/requests", self.issuer);
        let reply = client.send(Method::POST, &at, &headers, Bytes::from(form)).await?;
        let answer = reply.json().unwrap_or_default();
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        let asked = text("sign_at").zip(text("check_code")).zip(text("request").zip(text("token")));
        let Some(((sign_at, check_code), (request, token))) = asked else {
            return Err(DemoError::Protocol(format!("the request was not taken: {answer}")));
        };
        let asked = Asked { sign_at, check_code, request, token };
        let path = format!("/signing/requests/{}/document?at=0", asked.request);
        self.with_token(client, Method::PUT, &path, &asked, Bytes::from(document)).await?;
        Ok(asked)
    }

    /// Fetches what was signed, and says that we have it.
    pub(super) async fn fetch_signed(&self, client: &Browser, asked: &Asked) -> Result<Signed, DemoError> {
        let at = |what: &str| format!("/signing/requests/{}/{what}", asked.request);
        let get = async |what: &str| self.with_token(client, Method::GET, &at(what), asked, Bytes::new()).await;
        let signed = Signed {
            document: get("document").await?,
            evidence: get("evidence").await?,
            request: asked.request.clone(),
        };
        self.with_token(client, Method::POST, &at("acknowledge"), asked, Bytes::new()).await?;
        Ok(signed)
    }

    async fn with_token(
        &self,
        client: &Browser,
        method: Method,
        path: &str,
        asked: &Asked,
        body: Bytes,
    ) -> Result<Vec<u8>, DemoError> {
        let bearer = format!("Bearer {}", asked.token);
        let headers = [
            (AUTHORIZATION, bearer.as_str()),
            (CONTENT_TYPE, "application/octet-stream"),
            (ACCEPT, "application/json"),
        ];
        let reply = client.send(method, &format!("{}{path}", self.issuer), &headers, body).await?;
        if !reply.status.is_success() {
            return Err(DemoError::Protocol(format!("{path}: {}", reply.text())));
        }
        Ok(reply.body.to_vec())
    }
}

/// The agreement, one page.
fn agreement() -> Vec<u8> {
    let lines = [
        "Harbour Library (demo)",
        "Membership agreement",
        "",
        "1. I return what I borrow by the date on the slip.",
        "2. I keep my library card to myself.",
        "3. I pay for what I lose.",
        "",
        "Signed with the signing certificate of the person named in it.",
    ];
    let mut content = String::from("BT /F1 14 Tf 20 TL 72 760 Td\n");
    for line in lines {
        content.push_str(&format!("({}) Tj T*\n", line.replace('(', "\\(").replace(')', "\\)")));
    }
    content.push_str("ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut out = String::from("%PDF-1.7\n");
    let mut places = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.push_str(&format!("{} 0 obj\n{object}\nendobj\n", number + 1));
    }
    let table = out.len();
    out.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1));
    for place in &places {
        out.push_str(&format!("{place:010} 00000 n \n"));
    }
    out.push_str(&format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", places.len() + 1));
    out.into_bytes()
}
