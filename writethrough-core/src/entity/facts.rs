//! What is known of an entity at run time, asked once of SeaORM's traits.

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sea_orm::{ColumnTrait, IdenStatic, Iterable, PrimaryKeyArity, PrimaryKeyToColumn};
use sha2::{Digest, Sha256};

use super::column_type;
use super::foreign_key::ForeignKey;
use super::key::escape;
use super::secondary_key::SecondaryKey;
use super::traits::{CachedEntity, PkValue};

/// The facts of one entity. They are worked out on the first call of [`facts`] and live as long as the process.
#[derive(Debug)]
#[non_exhaustive]
pub struct Facts {
    /// The table's name, as metrics and spans show it.
    pub label: &'static str,
    /// The entity's part of a key: `rename`, or `table`, or `schema.table`; escaped.
    pub name: String,
    /// Names of the columns in the database, in the order of `Column::iter()`.
    pub columns: Vec<&'static str>,
    /// A hash of table, column names and column types, equal in every process that has the same schema.
    pub fingerprint: u64,
    /// Whether all columns of the primary key compare by bytes, so that "no such row" may be remembered.
    pub exact_key: bool,
    /// Number of columns of the primary key.
    pub key_arity: usize,
    /// The unique secondary keys, in the order of [`CachedEntity::unique_keys`].
    pub unique_keys: Vec<SecondaryKey>,
    /// The indexes, in the order of [`CachedEntity::indexes`].
    pub indexes: Vec<SecondaryKey>,
    /// The table and its schema, escaped: what `name` is without a `rename`.
    pub(crate) table: String,
    /// The foreign keys that its relations tell of, those of other tables included.
    pub(crate) foreign_keys: Vec<ForeignKey>,
    /// MessagePack: the table, then the columns. What follows the values in an entry.
    pub(crate) row_names: Vec<u8>,
    /// MessagePack: the table, then the columns of the primary key. What an entry of "no such row" says.
    pub(crate) key_names: Vec<u8>,
}

/// The facts of an entity.
///
/// The first call for an entity asks its traits, later ones look it up; nothing is ever given back, for an entity is a
/// type and there are only so many.
pub fn facts<E: CachedEntity>() -> &'static Facts {
    thread_local! {
        /// What this thread has asked for already. Every load looks here, and threads must not contend for that.
        static KNOWN: RefCell<BTreeMap<TypeId, &'static Facts>> = const { RefCell::new(BTreeMap::new()) };
    }

    let entity = TypeId::of::<E>();
    // A thread that ends has given its own map up, and asks the registry.
    if let Ok(Some(known)) = KNOWN.try_with(|known| known.borrow().get(&entity).copied()) {
        return known;
    }
    let registered = registered::<E>(entity);
    let _ = KNOWN.try_with(|known| known.borrow_mut().insert(entity, registered));
    registered
}

fn registered<E: CachedEntity>(entity: TypeId) -> &'static Facts {
    static REGISTRY: Mutex<BTreeMap<TypeId, &'static Facts>> = Mutex::new(BTreeMap::new());

    // A panic in an entity's own code cannot leave the map half changed, so a poisoned lock is as good as another.
    let registry = || REGISTRY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(&known) = registry().get(&entity) {
        return known;
    }
    let asked = Facts::ask::<E>();
    registry().entry(entity).or_insert_with(|| Box::leak(Box::new(asked)))
}

impl Facts {
    /// Whether a row may refer to another of the same table.
    pub(crate) fn refers_to_itself(&self) -> bool {
        self.foreign_keys.iter().any(|key| key.child == self.table && key.parent == self.table)
    }

    fn ask<E: CachedEntity>() -> Self {
        let entity = E::default();
        let label = entity.table_name();
        let mut table = String::new();
        if let Some(schema) = entity.schema_name() {
            escape::name(&mut table, schema);
            table.push('.');
        }
        escape::name(&mut table, label);
        let columns: Vec<_> = E::Column::iter().map(|column| column.as_str()).collect();
        let secondary = |columns: &&[E::Column]| SecondaryKey::ask::<E>(&table, columns);
        let key_columns = E::PrimaryKey::iter().map(|part| part.into_column().as_str());
        Self {
            label,
            fingerprint: fingerprint::<E>(&table),
            exact_key: E::PrimaryKey::iter()
                .map(PrimaryKeyToColumn::into_column)
                .all(|column| !column.def().is_null() && compares_by_bytes::<E>(column)),
            key_arity: PkValue::<E>::ARITY,
            unique_keys: E::unique_keys().iter().map(secondary).collect(),
            indexes: E::indexes().iter().map(secondary).collect(),
            row_names: names(&table, columns.iter().copied()),
            key_names: names(&table, key_columns),
            foreign_keys: ForeignKey::of::<E>(),
            columns,
            name: escape::bounded(match E::POLICY.rename {
                Some(rename) => {
                    let mut name = String::new();
                    escape::name(&mut name, rename);
                    name
                }
                None => table.clone(),
            }),
            table,
        }
    }
}

/// Whether values of this column that differ as we write them differ in the database too, by type or by declaration.
pub(super) fn compares_by_bytes<E: CachedEntity>(column: E::Column) -> bool {
    column_type::compares_by_bytes(column.def().get_column_type())
        || E::exact_columns().iter().any(|exact| exact.as_str() == column.as_str())
}

fn fingerprint<E: CachedEntity>(table: &str) -> u64 {
    let mut hash = Sha256::new();
    // The length in front keeps neighbours apart: `a` + `bc` is not `ab` + `c`.
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    part(table);
    for column in E::Column::iter() {
        let mut text = String::new();
        column_type::write_text(&mut text, column.def().get_column_type()).expect("writing into a string succeeds");
        part(column.as_str());
        part(&text);
    }
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

fn names<'a>(table: &'a str, columns: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let names: Vec<_> = std::iter::once(table).chain(columns).collect();
    rmp_serde::to_vec(&names).expect("strings always encode, and memory takes them")
}

#[cfg(test)]
mod tests {
    use super::facts;
    use crate::entity::samples::{flight, odd, seat};

    #[test]
    fn an_entity_is_asked_once() {
        assert!(std::ptr::eq(facts::<flight::Entity>(), facts::<flight::Entity>()));
        assert!(!std::ptr::eq(facts::<flight::Entity>(), facts::<seat::Entity>()));
    }

    #[test]
    fn names_are_those_of_the_database() {
        let flight = facts::<flight::Entity>();
        assert_eq!((flight.label, flight.name.as_str()), ("flight", "flight"));
        assert_eq!(flight.columns, ["id", "flightNo", "type"]);
        assert_eq!(flight.key_arity, 1);
        assert_eq!(facts::<seat::Entity>().key_arity, 2);
    }

    #[test]
    fn a_schema_is_part_of_the_name_and_dots_cannot_move() {
        assert_eq!(facts::<odd::schema::Entity>().name, "pub%2Elic.fli%2Eght");
        assert_eq!(facts::<odd::schema::Entity>().label, "fli.ght");
    }

    #[test]
    fn a_rename_replaces_schema_and_table() {
        assert_eq!(facts::<odd::renamed::Entity>().name, "old%2Ename");
        assert_eq!(facts::<odd::renamed::Entity>().label, "renamed");
    }

    #[test]
    fn the_fingerprint_is_the_same_in_every_process() {
        assert_eq!(format!("{:016x}", facts::<flight::Entity>().fingerprint), "c5fbfbe2e18927b6");
    }

    #[test]
    fn another_column_type_is_another_fingerprint() {
        assert_ne!(facts::<flight::Entity>().fingerprint, facts::<odd::wider_flight::Entity>().fingerprint);
        assert_eq!(facts::<flight::Entity>().columns, facts::<odd::wider_flight::Entity>().columns);
    }

    #[test]
    fn only_keys_that_compare_by_bytes_are_exact() {
        assert!(facts::<flight::Entity>().exact_key, "an integer");
        assert!(facts::<odd::bytes_key::Entity>().exact_key, "bytes");
        assert!(!facts::<odd::text_key::Entity>().exact_key, "a string");
        assert!(!facts::<odd::nullable_key::Entity>().exact_key, "a nullable integer");
        assert!(facts::<seat::Entity>().exact_key, "an integer and a string that is declared exact");
        assert!(!facts::<odd::half_exact::Entity>().exact_key, "an integer and a string that is not");
    }
}
