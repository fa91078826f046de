//! Keys in SoftHSM2, with the token really taken away and brought back.
//!
//! A module reads its settings from the environment once, so each test runs again as a process of its own.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "tests stand at the edge: they own environment and folders"
)]

use super::*;
use crate::random::System;
use crate::ring::{KeyRing, Mac, Root, Signer, Wrapped, make_in_module};
use crate::secret::Secret;
use crate::sign::{Algorithm, SigningKey};

/// A token of SoftHSM2 in a folder of its own.
struct SoftToken {
    library: PathBuf,
    folder: PathBuf,
}

impl SoftToken {
    fn library() -> PathBuf {
        ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"]
            .map(PathBuf::from)
            .into_iter()
            .find(|path| path.exists())
            .expect("SoftHSM2 is missing: install the Debian package softhsm2")
    }

    fn make(folder: &Path) -> Self {
        let library = Self::library();
        std::fs::create_dir_all(folder.join("tokens")).unwrap();
        let tokens = folder.join("tokens");
        let config = format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display());
        std::fs::write(folder.join("softhsm2.conf"), config).unwrap();
        let made = std::process::Command::new("softhsm2-util")
            .env("SOFTHSM2_CONF", folder.join("softhsm2.conf"))
            .args(["--init-token", "--free", "--label", "lionrock-test", "--pin", "123456", "--so-pin", "12345678"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { library, folder: folder.to_owned() }
    }

    fn open(&self) -> Result<Arc<Module>, Error> {
        self.with_pin("123456")
    }

    fn with_pin(&self, pin: &str) -> Result<Arc<Module>, Error> {
        Module::open(&self.library, "lionrock-test", Zeroizing::new(pin.to_owned()))
    }

    /// Pulls the plug: the token's files are gone until it is plugged in again.
    fn unplug(&self) {
        std::fs::rename(self.folder.join("tokens"), self.folder.join("unplugged")).unwrap();
        std::fs::create_dir(self.folder.join("tokens")).unwrap();
    }

    fn plug_in(&self) {
        std::fs::remove_dir(self.folder.join("tokens")).unwrap();
        std::fs::rename(self.folder.join("unplugged"), self.folder.join("tokens")).unwrap();
    }
}

/// Runs the test of this name in a process of its own, with a token.
fn in_own_process(test: &str, body: fn(&SoftToken)) {
    if let Some(folder) = std::env::var_os("LIONROCK_SOFT_TOKEN") {
        return body(&SoftToken::make(Path::new(&folder)));
    }
    let folder = std::env::temp_dir().join(format!("lionrock-{test}-{}", std::process::id()));
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([&format!("pkcs11::tests::{test}"), "--exact", "--nocapture"])
        .env("LIONROCK_SOFT_TOKEN", &folder)
        .env("SOFTHSM2_CONF", folder.join("softhsm2.conf"))
        .env("LIONROCK_INNER", SoftToken::library())
        .env("LIONROCK_HANG", folder.join("hang"))
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_root_in_a_module_opens_the_ring_and_never_leaves() {
    in_own_process("a_root_in_a_module_opens_the_ring_and_never_leaves", |token| {
        let module = || token.open().unwrap();
        assert_eq!(ModuleMac::open(&module(), ROOT).unwrap_err(), Error::NoSuchKey);
        ModuleMac::make(&module(), ROOT).unwrap();
        assert_eq!(ModuleMac::make(&module(), ROOT).unwrap_err(), Error::Exists);
        assert_eq!(token.with_pin("999999").unwrap_err(), Error::WrongPin);
        let other = Module::open(&token.library, "another", Zeroizing::new("123456".to_owned()));
        assert_eq!(other.unwrap_err(), Error::Module);
        let missing = Module::open(Path::new("/nowhere.so"), "lionrock-test", Zeroizing::new(String::new()));
        assert_eq!(missing.unwrap_err(), Error::Module);
        let root = || Root::in_module(ModuleMac::open(&module(), ROOT).unwrap());
        let (first, stored) = KeyRing::create(&root(), "test-demo", &System).unwrap();
        let again = KeyRing::open(&root(), "test-demo", &stored).unwrap();
        let index = |ring: &KeyRing| ring.mac(Mac::BlindIndex, "hkid", b"U123456").unwrap();
        assert_eq!(index(&first), index(&again));
        assert_eq!(KeyRing::open(&root(), "test-other", &stored).unwrap_err(), Error::DoesNotOpen);
        let elsewhere = Root::new(Secret::random(&System));
        assert_eq!(KeyRing::open(&elsewhere, "test-demo", &stored).unwrap_err(), Error::DoesNotOpen);
    });
}

#[test]
fn pairs_of_every_algorithm_sign_and_stay() {
    in_own_process("pairs_of_every_algorithm_sign_and_stay", |token| {
        let module = token.open().unwrap();
        let all = [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa, Algorithm::Ps256, Algorithm::Rs256];
        for algorithm in all {
            let label = format!("lionrock ca {}", algorithm.name());
            if !ModulePair::offered(&module, algorithm).unwrap() {
                // EdDSA is a build option of SoftHSM2; the others are not.
                assert_eq!(algorithm, Algorithm::EdDsa);
                assert_eq!(ModulePair::make(&module, &label, algorithm).unwrap_err(), Error::Unsupported);
                println!("this SoftHSM2 offers no {}: that part is not tested", algorithm.name());
                continue;
            }
            assert_eq!(ModulePair::open(&module, &label, algorithm).unwrap_err(), Error::NoSuchKey);
            ModulePair::make(&module, &label, algorithm).unwrap();
            assert_eq!(ModulePair::make(&module, &label, algorithm).unwrap_err(), Error::Exists);
            let key = SigningKey::in_module(ModulePair::open(&token.open().unwrap(), &label, algorithm).unwrap());
            assert_eq!(key.algorithm(), algorithm);
            let signature = key.sign(b"message").unwrap();
            let public = key.public().unwrap();
            assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()), "{algorithm:?}");
            assert_eq!(public.verify(algorithm, b"massage", &signature), Err(Error::BadSignature));
            assert_eq!(key.to_pkcs8().unwrap_err(), Error::NotAKey, "it never leaves");
            for other in all.into_iter().filter(|other| *other != algorithm) {
                let rsa = |algorithm| matches!(algorithm, Algorithm::Ps256 | Algorithm::Rs256);
                let opened = ModulePair::open(&module, &label, other);
                assert_eq!(opened.is_ok(), rsa(algorithm) && rsa(other), "{algorithm:?} as {other:?}");
            }
            module.destroy(&label).unwrap();
            assert_eq!(ModulePair::open(&module, &label, algorithm).unwrap_err(), Error::NoSuchKey);
            assert_eq!(key.sign(b"message").unwrap_err(), Error::ModuleGone);
        }
    });
}

#[test]
fn a_key_that_could_leave_is_refused() {
    in_own_process("a_key_that_could_leave_is_refused", |token| {
        use cryptoki::mechanism::Mechanism;
        use cryptoki::object::KeyType;
        let module = token.open().unwrap();
        let make = |extractable| {
            let mut template = identity(ObjectClass::SECRET_KEY, "loose");
            template.extend([
                Attribute::KeyType(KeyType::GENERIC_SECRET),
                Attribute::Token(true),
                Attribute::Sensitive(true),
                Attribute::Extractable(extractable),
                Attribute::Sign(true),
                Attribute::ValueLen(32.into()),
            ]);
            module
                .run(move |open| Ok(open.session.generate_key(&Mechanism::GenericSecretKeyGen, &template).map(drop)?))
        };
        make(true).unwrap();
        assert_eq!(ModuleMac::open(&module, "loose").unwrap_err(), Error::NotAKey, "it can be read out");
        module.destroy("loose").unwrap();
        make(false).unwrap();
        ModuleMac::open(&module, "loose").unwrap();
        make(false).unwrap();
        let module = token.open().unwrap();
        assert_eq!(ModuleMac::open(&module, "loose").unwrap_err(), Error::NotAKey, "there are two of them");
    });
}

#[test]
fn a_token_that_goes_away_fails_every_call_and_comes_back_by_itself() {
    in_own_process("a_token_that_goes_away_fails_every_call_and_comes_back_by_itself", |token| {
        let module = token.open().unwrap();
        let mac = ModuleMac::make(&module, "lionrock index").unwrap();
        let pair = ModulePair::make(&module, "lionrock token", Algorithm::Es256).unwrap();
        let code = mac.mac(b"U123456").unwrap();
        for round in 0..3 {
            token.unplug();
            for _ in 0..3 {
                assert_eq!(mac.mac(b"U123456").unwrap_err(), Error::ModuleGone, "round {round}");
                assert_eq!(pair.sign(b"message").unwrap_err(), Error::ModuleGone, "round {round}");
            }
            token.plug_in();
            assert_eq!(mac.mac(b"U123456").unwrap(), code, "round {round}");
            let signature = pair.sign(b"message").unwrap();
            assert_eq!(pair.public().verify(Algorithm::Es256, b"message", &signature), Ok(()));
        }
    });
}

#[test]
fn the_whole_module_starting_again_under_us_is_no_loss() {
    in_own_process("the_whole_module_starting_again_under_us_is_no_loss", |token| {
        let module = token.open().unwrap();
        let mac = ModuleMac::make(&module, "lionrock index").unwrap();
        let code = mac.mac(b"U123456").unwrap();
        let library = Library::load(&token.library).map_err(Error::from).unwrap();
        // Sessions die, the module lives.
        library.restart().map_err(Error::from).unwrap();
        assert_eq!(mac.mac(b"U123456").unwrap(), code);
        // The module itself has ended.
        library.context.clone().finalize().unwrap();
        assert_eq!(mac.mac(b"U123456").unwrap(), code);
        // Somebody logged the process out.
        module.run(|open| Ok(open.session.logout()?)).unwrap();
        assert_eq!(mac.mac(b"U123456").unwrap(), code);
    });
}

#[test]
fn many_threads_share_one_token_while_it_comes_and_goes() {
    in_own_process("many_threads_share_one_token_while_it_comes_and_goes", |token| {
        let module = token.open().unwrap();
        let mac = ModuleMac::make(&module, "lionrock index").unwrap();
        let code = mac.mac(b"U123456").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        match mac.mac(b"U123456") {
                            Ok(answer) => assert_eq!(answer, code),
                            Err(error) => assert_eq!(error, Error::ModuleGone),
                        }
                    }
                });
            }
            for _ in 0..5 {
                token.unplug();
                std::thread::sleep(std::time::Duration::from_millis(5));
                token.plug_in();
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        });
        assert_eq!(mac.mac(b"U123456").unwrap(), code);
    });
}

#[test]
fn a_refused_pin_is_not_tried_again() {
    in_own_process("a_refused_pin_is_not_tried_again", |token| {
        let module = token.open().unwrap();
        let mac = ModuleMac::make(&module, "lionrock index").unwrap();
        // The PIN is changed behind our back, and the session ends.
        let changed = std::process::Command::new("softhsm2-util")
            .args(["--init-token", "--token", "lionrock-test", "--label", "lionrock-test"])
            .args(["--pin", "654321", "--so-pin", "12345678"])
            .output()
            .unwrap();
        assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
        let library = Library::load(&token.library).map_err(Error::from).unwrap();
        library.restart().map_err(Error::from).unwrap();
        assert_eq!(mac.mac(b"U123456").unwrap_err(), Error::WrongPin);
        assert!(module.locked.load(Ordering::Relaxed));
        // Even a PIN that fits again is for the operator to give: a token locks after a few wrong ones.
        assert_eq!(mac.mac(b"U123456").unwrap_err(), Error::WrongPin);
        assert!(!module.desk.serve(|open| open.is_some()).unwrap(), "nothing was opened");
    });
}

const WORDS: [&str; 4] = ["blind-index", "checkpoint", "receipt", "token"];

/// The words this SoftHSM2 can hold: without EdDSA neither checkpoint nor receipt key.
fn words(module: &Arc<Module>) -> Vec<&'static str> {
    let eddsa = ModulePair::offered(module, Algorithm::EdDsa).unwrap();
    WORDS.into_iter().filter(|word| eddsa || !["checkpoint", "receipt"].contains(word)).collect()
}

#[test]
fn a_ring_with_keys_in_a_module_turns_them_there_and_stores_labels_alone() {
    in_own_process("a_ring_with_keys_in_a_module_turns_them_there_and_stores_labels_alone", |token| {
        let module = token.open().unwrap();
        let words = words(&module);
        let root = || Root::new(Secret::new([7; 32])).with_module(&token.open().unwrap(), &words).unwrap();
        assert_eq!(
            Root::new(Secret::new([7; 32])).with_module(&module, &["commitment"]).unwrap_err(),
            Error::NoSuchKey
        );
        assert_eq!(KeyRing::create(&root(), "test-demo", &System).unwrap_err(), Error::NotInModule, "not made yet");
        words.iter().for_each(|word| make_in_module(&module, "test-demo", word).unwrap());
        assert_eq!(make_in_module(&module, "test-demo", "token").unwrap_err(), Error::Exists);
        assert_eq!(make_in_module(&module, "test-demo", "form").unwrap_err(), Error::NoSuchKey);
        let (ring, mut stored) = KeyRing::create(&root(), "test-demo", &System).unwrap();
        let lies = |stored: &[Wrapped]| -> Vec<String> {
            let inside = |entry: &&Wrapped| KeyRing::lies_in_module(&entry.sealed).unwrap();
            stored.iter().filter(inside).map(|entry| format!("{} {}", entry.name, entry.epoch)).collect()
        };
        assert_eq!(lies(&stored).len(), words.len());
        // Another realm has keys of its own.
        assert_eq!(KeyRing::create(&root(), "test-other", &System).unwrap_err(), Error::NotInModule);

        // The index is the module's: another one gives another index.
        let index = ring.mac(Mac::BlindIndex, "hkid", b"U123456").unwrap();
        let again = KeyRing::open(&root(), "test-demo", &stored).unwrap();
        assert_eq!(again.mac(Mac::BlindIndex, "hkid", b"U123456").unwrap(), index);
        assert_ne!(again.mac(Mac::BlindIndex, "other", b"U123456").unwrap(), index);

        // A next key is made in the module, a label is stored, and rewrapping keeps it a label.
        let next = ring.next("signer/token", &System).unwrap();
        stored.push(next.clone());
        stored.push(ring.next("realm", &System).unwrap());
        assert!(ring.adopt(&stored).unwrap());
        let rewrapped = ring.rewrap(&next, &System).unwrap();
        assert!(KeyRing::lies_in_module(&rewrapped.sealed).unwrap());
        assert_eq!(KeyRing::wrapping_epoch(&rewrapped.sealed), Ok(2));
        *stored.iter_mut().find(|entry| **entry == next).unwrap() = rewrapped.clone();
        let (epoch, key) = ring.signer(Signer::Token).unwrap();
        assert_eq!(epoch, 2);
        assert_eq!(key.to_pkcs8().unwrap_err(), Error::NotAKey);
        let again = KeyRing::open(&root(), "test-demo", &stored).unwrap();
        let signature = again.signer(Signer::Token).unwrap().1.sign(b"claims").unwrap();
        assert_eq!(key.public().unwrap().verify(Algorithm::Es256, b"claims", &signature), Ok(()));

        // Without the module, or with a label that was swapped, the ring stays shut.
        let alone = Root::new(Secret::new([7; 32]));
        assert_eq!(KeyRing::open(&alone, "test-demo", &stored).unwrap_err(), Error::NotInModule);
        let mut swapped = stored.clone();
        let old = stored.iter().find(|entry| entry.name == "signer/token" && entry.epoch == 1).unwrap();
        swapped.iter_mut().find(|entry| **entry == rewrapped).unwrap().sealed = old.sealed.clone();
        assert_eq!(KeyRing::open(&root(), "test-demo", &swapped).unwrap_err(), Error::DoesNotOpen);
        let mut posing = stored.clone();
        posing.iter_mut().find(|entry| **entry == rewrapped).unwrap().sealed[0] = 1;
        assert_eq!(KeyRing::open(&root(), "test-demo", &posing).unwrap_err(), Error::NotInModule);
        let holds_nothing = Root::new(Secret::new([7; 32])).with_module(&module, &[]).unwrap();
        assert!(KeyRing::open(&holds_nothing, "test-demo", &stored).is_ok(), "what is stored says where a key lies");
        assert_eq!(KeyRing::open(&holds_nothing, "test-demo", &posing).unwrap_err(), Error::DoesNotOpen);

        // A destroyed key signs no more; the others do.
        let old = old.clone();
        stored.retain(|entry| *entry != old);
        assert!(ring.adopt(&stored).unwrap());
        ring.destroy_in_module(&old).unwrap();
        assert_eq!(
            KeyRing::open(&root(), "test-demo", &[stored.clone(), vec![old]].concat()).unwrap_err(),
            Error::NotInModule
        );
        assert!(KeyRing::open(&root(), "test-demo", &stored).is_ok());
        let domain = stored.iter().find(|entry| entry.name == "domain/profile").unwrap();
        assert_eq!(ring.destroy_in_module(domain), Ok(()), "nothing to destroy");

        // With the module away the keys in it fail, those in memory do not.
        token.unplug();
        assert_eq!(ring.mac(Mac::BlindIndex, "hkid", b"U123456").unwrap_err(), Error::ModuleGone);
        assert_eq!(ring.signer(Signer::Token).unwrap().1.sign(b"claims").unwrap_err(), Error::ModuleGone);
        assert!(ring.next("signer/token", &System).is_err());
        assert!(ring.mac(Mac::Code, "x", b"y").is_ok());
        token.plug_in();
        assert_eq!(ring.mac(Mac::BlindIndex, "hkid", b"U123456").unwrap(), index);
    });
}

#[test]
fn a_key_in_memory_is_not_passed_off_as_one_in_a_module() {
    in_own_process("a_key_in_memory_is_not_passed_off_as_one_in_a_module", |token| {
        let (_, stored) = KeyRing::create(&Root::new(Secret::new([7; 32])), "test-demo", &System).unwrap();
        let with = |words: &[&str]| {
            let root = Root::new(Secret::new([7; 32])).with_module(&token.open().unwrap(), words).unwrap();
            KeyRing::open(&root, "test-demo", &stored)
        };
        for word in WORDS {
            assert_eq!(with(&[word]).unwrap_err(), Error::NotInModule, "{word}");
        }
        assert!(with(&[]).is_ok(), "the module may hold nothing");
    });
}

/// A module of which nothing is known but that `C_Sign` does not return while a file is there: SoftHSM2 behind a thin wall.
const HANGING: &str = r#"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
typedef unsigned long (*call)(unsigned long, void *, unsigned long, void *, unsigned long *);
static struct { unsigned char version[sizeof(void *)]; void *calls[68]; } list;
static call sign;
static unsigned long slow(unsigned long s, void *d, unsigned long n, void *o, unsigned long *l) {
    while (access(getenv("LIONROCK_HANG"), F_OK) == 0) usleep(20000);
    return sign(s, d, n, o, l);
}
unsigned long C_GetFunctionList(void **out) {
    void *inner = 0;
    void *library = dlopen(getenv("LIONROCK_INNER"), RTLD_NOW);
    unsigned long (*get)(void **) = dlsym(library, "C_GetFunctionList");
    unsigned long done = get(&inner);
    memcpy(&list, inner, sizeof list);
    sign = (call)list.calls[43];
    list.calls[43] = (void *)slow;
    *out = &list;
    return done;
}
"#;

#[test]
fn a_module_that_hangs_holds_nobody_up_and_is_used_again_when_it_answers() {
    in_own_process("a_module_that_hangs_holds_nobody_up_and_is_used_again_when_it_answers", |token| {
        let (source, library, hang) =
            (token.folder.join("wall.c"), token.folder.join("wall.so"), token.folder.join("hang"));
        std::fs::write(&source, HANGING).unwrap();
        let built = std::process::Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let module = Module::open(&library, "lionrock-test", Zeroizing::new("123456".to_owned())).unwrap();
        let key = ModuleMac::make(&module, "lionrock hanging").unwrap();
        let good = key.mac(b"message").unwrap();
        std::fs::write(&hang, "").unwrap();
        let begun = std::time::Instant::now();
        // Many callers at a time: all fail closed, none waits longer than it must.
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let key = key.clone();
                std::thread::spawn(move || key.mac(b"message").unwrap_err())
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.join().unwrap(), Error::ModuleGone);
        }
        assert!(begun.elapsed() < desk::PATIENCE * 3, "{:?}", begun.elapsed());
        // However often it is asked: a handful of threads hang, and then calls fail at once.
        for _ in 0..5 {
            assert_eq!(key.mac(b"message").unwrap_err(), Error::ModuleGone);
        }
        let begun = std::time::Instant::now();
        assert_eq!(key.mac(b"message").unwrap_err(), Error::ModuleGone);
        assert!(begun.elapsed() < std::time::Duration::from_secs(1), "{:?}", begun.elapsed());
        let threads = std::fs::read_dir("/proc/self/task").unwrap().filter(|task| {
            let name = task.as_ref().unwrap().path().join("comm");
            std::fs::read_to_string(name).is_ok_and(|name| name.trim() == "key-store")
        });
        assert!(threads.count() <= 5);
        // It answers again: used again, by itself.
        std::fs::remove_file(&hang).unwrap();
        let again = (0..100).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            key.mac(b"message").ok()
        });
        assert_eq!(again.unwrap(), good);
    });
}
