//! The database ends while a backup is made, the disk is really full, one resident's key turned since: each is said, and none
//! leaves half of anything.

use super::scene::{House, name_of, sign_in};
use lionrock_crypto::backup::Custodian;
use lionrock_service::backup::{self, Made, Trouble};
use lionrock_service::rotation::{self, Seat, Step, What};
use lionrock_testkit::both_engines;
use lionrock_testkit::cluster::Cluster;
use lionrock_testkit::engines::{Place, run};
use lionrock_testkit::scan::Volume;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

async fn create(house: &House, folder: &Path, progress: backup::Progress) -> Result<Made, Trouble> {
    house.clock.advance(Duration::from_secs(2));
    let custodian = Custodian::new(*house.custodian.public());
    backup::create(&house.platform, &house.by(), custodian, folder, progress).await
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_database_that_ends_while_a_backup_is_made_leaves_the_earlier_one_as_it_was() {
    let Some(cluster) = Cluster::start() else { return };
    run(async {
        let place = Place::elsewhere(format!("{}&pool=4", cluster.url()));
        let house = House::open(&place).await;
        let mut anna = house.person(3).await;
        crate::ledger::append(&house.platform, &house.clock, 2000).await;
        house.publish().await;
        let folder = house.folder.clone();
        let first = create(&house, &folder, backup::unwatched()).await.unwrap();
        let (before, keys) = (names(&folder), fs::read(&first.keys).unwrap());
        house.person(4).await;
        let cluster = Arc::new(cluster);
        let (ends, once) = (Arc::clone(&cluster), std::sync::Once::new());
        let progress: backup::Progress = Arc::new(move |_, done, _| {
            if done > 1000 {
                once.call_once(|| ends.halt());
            }
        });
        let trouble = create(&house, &folder, progress).await.unwrap_err();
        assert!(matches!(trouble, Trouble::Fault(_)), "{trouble}");
        assert_eq!(names(&folder), before, "nothing half-written stays");
        assert_eq!(fs::read(&first.keys).unwrap(), keys);
        cluster.again();
        let second = create(&house, &folder, backup::unwatched()).await.unwrap();
        assert_eq!(second.counts["resident"], 2);
        house.publish().await;
        let target = Place::sqlite();
        let restored = house.restore(target.open().await, &target.folder().join("data")).await.unwrap();
        let cookie = sign_in(&restored.platform, &house.clock, &mut anna).await.unwrap();
        assert_eq!(name_of(&restored.platform, &house.clock, &cookie).await, anna.name);
        house.platform.store.close().await;
    });
}

#[test]
fn a_disk_that_is_really_full_is_said_and_nothing_half_written_stays() {
    let volume = match Volume::make(32) {
        Ok(volume) => volume,
        Err(why) => {
            return println!("no file system of its own here; a file-size limit stands in for it elsewhere: {why}");
        }
    };
    run(async {
        let place = Place::sqlite();
        let house = House::open(&place).await;
        house.person(3).await;
        crate::ledger::append(&house.platform, &house.clock, 3000).await;
        house.publish().await;
        let folder = volume.path().join("backups");
        let first = create(&house, &folder, backup::unwatched()).await.unwrap();
        let (before, keys) = (names(&folder), fs::read(&first.keys).unwrap());
        // Filled to the last block.
        let ballast = volume.path().join("ballast");
        let mut file = fs::File::create(&ballast).unwrap();
        for size in [1 << 20, 4096, 1] {
            while file.write_all(&vec![7; size]).is_ok() {}
        }
        drop(file);
        for _ in 0..2 {
            let trouble = create(&house, &folder, backup::unwatched()).await.unwrap_err().to_string();
            assert!(trouble.contains("free some space"), "{trouble}");
            assert_eq!(names(&folder), before);
            assert_eq!(fs::read(&first.keys).unwrap(), keys);
        }
        fs::remove_file(&ballast).unwrap();
        create(&house, &folder, backup::unwatched()).await.unwrap();
    });
}

both_engines! {
    fn a_key_of_one_resident_that_turned_since_is_noticed_before_anything_is_restored(at place) {
        let house = House::open(&place).await;
        let (mut anna, ben) = (house.person(3).await, house.person(4).await);
        house.publish().await;
        let first = house.backup().await;
        let seat = Seat::new([1; 16], "one");
        rotation::join(&house.platform, &house.by(), &seat).await.unwrap();
        rotation::ask(&house.platform.store, &house.by(), &[What::Resident(anna.id)]).await.unwrap();
        loop {
            rotation::attend(&house.platform, &house.by(), &seat).await.unwrap();
            match rotation::step(&house.platform, &house.by(), &seat).await.unwrap() {
                Step::Idle => break,
                Step::Waiting => drop(house.clock.advance(Duration::from_secs(1))),
                Step::Moved => {}
            }
        }
        house.publish().await;
        // Old data with the keys of the same moment is whole.
        let target = Place::sqlite();
        house.restore(target.open().await, &target.folder().join("data")).await.unwrap();
        // The next backup replaces the keys: Anna's records in the old data need one that is no more. Ben's do not.
        let second = house.backup().await;
        house.publish().await;
        let target = Place::sqlite();
        let old = first.data.file_stem().unwrap().to_str().unwrap().to_owned();
        let refused = house.restore_with(target.open().await, &target.folder().join("data"), |asked| asked.name = Some(old)).await;
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("own keys of 1 residents"), "{said}");
        let target = Place::sqlite();
        let restored = house.restore(target.open().await, &target.folder().join("data")).await.unwrap();
        assert_eq!(restored.data.file_name(), second.data.file_name());
        let cookie = sign_in(&restored.platform, &house.clock, &mut anna).await.unwrap();
        assert_eq!(name_of(&restored.platform, &house.clock, &cookie).await, anna.name);
        let _ = ben;
    }
}
