//! JSON as security formats need it: one meaning only.
//!
//! `serde_json` keeps the last of two members with one name; another reader may keep the first. Here that is an error
//! at every depth (RFC 8725 section 2.4, RFC 7515 section 4).

use super::Error;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// An object whose member names are unique at every depth.
///
/// # Errors
/// [`Error::DuplicateMember`], or [`Error::Malformed`] when the bytes are not one JSON object in UTF-8.
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, Error> {
    match serde_json::from_slice::<Unique>(bytes) {
        Ok(Unique(Value::Object(members))) => Ok(members),
        Ok(_) => Err(Error::Malformed("JSON object")),
        Err(fault) if fault.to_string().starts_with(DUPLICATE) => Err(Error::DuplicateMember),
        Err(_) => Err(Error::Malformed("JSON")),
    }
}

/// A member that must be a string if it is there.
///
/// # Errors
/// [`Error::Claim`] when it has another type.
pub fn text<'a>(members: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, Error> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::Claim(name)),
    }
}

/// A value whose objects were checked while reading.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Unique)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let Unique(value) = entries.next_value()?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom(DUPLICATE));
            }
        }
        Ok(Value::Object(members))
    }
}

const DUPLICATE: &str = "duplicate member";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_member_of_one_name_is_refused_at_every_depth() {
        for text in
            [r#"{"a":1,"a":1}"#, r#"{"a":{"b":1,"b":2}}"#, r#"{"a":[{"b":1,"b":2}]}"#, "{\"a\":1,\"\\u0061\":2}"]
        {
            assert_eq!(object(text.as_bytes()), Err(Error::DuplicateMember), "{text}");
        }
    }

    #[test]
    fn only_one_whole_object_is_an_object() {
        for text in ["", "[]", "1", "null", "{", "{}{}", "{}x", "\u{feff}{}", "{\"a\":1,}"] {
            assert!(object(text.as_bytes()).is_err(), "{text}");
        }
        assert!(object(b"{\"a\":\"\xff\"}").is_err());
        assert!(object("[".repeat(100_000).as_bytes()).is_err());
        assert_eq!(object(b" {\"a\":[1,-2,1.5,null,true,\"x\"]} ").map(|it| it.len()), Ok(1));
    }
}
