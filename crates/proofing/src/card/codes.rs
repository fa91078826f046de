//! Chinese commercial codes: four digits a character, read far more surely than the characters themselves.

use std::collections::BTreeMap;

/// The two code books (traditional, mainland) by code.
pub(crate) struct Codes(BTreeMap<u16, (Option<char>, Option<char>)>);

/// A Chinese name after comparison with its codes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub name: String,
    /// Whether any character comes from its code rather than from the reading.
    pub by_code: bool,
}

impl Codes {
    /// Reads `code ⇥ traditional ⇥ mainland` lines, `-` for none, `#` for remarks.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut table = BTreeMap::new();
        for line in std::str::from_utf8(bytes).ok()?.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split('\t');
            let code = cells.next()?.parse().ok()?;
            let mut character = || -> Option<Option<char>> {
                match cells.next()? {
                    "-" => Some(None),
                    cell => Some(Some(cell.chars().next()?)),
                }
            };
            table.insert(code, (character()?, character()?));
        }
        (!table.is_empty()).then_some(Self(table))
    }

    /// The character a code stands for, traditional first.
    pub fn character(&self, code: u16) -> Option<char> {
        self.0.get(&code).and_then(|(traditional, mainland)| traditional.or(*mainland))
    }

    fn stands_for(&self, code: u16, character: char) -> bool {
        self.0
            .get(&code)
            .is_some_and(|(traditional, mainland)| *traditional == Some(character) || *mainland == Some(character))
    }

    /// Compares a name as read with its codes. Without codes the reading stands. A character that is not its code's
    /// traditional one is replaced by it: cards print traditional characters, and readers confuse variants. `None` when nothing of the reading agrees with
    /// the codes (either may be wrong), or a code is unknown and the reading cannot be matched to it.
    pub fn resolve(&self, read: &str, codes: &[u16]) -> Option<Resolved> {
        if codes.is_empty() {
            return Some(Resolved { name: read.to_owned(), by_code: false });
        }
        let read: Vec<char> = read.chars().collect();
        if read.len() == codes.len() {
            let mut by_code = false;
            let mut agreeing = 0;
            let name = read
                .iter()
                .zip(codes)
                .map(|(character, code)| {
                    agreeing += u32::from(self.stands_for(*code, *character));
                    // A code outside the table leaves the reading as the only witness.
                    let settled = self.character(*code).unwrap_or(*character);
                    by_code |= settled != *character;
                    settled
                })
                .collect();
            return (agreeing > 0).then_some(Resolved { name, by_code });
        }
        // A rare character is sometimes left out or read as two: the characters that agree must keep their order.
        let mut rest = codes.iter();
        let agreeing = read
            .iter()
            .filter(|c| {
                rest.clone().any(|code| self.stands_for(*code, **c)) && rest.any(|code| self.stands_for(*code, **c))
            })
            .count();
        let name = codes.iter().map(|code| self.character(*code)).collect::<Option<String>>()?;
        (agreeing > 0 && read.len().abs_diff(codes.len()) == 1).then_some(Resolved { name, by_code: true })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn table() -> Codes {
        Codes::parse(include_bytes!("../../../../models/ccc_table.tsv")).unwrap()
    }

    #[test]
    fn the_published_specimens_are_spelt_by_their_codes() {
        let table = table();
        for (codes, name) in [
            ([2867, 3057, 2532], "樂永晴"),
            ([2651, 2480, 2597], "林日朗"),
            ([151, 2867, 5361], "余樂芯"),
            ([2621, 2535, 5174], "李智能"),
        ] {
            let spelt: String = codes.iter().filter_map(|code| table.character(*code)).collect();
            assert_eq!(spelt, name);
            let resolved = table.resolve(name, &codes).unwrap();
            assert_eq!(resolved, Resolved { name: name.to_owned(), by_code: false });
        }
    }

    #[test]
    fn a_misread_character_gives_way_to_its_code() {
        let resolved = table().resolve("楽永晴", &[2867, 3057, 2532]).unwrap();
        assert_eq!(resolved, Resolved { name: "樂永晴".to_owned(), by_code: true });
        let variant = table().resolve("刘", &[491]).unwrap();
        assert_eq!(variant, Resolved { name: "劉".to_owned(), by_code: true });
        let shorter = table().resolve("永晴", &[2867, 3057, 2532]).unwrap();
        assert_eq!(shorter, Resolved { name: "樂永晴".to_owned(), by_code: true });
    }

    #[test]
    fn codes_of_another_name_are_not_believed() {
        assert_eq!(table().resolve("林日朗", &[2867, 3057, 2532]), None);
        assert_eq!(table().resolve("林", &[2867, 3057, 2532]), None);
    }
}
