//! The notice: agreed to first, in the wording shown, and carried on by the browser that agreed.

use super::{refused, scene};
use lionrock_model::register::RegisterRefusal as No;
use lionrock_service::register::{self, Begin};
use lionrock_testkit::both_engines;

both_engines! {
    fn consent_comes_first_and_a_browser_carries_on(at place) {
        let scene = scene(&place).await;
        let command = |agreed, named: &str| Begin { agreed, named_version: named.into(), version: "1", notice: "the notice".into() };
        let begin = |cookie: Option<String>, command| { let s = &scene; async move { register::begin(&s.platform, &s.by(), cookie.as_deref(), command).await } };
        assert_eq!(refused(begin(None, command(false, "1")).await), No::NotAgreed);
        assert_eq!(refused(begin(None, command(true, "0")).await), No::NoticeChanged);
        assert_eq!(scene.kinds().await, Vec::<String>::new(), "nothing was kept");
        let first = begin(None, command(true, "1")).await.unwrap();
        let again = begin(Some(first.cookie.clone()), command(true, "1")).await.unwrap();
        assert_eq!(again.cookie, first.cookie, "a double submit begins nothing new");
        let forged = begin(Some("x".repeat(43)), command(true, "1")).await.unwrap();
        assert_ne!(forged.cookie, "x".repeat(43), "a planted value is not taken over");
        let consented = scene.leaves().await.into_iter().filter(|(kind, _)| kind == "registration.consented");
        assert_eq!(consented.count(), 2);
    }
}
