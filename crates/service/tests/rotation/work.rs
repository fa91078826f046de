//! What officers and signers write into the store: tickets and their notes, findings, broken glass, holds, certificates, signatures.

use super::desk;
use super::scene::{Person, Server};
use crate::access::{officers, signed};
use crate::oidc::scene as oidc;
use crate::signing::scene::{self as signing, StandIn, pdf};
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_model::id::ResidentId;
use lionrock_model::signing::Form;
use lionrock_model::staff::Role;
use lionrock_model::time::Millis;
use lionrock_service::access::hold::{self, HoldClaims};
use lionrock_service::monitor::finding;
use lionrock_service::{Platform, authority, break_glass};
use std::sync::Arc;

/// What a configuration says of staff, services and signing.
pub fn settle(platform: &mut Platform, stand_in: &Arc<StandIn>) {
    platform.settings.staff = Some(desk::house());
    platform.settings.officers = officers().1;
    platform.settings.services =
        oidc::declared(&platform.settings.realm, &SigningKey::generate(Algorithm::Es256).unwrap());
    platform.ports.activation = Arc::<StandIn>::clone(stand_in);
    platform.ports.documents = Arc::new(signing::Reader);
}

/// Officers at work about the first two of these people: tickets closed with a note, findings, broken glass with its review, holds.
pub async fn officers_at_work(server: &Server, people: &[Person]) {
    let desk = desk::over(Arc::clone(&server.platform), server.clock.clone());
    let mut ann = desk.officer(900_001, "CHAN, Tai Man", Role::Privacy, "north").await;
    let mut bea = desk.officer(900_002, "WONG, Siu Ming", Role::Privacy, "south").await;
    let mut sam = desk.officer(900_003, "HO, Wing", Role::Security, "west").await;
    // Nothing is opened under them, which monitoring notices.
    let id = desk.given(&mut ann, &mut bea, people[0].id).await;
    desk.close(&ann, id).await.unwrap();
    let id = desk.given(&mut bea, &mut ann, people[1].id).await;
    desk.close(&bea, id).await.unwrap();
    let found = finding::open(&server.platform, &desk.by(), &sam.cookie).await.unwrap();
    assert!(found.len() >= 2, "{found:?}");
    for one in found {
        finding::close(&server.platform, &desk.by(), &sam.cookie, one.id, "They had looked at the wrong case.")
            .await
            .unwrap();
    }
    let reviewers = [bea.cookie.clone(), ann.cookie.clone()];
    for (second, reviewer) in [&mut ann, &mut bea].into_iter().zip(&reviewers) {
        let row = break_glass::draft(&server.platform, &desk.by(), &sam.cookie, ("attack", "INC-7")).await.unwrap();
        for who in [&mut sam, second] {
            let asked =
                break_glass::sign_options(&server.platform, &desk.by(), &who.cookie, row.terms.id).await.unwrap();
            let answer = desk::answer(&mut who.device, &asked);
            break_glass::sign(&server.platform, &desk.by(), &who.cookie, row.terms.id, answer).await.unwrap();
        }
        let note = "They did what they had to.";
        break_glass::review(&server.platform, &desk.by(), reviewer, row.terms.id, note).await.unwrap();
    }
    for person in &people[..2] {
        hold::lay(&server.platform, &server.by(), signed(delay(server, person.id), &["ada", "ben"])).await.unwrap();
    }
}

fn delay(server: &Server, who: ResidentId) -> HoldClaims {
    let moment = |days: i64| Millis(server.clock.now().0 + days * 86_400_000).timestamp().unwrap().to_string();
    HoldClaims {
        approved_by: ["ada", "ben"].map(str::to_owned).to_vec(),
        expires: moment(30),
        ground: "court-order".to_owned(),
        id: "hold-1".to_owned(),
        not_before: moment(0),
        realm: "test-demo".to_owned(),
        resident: who.to_string(),
        tickets: vec!["0190a0a0-0000-7000-8000-000000000001".to_owned()],
    }
}

/// Two people with a certificate who signed a document each; who they are.
pub async fn signers(server: &Server) -> Vec<ResidentId> {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let oidc = oidc::Scene { platform: Arc::clone(&server.platform), clock: server.clock.clone(), key };
    let scene = signing::Scene { oidc, stand_in: Arc::clone(&server.stand_in) };
    authority::establish(&server.platform, &server.by()).await.unwrap().unwrap();
    let mut signed = Vec::new();
    for (name, card) in [("CANARY, Red Bird", "U123456"), ("CANARY, Grey Bird", "U765432")] {
        let mut who = scene.plus(name, card).await;
        scene.enrol(&mut who, "ES256").await.unwrap();
        let begun = scene.request(&pdf("Library rules"), Form::Pdf).await;
        scene.sign(&mut who, &begun.handle).await.unwrap();
        signed.push(who.id);
    }
    signed
}
