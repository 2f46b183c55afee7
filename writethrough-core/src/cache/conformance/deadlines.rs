//! What time does. The lives are short here, but long enough for two steps on a busy machine; the waits are longer, and
//! what must outlive them lives very long.

use std::time::Duration;

use super::fixture::{Fixture, LONG, value};
use crate::protocol::{Ending, Reply, Standing, Step};

const SHORT: Duration = Duration::from_millis(1500);

async fn pass() {
    tokio::time::sleep(SHORT + SHORT / 3).await;
}

pub(super) async fn a_lease_ends(f: &Fixture) {
    let key = f.key("a");
    let stamp = f.leased(&key, SHORT).await;
    f.is(&key, Standing::Leased).await;
    pass().await;
    f.is_absent(&key).await;
    f.fills(&key, stamp, &value("old"), false).await;
    f.is_absent(&key).await;
    f.leased(&key, LONG).await;
}

pub(super) async fn a_value_ends(f: &Fixture) {
    let (filled, finished) = (f.key("filled"), f.key("finished"));
    let stamp = f.leased(&filled, LONG).await;
    f.step(&filled, Step::Fill { stamp, value: value("1"), ttl: SHORT }).await;
    let stamp = f.fenced(&finished, LONG).await;
    f.step(&finished, Step::Finish { stamp, value: Some((value("1"), SHORT)) }).await;
    f.holds(&finished, &value("1")).await;
    pass().await;
    f.is_absent(&filled).await;
    f.is_absent(&finished).await;
}

pub(super) async fn a_fence_ends_and_its_finish_is_lost(f: &Fixture) {
    let key = f.key("a");
    let stamp = f.fenced(&key, SHORT).await;
    pass().await;
    f.is_absent(&key).await;
    f.finishes(&key, stamp, &value("1"), Ending::Lost).await;
    f.is_absent(&key).await;
}

pub(super) async fn each_token_has_its_own_deadline_and_losing_one_leaves_the_fence_contended(f: &Fixture) {
    let key = f.key("a");
    f.fenced(&key, SHORT).await;
    let living = f.fenced(&key, LONG).await;
    pass().await;
    f.is(&key, Standing::Fenced).await;
    f.finishes(&key, living, &value("1"), Ending::Contended).await;
    f.is_absent(&key).await;
}

pub(super) async fn a_token_lost_to_its_deadline_can_not_be_finished(f: &Fixture) {
    let key = f.key("a");
    let dead = f.fenced(&key, SHORT).await;
    let living = f.fenced(&key, LONG).await;
    pass().await;
    f.finishes(&key, dead, &value("1"), Ending::Lost).await;
    f.is(&key, Standing::Fenced).await;
    let reply = f.step(&key, Step::Finish { stamp: living, value: None }).await;
    f.same("FINISH", reply, Reply::Finished(Ending::Contended));
    f.is_absent(&key).await;
}

pub(super) async fn a_fence_lives_as_long_as_its_last_token(f: &Fixture) {
    let key = f.key("a");
    let living = f.fenced(&key, LONG).await;
    f.fenced(&key, SHORT).await;
    pass().await;
    f.is(&key, Standing::Fenced).await;
    f.finishes(&key, living, &value("1"), Ending::Contended).await;
    f.is_absent(&key).await;
}

pub(super) async fn a_renewal_moves_the_deadline(f: &Fixture) {
    let key = f.key("a");
    let stamp = f.fenced(&key, SHORT).await;
    f.renews(&key, stamp, LONG, true).await;
    pass().await;
    f.is(&key, Standing::Fenced).await;
    f.finishes(&key, stamp, &value("1"), Ending::Refreshed).await;
    f.holds(&key, &value("1")).await;
}

pub(super) async fn a_renewal_after_the_deadline_ends_absent(f: &Fixture) {
    let (alone, joined) = (f.key("alone"), f.key("joined"));
    let lost = f.fenced(&alone, SHORT).await;
    let gone = f.fenced(&joined, SHORT).await;
    let other = f.fenced(&joined, LONG).await;
    pass().await;
    f.renews(&alone, lost, LONG, false).await;
    f.is(&alone, Standing::Fenced).await;
    f.finishes(&alone, lost, &value("1"), Ending::Contended).await;
    f.is_absent(&alone).await;

    f.renews(&joined, gone, LONG, false).await;
    f.finishes(&joined, other, &value("1"), Ending::Contended).await;
    f.finishes(&joined, gone, &value("2"), Ending::Contended).await;
    f.is_absent(&joined).await;
}

pub(super) async fn a_renewal_can_shorten_a_fence(f: &Fixture) {
    let key = f.key("a");
    let stamp = f.fenced(&key, LONG).await;
    f.renews(&key, stamp, SHORT, true).await;
    pass().await;
    f.is_absent(&key).await;
}
