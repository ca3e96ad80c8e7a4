//! What can be done to the messages of a list, the same in the mail screen and in search results.

use crate::mime::Answer;
use crate::model::{FlagChange, Flags, FolderId, IncomingProtocol, Listed, MessageId, Role};
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Voice};
use crate::tui::keymap::Action;
use crate::tui::msg::Reply;
use crate::tui::screens::rows::Rows;
use crate::tui::screens::{Live, Question, ScreenName};
use crate::tui::text;

/// The tag of the question before deleting for good.
const DELETE: &str = "delete for good";

/// The tag of the question before a folder is made.
const ARCHIVE: &str = "make an archive folder";

/// Something that waits for an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Waiting {
    Folder(Vec<MessageId>),
    Delete(Vec<MessageId>),
    Archive(Vec<MessageId>),
}

/// Acts on the messages of a list.
#[derive(Debug, Default)]
pub struct Acting {
    waiting: Option<Waiting>,
}

impl Acting {
    /// Runs an action on the targets of `rows`; `None` when it is another kind of action.
    pub fn act(&mut self, action: Action, rows: &mut Rows, cx: &Cx) -> Option<Vec<Effect>> {
        let ids: Vec<MessageId> = rows.targets().iter().map(|row| row.id).collect();
        let effects = match action {
            Action::Archive => self.archive(ids, rows, cx),
            Action::Delete => self.delete(ids, rows, cx),
            Action::Move => self.choose_folder(ids, rows),
            Action::ToggleUnread => toggle(rows, Flags::SEEN, ids),
            Action::ToggleStar => toggle(rows, Flags::FLAGGED, ids),
            Action::Select => rows.toggle_pick(),
            Action::SelectNone => {
                rows.pick_none();
                Vec::new()
            }
            Action::Reply => answer(rows, Answer::Reply),
            Action::ReplyAll => answer(rows, Answer::ReplyAll),
            Action::Forward => answer(rows, Answer::Forward),
            _ => return None,
        };
        Some(effects)
    }

    fn archive(&mut self, ids: Vec<MessageId>, rows: &mut Rows, cx: &Cx) -> Vec<Effect> {
        let lacking = rows
            .targets()
            .into_iter()
            .find(|row| !has_archive(row, cx))
            .and_then(|row| cx.mailbox(row.mailbox));
        let Some(mailbox) = lacking else {
            return with(rows.remove(&ids), Effect::Archive(ids));
        };
        let count = text::plural(ids.len(), "message");
        let address = &mailbox.address.email;
        self.waiting = Some(Waiting::Archive(ids));
        vec![Effect::Push(ScreenName::Confirm(Question {
            tag: ARCHIVE,
            title: format!("Make an archive folder for {address}?"),
            detail: format!(
                "It has none. The server makes one, named Archive, and {count} goes there."
            ),
            yes: "make it".to_owned(),
        }))]
    }

    /// What is in the trash goes for good, and so does everything where there is no trash.
    fn delete(&mut self, ids: Vec<MessageId>, rows: &mut Rows, cx: &Cx) -> Vec<Effect> {
        let is_in_trash = |row: &&&Listed| {
            cx.folder(row.folder)
                .is_some_and(|folder| folder.role == Role::Trash)
        };
        let targets = rows.targets();
        let without = targets.iter().filter(|row| !has_folders(row, cx)).count();
        let trashed = targets.iter().filter(is_in_trash);
        let doomed = without + trashed.filter(|row| has_folders(row, cx)).count();
        if doomed == 0 {
            return with(rows.remove(&ids), Effect::Delete(ids));
        }
        self.waiting = Some(Waiting::Delete(ids));
        vec![Effect::Push(ScreenName::Confirm(Question {
            tag: DELETE,
            title: format!("Delete {} for good?", text::plural(doomed, "message")),
            detail: if without > 0 {
                "POP3 has no trash: the server deletes it, and nothing brings it back.".to_owned()
            } else {
                "What is in the trash cannot be brought back after this.".to_owned()
            },
            yes: "delete".to_owned(),
        }))]
    }

    fn choose_folder(&mut self, ids: Vec<MessageId>, rows: &Rows) -> Vec<Effect> {
        let Some(mailbox) = rows.targets().first().map(|row| row.mailbox) else {
            return Vec::new();
        };
        let title = format!("Move {} to", text::plural(ids.len(), "message"));
        self.waiting = Some(Waiting::Folder(ids));
        vec![Effect::Push(ScreenName::PickFolder { mailbox, title })]
    }

    /// Goes on with an answer; `None` when it is not for this.
    pub fn reply(&mut self, reply: &Reply, rows: &mut Rows) -> Option<Vec<Effect>> {
        match (self.waiting.take()?, reply) {
            (Waiting::Folder(messages), Reply::Folder(folder)) => {
                Some(move_to(rows, messages, *folder))
            }
            (Waiting::Delete(ids), Reply::Confirmed(tag)) if *tag == DELETE => {
                Some(with(rows.remove(&ids), Effect::Delete(ids)))
            }
            (Waiting::Archive(ids), Reply::Confirmed(tag)) if *tag == ARCHIVE => {
                rows.pick_none();
                Some(vec![Effect::MakeArchive(ids)])
            }
            _ => None,
        }
    }

    /// Tells whether an action on messages works now; unknown for other actions.
    pub fn live(action: Action, rows: &Rows, cx: &Cx) -> Live {
        let targets = rows.targets();
        let is_ours = matches!(
            action,
            Action::Archive
                | Action::Delete
                | Action::Move
                | Action::ToggleUnread
                | Action::ToggleStar
                | Action::Select
                | Action::Reply
                | Action::ReplyAll
                | Action::Forward
        );
        match (action, targets.first()) {
            (Action::SelectNone, _) if rows.picked() == 0 => Live::No("Nothing is selected"),
            (Action::SelectNone, _) => Live::Yes,
            _ if !is_ours => Live::Unknown,
            (_, None) => Live::No("There is no message here"),
            (Action::Archive | Action::Move, Some(_)) if !all_have_folders(&targets, cx) => {
                Live::No("POP3 has no folders: mail stays in the inbox, or is deleted for good")
            }
            (Action::Archive, Some(_)) => can_archive(&targets, cx),
            (Action::Move, Some(first)) => {
                let is_one_mailbox = targets.iter().all(|row| row.mailbox == first.mailbox);
                if is_one_mailbox {
                    Live::Yes
                } else {
                    Live::No("Messages of several mailboxes cannot be moved together")
                }
            }
            _ => Live::Yes,
        }
    }
}

fn all_have_folders(targets: &[&Listed], cx: &Cx) -> bool {
    targets.iter().all(|row| has_folders(row, cx))
}

/// Tells whether mail can be moved in a message's mailbox.
fn has_folders(row: &Listed, cx: &Cx) -> bool {
    cx.reads_over(row.mailbox)
        .is_none_or(IncomingProtocol::has_folders)
}

fn can_archive(targets: &[&Listed], cx: &Cx) -> Live {
    let is_archived = |row: &&Listed| {
        cx.folder(row.folder)
            .is_some_and(|folder| folder.role == Role::Archive)
    };
    if targets.iter().all(is_archived) {
        Live::No("It is in the archive already")
    } else {
        Live::Yes
    }
}

/// Tells whether a message's mailbox has an archive folder; until its folders are known the engine decides.
fn has_archive(row: &Listed, cx: &Cx) -> bool {
    !cx.folders.contains_key(&row.mailbox) || cx.folder_with(row.mailbox, Role::Archive).is_some()
}

fn move_to(rows: &mut Rows, messages: Vec<MessageId>, folder: FolderId) -> Vec<Effect> {
    let more = rows.remove(&messages);
    with(more, Effect::MoveTo { messages, folder })
}

fn with(mut more: Vec<Effect>, effect: Effect) -> Vec<Effect> {
    more.insert(0, effect);
    more
}

/// Sets a flag on all targets, or clears it where all have it.
fn toggle(rows: &mut Rows, flag: Flags, ids: Vec<MessageId>) -> Vec<Effect> {
    let targets = rows.targets();
    let count = targets.len();
    let have_it = targets.iter().all(|row| row.envelope.flags.contains(flag));
    let change = if have_it {
        FlagChange::clear(flag)
    } else {
        FlagChange::set(flag)
    };
    rows.mark(&ids, change);
    // One flag on one message is seen at once and taken back with the same key.
    let voice = if count > 1 {
        Voice::Said
    } else {
        Voice::Silent
    };
    vec![Effect::Mark {
        messages: ids,
        change,
        voice,
    }]
}

fn answer(rows: &Rows, how: Answer) -> Vec<Effect> {
    rows.current()
        .map(|row| Effect::Answer {
            how,
            message: row.id,
        })
        .into_iter()
        .collect()
}
