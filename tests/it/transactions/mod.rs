//! The user's own transactions: what the cache learns of them, and when.

mod every_write;
mod failed;
mod faults;
mod lists;
mod outcomes;
mod plain;
mod savepoints;
mod seaorm;
mod sessions;

use writethrough::{Error, Source, Store, Transaction};

use crate::support::entities::flight::{Entity, departure};
use crate::support::stage::Stage;

/// A stage with flights 1, 2 and 3 in the database and in the cache, and two stores.
async fn with_flights(stage: &Stage) -> (Store, Store) {
    stage.create_table(Entity).await;
    let (store, other) = (stage.store().await, stage.store().await);
    for id in 1..=3 {
        assert_eq!(departure("WT").insert_through(&store).await.expect("all is well").id, id);
    }
    (store, other)
}

/// The delay of a flight and where it came from.
async fn delay_of(id: i32, store: &Store) -> (Option<i32>, Source) {
    let loaded = store.load::<Entity>(id).await.expect("a load needs only the database");
    (loaded.model.map(|flight| flight.delay_minutes), loaded.source)
}

/// The delay of a flight as a transaction sees it.
async fn delay_in(id: i32, tx: &Transaction) -> Result<Option<i32>, Error> {
    Ok(Entity::load_cached(id, tx).await?.map(|flight| flight.delay_minutes))
}
