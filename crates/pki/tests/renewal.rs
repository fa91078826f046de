//! A document that is renewed holds years after every certificate it was signed and stamped with has ended; one that does not hold
//! is not renewed.

use crate::judges::{ask, pyhanko};
use crate::notary::{Level, Notary};
use crate::paper::{Paper, revise};
use crate::stage::{DAY, POLICY, organisation, places};
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_pki::Error;
use lionrock_pki::algorithm::Digest;
use lionrock_pki::certificate::{self, Certificate, Order, Places};
use lionrock_pki::crl::Reason;
use lionrock_pki::ocsp::Status;
use lionrock_pki::pades::{self, Material};
use lionrock_pki::profile::Profile;
use lionrock_pki::validation::{self, Sub, Trust};
use std::io::Cursor;

/// Days ago: when it was signed, renewed, and renewed again.
const SIGNED: u64 = 800;
const FIRST: u64 = 710;
const SECOND: u64 = 350;

/// A house that has existed for a thousand days, signing 800 days ago.
fn long_ago() -> Notary {
    let mut notary = Notary::new(Algorithm::Es256);
    let (today, stage) = (notary.now, &mut notary.stage);
    let root = Order {
        profile: Profile::Root,
        subject: organisation("Lionrock TEST Root"),
        key: stage.root_key.public().unwrap(),
        serial: [0x7e; 16],
        from: today - 1000 * DAY,
        until: today + 15 * 365 * DAY,
        policies: vec![],
        hosts: vec![],
        places: Places::default(),
    };
    stage.root = certificate::issue(&root, None, &stage.root_key).unwrap();
    let issuing = Order {
        profile: Profile::Issuing,
        subject: organisation("Lionrock TEST Issuing 1"),
        key: stage.issuing_key.public().unwrap(),
        serial: [7; 16],
        until: today + 2 * 365 * DAY,
        policies: vec![POLICY],
        places: places(),
        ..root
    };
    stage.issuing = certificate::issue(&issuing, Some(&stage.root), &stage.root_key).unwrap();
    (notary.leaf, notary.key) = leaf(&notary, Profile::ResidentSigning, 1, SIGNED, SIGNED as i64 - 20);
    move_to(&mut notary, SIGNED, SIGNED as i64 - 100);
    notary
}

/// A certificate that is good from so many days ago until so many days ago; less than none is to come.
fn leaf(notary: &Notary, profile: Profile, number: u8, from: u64, until: i64) -> (Certificate, SigningKey) {
    let today = notary.stage.now;
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let order = Order {
        serial: [number; 16],
        from: today - from * DAY - 600,
        until: today.checked_add_signed(-until * DAY as i64).unwrap(),
        ..notary.stage.order(profile, key.public().unwrap())
    };
    (certificate::issue(&order, Some(&notary.stage.issuing), &notary.stage.issuing_key).unwrap(), key)
}

/// The clock stands so many days ago; the authorities have certificates of that time, the one for time until so many days ago.
fn move_to(notary: &mut Notary, ago: u64, until: i64) {
    notary.now = notary.stage.now - ago * DAY;
    let number = u8::try_from(ago % 100).unwrap() + 20;
    (notary.stamping, notary.stamping_key) = leaf(notary, Profile::TimeStamping, number, ago, until);
    (notary.responder, notary.responder_key) = leaf(notary, Profile::Ocsp, number + 1, ago, ago as i64 - 20);
}

fn trust(notary: &Notary, now: u64) -> Trust {
    Trust { anchors: vec![notary.stage.root.clone()], policies: vec![POLICY], now }
}

/// What the authority says now about a chain.
fn status(notary: &Notary, chain: &[Certificate], status: Status) -> Material {
    Material {
        certificates: vec![notary.responder.clone()],
        answers: vec![notary.answer(&chain[0], status)],
        lists: vec![notary.root_list()],
        signatures: vec![],
    }
}

/// A round as of the notary's clock, when the authority says this about the newest stamp.
fn round(notary: &Notary, file: &[u8], said: Status) -> Result<Vec<u8>, Error> {
    let trust = trust(notary, notary.now + 60);
    let mut source = Cursor::new(file);
    let standing = pades::standing(&mut source, &trust)?;
    let mut material = Material::default();
    for one in &standing.stamps {
        material.join(&status(notary, &one.chain, said));
    }
    let round = pades::renew(&mut source, &standing, &material, Digest::Sha256, &trust)?;
    let stamp = round.stamped(&notary.stamp_digest(round.digest()), &trust)?;
    let tail = round.finish(&mut source, &stamp, &status(notary, &stamp.chain, Status::Good), &trust)?;
    Ok([file, &tail].concat())
}

fn verdict(notary: &Notary, file: &[u8], now: u64) -> (Option<Sub>, validation::Level) {
    let report = pades::validate(&mut Cursor::new(file), &trust(notary, now)).unwrap();
    (report.verdict().sub, report.signatures[0].level)
}

#[test]
fn a_document_renewed_twice_outlives_all_its_certificates() {
    for paper in [Paper::contract(2).table(), Paper::contract(2).packed(), Paper::form().table()] {
        let mut notary = long_ago();
        let root = notary.stage.pem("root.pem", &[&notary.stage.root]);
        let today = notary.stage.now;
        let archived = notary.sign(&paper, Level::LTA);
        assert_eq!(verdict(&notary, &archived, notary.now + 60), (None, validation::Level::LTA));
        assert!(verdict(&notary, &archived, today).0.is_some(), "nobody renewed it: nothing shows it any more");
        move_to(&mut notary, FIRST, 300);
        let once = round(&notary, &archived, Status::Good).unwrap();
        assert!(verdict(&notary, &once, today).0.is_some());
        move_to(&mut notary, SECOND, -100);
        let twice = round(&notary, &once, Status::Good).unwrap();
        assert!(twice.starts_with(&once) && once.starts_with(&archived) && archived.starts_with(&paper));
        // The certificates of the signer and of the first two stampers have ended.
        let report = pades::validate(&mut Cursor::new(&twice), &trust(&notary, today - 60)).unwrap();
        assert_eq!((report.verdict().sub, report.signatures[0].level), (None, validation::Level::LTA));
        assert_eq!(report.signatures.len(), 4);
        assert!(report.signatures.iter().all(|one| one.verdict.passed() && one.since.forbidden.is_none()));
        // pyHanko, today: whole and only kept alive since. It asks for more than EN 319 102-1 does about the past of ended responders.
        let name = notary.stage.keep("twice.pdf", &twice);
        let (sound, says) = ask("qpdf", &["--check", &name]);
        assert!(sound, "{says}");
        let says = pyhanko(&name, &root);
        assert!(says.contains(" sound LTA_UPDATES True"), "{says}");
        for part in [&paper, &archived, &once] {
            let mut bad = twice.clone();
            bad[part.len() - part.len() / 16 - 40] ^= 1;
            assert!(!verdict_of(&notary, &bad, today - 60), "spoilt within {} bytes", part.len());
        }
    }
}

#[test]
fn strangers_accept_a_document_that_was_renewed_twice() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384] {
        let mut notary = Notary::new(algorithm);
        let root = notary.stage.pem("root.pem", &[&notary.stage.root]);
        notary.now -= 300;
        let mut file = notary.sign(&Paper::contract(2).packed(), Level::LTA);
        for later in [100, 100] {
            notary.now += later;
            file = round(&notary, &file, Status::Good).unwrap();
        }
        let name = notary.stage.keep("renewed.pdf", &file);
        let says = pyhanko(&name, &root);
        assert!(says.starts_with("passed OK sound LTA_UPDATES True"), "{says}");
        let at = file.windows(11).position(|window| window == b"ten dollars").unwrap();
        file[at] ^= 1;
        let says = pyhanko(&notary.stage.keep("spoilt.pdf", &file), &root);
        assert!(!says.starts_with("passed"), "{says}");
    }
}

/// Whether a document holds, at a time.
fn verdict_of(notary: &Notary, file: &[u8], now: u64) -> bool {
    pades::validate(&mut Cursor::new(file), &trust(notary, now)).is_ok_and(|report| report.verdict().passed())
}

#[test]
fn what_does_not_hold_is_not_renewed() {
    let mut notary = long_ago();
    let paper = Paper::contract(1).table();
    let archived = notary.sign(&paper, Level::LTA);
    // The first time-stamp over the whole is a renewal too; nothing less than B-LT is archived.
    let lasting = notary.sign(&paper, Level::LT);
    let raised = round(&notary, &lasting, Status::Good).unwrap();
    assert_eq!(verdict(&notary, &raised, notary.now + 60), (None, validation::Level::LTA));
    for level in [Level::B, Level::T] {
        assert!(
            matches!(round(&notary, &notary.sign(&paper, level), Status::Good), Err(Error::Refused(_))),
            "{level:?}"
        );
    }
    assert!(round(&notary, &paper, Status::Good).is_err(), "nobody signed");
    // Spoilt: the page, the store, the newest stamp's own bytes.
    let stamp = archived.windows(12).rposition(|window| window == b"/Contents <3").unwrap();
    for at in
        [archived.windows(11).position(|window| window == b"ten dollars").unwrap(), lasting.len() - 600, stamp + 900]
    {
        let mut bad = archived.clone();
        bad[at] ^= 1;
        assert!(round(&notary, &bad, Status::Good).is_err(), "byte {at}");
    }
    // Changed after the newest stamp.
    let changed = revise(&archived, &[(5, "<</Length 0>>\nstream\n\nendstream")], "");
    assert!(matches!(round(&notary, &changed, Status::Good), Err(Error::Refused(_))));
    // The stamper's certificate was revoked, as the authority says at the renewal; the document alone does not know.
    let revoked = Status::Revoked(notary.now - 60, Reason::KeyCompromise);
    assert!(matches!(round(&notary, &archived, revoked), Err(Error::Refused(_))));
    assert!(round(&notary, &archived, Status::Good).is_ok());
    // Too late: the stamper's certificate has ended, and a new stamp cannot show what was before.
    move_to(&mut notary, SIGNED - 101, 300);
    assert!(matches!(round(&notary, &archived, Status::Good), Err(Error::Refused(_))));
}

#[test]
fn a_stamp_over_something_else_or_of_a_stranger_ends_no_round() {
    let notary = long_ago();
    let archived = notary.sign(&Paper::contract(1).table(), Level::LTA);
    let trust = trust(&notary, notary.now + 60);
    let mut source = Cursor::new(&archived);
    let standing = pades::standing(&mut source, &trust).unwrap();
    assert!(standing.archived() && standing.ends() == notary.stamping.validity().1);
    let material = status(&notary, &standing.stamps[0].chain, Status::Good);
    let round = pades::renew(&mut source, &standing, &material, Digest::Sha256, &trust).unwrap();
    assert!(round.stamped(&notary.stamp(b"something else"), &trust).is_err());
    assert!(round.stamped(&long_ago().stamp_digest(round.digest()), &trust).is_err(), "another house");
    let stamp = round.stamped(&notary.stamp_digest(round.digest()), &trust).unwrap();
    // The authority says that the maker of the new stamp is revoked.
    let honest = status(&notary, &stamp.chain, Status::Good);
    let revoked = status(&notary, &stamp.chain, Status::Revoked(notary.now - 60, Reason::KeyCompromise));
    assert!(round.clone().finish(&mut source, &stamp, &revoked, &trust).is_err());
    assert!(round.finish(&mut source, &stamp, &honest, &trust).is_ok());
}
