//! PostgreSQL tells at once that a trigger has recorded something.

use super::Relay;

/// Wakes the relay whenever somebody notifies the outbox's channel; for ever.
///
/// On a connection of its own: one that listens is of no use to others, and the user's pool may be small.
#[cfg(feature = "postgres")]
pub(super) async fn listen(relay: &Relay) {
    use super::relay::LONGEST_PAUSE;
    use sea_orm::DatabaseConnectionType;
    use sea_orm::sqlx::postgres::{PgListener, PgPoolOptions};

    if !matches!(relay.db.inner, DatabaseConnectionType::SqlxPostgresPoolConnection(_)) {
        return;
    }
    let options = relay.db.get_postgres_connection_pool().connect_options().as_ref().clone();
    let pool = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None).connect_lazy_with(options);
    loop {
        let listener = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(relay.outbox.table.name()).await?;
            Ok::<_, sea_orm::sqlx::Error>(listener)
        };
        if let Ok(mut listener) = listener.await {
            // What was recorded while nobody listened.
            relay.outbox.look.notify_one();
            // Without a notification, the connection was lost and is there again: some may have been missed.
            while let Ok(_told_or_back) = listener.try_recv().await {
                relay.outbox.look.notify_one();
            }
        }
        // Until it can be reached again, the relay looks twice in each interval.
        tokio::time::sleep(relay.outbox.interval.min(LONGEST_PAUSE)).await;
    }
}

#[cfg(not(feature = "postgres"))]
pub(super) async fn listen(_: &Relay) {}
