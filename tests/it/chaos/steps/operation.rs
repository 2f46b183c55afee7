//! What the process does that is killed at each of its steps: this test binary once more, told by its environment.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sea_orm::ColumnTrait;
use sea_orm::sea_query::OnConflict;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use writethrough::{Error, OutboxOptions, Outcome, Store, StoreBuilder, Transaction};

use crate::faults::entities::flight;
use crate::faults::repair::waiting;
use crate::faults::until;
use crate::histories::row::{Column, Entity, Values, code_of, squad_of};

/// An operation of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verb {
    Load,
    LoadByKey,
    Save,
    Insert,
    /// The database chooses the key.
    InsertGenerated,
    Upsert,
    Delete,
    /// Two rows.
    Transaction,
    /// Two rows.
    SaveMany,
    /// Two rows.
    InsertMany,
    UpdateMany,
    DeleteMany,
    Invalidate,
    InvalidateAll,
    /// A store with an outbox is built, and looks at what others left there.
    Look,
}

impl Verb {
    /// Whether the row is another one afterwards.
    pub fn writes(self) -> bool {
        !matches!(self, Self::Load | Self::LoadByKey | Self::Invalidate | Self::InvalidateAll)
    }

    /// Whether it is one transaction, whatever is known beforehand.
    pub fn is_transaction(self) -> bool {
        matches!(self, Self::InsertGenerated | Self::Upsert | Self::UpdateMany | Self::DeleteMany) || self.is_of_two()
    }

    /// Whether it writes two rows, or none of them.
    pub fn is_of_two(self) -> bool {
        matches!(self, Self::Transaction | Self::SaveMany | Self::InsertMany)
    }

    /// Whether there is no row afterwards.
    pub fn deletes(self) -> bool {
        matches!(self, Self::Delete | Self::DeleteMany)
    }
}

/// What the process is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    pub verb: Verb,
    pub row: i32,
    pub has_outbox: bool,
    pub database: String,
    pub cache: String,
    pub namespace: String,
    /// Where it says that it is ready, is told to go, and says that it is done.
    pub control: SocketAddr,
}

/// Before the operation, and after it, if it writes.
pub const OLD: Values = Values { gate: 3, pilot: 3 };
pub const NEW: Values = Values { gate: 7, pilot: 7 };

/// No row has this.
const NOBODY: i32 = -1;
const JOB: &str = "WRITETHROUGH_STEPS_JOB";
/// Longer than any test.
const NEVER: Duration = Duration::from_secs(3600);

impl Job {
    pub fn builder(&self) -> StoreBuilder {
        let builder = Store::builder()
            .database_url(&self.database)
            .cache_url(&self.cache)
            .namespace(&self.namespace)
            .cache_timeout(Duration::from_secs(5))
            .register::<Entity>()
            .register::<flight::Entity>();
        if self.has_outbox { builder.outbox(OutboxOptions::new().interval(NEVER)) } else { builder }
    }

    pub fn start(&self) -> Child {
        let this_test = concat!(module_path!(), "::the_other_process_operates").split_once("::").expect("a crate").1;
        Command::new(std::env::current_exe().expect("the test binary"))
            .args([this_test, "--exact", "--nocapture"])
            .env(JOB, serde_json::to_string(self).expect("a job can be told"))
            .stdout(Stdio::null())
            .spawn()
            .expect("the test binary runs")
    }

    async fn work(self) {
        // The look that counts is that of the other one.
        let has_outbox = self.has_outbox && self.verb != Verb::Look;
        let store = Self { has_outbox, ..self.clone() }.builder().build().await.expect("a store");
        // Connections are made.
        Entity::load_cached(NOBODY, &store).await.expect("all is well");
        let mut control = TcpStream::connect(self.control).await.expect("the test listens");
        control.read_u8().await.expect("the test says when");
        let told = Told::of(self.operate(&store).await);
        until("nothing waits to be repaired", async || waiting(&store) == 0).await;
        if self.has_outbox {
            // What was recorded is removed in the background.
            store.close().await.expect("nothing is left to do");
        }
        control.write_u8(told as u8).await.expect("the test waits");
    }

    async fn operate(&self, store: &Store) -> Result<(), Error> {
        let row = self.row;
        match self.verb {
            Verb::Load => Entity::load_cached(row, store).await.map(drop),
            Verb::LoadByKey => Entity::load_cached_by_code(code_of(row, OLD.gate), store).await.map(drop),
            Verb::Save => NEW.to(row).save_through(store).await.map(drop),
            Verb::Insert => NEW.to(row).insert_through(store).await.map(drop),
            Verb::InsertGenerated => flight::new(NEW.gate.to_string()).insert_through(store).await.map(drop),
            Verb::Upsert => {
                let updates = [Column::Gate, Column::Pilot, Column::Code, Column::Squad];
                let on_conflict = OnConflict::column(Column::Id).update_columns(updates).to_owned();
                NEW.to(row).upsert_through(on_conflict, store).await.map(drop)
            }
            Verb::Delete => Entity::delete_by_id_through(row, store).await.map(drop),
            Verb::Transaction => {
                let both = async |tx: &Transaction| {
                    NEW.to(row).save_through(tx).await?;
                    NEW.to(row + 1).save_through(tx).await?;
                    Ok::<_, Error>(())
                };
                store.transaction(both).await
            }
            Verb::SaveMany => Entity::save_many_through([row, row + 1].map(|row| NEW.to(row)), store).await.map(drop),
            Verb::InsertMany => {
                Entity::insert_many_through([row, row + 1].map(|row| NEW.to(row)), store).await.map(drop)
            }
            Verb::UpdateMany => {
                let update = Entity::update_many_through().set(Column::Gate, NEW.gate).set(Column::Pilot, NEW.pilot);
                let update =
                    update.set(Column::Code, code_of(row, NEW.gate)).set(Column::Squad, squad_of(row, NEW.gate));
                update.filter(Column::Id.eq(row)).exec(store).await.map(drop)
            }
            Verb::DeleteMany => Entity::delete_many_through().filter(Column::Id.eq(row)).exec(store).await.map(drop),
            Verb::Invalidate => Entity::invalidate(row, store).await,
            Verb::InvalidateAll => Entity::invalidate_all(store).await,
            Verb::Look => self.builder().build().await.map(drop),
        }
    }
}

/// What the process was told in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Committed,
    NotCommitted,
    Unknown,
}

impl Told {
    pub const ALL: [Self; 3] = [Self::Committed, Self::NotCommitted, Self::Unknown];

    fn of(result: Result<(), Error>) -> Self {
        match result.map_err(|error| error.outcome()) {
            Ok(()) | Err(Outcome::Committed) => Self::Committed,
            Err(Outcome::NotCommitted) => Self::NotCommitted,
            Err(_) => Self::Unknown,
        }
    }
}

/// Nothing, except in the other process.
#[tokio::test]
async fn the_other_process_operates() {
    let Ok(job) = std::env::var(JOB) else { return };
    serde_json::from_str::<Job>(&job).expect("the other process is told everything").work().await;
}
