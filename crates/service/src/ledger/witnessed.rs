//! The newest checkpoint that witnesses cosigned, and asking them: the log as a client of C2SP tlog-witness.
//!
//! A file `witnessed` beside `checkpoint` holds the newest one with cosignatures of as many witnesses as are configured, or of
//! as many as answered. Without configured witnesses the published checkpoint itself is the newest that there is.

use super::{folder, origin, verifiers};
use crate::port::Answering;
use crate::{Caller, Fault, Platform};
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::cosign::{self, Cosigned, Cosigner};
use lionrock_ledger::note;
use lionrock_ledger::proof;
use lionrock_ledger::source::{Directory, Source as _, Tiles};
use lionrock_ledger::tile;
use lionrock_ledger::witness::Request;
use std::sync::Arc;

/// A published checkpoint with its cosignatures.
#[derive(Clone, Debug, PartialEq)]
pub struct Witnessed {
    /// The note.
    pub note: String,
    /// What it says.
    pub checkpoint: Checkpoint,
    /// Cosignatures of configured witnesses that hold.
    pub cosigned: Vec<Cosigned>,
}

/// A witness that can be asked.
pub trait Witness: Send + Sync {
    /// Its verifier keys: one, or one of each algorithm.
    fn keys(&self) -> &[Cosigner];

    /// Posts a request to `add-checkpoint`; status and body of the answer.
    ///
    /// # Errors
    /// Why there was none, for operators.
    fn add_checkpoint(&self, body: String) -> Answering<'_, Result<(u16, String), String>>;
}

/// The newest checkpoint that proves something: cosigned when witnesses are configured and have signed, else the published one.
///
/// # Errors
/// `StoredData` when a published file is damaged; `Outside` when it cannot be read.
pub fn newest(platform: &Platform) -> Result<Option<Witnessed>, Fault> {
    let witnesses = platform.ledger.witnesses();
    if !witnesses.is_empty() {
        let found = read(platform, tile::WITNESSED, &witnesses)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    read(platform, tile::CHECKPOINT, &witnesses)
}

fn read(platform: &Platform, name: &str, witnesses: &[Cosigner]) -> Result<Option<Witnessed>, Fault> {
    let damaged = |error: &dyn std::fmt::Display| Fault::stored_data(format!("the published log: {error}"));
    let files = Directory::new(folder(platform));
    let Some(bytes) = files.read(name).map_err(|error| Fault::outside(error.to_string()))? else { return Ok(None) };
    let checkpoint =
        Checkpoint::open(&bytes, &origin(platform), &verifiers(platform)?).map_err(|error| damaged(&error))?;
    let cosigned = cosign::cosigned(&bytes, witnesses).map_err(|error| damaged(&error))?;
    let note = String::from_utf8(bytes).map_err(|error| damaged(&error))?;
    Ok(Some(Witnessed { note, checkpoint, cosigned }))
}

/// What the log knows of its witnesses between rounds.
#[derive(Debug, Default)]
pub struct Rounds {
    /// Size each witness cosigned last, as it said.
    seen: Vec<u64>,
    /// Size that was cosigned last.
    done: u64,
}

impl Rounds {
    /// Asks every witness to cosign the published checkpoint, and publishes what they signed. How many did; 0 when there was
    /// nothing new.
    ///
    /// # Errors
    /// Of the published files. A witness that does not answer is no error; one that refuses is told in the log.
    pub async fn round(
        &mut self,
        platform: &Arc<Platform>,
        caller: &Caller,
        witnesses: &[Arc<dyn Witness>],
    ) -> Result<usize, Fault> {
        self.seen.resize(witnesses.len(), 0);
        let shared = Arc::clone(platform);
        let work = move || read(&shared, tile::CHECKPOINT, &[]);
        let found = tokio::task::spawn_blocking(work).await.map_err(|error| Fault::bug(error.to_string()))??;
        let Some(found) = found.filter(|found| found.checkpoint.size > 0) else { return Ok(0) };
        if found.checkpoint.size == self.done {
            platform.ledger.witnessed(found.checkpoint.size, caller.now, witnesses.len());
            return Ok(0);
        }
        let (text, _) = note::parse(found.note.as_bytes()).map_err(|error| Fault::bug(error.to_string()))?;
        let text = text.to_owned();
        let mut lines = String::new();
        let mut signed = 0;
        for (witness, seen) in witnesses.iter().zip(&mut self.seen) {
            match ask(platform, witness.as_ref(), seen, &found).await {
                Ok(answer) => {
                    let kept = cosign::keep(&text, &answer, witness.keys());
                    signed += usize::from(!kept.is_empty());
                    kept.iter().for_each(|(_, line)| lines.push_str(line));
                }
                Err(why) => {
                    let name = witness.keys().first().map(Cosigner::name).unwrap_or_default();
                    tracing::warn!(witness = name, %why, "a witness did not cosign");
                }
            }
        }
        if signed == 0 {
            return Ok(0);
        }
        let (shared, size) = (Arc::clone(platform), found.checkpoint.size);
        let write = move || super::publish::cosign(&shared, &found.note, &lines);
        tokio::task::spawn_blocking(write).await.map_err(|error| Fault::bug(error.to_string()))??;
        platform.ledger.witnessed(size, caller.now, signed);
        if signed == witnesses.len() {
            self.done = size;
        }
        Ok(signed)
    }
}

/// Asks one witness; a second time when it says which size it saw last.
async fn ask(
    platform: &Arc<Platform>,
    witness: &dyn Witness,
    seen: &mut u64,
    found: &Witnessed,
) -> Result<String, String> {
    for _ in 0..2 {
        let (old, size) = (*seen, found.checkpoint.size);
        if old > size {
            return Err(format!("it saw {old} entries, the published log has {size}: was an older backup put back?"));
        }
        let shared = Arc::clone(platform);
        let prove = move || {
            let mut tiles = Tiles::new(Directory::new(folder(&shared)), size);
            proof::consistency(old, size, |node| tiles.hash(node)).map_err(|error| error.to_string())
        };
        let proof = tokio::task::spawn_blocking(prove).await.map_err(|error| error.to_string())??;
        let request = Request { old, proof: proof.unwrap_or_default(), note: found.note.clone() };
        let (status, body) = witness.add_checkpoint(request.to_string()).await?;
        match status {
            200 => {
                *seen = size;
                return Ok(body);
            }
            409 => match body.trim_end().parse::<u64>() {
                Ok(known) if known != old => *seen = known,
                _ => return Err("it saw another log of this size: two histories were signed".to_owned()),
            },
            422 => return Err("it does not accept that the log continues what it saw".to_owned()),
            other => return Err(format!("it answered {other}")),
        }
    }
    Err("its size changes while it is asked".to_owned())
}
