//! Chance that can be repeated: the same seed throws the same dice.

/// A small generator (SplitMix64, Steele, Lea and Flood 2014). For made-up people and pictures only, never for keys.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice for one purpose and one place in a row, independent of how often others were thrown.
    #[must_use]
    pub fn of(seed: u64, purpose: &str, index: u64) -> Self {
        let start = purpose.bytes().fold(seed ^ 0x6c69_6f6e_726f_636b, |state, byte| {
            (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
        });
        let mut dice = Self(start ^ index.wrapping_mul(0xd6e8_feb8_6659_fd93));
        dice.word();
        dice
    }

    /// 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number from 0 up to but not including `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.word() % end }
    }

    /// A number from 0 up to but not including 1.
    pub fn unit(&mut self) -> f32 {
        (self.word() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// A number between two bounds.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// About normal with mean 0 and deviation 1: the sum of four uniform numbers.
    pub fn normal(&mut self) -> f32 {
        let word = self.word();
        let sum: u64 = (0..4).map(|part| (word >> (16 * part)) & 0xffff).sum();
        (sum as f32 / 65_536.0 - 2.0) * 1.732
    }

    /// One entry of a list; `None` when it is empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let place = self.below(list.len() as u64);
        list.get(usize::try_from(place).ok()?)
    }
}
