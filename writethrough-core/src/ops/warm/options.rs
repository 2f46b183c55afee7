//! How a warm-up goes, and what it tells meanwhile.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::ControlFlow;

use super::cursor::WarmCursor;
use crate::error::{Error, Result};

/// Rows of a page at most.
const LARGEST_PAGE: usize = 10_000;

/// What is called after each page.
pub(super) type Listener<'a> = Box<dyn FnMut(&WarmProgress) -> ControlFlow<()> + Send + 'a>;

/// How large the pages of a warm-up are, how fast they follow each other, where it begins and who hears of it.
///
/// A warm-up ends with an error when the circuit breaker has given the cache up. Before that it tries a page again whose
/// commands were lost, and it waits while the store has yet to repair something in the cache or to consult the outbox; up to
/// 10 seconds for each page.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// # mod flight {
/// #     use sea_orm::{Select, entity::prelude::*};
/// #     use writethrough_core::{__private, CachedEntity, EntityPolicy, Error, Store, WarmOptions};
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "flight")]
/// #     pub struct Model { #[sea_orm(primary_key)] pub id: i32, pub gate: String }
/// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)] pub enum Relation {}
/// #     impl ActiveModelBehavior for ActiveModel {}
/// #     impl CachedEntity for Entity {
/// #         const POLICY: EntityPolicy = EntityPolicy::new();
/// #     }
/// #     impl Entity {
/// #         pub async fn warm(select: Select<Self>, options: WarmOptions<'_>, s: &Store) -> Result<u64, Error> {
/// #             __private::warm::<Self>(select, options, s).await
/// #         }
/// #     }
/// # }
/// use std::ops::ControlFlow;
///
/// use sea_orm::EntityTrait;
/// use writethrough::{Error, Store, WarmOptions};
///
/// # async fn warm(store: &Store) -> Result<(), Error> {
/// let mut last = None;
/// let options = WarmOptions::new().page_size(1_000).rows_per_second(20_000).progress(|progress| {
///     println!("{} rows, {} of them new in the cache", progress.seen, progress.filled);
///     last = Some(progress.cursor.clone()); // its text can be kept, for another process to go on from
///     ControlFlow::Continue(()) // or Break, to stop
/// });
/// if let Err(error) = flight::Entity::warm(flight::Entity::find(), options, store).await {
///     eprintln!("the warm-up ended early: {error}");
///     let rest = last.map_or(WarmOptions::new(), |cursor| WarmOptions::new().resume_after(cursor));
///     flight::Entity::warm(flight::Entity::find(), rest, store).await?;
/// }
/// # Ok(()) }
/// ```
#[non_exhaustive]
#[must_use]
pub struct WarmOptions<'a> {
    pub(super) page_size: usize,
    pub(super) rate: Option<u32>,
    pub(super) after: Option<WarmCursor>,
    pub(super) progress: Option<Listener<'a>>,
}

/// What a warm-up has done so far.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WarmProgress {
    /// Rows whose entries were looked at.
    pub seen: u64,
    /// Entries that were written: those that were missing, and that nobody else was writing or loading.
    pub filled: u64,
    /// How far it has come: where [`resume_after`](WarmOptions::resume_after) goes on.
    pub cursor: WarmCursor,
}

impl<'a> WarmOptions<'a> {
    /// Pages of 500 rows, as fast as it goes, from the beginning to the end.
    pub const fn new() -> Self {
        Self { page_size: 500, rate: None, after: None, progress: None }
    }

    /// How many rows are looked at in one go, 1 to 10,000: as many keys go in a command to the cache, and that many rows are
    /// in memory at most.
    pub const fn page_size(mut self, rows: usize) -> Self {
        self.page_size = rows;
        self
    }

    /// Looks at no more than this many rows a second, at least 1, so that database and cache have time for others. Pages
    /// become so small that none takes more than a second's worth. By default it goes as fast as it can.
    pub const fn rows_per_second(mut self, rows: u32) -> Self {
        self.rate = Some(rows);
        self
    }

    /// Goes on behind the row that a cursor names, as an earlier warm-up told it, of this process or another.
    pub fn resume_after(mut self, cursor: WarmCursor) -> Self {
        self.after = Some(cursor);
        self
    }

    /// Calls this after each page. [`ControlFlow::Break`] stops the warm-up, which then returns what it has filled.
    ///
    /// It is called in the task of the caller, and should not block.
    pub fn progress(mut self, progress: impl FnMut(&WarmProgress) -> ControlFlow<()> + Send + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// The rate, when all is as it must be.
    pub(super) fn checked_rate(&self) -> Result<Option<NonZeroU32>> {
        if !(1..=LARGEST_PAGE).contains(&self.page_size) {
            let message = format!("a page of a warm-up has 1 to {LARGEST_PAGE} rows, not {}", self.page_size);
            return Err(Error::input(message));
        }
        let refused = || Error::input("a warm-up of 0 rows a second never ends: allow at least 1");
        self.rate.map(|rate| NonZeroU32::new(rate).ok_or_else(refused)).transpose()
    }
}

impl Default for WarmOptions<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for WarmOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WarmOptions")
            .field("page_size", &self.page_size)
            .field("rate", &self.rate)
            .field("after", &self.after)
            .field("progress", &self.progress.is_some())
            .finish()
    }
}
