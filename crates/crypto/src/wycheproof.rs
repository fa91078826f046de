//! The vectors of Project Wycheproof (`vectors/wycheproof/README.md`) against every verification that certificates, status answers,
//! time-stamps, signatures on documents, passkeys and cosignatures are checked by.

use crate::digest::sha256;
use crate::ml_dsa;
use crate::sign::{Algorithm, PublicKey};

/// Name, number of vectors, SHA-256, vectors.
const FILES: [(&str, usize, &str, &str); 8] = [
    (
        "es256-jose",
        169,
        "dc9ca456c7a2b2fcf04d7b8895376dd1d17c094c9f08c507170077e1a7b33241",
        include_str!("../vectors/wycheproof/es256-jose.txt"),
    ),
    (
        "es256-der",
        395,
        "82c19229221c2ea1f209a7f92b44a1c65992c2ae06b08f028895918e666243e2",
        include_str!("../vectors/wycheproof/es256-der.txt"),
    ),
    (
        "es384-jose",
        163,
        "6120a40ce89cd52cef6a592c458e0989a9b573aca43479ae2b3fc1f5c8327a27",
        include_str!("../vectors/wycheproof/es384-jose.txt"),
    ),
    (
        "es384-der",
        389,
        "59179cd450b0c3497759584d5c58f22f19fb3f63af4e7af36e5bdaf3d9e09b86",
        include_str!("../vectors/wycheproof/es384-der.txt"),
    ),
    (
        "rs256",
        258,
        "0b5694e4cab25588a0abbe9bd288492b10599e19db4261a8f47d050ca06979df",
        include_str!("../vectors/wycheproof/rs256.txt"),
    ),
    (
        "ps256",
        64,
        "3531d6d6cfe1107763514af4b82b5e420c96cd5ea6783e0f57697fd6fd07d5b6",
        include_str!("../vectors/wycheproof/ps256.txt"),
    ),
    (
        "eddsa",
        91,
        "8aeae4f8f2d5e3aff23d9b9e157f6f753623c40281c5576bd24c2cdaeb99dd04",
        include_str!("../vectors/wycheproof/eddsa.txt"),
    ),
    (
        "mldsa44",
        27,
        "8e2d568a75065095bf26b9874257d63a1054089403818a366dbdca414b99ea90",
        include_str!("../vectors/wycheproof/mldsa44.txt"),
    ),
];

fn bytes(hex: &str) -> Vec<u8> {
    let hex = if hex == "-" { "" } else { hex };
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Whether our verification takes it. A key that is none takes nothing.
fn takes(name: &str, key: &str, message: &[u8], signature: &[u8]) -> bool {
    let point = |size: usize| {
        let raw = bytes(key);
        (raw.len() == 2 * size + 1 && raw[0] == 4).then(|| (raw[1..=size].to_vec(), raw[size + 1..].to_vec()))
    };
    let p256 = || point(32).map(|(x, y)| PublicKey::P256 { x: x.try_into().unwrap(), y: y.try_into().unwrap() });
    let p384 = || point(48).map(|(x, y)| PublicKey::P384 { x: x.try_into().unwrap(), y: y.try_into().unwrap() });
    let rsa = || key.split_once(':').map(|(n, e)| PublicKey::Rsa { n: bytes(n), e: bytes(e) });
    let (key, algorithm) = match name {
        "es256-jose" | "es256-der" => (p256(), Algorithm::Es256),
        "es384-jose" | "es384-der" => (p384(), Algorithm::Es384),
        "rs256" => (rsa(), Algorithm::Rs256),
        "ps256" => (rsa(), Algorithm::Ps256),
        "eddsa" => (bytes(key).try_into().ok().map(PublicKey::Ed25519), Algorithm::EdDsa),
        _ => return ml_dsa::verify(&bytes(key), message, signature).is_ok(),
    };
    let Some(key) = key else { return false };
    let taken = match name {
        "es256-der" | "es384-der" => key.verify_der(algorithm, message, signature),
        _ => key.verify(algorithm, message, signature),
    };
    // The same signature over the digest alone is judged alike.
    if matches!(name, "es256-jose" | "rs256" | "ps256") {
        assert_eq!(key.verify_digest(algorithm, &sha256(message), signature).is_ok(), taken.is_ok());
    }
    taken.is_ok()
}

#[test]
fn no_trick_of_wycheproof_is_taken_and_no_good_signature_refused() {
    for (name, count, digest, text) in FILES {
        let found: String = sha256(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, digest, "{name}: the file is not the one that was looked at");
        let (mut key, mut seen, mut good) = ("", 0, 0);
        for line in text.lines() {
            let parts: Vec<_> = line.split(' ').collect();
            if let ["key", of] = parts[..] {
                key = of;
                continue;
            }
            let [id, result, message, signature] = parts[..] else { panic!("{name}: {line}") };
            let taken = takes(name, key, &bytes(message), &bytes(signature));
            match result {
                "valid" => assert!(taken, "{name} {id}: a good signature was refused"),
                "invalid" => assert!(!taken, "{name} {id}: a bad signature was taken"),
                // Weak forms that old software makes: for us they are bad, or good beyond doubt.
                _ => {}
            }
            seen += 1;
            good += usize::from(taken);
        }
        assert_eq!(seen, count, "{name}");
        assert!(good > 0 && good < seen, "{name}: {good} of {seen}");
    }
}
