//! Clients whose commands are lost, delayed and repeated on their way to the cache.

use stateright::{Model, Property};
use writethrough_core::policy::OnCacheFailure::{self, Degrade, Fail};
use writethrough_core::protocol::Stamp;

use super::correspondents::{Loader, Loads, Repair, Saver, Saves};
use super::explore::{holds, holds_except, refuted};
use super::key::Executor;
use super::network::{Network, Stamping, Stamps};
use super::scene::{AGREES, FRESH, MONOTONIC, SERVED, Scene, Sight, Staged, promises};
use super::witness::Versions;

#[test]
fn lost_late_and_repeated_commands_do_no_harm_to_those_who_stop_without_a_fence() {
    holds(Correspondence { delays: 2, repeats: 2, ..Correspondence::of(Fail, 2, 1, 2) });
}

#[test]
fn the_same_among_two_readers() {
    holds(Correspondence { delays: 1, repeats: 1, ..Correspondence::of(Fail, 2, 2, 1) });
}

#[test]
fn late_renewals_do_no_harm() {
    holds(Correspondence { delays: 1, repeats: 2, renewals: true, ..Correspondence::of(Fail, 2, 1, 1) });
}

/// A write without a fence is seen before its repair, so two loads may see two orders until then; never afterwards.
#[test]
fn a_write_that_went_on_without_a_fence_is_repaired_after_its_commit() {
    holds_except(Correspondence { delays: 2, repeats: 1, ..Correspondence::of(Degrade, 2, 1, 2) }, &[MONOTONIC]);
}

#[test]
fn a_write_whose_outcome_is_unknown_is_repaired_by_a_fence_left_to_expire() {
    let unknown = Correspondence { lost_connections: 1, ..Correspondence::of(Degrade, 2, 1, 2) };
    holds_except(Correspondence { delays: 1, ..unknown }, &[MONOTONIC]);
}

#[test]
fn a_write_whose_outcome_is_unknown_cannot_be_repaired_by_an_invalidation() {
    let unknown = Correspondence { delays: 1, lost_connections: 1, ..Correspondence::of(Degrade, 1, 1, 1) };
    refuted(&Correspondence { repair: Repair::InvalidatesTheUnknown, ..unknown }, AGREES);
}

#[test]
fn a_repair_before_the_commit_repairs_nothing() {
    let early = Correspondence { delays: 1, repair: Repair::BeforeTheCommit, ..Correspondence::of(Degrade, 1, 1, 2) };
    refuted(&early, FRESH);
    refuted(&early, AGREES);
}

#[test]
fn a_repeated_fence_and_a_late_finish_without_server_stamps_bring_back_an_old_value() {
    let unstamped =
        Correspondence { delays: 1, repeats: 1, stamps: Stamps::ByClient, ..Correspondence::of(Fail, 2, 1, 1) };
    refuted(&unstamped, FRESH);
    refuted(&unstamped, AGREES);
}

#[test]
fn a_value_finished_under_an_unacknowledged_fence_brings_back_an_old_value() {
    let guessing = Correspondence { delays: 1, repair: Repair::ByFinish, ..Correspondence::of(Degrade, 2, 1, 1) };
    refuted(&guessing, FRESH);
    refuted(&guessing, AGREES);
}

/// Who corresponds with the cache, and how badly the post works.
#[derive(Clone, Debug)]
struct Correspondence {
    writers: usize,
    readers: usize,
    loads: u8,
    /// What a writer does when its fence is not acknowledged.
    policy: OnCacheFailure,
    repair: Repair,
    renewals: bool,
    stamps: Stamps,
    delays: u8,
    repeats: u8,
    /// So many writers lose their connection to the database before they learn the outcome.
    lost_connections: u8,
}

impl Correspondence {
    fn of(policy: OnCacheFailure, writers: usize, readers: usize, loads: u8) -> Self {
        Self {
            writers,
            readers,
            loads,
            policy,
            repair: Repair::AfterTheCommit,
            renewals: false,
            stamps: Stamps::ByServer,
            delays: 0,
            repeats: 0,
            lost_connections: 0,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Hash)]
struct Office {
    scene: Scene<Versions>,
    network: Network,
    savers: Vec<Saver>,
    loaders: Vec<Loader>,
    lost_connections: u8,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    Saver(u8, Saves),
    Loader(u8, Loads),
    Deliver(usize),
    LapseToken(Stamp),
    Evict,
}

impl Staged for Office {
    type Witness = Versions;

    fn scene(&self) -> &Scene<Versions> {
        &self.scene
    }

    fn is_at_rest(&self) -> bool {
        self.savers.iter().all(|saver| saver.is_at_rest())
    }
}

impl Model for Correspondence {
    type State = Office;
    type Action = Action;

    fn init_states(&self) -> Vec<Office> {
        let office = |scene| Office {
            scene,
            network: Network::new(self.delays, self.repeats),
            savers: vec![Saver::Idle; self.writers],
            loaders: vec![Loader::new(self.loads); self.readers],
            lost_connections: 0,
        };
        Scene::first(self.readers).map(office).collect()
    }

    fn actions(&self, office: &Office, actions: &mut Vec<Action>) {
        for (who, saver) in (0..).zip(&office.savers) {
            let may_lose = office.lost_connections < self.lost_connections;
            let choices = saver.choices(self.repair, self.renewals, may_lose, &office.network);
            actions.extend(choices.into_iter().map(|saves| Action::Saver(who, saves)));
        }
        for (who, loader) in (0..).zip(&office.loaders) {
            actions.extend(loader.choices(&office.network).into_iter().map(|loads| Action::Loader(who, loads)));
        }
        actions.extend((0..office.network.late()).map(Action::Deliver));
        for stamp in office.scene.key.tokens() {
            if !office.savers.iter().any(|saver| saver.relies_on(stamp)) {
                actions.push(Action::LapseToken(stamp));
            }
        }
        if office.scene.key.is_evictable() {
            actions.push(Action::Evict);
        }
    }

    fn next_state(&self, office: &Office, action: Action) -> Option<Office> {
        let mut next = office.clone();
        let executor = &Executor::RIGHT;
        match action {
            Action::Saver(who, saves) => {
                let saver = &mut next.savers[usize::from(who)];
                next.lost_connections += u8::from(saves == Saves::LoseConnection);
                *saver = saver.take(who, saves, self.policy, self.stamps, &mut next.network, &mut next.scene);
            }
            Action::Loader(who, loads) => {
                let loader = &mut next.loaders[usize::from(who)];
                loader.take(who, loads, self.stamps, &mut next.network, &mut next.scene);
            }
            Action::Deliver(which) => {
                let mut server = Stamping { key: &mut next.scene.key, executor, stamps: self.stamps };
                next.network.deliver(which, &mut server);
            }
            Action::LapseToken(stamp) => next.scene.key.lapse_token(stamp, executor),
            Action::Evict => next.scene.key.lapse(executor),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = promises();
        properties.push(Property::sometimes(SERVED, |_, office: &Office| office.scene.sight == Sight::Served));
        properties
    }
}
