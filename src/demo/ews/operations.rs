//! Which operations there are, and how their replies become an answer.

use hyper::StatusCode;

use super::XML;
use super::context::{Context, Reply};
use super::wire::{Node, Refusal, Xml, answer as envelope};
use super::{directory, folders, items};
use crate::demo::mischief::Mischief;
use crate::demo::transport::web::{Answer, answer_of};

/// All operations of this server.
pub const NAMES: &[&str] = &[
    "GetFolder",
    "FindFolder",
    "SyncFolderHierarchy",
    "CreateFolder",
    "UpdateFolder",
    "MoveFolder",
    "DeleteFolder",
    "FindItem",
    "SyncFolderItems",
    "GetItem",
    "GetAttachment",
    "CreateItem",
    "SendItem",
    "UpdateItem",
    "MoveItem",
    "CopyItem",
    "DeleteItem",
    "ResolveNames",
    "Subscribe",
    "Unsubscribe",
    "GetStreamingEvents",
    "GetServerTimeZones",
    "ConvertId",
];

/// Does an operation.
pub fn answer(context: &Context<'_>, request: &Node) -> Result<Answer, Refusal> {
    let name = request.name.as_str();
    let replies = match name {
        "GetFolder" => folders::get(context, request),
        "FindFolder" => folders::find(context, request),
        "SyncFolderHierarchy" => vec![folders::sync(context, request)],
        "CreateFolder" => folders::create(context, request),
        "UpdateFolder" => folders::update(context, request),
        "MoveFolder" => folders::transfer(context, request),
        "DeleteFolder" => folders::delete(context, request),
        "FindItem" => items::find(context, request),
        "SyncFolderItems" => vec![items::sync(context, request)],
        "GetItem" => items::get(context, request),
        "GetAttachment" => items::get_attachments(context, request),
        "CreateItem" => items::create(context, request),
        "SendItem" => items::send(context, request),
        "UpdateItem" => items::update(context, request),
        "MoveItem" | "CopyItem" => items::transfer(context, request),
        "DeleteItem" => items::delete(context, request),
        "ResolveNames" => vec![directory::resolve(request)],
        "GetServerTimeZones" => vec![Ok(directory::time_zones(request))],
        "ConvertId" => directory::convert(request),
        _ => return Err(Refusal::of("ErrorInvalidRequest")),
    };
    // What refuses the request as a whole does so even where it was found out with one of several.
    let fault = replies.iter().find_map(|reply| match reply {
        Err(refusal) if refusal.is_fault() => Some(refusal.clone()),
        _ => None,
    });
    if let Some(refusal) = fault {
        return Err(refusal);
    }
    let messages = messages(name, replies, tail(name));
    let is_odd = context.has(&Mischief::Unknown);
    Ok(answer_of(
        StatusCode::OK,
        XML,
        envelope(name, &messages, is_odd),
    ))
}

/// Returns what an operation's error messages end with, because the schema wants it there.
pub fn tail(operation: &str) -> &'static str {
    match operation {
        "GetFolder" | "CreateFolder" | "UpdateFolder" | "MoveFolder" => "<m:Folders/>",
        "GetItem" | "CreateItem" | "UpdateItem" | "MoveItem" | "CopyItem" => "<m:Items/>",
        "GetAttachment" => "<m:Attachments/>",
        "SyncFolderItems" => {
            "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>"
        }
        "SyncFolderHierarchy" => {
            "<m:SyncState/><m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange>"
        }
        _ => "",
    }
}

/// Returns `ResponseMessages`.
pub fn messages(operation: &str, replies: Vec<Reply>, tail: &str) -> String {
    let mut all = String::from("<m:ResponseMessages>");
    for reply in replies {
        all.push_str(&message(operation, reply, tail));
    }
    all.push_str("</m:ResponseMessages>");
    all
}

fn message(operation: &str, reply: Reply, tail: &str) -> String {
    let (class, content) = match reply {
        Ok(content) => (
            "Success",
            format!("<m:ResponseCode>NoError</m:ResponseCode>{content}"),
        ),
        Err(refusal) => {
            let mut xml = Xml::new();
            xml.text("m:MessageText", &refusal.text)
                .text("m:ResponseCode", refusal.code)
                .text("m:DescriptiveLinkKey", "0")
                .raw(refusal.details.as_deref().unwrap_or(tail));
            let class = if refusal.is_warning {
                "Warning"
            } else {
                "Error"
            };
            (class, xml.done())
        }
    };
    let element = format!("m:{operation}ResponseMessage");
    format!("<{element} ResponseClass=\"{class}\">{content}</{element}>")
}
