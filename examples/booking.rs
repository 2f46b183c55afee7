//! Booking the last seats of a flight: transactions over several cached rows, and rows found by a unique key.
//!
//! ```sh
//! cargo run --example booking
//! DATABASE_URL=postgres://localhost/app CACHE_URL=redis://localhost cargo run --example booking
//! ```
//!
//! Without the two variables it runs on SQLite in memory and the embedded cache. With them it works in tables of its own,
//! `writethrough_booking_flight` and `writethrough_booking_ticket`, which it drops at the end.

use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QuerySelect, Schema};
use writethrough::{Error, Store};

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "writethrough_booking_flight")]
    #[write_through(rename = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub seats_left: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod ticket {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "writethrough_booking_ticket")]
    #[write_through(rename = "ticket")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(unique)]
        #[write_through(key)]
        pub code: i64,
        pub flight_id: i32,
        pub passenger: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let database_url = std::env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite::memory:".to_owned());
    let cache_url = std::env::var("CACHE_URL").unwrap_or_else(|_| "memory:".to_owned());
    let store = Store::builder()
        .database_url(database_url)
        .cache_url(cache_url)
        .namespace("booking")
        .register::<flight::Entity>()
        .register::<ticket::Entity>()
        .build()
        .await?;
    let schema = Schema::new(store.database().get_database_backend());
    drop_tables(&store).await?;
    store.database().execute(&schema.create_table_from_entity(flight::Entity)).await?;
    store.database().execute(&schema.create_table_from_entity(ticket::Entity)).await?;

    let shown = show(&store).await;

    drop_tables(&store).await?;
    store.close().await?;
    shown
}

async fn show(store: &Store) -> Result<(), Error> {
    let flight = flight::ActiveModel { seats_left: Set(2), ..Default::default() }.insert_through(store).await?;

    println!("nobody has ticket 7: {:?}", ticket::Entity::load_cached_by_code(7, store).await?);
    for (code, passenger) in [(7, "Ann"), (8, "Bob"), (9, "Cid")] {
        match book(store, flight.id, code, passenger).await {
            Ok(ticket) => println!("{passenger} has ticket {}", ticket.code),
            Err(error) => println!("{passenger} has none: {error}"),
        }
    }
    println!("ticket 7, from the cache: {:?}", ticket::Entity::load_cached_by_code(7, store).await?);
    println!("ticket 9 was never sold: {:?}", ticket::Entity::load_cached_by_code(9, store).await?);
    println!("seats left: {}", seats_left(flight.id, store).await?);

    println!("\na statement fails, and the work goes on as if nothing had been:");
    let careless = store.transaction(async |tx| {
        flight::ActiveModel { id: Set(flight.id), seats_left: Set(99) }.save_through(tx).await?;
        let taken = ticket::ActiveModel {
            code: Set(7),
            flight_id: Set(flight.id),
            passenger: Set("Eve".to_owned()),
            ..Default::default()
        };
        taken.insert_through(tx).await.ok();
        Ok::<_, Error>(())
    });
    println!("{:?}", careless.await.map_err(|error| error.to_string()));
    println!("seats left: {}", seats_left(flight.id, store).await?);
    Ok(())
}

/// Both rows or none, in the database and in the cache; once more after a deadlock.
async fn book(store: &Store, flight_id: i32, code: i64, passenger: &str) -> Result<ticket::Model, Error> {
    store
        .transaction_retrying(3, async |tx| {
            // Plain SeaORM on the same connection: the lock keeps others from counting the same seats.
            let flight = flight::Entity::find_by_id(flight_id).lock_exclusive().one(tx).await?;
            let left = flight.map_or(0, |flight| flight.seats_left);
            let ticket = ticket::ActiveModel {
                code: Set(code),
                flight_id: Set(flight_id),
                passenger: Set(passenger.to_owned()),
                ..Default::default()
            };
            let ticket = ticket.insert_through(tx).await?;
            if left == 0 {
                return Err(DbErr::Custom("the flight is full".to_owned()).into());
            }
            flight::ActiveModel { id: Set(flight_id), seats_left: Set(left - 1) }.update_through(tx).await?;
            Ok(ticket)
        })
        .await
}

async fn seats_left(flight_id: i32, store: &Store) -> Result<i32, Error> {
    Ok(flight::Entity::load_cached(flight_id, store).await?.map_or(0, |flight| flight.seats_left))
}

async fn drop_tables(store: &Store) -> Result<(), Error> {
    for table in ["writethrough_booking_ticket", "writethrough_booking_flight"] {
        store.database().execute_unprepared(&format!("DROP TABLE IF EXISTS {table}")).await?;
    }
    Ok(())
}
