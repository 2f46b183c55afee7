//! What the database makes of a row before it stores it is in the entry, too.

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait};
use writethrough::Outcome;

use crate::support::databases::Backend;
use crate::support::entities::flight;
use crate::support::entities::flight::{ActiveModel, Entity};
use crate::support::entities::policies::invalidate;
use crate::support::probe::{Probe, Seen};
use crate::support::stage::Stage;

/// The table of flights with a default gate and a flight number that the database writes in capitals: by triggers
/// BEFORE INSERT and BEFORE UPDATE, or, where those cannot change the row, by defaults alone.
pub(super) async fn flights_with_triggers(stage: &Stage) {
    let db = stage.plain().await;
    let table = |key: &str| {
        format!(
            "CREATE TABLE flight (id {key}, flight_no varchar(50) NOT NULL, gate varchar(50) NOT NULL DEFAULT 'A1',
             delay_minutes integer NOT NULL DEFAULT 5)"
        )
    };
    let statements = match stage.backend {
        Backend::Sqlite => vec![
            table("integer NOT NULL PRIMARY KEY AUTOINCREMENT"),
            "CREATE TRIGGER refuse BEFORE INSERT ON flight WHEN NEW.flight_no = 'ignored'
             BEGIN SELECT RAISE(IGNORE); END"
                .to_owned(),
        ],
        Backend::Postgres => vec![
            table("serial PRIMARY KEY"),
            "CREATE FUNCTION capitals() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF NEW.flight_no = 'ignored' THEN RETURN NULL; END IF;
               NEW.flight_no := upper(NEW.flight_no); RETURN NEW;
             END $$;
             CREATE TRIGGER capitals BEFORE INSERT OR UPDATE ON flight FOR EACH ROW EXECUTE FUNCTION capitals()"
                .to_owned(),
        ],
        Backend::MySql => vec![
            table("integer NOT NULL PRIMARY KEY AUTO_INCREMENT"),
            "CREATE TRIGGER capitals_insert BEFORE INSERT ON flight FOR EACH ROW
             SET NEW.flight_no = UPPER(NEW.flight_no)"
                .to_owned(),
            "CREATE TRIGGER capitals_update BEFORE UPDATE ON flight FOR EACH ROW
             SET NEW.flight_no = UPPER(NEW.flight_no)"
                .to_owned(),
        ],
    };
    for statement in statements {
        db.execute_unprepared(&statement).await.unwrap();
    }
}

fn only_numbered(flight_no: &str) -> ActiveModel {
    ActiveModel { flight_no: Set(flight_no.to_owned()), ..Default::default() }
}

on_every_stage! {
    async fn defaults_and_before_triggers_are_in_what_is_cached(stage: Stage) {
        flights_with_triggers(&stage).await;
        let (store, plain, probe) = (stage.store().await, stage.plain().await, Probe::of(&stage).await);
        let as_stored = |text: &str| match stage.backend {
            Backend::Sqlite => text.to_owned(),
            Backend::Postgres | Backend::MySql => text.to_uppercase(),
        };

        let generated = only_numbered("wt 1").save_through(&store).await.unwrap();
        let own_key = ActiveModel { id: Set(77), ..only_numbered("wt 77") }.insert_through(&store).await.unwrap();
        for (row, flight_no) in [(generated, "wt 1"), (own_key, "wt 77")] {
            assert_eq!((row.gate.as_str(), row.delay_minutes), ("A1", 5));
            assert_eq!(row.flight_no, as_stored(flight_no));
            assert_eq!(probe.look::<Entity>(row.id).await, Seen::Row(row.clone()));
            assert_eq!(Entity::find_by_id(row.id).one(&plain).await.unwrap(), Some(row));
        }
        let changed = ActiveModel { id: Set(77), ..only_numbered("wt seventy-seven") };
        let changed = changed.save_through(&store).await.unwrap();
        assert_eq!(changed.flight_no, as_stored("wt seventy-seven"));
        assert_eq!(probe.look::<Entity>(77).await, Seen::Row(changed.clone()));
        assert_eq!(Entity::find_by_id(77).one(&plain).await.unwrap(), Some(changed));
    }

    async fn a_row_that_a_trigger_keeps_out_is_not_cached(stage: Stage) {
        if stage.backend == Backend::MySql {
            return; // Its triggers can refuse a row, but not ignore it.
        }
        flights_with_triggers(&stage).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        for row in [only_numbered("ignored"), ActiveModel { id: Set(7), ..only_numbered("ignored") }] {
            let error = row.insert_through(&store).await.unwrap_err();
            assert_eq!(error.outcome(), Outcome::NotCommitted, "{error}");
        }
        assert_eq!(Entity::find().all(store.database()).await.unwrap(), []);
        assert_eq!(probe.look::<Entity>(7).await, Seen::Nothing);
        assert_eq!(Entity::load_cached(7, &store).await.unwrap(), None);
    }

    async fn a_row_that_a_trigger_gives_another_key_is_never_served_old(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (plain, probe) = (stage.plain().await, Probe::of(&stage).await);
        let trigger = match stage.backend {
            Backend::Sqlite => return, // Its triggers cannot change the new row.
            Backend::Postgres => {
                "CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN NEW.id := NEW.id + 1000; RETURN NEW; END $$;
                 CREATE TRIGGER move BEFORE INSERT ON flight FOR EACH ROW EXECUTE FUNCTION move()"
            }
            Backend::MySql => "CREATE TRIGGER move BEFORE INSERT ON flight FOR EACH ROW SET NEW.id = NEW.id + 1000",
        };
        plain.execute_unprepared(trigger).await.unwrap();
        let store = stage.store().await;
        assert_eq!(Entity::load_many_cached([1, 1001], &store).await.unwrap(), [None, None]);
        match flight::numbered(1, "WT 1").insert_through(&store).await {
            Ok(saved) => assert_eq!(saved.id, 1001),
            // Without RETURNING nobody can tell where the row went: it is taken back.
            Err(error) => {
                assert_eq!(stage.backend, Backend::MySql, "{error}");
                assert_eq!(error.outcome(), Outcome::NotCommitted, "{error}");
            }
        }
        let stored = Entity::find_by_id(1001).one(&plain).await.unwrap();
        assert_eq!(stored.is_some(), stage.backend == Backend::Postgres);
        assert_eq!(Entity::load_many_cached([1, 1001], &store).await.unwrap(), [None, stored]);
        assert!(!matches!(probe.look::<Entity>(1).await, Seen::Row(_)));
    }

    async fn what_an_after_trigger_changes_is_read_where_writes_invalidate(stage: Stage) {
        stage.create_table(invalidate::Entity).await;
        let db = stage.plain().await;
        let trigger = match stage.backend {
            Backend::Sqlite => {
                "CREATE TRIGGER fee AFTER UPDATE ON ticket_invalidate WHEN NEW.price % 2 = 0
                 BEGIN UPDATE ticket_invalidate SET price = NEW.price + 1 WHERE id = NEW.id; END"
            }
            Backend::Postgres => {
                "CREATE FUNCTION fee() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   UPDATE ticket_invalidate SET price = NEW.price + 1 WHERE id = NEW.id; RETURN NULL;
                 END $$;
                 CREATE TRIGGER fee AFTER UPDATE ON ticket_invalidate FOR EACH ROW WHEN (NEW.price % 2 = 0)
                 EXECUTE FUNCTION fee()"
            }
            Backend::MySql => return, // Its triggers cannot touch their own table.
        };
        db.execute_unprepared(trigger).await.unwrap();
        let store = stage.store().await;
        invalidate::priced(1, 9).insert(&db).await.unwrap();
        store.load::<invalidate::Entity>(1).await.unwrap();
        // RETURNING shows the row before the trigger, as in SeaORM; the cache does not keep it.
        assert_eq!(store.update(invalidate::priced(1, 20)).await.unwrap().model.price, 20);
        assert_eq!(invalidate::Entity::load_cached(1, &store).await.unwrap().unwrap().price, 21);
    }
}
