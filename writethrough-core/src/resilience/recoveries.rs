//! How often the cache answered again after an outage, so that whoever has to look before it is trusted again learns of
//! each.

use tokio::sync::watch;

/// A count that can be waited for.
#[derive(Debug)]
pub(super) struct Recoveries(watch::Sender<u64>);

impl Default for Recoveries {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Recoveries {
    pub(super) fn count(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    pub(super) fn so_far(&self) -> u64 {
        *self.0.borrow()
    }

    /// Returns when there were more than `seen`.
    ///
    /// # Cancel safety
    ///
    /// Safe: the count stays.
    pub(super) async fn more_than(&self, seen: u64) {
        let mut count = self.0.subscribe();
        count.wait_for(|count| *count > seen).await.expect("`self` holds the sender while it waits");
    }
}
