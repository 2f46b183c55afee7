//! The entities of the program, as the linker brings them together.

use super::registry::Owner;
use super::traits::CachedEntity;

/// What the derive hands in for each entity: so a store knows entities that it has not met.
#[derive(Debug)]
pub struct Registration(fn() -> Owner);

impl Registration {
    /// That of an entity.
    #[must_use]
    pub const fn of<E: CachedEntity>() -> Self {
        Self(Owner::of::<E>)
    }
}

inventory::collect!(Registration);

/// All entities that the derive has handed in.
pub(super) fn registered() -> impl Iterator<Item = Owner> {
    inventory::iter::<Registration>.into_iter().map(|registration| (registration.0)())
}
