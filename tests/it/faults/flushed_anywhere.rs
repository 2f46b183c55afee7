//! A cache that is flushed, in any way, before or after any command of a load or a save.

use super::entities::flight;
use super::gate::{Awaited, Gate};
use super::scene::{Scene, Verb, comes_from_cache, gate_of, load};

const FLUSHES: [&[&str]; 3] = [&["FLUSHALL"], &["FLUSHDB", "ASYNC"], &["SCRIPT", "FLUSH"]];

/// Where a command is stopped.
#[derive(Clone, Copy, Debug)]
enum Point {
    Before(Verb),
    After(Verb),
}

impl Point {
    fn around(verbs: [Verb; 2]) -> impl Iterator<Item = Self> {
        verbs.into_iter().flat_map(|verb| [Self::Before(verb), Self::After(verb)])
    }

    fn stop(self, gate: &Gate) -> Awaited {
        match self {
            Self::Before(verb) => gate.stop_request(verb.mark()),
            Self::After(verb) => gate.stop_reply(verb.mark()),
        }
    }
}

/// Each flush at each point, with a flight of its own.
fn cases(verbs: [Verb; 2]) -> impl Iterator<Item = (i32, &'static [&'static str], Point)> {
    let cases = FLUSHES.into_iter().flat_map(move |flush| Point::around(verbs).map(move |point| (flush, point)));
    (1..).zip(cases).map(|(id, (flush, point))| (id, flush, point))
}

on_every_backend! {
    // Between GET and LEASE, LEASE and query, query and FILL, and after it; somebody saves at that very moment.
    async fn a_load_keeps_nothing_old(backend: Backend) {
        let scene = Scene::new(backend).await;
        let (reader, other) = (scene.behind_gate().await, scene.store().await);
        for (id, flush, point) in cases([Verb::Lease, Verb::Fill]) {
            other.insert(flight::at(id, "A1")).await.expect("all is well");
            scene.expire(id);
            scene.load_scripts();
            let stopped = point.stop(&scene.gate);
            let (loaded, ()) = tokio::join!(load(&reader, id), async {
                let stopped = stopped.stopped().await;
                scene.redis.cli(flush);
                other.save(flight::moved(id, "B2")).await.expect("all is well");
                scene.redis.cli(flush);
                stopped.pass();
            });

            let loaded = loaded.0.expect("there is such a flight");
            assert!(["A1", "B2"].contains(&loaded.as_str()), "it began before the save; {loaded}: {flush:?} {point:?}");
            for store in [&reader, &other] {
                assert_eq!(gate_of(store, id).await, "B2", "{flush:?} {point:?}");
            }
            comes_from_cache(&reader, id, "B2").await;
        }
    }

    // Before FENCE, between FENCE and statement, statement and FINISH, and after it; somebody reads at that very moment.
    async fn a_save_leaves_nothing_old(backend: Backend) {
        let scene = Scene::new(backend).await;
        let (writer, other) = (scene.behind_gate().await, scene.store().await);
        for (id, flush, point) in cases([Verb::Fence, Verb::Finish]) {
            other.insert(flight::at(id, "A1")).await.expect("all is well");
            scene.load_scripts();
            let stopped = point.stop(&scene.gate);
            let (saved, ()) = tokio::join!(writer.save(flight::moved(id, "B2")), async {
                let stopped = stopped.stopped().await;
                scene.redis.cli(flush);
                let truth = scene.truth(id).await;
                for _ in 0..2 {
                    assert_eq!(load(&other, id).await.0, truth, "{flush:?} {point:?}");
                }
                stopped.pass();
            });

            saved.expect("all is well");
            for store in [&writer, &other] {
                assert_eq!(gate_of(store, id).await, "B2", "{flush:?} {point:?}");
            }
            comes_from_cache(&other, id, "B2").await;
        }
    }
}
