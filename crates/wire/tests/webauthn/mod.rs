//! Passkeys judged by published vectors, by another implementation, and by spoiling every field.

mod fixture;
mod garbage;
mod json;
mod judge;
mod spoilt;
mod vectors;
