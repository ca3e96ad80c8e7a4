//! Adds attachments to a message that is there already: small ones at once, large ones by upload session
//! (protocol facts §8.5).

use ::http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use ::http::{Method, Request, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::item::text;
use super::parts::Attached;
use super::wire::{About, Base, Call, Wire, parse, protocol};
use crate::backend::BackendError;

const DOING: &str = "upload an attachment";
/// Attachments below this size go in one request, in bytes; from here on sessions are allowed.
const SMALL: usize = 3 << 20;
/// Bytes of one piece: less than 4 MB, and a multiple of 320 KiB.
const PIECE: usize = 12 * (320 << 10);
const LONGEST_ANSWER: usize = 1 << 20;

/// Adds attachments, one after the other.
pub(super) async fn attach(
    wire: &Wire,
    message: &str,
    attached: &[Attached],
) -> Result<(), BackendError> {
    for one in attached {
        if one.content.len() < SMALL {
            let path = wire.base().path(&["messages", message, "attachments"]);
            let reply = wire.call(DOING, &Call::post(path, as_json(one))).await?;
            reply.demand(DOING, About::Sending)?;
        } else {
            upload(wire, message, one).await?;
        }
    }
    Ok(())
}

/// Returns an attachment as Graph takes it within a message.
pub(super) fn as_json(one: &Attached) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": one.name,
        "contentType": one.media_type,
        "contentBytes": STANDARD.encode(&one.content),
    })
}

async fn upload(wire: &Wire, message: &str, one: &Attached) -> Result<(), BackendError> {
    let path = ["messages", message, "attachments", "createUploadSession"];
    let item = json!({ "AttachmentItem": {
        "attachmentType": "file",
        "name": one.name,
        "contentType": one.media_type,
        "size": one.content.len(),
    }});
    let call = Call::post(wire.base().path(&path), item);
    let session = wire.call(DOING, &call).await?;
    let session = session.demand(DOING, About::Sending)?;
    let url = text(&session, "uploadUrl");
    if !may_upload(wire.base(), url) {
        return Err(protocol(DOING, "an upload address that is none"));
    }
    let total = one.content.len();
    let mut start = 0;
    for piece in one.content.chunks(PIECE) {
        let end = start + piece.len();
        let request = Request::builder()
            .method(Method::PUT)
            .uri(url)
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, piece.len())
            .header(CONTENT_RANGE, format!("bytes {start}-{}/{total}", end - 1))
            .body(piece.to_vec());
        let request = request.map_err(|error| protocol(DOING, &error.to_string()))?;
        // The address is the proof: a token must not travel there.
        let answer = wire
            .exchange()
            .send_bare(DOING, request, LONGEST_ANSWER)
            .await?;
        parse(DOING, &answer)?.demand(DOING, About::Sending)?;
        start = end;
    }
    Ok(())
}

/// Upload addresses lie on other hosts of the service; they are secrets and go over HTTPS only.
fn may_upload(base: &Base, url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let has_user = uri.authority().is_none_or(|a| a.as_str().contains('@'));
    !has_user && (uri.scheme_str() == Some("https") || base.follow(url).is_some())
}
