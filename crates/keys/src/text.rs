//! 32 bytes as `0x` and hexadecimal digits in JSON.

use annona_core::B256;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(value: &B256, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(value)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<B256, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}
