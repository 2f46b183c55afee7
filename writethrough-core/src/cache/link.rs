//! What a client learns of its connections by itself, told at once to whoever guards the cache.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who is told. It must return at once, and use neither the cache nor the [`Link`].
pub(crate) trait Listener: fmt::Debug + Send + Sync {
    /// No connection is left.
    fn cut_off(&self);

    /// A connection that had been missing is about to be there again: no call has gone through it.
    fn coming_back(&self);

    /// A connection that had been missing is there again: calls go through it.
    fn came_back(&self);
}

/// Between the connections of one client and their listener.
#[derive(Debug)]
pub(crate) struct Link(Mutex<Connections>);

#[derive(Debug)]
struct Connections {
    wanted: usize,
    missing: usize,
    listener: Option<Arc<dyn Listener>>,
}

impl Link {
    /// That of a client of so many connections.
    pub(crate) fn of(connections: usize) -> Self {
        Self(Mutex::new(Connections { wanted: connections, missing: 0, listener: None }))
    }

    /// Sets the one who is told from now on, and at once if there is no connection.
    pub(crate) fn listen(&self, listener: Arc<dyn Listener>) {
        let mut connections = self.lock();
        connections.listener = Some(listener);
        connections.tell_if_cut_off();
    }

    /// A connection was lost, or the first attempt to make one failed.
    pub(crate) fn lost(&self) {
        let mut connections = self.lock();
        connections.missing += 1;
        connections.tell_if_cut_off();
    }

    /// A connection that had been missing is there, and `open` lets calls go through it.
    pub(crate) fn came_back(&self, open: impl FnOnce()) {
        let mut connections = self.lock();
        connections.missing -= 1;
        if let Some(listener) = &connections.listener {
            listener.coming_back();
        }
        open();
        if let Some(listener) = &connections.listener {
            listener.came_back();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections {
    fn tell_if_cut_off(&self) {
        if let Some(listener) = &self.listener
            && self.missing == self.wanted
        {
            listener.cut_off();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default)]
    struct Told(Mutex<Vec<&'static str>>);

    impl Told {
        fn list(&self, what: &'static str) {
            self.0.lock().expect("no panic under the lock").push(what);
        }

        fn all(&self) -> Vec<&'static str> {
            std::mem::take(&mut self.0.lock().expect("no panic under the lock"))
        }
    }

    impl Listener for Told {
        fn cut_off(&self) {
            self.list("cut off");
        }

        fn coming_back(&self) {
            self.list("coming back");
        }

        fn came_back(&self) {
            self.list("came back");
        }
    }

    #[test]
    fn only_the_loss_of_the_last_connection_cuts_off_and_each_return_is_told() {
        let (link, told) = (Link::of(2), Arc::new(Told::default()));
        link.listen(told.clone());
        link.lost();
        assert!(told.all().is_empty());
        link.lost();
        assert_eq!(told.all(), ["cut off"]);
        link.came_back(|| told.list("open"));
        assert_eq!(told.all(), ["coming back", "open", "came back"]);
    }

    #[test]
    fn who_listens_later_learns_that_there_is_no_connection() {
        let (link, told) = (Link::of(1), Arc::new(Told::default()));
        link.lost();
        link.listen(told.clone());
        assert_eq!(told.all(), ["cut off"]);
    }
}
