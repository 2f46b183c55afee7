//! Dates and times of the `chrono` crate, in full: nanoseconds, leap seconds, offsets.

use sea_orm::sea_query::value::prelude::chrono::{
    DateTime, Datelike, FixedOffset, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc,
};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use super::cell::Cell;

impl Cell for NaiveDate {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.num_days_from_ce().serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_num_days_from_ce_opt(i32::deserialize(deserializer)?).ok_or_else(out_of_range)
    }
}

impl Cell for NaiveTime {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.num_seconds_from_midnight(), self.nanosecond()).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (seconds, nanos) = <(u32, u32)>::deserialize(deserializer)?;
        // In two steps: together they accept a leap second only at the end of a minute, but chrono has them anywhere.
        Self::from_num_seconds_from_midnight_opt(seconds, 0)
            .and_then(|time| time.with_nanosecond(nanos))
            .ok_or_else(out_of_range)
    }
}

impl Cell for NaiveDateTime {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.and_utc().timestamp(), self.nanosecond()).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (seconds, nanos) = <(i64, u32)>::deserialize(deserializer)?;
        date_time(seconds, nanos).ok_or_else(out_of_range)
    }
}

impl Cell for DateTime<Utc> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.naive_utc().write(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        NaiveDateTime::read(deserializer).map(|utc| utc.and_utc())
    }
}

impl Cell for DateTime<Local> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.naive_utc().write(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        NaiveDateTime::read(deserializer).map(|utc| Local.from_utc_datetime(&utc))
    }
}

impl Cell for DateTime<FixedOffset> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.timestamp(), self.timestamp_subsec_nanos(), self.offset().local_minus_utc()).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (seconds, nanos, offset) = <(i64, u32, i32)>::deserialize(deserializer)?;
        let offset = FixedOffset::east_opt(offset).ok_or_else(out_of_range)?;
        let utc = date_time(seconds, nanos).ok_or_else(out_of_range)?;
        Ok(Self::from_naive_utc_and_offset(utc, offset))
    }
}

fn date_time(seconds: i64, nanos: u32) -> Option<NaiveDateTime> {
    DateTime::from_timestamp(seconds, 0)?.naive_utc().with_nanosecond(nanos)
}

fn out_of_range<E: Error>() -> E {
    E::custom("out of range for a date or time")
}
