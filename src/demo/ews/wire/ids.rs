//! Ids and change keys: base64 that looks like Exchange's and is as little made for reading.
//!
//! An item's id names mailbox, folder and UID, so it ends when the item moves; the revision is the change key's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What real ids begin with: `AAMk`.
const MARK: [u8; 3] = [0x00, 0x03, 0x24];
/// What change keys begin with: `CQAAAB` for items, `AQAAAB` for folders.
const ITEM_KEY: [u8; 8] = [0x09, 0, 0, 0, 0x16, 0, 0, 0];
const FOLDER_KEY: [u8; 8] = [0x01, 0, 0, 0, 0x16, 0, 0, 0];

/// Names a folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FolderRef {
    /// The mailbox's address in lower case.
    pub mailbox: String,
    /// The folder's constant number.
    pub folder: u32,
}

/// Names an item in its folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemRef {
    /// Where it is.
    pub at: FolderRef,
    /// UID in the folder.
    pub uid: u32,
}

impl FolderRef {
    /// Names a folder.
    pub fn new(mailbox: &str, folder: u32) -> Self {
        Self {
            mailbox: mailbox.to_ascii_lowercase(),
            folder,
        }
    }

    /// Returns the id as it goes out.
    pub fn id(&self) -> String {
        write(b'F', &self.mailbox, &[self.folder])
    }

    /// Names an item in this folder.
    pub fn item(&self, uid: u32) -> ItemRef {
        let at = self.clone();
        ItemRef { at, uid }
    }
}

impl ItemRef {
    /// Returns the id as it goes out.
    pub fn id(&self) -> String {
        write(b'I', &self.at.mailbox, &[self.at.folder, self.uid])
    }
}

/// Returns the id of an item's attachment, counted from 0.
pub fn attachment_id(item: &ItemRef, number: u32) -> String {
    write(b'A', &item.at.mailbox, &[item.at.folder, item.uid, number])
}

/// Reads a folder's id.
pub fn read_folder(id: &str) -> Option<FolderRef> {
    let (mailbox, numbers) = parse(id, b'F')?;
    let [folder] = numbers.try_into().ok()?;
    Some(FolderRef { mailbox, folder })
}

/// Reads an item's id.
pub fn read_item(id: &str) -> Option<ItemRef> {
    let (mailbox, numbers) = parse(id, b'I')?;
    let [folder, uid] = numbers.try_into().ok()?;
    let at = FolderRef { mailbox, folder };
    Some(ItemRef { at, uid })
}

/// Reads an attachment's id.
pub fn read_attachment(id: &str) -> Option<(ItemRef, u32)> {
    let (mailbox, numbers) = parse(id, b'A')?;
    let [folder, uid, number] = numbers.try_into().ok()?;
    let at = FolderRef { mailbox, folder };
    Some((ItemRef { at, uid }, number))
}

/// Returns an item's change key.
pub fn change_key(revision: u64) -> String {
    key(ITEM_KEY, revision)
}

/// Returns a folder's change key.
pub fn folder_key(revision: u64) -> String {
    key(FOLDER_KEY, revision)
}

/// Returns the revision of an item's change key.
pub fn revision_of(key: &str) -> Option<u64> {
    let bytes = STANDARD.decode(key).ok()?;
    let revision = bytes.strip_prefix(&ITEM_KEY)?;
    Some(u64::from_be_bytes(revision.try_into().ok()?))
}

fn key(mark: [u8; 8], revision: u64) -> String {
    let bytes: Vec<u8> = mark.into_iter().chain(revision.to_be_bytes()).collect();
    STANDARD.encode(bytes)
}

fn write(kind: u8, mailbox: &str, numbers: &[u32]) -> String {
    let mut bytes = MARK.to_vec();
    bytes.push(kind);
    bytes.push(u8::try_from(mailbox.len()).unwrap_or(u8::MAX));
    bytes.extend(mailbox.bytes().take(usize::from(u8::MAX)));
    for number in numbers {
        bytes.extend(number.to_be_bytes());
    }
    STANDARD.encode(bytes)
}

fn parse(id: &str, kind: u8) -> Option<(String, Vec<u32>)> {
    let bytes = STANDARD.decode(id.trim()).ok()?;
    let rest = bytes.strip_prefix(&MARK)?;
    let (found, rest) = rest.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (mailbox, numbers) = rest.split_at_checked(usize::from(*length))?;
    if *found != kind || numbers.len() % 4 != 0 {
        return None;
    }
    let numbers = numbers.chunks_exact(4);
    let numbers = numbers.filter_map(|four| Some(u32::from_be_bytes(four.try_into().ok()?)));
    let mailbox = String::from_utf8(mailbox.to_vec()).ok()?;
    Some((mailbox, numbers.collect()))
}
