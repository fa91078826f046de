//! Entries of the ledger that are edited or deleted by hand contradict what was published.

use crate::scene::{person, scene};
use crate::stage::caller;
use lionrock_service::freshness::Mark;
use lionrock_service::ledger::recheck::Recheck;
use lionrock_service::ledger::{self, Publisher};
use lionrock_testkit::both_engines;

both_engines! {
    fn an_entry_that_hides_the_newest_version_is_found(at place) {
        let scene = scene(&place).await;
        let mei = person(&scene, "CHAN, Tai Man").await;
        let older = scene.copy_of(mei.id).await;
        for _ in 0..300 {
            scene.opened(mei.id).await.unwrap();
            scene.pass(1);
        }
        scene.moves_to(mei.id, "mei.new@example.hk").await;
        let by = caller(&scene.clock);
        ledger::sequence(&scene.platform, &by).await.unwrap();
        let published = Publisher::new(&scene.platform).unwrap().publish(&scene.platform).await.unwrap();
        let pass = || async {
            let mut recheck = Recheck::default();
            let mut good = true;
            for _ in 0..=published / 256 {
                good &= recheck.step(&scene.platform, published).await.unwrap();
            }
            good
        };
        assert!(published > 256 && pass().await, "the honest log is good, full bundle and partial one");
        let newest = Mark::Record(mei.id, 3).event(&scene.platform).unwrap();
        scene.put_back(older).await;
        // The row alone is refused; with the entry renamed it would pass, and the log says so.
        assert!(scene.opened(mei.id).await.is_err());
        scene.by_hand("UPDATE leaf SET event = $2 WHERE event = $1", vec![newest.into(), [1; 16].into()]).await;
        assert!(!pass().await, "renamed");
        scene.by_hand("UPDATE leaf SET event = $2 WHERE event = $1", vec![[1; 16].into(), newest.into()]).await;
        assert!(pass().await, "put right");
        scene.by_hand("UPDATE leaf SET kind = 'session.opened' WHERE event = $1", vec![newest.into()]).await;
        assert!(!pass().await, "another type");
        scene.by_hand("DELETE FROM leaf WHERE event = $1", vec![newest.into()]).await;
        assert!(!pass().await, "deleted");
        assert_eq!(scene.alarms().await.1, 2, "the row, and the log");
    }
}
