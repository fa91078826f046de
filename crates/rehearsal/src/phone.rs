//! A scriptable phone: does over HTTPS what a resident does in a browser — registers, signs in, approves — with a software
//! authenticator instead of a fingerprint.
//!
//! It reads the pages like the page scripts do: the form with `data-passkey` says where options come from and where the
//! answer goes. So it follows the platform wherever that leads, and keeps working when a page gains a field.

mod camera;
mod door;
mod form;
mod level;
mod my_data;
mod register;

pub use camera::Camera;
pub use door::{PhoneBook, door};
pub use register::{Pictures, Progress, Registered};

use crate::authenticator::{Authenticator, DeviceError, Manner};
use crate::http::{Browser, HttpError, Reply};
use form::PasskeyForm;
use lionrock_crypto::random::System;
use serde_json::{Value, json};
use thiserror::Error;
use url::Url;

/// A person's phone: a browser and its passkeys.
#[derive(Debug)]
pub struct Phone {
    /// The browser, with its cookies.
    pub browser: Browser,
    /// The passkeys.
    pub device: Authenticator,
    /// How the authenticator behaves.
    pub manner: Manner,
    issuer: String,
}

/// Why the phone gave up. Texts are about synthetic people.
#[derive(Debug, Error)]
pub enum PhoneError {
    /// The authenticator does nothing.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The platform does not answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The platform refused.
    #[error("{asked}: refused with status {status}, code {code:?}: {detail}")]
    Refused {
        /// What was asked.
        asked: String,
        /// Status.
        status: u16,
        /// Stable code.
        code: String,
        /// The text for the person.
        detail: String,
    },
    /// A page or answer is not what was waited for.
    #[error("{0}")]
    Unexpected(String),
}

/// How many pages one errand may lead through.
const MOST_PAGES: usize = 12;

impl Phone {
    /// A phone that talks to the platform at `issuer`.
    #[must_use]
    pub fn new(browser: Browser, issuer: &str, device: Authenticator) -> Self {
        Self { browser, device, manner: Manner::default(), issuer: issuer.to_owned() }
    }

    /// The address of a path of the platform.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Signs in to the account pages.
    ///
    /// # Errors
    /// When the platform or the authenticator refuses.
    pub async fn sign_in(&mut self) -> Result<(), PhoneError> {
        let page = self.open("/signin").await?;
        let answer = self.passkey(&page).await?;
        next(&answer).map(drop)
    }

    /// Opens a page of the platform, following redirects.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn open(&self, path: &str) -> Result<Reply, PhoneError> {
        fine(path, self.browser.get(&self.at(path)).await?)
    }

    /// Goes where an authorization request leads: signs in and approves as asked, and answers the address at the service
    /// that the browser is finally sent to, with its code or error. The service itself is not called.
    ///
    /// # Errors
    /// When the platform refuses, or does not lead back to the service.
    pub async fn authorize(&mut self, url: &str) -> Result<Url, PhoneError> {
        let browser = self.browser.without_redirects();
        let mut at = url.to_owned();
        for _ in 0..MOST_PAGES {
            if !self.is_ours(&at) {
                return Url::parse(&at).map_err(|_| PhoneError::Unexpected("sent to no address".to_owned()));
            }
            let reply = browser.get(&at).await?;
            at = match reply.location() {
                Some(location) if reply.status.is_redirection() => location.to_string(),
                _ => {
                    let page = fine("authorization", reply)?;
                    let answer = self.passkey(&page).await?;
                    self.absolute(next(&answer)?)
                }
            };
        }
        Err(PhoneError::Unexpected("the authorization request leads round and round".to_owned()))
    }

    /// Does what the passkey form of a page asks for; answers what the platform says to the result.
    ///
    /// # Errors
    /// When there is no such form, or platform or authenticator refuse.
    pub async fn passkey(&mut self, page: &Reply) -> Result<Value, PhoneError> {
        self.passkey_of(&page.text(), page.url.path()).await
    }

    /// Closes the account, with the box ticked and the passkey used.
    ///
    /// # Errors
    /// When the platform or the authenticator refuses.
    pub async fn close_account(&mut self) -> Result<Value, PhoneError> {
        self.approve("/account/close", &["confirm"]).await
    }

    /// Opens a page, ticks the boxes of these names, and does what its passkey form asks for.
    ///
    /// # Errors
    /// When there is no such form, or platform or authenticator refuse.
    pub async fn approve(&mut self, path: &str, ticks: &[&str]) -> Result<Value, PhoneError> {
        let mut page = self.open(path).await?.text();
        for name in ticks {
            page = page.replace(&format!("name=\"{name}\""), &format!("checked name=\"{name}\""));
        }
        self.passkey_of(&page, path).await
    }

    async fn passkey_of(&mut self, html: &str, path: &str) -> Result<Value, PhoneError> {
        let form =
            PasskeyForm::find(html).ok_or_else(|| PhoneError::Unexpected(format!("{path} has no passkey form")))?;
        let mut options = self.post(&form.options, &form.fields).await;
        if let (Err(PhoneError::Refused { code, .. }), Some(step_up)) = (&options, &form.step_up)
            && code.contains("step-up")
        {
            self.step_up(step_up).await?;
            options = self.post(&form.options, &form.fields).await;
        }
        let answer = self.answer(form.creates, &options?)?;
        self.post(&form.result, &answer).await
    }

    /// A fresh proof inside the session.
    ///
    /// # Errors
    /// When platform or authenticator refuse.
    pub async fn step_up(&mut self, path: &str) -> Result<(), PhoneError> {
        let options = self.post(&format!("{path}/options"), &json!({})).await?;
        let answer = self.answer(false, &options)?;
        self.post(path, &answer).await.map(drop)
    }

    /// Posts JSON to a path as a page's script does; answers the JSON that comes back.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, PhoneError> {
        let reply = fine(path, self.browser.post_json(&self.at(path), body).await?)?;
        if reply.body.is_empty() { Ok(json!({})) } else { Ok(reply.json()?) }
    }

    fn answer(&mut self, creates: bool, options: &Value) -> Result<Value, PhoneError> {
        let origin = self.issuer.clone();
        Ok(if creates {
            self.device.create(options, &origin, &self.manner, &System)?
        } else {
            self.device.get(options, &origin, &self.manner)?
        })
    }

    fn is_ours(&self, url: &str) -> bool {
        url.strip_prefix(&self.issuer).is_some_and(|rest| rest.starts_with('/'))
    }

    fn absolute(&self, next: &str) -> String {
        if next.starts_with('/') { self.at(next) } else { next.to_owned() }
    }
}

/// Where an answer sends the page.
fn next(answer: &Value) -> Result<&str, PhoneError> {
    answer
        .get("next")
        .and_then(Value::as_str)
        .ok_or_else(|| PhoneError::Unexpected("the answer does not say where to go next".to_owned()))
}

/// The reply, unless it is a refusal.
fn fine(asked: &str, reply: Reply) -> Result<Reply, PhoneError> {
    if reply.status.is_success() || reply.status.is_redirection() {
        return Ok(reply);
    }
    let problem = reply.json().unwrap_or_default();
    let member = |name: &str| problem.get(name).and_then(Value::as_str).map(str::to_owned);
    let detail = member("detail").unwrap_or_else(|| form::heading(&reply.text()));
    let code = member("code").or_else(|| member("error")).unwrap_or_default();
    Err(PhoneError::Refused { asked: asked.to_owned(), status: reply.status.as_u16(), code, detail })
}
