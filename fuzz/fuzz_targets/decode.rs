//! Any bytes as an entry of an entity with columns of every kind, and as a pointer to its rows or a list of them: decoding returns, and
//! what it accepts it writes again as something that it reads as the same.
//!
//! The first byte chooses how the rest is dressed, so that the fuzzer need not guess fingerprints and kinds: as it is, as
//! the values of a row, a pointer or a list, or as what to change in one; with our fingerprint or with another.

#![cfg_attr(fuzzing, no_main)]

use bytes::Bytes;
use sea_orm::sea_query::{FromValueTuple, ValueTuple};
use sea_orm::{ActiveModelTrait, Iterable, ModelTrait, TryIntoModel};
use writethrough_core::entity::{CachedEntity, KeySpace, facts};
use writethrough_core::entry::{
    Decoded, MARK_LEN, Payload, decode, decode_list, decode_pointer, encode_list, encode_pointer, encode_row,
};
use writethrough_core::policy::EntityPolicy;

mod every {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "every")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub truth: Option<bool>,
        pub small: Option<i8>,
        pub unsigned: Option<u32>,
        pub float: Option<f32>,
        pub double: Option<f64>,
        pub text: Option<String>,
        pub bytes: Option<Vec<u8>>,
        pub json: Option<Json>,
        pub uuid: Option<Uuid>,
        pub decimal: Option<Decimal>,
        pub big_decimal: Option<BigDecimal>,
        #[sea_orm(column_type = "Inet")]
        pub network: Option<IpNetwork>,
        pub chrono_date: Option<ChronoDate>,
        pub chrono_time: Option<ChronoTime>,
        pub chrono_date_time: Option<ChronoDateTime>,
        pub utc: Option<ChronoDateTimeUtc>,
        pub local: Option<ChronoDateTimeLocal>,
        pub zoned: Option<ChronoDateTimeWithTimeZone>,
        pub time_date: Option<TimeDate>,
        pub time_time: Option<TimeTime>,
        pub time_date_time: Option<TimeDateTime>,
        pub time_zoned: Option<TimeDateTimeWithTimeZone>,
        pub numbers: Option<Vec<i32>>,
        pub words: Option<Vec<String>>,
        pub documents: Option<Vec<Json>>,
        #[sea_orm(column_type = "Vector(Some(3))")]
        pub vector: Option<PgVector>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl CachedEntity for every::Entity {
    const POLICY: EntityPolicy = EntityPolicy::new();

    fn unique_keys() -> &'static [&'static [every::Column]] {
        &[&[every::Column::Uuid], &[every::Column::Text, every::Column::Double]]
    }

    fn indexes() -> &'static [&'static [every::Column]] {
        &[&[every::Column::Small], &[every::Column::Unsigned, every::Column::Bytes]]
    }
}

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| check(data));

/// Without the fuzzer: takes the inputs from the files that are named, to look at what the fuzzer has found.
#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    for file in std::env::args_os().skip(1) {
        check(&std::fs::read(file)?);
    }
    Ok(())
}

fn check(data: &[u8]) {
    let Some((dress, data)) = data.split_first() else { return };
    let payload = dressed(*dress, data);
    if let Ok(Decoded::Row(model)) = decode::<every::Entity>(&payload) {
        let written = encode_row::<every::Entity>(&model).expect("what was read can be written");
        let Ok(Decoded::Row(again)) = decode::<every::Entity>(&written) else {
            panic!("what was written cannot be read");
        };
        for column in every::Column::iter() {
            // `Debug` rather than equality: a NaN must not differ from itself, nor a scale be overlooked.
            let (before, after) = (model.get(column), again.get(column));
            assert_eq!(format!("{before:?}"), format!("{after:?}"));
        }
    }
    for key in 0..2 {
        if let Ok(Decoded::Row(pk)) = decode_pointer::<every::Entity>(key, &payload) {
            // It is of the primary key's type: SeaORM takes it without a panic, and it has a name.
            let id = i64::from_value_tuple(pk.clone());
            let keys = KeySpace::new("fuzz", false).expect("a namespace");
            keys.entry_key::<every::Entity>(&pk).expect("a number is a key");
            let written = encode_pointer::<every::Entity>(key, &every::Model { id, ..model() });
            let again = decode_pointer::<every::Entity>(key, &written.expect("what was read can be written"));
            assert_eq!(again, Ok(Decoded::Row(pk)));
        }
    }
    for index in 0..2 {
        if let Ok(pks) = decode_list::<every::Entity>(index, &payload) {
            let keys = KeySpace::new("fuzz", false).expect("a namespace");
            for pk in &pks {
                i64::from_value_tuple(pk.clone());
                keys.entry_key::<every::Entity>(pk).expect("a number is a key");
            }
            let written = encode_list::<every::Entity>(index, &pks).expect("what was read can be written");
            assert_eq!(decode_list::<every::Entity>(index, &written), Ok(pks));
        }
    }
}

fn dressed(dress: u8, data: &[u8]) -> Payload {
    let fingerprint = |bytes: &mut Vec<u8>, ours: bool| {
        let fingerprint = facts::<every::Entity>().fingerprint ^ u64::from(!ours);
        bytes.splice(2..MARK_LEN, fingerprint.to_be_bytes());
    };
    let mut bytes = vec![1; MARK_LEN];
    match dress % 9 {
        0 => return Payload(Bytes::copy_from_slice(data)),
        dress @ (1 | 2) => {
            bytes[1] = 0;
            bytes.extend(data);
            bytes.extend(names(&row()));
            fingerprint(&mut bytes, dress == 1);
        }
        5 => {
            bytes = pointer()[..MARK_LEN].to_vec();
            bytes.extend(data);
            bytes.extend(names(&pointer()));
        }
        7 => {
            bytes = list()[..MARK_LEN].to_vec();
            bytes.extend(data);
            bytes.extend(names(&list()));
        }
        dress => {
            bytes = match dress {
                6 => pointer(),
                8 => list(),
                _ => row(),
            }
            .to_vec();
            for change in data.chunks_exact(3) {
                let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % bytes.len();
                bytes[at] = change[2];
            }
            fingerprint(&mut bytes, dress == 3);
        }
    }
    Payload(bytes.into())
}

/// A row with a value in every column.
fn model() -> every::Model {
    let mut row = every::ActiveModel::default_values();
    for column in every::Column::iter() {
        let value = row.get(column).into_value().expect("every column has a default").dummy_value();
        row.try_set(column, value).expect("a value of the same type");
    }
    row.try_into_model().expect("every column has a value")
}

fn row() -> Bytes {
    encode_row::<every::Entity>(&model()).expect("a row of plain values can be written").0
}

fn pointer() -> Bytes {
    encode_pointer::<every::Entity>(1, &model()).expect("a number can be written").0
}

fn list() -> Bytes {
    let pks: Vec<_> = [1_i64, -300, i64::MAX].into_iter().map(|id| ValueTuple::One(id.into())).collect();
    encode_list::<every::Entity>(1, &pks).expect("numbers can be written").0
}

/// What follows the values: an array's header, and the table in front of the columns.
fn names(payload: &[u8]) -> &[u8] {
    let table = b"\xa5every";
    let at = payload.windows(table.len()).position(|window| window == table).expect("a payload names its table");
    // An array of more than 15 elements has a header of three bytes.
    let header = if payload[1] == 0 { 3 } else { 1 };
    &payload[at - header..]
}
