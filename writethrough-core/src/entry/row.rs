//! A row as a payload and back.

use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{self, AssertUnwindSafe};

use rmp_serde::Deserializer;
use sea_orm::{ActiveModelTrait, EntityTrait, IdenStatic, Iterable, ModelTrait, TryIntoModel, Value};
use serde::de::{self, Deserialize, Deserializer as _, IgnoredAny, SeqAccess, Visitor};
use serde::ser::{self, Serialize, SerializeSeq, Serializer};

use super::error::{DecodeError, EncodeError};
use super::value::{self, Kind, Out};
use super::{MARK_LEN, Payload};
use crate::entity::{CachedEntity, Facts, facts};

/// The format that this version writes, and the only one it reads.
pub(super) const FORMAT: u8 = 1;

const ROW: u8 = 0;
const ABSENT: u8 = 1;

/// Deepest nesting of MessagePack arrays and maps: a row, a PostgreSQL array in it, JSON in that.
const MAX_DEPTH: usize = value::MAX_JSON_DEPTH + 4;

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
    let place = Cell::new("");
    let columns = Columns { model, count: facts.columns.len(), place: &place };
    columns.serialize(&mut rmp_serde::Serializer::new(&mut bytes)).map_err(|error| {
        let why = match error {
            rmp_serde::encode::Error::Syntax(message) => message,
            other => other.to_string(),
        };
        EncodeError::new(format!("column `{}` cannot be cached: {why}", place.get()))
    })?;
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
    let (&[format, flags, ref fingerprint @ ..], body) =
        payload.0.split_first_chunk::<MARK_LEN>().ok_or(DecodeError::Truncated)?;
    if format != FORMAT {
        return Err(DecodeError::Format(format));
    }
    let facts = facts::<E>();
    match flags {
        ROW if u64::from_be_bytes(*fingerprint) == facts.fingerprint => by_position::<E>(facts, body).map(Decoded::Row),
        ROW => by_name::<E>(facts, body).map(Decoded::Row),
        // Written by a version that took the key for exact when this one does not: the reason may be that it was wrong.
        ABSENT if !facts.exact_key => Err(DecodeError::InexactAbsence),
        ABSENT if body == facts.key_names => Ok(Decoded::Absent),
        ABSENT => Err(DecodeError::Columns),
        flags => Err(DecodeError::Flags(flags)),
    }
}

fn start(facts: &Facts, flags: u8, body_len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(MARK_LEN + body_len);
    bytes.extend([FORMAT, flags]);
    bytes.extend(facts.fingerprint.to_be_bytes());
    bytes
}

struct Columns<'a, M> {
    model: &'a M,
    count: usize,
    /// The column being written, for the error to name.
    place: &'a Cell<&'static str>,
}

impl<M: ModelTrait> Serialize for Columns<'_, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut values = serializer.serialize_seq(Some(2 * self.count))?;
        for column in <M::Entity as EntityTrait>::Column::iter() {
            self.place.set(column.as_str());
            let value = self.model.get(column);
            values.serialize_element(&Kind::of(&value).map_err(ser::Error::custom)?)?;
            values.serialize_element(&Out(&value))?;
        }
        values.end()
    }
}

fn by_position<E: CachedEntity>(facts: &Facts, body: &[u8]) -> Result<E::Model, DecodeError> {
    let values = body.strip_suffix(facts.row_names.as_slice()).ok_or(DecodeError::Malformed)?;
    let mut deserializer = deserializer(values);
    let row = row::<E, _>(&mut deserializer, E::Column::iter().map(Some))?;
    end(&mut deserializer)?;
    Ok(row)
}

fn by_name<E: CachedEntity>(facts: &Facts, body: &[u8]) -> Result<E::Model, DecodeError> {
    let mut deserializer = deserializer(body);
    IgnoredAny::deserialize(&mut deserializer).map_err(|_| DecodeError::Malformed)?;
    let names = Vec::<&str>::deserialize(&mut deserializer).map_err(|_| DecodeError::Malformed)?;
    end(&mut deserializer)?;

    let (table, columns) = names.split_first().ok_or(DecodeError::Malformed)?;
    if *table != facts.table || !facts.columns.iter().all(|column| columns.contains(column)) {
        return Err(DecodeError::Columns);
    }
    let ours = columns.iter().map(|name| E::Column::iter().find(|column| column.as_str() == *name));
    row::<E, _>(&mut self::deserializer(body), ours)
}

fn deserializer(bytes: &[u8]) -> Deserializer<rmp_serde::decode::ReadRefReader<'_, [u8]>> {
    let mut deserializer = Deserializer::from_read_ref(bytes);
    deserializer.set_max_depth(MAX_DEPTH);
    deserializer
}

/// Only the end may follow: reading on must fail for want of bytes.
fn end<'de>(deserializer: &mut Deserializer<rmp_serde::decode::ReadRefReader<'de, [u8]>>) -> Result<(), DecodeError> {
    match IgnoredAny::deserialize(deserializer) {
        Err(rmp_serde::decode::Error::InvalidMarkerRead(_)) => Ok(()),
        _ => Err(DecodeError::Malformed),
    }
}

/// Reads the values of a row: one for each of `columns`, to be skipped where there is none.
fn row<'de, E, I>(
    deserializer: &mut Deserializer<rmp_serde::decode::ReadRefReader<'de, [u8]>>,
    columns: I,
) -> Result<E::Model, DecodeError>
where
    E: CachedEntity,
    I: Iterator<Item = Option<E::Column>>,
{
    // What the library says of an error may quote the value, so only the place is kept.
    let place = Cell::new(None);
    let visitor = Row::<E, I> { columns, place: &place, entity: PhantomData };
    let failed = |place: &Cell<Option<E::Column>>| match place.get() {
        Some(column) => DecodeError::Value { column: column.as_str() },
        None => DecodeError::Malformed,
    };
    let row = deserializer.deserialize_seq(visitor).map_err(|_| failed(&place))?;
    row.try_into_model().map_err(|_| DecodeError::Malformed)
}

struct Row<'a, E: CachedEntity, I> {
    columns: I,
    place: &'a Cell<Option<E::Column>>,
    entity: PhantomData<E>,
}

impl<'de, E, I> Visitor<'de> for Row<'_, E, I>
where
    E: CachedEntity,
    I: Iterator<Item = Option<E::Column>>,
{
    type Value = E::ActiveModel;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a kind and a value for each column")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
        let missing = || de::Error::custom("fewer values than columns");
        let mut row = <E::ActiveModel as ActiveModelTrait>::default();
        for column in self.columns {
            self.place.set(column);
            let Some(column) = column else {
                values.next_element::<IgnoredAny>()?.ok_or_else(missing)?;
                values.next_element::<IgnoredAny>()?.ok_or_else(missing)?;
                continue;
            };
            let kind = values.next_element::<Kind>()?.ok_or_else(missing)?;
            let value = values.next_element_seed(kind)?.ok_or_else(missing)?;
            set(&mut row, column, value).map_err(de::Error::custom)?;
        }
        self.place.set(None);
        Ok(row)
    }
}

fn set<A: ActiveModelTrait>(
    row: &mut A,
    column: <A::Entity as EntityTrait>::Column,
    value: Value,
) -> Result<(), &'static str> {
    let refused = "not a value of the column's type";
    if !value::is_array(&value) {
        return row.try_set(column, value).map_err(|_| refused);
    }
    // `Vec<T>` unwraps its elements where everything else reports an error. The row is given up if that happens.
    match panic::catch_unwind(AssertUnwindSafe(|| row.try_set(column, value))) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(refused),
    }
}
