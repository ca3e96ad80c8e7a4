//! Reading: lists, searches, bodies, attachments. The cache answers; what it lacks is fetched.

use std::collections::VecDeque;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::engine::work::bell::locked;
use crate::engine::work::bodies;
use crate::engine::work::desk::Desk;
use crate::engine::work::room::Room;
use crate::engine::work::searching::Search;
use crate::engine::{BodyState, Engine, EngineError, Health, ServerHits};
use crate::mime::{MimeError, attachment, parse_body};
use crate::model::{
    Address, Body, Folder, Listed, MailboxId, MessageId, Page, Progress, Query, Scope, Window,
    sanitize_line,
};

/// Parsed bodies kept for going back and forth.
const KEPT: usize = 32;
/// Addresses offered for completion.
const COMPLETIONS: usize = 8;
/// Names tried before an attachment cannot be saved.
const NAMES: u32 = 1000;
/// Columns at which attachments are looked up; the width does not matter to them.
const ANY_WIDTH: u16 = 80;

/// Bodies parsed lately, the latest first.
#[derive(Debug, Default)]
pub struct BodyCache(VecDeque<(MessageId, u16, Arc<Body>)>);

impl BodyCache {
    fn get(&mut self, message: MessageId, width: u16) -> Option<Arc<Body>> {
        let is_it = |entry: &(MessageId, u16, Arc<Body>)| (entry.0, entry.1) == (message, width);
        let place = self.0.iter().position(is_it)?;
        let entry = self.0.remove(place)?;
        let body = Arc::clone(&entry.2);
        self.0.push_front(entry);
        Some(body)
    }

    fn put(&mut self, message: MessageId, width: u16, body: Arc<Body>) {
        self.0.push_front((message, width, body));
        self.0.truncate(KEPT);
    }
}

impl Engine {
    /// Returns a mailbox's folders.
    pub async fn folders(&self, mailbox: MailboxId) -> Result<Vec<Folder>, EngineError> {
        let folders = self.inner.store.folders(mailbox).await?;
        self.inner.settle(mailbox, &folders);
        Ok(folders)
    }

    /// Reads rows of a list.
    pub async fn list(
        &self,
        scope: Scope,
        window: Window,
        limit: usize,
    ) -> Result<Page, EngineError> {
        Ok(self.inner.store.list(scope, window, limit).await?)
    }

    /// Reads rows by id, in the order given; those gone are left out.
    pub async fn listed(&self, messages: &[MessageId]) -> Result<Vec<Listed>, EngineError> {
        Ok(self.inner.store.listed(messages).await?)
    }

    /// Searches the cache.
    pub async fn search(
        &self,
        query: Query,
        scope: Scope,
        window: Window,
        limit: usize,
    ) -> Result<Page, EngineError> {
        let store = &self.inner.store;
        Ok(store.search(&query, scope, window, limit).await?)
    }

    /// Lets the servers search, which know the text of every message; `progress` counts folders. May be dropped at any
    /// time.
    pub async fn search_servers(
        &self,
        query: Query,
        scope: &Scope,
        progress: Progress,
    ) -> Result<ServerHits, EngineError> {
        let _guard = self.inner.busy.begin();
        let search = Search::new(Arc::clone(&self.inner), query, progress);
        search.run(scope).await
    }

    /// Completes an address.
    pub async fn complete_address(&self, prefix: String) -> Result<Vec<Address>, EngineError> {
        let store = &self.inner.store;
        Ok(store.complete_address(&prefix, COMPLETIONS).await?)
    }

    /// Returns a body for the reader, laid out for `width` columns, or has it fetched.
    pub async fn body(&self, message: MessageId, width: u16) -> Result<BodyState, EngineError> {
        if let Some(body) = locked(&self.inner.bodies).get(message, width) {
            return Ok(BodyState::Ready(body));
        }
        if let Some(bytes) = self.inner.store.body(message).await? {
            return self.parsed(message, width, bytes).await;
        }
        let Some(desk) = self.desk_of(message).await? else {
            return Ok(BodyState::Gone);
        };
        let is_worker_hopeless = {
            let bodies = locked(&desk.bodies);
            if bodies.is_gone(message) {
                return Ok(BodyState::Gone);
            }
            bodies.is_unreadable(message)
        };
        if self.inner.is_background && !is_worker_hopeless {
            let progress = locked(&desk.bodies).ask(message, None);
            desk.bell.ring();
            return Ok(BodyState::Fetching(progress));
        }
        match self.fetch_now(&desk, message).await? {
            Some(bytes) => self.parsed(message, width, bytes).await,
            None => Ok(BodyState::Gone),
        }
    }

    async fn parsed(
        &self,
        message: MessageId,
        width: u16,
        bytes: Vec<u8>,
    ) -> Result<BodyState, EngineError> {
        let body = in_thread(move || Ok(parse_body(&bytes, width))).await?;
        let body = Arc::new(body);
        locked(&self.inner.bodies).put(message, width, Arc::clone(&body));
        Ok(BodyState::Ready(body))
    }

    /// Returns the message's bytes, fetching them first if need be.
    pub async fn raw(&self, message: MessageId) -> Result<Vec<u8>, EngineError> {
        let missing = || EngineError::NotFound {
            what: "message",
            name: message.to_string(),
        };
        if let Some(bytes) = self.inner.store.body(message).await? {
            return Ok(bytes);
        }
        let desk = self.desk_of(message).await?.ok_or_else(missing)?;
        if let Some(bytes) = self.fetched_by_worker(&desk, message).await? {
            return Ok(bytes);
        }
        // The worker could not, or there is none: try here, and say what happens.
        self.fetch_now(&desk, message).await?.ok_or_else(missing)
    }

    /// Lets a connected worker fetch a body; `None` if it does not succeed.
    async fn fetched_by_worker(
        &self,
        desk: &Desk,
        message: MessageId,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        let health = desk.status().health;
        let is_up = matches!(health, Health::Fine | Health::Syncing);
        if !self.inner.is_background || !is_up {
            return Ok(None);
        }
        let (waiter, answer) = oneshot::channel();
        locked(&desk.bodies).ask(message, Some(waiter));
        desk.bell.ring();
        let mut health = self.inner.subscribe();
        let lost = async {
            // A worker that fails meanwhile says so in its status; then waiting for it is over.
            loop {
                let _ = health.recv().await;
                if !matches!(desk.status().health, Health::Fine | Health::Syncing) {
                    return;
                }
            }
        };
        tokio::select! {
            _ = answer => {}
            () = lost => {}
        }
        Ok(self.inner.store.body(message).await?)
    }

    /// Fetches a body over a connection of its own; `None` if the server does not have it any more.
    async fn fetch_now(
        &self,
        desk: &Arc<Desk>,
        message: MessageId,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        let _guard = self.inner.busy.begin();
        let mut room = Room::open(&self.inner, desk).await?;
        if !bodies::now(&mut room, message).await? {
            return Ok(None);
        }
        Ok(self.inner.store.body(message).await?)
    }

    async fn desk_of(&self, message: MessageId) -> Result<Option<Arc<Desk>>, EngineError> {
        let located = self.inner.store.locate(message).await?;
        located
            .map(|located| self.inner.desk(located.mailbox))
            .transpose()
    }

    /// Saves an attachment into `folder` under a safe name that does not exist yet; returns the path.
    pub async fn save_attachment(
        &self,
        message: MessageId,
        part: usize,
        folder: PathBuf,
    ) -> Result<PathBuf, EngineError> {
        let bytes = self.raw(message).await?;
        in_thread(move || {
            let content = attachment(&bytes, part)?;
            let body = parse_body(&bytes, ANY_WIDTH);
            let found = body.attachments.iter().find(|one| one.part == part);
            let name = found.map_or("attachment", |one| one.name.as_str());
            save(&folder, &safe_name(name), &content)
        })
        .await
    }
}

/// Takes away whatever could make a name a path, once more: what is written to disk deserves two locks.
fn safe_name(name: &str) -> String {
    let flat: String = sanitize_line(name)
        .chars()
        .map(|c| if matches!(c, '/' | '\\') { '_' } else { c })
        .collect();
    let flat = flat.trim().trim_start_matches('.').to_owned();
    if flat.is_empty() {
        "attachment".into()
    } else {
        flat
    }
}

/// Writes a file that does not exist yet: `name`, else `name (2)`, `name (3)` …
fn save(folder: &Path, name: &str, content: &[u8]) -> Result<PathBuf, EngineError> {
    let (stem, extension) = name
        .rsplit_once('.')
        .map_or((name, None), |(stem, extension)| {
            (stem, Some(extension).filter(|_| !stem.is_empty()))
        });
    for number in 1..=NAMES {
        let numbered = match (number, extension) {
            (1, _) => name.to_owned(),
            (_, Some(extension)) => format!("{stem} ({number}).{extension}"),
            (_, None) => format!("{name} ({number})"),
        };
        let path = folder.join(numbered);
        match create(&path, content) {
            Ok(()) => return Ok(path),
            Err(source) if source.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(EngineError::File { path, source }),
        }
    }
    Err(EngineError::File {
        path: folder.join(name),
        source: std::io::ErrorKind::AlreadyExists.into(),
    })
}

fn create(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half an attachment is worse than none; if this fails too, the first error is the one to tell.
        let _ = std::fs::remove_file(path);
    }
    written
}

/// Parsing and files are work for a thread that may be busy; a parser that dies takes one message with it, not us.
pub async fn in_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(EngineError::Mime(MimeError::Malformed {
            reason: "reading it failed unexpectedly".into(),
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saving_never_overwrites_and_keeps_the_extension() {
        let folder = tempfile::tempdir().unwrap();
        for expected in ["a.pdf", "a (2).pdf", "a (3).pdf"] {
            let path = save(folder.path(), "a.pdf", b"x").unwrap();
            assert_eq!(path, folder.path().join(expected));
        }
        save(folder.path(), "noext", b"x").unwrap();
        let second = save(folder.path(), "noext", b"y").unwrap();
        assert_eq!(second, folder.path().join("noext (2)"));
    }

    #[test]
    fn names_cannot_leave_the_folder() {
        for (name, expected) in [
            ("../../etc/passwd", "_.._etc_passwd"),
            ("c:\\x.exe", "c:_x.exe"),
            ("...", "attachment"),
            ("a\u{1b}[2Jb.txt", "a[2Jb.txt"),
        ] {
            assert_eq!(safe_name(name), expected);
        }
    }

    #[test]
    fn the_latest_bodies_are_kept() {
        let mut cache = BodyCache::default();
        for row in 0..=32 {
            cache.put(MessageId::new(row), 80, Arc::default());
            cache.get(MessageId::new(0), 80);
        }
        assert!(cache.get(MessageId::new(0), 80).is_some());
        assert!(cache.get(MessageId::new(1), 80).is_none());
        assert!(cache.get(MessageId::new(2), 100).is_none());
    }
}
