//! One cell of the table: an operation, one of its steps, and what happens there.

use std::net::SocketAddr;
use std::time::Duration;

use sea_orm::{ActiveModelTrait, ConnectionTrait, Schema};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;
use writethrough::{OutboxOptions, Store};

use super::check::seen_by;
use super::operation::{Job, NEW, OLD, Told, Verb};
use super::request::{COMMIT, EXECUTE, is_aside};
use super::turnstile::{Arrives, Turnstile};
use crate::faults::entities::flight;
use crate::faults::scene::{Scene, address_of, through};
use crate::histories::row::{Entity, code_of, codes_of, squad_of, squads_of};
use crate::support::Backend;
use crate::support::probe::Probe;

/// An operation, and what is before it and around it.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub name: &'static str,
    pub verb: Verb,
    pub before: Before,
    /// The fences are lost right before the commit, and somebody loads the row then.
    pub loses_fence: bool,
    /// The connection breaks at the first of these requests, and steps count from there.
    pub breaks_at: Option<&'static str>,
}

/// What there is before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// No row, which the cache knows.
    Absent,
    Stored,
    Cached,
}

/// What happens at the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The process is killed.
    Killed(Arrives),
    /// The connection breaks, and the process goes on.
    Cut(Arrives),
}

impl Fate {
    pub const KILLED: &[Self] = &[Self::Killed(Arrives::No), Self::Killed(Arrives::Yes)];
    pub const ALL: &[Self] =
        &[Self::Killed(Arrives::No), Self::Killed(Arrives::Yes), Self::Cut(Arrives::No), Self::Cut(Arrives::Yes)];
}

/// What the process came to.
pub struct Outcome {
    /// The request.
    pub at: String,
    /// Whether the database holds what it wrote; not known if it was told so.
    pub written: Option<bool>,
}

/// Servers on which processes are killed, and another process that is not.
pub struct Bench {
    pub scene: Scene,
    pub other: Store,
    pub has_outbox: bool,
    rows: i32,
}

/// A process has nothing to say any more if it says nothing for so long.
const SILENCE: Duration = Duration::from_millis(20);

impl Bench {
    pub async fn new(backend: Backend, has_outbox: bool) -> Self {
        let scene = Scene::new(backend).await;
        let table = Schema::new(scene.db.get_database_backend()).create_table_from_entity(Entity);
        scene.db.execute(&table).await.expect("create the table");
        if has_outbox {
            OutboxOptions::new().create_table(&scene.db).await.expect("the table can be created");
        }
        // The scripts are there, so that a command is one request.
        scene.behind_gate().await.close().await.expect("it did nothing");
        Self { other: scene.store().await, scene, has_outbox, rows: 0 }
    }

    /// Does that to a process at this step, counted from one, and checks everything; nothing, if there are not so many
    /// steps.
    pub async fn play(&mut self, operation: Operation, step: usize, fate: Fate) -> Option<Outcome> {
        self.rows += 2;
        let row = self.prepare(operation, self.rows).await;
        let (database, cache) = (self.scene.database.url(), self.scene.redis_addr());
        let mut turnstile = Turnstile::before(cache, address_of(database), self.scene.database.backend()).await;
        let control = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let job = Job {
            database: through(database, turnstile.database),
            cache: format!("redis://{}", turnstile.cache),
            ..self.job(operation, row, control.local_addr().expect("a bound socket has an address"))
        };
        let mut process = Process(job.start());
        let outcome = self.watch(operation, row, (step, fate), &mut turnstile, control).await;
        process.end(outcome.is_some() && matches!(fate, Fate::Killed(_)));
        drop(turnstile);
        self.check(operation, row, outcome.as_ref().map_or(Some(true), |outcome| outcome.written)).await;
        outcome
    }

    pub fn job(&self, operation: Operation, row: i32, control: SocketAddr) -> Job {
        Job {
            verb: operation.verb,
            row,
            has_outbox: self.has_outbox,
            database: self.scene.database.url().to_owned(),
            cache: format!("redis://{}", self.scene.redis_addr()),
            namespace: "shop".to_owned(),
            control,
        }
    }

    /// Makes everything as it is to be before; which row it is about.
    async fn prepare(&self, operation: Operation, row: i32) -> i32 {
        let (verb, store) = (operation.verb, &self.other);
        if verb == Verb::InsertGenerated {
            // The next key is the next one after this.
            let last = flight::new("").insert(&self.scene.db).await.expect("it can be inserted").id;
            for _ in 0..2 {
                assert_eq!(seen_by(store, verb, last + 1).await, [None]);
            }
            return last + 1;
        }
        for row in [row, row + 1] {
            if operation.before != Before::Absent {
                OLD.to(row).insert_through(store).await.expect("it can be inserted");
            }
            if operation.before == Before::Stored {
                self.lose(row).await;
            }
        }
        if operation.before != Before::Stored {
            for _ in 0..2 {
                seen_by(store, verb, row).await;
            }
        }
        if verb == Verb::Look {
            self.leave_behind(row).await;
        }
        row
    }

    /// What a process leaves that lost its fence, committed and died: the cache has the old row, the outbox says so.
    async fn leave_behind(&self, row: i32) {
        let db = &self.scene.db;
        NEW.to(row).update(db).await.expect("it can be updated");
        let probe = Probe::on_redis(&self.scene.redis.url(), "shop").await;
        let pointer = probe.pointer::<Entity>(0, &[code_of(row, NEW.gate).into()]);
        let list = probe.list::<Entity>(0, &[squad_of(row, NEW.gate).into()]);
        for key in [probe.key::<Entity>(row), pointer, list] {
            let recorded = format!(
                "INSERT INTO writethrough_outbox (write_id, namespace, kind, table_name, target) \
                 VALUES (1, 'shop', 'key', 'contended', '{}')",
                key.as_str()
            );
            db.execute_unprepared(&recorded).await.expect("the outbox is there");
        }
    }

    /// Lets the process go, and its requests pass, up to this one.
    async fn watch(
        &self,
        operation: Operation,
        row: i32,
        (step, fate): (usize, Fate),
        turnstile: &mut Turnstile,
        control: TcpListener,
    ) -> Option<Outcome> {
        let mut control = loop {
            tokio::select! {
                request = turnstile.next() => request.pass(),
                ready = control.accept() => break ready.expect("it connects").0,
            }
        };
        while let Ok(request) = timeout(SILENCE, turnstile.next()).await {
            request.pass();
        }
        control.write_u8(0).await.expect("it waits");
        let (mut written, mut steps, mut breaks_at) = (operation.verb == Verb::Look, 0, operation.breaks_at);
        let mut cut = None;
        loop {
            let request = tokio::select! {
                biased;
                request = turnstile.next() => request,
                told = control.read_u8() => {
                    let told = Told::ALL[usize::from(told.expect("it says what it was told"))];
                    let written = match told {
                        _ if operation.verb == Verb::Look => Some(true),
                        Told::Committed => Some(true),
                        Told::NotCommitted => Some(false),
                        Told::Unknown => None,
                    };
                    return cut.map(|at| Outcome { at, written });
                }
            };
            let at = request.name.clone();
            if breaks_at.is_some_and(|breaks_at| breaks_at == at) {
                breaks_at = None;
                request.cut(Arrives::No);
                continue;
            }
            let commits = self.commits(operation, &at);
            if commits && operation.loses_fence {
                self.lose(row).await;
                seen_by(&self.other, operation.verb, row).await;
            }
            if breaks_at.is_some() || is_aside(&at) {
                written |= commits;
                request.pass();
                continue;
            }
            steps += 1;
            match fate {
                Fate::Cut(arrives) if steps == step && cut.is_none() => {
                    cut = Some(at);
                    request.cut(arrives);
                }
                Fate::Killed(Arrives::No) if steps == step => return Some(Outcome { at, written: Some(written) }),
                Fate::Killed(Arrives::Yes) if steps == step => {
                    request.deliver().await;
                    return Some(Outcome { at, written: Some(written || commits) });
                }
                _ => {
                    written |= commits;
                    request.pass();
                }
            }
        }
    }

    /// Whether the database keeps what was written when this request arrives.
    fn commits(&self, operation: Operation, request: &str) -> bool {
        let reads_back = self.scene.database.backend() == Backend::MySql && operation.verb != Verb::Delete;
        let in_transaction = operation.verb.is_transaction();
        match operation.verb {
            Verb::Look => false,
            verb if !verb.writes() => false,
            _ if in_transaction || reads_back || self.has_outbox => request == COMMIT,
            _ => request == EXECUTE,
        }
    }

    /// Ends whatever stands under the keys of a row.
    pub async fn lose(&self, row: i32) {
        let probe = Probe::on_redis(&self.scene.redis.url(), "shop").await;
        let mut keys = vec![probe.key::<Entity>(row), probe.key::<flight::Entity>(row)];
        keys.extend(codes_of(row).map(|code| probe.pointer::<Entity>(0, &[code.into()])));
        keys.extend(squads_of(row).map(|squad| probe.list::<Entity>(0, &[squad.into()])));
        let keys: Vec<_> = keys.iter().map(|key| key.as_str()).collect();
        self.scene.redis.cli(&[&["UNLINK"], keys.as_slice()].concat());
    }
}

/// The process; it ends with this.
struct Process(std::process::Child);

impl Process {
    /// Kills it, or sees that it has ended well.
    fn end(&mut self, kills: bool) {
        if kills {
            self.0.kill().expect("our own process can be killed");
        }
        let status = self.0.wait().expect("our own process can be waited for");
        assert!(kills || status.success(), "the process failed: {status}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
