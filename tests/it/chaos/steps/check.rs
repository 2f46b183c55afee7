//! What must hold after each cell of the table.

use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use writethrough::{Source, Store};

use super::bench::{Before, Bench, Operation};
use super::operation::{NEW, OLD, Verb};
use crate::faults::entities::flight;
use crate::faults::locks;
use crate::histories::operation::State;
use crate::histories::row::{Entity, Values, code_of, codes_of, squad_of, squads_of};

impl Bench {
    /// Whether the database holds what was written, if that is known, and nobody sees anything else.
    pub async fn check(&self, operation: Operation, row: i32, written: Option<bool>) {
        let (verb, scene) = (operation.verb, &self.scene);
        locks::nobody_works_on(&scene.db).await;
        let truth = self.truth(verb, row).await;
        let before = if operation.before == Before::Absent { None } else { Some(OLD) };
        let after = match verb {
            _ if verb.deletes() => None,
            _ if verb.writes() => Some(NEW),
            _ => before,
        };
        let may_be = match written {
            Some(true) => vec![after],
            Some(false) => vec![before],
            None => vec![before, after],
        };
        assert!(may_be.contains(&truth[0]), "the database has {truth:?}; may be: {may_be:?}");
        assert!(!verb.is_of_two() || truth[0] == truth[1], "half of a transaction: {truth:?}");

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
        let by_squad = |squad| states[0].filter(|values| squad_of(row, values.gate) == squad);
        let by_squads: Vec<_> = squads_of(row).map(by_squad).collect();
        [states, by_codes, by_squads].concat()
    }

    async fn recorded(&self) -> usize {
        let backend = self.scene.db.get_database_backend();
        let all = Statement::from_string(backend, "SELECT id FROM writethrough_outbox");
        self.scene.db.query_all_raw(all).await.expect("the outbox is there").len()
    }
}

/// What a store says of the rows that it is about: by primary key, by each of their unique ones, and in each of their lists.
pub async fn seen_by(store: &Store, verb: Verb, row: i32) -> Vec<State> {
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
    for squad in squads_of(row) {
        let list = Entity::load_all_cached_by_squad(squad, store).await.expect("the database answers");
        states.push(list.into_iter().find(|model| model.id == row).map(Values::from));
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
