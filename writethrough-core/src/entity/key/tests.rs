use proptest::prelude::*;
use sea_orm::Value;
use sea_orm::sea_query::{IntoValueTuple, ValueTuple};

use super::{KeyError, KeySpace, MAX_KEY_LEN, MAX_PK_LEN};
use crate::entity::samples::{flight, odd, seat};

mod pointers;

fn shop() -> KeySpace {
    KeySpace::new("shop", false).unwrap()
}

fn cluster() -> KeySpace {
    KeySpace::new("shop", true).unwrap()
}

/// The part of a key that stands for one value.
fn text(value: impl Into<Value>) -> String {
    let key = shop().entry_key::<flight::Entity>(&ValueTuple::One(value.into())).unwrap();
    key.as_str().strip_prefix("shop:flight:").unwrap().to_owned()
}

fn seat_key(space: &KeySpace, flight_id: i32, number: &str) -> String {
    space.entry_key::<seat::Entity>(&(flight_id, number).into_value_tuple()).unwrap().to_string()
}

#[test]
fn the_common_case_is_readable() {
    assert_eq!(shop().entry_key::<flight::Entity>(&115.into_value_tuple()).unwrap().as_str(), "shop:flight:115");
    assert_eq!(seat_key(&shop(), 115, "12A"), "shop:seat:115:12A");
    assert_eq!(
        shop().entry_key::<odd::schema::Entity>(&7.into_value_tuple()).unwrap().as_str(),
        "shop:pub%2Elic.fli%2Eght:7"
    );
    assert_eq!(shop().entry_key::<odd::renamed::Entity>(&7.into_value_tuple()).unwrap().as_str(), "shop:old%2Ename:7");
    assert_eq!(
        cluster().entry_key::<flight::Entity>(&115.into_value_tuple()).unwrap().as_str(),
        "{shop:flight:0b}:115"
    );
}

#[test]
fn characters_with_a_meaning_are_escaped() {
    assert_eq!(
        text("a:b%c{d}e#f@g*h i\n!/,()?[]\\"),
        "a%3Ab%25c%7Bd%7De%23f%40g%2Ah%20i%0A%21%2F%2C%28%29%3F%5B%5D%5C"
    );
    assert_eq!(text("aZ09_-.~+"), "aZ09_-.~+");
    assert_eq!(text("é"), "%C3%A9");
}

#[test]
fn null_empty_and_the_text_null_differ() {
    let texts = [text(None::<String>), text(""), text("null"), text("!null")];
    assert_eq!(texts, ["!null", "", "null", "%21null"]);
}

#[test]
fn numbers_keep_what_tells_them_apart() {
    assert_eq!(text(-5), "-5");
    assert_eq!(text(u64::MAX), "18446744073709551615");
    assert_eq!([text(0.0), text(-0.0), text(0.1_f32), text(1e300)], ["0.0", "-0.0", "0.1", "1e300"]);
    assert_eq!([text(f64::NAN), text(f64::INFINITY), text(f64::NEG_INFINITY)], ["nan7ff8000000000000", "inf", "-inf"]);
    assert_ne!(text(f64::NAN), text(f64::from_bits(0x7ff8_0000_0000_0001)));
    assert_eq!([text(true), text('x')], ["true", "x"]);
}

#[test]
fn bytes_are_hexadecimal() {
    assert_eq!(text(vec![0_u8, 0xab, 255]), "00abff");
    assert_eq!(text(Vec::<u8>::new()), "");
}

#[cfg(feature = "with-uuid")]
#[test]
fn a_uuid_is_written_as_usual() {
    let uuid = sea_orm::prelude::Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8);
    assert_eq!(text(uuid), "67e55044-10b1-426f-9247-bb680e5fe0c8");
}

#[cfg(feature = "with-rust_decimal")]
#[test]
fn the_scale_of_a_decimal_counts() {
    use sea_orm::prelude::Decimal;
    assert_eq!(
        [text(Decimal::new(10, 1)), text(Decimal::new(100, 2)), text(Decimal::new(-1, 0))],
        ["1.0", "1.00", "-1"]
    );
}

#[cfg(feature = "with-bigdecimal")]
#[test]
fn the_scale_of_a_big_decimal_counts() {
    use sea_orm::prelude::BigDecimal;
    let number = |digits: i64, scale| text(BigDecimal::new(digits.into(), scale));
    assert_eq!(
        [number(10, 1), number(100, 2), number(-1, -3), number(1, i64::MIN)],
        ["10E-1", "100E-2", "-1E3", "1E9223372036854775808"]
    );
}

#[cfg(feature = "with-chrono")]
#[test]
fn times_are_exact() {
    use sea_orm::sea_query::value::prelude::chrono::{
        DateTime, FixedOffset, Local, NaiveDate, NaiveTime, Timelike, Utc,
    };

    let noon = NaiveDate::from_ymd_opt(2024, 5, 6).unwrap().and_hms_nano_opt(12, 34, 56, 7).unwrap();
    assert_eq!(text(noon.date()), "2024-05-06");
    assert_eq!(text(noon), "2024-05-06T123456.000000007");
    assert_eq!(text(noon.and_utc()), "2024-05-06T123456.000000007");
    let leap = NaiveTime::from_hms_opt(12, 0, 0).unwrap().with_nanosecond(1_500_000_000).unwrap();
    let next = NaiveTime::from_hms_milli_opt(12, 0, 1, 500).unwrap();
    assert_eq!([text(leap), text(next)], ["T120000.1500000000", "T120001.500000000"]);

    let zone = FixedOffset::west_opt(3600).unwrap();
    let zoned = DateTime::<FixedOffset>::from_naive_utc_and_offset(noon, zone);
    assert_eq!(text(zoned), "2024-05-06T123456.000000007-3600");
    assert_ne!(text(zoned), text(zoned.with_timezone(&FixedOffset::east_opt(0).unwrap())));

    let here = DateTime::<Local>::from_naive_utc_and_offset(noon, zone);
    assert_eq!(text(here), text(DateTime::<Utc>::from_naive_utc_and_offset(noon, Utc)), "processes agree in all zones");
}

#[cfg(feature = "with-time")]
#[test]
fn times_of_the_time_crate_are_exact() {
    use sea_orm::sea_query::value::prelude::time::{Date, Month, PrimitiveDateTime, Time, UtcOffset};

    let noon = PrimitiveDateTime::new(
        Date::from_calendar_date(2024, Month::May, 6).unwrap(),
        Time::from_hms_nano(12, 34, 56, 7).unwrap(),
    );
    assert_eq!([text(noon.date()), text(noon.time())], ["2024-05-06", "T123456.000000007"]);
    assert_eq!(text(noon), "2024-05-06T123456.000000007");
    assert_eq!(text(noon.assume_offset(UtcOffset::from_hms(-1, 0, -1).unwrap())), "2024-05-06T123456.000000007-3601");
}

#[cfg(feature = "postgres-array")]
#[test]
fn arrays_show_their_elements_apart() {
    let strings = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
    let texts = [
        text(Vec::<String>::new()),
        text(strings(&[""])),
        text(strings(&["", ""])),
        text(strings(&["a,b"])),
        text(strings(&["a", "b"])),
        text(None::<Vec<String>>),
    ];
    assert_eq!(texts, ["()", "(,)", "(,,)", "(a%2Cb,)", "(a,b,)", "!null"]);
}

#[test]
fn a_long_key_is_hashed() {
    assert_eq!(text("x".repeat(200)), "x".repeat(200));
    let long = text("x".repeat(201));
    assert_eq!(long, "#84a0678c90937f5dcf9994d5866668da6b995109c8ad845410559b48a4ecafed");
    assert_ne!(long, text("x".repeat(202)));
    assert_ne!(text("y"), text("#y"));
}

#[test]
fn a_key_beyond_all_measure_is_refused() {
    let key = |len| shop().entry_key::<flight::Entity>(&"x".repeat(len).into_value_tuple());
    assert!(key(MAX_PK_LEN).is_ok());
    let error = key(MAX_PK_LEN + 1).unwrap_err();
    assert_eq!(error, KeyError::LongKey { len: 8193 });
    assert!(error.to_string().starts_with("a key of 8193 bytes is too long"), "{error}");
    let halves = ("x".repeat(MAX_PK_LEN), "y").into_value_tuple();
    assert_eq!(shop().entry_key::<seat::Entity>(&halves).unwrap_err(), KeyError::LongKey { len: 8193 });
    let bytes = shop().entry_key::<flight::Entity>(&vec![0_u8; MAX_PK_LEN + 1].into_value_tuple());
    assert_eq!(bytes.unwrap_err(), KeyError::LongKey { len: 8193 });
}

#[test]
fn a_value_of_the_wrong_arity_is_refused() {
    let error = shop().entry_key::<seat::Entity>(&115.into_value_tuple()).unwrap_err();
    assert_eq!(error, KeyError::Arity { expected: 2, given: 1 });
}

#[test]
fn a_namespace_is_neither_empty_nor_long() {
    assert_eq!(KeySpace::new("", true).unwrap_err(), KeyError::EmptyNamespace);
    assert!(KeySpace::new(&"n".repeat(64), false).is_ok());
    assert_eq!(KeySpace::new(&"n".repeat(65), false).unwrap_err(), KeyError::LongNamespace { len: 65 });
    assert_eq!(KeySpace::new(&":".repeat(22), false).unwrap_err(), KeyError::LongNamespace { len: 66 });
    let odd = KeySpace::new("a:b", false).unwrap();
    assert_eq!(odd.entry_key::<flight::Entity>(&1.into_value_tuple()).unwrap().as_str(), "a%3Ab:flight:1");
}

#[test]
fn neighbours_spread_over_all_buckets() {
    let mut counts = [0_u32; 64];
    for id in 0..64_000 {
        let key = cluster().entry_key::<flight::Entity>(&id.into_value_tuple()).unwrap();
        let digits = key.as_str().strip_prefix("{shop:flight:").unwrap().get(..2).unwrap();
        counts[usize::from_str_radix(digits, 16).unwrap()] += 1;
    }
    let (least, most) = (*counts.iter().min().unwrap(), *counts.iter().max().unwrap());
    assert!(least > 800 && most < 1200, "buckets of {least} to {most} keys, 1000 on average");
}

/// Text that is likely to meet other text: few letters, those with a meaning, and now and then anything.
fn text_value() -> impl Strategy<Value = String> {
    prop_oneof!["[ab:%{}#@!.,3A]{0,6}", "\\PC{0,4}", any::<String>(), "[ab]{195,210}"]
}

fn key_value() -> impl Strategy<Value = (String, Vec<u8>, Option<i64>)> {
    (text_value(), proptest::collection::vec(any::<u8>(), 0..4), proptest::option::of(-11_i64..11))
}

fn tuple((text, bytes, number): &(String, Vec<u8>, Option<i64>)) -> ValueTuple {
    (text.clone(), bytes.clone(), *number).into_value_tuple()
}

/// Any two of a few tuples: pairs that are equal in part come up often.
fn tuples() -> impl Strategy<Value = Vec<ValueTuple>> {
    (proptest::collection::vec(key_value(), 2), proptest::collection::vec((0..2_usize, 0..2_usize, 0..2_usize), 2..6))
        .prop_map(|(parts, picks)| {
            let pick = |(a, b, c): (usize, usize, usize)| (parts[a].0.clone(), parts[b].1.clone(), parts[c].2);
            picks.into_iter().map(|indices| tuple(&pick(indices))).collect()
        })
}

crate::entity::samples::entity! {
    #[sea_orm(table_name = "triple")]
    mod triple {
        #[sea_orm(primary_key, auto_increment = false)]
        pub a: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub b: Vec<u8>,
        #[sea_orm(primary_key, auto_increment = false)]
        pub c: i64,
    }
}

proptest! {
    #[test]
    fn keys_are_equal_only_for_equal_values(tuples in tuples()) {
        for space in [shop(), cluster()] {
            let keys: Vec<_> = tuples.iter().map(|pk| space.entry_key::<triple::Entity>(pk).unwrap()).collect();
            for (a, key_a) in tuples.iter().zip(&keys) {
                for (b, key_b) in tuples.iter().zip(&keys) {
                    prop_assert_eq!(a == b, key_a == key_b, "{:?} {:?} {} {}", a, b, key_a, key_b);
                }
            }
        }
    }

    #[test]
    fn keys_of_two_strings_are_equal_only_for_equal_strings(
        (a, b) in (text_value(), text_value()), (c, d) in (text_value(), text_value()),
    ) {
        let key = |a: &str, b: &str| {
            shop().entry_key::<seat::Entity>(&(a.to_owned(), b.to_owned()).into_value_tuple()).unwrap()
        };
        prop_assert_eq!(key(&a, &b) == key(&c, &d), (&a, &b) == (&c, &d));
    }

    #[test]
    fn keys_are_short_and_printable(namespace in "\\PC{1,5}", key in key_value(), clustered: bool) {
        let space = KeySpace::new(&namespace, clustered).unwrap();
        let key = space.entry_key::<triple::Entity>(&tuple(&key)).unwrap();
        prop_assert!(key.as_str().len() <= MAX_KEY_LEN);
        prop_assert!(key.as_str().bytes().all(|byte| byte.is_ascii_graphic() && !b"*?[]\\^\"'@".contains(&byte)), "{}", key);
    }

    #[test]
    fn on_a_cluster_there_is_one_hash_tag(namespace in "[a{}]{1,8}", key in key_value()) {
        let space = KeySpace::new(&namespace, true).unwrap();
        let key = space.entry_key::<triple::Entity>(&tuple(&key)).unwrap();
        let braces: String = key.as_str().chars().filter(|c| matches!(c, '{' | '}')).collect();
        prop_assert_eq!(braces, "{}");
        let plain = KeySpace::new(&namespace, false).unwrap();
        let key = plain.entry_key::<triple::Entity>(&("{a}", vec![0_u8], 0_i64).into_value_tuple()).unwrap();
        let braces = key.as_str().contains(['{', '}']);
        prop_assert!(!braces, "no hash tag elsewhere");
    }
}
