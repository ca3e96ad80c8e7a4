//! Draws top line, sidebar, list and reader, as many side by side as fit.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::Health;
use crate::model::{IncomingProtocol, OutboxState, Progress, Role};
use crate::tui::context::Cx;
use crate::tui::keymap::Action;
use crate::tui::screens::rows::Shown;
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::frame::{fits_top_line, top_line};

use super::places::Place;
use super::sidebar::{Fold, Key, Node, state};
use super::{Areas, Mail, Pane, Panes, panes};

/// Columns from which on the top line has room for more than mailbox and folder.
const WIDE: u16 = 60;

impl Mail {
    /// Draws the screen.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let facts = self.facts(cx);
        let title = self.title(cx, (area.width, &facts));
        let below = top_line(frame, area, cx, (&title, &facts));
        self.areas = self.split(below);
        let areas = self.areas;
        let buffer = frame.buffer_mut();
        self.draw_sidebar(buffer, areas.sidebar, cx);
        self.draw_list(buffer, areas.list, cx);
        if !areas.reader.is_empty() {
            self.reader.view(buffer, inset(areas.reader), cx);
        }
        for right in [areas.list, areas.reader] {
            if right.x > area.x && !right.is_empty() {
                draw_divider(
                    buffer,
                    Rect {
                        x: right.x - 1,
                        width: 1,
                        ..below
                    },
                    cx,
                );
            }
        }
    }

    /// Divides the screen; every pane but the first has a line at its left.
    fn split(&self, area: Rect) -> Areas {
        let none = Rect::default();
        let (sidebar, rest) = cut(area, (area.width / 5).clamp(24, 30).min(area.width / 3));
        match (panes(area.width), self.pane) {
            (Panes::Three, _) => {
                let (list, reader) = cut(rest, rest.width / 2);
                Areas {
                    sidebar,
                    list,
                    reader,
                }
            }
            (Panes::Two, Pane::Sidebar) => Areas {
                sidebar,
                list: rest,
                reader: none,
            },
            (_, Pane::Reader) => Areas {
                sidebar: none,
                list: none,
                reader: area,
            },
            (Panes::One, Pane::Sidebar) => Areas {
                sidebar: area,
                list: none,
                reader: none,
            },
            _ => Areas {
                sidebar: none,
                list: area,
                reader: none,
            },
        }
    }

    /// Names the mailbox and the folder, and what the mailbox is read over: where that fits, and also beside facts that
    /// do not fit anyway, unless it is the usual one.
    fn title(&self, cx: &Cx, (columns, facts): (u16, &str)) -> String {
        let place = self.place.name(cx);
        let Some(mailbox) = self.place.mailbox(cx).and_then(|id| cx.mailbox(id)) else {
            return place;
        };
        let (address, step) = (&mailbox.address.email, cx.symbols.step);
        let plain = format!("{address} {step} {place}");
        let Some(protocol) = cx.reads_over(mailbox.id) else {
            return plain;
        };
        let (dot, name) = (cx.symbols.dot, protocol.short_title());
        let named = format!("{address} {dot} {name} {step} {place}");
        let fits = |title: &str| fits_top_line(columns, cx, (title, facts));
        let is_telling = protocol != IncomingProtocol::Imap && columns >= WIDE;
        if fits(&named) || is_telling && !fits(&plain) {
            named
        } else {
            plain
        }
    }

    /// Counts, as whom, in which state, what is on its way out.
    fn facts(&self, cx: &Cx) -> String {
        let mut facts = Vec::new();
        if self.rows.picked() > 0 {
            facts.push(format!("{} selected", self.rows.picked()));
        }
        if let Some(total) = self.rows.total() {
            facts.push(text::count(total));
        }
        let unread = self.unread(cx);
        if unread > 0 {
            facts.push(format!("{} unread", text::count(unread)));
        }
        facts.extend(self.signed_in_as(cx));
        facts.push(self.health(cx));
        facts.push(outgoing(cx));
        facts.retain(|fact| !fact.is_empty());
        facts.join(&format!(" {} ", cx.symbols.dot))
    }

    fn unread(&self, cx: &Cx) -> u32 {
        match self.place {
            Place::Folder(id) => cx.folder(id).map_or(0, |folder| folder.unread),
            Place::AllInboxes => cx
                .folders
                .values()
                .flatten()
                .filter(|folder| folder.role == Role::Inbox)
                .map(|folder| folder.unread)
                .sum(),
        }
    }

    /// Says who signed in where that is not the mailbox itself.
    fn signed_in_as(&self, cx: &Cx) -> Option<String> {
        let mailbox = cx.mailbox(self.place.mailbox(cx)?)?;
        let account = cx
            .accounts()
            .iter()
            .find(|account| account.name == mailbox.account_name)?;
        let identity = account.identity();
        let is_other = !identity.eq_ignore_ascii_case(&mailbox.address.email);
        is_other.then(|| format!("as {identity}"))
    }

    fn health(&self, cx: &Cx) -> String {
        if let Some(mailbox) = self.place.mailbox(cx) {
            let mark = cx.symbols.health(cx.health(mailbox));
            return format!("{mark} {}", state(mailbox, cx))
                .trim_end()
                .to_owned();
        }
        let count = |health| {
            let all = cx.mailboxes.iter();
            all.filter(|mailbox| cx.health(mailbox.id) == health)
                .count()
        };
        let worst = [Health::NeedsYou, Health::Offline, Health::Syncing];
        let word = ["needs you", "offline", "syncing"];
        worst
            .into_iter()
            .zip(word)
            .map(|(health, word)| (count(health), health, word))
            .find(|(count, _, _)| *count > 0)
            .map_or_else(
                || stopped(cx),
                |(count, health, word)| {
                    let figure = if health == Health::Syncing {
                        figure(cx)
                    } else {
                        String::new()
                    };
                    let word = match (health, count) {
                        (Health::NeedsYou, 2..) => "need you",
                        _ => word,
                    };
                    format!("{} {count} {word}{figure}", cx.symbols.health(health))
                },
            )
    }

    fn draw_sidebar(&mut self, buffer: &mut Buffer, area: Rect, cx: &Cx) {
        if area.is_empty() {
            return;
        }
        let nodes = self.sidebar.nodes(cx);
        let selected = self.sidebar.place(&nodes);
        self.sidebar.list.select(selected);
        let range = self.sidebar.list.visible(area, nodes.len());
        let has_focus = self.pane == Pane::Sidebar;
        for (y, place) in (area.y..).zip(range) {
            if let Some(node) = nodes.get(place) {
                let line = Rect {
                    y,
                    height: 1,
                    ..area
                };
                draw_node(buffer, line, node, (cx, place == selected, has_focus));
            }
        }
    }

    fn draw_list(&mut self, buffer: &mut Buffer, area: Rect, cx: &Cx) {
        if area.is_empty() {
            return;
        }
        if self.rows.is_empty() {
            self.draw_empty(buffer, area, cx);
            return;
        }
        let shown = Shown {
            has_focus: self.pane == Pane::List,
            has_mailboxes: self.place == Place::AllInboxes && cx.mailboxes.len() > 1,
            is_outgoing: matches!(self.place.role(cx), Role::Sent | Role::Drafts),
        };
        self.rows.view(buffer, area, cx, shown);
    }

    /// Says why the list is empty and what to do about it.
    fn draw_empty(&self, buffer: &mut Buffer, area: Rect, cx: &Cx) {
        let mut lines = vec![format!("No messages in {}", self.place.name(cx))];
        if cx.mailboxes.is_empty() {
            lines = vec![
                "There is no account yet".to_owned(),
                format!("{} accounts, then add one", cx.key(Action::GoAccounts)),
            ];
        } else if let Some(mailbox) = self.place.mailbox(cx) {
            lines.push(state(mailbox, cx));
            if cx.health(mailbox) == Health::NeedsYou {
                lines.push(format!("{} does what is needed", cx.key(Action::Remedy)));
            }
        }
        let rows = lines
            .iter()
            .flat_map(|line| text::wrap(line, usize::from(area.width.saturating_sub(4))));
        for (row, y) in rows.zip(area.y.saturating_add(1)..area.bottom()) {
            let room = area.width.saturating_sub(2);
            text::draw(buffer, (area.x + 2, y), room, &row, cx.style(Tone::Dim));
        }
    }
}

/// Returns how far all long synchronisations together are.
fn figure(cx: &Cx) -> String {
    let long = cx.statuses.values().filter(|one| one.is_long_task());
    let figures = long.filter_map(|one| one.progress.as_ref().map(Progress::get));
    match figures.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1)) {
        (_, 0) => String::new(),
        (done, total) => format!(" {done} of {total}"),
    }
}

/// Says how many mailboxes are not in step because a person stopped it.
fn stopped(cx: &Cx) -> String {
    match cx.statuses.values().filter(|one| one.is_stopped).count() {
        0 => String::new(),
        count => format!("{count} stopped by you"),
    }
}

fn outgoing(cx: &Cx) -> String {
    let count = |is_wanted: fn(OutboxState) -> bool| {
        cx.outbox
            .iter()
            .filter(|item| is_wanted(item.state))
            .count()
    };
    let stuck = count(|state| matches!(state, OutboxState::Failed | OutboxState::Unsure));
    let sending = count(|state| matches!(state, OutboxState::Ready | OutboxState::Sending));
    match (stuck, sending) {
        (0, 0) => String::new(),
        (0, sending) => format!("{sending} sending"),
        (stuck, _) => format!("{} {stuck} not sent", cx.symbols.cross),
    }
}

/// Cuts `width` columns off at the left, and one more for the line between.
fn cut(area: Rect, width: u16) -> (Rect, Rect) {
    let width = width.min(area.width);
    let left = Rect { width, ..area };
    let gap = (width + 1).min(area.width);
    let right = Rect {
        x: area.x + gap,
        width: area.width - gap,
        ..area
    };
    (left, right)
}

/// Leaves a blank column at the left where there is room.
fn inset(area: Rect) -> Rect {
    if area.width < 20 {
        return area;
    }
    Rect {
        x: area.x + 1,
        width: area.width - 2,
        ..area
    }
}

fn draw_divider(buffer: &mut Buffer, column: Rect, cx: &Cx) {
    for y in column.top()..column.bottom() {
        let place = (column.x, y);
        text::draw(
            buffer,
            place,
            1,
            cx.symbols.vertical,
            cx.style(Tone::Border),
        );
    }
}

fn draw_node(buffer: &mut Buffer, line: Rect, node: &Node, look: (&Cx, bool, bool)) {
    let (cx, is_selected, has_focus) = look;
    let ground = match (is_selected, has_focus) {
        (true, true) => cx.style(Tone::Selection),
        (true, false) => cx.style(Tone::SelectionDim),
        _ => ratatui::style::Style::new(),
    };
    buffer.set_style(line, ground);
    let bar = if is_selected { cx.symbols.bar } else { " " };
    text::draw(
        buffer,
        (line.x, line.y),
        1,
        bar,
        cx.style(Tone::Bar).patch(ground),
    );
    let count = match node.unread {
        0 => String::new(),
        unread => format!(" {} ", text::count(unread)),
    };
    let count_width = text::width(&count) as u16;
    let room = line.width.saturating_sub(1 + count_width);
    let (mark, tone) = mark(node, cx);
    let indent = " ".repeat(node.depth.saturating_sub(1) * 2);
    let label = format!("{indent}{mark} {}", node.label);
    let label = text::truncate(&label, usize::from(room), &cx.symbols);
    let weight = match (node.key, node.unread) {
        (Key::Mailbox(_), _) => cx.style(tone),
        (_, 0) => cx.style(Tone::Text),
        _ => cx.style(Tone::Unread),
    };
    // The ground of the screen must not come back through the text's own style.
    let style = weight.patch(ground);
    text::draw(buffer, (line.x + 1, line.y), room, &label, style);
    let x = line.right().saturating_sub(count_width);
    text::draw(buffer, (x, line.y), count_width, &count, style);
}

fn mark(node: &Node, cx: &Cx) -> (&'static str, Tone) {
    if let Some(health) = node.health {
        let tone = match health {
            Health::Fine => Tone::Text,
            Health::Syncing => Tone::Accent,
            Health::NeedsYou => Tone::Warning,
            Health::Offline => Tone::Dim,
        };
        return (cx.symbols.health(health), tone);
    }
    let sign = match node.fold {
        Fold::Leaf => " ",
        Fold::Open => cx.symbols.unfolded,
        Fold::Closed => cx.symbols.folded,
    };
    (sign, Tone::Text)
}
