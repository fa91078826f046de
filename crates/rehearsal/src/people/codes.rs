//! Chinese commercial codes: four digits a character, as the card prints them (`models/ccc_table.tsv`).

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The commercial code of a traditional character, if it has one.
#[must_use]
pub fn commercial_code(character: char) -> Option<u16> {
    static TABLE: OnceLock<BTreeMap<char, u16>> = OnceLock::new();
    TABLE.get_or_init(table).get(&character).copied()
}

/// The first code of each character of the traditional codebook.
fn table() -> BTreeMap<char, u16> {
    let mut codes = BTreeMap::new();
    for line in include_str!("../../../../models/ccc_table.tsv").lines() {
        let mut columns = line.split('\t');
        let (Some(code), Some(traditional)) = (columns.next(), columns.next()) else { continue };
        if let (Ok(code), Some(character)) = (code.parse(), traditional.chars().next()) {
            codes.entry(character).or_insert(code);
        }
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::commercial_code;

    #[test]
    fn published_specimens() {
        for (name, codes) in [
            ("樂永晴", [2867, 3057, 2532]),
            ("林日朗", [2651, 2480, 2597]),
            ("余樂芯", [151, 2867, 5361]),
            ("李智能", [2621, 2535, 5174]),
        ] {
            let found: Vec<_> = name.chars().map(commercial_code).collect();
            assert_eq!(found, codes.map(Some), "{name}");
        }
    }
}
