//! Basic and Plus.

use crate::{ORIGIN, Person, Scene, refusal, scene};
use lionrock_model::account::Level;
use lionrock_model::credential::PasskeyRefusal;
use lionrock_model::id::ResidentId;
use lionrock_model::level::LevelRefusal;
use lionrock_rehearsal::authenticator::Manner;
use lionrock_service::fault::FaultKind;
use lionrock_service::upgrade::{self, Finish};
use lionrock_service::{Error, Fault, level, rehearse};
use lionrock_store::Value;
use lionrock_testkit::both_engines;
use lionrock_wire::webauthn::json::AuthenticationResponse;

impl Scene {
    pub async fn level(&self, who: ResidentId) -> Result<Level, Fault> {
        let shared = self.platform.clone();
        self.platform.store.read(move |tx| level::level(tx, &shared, who)).await
    }

    /// The passkey over what the page shows.
    pub async fn raise(&self, person: &mut Person, cookie: &str) -> Result<(), Error<LevelRefusal>> {
        self.raise_as(person, cookie, &Manner::default()).await
    }

    pub async fn raise_as(
        &self,
        person: &mut Person,
        cookie: &str,
        manner: &Manner,
    ) -> Result<(), Error<LevelRefusal>> {
        let shown = upgrade::look(&self.platform, &self.by(), cookie).await?.shown.unwrap_or_default();
        let options = upgrade::begin(&self.platform, &self.by(), cookie, &shown).await?;
        let answered = person.phone.get(&serde_json::to_value(options).unwrap(), ORIGIN, manner).unwrap();
        self.answer(cookie, &answered.to_string()).await
    }

    pub async fn answer(&self, cookie: &str, answered: &str) -> Result<(), Error<LevelRefusal>> {
        let answer = AuthenticationResponse::from_json(answered.as_bytes()).unwrap();
        upgrade::finish(&self.platform, &self.by(), Finish { cookie: cookie.to_owned(), answer }).await
    }

    pub async fn evidence(&self, who: ResidentId) {
        rehearse::evidence(&self.platform, &self.by(), who).await.unwrap();
    }
}

both_engines! {
    fn evidence_and_a_device_bound_passkey_make_plus(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(1).await;
        let cookie = scene.sign_in(&mut person).await;
        assert_eq!(scene.level(person.id).await.unwrap(), Level::Basic);
        assert_eq!(refusal(scene.raise(&mut person, &cookie).await), LevelRefusal::EvidenceMissing);
        scene.evidence(person.id).await;
        let look = upgrade::look(&scene.platform, &scene.by(), &cookie).await.unwrap();
        assert!(look.of_age && look.device_bound && look.evidence.is_some() && look.cooling.is_none());
        scene.raise(&mut person, &cookie).await.unwrap();
        assert_eq!(scene.level(person.id).await.unwrap(), Level::Plus);
        assert!(scene.kinds(person.id).await.iter().any(|kind| kind == "level.changed"));
        assert!(scene.letter().await.contains("Plus"));
        scene.evidence(person.id).await;
        assert_eq!(refusal(scene.raise(&mut person, &cookie).await), LevelRefusal::AlreadyPlus);
    }

    fn a_level_written_by_hand_is_refused_and_told(at place) {
        let scene = scene(&place).await;
        let (mut raised, poor) = (scene.person(2).await, scene.person(3).await);
        let cookie = scene.sign_in(&mut raised).await;
        scene.evidence(raised.id).await;
        scene.raise(&mut raised, &cookie).await.unwrap();
        let id = |who: ResidentId| Value::from(who.as_bytes().to_vec());
        // Somebody is given a row; a row is moved to somebody else; a row says another level, version or time; a row is taken away.
        scene.by_hand("INSERT INTO level (resident, version, level, since) VALUES ($1, 1, 'plus', 5)", vec![id(poor.id)]).await;
        assert_eq!(scene.level(poor.id).await.unwrap_err().kind, FaultKind::RolledBack);
        scene.by_hand("DELETE FROM level WHERE resident = $1", vec![id(poor.id)]).await;
        assert_eq!(scene.level(poor.id).await.unwrap(), Level::Basic);
        for sql in [
            "UPDATE level SET level = 'basic' WHERE resident = $1",
            "UPDATE level SET level = 'plus', version = 2 WHERE resident = $1",
            "UPDATE level SET version = 1, since = since - 1 WHERE resident = $1",
            "DELETE FROM level WHERE resident = $1",
        ] {
            scene.by_hand(sql, vec![id(raised.id)]).await;
            assert_eq!(scene.level(raised.id).await.unwrap_err().kind, FaultKind::RolledBack, "{sql}");
        }
        let told = scene.alarms().await.join("\n");
        assert!(told.contains("level-unknown") && told.contains("level-differs") && told.contains("level-behind"), "{told}");
    }

    fn evidence_written_by_hand_is_none(at place) {
        let scene = scene(&place).await;
        let (mut person, other) = (scene.person(4).await, scene.person(5).await);
        let cookie = scene.sign_in(&mut person).await;
        scene.evidence(other.id).await;
        let ids = vec![Value::from(person.id.as_bytes().to_vec()), Value::from(other.id.as_bytes().to_vec())];
        assert_eq!(scene.by_hand("UPDATE counter_case SET resident = $1 WHERE resident = $2", ids).await, 1);
        assert_eq!(refusal(scene.raise(&mut person, &cookie).await), LevelRefusal::EvidenceMissing);
        assert!(scene.alarms().await.join("\n").contains("counter-case"));
    }

    fn synced_young_late_and_replayed_are_refused(at place) {
        let scene = scene(&place).await;
        let synced = Manner { synced: true, ..Manner::default() };
        let mut copied = scene.born(6, "1990-02-03", true).await;
        let options = serde_json::to_value(lionrock_service::session::begin(&scene.platform, &scene.by(), "b").await.unwrap());
        let answered = copied.phone.get(&options.unwrap(), ORIGIN, &synced).unwrap();
        let command = lionrock_service::session::SignIn {
            answer: AuthenticationResponse::from_json(answered.to_string().as_bytes()).unwrap(),
            browser: "b".into(),
            earlier: None,
            agent: None,
        };
        let signed = lionrock_service::session::sign_in(&scene.platform, &scene.by(), command).await.unwrap();
        let cookie = signed.secret.cookie().to_owned();
        scene.evidence(copied.id).await;
        assert!(!upgrade::look(&scene.platform, &scene.by(), &cookie).await.unwrap().device_bound);
        assert_eq!(refusal(scene.raise_as(&mut copied, &cookie, &synced).await), LevelRefusal::PasskeySynced);
        assert_eq!(scene.level(copied.id).await.unwrap(), Level::Basic);
        // Seventeen.
        let mut young = scene.born(7, "2009-12-03", false).await;
        let cookie = scene.sign_in(&mut young).await;
        scene.evidence(young.id).await;
        assert_eq!(refusal(scene.raise(&mut young, &cookie).await), LevelRefusal::TooYoung);
        // Too late.
        let mut late = scene.person(8).await;
        let cookie = scene.sign_in(&mut late).await;
        scene.evidence(late.id).await;
        scene.pass(31 * 60);
        assert_eq!(refusal(scene.raise(&mut late, &cookie).await), LevelRefusal::EvidenceMissing);
        // Another's answer, and the same answer twice.
        let mut first = scene.person(9).await;
        let cookie = scene.sign_in(&mut first).await;
        scene.evidence(first.id).await;
        let shown = upgrade::look(&scene.platform, &scene.by(), &cookie).await.unwrap().shown.unwrap();
        let no = upgrade::begin(&scene.platform, &scene.by(), &cookie, &shown.replace("plus", "gold")).await;
        assert_eq!(refusal(no), LevelRefusal::Passkey(PasskeyRefusal::ShownChanged));
        let options = upgrade::begin(&scene.platform, &scene.by(), &cookie, &shown).await.unwrap();
        let answered = first.phone.get(&serde_json::to_value(options).unwrap(), ORIGIN, &Manner::default()).unwrap().to_string();
        let mut second = scene.person(10).await;
        let elsewhere = scene.sign_in(&mut second).await;
        scene.evidence(second.id).await;
        assert!(matches!(refusal(scene.answer(&elsewhere, &answered).await), LevelRefusal::Passkey(_)));
        assert_eq!(scene.level(second.id).await.unwrap(), Level::Basic);
        scene.answer(&cookie, &answered).await.unwrap();
        assert_eq!(refusal(scene.answer(&cookie, &answered).await), LevelRefusal::AlreadyPlus);
    }
}
