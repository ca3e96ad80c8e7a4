//! The frame of a screen: its title line, and the box of what lies on top of another screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Paragraph};

use crate::tui::context::Cx;
use crate::tui::text;
use crate::tui::theme::Tone;

/// Draws the top line: a title at the left, facts at the right that give way first. Returns what is left below.
pub fn top_line(frame: &mut Frame<'_>, area: Rect, cx: &Cx, (title, facts): (&str, &str)) -> Rect {
    if area.height < 2 {
        return area;
    }
    let columns = usize::from(area.width);
    let title = text::truncate(&format!(" {title}"), columns, &cx.symbols);
    let room = columns.saturating_sub(text::width(&title) + 2);
    let facts = if facts.is_empty() || room < 8 {
        String::new()
    } else {
        text::truncate(&format!("{facts} "), room, &cx.symbols)
    };
    let row = title.clone()
        + &text::right(
            &facts,
            columns.saturating_sub(text::width(&title)),
            &cx.symbols,
        );
    let top = Rect { height: 1, ..area };
    frame.render_widget(Paragraph::new(row).style(cx.style(Tone::Top)), top);
    Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    }
}

/// Draws an empty box in the middle of `area`, at most `columns` × `rows`, and returns its inside.
pub fn overlay(
    frame: &mut Frame<'_>,
    area: Rect,
    cx: &Cx,
    (title, columns, rows): (&str, u16, u16),
) -> Rect {
    let width = columns.min(area.width);
    let height = rows.min(area.height);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 3,
        width,
        height,
    };
    frame.render_widget(Clear, place);
    if height < 4 || width < 12 {
        frame.render_widget(Block::new().style(cx.style(Tone::Text)), place);
        return place;
    }
    let room = usize::from(width).saturating_sub(6);
    let title = format!(" {} ", text::truncate(title, room, &cx.symbols));
    let block = Block::bordered()
        .border_set(cx.symbols.border)
        .border_style(cx.style(Tone::Focus))
        .style(cx.style(Tone::Text))
        .title(title)
        .title_style(cx.style(Tone::Title));
    let inside = block.inner(place);
    frame.render_widget(block, place);
    inside
}
