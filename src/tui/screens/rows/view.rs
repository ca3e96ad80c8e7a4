//! Draws the rows that are on screen. Few changes of style per row: each costs bytes on a slow line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::{Address, Flags, Listed};
use crate::tui::context::Cx;
use crate::tui::dates;
use crate::tui::text;
use crate::tui::theme::Tone;

use super::Rows;
use super::columns::{Columns, LEAD};

/// What a list is shown for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shown {
    /// Whether this list has the focus.
    pub has_focus: bool,
    /// Whether rows of several mailboxes stand in it.
    pub has_mailboxes: bool,
    /// Whether the recipient is shown instead of the sender, as for sent mail.
    pub is_outgoing: bool,
}

impl Rows {
    /// Draws the rows that fit.
    pub fn view(&mut self, buffer: &mut Buffer, area: Rect, cx: &Cx, shown: Shown) {
        let range = self.list.visible(area, self.known.len());
        let columns = Columns::new(usize::from(area.width), shown.has_mailboxes);
        let first = range.start;
        for place in range {
            let Some(row) = self.known.get(place) else {
                break;
            };
            let line = Rect {
                y: area.y + (place - first) as u16,
                height: 1,
                ..area
            };
            let pen = Pen {
                cx,
                columns,
                shown,
                row,
                is_selected: place == self.list.row(),
                is_picked: self.picked.contains(&row.id),
            };
            pen.draw(buffer, line);
        }
    }
}

/// Draws one row.
struct Pen<'a> {
    cx: &'a Cx,
    columns: Columns,
    shown: Shown,
    row: &'a Listed,
    is_selected: bool,
    is_picked: bool,
}

impl Pen<'_> {
    fn draw(&self, buffer: &mut Buffer, line: Rect) {
        let ground = self.ground();
        let flags = self.row.envelope.flags;
        let weight = if flags.is_seen() {
            Style::new()
        } else {
            self.cx.style(Tone::Unread)
        };
        let columns = self.columns;
        let mut x = line.x;
        x = self.lead(buffer, (x, line.y), ground);
        if columns.date > 0 {
            let date = text::right(&self.date(), columns.date, &self.cx.symbols);
            let style = self.within(Tone::Dim, ground);
            x = self.cell(buffer, (x, line.y), (&date, columns.date), style);
        }
        let who = self.who();
        let who = text::left(&who, columns.who, &self.cx.symbols);
        x = self.plain(
            buffer,
            (x, line.y),
            (&who, columns.who),
            weight.patch(ground),
        );
        if columns.mailbox > 0 {
            let mailbox = self.mailbox();
            let dim = self.cx.style(Tone::Dim);
            x = self.plain(buffer, (x, line.y), (&mailbox, columns.mailbox), dim);
        }
        let subject = self.subject();
        x = self.plain(buffer, (x, line.y), (&subject, columns.subject), weight);
        self.tail(buffer, (x, line.y));
    }

    /// The ground of the part of the row that shows the selection. Not the whole row: moving down a row must stay
    /// cheap on a slow line, and the bar says the rest.
    fn ground(&self) -> Style {
        let ground = match (self.is_selected, self.shown.has_focus) {
            (true, true) => self.cx.style(Tone::Selection),
            (true, false) => self.cx.style(Tone::SelectionDim),
            _ => return Style::new(),
        };
        if self.row.envelope.flags.is_seen() {
            ground
        } else {
            self.cx.style(Tone::Unread).patch(ground)
        }
    }

    fn lead(&self, buffer: &mut Buffer, (x, y): (u16, u16), ground: Style) -> u16 {
        let symbols = &self.cx.symbols;
        let flags = self.row.envelope.flags;
        let bar = if self.is_selected { symbols.bar } else { " " };
        let (mark, tone) = if self.is_picked {
            (symbols.check, Tone::Accent)
        } else if !flags.is_seen() {
            (symbols.unread, Tone::Accent)
        } else if flags.contains(Flags::ANSWERED) {
            (symbols.answered, Tone::Dim)
        } else if flags.contains(Flags::FORWARDED) {
            (symbols.forwarded, Tone::Dim)
        } else {
            (" ", Tone::Text)
        };
        let star = if flags.contains(Flags::FLAGGED) {
            symbols.star
        } else {
            " "
        };
        let signs = [
            (bar, Tone::Bar),
            (mark, tone),
            (star, Tone::Starred),
            (" ", Tone::Text),
        ];
        for (place, (sign, tone)) in (x..).zip(signs) {
            let style = if sign == " " {
                ground
            } else {
                self.within(tone, ground)
            };
            text::draw(buffer, (place, y), 1, sign, style);
        }
        x + LEAD as u16
    }

    /// Returns a style within the part that shows the selection: one for all of it where the row is selected.
    fn within(&self, tone: Tone, ground: Style) -> Style {
        if self.is_selected {
            ground
        } else {
            self.cx.style(tone)
        }
    }

    /// Draws a text and fills its column and the gap behind it with the same style.
    fn cell(
        &self,
        buffer: &mut Buffer,
        place: (u16, u16),
        (value, columns): (&str, usize),
        style: Style,
    ) -> u16 {
        let area = Rect::new(place.0, place.1, columns as u16 + 1, 1).intersection(buffer.area);
        buffer.set_style(area, style);
        self.plain(buffer, place, (value, columns), style)
    }

    /// Draws a text and leaves the rest of its column alone.
    fn plain(
        &self,
        buffer: &mut Buffer,
        place: (u16, u16),
        (value, columns): (&str, usize),
        style: Style,
    ) -> u16 {
        let cut = text::truncate(value, columns, &self.cx.symbols);
        text::draw(buffer, place, columns as u16, &cut, style);
        place.0 + columns as u16 + 1
    }

    fn tail(&self, buffer: &mut Buffer, (mut x, y): (u16, u16)) {
        let columns = self.columns;
        let dim = self.cx.style(Tone::Dim);
        if columns.thread > 0 {
            let size = match self.row.thread_size {
                0 | 1 => String::new(),
                size => text::right(&size.to_string(), columns.thread, &self.cx.symbols),
            };
            x = self.plain(buffer, (x, y), (&size, columns.thread), dim);
        }
        if columns.attachment > 0 {
            let sign = if self.row.envelope.has_attachments {
                self.cx.symbols.attachment
            } else {
                ""
            };
            x = self.plain(buffer, (x, y), (sign, columns.attachment), Style::new());
        }
        if columns.size > 0 {
            let size = text::size(self.row.envelope.size);
            let size = text::right(&size, columns.size, &self.cx.symbols);
            self.plain(buffer, (x, y), (&size, columns.size), dim);
        }
    }

    fn date(&self) -> String {
        let (date, cx) = (self.row.envelope.date, self.cx);
        if self.columns.date < 10 {
            dates::compact(date, cx.now, &cx.zone)
        } else {
            dates::short(date, cx.now, &cx.zone)
        }
    }

    fn who(&self) -> String {
        let envelope = &self.row.envelope;
        if self.shown.is_outgoing {
            return format!("To {}", names(&envelope.to));
        }
        names(&envelope.from)
    }

    fn mailbox(&self) -> String {
        self.cx
            .mailbox(self.row.mailbox)
            .and_then(|mailbox| mailbox.address.email.split('@').next())
            .unwrap_or_default()
            .to_owned()
    }

    fn subject(&self) -> String {
        let subject = &self.row.envelope.subject;
        if subject.trim().is_empty() {
            "(no subject)".to_owned()
        } else {
            subject.clone()
        }
    }
}

/// Returns names as a list shows them: the first, and how many more.
fn names(addresses: &[Address]) -> String {
    match addresses {
        [] => "(nobody)".to_owned(),
        [one] => one.short().to_owned(),
        [first, others @ ..] => format!("{} +{}", first.short(), others.len()),
    }
}
