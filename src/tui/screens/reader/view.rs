//! Draws the part of the message that is on screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::context::Cx;
use crate::tui::text;
use crate::tui::theme::Tone;

use super::layout::{Layout, Source, lay_out};
use super::{COMFORT, Reader, State};

impl Reader {
    /// Draws the message.
    pub fn view(&mut self, buffer: &mut Buffer, area: Rect, cx: &Cx) {
        self.width = area.width;
        self.height = usize::from(area.height);
        if area.is_empty() {
            return;
        }
        let Some(lines) = self.lay_out(area.width.min(COMFORT), cx) else {
            text::draw(
                buffer,
                (area.x + 1, area.y),
                area.width,
                "No message selected",
                cx.style(Tone::Dim),
            );
            return;
        };
        let last_page = lines.lines.len().saturating_sub(usize::from(area.height));
        self.scroll = self.scroll.min(last_page);
        let end = self.draw_lines(buffer, area, cx);
        if end < area.bottom() {
            let rest = Rect {
                y: end,
                height: area.bottom() - end,
                ..area
            };
            self.draw_state(buffer, rest, cx);
        }
    }

    /// Draws the rows of the message that are in sight; returns the row behind the last.
    fn draw_lines(&self, buffer: &mut Buffer, area: Rect, cx: &Cx) -> u16 {
        let lines = self.layout.iter().flat_map(|layout| &layout.lines);
        let mut end = area.y;
        for (pieces, y) in lines.skip(self.scroll).zip(area.y..area.bottom()) {
            let mut x = area.x;
            for (piece, tone) in pieces {
                let room = area.right().saturating_sub(x);
                x = text::draw(buffer, (x, y), room, piece, cx.style(*tone));
            }
            end = y + 1;
        }
        end
    }

    fn lay_out(&mut self, width: u16, cx: &Cx) -> Option<&Layout> {
        let message = self.message.as_ref()?;
        let is_stale = self
            .layout
            .as_ref()
            .is_none_or(|layout| layout.width != width);
        if is_stale {
            let body = match &self.state {
                State::Ready(body) => Some(body.as_ref()),
                _ => None,
            };
            let source = Source {
                message,
                body,
                headers: self.headers,
                quotes: self.quotes,
            };
            self.layout = Some(lay_out(&source, width, cx));
        }
        self.layout.as_ref()
    }

    /// Says what stands in the way of the text.
    fn draw_state(&self, buffer: &mut Buffer, area: Rect, cx: &Cx) {
        let (said, tone) = match &self.state {
            State::None | State::Ready(_) | State::Asked => return,
            State::Fetching(progress) => (fetching(progress.get()), Tone::Dim),
            State::Gone => ("This message is no longer there".to_owned(), Tone::Warning),
            State::Failed(notice) => (failed(notice), Tone::Error),
        };
        let rows = said
            .lines()
            .flat_map(|line| text::wrap(line, usize::from(area.width.min(COMFORT))));
        for (row, y) in rows.zip(area.y..area.bottom()) {
            text::draw(buffer, (area.x, y), area.width, &row, cx.style(tone));
        }
    }
}

fn fetching((done, total): (u64, u64)) -> String {
    match (done, total) {
        (0, 0) => "Fetching the message".to_owned(),
        (done, 0) => format!("Fetching the message: {}", text::size(done)),
        (done, total) => format!(
            "Fetching the message: {} of {}",
            text::size(done),
            text::size(total)
        ),
    }
}

fn failed(notice: &crate::explain::Notice) -> String {
    let mut said = notice.title.clone();
    for line in notice.cause.iter().chain(&notice.how) {
        said.push('\n');
        said.push_str(line);
    }
    said
}
