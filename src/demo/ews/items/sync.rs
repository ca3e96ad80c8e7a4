//! `SyncFolderItems`: what changed in a folder since a sync state, newest first.
//!
//! A state is a window of revisions and UIDs, and a place in it. What changes while a client pages falls into the next
//! window; at worst it is told twice.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::mail::Mail;
use super::properties::{Item, Teller};
use crate::demo::ews::context::{Context, Reply};
use crate::demo::ews::folders::VIRTUAL;
use crate::demo::ews::shape::Shape;
use crate::demo::ews::wire::{FolderRef, Node, Refusal, Xml, change_key};
use crate::demo::mail_store::{Flags, Folder, Message};
use crate::demo::mischief::Mischief;

const MARK: &str = "items/1";

/// What a client knows, and how far it has come.
#[derive(Clone, PartialEq, Eq, Debug)]
struct State {
    /// Revision and next UID that the client knows.
    base: (u64, u32),
    /// Revision and next UID that this round leads to.
    top: (u64, u32),
    /// The last change told: its kind's number and UID; `None` at the start of a round.
    place: Option<(u8, u32)>,
}

/// A change.
enum Change<'a> {
    Create(&'a Message),
    Update(&'a Message),
    Read(&'a Message),
    Delete(u32),
}

impl Change<'_> {
    /// Places in a round rise.
    fn place(&self) -> (u8, u32) {
        match self {
            Self::Create(message) => (0, message.uid),
            Self::Update(message) | Self::Read(message) => (1, message.uid),
            Self::Delete(uid) => (2, *uid),
        }
    }
}

/// Answers `SyncFolderItems`.
pub fn sync(context: &Context<'_>, request: &Node) -> Reply {
    let at = context.target(request, "SyncFolderId")?;
    let at = at.ok_or_else(|| Refusal::of("ErrorFolderNotFound"))?;
    let text = request.text_of("SyncState").map(str::trim);
    let text = text.filter(|text| !text.is_empty());
    if text.is_some() && context.has(&Mischief::CursorLost) {
        return Err(Refusal::of("ErrorInvalidSyncStateData"));
    }
    if at.folder <= VIRTUAL {
        return Ok(
            "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange><m:Changes/>"
                .to_owned(),
        );
    }
    let most = request.text_of("MaxChangesReturned");
    let most = most.and_then(|most| most.trim().parse().ok()).unwrap_or(1);
    context.mailbox(&at, |mailbox| {
        let folder = mailbox.folder_by_id(at.folder);
        let folder = folder.ok_or_else(|| Refusal::of("ErrorSyncFolderNotFound"))?;
        let state = State::read(&at, text, folder)?;
        Ok(round(context, request, (&at, folder), (state, most)))
    })
}

fn round(
    context: &Context<'_>,
    request: &Node,
    (at, folder): (&FolderRef, &Folder),
    (mut state, most): (State, usize),
) -> String {
    let shape = Shape::read(request.child("ItemShape"));
    let mut changes = changes(folder, &state);
    let is_last = changes.len() <= most;
    changes.truncate(most);
    // An empty page in between is legal; it comes once, before anything was told.
    let is_repeated = context.has(&Mischief::Repeated);
    let is_empty = is_repeated && state.place.is_none() && state.base == (0, 0) && !is_last;
    if is_empty {
        changes.clear();
    }
    state.place = changes.last().map(Change::place).or(state.place);
    if is_last {
        state = State {
            base: state.top,
            top: state.top,
            place: None,
        };
    } else if is_empty {
        state.place = Some((0, u32::MAX));
    }
    let ignored: Vec<&str> = request
        .children_of("Ignore")
        .iter()
        .filter_map(|id| id.attribute("Id"))
        .collect();
    let mut xml = Xml::new();
    xml.text("m:SyncState", &state.write(at))
        .flag("m:IncludesLastItemInRange", is_last)
        .open("m:Changes");
    let times = if is_repeated { 2 } else { 1 };
    for _ in 0..times {
        for change in &changes {
            let id = at.item(change.place().1).id();
            if !ignored.contains(&id.as_str()) {
                write(&mut xml, context, (at, change), &shape);
            }
        }
    }
    xml.done()
}

/// Returns what is still to be told, in the order of places.
fn changes<'a>(folder: &'a Folder, state: &State) -> Vec<Change<'a>> {
    let (revision, uid_next) = state.base;
    let messages = || folder.messages().iter().rev();
    let new = messages().filter(|one| one.uid >= uid_next && one.uid < state.top.1);
    let known = messages().filter(|one| one.uid < uid_next && one.revision > revision);
    let gone = folder.gone().iter().rev();
    let gone = gone.filter(|gone| gone.revision > revision && gone.uid < uid_next);
    let all = new
        .map(Change::Create)
        .chain(known.map(|one| {
            if one.settled > revision {
                Change::Update(one)
            } else {
                Change::Read(one)
            }
        }))
        .chain(gone.map(|gone| Change::Delete(gone.uid)));
    let mut all: Vec<Change<'a>> = all.collect();
    all.sort_by_key(|change| order(change.place()));
    let after = state.place.map(order);
    all.retain(|change| after.is_none_or(|after| order(change.place()) > after));
    all
}

/// Kinds one after the other, the newest of each first.
fn order((kind, uid): (u8, u32)) -> (u8, std::cmp::Reverse<u32>) {
    (kind, std::cmp::Reverse(uid))
}

fn write(
    xml: &mut Xml,
    context: &Context<'_>,
    (at, change): (&FolderRef, &Change<'_>),
    shape: &Shape,
) {
    let id = at.item(change.place().1);
    let element = match change {
        Change::Create(_) => "t:Create",
        Change::Update(_) => "t:Update",
        Change::Read(_) => "t:ReadFlagChange",
        Change::Delete(_) => "t:Delete",
    };
    xml.open(element);
    match change {
        Change::Create(message) | Change::Update(message) => Item {
            mail: Mail::new(message),
            id,
            shape,
            teller: Teller::Sync,
            is_odd: context.has(&Mischief::Unknown),
        }
        .write(xml),
        Change::Read(message) => {
            let key = change_key(message.revision);
            xml.empty("t:ItemId", &[("Id", &id.id()), ("ChangeKey", &key)])
                .flag("t:IsRead", message.flags.has(Flags::SEEN));
        }
        Change::Delete(_) => {
            xml.empty(
                "t:ItemId",
                &[("Id", &id.id()), ("ChangeKey", &change_key(1))],
            );
        }
    }
    xml.close();
}

impl State {
    /// Reads a state of this folder, or starts with none.
    fn read(at: &FolderRef, text: Option<&str>, folder: &Folder) -> Result<Self, Refusal> {
        let now = (folder.revision(), folder.uid_next());
        let Some(text) = text else {
            return Ok(Self {
                base: (0, 0),
                top: now,
                place: None,
            });
        };
        let found = Self::parse(at, text).filter(|state| state.top <= now);
        let mut state = found.ok_or_else(|| Refusal::of("ErrorInvalidSyncStateData"))?;
        if state.place.is_none() {
            state.top = now;
        }
        Ok(state)
    }

    fn parse(at: &FolderRef, text: &str) -> Option<Self> {
        let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
        let start = format!("{MARK};{};{};", at.mailbox, at.folder);
        let numbers = text.strip_prefix(&start)?.split(';');
        let numbers: Option<Vec<u64>> = numbers.map(|number| number.parse().ok()).collect();
        let [base, base_uid, top, top_uid, kind, uid] = numbers?.try_into().ok()?;
        let narrow = |number: u64| u32::try_from(number).ok();
        let place = match kind {
            9 => None,
            kind => Some((u8::try_from(kind).ok()?, narrow(uid)?)),
        };
        Some(Self {
            base: (base, narrow(base_uid)?),
            top: (top, narrow(top_uid)?),
            place,
        })
    }

    fn write(&self, at: &FolderRef) -> String {
        let (kind, uid) = self.place.unwrap_or((9, 0));
        let ((base, base_uid), (top, top_uid)) = (self.base, self.top);
        STANDARD.encode(format!(
            "{MARK};{};{};{base};{base_uid};{top};{top_uid};{kind};{uid}",
            at.mailbox, at.folder
        ))
    }
}
