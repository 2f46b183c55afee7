//! What a batch leaves in the cache is what the entity's policy says.

use writethrough::Store;

use crate::support::entities::policies::{cache_if, invalidate, refresh_if_cached, refresh_later};
use crate::support::probe::{Probe, Seen};

on_every_stage! {
    async fn rows_are_refreshed_left_out_or_removed_as_the_policy_says(stage: Stage) {
        stage.create_table(invalidate::Entity).await;
        stage.create_table(refresh_if_cached::Entity).await;
        stage.create_table(refresh_later::Entity).await;
        stage.create_table(cache_if::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);

        let priced = |price| (1..=3).map(move |id| invalidate::priced(id, price));
        invalidate::Entity::insert_many_through(priced(1), &store).await.unwrap();
        invalidate::Entity::load_cached(2, &store).await.unwrap();
        invalidate::Entity::save_many_through(priced(2), &store).await.unwrap();
        assert_eq!(probe.look::<invalidate::Entity>(2).await, Seen::Nothing);
        assert_eq!(invalidate::Entity::load_cached(2, &store).await.unwrap().unwrap().price, 2);

        let priced = |price| (1..=3).map(move |id| refresh_if_cached::priced(id, price));
        refresh_if_cached::Entity::insert_many_through(priced(1), &store).await.unwrap();
        refresh_if_cached::Entity::load_cached(2, &store).await.unwrap();
        let rows = refresh_if_cached::Entity::save_many_through(priced(2), &store).await.unwrap();
        assert_eq!(probe.look::<refresh_if_cached::Entity>(1).await, Seen::Nothing);
        assert_eq!(probe.look::<refresh_if_cached::Entity>(2).await, Seen::Row(rows[1].clone()));

        let priced = [50, 150, 99].into_iter().zip(1..).map(|(price, id)| cache_if::priced(id, price));
        let rows = cache_if::Entity::insert_many_through(priced, &store).await.unwrap();
        assert_eq!(probe.look::<cache_if::Entity>(1).await, Seen::Nothing);
        assert_eq!(probe.look::<cache_if::Entity>(2).await, Seen::Row(rows[1].clone()));

        let rows = (1..=3).map(|id| refresh_later::priced(id, 5));
        let rows = refresh_later::Entity::insert_many_through(rows, &store).await.unwrap();
        close(store).await;
        assert_eq!(probe.look::<refresh_later::Entity>(3).await, Seen::Row(rows[2].clone()));
    }
}

async fn close(store: Store) {
    store.close().await.unwrap();
}
