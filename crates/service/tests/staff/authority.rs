//! Certification officers: one asks, another of another unit approves, both sign; nobody alone, nothing twice, nothing else than was signed.

use crate::staff::scene::{Person, Scene};
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_model::certificate::{CertificateRefusal, Ground, OfficeRefusal, Standing};
use lionrock_model::staff::{DutyRefusal, Role};
use lionrock_pki::name::Subject;
use lionrock_pki::request;
use lionrock_service::Error;
use lionrock_service::authority::office::{self, Decision, Profile, Wanted};
use lionrock_service::authority::{self, Act};
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::Place;

struct Two {
    scene: Scene,
    first: (Person, String),
    second: (Person, String),
}

async fn two(place: &Place) -> Two {
    let scene = Scene::new(place).await;
    authority::establish(&scene.platform, &scene.caller()).await.unwrap().unwrap();
    let mut first = scene.officer("CA-1", Role::CaOfficer, "head-office").await;
    let mut second = scene.officer("CA-2", Role::CaOfficer, "kwun-tong").await;
    let cookie = scene.sign_in(&mut first).await.unwrap();
    let other = scene.sign_in(&mut second).await.unwrap();
    Two { scene, first: (first, cookie), second: (second, other) }
}

fn csr(common_name: &str) -> Vec<u8> {
    let subject = Subject::Organisation {
        country: "HK".into(),
        organisation: "whatever".into(),
        identifier: None,
        unit: None,
        common_name: common_name.into(),
    };
    request::make(&subject, &SigningKey::generate(Algorithm::Es256).unwrap()).unwrap()
}

fn issue(profile: Profile, holder: &str) -> Wanted {
    let name = holder.split(',').next().unwrap();
    Wanted::Issue { profile, holder: holder.to_owned(), request: csr(name), days: 90 }
}

fn no(error: Error<OfficeRefusal>) -> OfficeRefusal {
    match error {
        Error::Refuse(refusal) => refusal,
        Error::Fault(fault) => panic!("{fault}"),
    }
}

async fn propose(scene: &Scene, who: &mut (Person, String), wanted: Wanted) -> Result<[u8; 16], OfficeRefusal> {
    let asked = office::propose_begin(&scene.platform, &scene.caller(), &who.1, wanted.clone()).await;
    let (_, options) = asked.map_err(no)?;
    let answer = scene.sign(&mut who.0, &options);
    office::propose(&scene.platform, &scene.caller(), &who.1, wanted, answer).await.map_err(no)
}

async fn decide(
    scene: &Scene,
    who: &mut (Person, String),
    act: [u8; 16],
    decision: Decision,
) -> Result<Option<String>, OfficeRefusal> {
    let asked = office::decide_begin(&scene.platform, &scene.caller(), &who.1, act, decision).await;
    let (_, options) = asked.map_err(no)?;
    let answer = scene.sign(&mut who.0, &options);
    office::decide(&scene.platform, &scene.caller(), &who.1, act, decision, answer).await.map_err(no)
}

impl Two {
    async fn issued(&mut self) -> String {
        let act = propose(&self.scene, &mut self.first, issue(Profile::Officer, "ca-1")).await.unwrap();
        decide(&self.scene, &mut self.second, act, Decision::Approve).await.unwrap().unwrap()
    }

    async fn standing(&self, serial: &str) -> Standing {
        office::look(&self.scene.platform, &self.scene.caller(), &self.first.1, serial).await.unwrap().standing
    }
}

const OVER: OfficeRefusal = OfficeRefusal::Duty(DutyRefusal::ProposalOver);

both_engines! {
    fn two_officers_issue_suspend_resume_and_revoke(at place) {
        let mut two = two(&place).await;
        let serial = two.issued().await;
        assert_eq!(two.standing(&serial).await, Standing::Good);
        let der = office::file(&two.scene.platform, &two.scene.caller(), &two.first.1, &serial).await.unwrap();
        let made = lionrock_pki::certificate::Certificate::from_der(&der).unwrap();
        assert_eq!(lionrock_pki::name::common_name(made.subject()).as_deref(), Some("ca-1"));
        for (act, word) in [(Act::Hold, "held"), (Act::Resume, "good"), (Act::Revoke(Ground::KeyCompromise), "revoked")] {
            let wanted = Wanted::Change { serial: serial.clone(), act };
            let before = two.standing(&serial).await;
            let proposal = propose(&two.scene, &mut two.first, wanted).await.unwrap();
            assert_eq!(two.standing(&serial).await, before, "one signature changes nothing");
            let open = office::waiting(&two.scene.platform, &two.scene.caller(), &two.second.1).await.unwrap();
            assert_eq!((open.len(), open[0].act, open[0].may_decide), (1, proposal, true));
            let done = decide(&two.scene, &mut two.second, proposal, Decision::Approve).await.unwrap();
            assert_eq!(done.as_deref(), Some(serial.as_str()));
            assert_eq!(two.standing(&serial).await.state().word(), word);
            assert_eq!(decide(&two.scene, &mut two.second, proposal, Decision::Approve).await.unwrap_err(), OVER, "once");
        }
        let wanted = Wanted::Change { serial, act: Act::Resume };
        let refused = propose(&two.scene, &mut two.first, wanted).await.unwrap_err();
        assert_eq!(refused, OfficeRefusal::Certificate(CertificateRefusal::IsRevoked));
        for (profile, holder) in [(Profile::ServiceEncipherment, "library"), (Profile::InternalTls, "a.example.hk,b.example.hk")] {
            let Wanted::Issue { .. } = issue(profile, holder) else { panic!() };
            let rsa = matches!(profile, Profile::ServiceEncipherment);
            let wanted = if rsa { enciphering(holder) } else { issue(profile, holder) };
            let act = propose(&two.scene, &mut two.second, wanted).await.unwrap();
            assert!(decide(&two.scene, &mut two.first, act, Decision::Approve).await.unwrap().is_some(), "{holder}");
        }
    }

    fn nobody_acts_alone_nor_does_another_role(at place) {
        let mut two = two(&place).await;
        let serial = two.issued().await;
        let hold = || Wanted::Change { serial: serial.clone(), act: Act::Hold };
        let act = propose(&two.scene, &mut two.first, hold()).await.unwrap();
        let mut colleague = two.scene.officer("CA-3", Role::CaOfficer, "head-office").await;
        let cookie = two.scene.sign_in(&mut colleague).await.unwrap();
        let mut colleague = (colleague, cookie);
        let refused = async |who: &mut _| decide(&two.scene, who, act, Decision::Approve).await.unwrap_err();
        let own = &mut two.first.clone();
        assert_eq!(refused(own).await, OfficeRefusal::Duty(DutyRefusal::OwnProposal));
        assert_eq!(refused(&mut colleague).await, OfficeRefusal::Duty(DutyRefusal::SameUnit));
        for role in [Role::Manager, Role::Security, Role::Operator, Role::Counter, Role::Auditor] {
            let mut other = two.scene.officer(&format!("X-{}", role.word()), role, "kwun-tong").await;
            let cookie = two.scene.sign_in(&mut other).await.unwrap();
            let mut other = (other, cookie);
            let not = OfficeRefusal::Duty(DutyRefusal::NotPermitted);
            assert_eq!(refused(&mut other).await, not, "{role:?}");
            assert_eq!(propose(&two.scene, &mut other, hold()).await.unwrap_err(), not, "{role:?}");
            let listed = office::waiting(&two.scene.platform, &two.scene.caller(), &other.1).await;
            assert_eq!(no(listed.unwrap_err()), not, "{role:?}");
        }
        let by = two.scene.caller();
        // An answer of another officer's key, in the session of the second.
        let asked = office::decide_begin(&two.scene.platform, &by, &two.second.1, act, Decision::Approve);
        let (_, options) = asked.await.unwrap();
        let mut forged = serde_json::to_value(&options).unwrap();
        forged["allowCredentials"] = serde_json::json!([]);
        let stolen = two.scene.sign(&mut two.first.0, &forged);
        let refused = office::decide(&two.scene.platform, &by, &two.second.1, act, Decision::Approve, stolen);
        assert!(matches!(no(refused.await.unwrap_err()), OfficeRefusal::Duty(_)));
        // An approval of one text counts for no other: signed to refuse, sent to approve.
        let asked = office::decide_begin(&two.scene.platform, &by, &two.second.1, act, Decision::Refuse);
        let (_, options) = asked.await.unwrap();
        let answer = two.scene.sign(&mut two.second.0, &options);
        let turned = office::decide(&two.scene.platform, &by, &two.second.1, act, Decision::Approve, answer);
        assert_eq!(no(turned.await.unwrap_err()), OfficeRefusal::Duty(DutyRefusal::ShownChanged));
        assert_eq!(two.standing(&serial).await, Standing::Good, "nothing of that did anything");
        decide(&two.scene, &mut two.second, act, Decision::Approve).await.unwrap();
        assert!(matches!(two.standing(&serial).await, Standing::Held(_)), "and the honest second does it");
    }

    fn a_proposal_is_over_when_things_changed_or_somebody_refused(at place) {
        let mut two = two(&place).await;
        let serial = two.issued().await;
        let wanted = |act| Wanted::Change { serial: serial.clone(), act };
        let hold = propose(&two.scene, &mut two.first, wanted(Act::Hold)).await.unwrap();
        let end = propose(&two.scene, &mut two.first, wanted(Act::Revoke(Ground::Superseded))).await.unwrap();
        assert_eq!(decide(&two.scene, &mut two.second, hold, Decision::Refuse).await.unwrap(), None);
        assert_eq!(decide(&two.scene, &mut two.second, hold, Decision::Approve).await.unwrap_err(), OVER);
        let again = propose(&two.scene, &mut two.first, wanted(Act::Hold)).await.unwrap();
        decide(&two.scene, &mut two.second, again, Decision::Approve).await.unwrap();
        // What was signed about the certificate as it stood then says nothing about how it stands now.
        assert_eq!(decide(&two.scene, &mut two.second, end, Decision::Approve).await.unwrap_err(), OVER);
        // A new certificate comes of one proposal once, even when the row of the decision is gone.
        let act = propose(&two.scene, &mut two.first, issue(Profile::Officer, "ca-9")).await.unwrap();
        decide(&two.scene, &mut two.second, act, Decision::Approve).await.unwrap();
        let gone = |tx: &mut lionrock_store::Tx<'_>| tx.execute("DELETE FROM officer_act WHERE action = 'certificate-approve'", &[]);
        assert!(two.scene.platform.store.write(gone).await.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}")) > 0);
        assert_eq!(decide(&two.scene, &mut two.second, act, Decision::Approve).await.unwrap_err(), OVER);
        // Whoever asked works here no more.
        let act = propose(&two.scene, &mut two.first, issue(Profile::Officer, "ca-8")).await.unwrap();
        let id = two.first.0.id;
        assert_eq!(two.scene.tamper("UPDATE officer SET state = 'ended' WHERE id = $1", id).await, 1);
        assert_eq!(decide(&two.scene, &mut two.second, act, Decision::Approve).await.unwrap_err(), OVER);
        // Residents' certificates are asked for by residents, and the authority's own by the root.
        for profile in [Profile::ResidentSigning, Profile::Issuing, Profile::Ocsp, Profile::TimeStamping, Profile::Root] {
            let refused = propose(&two.scene, &mut two.second, issue(profile, "somebody")).await.unwrap_err();
            assert_eq!(refused, OfficeRefusal::Certificate(CertificateRefusal::NotIssued), "{profile:?}");
        }
        let mut other = issue(Profile::Officer, "ca-7");
        if let Wanted::Issue { holder, .. } = &mut other { "ca-6".clone_into(holder) }
        let refused = propose(&two.scene, &mut two.second, other).await.unwrap_err();
        assert_eq!(refused, OfficeRefusal::Certificate(CertificateRefusal::BadRequest), "the request is another's");
    }
}

/// A service deciphers with RSA.
fn enciphering(holder: &str) -> Wanted {
    let subject = Subject::Organisation {
        country: "HK".into(),
        organisation: "whatever".into(),
        identifier: None,
        unit: None,
        common_name: holder.into(),
    };
    let request = request::make(&subject, &SigningKey::generate(Algorithm::Rs256).unwrap()).unwrap();
    Wanted::Issue { profile: Profile::ServiceEncipherment, holder: holder.to_owned(), request, days: 90 }
}
