//! Every way of changing a log is found, and named.

use std::time::Instant;

use lionrock_crypto::sign::SigningKey;
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::hash::Hash;
use lionrock_ledger::source::Directory;
use lionrock_ledger::tile;
use lionrock_ledger::tree::Frontier;
use lionrock_ledger::verify::{Finding, Log};

use crate::stage::{
    ORIGIN, check, check_against, codes, entries, entry, publish, put_entries, sign, verifier, verifier_of,
};

const SIZE: u64 = 700;

#[test]
fn a_good_log_of_any_size_is_good() {
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 700, 66_000] {
        let report = check(&publish(&entries(size)));
        assert!(report.is_good(), "{size}: {:?}", report.findings);
        assert_eq!(report.entries, size);
        assert_eq!(report.kinds.values().sum::<u64>(), size);
    }
}

#[test]
fn an_edited_entry_is_named() {
    for (tile, place) in [(0usize, 3usize), (1, 0), (2, 187)] {
        let index = tile * 256 + place;
        let mut all = entries(SIZE);
        let last = all[index].len() - 1;
        all[index][last] ^= 1;
        let mut files = publish(&entries(SIZE));
        put_entries(&mut files, &all);
        assert_eq!(check(&files).findings, [Finding::EntryChanged(index as u64)]);
    }
}

#[test]
fn an_edited_entry_with_all_tiles_rebuilt_is_found_by_the_root() {
    let mut all = entries(SIZE);
    all[300] = entry(300, 9);
    let mut files = publish(&all);
    files.0.insert("checkpoint".into(), publish(&entries(SIZE)).0["checkpoint"].clone());
    assert_eq!(codes(&check(&files)), ["rewritten"]);
}

#[test]
fn a_removed_entry_is_found() {
    let mut all = entries(SIZE);
    all.remove(100);
    // Bundles rebuilt, tiles left: the rest moved up and the last bundle is one short.
    let mut files = publish(&entries(SIZE));
    files.0.retain(|path, _| !path.starts_with("tile/entries/"));
    put_entries(&mut files, &all);
    let report = check(&files);
    assert!(codes(&report).contains(&"missing"), "{:?}", report.findings);
    assert!(report.findings.contains(&Finding::EntryChanged(100)), "{:?}", report.findings);
    // Everything rebuilt under the old checkpoint.
    let mut files = publish(&all);
    files.0.insert("checkpoint".into(), publish(&entries(SIZE)).0["checkpoint"].clone());
    assert_eq!(codes(&check(&files)), ["missing"]);
}

#[test]
fn reordered_entries_are_named() {
    let mut all = entries(SIZE);
    all.swap(10, 500);
    let mut files = publish(&entries(SIZE));
    put_entries(&mut files, &all);
    let moved = |index, signed| Finding::EntryMoved { index, signed };
    assert_eq!(check(&files).findings, [moved(10, 500), moved(500, 10)]);
}

#[test]
fn a_shortened_file_is_found() {
    let good = publish(&entries(SIZE));
    for path in good.0.keys().filter(|path| path.starts_with("tile/")) {
        let mut files = good.clone();
        files.0.get_mut(path).unwrap().pop();
        assert!(!check(&files).is_good(), "{path} cut");
        let mut files = good.clone();
        files.0.remove(path);
        assert!(!check(&files).is_good(), "{path} removed");
        let mut files = good.clone();
        files.0.get_mut(path).unwrap()[5] ^= 1;
        assert!(!check(&files).is_good(), "{path} changed");
    }
}

#[test]
fn a_changed_tile_over_good_entries_is_named() {
    let mut files = publish(&entries(SIZE));
    files.0.get_mut("tile/0/001").unwrap()[40] ^= 1;
    assert_eq!(check(&files).findings, [Finding::Tile("tile/0/001".into())]);
    let mut files = publish(&entries(66_000));
    files.0.get_mut("tile/1/000").unwrap()[40] ^= 1;
    files.0.get_mut("tile/2/000.p/1").unwrap()[0] ^= 1;
    let named = ["tile/1/000", "tile/2/000.p/1"].map(|path| Finding::Tile(path.into()));
    assert_eq!(check(&files).findings, named);
}

#[test]
fn signature_origin_and_form_of_the_checkpoint_count() {
    let good = publish(&entries(SIZE));
    let text = String::from_utf8(good.0["checkpoint"].clone()).unwrap();
    let with = |checkpoint: Vec<u8>| {
        let mut files = good.clone();
        files.0.insert("checkpoint".into(), checkpoint);
        codes(&check(&files))
    };
    assert_eq!(with(text.replacen("700", "699", 1).into_bytes()), ["bad-checkpoint"]);
    assert_eq!(with(text.replace("test-demo", "production").into_bytes()), ["bad-checkpoint"]);
    assert_eq!(with(b"hello\n".to_vec()), ["bad-checkpoint"]);
    let thief = SigningKey::from_ed25519_seed(&[66; 32]).unwrap();
    let checkpoint = Checkpoint::parse(text.split("\n\n").next().map(|t| format!("{t}\n")).unwrap().as_str()).unwrap();
    let stolen = checkpoint.sign(&verifier_of(&thief, ORIGIN), &thief).unwrap();
    assert_eq!(with(stolen.into_bytes()), ["bad-checkpoint"]);
    // Our own key, another origin: a log of another realm does not pass for this one.
    let log = Log { source: &good, origin: "lionrock.production/localhost:8443".into(), known: vec![verifier()] };
    assert_eq!(codes(&log.verify(None, &mut |_, _| ()).unwrap()), ["wrong-origin"]);
    let mut files = good;
    files.0.remove("checkpoint");
    assert_eq!(check(&files).findings, [Finding::Missing("checkpoint".into())]);
}

#[test]
fn a_kept_checkpoint_catches_cut_and_forked_logs() {
    let kept = publish(&entries(500)).0["checkpoint"].clone();
    for size in [500, 501, 700] {
        let report = check_against(&publish(&entries(size)), Some(&kept));
        assert!(report.is_good());
        assert_eq!(report.continues, Some(500));
    }
    // Signed again and complete in itself, but shorter than what was seen.
    let cut = check_against(&publish(&entries(400)), Some(&kept));
    assert_eq!(cut.findings, [Finding::Older { kept: 500, found: 400 }]);
    // Another history, signed by the very same key.
    let mut other = entries(SIZE);
    other[42] = entry(42, 9);
    let forked = check_against(&publish(&other), Some(&kept));
    assert_eq!(forked.findings, [Finding::Forked(500)]);
    assert!(check(&publish(&other)).is_good(), "only a kept checkpoint can tell");
    let empty = sign(0, Hash::of_nothing());
    assert_eq!(check_against(&publish(&other), Some(&empty)).continues, Some(0));
    assert_eq!(codes(&check_against(&publish(&other), Some(b"junk"))), ["bad-kept-checkpoint"]);
}

#[test]
fn a_short_proof_tells_whether_a_log_continues_a_checkpoint() {
    let at = |size, salt: Option<usize>| {
        let mut all = entries(size);
        if let Some(index) = salt {
            all[index] = entry(index as u64, 9);
        }
        publish(&all)
    };
    let kept = |files: &crate::stage::Files| Checkpoint::open(&files.0["checkpoint"], ORIGIN, &[verifier()]).unwrap();
    let log = |files| Log { source: files, origin: ORIGIN.into(), known: vec![verifier()] };
    let old = kept(&at(500, None));
    assert_eq!(log(at(500, None)).continues(&old).unwrap().unwrap().size, 500);
    assert_eq!(log(at(700, None)).continues(&old).unwrap().unwrap().size, 700);
    assert_eq!(log(at(700, Some(600))).continues(&old).unwrap().unwrap().size, 700);
    assert_eq!(log(at(700, Some(42))).continues(&old).unwrap(), Err(Finding::Forked(500)));
    assert_eq!(log(at(400, None)).continues(&old).unwrap(), Err(Finding::Older { kept: 500, found: 400 }));
    let mut files = at(700, None);
    files.0.remove("tile/0/001");
    assert_eq!(log(files).continues(&old).unwrap(), Err(Finding::Missing("tile/0/001".into())));
}

#[test]
fn an_entry_of_another_form_is_found_though_signed() {
    let mut all = entries(10);
    all[4] = b"hello".to_vec();
    assert_eq!(codes(&check(&publish(&all))), ["entry-form"]);
}

#[test]
fn many_findings_are_counted_not_listed() {
    let mut files = publish(&entries(SIZE));
    let all: Vec<_> = (0..SIZE).map(|index| entry(index, 1)).collect();
    put_entries(&mut files, &all);
    let report = check(&files);
    assert_eq!((report.findings.len(), report.more), (20, 680));
}

#[test]
fn a_full_tile_stands_in_for_a_partial_one() {
    let old = publish(&entries(600));
    let mut files = publish(&entries(800));
    files.0.insert("checkpoint".into(), old.0["checkpoint"].clone());
    // Only the partial tile of level 1 is still needed as it was; the specification keeps no promise about it.
    files.0.insert("tile/1/000.p/2".into(), old.0["tile/1/000.p/2"].clone());
    assert!(!files.0.contains_key("tile/0/002.p/88"));
    assert!(check(&files).is_good());
}

#[test]
fn a_folder_is_a_log() {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in publish(&entries(300)).0 {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let log = Log { source: Directory::new(folder.path()), origin: ORIGIN.into(), known: vec![verifier()] };
    let mut seen = Vec::new();
    assert!(log.verify(None, &mut |done, all| seen.push((done, all))).unwrap().is_good());
    assert_eq!(seen, [(300, 300)]);
    std::fs::remove_file(folder.path().join("tile/0/000")).unwrap();
    std::fs::create_dir(folder.path().join("tile/0/000")).unwrap();
    assert!(log.verify(None, &mut |_, _| ()).is_err(), "an unreadable place is not a bad log");
}

#[test]
fn a_quarter_of_a_million_entries_take_seconds() {
    let (all, start) = (entries(250_000), Instant::now());
    let mut frontier = Frontier::new();
    all.iter().for_each(|entry| frontier.push(Hash::of_entry(entry)));
    println!("frontier: {:?}", start.elapsed());
    let files = publish(&all);
    let start = Instant::now();
    let report = check(&files);
    println!("verify: {:?}", start.elapsed());
    assert!(report.is_good());
    assert_eq!(report.checkpoint.unwrap().root, frontier.root());
    assert!(start.elapsed().as_secs() < 30);
    assert_eq!(files.0.len() as u64, 2 * 250_000u64.div_ceil(tile::WIDTH as u64) + 4 + 1 + 1);
}
