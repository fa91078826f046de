//! Rotation of keys on both engines: everything opens before, during and after; nothing refers to what is destroyed; nothing is
//! destroyed before that is so.

mod death;
mod outage;
mod scene;
mod signers;
mod swap;
mod trouble;
mod turning;
