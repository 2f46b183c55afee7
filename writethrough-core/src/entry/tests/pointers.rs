use bytes::Bytes;
use proptest::prelude::*;
use sea_orm::sea_query::{IntoValueTuple, ValueTuple};

use super::rows::changed;
use crate::entity::samples::{entity, flight, odd, ticket};
use crate::entity::{CachedEntity, facts};
use crate::entry::{
    DecodeError, Decoded, MARK_LEN, Payload, decode, decode_pointer, encode_absent, encode_no_row, encode_pointer,
    encode_row,
};

const CODE: usize = 0;
const MAIL: usize = 1;
const SEAT: usize = 2;

entity! {
    #[sea_orm(table_name = "ticket")]
    mod newer_ticket {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(column_name = "holderMail")]
        pub mail: String,
        pub gate: String,
    }
    policy: crate::policy::EntityPolicy::new(), exact: &[Column::Mail], keys: &[&[Column::Mail]]
}

entity! {
    #[sea_orm(table_name = "ticket")]
    mod wider_ticket {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub code: i64,
    }
    policy: crate::policy::EntityPolicy::new(), exact: &[], keys: &[&[Column::Code]]
}

entity! {
    #[sea_orm(table_name = "ticket")]
    mod other_key {
        #[sea_orm(primary_key)]
        pub number: i32,
        pub code: i64,
    }
    policy: crate::policy::EntityPolicy::new(), exact: &[], keys: &[&[Column::Code]]
}

entity! {
    #[sea_orm(table_name = "voucher")]
    mod other_table {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub code: i64,
    }
    policy: crate::policy::EntityPolicy::new().rename("ticket"), exact: &[], keys: &[&[Column::Code]]
}

fn ticket() -> ticket::Model {
    ticket::Model { id: 5, code: Some(7), mail: None, flight_id: 115, seat_number: "12A".to_owned(), price: 0 }
}

fn pointer<E: CachedEntity>(key: usize, model: &E::Model) -> Payload {
    encode_pointer::<E>(key, model).unwrap()
}

fn to(pk: impl IntoValueTuple) -> Result<Decoded<ValueTuple>, DecodeError> {
    Ok(Decoded::Row(pk.into_value_tuple()))
}

#[test]
fn a_pointer_leads_to_the_primary_key() {
    for key in [CODE, MAIL, SEAT] {
        assert_eq!(decode_pointer::<ticket::Entity>(key, &pointer::<ticket::Entity>(key, &ticket())), to(5));
    }
    let model = odd::plus::Model { a: "x".into(), b: "y".into(), a_plus_b: String::new(), a_at_b: String::new() };
    let composite = pointer::<odd::plus::Entity>(0, &model);
    assert_eq!(decode_pointer::<odd::plus::Entity>(0, &composite), to(("x", "y")));
}

#[test]
fn a_pointer_is_a_mark_the_primary_key_and_the_names() {
    let fingerprint = facts::<ticket::Entity>().fingerprint.to_be_bytes();
    let pointer = pointer::<ticket::Entity>(SEAT, &ticket());
    assert_eq!(pointer.0[..MARK_LEN], [&[1, 2], &fingerprint[..]].concat());
    assert_eq!(pointer.0[MARK_LEN..], *b"\x92\x04\x05\x93\xa6ticket\x92\xa9flight_id\xa4seat\x91\xa2id");
    let no_row = encode_no_row::<ticket::Entity>(SEAT);
    assert_eq!(no_row.0[..MARK_LEN], [&[1, 3], &fingerprint[..]].concat());
    assert_eq!(no_row.0[MARK_LEN..], *b"\x92\xa6ticket\x92\xa9flight_id\xa4seat");
}

#[test]
fn no_row_is_believed_only_where_the_key_is_exact() {
    for key in [CODE, SEAT] {
        assert_eq!(decode_pointer::<ticket::Entity>(key, &encode_no_row::<ticket::Entity>(key)), Ok(Decoded::Absent));
    }
    let inexact = decode_pointer::<ticket::Entity>(MAIL, &encode_no_row::<ticket::Entity>(MAIL));
    assert_eq!(inexact, Err(DecodeError::InexactAbsence));
    // Another version declares the column exact.
    let declared = encode_no_row::<newer_ticket::Entity>(0);
    assert_eq!(decode_pointer::<newer_ticket::Entity>(0, &declared), Ok(Decoded::Absent));
    assert_eq!(decode_pointer::<ticket::Entity>(MAIL, &declared), Err(DecodeError::InexactAbsence));
}

#[test]
fn no_entry_of_a_row_is_a_pointer_and_no_pointer_an_entry_of_a_row() {
    for pointer in [pointer::<ticket::Entity>(SEAT, &ticket()), encode_no_row::<ticket::Entity>(SEAT)] {
        assert!(matches!(decode::<ticket::Entity>(&pointer), Err(DecodeError::Flags(2 | 3))));
    }
    for entry in [encode_row::<ticket::Entity>(&ticket()).unwrap(), encode_absent::<ticket::Entity>()] {
        assert!(matches!(decode_pointer::<ticket::Entity>(SEAT, &entry), Err(DecodeError::Flags(0 | 1))));
    }
}

#[test]
fn a_pointer_of_another_key_or_table_is_not_believed() {
    for (written, read) in [(CODE, SEAT), (SEAT, CODE), (MAIL, CODE)] {
        for payload in [pointer::<ticket::Entity>(written, &ticket()), encode_no_row::<ticket::Entity>(written)] {
            assert_eq!(decode_pointer::<ticket::Entity>(read, &payload), Err(DecodeError::Columns));
        }
    }
    let voucher = other_table::Model { id: 5, code: 7 };
    for payload in [pointer::<other_table::Entity>(0, &voucher), encode_no_row::<other_table::Entity>(0)] {
        assert_eq!(decode_pointer::<ticket::Entity>(CODE, &payload), Err(DecodeError::Columns));
    }
}

#[test]
fn a_pointer_does_not_depend_on_other_columns() {
    let newer = newer_ticket::Model { id: 5, mail: "a@b.c".to_owned(), gate: String::new() };
    assert_eq!(decode_pointer::<ticket::Entity>(MAIL, &pointer::<newer_ticket::Entity>(0, &newer)), to(5));
    assert_eq!(decode_pointer::<newer_ticket::Entity>(0, &pointer::<ticket::Entity>(MAIL, &ticket())), to(5));
}

#[test]
fn a_primary_key_of_another_name_or_type_does_not_decode() {
    let written = pointer::<ticket::Entity>(CODE, &ticket());
    assert_eq!(decode_pointer::<wider_ticket::Entity>(0, &written), Err(DecodeError::Value { column: "id" }));
    assert_eq!(decode_pointer::<other_key::Entity>(0, &written), Err(DecodeError::Columns));
    let no_row = encode_no_row::<ticket::Entity>(CODE);
    assert_eq!(decode_pointer::<other_key::Entity>(0, &no_row), Ok(Decoded::Absent), "whatever the primary key");
}

#[test]
fn a_key_that_there_is_not_is_an_error() {
    assert!(
        encode_pointer::<flight::Entity>(0, &flight::Model { id: 1, flight_no: String::new(), r#type: None }).is_err()
    );
    assert_eq!(decode_pointer::<ticket::Entity>(3, &encode_no_row::<ticket::Entity>(3)), Err(DecodeError::Columns));
}

#[test]
fn another_format_and_unknown_flags_are_told() {
    let entry = pointer::<ticket::Entity>(SEAT, &ticket());
    let decoded = |at: usize, byte| decode_pointer::<ticket::Entity>(SEAT, &changed(&entry, |bytes| bytes[at] = byte));
    assert_eq!(decoded(0, 2), Err(DecodeError::Format(2)));
    assert_eq!(decoded(1, 5), Err(DecodeError::Flags(5)));
}

#[test]
fn garbage_and_cuts_are_errors_wherever_they_are() {
    for entry in [pointer::<ticket::Entity>(SEAT, &ticket()), encode_no_row::<ticket::Entity>(SEAT)] {
        for at in MARK_LEN..=entry.0.len() {
            let decoded = decode_pointer::<ticket::Entity>(SEAT, &changed(&entry, |bytes| bytes.insert(at, 0xc0)));
            assert!(decoded.is_err(), "at {at}: {decoded:?}");
        }
        for len in 0..entry.0.len() {
            assert!(decode_pointer::<ticket::Entity>(SEAT, &Payload(entry.0.slice(..len))).is_err(), "cut at {len}");
        }
    }
}

proptest! {
    #[test]
    fn pointers_come_back(a: String, b: String) {
        let model = odd::plus::Model { a: a.clone(), b: b.clone(), a_plus_b: String::new(), a_at_b: String::new() };
        for key in 0..6 {
            prop_assert_eq!(decode_pointer::<odd::plus::Entity>(key, &pointer::<odd::plus::Entity>(key, &model)), to((a.as_str(), b.as_str())));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, flags in 0..6_u8) {
        let _ = decode_pointer::<ticket::Entity>(CODE, &Payload(Bytes::from(bytes.clone())));
        let mut payload = encode_no_row::<ticket::Entity>(CODE).0.to_vec();
        payload.truncate(MARK_LEN);
        payload[1] = flags;
        payload.extend(bytes);
        let _ = decode_pointer::<ticket::Entity>(CODE, &Payload(payload.into()));
    }

    #[test]
    fn a_changed_byte_never_panics(at: prop::sample::Index, byte: u8) {
        for entry in [pointer::<ticket::Entity>(SEAT, &ticket()), encode_no_row::<ticket::Entity>(SEAT)] {
            let at = at.index(entry.0.len());
            let _ = decode_pointer::<ticket::Entity>(SEAT, &changed(&entry, |bytes| bytes[at] = byte));
        }
    }
}
