//! Table `server`: servers that run on this store, and which state of the key ring each has seen; and table `key_turn`: which
//! state is the present one.

use crate::{Error, Tx};
use lionrock_model::time::Millis;

const GENERATION: &str = "SELECT generation FROM key_turn WHERE id = 1";
const TURN: &str = "UPDATE key_turn SET generation = generation + 1 WHERE id = 1";
const LEAVE_EARLIER: &str = "DELETE FROM server WHERE node = $1 AND boot <> $2";
const REPORT: &str = "INSERT INTO server (boot, node, generation, seen_at) VALUES ($1, $2, $3, $4) \
                      ON CONFLICT (boot) DO UPDATE SET generation = excluded.generation, seen_at = excluded.seen_at";
const LEAVE: &str = "DELETE FROM server WHERE boot = $1";
const ALL: &str = "SELECT boot, node, generation, seen_at FROM server ORDER BY boot";

/// A server as it last reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Random id of its run.
    pub boot: [u8; 16],
    /// The place it runs on: the same after a restart.
    pub node: String,
    /// The state of the key ring it works with; 0 while it starts.
    pub generation: i64,
    /// When it reported.
    pub seen: Millis,
}

/// Which state of the key ring is the present one.
///
/// # Errors
/// Of the store.
pub fn generation(tx: &mut Tx<'_>) -> Result<i64, Error> {
    tx.first(GENERATION, &[])?.map_or_else(|| Err(Error::corrupt("key_turn: no row")), |row| row.int(0))
}

/// Counts a change of the key ring, and says which state is the present one now. Called in the transaction that changes it.
///
/// # Errors
/// Of the store.
pub fn turn(tx: &mut Tx<'_>) -> Result<i64, Error> {
    tx.execute(TURN, &[])?;
    generation(tx)
}

/// Writes down what a server works with. Earlier runs on the same place are over.
///
/// # Errors
/// Of the store.
pub fn report(tx: &mut Tx<'_>, server: &Server) -> Result<(), Error> {
    tx.execute(LEAVE_EARLIER, &[server.node.as_str().into(), server.boot.into()])?;
    let values = [server.boot.into(), server.node.as_str().into(), server.generation.into(), server.seen.into()];
    tx.execute(REPORT, &values).map(drop)
}

/// Takes a server off the list: it ended, or has been silent too long.
///
/// # Errors
/// Of the store.
pub fn leave(tx: &mut Tx<'_>, boot: &[u8; 16]) -> Result<(), Error> {
    tx.execute(LEAVE, &[boot.into()]).map(drop)
}

/// All servers on the list.
///
/// # Errors
/// Of the store.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Server>, Error> {
    let rows = tx.query(ALL, &[])?;
    let server = |row: &crate::Row| {
        Ok(Server {
            boot: row.array(0)?,
            node: row.text(1)?.to_owned(),
            generation: row.int(2)?,
            seen: Millis(row.int(3)?),
        })
    };
    rows.iter().map(server).collect()
}
