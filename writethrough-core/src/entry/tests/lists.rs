use bytes::Bytes;
use proptest::prelude::*;
use sea_orm::sea_query::{IntoValueTuple, ValueTuple};

use super::rows::changed;
use crate::entity::samples::{entity, flight, odd, ticket};
use crate::entity::{CachedEntity, facts};
use crate::entry::{
    DecodeError, MARK_LEN, Payload, decode, decode_list, decode_pointer, encode_absent, encode_list, encode_no_row,
    encode_pointer, encode_row,
};

const FLIGHT: usize = 0;
const CODE: usize = 1;
const MAIL: usize = 2;

entity! {
    #[sea_orm(table_name = "ticket")]
    mod newer_ticket {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub flight_id: i32,
        pub gate: String,
    }
    policy: crate::policy::EntityPolicy::new(), exact: &[], indexes: &[&[Column::FlightId]]
}

entity! {
    #[sea_orm(table_name = "ticket")]
    mod wider_ticket {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub flight_id: i32,
    }
    policy: crate::policy::EntityPolicy::new(), exact: &[], keys: &[&[Column::FlightId]], indexes: &[&[Column::FlightId]]
}

fn ticket() -> ticket::Model {
    ticket::Model { id: 5, code: Some(7), mail: None, flight_id: 115, seat_number: "12A".to_owned(), price: 0 }
}

fn pks<T: IntoValueTuple>(pks: impl IntoIterator<Item = T>) -> Vec<ValueTuple> {
    pks.into_iter().map(IntoValueTuple::into_value_tuple).collect()
}

fn list<E: CachedEntity>(index: usize, pks: &[ValueTuple]) -> Payload {
    encode_list::<E>(index, pks).unwrap()
}

#[test]
fn a_list_has_the_primary_keys_in_its_order() {
    for ids in [vec![], vec![5], vec![-300, 7, 5]] {
        let ids = pks(ids);
        assert_eq!(decode_list::<ticket::Entity>(FLIGHT, &list::<ticket::Entity>(FLIGHT, &ids)), Ok(ids));
    }
}

#[test]
fn a_list_is_a_mark_the_primary_keys_and_the_names() {
    let fingerprint = facts::<ticket::Entity>().fingerprint.to_be_bytes();
    let list = list::<ticket::Entity>(CODE, &pks([5, 300]));
    assert_eq!(list.0[..MARK_LEN], [&[1, 4], &fingerprint[..]].concat());
    assert_eq!(
        list.0[MARK_LEN..],
        *b"\x92\x92\x04\x05\x92\x04\xcd\x01\x2c\x93\xa6ticket\x92\xa4code\xa4seat\x91\xa2id"
    );
}

#[test]
fn a_list_is_believed_only_where_the_index_is_exact() {
    let mail = list::<ticket::Entity>(MAIL, &pks([5]));
    assert_eq!(decode_list::<ticket::Entity>(MAIL, &mail), Err(DecodeError::InexactAbsence));
}

#[test]
fn nothing_else_is_a_list_and_a_list_is_nothing_else() {
    let list = list::<ticket::Entity>(FLIGHT, &pks([5]));
    assert_eq!(decode::<ticket::Entity>(&list), Err(DecodeError::Flags(4)));
    assert_eq!(decode_pointer::<ticket::Entity>(0, &list), Err(DecodeError::Flags(4)));
    for (flags, other) in [
        (0, encode_row::<ticket::Entity>(&ticket()).unwrap()),
        (1, encode_absent::<ticket::Entity>()),
        (2, encode_pointer::<ticket::Entity>(0, &ticket()).unwrap()),
        (3, encode_no_row::<ticket::Entity>(0)),
    ] {
        assert_eq!(decode_list::<ticket::Entity>(FLIGHT, &other), Err(DecodeError::Flags(flags)));
    }
}

#[test]
fn a_list_of_another_index_is_not_believed() {
    for (written, read) in [(FLIGHT, CODE), (CODE, FLIGHT)] {
        let list = list::<ticket::Entity>(written, &pks([5]));
        assert_eq!(decode_list::<ticket::Entity>(read, &list), Err(DecodeError::Columns));
    }
}

#[test]
fn a_list_depends_on_no_other_column_but_on_the_type_of_the_primary_key() {
    let written = list::<newer_ticket::Entity>(0, &pks([5]));
    assert_eq!(decode_list::<ticket::Entity>(FLIGHT, &written), Ok(pks([5])));
    assert_eq!(decode_list::<wider_ticket::Entity>(0, &written), Err(DecodeError::Value { column: "id" }));
    assert_eq!(decode_list::<wider_ticket::Entity>(0, &list::<ticket::Entity>(FLIGHT, &[])), Ok(vec![]));
}

#[test]
fn an_index_that_there_is_not_is_an_error() {
    assert!(encode_list::<flight::Entity>(0, &pks([1])).is_err());
    let list = list::<ticket::Entity>(FLIGHT, &[]);
    assert_eq!(decode_list::<ticket::Entity>(3, &list), Err(DecodeError::Columns));
}

#[test]
fn garbage_and_cuts_are_errors_wherever_they_are() {
    let entry = list::<ticket::Entity>(FLIGHT, &pks([5, 300]));
    for at in MARK_LEN..=entry.0.len() {
        let decoded = decode_list::<ticket::Entity>(FLIGHT, &changed(&entry, |bytes| bytes.insert(at, 0xc0)));
        assert!(decoded.is_err(), "at {at}: {decoded:?}");
    }
    for len in 0..entry.0.len() {
        assert!(decode_list::<ticket::Entity>(FLIGHT, &Payload(entry.0.slice(..len))).is_err(), "cut at {len}");
    }
}

#[test]
fn a_length_that_lies_allocates_nothing_and_is_an_error() {
    let empty = list::<ticket::Entity>(FLIGHT, &[]);
    for lie in [b"\xdd\xff\xff\xff\xff".as_slice(), b"\x91\xdd\xff\xff\xff\xff", b"\x92\x92\x04\x05"] {
        let lying = changed(&empty, |bytes| drop(bytes.splice(MARK_LEN..=MARK_LEN, lie.iter().copied())));
        assert!(decode_list::<ticket::Entity>(FLIGHT, &lying).is_err(), "{lie:02x?}");
    }
}

proptest! {
    #[test]
    fn lists_come_back(texts: Vec<(String, String)>) {
        let texts = pks(texts);
        for index in [0, 1] {
            let written = list::<odd::exact_plus::Entity>(index, &texts);
            prop_assert_eq!(decode_list::<odd::exact_plus::Entity>(index, &written), Ok(texts.clone()));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, flags in 0..6_u8) {
        let _ = decode_list::<ticket::Entity>(FLIGHT, &Payload(Bytes::from(bytes.clone())));
        let mut payload = list::<ticket::Entity>(FLIGHT, &[]).0.to_vec();
        let names = payload.split_off(MARK_LEN + 1);
        payload.truncate(MARK_LEN);
        payload[1] = flags;
        payload.extend(bytes);
        payload.extend(names);
        let _ = decode_list::<ticket::Entity>(FLIGHT, &Payload(payload.into()));
    }

    #[test]
    fn a_changed_byte_never_panics(at: prop::sample::Index, byte: u8) {
        let entry = list::<ticket::Entity>(FLIGHT, &pks([5, 300]));
        let at = at.index(entry.0.len());
        let _ = decode_list::<ticket::Entity>(FLIGHT, &changed(&entry, |bytes| bytes[at] = byte));
    }
}
