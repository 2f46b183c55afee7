//! Any value of any kind, and what it means for two to be the same.

use proptest::collection::vec;
use proptest::prelude::*;
use sea_orm::Value;
use sea_orm::prelude::{BigDecimal, Decimal, IpNetwork, Json, PgVector, Uuid};
use sea_orm::sea_query::value::prelude::bigdecimal::num_bigint::BigInt;
use sea_orm::sea_query::value::prelude::chrono::{
    DateTime, FixedOffset, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike,
};
use sea_orm::sea_query::value::prelude::{MacAddress, time};
use sea_orm::sea_query::{Enum, OptionEnum};

/// Whether they are the same bit by bit: equality would take -0.0 for 0.0, 1.0 for 1.00 and all NaNs for one.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(Some(a)), Value::Float(Some(b))) => a.to_bits() == b.to_bits(),
        (Value::Double(Some(a)), Value::Double(Some(b))) => a.to_bits() == b.to_bits(),
        (Value::Vector(Some(a)), Value::Vector(Some(b))) => {
            let bits = |vector: &PgVector| vector.as_slice().iter().map(|float| float.to_bits()).collect::<Vec<_>>();
            bits(a) == bits(b)
        }
        (Value::Array(a, Some(v)), Value::Array(b, Some(w))) => {
            a == b && v.len() == w.len() && v.iter().zip(w.iter()).all(|(v, w)| same(v, w))
        }
        (Value::BigDecimal(Some(a)), Value::BigDecimal(Some(b))) => a.as_bigint_and_scale() == b.as_bigint_and_scale(),
        // Shows the variant, and scales, offsets, leap seconds and signs of zeros.
        _ => a == b && format!("{a:?}") == format!("{b:?}"),
    }
}

/// How many kinds there are besides arrays.
pub(super) const KINDS: usize = 31;

/// Any value of one kind.
pub(super) fn of_kind(kind: usize) -> BoxedStrategy<Value> {
    fn nullable<T, V>(strategy: impl Strategy<Value = T> + 'static, value: V) -> BoxedStrategy<Value>
    where
        T: std::fmt::Debug + 'static,
        V: Fn(Option<T>) -> Value + 'static,
    {
        prop::option::weighted(0.8, strategy).prop_map(value).boxed()
    }

    match kind {
        0 => nullable(any::<bool>(), Value::Bool),
        1 => nullable(any::<i8>(), Value::TinyInt),
        2 => nullable(any::<i16>(), Value::SmallInt),
        3 => nullable(any::<i32>(), Value::Int),
        4 => nullable(any::<i64>(), Value::BigInt),
        5 => nullable(any::<u8>(), Value::TinyUnsigned),
        6 => nullable(any::<u16>(), Value::SmallUnsigned),
        7 => nullable(any::<u32>(), Value::Unsigned),
        8 => nullable(any::<u64>(), Value::BigUnsigned),
        9 => nullable(any::<u32>().prop_map(f32::from_bits), Value::Float),
        10 => nullable(any::<u64>().prop_map(f64::from_bits), Value::Double),
        11 => nullable(any::<String>(), Value::String),
        12 => nullable(any::<char>(), Value::Char),
        13 => nullable(vec(any::<u8>(), 0..300), Value::Bytes),
        14 => nullable(any::<String>(), |value| {
            Value::Enum(match value {
                Some(value) => OptionEnum::Some(Box::new(Enum { type_name: "mood".into(), value: value.into() })),
                None => OptionEnum::None("mood".into()),
            })
        }),
        15 => nullable(json(), |value| Value::Json(value.map(Box::new))),
        16 => nullable(any::<u128>().prop_map(Uuid::from_u128), Value::Uuid),
        17 => nullable(decimal(), Value::Decimal),
        18 => nullable(big_decimal(), |value| Value::BigDecimal(value.map(Box::new))),
        19 => nullable(ip_network(), Value::IpNetwork),
        20 => nullable(any::<[u8; 6]>().prop_map(MacAddress::new), Value::MacAddress),
        21 => nullable(chrono_date(), Value::ChronoDate),
        22 => nullable(chrono_time(), Value::ChronoTime),
        23 => nullable(chrono_date_time(), Value::ChronoDateTime),
        24 => nullable(chrono_date_time().prop_map(|utc| utc.and_utc()), Value::ChronoDateTimeUtc),
        25 => nullable(chrono_date_time().prop_map(|utc| Local.from_utc_datetime(&utc)), Value::ChronoDateTimeLocal),
        26 => nullable(
            (chrono_date_time(), -86_399..=86_399).prop_map(|(utc, offset)| {
                DateTime::from_naive_utc_and_offset(utc, FixedOffset::east_opt(offset).unwrap())
            }),
            Value::ChronoDateTimeWithTimeZone,
        ),
        27 => nullable(time_date(), Value::TimeDate),
        28 => nullable(time_time(), Value::TimeTime),
        29 => nullable((time_date(), time_time()).prop_map(|(d, t)| d.with_time(t)), Value::TimeDateTime),
        30 => nullable(
            (time_date(), time_time(), -93_599..=93_599).prop_map(|(date, time, offset)| {
                date.with_time(time).assume_offset(time::UtcOffset::from_whole_seconds(offset).unwrap())
            }),
            Value::TimeDateTimeWithTimeZone,
        ),
        _ => unreachable!("there are {KINDS} kinds"),
    }
}

pub(super) fn any_value() -> impl Strategy<Value = Value> {
    let scalar = (0..KINDS).prop_flat_map(of_kind);
    let vector = prop::option::of(vec(any::<u32>().prop_map(f32::from_bits), 0..5).prop_map(PgVector::from));
    prop_oneof![8 => scalar, 4 => any_array(), 1 => vector.prop_map(Value::Vector)]
}

pub(super) fn any_array() -> impl Strategy<Value = Value> {
    (0..KINDS).prop_flat_map(|kind| {
        (of_kind(kind), prop::option::of(vec(of_kind(kind), 0..5)))
            .prop_map(|(one, values)| Value::Array(one.array_type(), values.map(Box::new)))
    })
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_filter("JSON has no NaN", |float| float.is_finite()).prop_map(Json::from),
        any::<String>().prop_map(Json::from),
    ];
    let tree = leaf.clone().prop_recursive(4, 20, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5).prop_map(|map| map.into_iter().collect()),
        ]
    });
    prop_oneof![leaf, tree]
}

fn decimal() -> impl Strategy<Value = Decimal> {
    (any::<i128>(), 0..=96_u32, 0..=28_u32).prop_map(|(digits, bits, scale)| {
        let digits = digits >> (127 - bits);
        Decimal::try_from_i128_with_scale(digits.clamp(-((1 << 96) - 1), (1 << 96) - 1), scale).unwrap()
    })
}

fn big_decimal() -> impl Strategy<Value = BigDecimal> {
    (vec(any::<u8>(), 0..40), any::<i64>())
        .prop_map(|(digits, scale)| BigDecimal::new(BigInt::from_signed_bytes_be(&digits), scale))
}

fn ip_network() -> impl Strategy<Value = IpNetwork> {
    prop_oneof![
        (any::<[u8; 4]>(), 0..=32_u8).prop_map(|(ip, prefix)| IpNetwork::new(ip.into(), prefix).unwrap()),
        (any::<[u8; 16]>(), 0..=128_u8).prop_map(|(ip, prefix)| IpNetwork::new(ip.into(), prefix).unwrap()),
    ]
}

fn chrono_date() -> impl Strategy<Value = NaiveDate> {
    let days = |date: NaiveDate| date.signed_duration_since(NaiveDate::default()).num_days();
    (days(NaiveDate::MIN)..=days(NaiveDate::MAX))
        .prop_map(|day| NaiveDate::default() + sea_orm::sea_query::value::prelude::chrono::Duration::days(day))
}

/// Leap seconds included, at any second.
fn chrono_time() -> impl Strategy<Value = NaiveTime> {
    (0..86_400_u32, 0..2_000_000_000_u32).prop_map(|(second, nanos)| {
        NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap().with_nanosecond(nanos).unwrap()
    })
}

fn chrono_date_time() -> impl Strategy<Value = NaiveDateTime> {
    (chrono_date(), chrono_time()).prop_map(|(date, time)| date.and_time(time))
}

fn time_date() -> impl Strategy<Value = time::Date> {
    (time::Date::MIN.to_julian_day()..=time::Date::MAX.to_julian_day())
        .prop_map(|day| time::Date::from_julian_day(day).unwrap())
}

fn time_time() -> impl Strategy<Value = time::Time> {
    (0..24_u8, 0..60_u8, 0..60_u8, 0..1_000_000_000_u32)
        .prop_map(|(h, m, s, nanos)| time::Time::from_hms_nano(h, m, s, nanos).unwrap())
}
