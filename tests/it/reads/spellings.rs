//! Text keys under a collation that takes two spellings for one: the row is found, and kept under its own only.

use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait};
use writethrough::{Outcome, Source};

use crate::support::databases::Backend;
use crate::support::entities::keys::airport::{Entity, Model, named};
use crate::support::probe::{Probe, Seen, recorded};
use crate::support::stage::Stage;

/// A table whose key ignores case, and BER in it.
async fn airports(stage: &Stage) -> Model {
    let plain = stage.plain().await;
    let ddl = match stage.backend {
        Backend::Sqlite => {
            "CREATE TABLE airport (id varchar NOT NULL COLLATE NOCASE PRIMARY KEY, name varchar NOT NULL)"
        }
        Backend::Postgres => {
            "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
             CREATE TABLE airport (id varchar COLLATE nocase NOT NULL PRIMARY KEY, name varchar NOT NULL)"
        }
        Backend::MySql => {
            "CREATE TABLE airport (id varchar(255) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY,
             name varchar(255) NOT NULL)"
        }
    };
    plain.execute_unprepared(ddl).await.unwrap();
    named("BER".into(), "Berlin").insert(&plain).await.unwrap()
}

fn other() -> String {
    "ber".to_owned()
}

fn own() -> String {
    "BER".to_owned()
}

on_every_stage! {
    async fn another_spelling_is_answered_and_not_cached(stage: Stage) {
        let ber = airports(&stage).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        for _ in 0..2 {
            let loaded = store.load::<Entity>(other()).await.unwrap();
            assert_eq!((loaded.model.as_ref(), loaded.source), (Some(&ber), Source::Database));
            let many = Entity::load_many_cached([other(), "bEr".into(), "xyz".into()], &store).await.unwrap();
            assert_eq!(many, [Some(ber.clone()), Some(ber.clone()), None]);
            assert_eq!(probe.look::<Entity>(other()).await, Seen::Nothing);
        }
        let both = Entity::load_many_cached([other(), own()], &store).await.unwrap();
        assert_eq!(both, [Some(ber.clone()), Some(ber.clone())]);
        assert_eq!(probe.look::<Entity>(other()).await, Seen::Nothing);
        assert_eq!(probe.look::<Entity>(own()).await, Seen::Row(ber));
    }

    async fn an_update_under_another_spelling_refreshes_the_row_under_its_own(stage: Stage) {
        airports(&stage).await;
        let writer = stage.store().await;
        let (reader, log) = recorded(&stage).await;
        reader.load::<Entity>(own()).await.unwrap();
        log.take();

        let saved = named(other(), "Berlin Brandenburg").update_through(&writer).await.unwrap();
        assert_eq!(saved, Model { id: own(), name: "Berlin Brandenburg".into() });
        assert_eq!(Entity::load_cached(own(), &reader).await.unwrap(), Some(saved.clone()));
        assert_eq!(log.take(), Vec::<String>::new());
        assert_eq!(Entity::load_cached(other(), &reader).await.unwrap(), Some(saved));
        assert_eq!(Probe::of(&stage).await.look::<Entity>(other()).await, Seen::Nothing);
    }

    async fn a_delete_under_another_spelling_removes_the_entry(stage: Stage) {
        let ber = airports(&stage).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        store.load::<Entity>(own()).await.unwrap();
        assert_eq!(probe.look::<Entity>(own()).await, Seen::Row(ber));

        let deleted = store.delete_by_id::<Entity>(other()).await.unwrap();
        assert!(deleted.existed);
        assert_eq!(probe.look::<Entity>(own()).await, Seen::Nothing);
        assert_eq!(Entity::load_cached(own(), &store).await.unwrap(), None);
        assert!(!store.delete_by_id::<Entity>(other()).await.unwrap().existed);
    }

    async fn an_insert_under_another_spelling_is_a_duplicate(stage: Stage) {
        let ber = airports(&stage).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        store.load::<Entity>(own()).await.unwrap();

        let error = named(other(), "Bergen").insert_through(&store).await.unwrap_err();
        assert!(error.is_unique_violation(), "{error}");
        assert_eq!(error.outcome(), Outcome::NotCommitted);
        assert_eq!(probe.look::<Entity>(own()).await, Seen::Row(ber.clone()));
        assert_eq!(probe.look::<Entity>(other()).await, Seen::Nothing);
        assert_eq!(Entity::find().all(&stage.plain().await).await.unwrap(), [ber]);
    }
}
