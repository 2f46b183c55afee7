//! A pointer from a unique key to a primary key, as a payload and back.
//!
//! A pointer says nothing of other columns, so it is valid whatever its fingerprint: what it must agree on are the table
//! and the names of the columns of both keys.
//!
//! Types are another matter. A column of the **primary key** that became of another type refuses the value that the
//! pointer has, which is then replaced like any entry that does not decode. The type of a column of the **unique key**
//! is not compared: a row that a pointer leads to is asked whether it has the value, whatever the pointer says. And "no such row" is of a value
//! that compared by bytes when it was written and does so now, or it is not believed; only an `ALTER TABLE` that makes
//! two values equal (from text to numbers, `007` and `7`) could make it wrong, and that is a write behind the store's
//! back like any other: `invalidate_all` ends it, or the time to live of what is absent.

use sea_orm::sea_query::ValueTuple;
use sea_orm::{ActiveModelTrait, Iterable, PrimaryKeyToColumn};

use super::error::{DecodeError, EncodeError};
use super::mark::{NO_ROW, POINTER, split, start};
use super::{Decoded, Payload, columns};
use crate::entity::{CachedEntity, facts};

/// The payload of a pointer from this row's value of a unique key; `key` counts [`CachedEntity::unique_keys`].
///
/// # Errors
///
/// When the entity has no such key, or a column of the primary key has a value that this build does not know.
pub fn encode_pointer<E: CachedEntity>(key: usize, model: &E::Model) -> Result<Payload, EncodeError> {
    let facts = facts::<E>();
    let unique = facts.unique_keys.get(key).ok_or_else(|| EncodeError::new(no_such_key(key)))?;
    let mut bytes = start(facts, POINTER, 24 * facts.key_arity + unique.names_with_primary.len());
    columns::write(&mut bytes, model, pk_columns::<E>())?;
    bytes.extend_from_slice(&unique.names_with_primary);
    Ok(Payload(bytes.into()))
}

/// The payload of a pointer of a unique key that no row has.
///
/// For a number that none of the entity's keys has it is a payload that nobody can read.
#[must_use]
pub fn encode_no_row<E: CachedEntity>(key: usize) -> Payload {
    let facts = facts::<E>();
    let names = facts.unique_keys.get(key).map(|unique| unique.names.as_slice()).unwrap_or_default();
    let mut bytes = start(facts, NO_ROW, names.len());
    bytes.extend_from_slice(names);
    Payload(bytes.into())
}

/// What a pointer says: the primary key of the row, which the entity's primary key accepts, or that there is none.
///
/// # Errors
///
/// When the payload does not decode as a pointer of this unique key.
pub fn decode_pointer<E: CachedEntity>(key: usize, payload: &Payload) -> Result<Decoded<ValueTuple>, DecodeError> {
    let (flags, _, body) = split(payload)?;
    let unique = facts::<E>().unique_keys.get(key).ok_or(DecodeError::Columns)?;
    match flags {
        POINTER => {
            let values = body.strip_suffix(unique.names_with_primary.as_slice()).ok_or(DecodeError::Columns)?;
            pk::<E>(values).map(Decoded::Row)
        }
        NO_ROW if !unique.exact => Err(DecodeError::InexactAbsence),
        NO_ROW if body == unique.names => Ok(Decoded::Absent),
        NO_ROW => Err(DecodeError::Columns),
        flags => Err(DecodeError::Flags(flags)),
    }
}

/// The values of the primary key's columns.
pub(super) fn pk<E: CachedEntity>(values: &[u8]) -> Result<ValueTuple, DecodeError> {
    let mut deserializer = columns::deserializer(values);
    let row = columns::read::<E, _>(&mut deserializer, pk_columns::<E>().map(Some))?;
    columns::end(&mut deserializer)?;
    row.get_primary_key_value().ok_or(DecodeError::Malformed)
}

/// The columns of the primary key, in its order.
pub(super) fn pk_columns<E: CachedEntity>() -> impl ExactSizeIterator<Item = E::Column> + Clone {
    E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column)
}

fn no_such_key(key: usize) -> String {
    format!("the entity has no unique key number {key}: count its `unique_keys()` from 0")
}
