//! Ids of folders, messages and attachments: URL-safe base64 whose every letter counts, so that a client that folds
//! case or forgets to encode `=` is found out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use ring::digest::{SHA256, digest};

use super::wire::{Fault, IdForm};

/// `AAMk`, as default ids begin.
const DEFAULT: [u8; 3] = [0x00, 0x03, 0x24];
/// `AAkA`, as immutable ones begin.
const IMMUTABLE: [u8; 3] = [0x00, 0x09, 0x00];
const SUM: usize = 11;
const LENGTH: usize = 4 + 36 + 4 + 8 + 2 + SUM;

/// What an id names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Id {
    /// A folder by its number in the mailbox.
    Folder(u32),
    /// A message.
    Message(MessageId),
    /// An attachment by its place in the message.
    Attachment(MessageId, u16),
}

/// A message's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageId {
    /// Where it is; `None` in an immutable id.
    pub folder: Option<u32>,
    /// Which it is.
    pub key: u64,
}

impl MessageId {
    /// Returns the name of a message in one of the two forms.
    pub fn new(form: IdForm, folder: u32, key: u64) -> Self {
        Self {
            folder: (form == IdForm::Default).then_some(folder),
            key,
        }
    }
}

/// Returns a GUID that always belongs to the same text.
pub fn guid(text: &str) -> String {
    let hash = digest(&SHA256, text.to_ascii_lowercase().as_bytes());
    let digits = hash.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: String = digits
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect();
    let cut = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-4{}-8{}-{}",
        cut(0, 8),
        cut(8, 12),
        cut(13, 16),
        cut(17, 20),
        cut(20, 32)
    )
}

/// Writes an id.
pub fn write(mailbox: &str, id: Id) -> String {
    let (kind, folder, key, index) = match id {
        Id::Folder(folder) => (0, Some(folder), 0, 0),
        Id::Message(message) => (1, message.folder, message.key, 0),
        Id::Attachment(message, index) => (2, message.folder, message.key, index),
    };
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.extend(if folder.is_some() { DEFAULT } else { IMMUTABLE });
    bytes.push(kind);
    bytes.extend(guid(mailbox).as_bytes());
    bytes.extend(folder.unwrap_or(0).to_be_bytes());
    bytes.extend(key.to_be_bytes());
    bytes.extend(index.to_be_bytes());
    let sum = digest(&SHA256, &bytes);
    bytes.extend(sum.as_ref().iter().take(SUM));
    URL_SAFE.encode(bytes)
}

/// Reads an id of this mailbox.
pub fn read(mailbox: &str, text: &str) -> Result<Id, Fault> {
    let malformed = || Fault::bad("ErrorInvalidIdMalformed", "Id is malformed.");
    let bytes = URL_SAFE.decode(text).map_err(|_| malformed())?;
    let (named, sum) = bytes.split_at_checked(LENGTH - SUM).ok_or_else(malformed)?;
    let expected = digest(&SHA256, named);
    if expected.as_ref().get(..SUM) != Some(sum) {
        return Err(malformed());
    }
    let (owner, rest) = named
        .get(4..)
        .and_then(|rest| rest.split_at_checked(36))
        .ok_or_else(malformed)?;
    if owner != guid(mailbox).as_bytes() {
        return Err(Fault::bad(
            "ErrorInvalidMailboxItemId",
            "Item Id doesn't belong to the current mailbox.",
        ));
    }
    let (folder, rest) = rest.split_first_chunk::<4>().ok_or_else(malformed)?;
    let (key, rest) = rest.split_first_chunk::<8>().ok_or_else(malformed)?;
    let (index, _) = rest.split_first_chunk::<2>().ok_or_else(malformed)?;
    let folder = u32::from_be_bytes(*folder);
    let message = MessageId {
        folder: named.starts_with(&DEFAULT).then_some(folder),
        key: u64::from_be_bytes(*key),
    };
    match named.get(3) {
        Some(0) => Ok(Id::Folder(folder)),
        Some(1) => Ok(Id::Message(message)),
        Some(2) => Ok(Id::Attachment(message, u16::from_be_bytes(*index))),
        _ => Err(malformed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: &str = "ada@harborvale.example";

    #[test]
    fn an_id_reads_back_as_written_and_ends_in_one_equals_sign() {
        let check = |id: Id, start: &str| {
            let text = write(ADA, id);
            assert_eq!(read("Ada@HarborVale.example", &text), Ok(id));
            assert!(text.starts_with(start), "{text}");
            assert!(text.ends_with('=') && !text.ends_with("=="), "{text}");
        };
        check(Id::Folder(15), "AAMkA");
        let moving = MessageId::new(IdForm::Default, 15, 7);
        check(Id::Message(moving), "AAMkA");
        check(Id::Attachment(moving, 3), "AAMkA");
        let lasting = MessageId::new(IdForm::Immutable, 15, 7);
        check(Id::Message(lasting), "AAkA");
        check(Id::Attachment(lasting, 3), "AAkA");
    }

    #[test]
    fn an_id_is_refused_when_a_letter_is_wrong_or_it_is_of_another_mailbox() {
        let check = |text: &str, code: &str| {
            assert_eq!(read(ADA, text).unwrap_err().code, code, "{text}");
        };
        let id = write(ADA, Id::Folder(15));
        check(&id.to_lowercase(), "ErrorInvalidIdMalformed");
        check(id.trim_end_matches('='), "ErrorInvalidIdMalformed");
        check("", "ErrorInvalidIdMalformed");
        check("ä", "ErrorInvalidIdMalformed");
        let other = write("priya@harborvale.example", Id::Folder(15));
        check(&other, "ErrorInvalidMailboxItemId");
    }
}
