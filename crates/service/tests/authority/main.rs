//! The certificate authority: on both engines, and before judges of other makers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "tests stand at the edge")]
#![allow(dead_code, reason = "the stages of other tests do more than these need")]

mod judges;
mod life;
#[path = "../oidc/scene.rs"]
mod scene;
#[path = "../stage.rs"]
mod stage;
#[path = "../stand_in.rs"]
mod stand_in;
