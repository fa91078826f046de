//! The card authority over HTTP: one question, two answers.
//!
//! Question (`POST`, JSON): `{"hkid","english_name","chinese_name","birth","sex","issued"}`; answer (200, JSON):
//! `{"match": true}` or `{"match": false}` and nothing else. Everything different is "unavailable": never a pass, never
//! a refusal.

use crate::client::Client;
use lionrock_model::person::CardFacts;
use lionrock_service::port::{Answering, Registry, RegistryAnswer, RegistryUnavailable};
use serde::{Deserialize, Serialize};

/// Asks the authority's HTTP interface.
#[derive(Clone, Debug)]
pub struct HttpRegistry {
    client: Client,
}

impl HttpRegistry {
    /// Over a client that reaches the authority.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    async fn ask(&self, facts: &CardFacts) -> Result<RegistryAnswer, RegistryUnavailable> {
        let hkid = facts.hkid.reveal();
        let (birth, issued) = (facts.birth.to_string(), facts.issued.to_string());
        let question = Question {
            hkid: &hkid,
            english_name: facts.english_name.reveal(),
            chinese_name: facts.chinese_name.as_ref().map(lionrock_model::person::ChineseName::reveal),
            birth: &birth,
            sex: facts.sex.letter(),
            issued: &issued,
        };
        let body = serde_json::to_vec(&question).map_err(|_| RegistryUnavailable)?;
        let answer = self.client.post_json(body).await.map_err(|error| {
            tracing::warn!(%error, "the registry gives no answer");
            RegistryUnavailable
        })?;
        match serde_json::from_slice::<Reply>(&answer) {
            Ok(Reply { matches: true }) => Ok(RegistryAnswer::Match),
            Ok(Reply { matches: false }) => Ok(RegistryAnswer::NoMatch),
            Err(_) => {
                tracing::warn!("the registry's answer is of an unknown form");
                Err(RegistryUnavailable)
            }
        }
    }
}

impl Registry for HttpRegistry {
    fn confirm<'a>(&'a self, facts: &'a CardFacts) -> Answering<'a, Result<RegistryAnswer, RegistryUnavailable>> {
        Box::pin(self.ask(facts))
    }
}

#[derive(Serialize)]
struct Question<'a> {
    hkid: &'a str,
    english_name: &'a str,
    chinese_name: Option<&'a str>,
    birth: &'a str,
    sex: char,
    issued: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    #[serde(rename = "match")]
    matches: bool,
}
