//! Makes, renames and deletes folders.

use super::folders::lives_below_inbox;
use super::wire::{Command, Link};
use super::{Imap, mutf7, quirks};
use crate::backend::{BackendError, Refusal};

impl<S: Link> Imap<S> {
    /// Makes a folder, unless there is one.
    pub(super) async fn create_folder(&mut self, path: &str) -> Result<(), BackendError> {
        let name = self.wire_name(path).await?;
        self.create(&name).await
    }

    /// Makes a folder by its name on the wire, unless there is one.
    pub(super) async fn create(&mut self, name: &str) -> Result<(), BackendError> {
        const DOING: &str = "make a folder";
        // What was listed while connecting is out of date from here on.
        self.listed = None;
        let answer = self
            .session
            .run(&Command::new(DOING, "CREATE").string(name), |_| {})
            .await?;
        if !answer.is_ok() {
            let error = quirks::refusal(DOING, self.session.host(), &answer);
            if !matches!(error, BackendError::Refused { .. }) || !self.exists(name).await? {
                return Err(error);
            }
        }
        self.subscribe(name).await
    }

    /// Renames a folder. Done already is done.
    pub(super) async fn rename_folder(
        &mut self,
        folder: &str,
        path: &str,
    ) -> Result<(), BackendError> {
        const DOING: &str = "rename a folder";
        self.listed = None;
        let name = self.wire_name(path).await?;
        self.leave(folder).await?;
        let command = Command::new(DOING, "RENAME").string(folder).string(&name);
        let answer = self.session.run(&command, |_| {}).await?;
        if !answer.is_ok() {
            let error = quirks::refusal(DOING, self.session.host(), &answer);
            let is_sure = !matches!(
                error,
                BackendError::Refused { .. } | BackendError::Gone { .. }
            );
            if is_sure || self.exists(folder).await? {
                return Err(error);
            }
            if !self.exists(&name).await? {
                return Err(BackendError::Gone {
                    what: folder.to_owned(),
                });
            }
        }
        let unsubscribe = Command::new(DOING, "UNSUBSCRIBE").string(folder);
        self.session.run(&unsubscribe, |_| {}).await?;
        self.subscribe(&name).await
    }

    /// Deletes a folder with its messages. Gone already is fine.
    pub(super) async fn delete_folder(&mut self, folder: &str) -> Result<(), BackendError> {
        const DOING: &str = "delete a folder";
        self.listed = None;
        self.leave(folder).await?;
        let command = Command::new(DOING, "DELETE").string(folder);
        let answer = self.session.run(&command, |_| {}).await?;
        if !answer.is_ok() {
            let error = quirks::refusal(DOING, self.session.host(), &answer);
            let is_sure = !matches!(
                error,
                BackendError::Refused { .. } | BackendError::Gone { .. }
            );
            if is_sure || self.exists(folder).await? {
                return Err(error);
            }
        }
        let unsubscribe = Command::new(DOING, "UNSUBSCRIBE").string(folder);
        self.session.run(&unsubscribe, |_| {}).await?;
        Ok(())
    }

    /// Subscribes to a folder, so that other mail programs show it; a server may refuse.
    async fn subscribe(&mut self, name: &str) -> Result<(), BackendError> {
        let command = Command::new("subscribe to a folder", "SUBSCRIBE").string(name);
        self.session.run(&command, |_| {}).await?;
        Ok(())
    }

    /// Opens another folder if this one is open: an open one cannot be renamed or deleted everywhere, and CLOSE
    /// would expunge.
    async fn leave(&mut self, folder: &str) -> Result<(), BackendError> {
        let is_open = self
            .session
            .selected()
            .is_some_and(|selected| selected.folder == folder);
        if is_open && !folder.eq_ignore_ascii_case("INBOX") {
            match self.select("INBOX").await {
                Ok(_) | Err(BackendError::Gone { .. } | BackendError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Spells a path as the server does: its delimiter, its alphabet, below the inbox where all folders live there.
    async fn wire_name(&mut self, path: &str) -> Result<String, BackendError> {
        let listed = self.list().await?;
        let delimiter = listed.iter().find_map(|folder| folder.delimiter);
        let mut levels: Vec<String> = Vec::new();
        for level in path.split('/') {
            let level = level.replace('∕', "/");
            let is_possible = !level.is_empty()
                && !level.chars().any(char::is_control)
                && delimiter.is_none_or(|delimiter| !level.contains(delimiter));
            if !is_possible {
                return Err(impossible(path));
            }
            levels.push(mutf7::encode(&level));
        }
        if let Some(first) = levels.first_mut()
            && first.eq_ignore_ascii_case("INBOX")
        {
            "INBOX".clone_into(first);
        } else if lives_below_inbox(&listed) {
            levels.insert(0, "INBOX".to_owned());
        }
        match (delimiter, levels.as_slice()) {
            (_, [name]) => Ok(name.clone()),
            (Some(delimiter), levels) => Ok(levels.join(delimiter.to_string().as_str())),
            (None, _) => Err(impossible(path)),
        }
    }
}

fn impossible(path: &str) -> BackendError {
    BackendError::Refused {
        kind: Refusal::Other,
        code: String::new(),
        text: format!("This server has no way to spell the folder name {path}"),
    }
}
