//! What a warm-up fills: every entry that is missing, and no other, whatever the primary key.

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, DbBackend, EntityName, EntityTrait, IntoActiveModel,
    ModelTrait, Schema,
};
use writethrough::__private::warm;
use writethrough::{CachedEntity, Source, WarmOptions};

use super::{counts, flights, listening};
use crate::support::entities::flight;
use crate::support::entities::keys::{
    Cabin, Class, CrewId, PassengerId, airport, cabin_price, class, crew, gate, passenger, seat, token,
};
use crate::support::entities::policies::cache_if;
use crate::support::probe::{Probe, Seen, recorded};
use crate::support::stage::Stage;

on_every_stage! {
    async fn a_warm_up_fills_the_missing_entries_and_no_other(stage: Stage) {
        flights(&stage, 25).await;
        let (store, log) = recorded(&stage).await;
        for id in 1..=7 {
            flight::Entity::load_cached(id, &store).await.unwrap();
        }
        flight::Entity::load_cached(14, &store).await.unwrap();
        let find = || flight::Entity::find();
        log.take();

        let mut told = Vec::new();
        let options = listening(&mut told).page_size(7);
        assert_eq!(flight::Entity::warm(find(), options, &store).await.unwrap(), 17);
        assert_eq!(counts(&told), [(7, 0), (14, 6), (21, 13), (25, 17)]);
        // A query for the keys of each page, and one for its rows where some were missing.
        assert_eq!(log.take().len(), 4 + 3);
        for id in 1..=25 {
            assert_eq!(store.load::<flight::Entity>(id).await.unwrap().source, Source::Cache, "{id}");
        }
        assert_eq!(log.len(), 0);

        assert_eq!(flight::Entity::warm(find(), WarmOptions::new().page_size(5), &store).await.unwrap(), 0);
        assert_eq!(log.take().len(), 6, "five full pages, and one to see that nothing is behind them");
    }

    async fn an_empty_table_and_an_empty_select_are_one_query(stage: Stage) {
        flights(&stage, 0).await;
        let (store, log) = recorded(&stage).await;
        let mut told = Vec::new();
        assert_eq!(flight::Entity::warm(flight::Entity::find(), listening(&mut told), &store).await.unwrap(), 0);
        assert_eq!((told.len(), log.take().len()), (0, 1));
    }

    async fn rows_that_are_not_to_be_kept_are_not_filled(stage: Stage) {
        stage.create_table(cache_if::Entity).await;
        let store = stage.store().await;
        for id in 1..=6 {
            cache_if::priced(id, id * 30).insert(store.database()).await.unwrap();
        }
        assert_eq!(cache_if::Entity::warm(cache_if::Entity::find(), WarmOptions::new(), &store).await.unwrap(), 3);
        let probe = Probe::of(&stage).await;
        for id in 1..=6 {
            match probe.look::<cache_if::Entity>(id).await {
                Seen::Row(row) => assert!(row.price >= 100 && row.id == id),
                Seen::Nothing => assert!(id * 30 < 100),
                other => panic!("{other:?}"),
            }
        }
    }

    async fn keys_of_all_kinds_are_walked_over_page_by_page(stage: Stage) {
        // Letters of both cases and beyond ASCII: every collation has an order of its own for them.
        let words = ["a", "B", "c", "D", "öl", "Zürich", "z", "_", "10", "9", "a b", "%", "é1"];
        fills_all(&stage, words.map(|word| airport::named(word.into(), "x"))).await;
        let seats = (1..=3).flat_map(|flight| ["1A", "1b", "2A", "10C"].map(|seat| (flight, seat.to_owned())));
        fills_all(&stage, seats.map(|id| seat::named(id, "x"))).await;
        fills_all(&stage, (1..=7).map(|n| passenger::named(PassengerId::from_u128((n << 100) | (7 - n)), "x"))).await;
        fills_all(&stage, [vec![], vec![0], vec![0, 0], vec![255], vec![7, 1]].map(|id| token::named(id, "x"))).await;
        fills_all(&stage, [Cabin::Economy, Cabin::Business].map(|id| cabin_price::named(id, "x"))).await;
        fills_all(&stage, (-3..3).map(|id| crew::named(CrewId(id), "x"))).await;
        fills_all(&stage, [true, false].map(|id| gate::named(id, "x"))).await;
        let plain = stage.plain().await;
        if plain.get_database_backend() == DbBackend::Postgres {
            let schema = Schema::new(DbBackend::Postgres);
            plain.execute(&schema.create_enum_from_active_enum::<Class>().unwrap()).await.unwrap();
        }
        fills_all(&stage, [Class::Economy, Class::First, Class::Business].map(|id| class::named(id, "x"))).await;
    }
}

/// Each of these rows is filled once, whatever the size of a page.
async fn fills_all<A>(stage: &Stage, rows: impl IntoIterator<Item = A>)
where
    A: ActiveModelTrait<Entity: CachedEntity<ActiveModel = A>> + ActiveModelBehavior + Send,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A> + PartialEq,
{
    stage.create_table(A::Entity::default()).await;
    let (store, probe) = (stage.store().await, Probe::of(stage).await);
    let mut models = Vec::new();
    for row in rows {
        models.push(row.insert(store.database()).await.unwrap());
    }
    for page in [1, 2, 5] {
        let mut told = Vec::new();
        let options = listening(&mut told).page_size(page);
        let filled = warm::<A::Entity>(A::Entity::find(), options, &store).await.unwrap();
        let all = models.len() as u64;
        let table = A::Entity::default().table_name();
        assert_eq!((filled, told.last().map(|last| last.seen)), (all, Some(all)), "{table} by {page}");
        for model in &models {
            let pk = model.get_primary_key_value();
            let key = probe.key_of::<A::Entity>(&pk);
            assert_eq!(probe.look_at::<A::Entity>(&key).await, Seen::Row(model.clone()), "{table} by {page}");
            probe.invalidate_at(&key).await;
        }
    }
}
