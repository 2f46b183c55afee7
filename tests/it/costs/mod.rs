//! What each operation costs: the statements it sends to the database, and its round trips to Redis.
//!
//! The table is the test: what is measured is printed in the same form and compared as a whole. `BEGIN` and `COMMIT`
//! are not in it, because SeaORM does not report them.

mod batches;
mod operations;
mod outbox;
mod relations;

use crate::support::databases::Backend;
use crate::support::redis::RedisServer;

use self::operations::measured;

/// Each line: operation | statements | commands to Redis.
const WITH_RETURNING: &str = "\
load, a miss                        | SELECT               | GET EVALSHA EVALSHA
load, a hit                         | -                    | GET
load, no such row                   | SELECT               | GET EVALSHA EVALSHA
load, remembered absence            | -                    | GET
load, text key, no such row         | SELECT               | GET EVALSHA EVALSHA
load while a writer is under way    | SELECT               | GET
load of 3, one cached               | SELECT               | MGET EVALSHA EVALSHA
load of 3, all cached               | -                    | MGET
load by key, a miss                 | SELECT               | GET EVALSHA EVALSHA
load by key, then the row a miss    | SELECT               | GET GET EVALSHA EVALSHA
load by key, a hit                  | -                    | GET GET
load by key, a pointer left behind  | SELECT SELECT        | GET GET EVALSHA EVALSHA EVALSHA EVALSHA
load by key, no such row            | SELECT               | GET EVALSHA EVALSHA
load by key, remembered absence     | -                    | GET
load by key, text, no such row      | SELECT               | GET EVALSHA EVALSHA
load by key, NULL                   | -                    | -
load of a list, a miss              | SELECT SELECT        | MGET EVALSHA EVALSHA MGET EVALSHA EVALSHA
load of a list, a hit               | -                    | MGET MGET
load of a list, a row a miss        | SELECT               | MGET MGET EVALSHA EVALSHA
load of a list, no rows             | SELECT               | MGET EVALSHA EVALSHA
load of a list, remembered absence  | -                    | MGET
load of 3 lists, one a miss         | SELECT SELECT        | MGET EVALSHA EVALSHA MGET EVALSHA EVALSHA
load of 3 lists, a hit              | -                    | MGET MGET
insert into lists                   | INSERT RETURNING     | EVALSHA EVALSHA
update to another list              | UPDATE RETURNING     | EVALSHA EVALSHA
update within its lists             | UPDATE RETURNING     | EVALSHA EVALSHA
insert, generated key               | INSERT RETURNING     | EVALSHA EVALSHA
insert, own key                     | INSERT RETURNING     | EVALSHA EVALSHA
insert, text key                    | INSERT RETURNING     | EVALSHA EVALSHA
insert, duplicate key               | INSERT RETURNING     | EVALSHA EVALSHA
insert, duplicate value             | INSERT RETURNING     | -
update                              | UPDATE RETURNING     | EVALSHA EVALSHA
update, text key                    | UPDATE RETURNING     | EVALSHA EVALSHA
update, the same value              | UPDATE RETURNING     | EVALSHA EVALSHA
update, nothing set                 | SELECT               | EVALSHA EVALSHA
update, no such row                 | UPDATE RETURNING     | EVALSHA EVALSHA
update, nothing set, no such row    | SELECT               | EVALSHA EVALSHA
update without a key                | -                    | -
save, no key                        | INSERT RETURNING     | EVALSHA EVALSHA
save, known key                     | UPDATE RETURNING     | EVALSHA EVALSHA
save, new key of our own            | UPDATE RETURNING     | EVALSHA EVALSHA
delete                              | DELETE               | EVALSHA EVALSHA
delete, no such row                 | DELETE               | EVALSHA EVALSHA
delete by id                        | DELETE               | EVALSHA EVALSHA
delete, text key                    | DELETE RETURNING     | EVALSHA EVALSHA
delete, text key, no such row       | DELETE RETURNING     | -
delete without a key                | -                    | -
a transaction of 3 updates          | UPDATE RETURNING UPDATE RETURNING UPDATE RETURNING| EVALSHA EVALSHA
a transaction that is rolled back   | UPDATE RETURNING     | -
upsert                              | INSERT RETURNING     | EVALSHA EVALSHA
warm, 3 rows missing                | SELECT SELECT        | MGET EVALSHA EVALSHA
warm, 3 rows cached                 | SELECT               | MGET
invalidate                          | -                    | EVALSHA
";

/// The same where rows have to be read back.
const WITHOUT_RETURNING: &str = "\
load, a miss                        | SELECT               | GET EVALSHA EVALSHA
load, a hit                         | -                    | GET
load, no such row                   | SELECT               | GET EVALSHA EVALSHA
load, remembered absence            | -                    | GET
load, text key, no such row         | SELECT               | GET EVALSHA EVALSHA
load while a writer is under way    | SELECT               | GET
load of 3, one cached               | SELECT               | MGET EVALSHA EVALSHA
load of 3, all cached               | -                    | MGET
load by key, a miss                 | SELECT               | GET EVALSHA EVALSHA
load by key, then the row a miss    | SELECT               | GET GET EVALSHA EVALSHA
load by key, a hit                  | -                    | GET GET
load by key, a pointer left behind  | SELECT SELECT        | GET GET EVALSHA EVALSHA EVALSHA EVALSHA
load by key, no such row            | SELECT               | GET EVALSHA EVALSHA
load by key, remembered absence     | -                    | GET
load by key, text, no such row      | SELECT               | GET EVALSHA EVALSHA
load by key, NULL                   | -                    | -
load of a list, a miss              | SELECT SELECT        | MGET EVALSHA EVALSHA MGET EVALSHA EVALSHA
load of a list, a hit               | -                    | MGET MGET
load of a list, a row a miss        | SELECT               | MGET MGET EVALSHA EVALSHA
load of a list, no rows             | SELECT               | MGET EVALSHA EVALSHA
load of a list, remembered absence  | -                    | MGET
load of 3 lists, one a miss         | SELECT SELECT        | MGET EVALSHA EVALSHA MGET EVALSHA EVALSHA
load of 3 lists, a hit              | -                    | MGET MGET
insert into lists                   | INSERT SELECT-LOCK   | EVALSHA EVALSHA
update to another list              | UPDATE SELECT-LOCK   | EVALSHA EVALSHA
update within its lists             | UPDATE SELECT-LOCK   | EVALSHA EVALSHA
insert, generated key               | INSERT SELECT-LOCK   | EVALSHA EVALSHA
insert, own key                     | INSERT SELECT-LOCK   | EVALSHA EVALSHA
insert, text key                    | INSERT SELECT-LOCK   | EVALSHA EVALSHA
insert, duplicate key               | INSERT               | EVALSHA EVALSHA
insert, duplicate value             | INSERT               | -
update                              | UPDATE SELECT-LOCK   | EVALSHA EVALSHA
update, text key                    | UPDATE SELECT-LOCK   | EVALSHA EVALSHA
update, the same value              | UPDATE SELECT-LOCK   | EVALSHA EVALSHA
update, nothing set                 | SELECT               | EVALSHA EVALSHA
update, no such row                 | UPDATE               | EVALSHA EVALSHA
update, nothing set, no such row    | SELECT               | EVALSHA EVALSHA
update without a key                | -                    | -
save, no key                        | INSERT SELECT-LOCK   | EVALSHA EVALSHA
save, known key                     | UPDATE SELECT-LOCK   | EVALSHA EVALSHA
save, new key of our own            | UPDATE               | EVALSHA EVALSHA
delete                              | DELETE               | EVALSHA EVALSHA
delete, no such row                 | DELETE               | EVALSHA EVALSHA
delete by id                        | DELETE               | EVALSHA EVALSHA
delete, text key                    | SELECT-LOCK DELETE   | EVALSHA EVALSHA
delete, text key, no such row       | SELECT-LOCK          | -
delete without a key                | -                    | -
a transaction of 3 updates          | UPDATE SELECT-LOCK UPDATE SELECT-LOCK UPDATE SELECT-LOCK| EVALSHA EVALSHA
a transaction that is rolled back   | UPDATE SELECT-LOCK   | -
upsert                              | INSERT SELECT-LOCK   | EVALSHA EVALSHA
warm, 3 rows missing                | SELECT SELECT        | MGET EVALSHA EVALSHA
warm, 3 rows cached                 | SELECT               | MGET
invalidate                          | -                    | EVALSHA
";

#[tokio::test]
async fn what_operations_cost_on_sqlite() {
    let redis = RedisServer::start([]);
    assert_eq!(measured(Backend::Sqlite, &redis).await, WITH_RETURNING);
}

#[tokio::test]
async fn what_operations_cost_on_postgres() {
    let redis = RedisServer::start([]);
    assert_eq!(measured(Backend::Postgres, &redis).await, WITH_RETURNING);
}

#[tokio::test]
async fn what_operations_cost_on_mysql() {
    let redis = RedisServer::start([]);
    assert_eq!(measured(Backend::MySql, &redis).await, WITHOUT_RETURNING);
}
