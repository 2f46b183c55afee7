//! Warming up: the entries of rows that are about to be asked for, before they are.
//!
//! Rows are met in pages, in the order of their primary key: each page begins behind the last key of the one before, so
//! that it costs the same wherever it stands, and what is inserted or deleted meanwhile moves nobody. A page's rows then go
//! the way of any load of many: GET all, LEASE what is missing, query that, FILL. So it is as right beside writers as any
//! load is.

mod cursor;
mod keys;
mod options;

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::Select;
use sea_orm::sea_query::ValueTuple;
use tokio::time::{Instant, sleep};
use tracing::{Instrument, Span};

pub use cursor::WarmCursor;
pub use options::{WarmOptions, WarmProgress};

use self::keys::Keys;
use super::bypass::Bypass;
use super::context::Context;
use super::load_many::fill_missing;
use super::pace::Pace;
use crate::cache::CacheError;
use crate::entity::{CachedEntity, Facts, facts};
use crate::error::{Error, Outcome, Result};
use crate::telemetry;

/// How long a page is tried: while commands are lost, or the store repairs the cache or consults its outbox.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two attempts.
const AGAIN_AFTER: Duration = Duration::from_millis(10);

/// Fills the entries of the rows that this select finds, where they are missing. Tells how many were filled.
pub(crate) async fn warm<E: CachedEntity>(
    context: &Arc<Context>,
    select: Select<E>,
    options: WarmOptions<'_>,
) -> Result<u64> {
    context.enter::<E>()?;
    let entity = facts::<E>();
    let pace = Pace::new(options.checked_rate()?);
    let after = options.after.as_ref().map(WarmCursor::key::<E>).transpose()?;
    let span = tracing::debug_span!(
        target: "writethrough",
        telemetry::SPAN_WARM,
        entity = entity.label,
        seen = tracing::field::Empty,
        filled = tracing::field::Empty
    );
    let keys = Keys::of(select, context.db.get_database_backend());
    let mut warming = Warming::<E> { context, entity, span: &span, seen: 0, filled: 0, _entity: PhantomData };
    warming.run(&keys, after, pace, options).instrument(span.clone()).await?;
    Ok(warming.filled)
}

struct Warming<'a, E: CachedEntity> {
    context: &'a Arc<Context>,
    entity: &'static Facts,
    span: &'a Span,
    seen: u64,
    filled: u64,
    _entity: PhantomData<fn() -> E>,
}

impl<E: CachedEntity> Warming<'_, E> {
    async fn run(
        &mut self,
        keys: &Keys<E>,
        mut after: Option<ValueTuple>,
        mut pace: Pace,
        mut options: WarmOptions<'_>,
    ) -> Result<()> {
        let most = pace.portion(options.page_size);
        loop {
            self.context.enter::<E>()?;
            pace.pass(most).await;
            let page = keys.page(self.context, after.as_ref(), most).await?;
            let Some(last) = page.keys.last().cloned() else { return Ok(()) };
            if after.as_ref() == Some(&last) {
                return Err(Error::input(format!(
                    "the primary key of `{}` has no order to page by",
                    self.entity.label
                )));
            }
            let progress = self.take(page.keys, &last).await?;
            let flow = options.progress.as_mut().map_or(ControlFlow::Continue(()), |tell| tell(&progress));
            if page.is_last || flow.is_break() {
                return Ok(());
            }
            after = Some(last);
        }
    }

    /// One page, whose last key this is.
    async fn take(&mut self, page: Vec<ValueTuple>, last: &ValueTuple) -> Result<WarmProgress> {
        let cursor = WarmCursor::behind::<E>(last)?;
        let seen = page.len() as u64;
        let filled = self.fill(page).await?;
        telemetry::count_many(telemetry::WARMED, self.entity.label, filled);
        self.seen += seen;
        self.filled += filled as u64;
        self.span.record("seen", self.seen);
        self.span.record("filled", self.filled);
        Ok(WarmProgress { seen: self.seen, filled: self.filled, cursor })
    }

    /// Until the page is through, or the circuit breaker has given the cache up.
    async fn fill(&self, page: Vec<ValueTuple>) -> Result<usize> {
        let until = Instant::now() + PATIENCE;
        let mut filled = 0;
        loop {
            let (some, failure) = fill_missing::<E>(self.context, self.span, page.clone()).await?;
            filled += some;
            match failure {
                None => return Ok(filled),
                // A command was lost, or what stands there is about to be put right.
                Some(Bypass::Unavailable | Bypass::Distrusted) if Instant::now() < until => {
                    sleep(AGAIN_AFTER).await;
                    self.context.open()?;
                }
                Some(why) => return Err(ended_early(why)),
            }
        }
    }
}

fn ended_early(why: Bypass) -> Error {
    let error = match why {
        Bypass::LeftAlone => CacheError::Open,
        Bypass::Distrusted => {
            CacheError::Unavailable("writes of this store still wait to be repaired there".to_owned())
        }
        Bypass::Unavailable | Bypass::Occupied => {
            CacheError::Unavailable("it did not acknowledge a command".to_owned())
        }
    };
    Error::cache(error, Outcome::NotCommitted)
        .advise("the warm-up ended early: go on with `resume_after` the cursor that `progress` was told last")
}
