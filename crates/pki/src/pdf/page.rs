//! Pages (ISO 32000-2 section 7.7.3).

use super::document::Document;
use super::object::{Dictionary, Id, Object};
use super::{DEEPEST, MOST_PAGES, Refusal};
use crate::Error;
use std::collections::BTreeSet;

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its name.
    pub id: Id,
    /// What it says.
    pub dictionary: Dictionary,
    /// Left, bottom, right and top of what is seen, in hundredths of a point.
    pub seen: [i64; 4],
    /// By how much it is turned, clockwise: 0, 90, 180 or 270.
    pub turned: i64,
}

/// A page of A4 in hundredths of a point, where a file says nothing.
const A4: [i64; 4] = [0, 0, 59_500, 84_200];

impl Document<'_> {
    /// How many pages it says it has.
    ///
    /// # Errors
    /// [`Refusal::TooManyPages`], [`Refusal::Damaged`].
    pub fn pages(&mut self) -> Result<u64, Error> {
        let catalog = self.catalog()?;
        let tree = self.dictionary(&catalog, "Pages")?.ok_or(Refusal::Damaged("its pages are missing"))?;
        let count = self.value(&tree, "Count")?.and_then(|count| count.as_integer());
        let count =
            count.and_then(|count| u64::try_from(count).ok()).ok_or(Refusal::Damaged("its pages cannot be counted"))?;
        if count > MOST_PAGES { Err(Refusal::TooManyPages.into()) } else { Ok(count) }
    }

    /// A page by its place, the first is 0.
    ///
    /// # Errors
    /// [`Refusal::NoSuchPage`]; [`Refusal::Circle`], [`Refusal::TooDeep`], [`Refusal::Damaged`].
    pub fn page(&mut self, index: u64) -> Result<Page, Error> {
        self.pages()?;
        let catalog = self.catalog()?;
        let mut here =
            catalog.get("Pages").and_then(Object::as_reference).ok_or(Refusal::Damaged("its pages are missing"))?;
        let mut left = index;
        let mut seen = A4;
        let mut turned = 0;
        let mut visited = BTreeSet::new();
        for _ in 0..DEEPEST {
            if !visited.insert(here) {
                return Err(Refusal::Circle.into());
            }
            let Object::Dictionary(node) = self.get(here)? else { return Err(Refusal::NoSuchPage.into()) };
            for key in ["MediaBox", "CropBox"] {
                if let Some(found) = self.rectangle(&node, key)? {
                    seen = found;
                }
            }
            if let Some(found) = self.value(&node, "Rotate")?.and_then(|turned| turned.as_integer()) {
                turned = found.rem_euclid(360);
            }
            if node.get("Kids").is_none() {
                return if left == 0 {
                    Ok(Page { id: here, dictionary: node, seen, turned })
                } else {
                    Err(Refusal::NoSuchPage.into())
                };
            }
            here = self.kid(&node, &mut left)?;
        }
        Err(Refusal::TooDeep.into())
    }

    /// The kid of a node that holds the page `left` further on.
    fn kid(&mut self, node: &Dictionary, left: &mut u64) -> Result<Id, Error> {
        for kid in self.array(node, "Kids")? {
            let id = kid.as_reference().ok_or(Refusal::Damaged("a page"))?;
            if *left == 0 {
                return Ok(id);
            }
            let Object::Dictionary(map) = self.get(id)? else { return Err(Refusal::Damaged("a page").into()) };
            let count = if map.get("Kids").is_none() {
                Some(1)
            } else {
                self.value(&map, "Count")?.and_then(|count| count.as_integer())
            };
            let count = count
                .and_then(|count| u64::try_from(count).ok())
                .ok_or(Refusal::Damaged("its pages cannot be counted"))?;
            if *left < count {
                return Ok(id);
            }
            *left -= count;
        }
        Err(Refusal::NoSuchPage.into())
    }

    fn rectangle(&mut self, node: &Dictionary, key: &str) -> Result<Option<[i64; 4]>, Error> {
        let mut sides = Vec::new();
        for side in self.array(node, key)? {
            #[expect(clippy::cast_possible_truncation, reason = "bounded on the line")]
            let side = self.resolve(&side)?.as_number().map(|side| (side.clamp(-1e6, 1e6) * 100.0) as i64);
            sides.push(side.ok_or(Refusal::Damaged("the size of a page"))?);
        }
        Ok(match sides.as_slice() {
            [a, b, c, d] => Some([*a.min(c), *b.min(d), *a.max(c), *b.max(d)]),
            _ => None,
        })
    }
}
