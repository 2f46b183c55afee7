//! The examples on servers, as their heads tell users to run them; without servers `.ci/run` runs them.

use std::path::PathBuf;
use std::process::Stdio;

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

/// What the example prints; each on a Redis of its own, because its namespace is always the same.
async fn printed(example: &str, backend: Backend) -> String {
    let (database, redis) = (TestDatabase::create(backend).await, RedisServer::start([]));
    let output = Command::new(program(example))
        .env("DATABASE_URL", database.url())
        .env("CACHE_URL", redis.url())
        .stdin(Stdio::null())
        .output()
        .await
        .expect("the example can be started");
    let printed = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    printed
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
}
