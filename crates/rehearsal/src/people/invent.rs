//! Putting people together.

use jiff::{
    Span,
    civil::{Date, date},
};
use lionrock_model::hkid::Hkid;
use lionrock_model::person::{CardFacts, ChineseName, Email, EnglishName, Sex};
use thiserror::Error;

use super::names::{CAMERA, LATIN, MEN, SURNAMES, WOMEN};
use super::{Drill, Person, Role, age, commercial_code};
use crate::dice::Dice;
use crate::face::Face;

/// The first day on which cards of the drawn design were issued.
const FIRST_ISSUE: Date = date(2018, 11, 26);
/// No card of a made-up person is younger than this, whatever the day of the demo.
const LAST_ISSUE: Date = date(2026, 6, 30);
/// Places in the endless row of people that lie far from everybody counted from 0.
const DRILL_PLACES: u64 = 900_000;

/// A part that people are made of breaks a rule of the model: a fault of the tables here, not of the caller.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the tables of made-up people hold a {0} that the model refuses")]
pub struct NotAPerson(&'static str);

/// The first `count` residents of a seed: three by camera, then people who are there already. Ids are unique.
///
/// # Errors
/// When a table of names breaks a rule of the model.
pub fn residents(seed: u64, count: usize) -> Result<Vec<Person>, NotAPerson> {
    let mut people = (0..count as u64).map(|place| person(seed, place)).collect::<Result<Vec<_>, _>>()?;
    tell_apart(&mut people);
    Ok(people)
}

/// The three who register by camera.
///
/// # Errors
/// When a table of names breaks a rule of the model.
pub fn registers_by_camera(seed: u64) -> Result<Vec<Person>, NotAPerson> {
    residents(seed, CAMERA.len())
}

/// One person for each drill. Their ids begin with `drill-`.
///
/// # Errors
/// When a table of names breaks a rule of the model.
pub fn drills(seed: u64) -> Result<Vec<Person>, NotAPerson> {
    let made = Drill::ALL.into_iter().zip(Face::ALL).enumerate().map(|(at, (drill, face))| {
        let mut person = plain(seed, DRILL_PLACES + at as u64, Some(face), drill == Drill::Minor, true)?;
        person.role = Role::Drill(drill);
        person.slug = person.role.word().to_owned();
        person.email = email(&person.slug)?;
        Ok(person)
    });
    made.collect()
}

/// People for measuring how well cards are read: any names, and every portrait a photograph.
///
/// # Errors
/// When a table of names breaks a rule of the model.
pub fn sample(seed: u64, count: usize) -> Result<Vec<Person>, NotAPerson> {
    let made = (0..count as u64).zip(Face::ALL.into_iter().cycle());
    let mut people = made
        .map(|(place, face)| plain(seed, 500_000 + place, Some(face), false, true))
        .collect::<Result<Vec<_>, _>>()?;
    tell_apart(&mut people);
    Ok(people)
}

/// One resident of the endless row (a million card numbers). Ids may repeat; [`residents`] tells them apart.
///
/// # Errors
/// When a table of names breaks a rule of the model.
pub fn person(seed: u64, place: u64) -> Result<Person, NotAPerson> {
    let at = usize::try_from(place).unwrap_or(usize::MAX);
    match (CAMERA.get(at), Face::ALL.get(at)) {
        (Some((surname, spelt, given, given_spelt)), Some(face)) => {
            let mut person = plain(seed, place, Some(*face), false, true)?;
            person.role = Role::Camera;
            give_name(&mut person, &format!("{spelt}, {given_spelt}"), &format!("{surname}{given}"))?;
            Ok(person)
        }
        _ => plain(seed, place, None, false, place % 8 != 7),
    }
}

/// Somebody with everything but a role.
fn plain(seed: u64, place: u64, face: Option<Face>, minor: bool, chinese: bool) -> Result<Person, NotAPerson> {
    let mut dice = Dice::of(seed, "person", place);
    let sex = face.map_or_else(|| if dice.below(2) == 0 { Sex::Female } else { Sex::Male }, Face::sex);
    let issued = add_days(FIRST_ISSUE, dice.below(days(FIRST_ISSUE, LAST_ISSUE)));
    // Minors stay minors for some years; adults were 18 when the card was issued.
    let birth = if minor { date(2013, 7, 1) } else { date(1948, 1, 1) };
    let birth = add_days(birth, dice.below(if minor { 700 } else { days(birth, date(2000, 6, 30)) }));
    let issued = if minor { add_days(date(2026, 1, 5), dice.below(170)) } else { issued };
    let registered = add_days(birth, 11 * 366 + dice.below(days(birth, issued).saturating_sub(11 * 366)));
    let permanent = dice.below(8) != 0;
    let mut person = Person {
        slug: String::new(),
        role: Role::PreRegistered,
        facts: CardFacts {
            hkid: number(seed, place)?,
            english_name: EnglishName::parse("NOBODY").map_err(|_| NotAPerson("name"))?,
            chinese_name: None,
            birth,
            sex,
            issued,
        },
        codes: Vec::new(),
        first_registered: (registered.year(), registered.month()),
        symbols: symbols(&mut dice, permanent, age(birth, issued)),
        permanent,
        email: email("nobody")?,
        face,
    };
    if chinese {
        let (surname, spelt) = dice.pick(SURNAMES).copied().unwrap_or(("陳", "CHAN"));
        let list = if sex == Sex::Male { MEN } else { WOMEN };
        let (first, first_spelt) = dice.pick(list).copied().unwrap_or(('大', "Tai"));
        let second = dice.pick(list).copied().filter(|(character, _)| *character != first && dice.below(12) != 0);
        let (second, second_spelt) = second.map_or((String::new(), ""), |(character, spelt)| (character.into(), spelt));
        let english = format!("{spelt}, {first_spelt} {second_spelt}");
        give_name(&mut person, english.trim_end(), &format!("{surname}{first}{second}"))?;
    } else {
        let (surname, his, hers) = dice.pick(LATIN).copied().unwrap_or(("SMITH", "Peter John", "Helen"));
        give_name(&mut person, &format!("{surname}, {}", if sex == Sex::Male { his } else { hers }), "")?;
    }
    Ok(person)
}

fn give_name(person: &mut Person, english: &str, chinese: &str) -> Result<(), NotAPerson> {
    person.facts.english_name = EnglishName::parse(english).map_err(|_| NotAPerson("name"))?;
    person.facts.chinese_name = match chinese {
        "" => None,
        some => Some(ChineseName::parse(some).map_err(|_| NotAPerson("name"))?),
    };
    let codes: Option<Vec<_>> = chinese.chars().map(commercial_code).collect();
    person.codes = codes.ok_or(NotAPerson("character without a commercial code"))?;
    person.slug = english.to_ascii_lowercase().replace(", ", "-").replace(' ', "-");
    person.email = email(&person.slug)?;
    Ok(())
}

/// The number of a place under a seed: no two places of the same seed share one.
fn number(seed: u64, place: u64) -> Result<Hkid, NotAPerson> {
    let start = Dice::of(seed, "numbers", 0).below(1_000_000);
    let digits = (start + place.wrapping_mul(386_117)) % 1_000_000;
    Hkid::with_check_digit(&format!("U{digits:06}")).map_err(|_| NotAPerson("card number"))
}

fn symbols(dice: &mut Dice, permanent: bool, age: i16) -> String {
    let stars = match age {
        _ if !permanent => "",
        18.. => "***",
        11..=17 => "*",
        _ => "",
    };
    let stay = if permanent { "A" } else { dice.pick(&["C", "U"]).copied().unwrap_or("C") };
    let birthplace = dice.pick(&["Z", "Z", "Z", "Z", "X", "X", "W", "O"]).copied().unwrap_or("Z");
    let changed = dice.pick(&["", "", "", "", "", "", "", "N", "B"]).copied().unwrap_or("");
    format!("{stars}{stay}{birthplace}{changed}")
}

/// A second bearer of a name is called `…-2`, and so on.
fn tell_apart(people: &mut [Person]) {
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for person in people {
        let bearers = seen.entry(person.slug.clone()).or_default();
        *bearers += 1;
        if *bearers > 1 {
            person.slug = format!("{}-{bearers}", person.slug);
            if let Ok(email) = email(&person.slug) {
                person.email = email;
            }
        }
    }
}

fn email(slug: &str) -> Result<Email, NotAPerson> {
    Email::parse(&format!("{slug}@example.test")).map_err(|_| NotAPerson("e-mail address"))
}

fn days(from: Date, to: Date) -> u64 {
    from.until(to).map_or(0, |span| u64::try_from(span.get_days()).unwrap_or(0))
}

fn add_days(from: Date, days: u64) -> Date {
    from.saturating_add(Span::new().days(i64::try_from(days).unwrap_or(0)))
}
