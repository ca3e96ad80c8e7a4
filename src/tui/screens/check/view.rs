//! The lines of a check as rows: steps under their mailbox, what failed with its notice, and the table of rights.

use ratatui::text::{Line, Span};

use crate::engine::{Reading, Rights, Sending};
use crate::explain::Notice;
use crate::tui::context::Cx;
use crate::tui::text;
use crate::tui::theme::Tone;

use super::{Check, Shown};

/// Columns of a right in the table.
const RIGHT: usize = 11;

/// The table of rights where lines are counted: the cursor comes to it after all of them.
const TABLE: usize = usize::MAX;

impl Check {
    /// Returns the lines in the order they are shown; their rows are filled in by [`Self::rows`].
    pub(super) fn order(&self) -> Vec<(usize, usize, usize)> {
        let mut order = Vec::new();
        for mailbox in self.mailboxes() {
            let lines = self.lines.iter().enumerate();
            let own = lines.filter(|(_, line)| line.rights.is_none() && line.mailbox == mailbox);
            order.extend(own.map(|(place, _)| (place, 0, 0)));
        }
        if self.lines.iter().any(|line| line.rights.is_some()) {
            order.push((TABLE, 0, 0));
        }
        order
    }

    /// Lays everything out and remembers where each line stands.
    pub(super) fn rows(&mut self, cx: &Cx, columns: usize) -> Vec<Line<'static>> {
        let cursor = self.cursor();
        let mut rows = Vec::new();
        let mut places = std::mem::take(&mut self.places);
        let mut mailbox = None;
        for (place, from, end) in &mut places {
            let Some(line) = self.lines.get(*place) else {
                continue;
            };
            if mailbox != Some(line.mailbox.as_str()) {
                mailbox = Some(line.mailbox.as_str());
                let name = format!(" {}", line.mailbox);
                rows.push(Line::styled(name, cx.style(Tone::Title)));
            }
            *from = rows.len();
            rows.push(step_row(line, cursor == Some(*place), cx, columns));
            if cursor == Some(*place) || line.notice.is_some() {
                rows.extend(rest(line, cx, columns));
            }
            if let Some(warning) = &line.warning {
                rows.extend(part("Note", warning, Tone::Warning, (cx, columns)));
            }
            if let Some(notice) = &line.notice {
                rows.extend(notice_rows(notice, cx, columns));
            }
            *end = rows.len();
        }
        let from = rows.len();
        rows.extend(self.table(cx, columns));
        if let Some(place) = places.last_mut().filter(|(line, ..)| *line == TABLE) {
            *place = (TABLE, from, rows.len());
        }
        self.places = places;
        rows
    }

    /// Returns the mailboxes in the order of their first line; several are looked at together.
    fn mailboxes(&self) -> Vec<&str> {
        let mut mailboxes: Vec<&str> = Vec::new();
        for line in &self.lines {
            if !mailboxes.contains(&line.mailbox.as_str()) {
                mailboxes.push(&line.mailbox);
            }
        }
        mailboxes
    }

    /// Says for every mailbox what may be done in it and in its name.
    fn table(&self, cx: &Cx, columns: usize) -> Vec<Line<'static>> {
        let lines = self.lines.iter();
        let found: Vec<(&str, Rights)> = lines
            .filter_map(|line| Some((line.mailbox.as_str(), line.rights?)))
            .collect();
        if found.is_empty() {
            return Vec::new();
        }
        let room = columns.saturating_sub(2 * RIGHT + 4).max(8);
        let cell = |word: &str| text::left(word, RIGHT, &cx.symbols);
        let heading = format!(
            " {} {}{}",
            text::left("Rights", room + 2, &cx.symbols),
            cell("read"),
            cell("send")
        );
        let mut rows = vec![
            Line::default(),
            Line::styled(heading, cx.style(Tone::Title)),
        ];
        rows.extend(found.into_iter().map(|(mailbox, rights)| {
            let name = text::left(mailbox, room, &cx.symbols);
            Line::from(vec![
                Span::raw(format!("   {name} ")),
                Span::styled(cell(rights.reading.name()), cx.style(reading(rights))),
                Span::styled(cell(rights.sending.name()), cx.style(sending(rights))),
            ])
        }));
        rows
    }
}

const fn reading(rights: Rights) -> Tone {
    match rights.reading {
        Reading::Full => Tone::Ok,
        Reading::Read => Tone::Warning,
        Reading::None => Tone::Error,
        Reading::Unknown => Tone::Dim,
    }
}

const fn sending(rights: Rights) -> Tone {
    match rights.sending {
        Sending::SendAs | Sending::OnBehalf => Tone::Ok,
        Sending::None => Tone::Error,
        Sending::Unknown => Tone::Dim,
    }
}

fn step_row(line: &Shown, is_selected: bool, cx: &Cx, columns: usize) -> Line<'static> {
    let (mark, tone) = match (&line.notice, &line.warning) {
        (Some(_), _) => (cx.symbols.cross, Tone::Error),
        (None, Some(_)) => ("!", Tone::Warning),
        (None, None) => (cx.symbols.check, Tone::Ok),
    };
    let (took, room) = room(line, columns);
    let bar = if is_selected { cx.symbols.bar } else { " " };
    let row = Line::from(vec![
        Span::styled(bar, cx.style(Tone::Bar)),
        Span::styled(format!("  {mark} "), cx.style(tone)),
        Span::raw(format!("{:<12}", line.step)),
        Span::raw(text::left(found(line), room, &cx.symbols)),
        Span::styled(format!(" {took}"), cx.style(Tone::Dim)),
    ]);
    if is_selected {
        row.style(cx.style(Tone::Selection))
    } else {
        row
    }
}

/// Returns what a step found, or what it failed of.
fn found(line: &Shown) -> &str {
    let notice = line.notice.as_ref();
    notice.map_or(line.detail.as_str(), |notice| notice.title.as_str())
}

/// Returns how long a step took, and the columns left for what it found.
fn room(line: &Shown, columns: usize) -> (String, usize) {
    let took = format!("{} ms", line.milliseconds);
    let room = columns.saturating_sub(17 + text::width(&took) + 2);
    (took, room)
}

/// Says in full what was cut in the row of a step.
fn rest(line: &Shown, cx: &Cx, columns: usize) -> Vec<Line<'static>> {
    let (_, room) = room(line, columns);
    if text::width(found(line)) <= room {
        return Vec::new();
    }
    let tone = if line.notice.is_some() {
        Tone::Text
    } else {
        Tone::Dim
    };
    part("", found(line), tone, (cx, columns))
}

/// Who does what, wrapped under the failed step.
fn notice_rows(notice: &Notice, cx: &Cx, columns: usize) -> Vec<Line<'static>> {
    let at = (cx, columns);
    let mut rows = Vec::new();
    for cause in &notice.cause {
        rows.extend(part("Why", cause, Tone::Text, at));
    }
    rows.extend(part("Who", notice.who.words(), Tone::Text, at));
    for how in &notice.how {
        rows.extend(part("What", how, Tone::Text, at));
    }
    for line in notice.copy.lines() {
        let pieces = at_blanks(line, columns.saturating_sub(12).max(10));
        rows.extend(laid_out("Line", pieces, Tone::Accent, cx));
    }
    let said = said(&notice.code, &notice.detail);
    if !said.is_empty() {
        rows.extend(part("Said", &said, Tone::Dim, at));
    }
    rows
}

/// A server's words mostly begin with its code; saying it twice helps nobody.
fn said(code: &str, detail: &str) -> String {
    if detail.contains(code) {
        detail.to_owned()
    } else {
        format!("{code} {detail}").trim().to_owned()
    }
}

fn part(name: &str, value: &str, tone: Tone, (cx, columns): (&Cx, usize)) -> Vec<Line<'static>> {
    let room = columns.saturating_sub(12).max(10);
    laid_out(name, text::wrap(value, room), tone, cx)
}

/// Wraps a line that is to be copied: only a blank may be added to it by whoever copies it from the screen.
fn at_blanks(line: &str, columns: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match rows.last_mut() {
            Some(row) if text::width(row) + 1 + text::width(word) <= columns => {
                row.push(' ');
                row.push_str(word);
            }
            _ => rows.extend(text::wrap(word, columns)),
        }
    }
    rows
}

fn laid_out(name: &str, rows: Vec<String>, tone: Tone, cx: &Cx) -> Vec<Line<'static>> {
    let rows = rows.into_iter().enumerate();
    rows.map(|(place, row)| {
        let name = if place == 0 { name } else { "" };
        Line::from(vec![
            Span::styled(format!("      {name:<5}"), cx.style(Tone::Dim)),
            Span::styled(row, cx.style(tone)),
        ])
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_to_copy_is_broken_at_blanks_only() {
        let line = "openssl s_client -connect x.test:587 </dev/null | openssl x509 -noout";
        let rows = at_blanks(line, 40);
        assert_eq!(rows.join(" "), line);
        assert!(rows.iter().all(|row| text::width(row) <= 40), "{rows:?}");
        // What is too long for a row is broken all the same.
        assert_eq!(at_blanks(&"x".repeat(50), 40).len(), 2);
    }

    #[test]
    fn a_code_is_said_once() {
        let check = |code: &str, detail: &str, expected: &str| {
            assert_eq!(said(code, detail), expected);
        };
        check("AADSTS50173", "AADSTS50173: ended", "AADSTS50173: ended");
        check("535 5.7.3", "unsuccessful", "535 5.7.3 unsuccessful");
        check("535 5.7.3", "", "535 5.7.3");
        check("", "ended", "ended");
        check("", "", "");
    }
}
