//! The key files beside backups, and how a person who left leaves them.
//!
//! A key file holds the wrapped key of everybody who had an account when it was written. The store knows every folder such a file was
//! written to, noted before the keys were read. When an account ended, each of them is to be written anew, and the erasure is not
//! done, nor said to be done, before each was: from then on no file the platform wrote holds a key that opens the person.

use super::create::{Desk, said, write_keys};
use super::{KEYS, Trouble};
use crate::audit::{self, Event};
use crate::boot::wrapped;
use crate::{Caller, Fault, Platform};
use lionrock_crypto::backup::Custodian;
use lionrock_crypto::digest::sha256;
use lionrock_store::key_copy::{self, Copy};
use lionrock_store::{Tx, failpoint, key_ring};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A copy that is about to be written.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    node: String,
    place: String,
    wanted: i64,
}

impl Noted {
    /// It was written, and is in its place.
    pub(super) fn written(&self, tx: &mut Tx<'_>, caller: &Caller) -> Result<(), Fault> {
        Ok(key_copy::written(tx, &self.node, &self.place, self.wanted, caller.now).map(drop)?)
    }
}

/// Notes that keys are about to be written into a folder.
pub(super) async fn note(platform: &Arc<Platform>, custodian: Custodian, folder: &Path) -> Result<Noted, Trouble> {
    let (node, place) = (node(platform), name(folder));
    let key = *custodian.public();
    let noted = platform
        .store
        .write(move |tx| {
            let wanted = key_copy::keep(tx, &node, &place, &key)?;
            Ok::<_, Fault>(Noted { node: node.clone(), place: place.clone(), wanted })
        })
        .await?;
    failpoint::reach("backup-noted");
    Ok(noted)
}

/// Writes every copy on this machine anew that may hold a key that was destroyed since; says how many it wrote.
///
/// # Errors
/// Of the store; what is wrong with a folder. The others were written, and erasures wait for this one.
pub async fn refresh(platform: &Arc<Platform>, caller: &Caller) -> Result<usize, Fault> {
    let node = node(platform);
    let copies = platform.store.read(key_copy::all).await?;
    let mut renewed = 0;
    let mut trouble = None;
    for copy in copies.into_iter().filter(|copy| copy.node == node && copy.is_behind()) {
        match renew(platform, caller, copy).await {
            Ok(()) => renewed += 1,
            // A backup is being written there: the next round finds it done.
            Err(Trouble::Busy { .. }) => {}
            Err(found) => trouble = Some(found),
        }
    }
    trouble.map_or(Ok(renewed), |trouble| Err(trouble.into()))
}

/// Says that there is no copy in a folder any more: whoever says so has destroyed it. False when none was known there.
///
/// # Errors
/// Of the store.
pub async fn forget(platform: &Arc<Platform>, caller: &Caller, folder: &Path) -> Result<bool, Fault> {
    let (node, place) = (node(platform), name(folder));
    forgotten(platform, caller, node, place, "destroyed").await
}

/// Every copy the store knows of, also on other machines.
///
/// # Errors
/// Of the store.
pub async fn known(platform: &Platform) -> Result<Vec<Copy>, Fault> {
    Ok(platform.store.read(key_copy::all).await?)
}

async fn renew(platform: &Arc<Platform>, caller: &Caller, copy: Copy) -> Result<(), Trouble> {
    let folder = PathBuf::from(&copy.place);
    if !folder.is_dir() {
        let away = std::io::Error::new(
            std::io::ErrorKind::NotFound,
            "a copy of keys lies there and the folder is away: bring it back, or destroy the copy and say so by `lionrock backup forget`",
        );
        return Err(Trouble::place(&folder, &away));
    }
    if !folder.join(KEYS).exists() {
        forgotten(platform, caller, copy.node, copy.place, "gone").await?;
        return Ok(());
    }
    let desk = Desk::open(&folder)?;
    let custodian = Custodian::new(copy.custodian);
    let (owned, who, place) = (Arc::clone(platform), caller.clone(), folder.clone());
    let draft = platform.store.read(move |tx| write_keys(tx, &owned, &who, custodian, &place)).await?;
    desk.place_keys(&draft)?;
    failpoint::reach("backup-keys-renewed");
    let body = json!({"custodian": draft.header.custodian, "keys": said(&draft.written), "size": draft.header.size});
    let (owned, who) = (Arc::clone(platform), caller.clone());
    platform
        .store
        .write(move |tx| {
            let stored: Vec<_> = key_ring::all(tx)?.into_iter().map(wrapped).collect();
            owned.keys.adopt_holding(&stored, &key_ring::held(tx)?)?;
            key_copy::written(tx, &copy.node, &copy.place, copy.wanted, who.now)?;
            audit::append(tx, &owned, &who, &Event::new("backup.keys-renewed", None, body.clone())).map(drop)
        })
        .await?;
    Ok(())
}

async fn forgotten(
    platform: &Arc<Platform>,
    caller: &Caller,
    node: String,
    place: String,
    why: &'static str,
) -> Result<bool, Fault> {
    let (owned, who) = (Arc::clone(platform), caller.clone());
    platform
        .store
        .write(move |tx| {
            if !key_copy::forget(tx, &node, &place)? {
                return Ok(false);
            }
            let body = json!({"place": super::hex(&sha256(place.as_bytes())), "why": why});
            audit::append(tx, &owned, &who, &Event::new("backup.forgotten", None, body))?;
            Ok(true)
        })
        .await
}

/// Names the machine and the deployment on it: a server, and a command beside it, have the same.
fn node(platform: &Platform) -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let digest = sha256(format!("{}\0{}", host.trim(), name(&platform.settings.data)).as_bytes());
    super::hex(digest.first_chunk::<8>().map_or(&[][..], |first| first))
}

fn name(folder: &Path) -> String {
    fs::canonicalize(folder)
        .or_else(|_| std::path::absolute(folder))
        .unwrap_or_else(|_| folder.to_path_buf())
        .display()
        .to_string()
}
