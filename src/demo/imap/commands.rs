//! What each command does in a mailbox that is open.

use imap_codec::imap_types::command::CommandBody;
use imap_codec::imap_types::extensions::binary::LiteralOrLiteral8;
use imap_codec::imap_types::flag::StoreResponse;
use imap_codec::imap_types::mailbox::Mailbox as Name;
use imap_codec::imap_types::search::SearchKey;
use imap_codec::imap_types::sequence::SequenceSet;

use super::change::{self, Store, Transfer};
use super::fetch::{self, Items};
use super::folders::{self, Listing};
use super::names::path_of;
use super::search::{self, Candidate};
use super::session::{Session, Verdict};
use super::view::{Naming, View};
use super::write::Out;
use crate::demo::mail_store::{Flags, Mailbox, Message};

impl Session {
    /// Runs a command that changes nothing.
    pub(super) fn look(&mut self, mailbox: &Mailbox, body: CommandBody<'static>) -> Verdict {
        match body {
            CommandBody::Noop => Verdict::ok("NOOP completed."),
            CommandBody::Namespace => {
                self.out.line("* NAMESPACE ((\"\" \"/\")) NIL NIL");
                Verdict::ok("NAMESPACE completed.")
            }
            CommandBody::List {
                reference,
                mailbox_wildcard,
            } => {
                let wanted = (&reference, &mailbox_wildcard);
                folders::list(mailbox, Listing::List, wanted, &mut self.out);
                Verdict::ok("LIST completed.")
            }
            CommandBody::Lsub {
                reference,
                mailbox_wildcard,
            } => {
                let wanted = (&reference, &mailbox_wildcard);
                folders::list(mailbox, Listing::Lsub, wanted, &mut self.out);
                Verdict::ok("LSUB completed.")
            }
            CommandBody::Status {
                mailbox: name,
                item_names,
            } => {
                let path = path_of(&name);
                match mailbox.folder(&path) {
                    Some(folder) => folders::status(folder, &item_names, &mut self.out),
                    None => folders::missing(&path),
                }
            }
            CommandBody::Select { mailbox: name, .. } => self.select(mailbox, &name, false),
            CommandBody::Examine { mailbox: name, .. } => self.select(mailbox, &name, true),
            body => self.look_in_folder(mailbox, body),
        }
    }

    fn look_in_folder(&mut self, mailbox: &Mailbox, body: CommandBody<'static>) -> Verdict {
        let Some(view) = &self.view else {
            return Verdict::bad("Command received in Invalid state.");
        };
        match body {
            CommandBody::Check => Verdict::ok("CHECK completed."),
            CommandBody::Unselect => {
                self.view = None;
                Verdict::ok("UNSELECT completed.")
            }
            CommandBody::Search {
                charset,
                criteria,
                uid,
            } => {
                let is_ascii =
                    charset.is_none_or(|charset| charset.as_ref().eq_ignore_ascii_case("US-ASCII"));
                if !is_ascii {
                    return Verdict::no(
                        "[BADCHARSET (US-ASCII)] The specified charset is not supported.",
                    );
                }
                let keys = SearchKey::And(criteria);
                if !search::is_known(&keys) {
                    return Verdict::bad("Command Argument Error. 11");
                }
                let found = find(mailbox, view, &keys, Naming::from_mark(uid));
                self.out
                    .line(format!("* SEARCH {}", found.join(" ")).trim_end());
                Verdict::ok("SEARCH completed.")
            }
            _ => Verdict::bad("Command Error. 12"),
        }
    }

    fn select(&mut self, mailbox: &Mailbox, name: &Name<'_>, is_read_only: bool) -> Verdict {
        self.view = None;
        let path = path_of(name);
        let Some(folder) = mailbox.folder(&path) else {
            return folders::missing(&path);
        };
        let out = &mut self.out;
        out.line(&format!("* {} EXISTS", folder.messages().len()));
        out.line("* 0 RECENT");
        out.line("* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)");
        out.line(
            "* OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)] Permanent flags",
        );
        let is_unseen = |message: &Message| !message.flags.has(Flags::SEEN);
        if let Some(at) = folder.messages().iter().position(is_unseen) {
            out.line(&format!(
                "* OK [UNSEEN {}] Is the first unseen message",
                at + 1
            ));
        }
        out.line(&format!(
            "* OK [UIDVALIDITY {}] UIDVALIDITY value",
            folder.uid_validity
        ));
        out.line(&format!(
            "* OK [UIDNEXT {}] The next unique identifier value",
            folder.uid_next()
        ));
        self.view = Some(View::new(folder, is_read_only));
        Verdict::ok(if is_read_only {
            "[READ-ONLY] EXAMINE completed."
        } else {
            "[READ-WRITE] SELECT completed."
        })
    }

    /// Runs a command that may change the mailbox.
    pub(super) fn change(&mut self, mailbox: &mut Mailbox, body: CommandBody<'static>) -> Verdict {
        match body {
            CommandBody::Create { mailbox: name } => folders::create(mailbox, &name),
            CommandBody::Delete { mailbox: name } => folders::delete(mailbox, &name),
            CommandBody::Rename { from, to } => folders::rename(mailbox, &from, &to),
            CommandBody::Subscribe { mailbox: name } => folders::subscribe(mailbox, &name, true),
            CommandBody::Unsubscribe { mailbox: name } => folders::subscribe(mailbox, &name, false),
            CommandBody::Append {
                mailbox: name,
                flags,
                date,
                message,
            } => {
                let bytes = match &message {
                    LiteralOrLiteral8::Literal(literal) => literal.data(),
                    LiteralOrLiteral8::Literal8(literal) => literal.data.as_ref(),
                };
                let marks = (change::flags(&flags), date.as_ref());
                change::append(mailbox, &path_of(&name), marks, bytes)
            }
            body => self.change_in_folder(mailbox, body),
        }
    }

    fn change_in_folder(&mut self, mailbox: &mut Mailbox, body: CommandBody<'static>) -> Verdict {
        let Some(view) = &mut self.view else {
            return Verdict::bad("Command received in Invalid state.");
        };
        let is_read_only = view.is_read_only;
        match body {
            CommandBody::Fetch {
                sequence_set,
                macro_or_item_names,
                uid,
                ..
            } => {
                let naming = Naming::from_mark(uid);
                let Some(items) = fetch::items(macro_or_item_names, naming) else {
                    return Verdict::bad("Command Argument Error. 11");
                };
                let messages = view.resolve(&sequence_set, naming);
                fetch_all(mailbox, view, &messages, items, &mut self.out);
                Verdict::ok("FETCH completed.")
            }
            CommandBody::Close => {
                if !is_read_only {
                    change::expunge(mailbox, view, None);
                }
                self.view = None;
                Verdict::ok("CLOSE completed.")
            }
            CommandBody::Copy {
                sequence_set,
                mailbox: name,
                uid,
            } => transfer(mailbox, view, (&sequence_set, uid), &name, Transfer::Copy),
            _ if is_read_only => Verdict::no("[READ-ONLY] The folder is read-only."),
            CommandBody::Move {
                sequence_set,
                mailbox: name,
                uid,
            } => transfer(mailbox, view, (&sequence_set, uid), &name, Transfer::Move),
            CommandBody::Store {
                sequence_set,
                kind,
                response,
                flags,
                uid,
                ..
            } => {
                let naming = Naming::from_mark(uid);
                let change = Store {
                    kind,
                    flags: change::flags(&flags),
                    naming,
                    is_silent: response == StoreResponse::Silent,
                };
                let messages = view.resolve(&sequence_set, naming);
                change::store(mailbox, view, &messages, &change, &mut self.out);
                Verdict::ok("STORE completed.")
            }
            CommandBody::Expunge => {
                change::expunge(mailbox, view, None);
                Verdict::ok("EXPUNGE completed.")
            }
            CommandBody::ExpungeUid { sequence_set } => {
                let uids = uids(view, &sequence_set, Naming::Uid);
                change::expunge(mailbox, view, Some(&uids));
                Verdict::ok("EXPUNGE completed.")
            }
            _ => Verdict::bad("Command Error. 12"),
        }
    }
}

/// Tells whether a command may change the mailbox; FETCH may, as it marks messages as seen.
pub fn is_change(body: &CommandBody<'_>) -> bool {
    matches!(
        body,
        CommandBody::Append { .. }
            | CommandBody::Close
            | CommandBody::Copy { .. }
            | CommandBody::Create { .. }
            | CommandBody::Delete { .. }
            | CommandBody::Expunge
            | CommandBody::ExpungeUid { .. }
            | CommandBody::Fetch { .. }
            | CommandBody::Move { .. }
            | CommandBody::Rename { .. }
            | CommandBody::Store { .. }
            | CommandBody::Subscribe { .. }
            | CommandBody::Unsubscribe { .. }
    )
}

fn uids(view: &View, set: &SequenceSet, naming: Naming) -> Vec<u32> {
    let messages = view.resolve(set, naming);
    messages.into_iter().map(|(_, uid)| uid).collect()
}

fn transfer(
    mailbox: &mut Mailbox,
    view: &View,
    (set, is_uid): (&SequenceSet, bool),
    name: &Name<'_>,
    kind: Transfer,
) -> Verdict {
    let uids = uids(view, set, Naming::from_mark(is_uid));
    change::transfer(mailbox, view, &uids, &path_of(name), kind)
}

fn fetch_all(
    mailbox: &mut Mailbox,
    view: &mut View,
    messages: &[(u32, u32)],
    mut items: Items,
    out: &mut Out,
) {
    use imap_codec::imap_types::fetch::MessageDataItemName::Flags as FlagsItem;
    let Some(folder) = mailbox.folder_by_id_mut(view.folder) else {
        return;
    };
    let marks_seen = fetch::marks_seen(&items) && !view.is_read_only;
    if marks_seen && !items.contains(&FlagsItem) {
        items.push(FlagsItem);
    }
    for (sequence, uid) in messages {
        if marks_seen && let Some(message) = folder.set_flags(*uid, |old| old.with(Flags::SEEN)) {
            view.tell(message);
        }
        if let Some(message) = folder.message(*uid) {
            fetch::write(*sequence, message, &items, out);
        }
    }
}

fn find(mailbox: &Mailbox, view: &View, keys: &SearchKey<'_>, naming: Naming) -> Vec<String> {
    let Some(folder) = mailbox.folder_by_id(view.folder) else {
        return Vec::new();
    };
    view.messages()
        .filter_map(|(sequence, uid)| {
            let message = folder.message(uid)?;
            let candidate = Candidate {
                sequence,
                message,
                view,
            };
            let number = match naming {
                Naming::Sequence => sequence,
                Naming::Uid => uid,
            };
            search::fits(&candidate, keys).then(|| number.to_string())
        })
        .collect()
}
