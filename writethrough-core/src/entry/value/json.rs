//! JSON, with every number as it is.

use std::fmt;

use sea_orm::prelude::Json;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Number};

use super::cell::Cell;
use super::{MAX_CAPACITY, MAX_JSON_DEPTH};

impl Cell for Json {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Out { json: self, depth: 0 }.serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        In { depth: 0 }.deserialize(deserializer)
    }
}

struct Out<'a> {
    json: &'a Json,
    /// How many arrays and objects it is in.
    depth: usize,
}

impl Serialize for Out<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = |json| Out { json, depth: self.depth + 1 };
        match self.json {
            // By itself nil is NULL.
            Json::Null if self.depth == 0 => serializer.serialize_bytes(b"null"),
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Number(value) => number(value, serializer),
            Json::String(value) => serializer.serialize_str(value),
            Json::Array(_) | Json::Object(_) if self.depth == MAX_JSON_DEPTH => Err(S::Error::custom(format_args!(
                "JSON nested deeper than {MAX_JSON_DEPTH} levels, which could not be read from the database either"
            ))),
            Json::Array(values) => {
                let mut out = serializer.serialize_seq(Some(values.len()))?;
                values.iter().try_for_each(|value| out.serialize_element(&inner(value)))?;
                out.end()
            }
            Json::Object(members) => {
                let mut out = serializer.serialize_map(Some(members.len()))?;
                members.iter().try_for_each(|(name, value)| out.serialize_entry(name, &inner(value)))?;
                out.end()
            }
        }
    }
}

/// A number as an integer or a float if that is all there is to it. With the feature `arbitrary_precision` of
/// `serde_json` there may be more: `1.10`, or forty digits.
fn number<S: Serializer>(number: &Number, serializer: S) -> Result<S::Ok, S::Error> {
    let whole = |same: Number| same == *number;
    if let Some(value) = number.as_u64().filter(|value| whole((*value).into())) {
        serializer.serialize_u64(value)
    } else if let Some(value) = number.as_i64().filter(|value| whole((*value).into())) {
        serializer.serialize_i64(value)
    } else if let Some(value) = number.as_f64().filter(|value| Number::from_f64(*value).is_some_and(whole)) {
        serializer.serialize_f64(value)
    } else {
        serializer.serialize_bytes(number.to_string().as_bytes())
    }
}

/// Reads JSON.
#[derive(Clone, Copy)]
struct In {
    /// How many arrays and objects it is in.
    depth: usize,
}

impl In {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_JSON_DEPTH {
            return Err(E::custom("JSON is nested too deep"));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for In {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for In {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Json, E> {
        Number::from_f64(value).map(Json::Number).ok_or_else(|| E::custom("not a number of JSON"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_bytes<E: serde::de::Error>(self, value: &[u8]) -> Result<Json, E> {
        match value {
            b"null" => Ok(Json::Null),
            number => serde_json::from_slice(number).map(Json::Number).map_err(|_| E::custom("not a number of JSON")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Json, A::Error> {
        let inner = self.inner()?;
        let mut array = Vec::with_capacity(values.size_hint().unwrap_or(0).min(MAX_CAPACITY));
        while let Some(value) = values.next_element_seed(inner)? {
            array.push(value);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a name occurs twice"));
            }
        }
        Ok(Json::Object(object))
    }
}
