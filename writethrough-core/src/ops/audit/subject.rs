//! One entry and the row that it must agree with.

use sea_orm::ModelTrait;
use sea_orm::sea_query::ValueTuple;

use super::report::Difference;
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, Secondary, facts};
use crate::entry::{Decoded, Payload, decode, decode_list, decode_pointer, encode_row};
use crate::error::Result;
use crate::ops::context::Context;

/// A key, the row it is about, and how its entry speaks of it.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) key: CacheKey,
    pub(super) pk: ValueTuple,
    pub(super) place: Place,
}

/// How an entry speaks of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Under the row's primary key.
    Row,
    /// Under its value of the unique key of this number.
    Pointer(usize),
    /// In the list of the rows with its value of the index of this number.
    List(usize),
}

/// What an entry is, held against the row as the database has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    Agrees,
    Differs(Difference),
    Unreadable,
}

impl Subject {
    /// All keys that speak of this row.
    pub(super) fn of_row<E: CachedEntity>(context: &Context, model: &E::Model) -> Vec<Self> {
        let pk = model.get_primary_key_value();
        let mut subjects: Vec<Self> = Vec::new();
        let row = context.key::<E>(&pk).ok().map(|key| (key, Place::Row));
        // Of an index that does not compare by bytes there are no lists.
        let is_kept = |secondary: &Secondary| match secondary {
            Secondary::Unique(_) => true,
            Secondary::Index(_) => secondary.facts(facts::<E>()).is_some_and(|index| index.exact),
        };
        let secondary = Secondary::all::<E>().filter(is_kept).filter_map(|secondary| {
            let key = context.keys.secondary_key_of::<E>(secondary, model).ok().flatten()?;
            let place = match secondary {
                Secondary::Unique(number) => Place::Pointer(number),
                Secondary::Index(number) => Place::List(number),
            };
            Some((key, place))
        });
        // A row whose key is too long has no entry. An entity may name the same unique key twice.
        for (key, place) in row.into_iter().chain(secondary) {
            if subjects.iter().all(|known| known.key != key) {
                subjects.push(Self { key, pk: pk.clone(), place });
            }
        }
        subjects
    }

    /// The row that an entry under this key holds; `None` if it holds none, or another key's.
    pub(super) fn of_entry<E: CachedEntity>(
        context: &Context,
        key: CacheKey,
        payload: &Payload,
    ) -> Result<Option<Self>, Foreign> {
        match decode::<E>(payload) {
            Ok(Decoded::Row(model)) => {
                let pk = model.get_primary_key_value();
                match context.key::<E>(&pk) {
                    Ok(own) if own == key => Ok(Some(Self { key, pk, place: Place::Row })),
                    _ => Err(Foreign),
                }
            }
            Ok(Decoded::Absent) => Ok(None),
            Err(_) => Err(Foreign),
        }
    }

    /// Holds an entry against the row.
    pub(super) fn compare<E: CachedEntity>(
        &self,
        context: &Context,
        payload: &Payload,
        row: Option<&E::Model>,
    ) -> Agreement {
        match self.place {
            Place::Row => self.compare_row::<E>(payload, row),
            // A pointer to a row is verified by whoever follows it.
            Place::Pointer(number) => match (decode_pointer::<E>(number, payload), row) {
                (Err(_), _) => Agreement::Unreadable,
                (Ok(Decoded::Absent), Some(row)) if self.is_key_of::<E>(context, Secondary::Unique(number), row) => {
                    Agreement::Differs(Difference::Taken)
                }
                _ => Agreement::Agrees,
            },
            // So is a row that is in a list.
            Place::List(number) => match (decode_list::<E>(number, payload), row) {
                (Err(_), _) => Agreement::Unreadable,
                (Ok(pks), Some(row))
                    if !pks.contains(&self.pk) && self.is_key_of::<E>(context, Secondary::Index(number), row) =>
                {
                    Agreement::Differs(Difference::Unlisted)
                }
                _ => Agreement::Agrees,
            },
        }
    }

    fn compare_row<E: CachedEntity>(&self, payload: &Payload, row: Option<&E::Model>) -> Agreement {
        match (decode::<E>(payload), row) {
            (Err(_), _) => Agreement::Unreadable,
            (Ok(Decoded::Row(entry)), _) if entry.get_primary_key_value() != self.pk => Agreement::Unreadable,
            (Ok(Decoded::Row(_)), None) => Agreement::Differs(Difference::Deleted),
            (Ok(Decoded::Absent), Some(_)) => Agreement::Differs(Difference::Inserted),
            (Ok(Decoded::Absent), None) => Agreement::Agrees,
            // Both in today's columns: an entry of another version is held against what it means, not how it is written.
            (Ok(Decoded::Row(entry)), Some(row)) => match (encode_row::<E>(&entry), encode_row::<E>(row)) {
                (Ok(entry), Ok(row)) if entry == row => Agreement::Agrees,
                _ => Agreement::Differs(Difference::Changed),
            },
        }
    }

    fn is_key_of<E: CachedEntity>(&self, context: &Context, secondary: Secondary, row: &E::Model) -> bool {
        matches!(context.keys.secondary_key_of::<E>(secondary, row), Ok(Some(key)) if key == self.key)
    }
}

/// Bytes that are no entry of this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Foreign;
