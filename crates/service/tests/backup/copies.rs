//! A person who left leaves the copies of keys too: nothing that the platform wrote opens them, from before or after.

use super::scene::{House, again};
use lionrock_crypto::backup::Custodian;
use lionrock_service::backup::file::Reader;
use lionrock_service::backup::rows::{Content, Frame};
use lionrock_service::backup::{self, KEYS};
use lionrock_service::erasure;
use lionrock_store::{key_copy, leaf, resident};
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::Place;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The residents whose keys a key file holds, for its custodian.
fn holders(house: &House, folder: &Path) -> Vec<[u8; 16]> {
    let mut content = Content::new(Reader::open(&folder.join(KEYS), &[again(&house.custodian)]).unwrap());
    let mut found = Vec::new();
    while let Some(frame) = content.frame().unwrap() {
        if let Frame::Key(id, _) = frame {
            found.push(id);
        }
    }
    found
}

/// Every file under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The files in which these bytes stand.
fn with(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| fs::read(path).unwrap().windows(bytes.len()).any(|part| part == bytes);
    files(folder).into_iter().filter(holds).collect()
}

async fn wrapped(house: &House, id: lionrock_model::id::ResidentId) -> Vec<u8> {
    house.platform.store.read(move |tx| resident::find(tx, id)).await.unwrap().unwrap().sealed_key.unwrap()
}

async fn cleared(house: &House) -> usize {
    let entries = house.platform.store.read(|tx| leaf::from_place(tx, 0, 1000)).await.unwrap();
    entries.iter().filter(|entry| entry.kind == "account.cleared").count()
}

both_engines! {
    fn after_an_account_ended_no_file_of_ours_opens_the_person(at place) {
        let house = House::open(&place).await;
        let (mut anna, ben) = (house.person(3).await, house.person(4).await);
        let elsewhere = place.folder().join("elsewhere");
        house.publish().await;
        let made = house.backup().await;
        let custodian = Custodian::new(*house.custodian.public());
        backup::create(&house.platform, &house.by(), custodian, &elsewhere, backup::unwatched()).await.unwrap();
        let key = wrapped(&house, anna.id).await;
        let folders = [house.folder.clone(), elsewhere.clone()];
        for folder in &folders {
            assert!(holders(&house, folder).contains(anna.id.as_bytes()), "while the account is open, her key is there");
        }
        if place.is_sqlite() {
            assert!(!with(place.folder(), &key).is_empty(), "the search finds her wrapped key where it is");
        }
        house.close(&mut anna).await;
        // The erasure is not done, nor said to be done, while a copy may hold her key.
        assert_eq!(erasure::resume(&house.platform, &house.by()).await.unwrap(), 0);
        assert!(holders(&house, &elsewhere).contains(anna.id.as_bytes()));
        house.publish().await;
        assert_eq!(cleared(&house).await, 0);
        assert_eq!(backup::refresh(&house.platform, &house.by()).await.unwrap(), 2);
        assert_eq!(erasure::resume(&house.platform, &house.by()).await.unwrap(), 1);
        house.publish().await;
        assert_eq!(cleared(&house).await, 1);
        for folder in &folders {
            let left = holders(&house, folder);
            assert!(!left.contains(anna.id.as_bytes()) && left.contains(ben.id.as_bytes()), "{left:?}");
            let names: Vec<_> = files(folder).iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
            assert!(names.iter().all(|name| name == KEYS || name == ".lock" || name.ends_with(".data")), "{names:?}");
        }
        // Not in the store either, nor in what it keeps beside itself.
        assert_eq!(with(place.folder(), &key), Vec::<PathBuf>::new());
        assert!(made.keys.exists());
        // What is there is whole: Ben comes back with the old data and the new keys.
        let target = Place::sqlite();
        let restored = house.restore(target.open().await, &target.folder().join("data")).await.unwrap();
        assert_eq!(restored.replayed.erasures, 1);
        assert_eq!(backup::refresh(&house.platform, &house.by()).await.unwrap(), 0, "once");
    }

    fn a_copy_that_is_away_is_waited_for_until_somebody_says_that_it_is_no_more(at place) {
        let house = House::open(&place).await;
        let mut anna = house.person(3).await;
        house.publish().await;
        house.backup().await;
        let away = place.folder().join("away");
        fs::rename(&house.folder, &away).unwrap();
        house.close(&mut anna).await;
        assert_eq!(erasure::resume(&house.platform, &house.by()).await.unwrap(), 0);
        let trouble = backup::refresh(&house.platform, &house.by()).await.unwrap_err().to_string();
        assert!(trouble.contains("backup forget"), "{trouble}");
        assert_eq!(erasure::resume(&house.platform, &house.by()).await.unwrap(), 0, "it waits");
        // Back again: done by itself.
        fs::rename(&away, &house.folder).unwrap();
        assert_eq!(backup::refresh(&house.platform, &house.by()).await.unwrap(), 1);
        assert_eq!(erasure::resume(&house.platform, &house.by()).await.unwrap(), 1);
        assert!(holders(&house, &house.folder).is_empty());
        // Destroyed by hand, and said so.
        let mut ben = house.person(4).await;
        house.backup().await;
        fs::rename(&house.folder, &away).unwrap();
        house.close(&mut ben).await;
        assert_eq!(erasure::resume(&house.platform, &house.by()).await.unwrap(), 0);
        assert!(backup::refresh(&house.platform, &house.by()).await.is_err());
        fs::remove_dir_all(&away).unwrap();
        let nowhere = place.folder().join("nowhere");
        assert!(!backup::forget(&house.platform, &house.by(), &nowhere).await.unwrap(), "another folder is none");
        assert!(backup::forget(&house.platform, &house.by(), &house.folder).await.unwrap());
        assert_eq!(erasure::resume(&house.platform, &house.by()).await.unwrap(), 1);
        assert!(house.platform.store.read(key_copy::all).await.unwrap().is_empty());
    }

    fn an_account_that_ends_while_a_backup_is_written_is_in_no_copy_afterwards(at place) {
        let house = House::open(&place).await;
        let (mut anna, ben) = (house.person(3).await, house.person(4).await);
        house.publish().await;
        // The backup reads while she is still there, and puts its files down after she left.
        let (told, tells) = std::sync::mpsc::channel();
        let (go, goes) = std::sync::mpsc::channel::<()>();
        let goes = std::sync::Mutex::new(goes);
        let (platform, by, folder) = (Arc::clone(&house.platform), house.by(), house.folder.clone());
        let custodian = Custodian::new(*house.custodian.public());
        let progress: backup::Progress = Arc::new(move |_, _, _| {
            if told.send(()).is_ok() {
                let _ = goes.lock().unwrap().recv();
            }
        });
        let under_way = tokio::spawn(async move { backup::create(&platform, &by, custodian, &folder, progress).await.unwrap() });
        tokio::task::spawn_blocking(move || tells.recv().unwrap()).await.unwrap();
        house.close(&mut anna).await;
        assert_eq!(erasure::resume(&house.platform, &house.by()).await.unwrap(), 0, "the copy under way is known");
        drop(go);
        under_way.await.unwrap();
        assert!(holders(&house, &house.folder).contains(anna.id.as_bytes()));
        assert_eq!(backup::refresh(&house.platform, &house.by()).await.unwrap(), 1);
        assert_eq!(erasure::resume(&house.platform, &house.by()).await.unwrap(), 1);
        assert_eq!(holders(&house, &house.folder), [*ben.id.as_bytes()]);
    }
}
