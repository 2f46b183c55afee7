//! The tables and what is shipped for them: some thousand flights of a week, in `data/`.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use sea_orm::ActiveValue::Set;
use sea_orm::prelude::ChronoDateTime;
use sea_orm::sea_query::value::prelude::chrono::TimeDelta;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait, PaginatorTrait,
    Schema, TransactionTrait,
};
use writethrough::Store;

use crate::BoxError;
use crate::entities::{airline, airport, flight, flight_log};

const AIRLINES: &str = include_str!("data/airlines.csv");
const AIRPORTS: &str = include_str!("data/airports.csv");
const FLIGHTS: &str = include_str!("data/flights.csv");

/// Rows in one INSERT: far below what any database binds.
const ROWS_PER_INSERT: usize = 500;

/// What [`prepare`] did.
pub struct Prepared {
    pub flights: u64,
    /// How long it took to load them; nothing if they were there.
    pub loaded_in: Option<Duration>,
}

/// Creates the tables that are missing, and loads the flights if there are none.
pub async fn prepare(store: &Store) -> Result<Prepared, BoxError> {
    let db = store.database();
    create_table(db, airline::Entity).await?;
    create_table(db, airport::Entity).await?;
    create_table(db, flight::Entity).await?;
    create_table(db, flight_log::Entity).await?;
    let flights = flight::Entity::find().count(db).await?;
    if flights > 0 {
        return Ok(Prepared { flights, loaded_in: None });
    }
    let started = Instant::now();
    let flights = load(db).await?;
    // These rows came behind the cache's back, and somebody may have asked for one before.
    forget(store).await?;
    Ok(Prepared { flights, loaded_in: Some(started.elapsed()) })
}

/// Makes the cache forget all rows of this demo, and no others.
pub async fn forget(store: &Store) -> Result<(), writethrough::Error> {
    airline::Entity::invalidate_all(store).await?;
    airport::Entity::invalidate_all(store).await?;
    flight::Entity::invalidate_all(store).await
}

async fn create_table<E: EntityTrait>(db: &DatabaseConnection, entity: E) -> Result<(), DbErr> {
    let mut table = Schema::new(db.get_database_backend()).create_table_from_entity(entity);
    db.execute(table.if_not_exists()).await.map(drop)
}

/// All of it in one transaction, so that there is never a part of it.
async fn load(db: &DatabaseConnection) -> Result<u64, BoxError> {
    let (airlines, airline_ids) = numbered(AIRLINES, |id, [iata, name, country]| airline::ActiveModel {
        id: Set(id),
        iata: Set(iata.to_owned()),
        name: Set(name.to_owned()),
        country: Set(country.to_owned()),
    })?;
    let (airports, airport_ids) = numbered(AIRPORTS, |id, [iata, city, name]| airport::ActiveModel {
        id: Set(id),
        iata: Set(iata.to_owned()),
        city: Set(city.to_owned()),
        name: Set(name.to_owned()),
    })?;
    let flights = flights(&airline_ids, &airport_ids)?;
    let count = flights.len() as u64;
    let tx = db.begin().await?;
    insert(&tx, airlines).await?;
    insert(&tx, airports).await?;
    insert(&tx, flights).await?;
    tx.commit().await?;
    Ok(count)
}

async fn insert<A: ActiveModelTrait>(tx: &DatabaseTransaction, rows: Vec<A>) -> Result<(), DbErr> {
    for chunk in rows.chunks(ROWS_PER_INSERT) {
        A::Entity::insert_many(chunk.iter().cloned()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The rows of a file, by numbers that follow from their order; and the numbers by the first column.
fn numbered<'a, A, const N: usize>(
    file: &'a str,
    row: impl Fn(i32, [&'a str; N]) -> A,
) -> Result<(Vec<A>, HashMap<&'a str, i32>), BoxError> {
    let (mut rows, mut ids) = (Vec::new(), HashMap::new());
    for (id, line) in (1..).zip(file.lines().skip(1)) {
        let columns = columns::<N>(line)?;
        ids.extend(columns.first().map(|first| (*first, id)));
        rows.push(row(id, columns));
    }
    Ok((rows, ids))
}

fn flights(airlines: &HashMap<&str, i32>, airports: &HashMap<&str, i32>) -> Result<Vec<flight::ActiveModel>, BoxError> {
    let id_of = |ids: &HashMap<&str, i32>, iata: &str| ids.get(iata).copied().ok_or(format!("there is no {iata}"));
    let flight = |line: &str| -> Result<flight::ActiveModel, BoxError> {
        let [id, airline, number, from, to, departure, minutes, gate] = columns(line)?;
        let departure = ChronoDateTime::parse_from_str(departure, "%Y-%m-%d %H:%M")?;
        Ok(flight::ActiveModel {
            id: Set(id.parse()?),
            airline_id: Set(id_of(airlines, airline)?),
            flight_no: Set(format!("{airline} {number}")),
            origin_id: Set(id_of(airports, from)?),
            destination_id: Set(id_of(airports, to)?),
            gate: Set(gate.to_owned()),
            status: Set(flight::Status::Scheduled),
            departure: Set(departure),
            arrival: Set(departure + TimeDelta::minutes(minutes.parse()?)),
        })
    };
    FLIGHTS.lines().skip(1).map(flight).collect()
}

fn columns<const N: usize>(line: &str) -> Result<[&str; N], BoxError> {
    let columns: Vec<_> = line.split(',').collect();
    columns.try_into().map_err(|_| format!("not {N} columns: {line}").into())
}
