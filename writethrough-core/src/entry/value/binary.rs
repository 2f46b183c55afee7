//! Values that are bytes.

use serde::de::{Deserialize, Deserializer};
use serde::ser::Serializer;

use super::cell::Cell;

impl Cell for Vec<u8> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(<[u8]>::to_vec)
    }
}

#[cfg(feature = "with-uuid")]
impl Cell for sea_orm::prelude::Uuid {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.as_bytes())
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fixed(deserializer).map(Self::from_bytes)
    }
}

#[cfg(feature = "with-mac_address")]
impl Cell for sea_orm::sea_query::value::prelude::MacAddress {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.bytes())
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fixed(deserializer).map(Self::new)
    }
}

#[cfg(feature = "with-ipnetwork")]
impl Cell for sea_orm::prelude::IpNetwork {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = match self.ip() {
            std::net::IpAddr::V4(ip) => ip.octets().to_vec(),
            std::net::IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        bytes.push(self.prefix());
        serializer.serialize_bytes(&bytes)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        use std::net::IpAddr;

        let malformed = || D::Error::custom("not an address and a prefix");
        let (&prefix, address) = <&[u8]>::deserialize(deserializer)?.split_last().ok_or_else(malformed)?;
        let address = match (<[u8; 4]>::try_from(address), <[u8; 16]>::try_from(address)) {
            (Ok(octets), _) => IpAddr::from(octets),
            (_, Ok(octets)) => IpAddr::from(octets),
            _ => return Err(malformed()),
        };
        Self::new(address, prefix).map_err(|_| malformed())
    }
}

#[cfg(feature = "postgres-vector")]
impl Cell for sea_orm::prelude::PgVector {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.as_slice().iter().flat_map(|float| float.to_bits().to_be_bytes()).collect();
        serializer.serialize_bytes(&bytes)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (floats, []) = <&[u8]>::deserialize(deserializer)?.as_chunks() else {
            return Err(serde::de::Error::custom("not a whole number of floats"));
        };
        Ok(floats.iter().map(|bytes| f32::from_bits(u32::from_be_bytes(*bytes))).collect::<Vec<_>>().into())
    }
}

#[cfg(any(feature = "with-uuid", feature = "with-mac_address"))]
fn fixed<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
    let bytes = <&[u8]>::deserialize(deserializer)?;
    bytes.try_into().map_err(|_| serde::de::Error::invalid_length(bytes.len(), &"a fixed number of bytes"))
}
