//! A transaction that nobody keeps is rolled back before anything can be done in it.

#![deny(unused_must_use)]

async fn calls(store: &writethrough::Store) -> Result<(), writethrough::Error> {
    store.begin().await?;
    Ok(())
}

fn main() {}
