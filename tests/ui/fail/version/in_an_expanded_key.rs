//! An expanded entity names its primary key in an enum, which the compiler asks.

mod airport {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    pub struct Entity;

    impl EntityName for Entity {
        fn table_name(&self) -> &'static str {
            "airport"
        }
    }

    #[derive(Clone, Debug, PartialEq, DeriveModel, DeriveActiveModel, WriteThrough)]
    pub struct Model {
        pub iata_code: String,
        #[write_through(version)]
        pub edition: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
    pub enum Column {
        IataCode,
        Edition,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
    pub enum PrimaryKey {
        IataCode,
        Edition,
    }

    impl PrimaryKeyTrait for PrimaryKey {
        type ValueType = (String, i32);

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
                Self::IataCode => ColumnType::String(StringLen::None).def(),
                Self::Edition => ColumnType::Integer.def(),
            }
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
