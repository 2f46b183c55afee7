//! SeaORM 2: relations are fields, and `#[sea_orm::model]` makes a `Model` and a `ModelEx` of one struct.

mod airline {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "airline")]
    #[write_through(ttl = "2m")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[write_through(exact)]
        pub code: String,
        #[sea_orm(unique)]
        pub name: String,
        #[sea_orm(has_many)]
        pub flights: HasMany<super::flight::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod flight {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[cfg_attr(all(), derive(writethrough::WriteThrough), write_through(ttl = "2m"))]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub airline_code: String,
        #[sea_orm(belongs_to, from = "airline_code", to = "code")]
        pub airline: BelongsTo<super::airline::Entity>,
        #[sea_orm(has_one)]
        pub gate: HasOne<super::gate::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod gate {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "gate", model_attrs(derive(writethrough::WriteThrough), write_through(ttl = "2m")))]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(unique)]
        pub flight_id: i32,
        #[sea_orm(belongs_to, from = "flight_id", to = "id")]
        pub flight: BelongsTo<super::flight::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod derived_above {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(WriteThrough)]
    #[write_through(ttl = "2m")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "derived_above")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(belongs_to, from = "id", to = "id")]
        pub flight: BelongsTo<super::flight::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod compact_model {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[sea_orm::compact_model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "compact_model")]
    #[write_through(ttl = "2m")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub flight: HasOne<super::flight::Entity>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "super::flight::Entity", from = "Column::Id", to = "super::flight::Column::Id")]
        Flight,
    }

    impl Related<super::flight::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Flight.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[test]
fn entities_with_relations_as_fields_are_cached() {
    use std::time::Duration;
    use writethrough::CachedEntity;

    let two_minutes = Some(Duration::from_secs(120));
    assert_eq!(airline::Entity::POLICY.ttl, two_minutes);
    assert_eq!(flight::Entity::POLICY.ttl, two_minutes);
    assert_eq!(gate::Entity::POLICY.ttl, two_minutes);
    assert_eq!(derived_above::Entity::POLICY.ttl, two_minutes);
    assert_eq!(compact_model::Entity::POLICY.ttl, two_minutes);
    assert!(matches!(airline::Entity::exact_columns(), [airline::Column::Code]));
}
