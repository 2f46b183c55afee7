//! What a store does before it goes.

use std::time::Duration;

use sea_orm::{ActiveModelTrait, EntityTrait, TransactionTrait};

use crate::support::entities::flight;
use crate::support::entities::policies::refresh_later;
use crate::support::probe::{Probe, Seen};

on_every_stage! {
    async fn close_waits_for_background_refreshes(stage: Stage) {
        stage.create_table(refresh_later::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let mut saved = Vec::new();
        for id in 1..=20 {
            saved.push(refresh_later::priced(id, id).insert_through(&store).await.unwrap());
        }
        store.close().await.unwrap();
        for row in saved {
            assert_eq!(probe.look::<refresh_later::Entity>(row.id).await, Seen::Row(row));
        }
    }

    async fn close_waits_for_a_write_whose_caller_went_away(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, plain, probe) = (stage.store().await, stage.plain().await, Probe::of(&stage).await);
        flight::numbered(1, "WT 1").insert(&plain).await.unwrap();
        let lock = plain.begin().await.unwrap();
        flight::delay(1, 5).update(&lock).await.unwrap();
        abandon(&store, &probe, 10).await;

        let (closed, ()) = tokio::join!(store.close(), async { lock.commit().await.unwrap() });
        closed.unwrap();
        let stored = flight::Entity::find_by_id(1).one(&plain).await.unwrap().unwrap();
        assert_eq!(stored.delay_minutes, 10);
        assert_eq!(probe.look::<flight::Entity>(1).await, Seen::Row(stored));
    }

    async fn close_says_what_it_could_not_wait_for(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let store = stage.builder().close_timeout(Duration::from_millis(50)).build().await.unwrap();
        let (plain, probe) = (stage.plain().await, Probe::of(&stage).await);
        flight::numbered(1, "WT 1").insert(&plain).await.unwrap();
        let lock = plain.begin().await.unwrap();
        flight::delay(1, 5).update(&lock).await.unwrap();
        abandon(&store, &probe, 10).await;

        // The write holds a connection until its own timeout, which is longer.
        let closed = tokio::time::timeout(Duration::from_secs(10), store.close()).await;
        let error = closed.expect("close keeps to its timeout").unwrap_err();
        assert!(error.to_string().contains("1 background write"), "{error}");
        lock.rollback().await.unwrap();
        // Its fence stands, so nobody reads what may be about to change.
        assert_eq!(probe.look::<flight::Entity>(1).await, Seen::Fenced);
    }

    async fn a_closed_store_is_an_error_and_closes_again(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let store = stage.store().await;
        let saved = flight::departure("WT 1").save_through(&store).await.unwrap();
        store.close().await.unwrap();
        store.clone().close().await.unwrap();
        assert!(flight::Entity::load_cached(saved.id, &store).await.is_err());
        assert!(flight::departure("WT 2").save_through(&store).await.is_err());
        assert_eq!(flight::Entity::find().all(&stage.plain().await).await.unwrap(), [saved]);
    }
}

/// Starts an update of the flight with key 1, and drops it when its fence stands.
async fn abandon(store: &writethrough::Store, probe: &Probe, minutes: i32) {
    let mut update = Box::pin(flight::delay(1, minutes).update_through(store));
    let fenced = async {
        while probe.look::<flight::Entity>(1).await != Seen::Fenced {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        updated = &mut update => panic!("the row is locked, and yet: {updated:?}"),
        () = fenced => {}
    }
}
