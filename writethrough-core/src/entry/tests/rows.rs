use bytes::Bytes;
use proptest::prelude::*;

use crate::entity::samples::{flight, odd, seat, text};
use crate::entity::{CachedEntity, facts};
use crate::entry::{DecodeError, Decoded, MARK_LEN, Payload, decode, encode_absent, encode_row};

fn flight() -> flight::Model {
    flight::Model { id: 115, flight_no: "LH 454".to_owned(), r#type: None }
}

fn row<E: CachedEntity>(model: &E::Model) -> Payload {
    encode_row::<E>(model).unwrap()
}

/// The payload with other bytes.
pub(super) fn changed(payload: &Payload, change: impl FnOnce(&mut Vec<u8>)) -> Payload {
    let mut bytes = payload.0.to_vec();
    change(&mut bytes);
    Payload(Bytes::from(bytes))
}

#[test]
fn a_row_comes_back() {
    assert_eq!(decode::<flight::Entity>(&row::<flight::Entity>(&flight())), Ok(Decoded::Row(flight())));
}

#[test]
fn a_payload_starts_with_format_flags_and_fingerprint() {
    let fingerprint = facts::<flight::Entity>().fingerprint.to_be_bytes();
    let row = row::<flight::Entity>(&flight());
    assert_eq!(row.0[..MARK_LEN], [&[1, 0], &fingerprint[..]].concat());
    let absent = encode_absent::<flight::Entity>();
    assert_eq!(absent.0[..MARK_LEN], [&[1, 1], &fingerprint[..]].concat());
    assert_eq!(absent.0[MARK_LEN..], *b"\x92\xa6flight\xa2id");
}

#[test]
fn a_version_that_lacks_some_columns_reads_the_others() {
    let newer = odd::newer_flight::Model {
        id: 115,
        gate: Some("B 12".to_owned()),
        r#type: Some("jet".to_owned()),
        flight_no: "LH 454".to_owned(),
    };
    let older = flight::Model { r#type: Some("jet".to_owned()), ..flight() };
    assert_eq!(decode::<flight::Entity>(&row::<odd::newer_flight::Entity>(&newer)), Ok(Decoded::Row(older)));
}

#[test]
fn a_version_that_has_more_columns_does_not_read_it() {
    let entry = row::<flight::Entity>(&flight());
    assert_eq!(decode::<odd::newer_flight::Entity>(&entry), Err(DecodeError::Columns));
}

#[test]
fn a_column_of_another_type_does_not_decode() {
    let entry = row::<flight::Entity>(&flight());
    assert_eq!(decode::<odd::wider_flight::Entity>(&entry), Err(DecodeError::Value { column: "id" }));
}

#[test]
fn another_table_under_the_same_name_is_not_believed() {
    let voyage = odd::other_table::Model { id: 115, flight_no: "LH 454".to_owned(), r#type: None };
    assert_eq!(decode::<flight::Entity>(&row::<odd::other_table::Entity>(&voyage)), Err(DecodeError::Columns));
    assert_eq!(decode::<flight::Entity>(&encode_absent::<odd::other_table::Entity>()), Err(DecodeError::Columns));
}

#[test]
fn absence_does_not_depend_on_the_columns() {
    for absent in [encode_absent::<flight::Entity>(), encode_absent::<odd::newer_flight::Entity>()] {
        assert_eq!(decode::<flight::Entity>(&absent), Ok(Decoded::Absent));
        assert_eq!(decode::<odd::newer_flight::Entity>(&absent), Ok(Decoded::Absent));
    }
}

#[test]
fn absence_under_another_key_says_nothing() {
    assert_eq!(decode::<flight::Entity>(&encode_absent::<odd::other_key::Entity>()), Err(DecodeError::Columns));
}

#[test]
fn absence_is_not_believed_where_keys_are_not_exact() {
    let absent = encode_absent::<odd::text_key::Entity>();
    assert_eq!(decode::<odd::text_key::Entity>(&absent), Err(DecodeError::InexactAbsence));
    assert_eq!(decode::<seat::Entity>(&encode_absent::<seat::Entity>()), Ok(Decoded::Absent));
}

#[test]
fn another_format_and_unknown_flags_are_told() {
    let entry = row::<flight::Entity>(&flight());
    assert_eq!(decode::<flight::Entity>(&changed(&entry, |bytes| bytes[0] = 2)), Err(DecodeError::Format(2)));
    assert_eq!(decode::<flight::Entity>(&changed(&entry, |bytes| bytes[1] = 2)), Err(DecodeError::Flags(2)));
}

#[test]
fn garbage_behind_is_an_error_wherever_it_is() {
    let same = row::<flight::Entity>(&flight());
    let names = facts::<flight::Entity>().row_names.len();
    let foreign = changed(&same, |bytes| bytes[2] ^= 1);
    assert!(matches!(decode::<flight::Entity>(&foreign), Ok(Decoded::Row(_))), "names decide for another fingerprint");
    for entry in [same, foreign, encode_absent::<flight::Entity>()] {
        assert!(decode::<flight::Entity>(&changed(&entry, |bytes| bytes.push(0xc0))).is_err(), "at the end");
        let before_names = entry.0.len().saturating_sub(names).max(MARK_LEN);
        assert!(
            decode::<flight::Entity>(&changed(&entry, |bytes| bytes.insert(before_names, 0xc0))).is_err(),
            "between"
        );
    }
}

#[test]
fn an_entry_cut_short_is_an_error_wherever_it_is_cut() {
    for entry in [row::<flight::Entity>(&flight()), encode_absent::<flight::Entity>()] {
        for len in 0..entry.0.len() {
            assert!(decode::<flight::Entity>(&Payload(entry.0.slice(..len))).is_err(), "cut at {len}");
        }
    }
}

#[test]
fn errors_do_not_quote_values() {
    let flight = flight::Model { flight_no: "secret".to_owned(), ..flight() };
    let kind_of_id = MARK_LEN + 1;
    let entry = changed(&row::<flight::Entity>(&flight), |bytes| {
        // The string's kind becomes an integer's.
        let kind = bytes.iter().skip(kind_of_id).position(|byte| *byte == 12).unwrap();
        bytes[kind_of_id + kind] = 4;
    });
    let error = decode::<flight::Entity>(&entry).unwrap_err();
    assert_eq!(error, DecodeError::Value { column: "flightNo" });
    assert_eq!(error.to_string(), "the entry's value of column `flightNo` does not fit");
}

#[test]
fn empty_null_and_any_text_stay_apart() {
    for value in [None, Some(String::new()), Some("\0é💥".to_owned()), Some("x".repeat(70_000))] {
        let model = text::Model { id: 1, value };
        assert_eq!(decode::<text::Entity>(&row::<text::Entity>(&model)), Ok(Decoded::Row(model)));
    }
}

proptest! {
    #[test]
    fn rows_come_back(id: i32, flight_no: String, r#type: Option<String>) {
        let model = flight::Model { id, flight_no, r#type };
        prop_assert_eq!(decode::<flight::Entity>(&row::<flight::Entity>(&model)), Ok(Decoded::Row(model)));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let _ = decode::<flight::Entity>(&Payload(bytes.into()));
    }

    #[test]
    fn a_changed_byte_never_panics(at: prop::sample::Index, byte: u8) {
        for entry in [row::<flight::Entity>(&flight()), encode_absent::<flight::Entity>()] {
            let at = at.index(entry.0.len());
            let _ = decode::<flight::Entity>(&changed(&entry, |bytes| bytes[at] = byte));
        }
    }
}
