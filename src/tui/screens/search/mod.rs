//! Searching the cache, and on demand the servers: results while typing, in the same list and reader as the mail.

mod server;
#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use crate::engine;
use crate::model::{FlagChange, Flags, Query, Scope as MailScope};
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Slot, Source, Voice};
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::screens::acting::Acting;
use crate::tui::screens::reader::Reader;
use crate::tui::screens::rows::{Rows, Shown, Slots};
use crate::tui::screens::{Face, Focus, Live};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::field::{Edit, Field, Masking};
use crate::tui::widgets::frame::top_line;

use server::Asked;

const SLOTS: Slots = Slots {
    first: Slot::Search,
    older: Slot::SearchOlder,
    newer: Slot::SearchNewer,
};
/// What the search box understands, shown while nothing is typed.
const OPERATORS: &str = "words  \"a phrase\"  from:ana  to:support  subject:offer  body:river  is:unread  is:starred  has:attachment";

/// Rows of what is said about the search at most.
const TOLD: usize = 2;

/// Which part has the focus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pane {
    Query,
    Results,
    Reader,
}

/// The search screen.
#[derive(Debug)]
pub struct Search {
    field: Field,
    near: MailScope,
    place: String,
    is_wide: bool,
    pane: Pane,
    rows: Rows,
    reader: Reader,
    acting: Acting,
    is_marked: bool,
    asked: Asked,
}

impl Search {
    /// Opens the search with an empty line.
    pub fn open(scope: MailScope, place: String) -> Self {
        Self {
            field: Field::default(),
            near: scope,
            place,
            is_wide: false,
            pane: Pane::Query,
            rows: Rows::new(SLOTS),
            reader: Reader::default(),
            acting: Acting::default(),
            is_marked: false,
            asked: Asked::default(),
        }
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        match message {
            Msg::Key(key) => self.key(key),
            Msg::Paste(text) => {
                self.field.insert(text);
                self.find()
            }
            Msg::Action(action) => self.act(*action, cx),
            Msg::Mouse(event) => self.mouse(*event),
            Msg::Reply(reply) => match self.acting.reply(reply, &mut self.rows) {
                Some(effects) => effects,
                None => self.reader.reply(reply).unwrap_or_default(),
            },
            Msg::Done(outcome) => self.take(outcome),
            Msg::Engine(engine::Event::Body(id)) => self.reader.body_came(*id),
            // What an action changed is read again; new mail waits for the next letter typed.
            Msg::Engine(engine::Event::Lagged) => self.rows.reload(),
            Msg::Shown => self.reader.fit(),
            _ => Vec::new(),
        }
    }

    fn take(&mut self, outcome: &Outcome) -> Vec<Effect> {
        self.reader.take(outcome);
        if let Some(effects) = self.take_servers(outcome) {
            return effects;
        }
        match outcome {
            Outcome::Body { .. } => self.mark_read(),
            Outcome::Acted { result: Err(_), .. } | Outcome::Undone(_) => self.rows.reload(),
            _ => self.rows.take(outcome).unwrap_or_default(),
        }
    }

    fn key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        match self.field.key(key) {
            Edit::Changed => self.find(),
            Edit::Moved | Edit::Ignored => Vec::new(),
        }
    }

    fn scope(&self) -> MailScope {
        if self.is_wide {
            MailScope::Everything
        } else {
            self.near.clone()
        }
    }

    fn find(&mut self) -> Vec<Effect> {
        let query = Query::parse(&self.field.text());
        let stop = self.asked.forget();
        let mut effects = if query.is_empty() {
            self.rows.clear();
            vec![Effect::Cancel(Slot::Search)]
        } else {
            self.rows.narrow(Source::Search(query, self.scope()))
        };
        effects.extend(stop);
        effects
    }

    /// Stops the servers, or leaves.
    fn back(&mut self) -> Vec<Effect> {
        let stop = self.asked.tick().and_then(|_| self.asked.forget());
        vec![stop.unwrap_or(Effect::Pop)]
    }

    fn act(&mut self, action: Action, cx: &Cx) -> Vec<Effect> {
        if action == Action::Widen {
            self.is_wide = !self.is_wide;
            return self.find();
        }
        if action == Action::AskServer {
            return self.ask_servers();
        }
        match self.pane {
            Pane::Query => self.act_in_query(action),
            Pane::Results => self.act_in_results(action, cx),
            Pane::Reader => self.act_in_reader(action, cx),
        }
    }

    fn act_in_query(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Back => self.back(),
            Action::Open | Action::NextPane | Action::Down => {
                if self.rows.current().is_some() {
                    self.pane = Pane::Results;
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn act_in_results(&mut self, action: Action, cx: &Cx) -> Vec<Effect> {
        if let Some(effects) = self.acting.act(action, &mut self.rows, cx) {
            return effects;
        }
        match action {
            Action::Back => self.back(),
            Action::Open | Action::Right => self.read(),
            Action::Search | Action::NextPane | Action::PreviousPane => {
                self.pane = Pane::Query;
                Vec::new()
            }
            Action::Up if self.is_first_selected() => {
                self.pane = Pane::Query;
                Vec::new()
            }
            _ => self.rows.act(action).unwrap_or_default(),
        }
    }

    fn is_first_selected(&self) -> bool {
        let first = self.rows.known().first().map(|row| row.id);
        first == self.rows.current().map(|row| row.id)
    }

    fn act_in_reader(&mut self, action: Action, cx: &Cx) -> Vec<Effect> {
        if let Some(effects) = self.reader.act_on_files(action) {
            return effects;
        }
        if let Some(mut effects) = self.acting.act(action, &mut self.rows, cx) {
            if matches!(action, Action::Archive | Action::Delete) {
                effects.extend(self.read());
            }
            return effects;
        }
        let step = match action {
            Action::Back | Action::Left => {
                self.pane = Pane::Results;
                return Vec::new();
            }
            Action::Search => {
                self.pane = Pane::Query;
                return Vec::new();
            }
            Action::NextMessage => Action::Down,
            Action::PreviousMessage => Action::Up,
            _ => {
                self.reader.act(action);
                return Vec::new();
            }
        };
        let mut effects = self.rows.act(step).unwrap_or_default();
        effects.extend(self.read());
        effects
    }

    /// Opens the selected message; back to the results where there is none.
    fn read(&mut self) -> Vec<Effect> {
        let Some(message) = self.rows.current() else {
            self.pane = Pane::Results;
            return Vec::new();
        };
        self.pane = Pane::Reader;
        self.is_marked = false;
        let mut effects = self.reader.show(message);
        effects.extend(self.mark_read());
        effects
    }

    fn mark_read(&mut self) -> Vec<Effect> {
        let Some(message) = self.rows.current() else {
            return Vec::new();
        };
        let (id, is_seen) = (message.id, message.envelope.flags.is_seen());
        let is_here = self.reader.id() == Some(id) && self.reader.body().is_some();
        if self.pane != Pane::Reader || self.is_marked || !is_here {
            return Vec::new();
        }
        self.is_marked = true;
        if is_seen {
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

    fn mouse(&mut self, event: MouseEvent) -> Vec<Effect> {
        let place = (event.column, event.row);
        match (event.kind, self.pane) {
            (MouseEventKind::Down(MouseButton::Left), Pane::Query | Pane::Results) => {
                let before = self.rows.current().map(|row| row.id);
                let Some(effects) = self.rows.click(place) else {
                    self.pane = Pane::Query;
                    return Vec::new();
                };
                let is_again =
                    self.pane == Pane::Results && before == self.rows.current().map(|row| row.id);
                self.pane = Pane::Results;
                if is_again { self.read() } else { effects }
            }
            (MouseEventKind::ScrollUp, Pane::Reader) => {
                self.reader.scroll_by(-3);
                Vec::new()
            }
            (MouseEventKind::ScrollDown, Pane::Reader) => {
                self.reader.scroll_by(3);
                Vec::new()
            }
            (MouseEventKind::ScrollUp, _) => self.rows.scroll(-3),
            (MouseEventKind::ScrollDown, _) => self.rows.scroll(3),
            _ => Vec::new(),
        }
    }

    /// Draws the query and what it found, or the opened message.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let title = format!("Search {} {}", cx.symbols.step, self.place_name());
        let below = top_line(frame, area, cx, (&title, &self.facts()));
        if self.pane == Pane::Reader {
            self.reader.view(frame.buffer_mut(), below, cx);
            return;
        }
        if below.is_empty() {
            return;
        }
        self.draw_query(frame, Rect { height: 1, ..below }, cx);
        let below = Rect {
            y: below.y + 1,
            height: below.height - 1,
            ..below
        };
        let told = self.draw_told(frame, below, cx);
        let list = Rect {
            y: below.y + told,
            height: below.height - told,
            ..below
        };
        if self.rows.known().is_empty() {
            self.draw_hint(frame, list, cx);
            return;
        }
        let shown = Shown {
            has_focus: self.pane == Pane::Results,
            has_mailboxes: cx.mailboxes.len() > 1,
            is_outgoing: false,
        };
        self.rows.view(frame.buffer_mut(), list, cx, shown);
    }

    fn place_name(&self) -> &str {
        if self.is_wide {
            "all mailboxes"
        } else {
            &self.place
        }
    }

    fn facts(&self) -> String {
        let count = self.rows.known().len();
        match count {
            0 => String::new(),
            _ if self.rows.has_more() => format!("{count} and more"),
            _ => text::plural(count, "message"),
        }
    }

    fn draw_query(&mut self, frame: &mut Frame<'_>, line: Rect, cx: &Cx) {
        let style = cx.style(Tone::Accent);
        text::draw(frame.buffer_mut(), (line.x + 1, line.y), 1, "/", style);
        let indent = 3.min(line.width);
        let field = Rect {
            x: line.x + indent,
            width: line.width - indent,
            ..line
        };
        let has_focus = self.pane == Pane::Query;
        let tone = if has_focus { Tone::Field } else { Tone::Text };
        self.field
            .view(frame, field, cx.style(tone), Masking::Shown);
        if has_focus {
            self.field.place_cursor(frame, field);
        }
    }

    /// Says what was found where; returns the rows it took.
    fn draw_told(&self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) -> u16 {
        let told = self.told(cx);
        if told.is_empty() {
            return 0;
        }
        let room = usize::from(area.width.saturating_sub(4)).max(1);
        let mut rows = text::wrap(&told, room);
        let rest = rows.split_off(rows.len().clamp(1, TOLD) - 1).join(" ");
        rows.push(text::truncate(&rest, room, &cx.symbols));
        for (row, y) in rows.iter().zip(area.y..area.bottom()) {
            let style = cx.style(Tone::Dim);
            text::draw(frame.buffer_mut(), (area.x + 3, y), area.width, row, style);
        }
        (rows.len() as u16).min(area.height)
    }

    fn draw_hint(&self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        if !Query::parse(&self.field.text()).is_empty() {
            return;
        }
        let rows = text::wrap(OPERATORS, usize::from(area.width.saturating_sub(4)));
        for (row, y) in rows.iter().zip(area.y..area.bottom()) {
            let style = cx.style(Tone::Dim);
            text::draw(frame.buffer_mut(), (area.x + 3, y), area.width, row, style);
        }
    }

    /// Answers the root's questions.
    pub fn face(&self) -> Face {
        let face = self.face_of_pane();
        Face {
            tick: face.tick.or(self.asked.tick()),
            ..face
        }
    }

    fn face_of_pane(&self) -> Face {
        match self.pane {
            Pane::Query => Face {
                focus: Focus::Line,
                ..Face::new(
                    Scope::Search,
                    &[Action::Open, Action::Widen, Action::AskServer, Action::Back],
                )
            },
            Pane::Results => Face::new(
                Scope::Search,
                &[
                    Action::Open,
                    Action::Reply,
                    Action::Archive,
                    Action::Delete,
                    Action::Move,
                    Action::Search,
                    Action::Widen,
                    Action::Back,
                    Action::Help,
                ],
            ),
            Pane::Reader => Face {
                tick: self.reader.tick(),
                ..Face::new(
                    Scope::Reader,
                    &[
                        Action::Back,
                        Action::Reply,
                        Action::Archive,
                        Action::Delete,
                        Action::NextMessage,
                        Action::SaveAttachment,
                        Action::OpenLink,
                        Action::Help,
                    ],
                )
            },
        }
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action, cx: &Cx) -> Live {
        if action == Action::AskServer {
            return self.live_servers(cx);
        }
        if self.pane == Pane::Query {
            return match action {
                Action::Open | Action::Down if self.rows.current().is_none() => {
                    Live::No("Nothing is found yet")
                }
                _ => Live::Yes,
            };
        }
        match action {
            Action::OpenLink | Action::CopyLink | Action::SaveAttachment => {
                self.reader.live(action)
            }
            Action::Search | Action::Widen => Live::Yes,
            _ => match Acting::live(action, &self.rows, cx) {
                Live::Unknown if is_of_search(action) => Live::Yes,
                known => known,
            },
        }
    }
}

fn is_of_search(action: Action) -> bool {
    use crate::tui::keymap::Group;
    action.group() == Group::Moving
        || matches!(
            action,
            Action::NextMessage | Action::PreviousMessage | Action::Headers
        )
}
