//! What may stand in the file: every key with the kind of its value, read off the structs themselves.
//!
//! `Deserialize` implementations tell a deserializer which fields, variants and types they want. One that has no data
//! and only writes this down ([`Tracer`]) therefore learns the whole schema, optional keys and enum values included,
//! and a struct that gains a field needs no second list.

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeSeed, Error as _, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use std::collections::BTreeMap;

/// What stands behind a key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// A table with known keys.
    Section(BTreeMap<String, Shape>),
    /// A table whose keys the user chooses.
    Named(Box<Shape>),
    /// Anything else.
    Value(Kind),
}

/// The kind of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// An integer within both bounds. TOML has none above `i64::MAX`.
    Whole { least: i64, most: i64 },
    /// A finite float; an integer will do.
    Number,
    /// Anything in quotes.
    Text,
    /// `true` or `false`.
    Switch,
    /// One of these texts.
    OneOf(&'static [&'static str]),
}

/// Stands in a path for a key that the user chooses.
pub(super) const ANY_NAME: &str = "NAME";

impl Shape {
    /// The shape of a struct.
    pub(super) fn of<'de, T: Deserialize<'de>>() -> Self {
        let mut shape = Self::Section(BTreeMap::new());
        T::deserialize(Tracer(&mut shape)).expect("the tracer knows every type of a field");
        shape
    }

    /// What stands behind `key` of this table.
    pub(super) fn child(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Section(keys) => keys.get(key),
            Self::Named(inner) => Some(inner),
            Self::Value(_) => None,
        }
    }

    /// Whether it is a table.
    pub(super) fn is_table(&self) -> bool {
        !matches!(self, Self::Value(_))
    }

    /// The keys of this table with their shapes, in alphabetic order.
    pub(super) fn children(&self) -> Vec<(&str, &Self)> {
        match self {
            Self::Section(keys) => keys.iter().map(|(key, shape)| (key.as_str(), shape)).collect(),
            Self::Named(inner) => vec![(ANY_NAME, inner)],
            Self::Value(_) => Vec::new(),
        }
    }

    /// Everything below this table as full paths, tables before what stands in them.
    pub(super) fn paths(&self) -> Vec<(Vec<&str>, &Self)> {
        let mut paths = Vec::new();
        for (key, child) in self.children() {
            paths.push((vec![key], child));
            paths.extend(child.paths().into_iter().map(|(path, shape)| ([vec![key], path].concat(), shape)));
        }
        paths
    }
}

/// A deserializer that invents a value of whatever is asked for and notes what that was.
struct Tracer<'a>(&'a mut Shape);

/// `deserialize_x`: a whole number of the type `x`.
macro_rules! whole {
    ($($method:ident $visit:ident $type:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let least = i64::try_from($type::MIN).unwrap_or(i64::MIN);
            let most = i64::try_from($type::MAX).unwrap_or(i64::MAX);
            *self.0 = Shape::Value(Kind::Whole { least, most });
            visitor.$visit(0)
        }
    )*};
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = Error;

    whole! {
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64, deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64,
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.0 = Shape::Value(Kind::Number);
        visitor.visit_f64(0.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.0 = Shape::Value(Kind::Switch);
        visitor.visit_bool(false)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.0 = Shape::Value(Kind::Text);
        visitor.visit_str("")
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut keys = BTreeMap::new();
        let value = visitor.visit_map(Fields { left: [ANY_NAME].iter(), key: ANY_NAME, found: &mut keys })?;
        let inner = keys.remove(ANY_NAME).ok_or_else(|| Error::custom("a map asked for no value"))?;
        *self.0 = Shape::Named(Box::new(inner));
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut keys = BTreeMap::new();
        let value = visitor.visit_map(Fields { left: fields.iter(), key: "", found: &mut keys })?;
        *self.0 = Shape::Section(keys);
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = Shape::Value(Kind::OneOf(variants));
        let first = variants.first().ok_or_else(|| Error::custom(format!("{name} has no variants")))?;
        let first: StrDeserializer<Error> = first.into_deserializer();
        visitor.visit_enum(first)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("a field has a type that the schema does not know"))
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u128 char bytes byte_buf unit unit_struct newtype_struct seq tuple tuple_struct identifier ignored_any
    }
}

/// The fields of a struct, each of them present.
struct Fields<'a> {
    left: std::slice::Iter<'a, &'static str>,
    key: &'static str,
    found: &'a mut BTreeMap<String, Shape>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(&key) = self.left.next() else { return Ok(None) };
        self.key = key;
        let name: StrDeserializer<Error> = key.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let mut shape = Shape::Section(BTreeMap::new());
        let value = seed.deserialize(Tracer(&mut shape))?;
        self.found.insert(self.key.to_owned(), shape);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Experiment;

    #[test]
    fn the_schema_has_every_key_that_a_default_experiment_writes() {
        fn compare(written: &toml::Table, shape: &Shape, path: &str) {
            for (key, value) in written {
                let child = shape.child(key).unwrap_or_else(|| panic!("the schema lacks {path}.{key}"));
                match value {
                    toml::Value::Table(table) => compare(table, child, &format!("{path}.{key}")),
                    _ => assert!(!child.is_table(), "{path}.{key}"),
                }
            }
        }
        let written = toml::Table::try_from(Experiment::default()).unwrap();
        let shape = Shape::of::<Experiment>();
        compare(&written, &shape, "");
        assert_eq!(shape.children().len(), written.len());
    }

    #[test]
    fn kinds_are_those_of_the_fields() {
        let shape = Shape::of::<Experiment>();
        let kind = |path: &str| {
            let mut place = &shape;
            for key in path.split('.') {
                place = place.child(key).unwrap();
            }
            match place {
                Shape::Value(kind) => *kind,
                table => panic!("{path} is {table:?}"),
            }
        };
        assert_eq!(kind("train.max_steps"), Kind::Whole { least: 0, most: i64::MAX });
        assert_eq!(kind("model.dropout"), Kind::Number);
        assert_eq!(kind("data.clean.dedup"), Kind::Switch);
        assert_eq!(kind("data.train.file"), Kind::Text);
        assert_eq!(kind("data.test_sets.flores.src"), Kind::Text);
        assert_eq!(kind("validate.metric"), Kind::OneOf(&["loss", "bleu", "chrf", "chrf++"]));
    }

    #[test]
    fn every_key_has_a_path() {
        let shape = Shape::of::<Experiment>();
        let paths: Vec<String> = shape.paths().into_iter().map(|(path, _)| path.join(".")).collect();
        for path in ["train", "train.max_steps", "data.test_sets.NAME.file", "data.clean"] {
            assert!(paths.iter().any(|found| found == path), "{path}");
        }
    }
}
