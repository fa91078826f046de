//! Words in three languages: Fluent files under `i18n/`, compiled in, looked up by key.
//!
//! `Say` is a language and nothing else, so it is copied freely. A key that does not exist shows as itself in brackets; a test keeps that from
//! happening (`tests/language.rs` compares keys and variables of the three languages and looks every used key up).

use std::fmt::Display;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
pub use lionrock_model::language::Language;

/// The languages offered, in the order of the language switch.
pub const OFFERED: [Language; 3] = [Language::En, Language::ZhHant, Language::ZhHans];

/// Looks words up in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Say {
    /// The language of the page.
    pub language: Language,
}

impl Say {
    /// Words of `language`.
    pub fn in_language(language: Language) -> Self {
        Self { language }
    }

    /// The text of a key that takes no value.
    pub fn t(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// The text of a key with one textual value.
    pub fn t1(&self, key: &str, name: &str, value: impl Display) -> String {
        self.with(key, &[(name, FluentValue::from(value.to_string()))])
    }

    /// The text of a key with two textual values.
    pub fn t2(&self, key: &str, name: &str, value: impl Display, name2: &str, value2: impl Display) -> String {
        self.with(key, &[(name, FluentValue::from(value.to_string())), (name2, FluentValue::from(value2.to_string()))])
    }

    /// The text of a key with a number, for plural forms. Takes any integer by its decimal form.
    pub fn n1(&self, key: &str, name: &str, number: impl Display) -> String {
        self.with(key, &[(name, FluentValue::try_number(&number.to_string()))])
    }

    /// The text of a key with any values.
    pub fn with(&self, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        let mut args = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            args.set((*name).to_owned(), value.clone().into_owned());
        }
        self.format(key, Some(&args))
    }

    /// Whether the key exists.
    pub fn knows(&self, key: &str) -> bool {
        bundle(self.language).has_message(key)
    }

    /// The BCP 47 tag, for `lang` attributes.
    pub fn tag(&self) -> &'static str {
        self.language.tag()
    }

    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let bundle = bundle(self.language);
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::warn!(key, language = self.language.tag(), "a text is missing");
            return format!("[{key}]");
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, args, &mut errors);
        if !errors.is_empty() {
            tracing::warn!(key, language = self.language.tag(), "a text lacks a value");
        }
        text.into_owned()
    }
}

/// The language a visitor gets: `?lang`, then the cookie, then `Accept-Language`, then English.
pub fn choose(query: Option<&str>, cookie: Option<&str>, accept: Option<&str>) -> Language {
    let named = |tag: &str| OFFERED.into_iter().find(|language| language.tag().eq_ignore_ascii_case(tag));
    query
        .and_then(named)
        .or_else(|| cookie.and_then(named))
        .or_else(|| accept.and_then(accepted))
        .unwrap_or(Language::En)
}

/// The best offered language of an `Accept-Language` header (RFC 9110 section 12.5.4); q = 0 refuses.
fn accepted(header: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for part in header.split(',').take(16) {
        let mut pieces = part.split(';');
        let tag = pieces.next().unwrap_or("").trim().to_ascii_lowercase();
        let weight = pieces
            .filter_map(|p| p.trim().strip_prefix("q="))
            .find_map(|q| q.trim().parse::<f32>().ok())
            .unwrap_or(1.0);
        let Some(language) = closest(&tag) else { continue };
        if weight > 0.0 && best.is_none_or(|(other, _)| weight > other) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// Chinese without a script subtag is Simplified in mainland China, Singapore and Malaysia; elsewhere, and bare `zh` here in Hong Kong, Traditional.
fn closest(tag: &str) -> Option<Language> {
    let mut parts = tag.split('-');
    match parts.next()? {
        "en" => Some(Language::En),
        "yue" => Some(Language::ZhHant),
        "zh" => {
            let rest: Vec<&str> = parts.collect();
            let simplified = rest.contains(&"hans")
                || (!rest.contains(&"hant") && rest.iter().any(|p| ["cn", "sg", "my"].contains(p)));
            Some(if simplified { Language::ZhHans } else { Language::ZhHant })
        }
        _ => None,
    }
}

type Bundle = FluentBundle<FluentResource>;

fn bundle(language: Language) -> &'static Bundle {
    match language {
        Language::En => &ENGLISH,
        Language::ZhHant => &TRADITIONAL,
        Language::ZhHans => &SIMPLIFIED,
    }
}

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| build(Language::En));
static TRADITIONAL: LazyLock<Bundle> = LazyLock::new(|| build(Language::ZhHant));
static SIMPLIFIED: LazyLock<Bundle> = LazyLock::new(|| build(Language::ZhHans));

fn build(language: Language) -> Bundle {
    let mut bundle = FluentBundle::new_concurrent(vec![language.tag().parse().unwrap_or_default()]);
    // The isolation marks would be read aloud and copied with values; all three languages run left to right.
    bundle.set_use_isolating(false);
    for (area, source) in sources(language) {
        let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(rest, _)| {
            tracing::error!(area, language = language.tag(), "a text file has a fault");
            rest
        });
        if bundle.add_resource(resource).is_err() {
            tracing::error!(area, language = language.tag(), "a text is defined twice");
        }
    }
    bundle
}

macro_rules! areas {
    ($($area:literal),* $(,)?) => {
        /// The Fluent files of a language as (area, text). One file an area, the same names in each language.
        pub fn sources(language: Language) -> &'static [(&'static str, &'static str)] {
            match language {
                Language::En => &[$(($area, include_str!(concat!("../i18n/en/", $area, ".ftl")))),*],
                Language::ZhHant => &[$(($area, include_str!(concat!("../i18n/zh-Hant/", $area, ".ftl")))),*],
                Language::ZhHans => &[$(($area, include_str!(concat!("../i18n/zh-Hans/", $area, ".ftl")))),*],
            }
        }
    };
}

areas![
    "access",
    "account",
    "certificates",
    "consent",
    "counter",
    "data",
    "frame",
    "kiosk",
    "problem",
    "recover",
    "refusal",
    "register",
    "signin",
    "signing",
    "staff",
    "ticket",
    "verify"
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_visitor_gets_the_language_they_ask_for() {
        assert_eq!(choose(Some("zh-Hans"), Some("en"), None), Language::ZhHans);
        assert_eq!(choose(Some("fr"), Some("zh-hant"), None), Language::ZhHant);
        assert_eq!(choose(None, None, Some("fr, zh-CN;q=0.9, en;q=0.1")), Language::ZhHans);
        assert_eq!(choose(None, None, Some("zh-HK,zh;q=0.9,en;q=0.8")), Language::ZhHant);
        assert_eq!(choose(None, None, Some("zh-Hant-CN")), Language::ZhHant);
        assert_eq!(choose(None, None, Some("en;q=0, de")), Language::En);
        assert_eq!(choose(None, Some("../../etc"), Some("\u{0}")), Language::En);
    }
}
