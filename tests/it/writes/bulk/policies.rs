//! What a bulk write leaves in the cache is what the entity's policy says.

use sea_orm::ColumnTrait;

use crate::support::entities::policies::{cache_if, invalidate, no_absence, refresh_if_cached, refresh_later};
use crate::support::probe::{Probe, Seen};

on_every_stage! {
    async fn rows_are_refreshed_left_out_or_removed_as_the_policy_says(stage: Stage) {
        stage.create_table(invalidate::Entity).await;
        stage.create_table(refresh_if_cached::Entity).await;
        stage.create_table(refresh_later::Entity).await;
        stage.create_table(cache_if::Entity).await;
        stage.create_table(no_absence::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);

        invalidate::Entity::insert_many_through((1..=3).map(|id| invalidate::priced(id, 1)), &store).await.unwrap();
        invalidate::Entity::load_cached(2, &store).await.unwrap();
        invalidate::Entity::update_many_through().set(invalidate::Column::Price, 2).exec(&store).await.unwrap();
        assert_eq!(probe.look::<invalidate::Entity>(2).await, Seen::Nothing);
        assert_eq!(invalidate::Entity::load_cached(2, &store).await.unwrap().unwrap().price, 2);

        let rows = (1..=3).map(|id| refresh_if_cached::priced(id, 1));
        refresh_if_cached::Entity::insert_many_through(rows, &store).await.unwrap();
        refresh_if_cached::Entity::load_cached(2, &store).await.unwrap();
        let update = refresh_if_cached::Entity::update_many_through().set(refresh_if_cached::Column::Price, 2);
        update.exec(&store).await.unwrap();
        assert_eq!(probe.look::<refresh_if_cached::Entity>(1).await, Seen::Nothing);
        let row = refresh_if_cached::Model { id: 2, price: 2 };
        assert_eq!(probe.look::<refresh_if_cached::Entity>(2).await, Seen::Row(row));

        cache_if::Entity::insert_many_through((1..=2).map(|id| cache_if::priced(id, 150)), &store).await.unwrap();
        let update = cache_if::Entity::update_many_through().set(cache_if::Column::Price, 50);
        update.filter(cache_if::Column::Id.eq(1)).exec(&store).await.unwrap();
        assert_eq!(probe.look::<cache_if::Entity>(1).await, Seen::Nothing);
        assert_eq!(probe.look::<cache_if::Entity>(2).await, Seen::Row(cache_if::Model { id: 2, price: 150 }));

        no_absence::Entity::insert_many_through((1..=2).map(|id| no_absence::priced(id, 1)), &store).await.unwrap();
        no_absence::Entity::delete_many_through().exec(&store).await.unwrap();
        assert_eq!(probe.look::<no_absence::Entity>(1).await, Seen::Nothing);

        refresh_later::Entity::insert_many_through((1..=3).map(|id| refresh_later::priced(id, 5)), &store).await.unwrap();
        let update = refresh_later::Entity::update_many_through().set(refresh_later::Column::Price, 6);
        assert_eq!(update.exec(&store).await.unwrap(), 3);
        store.close().await.unwrap();
        assert_eq!(probe.look::<refresh_later::Entity>(3).await, Seen::Row(refresh_later::Model { id: 3, price: 6 }));
    }
}
