//! Shares as they come in, one holder after the other. Pure: text and time in, an answer out.

use lionrock_crypto::secret::Secret;
use lionrock_crypto::shares::{self, Share, ShareError};
use lionrock_model::time::Millis;

/// The first pause after a wrong set; each further one is twice as long, up to [`LONGEST`].
const PAUSE: i64 = 5_000;
const LONGEST: i64 = 60_000;

/// What a share led to.
#[derive(Debug)]
pub enum Answer {
    /// It is one of the set.
    Taken {
        /// Its number.
        number: u8,
        /// How many more are needed.
        missing: u8,
    },
    /// It was the last one needed.
    Whole {
        /// The root key.
        root: Secret<32>,
        /// The ceremony that made it.
        ceremony: [u8; 16],
        /// The numbers of the shares.
        shares: Vec<u8>,
    },
    /// It was not taken, and why.
    Refused(String),
}

/// The shares handed in so far.
#[derive(Debug)]
pub struct Collector {
    realm: String,
    threshold: u8,
    shares: Vec<Share>,
    wrong_sets: u32,
    shut_until: Millis,
}

impl Collector {
    /// None so far.
    #[must_use]
    pub const fn new(realm: String, threshold: u8) -> Self {
        Self { realm, threshold, shares: Vec::new(), wrong_sets: 0, shut_until: Millis(0) }
    }

    /// How many more are needed.
    #[must_use]
    pub fn missing(&self) -> u8 {
        u8::try_from(self.shares.len()).map_or(0, |given| self.threshold.saturating_sub(given))
    }

    /// Takes one share. A single bad one is refused and the others stay; when they do not belong together, all are forgotten, since
    /// nobody can say whose is the false one.
    pub fn give(&mut self, text: &str, now: Millis) -> Answer {
        if now < self.shut_until {
            let wait = (self.shut_until.0 - now.0 + 999) / 1000;
            return Answer::Refused(format!("a wrong set of shares was handed in; wait {wait} seconds"));
        }
        let share = match Share::parse(text).and_then(|share| share.is_of(&self.realm).map(|()| share)) {
            Ok(share) => share,
            Err(error) => return Answer::Refused(error.to_string()),
        };
        if share.threshold() != self.threshold {
            let (own, wanted) = (share.threshold(), self.threshold);
            return Answer::Refused(format!("this share needs {own} of its kind, the configuration says {wanted}"));
        }
        for earlier in &self.shares {
            match earlier.joins(&share) {
                Ok(()) => {}
                Err(error @ ShareError::Repeated { .. }) => return Answer::Refused(error.to_string()),
                Err(error) => {
                    self.forget_wrong_set(now);
                    return Answer::Refused(format!("{error}; all shares are forgotten, begin again"));
                }
            }
        }
        let (number, ceremony) = (share.number(), share.ceremony());
        self.shares.push(share);
        let missing = self.missing();
        if missing > 0 {
            return Answer::Taken { number, missing };
        }
        match shares::join(&self.shares) {
            Ok(root) => {
                let shares = self.shares.drain(..).map(|share| share.number()).collect();
                Answer::Whole { root, ceremony, shares }
            }
            Err(error) => {
                self.forget_wrong_set(now);
                Answer::Refused(format!("{error}; all shares are forgotten, begin again"))
            }
        }
    }

    /// Forgets everything, and takes nothing for a while.
    pub fn forget_wrong_set(&mut self, now: Millis) {
        self.shares.clear();
        let pause = PAUSE.saturating_mul(1_i64.checked_shl(self.wrong_sets.min(10)).unwrap_or(1)).min(LONGEST);
        self.wrong_sets = self.wrong_sets.saturating_add(1);
        self.shut_until = Millis(now.0.saturating_add(pause));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lionrock_crypto::random::System;

    fn ceremony(realm: &str, threshold: u8, of: u8) -> (Secret<32>, Vec<Share>) {
        let root = Secret::random(&System);
        let shares = shares::split(&root, realm, threshold, of, &System).unwrap();
        (root, shares)
    }

    fn collector() -> Collector {
        Collector::new("test-demo".to_owned(), 3)
    }

    fn refusal(answer: Answer) -> String {
        match answer {
            Answer::Refused(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn enough_shares_give_the_root_and_are_forgotten() {
        let (root, shares) = ceremony("test-demo", 3, 5);
        let mut collector = collector();
        let now = Millis(1);
        assert!(matches!(collector.give(&shares[4].to_text(), now), Answer::Taken { number: 5, missing: 2 }));
        assert!(matches!(collector.give(&shares[0].to_text(), now), Answer::Taken { number: 1, missing: 1 }));
        assert!(refusal(collector.give(&shares[0].to_text(), now)).contains("share 1 was given already"));
        assert_eq!(collector.missing(), 1, "a repeated share costs nothing");
        let Answer::Whole { root: found, shares: numbers, .. } = collector.give(&shares[2].to_text(), now) else {
            panic!("it is not whole");
        };
        assert_eq!(found, root);
        assert_eq!(numbers, [5, 1, 3]);
        assert!(collector.shares.is_empty());
    }

    #[test]
    fn a_bad_share_is_refused_and_the_others_stay() {
        let (_, shares) = ceremony("test-demo", 3, 5);
        let (_, elsewhere) = ceremony("test-other", 3, 5);
        let (_, fewer) = ceremony("test-demo", 2, 5);
        let mut collector = collector();
        collector.give(&shares[0].to_text(), Millis(1));
        let text = shares[1].to_text();
        for (bad, says) in [
            ("nonsense", "not a share"),
            (&text[..text.len() - 9], "cut short"),
            (&text.replace("share 2", "share 3"), "checksum"),
            (&elsewhere[1].to_text(), "realm test-other"),
            (&fewer[1].to_text(), "needs 2"),
        ] {
            let why = refusal(collector.give(bad, Millis(1)));
            assert!(why.contains(says), "{why}");
            assert_eq!(collector.missing(), 2, "{why}");
        }
    }

    #[test]
    fn a_wrong_set_is_forgotten_and_the_door_stays_shut_longer_each_time() {
        let (_, shares) = ceremony("test-demo", 3, 5);
        let (_, others) = ceremony("test-demo", 3, 5);
        let mut collector = collector();
        let mut now = Millis(1);
        for pause in [5, 10, 20, 40, 60, 60] {
            assert!(matches!(collector.give(&shares[0].to_text(), now), Answer::Taken { .. }));
            let why = refusal(collector.give(&others[1].to_text(), now));
            assert!(why.contains("another ceremony") && why.contains("forgotten"), "{why}");
            assert_eq!(collector.missing(), 3);
            let why = refusal(collector.give(&shares[0].to_text(), Millis(now.0 + pause * 1000 - 1)));
            assert!(why.contains("wait 1 seconds"), "{why}");
            now = Millis(now.0 + pause * 1000);
        }
        // A set that is false in value only: the same numbers in a forged share.
        collector.give(&shares[0].to_text(), now);
        collector.give(&shares[1].to_text(), now);
        let forged = forge(&shares[2]);
        let why = refusal(collector.give(&forged, now));
        assert!(why.contains("one of them is false"), "{why}");
        assert_eq!(collector.missing(), 3);
    }

    /// Another value under a checksum that fits.
    fn forge(share: &Share) -> String {
        let text = share.to_text();
        let (body, _) = text.split_once("checksum ").unwrap();
        let (head, _) = body.split_once("value ").unwrap();
        let body = format!("{head}value {}\n", "ab".repeat(32));
        let sum: String =
            lionrock_crypto::digest::sha256(body.as_bytes())[..8].iter().map(|b| format!("{b:02x}")).collect();
        format!("{body}checksum {sum}\n")
    }
}
