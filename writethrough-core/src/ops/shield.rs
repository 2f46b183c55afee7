//! A write whose future is dropped goes on.
//!
//! A dropped database call may still commit, so a write that has begun cannot be taken back. It is polled in the
//! caller's task (hooks keep their task-locals), and handed to a task of its own if the caller drops it after the
//! point of no return.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Poll};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::boxed;

/// Tells the shield that from now on the write must go on.
#[derive(Clone, Debug, Default)]
pub(super) struct PointOfNoReturn(Arc<AtomicBool>);

impl PointOfNoReturn {
    pub(super) fn pass(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_passed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Runs `write` in the caller's task, and to its end even if the caller goes away.
pub(super) fn shield<F, W>(tasks: &TaskTracker, write: W) -> Shield<F>
where
    F: Future<Output: Send> + Send + 'static,
    W: FnOnce(PointOfNoReturn) -> F,
{
    let point = PointOfNoReturn::default();
    let write = boxed(|| write(point.clone()));
    Shield { write: Some(write), point, tasks: tasks.clone(), runtime: None, in_poll: false }
}

/// See [`shield`].
#[must_use]
pub(super) struct Shield<F: Future<Output: Send> + Send + 'static> {
    write: Option<Pin<Box<F>>>,
    point: PointOfNoReturn,
    tasks: TaskTracker,
    runtime: Option<Handle>,
    /// Stays set where polling the write panicked.
    in_poll: bool,
}

impl<F: Future<Output: Send> + Send + 'static> Future for Shield<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.runtime.is_none() {
            this.runtime = Handle::try_current().ok();
        }
        let Some(write) = &mut this.write else {
            // Polled again after completion, which the contract of `Future` forbids.
            return Poll::Pending;
        };
        this.in_poll = true;
        let polled = write.as_mut().poll(cx);
        this.in_poll = false;
        let output = std::task::ready!(polled);
        this.write = None;
        Poll::Ready(output)
    }
}

impl<F: Future<Output: Send> + Send + 'static> Drop for Shield<F> {
    fn drop(&mut self) {
        // A write that panicked cannot be polled again; its fence is left to expire. That somebody beside it panicked is no
        // reason to give it up.
        if !self.point.is_passed() || self.in_poll {
            return;
        }
        if let (Some(write), Some(runtime)) = (self.write.take(), &self.runtime) {
            runtime.spawn(self.tasks.track_future(async move {
                write.await;
            }));
        }
    }
}
