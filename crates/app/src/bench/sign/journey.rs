//! A large PDF through the whole journey: a service asks and sends it in parts, a person's passkey approves what they were shown, the chamber signs,
//! the service fetches it. Store, sealing, reader in its cell and rendering are those of the server; the network alone is left out.

use super::ISSUER;
use crate::bench::measure;
use crate::{clock, demo};
use anyhow::{Context, Result, ensure};
use lionrock_activation::{Answer, Chamber, Opening, Order};
use lionrock_crypto::digest::{Kind as Hash, Stream};
use lionrock_model::id::ServiceId;
use lionrock_model::signing::{Category, Form, PIECE_BYTES};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_rehearsal::people;
use lionrock_service::caller::System;
use lionrock_service::port::activation::{Enrol, Enrolled, Sign, Signed};
use lionrock_service::port::document::Readable;
use lionrock_service::port::{Activation, ActivationError, Answering};
use lionrock_service::session::{self, SignIn};
use lionrock_service::signing::request::{self, Ask, Signer};
use lionrock_service::signing::{approve, enrol, person};
use lionrock_service::upgrade::{self, Finish};
use lionrock_service::{Platform, rehearse};
use lionrock_store::credential;
use lionrock_wire::jose;
use lionrock_wire::webauthn::json::{AuthenticationResponse, Base64Url};
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// The chamber in this process, so that what it holds is counted too.
pub struct Inside(Mutex<Chamber>);

impl Inside {
    /// A chamber for the bench's realm.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open() -> Result<Self> {
        let opening = Opening {
            key: Base64Url(vec![7; 32]),
            origins: vec![ISSUER.to_owned()],
            realm: "test-bench".to_owned(),
            rp_id: "localhost".to_owned(),
        };
        Ok(Self(Mutex::new(Chamber::open(&opening, clock::now().0)?)))
    }

    fn answer(&self, order: &Order) -> Result<Answer, ActivationError> {
        let mut chamber = self.0.lock().map_err(|_| ActivationError::Lost)?;
        Ok(chamber.answer(order, clock::now().0, &System))
    }
}

impl Activation for Inside {
    fn enrol(&self, order: Enrol) -> Answering<'_, Result<Enrolled, ActivationError>> {
        Box::pin(async move {
            match self.answer(&Order::Enrol(Box::new(order)))? {
                Answer::Enrolled(made) => Ok(*made),
                Answer::Refused(word) => Err(ActivationError::Refused(word)),
                _ => Err(ActivationError::Lost),
            }
        })
    }

    fn sign(&self, order: Sign) -> Answering<'_, Result<Signed, ActivationError>> {
        Box::pin(async move {
            match self.answer(&Order::Sign(Box::new(order)))? {
                Answer::Signed(made) => Ok(*made),
                Answer::Refused(word) => Err(ActivationError::Refused(word)),
                _ => Err(ActivationError::Lost),
            }
        })
    }
}

/// What the journey of a large document took.
pub struct Journey {
    /// The most memory of this process meanwhile, MB.
    pub most: f64,
    /// From the first part to the last byte of the signed document, seconds.
    pub seconds: f64,
}

/// Somebody who can sign: session cookie and phone.
async fn signer(platform: &Arc<Platform>) -> Result<(String, Authenticator)> {
    let caller = clock::platform_caller();
    let mei = people::sample(1, 1)?.into_iter().next().context("nobody")?;
    let mut phone = demo::people::enrol_one(platform, &mei, ISSUER).await?.context("the store is not empty")?;
    let options = session::begin(platform, &caller, "bench").await?;
    let answer = answered(&mut phone, &serde_json::to_value(options)?)?;
    let command = SignIn { answer, browser: "bench".to_owned(), earlier: None, agent: None };
    let cookie = session::sign_in(platform, &caller, command).await?.secret.cookie().to_owned();
    let id = jose::decode(&phone.passkeys().last().context("a phone without a passkey")?.id, "credential id")?;
    let known = platform.store.read(move |tx| credential::by_external_id(tx, &id)).await;
    let known = known.map_err(|error: lionrock_store::Error| error)?.context("the phone's passkey is not known")?;
    rehearse::evidence(platform, &caller, known.resident).await?;
    let shown = upgrade::look(platform, &caller, &cookie).await?.shown.context("nothing is shown")?;
    let options = upgrade::begin(platform, &caller, &cookie, &shown).await?;
    let answer = answered(&mut phone, &serde_json::to_value(options)?)?;
    upgrade::finish(platform, &caller, Finish { cookie: cookie.clone(), answer }).await?;
    let options = enrol::options(platform, &caller, &cookie, "ES256").await?;
    let answer = answered(&mut phone, &serde_json::to_value(options)?)?;
    enrol::finish(platform, &caller, &cookie, answer).await?;
    Ok((cookie, phone))
}

fn answered(phone: &mut Authenticator, options: &serde_json::Value) -> Result<AuthenticationResponse> {
    let answer = phone.get(options, ISSUER, &Manner::default())?;
    Ok(AuthenticationResponse::from_json(answer.to_string().as_bytes())?)
}

/// Signs the file at `path`.
///
/// # Errors
/// What kept it from being signed.
#[allow(clippy::disallowed_methods, reason = "a bench reads the clock to measure")]
pub async fn large(platform: &Arc<Platform>, service: &ServiceId, path: &Path) -> Result<Journey> {
    let (cookie, mut phone) = signer(platform).await?;
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut part = vec![0; 16 * PIECE_BYTES];
    let mut hash = Stream::new(Hash::Sha256);
    loop {
        let count = file.read(&mut part)?;
        if count == 0 {
            break;
        }
        hash.update(part.get(..count).unwrap_or_default());
    }
    file.rewind()?;
    // The bench's own; what follows is the sender's part of 4 MiB, as a service would hold it, and the platform.
    drop(part);
    measure::forget_most()?;
    let begun_at = Instant::now();
    let ask = Ask {
        form: Form::Pdf,
        category: Category::Ordinary,
        title: "A large document".to_owned(),
        file_name: "large.pdf".to_owned(),
        department: None,
        redirect_uri: None,
        state: None,
        document: Some((bytes, hash.finish().try_into().map_err(|_| anyhow::anyhow!("SHA-256"))?)),
        documents: Vec::new(),
        seal: None,
        signer: Signer::Anyone,
    };
    let begun = request::begin_for(platform, &clock::platform_caller(), service, ask).await?;
    let mut at = 0;
    while at < bytes {
        let most = usize::try_from(bytes - at).unwrap_or(usize::MAX).min(16 * PIECE_BYTES);
        let mut part = vec![0; most];
        file.read_exact(&mut part)?;
        at = request::upload(platform, &clock::platform_caller(), begun.id, &begun.token, at, part).await?;
    }
    let caller = clock::platform_caller();
    let look = person::look(platform, &caller, &cookie, &begun.handle).await?;
    ensure!(look.hindrance.is_none() && look.bytes == bytes, "the page shows another document");
    let picture = person::picture(platform, &caller, &cookie, &begun.handle, 0).await?;
    ensure!(picture.starts_with(b"\x89PNG"), "the page is not drawn");
    let options = person::options(platform, &caller, &cookie, &begun.handle).await?;
    let answer = answered(&mut phone, &serde_json::to_value(options)?)?;
    approve::approve(platform, &clock::platform_caller(), &cookie, &begun.handle, answer).await?;
    let (_, signed) = request::result(platform, begun.id, &begun.token).await?;
    let mut fetched = 0;
    while fetched < signed.length() {
        fetched += signed.next(fetched).await?.len() as u64;
    }
    ensure!(fetched > bytes, "nothing was signed");
    let (most, seconds) = (measure::most()?, begun_at.elapsed().as_secs_f64());
    request::acknowledge(platform, &clock::platform_caller(), begun.id, &begun.token).await?;
    Ok(Journey { most, seconds })
}
