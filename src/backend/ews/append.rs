//! Files a message, unless it is there already: a request whose answer was lost must not file it twice.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Ews;
use super::apply::{new_id, write_flags};
use super::find::find_by_message_id;
use super::link::Call;
use super::soap::{Version, Xml};
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
        let place = |xml: &mut Xml| xml.empty("t:FolderId", &[("Id", folder)]);
        let found = find_by_message_id(&self.link, &place, message_id).await?;
        if let Some(id) = found.first() {
            return Ok(filed(message_id, id));
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
