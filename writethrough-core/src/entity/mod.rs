//! What the derive says about an entity, and what can be asked of SeaORM's own traits.

mod column_type;
mod facts;
mod key;
mod recorded;
mod registry;
#[cfg(test)]
pub(crate) mod samples;
mod traits;
mod unique_key;
mod unsupported;

pub use facts::{Facts, facts};
pub use key::{KeyError, KeySpace, MAX_KEY_LEN, MAX_NAMESPACE_LEN, MAX_PK_LEN};
pub(crate) use recorded::{Recorded, Spelling, recorded_columns};
pub(crate) use registry::{Entities, Owner};
pub use traits::{CachedEntity, IntoKey, PkValue, VersionNumber};
pub use unique_key::UniqueKey;
pub use unsupported::Unsupported;
