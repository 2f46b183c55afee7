//! What a select means, it means to a warm-up.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};
use writethrough::{Store, WarmOptions};

use super::{counts, flights, listening};
use crate::support::databases::Backend;
use crate::support::entities::flight::{Column, Entity};
use crate::support::entities::uniques::ticket;
use crate::support::probe::{Probe, Seen};
use crate::support::stage::{CacheKind, Stage};

/// The flights that a warm-up with this select fills; they are forgotten again.
async fn filled(stage: &Stage, store: &Store, select: Select<Entity>) -> Vec<i32> {
    let mut told = Vec::new();
    let filled = Entity::warm(select, listening(&mut told).page_size(4), store).await.unwrap();
    let probe = Probe::of(stage).await;
    let mut found = Vec::new();
    for id in 1..=20 {
        if let Seen::Row(row) = probe.look::<Entity>(id).await {
            found.push(row.id);
        }
    }
    let all = found.len() as u64;
    assert_eq!((filled, told.last().map_or(0, |last| last.seen)), (all, all), "{:?}", counts(&told));
    Entity::invalidate_all(store).await.unwrap();
    found
}

on_every_stage! {
    async fn filters_orders_and_limits_mean_what_they_mean(stage: Stage) {
        flights(&stage, 20).await;
        let store = stage.store().await;
        let find = Entity::find;
        assert_eq!(filled(&stage, &store, find()).await, (1..=20).collect::<Vec<_>>());
        let some = find().filter(Column::Id.gt(5)).filter(Column::Id.lte(11));
        assert_eq!(filled(&stage, &store, some.clone()).await, (6..=11).collect::<Vec<_>>());
        assert_eq!(filled(&stage, &store, some.order_by_desc(Column::Id)).await, (6..=11).collect::<Vec<_>>());
        let last = find().order_by_desc(Column::Id).limit(9);
        assert_eq!(filled(&stage, &store, last.clone()).await, (12..=20).collect::<Vec<_>>());
        assert_eq!(filled(&stage, &store, last.offset(2)).await, (10..=18).collect::<Vec<_>>());
        assert_eq!(filled(&stage, &store, find().filter(Column::Id.gt(5)).limit(0)).await, [0; 0]);
        assert_eq!(filled(&stage, &store, find().distinct().order_by_desc(Column::Gate).limit(20)).await.len(), 20);
        let nobody = find().filter(Column::Gate.eq("nowhere"));
        assert_eq!(filled(&stage, &store, nobody).await, [0; 0]);
    }

    async fn a_row_that_a_join_multiplies_is_one_row(stage: Stage) {
        flights(&stage, 20).await;
        stage.create_table(ticket::Entity).await;
        let store = stage.store().await;
        for number in 0..30 {
            let sold = ticket::numbered(number, &format!("{number}@x"));
            let sold = ticket::ActiveModel { flight_id: sea_orm::Set(1 + number % 6), ..sold };
            sold.insert(store.database()).await.unwrap();
        }
        let to_tickets = || Entity::belongs_to(ticket::Entity).from(Column::Id).to(ticket::Column::FlightId);
        let sold = || Entity::find().join(JoinType::InnerJoin, to_tickets().into());
        assert_eq!(filled(&stage, &store, sold()).await, (1..=6).collect::<Vec<_>>());
        assert_eq!(filled(&stage, &store, sold().distinct()).await, (1..=6).collect::<Vec<_>>());
        let well_sold = sold().filter(ticket::Column::Id.ne(2)).group_by(Column::Id).having(Expr::cust("COUNT(*) >= 5"));
        let well_sold = well_sold.select_only().column(Column::Id);
        assert_eq!(filled(&stage, &store, well_sold).await, [1, 2, 4, 5, 6]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_distinct_on_picks_by_its_order() {
    let stage = Stage::new(Backend::Postgres, CacheKind::Memory).await;
    flights(&stage, 20).await;
    let store = stage.store().await;
    let mut select = Entity::find().order_by_asc(Column::Gate).order_by_desc(Column::Id);
    QueryTrait::query(&mut select).distinct_on([Column::Gate]);
    assert_eq!(filled(&stage, &store, select).await, [20]);
    // What the database refuses is told.
    let wrong = Entity::find().filter(Expr::cust("no_such_column = 1"));
    assert!(Entity::warm(wrong, WarmOptions::new(), &store).await.unwrap_err().db_err().is_some());
}
