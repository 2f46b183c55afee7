//! SeaORM's values in MessagePack, exactly.
//!
//! Each kind of value has a number of its own, which stands before the value. The numbers are not the enum's: which
//! variants SeaORM's enum has depends on its features, and those of two processes may differ. **A number is never
//! changed nor used again**; the golden bytes guard that.
//!
//! | kind | | value |
//! | --- | --- | --- |
//! | 1 | `Bool` | boolean |
//! | 2…9 | `TinyInt`, `SmallInt`, `Int`, `BigInt`, `TinyUnsigned`, `SmallUnsigned`, `Unsigned`, `BigUnsigned` | integer |
//! | 10, 11 | `Float`, `Double` | float 32, float 64, bit by bit |
//! | 12, 13 | `String`, `Char` | string |
//! | 14 | `Bytes` | binary |
//! | 15 | `Enum` | `[type name, value]` |
//! | 16 | `Array` | `[kind, values]`, for enums `[15, type name, values]` |
//! | 17 | `Vector` | binary: its floats |
//! | 20 | `Json` | as JSON is in MessagePack; as binary the text of `null` that is all, or of a number beyond 64 bits |
//! | 24 | `Uuid` | binary of 16 bytes |
//! | 25 | `Decimal` | binary: sign and scale, then the digits as an integer |
//! | 26 | `BigDecimal` | `[scale, binary]`: the digits as a two's-complement integer |
//! | 27 | `IpNetwork` | binary: the address, then the length of its prefix |
//! | 28 | `MacAddress` | binary of 6 bytes |
//! | 32, 40 | `ChronoDate`, `TimeDate` | days: from 0000-12-31, Julian |
//! | 33, 41 | `ChronoTime`, `TimeTime` | `[seconds, nanoseconds]` |
//! | 34, 42 | `ChronoDateTime`, `TimeDateTime` | `[seconds since 1970, nanoseconds]` |
//! | 35, 36 | `ChronoDateTimeUtc`, `ChronoDateTimeLocal` | `[seconds since 1970 in UTC, nanoseconds]` |
//! | 37 | `ChronoDateTimeWithTimeZone` | `[seconds since 1970 in UTC, nanoseconds, offset in seconds]` |
//! | 43 | `TimeDateTimeWithTimeZone` | `[seconds since 1970 in its zone, nanoseconds, offset in seconds]` |
//!
//! Instead of a value there may be nil: NULL of that kind. A leap second has a thousand million nanoseconds and more. A
//! `DateTime<Local>` is its instant, and comes back in the zone of the process that reads it, as from the database.

#[cfg(feature = "postgres-array")]
mod array;
#[cfg(feature = "with-bigdecimal")]
mod big_decimal;
mod binary;
mod cell;
#[cfg(feature = "with-chrono")]
mod chrono;
#[cfg(feature = "with-rust_decimal")]
mod decimal;
#[cfg(feature = "with-json")]
mod json;
#[cfg(feature = "with-time")]
mod time;

use sea_orm::Value;
use sea_orm::sea_query::{Enum, OptionEnum};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _};
use serde::ser::{Error as _, Serialize, Serializer};

use crate::entity::Unsupported;

/// Deepest nesting of a JSON value: what SeaORM reads from a database is not deeper.
pub(super) const MAX_JSON_DEPTH: usize = 128;

/// Room made for elements before they are seen: a length may be a lie.
#[cfg(any(feature = "with-json", feature = "postgres-array"))]
const MAX_CAPACITY: usize = 64;

/// The kind of a value. As a seed it reads a value of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(u8);

const ENUM: Kind = Kind(15);
const ARRAY: Kind = Kind(16);
#[cfg(feature = "postgres-vector")]
const VECTOR: Kind = Kind(17);

/// A value without its kind.
pub(super) struct Out<'a>(pub(super) &'a Value);

/// The kinds that columns and the elements of arrays have in common.
macro_rules! kinds {
    ($($(#[$gate:meta])* $kind:literal $variant:ident,)*) => {
        #[allow(unreachable_patterns, reason = "whether SeaORM has more kinds than we know depends on features")]
        impl Kind {
            /// The kind of a value.
            pub(super) fn of(value: &Value) -> Result<Self, Unsupported> {
                match value {
                    $($(#[$gate])* Value::$variant(_) => Ok(Self($kind)),)*
                    Value::Enum(_) => Ok(ENUM),
                    #[cfg(feature = "postgres-array")]
                    Value::Array(..) => Ok(ARRAY),
                    #[cfg(feature = "postgres-vector")]
                    Value::Vector(_) => Ok(VECTOR),
                    _ => Err(Unsupported::new(value)),
                }
            }

            /// The kind of an array's elements.
            #[cfg(feature = "postgres-array")]
            fn of_elements(elements: &sea_orm::sea_query::ArrayType) -> Result<Self, Unsupported> {
                use sea_orm::sea_query::ArrayType;
                match elements {
                    $($(#[$gate])* ArrayType::$variant => Ok(Self($kind)),)*
                    ArrayType::Enum(_) => Ok(ENUM),
                    _ => Err(Unsupported::new(elements)),
                }
            }

            /// The array type with elements of this kind, unless that is `Enum`, which needs a name.
            #[cfg(feature = "postgres-array")]
            fn array_type(self) -> Option<sea_orm::sea_query::ArrayType> {
                use sea_orm::sea_query::ArrayType;
                match self.0 {
                    $($(#[$gate])* $kind => Some(ArrayType::$variant),)*
                    _ => None,
                }
            }
        }

        #[allow(unreachable_patterns, reason = "whether SeaORM has more kinds than we know depends on features")]
        impl Serialize for Out<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.0 {
                    $($(#[$gate])* Value::$variant(value) => cell::write(value.as_ref(), serializer),)*
                    Value::Enum(value) => write_enum(value, serializer),
                    #[cfg(feature = "postgres-array")]
                    Value::Array(elements, values) => {
                        array::write(elements, values.as_ref().map(|values| values.as_slice()), serializer)
                    }
                    #[cfg(feature = "postgres-vector")]
                    Value::Vector(value) => cell::write(value.as_ref(), serializer),
                    other => Err(S::Error::custom(Unsupported::new(other))),
                }
            }
        }

        impl<'de> DeserializeSeed<'de> for Kind {
            type Value = Value;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
                match self {
                    $($(#[$gate])* Kind($kind) => cell::read(deserializer).map(Value::$variant),)*
                    ENUM => read_enum(deserializer),
                    #[cfg(feature = "postgres-array")]
                    ARRAY => array::read(deserializer),
                    #[cfg(feature = "postgres-vector")]
                    VECTOR => cell::read(deserializer).map(Value::Vector),
                    _ => Err(D::Error::custom("unknown kind of value")),
                }
            }
        }
    };
}

kinds! {
    1 Bool,
    2 TinyInt,
    3 SmallInt,
    4 Int,
    5 BigInt,
    6 TinyUnsigned,
    7 SmallUnsigned,
    8 Unsigned,
    9 BigUnsigned,
    10 Float,
    11 Double,
    12 String,
    13 Char,
    14 Bytes,
    #[cfg(feature = "with-json")]
    20 Json,
    #[cfg(feature = "with-uuid")]
    24 Uuid,
    #[cfg(feature = "with-rust_decimal")]
    25 Decimal,
    #[cfg(feature = "with-bigdecimal")]
    26 BigDecimal,
    #[cfg(feature = "with-ipnetwork")]
    27 IpNetwork,
    #[cfg(feature = "with-mac_address")]
    28 MacAddress,
    #[cfg(feature = "with-chrono")]
    32 ChronoDate,
    #[cfg(feature = "with-chrono")]
    33 ChronoTime,
    #[cfg(feature = "with-chrono")]
    34 ChronoDateTime,
    #[cfg(feature = "with-chrono")]
    35 ChronoDateTimeUtc,
    #[cfg(feature = "with-chrono")]
    36 ChronoDateTimeLocal,
    #[cfg(feature = "with-chrono")]
    37 ChronoDateTimeWithTimeZone,
    #[cfg(feature = "with-time")]
    40 TimeDate,
    #[cfg(feature = "with-time")]
    41 TimeTime,
    #[cfg(feature = "with-time")]
    42 TimeDateTime,
    #[cfg(feature = "with-time")]
    43 TimeDateTimeWithTimeZone,
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u8::deserialize(deserializer).map(Self)
    }
}

/// Whether the value is an array of PostgreSQL.
pub(super) fn is_array(value: &Value) -> bool {
    Kind::of(value) == Ok(ARRAY)
}

fn write_enum<S: Serializer>(value: &OptionEnum, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        OptionEnum::Some(value) => (&*value.type_name, Some(&value.value)).serialize(serializer),
        OptionEnum::None(type_name) => (&**type_name, None::<&str>).serialize(serializer),
    }
}

fn read_enum<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    let (type_name, value) = <(&str, Option<String>)>::deserialize(deserializer)?;
    Ok(Value::Enum(match value {
        Some(value) => OptionEnum::Some(Box::new(Enum { type_name: type_name.into(), value: value.into() })),
        None => OptionEnum::None(type_name.into()),
    }))
}
