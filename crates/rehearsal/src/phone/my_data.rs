//! What is kept about the person: taking the copy, taking an approval back.

use super::{Phone, PhoneError, fine};
use serde_json::Value;

impl Phone {
    /// Proves presence and takes the copy of everything kept about the person (`docs/formats/export.md`). The phone is signed in.
    ///
    /// # Errors
    /// When platform or authenticator refuse, or what comes is no such file.
    pub async fn export_data(&mut self) -> Result<Value, PhoneError> {
        const PATH: &str = "/account/data/export";
        self.step_up("/account/step-up").await?;
        let file = fine(PATH, self.browser.post_form(&self.at(PATH), &[]).await?)?;
        // Without a session the answer is the sign-in page.
        if !file.headers.get("content-disposition").is_some_and(|how| how.as_bytes().starts_with(b"attachment")) {
            return Err(PhoneError::Unexpected(format!("{PATH} gave no file: sign in first")));
        }
        Ok(file.json()?)
    }

    /// Takes back everything approved for a service. The phone is signed in.
    ///
    /// # Errors
    /// When the platform refuses.
    pub async fn end_consent(&self, service: &str) -> Result<(), PhoneError> {
        let path = format!("/account/consents/{service}/end");
        fine(&path, self.browser.post_form(&self.at(&path), &[]).await?).map(drop)
    }
}
