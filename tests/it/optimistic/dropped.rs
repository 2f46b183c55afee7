//! Futures that are dropped at every point: the version tells whether the save has happened.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::{overtaken, stored, with_an_account};
use crate::support::entities::versioned::account::Entity;
use crate::support::probe::{Probe, Seen};

/// Polls so many times; whether it came to its end.
async fn polled(future: impl Future, times: usize) -> bool {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|context| {
        polls += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if polls == times => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

on_every_stage! {
    async fn a_dropped_save_advances_the_version_and_the_entry_or_neither(stage: Stage) {
        let (_, reader, mut known) = with_an_account(&stage).await;
        for times in 1.. {
            let store = stage.store().await;
            let finished = polled(known.clone().with(known.miles + 1).save_through(&store), times).await;
            store.close().await.unwrap();
            let now = stored(&stage, 1).await.unwrap();
            assert_eq!(now.miles - known.miles, i64::from(now.version - known.version), "dropped after {times} polls");
            assert_eq!(Entity::load_cached(1, &reader).await.unwrap().as_ref(), Some(&now), "dropped after {times} polls");
            if finished {
                assert_eq!(now.version, known.version + 1);
                return;
            }
            known = now;
        }
    }

    async fn a_dropped_save_that_loses_changes_nothing(stage: Stage) {
        let (_, reader, old) = with_an_account(&stage).await;
        let newer = overtaken(&stage, &old).await;
        let probe = Probe::of(&stage).await;
        for times in 1.. {
            let store = stage.store().await;
            let finished = polled(old.clone().with(7).save_through(&store), times).await;
            store.close().await.unwrap();
            assert_eq!(stored(&stage, 1).await.as_ref(), Some(&newer), "dropped after {times} polls");
            if finished {
                assert_eq!(probe.look::<Entity>(1).await, Seen::Nothing);
                assert_eq!(Entity::load_cached(1, &reader).await.unwrap(), Some(newer));
                return;
            }
        }
    }
}
