//! Columns of a row as a MessagePack array of kinds and values, and back.

use std::borrow::Cow;
use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{self, AssertUnwindSafe};

use rmp_serde::Deserializer;
use rmp_serde::decode::ReadRefReader;
use sea_orm::{ActiveModelTrait, EntityTrait, IdenStatic, ModelTrait, Value};
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer as _, IgnoredAny, SeqAccess, Visitor};
use serde::ser::{self, Serialize, SerializeSeq, Serializer};

use super::error::{DecodeError, EncodeError};
use super::value::{self, Kind, Out};
use crate::entity::CachedEntity;

/// Deepest nesting of MessagePack arrays and maps: a row, a PostgreSQL array in it, JSON in that.
const MAX_DEPTH: usize = value::MAX_JSON_DEPTH + 4;

type Column<M> = <<M as ModelTrait>::Entity as EntityTrait>::Column;

/// Appends what the row has in these columns.
pub(super) fn write<M: ModelTrait>(
    bytes: &mut Vec<u8>,
    model: &M,
    columns: impl ExactSizeIterator<Item = Column<M>> + Clone,
) -> Result<(), EncodeError> {
    let place = Cell::new("");
    let values = columns.map(|column| (column.as_str(), Cow::Owned(model.get(column))));
    append(bytes, &place, &Columns { values, place: &place })
}

/// Appends what each of these rows has in these columns, as an array of rows.
pub(super) fn write_rows<'a, C: IdenStatic>(
    bytes: &mut Vec<u8>,
    columns: &[C],
    rows: impl Iterator<Item = &'a [Value]>,
) -> Result<(), EncodeError> {
    let place = Cell::new("");
    let row = |values: &'a [Value]| {
        let values = columns.iter().zip(values).map(|(column, value)| (column.as_str(), Cow::Borrowed(value)));
        Columns { values, place: &place }
    };
    append(bytes, &place, &rows.map(row).collect::<Vec<_>>())
}

fn append(bytes: &mut Vec<u8>, place: &Cell<&'static str>, values: &impl Serialize) -> Result<(), EncodeError> {
    values.serialize(&mut rmp_serde::Serializer::new(bytes)).map_err(|error| {
        let why = match error {
            rmp_serde::encode::Error::Syntax(message) => message,
            other => other.to_string(),
        };
        EncodeError::new(format!("column `{}` cannot be cached: {why}", place.get()))
    })
}

struct Columns<'a, I> {
    /// Names of columns and what they have.
    values: I,
    /// The column being written, for the error to name.
    place: &'a Cell<&'static str>,
}

impl<'v, I> Serialize for Columns<'_, I>
where
    I: ExactSizeIterator<Item = (&'static str, Cow<'v, Value>)> + Clone,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = self.values.clone();
        let mut values = serializer.serialize_seq(Some(2 * columns.len()))?;
        for (column, value) in columns {
            self.place.set(column);
            values.serialize_element(&Kind::of(&value).map_err(ser::Error::custom)?)?;
            values.serialize_element(&Out(&value))?;
        }
        values.end()
    }
}

/// A reader of MessagePack that does not nest without end.
pub(super) fn deserializer(bytes: &[u8]) -> Deserializer<ReadRefReader<'_, [u8]>> {
    let mut deserializer = Deserializer::from_read_ref(bytes);
    deserializer.set_max_depth(MAX_DEPTH);
    deserializer
}

/// Only the end may follow: reading on must fail for want of bytes.
pub(super) fn end<'de>(deserializer: &mut Deserializer<ReadRefReader<'de, [u8]>>) -> Result<(), DecodeError> {
    match IgnoredAny::deserialize(deserializer) {
        Err(rmp_serde::decode::Error::InvalidMarkerRead(_)) => Ok(()),
        _ => Err(DecodeError::Malformed),
    }
}

/// Reads the values of a row: one for each of `columns`, to be skipped where there is none.
///
/// A value that is not one of its column's type is refused.
pub(super) fn read<'de, E, I>(
    deserializer: &mut Deserializer<ReadRefReader<'de, [u8]>>,
    columns: I,
) -> Result<E::ActiveModel, DecodeError>
where
    E: CachedEntity,
    I: Iterator<Item = Option<E::Column>>,
{
    let place = Cell::new(None);
    let row = Row::<E, I> { columns, place: &place, entity: PhantomData };
    row.deserialize(deserializer).map_err(|_| failed::<E>(&place))
}

/// Reads an array of rows, each with a value for each of `columns`.
pub(super) fn read_rows<'de, E, I>(
    deserializer: &mut Deserializer<ReadRefReader<'de, [u8]>>,
    columns: I,
) -> Result<Vec<E::ActiveModel>, DecodeError>
where
    E: CachedEntity,
    I: Iterator<Item = Option<E::Column>> + Clone,
{
    let place = Cell::new(None);
    let rows = Rows::<E, I> { columns, place: &place, entity: PhantomData };
    deserializer.deserialize_seq(rows).map_err(|_| failed::<E>(&place))
}

/// What the library says of an error may quote the value, so only the place is kept.
fn failed<E: CachedEntity>(place: &Cell<Option<E::Column>>) -> DecodeError {
    match place.get() {
        Some(column) => DecodeError::Value { column: column.as_str() },
        None => DecodeError::Malformed,
    }
}

struct Rows<'a, E: CachedEntity, I> {
    columns: I,
    place: &'a Cell<Option<E::Column>>,
    entity: PhantomData<E>,
}

impl<'de, E, I> Visitor<'de> for Rows<'_, E, I>
where
    E: CachedEntity,
    I: Iterator<Item = Option<E::Column>> + Clone,
{
    type Value = Vec<E::ActiveModel>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Self::Value, A::Error> {
        // Grown row by row: the length that the bytes claim may be anything.
        let mut read = Vec::new();
        let row = || Row::<E, I> { columns: self.columns.clone(), place: self.place, entity: PhantomData };
        while let Some(next) = rows.next_element_seed(row())? {
            read.push(next);
        }
        Ok(read)
    }
}

struct Row<'a, E: CachedEntity, I> {
    columns: I,
    place: &'a Cell<Option<E::Column>>,
    entity: PhantomData<E>,
}

impl<'de, E, I> DeserializeSeed<'de> for Row<'_, E, I>
where
    E: CachedEntity,
    I: Iterator<Item = Option<E::Column>>,
{
    type Value = E::ActiveModel;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
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
