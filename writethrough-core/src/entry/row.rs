//! A row as a payload and back.

use sea_orm::{IdenStatic, Iterable, TryIntoModel};
use serde::de::{Deserialize, IgnoredAny};

use super::error::{DecodeError, EncodeError};
use super::mark::{ABSENT, ROW, split, start};
use super::{Payload, columns};
use crate::entity::{CachedEntity, Facts, facts};

/// What an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded<M> {
    /// There is this row.
    Row(M),
    /// There is no such row.
    Absent,
}

/// The payload of a row.
///
/// ```
/// # mod flight {
/// #     use sea_orm::entity::prelude::*;
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "flight")]
/// #     pub struct Model {
/// #         #[sea_orm(primary_key)]
/// #         pub id: i32,
/// #         pub flight_no: String,
/// #     }
/// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
/// #     pub enum Relation {}
/// #     impl ActiveModelBehavior for ActiveModel {}
/// #     impl writethrough_core::CachedEntity for Entity {
/// #         const POLICY: writethrough_core::EntityPolicy = writethrough_core::EntityPolicy::new();
/// #     }
/// # }
/// use writethrough_core::entry::{Decoded, decode, encode_row};
///
/// let model = flight::Model { id: 115, flight_no: "LH 454".to_owned() };
/// let payload = encode_row::<flight::Entity>(&model)?;
/// assert_eq!(decode::<flight::Entity>(&payload)?, Decoded::Row(model));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When a column has a value that this build does not know (the error names the feature to turn on), or one that no
/// database could give back, such as JSON nested deeper than SeaORM reads.
pub fn encode_row<E: CachedEntity>(model: &E::Model) -> Result<Payload, EncodeError> {
    let facts = facts::<E>();
    let mut bytes = start(facts, ROW, 24 * facts.columns.len() + facts.row_names.len());
    columns::write(&mut bytes, model, E::Column::iter())?;
    bytes.extend_from_slice(&facts.row_names);
    Ok(Payload(bytes.into()))
}

/// The payload of "no such row".
#[must_use]
pub fn encode_absent<E: CachedEntity>() -> Payload {
    let facts = facts::<E>();
    let mut bytes = start(facts, ABSENT, facts.key_names.len());
    bytes.extend_from_slice(&facts.key_names);
    Payload(bytes.into())
}

/// What a payload says.
///
/// A row in a column of arrays whose element type refuses an element (an enum value that this version does not have)
/// makes SeaORM panic; that panic is caught, so it is a [`DecodeError`] unless the program aborts on panics.
///
/// # Errors
///
/// When the payload does not decode as a row of this entity.
pub fn decode<E: CachedEntity>(payload: &Payload) -> Result<Decoded<E::Model>, DecodeError> {
    let (flags, fingerprint, body) = split(payload)?;
    let facts = facts::<E>();
    match flags {
        ROW if fingerprint == facts.fingerprint => by_position::<E>(facts, body).map(Decoded::Row),
        ROW => by_name::<E>(facts, body).map(Decoded::Row),
        // Written by a version that took the key for exact when this one does not: the reason may be that it was wrong.
        ABSENT if !facts.exact_key => Err(DecodeError::InexactAbsence),
        ABSENT if body == facts.key_names => Ok(Decoded::Absent),
        ABSENT => Err(DecodeError::Columns),
        flags => Err(DecodeError::Flags(flags)),
    }
}

fn by_position<E: CachedEntity>(facts: &Facts, body: &[u8]) -> Result<E::Model, DecodeError> {
    let values = body.strip_suffix(facts.row_names.as_slice()).ok_or(DecodeError::Malformed)?;
    let mut deserializer = columns::deserializer(values);
    let row = columns::read::<E, _>(&mut deserializer, E::Column::iter().map(Some))?;
    columns::end(&mut deserializer)?;
    row.try_into_model().map_err(|_| DecodeError::Malformed)
}

fn by_name<E: CachedEntity>(facts: &Facts, body: &[u8]) -> Result<E::Model, DecodeError> {
    let mut deserializer = columns::deserializer(body);
    IgnoredAny::deserialize(&mut deserializer).map_err(|_| DecodeError::Malformed)?;
    let names = Vec::<&str>::deserialize(&mut deserializer).map_err(|_| DecodeError::Malformed)?;
    columns::end(&mut deserializer)?;

    let (table, names) = names.split_first().ok_or(DecodeError::Malformed)?;
    if *table != facts.table || !facts.columns.iter().all(|column| names.contains(column)) {
        return Err(DecodeError::Columns);
    }
    let ours = names.iter().map(|name| E::Column::iter().find(|column| column.as_str() == *name));
    let row = columns::read::<E, _>(&mut columns::deserializer(body), ours)?;
    row.try_into_model().map_err(|_| DecodeError::Malformed)
}
