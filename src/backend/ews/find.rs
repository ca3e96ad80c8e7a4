//! Looks for messages by their `Message-ID`, so that what was done before its answer was lost is not done twice.

use super::link::Link;
use super::soap::{Node, Version, Xml};
use super::sync::item_id;
use crate::backend::BackendError;

/// Writes which folder is meant.
pub(super) type WritePlace<'a> = &'a (dyn Fn(&mut Xml) + Send + Sync);

/// Returns the ids of the first messages of a folder with this `Message-ID`, which is without angle brackets.
pub(super) async fn find_by_message_id(
    link: &Link,
    place: WritePlace<'_>,
    message_id: &str,
) -> Result<Vec<String>, BackendError> {
    if message_id.is_empty() {
        return Ok(Vec::new());
    }
    let bracketed = format!("<{message_id}>");
    let write = |xml: &mut Xml, _: Version| find_item(xml, place, &bracketed);
    let reply = link.one("look for a message", &write).await?;
    let items = reply.node.at(&["RootFolder", "Items"]);
    let ids = items.map_or(&[][..], Node::children).iter();
    Ok(ids.filter_map(item_id).map(str::to_owned).collect())
}

fn find_item(xml: &mut Xml, place: WritePlace<'_>, bracketed: &str) {
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
                    xml.empty("t:Constant", &[("Value", bracketed)]);
                });
            });
        });
        xml.inside("m:ParentFolderIds", &[], |xml| place(xml));
    });
}
