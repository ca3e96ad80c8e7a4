//! One mailbox: its folders, named as Exchange Online names them.

use super::Folder;

/// What every new mailbox has. Calendar and Contacts are listed although they hold no mail, as Exchange does.
const STANDARD: [&str; 9] = [
    "INBOX",
    "Archive",
    "Calendar",
    "Contacts",
    "Deleted Items",
    "Drafts",
    "Junk Email",
    "Outbox",
    "Sent Items",
];

/// Why a change of folders was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MailboxFault {
    /// There is no folder of that name.
    Missing,
    /// There is one already.
    Exists,
    /// A standard folder can be neither deleted nor renamed.
    Standard,
    /// The name is empty, too long, or has empty parts.
    BadName,
}

/// A mailbox.
#[derive(Debug)]
pub struct Mailbox {
    folders: Vec<Folder>,
    validity: u32,
}

impl Mailbox {
    /// Returns a mailbox with the standard folders.
    pub fn new() -> Self {
        let mut mailbox = Self {
            folders: Vec::new(),
            validity: 14,
        };
        for path in STANDARD {
            mailbox.push(path);
        }
        mailbox
    }

    /// Returns a figure that differs after every change of folders or messages.
    pub fn revision(&self) -> (usize, u32, u64) {
        let sum = self.folders.iter().map(Folder::revision).sum();
        (self.folders.len(), self.validity, sum)
    }

    /// Returns the folders by path.
    pub fn folders(&self) -> &[Folder] {
        &self.folders
    }

    /// Returns the folder with that path; `INBOX` in any case.
    pub fn folder(&self, path: &str) -> Option<&Folder> {
        self.folders.iter().find(|f| is_same(&f.path, path))
    }

    /// Returns the folder with that path, to change it.
    pub fn folder_mut(&mut self, path: &str) -> Option<&mut Folder> {
        self.folders.iter_mut().find(|f| is_same(&f.path, path))
    }

    /// Returns the folder with that UIDVALIDITY.
    pub fn folder_by_id(&self, uid_validity: u32) -> Option<&Folder> {
        self.folders.iter().find(|f| f.uid_validity == uid_validity)
    }

    /// Returns the folder with that UIDVALIDITY, to change it.
    pub fn folder_by_id_mut(&mut self, uid_validity: u32) -> Option<&mut Folder> {
        self.folders
            .iter_mut()
            .find(|f| f.uid_validity == uid_validity)
    }

    /// Tells whether the folder has others below it.
    pub fn has_children(&self, path: &str) -> bool {
        self.folders
            .iter()
            .any(|folder| is_below(&folder.path, path))
    }

    /// Makes a folder and, where they are missing, the ones above it.
    pub fn create(&mut self, path: &str) -> Result<(), MailboxFault> {
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.len() > 500 || path.split('/').any(|name| name.trim().is_empty()) {
            return Err(MailboxFault::BadName);
        }
        if self.folder(path).is_some() {
            return Err(MailboxFault::Exists);
        }
        let mut above = String::new();
        for name in path.split('/') {
            if !above.is_empty() {
                above.push('/');
            }
            above.push_str(name);
            if self.folder(&above).is_none() {
                self.push(&above);
            }
        }
        Ok(())
    }

    /// Deletes a folder with its messages; those below it go too.
    pub fn delete(&mut self, path: &str) -> Result<(), MailboxFault> {
        self.must_be_own(path)?;
        self.folders
            .retain(|f| !is_same(&f.path, path) && !is_below(&f.path, path));
        Ok(())
    }

    /// Renames a folder and moves those below it along.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), MailboxFault> {
        self.must_be_own(from)?;
        if is_below(to, from) {
            return Err(MailboxFault::BadName);
        }
        self.create(to)?;
        self.folders.retain(|folder| !is_same(&folder.path, to));
        for folder in &mut self.folders {
            if is_same(&folder.path, from) {
                to.clone_into(&mut folder.path);
            } else if is_below(&folder.path, from) {
                let rest = folder.path.get(from.len()..).unwrap_or_default();
                folder.path = format!("{to}{rest}");
            }
        }
        self.sort();
        Ok(())
    }

    fn must_be_own(&self, path: &str) -> Result<(), MailboxFault> {
        if STANDARD.iter().any(|standard| is_same(standard, path)) {
            return Err(MailboxFault::Standard);
        }
        self.folder(path).map(drop).ok_or(MailboxFault::Missing)
    }

    fn push(&mut self, path: &str) {
        self.validity += 1;
        self.folders.push(Folder::new(path, self.validity));
        self.sort();
    }

    fn sort(&mut self) {
        self.folders
            .sort_by(|a, b| (a.path != "INBOX", &a.path).cmp(&(b.path != "INBOX", &b.path)));
    }
}

fn is_same(a: &str, b: &str) -> bool {
    a == b || (a.eq_ignore_ascii_case("INBOX") && b.eq_ignore_ascii_case("INBOX"))
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_parents_are_made_and_children_move_along() {
        let mut mailbox = Mailbox::new();
        mailbox.create("Projects/Lighthouse/2026").unwrap();
        assert!(mailbox.has_children("Projects"));
        mailbox.rename("Projects", "Werke").unwrap();
        assert!(mailbox.folder("Werke/Lighthouse/2026").is_some());
        assert!(mailbox.folder("Projects").is_none());
        mailbox.delete("Werke").unwrap();
        assert!(mailbox.folder("Werke/Lighthouse").is_none());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut mailbox = Mailbox::new();
        let check = |result, fault| assert_eq!(result, Err(fault));
        check(mailbox.create("inbox"), MailboxFault::Exists);
        check(mailbox.create("a//b"), MailboxFault::BadName);
        check(mailbox.delete("Inbox"), MailboxFault::Standard);
        check(mailbox.rename("Sent Items", "x"), MailboxFault::Standard);
        check(mailbox.delete("nowhere"), MailboxFault::Missing);
        mailbox.create("a").unwrap();
        check(mailbox.rename("a", "a/b"), MailboxFault::BadName);
    }
}
