//! What a document does beside being read: scripts, actions, hidden layers, files inside, references to the outside.

use super::object::{Dictionary, Id, Object};
use super::{DEEPEST, Document, Entry, Refusal};
use crate::Error;
use std::collections::BTreeSet;

/// Most objects that are looked into.
const MOST: usize = 200_000;

/// Something that a reader should know of before it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// Runs a script.
    Script,
    /// Starts a program.
    Launch,
    /// Sends a form somewhere.
    Submit,
    /// Reads data from another file into itself.
    Import,
    /// Opens another document, or shows a part of one.
    Remote,
    /// Takes content from a file outside.
    External,
    /// A form of another kind (XFA), which readers show differently.
    Xfa,
    /// A layer that is hidden, or shown only on paper or screen.
    HiddenLayer,
    /// Sound, film or three dimensions.
    Media,
    /// Does something by itself when it is opened.
    OpenAction,
    /// Layers that are all shown.
    Layer,
    /// Links to an address.
    Link,
    /// Files inside.
    Embedded,
    /// A form.
    Form,
    /// Signatures, already there.
    Signed,
}

impl Finding {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Script,
        Self::Launch,
        Self::Submit,
        Self::Import,
        Self::Remote,
        Self::External,
        Self::Xfa,
        Self::HiddenLayer,
        Self::Media,
        Self::OpenAction,
        Self::Layer,
        Self::Link,
        Self::Embedded,
        Self::Form,
        Self::Signed,
    ];

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Launch => "launch",
            Self::Submit => "submit",
            Self::Import => "import",
            Self::Remote => "remote",
            Self::External => "external",
            Self::Xfa => "xfa",
            Self::HiddenLayer => "hidden-layer",
            Self::Media => "media",
            Self::OpenAction => "open-action",
            Self::Layer => "layer",
            Self::Link => "link",
            Self::Embedded => "embedded",
            Self::Form => "form",
            Self::Signed => "signed",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }

    /// Whether what is seen may differ from what is signed: such a document is not signed here. The others are shown.
    #[must_use]
    pub const fn is_refused(self) -> bool {
        !matches!(self, Self::OpenAction | Self::Layer | Self::Link | Self::Embedded | Self::Form | Self::Signed)
    }
}

/// What a document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// How many pages it has.
    pub pages: u64,
    /// What was found in it.
    pub findings: BTreeSet<Finding>,
}

impl Document<'_> {
    /// Looks into every object, reachable or not.
    ///
    /// # Errors
    /// [`Error::Pdf`] when it cannot be read.
    pub fn inspect(&mut self) -> Result<Inspection, Error> {
        let pages = self.pages()?;
        let mut findings = BTreeSet::new();
        let numbers: BTreeSet<u32> =
            self.sections().iter().flat_map(|section| section.entries()).map(|(number, _)| *number).collect();
        if numbers.len() > MOST {
            return Err(Refusal::TooManyObjects.into());
        }
        for number in numbers {
            let generation = match self.entry(number) {
                Some(Entry::At { generation, .. }) => generation,
                Some(Entry::Inside { .. }) => 0,
                _ => continue,
            };
            let object = self.get(Id { number, generation })?;
            if let Object::Stream(stream) = &object
                && stream.dictionary.get("F").is_some()
            {
                findings.insert(Finding::External);
            }
            look(&object, &mut findings, 0);
        }
        self.layers(&mut findings)?;
        // Every page must be there.
        for page in 0..pages {
            self.page(page)?;
        }
        Ok(Inspection { pages, findings })
    }

    /// Layers and what of them is hidden (ISO 32000-2 section 8.11).
    fn layers(&mut self, findings: &mut BTreeSet<Finding>) -> Result<(), Error> {
        let catalog = self.catalog()?;
        let Some(layers) = self.dictionary(&catalog, "OCProperties")? else { return Ok(()) };
        findings.insert(Finding::Layer);
        let mut all = vec![self.dictionary(&layers, "D")?.unwrap_or_default()];
        for one in self.array(&layers, "Configs")? {
            all.extend(self.resolve(&one)?.as_dictionary().cloned());
        }
        for one in all {
            let off = !self.array(&one, "OFF")?.is_empty() || !self.array(&one, "AS")?.is_empty();
            let base = self.value(&one, "BaseState")?.is_some_and(|base| base.as_name() != Some(b"ON"));
            if off || base {
                findings.insert(Finding::HiddenLayer);
            }
        }
        Ok(())
    }
}

fn look(object: &Object, findings: &mut BTreeSet<Finding>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    match object {
        Object::Array(all) => all.iter().for_each(|one| look(one, findings, depth + 1)),
        Object::Dictionary(map) => entries(map, findings, depth),
        Object::Stream(stream) => entries(&stream.dictionary, findings, depth),
        _ => {}
    }
}

fn entries(map: &Dictionary, findings: &mut BTreeSet<Finding>, depth: usize) {
    for (key, value) in &map.0 {
        let name = value.as_name();
        findings.extend(match (key.as_slice(), name) {
            (b"JS", _) | (b"S", Some(b"JavaScript" | b"Rendition")) => Some(Finding::Script),
            (b"S", Some(b"Launch")) => Some(Finding::Launch),
            (b"S", Some(b"SubmitForm")) => Some(Finding::Submit),
            (b"S", Some(b"ImportData")) => Some(Finding::Import),
            (b"S", Some(b"GoToR" | b"GoToE" | b"GoToDp")) => Some(Finding::Remote),
            (b"S", Some(b"SetOCGState" | b"Hide")) => Some(Finding::HiddenLayer),
            (b"S", Some(b"URI")) => Some(Finding::Link),
            (b"S", Some(b"Movie" | b"Sound" | b"GoTo3DView" | b"RichMediaExecute")) => Some(Finding::Media),
            (b"Subtype", Some(b"Screen" | b"Movie" | b"Sound" | b"3D" | b"RichMedia")) => Some(Finding::Media),
            (b"Ref", _) if map.name("Subtype") == Some(b"Form") => Some(Finding::Remote),
            (b"XFA", _) => Some(Finding::Xfa),
            (b"OpenAction" | b"AA", _) => Some(Finding::OpenAction),
            (b"Type", Some(b"EmbeddedFile")) | (b"EF", _) => Some(Finding::Embedded),
            (b"FT", Some(b"Sig")) if map.get("V").is_some() => Some(Finding::Signed),
            (b"FT", Some(kind)) if kind != b"Sig" => Some(Finding::Form),
            _ => None,
        });
        look(value, findings, depth + 1);
    }
}
