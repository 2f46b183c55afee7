//! The suite that every cache must pass.
//!
//! [`check`] has a sentence for every transition of the protocol, and feeds random sequences of steps to the cache and
//! to [`apply`](crate::protocol::apply) alike, demanding the same replies and the same standings.
//! [`check_deadlines`] does so while leases, tokens and values expire. Both work on keys of their own and panic at the
//! first difference, saying which.
//!
//! ```
//! use std::sync::Arc;
//! use writethrough_core::cache::{conformance, memory::{MemoryCache, MemoryOptions}};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! conformance::check(Arc::new(MemoryCache::new(MemoryOptions::new()))).await;
//! # });
//! ```
#![expect(clippy::panic, reason = "a suite tells by a panic what does not conform")]

mod batches;
mod deadlines;
mod fixture;
mod reading;
mod sequences;
mod writing;

use self::fixture::Fixture;
use super::SharedCache;

/// Runs each sentence on a fixture of its own, one after the other.
macro_rules! each {
    ($cache:expr; $($module:ident :: $sentence:ident),+ $(,)?) => {
        $($module::$sentence(&Fixture::new(&$cache, stringify!($sentence))).await;)+
    };
}

/// Runs each sentence on a fixture of its own, all at once.
macro_rules! together {
    ($cache:expr; $($module:ident :: $sentence:ident),+ $(,)?) => {
        futures_util::join!($(async { $module::$sentence(&Fixture::new(&$cache, stringify!($sentence))).await }),+);
    };
}

/// Checks every transition, and random sequences of steps.
///
/// # Panics
///
/// If the cache does not conform, or does not answer.
pub async fn check(cache: SharedCache) {
    each!(cache;
        reading::an_unknown_key_is_absent,
        reading::a_lease_is_granted_on_an_absent_key_and_to_one_reader,
        reading::a_fill_under_the_lease_becomes_the_value,
        reading::a_fill_under_another_stamp_changes_nothing,
        reading::a_second_fill_changes_nothing,
        reading::a_release_leaves_the_key_absent,
        reading::a_release_by_another_changes_nothing,
        reading::a_value_is_not_leased,
        reading::a_seen_value_is_leased,
        reading::a_value_with_another_mark_or_time_than_the_seen_one_is_not_leased,
        reading::a_short_payload_has_a_mark_too,
        reading::payloads_come_back_byte_for_byte,
        writing::a_fence_takes_the_place_of_a_value_and_says_so,
        writing::a_fence_takes_the_place_of_a_lease,
        writing::a_clean_fence_ends_in_the_value,
        writing::a_clean_fence_without_a_value_ends_absent,
        writing::a_second_writer_makes_the_fence_contended,
        writing::a_repeated_fence_is_one_that_nobody_can_finish,
        writing::a_finish_with_another_stamp_makes_the_fence_contended,
        writing::a_late_finish_removes_a_value,
        writing::a_late_finish_removes_a_lease,
        writing::a_finish_without_a_fence_is_lost,
        writing::a_renewed_fence_stays_clean,
        writing::a_renewal_returns_contended_to_a_fence_of_others,
        writing::a_renewal_of_a_lost_fence_takes_the_place_of_a_value_and_ends_absent,
        writing::an_invalidation_removes_a_value,
        writing::an_invalidation_breaks_a_lease,
        writing::an_invalidation_makes_a_fence_contended,
        writing::no_reader_is_served_or_leased_under_a_fence,
        writing::a_lifetime_of_nothing_is_over_at_once,
        batches::replies_come_in_the_order_of_the_calls,
        batches::keys_of_a_batch_do_not_depend_on_each_other,
        batches::every_kind_of_step_goes_in_batches,
        batches::a_batch_of_nothing_is_answered_with_nothing,
        batches::a_prefix_is_invalidated_and_nothing_else,
        batches::a_prefix_with_wildcards_stands_for_itself,
        batches::a_walk_meets_every_key_with_the_prefix_and_no_other,
        sequences::random_steps_agree_with_the_step_function,
    );
}

/// Checks what happens when lifetimes end; takes a few seconds of the cache's time.
///
/// # Panics
///
/// If the cache does not conform, or does not answer.
pub async fn check_deadlines(cache: SharedCache) {
    together!(cache;
        deadlines::a_lease_ends,
        deadlines::a_value_ends,
        deadlines::a_fence_ends_and_its_finish_is_lost,
        deadlines::each_token_has_its_own_deadline_and_losing_one_leaves_the_fence_contended,
        deadlines::a_token_lost_to_its_deadline_can_not_be_finished,
        deadlines::a_fence_lives_as_long_as_its_last_token,
        deadlines::a_renewal_moves_the_deadline,
        deadlines::a_renewal_after_the_deadline_ends_absent,
        deadlines::a_renewal_can_shorten_a_fence,
        sequences::random_steps_with_short_lives_agree_with_the_step_function,
    );
}
