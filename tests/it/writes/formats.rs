//! Entities in SeaORM's other formats: written out, and with relations as fields. What the derive understands of them is
//! what the databases and the caches are asked.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use writethrough::{Error, Source};

use crate::support::probe::{Probe, Seen};

/// Everything written out: the text of the model tells neither table nor keys.
mod expanded {
    use sea_orm::ActiveValue::Set;
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    pub struct Entity;

    impl EntityName for Entity {
        fn table_name(&self) -> &'static str {
            "written_out"
        }
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveModel, DeriveActiveModel, WriteThrough)]
    #[write_through(ttl = "10m")]
    pub struct Model {
        pub runway_id: i32,
        #[write_through(exact)]
        pub heading: String,
        #[sea_orm(enum_name = "Metres")]
        pub length: i32,
        #[write_through(key)]
        pub lamp: Option<i64>,
        pub note: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
    pub enum Column {
        RunwayId,
        #[sea_orm(column_name = "dir")]
        Heading,
        #[sea_orm(column_name = "length")]
        Metres,
        Lamp,
        Note,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
    pub enum PrimaryKey {
        RunwayId,
        #[sea_orm(column_name = "dir")]
        Heading,
    }

    impl PrimaryKeyTrait for PrimaryKey {
        type ValueType = (i32, String);

        fn auto_increment() -> bool {
            false
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter)]
    pub enum Relation {}

    impl RelationTrait for Relation {
        fn def(&self) -> RelationDef {
            match *self {}
        }
    }

    impl ColumnTrait for Column {
        type EntityName = Entity;

        fn def(&self) -> ColumnDef {
            match self {
                Self::RunwayId | Self::Metres => ColumnType::Integer.def(),
                Self::Heading => ColumnType::String(StringLen::N(8)).def(),
                Self::Lamp => ColumnType::BigInteger.def().null().unique(),
                Self::Note => ColumnType::Text.def().null(),
            }
        }
    }

    impl ActiveModelBehavior for ActiveModel {}

    pub fn long(length: i32) -> ActiveModel {
        ActiveModel {
            runway_id: Set(1),
            heading: Set("07L".to_owned()),
            length: Set(length),
            lamp: Set(Some(i64::from(length))),
            note: Set(None),
        }
    }
}

/// Relations as fields, which the model has not.
mod dense {
    pub mod hangar {
        use sea_orm::entity::prelude::*;
        use writethrough::WriteThrough;

        #[sea_orm::model]
        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
        #[sea_orm(table_name = "hangar", rename_all = "camelCase")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i32,
            pub gate_width: i32,
            #[sea_orm(unique)]
            #[write_through(key)]
            pub stand: i32,
            #[sea_orm(has_many)]
            pub tools: HasMany<super::tool::Entity>,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }

    pub mod tool {
        use sea_orm::entity::prelude::*;
        use writethrough::WriteThrough;

        #[sea_orm::model]
        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
        #[sea_orm(table_name = "tool")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i32,
            pub hangar_id: i32,
            #[sea_orm(belongs_to, from = "hangar_id", to = "id")]
            pub hangar: HasOne<super::hangar::Entity>,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }
}

on_every_stage! {
    async fn an_entity_that_is_written_out_goes_through_every_method(stage: Stage) {
        use expanded::{ActiveModel, Column, Entity, long};
        let key = || (1, "07L".to_owned());
        stage.create_table(Entity).await;
        let (store, other, probe) = (stage.store().await, stage.store().await, Probe::of(&stage).await);
        assert_eq!(Entity::load_cached(key(), &other).await.unwrap(), None);
        assert_eq!(probe.look::<Entity>(key()).await, Seen::NoSuchRow, "its key is exact");
        assert_eq!(Entity::load_cached_by_lamp(3000, &other).await.unwrap(), None);

        let inserted = long(3000).insert_through(&store).await.unwrap();
        assert_eq!(probe.look::<Entity>(key()).await, Seen::Row(inserted.clone()));
        assert_eq!(Entity::load_cached_by_lamp(3000, &other).await.unwrap(), Some(inserted.clone()));

        let longer = ActiveModel { note: sea_orm::Set(Some("wet".to_owned())), ..long(3500) };
        let updated = longer.save_through(&store).await.unwrap();
        assert_eq!(updated, expanded::Model { length: 3500, lamp: Some(3500), note: Some("wet".to_owned()), ..inserted });
        assert_eq!(Entity::find().one(store.database()).await.unwrap().as_ref(), Some(&updated));
        let loaded = other.load::<Entity>(key()).await.unwrap();
        assert_eq!((loaded.model, loaded.source), (Some(updated.clone()), Source::Cache));
        assert_eq!(Entity::load_cached_by_lamp(3000, &other).await.unwrap(), None);
        let many = Entity::load_many_cached([key(), (2, "25R".to_owned())], &other).await.unwrap();
        assert_eq!(many, [Some(updated), None]);

        let on_key = OnConflict::columns([Column::RunwayId, Column::Heading]).update_column(Column::Metres).to_owned();
        let upserted = long(4000).upsert_through(on_key, &store).await.unwrap().unwrap();
        assert_eq!((upserted.length, upserted.lamp), (4000, Some(3500)));
        assert_eq!(probe.look::<Entity>(key()).await, Seen::Row(upserted.clone()));
        store.transaction(async |tx| {
            long(4500).update_through(tx).await?;
            assert_eq!(Entity::load_cached(key(), tx).await?.map(|row| row.length), Some(4500));
            Ok::<_, Error>(())
        }).await.unwrap();
        assert_eq!(other.load::<Entity>(key()).await.unwrap().model.map(|row| row.length), Some(4500));

        upserted.invalidate(&store).await.unwrap();
        assert_eq!(probe.look::<Entity>(key()).await, Seen::Nothing);
        assert!(Entity::delete_by_id_through(key(), &store).await.unwrap());
        assert_eq!(Entity::load_cached(key(), &other).await.unwrap(), None);
        assert!(!long(1).delete_through(&store).await.unwrap());
    }

    async fn an_entity_with_relations_as_fields_goes_through_every_method(stage: Stage) {
        use dense::hangar::{ActiveModel, Entity};
        stage.create_table(Entity).await;
        let (store, other, probe) = (stage.store().await, stage.store().await, Probe::of(&stage).await);
        let wide = |width| ActiveModel { gate_width: sea_orm::Set(width), stand: sea_orm::Set(width), ..Default::default() };
        assert_eq!(Entity::load_cached_by_stand(40, &other).await.unwrap(), None);
        let saved = wide(40).save_through(&store).await.unwrap();
        assert_eq!(Entity::load_cached_by_stand(40, &other).await.unwrap(), Some(saved.clone()));
        let wider = ActiveModel { gate_width: sea_orm::Set(50), ..saved.clone().into_active_model() };
        let updated = wider.update_through(&store).await.unwrap();
        assert_eq!(probe.look::<Entity>(saved.id).await, Seen::Row(updated.clone()));
        assert_eq!(Entity::find().one(store.database()).await.unwrap().as_ref(), Some(&updated));
        assert_eq!(Entity::load_many_cached([saved.id], &other).await.unwrap(), [Some(updated.clone())]);

        // Beside the cache its graph is one of SeaORM's.
        let tools = dense::tool::Entity;
        stage.create_table(tools).await;
        let tool = dense::tool::ActiveModel { hangar_id: sea_orm::Set(saved.id), ..Default::default() };
        tool.insert(store.database()).await.unwrap();
        let graph = Entity::load().with(tools).one(store.database()).await.unwrap().unwrap();
        assert_eq!((graph.gate_width, graph.tools.len()), (50, 1));

        dense::tool::Entity::delete_by_id_through(1, &store).await.unwrap();
        assert!(updated.delete_through(&store).await.unwrap());
        assert_eq!(probe.look::<Entity>(saved.id).await, Seen::NoSuchRow);
        assert_eq!(Entity::load_cached_by_stand(40, &other).await.unwrap(), None);
    }
}
