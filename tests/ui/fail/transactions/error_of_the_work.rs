//! What goes wrong with the transaction itself must fit into the error of the work.

#[derive(Debug)]
struct OutOfFuel;

fn calls(store: &writethrough::Store) {
    let _ = store.transaction(async |_| Err::<(), _>(OutOfFuel));
}

fn main() {}
