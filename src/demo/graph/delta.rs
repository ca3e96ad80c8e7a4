//! Change tracking: what came, changed and went since a client last asked, page by page.
//!
//! All that a round of a folder's messages needs is in its token, which clients can only hand back.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::filter::{Condition, Property, Relation, fits, read_filter};
use super::ids::{Id, write};
use super::query::Query;
use super::show::{name, show_selected};
use super::state::FolderMarks;
use super::tree::{Node, ROOT};
use super::wire::{Call, Fault, Reply};
use super::{Desk, Outcome, folders as folder_list};
use crate::demo::mail_store::{Folder, Message};
use crate::demo::mischief::Mischief;

/// Bytes of a token's sum.
const SUM: usize = 8;

/// Where a round over a folder's messages stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Round {
    folder: u32,
    /// The folder's revision at the client's last round; 0 for none.
    since: u64,
    /// The folder's revision when this round began; 0 before its first page.
    until: u64,
    /// The last message that was told.
    after: Option<(Timestamp, u32)>,
    /// The revision of the last departure that was told.
    gone: u64,
    /// The options of the first request.
    options: String,
    /// The next page is empty.
    is_pause: bool,
}

/// Where a round over the folders stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct FolderRound {
    /// What the client knows; 0 for nothing.
    known: u64,
    /// What it will know.
    target: u64,
    at: usize,
    options: String,
}

fn seal(state: &impl Serialize) -> String {
    let text = serde_json::to_vec(state).unwrap_or_default();
    let sum = digest(&SHA256, &text);
    let sum = sum.as_ref().get(..SUM).unwrap_or_default();
    URL_SAFE_NO_PAD.encode([sum, &text].concat())
}

fn open<T: DeserializeOwned>(token: &str) -> Result<T, Fault> {
    let malformed = || Fault::bad("BadRequest", "Badly formed token.");
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| malformed())?;
    let (sum, text) = bytes.split_at_checked(SUM).ok_or_else(malformed)?;
    if digest(&SHA256, text).as_ref().get(..SUM) != Some(sum) {
        return Err(malformed());
    }
    serde_json::from_slice(text).map_err(|_| malformed())
}

fn lost() -> Fault {
    Fault::new(
        410,
        "SyncStateNotFound",
        "The sync state generation is not found; Sync from scratch.",
    )
}

/// Returns the token that the request brings.
fn token<'a>(desk: &Desk<'a>) -> Result<Option<&'a str>, Fault> {
    let query = &desk.call.query;
    let token = query.get("$skiptoken").or_else(|| query.get("$deltatoken"));
    if token.is_some() && desk.takes(&Mischief::CursorLost) {
        return Err(lost());
    }
    Ok(token)
}

/// Returns how many items the page holds. Options last for the whole round, but how large its pages are, each request
/// says anew by its header, also behind a link: "assuming you prefer to keep the same maximum page size"
/// (`delta-query-messages`). Whoever leaves it out behind a link gets ten, after a first page of 500 (seen at Graph
/// itself, rlrghb/olkcli #98).
fn page_size(call: &Call) -> Result<usize, Fault> {
    call.query
        .top(call.preference("odata.maxpagesize").as_deref())
}

/// Refuses options that change tracking does not take.
fn check_options(query: &Query) -> Result<(), Fault> {
    let refused = |what: &str| {
        let message = format!("Change tracking is not supported with this {what}.");
        Err(Fault::bad("ErrorInvalidUrlQuery", &message))
    };
    if query.get("$search").is_some() {
        return refused("$search");
    }
    if let Some(order) = query.get("$orderby")
        && !order.eq_ignore_ascii_case("receivedDateTime desc")
    {
        return refused("$orderby");
    }
    match condition(query)? {
        None | Some(Condition::Is(Property::Received, Relation::AtLeast | Relation::More, _)) => {
            Ok(())
        }
        Some(_) => refused("$filter"),
    }
}

fn condition(query: &Query) -> Result<Option<Condition>, Fault> {
    query.get("$filter").map(read_filter).transpose()
}

/// Answers a request for the changes of a folder's messages.
pub fn messages(desk: &Desk<'_>, folder: &str) -> Outcome {
    let token = token(desk)?;
    let round = match token {
        Some(token) => {
            let round: Round = open(token)?;
            // A folder that is gone takes the states of its rounds with it.
            if desk.folder(folder).map_err(|_| lost())? != round.folder {
                return Err(Fault::bad("BadRequest", "Badly formed token."));
            }
            round
        }
        None => begin(desk, desk.folder(folder)?)?,
    };
    // The options of the first request go for the whole round.
    let call = Call {
        query: Query::parse(&round.options),
        ..desk.call.clone()
    };
    let desk = Desk {
        call: &call,
        house: desk.house,
        grant: desk.grant,
        place: desk.place.clone(),
    };
    page(&desk, round)
}

fn begin(desk: &Desk<'_>, folder: u32) -> Result<Round, Fault> {
    check_options(&desk.call.query)?;
    Ok(Round {
        folder,
        since: 0,
        until: 0,
        after: None,
        gone: 0,
        options: desk.call.query.with(&[]),
        is_pause: false,
    })
}

/// What a page tells of.
enum Item {
    Here(Message),
    Gone {
        key: u64,
        revision: u64,
        is_elsewhere: bool,
    },
}

fn page(desk: &Desk<'_>, mut round: Round) -> Outcome {
    if round.is_pause {
        round.is_pause = false;
        return Ok(answer(desk, &round, Vec::new(), "$skiptoken"));
    }
    if round.until == 0 {
        round.until = revision(desk, round.folder)?;
    }
    let size = page_size(desk.call)?;
    let mut items = items(desk, &round, size)?;
    let is_last = items.len() <= size;
    items.truncate(size);
    for item in &items {
        match item {
            Item::Here(message) => round.after = Some((message.received, message.uid)),
            Item::Gone { revision, .. } => round.gone = *revision,
        }
    }
    let select = desk.call.query.select();
    let mut value: Vec<Value> = items
        .iter()
        .map(|item| show(desk, round.folder, item, select.as_deref()))
        .collect();
    if desk.takes(&Mischief::Repeated) {
        value = value
            .iter()
            .flat_map(|item| [item.clone(), item.clone()])
            .collect();
        round.is_pause = true;
        return Ok(answer(desk, &round, value, "$skiptoken"));
    }
    if !is_last {
        return Ok(answer(desk, &round, value, "$skiptoken"));
    }
    let next = Round {
        since: round.until,
        until: 0,
        after: None,
        gone: round.until,
        ..round
    };
    Ok(answer(desk, &next, value, "$deltatoken"))
}

fn revision(desk: &Desk<'_>, folder: u32) -> Result<u64, Fault> {
    let revision = desk.read(|mailbox| mailbox.folder_by_id(folder).map(Folder::revision))?;
    Ok(revision.unwrap_or(1))
}

/// Returns what is left to tell in a round, one more than a page holds: messages that came or changed, then those that
/// went.
fn items(desk: &Desk<'_>, round: &Round, size: usize) -> Result<Vec<Item>, Fault> {
    let query = &desk.call.query;
    let condition = condition(query)?;
    let newest_first = query.get("$orderby").is_some();
    let wanted = query.get("changeType").map(str::to_ascii_lowercase);
    let is_told = |message: &&Message| {
        let is_ahead = round.after.is_none_or(|after| {
            let place = (message.received, message.uid);
            if newest_first {
                place < after
            } else {
                message.uid > after.1
            }
        });
        let fits = condition.as_ref().is_none_or(|c| fits(message, false, c));
        message.revision > round.since && is_ahead && fits && wanted.as_deref() != Some("deleted")
    };
    desk.read(|mailbox| {
        let Some(folder) = mailbox.folder_by_id(round.folder) else {
            return Vec::new();
        };
        let mut told: Vec<&Message> = folder.messages().iter().filter(is_told).collect();
        if newest_first {
            let place = |message: &&Message| std::cmp::Reverse((message.received, message.uid));
            if told.len() > size {
                told.select_nth_unstable_by_key(size, place);
            }
            told.truncate(size + 1);
            told.sort_unstable_by_key(place);
        }
        let mut items: Vec<Item> = told
            .into_iter()
            .take(size + 1)
            .map(|message| Item::Here(message.clone()))
            .collect();
        if round.since > 0 && wanted.as_deref().is_none_or(|wanted| wanted == "deleted") {
            let here: BTreeSet<u64> = folder
                .messages()
                .iter()
                .map(|message| message.key)
                .collect();
            let gone = folder.gone().iter();
            let gone = gone.filter(|gone| gone.revision > round.gone && !here.contains(&gone.key));
            let left = (size + 1).saturating_sub(items.len());
            items.extend(gone.take(left).map(|gone| {
                Item::Gone {
                    key: gone.key,
                    revision: gone.revision,
                    is_elsewhere: mailbox
                        .folders()
                        .iter()
                        .any(|f| f.message_by_key(gone.key).is_some()),
                }
            }));
        }
        items
    })
}

fn show(desk: &Desk<'_>, folder: u32, item: &Item, select: Option<&[String]>) -> Value {
    let mut value = match item {
        Item::Here(message) => show_selected(desk, (folder, message), select),
        Item::Gone {
            key, is_elsewhere, ..
        } => {
            let id = write(&desk.place.mailbox, Id::Message(name(desk, folder, *key)));
            let reason = if *is_elsewhere { "changed" } else { "deleted" };
            json!({"id": id, "@removed": {"reason": reason}})
        }
    };
    if let Some(object) = value.as_object_mut() {
        object.insert("@odata.type".to_owned(), json!("#microsoft.graph.message"));
    }
    value
}

fn answer(desk: &Desk<'_>, round: &Round, value: Vec<Value>, kind: &str) -> Reply {
    let folder = write(&desk.place.mailbox, Id::Folder(round.folder));
    let path = format!("mailFolders('{folder}')/messages/delta");
    linked(desk, &path, (value, "message"), (kind, &seal(round)))
}

fn linked(
    desk: &Desk<'_>,
    path: &str,
    (value, of): (Vec<Value>, &str),
    (kind, token): (&str, &str),
) -> Reply {
    let link = if kind == "$skiptoken" {
        "@odata.nextLink"
    } else {
        "@odata.deltaLink"
    };
    Reply::json(
        200,
        json!({
            "@odata.context": format!("{}/$metadata#Collection({of})", desk.place.base),
            "value": value,
            link: desk.place.link(&format!("{path}?{kind}={token}")),
        }),
    )
}

/// Answers a request for the changes of the folders, flat.
pub fn folders(desk: &Desk<'_>) -> Outcome {
    let mut round = match token(desk)? {
        Some(token) => open::<FolderRound>(token)?,
        None => FolderRound {
            known: 0,
            target: 0,
            at: 0,
            options: desk.call.query.with(&[]),
        },
    };
    let call = Call {
        query: Query::parse(&round.options),
        ..desk.call.clone()
    };
    let desk = Desk {
        call: &call,
        house: desk.house,
        grant: desk.grant,
        place: desk.place.clone(),
    };
    let graph = &desk.house.graph;
    let shows_hidden = call.query.is_on("includeHiddenFolders");
    let nodes: BTreeMap<u32, Node> = folder_list::all(&desk)?
        .into_iter()
        .filter(|node| node.id != ROOT && (shows_hidden || !node.is_hidden))
        .map(|node| (node.id, node))
        .collect();
    if round.target == 0 {
        let marks = nodes.values().map(|node| (node.id, mark(node))).collect();
        round.target = graph.remember_folders(marks);
    }
    let known = match round.known {
        0 => FolderMarks::new(),
        known => graph.known_folders(known).ok_or_else(lost)?,
    };
    let target = graph.known_folders(round.target).ok_or_else(lost)?;
    let changed = target
        .iter()
        .filter(|(id, mark)| known.get(id) != Some(mark));
    let gone = known.keys().filter(|id| !target.contains_key(id));
    let all: Vec<u32> = changed.map(|(id, _)| *id).chain(gone.copied()).collect();
    let size = page_size(desk.call)?;
    let value = all.iter().skip(round.at).take(size).map(|id| {
        let Some(node) = nodes.get(id) else {
            let id = write(&desk.place.mailbox, Id::Folder(*id));
            return json!({"id": id, "@removed": {"reason": "deleted"}});
        };
        folder_list::show(&desk, node)
    });
    let value: Vec<Value> = value.collect();
    round.at += size;
    let kind = if round.at < all.len() {
        "$skiptoken"
    } else {
        (round.known, round.target, round.at) = (round.target, 0, 0);
        "$deltatoken"
    };
    let token = seal(&round);
    Ok(linked(
        &desk,
        "mailFolders/delta",
        (value, "mailFolder"),
        (kind, &token),
    ))
}

/// Returns what differs after every change of a folder that its resource shows.
fn mark(node: &Node) -> u64 {
    let mut hasher = DefaultHasher::new();
    let counts = (node.children, node.total, node.unread, node.size);
    (&node.name, node.parent, counts).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_token_is_refused() {
        let round = FolderRound {
            known: 1,
            target: 0,
            at: 0,
            options: "$select=id".to_owned(),
        };
        let token = seal(&round);
        assert_eq!(open::<FolderRound>(&token).unwrap().options, "$select=id");
        for broken in [
            "",
            "latest",
            "ä",
            token.get(1..).unwrap(),
            &token.to_lowercase(),
        ] {
            let fault = open::<FolderRound>(broken).unwrap_err();
            assert_eq!(fault.message, "Badly formed token.", "{broken}");
        }
        assert!(open::<Round>(&token).is_err());
    }
}
