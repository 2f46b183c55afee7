//! What the readme says a Redis user needs is what one needs: with these commands everything works, and without any one of
//! them something does not.

use std::collections::BTreeSet;

use writethrough::__private::{insert, load_by_key};
use writethrough::{CacheEffect, Error, OnCacheFailure, Source, Store};

use crate::support::databases::Backend;
use crate::support::entities::flight;
use crate::support::entities::keys::airport;
use crate::support::entities::uniques::ticket;
use crate::support::redis::{RedisCluster, RedisServer};
use crate::support::stage::{CacheKind, Stage};

/// The commands of the sentence in the readme, and those that it adds for a cluster.
fn commands() -> (Vec<String>, Vec<String>) {
    let (_, rest) = include_str!("../../../README.md").split_once("A Redis user needs").expect("the sentence");
    let (everywhere, rest) = rest.split_once(';').expect("its first half");
    let (cluster, _) = rest.split_once('.').expect("its end");
    let commands = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1);
        words.filter(|word| word.chars().all(char::is_uppercase)).map(str::to_lowercase).collect::<Vec<_>>()
    };
    let cluster = commands(cluster);
    let subcommands = cluster.iter().filter(|word| *word != "cluster").map(|word| format!("cluster|{word}"));
    (commands(everywhere), subcommands.collect())
}

/// Gives the user `app` these commands on the keys of tests, and no others.
fn allow(server: &RedisServer, commands: &[String]) {
    let allowed: Vec<_> = commands.iter().map(|command| format!("+{command}")).collect();
    let fixed = ["ACL", "SETUSER", "app", "reset", "on", ">s3cret", "~it-*:*", "~{it-*:*", "-@all"];
    let command: Vec<&str> = fixed.into_iter().chain(allowed.iter().map(String::as_str)).collect();
    assert_eq!(server.cli(&command), "OK", "{commands:?}");
}

/// The server's address with the user's name and password in it.
fn as_user(url: &str) -> String {
    url.replacen("://", "://app:s3cret@", 1)
}

async fn stage(url: String) -> Stage {
    let stage = Stage::new(Backend::Sqlite, CacheKind::Redis).await.on(url);
    stage.create_table(flight::Entity).await;
    stage.create_table(airport::Entity).await;
    stage.create_table(ticket::Entity).await;
    stage
}

/// Every verb, where whatever the cache does not acknowledge is an error.
async fn everything(stage: &Stage, forget_scripts: impl Fn()) -> Result<(), Error> {
    let builder = stage.builder().on_cache_failure(OnCacheFailure::Fail);
    let store = builder.cache_timeout(std::time::Duration::from_secs(2)).build().await?;
    let done = verbs(&store, forget_scripts).await;
    store.close().await.ok();
    done
}

async fn verbs(store: &Store, forget_scripts: impl Fn()) -> Result<(), Error> {
    let id = flight::departure("WT").insert_through(store).await?.id;
    forget_scripts();
    let saved = store.save(flight::delay(id, 5)).await?;
    let mut works = saved.cache == CacheEffect::Refreshed;
    works &= store.load::<flight::Entity>(id).await?.source == Source::Cache;
    for _ in 0..2 {
        flight::Entity::load_many_cached([id, id + 1000], store).await?;
    }
    flight::Entity::invalidate(id, store).await?;
    works &= store.load::<flight::Entity>(id).await?.source == Source::Database;
    works &= store.load::<flight::Entity>(id).await?.source == Source::Cache;
    airport::named(format!("A{id}"), "new").insert_through(store).await?;
    insert::<ticket::Entity, _>(ticket::numbered(id, &format!("{id}@x")), store).await?;
    load_by_key::<ticket::Entity, _>(ticket::CODE, ticket::code(i64::from(id) + 1000), store).await?;
    store.transaction(async |tx| flight::delay(id, 6).update_through(tx).await).await?;
    works &= store.load::<flight::Entity>(id).await?.source == Source::Cache;
    flight::Entity::invalidate_all(store).await?;
    works &= store.load::<flight::Entity>(id).await?.source == Source::Database;
    works &= store.delete_by_id::<flight::Entity>(id).await?.cache == CacheEffect::Refreshed;
    if works { Ok(()) } else { Err(sea_orm::DbErr::Custom("the cache was not used".to_owned()).into()) }
}

#[tokio::test]
async fn a_user_needs_the_commands_of_the_readme_and_each_of_them() {
    let server = RedisServer::start([]);
    let (commands, _) = commands();
    assert!(commands.len() > 5, "{commands:?}");
    let stage = stage(as_user(&server.url())).await;
    let forget_scripts = || drop(server.cli(&["SCRIPT", "FLUSH"]));
    allow(&server, &commands);
    everything(&stage, forget_scripts).await.unwrap_or_else(|error| panic!("{error}: {}", server.cli(&["ACL", "LOG"])));
    let mut superfluous = BTreeSet::new();
    for command in &commands {
        let others: Vec<_> = commands.iter().filter(|other| *other != command).cloned().collect();
        server.cli(&["ACL", "LOG", "RESET"]);
        allow(&server, &others);
        let done = everything(&stage, forget_scripts).await;
        if done.is_ok() && server.cli(&["ACL", "LOG"]).is_empty() {
            superfluous.insert(command.as_str());
        }
    }
    assert!(superfluous.is_empty(), "nobody misses {superfluous:?}");
}

#[tokio::test]
async fn on_a_cluster_a_user_needs_two_commands_more() {
    let cluster = RedisCluster::start();
    let (everywhere, on_a_cluster) = commands();
    let all: Vec<_> = everywhere.into_iter().chain(on_a_cluster.clone()).collect();
    let allow = |commands: &[String]| cluster.nodes.iter().for_each(|node| allow(node, commands));
    let forget_scripts = || cluster.nodes.iter().for_each(|node| drop(node.cli(&["SCRIPT", "FLUSH"])));
    let log = || cluster.nodes.iter().map(|node| node.cli(&["ACL", "LOG"])).collect::<String>();
    let stage = stage(as_user(&cluster.url())).await;
    allow(&all);
    everything(&stage, forget_scripts).await.unwrap_or_else(|error| panic!("{error}: {}", log()));
    for command in on_a_cluster {
        let others: Vec<_> = all.iter().filter(|other| **other != command).cloned().collect();
        cluster.nodes.iter().for_each(|node| drop(node.cli(&["ACL", "LOG", "RESET"])));
        allow(&others);
        let done = everything(&stage, forget_scripts).await;
        assert!(done.is_err() || !log().is_empty(), "nobody misses {command}");
    }
}
