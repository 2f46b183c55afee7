//! Updates and deletes of all rows that a filter selects.

mod bound;
mod keys;
mod policies;
mod refused;
mod transactions;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryOrder};
use writethrough::Store;

use crate::support::entities::flight::{Column, Entity, Model, numbered};
use crate::support::entities::keys::{airport, seat};
use crate::support::probe::{Probe, Seen, recorded};
use crate::support::stage::Stage;

/// Twenty flights, all cached; those with an even number are late.
async fn twenty(stage: &Stage) -> (Store, Probe) {
    stage.create_table(Entity).await;
    let (store, probe) = (stage.store().await, Probe::of(stage).await);
    let rows = (1..=20).map(|id| {
        let delay = sea_orm::ActiveValue::Set(if id % 2 == 0 { 10 } else { 0 });
        crate::support::entities::flight::ActiveModel { delay_minutes: delay, ..numbered(id, "WT") }
    });
    Entity::insert_many_through(rows, &store).await.unwrap();
    (store, probe)
}

/// All rows; each is cached as the database has it.
async fn assert_all_cached(store: &Store, probe: &Probe) -> Vec<Model> {
    let rows = Entity::find().order_by_asc(Column::Id).all(store.database()).await.unwrap();
    for row in &rows {
        assert_eq!(probe.look::<Entity>(row.id).await, Seen::Row(row.clone()));
    }
    rows
}

on_every_stage! {
    async fn the_rows_that_were_changed_are_refreshed_and_no_others(stage: Stage) {
        let (store, probe) = twenty(&stage).await;
        probe.scribble::<Entity>(1, b"untouched").await;
        let late = Entity::update_many_through()
            .set(Column::Gate, "B1")
            .col_expr(Column::DelayMinutes, Expr::col(Column::DelayMinutes).add(5))
            .filter(Column::DelayMinutes.gt(0))
            .filter(Column::Id.gt(10));
        assert_eq!(late.clone().exec(&store).await.unwrap(), 5);
        assert_eq!(probe.look::<Entity>(1).await, Seen::Undecodable);
        probe.invalidate::<Entity>(1).await;
        Entity::load_cached(1, &store).await.unwrap();
        let rows = assert_all_cached(&store, &probe).await;
        for row in rows {
            let expected = match row.id {
                11.. if row.id % 2 == 0 => ("B1", 15),
                id => ("A4", if id % 2 == 0 { 10 } else { 0 }),
            };
            assert_eq!((row.gate.as_str(), row.delay_minutes), expected, "{}", row.id);
        }
        // Again: they match still, and count whether or not they change.
        assert_eq!(late.exec(&store).await.unwrap(), 5);
        assert_all_cached(&store, &probe).await;
    }

    async fn without_a_filter_all_rows_are_written(stage: Stage) {
        let (store, probe) = twenty(&stage).await;
        assert_eq!(Entity::update_many_through().set(Column::Gate, "C1").exec(&store).await.unwrap(), 20);
        assert!(assert_all_cached(&store, &probe).await.iter().all(|row| row.gate == "C1"));
        assert_eq!(Entity::delete_many_through().exec(&store).await.unwrap(), 20);
        assert_eq!(Entity::find().count(store.database()).await.unwrap(), 0);
        for id in 1..=20 {
            assert_eq!(probe.look::<Entity>(id).await, Seen::NoSuchRow);
        }
    }

    async fn the_rows_that_were_deleted_are_gone_and_no_others(stage: Stage) {
        let (store, probe) = twenty(&stage).await;
        let (reader, log) = recorded(&stage).await;
        let some = Condition::any().add(Column::Id.eq(3)).add(Column::Id.between(6, 8));
        assert_eq!(Entity::delete_many_through().filter(some.clone()).exec(&store).await.unwrap(), 4);
        assert_eq!(Entity::delete_many_through().filter(some).exec(&store).await.unwrap(), 0);
        assert_eq!(assert_all_cached(&store, &probe).await.len(), 16);
        for id in [3, 6, 7, 8] {
            assert_eq!(Entity::load_cached(id, &reader).await.unwrap(), None);
        }
        assert_eq!(log.take(), Vec::<String>::new(), "that they are gone is remembered");
    }

    async fn a_filter_that_selects_nothing_changes_nothing(stage: Stage) {
        let (store, probe) = twenty(&stage).await;
        let nobody = Column::Id.gt(100);
        assert_eq!(Entity::update_many_through().set(Column::Gate, "X").filter(nobody.clone()).exec(&store).await.unwrap(), 0);
        assert_eq!(Entity::delete_many_through().filter(nobody).exec(&store).await.unwrap(), 0);
        assert!(assert_all_cached(&store, &probe).await.iter().all(|row| row.gate == "A4"));
    }

    /// The filter is about the column that is set: a second look would select other rows.
    async fn a_filter_is_not_evaluated_a_second_time(stage: Stage) {
        let (store, probe) = twenty(&stage).await;
        let moved = Entity::update_many_through().set(Column::Gate, "D1").filter(Column::Gate.eq("A4"));
        assert_eq!(moved.clone().exec(&store).await.unwrap(), 20);
        assert_all_cached(&store, &probe).await;
        assert_eq!(moved.exec(&store).await.unwrap(), 0);
        let first = Expr::col(Column::Id).lte(Expr::cust("(SELECT 1 + COUNT(*) FROM flight AS f WHERE f.gate = 'D2')"));
        let one = Entity::update_many_through().set(Column::Gate, "D2").filter(first.clone());
        if stage.backend != Backend::MySql {
            assert_eq!(one.exec(&store).await.unwrap(), 1);
        } else {
            // It could not even be sent in an UPDATE of the same table.
            assert_eq!(one.exec(&store).await.unwrap(), 1);
        }
        let rows = assert_all_cached(&store, &probe).await;
        assert_eq!(rows.iter().filter(|row| row.gate == "D2").map(|row| row.id).collect::<Vec<_>>(), [1]);
    }

    async fn keys_of_every_kind_find_their_entries(stage: Stage) {
        stage.create_table(airport::Entity).await;
        stage.create_table(seat::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let codes = ["BER", "MUC", "ZRH"];
        airport::Entity::insert_many_through(codes.map(|code| airport::named(code.into(), "x")), &store).await.unwrap();
        let set = airport::Entity::update_many_through().set(airport::Column::Name, "y");
        assert_eq!(set.filter(airport::Column::Id.ne("MUC")).exec(&store).await.unwrap(), 2);
        for (code, name) in codes.into_iter().zip(["y", "x", "y"]) {
            let row = airport::Model { id: code.into(), name: name.into() };
            assert_eq!(probe.look::<airport::Entity>(code).await, Seen::Row(row));
        }
        assert_eq!(airport::Entity::delete_many_through().filter(airport::Column::Name.eq("y")).exec(&store).await.unwrap(), 2);
        assert_eq!(probe.look::<airport::Entity>("BER").await, Seen::Nothing, "its absence has other spellings");
        assert_eq!(airport::Entity::load_cached("BER", &store).await.unwrap(), None);

        let seats = [(1, "a"), (1, "b"), (2, "a")].map(|(flight, number)| seat::named((flight, number.into()), "x"));
        seat::Entity::insert_many_through(seats, &store).await.unwrap();
        let set = seat::Entity::update_many_through().set(seat::Column::Name, "y").filter(seat::Column::FlightId.eq(1));
        assert_eq!(set.exec(&store).await.unwrap(), 2);
        let row = seat::Model { flight_id: 1, number: "b".into(), name: "y".into() };
        assert_eq!(probe.look::<seat::Entity>((1, "b".to_owned())).await, Seen::Row(row));
        let gone = seat::Entity::delete_many_through().filter(seat::Column::Number.eq("a"));
        assert_eq!(gone.exec(&store).await.unwrap(), 2);
        assert_eq!(probe.look::<seat::Entity>((2, "a".to_owned())).await, Seen::NoSuchRow);
    }
}
