//! What the derive says about an entity, and what can be asked of SeaORM's own traits.

mod column_type;
mod facts;
mod key;
#[cfg(test)]
pub(crate) mod samples;
mod traits;
mod unique_key;
mod unsupported;

pub use facts::{Facts, facts};
pub use key::{KeyError, KeySpace, MAX_KEY_LEN, MAX_NAMESPACE_LEN, MAX_PK_LEN};
pub use traits::{CachedEntity, IntoKey, PkValue};
pub use unique_key::UniqueKey;
pub use unsupported::Unsupported;
