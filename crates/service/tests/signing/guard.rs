//! The legal guard before services of the government: a document that was seen, with lasting proof, by a certificate of a recognised authority.

use super::scene::{ask, pdf, said, scene};
use lionrock_activation::Hex;
use lionrock_crypto::digest::sha256;
use lionrock_model::id::ServiceId;
use lionrock_model::realm::Realm;
use lionrock_model::service::{Authentication, Declaration, Profile, Service};
use lionrock_model::signing::{Form, SigningRefusal};
use lionrock_service::authority::Setup;
use lionrock_service::signing::request::{self, Ask, Named};
use lionrock_testkit::both_engines;
use std::sync::Arc;

fn government(realm: &Realm, like: &Service) -> Service {
    let declared = Declaration {
        authentication: Authentication::Keys { jwks: r#"{"keys":[]}"#.to_owned() },
        csc: false,
        fields: Vec::new(),
        government: true,
        id: ServiceId::parse("land-registry").unwrap(),
        name: like.name().clone(),
        origins: Vec::new(),
        profile: Profile::Fapi,
        purpose: like.purpose().clone(),
        redirect_uris: vec![crate::oidc::scene::REDIRECT.to_owned()],
    };
    Service::new(declared, realm).unwrap()
}

both_engines! {
    fn a_government_service_takes_recognised_certificates_over_seen_documents_alone(at place) {
        let mut scene = scene(&place).await;
        let settings = &mut Arc::get_mut(&mut scene.oidc.platform).unwrap().settings;
        let service = government(&settings.realm, &settings.services[0]);
        settings.services.push(service);
        let (registry, document) = (ServiceId::parse("land-registry").unwrap(), pdf("x"));
        let begin = async |scene: &crate::signing::scene::Scene, asked: Ask| {
            said(request::begin_for(&scene.oidc.platform, &scene.by(), &registry, asked).await).map(drop)
        };
        assert_eq!(begin(&scene, ask(Form::Pdf, &document)).await, Ok(()), "the honest request");
        let named = Named { digest: Hex(sha256(b"x").to_vec()), id: "1".to_owned(), name: "One".to_owned() };
        let digest = Ask { documents: vec![named], document: None, ..ask(Form::Digest, b"") };
        assert_eq!(begin(&scene, digest.clone()).await, Err(SigningRefusal::GovernmentNeedsSeen));
        for (notice, outcome) in [("", Err(SigningRefusal::NotRecognised)), ("  ", Err(SigningRefusal::NotRecognised)), ("G.N. 1234 of 2026", Ok(()))] {
            notice.clone_into(&mut Arc::get_mut(&mut scene.oidc.platform).unwrap().settings.authority.recognised);
            assert_eq!(begin(&scene, ask(Form::Pdf, &document)).await, outcome, "{notice:?}");
        }
        // Others take what they like.
        String::new().clone_into(&mut Arc::get_mut(&mut scene.oidc.platform).unwrap().settings.authority.recognised);
        let library = ServiceId::parse("library").unwrap();
        said(request::begin_for(&scene.oidc.platform, &scene.by(), &library, digest).await).unwrap();
    }
}

#[test]
fn a_demonstrations_recognition_is_none_in_production() {
    let (production, test) = (Realm::parse("production").unwrap(), Realm::parse("test-demo").unwrap());
    let demonstration = Setup::default();
    assert!(demonstration.is_recognised(&test) && !demonstration.is_recognised(&production));
    assert!(Setup { recognised: "G.N. 1234 of 2026".to_owned(), ..demonstration }.is_recognised(&production));
}
