//! Makes, renames, moves and deletes folders.

use serde_json::json;

use super::Graph;
use super::folders::ROOT;
use super::item::id_of;
use super::wire::{About, Call, protocol};
use crate::backend::{BackendError, Refusal};

/// Folders below each other that may be made at once.
const DEEPEST: usize = 50;

impl Graph {
    /// Makes a folder with all that is missing above it; returns its id.
    pub(super) async fn create_folder(&mut self, path: &str) -> Result<String, BackendError> {
        const DOING: &str = "make a folder";
        let names: Vec<&str> = path.split('/').collect();
        if names.iter().any(|name| name.trim().is_empty()) || names.len() > DEEPEST {
            return Err(impossible(path));
        }
        self.list_anew().await?;
        let mut parent: Option<String> = None;
        let mut so_far = String::new();
        for name in names {
            if !so_far.is_empty() {
                so_far.push('/');
            }
            so_far.push_str(name);
            if let Some(id) = self.listing().await?.find(&so_far) {
                parent = Some(id);
                continue;
            }
            let base = self.wire.base();
            let place = match &parent {
                None => base.path(&["mailFolders"]),
                Some(parent) => base.path(&["mailFolders", parent, "childFolders"]),
            };
            let name = json!({ "displayName": spelled(name) });
            let reply = self.wire.call(DOING, &Call::post(place, name)).await?;
            let id = match id_of(&reply.body).filter(|_| reply.is_ok()) {
                Some(id) => id.as_str().to_owned(),
                None if reply.is_ok() => return Err(protocol(DOING, "a folder without an id")),
                None => {
                    // Somebody else may have made it meanwhile.
                    self.list_anew().await?;
                    let found = self.listing().await?.find(&so_far);
                    found.ok_or_else(|| reply.fault(DOING, About::Item(&so_far)))?
                }
            };
            parent = Some(id);
        }
        self.listing = None;
        parent.ok_or_else(|| impossible(path))
    }

    /// Renames a folder, and moves it where its new path lies elsewhere. Done already is done.
    pub(super) async fn rename_folder(
        &mut self,
        folder: &str,
        path: &str,
    ) -> Result<(), BackendError> {
        const DOING: &str = "rename a folder";
        let old = self.list_anew().await?.path(folder);
        let Some(old) = old else {
            return Err(BackendError::Gone {
                what: folder.to_owned(),
            });
        };
        let (old_above, old_name) = apart(&old);
        let (above, name) = apart(path);
        if name.trim().is_empty() || path.starts_with(&format!("{old}/")) {
            return Err(impossible(path));
        }
        let own = self.wire.base().path(&["mailFolders", folder]);
        if above != old_above {
            let parent = if above.is_empty() {
                let root = self.listing().await?.well_known(ROOT);
                root.unwrap_or(ROOT).to_owned()
            } else {
                self.create_folder(above).await?
            };
            let call = Call::post(format!("{own}/move"), json!({ "destinationId": parent }));
            let reply = self.wire.call(DOING, &call).await?;
            reply.demand(DOING, About::Item(folder))?;
        }
        if name != old_name {
            let call = Call::patch(own, json!({ "displayName": spelled(name) }));
            let reply = self.wire.call(DOING, &call).await?;
            reply.demand(DOING, About::Item(folder))?;
        }
        self.listing = None;
        Ok(())
    }

    /// Deletes a folder with its messages. Gone already is fine.
    pub(super) async fn delete_folder(&mut self, folder: &str) -> Result<(), BackendError> {
        const DOING: &str = "delete a folder";
        self.listing = None;
        let path = self.wire.base().path(&["mailFolders", folder]);
        let reply = self.wire.call(DOING, &Call::delete(path)).await?;
        if reply.is_gone() {
            return Ok(());
        }
        reply.demand(DOING, About::Item(folder)).map(drop)
    }
}

/// Cuts a path into what is above and the name.
fn apart(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Returns a name as the server has it.
fn spelled(name: &str) -> String {
    name.trim().replace('∕', "/")
}

fn impossible(path: &str) -> BackendError {
    BackendError::Refused {
        kind: Refusal::Other,
        code: String::new(),
        text: format!("There can be no folder {path}"),
    }
}
