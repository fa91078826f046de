//! Counting what is still under an older key, by the bytes in front of sealed values: no key is needed.

use super::{What, home, realm};
use crate::Fault;
use lionrock_store::rotation::Rotation;
use lionrock_store::{Tx, sealed};

/// How many records, or wrapped keys, are under an epoch before the rotation's.
pub(super) fn older(tx: &mut Tx<'_>, what: What, row: &Rotation) -> Result<u64, Fault> {
    let epoch = row.epoch.ok_or_else(|| Fault::stored_data("rotation.epoch"))?;
    match what {
        What::Domain(domain) => {
            let mut found = 0;
            for column in home::columns(domain) {
                found += column.count_older(tx, epoch)?;
            }
            Ok(found)
        }
        What::Realm => Ok(realm::older_keys(tx, epoch)?.len() as u64 + sealed::count_older_resident_keys(tx, epoch)?),
        // What a signing key made is verified with its public half, which stays.
        What::Root | What::Signer(_) | What::Resident(_) | What::Residents => Ok(0),
    }
}
