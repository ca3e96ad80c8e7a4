//! What the root does with outcomes before the screens see them: toasts, undo, failures, screens that follow.

use std::sync::Arc;

use jiff::Timestamp;

use crate::engine::{ConfigChange, EngineError, Health};
use crate::explain::explain;
use crate::model::{Draft, MailboxId, OutboxId};
use crate::tui::effect::Effect;
use crate::tui::notices::deed;
use crate::tui::outcome::{Deed, Outcome, Shared};
use crate::tui::screens::ScreenName;

use super::{App, Undoable};

/// At most this many actions can be taken back one after the other.
const UNDO_DEPTH: usize = 50;

impl App {
    pub(super) fn settle_outcome(&mut self, outcome: &Outcome) -> Vec<Effect> {
        if let Some(error) = failure(outcome) {
            self.notices.tell(None, explain(error), self.cx.now);
        }
        match outcome {
            Outcome::Mailboxes(Ok((mailboxes, config))) => {
                self.cx.mailboxes.clone_from(mailboxes);
                self.cx.config = Some(config.clone());
                let mut effects = self.look_into_mailboxes();
                effects.extend(self.offer_setup());
                effects.push(Effect::LoadExpiries);
                return effects;
            }
            Outcome::Folders(mailbox, Ok(folders)) => self.cx.take_folders(*mailbox, folders),
            Outcome::Status(mailbox, status) => {
                if status.health == Health::Fine {
                    self.notices.solved(*mailbox);
                }
                self.cx.statuses.insert(*mailbox, (**status).clone());
            }
            Outcome::Expiries(expiries) => self.tell_lapses(expiries),
            Outcome::Outbox(Ok(items)) => self.cx.outbox.clone_from(items),
            Outcome::Acted {
                deed,
                count,
                result: Ok(Some(action)),
            } => self.offer_undo(*deed, *count, Undoable::Action(*action)),
            Outcome::Undone(Ok(is_done)) => self.toast(if *is_done {
                "Taken back"
            } else {
                "It is too late to take that back"
            }),
            Outcome::Saved(Ok(path)) => {
                let place = crate::tui::runner::shorten(path);
                self.toast(&format!("Saved as {place}"));
            }
            Outcome::Answered(result) => {
                if let (true, Ok(draft)) = (self.is_answer_wanted(result.is_ok()), result) {
                    return vec![compose(draft)];
                }
            }
            Outcome::TakenBack(Ok(None)) => self.toast("It is too late: the message is on its way"),
            Outcome::TakenBack(Ok(Some((id, draft)))) => {
                let draft = draft.clone();
                let saved = Some(*id);
                return vec![Effect::Push(ScreenName::Compose { draft, saved })];
            }
            Outcome::Queued {
                result, due, draft, ..
            } => match result {
                Ok(id) => self.count_down(*id, *due),
                Err(_) => return vec![compose(draft)],
            },
            Outcome::ConfigChanged(change, result) => self.left_ews(change, result),
            Outcome::Continued => return vec![Effect::Redraw],
            Outcome::InterfaceSaved(Ok(())) => self.toast("Settings saved"),
            Outcome::Said(text) if !text.is_empty() => self.toast(text),
            _ => {}
        }
        Vec::new()
    }

    /// Reads folders and health of all mailboxes; forgets those that are gone.
    fn look_into_mailboxes(&mut self) -> Vec<Effect> {
        let known: Vec<MailboxId> = self.cx.mailboxes.iter().map(|mailbox| mailbox.id).collect();
        self.cx.folders.retain(|id, _| known.contains(id));
        self.cx.statuses.retain(|id, _| known.contains(id));
        known
            .into_iter()
            .flat_map(|id| [Effect::LoadFolders(id), Effect::LoadStatus(id)])
            .collect()
    }

    /// Says what became of leaving EWS; other changes are told where they were made.
    fn left_ews(&mut self, change: &ConfigChange, result: &Shared<()>) {
        let ConfigChange::LeaveEws { account, to } = change else {
            return;
        };
        match result {
            Ok(()) => self.toast(&format!("{account} is read over {} now", to.title())),
            Err(error) => self.notices.tell(None, explain(error), self.cx.now),
        }
    }

    fn toast(&mut self, text: &str) {
        self.notices.toast(text, self.cx.now);
    }

    fn remember(&mut self, undoable: Undoable) {
        self.undo.push(undoable);
        let surplus = self.undo.len().saturating_sub(UNDO_DEPTH);
        self.undo.drain(..surplus);
    }

    fn offer_undo(&mut self, what: Deed, count: usize, undoable: Undoable) {
        self.remember(undoable);
        let verb = match what {
            Deed::Archived => "Archived",
            Deed::Deleted => "Deleted",
            Deed::Moved => "Moved",
            Deed::Marked => "Marked",
        };
        self.notices.offer_undo(deed(verb, count), self.cx.now);
    }

    fn count_down(&mut self, id: OutboxId, due: Timestamp) {
        if due > self.cx.now {
            self.remember(Undoable::Sending(id));
            self.notices.count_down("Sending", due);
        } else {
            self.toast("Sending");
        }
    }

    /// Opens setup once when there is no account yet.
    fn offer_setup(&mut self) -> Vec<Effect> {
        let is_empty = self.cx.accounts().is_empty();
        if self.is_setup_offered || !is_empty {
            return Vec::new();
        }
        self.is_setup_offered = true;
        vec![Effect::Push(ScreenName::Setup { account: None })]
    }
}

fn compose(draft: &Draft) -> Effect {
    Effect::Push(ScreenName::Compose {
        draft: Box::new(draft.clone()),
        saved: None,
    })
}

/// Returns a failure that no screen shows in its own place.
fn failure(outcome: &Outcome) -> Option<&Arc<EngineError>> {
    fn of<T>(result: &Shared<T>) -> Option<&Arc<EngineError>> {
        result.as_ref().err()
    }
    match outcome {
        Outcome::Mailboxes(result) => of(result),
        Outcome::Folders(_, result) => of(result),
        Outcome::List { result, .. } => of(result),
        Outcome::Acted { result, .. } => of(result),
        Outcome::Undone(result) | Outcome::Retried(result) => of(result),
        Outcome::Saved(result) => of(result),
        Outcome::Answered(result) => of(result),
        Outcome::DraftSaved(_, result) => of(result),
        Outcome::Drafts(result) => of(result),
        Outcome::DraftDeleted(result)
        | Outcome::InterfaceSaved(result)
        | Outcome::AccountRemoved(_, result)
        | Outcome::SignedOut(_, result) => of(result),
        Outcome::Queued { result, .. } => of(result),
        Outcome::Outbox(result) => of(result),
        Outcome::TakenBack(result) => of(result),
        _ => None,
    }
}
