//! Made-up people: the same for the same seed, and nobody real among them.

use std::collections::BTreeSet;

use lionrock_model::hkid::{Hkid, NotAnHkid};
use lionrock_rehearsal::font::Typeface;
use lionrock_rehearsal::people::{DEFAULT_RESIDENTS, Drill, Person, Role, drills, residents, sample};

const SEEDS: [u64; 4] = [1, 2, 77, u64::MAX];

fn everybody(seed: u64) -> Vec<Person> {
    let mut people = residents(seed, 300).unwrap();
    people.extend(drills(seed).unwrap());
    people.extend(sample(seed, 60).unwrap());
    people
}

fn facts(people: &[Person]) -> Vec<String> {
    let row = |p: &Person| {
        let record = p.registry_record();
        let (name, number) = (p.facts.english_name.reveal(), p.printed_number());
        format!("{} {name} {number} {} {} {} {}", p.slug, p.symbols, p.facts.birth, record.issued, p.email.reveal())
    };
    people.iter().map(row).collect()
}

#[test]
fn the_same_seed_makes_the_same_people_and_another_seed_others() {
    assert_eq!(facts(&everybody(5)), facts(&everybody(5)));
    let (these, those) = (facts(&everybody(5)), facts(&everybody(6)));
    assert!(these.iter().zip(&those).all(|(a, b)| a != b));
}

#[test]
fn every_number_is_reserved_and_its_own_and_its_check_character_right() {
    for seed in SEEDS {
        let people = everybody(seed);
        let mut numbers = BTreeSet::new();
        for person in &people {
            let number = &person.facts.hkid;
            assert!(number.is_reserved(), "{}", person.slug);
            assert!(numbers.insert(number.body().to_owned()), "{} twice", number.body());
            let printed = Hkid::parse(&person.printed_number()).map(|read| read == *number);
            let expected = if person.role == Role::Drill(Drill::WrongCheckDigit) {
                Err(NotAnHkid::WrongCheckDigit)
            } else {
                Ok(true)
            };
            assert_eq!(printed, expected, "{}", person.slug);
        }
        let slugs: BTreeSet<_> = people.iter().take(300).map(|person| &person.slug).collect();
        assert_eq!(slugs.len(), 300);
    }
}

#[test]
fn every_character_has_a_code_and_an_outline() {
    for seed in SEEDS {
        for person in everybody(seed) {
            let chinese = person.facts.chinese_name.as_ref().map_or("", |name| name.reveal());
            assert_eq!(person.codes.len(), chinese.chars().count(), "{chinese}");
            for character in chinese.chars() {
                assert!(Typeface::HanSans.has(character) && Typeface::HanSerif.has(character), "{character}");
            }
            let english = person.facts.english_name.reveal().chars().filter(|c| *c != ' ');
            assert!(english.chain("()-*0123456789".chars()).all(|c| Typeface::LatinSans.has(c)));
        }
    }
    for character in "香港永久性居民身份證出生日期簽發男女測試樣本並非".chars() {
        assert!(Typeface::HanSans.has(character) && Typeface::HanSerif.has(character), "{character}");
    }
}

#[test]
fn dates_and_symbols_agree_as_on_a_real_card() {
    for seed in SEEDS {
        for person in everybody(seed) {
            let (birth, issued) = (person.facts.birth, person.facts.issued);
            let (year, month) = person.first_registered;
            assert!(issued.to_string().as_str() >= "2018-11-26" && issued.to_string().as_str() <= "2026-06-30");
            assert!((birth.year(), birth.month()) < (year, month), "{}", person.slug);
            assert!((year, month) <= (issued.year(), issued.month()), "{}", person.slug);
            let minor = person.role == Role::Drill(Drill::Minor);
            assert_eq!(person.age_on(issued) < 18, minor, "{}", person.slug);
            let stars = person.symbols.chars().filter(|c| *c == '*').count();
            assert_eq!(
                stars,
                if minor {
                    1
                } else if person.permanent {
                    3
                } else {
                    0
                },
                "{}",
                person.slug
            );
            assert_eq!(person.permanent, person.symbols.contains('A'), "{}", person.slug);
        }
    }
}

#[test]
fn the_default_set_has_what_a_demo_needs() {
    let people = residents(1, DEFAULT_RESIDENTS).unwrap();
    let camera: Vec<_> = people.iter().filter(|person| person.role == Role::Camera).collect();
    assert_eq!(
        camera.iter().map(|p| p.slug.as_str()).collect::<Vec<_>>(),
        ["chan-tai-man", "cheung-chi-ming", "ho-wing-sum"]
    );
    assert!(camera.iter().all(|person| person.face.is_some() && person.registry_record() == person.facts));
    assert!(people.iter().any(|person| person.facts.chinese_name.is_none()), "somebody without a Chinese name");
    let drills = drills(1).unwrap();
    assert!(drills.iter().all(|person| person.face.is_some()));
    let mismatched: Vec<_> = drills.iter().filter(|person| person.registry_record() != person.facts).collect();
    assert_eq!(mismatched.len(), 1);
    assert_eq!(mismatched[0].role, Role::Drill(Drill::RegistryMismatch));
}
