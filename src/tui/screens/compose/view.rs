//! Draws the composer: fields, attachments, text, and the offer of addresses over them.

use ratatui::Frame;
use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Clear;
use ratatui_textarea::CursorMove;

use crate::model::{DraftAttachment, sanitize_line};
use crate::tui::context::Cx;
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::field::Masking;
use crate::tui::widgets::frame::top_line;

use super::completion::Source;
use super::{Compose, Part};

/// Columns of the labels.
const LABEL: u16 = 10;
/// Below this height empty fields are left out.
const LOW: u16 = 14;
/// At most this many attachments are listed.
const LISTED: usize = 5;

impl Compose {
    /// Draws the screen.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let title = if self.rest.origin.is_none() {
            "New message"
        } else {
            "Answer"
        };
        let facts = if self.is_kept { "kept as a draft" } else { "" };
        let below = top_line(frame, area, cx, (title, facts));
        let mut y = below.y;
        let mut under = None;
        for part in self.shown(area.height) {
            if y >= below.bottom() {
                return;
            }
            let line = Rect {
                y,
                height: 1,
                ..below
            };
            self.draw_part(frame, line, part, cx);
            y += 1;
            if part == self.part {
                under = Some(y);
            }
            y += self.draw_mistake(frame, Rect { y, ..line }, below, (part, cx));
        }
        y += self.draw_attachments(frame, Rect { y, ..below }, below.bottom(), cx);
        if y < below.bottom() {
            let rule = cx.symbols.horizontal.repeat(usize::from(below.width));
            let style = cx.style(Tone::Border);
            text::draw(frame.buffer_mut(), (below.x, y), below.width, &rule, style);
            y += 1;
        }
        let height = below.bottom().saturating_sub(y);
        self.draw_text(frame, Rect { y, height, ..below }, cx);
        if let Some(y) = under {
            self.draw_offer(frame, Rect { y, ..below }, below.bottom(), cx);
        }
    }

    /// Returns the fields to draw: all, or on a low terminal those with something in them.
    fn shown(&self, height: u16) -> Vec<Part> {
        let is_needed = |part: &Part| {
            let is_empty = match part {
                Part::Cc => self.cc.is_empty(),
                Part::Bcc => self.bcc.is_empty(),
                _ => false,
            };
            height >= LOW || !is_empty || *part == self.part
        };
        [Part::From, Part::To, Part::Cc, Part::Bcc, Part::Subject]
            .into_iter()
            .filter(is_needed)
            .collect()
    }

    fn draw_part(&mut self, frame: &mut Frame<'_>, line: Rect, part: Part, cx: &Cx) {
        let has_focus = part == self.part;
        let label = match part {
            Part::From => "From",
            Part::To => "To",
            Part::Cc => "Cc",
            Part::Bcc => "Bcc",
            _ => "Subject",
        };
        let tone = if has_focus {
            Tone::Accent
        } else {
            Tone::Header
        };
        let indent = LABEL.min(line.width / 3);
        let label = text::truncate(label, usize::from(indent).saturating_sub(2), &cx.symbols);
        let place = (line.x + 1, line.y);
        text::draw(frame.buffer_mut(), place, indent, &label, cx.style(tone));
        let value = Rect {
            x: line.x + indent,
            width: line.width - indent,
            ..line
        };
        if part == Part::From {
            self.draw_sender(frame, value, (cx, has_focus));
            return;
        }
        let Some(field) = self.field(part) else {
            return;
        };
        if has_focus {
            field.view(frame, value, cx.style(Tone::Field), Masking::Shown);
            field.place_cursor(frame, value);
        } else {
            field.view_at_rest(frame, value, Style::new(), Masking::Shown);
        }
    }

    fn draw_sender(&self, frame: &mut Frame<'_>, area: Rect, (cx, has_focus): (&Cx, bool)) {
        let sender = self
            .senders
            .get(self.sender)
            .map(|sender| {
                let mut mailboxes = cx.mailboxes.iter();
                let mailbox = mailboxes.find(|one| one.address.is_same_mailbox(sender));
                let is_app = mailbox.is_some_and(|one| cx.is_application(&one.account_name));
                format!("{}{sender}", if is_app { "APP " } else { "" })
            })
            .unwrap_or_default();
        let shown = if has_focus && self.senders.len() > 1 {
            let (place, count) = (self.sender + 1, self.senders.len());
            format!("< {sender} >  {place} of {count}")
        } else {
            sender
        };
        let style = if has_focus {
            cx.style(Tone::Field)
        } else {
            Style::new()
        };
        let shown = text::truncate(&shown, usize::from(area.width), &cx.symbols);
        text::draw(
            frame.buffer_mut(),
            (area.x, area.y),
            area.width,
            &shown,
            style,
        );
    }

    /// Draws what is wrong with a part below it; returns the rows it took.
    fn draw_mistake(
        &self,
        frame: &mut Frame<'_>,
        line: Rect,
        all: Rect,
        (part, cx): (Part, &Cx),
    ) -> u16 {
        let Some(mistake) = self.mistake.as_ref().filter(|mistake| mistake.part == part) else {
            return 0;
        };
        if line.y >= all.bottom() {
            return 0;
        }
        let indent = LABEL.min(line.width / 3);
        let room = line.width - indent;
        let said = format!("{} {}", cx.symbols.cross, mistake.text);
        let said = text::truncate(&said, usize::from(room), &cx.symbols);
        let place = (line.x + indent, line.y);
        text::draw(
            frame.buffer_mut(),
            place,
            room,
            &said,
            cx.style(Tone::Error),
        );
        1
    }

    /// Lists the attachments; returns the rows they took.
    fn draw_attachments(&self, frame: &mut Frame<'_>, area: Rect, bottom: u16, cx: &Cx) -> u16 {
        let first = self.attachment.saturating_sub(LISTED - 1);
        let rows = self.attachments.iter().zip(&self.sizes).enumerate();
        let mut taken = 0;
        for (place, (attachment, size)) in rows.skip(first).take(LISTED) {
            let y = area.y + taken;
            if y >= bottom {
                break;
            }
            let is_selected = self.part == Part::Attachments && place == self.attachment;
            let ground = if is_selected {
                cx.style(Tone::Selection)
            } else {
                Style::new()
            };
            let bar = if is_selected { cx.symbols.bar } else { " " };
            let sign = cx.symbols.attachment;
            let row = format!("{bar}{sign} {}", describe(attachment, *size));
            let row = text::truncate(&row, usize::from(area.width), &cx.symbols);
            text::draw(frame.buffer_mut(), (area.x, y), area.width, &row, ground);
            taken += 1;
        }
        taken
    }

    fn draw_text(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let inside = Rect {
            x: area.x + 1.min(area.width),
            width: area.width.saturating_sub(2),
            ..area
        };
        self.text_area = inside;
        if inside.is_empty() {
            return;
        }
        // The terminal's own cursor shows the place: input methods follow it.
        self.text.set_cursor_style(Style::new());
        self.text.set_style(Style::new());
        self.text.set_selection_style(cx.style(Tone::Selection));
        frame.render_widget(&self.text, inside);
        if self.part != Part::Text {
            return;
        }
        let cursor = self.text.screen_cursor();
        let (top, left) = self.text.scroll_offset();
        let row = (cursor.row as u16).saturating_sub(top);
        let column = (cursor.col as u16).saturating_sub(left);
        let x = inside.x + column.min(inside.width - 1);
        let y = inside.y + row.min(inside.height - 1);
        frame.set_cursor_position((x, y));
    }

    /// Draws the offered addresses below the field, as many as there is room for around the selected one.
    fn draw_offer(&self, frame: &mut Frame<'_>, area: Rect, bottom: u16, cx: &Cx) {
        let indent = LABEL.min(area.width / 3);
        let width = (area.width - indent).min(60);
        let (offered, selected) = (&self.completion.offered, self.completion.selected);
        let room = usize::from(bottom.saturating_sub(area.y));
        let first = (selected + 1).saturating_sub(room);
        let shown = offered.iter().enumerate().skip(first).take(room);
        for ((place, (address, source)), y) in shown.zip(area.y..) {
            let line = Rect::new(area.x + indent, y, width, 1);
            let is_selected = place == selected;
            let tone = if is_selected {
                Tone::Selection
            } else {
                Tone::Toast
            };
            let note = match source {
                _ if is_selected && offered.len() > room => {
                    format!("{} of {} ", place + 1, offered.len())
                }
                Source::Directory => "directory ".to_owned(),
                Source::Cache => String::new(),
            };
            let bar = if is_selected { cx.symbols.bar } else { " " };
            let row = format!("{bar}{}", sanitize_line(&address.to_string()));
            let row = noted(&row, &note, usize::from(width), cx);
            frame.render_widget(Clear, line);
            text::draw(frame.buffer_mut(), (line.x, y), width, &row, cx.style(tone));
        }
    }

    pub(super) fn mouse(&mut self, event: MouseEvent) {
        match event.kind {
            MouseEventKind::Down(MouseButton::Left)
                if self.text_area.contains((event.column, event.row).into()) =>
            {
                self.completion.close();
                self.part = Part::Text;
            }
            MouseEventKind::ScrollUp if self.part == Part::Text => {
                self.text.move_cursor(CursorMove::Up);
            }
            MouseEventKind::ScrollDown if self.part == Part::Text => {
                self.text.move_cursor(CursorMove::Down);
            }
            _ => {}
        }
    }
}

/// Puts a note at the end of a row; a row that needs the room goes without.
fn noted(row: &str, note: &str, width: usize, cx: &Cx) -> String {
    let room = width.saturating_sub(note.len());
    if note.is_empty() || text::width(row) >= room {
        return text::left(row, width, &cx.symbols);
    }
    format!("{}{note}", text::left(row, room, &cx.symbols))
}

fn describe(attachment: &DraftAttachment, size: u64) -> String {
    let size = if size == 0 {
        String::new()
    } else {
        format!("  {}", text::size(size))
    };
    match attachment {
        DraftAttachment::File { path } => {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            format!("{}{size}", sanitize_line(&name))
        }
        DraftAttachment::Bytes { name, .. } => format!("{}{size}", sanitize_line(name)),
    }
}
