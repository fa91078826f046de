//! The access history: what was done with a person's data, from the ledger itself, with the proof that nothing is missing.
//!
//! Every entry about a person is counted in the person's [`lane`] by the transaction that writes it, and carries the tag of its
//! number. [`view`] and [`file`] derive what the person sees from the entries and their sealed bodies; there is no second
//! table. A [`hold`] of two officers delays what an entry says, never that it exists. [`notice`] writes to people whose record
//! staff read. [`acts`] is for auditors: the signatures of officers, judged again.

pub mod acts;
pub mod file;
pub mod hold;
pub mod lane;
pub mod notice;
pub mod openings;
pub mod view;
