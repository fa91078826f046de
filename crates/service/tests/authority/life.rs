//! The certificate authority on both engines: what it issues, how it stands, what it answers; judged by OpenSSL as well.

use crate::scene::{Person, Scene, person, scene};
use crate::stage::{self, caller};
use crate::stand_in::Letters;
use lionrock_crypto::ring::{Root, Signer};
use lionrock_crypto::secret::Secret;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_model::account::AccountRefusal;
use lionrock_model::certificate::{CertificateRefusal, Ground, Standing, TimestampRefusal};
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_model::session::SessionRefusal;
use lionrock_model::time::Millis;
use lionrock_pki::algorithm::Digest;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::crl::{self, Reason};
use lionrock_pki::name::{self, Subject as Name};
use lionrock_pki::ocsp::{self, Status};
use lionrock_pki::profile::Profile;
use lionrock_pki::{request, timestamp as stamps};
use lionrock_service::account::certificates::{self, Wish};
use lionrock_service::authority::{self, Act, By, Chain, Holder, Issued, Judged, Parts, Request};
use lionrock_service::fault::FaultKind;
use lionrock_service::timestamp::Key;
use lionrock_service::{Error, Platform, boot, outbox, status, timestamp, vault};
use lionrock_store::certificate as table;
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::Place;
use std::sync::Arc;

const PERSONAL: [Field; 2] = [Field::EnglishName, Field::ChineseName];

pub struct House {
    pub scene: Scene,
    letters: Arc<Letters>,
    mei: Person,
    pub chain: Arc<Chain>,
}

/// As [`house`], at a time.
pub async fn house_at(place: &Place, now: Millis) -> House {
    let mut scene = scene(place).await;
    Arc::get_mut(&mut scene.platform).unwrap().settings.authority.address = "http://pki.example.com".to_owned();
    scene.clock = lionrock_testkit::clock::Clock::at(now);
    furnish(scene).await
}

/// A realm with its authority, and Mei signed in.
async fn house(place: &Place) -> House {
    furnish(scene(place).await).await
}

async fn furnish(mut scene: Scene) -> House {
    let letters = Arc::new(Letters::default());
    Arc::get_mut(&mut scene.platform).unwrap().ports.mail = Arc::<Letters>::clone(&letters);
    let chain = authority::establish(&scene.platform, &caller(&scene.clock)).await.unwrap().unwrap();
    let mut mei = person(&scene, "CANARY, Mei").await;
    scene.code(&mut mei, "game").await;
    House { scene, letters, mei, chain }
}

fn csr(common_name: &str, key: &SigningKey) -> Vec<u8> {
    let subject = Name::Organisation {
        country: "HK".into(),
        organisation: "whatever".into(),
        identifier: None,
        unit: None,
        common_name: common_name.into(),
    };
    request::make(&subject, key).unwrap()
}

impl House {
    pub fn now(&self) -> u64 {
        u64::try_from(self.scene.clock.now().seconds()).unwrap()
    }

    async fn issue_with(&self, csr: Vec<u8>, days: Option<u32>) -> Result<Issued, Error<CertificateRefusal>> {
        let (owned, by, who) = (Arc::clone(&self.scene.platform), caller(&self.scene.clock), self.mei.id);
        self.scene
            .platform
            .store
            .write(move |tx| {
                let decision =
                    decide(Actor::Resident(who), Subject::Resident(who), Purpose::AccountManagement, &PERSONAL, None);
                let grant = vault::grant(tx, &owned, &by, &decision.unwrap())?;
                let holder = Holder::Resident(&grant);
                let asked = Request { profile: Profile::ResidentSigning, holder, request: &csr, days };
                authority::issue(tx, &owned, &by, &asked)
            })
            .await
    }

    pub async fn issue(&self, algorithm: Algorithm) -> (Certificate, SigningKey) {
        let key = SigningKey::generate(algorithm).unwrap();
        let reference = authority::reference(&self.scene.platform, self.mei.id).unwrap();
        let issued = self.issue_with(csr(&reference, &key), None).await.unwrap();
        (issued.certificate, key)
    }

    /// A certificate of an officer: the only one of ours for which every judge has a use of its own.
    pub async fn officer(&self, name: &'static str) -> Certificate {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let (owned, by, csr) = (Arc::clone(&self.scene.platform), caller(&self.scene.clock), csr(name, &key));
        let write = move |tx: &mut lionrock_store::Tx<'_>| {
            let asked = Request { profile: Profile::Officer, holder: Holder::Officer(name), request: &csr, days: None };
            authority::issue(tx, &owned, &by, &asked)
        };
        self.scene.platform.store.write(write).await.unwrap().certificate
    }

    pub async fn change(&self, one: &Certificate, act: Act, by: By) -> Result<(), Error<CertificateRefusal>> {
        let (owned, who, serial) = (Arc::clone(&self.scene.platform), caller(&self.scene.clock), one.serial().to_vec());
        let write = move |tx: &mut lionrock_store::Tx<'_>| authority::change(tx, &owned, &who, &serial, act, by);
        self.scene.platform.store.write(write).await
    }

    async fn judged(&self, one: &Certificate) -> Judged {
        let (owned, at, serial) = (Arc::clone(&self.scene.platform), self.scene.clock.now(), one.serial().to_vec());
        let read = move |tx: &mut lionrock_store::Tx<'_>| authority::standing(tx, &owned, &serial, at);
        self.scene.platform.store.read(read).await.unwrap()
    }

    async fn ask(&self, one: &Certificate, nonce: Option<&[u8; 32]>) -> Status {
        let issuing = &self.chain.issuing.certificate;
        let question = ocsp::ask(one, issuing, nonce).unwrap();
        let answer = status::answer(&self.scene.platform, &caller(&self.scene.clock), &question).await.unwrap();
        assert_eq!(answer.keep.is_some(), nonce.is_none(), "an answer to one question is kept by nobody");
        ocsp::check(&answer.der, one, issuing, nonce, self.now()).unwrap()
    }

    async fn listed(&self) -> crl::Checked {
        let list =
            status::list(&self.scene.platform, &caller(&self.scene.clock), authority::ISSUING).await.unwrap().unwrap();
        crl::check(&list.der, &self.chain.issuing.certificate, self.now()).unwrap()
    }

    async fn post(&self) -> Vec<String> {
        outbox::deliver(&self.scene.platform, &caller(&self.scene.clock)).await.unwrap();
        self.letters.0.lock().unwrap().drain(..).map(|kept| kept.subject).collect()
    }

    fn cookie(&self) -> &str {
        self.mei.cookie.as_deref().unwrap()
    }

    async fn wish(&self, one: &Certificate, wish: Wish) -> Result<(), Error<AccountRefusal>> {
        let serial: String = one.serial().iter().map(|byte| format!("{byte:02x}")).collect();
        certificates::wish(&self.scene.platform, &caller(&self.scene.clock), self.cookie(), &serial, wish).await
    }

    async fn sql(&self, text: &'static str, serial: &Certificate) {
        let serial = serial.serial().to_vec();
        let write = move |tx: &mut lionrock_store::Tx<'_>| tx.execute(text, &[serial.as_slice().into()]);
        assert_eq!(self.scene.platform.store.write(write).await.unwrap(), 1);
    }
}

fn refused<R: std::fmt::Debug, T: std::fmt::Debug>(outcome: Result<T, Error<R>>) -> R {
    match outcome {
        Err(Error::Refuse(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn said<T: std::fmt::Debug>(outcome: Result<T, Error<CertificateRefusal>>) -> CertificateRefusal {
    refused(outcome)
}

both_engines! {
    fn a_certificate_is_issued_told_kept_and_in_the_ledger(at place) {
        let house = house(&place).await;
        house.post().await;
        let (made, _) = house.issue(Algorithm::Es256).await;
        made.verify(&house.chain.issuing.certificate.key().unwrap()).unwrap();
        assert_eq!(name::common_name(made.subject()).as_deref(), Some("CANARY Mei"));
        assert_eq!(name::unit(made.subject()).as_deref(), Some("TEST test-demo"));
        assert_eq!(made.serial().len(), 16);
        let (first, last) = made.validity();
        assert_eq!((first, last), (house.now(), house.now() + 365 * 86_400 - 1));
        assert_eq!(house.judged(&made).await, Judged::Good);
        assert_eq!(house.post().await, ["A certificate was issued in your name"], "told at once");
        // The owner sees it; another's serial number is nothing here.
        let shown = certificates::list(&house.scene.platform, &caller(&house.scene.clock), house.cookie()).await.unwrap();
        assert_eq!((shown.len(), shown[0].standing), (1, Standing::Good));
        let file = certificates::file(&house.scene.platform, &caller(&house.scene.clock), house.cookie(), &shown[0].serial).await;
        assert_eq!(file.unwrap(), made.der());
        let none = certificates::file(&house.scene.platform, &caller(&house.scene.clock), house.cookie(), &"41".repeat(16)).await;
        assert_eq!(refused(none), AccountRefusal::NotFound);
        // The row holds no name: only the sealed certificate does.
        let serial = made.serial().to_vec();
        let row = house.scene.platform.store.read(move |tx| table::find(tx, &serial)).await.unwrap().unwrap();
        let sealed = row.sealed_certificate.clone().unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"CANARY"));
        let count = |tx: &mut lionrock_store::Tx<'_>| {
            let row = tx.first("SELECT COUNT(*) FROM leaf WHERE kind = 'certificate.issued'", &[])?;
            row.map_or(Ok(0), |row| row.int(0))
        };
        let events = house.scene.platform.store.read(count).await.unwrap();
        assert_eq!(events, 1 + 3, "Mei's, and those of the status service and both time-stampers");
    }

    fn a_request_proves_possession_and_gets_no_more_than_its_profile(at place) {
        let house = house(&place).await;
        let reference = authority::reference(&house.scene.platform, house.mei.id).unwrap();
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let good = csr(&reference, &key);
        let mut spoilt = good.clone();
        let end = spoilt.len() - 5;
        spoilt[end] ^= 1;
        assert_eq!(said(house.issue_with(spoilt, None).await), CertificateRefusal::BadRequest);
        // Somebody else's request, made for somebody else.
        assert_eq!(said(house.issue_with(csr("LR-0000000000000000", &key), None).await), CertificateRefusal::BadRequest);
        assert_eq!(said(house.issue_with(vec![0; 9000], None).await), CertificateRefusal::BadRequest);
        assert_eq!(said(house.issue_with(b"hello".to_vec(), None).await), CertificateRefusal::BadRequest);
        for days in [0, 3 * 366 + 1, u32::MAX] {
            assert_eq!(said(house.issue_with(good.clone(), Some(days)).await), CertificateRefusal::NotIssued, "{days}");
        }
        let one = house.issue_with(good.clone(), Some(30)).await.unwrap().certificate;
        assert_eq!(one.validity().1 - one.validity().0, 30 * 86_400 - 1);
        // The same key again, for the same person: a renewal. After its compromise: never.
        let again = house.issue_with(good.clone(), None).await.unwrap().certificate;
        assert_ne!(one.serial(), again.serial());
        house.change(&one, Act::Revoke(Ground::KeyCompromise), By::Resident).await.unwrap();
        assert_eq!(said(house.issue_with(good, None).await), CertificateRefusal::KeyTaken);
        // The key of the authority itself is nobody's to certify.
        let own = house.scene.platform.keys.signer(Signer::Tsa).unwrap().1;
        assert_eq!(said(house.issue_with(csr(&reference, &own), None).await), CertificateRefusal::KeyTaken);
    }

    fn a_certificate_lives_its_life_and_everybody_hears_of_it(at place) {
        let house = house(&place).await;
        let (one, _) = house.issue(Algorithm::Es256).await;
        house.post().await;
        let nonce = [7; 32];
        assert_eq!(house.ask(&one, None).await, Status::Good);
        assert_eq!(house.ask(&one, Some(&nonce)).await, Status::Good);
        let empty = house.listed().await;
        assert_eq!(empty.entries, []);
        house.scene.pass(10);
        let held = house.now();
        house.change(&one, Act::Hold, By::Resident).await.unwrap();
        assert_eq!(house.ask(&one, None).await, Status::Revoked(held, Reason::Hold), "the next question sees it");
        assert_eq!(house.ask(&one, Some(&nonce)).await, Status::Revoked(held, Reason::Hold));
        let list = house.listed().await;
        assert_eq!(list.entries, [(one.serial().to_vec(), held, Some(Reason::Hold))]);
        assert!(list.number > empty.number);
        assert_eq!(said(house.change(&one, Act::Hold, By::Resident).await), CertificateRefusal::NoChange);
        house.scene.pass(10);
        house.change(&one, Act::Resume, By::Resident).await.unwrap();
        assert_eq!((house.ask(&one, None).await, house.listed().await.entries.len()), (Status::Good, 0));
        assert_eq!(said(house.change(&one, Act::Resume, By::Resident).await), CertificateRefusal::NoChange);
        house.scene.pass(10);
        let ended = house.now();
        house.change(&one, Act::Revoke(Ground::Superseded), By::Resident).await.unwrap();
        assert_eq!(house.ask(&one, None).await, Status::Revoked(ended, Reason::Superseded));
        for act in [Act::Resume, Act::Hold, Act::Revoke(Ground::KeyCompromise)] {
            assert_eq!(said(house.change(&one, act, By::Officer).await), CertificateRefusal::IsRevoked, "{act:?}");
        }
        let subjects = house.post().await;
        assert_eq!(subjects, ["A certificate of yours was suspended", "A suspension of your certificate ended", "A certificate of yours was revoked"]);
        // What was good when it was relied on, stays so.
        let (owned, serial, before) = (Arc::clone(&house.scene.platform), one.serial().to_vec(), house.scene.clock.now());
        house.scene.pass(60);
        let read = move |tx: &mut lionrock_store::Tx<'_>| {
            let early = before.before(std::time::Duration::from_secs(1));
            authority::standing(tx, &owned, &serial, early)
        };
        assert_eq!(house.scene.platform.store.read(read).await.unwrap(), Judged::Good);
        // A certificate that is over takes no change, and leaves the list.
        let (other, _) = house.issue(Algorithm::Es256).await;
        house.scene.pass(366 * 86_400);
        assert_eq!(house.judged(&other).await, Judged::Over);
        assert_eq!(said(house.change(&other, Act::Hold, By::Officer).await), CertificateRefusal::IsOver);
        assert_eq!(house.listed().await.entries, []);
    }

    fn what_officers_suspend_its_owner_does_not_resume(at place) {
        let house = house(&place).await;
        let (one, _) = house.issue(Algorithm::Es256).await;
        house.change(&one, Act::Hold, By::Officer).await.unwrap();
        let refusal = AccountRefusal::Certificate(CertificateRefusal::HeldByOfficer);
        assert_eq!(refused(house.wish(&one, Wish::Resume).await), refusal);
        house.change(&one, Act::Resume, By::Officer).await.unwrap();
        // The owner suspends at once, and needs to be there to take it back or to end it.
        house.scene.pass(400);
        house.wish(&one, Wish::Hold).await.unwrap();
        let step_up = AccountRefusal::Session(SessionRefusal::StepUpNeeded);
        assert_eq!(refused(house.wish(&one, Wish::Resume).await), step_up);
        assert_eq!(refused(house.wish(&one, Wish::Revoke { lost: true }).await), step_up);
        assert!(matches!(house.judged(&one).await, Judged::Held(_)));
    }

    fn a_row_that_was_put_back_is_refused(at place) {
        let house = house(&place).await;
        let (one, _) = house.issue(Algorithm::Es256).await;
        let (other, _) = house.issue(Algorithm::Es256).await;
        house.change(&one, Act::Revoke(Ground::KeyCompromise), By::Resident).await.unwrap();
        // Somebody with the database writes "good", at the version before and at the newest.
        for text in [
            "UPDATE certificate SET state = 'good', reason = NULL, version = 1, changed_by = 'platform' WHERE serial = $1",
            "UPDATE certificate SET state = 'good', reason = NULL, version = 2 WHERE serial = $1",
            "UPDATE certificate SET state = 'good', reason = NULL, version = 3 WHERE serial = $1",
        ] {
            house.sql(text, &one).await;
            let (owned, at, serial) = (Arc::clone(&house.scene.platform), house.scene.clock.now(), one.serial().to_vec());
            let read = move |tx: &mut lionrock_store::Tx<'_>| authority::standing(tx, &owned, &serial, at);
            let fault = house.scene.platform.store.read(read).await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::RolledBack, "{text}");
            let question = ocsp::ask(&one, &house.chain.issuing.certificate, None).unwrap();
            let answer = status::answer(&house.scene.platform, &caller(&house.scene.clock), &question).await.unwrap();
            assert!(ocsp::check(&answer.der, &one, &house.chain.issuing.certificate, None, house.now()).is_err(), "{text}");
        }
        assert_eq!(house.ask(&other, None).await, Status::Good, "the others are answered as ever");
    }

    fn questions_about_others_and_odd_ones_get_the_answer_the_standard_has(at place) {
        let house = house(&place).await;
        let (one, _) = house.issue(Algorithm::Es256).await;
        let answer = async |question: &[u8]| {
            status::answer(&house.scene.platform, &caller(&house.scene.clock), question).await.unwrap().der
        };
        let malformed = ocsp::refuse(ocsp::Reception::Malformed).unwrap();
        let good = ocsp::ask(&one, &house.chain.issuing.certificate, None).unwrap();
        for odd in [&b""[..], b"hello", &good[..good.len() - 1], &[&good[..], b"x"].concat(), &vec![0x30; 20_000], &vec![0; 1 << 20]] {
            assert_eq!(answer(odd).await, malformed);
        }
        // Another issuer's: not answered for you. One of ours that never was: unknown.
        let foreign = ocsp::ask(&house.chain.issuing.certificate, &house.chain.root, None).unwrap();
        assert_eq!(answer(&foreign).await, ocsp::refuse(ocsp::Reception::Unauthorized).unwrap());
        let stranger = house.chain.root.clone();
        let question = ocsp::ask(&stranger, &house.chain.issuing.certificate, None).unwrap();
        let told = answer(&question).await;
        assert_eq!(ocsp::check(&told, &stranger, &house.chain.issuing.certificate, None, house.now()), Ok(Status::Unknown));
        // The same question is answered by the same bytes for a while, then anew.
        let first = answer(&good).await;
        assert_eq!(answer(&good).await, first);
        house.scene.pass(301);
        assert_ne!(answer(&good).await, first);
    }

    fn time_is_stamped_by_a_clock_nobody_doubts(at place) {
        let house = house(&place).await;
        let (platform, hash) = (&house.scene.platform, Digest::Sha384.of(b"file"));
        let now = || caller(&house.scene.clock);
        let token = timestamp::stamp(platform, &now(), Digest::Sha384, &hash).await.unwrap();
        let checked = stamps::check(&token, Digest::Sha384, &hash, None).unwrap();
        assert_eq!((checked.at, checked.policy.to_string()), (house.now(), "1.3.6.1.4.1.32473.1.6".to_owned()));
        checked.certificate.verify(&house.chain.issuing.certificate.key().unwrap()).unwrap();
        let mut serials = vec![checked.serial];
        for key in [Key::Ecdsa, Key::Rsa] {
            for digest in Digest::ALL {
                let (hash, nonce) = (digest.of(b"file"), [5; 16]);
                let question = stamps::ask(digest, &hash, Some(&nonce)).unwrap();
                let answer = timestamp::answer(platform, &now(), key, &question).await.unwrap();
                let checked = stamps::check(&stamps::token(&answer).unwrap(), digest, &hash, Some(&nonce)).unwrap();
                assert!(!serials.contains(&checked.serial));
                serials.push(checked.serial);
            }
        }
        let question = stamps::ask(Digest::Sha256, &Digest::Sha256.of(b"x"), None).unwrap();
        let refusal = async |question: &[u8], failure| {
            let answer = timestamp::answer(platform, &now(), Key::Ecdsa, question).await.unwrap();
            assert!(stamps::token(&answer).is_err());
            assert_eq!(stamps::failure(&answer).unwrap(), Some(failure));
        };
        refusal(b"hello", stamps::Failure::BadDataFormat).await;
        refusal(&vec![0; 100_000], stamps::Failure::BadRequest).await;
        platform.gate.doubt_clock(true);
        refusal(&question, stamps::Failure::TimeNotAvailable).await;
        assert_eq!(refused(timestamp::stamp(platform, &now(), Digest::Sha384, &hash).await), TimestampRefusal::ClockDoubtful);
        platform.gate.doubt_clock(false);
        timestamp::stamp(platform, &now(), Digest::Sha384, &hash).await.unwrap();
        // The clock goes back: nobody knows what time it is until it was there again.
        let earlier = lionrock_service::Caller { now: house.scene.clock.now().before(std::time::Duration::from_secs(5)), ..now() };
        assert_eq!(refused(timestamp::stamp(platform, &earlier, Digest::Sha384, &hash).await), TimestampRefusal::ClockDoubtful);
        timestamp::stamp(platform, &now(), Digest::Sha384, &hash).await.unwrap();
    }

    fn closing_the_account_ends_its_certificates_and_forgets_whose_they_were(at place) {
        let house = house(&place).await;
        let (one, _) = house.issue(Algorithm::Es256).await;
        let (owned, by, who) = (Arc::clone(&house.scene.platform), caller(&house.scene.clock), house.mei.id);
        let write = move |tx: &mut lionrock_store::Tx<'_>| {
            authority::end_all(tx, &owned, &by, who, Ground::CessationOfOperation, By::Resident)
        };
        assert_eq!(house.scene.platform.store.write(write.clone()).await.unwrap(), 1);
        assert_eq!(house.scene.platform.store.write(write).await.unwrap(), 0, "twice is once");
        let place = lionrock_store::residue::PLACES.iter().find(|place| place.table == "certificate").unwrap();
        house.scene.platform.store.write(move |tx| lionrock_store::residue::clear(tx, place, who)).await.unwrap();
        let serial = one.serial().to_vec();
        let row = house.scene.platform.store.read(move |tx| table::find(tx, &serial)).await.unwrap().unwrap();
        assert_eq!((row.resident, row.sealed_certificate), (None, None));
        assert!(matches!(house.ask(&one, None).await, Status::Revoked(_, Reason::CessationOfOperation)));
    }

    fn two_servers_have_one_authority(at place) {
        let house = house(&place).await;
        let by = caller(&house.scene.clock);
        let (store, realm) = (house.scene.platform.store.clone(), house.scene.platform.settings.realm.clone());
        let keys = boot::key_ring(&store, &Root::new(Secret::new([3; 32])), &realm, &by).await.unwrap();
        let other = Arc::new(stage::over(store, keys, &realm, "https://localhost:8443", place.folder()));
        let chain = authority::establish(&other, &by).await.unwrap().unwrap();
        assert_eq!(chain.root, house.chain.root);
        let (one, _) = house.issue(Algorithm::Es256).await;
        let question = ocsp::ask(&one, &chain.issuing.certificate, None).unwrap();
        let check = |der: &[u8]| ocsp::check(der, &one, &chain.issuing.certificate, None, house.now()).unwrap();
        let there = status::answer(&other, &by, &question).await.unwrap();
        assert_eq!(check(&there.der), Status::Good);
        house.change(&one, Act::Revoke(Ground::KeyCompromise), By::Officer).await.unwrap();
        let there = status::answer(&other, &by, &question).await.unwrap();
        assert!(matches!(check(&there.der), Status::Revoked(..)), "the very next answer of the other server");
        let list = status::list(&other, &by, authority::ISSUING).await.unwrap().unwrap();
        assert_eq!(crl::check(&list.der, &chain.issuing.certificate, house.now()).unwrap().entries.len(), 1);
    }

    fn the_job_renews_what_ends_and_tells_whoever_should_know(at place) {
        let house = house(&place).await;
        let (one, _) = house.issue(Algorithm::Es256).await;
        house.post().await;
        let attend = async || authority::attend(&house.scene.platform, &caller(&house.scene.clock)).await.unwrap();
        attend().await;
        assert_eq!(house.post().await, Vec::<String>::new());
        house.scene.pass(340 * 86_400);
        attend().await;
        attend().await;
        assert_eq!(house.post().await, ["A certificate of yours ends soon"], "once");
        assert_eq!(house.ask(&one, None).await, Status::Good, "by a responder certified anew");
        let chain = authority::chain(&house.scene.platform).await.unwrap().unwrap();
        assert_ne!(chain.ocsp.as_ref().unwrap().certificate, house.chain.ocsp.as_ref().unwrap().certificate);
        assert_eq!(chain.tsa.as_ref().unwrap().certificate, house.chain.tsa.as_ref().unwrap().certificate);
        let number = house.listed().await.number;
        house.scene.pass(3601);
        attend().await;
        assert!(house.listed().await.number > number, "an hour later there is another list");
    }

    fn production_takes_what_its_offline_root_signed_and_nothing_else(at place) {
        let clock = lionrock_testkit::clock::Clock::new();
        let url = place.url();
        let mut platform = stage::platform_of("production", "https://id.example.hk", url, place.folder()).await;
        Arc::get_mut(&mut platform).unwrap().settings.authority.policies = "1.3.6.1.4.1.99999.1".into();
        let by = caller(&clock);
        assert!(authority::establish(&platform, &by).await.unwrap().is_none(), "production makes no root");
        authority::prepare(&platform, &by).await.unwrap();
        let csr = request::read(&authority::request(&platform, Signer::CaIssuing).unwrap()).unwrap();
        let good = offline(&platform, "production", &csr, &clock);
        let install = async |parts: &Parts| authority::install(&platform, &by, parts.clone()).await;
        let cases: Vec<(&str, Parts)> = vec![
            ("TEST", offline(&platform, "test-demo", &csr, &clock)),
            ("not signed by this root", Parts { signed: offline(&platform, "production", &csr, &clock).signed, ..good.clone() }),
            ("ring has no key", {
                let key = SigningKey::generate(Algorithm::Es384).unwrap();
                let other = request::Request { subject: csr.subject.clone(), key: key.public().unwrap() };
                offline(&platform, "production", &other, &clock)
            }),
            ("no certificate of the issuing", Parts { signed: Vec::new(), ..good.clone() }),
            ("list", Parts { list: b"hello".to_vec(), ..good.clone() }),
        ];
        for (says, parts) in cases {
            let error = install(&parts).await.unwrap_err().to_string();
            assert!(error.contains(says), "{says}: {error}");
            assert!(authority::reload(&platform).await.unwrap().is_none());
        }
        let installed = install(&good).await.unwrap();
        assert_eq!(installed.signers, ["ca-issuing"]);
        // The rest is certified by the issuing authority; and another root is another authority.
        authority::attend(&platform, &by).await.unwrap();
        let chain = authority::chain(&platform).await.unwrap().unwrap();
        assert!(chain.ocsp.is_some() && chain.tsa.is_some() && chain.tsa_rsa.is_some());
        timestamp::stamp(&platform, &by, Digest::Sha256, &Digest::Sha256.of(b"x")).await.unwrap();
        let error = install(&offline(&platform, "production", &csr, &clock)).await.unwrap_err().to_string();
        assert!(error.contains("another root"), "{error}");
    }
}

/// A root elsewhere, and what it signs.
fn offline(platform: &Platform, realm: &str, csr: &request::Request, clock: &lionrock_testkit::clock::Clock) -> Parts {
    use lionrock_model::realm::Realm;
    use lionrock_pki::certificate::{Order, issue};
    let (realm, setup) = (Realm::parse(realm).unwrap(), &platform.settings.authority);
    let key = SigningKey::generate(Algorithm::Es384).unwrap();
    let now = u64::try_from(clock.now().seconds()).unwrap();
    let order = |profile, key, serial| Order {
        profile,
        subject: setup.own_subject(&realm, profile, "1"),
        key,
        serial: [serial; 16],
        from: now - 60,
        until: now + 1000 * 86_400,
        policies: setup.policies(profile).unwrap(),
        hosts: vec![],
        places: setup.places(Profile::Root),
    };
    let root = issue(&order(Profile::Root, key.public().unwrap(), 1), None, &key).unwrap();
    let issuing = issue(&order(Profile::Issuing, csr.key.clone(), 2), Some(&root), &key).unwrap();
    let list = crl::List { number: 1, now, next: now + 86_400, entries: vec![] };
    let list = crl::sign(&list, &root, &key).unwrap();
    Parts { root, signed: vec![issuing], list, transcript: None }
}
