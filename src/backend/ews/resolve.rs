//! Completes what is typed into an address, from the organisation's address book and the own contacts.

use async_trait::async_trait;

use super::link::{Call, Link, protocol};
use super::soap::{Class, Node, Version, Xml};
use super::{item, judge};
use crate::backend::{BackendError, Directory};
use crate::model::Address;

const DOING: &str = "look up an address";
/// Addresses returned; a server gives up to 100, and nobody reads them.
const MOST: usize = 20;
/// Characters of a name or an address; longer ones are nobody's.
const LONGEST_ANSWER: usize = 320;
/// Characters that are looked up.
const LONGEST: usize = 200;
const HOW: &[(&str, &str)] = &[
    ("ReturnFullContactData", "false"),
    ("SearchScope", "ActiveDirectoryContacts"),
];

/// The address book, asked without opening a mailbox: every request carries its proof.
#[derive(Debug)]
pub(super) struct AddressBook {
    link: Link,
}

impl AddressBook {
    pub(super) fn new(link: Link) -> Self {
        Self { link }
    }
}

#[async_trait]
impl Directory for AddressBook {
    async fn resolve(&mut self, text: &str) -> Result<Vec<Address>, BackendError> {
        let text: String = text.trim().chars().take(LONGEST).collect();
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let write = |xml: &mut Xml, _: Version| {
            xml.inside("m:ResolveNames", HOW, |xml| {
                xml.text("m:UnresolvedEntry", &text);
            });
        };
        let replies = self.link.call(&Call::new(DOING, &write)).await?;
        let reply = replies.first();
        let reply = reply.ok_or_else(|| protocol(DOING, "an answer without a message"))?;
        if reply.is_error("ErrorNameResolutionNoResults")
            || reply.is_error("ErrorNameResolutionNoMailbox")
        {
            return Ok(Vec::new());
        }
        if reply.class == Class::Error {
            return Err(judge::error(DOING, judge::Stage::Working, reply));
        }
        let set = reply.node.child("ResolutionSet");
        let found = set.map_or(&[][..], Node::children).iter();
        let mut addresses: Vec<Address> = Vec::new();
        for mailbox in found.filter_map(|resolution| resolution.child("Mailbox")) {
            let address = item::address(mailbox).filter(is_usable);
            let is_new = |a: &Address| !addresses.iter().any(|known| known.is_same_mailbox(a));
            if let Some(address) = address.filter(is_new) {
                addresses.push(address);
            }
            if addresses.len() >= MOST {
                break;
            }
        }
        Ok(addresses)
    }
}

fn is_usable(address: &Address) -> bool {
    let is_short = |text: &str| text.chars().count() <= LONGEST_ANSWER;
    !address.email.is_empty() && is_short(&address.email) && is_short(&address.name)
}
