//! Operations on folders.

mod change;
mod place;
mod sync;

pub use change::{create, delete, transfer, update};
pub use place::{Place, TOP, VIRTUAL, path_of, places, rights, virtual_of};
pub use sync::sync;

use super::context::{Context, Reply};
use super::search::{Expression, Value};
use super::shape::{Path, Shape};
use super::wire::{FolderRef, Node, Refusal, Xml};
use crate::demo::mischief::Mischief;

/// By how much totals are wrong where a test wants that.
pub const WRONG_BY: usize = 10;

/// Answers `GetFolder`.
pub fn get(context: &Context<'_>, request: &Node) -> Vec<Reply> {
    let shape = Shape::read(request.child("FolderShape"));
    let ids = request.children_of("FolderIds").iter();
    ids.map(|id| one(context, id, &shape)).collect()
}

fn one(context: &Context<'_>, id: &Node, shape: &Shape) -> Reply {
    let at = context.folder(id)?;
    written(context, &at, shape)
}

/// Returns `Folders` with the one folder in it.
fn written(context: &Context<'_>, at: &FolderRef, shape: &Shape) -> Reply {
    let place = context.mailbox(at, |mailbox| {
        let mut places = places(mailbox).into_iter();
        let found = places.find(|place| place.id == at.folder);
        found.ok_or_else(|| Refusal::of("ErrorFolderNotFound"))
    })?;
    let mut xml = Xml::new();
    xml.open("m:Folders");
    place.write(&mut xml, &at.mailbox, shape, wrong_by(context));
    Ok(xml.done())
}

fn wrong_by(context: &Context<'_>) -> usize {
    if context.has(&Mischief::WrongTotals) {
        WRONG_BY
    } else {
        0
    }
}

/// A page of a list (`IndexedPageViewType`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    /// First place.
    pub start: usize,
    /// Place after the last.
    pub end: usize,
    /// Whether this page holds the last of all.
    pub is_last: bool,
}

impl Page {
    /// Cuts a page out of `total`; `most` is the server's own limit.
    pub fn cut(view: Option<&Node>, total: usize, most: usize) -> Self {
        let number = |name: &str| -> Option<usize> { view?.attribute(name)?.trim().parse().ok() };
        let count = number("MaxEntriesReturned").unwrap_or(most).min(most);
        let offset = number("Offset").unwrap_or(0).min(total);
        if view.is_some_and(|view| view.attribute("BasePoint") == Some("End")) {
            let end = total - offset;
            let start = end.saturating_sub(count);
            return Self {
                start,
                end,
                is_last: start == 0,
            };
        }
        let end = offset.saturating_add(count).min(total);
        Self {
            start: offset,
            end,
            is_last: end == total,
        }
    }

    /// Opens `RootFolder` with what it says about the page.
    pub fn open(&self, xml: &mut Xml, total: usize) {
        let (offset, total) = (self.end.to_string(), total.to_string());
        let is_last = if self.is_last { "true" } else { "false" };
        xml.open_with(
            "m:RootFolder",
            &[
                ("IndexedPagingOffset", &offset),
                ("TotalItemsInView", &total),
                ("IncludesLastItemInRange", is_last),
            ],
        );
    }
}

/// Answers `FindFolder`.
pub fn find(context: &Context<'_>, request: &Node) -> Vec<Reply> {
    let shape = Shape::read(request.child("FolderShape"));
    let parents = request.children_of("ParentFolderIds").iter();
    parents
        .map(|parent| found_in(context, request, parent, &shape))
        .collect()
}

fn found_in(context: &Context<'_>, request: &Node, parent: &Node, shape: &Shape) -> Reply {
    let at = context.folder(parent)?;
    let restriction = Expression::read(request.child("Restriction"));
    let all = context.mailbox(&at, |mailbox| Ok(places(mailbox)))?;
    let is_deep = request.attribute("Traversal") == Some("Deep");
    let fits = |place: &&Place| restriction.fits(&|path| value(place, path));
    let found: Vec<&Place> = match request.attribute("Traversal") {
        Some("SoftDeleted") => Vec::new(),
        _ => below(&all, at.folder, is_deep)
            .into_iter()
            .filter(fits)
            .collect(),
    };
    let page = Page::cut(request.child("IndexedPageFolderView"), found.len(), 1000);
    let mut xml = Xml::new();
    page.open(&mut xml, found.len() + wrong_by(context));
    xml.open("t:Folders");
    for place in found.get(page.start..page.end).unwrap_or_default() {
        place.write(&mut xml, &at.mailbox, shape, wrong_by(context));
    }
    Ok(xml.done())
}

/// Returns the folders in a folder, each after the one above it.
pub fn below(all: &[Place], parent: u32, is_deep: bool) -> Vec<&Place> {
    let mut found = Vec::new();
    for place in all.iter().filter(|place| place.parent == Some(parent)) {
        found.push(place);
        if is_deep {
            found.extend(below(all, place.id, true));
        }
    }
    found
}

fn value(place: &Place, path: &Path) -> Option<Value> {
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    let number = |number: usize| Some(Value::Number(i64::try_from(number).unwrap_or(i64::MAX)));
    match path {
        Path::Field(name) => match name.as_str() {
            "folder:DisplayName" => text(&place.name),
            "folder:FolderClass" => text(place.class),
            "folder:TotalCount" => number(place.total),
            "folder:UnreadCount" => number(place.unread),
            "folder:ChildFolderCount" => number(place.children),
            _ => None,
        },
        Path::Tag { tag: 0x3001, .. } => text(&place.name),
        Path::Tag { tag: 0x3613, .. } => text(place.class),
        Path::Tag { tag: 0x10F4, .. } => Some(Value::Flag(false)),
        _ => None,
    }
}
