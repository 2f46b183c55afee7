//! Deletes of a row that has a version.

use sea_orm::IntoActiveModel;

use super::{assert_conflict, overtaken, stored, with_an_account};
use crate::support::entities::versioned::account::{ActiveModel, Entity, known};
use crate::support::entities::versioned::seat;
use crate::support::probe::{Probe, Seen};

on_every_stage! {
    async fn a_delete_checks_the_version(stage: Stage) {
        let (store, other, account) = with_an_account(&stage).await;
        let faster = account.clone().with(50).save_through(&other).await.unwrap();
        assert_conflict(account.clone().delete_through(&store).await);
        assert_conflict(store.delete(account.into_active_model()).await);
        assert_eq!(stored(&stage, 1).await, Some(faster.clone()));
        assert_eq!(Entity::load_cached(1, &store).await.unwrap(), Some(faster.clone()));
        assert!(faster.clone().delete_through(&store).await.unwrap());
        assert_eq!(Entity::load_cached(1, &other).await.unwrap(), None);
        assert!(!faster.delete_through(&store).await.unwrap(), "there is none any more");
    }

    async fn a_delete_that_loses_evicts_the_entry_that_it_came_from(stage: Stage) {
        let (store, _, account) = with_an_account(&stage).await;
        let newer = overtaken(&stage, &account).await;
        assert_conflict(Entity::load_cached(1, &store).await.unwrap().unwrap().delete_through(&store).await);
        assert_eq!(Probe::of(&stage).await.look::<Entity>(1).await, Seen::Nothing);
        assert_eq!(Entity::load_cached(1, &store).await.unwrap(), Some(newer));
    }

    async fn a_delete_by_id_deletes_whatever_the_version_is(stage: Stage) {
        let (store, other, account) = with_an_account(&stage).await;
        account.with(50).save_through(&other).await.unwrap();
        assert!(Entity::delete_by_id_through(1, &store).await.unwrap());
        assert_eq!(stored(&stage, 1).await, None);
    }

    async fn a_delete_without_a_version_is_refused(stage: Stage) {
        let (store, _, account) = with_an_account(&stage).await;
        let unknown = ActiveModel { version: sea_orm::NotSet, ..known(1, 1) };
        let error = unknown.delete_through(&store).await.unwrap_err();
        assert!(error.is_bad_input() && error.to_string().contains("load the row"), "{error:?}");
        assert_eq!(Probe::of(&stage).await.look::<Entity>(1).await, Seen::Row(account));
    }

    async fn a_row_under_a_key_with_text_in_it_is_checked_too(stage: Stage) {
        stage.create_table(seat::Entity).await;
        let (store, other) = (stage.store().await, stage.store().await);
        let seat = seat::sold(400, "12A", "Ann").insert_through(&store).await.unwrap();
        let faster = seat.clone().for_("Bob").save_through(&other).await.unwrap();
        assert_conflict(seat.delete_through(&store).await);
        let id = || (400, "12A".to_owned());
        assert_eq!(seat::Entity::load_cached(id(), &store).await.unwrap(), Some(faster.clone()));
        assert!(faster.clone().delete_through(&store).await.unwrap());
        assert!(!faster.delete_through(&store).await.unwrap());
        assert_eq!(seat::Entity::load_cached(id(), &other).await.unwrap(), None);
    }
}
