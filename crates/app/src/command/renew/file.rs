//! One file: held so that nobody else renews it, read, and replaced whole or not at all.

use super::house::House;
use super::{Outcome, now};
use lionrock_pki::Error;
use lionrock_pki::algorithm::Digest;
use lionrock_pki::name;
use lionrock_pki::pades::{self, Material, Standing};
use lionrock_pki::validation::Trust;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Seconds by which the authority's clock may be ahead of ours.
const AHEAD: u64 = 60;

/// What the newest proof of time is.
pub struct Found {
    /// It covers the whole document.
    pub archived: bool,
    /// When it was made.
    pub at: u64,
    /// Until when it proves something.
    pub ends: u64,
    /// Who made it.
    pub by: String,
}

impl Found {
    /// Of several the one that ends first.
    pub fn of(standing: &Standing) -> Self {
        let first = standing.stamps.iter().min_by_key(|one| one.ends);
        let own = first.and_then(|one| one.chain.first());
        Self {
            archived: standing.archived(),
            at: first.map_or(0, |one| one.at),
            ends: standing.ends(),
            by: own.and_then(|own| name::common_name(own.subject())).unwrap_or_default(),
        }
    }
}

/// A file nobody else renews as long as this lives.
pub struct Held {
    path: PathBuf,
    file: File,
    was: Metadata,
}

/// Holds a file and looks at what its proofs rest on.
pub fn look(path: &Path, trust: &Trust) -> Result<(Held, Standing), Outcome> {
    let failed = |error: io::Error| Outcome::Failed(error.to_string());
    let linked = std::fs::symlink_metadata(path).map_err(failed)?;
    if !linked.is_file() {
        return Err(Outcome::Failed("this is no file; a link is not followed".to_owned()));
    }
    let mut file = File::open(path).map_err(failed)?;
    file.try_lock().map_err(|_| Outcome::Failed("somebody else is at it".to_owned()))?;
    let held =
        Held { path: path.to_owned(), was: file.metadata().map_err(failed)?, file: file.try_clone().map_err(failed)? };
    if !held.is_there() {
        return Err(Outcome::Failed("it was changed a moment ago".to_owned()));
    }
    let standing = pades::standing(&mut file, trust).map_err(refused)?;
    Ok((held, standing))
}

impl Held {
    /// The file at its path is still the one that was read.
    fn is_there(&self) -> bool {
        let mark = |one: &Metadata| (one.dev(), one.ino(), one.len(), one.mtime(), one.mtime_nsec());
        std::fs::symlink_metadata(&self.path).is_ok_and(|now| mark(&now) == mark(&self.was))
    }
}

/// What is wrong with the file is refused, what is wrong with the disk has failed.
fn refused(error: Error) -> Outcome {
    match error {
        Error::Io(_) => Outcome::Failed(error.to_string()),
        other => Outcome::Refused(other.to_string()),
    }
}

/// Renews a file.
pub fn renew(mut held: Held, standing: &Standing, trust: &Trust, house: &House) -> Result<Outcome, Outcome> {
    let asked = |error: anyhow::Error| Outcome::Failed(format!("{error:#}"));
    let mut known = Material::default();
    for one in &standing.stamps {
        known.join(&house.status(&one.chain, now()).map_err(asked)?);
    }
    let trust = Trust { now: now().max(trust.now), ..trust.clone() };
    let round = pades::renew(&mut held.file, standing, &known, Digest::Sha256, &trust).map_err(refused)?;
    let token = house.stamp(Digest::Sha256, round.digest()).map_err(asked)?;
    let stamp = round.stamped(&token, &trust).map_err(refused)?;
    if stamp.at > now() + AHEAD {
        return Err(Outcome::Failed(
            "the authority's clock or ours is wrong: its time-stamp is from the future".to_owned(),
        ));
    }
    // Otherwise every run would add a stamp and gain nothing.
    if standing.archived() && stamp.ends <= standing.ends() {
        return Err(Outcome::Refused(
            "a new time-stamp would last no longer: the authority needs a new certificate for time-stamps".to_owned(),
        ));
    }
    let known = house.status(&stamp.chain, now()).map_err(asked)?;
    let trust = Trust { now: now().max(stamp.at), ..trust };
    let ends = stamp.ends;
    let tail = round.finish(&mut held.file, &stamp, &known, &trust).map_err(refused)?;
    replace(&mut held, &tail, &trust)?;
    Ok(Outcome::Renewed(ends))
}

/// Writes file and tail beside, reads that once more as anybody would, and puts it in the file's place.
fn replace(held: &mut Held, tail: &[u8], trust: &Trust) -> Result<(), Outcome> {
    let mut name = std::ffi::OsString::from(".");
    name.push(held.path.file_name().unwrap_or_default());
    name.push(".renewing");
    let beside = held.path.with_file_name(name);
    let outcome = write(held, tail, &beside, trust);
    if outcome.is_err() {
        // What is half there is nothing; whether it can be removed does not matter.
        let _ = std::fs::remove_file(&beside);
    }
    outcome
}

fn write(held: &mut Held, tail: &[u8], beside: &Path, trust: &Trust) -> Result<(), Outcome> {
    let failed = |error: io::Error| Outcome::Failed(format!("cannot write {}: {error}", beside.display()));
    match std::fs::remove_file(beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut copy = OpenOptions::new().read(true).write(true).create_new(true).open(beside).map_err(failed)?;
    copy.set_permissions(held.was.permissions()).map_err(failed)?;
    held.file.seek(SeekFrom::Start(0)).map_err(failed)?;
    io::copy(&mut held.file, &mut copy).map_err(failed)?;
    copy.write_all(tail).and_then(|()| copy.sync_all()).map_err(failed)?;
    let again = pades::standing(&mut copy, trust).map_err(refused)?;
    if !again.archived() || !held.is_there() {
        return Err(Outcome::Failed("the file was changed while it was renewed".to_owned()));
    }
    std::fs::rename(beside, &held.path).map_err(failed)?;
    let folder = held.path.parent().filter(|one| !one.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}
