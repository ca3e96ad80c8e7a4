//! Draws the fields of a form: label, value, note, error, and the marks that there is more. Knows no focus but what it
//! is told.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::context::Cx;
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::field::Masking;
use crate::tui::widgets::form::{Item, Kind};

/// Columns below which there is no room for a value and a note.
const NARROW: u16 = 24;

/// Marks at the right edge that there is more above or below; returns what is left for the fields.
pub(super) fn draw_scrolling(
    frame: &mut Frame<'_>,
    area: Rect,
    cx: &Cx,
    (has_above, has_below): (bool, bool),
) -> Rect {
    if !has_above && !has_below || area.width < 20 || area.height < 2 {
        return area;
    }
    let x = area.right().saturating_sub(1);
    let (up, down) = if cx.symbols.is_ascii {
        ("^", "v")
    } else {
        ("\u{2191}", "\u{2193}")
    };
    let style = cx.style(Tone::Accent);
    if has_above {
        text::draw(frame.buffer_mut(), (x, area.y), 1, up, style);
    }
    if has_below {
        let y = area.bottom().saturating_sub(1);
        text::draw(frame.buffer_mut(), (x, y), 1, down, style);
    }
    Rect {
        width: area.width.saturating_sub(2),
        ..area
    }
}

/// Draws a field in one row.
pub(super) fn draw_item(
    frame: &mut Frame<'_>,
    area: Rect,
    item: &mut Item,
    (cx, label_width, has_focus): (&Cx, u16, bool),
) {
    if item.kind != Kind::Button {
        let tone = if has_focus { Tone::Accent } else { Tone::Dim };
        let room = usize::from(label_width.saturating_sub(1));
        let label = text::truncate(&item.label, room, &cx.symbols);
        let place = (area.x, area.y);
        text::draw(
            frame.buffer_mut(),
            place,
            label_width,
            &label,
            cx.style(tone),
        );
    }
    let room = area.width.saturating_sub(label_width);
    let note_width = note_width(item, room);
    let field = Rect {
        x: area.x + label_width,
        width: room.saturating_sub(note_width),
        ..area
    };
    draw_value(frame, field, item, (cx, has_focus));
    let note_room = note_width.saturating_sub(NOTE_GAP);
    let note = text::truncate(&item.note, usize::from(note_room), &cx.symbols);
    let place = (field.right().saturating_add(NOTE_GAP), area.y);
    text::draw(
        frame.buffer_mut(),
        place,
        note_room,
        &note,
        cx.style(Tone::Dim),
    );
}

/// The columns between a value and the word about it.
const NOTE_GAP: u16 = 2;

/// Returns the columns for the word about a value and the gap before it.
fn note_width(item: &Item, room: u16) -> u16 {
    // On a narrow screen a value is worth more than a word about it.
    let is_in_the_way = room < NARROW && !item.value().is_empty();
    if item.note.is_empty() || is_in_the_way {
        return 0;
    }
    (text::width(&item.note) as u16 + NOTE_GAP).min(room / 2)
}

fn draw_value(frame: &mut Frame<'_>, area: Rect, item: &mut Item, (cx, has_focus): (&Cx, bool)) {
    let style = if has_focus {
        cx.style(Tone::Field)
    } else {
        Style::new()
    };
    let masking = match item.kind {
        Kind::Secret(_) => Masking::Hidden,
        _ => Masking::Shown,
    };
    let plain = match &mut item.kind {
        Kind::Text(field) | Kind::Secret(field) => {
            if has_focus {
                field.view(frame, area, style, masking);
                field.place_cursor(frame, area);
            } else {
                field.view_at_rest(frame, area, style, masking);
            }
            return;
        }
        Kind::Choice { options, chosen } => {
            let value = options.get(*chosen).cloned().unwrap_or_default();
            if has_focus {
                format!("< {value} >")
            } else {
                value
            }
        }
        Kind::Fixed(value) => value.clone(),
        Kind::Button => format!("[ {} ]", item.label),
    };
    let shown = text::truncate(&plain, usize::from(area.width), &cx.symbols);
    text::draw(
        frame.buffer_mut(),
        (area.x, area.y),
        area.width,
        &shown,
        style,
    );
}

/// Draws what is wrong with a field, in the row below it.
pub(super) fn draw_error(
    frame: &mut Frame<'_>,
    area: Rect,
    error: &str,
    (cx, label_width): (&Cx, u16),
) {
    let room = area.width.saturating_sub(label_width);
    let error = text::truncate(error, usize::from(room), &cx.symbols);
    text::draw(
        frame.buffer_mut(),
        (area.x + label_width, area.y),
        room,
        &error,
        cx.style(Tone::Error),
    );
}
