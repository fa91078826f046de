//! Moving a page of records, or of wrapped keys, to the new epoch.

use super::records::{Moved, Movement};
use super::{What, count, finish, home, realm};
use crate::{Caller, Fault, Platform};
use lionrock_model::rotation::State;
use lionrock_store::Tx;
use lionrock_store::rotation::Rotation;

/// Records in one transaction: short enough that logins do not feel it.
pub(super) const PAGE: u32 = 100;

/// Moves the next page; at the end of a pass, counts.
pub(super) fn page(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    what: What,
    row: &mut Rotation,
) -> Result<(), Fault> {
    let epoch = row.epoch.ok_or_else(|| Fault::stored_data("rotation.epoch"))?;
    let moved = match what {
        What::Realm if platform.keys.newest_realm() == epoch => realm::page(tx, platform, caller, row, epoch)?,
        What::Domain(domain) if platform.keys.newest(domain) == epoch => {
            let at = usize::try_from(row.column_at).unwrap_or(usize::MAX);
            match home::columns(domain).nth(at) {
                Some(column) => records(tx, platform, caller, row, column, epoch)?,
                None => None,
            }
        }
        What::Signer(signer) if platform.keys.newest_signer(signer)? == epoch => None,
        // This server does not use the new key yet; it will within the second.
        _ => return Ok(()),
    };
    if moved.is_some() {
        return Ok(());
    }
    match count::older(tx, what, row)? {
        0 => row.state = State::Counted,
        // What does not open is damaged or was put there by somebody: it stays, and so does the key it may need.
        left if row.unopened > 0 => finish::give_up(tx, platform, caller, row, left)?,
        late => {
            row.expected = row.expected.max(row.records.saturating_add(late));
            again(row);
        }
    }
    Ok(())
}

/// Begins another pass.
pub(super) fn again(row: &mut Rotation) {
    row.state = State::Moving;
    row.column_at = 0;
    row.row_at = Vec::new();
    row.unopened = 0;
}

/// Moves a page of one column, or goes on to the next; `None` when there is none.
fn records(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &mut Rotation,
    column: &'static lionrock_store::sealed::Column,
    epoch: u32,
) -> Result<Option<()>, Fault> {
    let page = column.older(tx, epoch, &row.row_at, PAGE)?;
    let Some(last) = page.last() else {
        row.column_at += 1;
        row.row_at = Vec::new();
        return Ok(Some(()));
    };
    row.row_at.clone_from(&last.row);
    let mut movement = Movement::begin(tx, platform, caller, row, column, page.len())?;
    for record in &page {
        match movement.move_record(tx, record)? {
            Moved::Sealed | Moved::Erased => row.records += 1,
            Moved::Unopened => row.unopened += 1,
            Moved::Gone => {}
        }
    }
    Ok(Some(()))
}
