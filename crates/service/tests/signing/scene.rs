//! The stage of these tests: services, a Plus resident with a signing certificate, and a chamber that stands in for its process.

use crate::oidc::scene as oidc;
use crate::stage::caller;
use lionrock_activation::{Answer, Chamber, Opening, Order};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::random::System;
use lionrock_model::id::{ServiceId, SigningKeyId};
use lionrock_model::signing::{Category, Form, PIECE_BYTES, SigningRefusal};
use lionrock_rehearsal::authenticator::Manner;
use lionrock_service::port::activation::{Enrol, Enrolled, Sign, Signed};
use lionrock_service::port::document::{Anchors, Document, DocumentReader, Inspection, Judgement, Letters, Picture};
use lionrock_service::port::{Activation, ActivationError, Answering, DocumentError};
use lionrock_service::signing::request::{self, Ask, Begun, Signer};
use lionrock_service::signing::{approve, enrol, person};
use lionrock_service::upgrade::{self, Finish};
use lionrock_service::{Caller, Error, authority, rehearse};
use lionrock_store::signing_request::Kind;
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::Place;
use lionrock_wire::webauthn::json::{AuthenticationResponse, Base64Url, RequestOptions};
use std::sync::{Arc, Mutex};

pub use crate::oidc::scene::{ISSUER, Person};

/// How the stand-in of the activation process behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Works,
    /// It dies before it answers.
    Dies,
}

/// The chamber without a process around it.
pub struct StandIn {
    pub chamber: Mutex<Chamber>,
    pub mood: Mutex<Mood>,
    pub orders: Mutex<Vec<Sign>>,
    clock: Clock,
}

pub const KEY: [u8; 32] = [7; 32];

pub fn opening() -> Opening {
    Opening {
        key: Base64Url(KEY.to_vec()),
        origins: vec![ISSUER.to_owned()],
        realm: "test-demo".to_owned(),
        rp_id: "localhost".to_owned(),
    }
}

impl StandIn {
    pub fn new(clock: &Clock) -> Arc<Self> {
        Arc::new(Self {
            chamber: Mutex::new(Chamber::open(&opening(), clock.now().0).unwrap()),
            mood: Mutex::new(Mood::Works),
            orders: Mutex::default(),
            clock: clock.clone(),
        })
    }

    pub fn ask(&self, order: &Order) -> Answer {
        self.chamber.lock().unwrap().answer(order, self.clock.now().0, &System)
    }

    fn answer(&self, order: Order) -> Result<Answer, ActivationError> {
        if *self.mood.lock().unwrap() == Mood::Dies {
            return Err(ActivationError::Lost);
        }
        match self.ask(&order) {
            Answer::Refused(word) => Err(ActivationError::Refused(word)),
            other => Ok(other),
        }
    }
}

impl Activation for StandIn {
    fn enrol(&self, order: Enrol) -> Answering<'_, Result<Enrolled, ActivationError>> {
        Box::pin(async move {
            match self.answer(Order::Enrol(Box::new(order)))? {
                Answer::Enrolled(made) => Ok(*made),
                other => panic!("{other:?}"),
            }
        })
    }

    fn sign(&self, order: Sign) -> Answering<'_, Result<Signed, ActivationError>> {
        Box::pin(async move {
            self.orders.lock().unwrap().push(order.clone());
            match self.answer(Order::Sign(Box::new(order)))? {
                Answer::Signed(made) => Ok(*made),
                other => panic!("{other:?}"),
            }
        })
    }
}

/// A reader that knows the first word of a PDF, and one trick.
pub struct Reader;

impl DocumentReader for Reader {
    fn inspect(&self, document: Document) -> Answering<'_, Result<Inspection, DocumentError>> {
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(move || document.read_at(0, 1 << 20));
            let document = read.await.unwrap().map_err(|error| DocumentError::Refused(error.to_string()))?;
            if !document.starts_with(b"%PDF-") {
                return Err(DocumentError::Refused("no PDF".to_owned()));
            }
            let tricky = document.windows(6).any(|part| part == b"tricky");
            let refused = if tricky { vec!["script".to_owned()] } else { Vec::new() };
            Ok(Inspection { pages: 1, findings: refused.clone(), refused })
        })
    }

    fn draw(&self, _: Document, _: u64, _: u16) -> Answering<'_, Result<Picture, DocumentError>> {
        Box::pin(async { Ok(Picture { png: b"a picture".to_vec() }) })
    }

    fn text(&self, _: Document, _: u64) -> Answering<'_, Result<String, DocumentError>> {
        Box::pin(async { Ok("words".to_owned()) })
    }

    fn judge(&self, _: Document, _: Option<Vec<u8>>, _: Anchors) -> Answering<'_, Result<Judgement, DocumentError>> {
        Box::pin(async { Err(DocumentError::Unavailable) })
    }

    fn letters(&self) -> Letters {
        Letters::new(lionrock_rehearsal::font::files().map(<[u8]>::to_vec).to_vec())
    }
}

pub struct Scene {
    pub oidc: oidc::Scene,
    pub stand_in: Arc<StandIn>,
}

/// Services and an authority; nobody has a signing key.
pub async fn scene(place: &Place) -> Scene {
    let mut oidc = oidc::scene(place).await;
    let stand_in = StandIn::new(&oidc.clock);
    let platform = Arc::get_mut(&mut oidc.platform).unwrap();
    platform.ports.activation = Arc::<StandIn>::clone(&stand_in);
    platform.ports.documents = Arc::new(Reader);
    authority::establish(&oidc.platform, &caller(&oidc.clock)).await.unwrap().unwrap();
    Scene { oidc, stand_in }
}

/// As [`scene`], with a resident who can sign.
pub async fn ready(place: &Place) -> (Scene, Person) {
    let scene = scene(place).await;
    let mut mei = scene.plus("CANARY, Mei", "U123456").await;
    scene.enrol(&mut mei, "ES256").await.unwrap();
    (scene, mei)
}

pub fn response(answer: &serde_json::Value) -> AuthenticationResponse {
    AuthenticationResponse::from_json(answer.to_string().as_bytes()).unwrap()
}

pub fn said<T>(outcome: Result<T, Error<SigningRefusal>>) -> Result<T, SigningRefusal> {
    outcome.map_err(|error| match error {
        Error::Refuse(refusal) => refusal,
        Error::Fault(fault) => panic!("{fault}"),
    })
}

impl Scene {
    pub fn by(&self) -> Caller {
        caller(&self.oidc.clock)
    }

    /// Somebody signed in whose account is Plus.
    pub async fn plus(&self, name: &str, card: &str) -> Person {
        let mut person = oidc::person_with(&self.oidc, name, card).await;
        self.oidc.code(&mut person, "game").await;
        let (platform, by) = (&self.oidc.platform, self.by());
        rehearse::evidence(platform, &by, person.id).await.unwrap();
        let cookie = person.cookie.clone().unwrap();
        let shown = upgrade::look(platform, &by, &cookie).await.unwrap().shown.unwrap();
        let asked = upgrade::begin(platform, &by, &cookie, &shown).await.unwrap();
        let answer = response(&self.answer(&mut person, &asked, &Manner::default()));
        upgrade::finish(platform, &by, Finish { cookie, answer }).await.unwrap();
        person
    }

    pub fn answer(&self, who: &mut Person, asked: &RequestOptions, manner: &Manner) -> serde_json::Value {
        who.phone.get(&serde_json::to_value(asked).unwrap(), ISSUER, manner).unwrap()
    }

    pub async fn enrol(&self, who: &mut Person, algorithm: &str) -> Result<SigningKeyId, SigningRefusal> {
        let (platform, by, cookie) = (&self.oidc.platform, self.by(), who.cookie.clone().unwrap());
        let asked = said(enrol::options(platform, &by, &cookie, algorithm).await)?;
        let answer = response(&self.answer(who, &asked, &Manner::default()));
        said(enrol::finish(platform, &by, &cookie, answer).await)
    }

    pub async fn begin(&self, ask: Ask) -> Result<Begun, SigningRefusal> {
        let library = ServiceId::parse("library").unwrap();
        said(request::begin_for(&self.oidc.platform, &self.by(), &library, ask).await)
    }

    /// A request for a PDF, sent whole.
    pub async fn request(&self, bytes: &[u8], form: Form) -> Begun {
        let begun = self.begin(ask(form, bytes)).await.unwrap();
        self.send(&begun, bytes).await.unwrap();
        begun
    }

    pub async fn send(&self, begun: &Begun, bytes: &[u8]) -> Result<(), SigningRefusal> {
        for (place, piece) in bytes.chunks(PIECE_BYTES).enumerate() {
            let at = (place * PIECE_BYTES) as u64;
            let sent =
                request::upload(&self.oidc.platform, &self.by(), begun.id, &begun.token, at, piece.to_vec()).await;
            said(sent)?;
        }
        Ok(())
    }

    pub async fn options(&self, who: &Person, handle: &str) -> Result<RequestOptions, SigningRefusal> {
        said(person::options(&self.oidc.platform, &self.by(), who.cookie.as_deref().unwrap(), handle).await)
    }

    pub async fn approve(
        &self,
        who: &Person,
        handle: &str,
        answer: &serde_json::Value,
    ) -> Result<approve::Approved, SigningRefusal> {
        let cookie = who.cookie.as_deref().unwrap();
        said(approve::approve(&self.oidc.platform, &self.by(), cookie, handle, response(answer)).await)
    }

    /// Asks, lets the phone answer, approves.
    pub async fn sign(&self, who: &mut Person, handle: &str) -> Result<approve::Approved, SigningRefusal> {
        let asked = self.options(who, handle).await?;
        let answer = self.answer(who, &asked, &Manner::default());
        self.approve(who, handle, &answer).await
    }

    pub async fn fetch(&self, begun: &Begun, kind: Kind) -> Result<Vec<u8>, SigningRefusal> {
        said(request::fetch(&self.oidc.platform, begun.id, &begun.token, kind).await)
    }

    pub async fn state(&self, begun: &Begun) -> &'static str {
        request::standing(&self.oidc.platform, begun.id, &begun.token).await.unwrap().state.word()
    }

    pub async fn count(&self, ask: &'static str) -> i64 {
        let row = self.oidc.platform.store.read(move |tx| tx.first(ask, &[])).await;
        let row: Option<lionrock_store::Row> = row.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
        row.unwrap().int(0).unwrap()
    }

    /// Nothing came of it: no signature, no result, no entry.
    pub async fn nothing_signed(&self) {
        assert_eq!(self.count("SELECT COUNT(*) FROM signature").await, 0);
        assert_eq!(self.count("SELECT COUNT(*) FROM signing_part WHERE kind <> 'document'").await, 0);
        assert_eq!(self.oidc.leaves("document.signed").await, 0);
    }
}

pub fn ask(form: Form, bytes: &[u8]) -> Ask {
    Ask {
        form,
        category: Category::Ordinary,
        title: "Library rules".to_owned(),
        file_name: "rules.pdf".to_owned(),
        department: None,
        redirect_uri: Some(oidc::REDIRECT.to_owned()),
        state: Some("st".to_owned()),
        document: form.is_seen().then(|| (bytes.len() as u64, sha256(bytes))),
        documents: Vec::new(),
        seal: None,
        signer: Signer::Anyone,
    }
}

/// A PDF of one page with this text.
pub fn pdf(text: &str) -> Vec<u8> {
    let content = format!("BT /F1 24 Tf 72 720 Td ({text}) Tj ET");
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
