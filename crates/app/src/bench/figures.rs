//! Figures, for people and for programs.

use serde_json::{Map, Value, json};
use std::time::Duration;

/// A list of named figures.
pub struct Figures {
    bench: &'static str,
    lines: Vec<(&'static str, f64, &'static str)>,
}

impl Figures {
    /// An empty list.
    pub const fn new(bench: &'static str) -> Self {
        Self { bench, lines: Vec::new() }
    }

    /// Adds a figure with what it means.
    pub fn add(&mut self, name: &'static str, value: f64, meaning: &'static str) {
        self.lines.push((name, value, meaning));
    }

    /// A figure added before.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.lines.iter().find(|(known, _, _)| *known == name).map(|(_, value, _)| *value)
    }

    /// Prints them.
    #[allow(clippy::print_stdout)]
    pub fn show(&self, as_json: bool) {
        if as_json {
            let figures: Map<_, _> =
                self.lines.iter().map(|(name, value, _)| ((*name).to_owned(), json!(rounded(*value)))).collect();
            println!("{}", json!({"bench": self.bench, "figures": Value::Object(figures)}));
            return;
        }
        println!("{:<28} {:>12}  what it is", self.bench, "figure");
        for (name, value, meaning) in &self.lines {
            println!("{name:<28} {:>12}  {meaning}", rounded(*value));
        }
    }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The value below which `share` of the sorted spans lie, in milliseconds.
pub fn percentile(sorted: &[Duration], share: f64) -> f64 {
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a position in a short list"
    )]
    let position = ((sorted.len() as f64) * share).ceil() as usize;
    sorted.get(position.saturating_sub(1)).map_or(0.0, |span| span.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_members_of_the_list() {
        let list: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert!((percentile(&list, 0.5) - 50.0).abs() < 1e-9);
        assert!((percentile(&list, 0.99) - 99.0).abs() < 1e-9);
        assert!((percentile(&list[..1], 0.99) - 1.0).abs() < 1e-9);
        assert!(percentile(&[], 0.5).abs() < 1e-9);
    }
}
