//! What we say about signed documents, honest ones and attacked ones, beside what pyHanko says.

use crate::judges::pyhanko;
use crate::notary::{Level, Notary};
use crate::paper::{Paper, newest, revise};
use crate::stage::DAY;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_pki::Error;
use lionrock_pki::certificate::{self, Order};
use lionrock_pki::crl::Reason;
use lionrock_pki::ocsp::Status;
use lionrock_pki::pades::{self, Change, Report, Wish};
use lionrock_pki::pdf::Refusal;
use lionrock_pki::profile::Profile;
use lionrock_pki::validation::{self, Indication, Sub, Trust};
use std::io::Cursor;

fn trust(notary: &Notary) -> Trust {
    Trust { anchors: vec![notary.stage.root.clone()], policies: vec![crate::stage::POLICY], now: notary.now + 60 }
}

fn validate(notary: &Notary, file: &[u8]) -> Result<Report, Error> {
    pades::validate(&mut Cursor::new(file), &trust(notary))
}

/// One word for a judgement: `passed`, `indeterminate …`, `failed …`, `refused …`.
fn word(outcome: &Result<Report, Error>) -> String {
    match outcome {
        Err(why) => format!("refused {why}"),
        Ok(report) => {
            let verdict = report.verdict();
            format!("{} {} ({})", verdict.indication.word(), verdict.sub.map_or("", Sub::word), verdict.why)
        }
    }
}

#[test]
fn every_level_says_what_it_is() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384] {
        let notary = Notary::new(algorithm);
        for level in Level::ALL {
            for file in [Paper::contract(2).table(), Paper::contract(2).packed(), Paper::form().table()] {
                let report = validate(&notary, &notary.sign(&file, level)).unwrap();
                let own = &report.signatures[0];
                assert_eq!(own.signer.as_ref().unwrap().name, "CHAN Tai Man 陳大文");
                assert_eq!(own.claimed, Some(notary.now));
                assert_eq!(own.reason.as_deref(), Some("I agree"));
                let (sub, proved, own_level) = match level {
                    Level::B => (Some(Sub::TryLater), None, validation::Level::B),
                    Level::T => (Some(Sub::TryLater), Some(notary.now), validation::Level::T),
                    Level::LT => (None, Some(notary.now), validation::Level::LT),
                    Level::LTA => (None, Some(notary.now), validation::Level::LTA),
                };
                assert_eq!((own.verdict.sub, own.proved, own.level), (sub, proved, own_level), "{level:?}: {own:?}");
                assert_eq!(own.since.forbidden, None);
                let kept = level >= Level::LT;
                assert_eq!(own.since.all.contains(&Change::Kept), kept, "{level:?}");
                assert_eq!(report.signatures.len(), if level == Level::LTA { 2 } else { 1 });
            }
        }
    }
}

#[test]
fn whom_to_trust_and_when_decides() {
    let mut notary = Notary::new(Algorithm::Es256);
    let signed = notary.sign(&Paper::contract(1).table(), Level::LT);
    let ask = |file: &[u8], trust: &Trust| pades::validate(&mut Cursor::new(file), trust).unwrap().verdict();
    let own = trust(&notary);
    assert!(ask(&signed, &own).passed());
    let stranger = Notary::new(Algorithm::Es256);
    let other = Trust { anchors: vec![stranger.stage.root.clone()], ..own.clone() };
    assert_eq!(ask(&signed, &other).indication, Indication::Indeterminate, "a stranger's root");
    assert_eq!(ask(&signed, &Trust { anchors: vec![], ..own.clone() }).indication, Indication::Indeterminate);
    let policy = Trust { policies: vec!["1.2.3.4".parse().unwrap()], ..own.clone() };
    assert_eq!(ask(&signed, &policy).sub, Some(Sub::ChainConstraintsFailure));
    // Long after the signer's certificate ended, its time-stamp still shows that it had not; the authority for time must stand.
    let late = Trust { now: notary.now + 15 * DAY, ..own.clone() };
    assert!(ask(&signed, &late).passed(), "{:?}", ask(&signed, &late));
    let too_late = Trust { now: notary.now + 21 * DAY, ..own.clone() };
    assert_eq!(ask(&signed, &too_late).indication, Indication::Indeterminate, "nobody vouches for the time any more");
    let past = Trust { now: notary.now - DAY, ..own.clone() };
    assert!(!ask(&signed, &past).passed(), "a time-stamp from the future");
    // Revoked before, and revoked after.
    notary.status = Status::Revoked(notary.now - 3600, Reason::KeyCompromise);
    let revoked = notary.sign(&Paper::contract(1).table(), Level::LT);
    assert_eq!(ask(&revoked, &own).sub, Some(Sub::Revoked));
    notary.status = Status::Revoked(notary.now + 30, Reason::KeyCompromise);
    let later = notary.sign(&Paper::contract(1).table(), Level::LT);
    assert!(ask(&later, &own).passed(), "{:?}", ask(&later, &own));
    notary.status = Status::Unknown;
    let unknown = notary.sign(&Paper::contract(1).table(), Level::LT);
    assert_eq!(ask(&unknown, &own).sub, Some(Sub::TryLater));
}

#[test]
fn archives_are_renewed() {
    let mut notary = Notary::new(Algorithm::Es256);
    let signed = notary.sign(&Paper::contract(1).packed(), Level::LTA);
    // Ten days on: fresh status of the first stamp's authority is kept, and a new stamp is put over everything.
    let begun = notary.now;
    notary.now += 10 * DAY;
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let order = notary.stage.order(Profile::TimeStamping, key.public().unwrap());
    let order = Order { serial: [12; 16], until: begun + 300 * DAY, ..order };
    notary.stamping = certificate::issue(&order, Some(&notary.stage.issuing), &notary.stage.issuing_key).unwrap();
    notary.stamping_key = key;
    let token = validate(&notary, &signed).unwrap();
    assert_eq!(token.signatures.len(), 2);
    let material = pades::Material { signatures: vec![], ..notary.material() };
    let kept = [&signed[..], &pades::add_dss(&mut Cursor::new(&signed), &material, notary.now).unwrap()].concat();
    let renewed = notary.archive(&kept);
    let report = validate(&notary, &renewed).unwrap();
    assert!(report.verdict().passed(), "{report:?}");
    assert_eq!(report.signatures.len(), 3);
    // Adding the same again adds nothing.
    assert!(pades::add_dss(&mut Cursor::new(&renewed), &material, notary.now).unwrap().is_empty());
    // When the first authority's certificate is over, the second one still vouches for what it stamped; without it nobody does.
    let late = Trust { now: begun + 25 * DAY, ..trust(&notary) };
    let ask = |file: &[u8]| pades::validate(&mut Cursor::new(file), &late).unwrap();
    assert!(ask(&renewed).verdict().passed(), "{}", word(&Ok(ask(&renewed))));
    assert!(!ask(&signed).verdict().passed(), "it was not renewed");
    // A stamp over everything counts only when it is shown how its authority stood.
    let bare = notary.archive(&signed);
    let own = validate(&notary, &bare).unwrap().signatures.pop().unwrap();
    assert_eq!(own.verdict.sub, Some(Sub::TryLater));
}

#[test]
fn several_sign_and_forms_live_on() {
    let first = Notary::new(Algorithm::Es256);
    let form = Paper::form().table();
    let wish = Wish { field: Some("tenant".into()), ..first.wish() };
    let one = first.sign_as(&form, Level::LT, &wish);
    let two = first.sign(&one, Level::LT);
    let report = validate(&first, &two).unwrap();
    assert!(report.verdict().passed(), "{}", word(&Ok(report.clone())));
    assert_eq!(report.signatures.iter().map(|one| one.field.as_str()).collect::<Vec<_>>(), ["tenant", "Signature1"]);
    assert!(report.signatures[0].since.all.contains(&Change::Signed));
    // The field is signed now: it cannot be signed again.
    let again = pades::prepare(&mut Cursor::new(&one), &wish).unwrap_err();
    assert_eq!(again, Error::Pdf(Refusal::NoSuchField));
    // Filling in the form is allowed and told.
    let filled = revise(
        &one,
        &[(
            20,
            "<</Type/Annot/Subtype/Widget/FT/Tx/T(amount)/V(twenty)/Rect[72 600 272 620]/F 4/P 4 0 R/DA(/F1 12 Tf 0 g)>>",
        )],
        "",
    );
    let report = validate(&first, &filled).unwrap();
    assert!(report.verdict().passed(), "{}", word(&Ok(report.clone())));
    assert_eq!(report.signatures[0].since.fields, ["amount"]);
    let judge = |file: &[u8]| {
        let root = first.stage.pem("root.pem", &[&first.stage.root]);
        pyhanko(&first.stage.keep("several.pdf", file), &root)
    };
    assert!(judge(&two).lines().all(|line| line.starts_with("passed")), "{}", judge(&two));
    assert!(judge(&filled).starts_with("passed"), "{}", judge(&filled));
}

/// Attacks on a signed document. Each begins with one that is accepted.
fn attacks(notary: &Notary) -> Vec<(&'static str, Vec<u8>)> {
    let paper = Paper::contract(2);
    let signed = notary.sign(&paper.table(), Level::LT);
    let text = "BT /F1 18 Tf 72 760 Td (Page 1: I agree to pay ten MILLIONS.) Tj ET";
    let content = format!("<</Length {}>>\nstream\n{text}\nendstream", text.len());
    let content = content.as_str();
    let with_annotation = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R/Resources<</Font<</F1 3 0 R>>>>/Annots[9 0 R 71 0 R]>>";
    let note = "<</Type/Annot/Subtype/FreeText/Rect[72 740 400 790]/F 4/P 4 0 R/Contents(ten millions)/DA(/F1 18 Tf)>>";
    let mut all = vec![
        ("content replaced", revise(&signed, &[(5, content)], "")),
        ("font replaced", revise(&signed, &[(3, "<</Type/Font/Subtype/Type1/BaseFont/Symbol>>")], "")),
        (
            "page put in",
            revise(
                &signed,
                &[
                    (2, "<</Type/Pages/Kids[4 0 R 6 0 R 80 0 R]/Count 3>>"),
                    (80, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R>>"),
                ],
                "",
            ),
        ),
        ("page taken out", revise(&signed, &[(2, "<</Type/Pages/Kids[4 0 R]/Count 1>>")], "")),
        (
            "page turned",
            revise(
                &signed,
                &[(
                    4,
                    "<</Type/Page/Parent 2 0 R/Rotate 180/MediaBox[0 0 595 842]/Contents 5 0 R/Resources<</Font<</F1 3 0 R>>>>/Annots[9 0 R]>>",
                )],
                "",
            ),
        ),
        ("note put over it", revise(&signed, &[(4, with_annotation), (71, note)], "")),
        ("object without purpose", revise(&signed, &[(90, "(nothing names me)")], "")),
        ("bytes without a table", [&signed[..], b"5 0 obj\n<<>>\nendobj\n%%EOF\n"].concat()),
        (
            "form field added",
            revise(
                &signed,
                &[
                    (
                        4,
                        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R/Resources<</Font<</F1 3 0 R>>>>/Annots[9 0 R 72 0 R]>>",
                    ),
                    (72, "<</Type/Annot/Subtype/Widget/FT/Tx/T(x)/V(ten millions)/Rect[72 740 400 790]/F 4/P 4 0 R>>"),
                ],
                "",
            ),
        ),
    ];
    // Another catalog: the signed one is wrapped.
    let mut wrapped = signed.clone();
    let objects =
        vec![(95, b"<</Type/Catalog/Pages 96 0 R>>".to_vec()), (96, b"<</Type/Pages/Kids[]/Count 0>>".to_vec())];
    let before = newest(&signed);
    crate::paper::append(&mut wrapped, &objects, &format!("/Size 200/Root 95 0 R/Prev {before}"), false);
    all.push(("another catalog", wrapped));
    // The table of the signed part is replaced: no Prev.
    let mut cut = signed.clone();
    crate::paper::append(&mut cut, &paper.objects, "/Size 200/Root 1 0 R", true);
    all.push(("tables replaced", cut));
    // A hole that was left when it was signed is filled.
    let mut hollow = Paper::contract(2);
    hollow.set(
        4,
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents[5 0 R 90 0 R]/Resources<</Font<</F1 3 0 R>>>>>>",
    );
    let hollow = notary.sign(&hollow.table(), Level::LT);
    assert!(validate(notary, &hollow).unwrap().verdict().passed());
    all.push(("hole filled", revise(&hollow, &[(90, content)], "")));
    // The same, and a form field's picture leads to what fills it: each change by itself is allowed.
    let mut hollow = Paper::form();
    hollow.set(
        4,
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents[5 0 R 90 0 R]/Resources<</Font<</F1 3 0 R>>>>/Annots[20 0 R 21 0 R]>>",
    );
    let hollow = notary.sign(&hollow.table(), Level::LT);
    assert!(validate(notary, &hollow).unwrap().verdict().passed());
    let field = "<</Type/Annot/Subtype/Widget/FT/Tx/T(amount)/V(ten)/Rect[72 600 272 620]/F 4/P 4 0 R/DA(/F1 12 Tf 0 g)/AP<</N 90 0 R>>>>";
    all.push(("hole filled by a form", revise(&hollow, &[(20, field), (90, content)], "")));
    // Hidden before, shown after: the layer's configuration is changed.
    let mut layers = Paper::contract(1);
    layers.set(1, "<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[30 0 R]/D 31 0 R>>>>");
    layers.set(30, "<</Type/OCG/Name(hidden)>>");
    layers.set(31, "<</OFF[30 0 R]>>");
    let layers = notary.sign(&layers.table(), Level::LT);
    assert!(validate(notary, &layers).unwrap().verdict().passed());
    all.push(("layer shown", revise(&layers, &[(31, "<</OFF[]>>")], "")));
    // Forged dictionaries.
    let text = |from: &str, to: &str| swap(&signed, from, to);
    all.push(("no byte range", text("/ByteRange", "/ByteRangX")));
    all.push(("no contents", text("/Contents <30", "/Contentz <30")));
    let at = signed.windows(11).position(|window| window == b"/ByteRange ").unwrap() + 11;
    let replaced = |range: &str| {
        let mut copy = signed.clone();
        copy[at..at + 36].copy_from_slice(format!("{range:<36}").as_bytes());
        copy
    };
    all.push(("byte range of nothing", replaced("[0 0 0 0]")));
    all.push(("byte range backwards", replaced("[0 -1 5 9]")));
    all.push(("byte range beyond", replaced("[0 100 200 999999999]")));
    all.push(("byte range of three", replaced("[0 100 200]")));
    // The rest of the gap is used for something else.
    let gap = signed.windows(12).position(|window| window == b"/Contents <3").unwrap() + 11;
    let close = gap + signed[gap..].iter().position(|byte| *byte == b'>').unwrap();
    let mut wrapping = signed.clone();
    wrapping[close - 60..close - 40].copy_from_slice(b">/Evil(here)/Other<0");
    all.push(("something in the gap", wrapping));
    let mut padded = signed.clone();
    padded[close - 8..close].copy_from_slice(b"deadbeef");
    all.push(("bytes behind the signature", padded));
    let mut empty = signed.clone();
    empty[gap..close].iter_mut().for_each(|byte| *byte = b'0');
    all.push(("empty signature", empty));
    all.push(("other sub-filter", text("ETSI.CAdES.detached", "adbe.x509.rsa_sha1x")));
    let signature = signed.windows(11).position(|window| window == b"ten dollars").unwrap();
    let mut spoilt = signed.clone();
    spoilt[signature] ^= 1;
    all.push(("a letter changed", spoilt));
    all
}

fn swap(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut copy = file.to_vec();
    let at = copy.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    copy[at..at + to.len()].copy_from_slice(to.as_bytes());
    copy
}

/// What we refuse and pyHanko accepts: each is a choice of ours.
const STRICTER: [&str; 4] =
    ["object without purpose", "bytes without a table", "bytes behind the signature", "note put over it"];

#[test]
fn attacks_are_refused_by_us_and_by_strangers() {
    let notary = Notary::new(Algorithm::Es256);
    let root = notary.stage.pem("root.pem", &[&notary.stage.root]);
    let mut complaints = Vec::new();
    for (name, file) in attacks(&notary) {
        let outcome = validate(&notary, &file);
        let ours = word(&outcome);
        if outcome.is_ok_and(|report| report.verdict().passed()) {
            complaints.push(format!("{name}: we accept it"));
        }
        let theirs = pyhanko(&notary.stage.keep("attack.pdf", &file), &root);
        println!("{name:28} ours: {ours:90} pyHanko: {}", theirs.trim());
        let accepted = theirs.lines().any(|line| line.starts_with("passed") && line.ends_with("True"));
        if accepted && !STRICTER.contains(&name) {
            complaints.push(format!("{name}: pyHanko accepts it: {theirs}"));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn malicious_files_are_refused_in_bounded_time() {
    let notary = Notary::new(Algorithm::Es256);
    let refusal = |file: &[u8]| match pades::prepare(&mut Cursor::new(file), &notary.wish()) {
        Err(Error::Pdf(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    let with = |number, body: &str| {
        let mut paper = Paper::contract(1);
        paper.set(number, body);
        paper.table()
    };
    let mut encrypted = Paper::contract(1);
    encrypted.trailer.push_str("/Encrypt 99 0 R");
    assert_eq!(refusal(&encrypted.table()), Refusal::Encrypted);
    assert_eq!(refusal(&encrypted.packed()), Refusal::Encrypted);
    assert_eq!(refusal(b"hello"), Refusal::NotAPdf);
    assert_eq!(refusal(b""), Refusal::NotAPdf);
    assert_eq!(refusal(&with(2, "<</Type/Pages/Kids[2 0 R]/Count 1>>")), Refusal::Circle);
    assert_eq!(refusal(&with(2, "<</Type/Pages/Kids[4 0 R]/Count 1000000>>")), Refusal::TooManyPages);
    assert_eq!(refusal(&with(4, &format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)))), Refusal::TooDeep);
    assert_eq!(refusal(&with(4, &format!("[{}]", "1 ".repeat(300_000)))), Refusal::ObjectTooLarge);
    let good = Paper::contract(1).table();
    let looped = revise(&good, &[], "");
    let own = newest(&looped);
    let text = swap(&looped, &format!("/Prev {}", newest(&good)), &format!("/Prev {own}"));
    assert_eq!(refusal(&text), Refusal::Circle);
    // An object that is not where the table says is not looked for elsewhere.
    let damaged = swap(&good, "\n1 0 obj", "\n9 0 obj");
    assert!(matches!(refusal(&damaged), Refusal::Damaged(_)));
    let bomb = crate::paper::deflate(&vec![b' '; 64 << 20]);
    let mut packed = Paper::contract(1);
    packed.stream(40, "/Type/ObjStm/N 1/First 4/Filter/FlateDecode", &bomb);
    let bombed = revise(&packed.table(), &[], "");
    assert!(pades::prepare(&mut Cursor::new(&bombed), &notary.wish()).is_ok(), "nobody opened it");
    // Cut anywhere, or with any byte turned, it is an answer, never a panic.
    let signed = notary.sign(&Paper::form().packed(), Level::LT);
    for cut in (0..signed.len()).step_by(997) {
        let _ = validate(&notary, &signed[..cut]);
    }
    // The signature proper carries certificates that nobody signed and that stand in the store too.
    let gap = signed.windows(12).position(|window| window == b"/Contents <3").unwrap() + 11;
    let close = gap + signed[gap..].iter().position(|byte| *byte == b'>').unwrap();
    for at in (0..signed.len()).step_by(331).filter(|at| !(gap..close).contains(at)) {
        let mut copy = signed.clone();
        copy[at] ^= 0x55;
        assert!(
            !validate(&notary, &copy)
                .is_ok_and(|report| report.verdict().passed()
                    && report.signatures[0].signed.is_some_and(|end| (at as u64) < end)),
            "byte {at}"
        );
    }
}
