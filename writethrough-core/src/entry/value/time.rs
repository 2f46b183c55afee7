//! Dates and times of the `time` crate, in full: nanoseconds and offsets.

use sea_orm::sea_query::value::prelude::time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use super::cell::Cell;

impl Cell for Date {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_julian_day().serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_julian_day(i32::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Cell for Time {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (hour, minute, second, nanos) = self.as_hms_nano();
        let seconds = (u32::from(hour) * 60 + u32::from(minute)) * 60 + u32::from(second);
        (seconds, nanos).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (seconds, nanos) = <(u32, u32)>::deserialize(deserializer)?;
        let hour = u8::try_from(seconds / 3600).map_err(D::Error::custom)?;
        let (minute, second) = (seconds / 60 % 60, seconds % 60);
        Self::from_hms_nano(hour, minute as u8, second as u8, nanos).map_err(D::Error::custom)
    }
}

impl Cell for PrimitiveDateTime {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.assume_utc().unix_timestamp(), self.nanosecond()).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (seconds, nanos) = <(i64, u32)>::deserialize(deserializer)?;
        date_time(seconds, nanos)
    }
}

impl Cell for OffsetDateTime {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let here = PrimitiveDateTime::new(self.date(), self.time());
        (here.assume_utc().unix_timestamp(), here.nanosecond(), self.offset().whole_seconds()).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (seconds, nanos, offset) = <(i64, u32, i32)>::deserialize(deserializer)?;
        let offset = UtcOffset::from_whole_seconds(offset).map_err(D::Error::custom)?;
        Ok(date_time::<D::Error>(seconds, nanos)?.assume_offset(offset))
    }
}

fn date_time<E: Error>(seconds: i64, nanos: u32) -> Result<PrimitiveDateTime, E> {
    let whole = OffsetDateTime::from_unix_timestamp(seconds).map_err(E::custom)?;
    PrimitiveDateTime::new(whole.date(), whole.time()).replace_nanosecond(nanos).map_err(E::custom)
}
