//! The tamper-evident log: what is written, how it is published, and how an outsider checks it.
//!
//! An auditor builds only this crate and `crypto`. Nothing here opens a database, a socket or a clock:
//! bytes come in through a [`source::Source`], keys and times are arguments.
//!
//! ```text
//! event ──leaf──▶ entry ──tree──▶ root ──checkpoint──▶ signed note
//!                   └──tile──▶ static files (C2SP tlog-tiles) ──verify──▶ report
//!                                   └──proof──▶ bundle (C2SP tlog-proof), one entry checked offline
//! ```
//!
//! Formats, byte by byte: `docs/formats/ledger.md`. Sources: RFC 6962 and RFC 9162 section 2.1 (hashing and
//! proofs), C2SP signed-note, tlog-checkpoint, tlog-tiles and tlog-proof.

pub mod access;
pub mod bundle;
pub mod checkpoint;
pub mod cosign;
pub mod hash;
pub mod index;
pub mod leaf;
pub mod note;
pub mod proof;
pub mod receipt;
pub mod source;
pub mod tag;
pub mod tile;
pub mod tree;
pub mod verify;
pub mod witness;
