//! Each generated method can be awaited in a spawned task, on any session.

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub flight_no: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use flight::{ActiveModel, Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait};
use writethrough::{Error, Session, Store, WarmOptions};

fn returns<T>(_: &(impl Future<Output = Result<T, Error>> + Send)) {}

/// A function over any session is as good as one over a store.
async fn every_method<S: Session>(row: Model, s: &S) -> Result<(), Error> {
    let active: ActiveModel = row.clone().into();

    let load = Entity::load_cached(1, s);
    returns::<Option<Model>>(&load);
    let load_many = Entity::load_many_cached(vec![1, 2], s);
    returns::<Vec<Option<Model>>>(&load_many);
    let save = active.clone().save_through(s);
    returns::<Model>(&save);
    let insert = active.clone().insert_through(s);
    returns::<Model>(&insert);
    let update = active.clone().update_through(s);
    returns::<Model>(&update);
    let insert_many = Entity::insert_many_through([active.clone()], s);
    returns::<Vec<Model>>(&insert_many);
    let save_many = Entity::save_many_through(vec![active.clone()], s);
    returns::<Vec<Model>>(&save_many);
    let update_many = Entity::update_many_through().set(Column::FlightNo, "A").filter(Column::Id.eq(1)).exec(s);
    returns::<u64>(&update_many);
    let delete_many = Entity::delete_many_through().filter(Column::Id.eq(1)).exec(s);
    returns::<u64>(&delete_many);
    let delete_active = active.delete_through(s);
    returns::<bool>(&delete_active);
    let delete_by_id = Entity::delete_by_id_through(1, s);
    returns::<bool>(&delete_by_id);
    let delete = row.clone().delete_through(s);
    returns::<bool>(&delete);
    let invalidate_by_id = Entity::invalidate(1, s);
    returns::<()>(&invalidate_by_id);
    let invalidate = row.invalidate(s);
    returns::<()>(&invalidate);
    let invalidate_all = Entity::invalidate_all(s);
    returns::<()>(&invalidate_all);

    load.await?;
    load_many.await?;
    save.await?;
    insert.await?;
    update.await?;
    insert_many.await?;
    save_many.await?;
    update_many.await?;
    delete_many.await?;
    delete_active.await?;
    delete_by_id.await?;
    delete.await?;
    invalidate_by_id.await?;
    invalidate.await?;
    invalidate_all.await
}

/// A warm-up needs a store.
async fn warmed(store: &Store) -> Result<(), Error> {
    let warm = Entity::warm(Entity::find(), WarmOptions::new(), store);
    returns::<u64>(&warm);
    warm.await.map(drop)
}

#[allow(dead_code)]
fn spawned(store: Store, row: Model) {
    tokio::spawn(async move { every_method(row, &store).await.and(warmed(&store).await) });
}
