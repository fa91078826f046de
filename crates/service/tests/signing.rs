//! Signing on both engines: the honest way, every form; and who tries to sign for somebody else.

mod attacks;
mod forms;
mod journey;
pub mod scene;
