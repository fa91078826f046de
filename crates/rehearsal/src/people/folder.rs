//! The people's folder of a demo: pictures to register with, and who everybody is.

use std::io;
use std::path::Path;

use lionrock_model::proofing::Action;
use serde_json::{Value, json};

use super::{Person, Role};
use crate::scene::{Condition, photograph};
use crate::{card, face};

/// Writes `<slug>/card.jpg`, for people with a face `<slug>/face.jpg` and each movement the page can ask for as
/// `<slug>/<action>-1.jpg` to `-3.jpg`, `<slug>/person.json`, and over all an `index.json` and a `README.md`. What is
/// there already is overwritten. `drawn` hears of each person done.
///
/// # Errors
/// When a file cannot be written.
pub fn write_people(folder: &Path, people: &[Person], seed: u64, drawn: &mut dyn FnMut()) -> io::Result<()> {
    for person in people {
        let own = folder.join(&person.slug);
        std::fs::create_dir_all(&own)?;
        let shot = photograph(&card::draw(person, seed), Condition::Ordinary(1), seed);
        std::fs::write(own.join("card.jpg"), shot)?;
        if let Some(selfie) = face::still_selfie(person, seed) {
            std::fs::write(own.join("face.jpg"), selfie)?;
        }
        for action in Action::ALL {
            let frames = face::selfie_frames(person, &[action], seed);
            for (number, (_, _, picture)) in frames.iter().filter(|(of, ..)| of.is_some()).enumerate() {
                std::fs::write(own.join(format!("{}-{}.jpg", action.word(), number + 1)), picture)?;
            }
        }
        std::fs::write(own.join("person.json"), pretty(&description(person)))?;
        drawn();
    }
    let index: Vec<Value> = people.iter().map(entry).collect();
    std::fs::write(folder.join("index.json"), pretty(&json!({ "synthetic": true, "seed": seed, "people": index })))?;
    std::fs::write(folder.join("README.md"), guide(people))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn entry(person: &Person) -> Value {
    json!({
        "slug": person.slug,
        "role": person.role.word(),
        "english_name": person.facts.english_name.reveal(),
        "chinese_name": person.facts.chinese_name.as_ref().map(|name| name.reveal()),
        "email": person.email.reveal(),
        "has_face": person.face.is_some(),
    })
}

/// Everything there is to say of a made-up person, for whoever plays them.
fn description(person: &Person) -> Value {
    let (facts, record) = (&person.facts, person.registry_record());
    let (year, month) = person.first_registered;
    json!({
        "synthetic": true,
        "slug": person.slug,
        "role": person.role.word(),
        "hkid": person.printed_number(),
        "english_name": facts.english_name.reveal(),
        "chinese_name": facts.chinese_name.as_ref().map(|name| name.reveal()),
        "commercial_codes": person.codes.iter().map(|code| format!("{code:04}")).collect::<Vec<_>>(),
        "birth": facts.birth.to_string(),
        "sex": facts.sex.letter().to_string(),
        "symbols": person.symbols,
        "first_registered": format!("{year:04}-{month:02}"),
        "issued": facts.issued.to_string(),
        "permanent": person.permanent,
        "email": person.email.reveal(),
        "registry": {
            "hkid": record.hkid.reveal(),
            "issued": record.issued.to_string(),
            "agrees_with_card": record == *facts && person.printed_number() == record.hkid.reveal(),
        },
    })
}

fn guide(people: &[Person]) -> String {
    let mut text = String::from(
        "# The people of this demo\n\n\
         All of them are invented: names, numbers, dates and addresses. Card numbers begin with U, which no card carries. The\n\
         faces are photographs in the public domain of people who have nothing to do with these names.\n\n\
         `card.jpg` is the photograph of a card marked TEST SPECIMEN, `face.jpg` a face looking straight ahead, and\n\
         `turn-left-1.jpg` and so on are the movements the page can ask for: left and right are the person's own, and the\n\
         pictures are not mirrored. `person.json` says who they are.\n\n\
         | folder | name | what for |\n| --- | --- | --- |\n",
    );
    for person in people {
        let chinese = person.facts.chinese_name.as_ref().map_or("", |name| name.reveal());
        let purpose = match person.role {
            Role::Camera => "registers by camera or with these pictures",
            Role::PreRegistered => "has an account already",
            Role::Drill(super::Drill::RegistryMismatch) => "is refused: the registry knows a later card",
            Role::Drill(super::Drill::WrongCheckDigit) => "is sent back: the card's check character is wrong",
            Role::Drill(super::Drill::Minor) => "is under 18",
        };
        text.push_str(&format!("| {} | {} {chinese} | {purpose} |\n", person.slug, person.facts.english_name.reveal()));
    }
    text
}
