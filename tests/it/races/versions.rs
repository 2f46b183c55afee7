//! Two deployed versions of one entity share a cache: the new one has a column that the old one does not know.

use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use writethrough::Source;

use crate::support::entities::versions::{new, old};
use crate::support::probe::recorded;

fn old_seats(seats: i32) -> old::ActiveModel {
    old::ActiveModel { id: Set(1), seats: Set(seats) }
}

fn new_seats(seats: i32) -> new::ActiveModel {
    new::ActiveModel { id: Set(1), seats: Set(seats), ..Default::default() }
}

on_every_stage! {
    async fn each_version_sees_the_others_writes_at_once(stage: Stage) {
        stage.create_table(new::Entity).await;
        let (before, after) = (stage.store().await, stage.store().await);
        old_seats(1).insert_through(&before).await.unwrap();
        for seats in 1..=10 {
            let seen = new::Entity::load_cached(1, &after).await.unwrap().unwrap();
            assert_eq!((seen.seats, seen.wish.as_str()), (2 * seats - 1, "window"));
            new_seats(2 * seats).update_through(&after).await.unwrap();
            assert_eq!(old::Entity::load_cached(1, &before).await.unwrap().unwrap().seats, 2 * seats);
            let many = old::Entity::load_many_cached([1], &before).await.unwrap();
            assert_eq!(many, [Some(old::Model { id: 1, seats: 2 * seats })]);
            old_seats(2 * seats + 1).update_through(&before).await.unwrap();
        }
        assert!(old::Entity::delete_by_id_through(1, &before).await.unwrap());
        assert_eq!(new::Entity::load_cached(1, &after).await.unwrap(), None);
    }

    async fn the_old_version_reads_what_the_new_one_wrote_without_a_statement(stage: Stage) {
        stage.create_table(new::Entity).await;
        let after = stage.store().await;
        let (before, log) = recorded(&stage).await;
        new::ActiveModel { wish: Set("aisle".into()), ..new_seats(3) }.insert_through(&after).await.unwrap();
        assert_eq!(old::Entity::load_cached(1, &before).await.unwrap(), Some(old::Model { id: 1, seats: 3 }));
        assert_eq!(log.take(), Vec::<String>::new());
    }

    async fn the_two_versions_do_not_evict_each_others_entries_for_ever(stage: Stage) {
        stage.create_table(new::Entity).await;
        let (before, old_log) = recorded(&stage).await;
        let (after, new_log) = recorded(&stage).await;
        old_seats(3).insert_through(&before).await.unwrap();
        old_log.take();
        // The old version's entry lacks a column: the new one replaces it once, and both can use what it wrote.
        assert_eq!(after.load::<new::Entity>(1).await.unwrap().source, Source::Database);
        for _ in 0..5 {
            assert_eq!(before.load::<old::Entity>(1).await.unwrap().source, Source::Cache);
            assert_eq!(after.load::<new::Entity>(1).await.unwrap().source, Source::Cache);
        }
        assert_eq!((old_log.take().len(), new_log.take().len()), (0, 1));

        // Absence says nothing of columns.
        assert!(new::Entity::delete_by_id_through(1, &after).await.unwrap());
        new_log.take();
        assert_eq!(old::Entity::load_cached(1, &before).await.unwrap(), None);
        assert_eq!(new::Entity::load_cached(1, &after).await.unwrap(), None);
        assert_eq!((old_log.take().len(), new_log.take().len()), (0, 0));
        assert_eq!(new::Entity::find().all(after.database()).await.unwrap(), []);
    }
}
