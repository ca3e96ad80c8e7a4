//! `FindItem`.

use std::cmp::Ordering;

use super::mail::Mail;
use super::properties::{Item, REFUSED_IN_LISTS, Teller};
use super::values::{has_word, value};
use crate::demo::ews::context::{Context, Reply};
use crate::demo::ews::folders::{Page, VIRTUAL, WRONG_BY};
use crate::demo::ews::search::{Expression, Word, words};
use crate::demo::ews::shape::{Path, Shape};
use crate::demo::ews::wire::{Node, Refusal, Xml};
use crate::demo::mail_store::{Mailbox, Message};
use crate::demo::mischief::Mischief;

/// Items of one page at most; half a throttling policy's usual limit with a search in it.
const MAX_PAGE: usize = 1000;
const MAX_SEARCH_PAGE: usize = 250;

/// What is looked for, and how it is told.
struct Search {
    shape: Shape,
    restriction: Expression,
    words: Vec<Word>,
    order: Vec<(Path, bool)>,
    is_nothing: bool,
}

impl Search {
    fn read(request: &Node) -> Self {
        let order = request.children_of("SortOrder").iter();
        let order = order.map(|order| {
            let is_descending = order.attribute("Order") == Some("Descending");
            (Path::in_element(order), is_descending)
        });
        Self {
            shape: Shape::read(request.child("ItemShape")),
            restriction: Expression::read(request.child("Restriction")),
            words: words(request.text_of("QueryString").unwrap_or_default()),
            order: order.collect(),
            is_nothing: request.attribute("Traversal") != Some("Shallow"),
        }
    }

    fn is_plain(&self) -> bool {
        self.restriction == Expression::All && self.words.is_empty()
    }

    fn fits(&self, message: &Message) -> bool {
        let mail = Mail::new(message);
        !self.is_nothing
            && self.restriction.fits(&|path| value(&mail, path))
            && self.words.iter().all(|word| has_word(&mail, word))
    }

    fn sort(&self, found: &mut [&Message]) {
        if self.order.is_empty() {
            found.sort_by_key(|message| std::cmp::Reverse((message.received, message.uid)));
            return;
        }
        let keys = |message: &&Message| {
            let mail = Mail::new(message);
            let values = self.order.iter().map(|(path, _)| value(&mail, path));
            values.collect::<Vec<_>>()
        };
        let mut sorted: Vec<_> = found
            .iter()
            .map(|message| (keys(message), *message))
            .collect();
        sorted.sort_by(|(a, _), (b, _)| {
            let pairs = a.iter().zip(b).zip(&self.order);
            let mut orders = pairs.map(|((a, b), (_, is_descending))| {
                let order = match (a, b) {
                    (Some(a), Some(b)) => a.order(b),
                    (a, b) => a.is_some().cmp(&b.is_some()),
                };
                if *is_descending {
                    order.reverse()
                } else {
                    order
                }
            });
            orders
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        for (place, (_, message)) in found.iter_mut().zip(sorted) {
            *place = message;
        }
    }
}

/// Answers `FindItem`.
pub fn find(context: &Context<'_>, request: &Node) -> Vec<Reply> {
    let search = Search::read(request);
    let parents = request.children_of("ParentFolderIds").iter();
    if REFUSED_IN_LISTS
        .iter()
        .any(|field| search.shape.names(field))
    {
        let refusal = Refusal::of("ErrorInvalidPropertyRequest");
        return parents.map(|_| Err(refusal.clone())).collect();
    }
    parents
        .map(|parent| {
            let at = context.folder(parent)?;
            context.mailbox(&at, |mailbox| {
                let mut found = candidates(mailbox, at.folder);
                if !search.is_plain() || search.is_nothing {
                    found.retain(|message| search.fits(message));
                }
                search.sort(&mut found);
                let most = if search.is_plain() {
                    MAX_PAGE
                } else {
                    MAX_SEARCH_PAGE
                };
                let page = Page::cut(request.child("IndexedPageItemView"), found.len(), most);
                let id = |uid| at.item(uid);
                Ok(write(context, &search, (&page, &found), id))
            })
        })
        .collect()
}

fn candidates(mailbox: &Mailbox, folder: u32) -> Vec<&Message> {
    if folder <= VIRTUAL {
        return Vec::new();
    }
    let folder = mailbox.folder_by_id(folder);
    folder.map_or_else(Vec::new, |folder| folder.messages().iter().collect())
}

fn write(
    context: &Context<'_>,
    search: &Search,
    (page, found): (&Page, &[&Message]),
    id: impl Fn(u32) -> crate::demo::ews::wire::ItemRef,
) -> String {
    let wrong_by = if context.has(&Mischief::WrongTotals) {
        WRONG_BY
    } else {
        0
    };
    let mut xml = Xml::new();
    page.open(&mut xml, found.len() + wrong_by);
    xml.open("t:Items");
    let times = if context.has(&Mischief::Repeated) {
        2
    } else {
        1
    };
    for _ in 0..times {
        for message in found.get(page.start..page.end).unwrap_or_default() {
            let item = Item {
                mail: Mail::new(message),
                id: id(message.uid),
                shape: &search.shape,
                teller: Teller::Find,
                is_odd: context.has(&Mischief::Unknown),
            };
            item.write(&mut xml);
        }
    }
    xml.done()
}
