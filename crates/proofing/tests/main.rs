//! Judging cards and faces, from outside: pictures in, verdicts out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, clippy::cast_possible_truncation, clippy::cast_precision_loss)]
#![allow(clippy::cast_sign_loss, missing_docs)]

mod cards;
mod intake;
mod judging;
mod scenes;
mod stage;
