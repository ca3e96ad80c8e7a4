//! Lists folders: names decoded, roles found, what holds no mail left out.

use std::collections::BTreeSet;

use imap_proto::{MailboxDatum, NameAttribute, Response};

use super::wire::{Command, Link, Session, protocol};
use super::{Imap, mutf7};
use crate::backend::{BackendError, roles};
use crate::model::{RemoteFolder, RemoteId, Role, sanitize_line};

const DOING: &str = "list folders";
/// More folders than this are not looked at.
const MOST_FOLDERS: usize = 5_000;
/// How long a list made while connecting may be used, in seconds.
const FRESH: u64 = 10;

/// A folder as the server lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Listed {
    /// The name on the wire, unescaped: the remote id.
    pub(super) name: String,
    /// What stands between levels.
    pub(super) delimiter: Option<char>,
    role: Role,
    is_all: bool,
    selectable: bool,
    is_missing: bool,
}

/// What a LIST has brought so far.
#[derive(Debug, Default)]
pub(super) struct Listing {
    folders: Vec<Listed>,
    names: BTreeSet<String>,
}

impl Listing {
    /// Returns the command.
    pub(super) fn command() -> Command {
        Command::new(DOING, "LIST \"\" \"*\"").long()
    }

    /// Takes one response.
    pub(super) fn visit(&mut self, response: &Response<'_>) {
        let Response::MailboxData(MailboxDatum::List(data)) = response else {
            return;
        };
        if self.folders.len() >= MOST_FOLDERS {
            return;
        }
        let mut listed = Listed {
            name: unescape(&data.name),
            delimiter: data
                .delimiter
                .as_deref()
                .and_then(|d| unescape(d).chars().next()),
            role: Role::None,
            is_all: false,
            selectable: true,
            is_missing: false,
        };
        for attribute in &data.name_attributes {
            listed.take(attribute);
        }
        if self.names.insert(listed.name.clone()) {
            self.folders.push(listed);
        }
    }

    /// Returns the folders; an error if the server listed some that could not be read, since a folder that is not
    /// listed counts as deleted.
    pub(super) fn finish<S: Link>(
        self,
        session: &mut Session<S>,
    ) -> Result<Vec<Listed>, BackendError> {
        if session.take_dropped().lists > 0 {
            return Err(protocol(DOING, "a folder that cannot be read"));
        }
        if self.folders.len() >= MOST_FOLDERS {
            tracing::warn!(target: "pillarbox::imap", limit = MOST_FOLDERS, "more folders than are looked at");
        }
        Ok(self.folders)
    }
}

impl Listed {
    fn take(&mut self, attribute: &NameAttribute<'_>) {
        match attribute {
            NameAttribute::NoSelect => self.selectable = false,
            NameAttribute::Extension(name) if name.eq_ignore_ascii_case("\\NonExistent") => {
                self.selectable = false;
                self.is_missing = true;
            }
            NameAttribute::All => self.is_all = true,
            NameAttribute::Archive => self.role = Role::Archive,
            NameAttribute::Drafts => self.role = Role::Drafts,
            NameAttribute::Junk => self.role = Role::Junk,
            NameAttribute::Sent => self.role = Role::Sent,
            NameAttribute::Trash => self.role = Role::Trash,
            _ => {}
        }
    }

    fn is_inbox(&self) -> bool {
        self.name.eq_ignore_ascii_case("INBOX")
    }

    /// Returns the decoded, sanitised names of all levels.
    fn levels(&self) -> Vec<String> {
        let wire: Vec<&str> = match self.delimiter {
            Some(delimiter) => self.name.split(delimiter).collect(),
            None => vec![&self.name],
        };
        let mut levels: Vec<String> = wire
            .into_iter()
            .filter(|level| !level.is_empty())
            .map(|level| sanitize_line(&mutf7::decode(level)).replace('/', "∕"))
            .collect();
        if let Some(first) = levels.first_mut()
            && first.eq_ignore_ascii_case("INBOX")
        {
            "Inbox".clone_into(first);
        }
        levels
    }
}

/// Takes the backslashes out of a quoted string; imap-proto leaves them in.
fn unescape(quoted: &str) -> String {
    let mut plain = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            plain.extend(chars.next());
        } else {
            plain.push(c);
        }
    }
    plain
}

impl<S: Link> Imap<S> {
    /// Lists all mail folders.
    pub(super) async fn list_folders(&mut self) -> Result<Vec<RemoteFolder>, BackendError> {
        let listed = match self.listed.take() {
            Some((when, listed)) if when.elapsed().as_secs() < FRESH => listed,
            _ => self.list().await?,
        };
        Ok(sort_out(&listed, self.session.is_exchange()))
    }

    /// Asks the server for all folders.
    pub(super) async fn list(&mut self) -> Result<Vec<Listed>, BackendError> {
        self.session.take_dropped();
        let mut listing = Listing::default();
        let answer = self
            .session
            .run(&Listing::command(), |response| listing.visit(response))
            .await?;
        self.session.demand(DOING, answer)?;
        listing.finish(&mut self.session)
    }
}

/// Makes folders of what was listed.
fn sort_out(listed: &[Listed], is_exchange: bool) -> Vec<RemoteFolder> {
    let mut taken = BTreeSet::from([Role::Inbox]);
    taken.extend(listed.iter().map(|folder| folder.role));
    let below_inbox = lives_below_inbox(listed);
    let mut folders = Vec::new();
    for folder in listed {
        let levels = folder.levels();
        let first = levels.first().map_or("", String::as_str);
        let is_hidden = is_exchange && folder.role == Role::None && roles::is_not_mail(first);
        if levels.is_empty() || is_hidden || folder.is_missing {
            continue;
        }
        let own_name = match (levels.as_slice(), below_inbox) {
            ([name], _) => Some(name),
            ([inbox, name], true) if inbox == "Inbox" => Some(name),
            _ => None,
        };
        folders.push(RemoteFolder {
            id: RemoteId::new(folder.name.clone()),
            path: levels.join("/"),
            role: role(folder, own_name, &mut taken),
            selectable: folder.selectable,
        });
    }
    // Gmail files what is archived in "All Mail".
    if !taken.contains(&Role::Archive)
        && let Some(all) = listed.iter().find(|folder| folder.is_all)
        && let Some(folder) = folders.iter_mut().find(|f| f.id.as_str() == all.name)
    {
        folder.role = Role::Archive;
    }
    folders
}

/// Finds the role of one folder; each role but what the server itself says is given once.
fn role(folder: &Listed, own_name: Option<&String>, taken: &mut BTreeSet<Role>) -> Role {
    if folder.is_inbox() {
        return Role::Inbox;
    }
    if folder.role != Role::None || !folder.selectable {
        return folder.role;
    }
    let role = own_name.map_or(Role::None, |name| roles::by_name(name));
    if role != Role::None && taken.insert(role) {
        return role;
    }
    Role::None
}

/// Tells whether the server keeps every folder below the inbox, as Courier does.
pub(super) fn lives_below_inbox(listed: &[Listed]) -> bool {
    let mut others = listed.iter().filter(|folder| !folder.is_inbox()).peekable();
    others.peek().is_some()
        && others.all(|folder| {
            folder.delimiter.is_some_and(|delimiter| {
                folder
                    .name
                    .split_once(delimiter)
                    .is_some_and(|(first, _)| first.eq_ignore_ascii_case("INBOX"))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &[&str], is_exchange: bool) -> Vec<(String, String, Role, bool)> {
        let mut listing = Listing::default();
        for line in lines {
            let line = format!("* LIST {line}\r\n");
            let (_, response) = Response::parse(line.as_bytes()).unwrap();
            listing.visit(&response);
        }
        sort_out(&listing.folders, is_exchange)
            .into_iter()
            .map(|f| (f.id.as_str().to_owned(), f.path, f.role, f.selectable))
            .collect()
    }

    fn check(lines: &[&str], is_exchange: bool, expected: &[(&str, &str, Role, bool)]) {
        let folders = list(lines, is_exchange);
        let folders: Vec<_> = folders
            .iter()
            .map(|(id, path, role, selectable)| (id.as_str(), path.as_str(), *role, *selectable))
            .collect();
        assert_eq!(folders, expected);
    }

    #[test]
    fn special_use_wins_over_names() {
        check(
            &[
                "(\\HasNoChildren) \"/\" INBOX",
                "(\\Sent) \"/\" \"Kopien\"",
                "() \"/\" \"Sent\"",
                "(\\Trash) \"/\" Bin",
            ],
            false,
            &[
                ("INBOX", "Inbox", Role::Inbox, true),
                ("Kopien", "Kopien", Role::Sent, true),
                ("Sent", "Sent", Role::None, true),
                ("Bin", "Bin", Role::Trash, true),
            ],
        );
    }

    #[test]
    fn exchange_folders_are_known_by_name_and_what_is_no_mail_is_hidden() {
        check(
            &[
                "(\\HasNoChildren) \"/\" INBOX",
                "() \"/\" \"Gesendete Elemente\"",
                "() \"/\" \"Gel&APY-schte Elemente\"",
                "(\\HasChildren) \"/\" Kalender",
                "() \"/\" \"Kalender/Geburtstage\"",
                "() \"/\" Kunden",
                "() \"/\" \"Kunden/Kalender\"",
            ],
            true,
            &[
                ("INBOX", "Inbox", Role::Inbox, true),
                ("Gesendete Elemente", "Gesendete Elemente", Role::Sent, true),
                (
                    "Gel&APY-schte Elemente",
                    "Gelöschte Elemente",
                    Role::Trash,
                    true,
                ),
                ("Kunden", "Kunden", Role::None, true),
                ("Kunden/Kalender", "Kunden/Kalender", Role::None, true),
            ],
        );
    }

    #[test]
    fn elsewhere_a_calendar_may_hold_mail() {
        check(
            &["() \".\" Calendar"],
            false,
            &[("Calendar", "Calendar", Role::None, true)],
        );
    }

    #[test]
    fn any_delimiter_becomes_a_slash_and_a_slash_does_not() {
        check(
            &[
                "() \".\" \"INBOX.a/b\"",
                "() \"\\\\\" \"x\\\\y\"",
                "() NIL \"flat.name\"",
            ],
            false,
            &[
                ("INBOX.a/b", "Inbox/a∕b", Role::None, true),
                ("x\\y", "x/y", Role::None, true),
                ("flat.name", "flat.name", Role::None, true),
            ],
        );
    }

    #[test]
    fn folders_below_the_inbox_have_roles_too() {
        check(
            &[
                "() \".\" INBOX",
                "() \".\" INBOX.Sent",
                "() \".\" INBOX.Trash.Sent",
            ],
            false,
            &[
                ("INBOX", "Inbox", Role::Inbox, true),
                ("INBOX.Sent", "Inbox/Sent", Role::Sent, true),
                ("INBOX.Trash.Sent", "Inbox/Trash/Sent", Role::None, true),
            ],
        );
    }

    #[test]
    fn what_cannot_be_opened_is_listed_but_not_selectable() {
        check(
            &[
                "(\\Noselect) \"/\" \"[Gmail]\"",
                "(\\All) \"/\" \"[Gmail]/All Mail\"",
                "(\\NonExistent) \"/\" gone",
            ],
            false,
            &[
                ("[Gmail]", "[Gmail]", Role::None, false),
                ("[Gmail]/All Mail", "[Gmail]/All Mail", Role::Archive, true),
            ],
        );
    }

    #[test]
    fn the_number_of_folders_is_bounded() {
        let lines: Vec<String> = (0..6_000).map(|n| format!("() \"/\" f{n}")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(list(&lines, false).len(), MOST_FOLDERS);
    }
}
