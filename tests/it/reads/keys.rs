//! Every kind of primary key, from insert to delete.

use std::fmt::Debug;

use writethrough::{CachedEntity, PkValue, Source};

use crate::support::entities::keys::{
    Cabin, CrewId, PassengerId, airline, airport, baggage, cabin_price, crew, passenger, seat, token,
};
use crate::support::stage::Stage;

/// Whether a deleted row is remembered as absent.
#[derive(Clone, Copy, PartialEq)]
enum Exact {
    Yes,
    No,
}

/// Writes, reads and deletes a row under each of the keys; no row is taken for another.
async fn live<E>(
    stage: &Stage,
    entity: E,
    exact: Exact,
    ids: Vec<PkValue<E>>,
    named: fn(PkValue<E>, &str) -> E::ActiveModel,
) where
    E: CachedEntity<Model: PartialEq>,
    PkValue<E>: Clone + Debug,
{
    stage.create_table(entity).await;
    let (writer, reader) = (stage.store().await, stage.store().await);
    let mut rows = Vec::new();
    for (n, id) in ids.iter().enumerate() {
        rows.push(writer.insert(named(id.clone(), &format!("inserted {n}"))).await.unwrap().model);
    }
    for (id, row) in ids.iter().zip(&rows) {
        let loaded = reader.load::<E>(id.clone()).await.unwrap();
        assert_eq!((loaded.model.as_ref(), loaded.source), (Some(row), Source::Cache), "{id:?}");
        assert_eq!(E::find_by_id(id.clone()).one(reader.database()).await.unwrap().as_ref(), Some(row));
    }
    for (n, id) in ids.iter().enumerate() {
        let updated = writer.save(named(id.clone(), &format!("updated {n}"))).await.unwrap().model;
        assert_ne!(updated, rows[n]);
        rows[n] = updated;
    }
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(reader.load::<E>(id.clone()).await.unwrap().model.as_ref(), Some(&rows[n]), "{id:?}");
        assert!(writer.delete_by_id::<E>(id.clone()).await.unwrap().existed);
        let gone = reader.load::<E>(id.clone()).await.unwrap();
        let source = if exact == Exact::Yes { Source::Cache } else { Source::Database };
        assert_eq!((gone.model, gone.source), (None, source), "{id:?}");
    }
}

/// Text that means something to somebody: to the cache, to a glob, to the database, or in Unicode.
fn awkward_texts() -> Vec<String> {
    let texts = [
        "",
        "BER",
        "a:b",
        "a%3Ab",
        "{tag}",
        "#x",
        "@",
        "!null",
        "*?[a]",
        "naïve ☃ 𝒳",
        "x'y\"z\\",
        "line\nline",
        "nul\0",
    ];
    let long = ["l".repeat(250), format!("{}m", "l".repeat(249))];
    texts.map(str::to_owned).into_iter().chain(long).collect()
}

on_every_stage! {
    async fn text_keys(stage: Stage) {
        // PostgreSQL has no NUL in text.
        let texts = awkward_texts().into_iter().filter(|text| !text.contains('\0')).collect();
        live(&stage, airport::Entity, Exact::No, texts, airport::named).await;
    }

    async fn exact_text_keys(stage: Stage) {
        let texts = awkward_texts().into_iter().filter(|text| !text.contains('\0')).collect();
        live(&stage, airline::Entity, Exact::Yes, texts, airline::named).await;
    }

    async fn uuid_keys(stage: Stage) {
        let ids = vec![PassengerId::nil(), PassengerId::from_u128(1), PassengerId::from_u128(u128::MAX)];
        live(&stage, passenger::Entity, Exact::Yes, ids, passenger::named).await;
    }

    async fn byte_keys(stage: Stage) {
        let ids = vec![vec![0], vec![0, 0], vec![255; 64], b"61".to_vec(), b"a".to_vec()];
        live(&stage, token::Entity, Exact::Yes, ids, token::named).await;
    }

    async fn enum_keys(stage: Stage) {
        let ids = vec![Cabin::Economy, Cabin::Business];
        live(&stage, cabin_price::Entity, Exact::No, ids, cabin_price::named).await;
    }

    async fn newtype_keys(stage: Stage) {
        let ids = vec![CrewId(i32::MIN), CrewId(-1), CrewId(1), CrewId(i32::MAX)];
        live(&stage, crew::Entity, Exact::Yes, ids, crew::named).await;
    }

    async fn wide_integer_keys(stage: Stage) {
        let ids = vec![i64::MIN, -1, 1, i64::MAX];
        live(&stage, baggage::Entity, Exact::Yes, ids, baggage::named).await;
    }

    async fn composite_keys(stage: Stage) {
        let ids = [(1, "1:A"), (1, "1"), (11, "A"), (-1, "1A"), (1, "1%3AA")];
        let ids = ids.map(|(flight, number)| (flight, number.to_owned())).to_vec();
        live(&stage, seat::Entity, Exact::Yes, ids, seat::named).await;
    }
}
