//! What two looks at an entry say. Pure.
//!
//! A look is three reads: the entry, its row, the entry again. Suppose that the entry stood unchanged from the first to
//! the last, and that the row differed. Under the protocol whoever wrote that row had put up a fence before the commit.
//! Had the fence been up at the first or at the last read, it would have been seen. Had it gone up and come down between
//! them, the entry would bear another time. Had it come down before the first read, the entry would be at least as new as
//! the row. So nobody fenced this write, or the fence was lost: the entry is stale.
//!
//! A write that is made good right after its commit, such as a plain statement in a transaction whose entity is swept,
//! may be caught in the middle. Therefore a difference counts when a second look, a moment later, finds the same entry.

use super::report::Difference;
use super::subject::Agreement;
use crate::protocol::{Micros, Payload, Standing};

/// What one look says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// No value stands there: nothing to compare, or a write is in flight.
    Nothing,
    /// The entry is what the database says.
    Agrees,
    /// The entry is no answer to anybody.
    Unreadable,
    /// The entry changed while its row was read.
    Moved,
    /// The entry stood all the time and is not what the database says.
    Differs(Suspect),
}

/// An entry that differs from its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suspect {
    pub(super) written_at: Micros,
    pub(super) difference: Difference,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There was none.
    Nothing,
    Agrees,
    Unreadable,
    /// A write was in flight.
    InFlight,
    /// It differs; look again, a moment later.
    LookAgain(Suspect),
    /// It differs, and nothing explains that.
    Stale(Suspect),
}

/// One look: what stood there before the row was read, how that agrees with it, and what stood there afterwards.
pub(super) fn look<V: Payload + PartialEq>(
    before: &Standing<V>,
    agreement: impl FnOnce(&V) -> Agreement,
    after: &Standing<V>,
) -> Look {
    let Standing::Value { written_at, value } = before else {
        return Look::Nothing;
    };
    match agreement(value) {
        Agreement::Agrees => Look::Agrees,
        Agreement::Unreadable => Look::Unreadable,
        Agreement::Differs(_) if before != after => Look::Moved,
        Agreement::Differs(difference) => Look::Differs(Suspect { written_at: *written_at, difference }),
    }
}

/// What a look means, after what an earlier one may have found.
pub(super) fn judge(earlier: Option<Suspect>, look: Look) -> Verdict {
    match (look, earlier) {
        (Look::Differs(suspect), Some(earlier)) if suspect.written_at == earlier.written_at => Verdict::Stale(suspect),
        (Look::Differs(suspect), None) => Verdict::LookAgain(suspect),
        // Whatever differed has been replaced, fenced or made good.
        (_, Some(_)) | (Look::Moved, None) => Verdict::InFlight,
        (Look::Nothing, None) => Verdict::Nothing,
        (Look::Agrees, None) => Verdict::Agrees,
        (Look::Unreadable, None) => Verdict::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::entry::Payload;

    fn value(at: u64, text: &'static str) -> Standing<Payload> {
        Standing::Value { written_at: Micros(at), value: Payload(Bytes::from_static(text.as_bytes())) }
    }

    /// A look at an entry whose row is `row`.
    fn seen(before: &Standing<Payload>, row: &'static str, after: &Standing<Payload>) -> Look {
        let agreement = |entry: &Payload| match &entry.0[..] {
            b"?" => Agreement::Unreadable,
            entry if entry == row.as_bytes() => Agreement::Agrees,
            _ => Agreement::Differs(Difference::Changed),
        };
        look(before, agreement, after)
    }

    fn suspect(at: u64) -> Suspect {
        Suspect { written_at: Micros(at), difference: Difference::Changed }
    }

    #[test]
    fn an_entry_that_stands_and_differs_twice_is_stale() {
        let first = judge(None, seen(&value(1, "old"), "new", &value(1, "old")));
        assert_eq!(first, Verdict::LookAgain(suspect(1)));
        let second = judge(Some(suspect(1)), seen(&value(1, "old"), "newer", &value(1, "old")));
        assert_eq!(second, Verdict::Stale(suspect(1)));
    }

    #[test]
    fn an_entry_that_changes_while_its_row_is_read_is_a_write_in_flight() {
        for after in [value(2, "new"), value(2, "old"), Standing::Absent, Standing::Fenced, Standing::Leased] {
            assert_eq!(judge(None, seen(&value(1, "old"), "new", &after)), Verdict::InFlight, "{after:?}");
        }
    }

    #[test]
    fn an_entry_that_is_another_at_the_second_look_is_a_write_in_flight() {
        for before in [value(2, "new"), value(2, "old"), Standing::Absent, Standing::Fenced, Standing::Leased] {
            let look = seen(&before, "new", &before);
            assert_eq!(judge(Some(suspect(1)), look), Verdict::InFlight, "{before:?}");
        }
    }

    #[test]
    fn under_a_fence_or_a_lease_there_is_nothing_to_compare() {
        for before in [Standing::Fenced, Standing::Leased, Standing::Absent] {
            assert_eq!(judge(None, seen(&before, "new", &value(1, "old"))), Verdict::Nothing);
        }
    }

    #[test]
    fn an_entry_that_agreed_when_its_row_was_read_needs_no_further_look() {
        for after in [value(1, "old"), value(2, "new"), Standing::Fenced] {
            assert_eq!(judge(None, seen(&value(1, "old"), "old", &after)), Verdict::Agrees);
        }
    }

    #[test]
    fn what_nobody_can_read_is_told_apart() {
        assert_eq!(judge(None, seen(&value(1, "?"), "new", &value(1, "?"))), Verdict::Unreadable);
    }
}
