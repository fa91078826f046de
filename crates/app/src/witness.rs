//! Witnesses: the platform's side, which asks them, and a witness itself, which any other house can run.
//!
//! A witness keeps for each log the checkpoint it cosigned last, in a file that is on the disk before the cosignature leaves. So
//! it never signs two histories of one log, whatever is restarted, restored or raced.

use crate::config::Witness as Entry;
use crate::{clock, start};
use anyhow::{Context, Result, bail};
use lionrock_crypto::ml_dsa::MlDsaKey;
use lionrock_crypto::sign::{PublicKey, SigningKey};
use lionrock_gateway::client::{Client, Network, Reach};
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::cosign::{self, Cosigner, Secret};
use lionrock_ledger::note::Verifier;
use lionrock_ledger::witness::{Refusal, Request};
use lionrock_service::ledger::witnessed::{Rounds, Witness};
use lionrock_service::port::Answering;
use lionrock_service::vault::Alarm;
use lionrock_service::{Platform, ledger};
use lionrock_web::witness::Desk;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use zeroize::Zeroizing;

/// After so long without a cosignature over what is published, officers hear of it.
pub const LATE: Duration = Duration::from_secs(60);

/// A witness far away.
struct Far {
    client: Client,
    keys: Vec<Cosigner>,
}

impl Witness for Far {
    fn keys(&self) -> &[Cosigner] {
        &self.keys
    }

    fn add_checkpoint(&self, body: String) -> Answering<'_, Result<(u16, String), String>> {
        Box::pin(async move {
            let (status, body) =
                self.client.post_text("add-checkpoint", body).await.map_err(|error| error.to_string())?;
            Ok((status, String::from_utf8_lossy(&body).into_owned()))
        })
    }
}

/// The configured witnesses.
///
/// # Errors
/// Names the member to mend.
pub fn configured(entries: &[Entry]) -> Result<Vec<Arc<dyn Witness>>> {
    let mut found: Vec<Arc<dyn Witness>> = Vec::new();
    for entry in entries {
        let named = || format!("witness {}", entry.url);
        let address: http::Uri = entry.url.parse().with_context(named)?;
        let host = address.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let reach = Reach {
            address,
            authorities: entry.ca.as_deref().map(start::certificates).transpose()?.unwrap_or_default(),
            network: if here { Network::Loopback } else { Network::Private },
            time_limit: Duration::from_secs(10),
            answer_limit: 64 * 1024,
        };
        let keys =
            entry.keys.iter().map(|key| Cosigner::parse(key)).collect::<Result<Vec<_>, _>>().with_context(named)?;
        if keys.is_empty() {
            bail!("{}: give its verifier keys", named());
        }
        found.push(Arc::new(Far { client: Client::new(reach).with_context(named)?, keys }));
    }
    Ok(found)
}

/// Asks the witnesses again and again until `stop` turns true, and tells officers when none signs for a minute.
pub async fn run(platform: Arc<Platform>, witnesses: Vec<Arc<dyn Witness>>, mut stop: watch::Receiver<bool>) {
    let mut rounds = Rounds::default();
    let mut late = false;
    let began = clock::now();
    while !witnesses.is_empty() && !*stop.borrow() {
        let caller = clock::platform_caller();
        if let Err(fault) = rounds.round(&platform, &caller, &witnesses).await {
            tracing::warn!(error = %fault, "witnesses were not asked");
        }
        let last = platform.ledger.witnessing().map_or(began, |last| last.at);
        let is_late = caller.now.since(last) > LATE;
        if is_late && !late {
            tracing::error!("no witness has signed for a minute: nobody outside vouches for what is shown");
            platform.vault.raise(Alarm { resident: None, what: "ledger-witness-late" });
        }
        late = is_late;
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
            _ = stop.changed() => {}
        }
    }
}

/// A witness in this process.
pub struct House {
    name: String,
    folder: PathBuf,
    ed25519: SigningKey,
    ml_dsa: MlDsaKey,
    cosigners: [Cosigner; 2],
    /// Keys of each log by its origin; held while one is judged, so that no two requests are judged at once.
    logs: Mutex<BTreeMap<String, Vec<Verifier>>>,
}

impl House {
    /// Opens the witness of a folder; a new one gets its keys.
    ///
    /// # Errors
    /// When the folder cannot be used, or belongs to a witness of another name.
    pub fn open(folder: &Path, name: &str) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = folder.join("witness.key");
        if !file.exists() {
            let caller = clock::platform_caller();
            let seeds = [caller.random::<32>(), caller.random::<32>()].concat();
            let mut made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
            made.write_all(&seeds).and_then(|()| made.sync_all()).context("cannot write the key")?;
            File::open(folder)?.sync_all()?;
        }
        let seeds = Zeroizing::new(fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?);
        let (Some(first), Some(second)) = (seeds.get(..32), seeds.get(32..64)) else {
            bail!("{} is no key of a witness", file.display());
        };
        let ed25519 = SigningKey::from_ed25519_seed(first.try_into()?)?;
        let ml_dsa = MlDsaKey::from_seed(second.try_into()?)?;
        let PublicKey::Ed25519(public) = ed25519.public()? else { bail!("an Ed25519 key has another public key") };
        let cosigners = [Cosigner::ed25519(name, public)?, Cosigner::ml_dsa_44(name, ml_dsa.public())?];
        let vkeys: String = cosigners.iter().map(|key| format!("{key}\n")).collect();
        let known = folder.join("vkeys");
        if fs::read_to_string(&known).is_ok_and(|before| before != vkeys) {
            bail!("{} belongs to a witness of another name: give --name as before", folder.display());
        }
        fs::write(&known, vkeys)?;
        let logs = Mutex::new(BTreeMap::new());
        Ok(Self { name: name.to_owned(), folder: folder.to_path_buf(), ed25519, ml_dsa, cosigners, logs })
    }

    /// Its verifier keys.
    #[must_use]
    pub fn cosigners(&self) -> &[Cosigner] {
        &self.cosigners
    }

    /// Watches a log, by its keys.
    pub fn watch(&self, keys: Vec<Verifier>) {
        let Some(origin) = keys.first().map(|key| key.name().to_owned()) else { return };
        self.logs.lock().unwrap_or_else(PoisonError::into_inner).entry(origin).or_default().extend(keys);
    }

    fn judge(&self, body: &[u8]) -> Result<String, Stop> {
        let request = Request::parse(body)?;
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let origin = request.origin()?;
        let keys = logs.get(origin).ok_or(Refusal::UnknownLog)?;
        let file = self.folder.join(format!("{}.log", hex(&lionrock_crypto::digest::sha256(origin.as_bytes()))));
        let last = remembered(&file, origin)?;
        let new = request.judge(keys, last.as_ref().map(|(checkpoint, _)| checkpoint))?;
        // The clock may be set back; what a cosignature says of time never is.
        let now = u64::try_from(clock::now().seconds()).unwrap_or(0);
        let time = last.map_or(now, |(_, time)| time.max(now));
        let text = new.to_string();
        remember(&self.folder, &file, &format!("{time}\n{text}")).map_err(|error| Stop::Broken(error.to_string()))?;
        let [first, second] = &self.cosigners;
        let lines = [
            cosign::sign(&text, first, &Secret::Ed25519(&self.ed25519), time),
            cosign::sign(&text, second, &Secret::MlDsa44(&self.ml_dsa), time),
        ];
        lines.into_iter().collect::<Result<String, _>>().map_err(|error| Stop::Broken(error.to_string()))
    }
}

impl Desk for House {
    fn add_checkpoint(&self, body: &[u8]) -> (u16, &'static str, String) {
        match self.judge(body) {
            Ok(lines) => (200, TEXT, lines),
            Err(Stop::Refused(Refusal::Conflict(size))) => (409, "text/x.tlog.size", format!("{size}\n")),
            Err(Stop::Refused(refusal)) => (refusal.status(), TEXT, format!("{refusal}\n")),
            Err(Stop::Broken(why)) => {
                tracing::error!(witness = self.name, why, "nothing is cosigned");
                (500, TEXT, "this witness cannot sign just now\n".to_owned())
            }
        }
    }

    fn keys(&self) -> String {
        self.cosigners.iter().map(|key| format!("{key}\n")).collect()
    }
}

const TEXT: &str = "text/plain; charset=utf-8";

enum Stop {
    Refused(Refusal),
    /// The witness itself: better no signature than one too many.
    Broken(String),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What was cosigned last, and when. A file that cannot be read is not "nothing": it stops the signing.
fn remembered(file: &Path, origin: &str) -> Result<Option<(Checkpoint, u64)>, Stop> {
    let broken = |why: String| Stop::Broken(format!("{}: {why}", file.display()));
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(broken(error.to_string())),
    };
    let read = text.split_once('\n').and_then(|(time, note)| Some((Checkpoint::parse(note).ok()?, time.parse().ok()?)));
    let (checkpoint, time) = read.ok_or_else(|| broken("it is damaged".to_owned()))?;
    if checkpoint.origin == origin {
        Ok(Some((checkpoint, time)))
    } else {
        Err(broken("it is another log's".to_owned()))
    }
}

/// Written aside, synced, renamed, and the folder synced: only then may a cosignature leave.
fn remember(folder: &Path, file: &Path, text: &str) -> std::io::Result<()> {
    let aside = file.with_extension("part");
    let mut written = File::create(&aside)?;
    written.write_all(text.as_bytes())?;
    written.sync_all()?;
    fs::rename(&aside, file)?;
    File::open(folder)?.sync_all()
}

/// The keys by which a platform's own log is watched.
///
/// # Errors
/// When the ring has no checkpoint key.
pub fn keys_of(platform: &Platform) -> Result<Vec<Verifier>> {
    Ok(ledger::verifiers(platform)?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lionrock_ledger::hash::Hash;
    use lionrock_ledger::tree::Frontier;

    const ORIGIN: &str = "lionrock.test-demo/localhost:8443";

    struct Log {
        key: SigningKey,
        tree: Frontier,
    }

    impl Log {
        fn new() -> Self {
            Self { key: SigningKey::from_ed25519_seed(&[3; 32]).unwrap(), tree: Frontier::new() }
        }

        fn verifier(&self) -> Verifier {
            let PublicKey::Ed25519(public) = self.key.public().unwrap() else { unreachable!() };
            Verifier::new(ORIGIN, public).unwrap()
        }

        fn note(&self, size: u64, root: Hash) -> String {
            Checkpoint { origin: ORIGIN.to_owned(), size, root }.sign(&self.verifier(), &self.key).unwrap()
        }

        /// A request over one more entry; for so small a tree the proof is made by hand.
        fn grow(&mut self, entry: &[u8]) -> (u64, String) {
            let old = self.tree.size();
            self.tree.push(Hash::of_entry(entry));
            (old, self.note(self.tree.size(), self.tree.root()))
        }
    }

    fn ask(house: &House, old: u64, proof: Vec<Hash>, note: &str) -> (u16, String) {
        let (status, _, text) =
            house.add_checkpoint(Request { old, proof, note: note.to_owned() }.to_string().as_bytes());
        (status, text)
    }

    #[test]
    fn a_witness_signs_what_continues_and_remembers_across_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let house = House::open(folder.path(), "witness.example/one").unwrap();
        let mut log = Log::new();
        let (old, note) = log.grow(b"one");
        assert_eq!(ask(&house, old, vec![], &note).0, 404, "nobody asked it to watch this log");
        house.watch(vec![log.verifier()]);
        let (status, lines) = ask(&house, old, vec![], &note);
        assert_eq!(status, 200, "{lines}");
        let signed = format!("{note}{lines}");
        let found = cosign::cosigned(signed.as_bytes(), house.cosigners()).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|one| one.time > 0));
        // Asked again for the same: the same. For an older size: told where it stands.
        assert_eq!(ask(&house, 1, vec![], &note).0, 200);
        assert_eq!(ask(&house, 0, vec![], &note), (409, "1\n".to_owned()));
        // A fork of the same size, and a longer one without or with a wrong proof.
        let fork = log.note(1, Hash([9; 32]));
        assert_eq!(ask(&house, 1, vec![], &fork), (409, "1\n".to_owned()));
        let (_, second) = log.grow(b"two");
        assert_eq!(ask(&house, 1, vec![], &second).0, 422);
        assert_eq!(ask(&house, 1, vec![Hash::of_entry(b"other")], &second).0, 422);
        assert_eq!(ask(&house, 3, vec![], &second).0, 400);
        assert_eq!(ask(&house, 1, vec![Hash::of_entry(b"two")], &second).0, 200);
        // Somebody else's signature, another log, no note at all.
        let stranger = Log { key: SigningKey::from_ed25519_seed(&[4; 32]).unwrap(), tree: Frontier::new() };
        assert_eq!(ask(&house, 2, vec![], &stranger.note(2, Hash([1; 32]))).0, 403);
        assert_eq!(ask(&house, 2, vec![], &second.replace("test-demo", "test-other")).0, 404);
        for rubbish in [&b""[..], b"old 1", b"old 01\n\nx", b"old 1\n\n", &[0xff, 0xfe]] {
            assert_eq!(house.add_checkpoint(rubbish).0, 400, "{rubbish:?}");
        }
        // After a restart it goes on where it was: the fork is still refused, and an older state is not taken back.
        drop(house);
        let again = House::open(folder.path(), "witness.example/one").unwrap();
        again.watch(vec![log.verifier()]);
        assert_eq!(ask(&again, 2, vec![], &log.note(2, Hash([9; 32]))), (409, "2\n".to_owned()));
        assert_eq!(ask(&again, 0, vec![], &note), (409, "2\n".to_owned()));
        assert!(House::open(folder.path(), "witness.example/two").is_err());
        // A state that cannot be read signs nothing.
        let state = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let state = state.into_iter().find(|path| path.extension().is_some_and(|end| end == "log")).unwrap();
        fs::write(&state, "cut").unwrap();
        assert_eq!(ask(&again, 2, vec![], &second).0, 500);
    }

    #[test]
    fn two_requests_at_once_never_sign_two_histories() {
        let folder = tempfile::tempdir().unwrap();
        let house = Arc::new(House::open(folder.path(), "witness.example/one").unwrap());
        let mut log = Log::new();
        house.watch(vec![log.verifier()]);
        let (_, first) = log.grow(b"one");
        assert_eq!(ask(&house, 0, vec![], &first).0, 200);
        let forks: Vec<String> = (0..8u8)
            .map(|n| {
                let mut tree = Frontier::new();
                tree.push(Hash::of_entry(b"one"));
                tree.push(Hash::of_entry(&[n]));
                log.note(2, tree.root())
            })
            .collect();
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let asked: Vec<_> = forks
                .iter()
                .zip(0..8u8)
                .map(|(note, n)| {
                    let house = Arc::clone(&house);
                    scope.spawn(move || ask(&house, 1, vec![Hash::of_entry(&[n])], note).0)
                })
                .collect();
            asked.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    }
}
