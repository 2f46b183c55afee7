//! Each attribute, in each of its values, says what it should in the policy.

use std::time::Duration;

use writethrough::{CachedEntity, EntityPolicy, NegativeTtl, OnCacheFailure, OnWrite};

/// A crate that re-exports `writethrough` in a module of its own.
mod app {
    pub mod cache {
        pub use writethrough::*;
    }
}

macro_rules! entity {
    ($name:ident, $(#[$attr:meta])*) => {
        mod $name {
            use sea_orm::entity::prelude::*;
            use writethrough::WriteThrough;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
            #[sea_orm(table_name = "t")]
            $(#[$attr])*
            pub struct Model {
                #[sea_orm(primary_key)]
                pub id: i32,
                pub public: bool,
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}

            impl Model {
                #[allow(dead_code)]
                pub(super) fn is_public(&self) -> bool {
                    self.public
                }
            }
        }
    };
}

entity!(silent,);
entity!(empty, #[write_through()]);
entity!(
    everything,
    #[write_through(ttl = "1h 30m", negative_ttl = "1500ms", on_write = "refresh_later")]
    #[write_through(on_cache_failure = "fail", cache_if = "super::public", rename = "e", crate = "super::app::cache",)]
);
entity!(shortest, #[write_through(ttl = "1s", negative_ttl = "1s")]);
entity!(longest, #[write_through(ttl = "30days", negative_ttl = "720h")]);
entity!(no_negatives, #[write_through(negative_ttl = "off")]);
entity!(refresh, #[write_through(on_write = "refresh", on_cache_failure = "degrade")]);
entity!(refresh_if_cached, #[write_through(on_write = "refresh_if_cached")]);
entity!(invalidate, #[write_through(on_write = "invalidate")]);
entity!(cached_if_method, #[write_through(cache_if = "Model::is_public")]);
entity!(cached_if_generic, #[write_through(cache_if = "super::any::<Model, 3>")]);
entity!(longest_name, #[write_through(rename = "0123456789012345678901234567890123456789012345678901234567890123")]);

fn public(model: &everything::Model) -> bool {
    model.public
}

fn any<T, const N: usize>(_: &T) -> bool {
    N == 0
}

#[test]
fn each_attribute_says_what_it_should() {
    let secs = Duration::from_secs;
    let policy = EntityPolicy::new;

    assert_eq!(silent::Entity::POLICY, policy());
    assert_eq!(empty::Entity::POLICY, policy());
    assert_eq!(
        everything::Entity::POLICY,
        policy()
            .ttl(secs(5400))
            .negative_ttl(NegativeTtl::For(Duration::from_millis(1500)))
            .on_write(OnWrite::RefreshLater)
            .on_cache_failure(OnCacheFailure::Fail)
            .rename("e")
    );
    assert_eq!(shortest::Entity::POLICY, policy().ttl(secs(1)).negative_ttl(NegativeTtl::For(secs(1))));
    let month = secs(30 * 24 * 60 * 60);
    assert_eq!(longest::Entity::POLICY, policy().ttl(month).negative_ttl(NegativeTtl::For(month)));
    assert_eq!(no_negatives::Entity::POLICY, policy().negative_ttl(NegativeTtl::Off));
    assert_eq!(refresh::Entity::POLICY, policy().on_write(OnWrite::Refresh).on_cache_failure(OnCacheFailure::Degrade));
    assert_eq!(refresh_if_cached::Entity::POLICY, policy().on_write(OnWrite::RefreshIfCached));
    assert_eq!(invalidate::Entity::POLICY, policy().on_write(OnWrite::Invalidate));
    assert_eq!(longest_name::Entity::POLICY.rename.map(str::len), Some(64));

    assert!(silent::Entity::keep(&silent::Model { id: 1, public: false }));
    for public in [false, true] {
        assert_eq!(everything::Entity::keep(&everything::Model { id: 1, public }), public);
        assert_eq!(cached_if_method::Entity::keep(&cached_if_method::Model { id: 1, public }), public);
        assert!(!cached_if_generic::Entity::keep(&cached_if_generic::Model { id: 1, public }));
    }
}
