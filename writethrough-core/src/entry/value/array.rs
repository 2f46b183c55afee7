//! Arrays of PostgreSQL: values of one kind, NULLs among them.

use std::fmt;

use sea_orm::Value;
use sea_orm::sea_query::{ArrayType, Enum, EnumTypeName, OptionEnum};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeSeq, Serializer};

use super::{ENUM, Kind, MAX_CAPACITY, Out};

pub(super) fn write<S: Serializer>(
    elements: &ArrayType,
    values: Option<&[Value]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let kind = Kind::of_elements(elements).map_err(S::Error::custom)?;
    match elements {
        ArrayType::Enum(name) => (kind, &***name, Values { kind, name: Some(name), values }).serialize(serializer),
        _ => (kind, Values { kind, name: None, values }).serialize(serializer),
    }
}

struct Values<'a> {
    kind: Kind,
    /// The type's name, if they are enums.
    name: Option<&'a EnumTypeName>,
    values: Option<&'a [Value]>,
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(values) = self.values else {
            return serializer.serialize_none();
        };
        let mut out = serializer.serialize_seq(Some(values.len()))?;
        for value in values {
            match (value, self.name) {
                (Value::Enum(OptionEnum::Some(value)), Some(name)) if value.type_name == *name => {
                    out.serialize_element(&value.value)?;
                }
                (Value::Enum(OptionEnum::None(type_name)), Some(name)) if type_name == name => {
                    out.serialize_element(&None::<&str>)?;
                }
                (value, None) if Kind::of(value) == Ok(self.kind) => out.serialize_element(&Out(value))?,
                _ => return Err(S::Error::custom("its array has an element of another type than the array says")),
            }
        }
        out.end()
    }
}

pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    deserializer.deserialize_seq(ArrayVisitor)
}

struct ArrayVisitor;

impl<'de> Visitor<'de> for ArrayVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the kind of the elements, and the elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Value, A::Error> {
        let missing = || A::Error::custom("an array without its parts");
        let kind = parts.next_element::<Kind>()?.ok_or_else(missing)?;
        let (elements, values) = if kind == ENUM {
            let name = EnumTypeName::from(parts.next_element::<&str>()?.ok_or_else(missing)?);
            let values = parts.next_element_seed(OrNil(EnumOf(name.clone())))?.ok_or_else(missing)?;
            (ArrayType::Enum(Box::new(name)), values)
        } else {
            let elements = kind.array_type().ok_or_else(|| A::Error::custom("unknown kind of elements"))?;
            (elements, parts.next_element_seed(OrNil(kind))?.ok_or_else(missing)?)
        };
        Ok(Value::Array(elements, values.map(Box::new)))
    }
}

/// Reads one enum of an array, whose name is known.
#[derive(Clone)]
struct EnumOf(EnumTypeName);

impl<'de> DeserializeSeed<'de> for EnumOf {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Ok(Value::Enum(match Option::<String>::deserialize(deserializer)? {
            Some(value) => OptionEnum::Some(Box::new(Enum { type_name: self.0, value: value.into() })),
            None => OptionEnum::None(self.0),
        }))
    }
}

/// Reads the elements with a seed for each, or nil.
struct OrNil<T>(T);

impl<'de, T: DeserializeSeed<'de, Value = Value> + Clone> DeserializeSeed<'de> for OrNil<T> {
    type Value = Option<Vec<Value>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T: DeserializeSeed<'de, Value = Value> + Clone> Visitor<'de> for OrNil<T> {
    type Value = Option<Vec<Value>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array's elements, or nil")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::with_capacity(elements.size_hint().unwrap_or(0).min(MAX_CAPACITY));
        while let Some(value) = elements.next_element_seed(self.0.clone())? {
            values.push(value);
        }
        Ok(Some(values))
    }
}
