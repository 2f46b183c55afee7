//! What a write does to the entry, for every policy, and what it tells of it.

use writethrough::{CacheEffect, CachedEntity, Source, Store};

use crate::support::entities::policies::{cache_if, invalidate, refresh, refresh_if_cached, refresh_later};
use crate::support::probe::{Probe, Seen};

/// Where the row of key 1 comes from.
async fn source<E>(store: &Store) -> Source
where
    E: CachedEntity,
    i32: Into<writethrough::PkValue<E>>,
{
    store.load::<E>(1).await.unwrap().source
}

on_every_stage! {
    async fn refresh_leaves_the_new_row(stage: Stage) {
        stage.create_table(refresh::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let inserted = store.insert(refresh::priced(1, 10)).await.unwrap();
        assert_eq!(inserted.cache, CacheEffect::Refreshed);
        assert_eq!(probe.look::<refresh::Entity>(1).await, Seen::Row(inserted.model));
        refresh::Entity::invalidate(1, &store).await.unwrap();
        let updated = store.update(refresh::priced(1, 20)).await.unwrap();
        assert_eq!(updated.cache, CacheEffect::Refreshed);
        assert_eq!(probe.look::<refresh::Entity>(1).await, Seen::Row(updated.model));
        assert_eq!(source::<refresh::Entity>(&store).await, Source::Cache);
    }

    async fn refresh_later_replies_first_and_is_done_when_the_store_has_closed(stage: Stage) {
        stage.create_table(refresh_later::Entity).await;
        let (store, reader, probe) = (stage.store().await, stage.store().await, Probe::of(&stage).await);
        let inserted = store.insert(refresh_later::priced(1, 10)).await.unwrap();
        assert_eq!(inserted.cache, CacheEffect::Deferred);
        let updated = store.update(refresh_later::priced(1, 20)).await.unwrap();
        assert_eq!(updated.cache, CacheEffect::Deferred);
        // Whether the refresh is done or not, nobody reads an older row.
        assert_eq!(refresh_later::Entity::load_cached(1, &reader).await.unwrap(), Some(updated.model.clone()));

        let deleted = store.delete_by_id::<refresh_later::Entity>(1).await.unwrap();
        assert_eq!((deleted.existed, deleted.cache), (true, CacheEffect::Deferred));
        assert_eq!(refresh_later::Entity::load_cached(1, &reader).await.unwrap(), None);
        let last = store.insert(refresh_later::priced(2, 30)).await.unwrap();
        store.close().await.unwrap();
        assert_eq!(probe.look::<refresh_later::Entity>(2).await, Seen::Row(last.model));
    }

    async fn refresh_if_cached_refreshes_only_what_was_in_the_cache(stage: Stage) {
        stage.create_table(refresh_if_cached::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let inserted = store.insert(refresh_if_cached::priced(1, 10)).await.unwrap();
        assert_eq!(inserted.cache, CacheEffect::Invalidated);
        assert_eq!(probe.look::<refresh_if_cached::Entity>(1).await, Seen::Nothing);
        let updated = store.update(refresh_if_cached::priced(1, 20)).await.unwrap();
        assert_eq!(updated.cache, CacheEffect::Invalidated);
        assert_eq!(probe.look::<refresh_if_cached::Entity>(1).await, Seen::Nothing);

        assert_eq!(source::<refresh_if_cached::Entity>(&store).await, Source::Database);
        let updated = store.update(refresh_if_cached::priced(1, 30)).await.unwrap();
        assert_eq!(updated.cache, CacheEffect::Refreshed);
        assert_eq!(probe.look::<refresh_if_cached::Entity>(1).await, Seen::Row(updated.model));
        assert_eq!(source::<refresh_if_cached::Entity>(&store).await, Source::Cache);

        // "No such row" is something that was in the cache, too.
        assert_eq!(store.load::<refresh_if_cached::Entity>(2).await.unwrap().model, None);
        let inserted = store.insert(refresh_if_cached::priced(2, 40)).await.unwrap();
        assert_eq!(inserted.cache, CacheEffect::Refreshed);
        assert_eq!(probe.look::<refresh_if_cached::Entity>(2).await, Seen::Row(inserted.model));
    }

    async fn invalidate_leaves_nothing_and_the_next_read_fills(stage: Stage) {
        stage.create_table(invalidate::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let saved = store.insert(invalidate::priced(1, 10)).await.unwrap();
        assert_eq!(saved.cache, CacheEffect::Invalidated);
        for price in [20, 30] {
            assert_eq!(source::<invalidate::Entity>(&store).await, Source::Database);
            assert_eq!(source::<invalidate::Entity>(&store).await, Source::Cache);
            let saved = store.update(invalidate::priced(1, price)).await.unwrap();
            assert_eq!(saved.cache, CacheEffect::Invalidated);
            assert_eq!(probe.look::<invalidate::Entity>(1).await, Seen::Nothing);
        }
    }

    async fn rows_that_cache_if_refuses_are_never_kept_and_always_right(stage: Stage) {
        stage.create_table(cache_if::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let cheap = store.insert(cache_if::priced(1, 5)).await.unwrap();
        assert_eq!(cheap.cache, CacheEffect::Invalidated);
        for _ in 0..2 {
            let loaded = store.load::<cache_if::Entity>(1).await.unwrap();
            assert_eq!((loaded.model.as_ref(), loaded.source), (Some(&cheap.model), Source::Database));
            let many = cache_if::Entity::load_many_cached([1], &store).await.unwrap();
            assert_eq!(many, [Some(cheap.model.clone())]);
            assert_eq!(probe.look::<cache_if::Entity>(1).await, Seen::Nothing);
        }
        let dear = store.update(cache_if::priced(1, 500)).await.unwrap();
        assert_eq!(dear.cache, CacheEffect::Refreshed);
        assert_eq!(probe.look::<cache_if::Entity>(1).await, Seen::Row(dear.model));
        let cheap = store.update(cache_if::priced(1, 6)).await.unwrap();
        assert_eq!(cheap.cache, CacheEffect::Invalidated);
        assert_eq!(probe.look::<cache_if::Entity>(1).await, Seen::Nothing);
        assert_eq!(cache_if::Entity::load_cached(1, &store).await.unwrap(), Some(cheap.model));
    }

    async fn a_write_beside_another_one_says_contended_and_leaves_nothing(stage: Stage) {
        stage.create_table(refresh::Entity).await;
        let (store, reader, probe) = (stage.store().await, stage.store().await, Probe::of(&stage).await);
        store.insert(refresh::priced(1, 10)).await.unwrap();
        let other = probe.fence::<refresh::Entity>(1).await;
        let saved = store.update(refresh::priced(1, 20)).await.unwrap();
        assert_eq!(saved.cache, CacheEffect::Contended);
        assert_eq!(probe.look::<refresh::Entity>(1).await, Seen::Fenced);

        // While a fence stands, reads are right and leave the cache alone.
        let loaded = reader.load::<refresh::Entity>(1).await.unwrap();
        assert_eq!((loaded.model.as_ref(), loaded.source), (Some(&saved.model), Source::Database));
        assert_eq!(refresh::Entity::load_many_cached([1], &reader).await.unwrap(), [Some(saved.model.clone())]);
        assert_eq!(probe.look::<refresh::Entity>(1).await, Seen::Fenced);
        let deleted = store.delete_by_id::<refresh::Entity>(1).await.unwrap();
        assert_eq!((deleted.existed, deleted.cache), (true, CacheEffect::Contended));

        probe.finish::<refresh::Entity>(1, other).await;
        assert_eq!(probe.look::<refresh::Entity>(1).await, Seen::Nothing);
        assert_eq!(refresh::Entity::load_cached(1, &reader).await.unwrap(), None);
        assert_eq!(probe.look::<refresh::Entity>(1).await, Seen::NoSuchRow);
    }

    async fn an_invalidation_while_a_write_is_under_way_keeps_its_row_out(stage: Stage) {
        stage.create_table(refresh::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let other = probe.fence::<refresh::Entity>(1).await;
        refresh::Entity::invalidate(1, &store).await.unwrap();
        assert_eq!(probe.look::<refresh::Entity>(1).await, Seen::Fenced);
        refresh::Entity::invalidate_all(&store).await.unwrap();
        assert_eq!(probe.look::<refresh::Entity>(1).await, Seen::Fenced);
        probe.finish::<refresh::Entity>(1, other).await;
        assert_eq!(probe.look::<refresh::Entity>(1).await, Seen::Nothing);
    }
}
