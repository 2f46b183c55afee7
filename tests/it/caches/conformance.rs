//! Every cache keeps the protocol.

use std::sync::Arc;

use writethrough_core::cache::memory::{MemoryCache, MemoryOptions};
use writethrough_core::cache::redis::RedisOptions;
use writethrough_core::cache::{Cache, SharedCache, conformance};

use super::fixture::*;
use crate::support::redis::{RedisCluster, RedisServer};

async fn conforms(cache: SharedCache) {
    conformance::check(Arc::clone(&cache)).await;
    conformance::check_deadlines(Arc::clone(&cache)).await;
    cache.close().await;
}

#[tokio::test]
async fn the_memory_cache_conforms() {
    conforms(Arc::new(MemoryCache::new(MemoryOptions::new()))).await;
}

#[tokio::test]
async fn a_redis_server_conforms() {
    let server = RedisServer::start([]);
    conforms(patient(server.url()).await).await;
}

#[tokio::test]
async fn a_redis_server_on_a_unix_socket_conforms() {
    let server = RedisServer::start([]);
    conforms(patient(server.socket_url()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_of_connections_conforms() {
    let server = RedisServer::start([]);
    conforms(connected(RedisOptions::new(server.url()).pool_size(3), PATIENT).await).await;
}

#[tokio::test]
async fn a_cache_that_trusts_any_incarnation_conforms() {
    let server = RedisServer::start([]);
    conforms(connected(RedisOptions::new(server.url()).trust_any_incarnation(true), PATIENT).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_cluster_conforms() {
    let cluster = RedisCluster::start();
    let cache = patient(cluster.url()).await;
    assert!(cache.is_clustered());
    conforms(cache).await;
}
