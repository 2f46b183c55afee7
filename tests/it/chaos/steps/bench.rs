//! One cell of the table: an operation, one of its steps, and what becomes of the request there when its process is killed.

use std::time::Duration;

use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, Schema, Statement};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;
use writethrough::{OutboxOptions, Source, Store};

use super::operation::{Job, NEW, OLD, Verb};
use super::request::{COMMIT, EXECUTE};
use super::turnstile::{Request, Turnstile};
use crate::faults::entities::flight;
use crate::faults::locks;
use crate::faults::scene::{Scene, address_of};
use crate::histories::operation::State;
use crate::histories::row::{Entity, Values, code_of, codes_of};
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

/// What becomes of the request at which the process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Lost,
    Delivered,
}

/// What the process came to.
pub struct Killed {
    /// The request.
    pub at: String,
    /// Whether the database keeps what it wrote.
    pub written: bool,
}

/// Servers on which processes are killed, and another process that is not.
pub struct Bench {
    scene: Scene,
    other: Store,
    has_outbox: bool,
    rows: i32,
}

/// A process has nothing to say any more if it says nothing for so long.
const SILENCE: Duration = Duration::from_millis(40);

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

    /// Kills a process at this step, counted from one, and checks everything; nothing, if there are not so many steps.
    pub async fn kill_at(&mut self, operation: Operation, step: usize, fate: Fate) -> Option<Killed> {
        self.rows += 2;
        let row = self.prepare(operation, self.rows).await;
        let (database, cache) = (self.scene.database.url(), self.scene.redis_addr());
        let mut turnstile = Turnstile::before(cache, address_of(database), self.scene.database.backend()).await;
        let control = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let mut job = self.job(operation, row, control.local_addr().expect("a bound socket has an address"));
        let mut url = url::Url::parse(database).expect("a URL");
        url.set_port(Some(turnstile.database.port())).expect("it has a port");
        (job.database, job.cache) = (url.into(), format!("redis://{}", turnstile.cache));
        let mut process = Process(job.start());
        let killed = self.watch(operation, row, step, fate, &mut turnstile, control).await;
        process.end(killed.is_some());
        drop(turnstile);
        let written = killed.as_ref().is_none_or(|killed| killed.written);
        self.check(operation, row, written).await;
        killed
    }

    fn job(&self, operation: Operation, row: i32, control: std::net::SocketAddr) -> Job {
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
        let key = format!("shop:contended:{row}");
        let recorded = format!(
            "INSERT INTO writethrough_outbox (write_id, namespace, kind, table_name, target) \
             VALUES (1, 'shop', 'key', 'contended', '{key}')"
        );
        db.execute_unprepared(&recorded).await.expect("the outbox is there");
    }

    /// Lets the process go, and its requests pass, up to this one.
    async fn watch(
        &self,
        operation: Operation,
        row: i32,
        step: usize,
        fate: Fate,
        turnstile: &mut Turnstile,
        control: TcpListener,
    ) -> Option<Killed> {
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
        loop {
            let request = tokio::select! {
                biased;
                request = turnstile.next() => request,
                _ = control.read_u8() => return None,
            };
            let Request { name, .. } = &request;
            let at = name.clone();
            if breaks_at.is_some_and(|breaks_at| breaks_at == at) {
                breaks_at = None;
                request.cut();
                continue;
            }
            let commits = self.commits(operation, &at);
            if commits && operation.loses_fence {
                self.lose(row).await;
                seen_by(&self.other, operation.verb, row).await;
            }
            steps += usize::from(breaks_at.is_none());
            if steps == step && fate == Fate::Lost {
                return Some(Killed { at, written });
            }
            written |= commits;
            if steps == step {
                request.deliver().await;
                return Some(Killed { at, written });
            }
            request.pass();
        }
    }

    /// Whether the database keeps what was written when this request arrives.
    fn commits(&self, operation: Operation, request: &str) -> bool {
        let reads_back = self.scene.database.backend() == Backend::MySql && operation.verb != Verb::Delete;
        let in_transaction = matches!(operation.verb, Verb::InsertGenerated | Verb::Upsert | Verb::Transaction);
        match operation.verb {
            Verb::Load | Verb::LoadByKey | Verb::Invalidate | Verb::InvalidateAll | Verb::Look => false,
            _ if in_transaction || reads_back || self.has_outbox => request == COMMIT,
            _ => request == EXECUTE,
        }
    }

    async fn check(&self, operation: Operation, row: i32, written: bool) {
        let (verb, scene) = (operation.verb, &self.scene);
        locks::nobody_works_on(&scene.db).await;
        let truth = self.truth(verb, row).await;
        let writes = !matches!(verb, Verb::Load | Verb::LoadByKey | Verb::Invalidate | Verb::InvalidateAll);
        let expected = match (writes && written, operation.before) {
            (true, _) if verb == Verb::Delete => None,
            (true, _) => Some(NEW),
            (false, Before::Absent) => None,
            (false, _) => Some(OLD),
        };
        assert_eq!(truth[0], expected, "the database holds the write if and only if it could have been committed");

        let again = self.job(operation, row, ([127, 0, 0, 1], 0).into()).builder().build().await.expect("a store");
        if self.has_outbox {
            assert_eq!(self.recorded().await, 0, "a store that starts puts everything right");
        }
        for store in [&self.other, &again] {
            assert_eq!(seen_by(store, verb, row).await, truth, "nobody sees anything else");
        }
        // What the dead left standing ends some day.
        for row in [row, row + 1] {
            self.lose(row).await;
        }
        for store in [&again, &self.other] {
            assert_eq!(seen_by(store, verb, row).await, truth);
        }
        assert_eq!(source(&self.other, verb, row).await, Source::Cache);
        again.close().await.expect("nothing is left to do");
    }

    /// The rows that it is about, as the database has them.
    async fn truth(&self, verb: Verb, row: i32) -> Vec<State> {
        let db = &self.scene.db;
        if verb == Verb::InsertGenerated {
            return vec![flight::Entity::find_by_id(row).one(db).await.expect("the database answers").map(values)];
        }
        let mut states = Vec::new();
        for row in [row, row + 1] {
            states.push(Entity::find_by_id(row).one(db).await.expect("the database answers").map(Values::from));
        }
        let by_code = |code| states[0].filter(|values| code_of(row, values.gate) == code);
        let by_codes: Vec<_> = codes_of(row).map(by_code).collect();
        [states, by_codes].concat()
    }

    async fn recorded(&self) -> usize {
        let backend = self.scene.db.get_database_backend();
        let all = Statement::from_string(backend, "SELECT id FROM writethrough_outbox");
        self.scene.db.query_all_raw(all).await.expect("the outbox is there").len()
    }

    /// Ends whatever stands under the keys of a row.
    async fn lose(&self, row: i32) {
        let probe = Probe::on_redis(&self.scene.redis.url(), "shop").await;
        let mut keys = vec![probe.key::<Entity>(row), probe.key::<flight::Entity>(row)];
        keys.extend(codes_of(row).map(|code| probe.pointer::<Entity>(0, &[code.into()])));
        let keys: Vec<_> = keys.iter().map(|key| key.as_str()).collect();
        self.scene.redis.cli(&[&["UNLINK"], keys.as_slice()].concat());
    }
}

/// What a store says of the rows that it is about: by primary key, and by each of their unique ones.
async fn seen_by(store: &Store, verb: Verb, row: i32) -> Vec<State> {
    if verb == Verb::InsertGenerated {
        return vec![flight::Entity::load_cached(row, store).await.expect("the database answers").map(values)];
    }
    let mut states = Vec::new();
    for row in [row, row + 1] {
        states.push(Entity::load_cached(row, store).await.expect("the database answers").map(Values::from));
    }
    for code in codes_of(row) {
        states.push(Entity::load_cached_by_code(code, store).await.expect("the database answers").map(Values::from));
    }
    states
}

async fn source(store: &Store, verb: Verb, row: i32) -> Source {
    if verb == Verb::InsertGenerated {
        return store.load::<flight::Entity>(row).await.expect("the database answers").source;
    }
    store.load::<Entity>(row).await.expect("the database answers").source
}

fn values(flight: flight::Model) -> Values {
    let gate = flight.gate.parse().expect("a number");
    Values { gate, pilot: gate }
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
