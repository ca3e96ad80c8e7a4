//! One page of a chain of changes, read straight from the bytes of the answer.

use std::borrow::Cow;

use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::DOING;
use crate::backend::BackendError;
use crate::backend::graph::item::{Item, Row};
use crate::backend::graph::wire::loose::{Loose, Told, name, pass, value};
use crate::backend::graph::wire::protocol;

/// Messages of a page, whatever the server was asked for.
const MOST_ITEMS: usize = 4_000;

/// What one request has brought.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in crate::backend::graph) struct Page {
    pub(super) items: Vec<Item>,
    /// The link of the next page, or that of the news after the last.
    pub(super) link: String,
    pub(super) is_last: bool,
}

impl Page {
    /// Reads an answer. `has_verbs` tells whether extended properties were asked for.
    pub fn read(body: &[u8], has_verbs: bool) -> Result<Self, BackendError> {
        let (items, links) = if has_verbs {
            sheet::<true>(body)?
        } else {
            sheet::<false>(body)?
        };
        let (link, is_last) = match (links.next, links.delta) {
            (Some(next), _) => (next, false),
            (None, Some(delta)) => (delta, true),
            (None, None) => return Err(protocol(DOING, "a page without a link")),
        };
        Ok(Self {
            items,
            link: link.into_owned(),
            is_last,
        })
    }

    /// Returns what it tells.
    #[cfg(test)]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Tells whether nothing has changed.
    pub fn is_quiet(&self) -> bool {
        self.is_last && self.items.is_empty()
    }
}

/// Reads the messages of an answer that is no part of a chain.
pub(super) fn messages(body: &[u8]) -> Result<Vec<Item>, BackendError> {
    sheet::<false>(body).map(|(items, _)| items)
}

fn sheet<const HAS_VERBS: bool>(body: &[u8]) -> Result<(Vec<Item>, Links<'_>), BackendError> {
    let sheet: Loose<Sheet<'_, HAS_VERBS>> =
        serde_json::from_slice(body).map_err(|error| protocol(DOING, &error.to_string()))?;
    let sheet = sheet.0.unwrap_or_default();
    let rows = sheet.rows.unwrap_or_default();
    if rows.is_too_much {
        return Err(protocol(DOING, "a page far larger than was asked for"));
    }
    Ok((rows.items, sheet.links))
}

/// Returns the link of the next page, if there is one, and looks at nothing else: the page after an answer can then be
/// asked for before the answer itself is read.
pub(super) fn next_link(body: &[u8]) -> Option<String> {
    let links: Loose<Links<'_>> = serde_json::from_slice(body).ok()?;
    Some(links.0?.next?.into_owned())
}

/// The links of a page.
#[derive(Default)]
struct Links<'de> {
    next: Option<Cow<'de, str>>,
    delta: Option<Cow<'de, str>>,
}

impl<'de> Links<'de> {
    /// Takes a field if it is one of them; tells whether it was.
    fn take<A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<bool, A::Error> {
        let link = match name {
            "@odata.nextLink" => &mut self.next,
            "@odata.deltaLink" => &mut self.delta,
            _ => return Ok(false),
        };
        *link = value::<Cow<'de, str>, A>(from)?.filter(|link| !link.is_empty());
        Ok(true)
    }
}

impl<'de> Told<'de> for Links<'de> {
    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let mut links = Self::default();
        while let Some(name) = name(&mut object)? {
            if !links.take(&name, &mut object)? {
                pass(&mut object)?;
            }
        }
        Ok(Some(links))
    }
}

/// A page as it is told.
#[derive(Default)]
struct Sheet<'de, const HAS_VERBS: bool> {
    rows: Option<Rows<HAS_VERBS>>,
    links: Links<'de>,
}

impl<'de, const HAS_VERBS: bool> Told<'de> for Sheet<'de, HAS_VERBS> {
    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let mut sheet = Self::default();
        while let Some(name) = name(&mut object)? {
            if name == "value" {
                sheet.rows = value(&mut object)?;
            } else if !sheet.links.take(&name, &mut object)? {
                pass(&mut object)?;
            }
        }
        Ok(Some(sheet))
    }
}

/// The messages of a page; each becomes an item as soon as it is read, so that no list of them as told is kept.
#[derive(Default)]
struct Rows<const HAS_VERBS: bool> {
    items: Vec<Item>,
    is_too_much: bool,
}

impl<'de, const HAS_VERBS: bool> Told<'de> for Rows<HAS_VERBS> {
    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut rows = Self::default();
        for _ in 0..MOST_ITEMS {
            let Some(row) = list.next_element::<Loose<Row<'de>>>()? else {
                return Ok(Some(rows));
            };
            let item = row.0.and_then(|row| row.into_item(HAS_VERBS));
            rows.items.extend(item);
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            rows.is_too_much = true;
        }
        Ok(Some(rows))
    }
}
