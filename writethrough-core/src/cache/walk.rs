//! A walk over the keys of a cache, page by page.

use super::CacheKey;

/// Where a walk goes on; the default is its beginning. Means something only to the cache that gave it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Which server or shard.
    pub(super) part: usize,
    /// Where in it.
    pub(super) at: u64,
}

/// Some keys, and where the next ones are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// None, one or many; in no order. What stands there may have expired.
    pub keys: Vec<CacheKey>,
    /// `None` at the end of the walk.
    pub next: Option<Cursor>,
}

impl Page {
    /// A page of the part `from` was in; `rest` is where that part goes on, or 0 at its end.
    pub(super) fn of(keys: Vec<CacheKey>, from: Cursor, rest: u64, parts: usize) -> Self {
        let next = match rest {
            0 => (from.part + 1 < parts).then(|| Cursor { part: from.part + 1, at: 0 }),
            at => Some(Cursor { part: from.part, at }),
        };
        Self { keys, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_goes_through_every_part_and_ends() {
        let next = |part, at, rest| Page::of(Vec::new(), Cursor { part, at }, rest, 2).next;
        assert_eq!(next(0, 0, 7), Some(Cursor { part: 0, at: 7 }));
        assert_eq!(next(0, 7, 0), Some(Cursor { part: 1, at: 0 }));
        assert_eq!(next(1, 0, 0), None);
        assert_eq!(next(5, 0, 0), None, "a part that has gone meanwhile");
    }
}
