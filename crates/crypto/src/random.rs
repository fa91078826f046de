//! Randomness as an argument, so that tests can repeat themselves.

use std::fmt;
use std::sync::Mutex;

/// A source of random bytes.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills the whole slice.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// An array of random bytes.
    #[must_use]
    pub fn array<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

/// The operating system's generator through aws-lc.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Entropy for System {
    fn fill(&self, bytes: &mut [u8]) {
        // aws-lc only fails here when the kernel has no entropy at all; going on without would be worse than stopping.
        #[expect(
            clippy::panic,
            clippy::disallowed_methods,
            reason = "the one source of randomness; without it nothing is safe"
        )]
        if aws_lc_rs::rand::fill(bytes).is_err() {
            panic!("the operating system gives no randomness");
        }
    }
}

/// A repeatable stream for tests, rehearsals and generators: SHA-256 in counter mode over a seed.
#[derive(Debug)]
pub struct Seeded(Mutex<(u64, u64)>);

impl Seeded {
    /// The stream that belongs to `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new((seed, 0)))
    }
}

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for chunk in bytes.chunks_mut(32) {
            let block = crate::digest::sha256(&[&state.0.to_be_bytes()[..], &state.1.to_be_bytes()].concat());
            state.1 += 1;
            chunk.iter_mut().zip(block).for_each(|(to, from)| *to = from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_streams_repeat_and_differ_by_seed() {
        let draw = |seed| {
            let source = Seeded::new(seed);
            let source: &dyn Entropy = &source;
            (source.array::<40>(), source.array::<40>())
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7).0, draw(8).0);
        assert_ne!(draw(7).0, draw(7).1);
    }
}
