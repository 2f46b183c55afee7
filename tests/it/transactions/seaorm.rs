//! What SeaORM does by itself runs in our transactions: nested saves of whole graphs, and loaders.

use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, ConnectionTrait, LoaderTrait, Schema};
use writethrough::{Error, Source};

mod airline {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "airline")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
        #[sea_orm(has_many)]
        pub planes: HasMany<super::plane::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod plane {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "plane")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub airline_id: i32,
        pub sign: String,
        #[sea_orm(belongs_to, from = "airline_id", to = "id")]
        pub airline: HasOne<super::airline::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

on_every_stage! {
    async fn a_nested_save_of_a_graph_runs_in_the_transaction(stage: Stage) {
        stage.create_table(airline::Entity).await;
        let db = stage.plain().await;
        let schema = Schema::new(db.get_database_backend());
        db.execute(&schema.create_table_from_entity(plane::Entity)).await.unwrap();
        let (store, other) = (stage.store().await, stage.store().await);
        let known = airline::ActiveModel { name: Set("Lufthansa".to_owned()), ..Default::default() };
        let known = known.insert_through(&store).await.unwrap();

        let tx = store.begin().await.unwrap();
        airline::ActiveModel { id: Set(known.id), name: Set("Condor".to_owned()) }.save_through(&tx).await.unwrap();
        let graph = airline::ActiveModel::builder().set_name("Swiss").add_plane(plane::ActiveModel::builder().set_sign("HB-JNA"));
        let graph = graph.save(&tx).await.unwrap();
        let airlines = airline::Entity::find().order_by_id_asc().all(&tx).await.unwrap();
        let planes = airlines.load_many(plane::Entity, &tx).await.unwrap();
        assert_eq!(planes.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1]);
        tx.commit().await.unwrap();

        let swiss = other.load::<airline::Entity>(graph.id.unwrap()).await.unwrap();
        assert_eq!(swiss.model.unwrap().name, "Swiss");
        // The graph wrote to the airlines' table behind our back, so what was collected before it is not published.
        let condor = other.load::<airline::Entity>(known.id).await.unwrap();
        assert_eq!((condor.model.unwrap().name.as_str(), condor.source), ("Condor", Source::Database));
    }

    async fn a_nested_save_that_fails_can_be_rolled_back_alone(stage: Stage) {
        stage.create_table(airline::Entity).await;
        let (store, other) = (stage.store().await, stage.store().await);
        store.transaction(async |tx| {
            airline::ActiveModel { id: Set(1), name: Set("Condor".to_owned()) }.insert_through(tx).await?;
            // There is no table of planes.
            let graph = airline::ActiveModel::builder().set_name("Swiss").add_plane(plane::ActiveModel::builder().set_sign("HB-JNA"));
            tx.transaction(async |nested| graph.save(nested).await.map(drop).map_err(Error::from)).await.unwrap_err();
            Ok::<_, Error>(())
        }).await.unwrap();
        let condor = other.load::<airline::Entity>(1).await.unwrap();
        assert_eq!((condor.model.unwrap().name.as_str(), condor.source), ("Condor", Source::Cache));
        assert_eq!(airline::Entity::find().all(other.database()).await.unwrap().len(), 1);
    }
}
