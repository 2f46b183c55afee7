//! Everything written out: the model's text tells neither table nor primary key.

mod plain {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    pub struct Entity;

    impl EntityName for Entity {
        fn schema_name(&self) -> Option<&str> {
            Some("air")
        }

        fn table_name(&self) -> &'static str {
            "airport"
        }
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveModel, DeriveActiveModel, WriteThrough)]
    #[write_through(ttl = "2m")]
    pub struct Model {
        #[write_through(exact)]
        pub iata_code: String,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
    pub enum Column {
        IataCode,
        Name,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
    pub enum PrimaryKey {
        IataCode,
    }

    impl PrimaryKeyTrait for PrimaryKey {
        type ValueType = String;

        fn auto_increment() -> bool {
            false
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ColumnTrait for Column {
        type EntityName = Entity;

        fn def(&self) -> ColumnDef {
            match self {
                Self::IataCode | Self::Name => ColumnType::String(StringLen::None).def(),
            }
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod renamed {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    #[sea_orm(column = Columns, primary_key = Keys, relation = Relations)]
    pub struct Runways;

    impl EntityName for Runways {
        fn table_name(&self) -> &'static str {
            "runway"
        }
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveModel, DeriveActiveModel, WriteThrough)]
    #[sea_orm(entity = Runways)]
    #[write_through(ttl = "2m")]
    pub struct Model {
        pub airport_id: i32,
        #[sea_orm(enum_name = "Heading")]
        #[write_through(exact)]
        pub direction: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
    pub enum Columns {
        AirportId,
        #[sea_orm(column_name = "direction")]
        Heading,
    }

    // `DeriveActiveModel` and `DerivePrimaryKey` know these by one name only.
    use Columns as Column;
    use Runways as Entity;

    #[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
    pub enum Keys {
        AirportId,
        #[sea_orm(column_name = "direction")]
        Heading,
    }

    impl PrimaryKeyTrait for Keys {
        type ValueType = (i32, String);

        fn auto_increment() -> bool {
            false
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter)]
    pub enum Relations {}

    impl RelationTrait for Relations {
        fn def(&self) -> RelationDef {
            match *self {}
        }
    }

    impl ColumnTrait for Columns {
        type EntityName = Runways;

        fn def(&self) -> ColumnDef {
            match self {
                Self::AirportId => ColumnType::Integer.def(),
                Self::Heading => ColumnType::String(StringLen::None).def(),
            }
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[test]
fn expanded_entities_are_cached() {
    use std::time::Duration;
    use writethrough::CachedEntity;

    assert_eq!(plain::Entity::POLICY.ttl, Some(Duration::from_secs(120)));
    assert!(matches!(plain::Entity::exact_columns(), [plain::Column::IataCode]));
    assert_eq!(renamed::Runways::POLICY.ttl, Some(Duration::from_secs(120)));
    assert!(matches!(renamed::Runways::exact_columns(), [renamed::Columns::Heading]));
}
