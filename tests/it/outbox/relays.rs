//! What stands in the outbox is put right by whichever store comes by.

use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait};
use writethrough::{Source, Store};

use super::{builder, emptied, quick, recorded, until};
use crate::support::entities::flight;

/// Changes the row as a process that died before it could tell the cache: the row and what it recorded are committed, the
/// entry is old.
async fn leave_behind(db: &DatabaseConnection, namespace: &str, id: i32, gate: &str) {
    let update = format!("UPDATE flight SET gate = '{gate}' WHERE id = {id}");
    db.execute_unprepared(&update).await.expect("updated");
    let record = format!(
        "INSERT INTO writethrough_outbox (write_id, namespace, kind, table_name, target) \
         VALUES (7, '{namespace}', 'key', 'flight', '{namespace}:flight:{id}')"
    );
    db.execute_unprepared(&record).await.expect("recorded");
}

async fn gate_of(store: &Store, id: i32) -> String {
    store.load::<flight::Entity>(id).await.expect("loaded").model.expect("there is such a flight").gate
}

on_every_stage! {
    async fn what_a_dead_process_left_is_put_right_by_another(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let db = stage.plain().await;
        let store = builder(&stage, quick()).await.register::<flight::Entity>().build().await.expect("a store");
        store.insert(flight::numbered(1, "LH 1")).await.expect("inserted");
        emptied(&db).await;
        leave_behind(&db, stage.namespace(), 1, "Z9").await;
        until("the new gate is read", async || gate_of(&store, 1).await == "Z9").await;
        emptied(&db).await;
        assert_eq!(store.load::<flight::Entity>(1).await.expect("loaded").model.expect("a row").gate, "Z9");
        store.close().await.expect("nothing is left");
    }

    async fn a_store_puts_right_what_it_finds_when_it_is_built(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let db = stage.plain().await;
        let early = stage.store().await;
        early.insert(flight::numbered(1, "LH 1")).await.expect("inserted");
        let builder = builder(&stage, quick()).await;
        leave_behind(&db, stage.namespace(), 1, "Z9").await;
        assert_eq!(gate_of(&early, 1).await, "A4", "without the outbox nobody knows");
        let late = builder.build().await.expect("a store");
        assert_eq!(gate_of(&late, 1).await, "Z9");
        assert_eq!(gate_of(&early, 1).await, "Z9");
        assert_eq!(recorded(&db).await, 0);
    }

    async fn several_relays_do_not_disturb_each_other(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let db = stage.plain().await;
        let builder = builder(&stage, quick()).await;
        let mut stores = vec![builder.build().await.expect("a store")];
        for _ in 0..2 {
            stores.push(stage.builder().outbox(quick()).register::<flight::Entity>().build().await.expect("a store"));
        }
        for id in 1..=60 {
            stores[0].insert(flight::numbered(id, "LH")).await.expect("inserted");
        }
        for id in 1..=60 {
            leave_behind(&db, stage.namespace(), id, "Z9").await;
        }
        emptied(&db).await;
        for store in &stores {
            for id in 1..=60 {
                assert_eq!(gate_of(store, id).await, "Z9");
            }
        }
    }

    async fn rows_of_another_namespace_are_left_alone(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let db = stage.plain().await;
        let store = builder(&stage, quick()).await.register::<flight::Entity>().build().await.expect("a store");
        store.insert(flight::numbered(1, "LH 1")).await.expect("inserted");
        emptied(&db).await;
        leave_behind(&db, "somebody-else", 1, "A4").await;
        leave_behind(&db, stage.namespace(), 1, "Z9").await;
        until("our own row is gone", async || recorded(&db).await == 1).await;
        assert_eq!(gate_of(&store, 1).await, "Z9");
        assert_eq!(store.load::<flight::Entity>(1).await.expect("loaded").source, Source::Cache);
        assert_eq!(recorded(&db).await, 1);
    }

    /// Writers that are alive are not disturbed: their rows go before a relay would take them for dead.
    async fn the_truth_is_read_while_writers_and_relays_are_busy(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let db = stage.plain().await;
        let (one, other) = (builder(&stage, quick()).await, stage.builder().outbox(quick()));
        let (one, other) = (one.build().await.expect("a store"), other.build().await.expect("a store"));
        one.insert(flight::numbered(1, "LH 1")).await.expect("inserted");
        for minutes in 1..=100 {
            let (writer, reader) = if minutes % 2 == 0 { (&one, &other) } else { (&other, &one) };
            writer.update(flight::delay(1, minutes)).await.expect("updated");
            let read = reader.load::<flight::Entity>(1).await.expect("loaded").model.expect("a row");
            assert_eq!(read.delay_minutes, minutes);
        }
        emptied(&db).await;
        let truth = flight::Entity::find_by_id(1).one(&db).await.expect("the database answers");
        assert_eq!(one.load::<flight::Entity>(1).await.expect("loaded").model, truth);
    }
}
