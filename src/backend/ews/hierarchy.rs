//! Follows Exchange's own chain of changes of folders, so that a folder list that has been read once is not read again.
//!
//! The chain lives as long as the connection. Where the server has forgotten it, it begins anew and tells of all folders.

use super::folders::{FIELDS, Listed, MOST_FOLDERS, shape};
use super::link::{Link, protocol};
use super::soap::{Node, Version, Xml};
use crate::backend::BackendError;

const DOING: &str = "list folders";

/// The folders at the end of their chain.
#[derive(Debug, Default)]
pub(super) struct Hierarchy {
    /// `SyncState`; empty at the beginning.
    state: String,
    listed: Vec<Listed>,
}

impl Hierarchy {
    /// Returns the folders that are there.
    pub(super) fn listed(&self) -> &[Listed] {
        &self.listed
    }

    /// Reads the chain to its end. After a failure it is of no more use.
    pub(super) async fn follow(&mut self, link: &Link) -> Result<(), BackendError> {
        while !self.step(link).await? {
            if self.listed.len() >= MOST_FOLDERS {
                tracing::warn!(target: "pillarbox::ews", limit = MOST_FOLDERS, "more folders than are looked at");
                break;
            }
        }
        Ok(())
    }

    /// Reads one answer; tells whether it was the last.
    async fn step(&mut self, link: &Link) -> Result<bool, BackendError> {
        let write = |xml: &mut Xml, _: Version| {
            xml.inside("m:SyncFolderHierarchy", &[], |xml| {
                shape(xml, FIELDS);
                xml.inside("m:SyncFolderId", &[], |xml| {
                    link.place(xml, "msgfolderroot");
                });
                if !self.state.is_empty() {
                    xml.text("m:SyncState", &self.state);
                }
            });
        };
        let node = link.one(DOING, &write).await?.node;
        let state = node.child("SyncState").map_or("", Node::raw_text).trim();
        if state.is_empty() {
            return Err(protocol(DOING, "changes without a state"));
        }
        let is_last = node.truth_of("IncludesLastFolderInRange").unwrap_or(true);
        if !is_last && state == self.state {
            return Err(protocol(DOING, "a chain of changes that goes round"));
        }
        state.clone_into(&mut self.state);
        for change in node.child("Changes").map_or(&[][..], Node::children) {
            self.take(change);
        }
        Ok(is_last)
    }

    fn take(&mut self, change: &Node) {
        if change.name() == "Delete" {
            let id = change.child("FolderId").and_then(|id| id.attribute("Id"));
            self.listed.retain(|folder| Some(folder.id.as_str()) != id);
            return;
        }
        let Some(folder) = change.children().first().and_then(Listed::read) else {
            return;
        };
        match self.listed.iter_mut().find(|known| known.id == folder.id) {
            Some(known) => *known = folder,
            None => self.listed.push(folder),
        }
    }
}
