//! `SyncFolderHierarchy`: the sync state holds what the client was told of each folder.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Place, below, places};
use crate::demo::ews::context::{Context, Reply};
use crate::demo::ews::folders::TOP;
use crate::demo::ews::shape::Shape;
use crate::demo::ews::wire::{FolderRef, Node, Refusal, Xml, folder_key};
use crate::demo::mischief::Mischief;

const MARK: &str = "hierarchy/1";

/// Answers `SyncFolderHierarchy`.
pub fn sync(context: &Context<'_>, request: &Node) -> Reply {
    let at = context.target(request, "SyncFolderId")?;
    let at = at.unwrap_or_else(|| FolderRef::new(&context.caller.mailbox, TOP));
    let shape = Shape::read(request.child("FolderShape"));
    let known = known(context, &at, request.text_of("SyncState"))?;
    let all = context.mailbox(&at, |mailbox| Ok(places(mailbox)))?;
    let now = below(&all, at.folder, true);
    let mut xml = Xml::new();
    xml.text("m:SyncState", &state(&at, &now))
        .text("m:IncludesLastFolderInRange", "true")
        .open("m:Changes");
    for place in &now {
        let element = match known.get(&place.id) {
            None => "t:Create",
            Some(mark) if *mark != mark_of(place) => "t:Update",
            Some(_) => continue,
        };
        xml.open(element);
        place.write(&mut xml, &at.mailbox, &shape, 0);
        xml.close();
    }
    for id in known
        .keys()
        .filter(|id| !now.iter().any(|place| place.id == **id))
    {
        let id = FolderRef::new(&at.mailbox, *id).id();
        xml.open("t:Delete")
            .empty("t:FolderId", &[("Id", &id), ("ChangeKey", &folder_key(1))])
            .close();
    }
    Ok(xml.done())
}

fn state(at: &FolderRef, now: &[&Place]) -> String {
    let mut text = format!("{MARK};{};{}", at.mailbox, at.folder);
    for place in now {
        let _ = write!(text, ";{}:{:x}", place.id, mark_of(place));
    }
    STANDARD.encode(text)
}

/// Returns what the client knows; the state must be of the same root (protocol facts §7.4).
fn known(
    context: &Context<'_>,
    at: &FolderRef,
    state: Option<&str>,
) -> Result<BTreeMap<u32, u64>, Refusal> {
    let Some(state) = state.map(str::trim).filter(|state| !state.is_empty()) else {
        return Ok(BTreeMap::new());
    };
    let invalid = || Refusal::of("ErrorInvalidSyncStateData");
    if context.has(&Mischief::CursorLost) {
        return Err(invalid());
    }
    let text = STANDARD.decode(state).map_err(|_| invalid())?;
    let text = String::from_utf8(text).map_err(|_| invalid())?;
    let start = format!("{MARK};{};{}", at.mailbox, at.folder);
    let rest = text.strip_prefix(&start).ok_or_else(invalid)?;
    let mut known = BTreeMap::new();
    for entry in rest.split(';').skip(1) {
        let (id, mark) = entry.split_once(':').ok_or_else(invalid)?;
        let id = id.parse().map_err(|_| invalid())?;
        let mark = u64::from_str_radix(mark, 16).map_err(|_| invalid())?;
        known.insert(id, mark);
    }
    Ok(known)
}

/// FNV-1a of the path: it changes with name and place, and nothing else makes an update.
fn mark_of(place: &Place) -> u64 {
    place
        .path
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |mark, byte| {
            (mark ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}
