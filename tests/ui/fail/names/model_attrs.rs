//! `model_attrs` keeps the derive off `ModelEx`, on which SeaORM puts the attributes of fields all the same.

mod flight {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "flight", model_attrs(derive(writethrough::WriteThrough)))]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[write_through(exact)]
        pub id: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
