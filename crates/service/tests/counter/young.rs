//! Young people and their guardians.

use crate::{ORIGIN, Person, Scene, card, notice, refusal, scene};
use lionrock_model::account::Level;
use lionrock_model::counter::{CaseKind, CounterRefusal, HandOverCode};
use lionrock_model::credential::PasskeyRefusal;
use lionrock_model::proofing::{Reason, Verdict};
use lionrock_model::register::{RegisterRefusal, Step};
use lionrock_rehearsal::authenticator::Manner;
use lionrock_service::Error;
use lionrock_service::counter::code;
use lionrock_service::counter::guardian::{self, Consent};
use lionrock_service::register::{self, Begun, Made};
use lionrock_store::{Value, guardianship};
use lionrock_testkit::both_engines;
use lionrock_wire::webauthn::json::AuthenticationResponse;

pub const YOUNG: &str = "2011-11-24";

impl Scene {
    /// A registration of somebody of fifteen (the clock stands at 23 November 2026), up to the guardian.
    pub async fn young(&self, serial: u32) -> (String, HandOverCode) {
        let text = card(serial, YOUNG);
        self.issued(&text);
        let begun = register::begin(&self.platform, &self.by(), None, notice()).await.unwrap();
        assert_eq!(self.accepted(&begun.cookie, text).await, Step::Guardian);
        let shown = code::of_registration(&self.platform, &self.by(), &begun.cookie, CaseKind::Guardian).await.unwrap();
        (begun.cookie, shown.code)
    }

    pub async fn stand_by(&self, cookie: &str, typed: &HandOverCode) -> Result<Begun, Error<CounterRefusal>> {
        let begun = guardian::take_up(&self.platform, &self.by(), cookie, &typed.shown(), notice()).await?;
        Ok(begun.unwrap())
    }

    pub async fn agree(&self, person: &mut Person, cookie: &str) -> Result<String, Error<CounterRefusal>> {
        let shown = guardian::look(&self.platform, &self.by(), cookie).await?.shown.unwrap_or_default();
        let options = guardian::begin(&self.platform, &self.by(), cookie, &shown).await?;
        let options = serde_json::to_value(options).unwrap();
        let answered = person.phone.get(&options, ORIGIN, &Manner::default()).unwrap().to_string();
        self.consent(cookie, &answered).await?;
        Ok(answered)
    }

    async fn consent(&self, cookie: &str, answered: &str) -> Result<(), Error<CounterRefusal>> {
        let answer = AuthenticationResponse::from_json(answered.as_bytes()).unwrap();
        guardian::consent(&self.platform, &self.by(), Consent { cookie: cookie.to_owned(), answer }).await
    }
}

both_engines! {
    fn both_are_proofed_both_agree_and_the_link_ends_at_eighteen(at place) {
        let scene = scene(&place).await;
        let mut parent = scene.person(51).await;
        let cookie = scene.sign_in(&mut parent).await;
        let (young, code) = scene.young(52).await;
        assert_eq!(refusal(scene.make_passkey(&young).await), RegisterRefusal::OutOfOrder, "nobody agreed");
        let begun = scene.stand_by(&cookie, &code).await.unwrap();
        assert_eq!(refusal(scene.agree(&mut parent, &cookie).await), CounterRefusal::PersonNotReady, "no face yet");
        assert_eq!(scene.accepted(&begun.cookie, card(51, "1990-02-03")).await, Step::Shown);
        // Two custodies, two receipts.
        let own = register::shown_receipt(&scene.platform, &scene.by(), &begun.cookie).await.unwrap();
        let theirs = register::shown_receipt(&scene.platform, &scene.by(), &young).await.unwrap();
        assert!(own.id != theirs.id && own.receipt.is_some() && theirs.receipt.is_some());
        let answered = scene.agree(&mut parent, &cookie).await.unwrap();
        assert_eq!(refusal(scene.consent(&cookie, &answered).await), CounterRefusal::PersonNotReady, "a consent is good once");
        assert!(matches!(scene.make_passkey(&young).await.unwrap(), Made::Account(_)));
        assert!(scene.kinds(parent.id).await.iter().any(|kind| kind == "guardian.consented"));
        let who = parent.id;
        let links = scene.platform.store.read(move |tx| guardianship::of_guardian(tx, who)).await.unwrap();
        assert_eq!(links.len(), 1);
        let child = links[0].resident;
        assert_eq!(scene.level(child).await.unwrap(), Level::Basic);
        let seen = guardian::look(&scene.platform, &scene.by(), &cookie).await.unwrap();
        assert_eq!((seen.guards.len(), seen.guarded), (1, None));
        assert_eq!(guardian::round(&scene.platform, &scene.by()).await.unwrap(), 0);
        // The day before the eighteenth birthday, and the day itself: 24 November 2029.
        scene.pass(86_400 * (365 + 366 + 365));
        assert_eq!(guardian::round(&scene.platform, &scene.by()).await.unwrap(), 0);
        scene.pass(86_400);
        assert_eq!(guardian::round(&scene.platform, &scene.by()).await.unwrap(), 1);
        assert_eq!(guardian::round(&scene.platform, &scene.by()).await.unwrap(), 0);
        assert!(scene.kinds(child).await.iter().any(|kind| kind == "guardian.ended"));
    }

    fn nobody_young_nobody_strange_and_nobody_twice(at place) {
        let scene = scene(&place).await;
        let (mut first, mut second) = (scene.person(53).await, scene.person(54).await);
        let mut teen = scene.born(55, "2010-02-03", false).await;
        let (one, two) = (scene.sign_in(&mut first).await, scene.sign_in(&mut second).await);
        let young = scene.sign_in(&mut teen).await;
        let (registration, code) = scene.young(56).await;
        // Without an account there is no session; a young person is no guardian.
        assert!(matches!(refusal(scene.stand_by("nobody", &code).await), CounterRefusal::Session(_)));
        assert_eq!(refusal(scene.stand_by(&young, &code).await), CounterRefusal::TooYoung);
        let begun = scene.stand_by(&one, &code).await.unwrap();
        assert_eq!(refusal(scene.stand_by(&two, &code).await), CounterRefusal::CodeNotGood, "taken up already");
        // Somebody else's face and card, the young person's own among them, are not the guardian's.
        assert_eq!(scene.accepted(&begun.cookie, card(54, "1990-02-03")).await, Step::Pictures);
        assert_eq!(scene.judged(&begun.cookie, crate::stand_in::accept(card(56, YOUNG))).await.verdict, Some(Verdict::Counter));
        assert_eq!(refusal(scene.make_passkey(&registration).await), RegisterRefusal::OutOfOrder);
        // A consent to one registration is none to another.
        let (first_young, code) = scene.young(57).await;
        let begun = scene.stand_by(&one, &code).await.unwrap();
        assert_eq!(scene.accepted(&begun.cookie, card(53, "1990-02-03")).await, Step::Shown);
        let answered = scene.agree(&mut first, &one).await.unwrap();
        let (other_young, code) = scene.young(58).await;
        let begun = scene.stand_by(&one, &code).await.unwrap();
        assert_eq!(scene.accepted(&begun.cookie, card(53, "1990-02-03")).await, Step::Shown);
        let no = refusal(scene.consent(&one, &answered).await);
        assert_eq!(no, CounterRefusal::Passkey(PasskeyRefusal::ChallengeUnknown));
        assert_eq!(refusal(scene.make_passkey(&other_young).await), RegisterRefusal::OutOfOrder);
        // An agreement written by hand is none.
        scene.by_hand("UPDATE counter_case SET state = 'agreed' WHERE state = 'shown'", vec![]).await;
        assert_eq!(refusal(scene.make_passkey(&other_young).await), RegisterRefusal::OutOfOrder);
        assert!(matches!(scene.make_passkey(&first_young).await.unwrap(), Made::Account(_)));
        // A link moved to somebody else by hand stands for nobody.
        let ids = vec![Value::from(second.id.as_bytes().to_vec())];
        scene.by_hand("UPDATE guardianship SET guardian = $1", ids).await;
        assert!(guardian::look(&scene.platform, &scene.by(), &two).await.unwrap().guards.is_empty());
        assert!(scene.alarms().await.join("\n").contains("guardianship"));
    }

    fn under_eleven_is_too_young(at place) {
        let scene = scene(&place).await;
        let text = card(59, "2015-11-24");
        scene.issued(&text);
        let begun = register::begin(&scene.platform, &scene.by(), None, notice()).await.unwrap();
        let standing = scene.judged(&begun.cookie, crate::stand_in::accept(text)).await;
        assert_eq!((standing.step, standing.reasons), (Step::Counter, vec![Reason::TooYoung]));
    }

    fn eleven_and_eighteen_are_counted_to_the_day(at place) {
        let scene = scene(&place).await;
        // Today is 23 November 2026.
        let ages = [
            ("2015-11-24", Step::Counter),
            ("2015-11-23", Step::Guardian),
            ("2008-11-24", Step::Guardian),
            ("2008-11-23", Step::Passkey),
        ];
        for (serial, (birth, step)) in (70..).zip(ages) {
            let text = card(serial, birth);
            scene.issued(&text);
            let begun = register::begin(&scene.platform, &scene.by(), None, notice()).await.unwrap();
            assert_eq!(scene.accepted(&begun.cookie, text).await, step, "born {birth}");
        }
    }

    fn a_young_person_is_nobodys_guardian_not_even_their_own(at place) {
        let scene = scene(&place).await;
        // Seventeen, with an account; the account's own card in a second registration is somebody else's code.
        let mut teen = scene.born(75, "2008-11-24", false).await;
        let cookie = scene.sign_in(&mut teen).await;
        let (registration, code) = scene.young(76).await;
        assert_eq!(refusal(scene.stand_by(&cookie, &code).await), CounterRefusal::TooYoung);
        assert_eq!(refusal(scene.make_passkey(&registration).await), RegisterRefusal::OutOfOrder);
        // The next day they are eighteen, and may.
        scene.pass(86_400);
        let mut grown = scene.born(77, "2008-11-24", false).await;
        let cookie = scene.sign_in(&mut grown).await;
        let (_, code) = scene.young(78).await;
        scene.stand_by(&cookie, &code).await.unwrap();
    }
}
