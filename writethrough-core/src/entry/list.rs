//! A list of primary keys under the value of an index, as a payload and back.
//!
//! It must agree in the same names as a pointer, and is as valid whatever its fingerprint. That a row is in it is verified
//! by whoever loads the row. That a row is not in it is of a value that compared by bytes when the list was written and
//! does so now, or the list is not believed.

use sea_orm::ActiveModelTrait;
use sea_orm::sea_query::{Value, ValueTuple};

use super::error::{DecodeError, EncodeError};
use super::mark::{LIST, split, start};
use super::pointer::pk_columns;
use super::{Payload, columns};
use crate::entity::{CachedEntity, facts};

/// The payload of the list of these rows, by their primary keys; `index` counts [`CachedEntity::indexes`].
///
/// # Errors
///
/// When the entity has no such index, or a column of a primary key has a value that this build does not know.
pub fn encode_list<E: CachedEntity>(index: usize, pks: &[ValueTuple]) -> Result<Payload, EncodeError> {
    let entity = facts::<E>();
    let facts = entity.indexes.get(index).ok_or_else(|| EncodeError::new(no_such_index(index)))?;
    let columns: Vec<_> = pk_columns::<E>().collect();
    let rows: Vec<Vec<Value>> = pks.iter().map(|pk| pk.clone().into_iter().collect()).collect();
    let mut bytes = start(entity, LIST, 12 * columns.len() * rows.len() + facts.names_with_primary.len());
    columns::write_rows(&mut bytes, &columns, rows.iter().map(Vec::as_slice))?;
    bytes.extend_from_slice(&facts.names_with_primary);
    Ok(Payload(bytes.into()))
}

/// What a list says: the primary keys of its rows in its order, each of which the entity's primary key accepts.
///
/// # Errors
///
/// When the payload does not decode as a list of this index, or the index does not compare by bytes.
pub fn decode_list<E: CachedEntity>(index: usize, payload: &Payload) -> Result<Vec<ValueTuple>, DecodeError> {
    let (flags, _, body) = split(payload)?;
    let facts = facts::<E>().indexes.get(index).ok_or(DecodeError::Columns)?;
    match flags {
        LIST if !facts.exact => Err(DecodeError::InexactAbsence),
        LIST => {
            let values = body.strip_suffix(facts.names_with_primary.as_slice()).ok_or(DecodeError::Columns)?;
            let mut deserializer = columns::deserializer(values);
            let rows = columns::read_rows::<E, _>(&mut deserializer, pk_columns::<E>().map(Some))?;
            columns::end(&mut deserializer)?;
            let pks = rows.iter().map(|row| row.get_primary_key_value().ok_or(DecodeError::Malformed));
            pks.collect()
        }
        flags => Err(DecodeError::Flags(flags)),
    }
}

fn no_such_index(index: usize) -> String {
    format!("the entity has no index number {index}: count its `indexes()` from 0")
}
