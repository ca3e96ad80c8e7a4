//! The outbox: what waits, what failed and why, what nobody can be sure about; and which way the rest went.

mod view;

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::engine::Event;
use crate::explain::{Notice, explain_failure};
use crate::model::{Failure, OutboxItem, OutboxState, SentMail};
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::{Msg, Reply};
use crate::tui::outcome::Outcome;
use crate::tui::screens::{Face, Live, Question, ScreenName};
use crate::tui::widgets::list::Selection;

const SEND_UNSURE: &str = "send-unsure";

/// The outbox screen.
#[derive(Debug, Default)]
pub struct Outbox {
    items: Option<Vec<OutboxItem>>,
    /// What was sent lately, newest first; below the others.
    sent: Vec<SentMail>,
    selection: Selection,
}

impl Outbox {
    /// Opens the screen.
    pub fn open(_: &Cx) -> (Self, Vec<Effect>) {
        (Self::default(), load())
    }

    fn items(&self) -> &[OutboxItem] {
        self.items.as_deref().unwrap_or_default()
    }

    fn selected(&self) -> Option<&OutboxItem> {
        self.items().get(self.selection.row())
    }

    /// Returns the message among the sent ones that is selected.
    fn selected_sent(&self) -> Option<&SentMail> {
        let place = self.selection.row().checked_sub(self.items().len())?;
        self.sent.get(place)
    }

    fn count(&self) -> usize {
        self.items().len() + self.sent.len()
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        let count = self.count();
        match message {
            Msg::Action(Action::Back) => vec![Effect::Pop],
            Msg::Action(action) if self.selection.act(*action, count) => Vec::new(),
            Msg::Action(action) => self.act(*action, cx),
            Msg::Reply(Reply::Confirmed(SEND_UNSURE)) => self
                .selected()
                .map(|item| vec![Effect::OutboxRetry(item.id)])
                .unwrap_or_default(),
            Msg::Done(Outcome::Outbox(Ok(items))) => {
                self.items = Some(items.clone());
                self.selection.clamp(self.count());
                Vec::new()
            }
            Msg::Done(Outcome::Sent(Ok(sent))) => {
                self.sent.clone_from(sent);
                self.selection.clamp(self.count());
                Vec::new()
            }
            // The copy in Sent arrives with the synchronisation.
            Msg::Engine(Event::Messages(_)) if !self.sent.is_empty() => vec![Effect::LoadSent],
            Msg::Done(Outcome::Retried(_) | Outcome::TakenBack(_))
            | Msg::Engine(Event::Outbox | Event::Lagged)
            | Msg::Shown => load(),
            _ => Vec::new(),
        }
    }

    fn act(&self, action: Action, cx: &Cx) -> Vec<Effect> {
        let Some(item) = self.selected() else {
            return Vec::new();
        };
        match (action, &item.failure) {
            (Action::Retry, _) if item.state == OutboxState::Unsure => {
                vec![Effect::Push(ScreenName::Confirm(Question {
                    tag: SEND_UNSURE,
                    title: "Send it again?".to_owned(),
                    detail: "The server may have it already; then everybody gets it twice."
                        .to_owned(),
                    yes: "send again".to_owned(),
                }))]
            }
            (Action::Retry, _) => vec![Effect::OutboxRetry(item.id)],
            (Action::TakeBack, _) => vec![Effect::OutboxCancel(item.id)],
            (Action::Open, Some(failure)) => {
                vec![Effect::Push(ScreenName::Notice(Box::new(notice(
                    item, failure, cx,
                ))))]
            }
            _ => Vec::new(),
        }
    }

    /// Answers the root's questions.
    pub fn face(&self, cx: &Cx) -> Face {
        let is_waiting =
            |item: &OutboxItem| item.state == OutboxState::Ready && item.not_before > cx.now;
        Face {
            tick: self
                .items()
                .iter()
                .any(is_waiting)
                .then(|| Duration::from_secs(1)),
            ..Face::new(
                Scope::Outbox,
                &[Action::Open, Action::Retry, Action::TakeBack, Action::Back],
            )
        }
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action, _: &Cx) -> Live {
        let state = self.selected().map(|item| item.state);
        match (action, state) {
            (Action::Open | Action::Retry | Action::TakeBack, None)
                if self.selected_sent().is_some() =>
            {
                Live::No("This message was sent")
            }
            (Action::Open | Action::Retry | Action::TakeBack, None) => {
                Live::No("The outbox is empty")
            }
            (Action::Open, Some(_))
                if self.selected().is_some_and(|item| item.failure.is_none()) =>
            {
                Live::No("Nothing went wrong with this message")
            }
            (Action::Retry, Some(OutboxState::Sending)) => {
                Live::No("It is being sent at this moment")
            }
            (Action::TakeBack, Some(OutboxState::Sending)) => {
                Live::No("It is too late: it is being sent at this moment")
            }
            (Action::Retry, Some(OutboxState::Ready)) => Live::No("It goes out by itself"),
            (
                Action::Open
                | Action::Retry
                | Action::TakeBack
                | Action::Back
                | Action::Up
                | Action::Down
                | Action::PageUp
                | Action::PageDown
                | Action::First
                | Action::Last,
                _,
            ) => Live::Yes,
            _ => Live::Unknown,
        }
    }
}

fn load() -> Vec<Effect> {
    vec![Effect::LoadOutbox, Effect::LoadSent]
}

/// Explains why a message was not sent, with its mailbox and identity in the line to copy.
fn notice(item: &OutboxItem, failure: &Failure, cx: &Cx) -> Notice {
    let account = cx
        .mailbox(item.mailbox)
        .map(|mailbox| mailbox.account_name.as_str());
    let account = cx
        .accounts()
        .iter()
        .find(|known| Some(known.name.as_str()) == account);
    let identity = account.map_or("IDENTITY", |account| account.identity());
    explain_failure(failure).about(&item.from.email, identity)
}
