//! Reads JSON of which nothing is sure, straight from its bytes: a field of another type counts as missing, a field
//! that nobody asks for is passed over, of a field told twice the last counts.
//!
//! Knows no field. What is no JSON at all is an error, as everywhere.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What a field may be told as; each type takes the kinds of JSON that it knows.
pub(in crate::backend::graph) trait Told<'de>: Sized {
    /// Takes a text.
    fn from_text(_: Cow<'de, str>) -> Option<Self> {
        None
    }

    /// Takes a truth value.
    fn from_truth(_: bool) -> Option<Self> {
        None
    }

    /// Takes a list; whoever takes none must still read to its end.
    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    /// Takes an object; whoever takes none must still read to its end.
    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// A value that may be anything; `None` where it is not what was hoped for.
pub(in crate::backend::graph) struct Loose<T>(pub Option<T>);

impl<'de, T: Told<'de>> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyKind(PhantomData)).map(Self)
    }
}

struct AnyKind<T>(PhantomData<T>);

impl<'de, T: Told<'de>> Visitor<'de> for AnyKind<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(T::from_truth(truth))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::from_text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(T::from_text(Cow::Borrowed(text)))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        T::from_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        T::from_object(object)
    }
}

impl<'de> Told<'de> for Cow<'de, str> {
    fn from_text(text: Self) -> Option<Self> {
        Some(text)
    }
}

impl Told<'_> for bool {
    fn from_truth(truth: bool) -> Option<Self> {
        Some(truth)
    }
}

/// A value, and whether there was any: a field that is null or of another type was told of all the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::backend::graph) struct Slot<T> {
    /// Whether the field was there.
    pub is_told: bool,
    /// What it held.
    pub value: Option<T>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            is_told: false,
            value: None,
        }
    }
}

/// Returns the name of the next field of an object.
pub(in crate::backend::graph) fn name<'de, A: MapAccess<'de>>(
    object: &mut A,
) -> Result<Option<Cow<'de, str>>, A::Error> {
    // Names are texts always, so nothing is lost.
    let name = object.next_key::<Loose<Cow<'de, str>>>()?;
    Ok(name.map(|name| name.0.unwrap_or_default()))
}

/// Returns the value of a field.
pub(in crate::backend::graph) fn value<'de, T: Told<'de>, A: MapAccess<'de>>(
    object: &mut A,
) -> Result<Option<T>, A::Error> {
    Ok(object.next_value::<Loose<T>>()?.0)
}

/// Returns the value of a field whose being there means something.
pub(in crate::backend::graph) fn slot<'de, T: Told<'de>, A: MapAccess<'de>>(
    object: &mut A,
) -> Result<Slot<T>, A::Error> {
    Ok(Slot {
        is_told: true,
        value: value(object)?,
    })
}

/// Passes over the value of a field.
pub(in crate::backend::graph) fn pass<'de, A: MapAccess<'de>>(
    object: &mut A,
) -> Result<(), A::Error> {
    object.next_value::<IgnoredAny>().map(drop)
}
