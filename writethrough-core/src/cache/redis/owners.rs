//! Which life of which server answers for a key.

use std::collections::HashMap;
use std::time::Duration;

use fred::clients::Client;
use fred::interfaces::{ClientLike, ClusterInterface, EventInterface};
use fred::types::ClusterStateChange;
use fred::types::config::{Options, Server};
use fred::util::redis_keyslot;
use futures_util::future::join_all;
use tokio::sync::broadcast::Receiver;

use super::error::unacknowledged;
use crate::cache::{CacheError, CacheKey};
use crate::protocol::Incarnation;

/// How long anything but a user's command may take: to connect, to log in, to say who one is, to prove to be alive.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// Who answers for a key.
pub(super) enum Owners {
    One(Incarnation),
    /// By the last slot of each range, in order. Holds while `changes` is empty: fred announces a new topology before
    /// it sends anything to a new owner.
    Cluster {
        slots: Vec<(u16, Incarnation)>,
        nodes: Vec<Server>,
        changes: Receiver<Vec<ClusterStateChange>>,
    },
}

impl Owners {
    /// Asks every server which life it is in.
    pub(super) async fn learn(client: &Client) -> Result<Self, CacheError> {
        if !client.is_clustered() {
            return introduce(client, None).await.map(Self::One);
        }
        let changes = client.cluster_change_rx();
        let Some(topology) = client.cached_cluster_state() else {
            return Err(CacheError::Unavailable("the cluster does not tell who owns which slot".to_owned()));
        };
        let nodes = topology.unique_primary_nodes();
        let mut known = HashMap::new();
        for (node, incarnation) in
            nodes.iter().zip(join_all(nodes.iter().map(|node| introduce(client, Some(node)))).await)
        {
            known.insert(node.clone(), incarnation?);
        }
        let mut slots: Vec<_> =
            topology.slots().iter().filter_map(|range| Some((range.end, *known.get(&range.primary)?))).collect();
        slots.sort_unstable_by_key(|&(end, _)| end);
        Ok(Self::Cluster { slots, nodes, changes })
    }

    /// Who answers for this key.
    pub(super) fn of(&self, key: &CacheKey) -> Option<Incarnation> {
        match self {
            Self::One(incarnation) => Some(*incarnation),
            Self::Cluster { slots, .. } => {
                let slot = redis_keyslot(key.as_str().as_bytes());
                slots.get(slots.partition_point(|&(end, _)| end < slot)).map(|&(_, incarnation)| incarnation)
            }
        }
    }

    /// Whether they are still those that were asked.
    pub(super) fn unchanged(&self) -> Result<(), CacheError> {
        match self {
            Self::Cluster { changes, .. } if !changes.is_empty() => {
                Err(CacheError::Unavailable("the cluster changed".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Which servers hold keys; `None` stands for the only one.
    pub(super) fn nodes(&self) -> Vec<Option<Server>> {
        match self {
            Self::One(_) => vec![None],
            Self::Cluster { nodes, .. } => nodes.iter().cloned().map(Some).collect(),
        }
    }
}

/// Asks a server which life it is in, and whether it can serve.
async fn introduce(client: &Client, node: Option<&Server>) -> Result<Incarnation, CacheError> {
    let info: String =
        client.with_options(&patiently(node)).info(None).await.map_err(|error| unacknowledged(&error))?;
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    if field("loading") == Some("1") {
        return Err(CacheError::Unavailable("the server is still loading its data".to_owned()));
    }
    if field("role") == Some("slave") {
        return Err(CacheError::Unavailable("the server is a replica; name its primary instead".to_owned()));
    }
    let run_id = field("run_id").and_then(|run_id| u64::from_str_radix(run_id.get(..16)?, 16).ok());
    run_id
        .map(Incarnation)
        .ok_or_else(|| CacheError::Rejected("the server does not tell its run_id in INFO".to_owned()))
}

/// Options for what is no user's command, sent to one node of a cluster if one is named.
pub(super) fn patiently(node: Option<&Server>) -> Options {
    Options { timeout: Some(PATIENCE), cluster_node: node.cloned(), ..Options::default() }
}
