//! Prints how well the cards of the seeded scenes are read, field by field, and how long a card takes:
//! `cargo run --release -p lionrock-proofing --example accuracy [SCENES]`, from the root of the tree.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, clippy::disallowed_methods)]
#![allow(clippy::cast_possible_truncation)]

#[path = "../tests/scenes.rs"]
mod scenes;

use std::time::{Duration, Instant};

use jiff::civil::date;
use lionrock_proofing::{ModelFiles, Models};

fn main() {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(40);
    let files = ModelFiles::gather(|name| std::fs::read(format!("models/{name}"))).unwrap();
    let models = Models::from_bytes(files).unwrap();
    let mut exact = [0; scenes::FIELDS.len()];
    let mut times: Vec<Duration> = Vec::new();
    for (at, scene) in scenes::scenes(count).iter().enumerate() {
        let begun = Instant::now();
        let score = scenes::score(&models, scene, date(2026, 11, 23));
        times.push(begun.elapsed());
        match score {
            Ok(fields) => {
                for (at_field, field) in fields.iter().enumerate() {
                    exact[at_field] += usize::from(*field);
                }
                let missed: Vec<_> =
                    (0..9).filter(|field| !fields[*field]).map(|field| scenes::FIELDS[field]).collect();
                if !missed.is_empty() {
                    println!("scene {at}: missed {}", missed.join(", "));
                }
            }
            Err(reasons) => println!("scene {at}: {reasons:?}"),
        }
    }
    times.sort_unstable();
    println!("| field | exact of {count} |\n| --- | --- |");
    for (field, exact) in scenes::FIELDS.iter().zip(exact) {
        println!("| {field} | {exact} |");
    }
    println!("a card: {:?} at the least, {:?} in the middle", times[0], times[times.len() / 2]);
}
