//! The three languages every page and message exists in.

/// A language a resident can choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Chinese in traditional characters, Hong Kong usage.
    ZhHant,
    /// Chinese in simplified characters, mainland usage.
    ZhHans,
}

impl Language {
    /// All of them, in the order of the language switch.
    pub const ALL: [Self; 3] = [Self::En, Self::ZhHant, Self::ZhHans];

    /// The BCP 47 tag, as in `lang` attributes and file names.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhHant => "zh-Hant",
            Self::ZhHans => "zh-Hans",
        }
    }

    /// The language's own name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::ZhHant => "繁體中文",
            Self::ZhHans => "简体中文",
        }
    }

    /// Reads a tag of any case: the three tags, or what browsers send for them (`zh-HK`, `zh-CN`, `en-GB`).
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let tag = tag.trim().to_ascii_lowercase();
        let mut parts = tag.split('-');
        match parts.next() {
            Some("en") => Some(Self::En),
            Some("zh") => Some(match parts.next() {
                Some("hans" | "cn" | "sg") => Self::ZhHans,
                _ => Self::ZhHant,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_read_back_and_browsers_are_understood() {
        for language in Language::ALL {
            assert_eq!(Language::from_tag(language.tag()), Some(language));
        }
        assert_eq!(Language::from_tag("zh-HK"), Some(Language::ZhHant));
        assert_eq!(Language::from_tag("zh-CN"), Some(Language::ZhHans));
        assert_eq!(Language::from_tag("en-GB"), Some(Language::En));
        assert_eq!(Language::from_tag("fr"), None);
    }
}
