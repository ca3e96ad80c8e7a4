//! The frame of a screen: its title line, and the box of what lies on top of another screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use crate::tui::context::Cx;
use crate::tui::text;
use crate::tui::theme::Tone;

/// Draws the top line: a title at the left, the mark of accounts that sign in as an application, and facts at the right
/// that give way first. Returns what is left below.
pub fn top_line(frame: &mut Frame<'_>, area: Rect, cx: &Cx, (title, facts): (&str, &str)) -> Rect {
    if area.height < 2 {
        return area;
    }
    let columns = usize::from(area.width);
    let title = text::truncate(&format!(" {title}"), columns, &cx.symbols);
    let mark = application_mark(cx, columns / 3);
    let room = columns.saturating_sub(text::width(&title) + text::width(&mark) + 2);
    let facts = if facts.is_empty() || room < 8 {
        String::new()
    } else {
        text::truncate(&format!("{facts} "), room, &cx.symbols)
    };
    let gap = usize::from(!mark.is_empty());
    let right = columns.saturating_sub(text::width(&title) + gap + text::width(&mark));
    let row = Line::from(vec![
        Span::raw(title),
        Span::raw(if mark.is_empty() { "" } else { " " }),
        Span::styled(
            mark.clone(),
            Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED),
        ),
        Span::raw(text::right(&facts, right, &cx.symbols)),
    ]);
    let top = Rect { height: 1, ..area };
    frame.render_widget(Paragraph::new(row).style(cx.style(Tone::Top)), top);
    Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    }
}

/// Tells whether a top line shows title and facts whole.
pub fn fits_top_line(columns: u16, cx: &Cx, (title, facts): (&str, &str)) -> bool {
    let columns = usize::from(columns);
    let mark = application_mark(cx, columns / 3);
    // A blank before the title, one behind the facts, and two between what is there.
    let taken = text::width(title) + text::width(&mark) + text::width(facts);
    taken + 4 <= columns
}

/// Names the accounts in which nobody signs in in person, so that no screen lets one forget whose rights are used.
fn application_mark(cx: &Cx, columns: usize) -> String {
    let accounts = cx.accounts().iter();
    let names: Vec<&str> = accounts
        .filter(|account| account.sign_in.method.is_app_only())
        .map(|account| account.name.as_str())
        .collect();
    if names.is_empty() {
        return String::new();
    }
    let whole = format!(" APP {} ", names.join(", "));
    if text::width(&whole) <= columns {
        whole
    } else {
        " APP ".to_owned()
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
