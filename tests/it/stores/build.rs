//! What cannot be used is said clearly, and no password is ever shown.

use std::time::Duration;

use sea_orm::Database;
use writethrough::{Error, Outcome, RedisOptions, Store, StoreBuilder};

use crate::support::databases::Backend;
use crate::support::entities::flight;
use crate::support::entities::keys::{airport, seat};
use crate::support::probe::recorded;
use crate::support::stage::{CacheKind, Stage};

const PASSWORD: &str = "s3cret";

fn builder() -> StoreBuilder {
    Store::builder().database_url("sqlite::memory:")
}

/// The refusal of an input, with every text that a user may see of it.
#[track_caller]
fn refusal(built: Result<Store, Error>, of: &str) -> String {
    let Err(error) = built else { panic!("{of} is taken") };
    assert!(error.is_bad_input(), "{of}: {error}");
    assert_eq!(error.outcome(), Outcome::NotCommitted);
    assert!(!format!("{error} {error:?}").contains(PASSWORD), "{of}: {error:?}");
    error.to_string()
}

#[tokio::test]
async fn a_database_url_that_cannot_be_used_is_refused() {
    for url in [
        "",
        "flights",
        "s3cret",
        "postgres://user:s3cret@[broken/app",
        "oracle://user:s3cret@localhost/app",
        "postgres//user:s3cret@localhost",
        "mongodb://user:s3cret@localhost",
        "postgres://user:s3cret@localhost:port/app",
    ] {
        let message = refusal(Store::connect(url, "memory:").await, url);
        assert!(message.contains("postgres:"), "a remedy is named: {message}");
    }
}

#[tokio::test]
async fn a_cache_url_that_cannot_be_used_is_refused() {
    for url in [
        "",
        "cache",
        "memory:a b",
        "memory:a/b",
        "redis:",
        "http://user:s3cret@localhost",
        "redis://user:s3cret@[broken",
        "redis://user:s3cret@localhost:port",
        "redis://user:s3cret@localhost/database",
        "s3cret",
    ] {
        let message = refusal(builder().cache_url(url).build().await, url);
        assert!(message.contains(':') && message.len() > 20, "what to do is said: {message}");
        refusal(builder().redis(RedisOptions::new(format!("http://x:{PASSWORD}@y"))).build().await, url);
    }
}

#[tokio::test]
async fn a_database_that_lets_nobody_in_is_an_error_without_the_password() {
    for backend in [Backend::Postgres, Backend::MySql] {
        let stage = Stage::new(backend, CacheKind::Memory).await;
        let mut url = url::Url::parse(&stage.database_url()).unwrap();
        url.set_username("nobody-of-this-name").unwrap();
        url.set_password(Some(PASSWORD)).unwrap();
        let error = Store::connect(url.as_str(), "memory:").await.unwrap_err();
        assert!(!error.is_bad_input(), "{error}");
        assert_eq!(error.outcome(), Outcome::NotCommitted, "{error}");
        assert!(!format!("{error} {error:?}").contains(PASSWORD), "{error:?}");
    }
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_an_error() {
    for backend in [Backend::Postgres, Backend::MySql] {
        let stage = Stage::new(backend, CacheKind::Memory).await;
        let error = Store::connect(&format!("{}-not", stage.database_url()), "memory:").await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotCommitted, "{error}");
    }
    let error = Store::connect("sqlite:///no/such/directory/app.db", "memory:").await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotCommitted, "{error}");
}

#[tokio::test]
async fn settings_out_of_their_range_are_refused() {
    let (zero, second, year) = (Duration::ZERO, Duration::from_secs(1), Duration::from_secs(366 * 24 * 3_600));
    let refused = [
        ("default_ttl", builder().default_ttl(zero)),
        ("default_ttl", builder().default_ttl(second / 2)),
        ("default_ttl", builder().default_ttl(year)),
        ("cache_timeout", builder().cache_timeout(zero)),
        ("cache_timeout", builder().cache_timeout(year)),
        ("write_timeout", builder().write_timeout(zero)),
        ("write_timeout", builder().write_timeout(year)),
        ("lease_time", builder().lease_time(zero)),
        ("lease_time", builder().lease_time(year)),
        ("close_timeout", builder().close_timeout(year)),
    ];
    for (name, builder) in refused {
        let message = refusal(builder.build().await, name);
        assert!(message.contains(name) && message.contains("between"), "{message}");
    }
    let at_the_bounds = builder().default_ttl(second).cache_timeout(Duration::from_millis(1)).close_timeout(zero);
    at_the_bounds.build().await.unwrap();
}

#[tokio::test]
async fn a_namespace_is_neither_empty_nor_endless() {
    let message = refusal(builder().namespace("").build().await, "an empty namespace");
    assert!(message.contains("namespace"), "{message}");
    let message = refusal(builder().namespace("n".repeat(65)).build().await, "a long namespace");
    assert!(message.contains("64"), "{message}");
    builder().namespace("n".repeat(64)).build().await.unwrap();
    builder().namespace("a: *{b}").build().await.unwrap();
}

#[tokio::test]
async fn a_pool_of_no_connections_is_refused() {
    refusal(builder().redis(RedisOptions::new("redis://localhost").pool_size(0)).build().await, "an empty pool");
}

#[tokio::test]
async fn a_store_needs_a_database() {
    let message = refusal(Store::builder().cache_url("memory:").build().await, "no database");
    assert!(message.contains("database_url()"), "{message}");
}

#[tokio::test]
async fn debug_shows_no_password() {
    let url = "redis://user:s3cret@127.0.0.1:1";
    let options = RedisOptions::new(url);
    let builder = builder().cache_url(url).database_url("postgres://user:s3cret@127.0.0.1/app");
    let with_options = Store::builder().redis(options.clone());
    let database = Database::connect("sqlite::memory:").await.unwrap();
    let store = Store::builder().database(database).redis(options.clone()).build().await.unwrap();
    for text in [format!("{options:?}"), format!("{builder:?}"), format!("{with_options:?}"), format!("{store:?}")] {
        assert!(!text.contains(PASSWORD), "{text}");
        assert!(text.len() > 20, "{text}");
    }
}

#[tokio::test]
async fn a_key_that_is_too_long_is_refused_before_anything_is_sent() {
    let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
    stage.create_table(airport::Entity).await;
    stage.create_table(seat::Entity).await;
    let (store, log) = recorded(&stage).await;
    let long = || "l".repeat(9_000);
    let refused = [
        airport::Entity::load_cached(long(), &store).await.err(),
        airport::Entity::load_many_cached(["BER".to_owned(), long()], &store).await.err(),
        airport::Entity::delete_by_id_through(long(), &store).await.err(),
        airport::Entity::invalidate(long(), &store).await.err(),
        seat::named((1, long()), "somebody").insert_through(&store).await.err(),
    ];
    for error in refused {
        let error = error.expect("the key is too long");
        assert!(error.is_bad_input(), "{error}");
        assert_eq!(error.outcome(), Outcome::NotCommitted);
        assert!(error.to_string().contains("too long"), "{error}");
    }
    assert_eq!(log.take(), Vec::<String>::new());
}

#[tokio::test]
async fn mariadb_urls_mean_mysql() {
    let stage = Stage::new(Backend::MySql, CacheKind::Memory).await;
    stage.create_table(flight::Entity).await;
    let url = stage.database_url().replacen("mysql:", "mariadb:", 1);
    let store = Store::connect(&url, "memory:").await.unwrap();
    assert_eq!(flight::Entity::load_cached(1, &store).await.unwrap(), None);
}
