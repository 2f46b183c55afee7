//! Nothing lost: when all is over, and the time for repairs is, no entry differs from its row.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::IntoValueTuple;
use sea_orm::{DatabaseConnection, EntityTrait};

use crate::histories::row::{Entity, Model, codes_of, squads_of};
use crate::support::probe::{Probe, Seen};
use crate::support::redis::RedisServer;

/// What stood in the cache.
#[derive(Debug, Default)]
pub struct Settled {
    /// Entries that say something of a row, or that there is none.
    pub entries: usize,
    /// Rows of which they say something else than the database, each with both.
    pub differences: Vec<(i32, String)>,
}

/// Compares everything in the cache with the database; these are all rows that ever were.
pub async fn compare(redis: &RedisServer, namespace: &str, db: &DatabaseConnection, rows: &[i32]) -> Settled {
    let probe = Probe::on_redis(&redis.url(), namespace).await;
    let truth: HashMap<i32, Model> = Entity::find()
        .all(db)
        .await
        .expect("the database answers")
        .into_iter()
        .map(|model| (model.id, model))
        .collect();
    let mut settled = Settled::default();
    let mut known = HashSet::new();
    for row in rows {
        known.insert(probe.key::<Entity>(*row).as_str().to_owned());
        let truth = truth.get(row);
        let says = match probe.look::<Entity>(*row).await {
            Seen::Row(model) => Some(Some(model)),
            Seen::NoSuchRow => Some(None),
            Seen::Nothing | Seen::Leased | Seen::Fenced => None,
            Seen::Undecodable => panic!("the entry of row {row} cannot be read"),
        };
        settled.entries += usize::from(says.is_some());
        if let Some(says) = says.filter(|says| says.as_ref() != truth) {
            settled.differences.push((*row, format!("the cache has {says:?}, the database {truth:?}")));
        }
        for code in codes_of(*row) {
            let values = [code.into()];
            known.insert(probe.pointer::<Entity>(0, &values).as_str().to_owned());
            // A pointer that was left behind is harmless: whoever follows it looks at the row.
            let absent = probe.look_by_key::<Entity>(0, &values).await == Seen::NoSuchRow;
            settled.entries += usize::from(absent);
            if let Some(truth) = truth.filter(|truth| absent && truth.code == code) {
                settled.differences.push((*row, format!("the cache has no row under {code}, the database {truth:?}")));
            }
        }
        for squad in squads_of(*row) {
            let values = [squad.into()];
            known.insert(probe.list::<Entity>(0, &values).as_str().to_owned());
            // Rows that have left are harmless, too.
            let Seen::Row(list) = probe.look_at_list::<Entity>(0, &values).await else { continue };
            settled.entries += 1;
            let lacks = |model: &&Model| model.squad == squad && !list.contains(&row.into_value_tuple());
            if let Some(truth) = truth.filter(lacks) {
                settled.differences.push((*row, format!("the cache has {list:?} in {squad}, the database {truth:?}")));
            }
        }
    }
    for key in redis.cli(&["--scan"]).lines() {
        assert!(known.contains(key), "nobody knows of the entry {key}");
    }
    settled
}
