//! Tests of the test: a planted secret is found, one test for each kind of needle and each kind of place.

use super::{Leak, Looked, Needles, Volume, deleted_but_open, device, files, left_by_crashes, memory};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// 32 bytes as a picture's remark holds them.
const REMARK: [u8; 32] =
    *b"\x91\x02\xE7canary\xFF\xFF\xFF\xFF\x5A\xC4\x7E\x21\xB9\x06\xD3\x68\xAA\x14\xF5\x3C\x97\x40\xEB\x72\x0D\xC8\x59";
/// A stretch of a face embedding.
const NUMBERS: [f32; 12] = [0.081, -0.203, 0.017, 0.142, -0.066, 0.119, -0.008, 0.094, 0.171, -0.132, 0.055, -0.027];

fn needles() -> Needles {
    Needles::default().bytes("remark", &REMARK).floats("face", &NUMBERS).exactly(
        "block",
        "grey",
        (0..32).map(|n| 40 + n * 6).collect(),
    )
}

/// What a careless program could have written, and the form in which it must be found.
fn plants() -> Vec<(&'static str, Vec<u8>)> {
    use base64_of as base64;
    let hex: String = REMARK.iter().map(|byte| format!("{byte:02x}")).collect();
    let bytes = |width: fn(f32) -> Vec<u8>| NUMBERS.iter().flat_map(|number| width(*number)).collect::<Vec<u8>>();
    let singles = bytes(|number| number.to_le_bytes().to_vec());
    let mut plants = vec![
        ("raw", REMARK.to_vec()),
        ("hex", hex.clone().into_bytes()),
        ("hex capitals", hex.to_uppercase().into_bytes()),
        ("base64", base64(&REMARK, false)),
        ("base64", base64(&[b"x", &REMARK[..]].concat(), false)),
        ("base64", base64(&[b"xx", &REMARK[..]].concat(), false)),
        ("base64url", base64(&REMARK, true)),
        ("base64url", base64(&[b"x", &REMARK[..]].concat(), true)),
        ("base64url", base64(&[b"xx", &REMARK[..]].concat(), true)),
        ("grey", (0..32).map(|n| 40 + n * 6).collect()),
        ("f32", singles.clone()),
        ("f32 base64", base64(&singles, false)),
        ("f32 hex", singles.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()),
        ("f64", bytes(|number| f64::from(number).to_le_bytes().to_vec())),
        // By another road than the search: the numbers are made of their parts.
        ("f16", bytes(|number| narrow(number, 10, 15).to_le_bytes().to_vec())),
        ("bf16", bytes(|number| narrow(number, 7, 127).to_le_bytes().to_vec())),
    ];
    let noise: Vec<u8> = (0..9000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
    let inside = |plant: &[u8]| [&noise[..5000], plant, &noise[5000..]].concat();
    let zlib = |plant: &[u8]| written(ZlibEncoder::new(Vec::new(), Compression::best()), plant).finish().expect("zlib");
    plants.extend([
        (
            "gzip > raw",
            written(GzEncoder::new(Vec::new(), Compression::default()), &inside(&REMARK)).finish().expect("gzip"),
        ),
        ("zlib > raw", zlib(&inside(&REMARK))),
        ("zlib > hex", zlib(hex.as_bytes())),
        ("zlib > f32", zlib(&inside(&singles))),
        ("zlib > grey", zlib(&plants[9].1)),
        (
            "zstd > raw",
            ruzstd::encoding::compress_to_vec(&inside(&REMARK)[..], ruzstd::encoding::CompressionLevel::Fastest),
        ),
        ("zip > base64", zip(&inside(&plants[3].1))),
        (
            "gzip > zlib > raw",
            written(GzEncoder::new(Vec::new(), Compression::fast()), &zlib(&inside(&REMARK))).finish().expect("gzip"),
        ),
        ("zlib > raw", png(&zlib(&inside(&REMARK)))),
    ]);
    plants
}

fn written<W: Write>(mut to: W, plant: &[u8]) -> W {
    to.write_all(plant).expect("memory takes it");
    to
}

/// Sign, exponent and fraction put together by arithmetic, for numbers that are normal in the narrow form.
fn narrow(number: f32, fraction_bits: i32, bias: i32) -> u16 {
    let exponent = number.abs().log2().floor() as i32;
    let scaled = f64::from(number.abs()) / 2_f64.powi(exponent - fraction_bits);
    let fraction = scaled.round_ties_even() as u16 - (1 << fraction_bits);
    (u16::from(number < 0.0) << 15) | ((((exponent + bias) as u16) << fraction_bits) + fraction)
}

/// coreutils' base64, another program than the search.
fn base64_of(bytes: &[u8], url: bool) -> Vec<u8> {
    let mut child =
        Command::new("base64").arg("-w0").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("base64");
    child.stdin.take().expect("a pipe").write_all(bytes).expect("a pipe");
    let text = child.wait_with_output().expect("base64").stdout;
    let swap = |byte| match byte {
        b'+' => b'-',
        b'/' => b'_',
        other => other,
    };
    if url { text.into_iter().map(swap).collect() } else { text }
}

/// A zip archive's member, without the rest of the archive.
fn zip(plant: &[u8]) -> Vec<u8> {
    let packed = written(DeflateEncoder::new(Vec::new(), Compression::default()), plant).finish().expect("deflate");
    let head = [&b"PK\x03\x04\x14\x00\x00\x00\x08\x00"[..], &[0; 16], &[4, 0, 0, 0], b"name"].concat();
    [head, packed].concat()
}

/// The data blocks of a PNG picture, cut into three.
fn png(stream: &[u8]) -> Vec<u8> {
    let blocks = stream.chunks(stream.len().div_ceil(3));
    let framed = blocks.map(|block| [&(block.len() as u32).to_be_bytes()[..], b"IDAT", block, b"crc!"].concat());
    [b"\x89PNG\r\n\x1a\n".to_vec(), framed.collect::<Vec<_>>().concat(), vec![0; 64]].concat()
}

fn among(plant: &[u8]) -> Vec<u8> {
    [&[0xA5; 4097][..], plant, &[0; 300]].concat()
}

fn found(looked: &Looked, form: &str) -> bool {
    looked.leaks.iter().any(|leak| leak.form == form)
}

fn sorting(input: &[u8]) -> Child {
    // It keeps all it read until the end of its input, which does not come.
    let mut child =
        Command::new("sort").args(["-S", "1M"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("sort");
    let pipe = child.stdin.as_mut().expect("a pipe");
    pipe.write_all(input).and_then(|()| pipe.flush()).expect("a pipe");
    child
}

#[test]
fn every_form_is_found_in_a_file_and_nothing_else() {
    for (form, plant) in plants() {
        let folder = tempfile::tempdir().expect("a folder");
        let deep = folder.path().join(".hidden/deep");
        std::fs::create_dir_all(&deep).expect("a folder");
        std::fs::write(deep.join("store.db-wal"), among(&plant)).expect("a file");
        let looked = files(folder.path(), &needles());
        assert!(found(&looked, form), "{form} was not found: {:?}", looked.leaks);
        assert!(looked.bytes > 4000 && looked.leaks.iter().all(|leak: &Leak| leak.offset >= 4097), "{form}");
    }
}

#[test]
fn headless_deflate_is_found_where_a_file_begins() {
    let folder = tempfile::tempdir().expect("a folder");
    let packed =
        written(DeflateEncoder::new(Vec::new(), Compression::best()), &among(&REMARK)).finish().expect("deflate");
    std::fs::write(folder.path().join("body"), packed).expect("a file");
    assert!(found(&files(folder.path(), &needles()), "deflate > raw"));
}

#[test]
fn every_form_is_found_in_the_memory_of_another_process() {
    for (form, plant) in plants() {
        let mut child = sorting(&among(&plant));
        let looked = (0..100).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            memory::scan(child.id(), &needles()).ok().filter(|looked| found(looked, form))
        });
        let folder = tempfile::tempdir().expect("a folder");
        memory::core(child.id(), &folder.path().join("core")).expect("a forced core");
        child.kill().and_then(|()| child.wait()).expect("it ends");
        assert!(looked.is_some_and(|looked| looked.bytes > 100_000), "{form} was not found");
        assert!(found(&files(folder.path(), &needles()), form), "{form} was not found in the forced core");
    }
}

#[test]
fn a_deleted_file_is_found_while_somebody_holds_it_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gone");
    std::fs::write(&path, among(&REMARK)).expect("a file");
    let held = std::fs::File::open(&path).expect("the file");
    std::fs::remove_file(&path).expect("deleted");
    assert!(files(folder.path(), &needles()).leaks.is_empty());
    assert!(found(&deleted_but_open(std::process::id(), &needles()), "raw"));
    drop(held);
    assert!(deleted_but_open(std::process::id(), &needles()).leaks.is_empty());
}

#[test]
fn blocks_of_unlinked_files_are_found_on_the_device_and_a_power_cut_loses_what_was_not_forced() {
    let mut volume = match Volume::make(32) {
        Ok(volume) => volume,
        Err(why) => return println!("left out: no file system of its own here: {why}"),
    };
    assert!(volume.blocks(&needles()).leaks.is_empty());
    let put = |name: &str, plant: &[u8], forced: bool| {
        let mut file = std::fs::File::create(volume.path().join(name)).expect("a file");
        file.write_all(&among(plant)).expect("written");
        if forced {
            file.sync_all().expect("forced to the disk");
        }
    };
    put("unlinked", &REMARK, true);
    std::fs::remove_file(volume.path().join("unlinked")).expect("unlinked");
    assert!(files(&volume.path(), &needles()).leaks.is_empty());
    let looked = volume.blocks(&needles());
    assert!(found(&looked, "raw") && looked.bytes == 32 << 20, "{looked:?}");
    put("forced", b"kept", true);
    put("waiting", b"lost", false);
    let named = |name: &str| std::fs::read(volume.path().join(name)).map(|bytes| bytes.len()).unwrap_or(0);
    assert_eq!((named("forced"), named("waiting")), (4401, 4401));
    volume.cut_power().expect("it comes back");
    let named = |name: &str| std::fs::read(volume.path().join(name)).map(|bytes| bytes.len()).unwrap_or(0);
    assert_eq!((named("forced"), named("waiting")), (4401, 0));
    let (folder, path) = (volume.folder.path().to_owned(), volume.path());
    drop(volume);
    assert!(!folder.exists() && !path.exists(), "nothing is left behind");
}

#[test]
fn a_secret_across_two_parts_of_a_device_is_found_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("device");
    let file = std::fs::File::create(&path).expect("a file");
    let border = super::places::PART as u64;
    std::os::unix::fs::FileExt::write_all_at(&file, &REMARK, border - 7).expect("written");
    file.set_len(border + 5000).expect("sized");
    let looked = device(&path, &needles());
    assert_eq!((looked.leaks.len(), looked.bytes), (1, border + 5000));
}

#[test]
fn noise_is_clean() {
    let folder = tempfile::tempdir().expect("a folder");
    let noise: Vec<u8> = (0..4_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    std::fs::write(folder.path().join("noise"), &noise).expect("a file");
    let looked = files(folder.path(), &needles());
    assert_eq!((looked.leaks, looked.bytes), (vec![], 4_000_000));
    assert_eq!(left_by_crashes(folder.path(), &needles()).leaks, []);
    assert!(device(Path::new("/nowhere"), &needles()).unreadable == ["/nowhere"]);
}

#[test]
#[should_panic(expected = "fewer than 6 bytes")]
fn short_secrets_are_refused() {
    drop(Needles::default().bytes("short", b"A123"));
}
