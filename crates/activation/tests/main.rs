//! Integration tests of sole control.

mod chamber;
mod stage;
