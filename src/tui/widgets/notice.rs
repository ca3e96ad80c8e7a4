//! A notice as lines of text: what, why, what to do, who, what to copy, what was said.

use ratatui::text::{Line, Span};

use crate::explain::Notice;
use crate::tui::context::Cx;
use crate::tui::theme::Tone;

/// Returns a notice as lines for a wrapping paragraph.
pub fn notice_lines(notice: &Notice, cx: &Cx) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(notice.title.clone(), cx.style(Tone::Error))];
    let part = |name: &str, text: &str, tone| {
        Line::from(vec![
            Span::styled(format!("{name:<6}"), cx.style(Tone::Dim)),
            Span::styled(text.to_owned(), cx.style(tone)),
        ])
    };
    lines.push(Line::default());
    lines.extend(
        notice
            .cause
            .iter()
            .map(|cause| part("Why", cause, Tone::Text)),
    );
    lines.extend(notice.how.iter().map(|how| part("Do", how, Tone::Text)));
    lines.push(part("Who", notice.who.words(), Tone::Text));
    lines.extend(
        notice
            .copy
            .lines()
            .map(|line| part("Line", line, Tone::Accent)),
    );
    let said = format!("{} {}", notice.code, notice.detail);
    if !said.trim().is_empty() {
        lines.push(part("Said", said.trim(), Tone::Dim));
    }
    lines
}
