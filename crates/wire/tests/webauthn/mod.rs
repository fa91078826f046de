//! Passkeys judged by published vectors, by another implementation, and by spoiling every field.

mod fixture;
mod garbage;
mod judge;
mod json;
mod spoilt;
mod vectors;
