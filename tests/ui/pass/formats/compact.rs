//! The format before SeaORM 2: one struct, one derive, relations in an enum.

mod plain {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "plain")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod derived_by_path_and_first {
    use sea_orm::entity::prelude::*;

    #[derive(writethrough::WriteThrough, Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "derived_by_path_and_first")]
    #[write_through(ttl = "2m")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod under_cfg_attr {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[cfg_attr(all(), derive(writethrough::WriteThrough), write_through(ttl = "2m"))]
    #[cfg_attr(any(), write_through(ttl = "3m"))]
    #[sea_orm(table_name = "under_cfg_attr")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[cfg_attr(all(), write_through(exact))]
        pub id: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod with_an_entity_written_by_hand {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    pub struct Entity;

    impl EntityName for Entity {
        fn table_name(&self) -> &'static str {
            "by_hand"
        }
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[write_through(exact)]
        pub code: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod seen_by_its_parent_only {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "seen_by_its_parent_only")]
    pub(super) struct Model {
        #[sea_orm(primary_key)]
        pub(super) id: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[test]
fn compact_entities_are_cached() {
    use std::time::Duration;
    use writethrough::CachedEntity;

    assert_eq!(plain::Entity::POLICY.ttl, None);
    assert_eq!(derived_by_path_and_first::Entity::POLICY.ttl, Some(Duration::from_secs(120)));
    assert_eq!(under_cfg_attr::Entity::POLICY.ttl, Some(Duration::from_secs(120)));
    assert!(matches!(under_cfg_attr::Entity::exact_columns(), [under_cfg_attr::Column::Id]));
    assert!(matches!(
        with_an_entity_written_by_hand::Entity::exact_columns(),
        [with_an_entity_written_by_hand::Column::Code]
    ));
    assert!(seen_by_its_parent_only::Entity::exact_columns().is_empty());
}
