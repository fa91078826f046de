//! Raising an account to *Plus*: card and face again, then the passkey over what the page shows.

use super::register::Pictures;
use super::{Phone, PhoneError, fine, form};

impl Phone {
    /// Raises the account of the person who is signed in.
    ///
    /// # Errors
    /// With the first thing the platform refuses.
    pub async fn raise(&mut self, pictures: &dyn Pictures) -> Result<(), PhoneError> {
        let path = "/account/level/proofing";
        let page = self.open(path).await?.text();
        let version = form::hidden(&page, "notice").ok_or_else(|| PhoneError::Unexpected("no notice".to_owned()))?;
        let reply = self.browser.post_form(&self.at(path), &[("notice", &version), ("agree", "yes")]).await?;
        fine(path, reply)?;
        let actions = self.challenge().await?;
        self.send(&pictures.card(), &pictures.faces(&actions)).await?;
        let next = self.judge().await?;
        if next != "/register/shown" {
            return Err(self.why_not(&next).await);
        }
        let page = self.open("/account/level").await?;
        self.passkey(&page).await.map(drop)
    }

    /// What the account page says the account can do: `basic` or `plus`.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub async fn level(&self) -> Result<String, PhoneError> {
        let page = self.open("/account/level").await?.text();
        let word = page.split("data-level=\"").nth(1).and_then(|rest| rest.split('"').next());
        word.map(str::to_owned).ok_or_else(|| PhoneError::Unexpected("the page names no level".to_owned()))
    }
}
