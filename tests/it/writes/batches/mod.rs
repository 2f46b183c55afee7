//! Many rows in one call.

mod failed;
mod hooks;
mod keys;
mod large;
mod mixed;
mod policies;

use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{EntityTrait, PaginatorTrait};
use writethrough::{Error, Session};

use crate::support::entities::flight::{ActiveModel, Entity, Model, delay, departure, gate, numbered};
use crate::support::entities::keys::{airport, passenger, seat};
use crate::support::probe::{Probe, Seen, recorded};

/// What is cached of each of these rows is what the database has.
async fn assert_cached(probe: &Probe, store: &writethrough::Store, rows: &[Model]) {
    for row in rows {
        assert_eq!(probe.look::<Entity>(row.id).await, Seen::Row(row.clone()));
        assert_eq!(Entity::find_by_id(row.id).one(store.database()).await.unwrap().as_ref(), Some(row));
    }
}

on_every_stage! {
    async fn rows_come_back_in_the_order_given_and_are_cached(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let names: Vec<_> = (0..50).map(|number| format!("WT {}", number * 7 % 50)).collect();
        let rows = Entity::insert_many_through(names.iter().map(|name| departure(name)), &store).await.unwrap();
        assert_eq!(rows.iter().map(|row| &row.flight_no).collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
        assert_cached(&probe, &store, &rows).await;

        // The keys of our own, in no order at all.
        let ids = [900, 100, 700, 300, 500];
        let rows = Entity::insert_many_through(ids.map(|id| numbered(id, &format!("WT {id}"))), &store).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), ids);
        assert!(rows.iter().all(|row| row.flight_no == format!("WT {}", row.id)));
        assert_cached(&probe, &store, &rows).await;
    }

    async fn nothing_to_write_is_nothing_sent(stage: Stage) {
        let (store, log) = recorded(&stage).await;
        assert_eq!(Entity::insert_many_through([], &store).await.unwrap(), []);
        assert_eq!(Entity::save_many_through(Vec::new(), &store).await.unwrap(), []);
        let in_transaction = store.transaction(async |tx| Entity::insert_many_through(None, tx).await).await;
        assert_eq!(in_transaction.unwrap(), []);
        assert_eq!(log.take(), Vec::<String>::new());
    }

    async fn a_save_inserts_what_has_no_key_and_updates_the_rest(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let old = Entity::insert_many_through([departure("A"), departure("B")], &store).await.unwrap();
        let saves = [gate(old[1].id, "B2"), departure("C"), delay(old[0].id, 7), departure("D"), departure("E")];
        let rows = Entity::save_many_through(saves, &store).await.unwrap();
        let shown: Vec<_> = rows.iter().map(|row| (row.flight_no.as_str(), row.gate.as_str(), row.delay_minutes)).collect();
        assert_eq!(shown, [("B", "B2", 0), ("C", "A4", 0), ("A", "A4", 7), ("D", "A4", 0), ("E", "A4", 0)]);
        assert_eq!((rows[0].id, rows[2].id), (old[1].id, old[0].id));
        assert_cached(&probe, &store, &rows).await;
    }

    /// The writes of one row are not reordered, and what is published is what the last one left.
    async fn of_several_writes_of_one_row_the_last_holds(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let id = departure("A").insert_through(&store).await.unwrap().id;
        let saves = [gate(id, "B1"), delay(id, 5), gate(id, "B2"), departure("B"), gate(id, "B3"), delay(id, 6)];
        let rows = Entity::save_many_through(saves, &store).await.unwrap();
        let left: Vec<_> = rows.iter().map(|row| (row.gate.as_str(), row.delay_minutes)).collect();
        assert_eq!(left, [("B1", 0), ("B1", 5), ("B2", 5), ("A4", 0), ("B3", 5), ("B3", 6)]);
        assert_cached(&probe, &store, &[rows[5].clone(), rows[3].clone()]).await;

        // An update with nothing set has only read: nothing proves that what it read is the latest.
        let saves = [gate(id, "B4"), ActiveModel { id: Unchanged(id), ..Default::default() }];
        let rows = Entity::save_many_through(saves, &store).await.unwrap();
        assert_eq!(rows[1].gate, "B4");
        assert_eq!(probe.look::<Entity>(id).await, Seen::Nothing);
        assert_eq!(Entity::load_cached(id, &store).await.unwrap().unwrap().gate, "B4");

        // A row that is inserted and then updated.
        let rows = Entity::save_many_through([numbered(id, "X")], &store).await.unwrap();
        assert_eq!(rows[0].flight_no, "X");
    }

    async fn a_batch_in_a_transaction_is_a_part_of_it(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let tx = store.begin().await.unwrap();
        let rows = Entity::insert_many_through([numbered(101, "A"), numbered(102, "B")], &tx).await.unwrap();
        assert_eq!(probe.look::<Entity>(101).await, Seen::Nothing);
        let nested = tx.begin().await.unwrap();
        Entity::save_many_through([gate(101, "C1"), departure("C")], &nested).await.unwrap();
        nested.rollback().await.unwrap();
        let saved = Entity::save_many_through([gate(102, "C2")], &tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_cached(&probe, &store, &[rows[0].clone(), saved[0].clone()]).await;
        assert_eq!(Entity::find().count(store.database()).await.unwrap(), 2);

        let tx = store.begin().await.unwrap();
        Entity::insert_many_through([numbered(8, "A"), numbered(9, "B")], &tx).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(probe.look::<Entity>(8).await, Seen::Nothing);
        assert_eq!(Entity::load_cached(8, &store).await.unwrap(), None);
    }

    async fn keys_of_every_kind_find_their_rows(stage: Stage) {
        stage.create_table(airport::Entity).await;
        stage.create_table(passenger::Entity).await;
        stage.create_table(seat::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let codes = ["BER", "aaa", "ZRH", "MUC"];
        let rows = airport::Entity::insert_many_through(codes.map(|code| airport::named(code.into(), code)), &store);
        for (row, code) in rows.await.unwrap().into_iter().zip(codes) {
            assert_eq!((row.id.as_str(), row.name.as_str()), (code, code));
            assert_eq!(probe.look::<airport::Entity>(code).await, Seen::Row(row));
        }
        let ids = [7, 3, 5].map(|number: u128| sea_orm::prelude::Uuid::from_u128(number));
        let rows = passenger::Entity::insert_many_through(ids.map(|id| passenger::named(id, &id.to_string())), &store);
        for (row, id) in rows.await.unwrap().into_iter().zip(ids) {
            assert_eq!(row.name, id.to_string());
            assert_eq!(probe.look::<passenger::Entity>(id).await, Seen::Row(row));
        }
        let ids = [(2, "b"), (1, "b"), (2, "a")].map(|(flight, number)| (flight, number.to_owned()));
        let rows = seat::Entity::insert_many_through(ids.clone().map(|id| seat::named(id.clone(), &id.1)), &store);
        for (row, id) in rows.await.unwrap().into_iter().zip(ids) {
            assert_eq!((row.flight_id, row.number.clone()), id);
            assert_eq!(probe.look::<seat::Entity>(id).await, Seen::Row(row));
        }
    }

    async fn a_reader_sees_the_whole_batch_in_every_process(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, other) = (stage.store().await, stage.store().await);
        let ids = 1..=20;
        assert!(Entity::load_many_cached(ids.clone(), &other).await.unwrap().iter().all(Option::is_none));
        let rows = insert(ids.clone(), &store).await.unwrap();
        let loaded = Entity::load_many_cached(ids, &other).await.unwrap();
        assert_eq!(loaded.into_iter().flatten().collect::<Vec<_>>(), rows);
    }
}

async fn insert<S: Session>(ids: impl IntoIterator<Item = i32>, session: &S) -> Result<Vec<Model>, Error> {
    let rows = ids.into_iter().map(|id| ActiveModel { gate: Set(format!("G{id}")), ..numbered(id, "WT") });
    Entity::insert_many_through(rows, session).await
}
