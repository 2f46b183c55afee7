//! What stands in a stage's cache, seen beside the stores; and steps that no store would take.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::Value;
use sea_orm::sea_query::{IntoValueTuple, ValueTuple};
use writethrough::{CachedEntity, PkValue, RedisOptions, Store};
use writethrough_core::cache::memory::MemoryCache;
use writethrough_core::cache::redis::RedisCache;
use writethrough_core::cache::{Cache, CacheKey};
use writethrough_core::entity::KeySpace;
use writethrough_core::entry::{Decoded, Payload, decode, decode_list, decode_pointer};
use writethrough_core::protocol::{Nonce, Reply, Stamp, Standing, Step};

use super::stage::{CacheKind, Stage};
use super::statements::StatementLog;

/// What stands under a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen<M> {
    Nothing,
    Row(M),
    NoSuchRow,
    Undecodable,
    Leased,
    Fenced,
}

/// An observer of the cache.
pub struct Probe {
    cache: Arc<dyn Cache>,
    keys: KeySpace,
}

impl Probe {
    pub async fn of(stage: &Stage) -> Self {
        Self::at(stage, stage.namespace()).await
    }

    /// Looks into another namespace of the same cache.
    pub async fn at(stage: &Stage, namespace: &str) -> Self {
        match stage.cache {
            CacheKind::Memory => {
                let url = stage.cache_url();
                let memory: Arc<MemoryCache> =
                    MemoryCache::named(url.strip_prefix("memory:").expect("the scheme")).into();
                Self::new(memory, namespace)
            }
            CacheKind::Redis => Self::on_redis(&stage.cache_url(), namespace).await,
        }
    }

    /// Looks into any server.
    pub async fn on_redis(url: &str, namespace: &str) -> Self {
        let cache = RedisCache::new(RedisOptions::new(url), Duration::from_secs(5));
        let cache = cache.expect("the options of a test server");
        cache.ready().await.expect("the test server answers");
        Self::new(Arc::new(cache), namespace)
    }

    fn new(cache: Arc<dyn Cache>, namespace: &str) -> Self {
        Self { cache, keys: KeySpace::new(namespace, false).expect("a namespace") }
    }

    pub async fn look<E: CachedEntity>(&self, id: impl Into<PkValue<E>>) -> Seen<E::Model> {
        self.look_at::<E>(&self.key::<E>(id)).await
    }

    /// What stands under the pointer of a unique key: the primary key of a row, or that there is none.
    pub async fn look_by_key<E: CachedEntity>(&self, key: usize, values: &[Value]) -> Seen<ValueTuple> {
        match self.cache.get(&self.pointer::<E>(key, values)).await.expect("the cache answers") {
            Standing::Absent => Seen::Nothing,
            Standing::Leased => Seen::Leased,
            Standing::Fenced => Seen::Fenced,
            Standing::Value { value, .. } => match decode_pointer::<E>(key, &value) {
                Ok(Decoded::Row(pk)) => Seen::Row(pk),
                Ok(Decoded::Absent) => Seen::NoSuchRow,
                Err(_) => Seen::Undecodable,
            },
        }
    }

    /// What stands under the list of a value of an index: the primary keys of its rows.
    pub async fn look_at_list<E: CachedEntity>(&self, index: usize, values: &[Value]) -> Seen<Vec<ValueTuple>> {
        match self.cache.get(&self.list::<E>(index, values)).await.expect("the cache answers") {
            Standing::Absent => Seen::Nothing,
            Standing::Leased => Seen::Leased,
            Standing::Fenced => Seen::Fenced,
            Standing::Value { value, .. } => decode_list::<E>(index, &value).map_or(Seen::Undecodable, Seen::Row),
        }
    }

    pub async fn look_at<E: CachedEntity>(&self, key: &CacheKey) -> Seen<E::Model> {
        match self.cache.get(key).await.expect("the cache answers") {
            Standing::Absent => Seen::Nothing,
            Standing::Leased => Seen::Leased,
            Standing::Fenced => Seen::Fenced,
            Standing::Value { value, .. } => match decode::<E>(&value) {
                Ok(Decoded::Row(model)) => Seen::Row(model),
                Ok(Decoded::Absent) => Seen::NoSuchRow,
                Err(_) => Seen::Undecodable,
            },
        }
    }

    pub fn key<E: CachedEntity>(&self, id: impl Into<PkValue<E>>) -> CacheKey {
        self.key_of::<E>(&id.into().into_value_tuple())
    }

    pub fn key_of<E: CachedEntity>(&self, pk: &ValueTuple) -> CacheKey {
        self.keys.entry_key::<E>(pk).expect("a key")
    }

    pub fn pointer<E: CachedEntity>(&self, key: usize, values: &[Value]) -> CacheKey {
        self.keys.pointer_key::<E>(key, values).expect("a key").expect("no NULL")
    }

    pub fn list<E: CachedEntity>(&self, index: usize, values: &[Value]) -> CacheKey {
        self.keys.list_key::<E>(index, values).expect("a key").expect("no NULL")
    }

    /// Removes an entry as an eviction does: whatever it is.
    pub async fn invalidate<E: CachedEntity>(&self, id: impl Into<PkValue<E>>) {
        self.invalidate_at(&self.key::<E>(id)).await;
    }

    pub async fn invalidate_at(&self, key: &CacheKey) {
        self.step(key, Step::Invalidate).await;
    }

    /// Joins the fence of a row, as a writer in another process would.
    pub async fn fence<E: CachedEntity>(&self, id: impl Into<PkValue<E>>) -> Stamp {
        self.fence_at(&self.key::<E>(id)).await
    }

    pub async fn fence_at(&self, key: &CacheKey) -> Stamp {
        let step = Step::Fence { nonce: Nonce(rand::random()), lasting: Duration::from_secs(60) };
        match self.step(key, step).await {
            Reply::Fenced { stamp, .. } => stamp,
            other => panic!("a fence answers with its stamp, not {other:?}"),
        }
    }

    /// Leaves the fence of a row.
    pub async fn finish<E: CachedEntity>(&self, id: impl Into<PkValue<E>>, stamp: Stamp) {
        self.step(&self.key::<E>(id), Step::Finish { stamp, value: None }).await;
    }

    /// Replaces a row's entry by bytes that no client of this version writes.
    pub async fn scribble<E: CachedEntity>(&self, id: impl Into<PkValue<E>>, bytes: &[u8]) {
        self.put(&self.key::<E>(id), Payload(bytes.to_vec().into())).await;
    }

    /// Puts the entry of one row under the key of another.
    pub async fn copy<E: CachedEntity>(&self, from: impl Into<PkValue<E>>, to: impl Into<PkValue<E>>) {
        match self.cache.get(&self.key::<E>(from)).await {
            Ok(Standing::Value { value, .. }) => self.put(&self.key::<E>(to), value).await,
            other => panic!("there is no entry to copy: {other:?}"),
        }
    }

    /// Replaces what stands under a key.
    pub async fn put(&self, key: &CacheKey, payload: Payload) {
        let fence = Step::Fence { nonce: Nonce(rand::random()), lasting: Duration::from_secs(60) };
        let Reply::Fenced { stamp, .. } = self.step(key, fence).await else { panic!("a fence answers with its stamp") };
        self.step(key, Step::Finish { stamp, value: Some((payload, Duration::from_secs(60))) }).await;
    }

    async fn step(&self, key: &CacheKey, step: Step<Payload>) -> Reply<Payload> {
        let answer = self.cache.apply(vec![(key.clone(), step)]).await.pop();
        answer.expect("an answer for a call").expect("the cache answers")
    }
}

/// A store whose statements are recorded.
pub async fn recorded(stage: &Stage) -> (Store, StatementLog) {
    let mut db = stage.plain().await;
    let log = StatementLog::attach(&mut db);
    let store = stage.builder().database(db).build().await.expect("a store on this stage");
    log.take();
    (store, log)
}
