//! The names of entries.
//!
//! ```text
//! shop:flight:115                 namespace, entity, primary key
//! shop:seat:115:12A               a composite key
//! shop:public.flight:115          a table in a schema
//! {shop:flight:3f}:115            on a cluster: one of 64 buckets an entity, each in one slot
//! shop:letter:#9f86d081884c7d65…  a long key: its SHA-256
//! ```
//!
//! Keys are injective: two rows have the same key only if table and primary key are the same, whatever bytes they
//! consist of. They are short (see [`MAX_KEY_LEN`]) and printable ASCII. Everything but letters, digits and `_-.~+` is
//! escaped as `%` and two hexadecimal digits, so that `:`, `{`, `}`, `#`, `!` and `@` mean something only where they
//! stand by themselves, and no key has a character that a glob pattern of Redis would take for its own. NULL is
//! `!null`, bytes are hexadecimal.
//!
//! A name and a primary key stand with `:` between them. `@` after the name (`shop:flight@email:…`) is kept free for
//! keys of other kinds; no entity and no primary key produces it there.

mod error;
pub(super) mod escape;
mod text;

#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::sync::Arc;

use sea_orm::sea_query::ValueTuple;

pub use error::KeyError;

use super::facts::{Facts, facts};
use super::traits::CachedEntity;
use crate::cache::CacheKey;

/// Longest namespace when escaped, in bytes.
pub const MAX_NAMESPACE_LEN: usize = 64;
/// Longest primary key, in bytes as the user wrote it.
pub const MAX_PK_LEN: usize = 8 * 1024;
/// Longest key there is, in bytes.
pub const MAX_KEY_LEN: usize = MAX_NAMESPACE_LEN + 2 * escape::READABLE_LEN + "{::3f}:".len();

const BUCKETS: u64 = 64;

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
        let mut key = String::with_capacity(self.namespace.len() + facts.name.len() + 40);
        self.open(&mut key, facts);
        let opened = key.len();
        text::write(&mut key, pk)?;
        if self.clustered || key.len() - opened > escape::READABLE_LEN {
            let pk_text = escape::bounded(key.split_off(opened));
            if self.clustered {
                write!(key, "{:02x}}}:", bucket(&pk_text)).expect("writing into a string succeeds");
            }
            key.push_str(&pk_text);
        }
        Ok(CacheKey::new(key))
    }

    /// What the keys of all rows of this entity start with, and no key of another.
    #[must_use]
    pub fn prefix<E: CachedEntity>(&self) -> String {
        let mut key = String::with_capacity(MAX_NAMESPACE_LEN);
        self.open(&mut key, facts::<E>());
        key
    }

    fn open(&self, key: &mut String, facts: &Facts) {
        if self.clustered {
            key.push('{');
        }
        key.push_str(&self.namespace);
        key.push(':');
        key.push_str(&facts.name);
        key.push(':');
    }
}

/// A hash that never changes: processes of all versions must agree on it. FNV-1a, whose bits are then mixed, because
/// keys that differ in their last digit only should spread too.
fn bucket(pk_text: &str) -> u64 {
    let fnv = pk_text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (fnv ^ (fnv >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    (mixed ^ (mixed >> 33)) % BUCKETS
}
