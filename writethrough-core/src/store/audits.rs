//! Audits on a store.

use std::time::Duration;

use super::Store;
use crate::entity::CachedEntity;
use crate::error::Result;
use crate::ops::{self, Audit, AuditHandle, AuditReport, erased};

impl Store {
    /// Compares entries of the cache with the database, and reports every difference that no write in flight explains:
    /// a row that was changed, deleted or inserted behind the store's back, or an entry whose fence was lost.
    ///
    /// It reads alone, and disturbs nobody: it takes no lease and fills nothing. With [`Audit::repair`] it removes what it
    /// finds. Pointers to a row are not compared, for whoever follows one verifies it.
    ///
    /// # Errors
    ///
    /// The database failed, or the cache did not answer for each entry: then nothing can be said of it.
    /// [`Error::is_cache_unavailable`](crate::Error::is_cache_unavailable) tells which.
    ///
    /// # Cancel safety
    ///
    /// Safe: what was removed stays removed.
    pub async fn audit<E: CachedEntity>(&self, audit: Audit) -> Result<AuditReport> {
        self.context().open()?;
        erased(move || ops::audit::<E>(self.context(), audit)).await
    }

    /// Audits again and again, a round every `interval` (at least 10 milliseconds), at a bounded rate: 100 entries a
    /// second unless the audit says otherwise. A round that takes longer delays the next; one that fails is logged.
    ///
    /// To be called within a tokio runtime, like everything of a store. It ends when the handle is dropped or the store is
    /// closed; a store whose clones are all dropped lives as long as the handle.
    pub fn audit_in_background<E: CachedEntity>(&self, audit: Audit, interval: Duration) -> AuditHandle {
        ops::audit_in_background::<E>(self.context(), audit, interval)
    }
}
