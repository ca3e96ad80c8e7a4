//! Mailboxes and folders, the list, the reader.

mod mouse;
mod places;
mod preview;
mod sidebar;
#[cfg(test)]
mod tests;
mod view;

use std::time::Duration;

use ratatui::layout::Rect;

use crate::engine;
use crate::model::{FlagChange, Flags, MessageId, Scope as MailScope};
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Slot, Source, Voice};
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::{Msg, Reply};
use crate::tui::outcome::Outcome;
use crate::tui::screens::acting::Acting;
use crate::tui::screens::reader::Reader;
use crate::tui::screens::rows::{Rows, Slots};
use crate::tui::screens::{Face, Live, ScreenName};

use places::Place;
use preview::Preview;
use sidebar::Sidebar;

/// How often the age of the last synchronisation is drawn.
const AGE_TICK: Duration = Duration::from_secs(60);
/// From this width on mailboxes, list and reader stand beside each other.
const THREE: u16 = 120;
/// From this width on mailboxes and list can.
const TWO: u16 = 80;

const SLOTS: Slots = Slots {
    first: Slot::List,
    older: Slot::Older,
    newer: Slot::Newer,
};

/// Which part has the focus.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Pane {
    Sidebar,
    #[default]
    List,
    Reader,
}

/// How many panes fit side by side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Panes {
    One,
    Two,
    Three,
}

/// Where the panes were last drawn; what does not show is empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Areas {
    sidebar: Rect,
    list: Rect,
    reader: Rect,
}

/// The mail screen.
#[derive(Debug)]
pub struct Mail {
    pane: Pane,
    sidebar: Sidebar,
    place: Place,
    rows: Rows,
    reader: Reader,
    preview: Preview,
    acting: Acting,
    areas: Areas,
    /// The message that was marked as read because it was opened; not done twice, so that "unread" sticks.
    marked: Option<MessageId>,
    is_going: bool,
    is_leaving: bool,
    /// Whether the user did anything yet.
    is_touched: bool,
}

impl Mail {
    /// Opens the screen on all inboxes.
    pub fn open(_: &Cx) -> (Self, Vec<Effect>) {
        let mut mail = Self {
            pane: Pane::List,
            sidebar: Sidebar::default(),
            place: Place::AllInboxes,
            rows: Rows::new(SLOTS),
            reader: Reader::default(),
            preview: Preview::default(),
            acting: Acting::default(),
            areas: Areas::default(),
            marked: None,
            is_going: false,
            is_leaving: false,
            is_touched: false,
        };
        let effects = mail.rows.show(Source::Scope(MailScope::AllInboxes));
        (mail, effects)
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        match message {
            Msg::Action(action) => {
                self.is_touched = true;
                self.act(*action, cx)
            }
            Msg::Mouse(event) => {
                self.is_touched = true;
                self.mouse(*event, cx)
            }
            Msg::Done(outcome) => self.take(outcome, cx),
            Msg::Engine(event) => self.engine_event(event, cx),
            Msg::Reply(reply) => self.reply(reply, cx),
            Msg::Shown => self.shown(cx),
            Msg::Tick if self.preview.is_due() => self.follow(cx),
            _ => Vec::new(),
        }
    }

    fn shown(&mut self, cx: &Cx) -> Vec<Effect> {
        let mut effects = self.follow(cx);
        effects.extend(self.reader.fit());
        effects
    }

    fn take(&mut self, outcome: &Outcome, cx: &Cx) -> Vec<Effect> {
        self.reader.take(outcome);
        match outcome {
            Outcome::List { slot, .. } => {
                if *slot == Slot::List && !self.is_touched && is_settling(cx) {
                    self.rows.stay_at_top();
                }
                let Some(mut effects) = self.rows.take(outcome) else {
                    return Vec::new();
                };
                effects.extend(self.follow(cx));
                effects
            }
            Outcome::Body { .. } => self.mark_read(),
            // Rows were taken off before the engine had a say; it said no.
            Outcome::Acted { result: Err(_), .. } => self.rows.reload(),
            _ => Vec::new(),
        }
    }

    fn engine_event(&mut self, event: &engine::Event, cx: &Cx) -> Vec<Effect> {
        match event {
            engine::Event::Messages(folder) if self.place.shows(*folder, cx) => self.rows.reload(),
            engine::Event::Body(message) => self.reader.body_came(*message),
            engine::Event::Lagged | engine::Event::Accounts => {
                let mut effects = self.rows.reload();
                if let Some(message) = self.reader.id() {
                    effects.extend(self.reader.body_came(message));
                }
                effects
            }
            _ => Vec::new(),
        }
    }

    fn reply(&mut self, reply: &Reply, cx: &Cx) -> Vec<Effect> {
        if let (true, Reply::Folder(folder)) = (std::mem::take(&mut self.is_going), reply) {
            return self.go(Place::Folder(*folder), cx);
        }
        if let Some(mut effects) = self.acting.reply(reply, &mut self.rows) {
            effects.extend(self.follow(cx));
            return effects;
        }
        self.reader.reply(reply).unwrap_or_default()
    }

    fn act(&mut self, action: Action, cx: &Cx) -> Vec<Effect> {
        let was_leaving = std::mem::take(&mut self.is_leaving);
        self.preview.moved(cx.elapsed);
        if action == Action::Back {
            return self.back(was_leaving, cx);
        }
        if let Some(mut effects) = self.acting.act(action, &mut self.rows, cx) {
            effects.extend(self.after_acting(action, cx));
            return effects;
        }
        if let Some(effects) = self.go_by(action, cx) {
            return effects;
        }
        match action {
            Action::NextPane => self.focus_next(1, cx),
            Action::PreviousPane => self.focus_next(2, cx),
            Action::Search => self.search(cx),
            Action::Sync => self.sync(cx),
            Action::StopSync => vec![Effect::StopSync(self.place.mailbox(cx))],
            Action::Write => self.write(cx),
            _ => match self.pane {
                Pane::Sidebar => self.act_in_sidebar(action, cx),
                Pane::List => self.act_in_list(action, cx),
                Pane::Reader => self.act_in_reader(action, cx),
            },
        }
    }

    /// After an action on messages the reader goes on to the next one, or closes when there is none.
    fn after_acting(&mut self, action: Action, cx: &Cx) -> Vec<Effect> {
        if self.rows.is_empty() && self.pane == Pane::Reader {
            self.pane = Pane::List;
        }
        let goes_on = matches!(action, Action::Archive | Action::Delete | Action::Select);
        if goes_on { self.follow(cx) } else { Vec::new() }
    }

    fn act_in_sidebar(&mut self, action: Action, cx: &Cx) -> Vec<Effect> {
        if action == Action::Open {
            return self.open_selected_place(cx);
        }
        let before = self.sidebar.selected;
        self.sidebar.act(action, cx);
        if self.sidebar.selected == before {
            return Vec::new();
        }
        self.peek(cx)
    }

    fn act_in_list(&mut self, action: Action, cx: &Cx) -> Vec<Effect> {
        match action {
            Action::Open | Action::Right => self.open_message(cx),
            Action::Left => self.focus(Pane::Sidebar, cx),
            _ => {
                let mut effects = self.rows.act(action).unwrap_or_default();
                effects.extend(self.follow(cx));
                effects
            }
        }
    }

    fn act_in_reader(&mut self, action: Action, cx: &Cx) -> Vec<Effect> {
        if let Some(effects) = self.reader.act_on_files(action) {
            return effects;
        }
        let step = match action {
            Action::NextMessage => Action::Down,
            Action::PreviousMessage => Action::Up,
            Action::Left => return self.focus(Pane::List, cx),
            _ => {
                self.reader.act(action);
                return Vec::new();
            }
        };
        let mut effects = self.rows.act(step).unwrap_or_default();
        effects.extend(self.follow(cx));
        effects
    }

    fn open_message(&mut self, cx: &Cx) -> Vec<Effect> {
        if self.rows.current().is_none() {
            return Vec::new();
        }
        self.focus(Pane::Reader, cx)
    }

    fn focus(&mut self, pane: Pane, cx: &Cx) -> Vec<Effect> {
        self.pane = pane;
        self.marked = None;
        self.follow(cx)
    }

    fn focus_next(&mut self, steps: usize, cx: &Cx) -> Vec<Effect> {
        let order = [Pane::Sidebar, Pane::List, Pane::Reader];
        let has_message = self.rows.current().is_some();
        let count = if has_message { 3 } else { 2 };
        let here = order.iter().position(|pane| *pane == self.pane);
        // One step back is a whole round less one.
        let steps = if steps == 1 { 1 } else { count - 1 };
        let next = (here.unwrap_or(0) + steps) % count;
        let pane = order.get(next).copied().unwrap_or_default();
        self.focus(pane, cx)
    }

    /// Lets the reader show the selected message wherever it is on screen; beside the list only once the cursor rests.
    fn follow(&mut self, cx: &Cx) -> Vec<Effect> {
        self.preview.settled();
        let is_shown = panes(cx.size.width) == Panes::Three || self.pane == Pane::Reader;
        if !is_shown {
            return Vec::new();
        }
        let Some(message) = self.rows.current() else {
            self.reader.clear();
            if self.pane == Pane::Reader && self.rows.is_loaded() {
                self.pane = Pane::List;
            }
            return Vec::new();
        };
        let is_preview = self.pane != Pane::Reader && self.reader.id() != Some(message.id);
        if is_preview && !self.preview.may_follow(cx.elapsed) {
            return Vec::new();
        }
        let mut effects = self.reader.show(message);
        effects.extend(self.mark_read());
        effects
    }

    /// Marks the opened message as read once its text is there.
    fn mark_read(&mut self) -> Vec<Effect> {
        let Some(message) = self.rows.current() else {
            return Vec::new();
        };
        let id = message.id;
        let is_read = self.pane == Pane::Reader
            && self.reader.id() == Some(id)
            && self.reader.body().is_some();
        if !is_read || self.marked == Some(id) {
            return Vec::new();
        }
        self.marked = Some(id);
        if message.envelope.flags.is_seen() {
            return Vec::new();
        }
        let change = FlagChange::set(Flags::SEEN);
        self.rows.mark_one(id, change);
        vec![Effect::Mark {
            messages: vec![id],
            change,
            voice: Voice::Silent,
        }]
    }

    fn back(&mut self, was_leaving: bool, cx: &Cx) -> Vec<Effect> {
        match self.pane {
            Pane::Reader => self.focus(Pane::List, cx),
            Pane::List if self.rows.picked() > 0 => {
                self.rows.pick_none();
                Vec::new()
            }
            Pane::List if panes(cx.size.width) == Panes::One => self.focus(Pane::Sidebar, cx),
            Pane::Sidebar if panes(cx.size.width) != Panes::One => self.focus(Pane::List, cx),
            _ if was_leaving => vec![Effect::Quit],
            _ => {
                self.is_leaving = true;
                let key = cx.key(Action::Back);
                vec![Effect::Say(format!("{key} again leaves Pillarbox"))]
            }
        }
    }

    fn search(&self, cx: &Cx) -> Vec<Effect> {
        let (scope, place) = self.place.search_scope(cx);
        vec![Effect::Push(ScreenName::Search { scope, place })]
    }

    fn sync(&self, cx: &Cx) -> Vec<Effect> {
        let mailbox = self.place.mailbox(cx);
        let name = mailbox
            .and_then(|id| cx.mailbox(id))
            .map_or("all mailboxes", |mailbox| &mailbox.address.email);
        vec![
            Effect::Say(format!("Synchronising {name}")),
            Effect::Sync(mailbox),
        ]
    }

    /// Answers the root's questions.
    pub fn face(&self, cx: &Cx) -> Face {
        let (scope, hints): (Scope, &[Action]) = match self.pane {
            Pane::Sidebar => (Scope::Sidebar, &SIDEBAR_HINTS),
            Pane::List => (Scope::List, &LIST_HINTS),
            Pane::Reader => (Scope::Reader, &READER_HINTS),
        };
        let is_synced = cx
            .statuses
            .values()
            .any(|status| status.synced_at.is_some());
        let age = is_synced.then_some(AGE_TICK);
        let fetch = if self.is_reader_shown(cx) {
            self.reader.tick()
        } else {
            None
        };
        Face {
            tick: self.preview.wait(cx.elapsed).or(fetch).or(age),
            ..Face::new(scope, hints)
        }
    }

    fn is_reader_shown(&self, cx: &Cx) -> bool {
        self.pane == Pane::Reader || panes(cx.size.width) == Panes::Three
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action, cx: &Cx) -> Live {
        if self.pane == Pane::Reader
            && matches!(
                action,
                Action::OpenLink | Action::CopyLink | Action::SaveAttachment
            )
        {
            return self.reader.live(action);
        }
        match Acting::live(action, &self.rows, cx) {
            Live::Unknown => self.live_place(action, cx),
            known => known,
        }
    }
}

const SIDEBAR_HINTS: [Action; 9] = [
    Action::Open,
    Action::StopSync,
    Action::NextPane,
    Action::Search,
    Action::Write,
    Action::Sync,
    Action::GoAccounts,
    Action::Palette,
    Action::Help,
];
const LIST_HINTS: [Action; 13] = [
    Action::Open,
    Action::StopSync,
    Action::Reply,
    Action::Archive,
    Action::Delete,
    Action::Move,
    Action::Search,
    Action::Write,
    Action::Help,
    Action::Select,
    Action::NextPane,
    Action::Palette,
    Action::Sync,
];
const READER_HINTS: [Action; 13] = [
    Action::Back,
    Action::StopSync,
    Action::Reply,
    Action::ReplyAll,
    Action::Archive,
    Action::Delete,
    Action::NextMessage,
    Action::SaveAttachment,
    Action::Help,
    Action::Forward,
    Action::OpenLink,
    Action::Headers,
    Action::Palette,
];

/// Tells whether a mailbox is synchronised for the first time since the start, so that rows come in above others.
fn is_settling(cx: &Cx) -> bool {
    cx.mailboxes.iter().any(|mailbox| {
        cx.statuses.get(&mailbox.id).is_none_or(|status| {
            status.synced_at.is_none() && status.health == engine::Health::Syncing
        })
    })
}

fn panes(width: u16) -> Panes {
    match width {
        THREE.. => Panes::Three,
        TWO..THREE => Panes::Two,
        _ => Panes::One,
    }
}
