//! A warm-up beside writers and readers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::{ActiveModelTrait, EntityTrait};
use tokio::task::JoinSet;
use writethrough::{Audit, WarmOptions};

use super::flights;
use crate::support::entities::gated::{self, held, priced};
use crate::support::entities::{flight, gated::Entity};
use crate::support::probe::{Probe, Seen, recorded};

on_every_stage! {
    async fn a_warm_up_that_a_writer_overtook_does_not_fill(stage: Stage) {
        stage.create_table(Entity).await;
        let (writer, warming, probe) = (stage.store().await, stage.store().await, Probe::of(&stage).await);
        for id in 1..=3 {
            priced(id, 10).insert(&stage.plain().await).await.unwrap();
        }
        // Held by `cache_if`: behind its query, before its fill.
        let warm_up = held(async move { Entity::warm(Entity::find(), WarmOptions::new(), &warming).await }).await;
        assert_eq!(probe.look::<Entity>(1).await, Seen::Leased);
        let new = priced(1, 20).update_through(&writer).await.unwrap();
        assert!(Entity::delete_by_id_through(2, &writer).await.unwrap());
        assert_eq!(warm_up.release().await.unwrap(), 1);
        assert_eq!(probe.look::<Entity>(1).await, Seen::Row(new));
        assert_eq!(probe.look::<Entity>(2).await, Seen::NoSuchRow);
        assert_eq!(probe.look::<Entity>(3).await, Seen::Row(gated::Model { id: 3, price: 10 }));
    }

    async fn rows_that_somebody_writes_are_left_to_them(stage: Stage) {
        flights(&stage, 5).await;
        let ((store, log), probe) = (recorded(&stage).await, Probe::of(&stage).await);
        let mut stamps = Vec::new();
        for id in 1..=5 {
            stamps.push(probe.fence::<flight::Entity>(id).await);
        }
        let warm = || flight::Entity::warm(flight::Entity::find(), WarmOptions::new(), &store);
        assert_eq!(warm().await.unwrap(), 0);
        assert_eq!(log.take().len(), 1, "of the keys alone");
        for (id, stamp) in (1..=5).zip(stamps) {
            assert_eq!(probe.look::<flight::Entity>(id).await, Seen::Fenced);
            probe.finish::<flight::Entity>(id, stamp).await;
        }
        assert_eq!(warm().await.unwrap(), 5);
    }

    async fn while_four_write_warm_ups_leave_nothing_old(stage: Stage) {
        const FLIGHTS: i32 = 40;
        flights(&stage, FLIGHTS).await;
        let over = Arc::new(AtomicBool::new(false));
        let mut writers = JoinSet::new();
        for _ in 0..4 {
            let (store, probe, over) = (stage.store().await, Probe::of(&stage).await, over.clone());
            writers.spawn(async move {
                let mut writes = 0;
                while !over.load(Ordering::Relaxed) {
                    let (id, minutes) = (rand::random_range(1..=FLIGHTS), rand::random_range(0..1_000));
                    // On SQLite and PostgreSQL a write may lose against another; then it has written nothing.
                    if let Ok(row) = flight::delay(id, minutes).update_through(&store).await {
                        let loaded = flight::Entity::load_cached(id, &store).await.unwrap().unwrap();
                        assert_eq!(loaded.id, row.id);
                        writes += 1;
                    }
                    // So that there is something to fill.
                    probe.invalidate::<flight::Entity>(rand::random_range(1..=FLIGHTS)).await;
                }
                writes
            });
        }
        let store = stage.store().await;
        let (mut filled, mut rounds) = (0, 0);
        while filled < 200 || rounds < 20 {
            let options = WarmOptions::new().page_size(7);
            filled += flight::Entity::warm(flight::Entity::find(), options, &store).await.unwrap();
            rounds += 1;
        }
        over.store(true, Ordering::Relaxed);
        while let Some(writes) = writers.join_next().await {
            assert!(writes.unwrap() > 0);
        }
        flight::Entity::warm(flight::Entity::find(), WarmOptions::new(), &store).await.unwrap();
        let report = store.audit::<flight::Entity>(Audit::all()).await.unwrap();
        assert!(report.is_clean() && report.compared >= FLIGHTS as u64, "{report:?}");
    }
}
