//! An audit that goes on and on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Audit, AuditReport, Position, round};
use crate::entity::{CachedEntity, facts};
use crate::ops::context::Context;

/// Shortest time between the beginnings of two rounds.
const SHORTEST: Duration = Duration::from_millis(10);

/// An audit in the background. It ends when this is dropped, and when the store is closed.
#[must_use = "the audit ends when its handle is dropped"]
pub struct AuditHandle {
    stop: DropGuard,
    task: JoinHandle<()>,
    reports: watch::Receiver<Option<AuditReport>>,
}

impl AuditHandle {
    /// The report of the last round that was completed.
    #[must_use]
    pub fn latest(&self) -> Option<AuditReport> {
        self.reports.borrow().clone()
    }

    /// Waits for the next report; `None` if the audit has ended. Of several that have come since the last call, the last.
    ///
    /// # Cancel safety
    ///
    /// Safe: a report that was not taken is the next one's answer.
    pub async fn next_report(&mut self) -> Option<AuditReport> {
        self.reports.changed().await.ok()?;
        self.reports.borrow_and_update().clone()
    }

    /// Ends the audit, and waits until it has.
    ///
    /// # Cancel safety
    ///
    /// The audit ends all the same.
    pub async fn stop(self) {
        drop(self.stop);
        // It ends by itself; a panic in an entity's own code ends it, too.
        let _ = self.task.await;
    }
}

impl fmt::Debug for AuditHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditHandle").field("is_over", &self.task.is_finished()).finish_non_exhaustive()
    }
}

/// Compares again and again, each round going on where the last one ended.
pub(crate) fn audit_in_background<E: CachedEntity>(
    context: &Arc<Context>,
    audit: Audit,
    every: Duration,
) -> AuditHandle {
    let stop = CancellationToken::new();
    let (sender, reports) = watch::channel(None);
    let (stopped, closing, owned) = (stop.clone(), context.closing.clone(), context.clone());
    let task = context.tasks.spawn(async move {
        tokio::select! {
            () = stopped.cancelled() => {}
            () = closing.cancelled() => {}
            () = rounds::<E>(owned, audit.bounded(), every.max(SHORTEST), sender) => {}
        }
    });
    AuditHandle { stop: stop.drop_guard(), task, reports }
}

async fn rounds<E: CachedEntity>(
    context: Arc<Context>,
    audit: Audit,
    every: Duration,
    reports: watch::Sender<Option<AuditReport>>,
) {
    let mut position = Position::default();
    let mut clock = interval(every);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        match round::<E>(&context, audit, &mut position).await {
            Ok(report) => drop(reports.send_replace(Some(report))),
            Err(error) => {
                let cache = error.is_cache_unavailable();
                tracing::warn!(entity = facts::<E>().label, cache, "an audit ended early; it is tried again");
            }
        }
    }
}
