//! Keeps one connection alive: makes the next one when it ends.
//!
//! While there is none, callers learn so at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{Connection, Life, Setup};
use crate::cache::{CacheError, Link};

const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A place for a connection, taken by one after the other.
pub(super) struct Lane(watch::Receiver<State>);

#[derive(Clone)]
enum State {
    /// Nothing is known yet.
    Connecting,
    Up(Arc<Connection>),
    Down(CacheError),
}

impl Lane {
    /// A lane that a task of its own keeps supplied until the token is cancelled.
    pub(super) fn open(setup: Setup, link: Arc<Link>, tasks: &TaskTracker, closing: CancellationToken) -> Self {
        let (state, lane) = watch::channel(State::Connecting);
        tasks.spawn(supervise(setup, link, state, closing));
        Self(lane)
    }

    /// The connection, if there is one.
    pub(super) fn connection(&self) -> Result<Arc<Connection>, CacheError> {
        match &*self.0.borrow() {
            State::Up(connection) => Ok(Arc::clone(connection)),
            State::Down(error) => Err(error.clone()),
            State::Connecting => Err(CacheError::Unavailable("not connected yet".to_owned())),
        }
    }

    /// Waits for the outcome of the first attempt to connect; later, tells the latest.
    pub(super) async fn ready(&self) -> Result<(), CacheError> {
        let mut state = self.0.clone();
        match state.wait_for(|state| !matches!(state, State::Connecting)).await.as_deref() {
            Ok(State::Down(error)) => Err(error.clone()),
            Ok(_) => Ok(()),
            Err(_) => Err(CacheError::Closed),
        }
    }
}

/// Publishes connections one after the other.
async fn supervise(setup: Setup, link: Arc<Link>, state: watch::Sender<State>, closing: CancellationToken) {
    let mut pauses = Pauses::default();
    loop {
        let begun = tokio::select! {
            begun = Life::begin(setup.clone()) => begun,
            () = closing.cancelled() => break,
        };
        match begun.unwrap_or_else(|panic| Err(CacheError::Unavailable(panic.to_string()))) {
            Ok(mut life) => {
                tracing::debug!("connected to the cache");
                let began = Instant::now();
                let was_down = matches!(*state.borrow(), State::Down(_));
                let open = || drop(state.send_replace(State::Up(Arc::clone(&life.connection))));
                if was_down {
                    link.came_back(open)
                } else {
                    open()
                }
                tokio::select! {
                    why = life.end() => {
                        tracing::warn!(%why, "the cache connection ended");
                        state.send_replace(State::Down(why));
                        link.lost();
                    }
                    () = closing.cancelled() => {
                        state.send_replace(State::Down(CacheError::Closed));
                        life.close(setup.timeout).await;
                        break;
                    }
                }
                pauses.after(began.elapsed());
            }
            Err(why) => {
                tracing::debug!(%why, "no connection to the cache");
                if matches!(state.send_replace(State::Down(why)), State::Connecting) {
                    link.lost();
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pauses.next()) => {}
            () = closing.cancelled() => break,
        }
    }
    state.send_replace(State::Down(CacheError::Closed));
}

/// How long to wait between attempts: twice as long each time, with jitter, so that clients of a server that comes back
/// do not all come at once.
#[derive(Default)]
struct Pauses(u32);

impl Pauses {
    fn next(&mut self) -> Duration {
        let pause = SHORTEST_PAUSE.saturating_mul(1 << self.0.min(16)).min(LONGEST_PAUSE);
        self.0 += 1;
        pause.mul_f64(rand::random_range(0.5..=1.0))
    }

    /// A connection that lasted starts anew; one that was cut at once does not.
    fn after(&mut self, lived: Duration) {
        if lived >= LONGEST_PAUSE {
            self.0 = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_second_and_start_anew_after_a_life_that_lasted() {
        let mut pauses = Pauses::default();
        assert!(pauses.next() <= SHORTEST_PAUSE);
        let later: Vec<Duration> = (0..40).map(|_| pauses.next()).collect();
        assert!(later.iter().all(|pause| *pause <= LONGEST_PAUSE));
        assert!(later.iter().skip(8).all(|pause| *pause >= LONGEST_PAUSE / 2));
        pauses.after(Duration::from_millis(3));
        assert!(pauses.next() >= LONGEST_PAUSE / 2);
        pauses.after(Duration::from_secs(60));
        assert!(pauses.next() <= SHORTEST_PAUSE);
    }
}
