use proptest::prelude::*;
use sea_orm::Value;
use sea_orm::prelude::{BigDecimal, Decimal, Json};
use sea_orm::sea_query::value::prelude::chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use sea_orm::sea_query::value::prelude::time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};
use serde::de::DeserializeSeed;
use serde::{Deserialize, Serialize};

use super::any::{any_value, same};
use crate::entry::value::{Kind, MAX_JSON_DEPTH, Out};

/// The bytes of a value and of its kind before it.
pub(super) fn encode(value: &Value) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut serializer = rmp_serde::Serializer::new(&mut bytes);
    Kind::of(value).unwrap().serialize(&mut serializer).unwrap();
    Out(value).serialize(&mut serializer).map_err(|error| error.to_string())?;
    Ok(bytes)
}

pub(super) fn decode(bytes: &[u8]) -> Result<Value, String> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    let kind = <Kind as Deserialize>::deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    kind.deserialize(&mut deserializer).map_err(|error| error.to_string())
}

#[track_caller]
fn comes_back(value: impl Into<Value>) {
    let value = value.into();
    let back = decode(&encode(&value).unwrap()).unwrap();
    assert!(same(&value, &back), "{value:?} became {back:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn every_value_comes_back_bit_by_bit(value in any_value()) {
        let back = decode(&encode(&value).unwrap()).unwrap();
        prop_assert!(same(&value, &back), "{:?} became {:?}", value, back);
    }
}

#[test]
fn signs_of_zeros_and_payloads_of_nans_are_kept() {
    for bits in [0, 1 << 63, 0x7ff8_0000_0000_0001, 0x7ff0_0000_0000_0001, 0xfff8_0000_dead_beef, 0x7ff0_0000_0000_0000]
    {
        comes_back(f64::from_bits(bits));
    }
    for bits in [0, 1 << 31, 0x7fc0_0001, 0x7f80_0001, 0xffc0_beef, 0x7f80_0000] {
        comes_back(f32::from_bits(bits));
    }
}

#[test]
fn ends_of_the_calendars_come_back() {
    for date_time in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
        comes_back(date_time);
        comes_back(DateTime::<Utc>::from_naive_utc_and_offset(date_time, Utc));
        for offset in [-86_399, 86_399] {
            comes_back(DateTime::<FixedOffset>::from_naive_utc_and_offset(
                date_time,
                FixedOffset::east_opt(offset).unwrap(),
            ));
        }
    }
    for date_time in [PrimitiveDateTime::MIN, PrimitiveDateTime::MAX] {
        comes_back(date_time);
        for offset in [-93_599, 93_599] {
            comes_back(date_time.assume_offset(UtcOffset::from_whole_seconds(offset).unwrap()));
        }
    }
    comes_back(OffsetDateTime::UNIX_EPOCH);
}

#[test]
fn decimals_keep_their_scale() {
    for text in ["1.0", "1.00", "0", "0.000", "-0.5", "79228162514264337593543950335", "0.0000000000000000000000000001"]
    {
        comes_back(text.parse::<Decimal>().unwrap());
        comes_back(text.parse::<BigDecimal>().unwrap());
    }
    let mut zero = Decimal::new(0, 2);
    zero.set_sign_negative(true);
    comes_back(zero);
    comes_back(Decimal::MIN);
    comes_back(BigDecimal::new(0.into(), i64::MIN));
}

#[test]
fn json_keeps_its_numbers() {
    for text in ["18446744073709551615", "-9223372036854775808", "-0.0", "0", "1.0", "5e-324", "0.1", "[1, 1.0, null]"]
    {
        comes_back(text.parse::<Json>().unwrap());
    }
    assert_eq!(decode(b"\x14\xc4\x021.").ok(), None, "binary is a number's text");
    assert_eq!(decode(b"\x14\xc4\x0212"), Ok(Value::Json(Some(Box::new(12.into())))));
}

#[test]
fn null_json_is_not_json_null() {
    comes_back(Value::Json(None));
    assert_eq!(encode(&Value::Json(None)), Ok(vec![20, 0xc0]));
    let null = Value::Json(Some(Box::new(Json::Null)));
    comes_back(null);
}

#[test]
fn json_as_deep_as_seaorm_reads_comes_back_and_deeper_is_refused() {
    let nested = |depth| (0..depth).fold(Json::Null, |inner, _| Json::Array(vec![inner]));
    comes_back(nested(MAX_JSON_DEPTH));
    let read_by_seaorm = serde_json::from_str::<Json>(&nested(MAX_JSON_DEPTH).to_string());
    assert!(read_by_seaorm.is_err(), "serde_json reads no deeper than we write");
    let error = encode(&nested(MAX_JSON_DEPTH + 1).into()).unwrap_err();
    assert!(error.starts_with("JSON nested deeper than 128 levels"), "{error}");
    let arrays = |depth| [&b"\x14"[..], b"\x91".repeat(depth).as_slice(), b"\xc0"].concat();
    assert!(decode(&arrays(MAX_JSON_DEPTH)).is_ok());
    assert!(decode(&arrays(MAX_JSON_DEPTH + 1)).is_err());
}
