//! Rotation of keys on both engines: everything opens before, during and after; nothing refers to what is destroyed; nothing is
//! destroyed before that is so.

mod death;
#[path = "ticket/scene.rs"]
#[allow(dead_code, reason = "shared with the tests of tickets")]
pub mod desk;
mod outage;
mod scene;
mod signers;
mod swap;
mod trouble;
mod turning;
pub mod work;
