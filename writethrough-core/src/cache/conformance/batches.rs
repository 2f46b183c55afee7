//! Many keys in one call.

use std::collections::BTreeSet;

use super::fixture::{Fixture, LONG, fence, lease, value};
use crate::cache::{CacheKey, Cursor};
use crate::entry::Payload;
use crate::protocol::{Ending, Reply, Stamp, Standing, Step};

/// More than goes in one command of any server.
const MANY: usize = 1_100;

pub(super) async fn replies_come_in_the_order_of_the_calls(f: &Fixture) {
    let keys: Vec<CacheKey> = (0..MANY).map(|number| f.key(number)).collect();
    let replies = f.batch(keys.iter().map(|key| (key.clone(), lease(LONG))).collect()).await;
    f.same("replies", replies.len(), MANY);
    let stamps: Vec<Stamp> = replies
        .into_iter()
        .map(|reply| match reply {
            Reply::Leased(stamp) => stamp,
            other => panic!("{}: a lease was expected, not {other:?}", f.sentence),
        })
        .collect();
    let fills = keys
        .iter()
        .zip(&stamps)
        .enumerate()
        .map(|(number, (key, &stamp))| (key.clone(), Step::Fill { stamp, value: value(number), ttl: LONG }));
    for reply in f.batch(fills.collect()).await {
        f.same("FILL", reply, Reply::Applied(true));
    }
    let standings = f.batch(keys.iter().map(|key| (key.clone(), Step::Get)).collect()).await;
    f.same("standings", standings.len(), MANY);
    for (number, standing) in standings.into_iter().enumerate() {
        let Reply::Standing(Standing::Value { value: found, .. }) = standing else {
            panic!("{}: a value was expected, not {standing:?}", f.sentence)
        };
        f.same("the value", found.0, value(number).0);
    }
}

pub(super) async fn keys_of_a_batch_do_not_depend_on_each_other(f: &Fixture) {
    let [absent, valued, leased, fenced] = ["absent", "valued", "leased", "fenced"].map(|name| f.key(name));
    f.filled(&valued, &value("1")).await;
    f.leased(&leased, LONG).await;
    f.fenced(&fenced, LONG).await;
    let keys = [&fenced, &absent, &leased, &valued];
    let replies = f.batch(keys.map(|key| (key.clone(), lease(LONG))).to_vec()).await;
    let [first, second, third, fourth] = replies.as_slice() else { panic!("{}: {replies:?}", f.sentence) };
    f.same("over a fence", first, &Reply::Standing(Standing::Fenced));
    assert!(matches!(second, Reply::Leased(_)), "{}: over nothing: {second:?}", f.sentence);
    f.same("over a lease", third, &Reply::Standing(Standing::Leased));
    let value = f.standing(&valued).await;
    f.same("over a value", fourth, &Reply::Standing(value));
}

pub(super) async fn every_kind_of_step_goes_in_batches(f: &Fixture) {
    let keys: Vec<CacheKey> = (0..20).map(|number| f.key(number)).collect();
    let all = async |step: &dyn Fn(usize) -> Step<Payload>| {
        f.batch(keys.iter().enumerate().map(|(number, key)| (key.clone(), step(number))).collect()).await
    };
    let stamps: Vec<Stamp> = all(&|_| fence(LONG))
        .await
        .into_iter()
        .map(|reply| match reply {
            Reply::Fenced { stamp, .. } => stamp,
            other => panic!("{}: a token was expected, not {other:?}", f.sentence),
        })
        .collect();
    // Every other key's stamp is one of its neighbour's: those are not there.
    let stamp = |number: usize| *stamps.get(number - number % 2).unwrap_or_else(|| panic!("stamp {number}"));
    for (number, reply) in
        all(&|number| Step::Renew { stamp: stamp(number), lasting: LONG }).await.into_iter().enumerate()
    {
        f.same("RENEW", reply, Reply::Renewed(number.is_multiple_of(2)));
    }
    let finish = |number: usize| Step::Finish {
        stamp: stamp(number),
        value: number.is_multiple_of(4).then(|| (value(number), LONG)),
    };
    for (number, reply) in all(&finish).await.into_iter().enumerate() {
        let ending = match number % 4 {
            0 => Ending::Refreshed,
            2 => Ending::Emptied,
            _ => Ending::Contended,
        };
        f.same("FINISH", reply, Reply::Finished(ending));
    }
    for reply in all(&|_| Step::Invalidate).await {
        f.same("INVALIDATE", reply, Reply::Invalidated);
    }
    for (number, reply) in all(&|_| Step::Get).await.into_iter().enumerate() {
        let standing = if number.is_multiple_of(2) { Standing::Absent } else { Standing::Fenced };
        f.same("GET", reply, Reply::Standing(standing));
    }
    for (number, reply) in all(&|number| Step::Release { stamp: stamp(number) }).await.into_iter().enumerate() {
        f.same(&format!("RELEASE {number}"), reply, Reply::Applied(false));
    }
}

pub(super) async fn a_batch_of_nothing_is_answered_with_nothing(f: &Fixture) {
    f.same("replies", f.batch(Vec::new()).await, Vec::new());
}

pub(super) async fn a_prefix_is_invalidated_and_nothing_else(f: &Fixture) {
    let inside: Vec<CacheKey> = (0..MANY).map(|number| f.key(format_args!("in:{number}"))).collect();
    let outside = f.key("out");
    f.filled(&outside, &value("out")).await;
    let fences = f.batch(inside.iter().map(|key| (key.clone(), fence(LONG))).collect()).await;
    let finish = inside.iter().zip(fences).enumerate().filter_map(|(number, (key, reply))| match reply {
        // One stays in flight.
        Reply::Fenced { stamp, .. } if number > 0 => {
            Some((key.clone(), Step::Finish { stamp, value: Some((value(number), LONG)) }))
        }
        _ => None,
    });
    f.batch(finish.collect()).await;
    let met = f.cache.invalidate_prefix(&format!("{}:in:", f.prefix())).await;
    // A server whose table shrinks meanwhile may show a key twice.
    assert!(matches!(met, Ok(met) if met >= MANY as u64), "{}: {met:?} of {MANY} keys were met", f.sentence);
    for (number, reply) in
        f.batch(inside.into_iter().map(|key| (key, Step::Get)).collect()).await.into_iter().enumerate()
    {
        let standing = if number == 0 { Standing::Fenced } else { Standing::Absent };
        f.same("GET", reply, Reply::Standing(standing));
    }
    f.holds(&outside, &value("out")).await;
}

pub(super) async fn a_prefix_with_wildcards_stands_for_itself(f: &Fixture) {
    let (inside, outside) = (f.key(r"a*[b]?\:1"), f.key("abbbb:1"));
    f.filled(&inside, &value("1")).await;
    f.filled(&outside, &value("2")).await;
    let met = f.cache.invalidate_prefix(&format!(r"{}:a*[b]?\:", f.prefix())).await;
    f.same("keys met", met, Ok(1));
    f.is_absent(&inside).await;
    f.holds(&outside, &value("2")).await;
}

pub(super) async fn a_walk_meets_every_key_with_the_prefix_and_no_other(f: &Fixture) {
    let inside: BTreeSet<CacheKey> = (0..MANY).map(|number| f.key(format_args!("w*lk:{number}"))).collect();
    f.batch(inside.iter().map(|key| (key.clone(), fence(LONG))).collect()).await;
    f.filled(&f.key("walk:1"), &value("out")).await;
    let (mut met, mut from) = (BTreeSet::new(), Some(Cursor::default()));
    while let Some(cursor) = from {
        let page = f.cache.keys(&format!("{}:w*lk:", f.prefix()), cursor).await;
        let page = page.unwrap_or_else(|error| panic!("{}: {error}", f.sentence));
        met.extend(page.keys);
        from = page.next;
    }
    f.same("the keys met", met, inside);
}
