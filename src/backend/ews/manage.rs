//! Makes, renames and deletes folders. Done already is done.

use super::link::Call;
use super::soap::{Class, Version, Xml};
use super::{Ews, judge};
use crate::backend::{BackendError, Refusal};
use crate::model::{RemoteFolder, Role};

/// The deepest path that is made.
const DEEPEST: usize = 64;

/// A folder that others are in: the root, or one with an id.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Parent {
    Root,
    Folder(String),
}

impl Ews {
    /// Makes a folder with all that are missing above it, unless there is one.
    pub(super) async fn create_folder(&mut self, path: &str) -> Result<(), BackendError> {
        self.make_path(&levels(path)?).await?;
        Ok(())
    }

    /// Renames a folder and moves it where its new path says.
    pub(super) async fn rename_folder(
        &mut self,
        folder: &str,
        path: &str,
    ) -> Result<(), BackendError> {
        let levels = levels(path)?;
        let Some((name, above)) = levels.split_last() else {
            return Err(impossible(path));
        };
        let listed = self.list_folders().await?;
        let Some(now) = listed.iter().find(|known| known.id.as_str() == folder) else {
            let what = "the folder to rename".to_owned();
            return Err(BackendError::Gone { what });
        };
        let (old_above, old_name) = match now.path.rsplit_once('/') {
            Some((above, name)) => (above, name),
            None => ("", now.path.as_str()),
        };
        if old_above != above.join("/") {
            let parent = self.make_path(above).await?;
            self.move_folder(folder, &parent).await?;
        }
        if old_name != name {
            self.name_folder(folder, name).await?;
        }
        Ok(())
    }

    /// Deletes a folder with its messages.
    pub(super) async fn delete_folder(&mut self, folder: &str) -> Result<(), BackendError> {
        const DOING: &str = "delete a folder";
        let write = |xml: &mut Xml, _: Version| {
            xml.inside("m:DeleteFolder", &[("DeleteType", "HardDelete")], |xml| {
                xml.inside("m:FolderIds", &[], |xml| {
                    xml.empty("t:FolderId", &[("Id", folder)]);
                });
            });
        };
        self.sync.ends.remove(folder);
        match self.link.one(DOING, &write).await {
            Ok(_) | Err(BackendError::Gone { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes all folders of a path that are missing and returns the last.
    async fn make_path(&mut self, levels: &[String]) -> Result<Parent, BackendError> {
        let mut listed = self.list_folders().await?;
        let mut parent = Parent::Root;
        let mut path = String::new();
        for name in levels {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(name);
            if let Some(known) = find(&listed, &path) {
                parent = Parent::Folder(known);
                continue;
            }
            let made = self.make(&parent, name).await?;
            let Some(id) = made else {
                // Somebody else made it meanwhile.
                listed = self.list_folders().await?;
                let known = find(&listed, &path).ok_or_else(|| impossible(&path))?;
                parent = Parent::Folder(known);
                continue;
            };
            parent = Parent::Folder(id);
        }
        Ok(parent)
    }

    /// Makes one folder; nothing where there is one of that name.
    async fn make(&self, parent: &Parent, name: &str) -> Result<Option<String>, BackendError> {
        const DOING: &str = "make a folder";
        let name = name.replace('∕', "/");
        let write = |xml: &mut Xml, _: Version| {
            xml.inside("m:CreateFolder", &[], |xml| {
                xml.inside("m:ParentFolderId", &[], |xml| {
                    self.write_parent(xml, parent);
                });
                xml.inside("m:Folders", &[], |xml| {
                    xml.inside("t:Folder", &[], |xml| {
                        xml.text("t:FolderClass", "IPF.Note");
                        xml.text("t:DisplayName", &name);
                    });
                });
            });
        };
        let replies = self.link.call(&Call::new(DOING, &write)).await?;
        let reply = replies.into_iter().next();
        let reply = reply.ok_or_else(|| super::protocol(DOING, "an answer without a message"))?;
        if reply.is_error("ErrorFolderExists") {
            return Ok(None);
        }
        if reply.class == Class::Error {
            return Err(judge::error(DOING, judge::Stage::Working, &reply));
        }
        let folders = reply.node.child("Folders");
        let made = folders.and_then(|folders| folders.children().first());
        let id = made.and_then(|folder| folder.child("FolderId")?.attribute("Id"));
        Ok(id.map(str::to_owned))
    }

    async fn move_folder(&self, folder: &str, parent: &Parent) -> Result<(), BackendError> {
        let write = |xml: &mut Xml, _: Version| {
            xml.inside("m:MoveFolder", &[], |xml| {
                xml.inside("m:ToFolderId", &[], |xml| self.write_parent(xml, parent));
                xml.inside("m:FolderIds", &[], |xml| {
                    xml.empty("t:FolderId", &[("Id", folder)]);
                });
            });
        };
        self.link.one("rename a folder", &write).await?;
        Ok(())
    }

    async fn name_folder(&self, folder: &str, name: &str) -> Result<(), BackendError> {
        let name = name.replace('∕', "/");
        let write = |xml: &mut Xml, _: Version| {
            xml.inside("m:UpdateFolder", &[], |xml| {
                xml.inside("m:FolderChanges", &[], |xml| {
                    xml.inside("t:FolderChange", &[], |xml| {
                        xml.empty("t:FolderId", &[("Id", folder)]);
                        xml.inside("t:Updates", &[], |xml| set_name(xml, &name));
                    });
                });
            });
        };
        self.link.one("rename a folder", &write).await?;
        Ok(())
    }

    fn write_parent(&self, xml: &mut Xml, parent: &Parent) {
        match parent {
            Parent::Root => self.link.place(xml, "msgfolderroot"),
            Parent::Folder(id) => xml.empty("t:FolderId", &[("Id", id)]),
        }
    }
}

fn set_name(xml: &mut Xml, name: &str) {
    xml.inside("t:SetFolderField", &[], |xml| {
        xml.empty("t:FieldURI", &[("FieldURI", "folder:DisplayName")]);
        xml.inside("t:Folder", &[], |xml| xml.text("t:DisplayName", name));
    });
}

/// Finds a folder by its path; Exchange compares names without case, and the inbox has a name of its own here.
fn find(listed: &[RemoteFolder], path: &str) -> Option<String> {
    let is_inbox = path.eq_ignore_ascii_case("Inbox");
    let wanted = path.to_lowercase();
    let found = listed.iter().find(|folder| {
        folder.path.to_lowercase() == wanted || is_inbox && folder.role == Role::Inbox
    });
    found.map(|folder| folder.id.as_str().to_owned())
}

/// Cuts a path into names that a folder may have.
fn levels(path: &str) -> Result<Vec<String>, BackendError> {
    let levels: Vec<String> = path.split('/').map(str::to_owned).collect();
    let is_possible = |name: &String| {
        !name.trim().is_empty()
            && name.chars().count() <= 255
            && !name.chars().any(char::is_control)
    };
    if levels.len() > DEEPEST || !levels.iter().all(is_possible) {
        return Err(impossible(path));
    }
    Ok(levels)
}

fn impossible(path: &str) -> BackendError {
    BackendError::Refused {
        kind: Refusal::Other,
        code: String::new(),
        text: format!("This server has no way to spell the folder name {path}"),
    }
}
