//! Writes a film for a browser's fake camera:
//! `cargo run -p lionrock-rehearsal --example camera -- chan-tai-man turn-left,look-up FILE.mjpeg [SEED [SLACK]]`;
//! SLACK, in milliseconds, is what taking a picture costs the page of a slow machine for each action.

use lionrock_model::proofing::Action;
use lionrock_rehearsal::{people, video};

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [slug, actions, file, rest @ ..] = arguments.as_slice() else {
        return Err("usage: camera SLUG ACTION,ACTION… FILE.mjpeg [SEED [SLACK]]".to_owned());
    };
    let seed = match rest.first() {
        Some(seed) => seed.parse().map_err(|_| "the seed is a whole number".to_owned())?,
        None => people::DEFAULT_SEED,
    };
    let mut rhythm = video::Rhythm::default();
    if let Some(slack) = rest.get(1) {
        rhythm.slack = slack.parse().map_err(|_| "the slack is a whole number of milliseconds".to_owned())?;
    }
    let actions: Option<Vec<Action>> = actions.split(',').map(Action::from_word).collect();
    let actions = actions.ok_or_else(|| {
        let words: Vec<_> = Action::ALL.iter().map(|action| action.word()).collect();
        format!("an action is one of {}", words.join(", "))
    })?;
    let everybody = people::registers_by_camera(seed).map_err(|error| error.to_string())?;
    let person = everybody.iter().find(|person| person.slug == *slug);
    let person = person.ok_or_else(|| {
        let slugs: Vec<_> = everybody.iter().map(|person| person.slug.as_str()).collect();
        format!("who registers by camera: {}", slugs.join(", "))
    })?;
    let film = video::film(person, &actions, rhythm, seed);
    std::fs::write(file, film).map_err(|error| format!("cannot write {file}: {error}"))
}
