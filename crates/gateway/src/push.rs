//! A push service over HTTP: one notice a request.
//!
//! Request (`POST`, JSON): `{"account","at","id","language","news"}`; answer: 200 when it is taken. A status of 400 to 499, but 408 and
//! 429, refuses for good; everything else is tried again. What the notice is about is read in the account, never in the notice
//! (`docs/operate/push.md`).

use crate::client::{CallError, Client};
use lionrock_service::port::{Answering, Notice, Push, PushError};
use serde_json::json;

/// Hands notices to a push service's HTTP interface.
#[derive(Clone, Debug)]
pub struct HttpPush {
    client: Client,
}

impl HttpPush {
    /// Over a client that reaches the push service.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    async fn hand_over(&self, notice: &Notice) -> Result<(), PushError> {
        let body = json!({
            "account": notice.account.to_string(),
            "at": notice.at.0,
            "id": notice.id,
            "language": notice.language.tag(),
            "news": notice.news,
        });
        self.client.post_json(body.to_string().into_bytes()).await.map(drop).map_err(|error| match error {
            CallError::Status(status) if (400..500).contains(&status) && !matches!(status, 408 | 429) => {
                PushError::Refused
            }
            error => {
                tracing::warn!(%error, "the push service takes no notice");
                PushError::Later
            }
        })
    }
}

impl Push for HttpPush {
    fn send<'a>(&'a self, notice: &'a Notice) -> Answering<'a, Result<(), PushError>> {
        Box::pin(self.hand_over(notice))
    }
}
