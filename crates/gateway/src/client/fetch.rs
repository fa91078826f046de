//! Reading public files of one system, such as a published ledger.

use super::{CallError, Client, cause};
use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use std::time::Duration;

impl Client {
    /// The body of the file at `path` below the address; `None` when there is none (404). An answer that asks to wait (429, 503)
    /// is waited for, some times. Redirects are not followed.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn fetch(&self, path: &str) -> Result<Option<Bytes>, CallError> {
        let base = self.reach.address.to_string();
        let whole = format!("{}/{path}", base.trim_end_matches('/'));
        let uri: Uri = whole.parse().map_err(|_| CallError::Broken)?;
        let mut tries = 0;
        loop {
            let once = self.fetch_once(uri.clone());
            match tokio::time::timeout(self.reach.time_limit, once).await.unwrap_or(Err(CallError::Late)) {
                Err(CallError::Status(404)) => return Ok(None),
                Err(CallError::Status(429 | 503)) if tries < MOST_TRIES => tries += 1,
                answer => return answer.map(Some),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn fetch_once(&self, uri: Uri) -> Result<Bytes, CallError> {
        let request = Request::builder().method(Method::GET).uri(uri).body(Full::default());
        let request = request.map_err(|_| CallError::Broken)?;
        let answer = self.pooled.request(request).await.map_err(|error| CallError::NoConnection(cause(&error)))?;
        if answer.status() != StatusCode::OK {
            return Err(CallError::Status(answer.status().as_u16()));
        }
        let limited = Limited::new(answer.into_body(), self.reach.answer_limit);
        limited.collect().await.map(http_body_util::Collected::to_bytes).map_err(|_| CallError::Broken)
    }
}

const MOST_TRIES: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);
