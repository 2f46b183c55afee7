//! A primary key by itself as bytes and back: what an entry has of it, without the row.
//!
//! ```text
//! format:1  [kind, value, …]  [table, key column, …]
//! ```

use sea_orm::Value;
use sea_orm::sea_query::ValueTuple;
use serde::ser::{self, Serialize, SerializeSeq, Serializer};

use super::error::{DecodeError, EncodeError};
use super::mark::FORMAT;
use super::pointer::pk;
use super::value::{Kind, Out};
use crate::entity::{CachedEntity, facts};

/// The bytes of a primary key, which say whose it is.
///
/// # Errors
///
/// When a column has a value that this build does not know.
pub(crate) fn encode_key<E: CachedEntity>(pk: &ValueTuple) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = vec![FORMAT];
    let values: Vec<Value> = pk.clone().into_iter().collect();
    let mut serializer = rmp_serde::Serializer::new(&mut bytes);
    Values(&values).serialize(&mut serializer).map_err(|error| EncodeError::new(error.to_string()))?;
    bytes.extend_from_slice(&facts::<E>().key_names);
    Ok(bytes)
}

/// The primary key that these bytes are, which the entity's primary key accepts.
///
/// # Errors
///
/// When they are none, or that of another entity.
pub(crate) fn decode_key<E: CachedEntity>(bytes: &[u8]) -> Result<ValueTuple, DecodeError> {
    match bytes.split_first() {
        Some((&FORMAT, body)) => {
            let values = body.strip_suffix(facts::<E>().key_names.as_slice()).ok_or(DecodeError::Columns)?;
            pk::<E>(values)
        }
        Some((&format, _)) => Err(DecodeError::Format(format)),
        None => Err(DecodeError::Truncated),
    }
}

struct Values<'a>(&'a [Value]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut values = serializer.serialize_seq(Some(2 * self.0.len()))?;
        for value in self.0 {
            values.serialize_element(&Kind::of(value).map_err(ser::Error::custom)?)?;
            values.serialize_element(&Out(value))?;
        }
        values.end()
    }
}
