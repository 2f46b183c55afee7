//! Loads of all rows that have a value, held after the query for the list, and overtaken.

use sea_orm::sea_query::{IntoValueTuple, OnConflict, ValueTuple};
use sea_orm::{ActiveModelTrait, ModelTrait};
use writethrough::__private::{delete_by_id, invalidate_model, load_lists, save, upsert};
use writethrough::{Error, Store};

use crate::support::entities::gated::{Held, held};
use crate::support::entities::listed::held_leg::{Column, Entity, Model, flown, moved};
use crate::support::probe::{Probe, Seen};
use crate::support::stage::Stage;

const BY_AIRLINE: usize = 0;

/// A reader of two lists that has asked the database and filled none of them yet: legs 1 and 3 of the fifth airline, 2 of
/// the sixth.
struct Scene {
    reader: Held<Result<Vec<Vec<Model>>, Error>>,
    writer: Store,
    probe: Probe,
}

impl Scene {
    async fn of(stage: &Stage) -> Self {
        stage.create_table(Entity).await;
        let plain = stage.plain().await;
        for (id, airline) in [(1, 5), (2, 6), (3, 5)] {
            flown(id, airline).insert(&plain).await.unwrap();
        }
        let reading = stage.store().await;
        let reader = held(async move { lists(&reading).await }).await;
        let scene = Self { reader, writer: stage.store().await, probe: Probe::of(stage).await };
        assert_eq!(scene.look(5).await, Seen::Leased);
        scene
    }

    async fn look(&self, airline: i32) -> Seen<Vec<ValueTuple>> {
        self.probe.look_at_list::<Entity>(BY_AIRLINE, &[airline.into()]).await
    }

    /// Lets the reader go on: what it has got, and what stands under the lists then.
    async fn release(self) -> ([Vec<i32>; 2], [Seen<Vec<ValueTuple>>; 2]) {
        let Self { reader, probe, .. } = self;
        let got = ids(reader.release().await.unwrap());
        let look = async |airline: i32| probe.look_at_list::<Entity>(BY_AIRLINE, &[airline.into()]).await;
        (got, [look(5).await, look(6).await])
    }
}

async fn lists(store: &Store) -> Result<Vec<Vec<Model>>, Error> {
    load_lists::<Entity, _>(BY_AIRLINE, vec![vec![5.into()], vec![6.into()]], store).await
}

fn ids(lists: Vec<Vec<Model>>) -> [Vec<i32>; 2] {
    let lists: Vec<Vec<i32>> = lists.iter().map(|list| list.iter().map(|leg| leg.id).collect()).collect();
    lists.try_into().unwrap()
}

fn list(ids: &[i32]) -> Seen<Vec<ValueTuple>> {
    Seen::Row(ids.iter().map(|id| id.into_value_tuple()).collect())
}

/// From now on everybody reads this.
async fn assert_right(stage: &Stage, expected: [Vec<i32>; 2]) {
    let store = stage.store().await;
    for _ in 0..2 {
        assert_eq!(ids(lists(&store).await.unwrap()), expected);
    }
}

on_every_stage! {
    async fn a_reader_that_nobody_overtook_fills_the_lists(stage: Stage) {
        let (got, stands) = Scene::of(&stage).await.release().await;
        assert_eq!(got, [vec![1, 3], vec![2]]);
        assert_eq!(stands, [list(&[1, 3]), list(&[2])]);
    }

    async fn a_row_that_is_inserted_meanwhile_is_in_the_next_list(stage: Stage) {
        let scene = Scene::of(&stage).await;
        save::<Entity, _>(flown(4, 5), &scene.writer).await.unwrap_err();
        scene.writer.insert(flown(4, 5)).await.unwrap();
        assert_eq!(scene.look(5).await, Seen::Nothing);
        let (got, stands) = scene.release().await;
        assert_eq!(got, [vec![1, 3], vec![2]]);
        assert_eq!(stands, [Seen::Nothing, list(&[2])]);
        assert_right(&stage, [vec![1, 3, 4], vec![2]]).await;
    }

    async fn a_row_that_moves_meanwhile_is_dropped_here_and_in_the_next_list_there(stage: Stage) {
        let scene = Scene::of(&stage).await;
        scene.writer.update(moved(1, 6)).await.unwrap();
        let (got, stands) = scene.release().await;
        assert_eq!(got, [vec![3], vec![2]]);
        assert_eq!(stands, [list(&[1, 3]), Seen::Nothing]);
        assert_right(&stage, [vec![3], vec![1, 2]]).await;
    }

    async fn a_row_that_moves_by_an_upsert_meanwhile_does_so_too(stage: Stage) {
        let scene = Scene::of(&stage).await;
        let update = OnConflict::column(Column::Id).update_column(Column::AirlineId).to_owned();
        upsert::<Entity, _>(flown(1, 6), update, &scene.writer).await.unwrap();
        let (got, stands) = scene.release().await;
        assert_eq!(got, [vec![3], vec![2]]);
        assert_eq!(stands, [list(&[1, 3]), Seen::Nothing]);
        assert_right(&stage, [vec![3], vec![1, 2]]).await;
    }

    async fn rows_that_move_in_a_transaction_meanwhile_do_so_with_its_commit(stage: Stage) {
        let scene = Scene::of(&stage).await;
        let tx = scene.writer.begin().await.unwrap();
        save::<Entity, _>(moved(1, 6), &tx).await.unwrap();
        save::<Entity, _>(moved(2, 5), &tx).await.unwrap();
        assert_eq!(scene.look(5).await, Seen::Leased, "nothing has happened yet");
        tx.commit().await.unwrap();
        let (got, stands) = scene.release().await;
        assert_eq!(got, [vec![3], vec![]]);
        assert_eq!(stands, [Seen::Nothing, Seen::Nothing]);
        assert_right(&stage, [vec![2, 3], vec![1]]).await;
    }

    async fn a_row_that_is_deleted_meanwhile_is_dropped(stage: Stage) {
        let scene = Scene::of(&stage).await;
        assert!(delete_by_id::<Entity, _>(1, &scene.writer).await.unwrap());
        let (got, stands) = scene.release().await;
        assert_eq!(got, [vec![3], vec![2]]);
        assert_eq!(stands, [list(&[1, 3]), list(&[2])]);
        assert_right(&stage, [vec![3], vec![2]]).await;
        // And comes again, under the list that still has it.
        stage.store().await.insert(flown(1, 5)).await.unwrap();
        assert_right(&stage, [vec![1, 3], vec![2]]).await;
    }

    async fn a_row_that_left_and_came_back_meanwhile_is_there(stage: Stage) {
        let scene = Scene::of(&stage).await;
        scene.writer.update(moved(1, 6)).await.unwrap();
        scene.writer.update(moved(1, 5)).await.unwrap();
        let (got, stands) = scene.release().await;
        assert_eq!(got, [vec![1, 3], vec![2]]);
        assert_eq!(stands, [Seen::Nothing, Seen::Nothing]);
        assert_right(&stage, [vec![1, 3], vec![2]]).await;
    }

    async fn a_reader_does_not_fill_a_list_that_was_invalidated_meanwhile(stage: Stage) {
        let scene = Scene::of(&stage).await;
        let row = Model { id: 9, airline_id: 5, minutes: 0 };
        assert_eq!(row.get(Column::AirlineId), 5.into());
        invalidate_model::<Entity, _>(&row, &scene.writer).await.unwrap();
        let (_, stands) = scene.release().await;
        assert_eq!(stands, [Seen::Nothing, list(&[2])]);
    }

    async fn a_reader_does_not_fill_a_list_that_a_writer_has_fenced(stage: Stage) {
        let scene = Scene::of(&stage).await;
        scene.probe.fence_at(&scene.probe.list::<Entity>(BY_AIRLINE, &[5.into()])).await;
        let (got, stands) = scene.release().await;
        assert_eq!(got, [vec![1, 3], vec![2]]);
        assert_eq!(stands, [Seen::Fenced, list(&[2])]);
    }

    async fn a_reader_that_is_dropped_gives_its_leases_back(stage: Stage) {
        let Scene { reader, probe, .. } = Scene::of(&stage).await;
        reader.abort().await;
        while probe.look_at_list::<Entity>(BY_AIRLINE, &[5.into()]).await == Seen::Leased {
            tokio::task::yield_now().await;
        }
        assert_right(&stage, [vec![1, 3], vec![2]]).await;
    }
}
