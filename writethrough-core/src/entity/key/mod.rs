//! The names of entries.
//!
//! ```text
//! shop:flight:115                      namespace, entity, primary key
//! shop:seat:115:12A                    a composite key
//! shop:public.flight:115               a table in a schema
//! {shop:flight:3f}:115                 on a cluster: one of 64 buckets an entity, each in one slot
//! shop:letter:#9f86d081884c7d65…       a long key: its SHA-256
//! shop:flight@flight_no:LH454          a pointer: namespace, entity, columns of a unique key, their values
//! shop:seat@flight_id+number:115:12A   a unique key of two columns
//! {shop:flight@flight_no:3f}:LH454     a pointer on a cluster
//! shop:flight&airline_id:5             a list: namespace, entity, columns of an index, their values
//! ```
//!
//! Keys are injective: two rows have the same key only if table and primary key are the same, two pointers only if
//! table, unique key and values are, and two lists only if table, index and values are, whatever bytes they consist of. They are short (see [`MAX_KEY_LEN`]) and printable ASCII. Everything but letters, digits and `_-.~+` is
//! escaped as `%` and two hexadecimal digits, so that `:`, `{`, `}`, `#`, `!`, `@` and `&` mean something only where they
//! stand by themselves, and no key has a character that a glob pattern of Redis would take for its own. NULL is
//! `!null`, bytes are hexadecimal.
//!
//! A name and a primary key stand with `:` between them, a name and a unique key with `@`, a name and an index with `&`: no
//! entity and no primary key produces it there. Between the columns of a key stands `+`, which is escaped within their
//! names.

mod error;
pub(super) mod escape;
mod text;

#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::sync::Arc;

use sea_orm::sea_query::ValueTuple;
use sea_orm::{ModelTrait, Value};

pub use error::KeyError;

use super::facts::{Facts, facts};
use super::secondary_key::Secondary;
use super::traits::CachedEntity;
use crate::cache::CacheKey;

/// Longest namespace when escaped, in bytes.
pub const MAX_NAMESPACE_LEN: usize = 64;
/// Longest primary or secondary key, in bytes as the user wrote it.
pub const MAX_PK_LEN: usize = 8 * 1024;
/// Longest key there is, in bytes.
pub const MAX_KEY_LEN: usize = MAX_NAMESPACE_LEN + 3 * escape::READABLE_LEN + "{:@:3f}:".len();

const BUCKETS: u64 = 64;

/// What stands behind an entity's name in the keys of its rows, in those of its pointers, and in those of its lists.
const ROWS: char = ':';
const POINTERS: char = '@';
const LISTS: char = '&';

/// The keys of one namespace.
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
/// use sea_orm::sea_query::IntoValueTuple;
/// use writethrough_core::entity::{KeyError, KeySpace};
///
/// let keys = KeySpace::new("shop", false)?;
/// assert_eq!(keys.entry_key::<flight::Entity>(&115.into_value_tuple())?.as_str(), "shop:flight:115");
/// assert_eq!(KeySpace::new("", false).unwrap_err(), KeyError::EmptyNamespace);
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeySpace {
    namespace: Arc<str>,
    clustered: bool,
}

impl KeySpace {
    /// The keys of this namespace; `clustered` says whether they bear hash tags.
    ///
    /// # Errors
    ///
    /// When the namespace is empty or, escaped, longer than [`MAX_NAMESPACE_LEN`].
    pub fn new(namespace: &str, clustered: bool) -> Result<Self, KeyError> {
        let mut escaped = String::new();
        escape::text(&mut escaped, namespace);
        match escaped.len() {
            0 => Err(KeyError::EmptyNamespace),
            1..=MAX_NAMESPACE_LEN => Ok(Self { namespace: escaped.into(), clustered }),
            len => Err(KeyError::LongNamespace { len }),
        }
    }

    /// The namespace, escaped.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The key of the row with this primary key.
    ///
    /// # Errors
    ///
    /// When the primary key is longer than [`MAX_PK_LEN`], has another number of columns than the entity's, or has a
    /// column of a type that this build does not know.
    pub fn entry_key<E: CachedEntity>(&self, pk: &ValueTuple) -> Result<CacheKey, KeyError> {
        let facts = facts::<E>();
        if pk.arity() != facts.key_arity {
            return Err(KeyError::Arity { expected: facts.key_arity, given: pk.arity() });
        }
        self.write(self.start(facts, ROWS), pk.iter())
    }

    /// The key of the pointer from these values of a unique key to the row that has them; `key` counts
    /// [`CachedEntity::unique_keys`]. `None` when a value is NULL: NULL is equal to nothing, so no row has it.
    ///
    /// # Errors
    ///
    /// When there is no such key, when the values are longer than [`MAX_PK_LEN`] or are more or fewer than the key's
    /// columns, or when one is of a type that this build does not know.
    pub fn pointer_key<E: CachedEntity>(&self, key: usize, values: &[Value]) -> Result<Option<CacheKey>, KeyError> {
        self.secondary_key::<E>(Secondary::Unique(key), values)
    }

    /// The key of the list of the rows that have these values of an index; `index` counts [`CachedEntity::indexes`]. `None`
    /// when a value is NULL.
    ///
    /// # Errors
    ///
    /// As [`pointer_key`](Self::pointer_key).
    pub fn list_key<E: CachedEntity>(&self, index: usize, values: &[Value]) -> Result<Option<CacheKey>, KeyError> {
        self.secondary_key::<E>(Secondary::Index(index), values)
    }

    /// The keys of the pointers to this row, by the number of the unique key; `None` where a value is NULL.
    ///
    /// # Errors
    ///
    /// As [`pointer_key`](Self::pointer_key).
    pub fn pointer_keys<E: CachedEntity>(&self, model: &E::Model) -> Result<Vec<Option<CacheKey>>, KeyError> {
        (0..E::unique_keys().len()).map(|key| self.secondary_key_of::<E>(Secondary::Unique(key), model)).collect()
    }

    /// The key of the pointer or list of these values of a secondary key; `None` when a value is NULL.
    pub(crate) fn secondary_key<E: CachedEntity>(
        &self,
        secondary: Secondary,
        values: &[Value],
    ) -> Result<Option<CacheKey>, KeyError> {
        let (kind, missing) = match secondary {
            Secondary::Unique(key) => (POINTERS, KeyError::NoSuchKey { key }),
            Secondary::Index(index) => (LISTS, KeyError::NoSuchIndex { index }),
        };
        let entity = facts::<E>();
        let key = secondary.facts(entity).ok_or(missing)?;
        if values.len() != key.columns.len() {
            return Err(KeyError::Arity { expected: key.columns.len(), given: values.len() });
        }
        if values.iter().any(|value| *value == value.as_null()) {
            return Ok(None);
        }
        let mut start = self.start(entity, kind);
        start.push_str(&key.name);
        start.push(':');
        self.write(start, values).map(Some)
    }

    /// The key of the pointer to this row, or of the list with it, from its values of a secondary key; `None` where one is
    /// NULL.
    pub(crate) fn secondary_key_of<E: CachedEntity>(
        &self,
        secondary: Secondary,
        model: &E::Model,
    ) -> Result<Option<CacheKey>, KeyError> {
        let values: Vec<_> = secondary.columns::<E>().iter().map(|column| model.get(*column)).collect();
        self.secondary_key::<E>(secondary, &values)
    }

    /// What all keys of this entity start with, and no key of another: those of its rows, its pointers, and its lists.
    #[must_use]
    pub fn prefixes<E: CachedEntity>(&self) -> [String; 3] {
        [ROWS, POINTERS, LISTS].map(|kind| self.start(facts::<E>(), kind))
    }

    fn start(&self, facts: &Facts, kind: char) -> String {
        let mut key = String::with_capacity(self.namespace.len() + facts.name.len() + 40);
        if self.clustered {
            key.push('{');
        }
        key.push_str(&self.namespace);
        key.push(':');
        key.push_str(&facts.name);
        key.push(kind);
        key
    }

    /// Ends a key with the text of these values, hashed if it is long.
    fn write<'a>(&self, mut key: String, values: impl IntoIterator<Item = &'a Value>) -> Result<CacheKey, KeyError> {
        let started = key.len();
        text::write(&mut key, values)?;
        if self.clustered || key.len() - started > escape::READABLE_LEN {
            let text = escape::bounded(key.split_off(started));
            if self.clustered {
                write!(key, "{:02x}}}:", bucket(&text)).expect("writing into a string succeeds");
            }
            key.push_str(&text);
        }
        Ok(CacheKey::new(key))
    }
}

/// Whether a list stands under this key: everywhere else in a key the sign is escaped.
pub(crate) fn is_list(key: &CacheKey) -> bool {
    key.as_str().contains(LISTS)
}

/// A hash that never changes: processes of all versions must agree on it. FNV-1a, whose bits are then mixed, because
/// keys that differ in their last digit only should spread too.
fn bucket(text: &str) -> u64 {
    let fnv = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (fnv ^ (fnv >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    (mixed ^ (mixed >> 33)) % BUCKETS
}
