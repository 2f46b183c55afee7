//! What a write does to the entry, where the database generates the key and in transactions.

use writethrough::{CacheEffect, Error, Source};

use crate::support::entities::policies::{invalidate, refresh, refresh_if_cached, refresh_later};
use crate::support::probe::{Probe, Seen};

/// An entity with a generated key.
macro_rules! order {
    ($module:ident, $table:tt, $on_write:tt) => {
        mod $module {
            use sea_orm::ActiveValue::Set;
            use sea_orm::entity::prelude::*;
            use writethrough::WriteThrough;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
            #[sea_orm(table_name = $table)]
            #[write_through(on_write = $on_write)]
            pub struct Model {
                #[sea_orm(primary_key)]
                pub id: i32,
                pub price: i32,
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}

            pub fn of(price: i32) -> ActiveModel {
                ActiveModel { price: Set(price), ..Default::default() }
            }
        }
    };
}

order!(later, "order_later", "refresh_later");
order!(if_cached, "order_if_cached", "refresh_if_cached");
order!(removed, "order_removed", "invalidate");

on_every_stage! {
    async fn a_generated_key_is_refreshed_later(stage: Stage) {
        stage.create_table(later::Entity).await;
        let (store, reader, probe) = (stage.store().await, stage.store().await, Probe::of(&stage).await);
        assert_eq!(later::Entity::load_cached(1, &reader).await.unwrap(), None);
        let saved = store.save(later::of(10)).await.unwrap();
        assert_eq!((saved.model.id, saved.cache), (1, CacheEffect::Deferred));
        assert_eq!(later::Entity::load_cached(1, &reader).await.unwrap().as_ref(), Some(&saved.model));
        store.close().await.unwrap();
        assert_eq!(later::Entity::load_cached(1, &reader).await.unwrap().as_ref(), Some(&saved.model));
        assert_eq!(probe.look::<later::Entity>(1).await, Seen::Row(saved.model));
    }

    async fn a_generated_key_is_refreshed_if_something_was_cached_under_it(stage: Stage) {
        stage.create_table(if_cached::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let first = store.save(if_cached::of(10)).await.unwrap();
        assert_eq!((first.model.id, first.cache), (1, CacheEffect::Invalidated));
        assert_eq!(probe.look::<if_cached::Entity>(1).await, Seen::Nothing);

        assert_eq!(if_cached::Entity::load_cached(2, &store).await.unwrap(), None);
        let second = store.save(if_cached::of(20)).await.unwrap();
        assert_eq!((second.model.id, second.cache), (2, CacheEffect::Refreshed));
        assert_eq!(probe.look::<if_cached::Entity>(2).await, Seen::Row(second.model));
    }

    async fn a_generated_key_is_removed_where_writes_invalidate(stage: Stage) {
        stage.create_table(removed::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        assert_eq!(removed::Entity::load_cached(1, &store).await.unwrap(), None);
        assert_eq!(probe.look::<removed::Entity>(1).await, Seen::NoSuchRow);
        let saved = store.save(removed::of(10)).await.unwrap();
        assert_eq!((saved.model.id, saved.cache), (1, CacheEffect::Invalidated));
        assert_eq!(probe.look::<removed::Entity>(1).await, Seen::Nothing);
        assert_eq!(removed::Entity::load_cached(1, &store).await.unwrap(), Some(saved.model));
    }

    async fn a_delete_remembers_absence_if_something_was_cached(stage: Stage) {
        stage.create_table(refresh_if_cached::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        for id in [1, 2] {
            store.insert(refresh_if_cached::priced(id, 10)).await.unwrap();
        }
        store.load::<refresh_if_cached::Entity>(1).await.unwrap();
        let cached = store.delete_by_id::<refresh_if_cached::Entity>(1).await.unwrap();
        assert_eq!((cached.existed, cached.cache), (true, CacheEffect::Refreshed));
        assert_eq!(probe.look::<refresh_if_cached::Entity>(1).await, Seen::NoSuchRow);
        let uncached = store.delete_by_id::<refresh_if_cached::Entity>(2).await.unwrap();
        assert_eq!((uncached.existed, uncached.cache), (true, CacheEffect::Invalidated));
        assert_eq!(probe.look::<refresh_if_cached::Entity>(2).await, Seen::Nothing);
    }

    async fn with_a_commit_each_entity_gets_what_its_own_policy_says(stage: Stage) {
        stage.create_table(refresh::Entity).await;
        stage.create_table(refresh_later::Entity).await;
        stage.create_table(refresh_if_cached::Entity).await;
        stage.create_table(invalidate::Entity).await;
        stage.create_table(later::Entity).await;
        let (store, other, probe) = (stage.store().await, stage.store().await, Probe::of(&stage).await);
        for id in [1, 2] {
            store.insert(refresh::priced(id, 10)).await.unwrap();
            store.insert(refresh_later::priced(id, 10)).await.unwrap();
            store.insert(refresh_if_cached::priced(id, 10)).await.unwrap();
            store.insert(invalidate::priced(id, 10)).await.unwrap();
        }
        store.load::<refresh_if_cached::Entity>(1).await.unwrap();
        store.load::<invalidate::Entity>(1).await.unwrap();
        store.transaction(async |tx| {
            for id in [1, 2] {
                refresh::priced(id, 20).update_through(tx).await?;
                refresh_later::priced(id, 20).update_through(tx).await?;
                refresh_if_cached::priced(id, 20).update_through(tx).await?;
                invalidate::priced(id, 20).update_through(tx).await?;
            }
            later::of(20).save_through(tx).await
        }).await.unwrap();

        // Whoever reads right after the commit reads what it wrote, wherever that stands.
        assert_eq!(other.load::<refresh::Entity>(2).await.unwrap().source, Source::Cache);
        assert_eq!(refresh_later::Entity::load_cached(2, &other).await.unwrap().map(|row| row.price), Some(20));
        assert_eq!(later::Entity::load_cached(1, &other).await.unwrap().map(|row| row.price), Some(20));
        store.close().await.unwrap();
        assert!(matches!(probe.look::<refresh::Entity>(1).await, Seen::Row(row) if row.price == 20));
        assert!(matches!(probe.look::<refresh_later::Entity>(1).await, Seen::Row(row) if row.price == 20));
        assert!(matches!(probe.look::<refresh_if_cached::Entity>(1).await, Seen::Row(row) if row.price == 20));
        assert_eq!(probe.look::<refresh_if_cached::Entity>(2).await, Seen::Nothing);
        assert_eq!(probe.look::<invalidate::Entity>(1).await, Seen::Nothing);
    }

    async fn a_delete_in_a_transaction_does_what_the_policy_says(stage: Stage) {
        stage.create_table(refresh_if_cached::Entity).await;
        stage.create_table(invalidate::Entity).await;
        stage.create_table(refresh_later::Entity).await;
        let (store, other, probe) = (stage.store().await, stage.store().await, Probe::of(&stage).await);
        for id in [1, 2] {
            store.insert(refresh_if_cached::priced(id, 10)).await.unwrap();
            store.insert(invalidate::priced(id, 10)).await.unwrap();
            store.insert(refresh_later::priced(id, 10)).await.unwrap();
        }
        store.load::<refresh_if_cached::Entity>(1).await.unwrap();
        store.load::<invalidate::Entity>(1).await.unwrap();
        store.transaction(async |tx| {
            for id in [1, 2] {
                refresh_if_cached::Entity::delete_by_id_through(id, tx).await?;
                invalidate::Entity::delete_by_id_through(id, tx).await?;
                refresh_later::Entity::delete_by_id_through(id, tx).await?;
            }
            Ok::<_, Error>(())
        }).await.unwrap();
        assert_eq!(refresh_later::Entity::load_cached(1, &other).await.unwrap(), None);
        store.close().await.unwrap();
        assert_eq!(probe.look::<refresh_later::Entity>(2).await, Seen::NoSuchRow);
        assert_eq!(probe.look::<refresh_if_cached::Entity>(1).await, Seen::NoSuchRow);
        assert_eq!(probe.look::<refresh_if_cached::Entity>(2).await, Seen::Nothing);
        assert_eq!(probe.look::<invalidate::Entity>(1).await, Seen::Nothing);
    }
}
