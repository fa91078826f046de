//! The ledger's journey: leaves get a place, the log is signed, published as files, and proved to whoever asks.
//!
//! Business transactions add leaves without a place (`audit::append`), so they never wait for each other. [`run`] is the
//! job that gives places ([`sequence`]), and publishes what was committed ([`publish`]) under `DATA/ledger`, at least once a
//! second and at once when a journey asks. Order of truth: the committed row of `log_head` is what was signed; files
//! follow it, never lead it; a published checkpoint that the store cannot continue stops the job for good.

pub mod desk;
pub mod filed;
pub mod include;
pub mod job;
pub mod publish;
pub mod published;
pub mod receipt;
pub mod recheck;
pub mod sequence;
pub mod witnessed;

pub use desk::{Desk, Standing};
pub use include::{Inclusion, inclusion, wait};
pub use job::run;
pub use publish::Publisher;
pub use published::{Published, published};
pub use sequence::sequence;

use crate::{Fault, Platform};
use lionrock_crypto::ml_dsa::MlDsaKey;
use lionrock_crypto::ring::{Mac, Signer};
use lionrock_crypto::sign::PublicKey;
use lionrock_ledger::checkpoint;
use lionrock_ledger::cosign::Cosigner;
use lionrock_ledger::leaf::{CoarseTime, Kind, Leaf};
use lionrock_ledger::note::Verifier;
use lionrock_store::leaf::Entry;
use std::path::PathBuf;

/// The folder of published files below the data folder.
pub const FOLDER: &str = "ledger";

/// Where this deployment publishes.
#[must_use]
pub fn folder(platform: &Platform) -> PathBuf {
    platform.settings.data.join(FOLDER)
}

/// The name of this deployment's log, with its realm inside.
#[must_use]
pub fn origin(platform: &Platform) -> String {
    checkpoint::origin(&platform.settings.realm.to_string(), &platform.settings.issuer)
}

/// The keys that sign or once signed this log, oldest first.
///
/// # Errors
/// `Key` when the ring has no checkpoint key.
pub fn verifiers(platform: &Platform) -> Result<Vec<Verifier>, Fault> {
    let origin = origin(platform);
    platform.keys.verifiers(Signer::Checkpoint)?.into_iter().map(|(_, key)| verifier(&origin, key)).collect()
}

fn verifier(origin: &str, key: PublicKey) -> Result<Verifier, Fault> {
    match key {
        PublicKey::Ed25519(public) => Verifier::new(origin, public).map_err(|error| Fault::bug(error.to_string())),
        _ => Err(Fault::bug("the checkpoint key is not Ed25519")),
    }
}

/// The log's own cosigner of type ML-DSA-44, beside its Ed25519 signature: who can forge the one cannot forge the other. Its key
/// follows from the key of commitments, which is never rotated.
///
/// # Errors
/// `Key` when the ring is incomplete.
pub fn post_quantum(platform: &Platform) -> Result<(Cosigner, MlDsaKey), Fault> {
    let origin = origin(platform);
    let seed = platform.keys.mac(Mac::Commitment, "log ml-dsa-44 v1", origin.as_bytes())?;
    let key = MlDsaKey::from_seed(&seed)?;
    let cosigner = Cosigner::ml_dsa_44(&origin, key.public()).map_err(|error| Fault::bug(error.to_string()))?;
    Ok((cosigner, key))
}

/// The published bytes of a stored entry.
pub(crate) fn encode(entry: &Entry) -> Result<Vec<u8>, Fault> {
    let damaged = |what: &dyn std::fmt::Display| Fault::stored_data(format!("table leaf: {what}"));
    let seconds = u64::try_from(entry.coarse_time).map_err(|error| damaged(&error))?;
    let leaf = Leaf {
        event: entry.event,
        kind: Kind::parse(&entry.kind).map_err(|error| damaged(&error))?,
        time: CoarseTime::from_seconds(seconds).map_err(|error| damaged(&error))?,
        commitment: entry.commitment,
        tag: entry.tag,
    };
    Ok(leaf.encode())
}
