//! A store is a session too, but no part of the transaction: plain statements do not run on it.

use sea_orm::ConnectionTrait;

async fn calls(store: &writethrough::Store) -> Result<(), writethrough::Error> {
    store
        .transaction(async |_| {
            store.execute_unprepared("DELETE FROM flight").await?;
            Ok::<_, writethrough::Error>(())
        })
        .await
}

fn main() {}
