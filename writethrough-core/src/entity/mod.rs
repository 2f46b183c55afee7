//! What the derive says about an entity, and what can be asked of SeaORM's own traits.

mod column_type;
mod condition;
mod dependents;
mod facts;
mod foreign_key;
mod key;
mod listing;
mod recorded;
mod registration;
mod registry;
mod related;
#[cfg(test)]
pub(crate) mod samples;
mod secondary_key;
mod traits;
mod unsupported;

pub(crate) use condition::{find_by_pk, has_one_of, is_one_of};
pub(crate) use dependents::Dependent;
pub use facts::{Facts, facts};
pub(crate) use foreign_key::{OnDelete, names, table};
pub(crate) use key::is_list;
pub use key::{KeyError, KeySpace, MAX_KEY_LEN, MAX_NAMESPACE_LEN, MAX_PK_LEN};
pub(crate) use listing::{Listed, Wanted, columns};
pub(crate) use recorded::{Recorded, Spelling, recorded_columns};
pub use registration::Registration;
pub(crate) use registry::{Entities, Owner};
pub use related::IsRelatedTo;
pub(crate) use secondary_key::Secondary;
pub use secondary_key::SecondaryKey;
pub use traits::{CachedEntity, IntoKey, PkValue, VersionNumber};
pub use unsupported::Unsupported;
