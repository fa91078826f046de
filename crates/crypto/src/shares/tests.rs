//! Any set of enough shares gives the root, none of too few; whatever is wrong with a share is said.

use super::*;
use crate::random::{Seeded, System};
use proptest::prelude::*;

fn root(seed: u64) -> Secret<32> {
    Secret::random(&Seeded::new(seed))
}

fn ceremony(threshold: u8, of: u8) -> Vec<Share> {
    split(&root(1), "test-demo", threshold, of, &System).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn enough_shares_in_any_order_give_the_root_and_fewer_do_not(
        seed: u64, of in 2_u8..40, below in 0_u8..38, order in proptest::collection::vec(any::<u64>(), 40),
    ) {
        let threshold = (of - below % (of - 1)).max(2);
        let root = root(seed);
        let mut shares = split(&root, "test-demo", threshold, of, &Seeded::new(seed ^ 1)).unwrap();
        let numbers: Vec<_> = shares.iter().map(Share::number).collect();
        prop_assert_eq!(numbers, (1..=of).collect::<Vec<_>>());
        shares.sort_by_key(|share| order[usize::from(share.number()) - 1]);
        let enough = usize::from(threshold);
        prop_assert_eq!(join(&shares[..enough]), Ok(root.clone()));
        prop_assert_eq!(join(&shares), Ok(root.clone()));
        prop_assert_eq!(
            join(&shares[..enough - 1]).unwrap_err(),
            ShareError::TooFew { given: enough - 1, threshold }
        );
        // Even whoever forges the threshold gets something else out of too few.
        let mut fewer = shares[..enough - 1].to_vec();
        fewer.iter_mut().for_each(|share| share.threshold = 2);
        if fewer.len() >= 2 {
            prop_assert_eq!(join(&fewer).unwrap_err(), ShareError::WrongSet);
        }
    }

    #[test]
    fn text_reads_back_and_every_change_is_noticed(seed: u64, at in 0_usize..400, flip in 1_u8..128) {
        let share = split(&root(seed), "test-demo", 2, 3, &Seeded::new(seed)).unwrap().remove(1);
        let text = share.to_text();
        prop_assert_eq!(Share::parse(&text), Ok(share.clone()));
        prop_assert_eq!(Share::parse(&text.replace('\n', "\r\n")), Ok(share));
        let at = at % text.len();
        let cut = Share::parse(&text[..at]).unwrap_err();
        prop_assert!(matches!(cut, ShareError::Truncated | ShareError::NotAShare), "{cut:?} at {at}");
        let mut changed = text.as_bytes().to_vec();
        changed[at] ^= flip;
        if let Ok(changed) = String::from_utf8(changed) {
            prop_assert!(Share::parse(&changed).is_err(), "{changed}");
        }
    }
}

#[test]
fn one_share_is_as_good_as_a_random_number() {
    // The share at 1 of a two-of-two sharing is root plus coefficient: for every root there is a coefficient that gives it.
    let counted = |root: [u8; 32]| {
        let mut seen = [0_u32; 256];
        for seed in 0..4096 {
            let shares = split(&Secret::new(root), "test-demo", 2, 2, &Seeded::new(seed)).unwrap();
            seen[usize::from(shares[0].value.expose()[0])] += 1;
        }
        seen
    };
    for seen in [counted([0; 32]), counted([255; 32])] {
        // 4096 draws over 256 values: chi square has 255 degrees of freedom, over 400 is one in a hundred million.
        let chi: f64 = seen.iter().map(|n| (f64::from(*n) - 16.0).powi(2) / 16.0).sum();
        assert!(chi < 400.0, "{chi}");
    }
}

#[test]
fn what_does_not_belong_together_is_named() {
    let shares = ceremony(2, 3);
    let elsewhere = ceremony(2, 3);
    let other_realm = split(&root(1), "test-other", 2, 3, &System).unwrap();
    assert_eq!(join(&[shares[0].clone(), shares[0].clone()]).unwrap_err(), ShareError::Repeated { number: 1 });
    assert!(matches!(join(&[shares[0].clone(), elsewhere[1].clone()]).unwrap_err(), ShareError::OtherCeremony { .. }));
    assert!(matches!(join(&[shares[0].clone(), other_realm[1].clone()]).unwrap_err(), ShareError::OtherRealm { .. }));
    assert_eq!(join(&[]).unwrap_err(), ShareError::TooFew { given: 0, threshold: 2 });
    assert_eq!(join(&shares[..1]).unwrap_err(), ShareError::TooFew { given: 1, threshold: 2 });

    // A share that was forged with a fitting checksum.
    let mut forged = shares[1].clone();
    forged.value = Secret::new([3; 32]);
    let forged = Share::parse(&forged.to_text()).unwrap();
    assert_eq!(join(&[shares[0].clone(), forged]).unwrap_err(), ShareError::WrongSet);

    for (threshold, of) in [(0, 3), (1, 3), (4, 3), (2, 0)] {
        assert_eq!(split(&root(1), "test-demo", threshold, of, &System).unwrap_err(), ShareError::WrongNumbers);
    }
    assert_eq!(ceremony(255, 255).len(), 255);
}

#[test]
fn impossible_numbers_are_refused_even_with_a_fitting_checksum() {
    let share = ceremony(2, 3).remove(0);
    for (number, of, threshold) in [(0, 3, 2), (4, 3, 2), (1, 3, 4), (1, 3, 1)] {
        let wrong = Share { number, of, threshold, ..share.clone() };
        assert_eq!(Share::parse(&wrong.to_text()).unwrap_err(), ShareError::Damaged);
    }
}

#[test]
fn other_files_are_no_shares_and_nothing_prints_a_value() {
    for text in ["", "lionrock root key v1\n00\n", "something else", "\0\0\0"] {
        assert_eq!(Share::parse(text).unwrap_err(), ShareError::NotAShare);
    }
    let share = ceremony(2, 3).remove(0);
    let shown = format!("{share:?}");
    assert_eq!(shown, "Share(1 of 3, …)");
    assert_eq!(share.commitment(), digest::sha256(share.to_text().as_bytes()));
}
