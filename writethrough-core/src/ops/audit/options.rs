//! What is audited, how fast, and what is done about it.

use std::num::NonZeroU32;

/// How much an audit looks at, how fast, and whether it repairs what it finds.
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
/// # extern crate writethrough_core as writethrough;
/// use std::time::Duration;
/// use writethrough::{Audit, Store};
///
/// # async fn audit(store: &Store) -> Result<(), writethrough::Error> {
/// let report = store.audit::<flight::Entity>(Audit::sample(1000)).await?;
/// for entry in &report.stale {
///     eprintln!("flight {:?}: {:?}, written {:?} ago", entry.primary_key, entry.difference, entry.age);
/// }
///
/// let audit = Audit::sample(1000).rows_per_second(50).repair();
/// let handle = store.audit_in_background::<flight::Entity>(audit, Duration::from_secs(60));
/// // … and when it is to end:
/// handle.stop().await;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Audit {
    pub(super) extent: Extent,
    pub(super) on_stale: OnStale,
    pub(super) rate: Option<NonZeroU32>,
}

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Sample(u32),
    All,
}

/// What is done about a stale entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnStale {
    Report,
    Repair,
}

impl Audit {
    /// About `rows` entries of the cache, and as many rows of the database: a stretch that starts at random in the order
    /// of the primary key. In the background each round goes on where the last one ended.
    ///
    /// Finding the start costs a `COUNT(*)` and an `OFFSET`. Entries are met in the cache's own order, which follows from
    /// its hashes and not from keys; of a Redis full of other keys, at most one page of a thousand keys is looked through
    /// for each entry wanted.
    pub const fn sample(rows: u32) -> Self {
        Self::of(Extent::Sample(rows))
    }

    /// All entries of the cache and all rows of the database.
    pub const fn all() -> Self {
        Self::of(Extent::All)
    }

    const fn of(extent: Extent) -> Self {
        Self { extent, on_stale: OnStale::Report, rate: None }
    }

    /// Removes the stale entries that are found, so that the next load asks the database.
    pub const fn repair(self) -> Self {
        Self { on_stale: OnStale::Repair, ..self }
    }

    /// Compares at most this many entries a second, 0 standing for 1. By default as fast as it goes, and 100 in the
    /// background.
    pub const fn rows_per_second(self, rows: u32) -> Self {
        let rate = match NonZeroU32::new(rows) {
            Some(rate) => rate,
            None => NonZeroU32::MIN,
        };
        Self { rate: Some(rate), ..self }
    }

    /// The same with a bounded rate.
    pub(super) fn bounded(self) -> Self {
        const BACKGROUND: u32 = 100;
        if self.rate.is_some() { self } else { self.rows_per_second(BACKGROUND) }
    }

    /// How many there may be at most.
    pub(super) fn most(&self) -> u64 {
        match self.extent {
            Extent::Sample(rows) => rows.into(),
            Extent::All => u64::MAX,
        }
    }
}
