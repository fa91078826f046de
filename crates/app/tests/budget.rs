//! A locked budget seen from the host: the list in the data folder, the statement that unlocks, and the one that does not.

#[allow(dead_code, reason = "shared with the tests of journeys")]
#[path = "../../service/tests/stage.rs"]
mod stage;

use lionrock_app::budget::{FOLDER, LOCKED, Lock, round, statement_file};
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};
use lionrock_model::realm::Realm;
use lionrock_model::staff::Identity;
use lionrock_service::statement::{Officer, Signed};
use lionrock_service::vault::unlock::{UnlockClaims, locked};
use lionrock_store::domain_lock::{self, Locked};
use lionrock_testkit::both_engines;
use lionrock_testkit::clock::Clock;
use stage::caller;
use std::sync::Arc;

const BUDGET: &str = "service/release";

both_engines! {
    fn two_officers_unlock_on_the_host(at place) {
        let clock = Clock::new();
        let mut platform = stage::platform(&place).await;
        let test = Realm::parse("test-demo").unwrap();
        let keys = ["privacy", "security"].map(|role| (role, SigningKey::generate(Algorithm::EdDsa).unwrap()));
        let officers = keys.iter().map(|(role, key)| match key.public().unwrap() {
            PublicKey::Ed25519(key) => Officer { id: (*role).to_owned(), identity: Identity::parse(role, &test).unwrap(), key },
            _ => unreachable!(),
        });
        Arc::get_mut(&mut platform).unwrap().settings.officers = officers.collect();
        round(&platform, &caller(&clock)).await.unwrap();
        let folder = place.folder().join(FOLDER);
        assert!(!folder.exists(), "while nothing was ever locked there is nothing to see");
        let lock = Locked { budget: BUDGET.to_owned(), opened: 30_001, at: clock.now(), event: [7; 16] };
        let done: Result<bool, lionrock_store::Error> = platform.store.write(move |tx| domain_lock::lock(tx, &lock)).await;
        assert!(done.unwrap());
        round(&platform, &caller(&clock)).await.unwrap();
        let listed: Vec<Lock> = serde_json::from_slice(&std::fs::read(folder.join(LOCKED)).unwrap()).unwrap();
        assert_eq!((listed.len(), listed[0].budget.as_str(), listed[0].opened), (1, BUDGET, 30_001));
        let state = |signers: &[usize]| {
            let mut signed = Signed::propose(UnlockClaims {
                approved_by: signers.iter().map(|at| keys[*at].0.to_owned()).collect(),
                budget: listed[0].budget.clone(),
                event: listed[0].event.clone(),
                realm: "test-demo".to_owned(),
            });
            signers.iter().for_each(|at| signed.sign(keys[*at].0, &keys[*at].1).unwrap());
            signed.to_json().unwrap()
        };
        let file = statement_file(place.folder(), &listed[0].event);
        for wrong in [state(&[0]), state(&[0, 1]).replace("test-demo", "test-other"), "{}".to_owned()] {
            std::fs::write(&file, wrong).unwrap();
            round(&platform, &caller(&clock)).await.unwrap();
            assert!(!file.exists() && file.with_extension("refused").exists(), "it is taken up, and refused with its reason");
            assert_eq!(locked(&platform).await.unwrap().len(), 1, "and the lock stands");
            std::fs::remove_file(file.with_extension("refused")).unwrap();
        }
        std::fs::write(&file, state(&[0, 1])).unwrap();
        round(&platform, &caller(&clock)).await.unwrap();
        assert!(!file.exists() && !file.with_extension("refused").exists());
        assert!(locked(&platform).await.unwrap().is_empty());
        assert_eq!(std::fs::read_to_string(folder.join(LOCKED)).unwrap(), "[]");
    }
}
