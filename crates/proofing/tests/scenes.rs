//! The seeded scenes and how well their cards are read; shared by the tests and by `--example accuracy`.

use jiff::civil::Date;
use lionrock_model::proofing::{CardText, Reason};
use lionrock_proofing::policy::Policy;
use lionrock_proofing::{Models, read_card};
use lionrock_rehearsal::people::{Person, sample};
use lionrock_rehearsal::scene::{Condition, photograph};

/// Seed of the people and their scenes.
pub const SEED: u64 = 20_261_123;

/// The fields of a card, in the order of the published table.
pub const FIELDS: [&str; 10] = [
    "number with check digit",
    "date of birth",
    "sex",
    "first registration",
    "date of issue",
    "commercial codes",
    "English name",
    "symbols",
    "Chinese name",
    "all fields",
];

/// One photographed card and who is on it.
pub struct Scene {
    pub person: Person,
    pub picture: Vec<u8>,
}

/// `count` scenes of four severities in turn.
pub fn scenes(count: usize) -> Vec<Scene> {
    let people = sample(SEED, count).unwrap();
    let shoot = |(at, person): (usize, Person)| {
        let card = lionrock_rehearsal::card::draw(&person, SEED + at as u64);
        Scene { picture: photograph(&card, Condition::Ordinary((at % 4) as u8), SEED + at as u64), person }
    };
    people.into_iter().enumerate().map(shoot).collect()
}

/// Which fields were read exactly; a card that is refused has none.
pub fn score(models: &Models, scene: &Scene, today: Date) -> Result<[bool; 10], Vec<Reason>> {
    let read = read_card(&Policy::default(), models, scene.picture.clone(), today)?;
    Ok(compare(&read, &scene.person))
}

fn compare(read: &CardText, person: &Person) -> [bool; 10] {
    let facts = &person.facts;
    let (year, month) = person.first_registered;
    let codes: Vec<String> = person.codes.iter().map(|code| format!("{code:04}")).collect();
    let plain = |name: &str| name.replace(' ', "").to_uppercase();
    let mut exact = [
        read.hkid == facts.hkid.reveal(),
        read.birth == facts.birth.to_string(),
        read.sex == facts.sex.letter().to_string(),
        read.first_registered == format!("{year:04}-{month:02}"),
        read.issued == facts.issued.to_string(),
        read.commercial_codes == codes.join(" "),
        plain(&read.english_name) == plain(facts.english_name.reveal()),
        read.symbols == person.symbols,
        read.chinese_name == facts.chinese_name.as_ref().map_or("", |name| name.reveal()),
        false,
    ];
    exact[9] = exact[..9].iter().all(|field| *field);
    exact
}
