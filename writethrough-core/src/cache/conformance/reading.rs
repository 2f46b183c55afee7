//! What readers do.

use bytes::Bytes;

use super::fixture::{Fixture, LONG, lease, nonce, value};
use crate::cache::CacheKey;
use crate::entry::Payload;
use crate::protocol::{Micros, Payload as _, Reply, Stamp, Standing, Step};

pub(super) async fn an_unknown_key_is_absent(f: &Fixture) {
    f.is_absent(&f.key("a")).await;
}

pub(super) async fn a_lease_is_granted_on_an_absent_key_and_to_one_reader(f: &Fixture) {
    let key = f.key("a");
    f.leased(&key, LONG).await;
    f.is(&key, Standing::Leased).await;
    f.same("a second lease", f.step(&key, lease(LONG)).await, Reply::Standing(Standing::Leased));
}

pub(super) async fn a_fill_under_the_lease_becomes_the_value(f: &Fixture) {
    let key = f.key("a");
    let stamp = f.leased(&key, LONG).await;
    f.fills(&key, stamp, &value("1"), true).await;
    f.holds(&key, &value("1")).await;
}

pub(super) async fn a_fill_under_another_stamp_changes_nothing(f: &Fixture) {
    let key = f.key("a");
    let stamp = f.leased(&key, LONG).await;
    for other in others(stamp) {
        f.fills(&key, other, &value("1"), false).await;
        f.is(&key, Standing::Leased).await;
    }
    f.fills(&f.key("b"), stamp, &value("1"), false).await;
    f.is_absent(&f.key("b")).await;
}

/// Stamps that differ in one half.
fn others(stamp: Stamp) -> [Stamp; 2] {
    [Stamp { nonce: nonce(), ..stamp }, Stamp { at: Micros(stamp.at.0 - 1), ..stamp }]
}

pub(super) async fn a_second_fill_changes_nothing(f: &Fixture) {
    let key = f.key("a");
    let stamp = f.leased(&key, LONG).await;
    f.fills(&key, stamp, &value("1"), true).await;
    f.fills(&key, stamp, &value("2"), false).await;
    f.holds(&key, &value("1")).await;
}

pub(super) async fn a_release_leaves_the_key_absent(f: &Fixture) {
    let key = f.key("a");
    let stamp = f.leased(&key, LONG).await;
    f.same("RELEASE", f.step(&key, Step::Release { stamp }).await, Reply::Applied(true));
    f.is_absent(&key).await;
    f.fills(&key, stamp, &value("1"), false).await;
    f.leased(&key, LONG).await;
}

pub(super) async fn a_release_by_another_changes_nothing(f: &Fixture) {
    let key = f.key("a");
    let stamp = f.leased(&key, LONG).await;
    for other in others(stamp) {
        f.same("RELEASE", f.step(&key, Step::Release { stamp: other }).await, Reply::Applied(false));
        f.is(&key, Standing::Leased).await;
    }
    f.fills(&key, stamp, &value("1"), true).await;
    f.same("RELEASE", f.step(&key, Step::Release { stamp }).await, Reply::Applied(false));
    f.holds(&key, &value("1")).await;
}

pub(super) async fn a_value_is_not_leased(f: &Fixture) {
    let key = f.key("a");
    f.filled(&key, &value("1")).await;
    let standing = f.standing(&key).await;
    f.same("LEASE", f.step(&key, lease(LONG)).await, Reply::Standing(standing));
    f.holds(&key, &value("1")).await;
}

async fn written_at(f: &Fixture, key: &CacheKey) -> Micros {
    match f.standing(key).await {
        Standing::Value { written_at, .. } => written_at,
        other => panic!("{}: a value was expected, not {other:?}", f.sentence),
    }
}

async fn lease_seen(f: &Fixture, key: &CacheKey, written_at: Micros, mark: Bytes) -> Reply<Payload> {
    f.step(key, Step::Lease { nonce: nonce(), lasting: LONG, seen: Some((written_at, mark)) }).await
}

pub(super) async fn a_seen_value_is_leased(f: &Fixture) {
    let key = f.key("a");
    f.filled(&key, &value("1")).await;
    let at = written_at(f, &key).await;
    let Reply::Leased(stamp) = lease_seen(f, &key, at, value("1").mark()).await else {
        panic!("{}: no lease", f.sentence)
    };
    f.is(&key, Standing::Leased).await;
    f.fills(&key, stamp, &value("2"), true).await;
    f.holds(&key, &value("2")).await;
}

pub(super) async fn a_value_with_another_mark_or_time_than_the_seen_one_is_not_leased(f: &Fixture) {
    let key = f.key("a");
    f.filled(&key, &value("1")).await;
    let standing = f.standing(&key).await;
    let at = written_at(f, &key).await;
    for (at, mark) in [
        (at, Bytes::from_static(b"mark:99999")),
        (at, Bytes::from_static(b"mark")),
        (at, Bytes::new()),
        (Micros(at.0 - 1), value("1").mark()),
    ] {
        f.same("LEASE", lease_seen(f, &key, at, mark).await, Reply::Standing(standing.clone()));
    }
}

pub(super) async fn a_short_payload_has_a_mark_too(f: &Fixture) {
    for text in ["", "short"] {
        let key = f.key(text);
        let payload = Payload(Bytes::from_static(text.as_bytes()));
        f.filled(&key, &payload).await;
        let at = written_at(f, &key).await;
        let longer = lease_seen(f, &key, at, Bytes::from(format!("{text}x"))).await;
        f.same("LEASE", longer, Reply::Standing(Standing::Value { written_at: at, value: payload.clone() }));
        let Reply::Leased(_) = lease_seen(f, &key, at, payload.mark()).await else {
            panic!("{}: no lease", f.sentence)
        };
    }
}

pub(super) async fn payloads_come_back_byte_for_byte(f: &Fixture) {
    let every_byte: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
    for (name, payload) in [
        ("empty", Bytes::new()),
        ("every byte", every_byte.into()),
        ("not a number", Bytes::from_static(b"-9223372036854775809.5e3")),
        ("queued", Bytes::from_static(b"QUEUED")),
    ] {
        let key = f.key(name);
        f.filled(&key, &Payload(payload.clone())).await;
        f.holds(&key, &Payload(payload)).await;
    }
}
