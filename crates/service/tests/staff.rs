//! The staff house: officers, their keys, what two of them decide, and everybody who tries to get round it.

mod attackers;
mod authority;
mod decisions;
mod further_keys;
mod keys;
pub mod scene;
mod time;
