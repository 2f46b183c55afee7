//! Loads by a unique key, held and overtaken, and beside writers.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::IntoValueTuple;
use writethrough::__private::{invalidate_model, load_by_key};
use writethrough::{Error, Store};

use crate::support::entities::gated::{Held, held};
use crate::support::entities::uniques::ticket::{self, Entity, MAIL, Model, mail, numbered};
use crate::support::probe::{Probe, Seen};
use crate::support::stage::Stage;

async fn by_mail(store: &Store) -> Option<Model> {
    load_by_key::<Entity, _>(MAIL, mail("ann@x"), store).await.unwrap()
}

/// A reader that has asked the database and not filled the pointer yet.
async fn reading(stage: &Stage) -> (Model, Held<Result<Option<Model>, Error>>) {
    reading_through(stage, stage.store().await).await
}

async fn reading_through(stage: &Stage, store: Store) -> (Model, Held<Result<Option<Model>, Error>>) {
    stage.create_table(Entity).await;
    let ann = numbered(1, "ann@x").insert(&stage.plain().await).await.unwrap();
    let reader = held(async move { load_by_key::<Entity, _>(MAIL, mail("ann@x"), &store).await }).await;
    (ann, reader)
}

on_every_stage! {
    async fn a_reader_that_nobody_overtook_fills_the_pointer(stage: Stage) {
        let (ann, reader) = reading(&stage).await;
        let probe = Probe::of(&stage).await;
        assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ann@x")).await, Seen::Leased);
        assert_eq!(reader.release().await.unwrap(), Some(ann));
        assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ann@x")).await, Seen::Row(1.into_value_tuple()));
    }

    async fn a_reader_does_not_fill_a_pointer_that_was_invalidated_meanwhile(stage: Stage) {
        let (ann, reader) = reading(&stage).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        invalidate_model::<Entity, _>(&ann, &store).await.unwrap();
        assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ann@x")).await, Seen::Nothing);
        assert_eq!(reader.release().await.unwrap(), Some(ann));
        assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ann@x")).await, Seen::Nothing);
    }

    async fn a_reader_does_not_fill_a_pointer_that_a_writer_fenced_meanwhile(stage: Stage) {
        let (ann, reader) = reading(&stage).await;
        let probe = Probe::of(&stage).await;
        probe.fence_at(&probe.pointer::<Entity>(MAIL, &mail("ann@x"))).await;
        assert_eq!(reader.release().await.unwrap(), Some(ann));
        assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ann@x")).await, Seen::Fenced);
    }

    async fn a_load_takes_no_row_from_a_query_that_was_sent_before_it_began(stage: Stage) {
        let store = stage.store().await;
        let (ann, reader) = reading_through(&stage, store.clone()).await;
        let dearer = ticket::ActiveModel { id: Set(1), price: Set(20), ..Default::default() };
        let dearer = stage.store().await.update(dearer).await.unwrap().model;

        // Its pointer will be filled after this load began. That says nothing of the price.
        let mut load = pin!(by_mail(&store));
        let waited = tokio::time::timeout(Duration::from_millis(300), &mut load).await;
        assert!(waited.is_err(), "it waits for the query that is under way");
        assert_eq!(reader.release().await.unwrap(), Some(ann));
        assert_eq!(load.await, Some(dearer));
    }

    async fn a_reader_that_is_dropped_gives_its_lease_back(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let reading = store.clone();
        let reader = tokio::spawn(async move { by_mail(&reading).await });
        tokio::task::yield_now().await;
        reader.abort();
        reader.await.ok();
        while probe.look_by_key::<Entity>(MAIL, &mail("ann@x")).await == Seen::Leased {
            tokio::task::yield_now().await;
        }
        assert_eq!(by_mail(&store).await, None);
    }

    async fn a_load_never_gets_columns_that_are_older_than_a_save_that_returned(stage: Stage) {
        stage.create_table(Entity).await;
        let ann = numbered(1, "ann@x").insert(&stage.plain().await).await.unwrap();
        let (writer, reader, evictor) = (stage.store().await, stage.store().await, stage.store().await);
        let (acknowledged, done) = (Arc::new(AtomicI32::new(0)), Arc::new(AtomicBool::new(false)));
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let (reader, acknowledged, done) = (reader.clone(), acknowledged.clone(), done.clone());
                tokio::spawn(async move {
                    while !done.load(Ordering::SeqCst) {
                        let floor = acknowledged.load(Ordering::SeqCst);
                        let price = by_mail(&reader).await.unwrap().price;
                        assert!(price >= floor, "{floor} was acknowledged, {price} was read");
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        // So that queries by the value are sent, and shared, all the time.
        let evictions = tokio::spawn({
            let done = done.clone();
            async move {
                while !done.load(Ordering::SeqCst) {
                    invalidate_model::<Entity, _>(&ann, &evictor).await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
        });
        for price in 11..60 {
            let dearer = ticket::ActiveModel { id: Set(1), price: Set(price), ..Default::default() };
            writer.update(dearer).await.unwrap();
            acknowledged.store(price, Ordering::SeqCst);
        }
        done.store(true, Ordering::SeqCst);
        for task in readers.into_iter().chain([evictions]) {
            task.await.unwrap();
        }
    }
}
