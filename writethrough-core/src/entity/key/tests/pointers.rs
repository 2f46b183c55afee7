use proptest::prelude::*;
use sea_orm::Value;
use sea_orm::sea_query::IntoValueTuple;

use super::{cluster, shop, text_value};
use crate::cache::CacheKey;
use crate::entity::samples::{flight, odd, ticket};
use crate::entity::{CachedEntity, KeyError, KeySpace, MAX_KEY_LEN, MAX_PK_LEN, Secondary, is_list};

fn ticket() -> ticket::Model {
    ticket::Model { id: 1, code: Some(7), mail: None, flight_id: 115, seat_number: "12A".to_owned(), price: 0 }
}

/// The key of a pointer, which it must have.
fn pointer<E: CachedEntity>(space: &KeySpace, key: usize, values: &[Value]) -> CacheKey {
    space.pointer_key::<E>(key, values).unwrap().unwrap()
}

/// The key of a list, which it must have.
fn list<E: CachedEntity>(space: &KeySpace, index: usize, values: &[Value]) -> CacheKey {
    space.list_key::<E>(index, values).unwrap().unwrap()
}

#[test]
fn the_common_case_is_readable() {
    assert_eq!(list::<ticket::Entity>(&shop(), 0, &[115.into()]).as_str(), "shop:ticket&flight_id:115");
    assert_eq!(list::<ticket::Entity>(&cluster(), 0, &[115.into()]).as_str(), "{shop:ticket&flight_id:0b}:115");
    assert_eq!(pointer::<ticket::Entity>(&shop(), 0, &[7.into()]).as_str(), "shop:ticket@code:7");
    assert_eq!(
        pointer::<ticket::Entity>(&shop(), 1, &["a.b+c@d.com".into()]).as_str(),
        "shop:ticket@holderMail:a.b+c%40d.com"
    );
    assert_eq!(
        pointer::<ticket::Entity>(&shop(), 2, &[115.into(), "12A".into()]).as_str(),
        "shop:ticket@flight_id+seat:115:12A"
    );
    assert_eq!(pointer::<ticket::Entity>(&cluster(), 0, &[115.into()]).as_str(), "{shop:ticket@code:0b}:115");
}

#[test]
fn a_row_has_a_pointer_for_each_key_that_is_not_null() {
    let keys = shop().pointer_keys::<ticket::Entity>(&ticket()).unwrap();
    let keys: Vec<_> = keys.iter().map(|key| key.as_ref().map(CacheKey::as_str)).collect();
    assert_eq!(keys, [Some("shop:ticket@code:7"), None, Some("shop:ticket@flight_id+seat:115:12A")]);
    assert_eq!(shop().secondary_key_of::<ticket::Entity>(Secondary::Unique(1), &ticket()), Ok(None));
}

#[test]
fn null_has_no_pointer_in_whichever_column_it_stands() {
    assert_eq!(shop().pointer_key::<ticket::Entity>(1, &[Value::String(None)]), Ok(None));
    assert_eq!(shop().pointer_key::<ticket::Entity>(2, &[115.into(), Value::String(None)]), Ok(None));
    assert!(shop().pointer_key::<ticket::Entity>(1, &["".into()]).unwrap().is_some(), "empty is not NULL");
}

#[test]
fn values_that_are_no_key_are_refused() {
    let refused = |key, values: &[Value]| shop().pointer_key::<ticket::Entity>(key, values).unwrap_err();
    assert_eq!(refused(3, &[7.into()]), KeyError::NoSuchKey { key: 3 });
    assert_eq!(shop().list_key::<ticket::Entity>(3, &[7.into()]), Err(KeyError::NoSuchIndex { index: 3 }));
    assert_eq!(refused(2, &[115.into()]), KeyError::Arity { expected: 2, given: 1 });
    assert_eq!(refused(1, &["x".repeat(MAX_PK_LEN + 1).into()]), KeyError::LongKey { len: 8193 });
}

#[test]
fn a_key_starts_with_one_of_its_entitys_prefixes_and_with_none_of_another() {
    assert_eq!(shop().prefixes::<ticket::Entity>(), ["shop:ticket:", "shop:ticket@", "shop:ticket&"]);
    assert_eq!(cluster().prefixes::<ticket::Entity>(), ["{shop:ticket:", "{shop:ticket@", "{shop:ticket&"]);
    for space in [shop(), cluster()] {
        let rows = space.entry_key::<ticket::Entity>(&1.into_value_tuple()).unwrap();
        let [own_rows, own_pointers, own_lists] = space.prefixes::<ticket::Entity>();
        assert!(rows.as_str().starts_with(&own_rows), "{rows}");
        let pointers = space.pointer_keys::<ticket::Entity>(&ticket()).unwrap().into_iter().flatten();
        let pointers = pointers.map(|key| (key, &own_pointers));
        let lists = [list::<ticket::Entity>(&space, 0, &[115.into()])].into_iter().map(|key| (key, &own_lists));
        for (key, own) in pointers.chain(lists) {
            assert!(key.as_str().starts_with(own), "{key}");
            for other in space.prefixes::<flight::Entity>() {
                assert!(!key.as_str().starts_with(&other), "{key}");
            }
        }
    }
    let tricky = pointer::<odd::plus::Entity>(&shop(), 5, &["a".into()]);
    assert_eq!(tricky.as_str(), "shop:a@a%40b:a");
    for other in shop().prefixes::<odd::at::Entity>() {
        assert!(!tricky.as_str().starts_with(&other), "{other}");
    }
}

/// A place that a key can name: an entity, its rows, one of its unique keys or one of its indexes.
type Place = fn(&KeySpace, &str, &str) -> CacheKey;

/// Places whose names resemble each other, with how many values each takes.
const PLACES: [(Place, usize); 12] = [
    (|space, a, b| space.entry_key::<odd::plus::Entity>(&(a, b).into_value_tuple()).unwrap(), 2),
    (|space, a, _| pointer::<odd::plus::Entity>(space, 0, &[a.into()]), 1),
    (|space, a, _| pointer::<odd::plus::Entity>(space, 1, &[a.into()]), 1),
    (|space, a, b| pointer::<odd::plus::Entity>(space, 2, &[a.into(), b.into()]), 2),
    (|space, a, b| pointer::<odd::plus::Entity>(space, 3, &[a.into(), b.into()]), 2),
    (|space, a, _| pointer::<odd::plus::Entity>(space, 4, &[a.into()]), 1),
    (|space, a, _| pointer::<odd::plus::Entity>(space, 5, &[a.into()]), 1),
    (|space, a, _| list::<odd::plus::Entity>(space, 0, &[a.into()]), 1),
    (|space, a, b| list::<odd::plus::Entity>(space, 1, &[a.into(), b.into()]), 2),
    (|space, a, b| space.entry_key::<odd::at::Entity>(&(a, b).into_value_tuple()).unwrap(), 2),
    (|space, a, _| pointer::<odd::at::Entity>(space, 0, &[a.into()]), 1),
    (|space, a, _| space.entry_key::<odd::text_key::Entity>(&a.into_value_tuple()).unwrap(), 1),
];

proptest! {
    #[test]
    fn keys_are_equal_only_for_equal_places_and_values(
        texts in proptest::collection::vec(text_value(), 2),
        picks in proptest::collection::vec((0..PLACES.len(), 0..2_usize, 0..2_usize), 2..12),
    ) {
        for space in [shop(), cluster()] {
            let named: Vec<_> = picks
                .iter()
                .map(|&(place, a, b)| {
                    let (key, arity) = PLACES[place];
                    let values = [&texts[a], &texts[b]];
                    (place, values[..arity].to_vec(), key(&space, values[0], values[1]))
                })
                .collect();
            for (place, values, key) in &named {
                for (other_place, other_values, other_key) in &named {
                    let same = (place, values) == (other_place, other_values);
                    prop_assert_eq!(same, key == other_key, "{} {}", key, other_key);
                }
            }
        }
    }

    #[test]
    fn keys_are_short_and_printable_and_only_those_of_lists_look_like_lists(place in 0..PLACES.len(), a in text_value(), b in text_value(), clustered: bool) {
        let space = KeySpace::new("n", clustered).unwrap();
        let key = PLACES[place].0(&space, &a, &b);
        prop_assert!(key.as_str().len() <= MAX_KEY_LEN);
        prop_assert_eq!(is_list(&key), matches!(place, 7 | 8), "{}", key);
        prop_assert!(key.as_str().bytes().all(|byte| byte.is_ascii_graphic() && !b"*?[]\\^\"'".contains(&byte)), "{}", key);
        let braces: String = key.as_str().chars().filter(|c| matches!(c, '{' | '}')).collect();
        prop_assert_eq!(braces, if clustered { "{}" } else { "" });
    }
}
