//! Parses JSON without keeping all of it: a part that should be small is refused beyond a limit, and of a large part
//! only the size is kept.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

/// The most values that a small part has. Known tokenizers have some hundred.
const MOST: usize = 10_000;

/// A part that is an error where it is not small, before it takes memory.
pub(super) fn small<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
    Small(&Cell::new(MOST)).deserialize(deserializer)
}

/// A value, as long as so many are left.
#[derive(Clone, Copy)]
struct Small<'l>(&'l Cell<usize>);

impl Small<'_> {
    fn one<E: Error>(self, value: Json) -> Result<Json, E> {
        let left = self.0.get().checked_sub(1).ok_or_else(|| E::custom("a part has more than any known one"))?;
        self.0.set(left);
        Ok(value)
    }
}

impl<'de> DeserializeSeed<'de> for Small<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Small<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        self.one(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        self.one(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        self.one(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        self.one(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        self.one(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        self.one(value.into())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Json, S::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        self.one(Json::Array(values))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut table: M) -> Result<Json, M::Error> {
        let mut values = Map::new();
        while let Some(key) = table.next_key()? {
            values.insert(key, table.next_value_seed(self)?);
        }
        self.one(Json::Object(values))
    }
}

/// How many entries a list or table has, none of which is kept.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    deserializer.deserialize_any(Counting)
}

struct Counting;

impl<'de> Visitor<'de> for Counting {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or a table")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<usize, S::Error> {
        let mut count = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut table: M) -> Result<usize, M::Error> {
        let mut count = 0;
        while table.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    fn visit_unit<E: Error>(self) -> Result<usize, E> {
        Ok(0)
    }
}
