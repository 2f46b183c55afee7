//! A row with a column of every type that SeaORM stores.

use proptest::prelude::*;
use sea_orm::Iterable;
use sea_orm::ModelTrait;
use sea_orm::prelude::*;
use sea_orm::sea_query::ValueTuple;

use super::any::{any_value, same};
use crate::entity::facts;
use crate::entity::samples::entity;
use crate::entry::{DecodeError, Decoded, MARK_LEN, Payload, decode, decode_pointer, encode_pointer, encode_row};

#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "Enum", db_type = "Enum", enum_name = "mood")]
pub(crate) enum Mood {
    #[sea_orm(string_value = "glad")]
    Glad,
    #[sea_orm(string_value = "sad")]
    Sad,
}

/// The same enum in a version that knows one value less.
#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "Enum", db_type = "Enum", enum_name = "mood")]
pub(crate) enum OldMood {
    #[sea_orm(string_value = "glad")]
    Glad,
}

#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i32", db_type = "Integer")]
pub(crate) enum Level {
    #[sea_orm(num_value = -1)]
    Low,
    #[sea_orm(num_value = 7)]
    High,
}

#[derive(Clone, Debug, PartialEq, DeriveValueType)]
pub(crate) struct Cents(pub i64);

entity! {
    #[sea_orm(table_name = "every")]
    mod every {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub truth: bool,
        pub int8: i8,
        pub int16: i16,
        pub uint32: u32,
        pub float: f32,
        pub double: Option<f64>,
        pub text: String,
        pub bytes: Vec<u8>,
        pub json: Json,
        pub nullable_json: Option<Json>,
        pub uuid: Uuid,
        pub decimal: Decimal,
        pub big_decimal: BigDecimal,
        #[sea_orm(column_type = "Inet")]
        pub network: IpNetwork,
        pub chrono_date: ChronoDate,
        pub chrono_time: ChronoTime,
        pub chrono_date_time: ChronoDateTime,
        pub utc: ChronoDateTimeUtc,
        pub local: ChronoDateTimeLocal,
        pub zoned: ChronoDateTimeWithTimeZone,
        pub time_date: TimeDate,
        pub time_time: TimeTime,
        pub time_date_time: TimeDateTime,
        pub time_zoned: Option<TimeDateTimeWithTimeZone>,
        pub mood: super::Mood,
        pub no_mood: Option<super::Mood>,
        pub level: super::Level,
        pub price: super::Cents,
        pub numbers: Vec<i32>,
        pub words: Option<Vec<String>>,
        pub moods: Vec<super::Mood>,
        #[sea_orm(column_type = "Vector(Some(3))")]
        pub vector: PgVector,
        #[sea_orm(ignore)]
        pub ignored: i32,
    }
    policy: crate::policy::EntityPolicy::new(), exact: &[], keys: &[&[Column::Uuid], &[Column::Mood, Column::Price]]
}

entity! {
    #[sea_orm(table_name = "moods")]
    mod moods {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub moods: Vec<super::Mood>,
    }
}

entity! {
    #[sea_orm(table_name = "moods")]
    mod old_moods {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub moods: Vec<super::OldMood>,
    }
}

pub(super) fn sample() -> every::Model {
    use sea_orm::sea_query::value::prelude::chrono::{DateTime, FixedOffset, NaiveDate, TimeZone, Timelike};
    use sea_orm::sea_query::value::prelude::time::{Date, Month, Time, UtcOffset};

    let date = NaiveDate::from_ymd_opt(2024, 5, 6).unwrap();
    let leap = date.and_hms_opt(23, 59, 59).unwrap().with_nanosecond(1_234_567_891).unwrap();
    let time_date = Date::from_calendar_date(2024, Month::May, 6).unwrap();
    let time_time = Time::from_hms_nano(1, 2, 3, 4).unwrap();
    every::Model {
        id: i64::MIN,
        truth: true,
        int8: -128,
        int16: 300,
        uint32: u32::MAX,
        float: -0.0,
        double: Some(0.1),
        text: "h\u{e9}llo".to_owned(),
        bytes: vec![0, 255],
        json: "{\"a\": [1, -1, 1.5, null, true, \"x\"], \"b\": {}}".parse().unwrap(),
        nullable_json: None,
        uuid: Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8),
        decimal: "-12.50".parse().unwrap(),
        big_decimal: "12345678901234567890123456789012345.60".parse().unwrap(),
        network: "10.1.2.3/8".parse().unwrap(),
        chrono_date: date,
        chrono_time: leap.time(),
        chrono_date_time: leap,
        utc: leap.and_utc(),
        local: sea_orm::sea_query::value::prelude::chrono::Local.from_utc_datetime(&leap),
        zoned: DateTime::from_naive_utc_and_offset(leap, FixedOffset::west_opt(12_345).unwrap()),
        time_date,
        time_time,
        time_date_time: time_date.with_time(time_time),
        time_zoned: Some(time_date.with_time(time_time).assume_offset(UtcOffset::from_hms(-5, -30, 0).unwrap())),
        mood: Mood::Sad,
        no_mood: None,
        level: Level::Low,
        price: Cents(1999),
        numbers: vec![1, -1],
        words: None,
        moods: vec![Mood::Glad, Mood::Sad],
        vector: vec![0.5, -0.0, f32::INFINITY].into(),
        ignored: 0,
    }
}

#[test]
fn a_row_with_every_type_comes_back_bit_by_bit() {
    let model = sample();
    let Ok(Decoded::Row(back)) = decode::<every::Entity>(&encode_row::<every::Entity>(&model).unwrap()) else {
        panic!("it should decode");
    };
    for column in every::Column::iter() {
        let (before, after) = (model.get(column), back.get(column));
        assert!(same(&before, &after), "{before:?} became {after:?}");
    }
    assert_eq!(model, back);
}

#[test]
fn an_ignored_field_is_its_default_as_from_the_database() {
    let model = every::Model { ignored: 7, ..sample() };
    let Ok(Decoded::Row(back)) = decode::<every::Entity>(&encode_row::<every::Entity>(&model).unwrap()) else {
        panic!("it should decode");
    };
    assert_eq!(back.ignored, 0);
}

#[test]
fn an_enum_value_that_this_version_lacks_is_a_miss_and_not_a_panic() {
    let row = |moods| encode_row::<moods::Entity>(&moods::Model { id: 1, moods }).unwrap();
    assert_eq!(decode::<old_moods::Entity>(&row(vec![Mood::Sad])), Err(DecodeError::Value { column: "moods" }));
    let glad = old_moods::Model { id: 1, moods: vec![OldMood::Glad] };
    assert_eq!(decode::<old_moods::Entity>(&row(vec![Mood::Glad])), Ok(Decoded::Row(glad)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_row_with_some_changed_bytes_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), foreign: bool,
    ) {
        let mut bytes = encode_row::<every::Entity>(&sample()).unwrap().0.to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        // Else the names would rarely be what the fingerprint says.
        bytes[9] ^= u8::from(foreign);
        let _ = decode::<every::Entity>(&crate::entry::Payload(bytes.into()));
    }

    #[test]
    fn any_value_in_a_pointer_is_a_key_of_the_columns_type_or_an_error(value in any_value(), garbage: Vec<u8>, key in 0..2_usize) {
        let mut bytes = encode_pointer::<every::Entity>(key, &sample()).unwrap().0.to_vec();
        let names = facts::<every::Entity>().unique_keys[key].names_with_primary.as_slice();
        for values in [[&[0x92], super::values::encode(&value).unwrap().as_slice()].concat(), garbage] {
            bytes.truncate(MARK_LEN);
            bytes.extend(values);
            bytes.extend(names);
            match decode_pointer::<every::Entity>(key, &Payload(bytes.clone().into())) {
                Ok(Decoded::Row(pk)) => prop_assert!(matches!(pk, ValueTuple::One(Value::BigInt(Some(_)))), "{:?}", pk),
                other => prop_assert!(other.is_err()),
            }
        }
    }
}
