//! The outbox in the hands of SeaORM's migrator.

use sea_orm::ConnectionTrait;
use sea_orm_migration::prelude::*;
use writethrough::migration::{CreateOutbox, CreateOutboxTriggers};

use super::{emptied, quick, recorded, until};
use crate::support::entities::flight;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(CreateOutbox::default()),
            Box::new(CreateFlight),
            Box::new(CreateOutboxTriggers::<flight::Entity>::default()),
        ]
    }
}

#[derive(DeriveMigrationName)]
struct CreateFlight;

#[async_trait::async_trait]
impl MigrationTrait for CreateFlight {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = sea_orm::Schema::new(manager.get_database_backend());
        manager.create_table(schema.create_table_from_entity(flight::Entity)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(flight::Entity).to_owned()).await
    }
}

on_every_stage! {
    async fn migrations_set_the_outbox_up_and_take_it_down(stage: Stage) {
        let db = stage.plain().await;
        Migrator::up(&db, None).await.expect("up");
        let store = stage.builder().outbox(quick()).register::<flight::Entity>().build().await.expect("a store");
        store.insert(flight::numbered(1, "LH 1")).await.expect("inserted");
        emptied(&db).await;
        db.execute_unprepared("UPDATE flight SET gate = 'Z9'").await.expect("updated");
        until("the change is read", async || {
            let loaded = store.load::<flight::Entity>(1).await.expect("loaded");
            loaded.model.is_some_and(|row| row.gate == "Z9")
        })
        .await;
        emptied(&db).await;
        store.close().await.expect("nothing is left");
        Migrator::down(&db, Some(1)).await.expect("the triggers go");
        db.execute_unprepared("UPDATE flight SET gate = 'A1'").await.expect("updated");
        assert_eq!(recorded(&db).await, 0);
        Migrator::down(&db, None).await.expect("down");
        db.execute_unprepared("SELECT id FROM writethrough_outbox").await.expect_err("the table is gone");
        Migrator::up(&db, None).await.expect("and up again");
    }
}
