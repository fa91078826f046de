//! Signing on both engines: the honest way, every form; and who tries to sign for somebody else.

mod attacks;
mod csc;
mod death;
mod forms;
mod guard;
mod journey;
mod large;
pub mod scene;
