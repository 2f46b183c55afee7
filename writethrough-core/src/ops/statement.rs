//! The database's part of a write: bounded by the write timeout, with the fence renewed while it lasts.
//!
//! A step comes pinned: a statement's future takes many kilobytes, and handed on by value it would take them in every
//! function that it goes through.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use sea_orm::DbErr;
use tokio::time::Instant;

use super::fence::Fence;
use crate::error::{Certainty, Error, Outcome, certainty};

/// A fence is renewed at least this often, so that it outlives a statement that is sent late (the pool was busy) and
/// then runs for the whole statement timeout although its process died: half the fence's margin is left.
const LONGEST_RENEWAL: Duration = Duration::from_secs(15);

/// When the write must be over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    at: Instant,
    renew_every: Duration,
}

impl Deadline {
    pub(super) fn after(write_timeout: Duration) -> Self {
        let renew_every = (write_timeout / 2).clamp(Duration::from_millis(100), LONGEST_RENEWAL);
        Self { at: Instant::now() + write_timeout, renew_every }
    }

    /// Runs a step that commits by itself: an autocommit statement, or COMMIT. Renews the fence while it lasts.
    pub(super) async fn committing<T>(
        &self,
        fence: &Fence,
        step: Pin<&mut impl Future<Output = Result<T, DbErr>>>,
    ) -> Result<T, Error> {
        match self.bounded(Some(fence), step).await {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => {
                let outcome = match certainty(&error) {
                    Certainty::Certain => Outcome::NotCommitted,
                    Certainty::Unknown => Outcome::Unknown,
                };
                Err(Error::database(error, outcome))
            }
            None => Err(Error::write_timeout(Outcome::Unknown)),
        }
    }

    /// Runs a step inside a transaction: whatever happens to it, nothing is committed.
    pub(super) async fn within<T>(
        &self,
        fence: Option<&Fence>,
        step: Pin<&mut impl Future<Output = Result<T, DbErr>>>,
    ) -> Result<T, Error> {
        match self.bounded(fence, step).await {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(Error::database(error, Outcome::NotCommitted)),
            None => Err(Error::write_timeout(Outcome::NotCommitted)),
        }
    }

    async fn bounded<T>(&self, fence: Option<&Fence>, mut step: Pin<&mut impl Future<Output = T>>) -> Option<T> {
        // Polled beside the step, so that a hung cache does not hold up the database.
        let renewals = async {
            loop {
                tokio::time::sleep(self.renew_every).await;
                match fence {
                    Some(fence) => fence.renew().await,
                    None => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            biased;
            value = &mut step => Some(value),
            () = tokio::time::sleep_until(self.at) => None,
            () = renewals => None,
        }
    }
}
