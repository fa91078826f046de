//! Tables `ceremony` and `failed_try`: challenges waiting for an answer, and addresses that fail often.

use crate::{Error, Tx};
use lionrock_model::credential::{Ceremony, CeremonyKind};
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO ceremony (challenge, kind, binding, resident, user_handle, expires_at, proof)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const TAKE: &str = "DELETE FROM ceremony WHERE challenge = $1 AND kind = $2 AND binding = $3
    RETURNING challenge, kind, binding, resident, user_handle, expires_at, proof";
const SWEEP: &str = "DELETE FROM ceremony WHERE expires_at < $1";
const TRY: &str = "INSERT INTO failed_try (bucket, since, tries) VALUES ($1, $2, 1)
    ON CONFLICT (bucket) DO UPDATE SET
        tries = CASE WHEN failed_try.since < $3 THEN 1 ELSE failed_try.tries + 1 END,
        since = CASE WHEN failed_try.since < $3 THEN excluded.since ELSE failed_try.since END
    RETURNING tries";
const SWEEP_TRIES: &str = "DELETE FROM failed_try WHERE since < $1";

/// Keeps a challenge.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn add(tx: &mut Tx<'_>, new: &Ceremony) -> Result<(), Error> {
    let values = [
        (&new.challenge).into(),
        new.kind.word().into(),
        new.binding.into(),
        new.resident.map(|id| id.as_bytes().to_vec()).into(),
        new.user_handle.clone().into(),
        new.expires.into(),
        new.proof.map(|proof| proof.to_vec()).into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// Takes a challenge out, if it was made for this kind and this browser, session or registration. It is gone afterwards, also when
/// the answer turns out bad: the transaction must commit either way.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn take(
    tx: &mut Tx<'_>,
    challenge: &[u8],
    kind: CeremonyKind,
    binding: &[u8; 32],
) -> Result<Option<Ceremony>, Error> {
    let Some(row) = tx.first(TAKE, &[challenge.into(), kind.word().into(), binding.into()])? else { return Ok(None) };
    let wrong = |what: &str| Error::corrupt(format!("ceremony.{what}"));
    let resident = row.opt_bytes(3)?.map(ResidentId::from_bytes).transpose().map_err(|_| wrong("resident"))?;
    Ok(Some(Ceremony {
        challenge: row.bytes(0)?.to_vec(),
        kind: CeremonyKind::from_word(row.text(1)?).ok_or_else(|| wrong("kind"))?,
        binding: row.array(2)?,
        resident,
        user_handle: row.opt_bytes(4)?.map(<[u8]>::to_vec),
        expires: Millis(row.int(5)?),
        proof: row.opt_array(6)?,
    }))
}

/// Deletes challenges whose time was over before `before`; says how many.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn sweep(tx: &mut Tx<'_>, before: Millis) -> Result<u64, Error> {
    tx.execute(SWEEP, &[before.into()])
}

/// Counts a failed answer of a bucket (a keyed digest of an address) and says how many there were since `window`.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn count_failure(tx: &mut Tx<'_>, bucket: &[u8; 32], now: Millis, window: Millis) -> Result<i64, Error> {
    let row = tx.first(TRY, &[bucket.into(), now.into(), window.into()])?;
    row.map_or(Ok(1), |row| row.int(0))
}

/// Deletes counters that began before `before`; says how many.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn sweep_failures(tx: &mut Tx<'_>, before: Millis) -> Result<u64, Error> {
    tx.execute(SWEEP_TRIES, &[before.into()])
}
