//! The formats of signing in: bytes on the wire ↔ types that cannot be wrong. No I/O, no clock, no state.

pub mod jose;
pub mod oauth;
pub mod webauthn;
