use sea_orm::ActiveValue::{NotSet, Set};

use super::*;
use crate::entity::samples::flight::{ActiveModel, Entity, Model};

fn sent(names: &[&str]) -> Vec<ActiveModel> {
    names.iter().map(|name| ActiveModel { flight_no: Set((*name).to_owned()), ..Default::default() }).collect()
}

fn came(rows: &[(i32, &str)]) -> Vec<Model> {
    rows.iter().map(|(id, name)| Model { id: *id, flight_no: (*name).to_owned(), r#type: None }).collect()
}

fn generated(names: &[&str], rows: &[(i32, &str)]) -> Result<Vec<i32>, DbErr> {
    let rows = in_order::<Entity>(&sent(names), None, came(rows))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

#[test]
fn rows_that_come_in_their_order_are_taken_as_they_come() {
    assert_eq!(generated(&["a", "b", "a"], &[(1, "a"), (2, "b"), (3, "a")]), Ok(vec![1, 2, 3]));
    // A sequence may go down.
    assert_eq!(generated(&["a", "b", "c"], &[(3, "a"), (2, "b"), (1, "c")]), Ok(vec![3, 2, 1]));
}

#[test]
fn rows_that_come_in_another_order_are_sorted_by_their_keys() {
    assert_eq!(generated(&["a", "b", "c"], &[(3, "c"), (1, "a"), (2, "b")]), Ok(vec![1, 2, 3]));
}

#[test]
fn rows_in_no_order_at_all_are_refused() {
    assert!(generated(&["a", "b", "c"], &[(1, "b"), (3, "a"), (2, "c")]).is_err());
}

#[test]
fn what_a_trigger_makes_of_a_column_says_nothing_of_the_order() {
    assert_eq!(generated(&["a", "b"], &[(1, "A"), (2, "B")]), Ok(vec![1, 2]));
}

#[test]
fn fewer_rows_or_more_are_refused() {
    assert!(matches!(generated(&["a", "b"], &[(1, "a")]), Err(DbErr::RecordNotInserted)));
    assert!(generated(&["a"], &[(1, "a"), (2, "a")]).is_err());
}

#[test]
fn known_keys_tell_which_row_is_whose() {
    let keys = [7, 5, 6].map(|id: i32| ValueTuple::One(id.into()));
    let rows = in_order::<Entity>(&sent(&["x", "x", "x"]), Some(&keys), came(&[(5, "x"), (6, "x"), (7, "x")]));
    assert_eq!(rows.map(|rows| rows.iter().map(|row| row.id).collect()), Ok(vec![7, 5, 6]));
}

#[test]
fn keys_that_come_back_otherwise_are_taken_as_they_come_if_the_rest_agrees() {
    let keys = [1, 2].map(|id: i32| ValueTuple::One(id.into()));
    let sent = sent(&["a", "b"]);
    assert!(in_order::<Entity>(&sent, Some(&keys), came(&[(9, "a"), (8, "b")])).is_ok());
    assert!(in_order::<Entity>(&sent, Some(&keys), came(&[(9, "b"), (8, "a")])).is_err());
}

#[test]
fn a_column_that_some_rows_do_not_set_says_nothing() {
    let mut sent = sent(&["a", "b"]);
    sent[1].flight_no = NotSet;
    assert!(in_order::<Entity>(&sent, None, came(&[(1, "default"), (2, "a")])).is_ok());
}
