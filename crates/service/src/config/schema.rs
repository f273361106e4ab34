//! The names and kinds of all values of the configuration, read from its types.

use std::cell::Cell;

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Start of the names of all variables of this program, in upper or lower case.
pub const PREFIX: &str = "ANNONA_";
/// Between section and name.
pub(crate) const SEPARATOR: &str = "__";

/// Form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Whole,
    Fraction,
    Boolean,
    List,
}

/// A value of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) section: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

impl Key {
    /// Environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("{PREFIX}{}{SEPARATOR}{}", self.section, self.name).to_uppercase()
    }
}

/// All values of the configuration `T`, section by section.
pub(crate) fn keys<T: DeserializeOwned>() -> Vec<Key> {
    let mut keys = Vec::new();
    for &section in fields::<T>(&[]) {
        for &name in fields::<T>(&[section]) {
            let Shape::Value(kind) = shape::<T>(&[section, name]) else {
                continue;
            };
            keys.push(Key {
                section,
                name,
                kind,
            });
        }
    }
    keys
}

/// Contents of a place in the configuration: fields by name, or a value.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Fields(&'static [&'static str]),
    Value(Kind),
}

fn fields<T: DeserializeOwned>(path: &[&'static str]) -> &'static [&'static str] {
    match shape::<T>(path) {
        Shape::Fields(fields) => fields,
        Shape::Value(_) => &[],
    }
}

/// Has `T` read from a document in which nothing but `path` is there, and notes the kind of
/// value that it asks for at the end of it.
fn shape<T: DeserializeOwned>(path: &[&'static str]) -> Shape {
    let found = Cell::new(Shape::Fields(&[]));
    // It always fails: there is no value at the end of the path.
    let _stopped = T::deserialize(Probe {
        path,
        found: &found,
    });
    found.get()
}

#[derive(Clone, Copy)]
struct Probe<'a> {
    path: &'a [&'static str],
    found: &'a Cell<Shape>,
}

impl Probe<'_> {
    fn stop<T>(&self, shape: Shape) -> Result<T, Error> {
        self.found.set(shape);
        Err(serde::de::Error::custom("enough is known"))
    }
}

macro_rules! kinds {
    ($($method:ident => $kind:ident,)*) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            self.stop(Shape::Value(Kind::$kind))
        })*
    };
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    kinds! {
        deserialize_bool => Boolean,
        deserialize_u8 => Whole,
        deserialize_u16 => Whole,
        deserialize_u32 => Whole,
        deserialize_u64 => Whole,
        deserialize_u128 => Whole,
        deserialize_i8 => Whole,
        deserialize_i16 => Whole,
        deserialize_i32 => Whole,
        deserialize_i64 => Whole,
        deserialize_i128 => Whole,
        deserialize_f32 => Fraction,
        deserialize_f64 => Fraction,
        deserialize_seq => List,
        deserialize_any => Text,
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.path.split_first() {
            None => self.stop(Shape::Fields(fields)),
            Some((field, rest)) => visitor.visit_map(OneField {
                field: Some(field),
                value: Probe { path: rest, ..self },
            }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct tuple tuple_struct map enum
        identifier ignored_any
    }
}

/// A section in which one field is set.
struct OneField<'a> {
    field: Option<&'static str>,
    value: Probe<'a>,
}

impl<'de> MapAccess<'de> for OneField<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(field) = self.field.take() else {
            return Ok(None);
        };
        seed.deserialize(StrDeserializer::new(field)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(self.value)
    }
}
