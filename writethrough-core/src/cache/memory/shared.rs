//! Memory caches that the whole process shares by name.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use super::{Entries, MemoryOptions};

static NAMED: LazyLock<Mutex<HashMap<String, Weak<Entries>>>> = LazyLock::new(Mutex::default);

/// The entries of this name: those that someone holds, or new ones.
pub(super) fn entries(name: &str) -> Arc<Entries> {
    let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(entries) = named.get(name).and_then(Weak::upgrade) {
        return entries;
    }
    named.retain(|_, entries| entries.strong_count() > 0);
    let entries = Arc::new(Entries::new(MemoryOptions::new()));
    named.insert(name.to_owned(), Arc::downgrade(&entries));
    entries
}
