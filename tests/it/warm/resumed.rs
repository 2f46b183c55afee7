//! A warm-up that is stopped, and goes on elsewhere.

use std::ops::ControlFlow;

use sea_orm::EntityTrait;
use writethrough::{WarmCursor, WarmOptions};

use super::{counts, flights, listening};
use crate::support::entities::flight::Entity;
use crate::support::entities::keys::airport;
use crate::support::probe::recorded;

on_every_stage! {
    async fn a_warm_up_that_was_stopped_goes_on_in_another_process_from_its_cursor(stage: Stage) {
        flights(&stage, 22).await;
        let mut kept = String::new();
        let options = WarmOptions::new().page_size(4).progress(|progress| {
            kept = progress.cursor.to_string();
            if progress.seen < 8 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        assert_eq!(Entity::warm(Entity::find(), options, &stage.store().await).await.unwrap(), 8);

        let (store, log) = recorded(&stage).await;
        // The row that the cursor names need not be there any more.
        Entity::delete_by_id_through(8, &store).await.unwrap();
        log.take();
        let cursor: WarmCursor = kept.parse().unwrap();
        let mut told = Vec::new();
        let options = listening(&mut told).page_size(5).resume_after(cursor.clone());
        assert_eq!(Entity::warm(Entity::find(), options, &store).await.unwrap(), 14);
        assert_eq!(counts(&told), [(5, 5), (10, 10), (14, 14)], "what lies before the cursor is not looked at");
        assert_eq!(log.take().len(), 6);
        let options = WarmOptions::new().resume_after(told.pop().unwrap().cursor);
        assert_eq!(Entity::warm(Entity::find(), options, &store).await.unwrap(), 0);
        assert_eq!(log.take().len(), 1, "nothing is behind the last one");
    }

    async fn options_that_cannot_be_used_are_refused_before_anything_is_asked(stage: Stage) {
        flights(&stage, 3).await;
        stage.create_table(airport::Entity).await;
        let (store, log) = recorded(&stage).await;
        let mut told = Vec::new();
        Entity::warm(Entity::find(), listening(&mut told), &store).await.unwrap();
        log.take();
        let cursor = told.pop().unwrap().cursor;
        for (options, says) in [
            (WarmOptions::new().page_size(0), "1 to 10000 rows, not 0"),
            (WarmOptions::new().page_size(10_001), "not 10001"),
            (WarmOptions::new().rows_per_second(0), "at least 1"),
        ] {
            let error = Entity::warm(Entity::find(), options, &store).await.unwrap_err();
            assert!(error.is_bad_input() && error.to_string().contains(says), "{error}");
        }
        let options = WarmOptions::new().resume_after(cursor);
        let error = airport::Entity::warm(airport::Entity::find(), options, &store).await.unwrap_err();
        assert!(error.is_bad_input() && error.to_string().contains("`airport`"), "{error}");
        assert_eq!(log.len(), 0);
        for size in [1, 10_000] {
            assert_eq!(Entity::warm(Entity::find(), WarmOptions::new().page_size(size), &store).await.unwrap(), 0);
        }
    }
}
