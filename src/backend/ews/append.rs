//! Files a message, unless it is there already: a request whose answer was lost must not file it twice.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Ews;
use super::apply::{new_id, write_flags};
use super::link::{Call, Link};
use super::soap::{Node, Version, Xml};
use super::sync::item_id;
use crate::backend::BackendError;
use crate::model::{Applied, Flags, RemoteId};

const DOING: &str = "file a message";

impl Ews {
    /// Files a message in a folder.
    pub(super) async fn append(
        &self,
        folder: &str,
        flags: Flags,
        message_id: &str,
        bytes: &[u8],
    ) -> Result<Applied, BackendError> {
        if let Some(id) = find(&self.link, folder, message_id).await? {
            return Ok(filed(message_id, &id));
        }
        let content = STANDARD.encode(bytes);
        let write = |xml: &mut Xml, _: Version| {
            xml.inside(
                "m:CreateItem",
                &[("MessageDisposition", "SaveOnly")],
                |xml| {
                    xml.inside("m:SavedItemFolderId", &[], |xml| {
                        xml.empty("t:FolderId", &[("Id", folder)]);
                    });
                    xml.inside("m:Items", &[], |xml| {
                        xml.inside("t:Message", &[], |xml| {
                            xml.base64("t:MimeContent", &[("CharacterSet", "UTF-8")], &content);
                            write_flags(xml, flags);
                        });
                    });
                },
            );
        };
        let reply = self.link.one_of(DOING, &Call::new(DOING, &write)).await?;
        Ok(match new_id(&reply.node) {
            Some(id) => filed(message_id, &id),
            None => Applied::default(),
        })
    }
}

fn filed(message_id: &str, id: &str) -> Applied {
    Applied {
        renamed: vec![(RemoteId::new(message_id), RemoteId::new(id))],
    }
}

/// Looks for a message by its `Message-ID` in a folder.
async fn find(link: &Link, folder: &str, message_id: &str) -> Result<Option<String>, BackendError> {
    if message_id.is_empty() {
        return Ok(None);
    }
    let bracketed = format!("<{message_id}>");
    let write = |xml: &mut Xml, _: Version| {
        xml.inside("m:FindItem", &[("Traversal", "Shallow")], |xml| {
            xml.inside("m:ItemShape", &[], |xml| xml.text("t:BaseShape", "IdOnly"));
            xml.empty(
                "m:IndexedPageItemView",
                &[
                    ("MaxEntriesReturned", "10"),
                    ("Offset", "0"),
                    ("BasePoint", "Beginning"),
                ],
            );
            xml.inside("m:Restriction", &[], |xml| {
                xml.inside("t:IsEqualTo", &[], |xml| {
                    xml.empty("t:FieldURI", &[("FieldURI", "message:InternetMessageId")]);
                    xml.inside("t:FieldURIOrConstant", &[], |xml| {
                        xml.empty("t:Constant", &[("Value", &bracketed)]);
                    });
                });
            });
            xml.inside("m:ParentFolderIds", &[], |xml| {
                xml.empty("t:FolderId", &[("Id", folder)]);
            });
        });
    };
    let reply = link.one("look for a message", &write).await?;
    let items = reply.node.at(&["RootFolder", "Items"]);
    let mut ids = items.map_or(&[][..], Node::children).iter();
    Ok(ids.find_map(item_id).map(str::to_owned))
}
