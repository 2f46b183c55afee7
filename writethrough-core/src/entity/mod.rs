//! What the derive says about an entity, and what can be asked of SeaORM's own traits.

mod column_type;
mod facts;
mod key;
mod recorded;
mod registry;
#[cfg(test)]
pub(crate) mod samples;
mod secondary_key;
mod traits;
mod unsupported;

pub use facts::{Facts, facts};
pub(crate) use key::is_list;
pub use key::{KeyError, KeySpace, MAX_KEY_LEN, MAX_NAMESPACE_LEN, MAX_PK_LEN};
pub(crate) use recorded::{Recorded, Spelling, recorded_columns};
pub(crate) use registry::{Entities, Owner};
pub(crate) use secondary_key::Secondary;
pub use secondary_key::SecondaryKey;
pub use traits::{CachedEntity, IntoKey, PkValue};
pub use unsupported::Unsupported;
