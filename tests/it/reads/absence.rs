//! Remembering that there is no such row, and forgetting it in time.

use sea_orm::ActiveModelTrait;
use writethrough::Source;

use crate::support::entities::keys::{airline, airport, baggage};
use crate::support::entities::policies::no_absence;
use crate::support::entities::{flight, keys};
use crate::support::probe::{Probe, Seen, recorded};

on_every_stage! {
    async fn absence_is_remembered_until_another_store_inserts_the_row(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let writer = stage.store().await;
        let (reader, log) = recorded(&stage).await;
        assert_eq!(flight::Entity::load_cached(7, &reader).await.unwrap(), None);
        assert_eq!(log.take().len(), 1);
        let again = reader.load::<flight::Entity>(7).await.unwrap();
        assert_eq!((again.model, again.source), (None, Source::Cache));

        let saved = flight::numbered(7, "WT 7").insert_through(&writer).await.unwrap();
        assert_eq!(flight::Entity::load_cached(7, &reader).await.unwrap(), Some(saved));
        assert_eq!(log.take(), Vec::<String>::new());
    }

    async fn absence_is_forgotten_by_an_insert_whose_key_the_database_generates(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let writer = stage.store().await;
        let (reader, log) = recorded(&stage).await;
        assert_eq!(flight::Entity::load_many_cached(1..=3, &reader).await.unwrap(), [None, None, None]);
        log.take();
        let one = flight::departure("WT 1").save_through(&writer).await.unwrap();
        let two = flight::departure("WT 2").insert_through(&writer).await.unwrap();
        assert_eq!((one.id, two.id), (1, 2));
        assert_eq!(flight::Entity::load_many_cached(1..=3, &reader).await.unwrap(), [Some(one), Some(two), None]);
        assert_eq!(log.take(), Vec::<String>::new());
    }

    async fn a_deleted_row_is_remembered_as_absent(stage: Stage) {
        stage.create_table(baggage::Entity).await;
        let writer = stage.store().await;
        let (reader, log) = recorded(&stage).await;
        baggage::named(i64::MIN, "suitcase").insert_through(&writer).await.unwrap();
        assert!(baggage::Entity::delete_by_id_through(i64::MIN, &writer).await.unwrap());
        assert_eq!(baggage::Entity::load_cached(i64::MIN, &reader).await.unwrap(), None);
        assert_eq!(log.take(), Vec::<String>::new());

        let again = baggage::named(i64::MIN, "trunk").insert_through(&writer).await.unwrap();
        assert_eq!(baggage::Entity::load_cached(i64::MIN, &reader).await.unwrap(), Some(again));
        assert_eq!(log.take(), Vec::<String>::new());
    }

    async fn absence_under_a_text_key_is_never_remembered(stage: Stage) {
        stage.create_table(airport::Entity).await;
        let store = stage.store().await;
        let (plain, probe) = (stage.plain().await, Probe::of(&stage).await);
        let key = || "BER".to_owned();
        assert_eq!(airport::Entity::load_cached(key(), &store).await.unwrap(), None);
        assert_eq!(probe.look::<airport::Entity>(key()).await, Seen::Nothing);

        // Nobody needs to tell the cache of a row that it does not say anything about.
        let stored = airport::named(key(), "Berlin").insert(&plain).await.unwrap();
        assert_eq!(airport::Entity::load_cached(key(), &store).await.unwrap(), Some(stored.clone()));
        assert_eq!(probe.look::<airport::Entity>(key()).await, Seen::Row(stored));

        assert!(airport::Entity::delete_by_id_through(key(), &store).await.unwrap());
        assert_eq!(probe.look::<airport::Entity>(key()).await, Seen::Nothing);
        assert!(!airport::Entity::delete_by_id_through(key(), &store).await.unwrap());
        assert_eq!(airport::Entity::load_cached(key(), &store).await.unwrap(), None);
        assert_eq!(probe.look::<airport::Entity>(key()).await, Seen::Nothing);
    }

    async fn absence_under_a_text_key_that_is_declared_exact_is_remembered(stage: Stage) {
        stage.create_table(airline::Entity).await;
        let writer = stage.store().await;
        let (reader, log) = recorded(&stage).await;
        for _ in 0..2 {
            assert_eq!(airline::Entity::load_cached("WT", &reader).await.unwrap(), None);
            assert_eq!(airline::Entity::load_many_cached(["WT"], &reader).await.unwrap(), [None]);
        }
        assert_eq!(log.take().len(), 1);
        let saved = airline::named("WT".into(), "Through Air").insert_through(&writer).await.unwrap();
        assert_eq!(airline::Entity::load_cached("WT", &reader).await.unwrap(), Some(saved));
        assert_eq!(log.take(), Vec::<String>::new());
    }

    async fn absence_is_not_remembered_where_negative_ttl_is_off(stage: Stage) {
        stage.create_table(no_absence::Entity).await;
        let (store, log) = recorded(&stage).await;
        let probe = Probe::of(&stage).await;
        for _ in 0..2 {
            assert_eq!(no_absence::Entity::load_cached(1, &store).await.unwrap(), None);
            assert_eq!(no_absence::Entity::load_many_cached([1], &store).await.unwrap(), [None]);
            assert_eq!(log.take().len(), 2);
            assert_eq!(probe.look::<no_absence::Entity>(1).await, Seen::Nothing);
        }
        no_absence::priced(1, 10).insert_through(&store).await.unwrap();
        assert!(no_absence::Entity::delete_by_id_through(1, &store).await.unwrap());
        assert_eq!(probe.look::<no_absence::Entity>(1).await, Seen::Nothing);
    }

    async fn a_bool_key_has_two_rows(stage: Stage) {
        stage.create_table(keys::gate::Entity).await;
        let store = stage.store().await;
        assert_eq!(keys::gate::Entity::load_many_cached([true, false], &store).await.unwrap(), [None, None]);
        let open = keys::gate::named(true, "open").insert_through(&store).await.unwrap();
        assert_eq!(keys::gate::Entity::load_many_cached([true, false], &store).await.unwrap(), [Some(open), None]);
    }
}
