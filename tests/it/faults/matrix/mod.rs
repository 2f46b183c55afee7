//! Every operation against every failure; [`table`] says what must come of it.
//!
//! `scripts/test --test it matrix -- --nocapture` prints what came of it.

mod hangar;
mod plane;
mod table;

use tokio::sync::oneshot;
use writethrough::{OnCacheFailure, Outcome};

use self::hangar::{Hangar, perform};
use self::table::{Cell, DEGRADE, FAIL, Failure, Operation, Told};
use super::gate::Awaited;
use super::scene::Verb;
use crate::support::{Backend, Fault};

/// What a test is to stop, and where.
enum Trap {
    Cache(Vec<u8>),
    Database { mark: &'static str, is_executed: bool },
    Nothing,
}

impl Hangar {
    /// Whether the operation's last statement is a COMMIT; elsewhere it commits by itself.
    fn commits(&self, operation: Operation) -> bool {
        match operation {
            Operation::SaveGenerated | Operation::Upsert | Operation::Commit => true,
            Operation::Delete => false,
            // Without RETURNING the row is read back before the commit.
            _ => self.backend == Backend::MySql,
        }
    }

    fn trap(&self, operation: Operation, failure: Failure) -> Trap {
        let is_load =
            matches!(operation, Operation::LoadHit | Operation::LoadMiss | Operation::LoadMany | Operation::LoadByKey);
        let invalidates = matches!(operation, Operation::Invalidate | Operation::InvalidateAll);
        let command = |name: &str| Trap::Cache(format!("\r\n{name}\r\n").into_bytes());
        let script = |verb: Verb| Trap::Cache(verb.mark().into_bytes());
        let statement = if self.commits(operation) { "COMMIT" } else { plane::MARK };
        match failure {
            Failure::CacheRead if operation == Operation::InvalidateAll => command("SCAN"),
            Failure::CacheRead if operation == Operation::LoadMany => command("MGET"),
            Failure::CacheRead => command("GET"),
            Failure::Fence if is_load => script(Verb::Lease),
            Failure::Fence if invalidates => script(Verb::Invalidate),
            Failure::Fence => script(Verb::Fence),
            Failure::Finish if is_load => script(Verb::Fill),
            Failure::Finish => script(Verb::Finish),
            Failure::BeforeCommit => Trap::Nothing,
            Failure::Both if is_load => Trap::Nothing,
            Failure::AtCommit => Trap::Database { mark: statement, is_executed: false },
            Failure::AfterCommit | Failure::Both => Trap::Database { mark: statement, is_executed: true },
        }
    }

    /// Plays one cell.
    async fn play(&self, operation: Operation, failure: Failure, policy: OnCacheFailure) -> Cell {
        self.prepare(operation).await;
        let cache = if failure == Failure::Both { self.scene.proxy.addr() } else { self.scene.gate.addr() };
        let store = self.store(cache, policy).await;
        let trap = match self.trap(operation, failure) {
            Trap::Cache(mark) => Some(self.scene.gate.stop_request(mark)),
            Trap::Database { mark, is_executed: false } => Some(self.database.stop_request(mark)),
            Trap::Database { mark, is_executed: true } => Some(self.database.stop_reply(mark)),
            Trap::Nothing => None,
        };
        let hides = trap.is_none();
        if hides {
            self.hide_table(true).await;
        }
        if failure == Failure::Both {
            self.scene.proxy.set(Fault::Refuse).await;
        }
        let (over, ended) = oneshot::channel::<()>();
        let (result, sprung) = tokio::join!(
            async {
                let result = perform(operation, &store).await;
                drop(over);
                result
            },
            spring(trap, ended),
        );
        if hides {
            self.hide_table(false).await;
        }
        self.scene.proxy.set(Fault::Pass).await;
        self.scene.gate.disarm();
        self.database.disarm();
        let told = match &result {
            Ok(()) => Told::Done,
            Err(error) => match error.outcome() {
                Outcome::NotCommitted => Told::NotCommitted,
                Outcome::Committed => Told::Committed,
                _ => Told::Unknown,
            },
        };
        // Under `fail` nothing is sent to the database without a cache.
        let refused = failure == Failure::Both && policy == OnCacheFailure::Fail;
        assert!(hides || sprung != refused, "{operation:?}, {failure:?}: the failure did not happen, {result:?}");
        let left = self.left(&store).await;
        let stored = self.stored(operation).await;
        store.close().await.expect("nothing is left to do");
        Some((told, stored, left))
    }
}

/// Breaks the connection when the awaited message comes; whether it came before the end.
async fn spring(trap: Option<Awaited>, ended: oneshot::Receiver<()>) -> bool {
    let Some(trap) = trap else { return false };
    tokio::select! {
        stopped = trap.stopped() => {
            stopped.cut();
            true
        }
        _ = ended => false,
    }
}

/// Plays every cell of both tables, prints what came of them, and demands what they say.
async fn play_all(backend: Backend) {
    let hangar = Hangar::new(backend).await;
    let mut wrong = Vec::new();
    for (policy, table) in [(OnCacheFailure::Degrade, DEGRADE), (OnCacheFailure::Fail, FAIL)] {
        println!("\n{backend:?}, {policy:?}\n| | {} |", Failure::ALL.map(|failure| format!("{failure:?}")).join(" | "));
        println!("|{}", " --- |".repeat(1 + Failure::ALL.len()));
        for (operation, cells) in table {
            let mut line = Vec::new();
            for (failure, expected) in Failure::ALL.into_iter().zip(cells) {
                let played = match expected {
                    Some(_) => hangar.play(operation, failure, policy).await,
                    None => None,
                };
                line.push(
                    played.map_or("–".to_owned(), |(told, stored, left)| format!("{told:?}, {stored:?}, {left:?}")),
                );
                if played != expected {
                    wrong.push(format!("{policy:?} {operation:?} {failure:?}: {played:?} instead of {expected:?}"));
                }
            }
            println!("| {operation:?} | {} |", line.join(" | "));
        }
    }
    assert!(wrong.is_empty(), "{} cells differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_every_operation_answers_every_failure_as_the_table_says() {
    play_all(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb_every_operation_answers_every_failure_as_the_table_says() {
    play_all(Backend::MySql).await;
}
