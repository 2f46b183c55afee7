//! The examples on servers, as their heads tell users to run them; without servers `.ci/run` runs them.

use std::path::PathBuf;
use std::process::Stdio;

use sea_orm::{ConnectionTrait, Statement};
use tokio::process::Command;

use crate::support::TestDatabase;
use crate::support::databases::Backend;
use crate::support::redis::RedisServer;

/// Where `cargo test` puts the examples: beside the directory of the tests. With `--test` it does not build them.
fn program(example: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this program has a path");
    let target = test.ancestors().nth(2).expect("a directory of tests");
    let program = target.join("examples").join(example);
    let features = "sqlite,postgres,mysql";
    assert!(program.exists(), "the example is not built: run `cargo build --example {example} --features {features}`");
    program
}

/// A database and a Redis of their own for an example, because its namespace and tables are always the same.
struct Servers {
    database: TestDatabase,
    redis: RedisServer,
}

impl Servers {
    async fn start(backend: Backend) -> Self {
        Self { database: TestDatabase::create(backend).await, redis: RedisServer::start([]) }
    }

    fn command(&self, example: &str) -> Command {
        let mut command = Command::new(program(example));
        command.env("DATABASE_URL", self.database.url()).env("CACHE_URL", self.redis.url());
        command
    }
}

/// An example as its head tells users to run it without servers.
fn embedded(example: &str) -> Command {
    let mut command = Command::new(program(example));
    command.env_remove("DATABASE_URL").env_remove("CACHE_URL");
    command
}

/// How it ends, and what it prints: its output, then its errors.
async fn ended(mut command: Command) -> (Option<i32>, String, String) {
    let output = command.stdin(Stdio::null()).output().await.expect("the example can be started");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// What it prints when all goes well.
async fn told(command: Command) -> String {
    let (status, printed, errors) = ended(command).await;
    assert_eq!(status, Some(0), "{printed}\n{errors}");
    printed
}

async fn printed(example: &str, backend: Backend) -> String {
    let servers = Servers::start(backend).await;
    told(servers.command(example)).await
}

/// Asserts that these stand in the text, one behind the other.
#[track_caller]
fn assert_tells(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let found = rest.split_once(part);
        rest = found.unwrap_or_else(|| panic!("{part:?} does not stand where it should in\n{text}")).1;
    }
}

on_every_backend! {
    async fn the_quickstart_does_on_servers_what_it_does_without(backend: Backend) {
        let text = printed("quickstart", backend).await;
        assert_tells(&text, &[
            &format!("database {backend:?}, cache redis"),
            "row 1 in the database, entry Refreshed",
            "Cache: WT 115 at gate A4, 0 minutes late (the very next read)",
            "Database: WT 115 at gate A4, 0 minutes late (after the entry was removed)",
            "Cache: WT 115 at gate A4, 0 minutes late (again)",
            "two hours late, entry Refreshed",
            "they are         the same",
            "400 updates",
            "they are         the same",
            "entry Degraded",
            "(from a store without its cache)",
            "there was a row: true",
            "Cache: no such flight (absence is remembered too)",
        ]);
    }

    async fn the_booking_does_on_servers_what_it_does_without(backend: Backend) {
        let text = printed("booking", backend).await;
        assert_tells(&text, &[
            "nobody has ticket 7: None",
            "Ann has ticket 7",
            "Bob has ticket 8",
            "the flight is full",
            "ticket 7, from the cache: Some(Model { id: 1, code: 7, flight_id: 1, passenger: \"Ann\" })",
            "ticket 9 was never sold: None",
            "seats left: 0",
            "Err(\"the transaction was rolled back",
            "seats left: 0",
        ]);
    }

    async fn the_flight_demo_does_on_servers_what_it_does_without(backend: Backend) {
        let servers = Servers::start(backend).await;
        assert_eq!(servers.redis.cli(&["SET", "shop:flight:115", "another's"]), "OK");
        let mut first = servers.command("flight_delay");
        first.args(["--verbose", "--interactive", "--flush"]);
        let text = told(first).await;
        assert_tells(&text, &[&format!("database {backend:?}, cache redis"), "loaded 3346 flights", "SWEEP", "made to forget"]);
        assert_tells(&text, DEMO);
        assert_tells(&text, &[
            "  GET\n", "  LEASE\n", "  SELECT ", "  FILL\n",
            "2. Second read", "  GET\n",
            "3. Two hours late", "  BEGIN\n", "  UPDATE ", "  INSERT INTO ", "  FENCE\n", "  COMMIT\n", "  FINISH\n",
        ]);
        assert_eq!(text.matches("(Enter goes on)").count(), 5);

        // What the first run left is used again.
        let text = told(servers.command("flight_delay")).await;
        assert_tells(&text, &["3346 flights are there", "1. First read", "a hit", "3. Two hours late", "restored"]);
        let mut flushed = servers.command("flight_delay");
        flushed.args(["--flush", "--flight-id", "115"]);
        let text = told(flushed).await;
        assert_tells(&text, &["3346 flights are there", "made to forget"]);
        assert_tells(&text, DEMO);

        assert_eq!(servers.redis.cli(&["GET", "shop:flight:115"]), "another's");
        let db = servers.database.connect().await;
        let count = async |sql: &str| {
            let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().unwrap();
            row.try_get_by_index::<i64>(0).unwrap()
        };
        assert_eq!(count("SELECT COUNT(*) FROM writethrough_demo_flight WHERE status <> 'scheduled'").await, 0);
        assert_eq!(count("SELECT COUNT(*) FROM writethrough_demo_flight_log WHERE flight_id = 115").await, 6);
    }

    async fn the_warm_up_does_on_servers_what_it_does_without(backend: Backend) {
        let text = printed("warm_up", backend).await;
        assert_tells(&text, &[&format!("database {backend:?}, cache redis")]);
        assert_tells(&text, WARM_UP);
    }
}

/// What the demo of a delayed flight must tell.
const DEMO: &[&str] = &[
    "1. First read",
    "a miss",
    "flight 115: TW 100, gate C26, scheduled, 2026-12-01 10:30:00 – 2026-12-01 11:50:00 UTC",
    "airline TW Tulip Wings, Netherlands (Database)",
    "from    AMS Amsterdam, Schiphol (Database)",
    "to      CPH Copenhagen, Kastrup (Database)",
    "2. Second read",
    "a hit",
    "times as fast as the first",
    "3. Two hours late",
    "departure 2026-12-01 10:30:00 → 2026-12-01 12:30:00",
    "status    scheduled → delayed",
    "4. Database against cache",
    "delayed                delayed                ✓",
    "2026-12-01 12:30:00    2026-12-01 12:30:00    ✓",
    "Source::Cache",
    "all fields are verified",
    "5. Read again",
    "a hit",
    "delayed, 2026-12-01 12:30:00",
    "6. The schedule of before",
    "2026-12-01 10:30:00    2026-12-01 10:30:00    ✓",
    "all fields are verified",
    "restored",
    "120 minutes: delayed by the demo",
    "0 minutes: restored by the demo",
    "Latencies",
    "2 second read  flight, a hit                                –",
];

/// What the warm-up must tell.
const WARM_UP: &[&str] = &[
    "the latest 2000: 2000 filled",
    "stopped after 10000",
    "gone on: 8000 filled",
    "once more: 0 filled",
    "flight 10000: Cache",
];

#[tokio::test]
async fn the_flight_demo_and_the_warm_up_need_no_servers() {
    let text = told(embedded("flight_delay")).await;
    assert_tells(&text, &["database Sqlite, cache memory"]);
    assert_tells(&text, DEMO);
    assert!(!text.contains("SELECT") && !text.contains("Enter"), "{text}");
    assert_tells(&told(embedded("warm_up")).await, WARM_UP);
}

#[tokio::test]
async fn the_flight_demo_tells_its_options_and_what_is_wrong_with_others() {
    let with = |arguments: &[&str]| {
        let mut command = embedded("flight_delay");
        command.args(arguments);
        ended(command)
    };
    let (status, help, _) = with(&["--help"]).await;
    assert_eq!(status, Some(0));
    assert_tells(&help, &["--flight-id N", "--interactive", "--verbose", "--flush", "--help", "DATABASE_URL"]);
    for (arguments, says) in [
        (&["--fast"][..], "there is no option --fast"),
        (&["115"], "there is no option 115"),
        (&["--flight-id"], "--flight-id needs a value"),
        (&["--flight-id", "LH"], "--flight-id needs a number, not LH"),
    ] {
        let (status, _, errors) = with(arguments).await;
        assert_eq!(status, Some(2), "{errors}");
        assert!(errors.contains(says), "{errors}");
    }
    let (status, _, errors) = with(&["--flight-id", "99999"]).await;
    assert_eq!(status, Some(1));
    assert!(errors.contains("there is no flight 99999; --flight-id takes another"), "{errors}");
}
