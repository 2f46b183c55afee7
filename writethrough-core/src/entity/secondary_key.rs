//! What is known of a secondary key: a unique one, which leads to a row, or an index, which leads to a list of them.

use sea_orm::{IdenStatic, Iterable, PrimaryKeyToColumn};

use super::facts::{Facts, compares_by_bytes};
use super::key::escape;
use super::traits::CachedEntity;

/// One of an entity's secondary keys, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Secondary {
    /// Counts [`CachedEntity::unique_keys`]. Its entries are pointers.
    Unique(usize),
    /// Counts [`CachedEntity::indexes`]. Its entries are lists.
    Index(usize),
}

impl Secondary {
    /// All that the entity has.
    pub(crate) fn all<E: CachedEntity>() -> impl Iterator<Item = Self> {
        let unique = (0..E::unique_keys().len()).map(Self::Unique);
        unique.chain((0..E::indexes().len()).map(Self::Index))
    }

    /// Its columns; none where the entity has no such key.
    pub(crate) fn columns<E: CachedEntity>(self) -> &'static [E::Column] {
        let columns = match self {
            Self::Unique(key) => E::unique_keys().get(key),
            Self::Index(index) => E::indexes().get(index),
        };
        columns.copied().unwrap_or_default()
    }

    /// Its facts; none where the entity has no such key.
    pub(crate) fn facts(self, entity: &Facts) -> Option<&SecondaryKey> {
        match self {
            Self::Unique(key) => entity.unique_keys.get(key),
            Self::Index(index) => entity.indexes.get(index),
        }
    }
}

/// The facts of one of an entity's unique secondary keys, or of one of its indexes.
#[derive(Debug)]
#[non_exhaustive]
pub struct SecondaryKey {
    /// The key's part of a pointer's or list's name: its columns, escaped, with `+` between them.
    pub name: String,
    /// Names of its columns in the database, in the key's order.
    pub columns: Vec<&'static str>,
    /// Whether all its columns compare by bytes, so that "no such row", or "no rows but these", may be remembered.
    ///
    /// Unlike in a primary key, a column may be nullable: NULL is equal to nothing, so a value with a NULL has no entry
    /// and nobody asks for it, and what is known of a value without one does not depend on the rows that have NULL.
    pub exact: bool,
    /// MessagePack: the table, the columns of this key, those of the primary key. What follows the primary keys in a
    /// pointer or a list.
    pub(crate) names_with_primary: Vec<u8>,
    /// MessagePack: the table and the columns of this key. What a pointer to "no such row" says.
    pub(crate) names: Vec<u8>,
}

impl SecondaryKey {
    pub(super) fn ask<E: CachedEntity>(table: &str, key: &[E::Column]) -> Self {
        let columns: Vec<_> = key.iter().map(|column| column.as_str()).collect();
        let pk_columns: Vec<_> = E::PrimaryKey::iter().map(|part| part.into_column().as_str()).collect();
        Self {
            name: name(&columns),
            exact: key.iter().all(|column| compares_by_bytes::<E>(*column)),
            names_with_primary: names(&(table, &columns, &pk_columns)),
            names: names(&(table, &columns)),
            columns,
        }
    }
}

fn name(columns: &[&str]) -> String {
    let mut name = String::new();
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            name.push('+');
        }
        escape::column(&mut name, column);
    }
    escape::bounded(name)
}

/// Columns stand in lists of their own, so that none can move from one key to the other.
fn names(names: &impl serde::Serialize) -> Vec<u8> {
    rmp_serde::to_vec(names).expect("strings always encode, and memory takes them")
}

#[cfg(test)]
mod tests {
    use crate::entity::facts;
    use crate::entity::samples::{flight, odd, ticket};

    #[test]
    fn a_key_bears_the_names_of_the_database() {
        let keys = &facts::<ticket::Entity>().unique_keys;
        let names: Vec<_> = keys.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names, ["code", "holderMail", "flight_id+seat"]);
        assert_eq!(keys[2].columns, ["flight_id", "seat"]);
        assert!(facts::<flight::Entity>().unique_keys.is_empty());
        let names: Vec<_> = facts::<ticket::Entity>().indexes.iter().map(|index| index.name.as_str()).collect();
        assert_eq!(names, ["flight_id", "code+seat", "holderMail"]);
    }

    #[test]
    fn columns_cannot_move_between_keys() {
        let names: Vec<_> = facts::<odd::plus::Entity>().unique_keys.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "a+b", "b+a", "a%2Bb", "a%40b"]);
    }

    #[test]
    fn only_keys_whose_columns_all_compare_by_bytes_are_exact() {
        let exact: Vec<_> = facts::<ticket::Entity>().unique_keys.iter().map(|key| key.exact).collect();
        assert_eq!(exact, [true, false, true], "a nullable integer; a string; an integer and a string declared exact");
        let exact: Vec<_> = facts::<ticket::Entity>().indexes.iter().map(|index| index.exact).collect();
        assert_eq!(exact, [true, true, false]);
    }
}
