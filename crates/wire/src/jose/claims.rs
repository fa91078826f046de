//! Claims with types that cannot be something else (RFC 7519 section 4.1).
//!
//! A claim of the wrong JSON type is an error, never "absent": a validator that skips an `exp` it cannot read lets every
//! expired token in.

use super::Error;
use serde_json::{Map, Value};

/// What `aud` held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// A JSON string.
    One(String),
    /// A JSON array of strings.
    Many(Vec<String>),
}

impl Audience {
    /// Whether `name` is among the audiences.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Many(many) => many.iter().any(|one| one == name),
        }
    }
}

/// A string claim that must be there.
///
/// # Errors
/// [`Error::Claim`].
pub fn text<'a>(claims: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, Error> {
    claims.get(name).and_then(Value::as_str).ok_or(Error::Claim(name))
}

/// A time claim, if there: seconds since 1970, fractions dropped (NumericDate, RFC 7519 section 2).
///
/// # Errors
/// [`Error::Claim`] when it is no number, negative, or beyond the year 9999.
pub fn time(claims: &Map<String, Value>, name: &'static str) -> Result<Option<i64>, Error> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let seconds = value
        .as_i64()
        // The range check below comes first for floats: the cast saturates and cannot wrap.
        .or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64))
        .ok_or(Error::Claim(name))?;
    if (0..=253_402_300_799).contains(&seconds) { Ok(Some(seconds)) } else { Err(Error::Claim(name)) }
}

/// The audience.
///
/// # Errors
/// [`Error::Claim`] when it is absent, empty, or not made of strings.
pub fn audience(claims: &Map<String, Value>) -> Result<Audience, Error> {
    match claims.get("aud") {
        Some(Value::String(one)) => Ok(Audience::One(one.clone())),
        Some(Value::Array(many)) if !many.is_empty() => many
            .iter()
            .map(|one| one.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .map(Audience::Many)
            .ok_or(Error::Claim("aud")),
        _ => Err(Error::Claim("aud")),
    }
}
