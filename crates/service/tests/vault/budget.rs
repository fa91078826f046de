//! More than the budget: the domain locks, everybody's, for every server, until two officers unlock it; and nobody alone can do that.

use crate::scene::{Person, Scene, choice, person, scene};
use crate::stage::caller;
use lionrock_crypto::ring::Root;
use lionrock_crypto::secret::Secret;
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};
use lionrock_model::budget::{Allowance, Budget, Budgets, Excess, Kind};
use lionrock_model::hkid::Hkid;
use lionrock_model::person::Email;
use lionrock_model::policy::{Field, Purpose};
use lionrock_model::realm::Realm;
use lionrock_model::staff::Identity;
use lionrock_model::statement::StatementFault;
use lionrock_service::fault::FaultKind;
use lionrock_service::oidc::userinfo::userinfo;
use lionrock_service::statement::{Officer, Signed};
use lionrock_service::vault::unlock::{self, NotUnlocked};
use lionrock_service::vault::{self, watch};
use lionrock_service::{Platform, boot};
use lionrock_store::outbox;
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::Place;
use std::sync::Arc;

const OWN: Budget = Budget::Opening(Kind::Resident, Purpose::AccountManagement);
const RELEASE: Budget = Budget::Opening(Kind::Service, Purpose::Release);

fn lock(all: u32, one: u32, service: u32) -> Allowance {
    Allowance { all, one, service, excess: Excess::Lock }
}

fn set_budgets(platform: &mut Arc<Platform>, budgets: Budgets) {
    let settings = &mut Arc::get_mut(platform).unwrap().settings;
    settings.limits.budgets = budgets;
    settings.alerts = ["privacy@example.test", "security@example.test"].map(|to| Email::parse(to).unwrap()).to_vec();
}

async fn set(place: &Place, budgets: Budgets) -> (Scene, Vec<Person>) {
    let mut scene = scene(place).await;
    set_budgets(&mut scene.platform, budgets);
    let mut people = Vec::new();
    for name in ["CHAN, Tai Man", "WONG, Siu Ming", "LEE, Ka Yan"] {
        people.push(person(&scene, name).await);
    }
    (scene, people)
}

/// A second server on the same store.
async fn second(scene: &Scene) -> Scene {
    let first = &scene.platform;
    let root = Root::new(Secret::new([3; 32]));
    let keys = boot::key_ring(&first.store, &root, &first.settings.realm, &caller(&scene.clock)).await.unwrap();
    let platform = Platform {
        store: first.store.clone(),
        keys,
        settings: first.settings.clone(),
        ports: first.ports.clone(),
        gate: Default::default(),
        authority: Default::default(),
        vault: Default::default(),
        ledger: Default::default(),
    };
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    Scene { platform: Arc::new(platform), clock: scene.clock.clone(), key }
}

async fn round(scene: &Scene) {
    watch::round(&scene.platform, &caller(&scene.clock)).await.unwrap();
}

async fn letters(scene: &Scene) -> Vec<String> {
    let now = scene.clock.now().0;
    let due = scene.platform.store.read(move |tx| outbox::due(tx, now, 100)).await.unwrap();
    due.iter().map(|one| one.kind.clone()).collect()
}

fn officers() -> (Vec<(String, SigningKey)>, Vec<Officer>) {
    let test = Realm::parse("test-demo").unwrap();
    let keys: Vec<_> = ["privacy", "security", "operator"]
        .map(|role| (role.to_owned(), SigningKey::generate(Algorithm::EdDsa).unwrap()))
        .into_iter()
        .collect();
    let public = |key: &SigningKey| match key.public().unwrap() {
        PublicKey::Ed25519(public) => public,
        _ => unreachable!(),
    };
    let known = keys
        .iter()
        .map(|(role, key)| Officer {
            id: role.clone(),
            identity: Identity::parse(role, &test).unwrap(),
            key: public(key),
        })
        .collect();
    (keys, known)
}

both_engines! {
    fn over_the_budget_the_domain_locks_for_everybody(at place) {
        let budgets = Budgets::default().with(OWN, lock(5, 3, 0));
        let (scene, people) = set(&place, budgets).await;
        for _ in 0..3 {
            scene.opened(people[0].id).await.unwrap();
        }
        // One person's own share ends here, and counts for nobody else.
        assert_eq!(scene.opened(people[0].id).await, Err(FaultKind::Locked));
        scene.opened(people[1].id).await.unwrap();
        round(&scene).await;
        assert_eq!(scene.leaves("budget.tripped").await, 0, "within the budget nothing is locked");
        scene.opened(people[1].id).await.unwrap();
        assert_eq!(scene.opened(people[2].id).await, Err(FaultKind::Locked), "the sixth of the minute");
        round(&scene).await;
        assert_eq!((scene.leaves("budget.tripped").await, letters(&scene).await.len()), (1, 2), "one entry, two officers");
        round(&scene).await;
        assert_eq!((scene.leaves("budget.tripped").await, letters(&scene).await.len()), (1, 2), "told once");
        // The lock outlives the minute and the process; other purposes go on.
        scene.pass(600);
        assert_eq!(scene.opened(people[2].id).await, Err(FaultKind::Locked));
        let other = second(&scene).await;
        round(&other).await;
        assert_eq!(other.opened(people[1].id).await, Err(FaultKind::Locked), "a server that starts later knows it");
        let opened = other.leaves("personal.opened").await;
        assert_eq!(other.opened(people[0].id).await, Err(FaultKind::Locked));
        assert_eq!(other.leaves("personal.opened").await, opened, "nothing was opened under the lock");
    }

    fn what_servers_open_together_counts(at place) {
        let budgets = Budgets::default().with(OWN, lock(5, 3, 0));
        let (one, people) = set(&place, budgets).await;
        let two = second(&one).await;
        for person in &people {
            one.opened(person.id).await.unwrap();
            two.opened(person.id).await.unwrap();
        }
        round(&one).await;
        assert_eq!(one.leaves("budget.tripped").await, 0, "one server knows of three");
        round(&two).await;
        assert_eq!(one.leaves("budget.tripped").await, 1, "together they opened six");
        round(&one).await;
        for scene in [&one, &two] {
            assert_eq!(scene.opened(people[2].id).await, Err(FaultKind::Locked));
        }
    }

    fn two_officers_unlock_and_nobody_less(at place) {
        let (scene, people) = set(&place, Budgets::default().with(OWN, lock(2, 2, 0))).await;
        for person in &people {
            drop(scene.opened(person.id).await);
        }
        round(&scene).await;
        let (keys, known) = officers();
        let locked = unlock::locked(&scene.platform).await.unwrap().pop().unwrap();
        let statement = |who: &[usize]| {
            let names = who.iter().map(|at| keys[*at].0.clone()).collect();
            let mut signed = Signed::propose(unlock::claims(&scene.platform, &locked, names));
            for at in who {
                signed.sign(&keys[*at].0, &keys[*at].1).unwrap();
            }
            signed
        };
        let by = caller(&scene.clock);
        let wrong = |outcome| match outcome {
            Err(NotUnlocked::Statement(fault)) => fault,
            other => panic!("{other:?}"),
        };
        assert_eq!(wrong(unlock::unlock(&scene.platform, &by, statement(&[0]), &known).await), StatementFault::OneSigner);
        let unentitled = unlock::unlock(&scene.platform, &by, statement(&[0, 2]), &known).await;
        assert!(matches!(wrong(unentitled), StatementFault::NotEntitled(_)), "an operator does not unlock");
        let mut forged = statement(&[0, 1]);
        forged.claims.budget = "service/release".to_owned();
        assert!(matches!(wrong(unlock::unlock(&scene.platform, &by, forged, &known).await), StatementFault::Signature(_)));
        assert_eq!(scene.opened(people[0].id).await, Err(FaultKind::Locked));
        let good = statement(&[0, 1]);
        unlock::unlock(&scene.platform, &by, good.clone(), &known).await.unwrap();
        round(&scene).await;
        scene.pass(60);
        assert!(scene.opened(people[0].id).await.is_ok());
        assert_eq!(scene.leaves("budget.unlocked").await, 1);
        // The same statement does not unlock the next lock.
        for person in &people {
            drop(scene.opened(person.id).await);
        }
        round(&scene).await;
        let again = unlock::unlock(&scene.platform, &by, good, &known).await;
        assert!(matches!(again, Err(NotUnlocked::NotLocked(_))), "{again:?}");
    }

    fn a_service_over_its_share_locks_itself_alone(at place) {
        let (scene, mut people) = set(&place, Budgets::default().with(RELEASE, lock(100, 50, 3))).await;
        let mut tokens = Vec::new();
        for service in ["library", "museum"] {
            let uri = scene.push(service, &[("scope", "openid profile")]).await.unwrap();
            let handle = scene.arrive(service, &uri).await.unwrap();
            scene.signs_in(&mut people[0].phone).await.map(|cookie| people[0].cookie = Some(cookie)).unwrap();
            let view = lionrock_service::oidc::consent::look(&scene.platform, &caller(&scene.clock), &handle, people[0].cookie.as_deref()).await.unwrap();
            let location = scene.approve(&mut people[0], choice(&handle, &[Field::EnglishName], view.version)).await.unwrap();
            let code = crate::scene::answer(&location)["code"].clone();
            tokens.push(scene.exchange(service, &[("code", &code)]).await.unwrap().access_token);
        }
        for _ in 0..3 {
            scene.userinfo(&tokens[0]).await.unwrap();
        }
        let refused = userinfo(&scene.platform, &caller(&scene.clock), &tokens[0]).await;
        assert!(matches!(&refused, Err(lionrock_service::Error::Fault(fault)) if fault.kind == FaultKind::Locked && fault.is_passing()), "{refused:?}");
        round(&scene).await;
        assert!(scene.userinfo(&tokens[1]).await.is_ok(), "the other service is not touched");
        let locked = unlock::locked(&scene.platform).await.unwrap();
        assert_eq!(locked.iter().map(|one| one.budget.as_str()).collect::<Vec<_>>(), ["service/release/library"]);
    }

    fn a_stranger_who_looks_card_numbers_up_locks_nobody(at place) {
        let door = Allowance { all: 4, one: 2, service: 0, excess: Excess::Wait };
        let (scene, _) = set(&place, Budgets::default().with(Budget::LookupAtRecovery, door)).await;
        let look = |from: &'static [u8], budget| {
            let number = Hkid::with_check_digit("U654321").unwrap();
            vault::blind_index(&scene.platform, &caller(&scene.clock), budget, from, &number).map_err(|fault| fault.kind)
        };
        for from in [b"a".as_slice(), b"b"] {
            assert!(look(from, Budget::LookupAtRecovery).is_ok() && look(from, Budget::LookupAtRecovery).is_ok());
            assert_eq!(look(from, Budget::LookupAtRecovery), Err(FaultKind::Locked), "from one network");
        }
        assert_eq!(look(b"c", Budget::LookupAtRecovery), Err(FaultKind::Locked), "from everywhere");
        round(&scene).await;
        assert_eq!(scene.leaves("budget.tripped").await, 0);
        assert!(look(b"c", Budget::LookupAtRegistration).is_ok(), "registration has a budget of its own");
        scene.pass(60);
        assert!(look(b"c", Budget::LookupAtRecovery).is_ok(), "the minute is over");
    }
}
