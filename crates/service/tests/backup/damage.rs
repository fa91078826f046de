//! What is wrong with a backup, its keys, its ledger or the place it should go to is said before the first row is written.

use super::scene::{Asked, House, again};
use lionrock_crypto::backup::Custodian;
use lionrock_crypto::hpke::KeyPair;
use lionrock_crypto::random::System;
use lionrock_crypto::ring::Root;
use lionrock_crypto::secret::Secret;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_service::backup::file::{Reader, Writer};
use lionrock_service::backup::rows::{Content, Frame, Frames};
use lionrock_service::backup::{KEYS, Trouble, journal};
use lionrock_store::{Store, backup, restore};
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::{Place, on_sqlite};
use std::fs;
use std::path::{Path, PathBuf};

/// A copy of a folder.
fn copy(from: &Path, to: &Path) {
    if !from.exists() {
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn whole(path: &Path, house: &House) -> Result<u64, Trouble> {
    let mut content = Content::new(Reader::open(path, &[again(&house.custodian)])?);
    let mut frames = 0;
    while content.frame()?.is_some() {
        frames += 1;
    }
    Ok(frames)
}

#[test]
fn every_changed_cut_moved_or_added_byte_is_noticed() {
    on_sqlite(|place| async move {
        let house = House::open(&place).await;
        house.person(3).await;
        crate::ledger::append(&house.platform, &house.clock, 1500).await;
        house.publish().await;
        let made = house.backup().await;
        let spoilt = place.folder().join("spoilt");
        for path in [&made.data, &made.keys] {
            let good = fs::read(path).unwrap();
            assert!(whole(path, &house).unwrap() > 5);
            let refused = |bytes: &[u8], what: &str| {
                fs::write(&spoilt, bytes).unwrap();
                assert!(whole(&spoilt, &house).is_err(), "{what}");
            };
            let step = (good.len() / 400).max(1);
            for at in (0..200.min(good.len())).chain((200..good.len()).step_by(step)).chain([good.len() - 1]) {
                let mut bytes = good.clone();
                bytes[at] ^= 0x20;
                refused(&bytes, &format!("byte {at} changed"));
            }
            for length in (0..good.len()).step_by(step).chain([good.len() - 1]) {
                refused(&good[..length], &format!("cut to {length}"));
            }
            refused(&[&good[..], b"x"].concat(), "a byte added");
            refused(&[&good[..], &[0; 65_552][..]].concat(), "a chunk added");
            refused(&[&good[..], &good[..]].concat(), "twice");
        }
        // Chunks of the data file in another order, one left out, one twice.
        let good = fs::read(&made.data).unwrap();
        let header = u32::from_be_bytes(good[19..23].try_into().unwrap()) as usize;
        let (head, chunks) = good.split_at(23 + header + 80);
        let chunks: Vec<&[u8]> = chunks.chunks(65_536 + 16).collect();
        assert!(chunks.len() >= 3, "{} chunks", chunks.len());
        for order in [vec![1, 0, 2], vec![0, 2], vec![0, 0, 1, 2], vec![0, 1]] {
            let body: Vec<u8> = order.iter().flat_map(|at| chunks[*at].to_vec()).collect();
            fs::write(&spoilt, [head, &body].concat()).unwrap();
            assert!(whole(&spoilt, &house).is_err(), "{order:?}");
        }
    });
}

/// Restores with something wrong; nothing may be written.
async fn refused(house: &House, change: impl FnOnce(&mut Asked)) -> String {
    let target = Place::sqlite();
    let store = target.open().await;
    let trouble = house.restore_with(store.clone(), target.folder(), change).await.unwrap_err();
    untouched(&store).await;
    trouble.to_string()
}

async fn untouched(store: &Store) {
    assert!(store.read(backup::is_empty).await.unwrap(), "rows were written");
    assert_eq!(store.read(restore::read).await.unwrap(), None, "a mark was written");
}

fn says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{said:?} should say {word:?}");
    }
}

both_engines! {
    fn what_is_wrong_is_said_and_nothing_is_written(at place) {
        let house = House::open(&place).await;
        let mut anna = house.person(3).await;
        house.publish().await;
        let early = place.folder().join("early");
        copy(&house.ledger(), &early.join("ledger"));
        copy(&place.folder().join("journal"), &early.join("journal"));
        house.person(4).await;
        house.publish().await;
        let made = house.backup().await;
        house.close(&mut anna).await;
        house.publish().await;
        let work = |name: &str| -> PathBuf {
            let folder = place.folder().join("work").join(name);
            copy(&house.folder, &folder);
            folder
        };
        let name = made.data.file_name().unwrap().to_str().unwrap().to_owned();

        let said = refused(&house, |order| order.custodians = vec![KeyPair::generate().unwrap()]).await;
        says(&said, &["custodian", "another's"]);
        let said = refused(&house, |order| order.realm = "test-other".to_owned()).await;
        says(&said, &["test-demo", "test-other"]);
        let said = refused(&house, |order| order.root = Root::new(Secret::new([9; 32]))).await;
        says(&said, &["root key"]);
        let said = refused(&house, |order| order.from = place.folder().join("nowhere")).await;
        says(&said, &["nowhere"]);

        let folder = work("version");
        let bytes = fs::read(folder.join(&name)).unwrap();
        fs::write(folder.join(&name), [b"lionrock backup v0\n", &bytes[19..]].concat()).unwrap();
        says(&refused(&house, |order| order.from = folder).await, &["format v0", "v1"]);
        let folder = work("schema");
        let header = String::from_utf8(bytes[23..23 + u32::from_be_bytes(bytes[19..23].try_into().unwrap()) as usize].to_vec()).unwrap();
        let newer = header.replace(&format!("\"schema\":{}", backup::schema()), &format!("\"schema\":{}", backup::schema() + 1));
        assert_ne!(newer, header);
        let length = u32::try_from(newer.len()).unwrap().to_be_bytes();
        fs::write(folder.join(&name), [b"lionrock backup v1\n", &length[..], newer.as_bytes(), &bytes[23 + header.len()..]].concat()).unwrap();
        says(&refused(&house, |order| order.from = folder).await, &["schema version"]);
        let folder = work("damaged");
        let mut spoilt = bytes.clone();
        let last = spoilt.len() - 40;
        spoilt[last] ^= 1;
        fs::write(folder.join(&name), spoilt).unwrap();
        says(&refused(&house, |order| order.from = folder).await, &["damaged", "another copy"]);
        let folder = work("strange");
        fs::write(folder.join(&name), b"PK\x03\x04 something else altogether").unwrap();
        says(&refused(&house, |order| order.from = folder).await, &["not a backup"]);
        let folder = work("no-keys");
        fs::remove_file(folder.join(KEYS)).unwrap();
        says(&refused(&house, |order| order.from = folder).await, &[KEYS]);
        let folder = work("swapped");
        fs::copy(house.folder.join(KEYS), folder.join(&name)).unwrap();
        says(&refused(&house, |order| order.from = folder).await, &["not a backup"]);

        // Sealed to the right custodian, of the right realm, and made by somebody who has no key of the platform.
        let folder = work("forged");
        let stranger = forge(&house, &folder.join(&name)).await;
        assert!(stranger > 5);
        says(&refused(&house, |order| order.from = folder).await, &["not made by this platform"]);

        // The ledger: older than the backup, another one, or with its entries changed.
        let said = refused(&house, |order| order.ledger = early.join("ledger")).await;
        says(&said, &["rolled back", "the backup was made at"]);
        let other = Place::sqlite();
        let foreign = House::open(&other).await;
        foreign.person(3).await;
        foreign.publish().await;
        says(&refused(&house, |order| order.ledger = foreign.ledger()).await, &["does not continue"]);
        let broken = place.folder().join("broken");
        copy(&house.ledger(), &broken.join("ledger"));
        copy(&place.folder().join("journal"), &broken.join("journal"));
        let entries = fs::read_dir(broken.join("ledger/tile/entries/000.p")).unwrap().map(|e| e.unwrap().path()).max_by_key(|path| {
            path.file_name().unwrap().to_str().unwrap().parse::<u64>().unwrap_or(0)
        }).unwrap();
        let mut bytes = fs::read(&entries).unwrap();
        bytes[10] ^= 1;
        fs::write(&entries, bytes).unwrap();
        says(&refused(&house, |order| order.ledger = broken.join("ledger")).await, &["does not continue"]);

        // The journal: a body is missing, or is not what the ledger commits to.
        let gaps = place.folder().join("gaps");
        copy(&house.ledger(), &gaps.join("ledger"));
        copy(&place.folder().join("journal"), &gaps.join("journal"));
        let body = fs::read_dir(gaps.join("journal/000000")).unwrap().map(|e| e.unwrap().path()).next().unwrap();
        let bytes = fs::read(&body).unwrap();
        fs::remove_file(&body).unwrap();
        let said = refused(&house, |order| order.ledger = gaps.join("ledger")).await;
        says(&said, &["lacks 1 revocation"]);
        // A closing takes passkeys away as well; which of the entries comes first is chance.
        assert!(said.contains("account.closed") || said.contains("authenticator.removed"), "{said}");
        let mut spoilt = bytes.clone();
        *spoilt.last_mut().unwrap() ^= 1;
        fs::write(&body, spoilt).unwrap();
        says(&refused(&house, |order| order.ledger = gaps.join("ledger")).await, &["is not what the ledger commits to"]);
        fs::write(&body, bytes).unwrap();

        // A store with something in it; then everything is right.
        let target = Place::sqlite();
        let full = crate::stage::platform(&target).await;
        let trouble = house.restore(full.store.clone(), target.folder()).await.unwrap_err();
        says(&trouble.to_string(), &["not empty"]);
        let fresh = Place::sqlite();
        house.restore_with(fresh.open().await, fresh.folder(), |order| order.ledger = gaps.join("ledger")).await.unwrap();
    }

    fn keys_older_than_the_data_are_refused(at place) {
        let house = House::open(&place).await;
        house.person(3).await;
        house.publish().await;
        house.backup().await;
        let old = place.folder().join("old");
        copy(&house.folder, &old);
        house.person(4).await;
        house.publish().await;
        let made = house.backup().await;
        house.publish().await;
        fs::copy(&made.data, old.join(made.data.file_name().unwrap())).unwrap();
        let newer = made.data.file_stem().unwrap().to_str().unwrap().to_owned();
        let said = refused(&house, |order| {
            order.from = old.clone();
            order.name = Some(newer);
        });
        says(&said.await, &["older than the data"]);
        // The old data with the old keys, and the old data with the new keys, are both good.
        let names: Vec<String> = fs::read_dir(&house.folder).unwrap().filter_map(|entry| {
            entry.unwrap().file_name().to_str().unwrap().strip_suffix(".data").map(str::to_owned)
        }).collect();
        let first = names.iter().min().unwrap().clone();
        for from in [&old, &house.folder] {
            let target = Place::sqlite();
            let (from, name) = (from.clone(), first.clone());
            let restored = house.restore_with(target.open().await, target.folder(), |order| {
                order.from = from;
                order.name = Some(name);
            }).await.unwrap();
            assert_eq!(restored.counts["resident"], 1);
        }
    }

    fn a_lost_journal_is_written_again(at place) {
        let house = House::open(&place).await;
        let mut anna = house.person(3).await;
        house.backup().await;
        house.close(&mut anna).await;
        house.publish().await;
        let folder = place.folder().join(journal::FOLDER);
        let before = files(&folder);
        assert!(before.iter().any(|path| path != "upto"), "{before:?}");
        fs::remove_dir_all(&folder).unwrap();
        crate::ledger::append(&house.platform, &house.clock, 1).await;
        house.publish().await;
        assert_eq!(files(&folder), before);
        // A disk that takes nothing holds the checkpoint back.
        fs::remove_dir_all(&folder).unwrap();
        fs::write(&folder, b"in the way").unwrap();
        let published = fs::read(house.ledger().join("checkpoint")).unwrap();
        crate::ledger::append(&house.platform, &house.clock, 1).await;
        assert!(crate::ledger::round(&house.platform, &house.clock).await.is_err());
        assert_eq!(fs::read(house.ledger().join("checkpoint")).unwrap(), published);
        fs::remove_file(&folder).unwrap();
        house.publish().await;
        assert_eq!(files(&folder), before);
    }
}

/// Writes the content of a data file anew, as anybody can who knows the custodian's public key; how many rows.
async fn forge(house: &House, path: &Path) -> u64 {
    let mut content = Content::new(Reader::open(path, &[again(&house.custodian)]).unwrap());
    let custodian = Custodian::new(*house.custodian.public());
    let forged = path.with_extension("forged");
    let header = content.reader.header.clone();
    let mut frames = Frames::new(Writer::create(&forged, &header, &custodian, &System).unwrap());
    while let Some(frame) = content.frame().unwrap() {
        match frame {
            Frame::Table(name, columns) => frames.table(&name, &columns).unwrap(),
            Frame::Row(row) => frames.row(&row).unwrap(),
            Frame::Key(id, key) => frames.key(&id, &key).unwrap(),
            Frame::Print(id, print) => frames.print(&id, &print).unwrap(),
        }
    }
    let own = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let (_, counts) = frames.finish(|digest| Ok(own.sign(digest)?)).unwrap();
    fs::rename(forged, path).unwrap();
    counts.values().sum()
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_str().unwrap().to_owned();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|inner| format!("{name}/{inner}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}
