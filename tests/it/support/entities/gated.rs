//! An entity whose `cache_if` holds whoever is to be held: a reader between its query and its fill, a writer between
//! its statement and the end of its fence.

use std::sync::{Mutex, mpsc};

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use writethrough::WriteThrough;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
#[sea_orm(table_name = "gated")]
#[write_through(cache_if = "pass")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    pub price: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub fn priced(id: i32, price: i32) -> ActiveModel {
    ActiveModel { id: Set(id), price: Set(price) }
}

tokio::task_local! {
    static GATE: Gate;
}

/// Holds its task once.
struct Gate(Mutex<Option<(oneshot::Sender<()>, mpsc::Receiver<()>)>>);

fn pass(_: &Model) -> bool {
    stop();
    true
}

/// Stands at the gate, if there is one.
pub fn stop() {
    let gate = GATE.try_with(|gate| gate.0.lock().expect("nobody panics with it").take());
    if let Ok(Some((reached, released))) = gate {
        reached.send(()).expect("somebody waits for it");
        // The other tasks of this thread go on elsewhere.
        tokio::task::block_in_place(|| released.recv()).ok();
    }
}

/// Work that stands at the gate.
pub struct Held<T> {
    task: JoinHandle<T>,
    release: mpsc::Sender<()>,
}

/// Starts the work in a task of its own; returns when it stands at the gate.
pub async fn held<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Held<T> {
    let (reached, reaching) = oneshot::channel();
    let (release, released) = mpsc::channel();
    let task = tokio::spawn(GATE.scope(Gate(Mutex::new(Some((reached, released)))), work));
    reaching.await.expect("the work comes to the gate");
    Held { task, release }
}

impl<T> Held<T> {
    /// Lets it go on, to its end.
    pub async fn release(self) -> T {
        self.release.send(()).expect("it is held");
        self.task.await.expect("it does not panic")
    }

    /// Lets it go on no further than to where it waits next; to its end, if that is nowhere.
    pub async fn abort(self) {
        self.task.abort();
        self.release.send(()).expect("it is held");
        assert!(self.task.await.err().is_none_or(|error| error.is_cancelled()), "it panicked");
    }
}
