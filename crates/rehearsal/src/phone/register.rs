//! Registering: notice, challenge, pictures sealed to the worker, judgement, passkey, recovery codes, e-mail.

use super::{Phone, PhoneError, fine, form};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::hpke;
use lionrock_model::proofing::Action;
use serde_json::{Value, json};
use std::time::Duration;

/// What the camera gives.
pub trait Pictures: Send + Sync {
    /// A photograph of the card, JPEG or PNG.
    fn card(&self) -> Vec<u8>;

    /// Pictures of the face doing what was asked: action (none: looking straight), milliseconds since the first, JPEG.
    fn faces(&self, actions: &[Action]) -> Vec<(Option<Action>, u32, Vec<u8>)>;
}

/// Steps of a registration, told as they are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The notice was agreed to.
    Agreed,
    /// The movements are known and the pictures taken.
    Captured,
    /// All pictures are sealed and sent.
    Sent,
    /// Judged and accepted.
    Accepted,
    /// The passkey is made, the account exists.
    Passkey,
    /// The recovery codes were shown.
    Codes,
    /// The e-mail address is confirmed.
    Confirmed,
}

/// A registration that is over, well.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The deletion receipt, as downloaded.
    pub receipt: Value,
    /// The recovery codes that were shown.
    pub codes: Vec<String>,
    /// The movements that were asked for.
    pub actions: Vec<Action>,
}

/// How long a letter may take to the mailbox.
const PATIENCE: u32 = 100;

impl Phone {
    /// Registers a person from the first page to the receipt.
    ///
    /// # Errors
    /// With the first thing the platform refuses.
    pub async fn register(
        &mut self,
        pictures: &dyn Pictures,
        email: &str,
        told: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Registered, PhoneError> {
        self.agree().await?;
        told(Progress::Agreed);
        let actions = self.challenge().await?;
        let faces = pictures.faces(&actions);
        told(Progress::Captured);
        self.send(&pictures.card(), &faces).await?;
        told(Progress::Sent);
        let next = self.judge().await?;
        if next != "/register/passkey" {
            return Err(self.why_not(&next).await);
        }
        told(Progress::Accepted);
        let page = self.open("/register/passkey").await?;
        self.passkey(&page).await?;
        told(Progress::Passkey);
        let codes = self.codes().await?;
        told(Progress::Codes);
        self.confirm_email(email).await?;
        told(Progress::Confirmed);
        let receipt = fine("/register/receipt.json", self.browser.get(&self.at("/register/receipt.json")).await?)?;
        Ok(Registered { receipt: receipt.json()?, codes, actions })
    }

    /// Reads the notice and agrees to it.
    ///
    /// # Errors
    /// When the page is not there or the agreement is refused.
    pub async fn agree(&self) -> Result<(), PhoneError> {
        let page = self.open("/register").await?.text();
        let version = form::hidden(&page, "notice").ok_or_else(|| PhoneError::Unexpected("no notice".to_owned()))?;
        let reply = self.browser.post_form(&self.at("/register"), &[("notice", &version), ("agree", "yes")]).await?;
        fine("/register", reply).map(drop)
    }

    /// Asks for the movements.
    ///
    /// # Errors
    /// When they are refused, or are no movements.
    pub async fn challenge(&self) -> Result<Vec<Action>, PhoneError> {
        let challenge = self.post("/register/challenge", &json!({})).await?;
        let words = challenge.get("actions").and_then(Value::as_array).cloned().unwrap_or_default();
        let actions: Option<Vec<Action>> = words.iter().map(|word| Action::from_word(word.as_str()?)).collect();
        actions
            .filter(|actions| !actions.is_empty())
            .ok_or_else(|| PhoneError::Unexpected("the challenge names no movements".to_owned()))
    }

    /// Opens a custody, seals every picture to its key and sends it.
    ///
    /// # Errors
    /// When a picture is refused.
    pub async fn send(&self, card: &[u8], faces: &[(Option<Action>, u32, Vec<u8>)]) -> Result<(), PhoneError> {
        let custody = self.post("/register/custody", &json!({})).await?;
        let member = |name: &str| custody.get(name).and_then(Value::as_str).unwrap_or_default();
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(member(name)).unwrap_or_default();
        let key: [u8; hpke::KEY] = bytes("seal_key")
            .try_into()
            .map_err(|_| PhoneError::Unexpected("the custody has no seal key".to_owned()))?;
        let (id, info) = (member("custody"), bytes("info"));
        self.put(id, &key, &info, "card", 0, None, card).await?;
        for (number, (action, at, picture)) in faces.iter().enumerate() {
            self.put(id, &key, &info, &format!("face-{number}"), *at, *action, picture).await?;
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one label")]
    async fn put(
        &self,
        custody: &str,
        key: &[u8; hpke::KEY],
        info: &[u8],
        part: &str,
        at: u32,
        action: Option<Action>,
        picture: &[u8],
    ) -> Result<(), PhoneError> {
        let action = action.map_or("none", Action::word);
        let aad = format!("{custody}/{part}/{at}/{action}");
        let sealed = hpke::seal(key, info, aad.as_bytes(), picture)
            .map_err(|error| PhoneError::Unexpected(format!("cannot seal: {error}")))?;
        let path = format!("/register/pictures/{part}?at={at}&action={action}");
        fine(&path, self.browser.put_bytes(&self.at(&path), sealed).await?).map(drop)
    }

    /// Asks for the judgement and waits for it; answers the page the browser is sent to.
    ///
    /// # Errors
    /// When it is refused, or never comes.
    pub async fn judge(&self) -> Result<String, PhoneError> {
        self.post("/register/judge", &json!({})).await?;
        let events = fine("/register/progress", self.browser.get(&self.at("/register/progress")).await?)?.text();
        let done = events.split("event: done").nth(1).or_else(|| events.split("event:done").nth(1));
        let data = done.and_then(|rest| rest.split("data:").nth(1)).and_then(|rest| rest.lines().next());
        let data: Value = data.and_then(|text| serde_json::from_str(text.trim()).ok()).unwrap_or_default();
        data.get("next")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| PhoneError::Unexpected("the judgement never came".to_owned()))
    }

    pub(super) async fn why_not(&self, next: &str) -> PhoneError {
        let page = match self.open(next).await {
            Ok(page) => page.text(),
            Err(error) => return error,
        };
        let reasons = form::texts(page.split("class=\"reasons\"").nth(1).unwrap_or_default(), "li").join("; ");
        PhoneError::Refused { asked: "judgement".to_owned(), status: 200, code: next.to_owned(), detail: reasons }
    }

    async fn codes(&self) -> Result<Vec<String>, PhoneError> {
        let page = self.open("/register/codes").await?.text();
        let codes = form::texts(page.split("id=\"codes\"").nth(1).unwrap_or_default(), "code");
        if codes.is_empty() {
            return Err(PhoneError::Unexpected("no recovery codes are shown".to_owned()));
        }
        let reply = self.browser.post_form(&self.at("/register/codes"), &[("saved", "yes")]).await?;
        fine("/register/codes", reply)?;
        Ok(codes)
    }

    async fn confirm_email(&self, email: &str) -> Result<(), PhoneError> {
        let reply = self.browser.post_form(&self.at("/register/email"), &[("email", email)]).await?;
        fine("/register/email", reply)?;
        let code = self.code_for(email).await?;
        let reply = self.browser.post_form(&self.at("/register/email/confirm"), &[("code", &code)]).await?;
        fine("/register/email/confirm", reply).map(drop)
    }

    /// The newest six-digit code in the mailbox for an address.
    async fn code_for(&self, email: &str) -> Result<String, PhoneError> {
        for _ in 0..PATIENCE {
            let page = self.browser.fresh().get(&self.at("/mailbox")).await?.text();
            let letters = page.split("<article").skip(1).filter(|letter| letter.contains(email));
            if let Some(code) = letters.filter_map(six_digits).next() {
                return Ok(code);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(PhoneError::Unexpected("no letter with a code came".to_owned()))
    }
}

fn six_digits(text: &str) -> Option<String> {
    let compact = text.replace([' ', '\u{2009}', '\u{a0}'], "");
    compact.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6).map(str::to_owned)
}
