//! For each database an entity with every column type that SeaORM can store there, and two rows of it.

use sea_orm::sea_query::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter, FromJsonQueryResult};
use serde::{Deserialize, Serialize};

/// An entity of the given columns, each with its value in the one row and in the other.
macro_rules! entity {
    ($module:ident { $($(#[$attr:meta])* $field:ident: $type:ty = [$one:expr, $other:expr];)* }) => {
        pub mod $module {
            #[allow(unused_imports)]
            use super::*;
            #[allow(unused_imports)]
            use super::values::*;
            use sea_orm::ActiveValue::Set;
            use sea_orm::entity::prelude::*;
            use writethrough::WriteThrough;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
            #[sea_orm(table_name = "every_column")]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: i32,
                $($(#[$attr])* pub $field: $type,)*
                #[sea_orm(default_value = 7)]
                pub defaulted: i32,
                #[sea_orm(default_expr = "Expr::current_timestamp()")]
                pub created: DateTimeUtc,
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}

            /// Large, long, present.
            pub fn one(id: i32) -> ActiveModel {
                ActiveModel { id: Set(id), $($field: Set($one),)* ..Default::default() }
            }

            /// Empty, odd, absent.
            pub fn other(id: i32) -> ActiveModel {
                ActiveModel { id: Set(id), $($field: Set($other),)* ..Default::default() }
            }
        }
    };
}

/// An entity of the columns that all databases have, and of more.
macro_rules! every_column {
    ($module:ident { $($more:tt)* }) => {
        entity! { $module {
            small: i16 = [i16::MAX, -1];
            int: i32 = [i32::MIN, 0];
            big: i64 = [i64::MAX, i64::MIN];
            single: f32 = [0.1, -0.0];
            double: f64 = [0.1 + 0.2, -0.0];
            huge: f64 = [1.797_693_134_862_315_7e308, 5e-324];
            #[sea_orm(column_type = "Decimal(Some((16, 4)))")]
            price: Decimal = [decimal("123456789.5000"), decimal("0.10")];
            #[sea_orm(column_type = "Decimal(Some((16, 6)))")]
            share: BigDecimal = [big_decimal("0.333333"), big_decimal("-0.000001")];
            flag: bool = [true, false];
            name: String = ["naïve ☃ 𝒳 \u{0}"[..16].to_owned(), String::new()];
            #[sea_orm(column_type = "Text")]
            text: String = ["line\nline\t'quoted' \"too\" \\ %".repeat(50), " ".to_owned()];
            #[sea_orm(column_type = "Char(Some(5))")]
            code: String = ["ab".to_owned(), "abcde".to_owned()];
            note: Option<String> = [Some(String::new()), None];
            maybe: Option<i64> = [Some(0), None];
            maybe_price: Option<Decimal> = [None, None];
            #[sea_orm(column_type = "VarBinary(StringLen::N(300))")]
            bytes: Vec<u8> = [(0..=255).collect(), Vec::new()];
            uuid: Uuid = [Uuid::from_u128(u128::MAX - 1), Uuid::nil()];
            maybe_uuid: Option<Uuid> = [None, Some(Uuid::from_u128(1))];
            json: Json = [document(), Json::Null];
            luggage: Luggage = [luggage(2, &["fragile"]), luggage(0, &[])];
            maybe_luggage: Option<Luggage> = [None, Some(luggage(1, &[""]))];
            class: Class = [Class::Business, Class::Economy];
            rank: Rank = [Rank::High, Rank::Low];
            maybe_class: Option<Class> = [None, Some(Class::Business)];
            date: Date = [chrono_moment().date_naive(), Date::from_ymd_opt(1970, 1, 1).expect("a date")];
            time: Time = [chrono_moment().time(), Time::MIN];
            date_time: DateTime = [chrono_moment().naive_utc(), chrono_whole().naive_utc()];
            utc: DateTimeUtc = [chrono_moment(), chrono_whole()];
            zoned: DateTimeWithTimeZone = [in_kathmandu(chrono_moment()), in_kathmandu(chrono_whole())];
            local: DateTimeLocal = [chrono_moment().into(), chrono_whole().into()];
            seconds: ChronoUnixTimestamp = [ChronoUnixTimestamp(chrono_whole()), ChronoUnixTimestamp(chrono_whole())];
            time_date: TimeDate = [time_moment().date(), time_whole().date()];
            time_time: TimeTime = [time_moment().time(), TimeTime::MIDNIGHT];
            time_date_time: TimeDateTime = [primitive(time_moment()), primitive(time_whole())];
            time_zoned: TimeDateTimeWithTimeZone = [time_moment(), time_whole()];
            $($more)*
        } }
    };
}

every_column! { sqlite {
    tiny: i8 = [i8::MIN, 0];
    unsigned: u32 = [u32::MAX, 0];
    tiny_unsigned: u8 = [u8::MAX, 0];
    small_unsigned: u16 = [u16::MAX, 0];
    infinite: f64 = [f64::INFINITY, f64::NEG_INFINITY];
} }

every_column! { mysql {
    tiny: i8 = [i8::MIN, 0];
    unsigned: u32 = [u32::MAX, 0];
    tiny_unsigned: u8 = [u8::MAX, 0];
    small_unsigned: u16 = [u16::MAX, 0];
    big_unsigned: u64 = [u64::MAX, 0];
    #[sea_orm(column_type = "Decimal(Some((30, 10)))")]
    wide_price: Decimal = [decimal("12345678901234567890.0123456789"), decimal("1")];
    #[sea_orm(column_type = "Blob")]
    blob: Vec<u8> = [vec![0; 10_000], Vec::new()];
    mood: Mood = [Mood::Happy, Mood::Sad];
} }

every_column! { postgres {
    nan: f64 = [f64::NAN, f64::INFINITY];
    nan_single: f32 = [f32::NAN, f32::NEG_INFINITY];
    #[sea_orm(column_type = "Decimal(None)")]
    wide_price: Decimal = [decimal("12345678901234567.0100"), decimal("1.50")];
    #[sea_orm(column_type = "Decimal(None)")]
    widest: BigDecimal = [big_decimal("123456789012345678901234567890.000000000100"), big_decimal("0")];
    #[sea_orm(column_type = "JsonBinary")]
    json_binary: Json = [document(), Json::String(String::new())];
    mood: Mood = [Mood::Happy, Mood::Sad];
    maybe_mood: Option<Mood> = [None, Some(Mood::Happy)];
    #[sea_orm(column_type = "Inet")]
    address: IpNetwork = [network("2001:db8::/32"), network("10.1.2.3/8")];
    #[sea_orm(column_type = "Cidr")]
    network: IpNetwork = [network("10.0.0.0/8"), network("::1/128")];
    #[sea_orm(column_type = "MacAddr")]
    hardware: MacAddress = [MacAddress::new([255; 6]), MacAddress::new([0, 1, 2, 3, 4, 5])];
    numbers: Vec<i32> = [vec![i32::MIN, 0, i32::MAX], vec![]];
    maybe_numbers: Option<Vec<i64>> = [None, Some(vec![])];
    names: Vec<String> = [vec![String::new(), "{,\"}".to_owned()], vec!["NULL".to_owned()]];
    floats: Vec<f64> = [vec![f64::NAN, -0.0], vec![0.1]];
    flags: Vec<bool> = [vec![true, false], vec![]];
    #[sea_orm(column_type = "Array(std::sync::Arc::new(ColumnType::Uuid))")]
    uuids: Vec<Uuid> = [vec![Uuid::nil()], vec![]];
    #[sea_orm(column_type = "Array(std::sync::Arc::new(ColumnType::Decimal(None)))")]
    prices: Vec<Decimal> = [vec![decimal("1.50"), decimal("0")], vec![]];
    #[sea_orm(column_type = "Array(std::sync::Arc::new(ColumnType::TimestampWithTimeZone))")]
    moments: Vec<DateTimeUtc> = [vec![chrono_moment()], vec![]];
    #[sea_orm(column_type = "Array(std::sync::Arc::new(<Mood as ActiveEnum>::db_type().get_column_type().clone()))")]
    moods: Vec<Mood> = [vec![Mood::Sad, Mood::Happy], vec![]];
} }

entity! { vectors {
    point: PgVector = [PgVector::from(vec![1.5, -0.0, f32::MIN_POSITIVE]), PgVector::from(vec![])];
    maybe_point: Option<PgVector> = [Some(PgVector::from(vec![f32::NAN, f32::INFINITY])), None];
} }

entity! { unsigned {
    big_unsigned: u64 = [1, 0];
} }

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Luggage {
    pub pieces: u8,
    pub tags: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum Class {
    #[sea_orm(string_value = "economy")]
    Economy,
    #[sea_orm(string_value = "business")]
    Business,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i32", db_type = "Integer")]
pub enum Rank {
    #[sea_orm(num_value = -5)]
    Low,
    #[sea_orm(num_value = 5)]
    High,
}

/// An enum type of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "mood")]
pub enum Mood {
    #[sea_orm(string_value = "happy")]
    Happy,
    #[sea_orm(string_value = "sad")]
    Sad,
}

mod values {
    use chrono::TimeZone;
    use sea_orm::prelude::{
        BigDecimal, DateTimeUtc, DateTimeWithTimeZone, Decimal, IpNetwork, Json, TimeDateTime, TimeDateTimeWithTimeZone,
    };
    pub use sea_orm::sea_query::prelude::{MacAddress, chrono, time};
    use time::{Duration, OffsetDateTime, PrimitiveDateTime};

    use super::Luggage;

    pub fn luggage(pieces: u8, tags: &[&str]) -> Luggage {
        Luggage { pieces, tags: tags.iter().map(|tag| (*tag).to_owned()).collect() }
    }

    pub fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    pub fn big_decimal(text: &str) -> BigDecimal {
        text.parse().expect("a decimal")
    }

    pub fn network(text: &str) -> IpNetwork {
        text.parse().expect("a network")
    }

    pub fn document() -> Json {
        serde_json::json!({ "b": [1, -2.5e-7, null, "ü"], "a": { "": true }, "n": 9_007_199_254_740_993_i64 })
    }

    /// Finer than any of the databases can tell.
    pub fn chrono_moment() -> DateTimeUtc {
        chrono_whole() + chrono::TimeDelta::nanoseconds(123_456_789)
    }

    pub fn chrono_whole() -> DateTimeUtc {
        chrono::Utc.timestamp_opt(951_782_399, 0).single().expect("a leap day, right before midnight")
    }

    pub fn in_kathmandu(moment: DateTimeUtc) -> DateTimeWithTimeZone {
        moment.with_timezone(&chrono::FixedOffset::east_opt((5 * 60 + 45) * 60).expect("an offset"))
    }

    pub fn time_moment() -> TimeDateTimeWithTimeZone {
        time_whole() + Duration::nanoseconds(123_456_789)
    }

    pub fn time_whole() -> TimeDateTimeWithTimeZone {
        OffsetDateTime::from_unix_timestamp(951_782_399).expect("a moment")
    }

    pub fn primitive(moment: TimeDateTimeWithTimeZone) -> TimeDateTime {
        PrimitiveDateTime::new(moment.date(), moment.time())
    }
}
