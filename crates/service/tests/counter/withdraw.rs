//! A guardian takes their consent back; a lost phone ends certificates.

use crate::young::YOUNG;
use crate::{Person, Scene, card, number, refusal, scene};
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_model::account::AccountRefusal;
use lionrock_model::certificate::Ground;
use lionrock_model::counter::CaseKind;
use lionrock_model::id::ResidentId;
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_model::recovery::RecoveryRefusal;
use lionrock_model::register::Step;
use lionrock_model::session::SessionRefusal;
use lionrock_pki::profile::Profile;
use lionrock_rehearsal::authenticator::Authenticator;
use lionrock_service::authority::{self, Holder, Judged, Request};
use lionrock_service::counter::withdraw::withdraw;
use lionrock_service::counter::{code, guardian};
use lionrock_service::recovery::{self, Begin};
use lionrock_service::suspension::{self, Lost};
use lionrock_service::{Error, recovery_codes, session, vault};
use lionrock_store::{Value, guardianship};
use lionrock_testkit::both_engines;
use std::sync::Arc;

/// A young person's account with its phone, made with the consent of somebody.
impl Scene {
    async fn child_of(&self, parent: &mut Person, serial: u32) -> (ResidentId, Authenticator) {
        let cookie = self.sign_in(parent).await;
        let (young, code) = self.young(serial).await;
        let begun = self.stand_by(&cookie, &code).await.unwrap();
        assert_eq!(self.accepted(&begun.cookie, card(parent.serial, "1990-02-03")).await, Step::Shown);
        self.agree(parent, &cookie).await.unwrap();
        let mut phone = Authenticator::default();
        self.make_passkey_on(&young, &mut phone).await.unwrap();
        let who = parent.id;
        let links = self.platform.store.read(move |tx| guardianship::of_guardian(tx, who)).await.unwrap();
        (links.last().unwrap().resident, phone)
    }

    async fn codes(&self, who: ResidentId) -> [String; 2] {
        let (shared, by) = (Arc::clone(&self.platform), self.by());
        let codes = self.platform.store.write(move |tx| recovery_codes::make(tx, &shared, &by, who)).await.unwrap();
        [codes[0].shown(), codes[1].shown()]
    }

    async fn by_codes(&self, serial: u32, codes: &[String; 2]) -> Result<(), Error<RecoveryRefusal>> {
        let command = Begin { hkid: number(serial), codes: codes.clone(), lost: true, browser: "codes".to_owned() };
        recovery::begin(&self.platform, &self.by(), command).await
    }

    /// A certificate for signing, issued now.
    pub async fn certified(&self, who: ResidentId) -> Vec<u8> {
        if authority::chain(&self.platform).await.unwrap().is_none() {
            authority::establish(&self.platform, &self.by()).await.unwrap().unwrap();
        }
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let reference = authority::reference(&self.platform, who).unwrap();
        let subject = lionrock_pki::name::Subject::Organisation {
            country: "HK".into(),
            organisation: "whatever".into(),
            identifier: None,
            unit: None,
            common_name: reference,
        };
        let csr = lionrock_pki::request::make(&subject, &key).unwrap();
        let (owned, by) = (Arc::clone(&self.platform), self.by());
        let issued = self
            .platform
            .store
            .write(move |tx| {
                let names = [Field::EnglishName, Field::ChineseName];
                let own =
                    decide(Actor::Resident(who), Subject::Resident(who), Purpose::AccountManagement, &names, None);
                let grant = vault::grant(tx, &owned, &by, &own.unwrap())?;
                let holder = Holder::Resident(&grant);
                let asked = Request { profile: Profile::ResidentSigning, holder, request: &csr, days: None };
                authority::issue(tx, &owned, &by, &asked)
            })
            .await;
        issued.unwrap().certificate.serial().to_vec()
    }

    pub async fn judged_now(&self, serial: &[u8]) -> Judged {
        let (owned, at, serial) = (Arc::clone(&self.platform), self.by().now, serial.to_vec());
        self.platform.store.read(move |tx| authority::standing(tx, &owned, &serial, at)).await.unwrap()
    }

    /// Two letters about it, one to each.
    async fn told(&self, subject: &str) -> usize {
        self.letter().await;
        self.letters.0.lock().unwrap().iter().filter(|letter| letter.subject.contains(subject)).count()
    }
}

both_engines! {
    fn a_consent_taken_back_suspends_until_another_guardian_agrees(at place) {
        let scene = scene(&place).await;
        let (mut first, mut second) = (scene.person(91).await, scene.person(92).await);
        let (child, mut phone) = scene.child_of(&mut first, 93).await;
        let codes = scene.codes(child).await;
        let session = scene.try_sign_in(&mut phone).await.unwrap();
        let (one, two) = (scene.sign_in(&mut first).await, scene.sign_in(&mut second).await);
        let guards = guardian::look(&scene.platform, &scene.by(), &one).await.unwrap().guards;
        let consent = guards[0].1.clone();
        let back = async |cookie: &str, consent: &str| withdraw(&scene.platform, &scene.by(), cookie, consent).await;
        // Somebody else's, and one that is none.
        assert_eq!(refusal(back(&two, &consent).await), AccountRefusal::NotFound);
        assert_eq!(refusal(back(&one, "nothing").await), AccountRefusal::NotFound);
        assert!(matches!(refusal(back("nobody", &consent).await), AccountRefusal::Session(_)));
        session::current(&scene.platform, &scene.by(), &session).await.unwrap();
        // Not without presence.
        scene.pass(6 * 60);
        let no = refusal(back(&one, &consent).await);
        assert_eq!(no, AccountRefusal::Session(SessionRefusal::StepUpNeeded));
        let one = scene.sign_in(&mut first).await;
        back(&one, &consent).await.unwrap();
        assert_eq!(refusal(back(&one, &consent).await), AccountRefusal::NotFound, "once");
        assert!(session::current(&scene.platform, &scene.by(), &session).await.is_err(), "sessions end");
        assert!(scene.try_sign_in(&mut phone).await.is_err(), "passkeys open nothing");
        for (who, kind) in [(first.id, "guardian.withdrawn"), (child, "guardian.withdrawn"), (child, "account.suspended")] {
            assert!(scene.kinds(who).await.iter().any(|other| other == kind), "{kind}");
        }
        assert_eq!(scene.told("took their consent back").await, 1, "the young person has no address here");
        assert!(guardian::look(&scene.platform, &scene.by(), &one).await.unwrap().guards.is_empty());
        // Codes do not open it, and neither does a link that is made to stand again by hand.
        assert_eq!(refusal(scene.by_codes(93, &codes).await), RecoveryRefusal::GuardianNeeded);
        scene.by_hand("UPDATE guardianship SET ended_at = NULL", vec![]).await;
        assert_eq!(refusal(scene.by_codes(93, &codes).await), RecoveryRefusal::GuardianNeeded);
        assert!(guardian::look(&scene.platform, &scene.by(), &one).await.unwrap().guards.is_empty());
        scene.by_hand("UPDATE guardianship SET ended_at = created_at", vec![]).await;
        // Card and face alone do not, but with another guardian they do.
        let begun = scene.recover("b", true).await;
        assert_eq!(scene.accepted(&begun.cookie, card(93, YOUNG)).await, Step::Guardian);
        let no = refusal(scene.new_passkey("b", &mut Authenticator::default()).await);
        assert_eq!(no, RecoveryRefusal::Over);
        let kind = CaseKind::Guardian;
        let code = code::of_registration(&scene.platform, &scene.by(), &begun.cookie, kind).await.unwrap().code;
        let two = scene.sign_in(&mut second).await;
        let own = scene.stand_by(&two, &code).await.unwrap();
        assert_eq!(scene.accepted(&own.cookie, card(92, "1990-02-03")).await, Step::Shown);
        scene.agree(&mut second, &two).await.unwrap();
        let mut phone = Authenticator::default();
        scene.new_passkey("b", &mut phone).await.unwrap();
        scene.try_sign_in(&mut phone).await.unwrap();
        assert_eq!(guardian::look(&scene.platform, &scene.by(), &two).await.unwrap().guards.len(), 1);
        assert!(guardian::look(&scene.platform, &scene.by(), &one).await.unwrap().guards.is_empty());
    }

    fn eighteen_needs_no_guardian_any_more(at place) {
        let scene = scene(&place).await;
        let mut parent = scene.person(94).await;
        let (child, _) = scene.child_of(&mut parent, 95).await;
        let codes = scene.codes(child).await;
        let cookie = scene.sign_in(&mut parent).await;
        let guards = guardian::look(&scene.platform, &scene.by(), &cookie).await.unwrap().guards;
        withdraw(&scene.platform, &scene.by(), &cookie, &guards[0].1).await.unwrap();
        // The birthday is 24 November 2029.
        scene.pass(86_400 * (365 + 366 + 365));
        assert_eq!(refusal(scene.by_codes(95, &codes).await), RecoveryRefusal::GuardianNeeded);
        scene.pass(86_400);
        scene.by_codes(95, &codes).await.unwrap();
        let mut phone = Authenticator::default();
        scene.new_passkey("codes", &mut phone).await.unwrap();
        scene.try_sign_in(&mut phone).await.unwrap();
    }

    fn without_its_link_a_young_account_stays_suspended(at place) {
        let scene = scene(&place).await;
        let mut parent = scene.person(96).await;
        let (child, mut phone) = scene.child_of(&mut parent, 97).await;
        let codes = scene.codes(child).await;
        let cookie = scene.sign_in(&mut parent).await;
        let guards = guardian::look(&scene.platform, &scene.by(), &cookie).await.unwrap().guards;
        withdraw(&scene.platform, &scene.by(), &cookie, &guards[0].1).await.unwrap();
        let ids = vec![Value::from(child.as_bytes().to_vec())];
        scene.by_hand("DELETE FROM guardianship WHERE resident = $1", ids).await;
        assert_eq!(refusal(scene.by_codes(97, &codes).await), RecoveryRefusal::GuardianNeeded);
        assert!(scene.try_sign_in(&mut phone).await.is_err());
        let begun = scene.recover("b", true).await;
        assert_eq!(scene.accepted(&begun.cookie, card(97, YOUNG)).await, Step::Guardian);
    }

    fn a_lost_phone_ends_the_certificates_for_signing(at place) {
        let scene = scene(&place).await;
        let (mut person, other) = (scene.person(98).await, scene.person(99).await);
        let (own, others) = (scene.certified(person.id).await, scene.certified(other.id).await);
        assert_eq!(scene.judged_now(&own).await, Judged::Good);
        // With a passkey left working, which signs, they stand.
        let cookie = scene.sign_in(&mut person).await;
        assert!(suspension::by_session(&scene.platform, &scene.by(), &cookie).await.unwrap());
        assert_eq!(scene.judged_now(&own).await, Judged::Good);
        // The kill switch leaves none, and ends them.
        let codes = scene.codes(person.id).await;
        let lost = Lost { hkid: number(98), code: codes[0].clone() };
        suspension::by_code(&scene.platform, &scene.by(), lost).await.unwrap();
        assert_eq!(scene.judged_now(&own).await, Judged::Revoked(scene.by().now, Ground::KeyCompromise));
        assert_eq!(scene.judged_now(&others).await, Judged::Good, "nobody else's");
        assert!(scene.kinds(person.id).await.iter().any(|kind| kind == "certificate.revoked"));
        assert!(!suspension::lift_by_session(&scene.platform, &scene.by(), &cookie).await.is_ok_and(|lifted| lifted));
        assert!(scene.try_sign_in(&mut person.phone).await.is_err());
    }
}
