//! Posting text and taking whatever status comes back: protocols whose refusals say something, such as a witness of a log.

use super::{CallError, Client, cause};
use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};

impl Client {
    /// Posts text to `path` below the address: status and body of the answer, whatever they are. Redirects are not followed.
    ///
    /// # Errors
    /// See [`CallError`]; a status is none here.
    pub async fn post_text(&self, path: &str, body: String) -> Result<(u16, Bytes), CallError> {
        self.post(path, "text/plain; charset=utf-8", body.into_bytes()).await
    }

    /// The same with bytes of a media type, such as a question about time or status.
    ///
    /// # Errors
    /// As [`Client::post_text`].
    pub async fn post(&self, path: &str, kind: &'static str, body: Vec<u8>) -> Result<(u16, Bytes), CallError> {
        let base = self.reach.address.to_string();
        let uri: Uri = format!("{}/{path}", base.trim_end_matches('/')).parse().map_err(|_| CallError::Broken)?;
        let exchange = async {
            let request = Request::builder()
                .method(Method::POST)
                .uri(uri)
                .header(header::CONTENT_TYPE, kind)
                .body(Full::new(Bytes::from(body)))
                .map_err(|_| CallError::Broken)?;
            let answer = self.pooled.request(request).await.map_err(|error| CallError::NoConnection(cause(&error)))?;
            let status = answer.status().as_u16();
            let limited = Limited::new(answer.into_body(), self.reach.answer_limit);
            let body = limited.collect().await.map_err(|_| CallError::Broken)?;
            Ok((status, body.to_bytes()))
        };
        tokio::time::timeout(self.reach.time_limit, exchange).await.unwrap_or(Err(CallError::Late))
    }
}
