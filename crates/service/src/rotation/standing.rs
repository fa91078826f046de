//! How rotations stand, for people. Needs no key.

use crate::Fault;
use lionrock_model::id::RotationId;
use lionrock_model::rotation::State;
use lionrock_model::time::Millis;
use lionrock_store::rotation::Rotation;
use lionrock_store::{Store, rotation, server};

/// How one rotation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its id.
    pub id: RotationId,
    /// Which keys.
    pub what: String,
    /// Where it is.
    pub state: State,
    /// The epoch that everything moves to, for keys that are counted in epochs.
    pub epoch: Option<u32>,
    /// Records to be moved, or residents to get a key, as far as known.
    pub expected: u64,
    /// Of those, done.
    pub records: u64,
    /// When it was asked for.
    pub asked: Millis,
    /// When it was done.
    pub finished: Option<Millis>,
    /// What kept it from destroying the old key.
    pub trouble: Option<String>,
    /// Servers it waits for, by the place they run on.
    pub waits_for: Vec<String>,
}

/// The rotations asked for last, newest first.
///
/// # Errors
/// Of the store.
pub async fn standing(store: &Store, most: u32) -> Result<Vec<Standing>, Fault> {
    store
        .read(move |tx| {
            let servers = server::all(tx)?;
            Ok(rotation::newest(tx, most)?.into_iter().map(|row| tell(row, &servers)).collect())
        })
        .await
}

fn tell(row: Rotation, servers: &[server::Server]) -> Standing {
    let open = row.finished.is_none();
    let behind = servers.iter().filter(|server| open && server.generation < row.generation);
    Standing {
        id: row.id,
        waits_for: behind.map(|server| server.node.clone()).collect(),
        what: row.what,
        state: row.state,
        epoch: row.epoch,
        expected: row.expected,
        records: row.records,
        asked: row.asked,
        finished: row.finished,
        trouble: row.trouble,
    }
}
