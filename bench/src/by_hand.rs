//! The same work as straight code: what an application would write that knows the key, the row and the protocol.

use std::time::Duration;

use bytes::Bytes;
use fred::clients::Client;
use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::config::{Config, ConnectionConfig, PerformanceConfig, TcpConfig};
use fred::types::scripts::Script;
use fred::types::{Expiration, Key};
use sea_orm::{ActiveModelTrait, DatabaseConnection};
use writethrough_core::entry::{Decoded, Payload, decode, encode_row};

use crate::Result;
use crate::flight;

const TTL_MILLIS: i64 = 3_600_000;
/// As long as the store's own fences live.
const FENCE_MILLIS: i64 = 60_000;

/// A fred client, configured as the store configures its own, and the two scripts of a save.
pub(crate) struct ByHand {
    client: Client,
    db: DatabaseConnection,
    namespace: String,
    fence: Script,
    compare_and_set: Script,
}

impl ByHand {
    pub(crate) async fn connect(redis_url: &str, db: DatabaseConnection, namespace: &str) -> Result<Self> {
        let performance =
            PerformanceConfig { default_command_timeout: crate::stage::CACHE_TIMEOUT, ..Default::default() };
        let connection = ConnectionConfig {
            connection_timeout: Duration::from_secs(1),
            internal_command_timeout: Duration::from_secs(1),
            max_command_attempts: 1,
            tcp: TcpConfig { nodelay: Some(true), ..Default::default() },
            ..Default::default()
        };
        let client = Client::new(Config::from_url(redis_url)?, Some(performance), Some(connection), None);
        client.init().await?;
        let fence = Script::from_lua(include_str!("lua/fence.lua"));
        let compare_and_set = Script::from_lua(include_str!("lua/compare_and_set.lua"));
        fence.load(&client).await?;
        compare_and_set.load(&client).await?;
        Ok(Self { client, db, namespace: namespace.to_owned(), fence, compare_and_set })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    fn key(&self, id: i64) -> String {
        format!("{}:flight:{id}", self.namespace)
    }

    /// Puts the row into the cache.
    pub(crate) async fn set(&self, row: &flight::Model) -> Result<()> {
        let expiry = Some(Expiration::PX(TTL_MILLIS));
        let Payload(bytes) = encode_row::<flight::Entity>(row)?;
        self.client.set::<(), _, _>(self.key(row.id), bytes, expiry, None, false).await?;
        Ok(())
    }

    /// GET and decode.
    pub(crate) async fn load(&self, id: i64) -> Result<Option<flight::Model>> {
        let raw: Option<Bytes> = self.client.get(self.key(id)).await?;
        raw.map(row).transpose()
    }

    /// MGET and decode.
    pub(crate) async fn load_many(&self, ids: &[i64]) -> Result<Vec<Option<flight::Model>>> {
        let keys: Vec<Key> = ids.iter().map(|id| self.key(*id).into()).collect();
        let raws: Vec<Option<Bytes>> = self.client.mget(keys).await?;
        raws.into_iter().map(|raw| raw.map(row).transpose()).collect()
    }

    /// A fence, UPDATE … RETURNING, and the value if the fence is still ours.
    pub(crate) async fn save(&self, change: flight::ActiveModel, id: i64) -> Result<flight::Model> {
        let key = self.key(id);
        let token = rand::random::<u64>().to_string();
        self.fence.evalsha::<(), _, _, _>(&self.client, key.clone(), (token.clone(), FENCE_MILLIS)).await?;
        let row = change.update(&self.db).await?;
        let Payload(bytes) = encode_row::<flight::Entity>(&row)?;
        let arguments = vec![token.into(), fred::types::Value::Bytes(bytes), TTL_MILLIS.into()];
        self.compare_and_set.evalsha::<(), _, _, _>(&self.client, key, arguments).await?;
        Ok(row)
    }

    /// UPDATE … RETURNING and SET: what most applications do, and what two writers at once break.
    pub(crate) async fn save_naively(&self, change: flight::ActiveModel) -> Result<flight::Model> {
        let row = change.update(&self.db).await?;
        self.set(&row).await?;
        Ok(row)
    }
}

fn row(raw: Bytes) -> Result<flight::Model> {
    match decode::<flight::Entity>(&Payload(raw))? {
        Decoded::Row(row) => Ok(row),
        Decoded::Absent => Err("an entry says that there is no row".into()),
    }
}
