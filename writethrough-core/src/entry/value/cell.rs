//! What stands for a Rust type in an entry, and nil for NULL.

use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// A type that a `Value` holds. Its own serde implementations, where there are any, are not used for what follows from
/// features or versions of its crate.
pub(super) trait Cell: Sized {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Writes the value, or nil.
pub(super) fn write<C: Cell, S: Serializer>(value: Option<&C>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => value.write(serializer),
        None => serializer.serialize_none(),
    }
}

/// Reads a value, or nil.
pub(super) fn read<'de, C: Cell, D: Deserializer<'de>>(deserializer: D) -> Result<Option<C>, D::Error> {
    deserializer.deserialize_option(OrNil(PhantomData))
}

struct OrNil<C>(PhantomData<C>);

impl<'de, C: Cell> Visitor<'de> for OrNil<C> {
    type Value = Option<C>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value or nil")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        C::read(deserializer).map(Some)
    }
}

macro_rules! plain {
    ($($type:ty),*) => {
        $(impl Cell for $type {
            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.serialize(serializer)
            }

            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)
            }
        })*
    };
}

plain!(bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, char, String);

impl<C: Cell> Cell for Box<C> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        C::write(self, serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        C::read(deserializer).map(Box::new)
    }
}
