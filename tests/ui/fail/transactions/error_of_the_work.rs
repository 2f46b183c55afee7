//! What goes wrong with the transaction itself must fit into the error of the work.

#[derive(Debug)]
struct OutOfFuel;

async fn calls(store: &writethrough::Store) -> Result<(), OutOfFuel> {
    store.transaction(async |_| Err(OutOfFuel)).await
}

fn main() {}
