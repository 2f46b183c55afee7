//! What a client learns of its connections by itself, told at once to whoever guards the cache.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who is told. It must return at once, and use neither the cache nor the [`Link`].
pub(crate) trait Listener: fmt::Debug + Send + Sync {
    /// A connection that had been missing is there again. Told before the first call goes through it.
    fn came_back(&self);
}

/// Between the connections of one client and their listener.
#[derive(Debug, Default)]
pub(crate) struct Link(Mutex<Option<Arc<dyn Listener>>>);

impl Link {
    /// Sets the one who is told from now on.
    pub(crate) fn listen(&self, listener: Arc<dyn Listener>) {
        *self.lock() = Some(listener);
    }

    /// A connection that had been missing is there again.
    pub(crate) fn came_back(&self) {
        if let Some(listener) = &*self.lock() {
            listener.came_back();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<dyn Listener>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
