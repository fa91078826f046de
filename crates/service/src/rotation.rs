//! Rotation of keys: a new key is made, told to every server, used; what is older is moved to it, counted twice and destroyed.
//!
//! ```text
//! asked → prepared → in-use → moving → counted → destroyed → done
//!         (every server     (page by  (nothing   (with a     (every server
//!          knows the key)    page)     is older)  receipt)    has forgotten)
//! ```
//! Each arrow is one transaction, so a process may die anywhere and the next one goes on from what is stored. All servers of a
//! store look after it; whichever holds the claim in the row does the work. Reads open both epochs throughout. Why it is safe with
//! several servers: `docs/decisions/0013-rotation.md`.

mod attend;
mod count;
mod finish;
pub mod home;
mod job;
mod mover;
mod realm;
mod records;
mod residents;
mod root;
mod standing;
mod step;
mod what;

pub use attend::{Seat, attend, join, leave};
pub use finish::receipt;
pub use job::run;
pub use root::replace_root;
pub use standing::{Standing, standing};
pub use step::{Step, step};
pub use what::{NoSuchKeys, What};

use crate::{Caller, Fault};
use lionrock_model::id::RotationId;
use lionrock_store::{Store, rotation};

/// Asks for rotations; a running server, or whoever calls [`run`], carries them out one after the other. What is asked for already
/// and not done is not asked for twice. Needs no key.
///
/// # Errors
/// Of the store.
pub async fn ask(store: &Store, caller: &Caller, what: &[What]) -> Result<Vec<RotationId>, Fault> {
    let (what, now) = (what.to_vec(), caller.now);
    let fresh: Vec<_> = what.iter().map(|_| RotationId::new(now, caller.random())).collect();
    store
        .write(move |tx| {
            let mut ids = Vec::new();
            for (what, fresh) in what.iter().zip(&fresh) {
                let words = what.to_string();
                match rotation::waiting(tx, &words)? {
                    Some(waiting) => ids.push(waiting.id),
                    None => {
                        rotation::ask(tx, *fresh, &words, now)?;
                        ids.push(*fresh);
                    }
                }
            }
            Ok(ids)
        })
        .await
}
