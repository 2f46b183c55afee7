//! The bytes of format 1, as they were when it was released. **They never change**: entries outlive deploys, and processes
//! of different versions share a cache. What is new gets new kinds and new lines; a change needs a new format and a file
//! of its own, beside this one.

use std::fmt::Write;

use sea_orm::Value;
use sea_orm::sea_query::{ArrayType, Enum, OptionEnum, ValueTuple};

use super::any::same;
use super::row::{every, sample};
use super::values;
use crate::entity::samples::{flight, ticket};
use crate::entry::{
    Decoded, Payload, decode, decode_list, decode_pointer, encode_absent, encode_list, encode_no_row, encode_pointer,
    encode_row,
};

const GOLDEN: &str = include_str!("../../golden/v1.txt");

#[test]
fn the_format_is_what_it_was() {
    let mut lines = String::new();
    for (name, bytes, _) in samples() {
        writeln!(lines, "{name}: {}", hex(&bytes)).unwrap();
    }
    assert_eq!(lines, GOLDEN, "the bytes changed, see the top of this file");
}

#[test]
fn bytes_written_long_ago_are_read() {
    for ((name, _, expected), line) in samples().into_iter().zip(GOLDEN.lines()) {
        let (written, digits) = line.split_once(": ").unwrap();
        assert_eq!(name, written);
        expected.check(&unhex(digits));
    }
}

enum Expected {
    Value(Value),
    Row(Box<every::Model>),
    Absent,
    /// A pointer of this key, to the row with this number or to none.
    Pointer(usize, Decoded<i32>),
    /// A list of this index, of the rows with these numbers.
    List(usize, Vec<i32>),
}

impl Expected {
    fn check(&self, bytes: &[u8]) {
        let payload = Payload(bytes.to_vec().into());
        match self {
            Self::Value(value) => {
                let read = values::decode(bytes).unwrap();
                assert!(same(value, &read), "{value:?} is now read as {read:?}");
            }
            Self::Row(model) => assert_eq!(decode::<every::Entity>(&payload), Ok(Decoded::Row((**model).clone()))),
            Self::Absent => assert_eq!(decode::<flight::Entity>(&payload), Ok(Decoded::Absent)),
            Self::List(index, ids) => {
                let pks = ids.iter().map(|id| ValueTuple::One((*id).into())).collect();
                assert_eq!(decode_list::<ticket::Entity>(*index, &payload), Ok(pks));
            }
            Self::Pointer(key, to) => {
                let to = match to {
                    Decoded::Row(id) => Decoded::Row(ValueTuple::One((*id).into())),
                    Decoded::Absent => Decoded::Absent,
                };
                assert_eq!(decode_pointer::<ticket::Entity>(*key, &payload), Ok(to));
            }
        }
    }
}

fn samples() -> Vec<(String, Vec<u8>, Expected)> {
    let mut samples: Vec<_> = kinds()
        .into_iter()
        .flat_map(|(name, value)| [(name.to_owned(), value.clone()), (format!("{name} NULL"), value.as_null())])
        .map(|(name, value)| (name, values::encode(&value).unwrap(), Expected::Value(value)))
        .collect();
    let row = encode_row::<every::Entity>(&sample()).unwrap().0.to_vec();
    samples.push(("row".to_owned(), row, Expected::Row(Box::new(sample()))));
    let absent = encode_absent::<flight::Entity>().0.to_vec();
    samples.push(("absent".to_owned(), absent, Expected::Absent));
    let ticket =
        ticket::Model { id: -300, code: None, mail: None, flight_id: 0, seat_number: "1A".to_owned(), price: 0 };
    for key in [1, 2] {
        let pointer = encode_pointer::<ticket::Entity>(key, &ticket).unwrap().0.to_vec();
        samples.push((format!("pointer {key}"), pointer, Expected::Pointer(key, Decoded::Row(-300))));
    }
    let no_row = encode_no_row::<ticket::Entity>(2).0.to_vec();
    samples.push(("pointer to no row".to_owned(), no_row, Expected::Pointer(2, Decoded::Absent)));
    for (index, ids) in [(0, vec![]), (1, vec![-300, 5, 70_000])] {
        let pks: Vec<_> = ids.iter().map(|id| ValueTuple::One((*id).into())).collect();
        let list = encode_list::<ticket::Entity>(index, &pks).unwrap().0.to_vec();
        samples.push((format!("list {index}"), list, Expected::List(index, ids)));
    }
    samples
}

fn kinds() -> Vec<(&'static str, Value)> {
    let row = sample();
    let mood = |value: Option<&'static str>| {
        Value::Enum(match value {
            Some(value) => OptionEnum::Some(Box::new(Enum { type_name: "mood".into(), value: value.into() })),
            None => OptionEnum::None("mood".into()),
        })
    };
    vec![
        ("Bool", true.into()),
        ("TinyInt", (-128_i8).into()),
        ("SmallInt", 300_i16.into()),
        ("Int", (-70_000_i32).into()),
        ("BigInt", i64::MIN.into()),
        ("TinyUnsigned", 200_u8.into()),
        ("SmallUnsigned", 300_u16.into()),
        ("Unsigned", u32::MAX.into()),
        ("BigUnsigned", u64::MAX.into()),
        ("Float", f32::from_bits(0xffc0_beef).into()),
        ("Double", (-0.0_f64).into()),
        ("String", "h\u{e9}llo".into()),
        ("Char", '\u{1f4a5}'.into()),
        ("Bytes", vec![0_u8, 255].into()),
        ("Enum", mood(Some("glad"))),
        ("Array", vec![1_i32, -1].into()),
        ("Array with NULL", vec_of(ArrayType::Int, vec![Value::Int(None), Value::Int(Some(1))])),
        ("Array of enums", vec_of(ArrayType::Enum(Box::new("mood".into())), vec![mood(Some("glad")), mood(None)])),
        ("Array of bytes", vec_of(ArrayType::Bytes, vec![Value::Bytes(Some(vec![1])), Value::Bytes(None)])),
        ("Vector", row.vector.into()),
        ("Json", row.json.into()),
        ("Json null", sea_orm::prelude::Json::Null.into()),
        ("Uuid", row.uuid.into()),
        ("Decimal", row.decimal.into()),
        ("BigDecimal", row.big_decimal.into()),
        ("IpNetwork", row.network.into()),
        ("IpNetwork 6", "2001:db8::1/32".parse::<sea_orm::prelude::IpNetwork>().unwrap().into()),
        ("MacAddress", sea_orm::sea_query::value::prelude::MacAddress::new([1, 2, 3, 4, 5, 255]).into()),
        ("ChronoDate", row.chrono_date.into()),
        ("ChronoTime", row.chrono_time.into()),
        ("ChronoDateTime", row.chrono_date_time.into()),
        ("ChronoDateTimeUtc", row.utc.into()),
        ("ChronoDateTimeLocal", row.local.into()),
        ("ChronoDateTimeWithTimeZone", row.zoned.into()),
        ("TimeDate", row.time_date.into()),
        ("TimeTime", row.time_time.into()),
        ("TimeDateTime", row.time_date_time.into()),
        ("TimeDateTimeWithTimeZone", row.time_zoned.into()),
    ]
}

fn vec_of(elements: ArrayType, values: Vec<Value>) -> Value {
    Value::Array(elements, Some(Box::new(values)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}
