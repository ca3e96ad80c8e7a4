//! What Graph remembers between requests: what the mail store has no place for, uploads, who is being served.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::ids::{MessageId, guid};
use super::rfc822::Attachment;

/// Requests of one identity at one mailbox at a time.
pub const MAX_AT_ONCE: usize = 4;
/// Uploads and states of folders that are remembered; older ones are forgotten.
const MAX_REMEMBERED: usize = 200;

/// What a message has beyond the store's flags.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Extra {
    /// Names of categories.
    pub categories: Vec<String>,
    /// A flag that was set and is done with.
    pub is_complete: bool,
    /// Forwarded, and not answered since.
    pub is_forwarded: bool,
}

/// An attachment that comes in pieces.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Whose draft.
    pub mailbox: String,
    /// Which draft.
    pub message: MessageId,
    /// What it will be; its bytes are those that came.
    pub file: Attachment,
    /// How large it will be.
    pub size: usize,
}

/// What a client knows of the folders: number and a mark of the state.
pub type FolderMarks = BTreeMap<u32, u64>;

/// What Graph remembers.
#[derive(Debug, Default)]
pub struct Graph {
    count: AtomicU64,
    remembered: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    extras: BTreeMap<(String, u64), Extra>,
    busy: BTreeMap<(String, String), usize>,
    uploads: VecDeque<(String, Upload)>,
    folders: VecDeque<(u64, FolderMarks)>,
}

/// One of the requests that are served at a time.
#[derive(Debug)]
pub struct Turn<'a> {
    graph: &'a Graph,
    who: (String, String),
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.graph.lock().busy.get_mut(&self.who) {
            *count = count.saturating_sub(1);
        }
    }
}

impl Graph {
    /// Returns an id that no other request has.
    pub fn request_id(&self) -> String {
        guid(&format!("request {}", self.next()))
    }

    fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Takes a turn; `None` if too many are being served.
    pub fn enter(&self, identity: &str, mailbox: &str) -> Option<Turn<'_>> {
        let who = (identity.to_ascii_lowercase(), mailbox.to_ascii_lowercase());
        let mut remembered = self.lock();
        let count = remembered.busy.entry(who.clone()).or_default();
        if *count >= MAX_AT_ONCE {
            return None;
        }
        *count += 1;
        Some(Turn { graph: self, who })
    }

    /// Returns what a message has beyond its flags.
    pub fn extra(&self, mailbox: &str, key: u64) -> Extra {
        let extras = &self.lock().extras;
        let extra = extras.get(&(mailbox.to_ascii_lowercase(), key));
        extra.cloned().unwrap_or_default()
    }

    /// Changes what a message has beyond its flags and tells whether that was a change.
    pub fn change_extra(&self, mailbox: &str, key: u64, change: impl FnOnce(&mut Extra)) -> bool {
        let mut remembered = self.lock();
        let id = (mailbox.to_ascii_lowercase(), key);
        let extra = remembered.extras.entry(id).or_default();
        let before = extra.clone();
        change(extra);
        *extra != before
    }

    /// Opens an upload and returns its name.
    pub fn open_upload(&self, upload: Upload) -> String {
        let name = guid(&format!("upload {}", self.next()));
        let mut remembered = self.lock();
        remembered.uploads.push_back((name.clone(), upload));
        if remembered.uploads.len() > MAX_REMEMBERED {
            remembered.uploads.pop_front();
        }
        name
    }

    /// Works on an upload; `None` if there is none of that name.
    pub fn upload<R>(&self, name: &str, work: impl FnOnce(&mut Upload) -> R) -> Option<R> {
        let mut remembered = self.lock();
        let mut uploads = remembered.uploads.iter_mut();
        let (_, upload) = uploads.find(|(found, _)| found == name)?;
        Some(work(upload))
    }

    /// Ends an upload.
    pub fn close_upload(&self, name: &str) -> Option<Upload> {
        let mut remembered = self.lock();
        let at = remembered
            .uploads
            .iter()
            .position(|(found, _)| found == name)?;
        remembered.uploads.remove(at).map(|(_, upload)| upload)
    }

    /// Remembers what a client knows of the folders and returns a number for it.
    pub fn remember_folders(&self, marks: FolderMarks) -> u64 {
        let number = self.next();
        let mut remembered = self.lock();
        remembered.folders.push_back((number, marks));
        if remembered.folders.len() > MAX_REMEMBERED {
            remembered.folders.pop_front();
        }
        number
    }

    /// Returns what a client knows of the folders.
    pub fn known_folders(&self, number: u64) -> Option<FolderMarks> {
        let remembered = self.lock();
        let mut states = remembered.folders.iter();
        states
            .find(|(found, _)| *found == number)
            .map(|(_, marks)| marks.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
